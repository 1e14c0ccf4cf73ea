//! Misconceptions of the student, until they are overcome or a person marks them so.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::clock;
use storage::db::{self, Db};
use storage::id::{MisconceptionId, StudentId};
use storage::misconception::{self, Misconception};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::badge::badge;
use crate::parts::csrf;

pub(crate) async fn resolve(
    State(db): State<Db>,
    Path((student_id, misconception_id)): Path<(StudentId, MisconceptionId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let mut tx = db::begin(&db).await?;
    misconception::mark_resolved(&mut tx, &posted.admin.caller, student_id, misconception_id, clock::now()).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(&format!("/students/{student_id}#misconceptions")).into_response())
}

pub(super) fn card(admin: &Admin, student_id: StudentId, list: &[Misconception]) -> Markup {
    let n_open = list.iter().filter(|m| m.resolved_at.is_none()).count();
    html! {
        section.card aria-labelledby="misconceptions" {
            header { h2 id="misconceptions" { "Misconceptions" } p { (n_open) " open, " (list.len() - n_open) " overcome" } }
            @if list.is_empty() {
                div.body { p.muted { "None seen so far." } }
            } @else {
                ul.list { @for seen in list { li.mis { (line(admin, student_id, seen)) } } }
            }
        }
    }
}

fn line(admin: &Admin, student_id: StudentId, seen: &Misconception) -> Markup {
    html! {
        div.row {
            b { (seen.belief) }
            @if seen.resolved_at.is_some() { (badge("good", "check", "Overcome")) }
            @else if seen.n_seen > 1 { (badge("warn", "repeat", &format!("Seen {} times", seen.n_seen))) }
            @else { (badge("info", "plus", "New")) }
        }
        span.sm.faint {
            @if let Some(skill) = &seen.skill_name { (skill) ". " }
            "First seen: " (admin.viewer.date(seen.first_seen_at)) ". Last seen: " (admin.viewer.date(seen.last_seen_at)) "."
            @if let Some(session_id) = seen.session_id { " " a.link href={ "/sessions/" (session_id) } { "Session" } }
        }
        @if seen.resolved_at.is_none() && admin.may_write() {
            form method="post" action={ "/students/" (student_id) "/misconceptions/" (seen.misconception_id) "/resolve" } {
                (csrf(admin))
                button.btn.small { "Mark as overcome" span.vh { ": " (seen.belief) } }
            }
        }
    }
}
