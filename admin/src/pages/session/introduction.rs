//! A new caller introduced themselves: one button adds them as a student.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use queue::retry;
use storage::analysis::{self, Introduction};
use storage::db::{Db, Error};
use storage::id::SessionId;
use storage::session::{self, SessionKey};
use storage::{clock, introduction};

use super::Data;
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::csrf;
use crate::parts::{grade, none};

/// Adds the caller as a new student and requests the analysis of the call.
pub(crate) async fn accept(
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let now = clock::now();
    let analysis = analysis::find_current(&db, &admin.caller, session_id).await?;
    let mut act = Act::begin(&db, admin).await?;
    let session = session::get_session(&mut *act, &admin.caller, &SessionKey::Id(session_id)).await?;
    let heard = analysis.and_then(|analysis| analysis.findings.introduction);
    let told = introduction::of_session(&session, heard.as_ref()).ok_or(Error::NotFound("introduction"))?;
    let student_id = introduction::accept(&mut act, &admin.caller, &session, &told, now).await?;
    retry::reanalyze(&mut act, &admin.caller, session_id, now).await?;
    let object = format!("student:{student_id}");
    let detail = serde_json::json!({ "session_id": session_id });
    act.commit("student.accept", Some(object), detail).await?;
    Ok(Redirect::to(&format!("/students/{student_id}")).into_response())
}

/// Renders what the caller said about themselves, and the button. Renders nothing without an introduction or a phone
/// number.
pub(super) fn card(admin: &Admin, data: &Data) -> Markup {
    let heard = data.analysis.as_ref().and_then(|analysis| analysis.findings.introduction.as_ref());
    let told = introduction::of_session(&data.session, heard);
    html! {
        @if let Some(told) = told.filter(|_| data.session.caller_phone.is_some()) {
            section.card aria-labelledby="introduction" {
                header { h2 id="introduction" { "A new student?" } }
                div.body.stack {
                    dl.dl { (facts(&told)) }
                    @if admin.may_write() {
                        form.row method="post" action={ "/sessions/" (data.session.session_id) "/introduction/accept" } {
                            (csrf(admin))
                            button.btn.primary { "Add as student" }
                        }
                        p.sm.faint { "Their phone number is recognised from now on, and this call counts for them. The transcript was made by machine. Check the name." }
                    }
                }
            }
        }
    }
}

fn facts(told: &Introduction) -> Markup {
    html! {
        dt { "First name" } dd { @if let Some(name) = &told.first_name { (name) } @else { (none()) } }
        dt { "Grade" } dd { @if let Some(grade) = grade(told.grade) { (grade) } @else { (none()) } }
        dt { "Wishes" } dd { @if let Some(wants) = &told.wants { (wants) } @else { (none()) } }
    }
}
