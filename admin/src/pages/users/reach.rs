//! Which students a person sees: all, or those of assigned cohorts.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::access::Role;
use storage::admin_user::{self, AdminUser};
use storage::db::Db;
use storage::id::AdminUserId;
use storage::message::alert;

use super::{PATH, change, object};
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::figures;
use crate::form::Posted;
use crate::parts::icon::icon_small;
use crate::parts::{classes, csrf};

/// Assigns the cohorts. It applies from the next request on, also on open pages.
pub(crate) async fn set(
    State(db): State<Db>,
    Path(admin_user_id): Path<AdminUserId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let mut act = change(&db, &posted, admin_user_id).await?;
    let cohorts = read(&posted.fields)?;
    admin_user::set_cohorts(&mut *act, admin_user_id, cohorts.as_deref()).await?;
    act.commit("admin.cohorts", Some(object(admin_user_id)), detail(cohorts.as_deref())).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Makes a person responsible for urgent concerns, or ends that.
pub(crate) async fn set_responsible(
    State(db): State<Db>,
    Path(admin_user_id): Path<AdminUserId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let is_responsible = posted.fields.text("responsible") == "yes";
    let mut act = Act::begin(&db, admin).await?;
    alert::set_responsible(&mut *act, admin_user_id, is_responsible).await?;
    let detail = serde_json::json!({ "responsible": is_responsible });
    act.commit("admin.responsible", Some(object(admin_user_id)), detail).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// The details for the audit log.
pub(super) fn detail(cohorts: Option<&[String]>) -> serde_json::Value {
    serde_json::json!({ "cohorts": cohorts })
}

/// Reads a form with [`fields`]. `None`: all students. If the form does not say "all", it is a list, which may be
/// empty.
pub(super) fn read(fields: &Fields) -> Result<Option<Vec<String>>, Fault> {
    if fields.text("reach") == "all" {
        return Ok(None);
    }
    classes::read(fields, "cohort", "cohorts").map(Some)
}

/// Renders the choice: all students, or a list of all known and previously assigned cohorts.
pub(super) fn fields(id: &str, known: &[String], chosen: Option<&[String]>) -> Markup {
    let gone = chosen.unwrap_or_default().iter().filter(|cohort| !known.contains(cohort));
    let (all_id, some_id) = (format!("all-{id}"), format!("some-{id}"));
    html! {
        fieldset.field {
            legend.label { "Visible students" }
            span.check { input type="radio" id=(some_id) name="reach" value="cohorts" checked[chosen.is_some()]; label for=(some_id) { "Students of the cohorts ticked below" } }
            span.check { input type="radio" id=(all_id) name="reach" value="all" checked[chosen.is_none()]; label for=(all_id) { "All students, and calls without a student" } }
        }
        fieldset.field {
            legend.label { "Cohorts" }
            @if known.is_empty() && chosen.unwrap_or_default().is_empty() { p.sm.muted { "No student is in a cohort yet. Set one on a student’s page." } }
            @for (n, cohort) in known.iter().chain(gone).enumerate() {
                @let box_id = format!("cohort-{id}-{n}");
                span.check {
                    input type="checkbox" id=(box_id) name="cohort" value=(cohort) checked[chosen.unwrap_or_default().contains(cohort)];
                    label for=(box_id) { (cohort) }
                }
            }
        }
    }
}

fn words(user: &AdminUser) -> String {
    match &user.cohorts {
        _ if user.role == Role::Admin => "Sees all students".to_owned(),
        None => "Sees all students".to_owned(),
        Some(cohorts) if cohorts.is_empty() => "Sees no students yet".to_owned(),
        Some(cohorts) if cohorts.len() <= 2 => format!("Sees {}", cohorts.join(" and ")),
        Some(cohorts) => format!("Sees {}", figures::counted(cohorts.len() as i64, "cohort", "cohorts")),
    }
}

/// Renders a row's reach and classes with their forms. Admins always see all students.
pub(super) fn cell(admin: &Admin, user: &AdminUser, known: &[String]) -> Markup {
    let id = user.admin_user_id;
    let of = format!(" of {}", user.email);
    html! {
        @if user.role == Role::Admin { p.sm.muted { (words(user)) } } @else {
            details.data {
                summary { (icon_small("chevron-right")) (words(user)) span.vh { ": " (user.email) } }
                form.stack.tight method="post" action={ (PATH) "/" (id) "/cohorts" } {
                    (csrf(admin))
                    (fields(&id.to_string(), known, user.cohorts.as_deref()))
                    div { button.btn.small { "Save" span.vh { " whose students " (user.email) " sees" } } }
                }
            }
        }
        @if user.role != Role::Viewer {
            form.row method="post" action={ (PATH) "/" (id) "/responsible" } {
                (csrf(admin))
                @if user.is_responsible { span.sm { "Responsible for urgent concerns" } } @else { input type="hidden" name="responsible" value="yes"; }
                button.btn.small.ghost { @if user.is_responsible { "End" } @else { "Make responsible for concerns" } span.vh { (of) } }
            }
        }
        @if !known.is_empty() || !user.classes.is_empty() {
            details.data {
                summary { (icon_small("chevron-right")) @match &user.classes[..] {
                    [] => "No classes of their own",
                    [one] => { "Teaches " (one) }
                    several => { "Teaches " (several.len()) " classes" }
                } span.vh { ": " (user.email) } }
                (classes::form(admin, &format!("{PATH}/{id}/classes"), known, &user.classes, &of))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_does_not_say_all_gives_a_list() {
        let of = |body: &[u8]| read(&Fields::parse(body)).unwrap();
        assert_eq!(of(b"reach=all&cohort=7b"), None);
        assert_eq!(of(b"reach=cohorts&cohort=8a&cohort=7b&cohort=8a"), Some(vec!["7b".to_owned(), "8a".to_owned()]));
        assert_eq!(of(b""), Some(Vec::new()), "an empty choice is an empty list");
        assert!(read(&Fields::parse(b"cohort=")).is_err());
    }

    #[test]
    fn a_cohort_that_is_empty_today_stays_chosen() {
        let shown = fields("x", &["7b".to_owned()], Some(&["8a".to_owned()])).into_string();
        assert!(shown.contains(r#"value="8a" checked"#) && shown.contains(r#"value="7b">"#), "{shown}");
        assert!(shown.contains(r#"value="cohorts" checked"#));
    }
}
