//! The export of all data about a student, and their erasure.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use maud::{Markup, html};
use serde_json::Value;
use storage::clock;
use storage::db::{self, Db};
use storage::erasure::{self, Requested};
use storage::id::StudentId;
use storage::student::{self, Student};

use super::export_files;
use crate::Connections;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::pages::erasures::{asked_fields, read_asked, receipt_path};
use crate::parts::csrf;
use crate::parts::notice::{Tone, notice};

pub(crate) async fn export(
    admin: Admin,
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
) -> Result<Response, Fault> {
    let all = all_of(&admin, &db, student_id).await?;
    Ok(file(&format!("student-{student_id}.json"), "application/json", all.to_string()))
}

/// The same with a CSV file per list.
pub(crate) async fn export_zip(
    admin: Admin,
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
) -> Result<Response, Fault> {
    let all = all_of(&admin, &db, student_id).await?;
    let zipped = tokio::task::spawn_blocking(move || export_files::zip(&all)).await;
    let zipped = zipped.ok().and_then(Result::ok).ok_or(Fault::Internal)?;
    Ok(file(&format!("student-{student_id}.zip"), "application/zip", zipped))
}

/// The audit entry is committed before the answer.
async fn all_of(admin: &Admin, db: &Db, student_id: StudentId) -> Result<Value, Fault> {
    admin.require_file(db).await?;
    let mut tx = db::begin(db).await?;
    let all = student::export(&mut tx, &admin.caller, student_id, admin.viewer.now).await?;
    db::commit(tx).await?;
    Ok(all)
}

fn file(name: &str, content_type: &'static str, body: impl IntoResponse) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)], body).into_response()
}

pub(crate) async fn confirm_erase(
    admin: Admin,
    State(db): State<Db>,
    State(connections): State<Connections>,
    Path(student_id): Path<StudentId>,
) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    Ok(render(&admin, &student, connections.has_vapi, None))
}

/// Erases the student at once, or requests it for later. Needs a fresh password.
pub(crate) async fn erase(
    State(db): State<Db>,
    State(connections): State<Connections>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    if posted.fields.text("name") != student.display_name.trim() {
        let error = "The name does not match.";
        let page = render(admin, &student, connections.has_vapi, Some(error));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let asked = read_asked(&posted)?;
    let mut tx = db::begin(&db).await?;
    let (erasure_id, next) = if posted.fields.text("when") == "later" {
        let erasure_id = match erasure::request(&mut tx, &admin.caller, student_id, clock::now()).await? {
            Requested::Due(pending) => Some(pending.erasure_id),
            Requested::TooMany => None,
        };
        (erasure_id, format!("/students/{student_id}"))
    } else {
        let erasure_id = erasure::erase_student(&mut tx, &admin.caller, student_id, clock::now()).await?;
        (Some(erasure_id), receipt_path(erasure_id))
    };
    if let Some((asked, erasure_id)) = asked.zip(erasure_id) {
        erasure::set_asked(&mut tx, &admin.caller, erasure_id, asked).await?;
    }
    db::commit(tx).await?;
    Ok(Redirect::to(&next).into_response())
}

fn render(admin: &Admin, student: &Student, has_vapi: bool, error: Option<&str>) -> Markup {
    let path = format!("/students/{}", student.student_id);
    page(
        admin,
        Place::Students,
        "Erase a student",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Erase " (student.display_name) "?" }
                    p { "Their profile, phone numbers, calls, transcripts, levels and notes are permanently deleted. So are calls from their numbers that no other student has." }
                } }
                @if let Some(error) = error { (notice(Tone::Bad, error, "Nothing was erased.")) }
                form.card method="post" {
                    div.body.stack {
                        (csrf(admin))
                        div.field {
                            label for="name" { "To confirm, type the student's name: " (student.display_name) }
                            input.input id="name" name="name" required maxlength="120" autocomplete="off";
                            span.hint {
                                @if has_vapi { "VAPI is asked to delete the calls and their recordings. The receipt shows when it has." }
                                @else { "VAPI_API_KEY is not set, so VAPI keeps the calls and their recordings until you delete them there." }
                            }
                        }
                        (asked_fields(&admin.viewer))
                        fieldset.stack.tight {
                            legend { "When" }
                            span.check { input type="radio" id="now" name="when" value="now" checked; label for="now" { "Now" } }
                            span.check { input type="radio" id="later" name="when" value="later"; label for="later" { "In " (erasure::DELAY.num_days()) " days. Until then the student is blocked, and you can undo it." } }
                        }
                    }
                    footer {
                        button.btn.danger { "Erase" }
                        a.btn href=(path) { "Keep" }
                        @if admin.may_write() { a.btn href={ (path) "/export.zip" } { "Export first" } }
                    }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::student::StudentStatus;

    use super::*;

    #[test]
    fn whoever_erases_types_the_name_and_is_told_what_goes() {
        let at = "2026-11-01T00:00:00Z".parse().unwrap();
        let student = Student {
            student_id: StudentId(uuid::Uuid::from_u128(3)),
            display_name: "Maya <Okonkwo>".to_owned(),
            grade: None,
            cohort: None,
            locale: "en".to_owned(),
            timezone: "UTC".to_owned(),
            status: StudentStatus::Active,
            guidance: None,
            created_at: at,
            updated_at: at,
        };
        let shown = render(&Admin::sample(Role::Admin), &student, true, Some("No.")).into_string();
        assert!(
            shown.contains("type the student's name: Maya &lt;Okonkwo&gt;") && shown.contains("Nothing was erased.")
        );
        assert!(!shown.contains("value=\"Maya"), "the name is not typed ahead");
    }
}
