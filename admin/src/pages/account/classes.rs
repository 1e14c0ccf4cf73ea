//! A person's own classes: which they are, and whether lists show only these.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::access::Scope;
use storage::admin_user;
use storage::db::Db;
use storage::id::AdminUserId;

use super::PATH;
use crate::act::Act;
use crate::auth::{Admin, safe_next};
use crate::fault::Fault;
use crate::form::Posted;
use crate::pages::users;
use crate::parts::classes::{form, read};

pub(super) fn card(admin: &Admin, known: &[String]) -> Markup {
    html! {
        @if !known.is_empty() {
            section.card aria-labelledby="classes" {
                header { h2 id="classes" { "My classes" } p { "Today, students, sessions, the calendar and searches begin with them. All other students stay one click away." } }
                div.body { (form(admin, "/account/classes", known, &admin.classes, "")) }
            }
        }
    }
}

async fn set(db: &Db, admin: &Admin, admin_user_id: AdminUserId, classes: &[String]) -> Result<(), Fault> {
    let mut act = Act::begin(db, admin).await?;
    admin_user::set_classes(&mut *act, admin_user_id, classes).await?;
    act.commit("admin.classes", Some(users::object(admin_user_id)), serde_json::json!({ "classes": classes })).await
}

/// Saves the person's own classes, of those that they see.
pub(crate) async fn save(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    let mut classes = read(&posted.fields, "class", "classes")?;
    classes.retain(|class| admin.caller.require_cohort(Scope::StudentsRead, Some(class)).is_ok());
    set(&db, admin, admin.admin_user_id, &classes).await?;
    Ok(Redirect::to(&format!("{PATH}?done=classes#classes")).into_response())
}

/// Saves the classes of another user.
pub(crate) async fn save_of(
    State(db): State<Db>,
    Path(admin_user_id): Path<AdminUserId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    set(&db, &posted.admin, admin_user_id, &read(&posted.fields, "class", "classes")?).await?;
    Ok(Redirect::to(users::PATH).into_response())
}

/// Remembers whether lists show the person's own classes or all students, and returns to the page.
pub(crate) async fn show(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let shows_all = match posted.fields.text("show") {
        "all" => true,
        "mine" => false,
        _ => return Err(Fault::Invalid("Choose “My classes” or “All students”.".to_owned())),
    };
    admin_user::set_shows_all(&db, posted.admin.admin_user_id, shows_all).await?;
    Ok(Redirect::to(safe_next(posted.fields.raw("back"))).into_response())
}
