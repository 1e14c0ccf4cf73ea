//! The subjects that the student is taught.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::curriculum::{self, SubjectSwitch};
use storage::db::Db;
use storage::id::StudentId;

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::csrf;

/// Enables the ticked subjects and disables the others.
pub(crate) async fn set_subjects(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let switches = curriculum::list_switches(&db, &admin.caller, student_id).await?;
    let ticked = |switch: &SubjectSwitch| posted.fields.text(&switch.subject_id) == "on";
    let on: Vec<String> = switches.into_iter().filter(ticked).map(|switch| switch.subject_id).collect();
    let mut act = Act::begin(&db, admin).await?;
    curriculum::set_switches(&mut act, &admin.caller, student_id, &on).await?;
    let object = format!("student:{student_id}");
    let detail = serde_json::json!({ "on": on });
    act.commit("student.set_subjects", Some(object), detail).await?;
    Ok(Redirect::to(&format!("/students/{student_id}")).into_response())
}

pub(super) fn card(admin: &Admin, student_id: StudentId, switches: &[SubjectSwitch]) -> Markup {
    html! {
        section.card aria-labelledby="subjects" {
            header { h2 id="subjects" { "Subjects" } }
            form.body.stack.tight method="post" action={ "/students/" (student_id) "/subjects" } {
                (csrf(admin))
                @for switch in switches {
                    @let id = format!("subject-{}", switch.subject_id);
                    span.check {
                        input type="checkbox" id=(id) name=(switch.subject_id) value="on" checked[switch.is_on] disabled[!admin.may_write()];
                        label for=(id) { (switch.name) }
                    }
                }
                p.sm.faint { "Disabled subjects are not suggested. Progress is kept." }
                @if admin.may_write() { div { button.btn.small { "Save subjects" } } }
            }
        }
    }
}
