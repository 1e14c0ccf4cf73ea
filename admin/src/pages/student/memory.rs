//! Remembered facts about a student. A person may edit or delete them.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::plain_text;
use maud::{Markup, html};
use storage::clock;
use storage::db::Db;
use storage::evidence::Source;
use storage::fact::{self, Fact};
use storage::id::{FactId, StudentId};

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::csrf;
use crate::viewer::Viewer;

const MAX_CHARACTERS: usize = 160;

pub(crate) async fn forget(
    State(db): State<Db>,
    Path((student_id, fact_id)): Path<(StudentId, FactId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let now = clock::now();
    let mut act = Act::begin(&db, &posted.admin).await?;
    fact::forget_fact(&mut act, &posted.admin.caller, student_id, fact_id, now).await?;
    act.commit("fact.forget", Some(format!("student:{student_id}")), serde_json::json!({ "fact_id": fact_id })).await?;
    Ok(back(student_id))
}

pub(crate) async fn reword(
    State(db): State<Db>,
    Path((student_id, fact_id)): Path<(StudentId, FactId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let text = plain_text::clean(posted.fields.text("text"));
    if text.is_empty() || text.chars().count() > MAX_CHARACTERS {
        return Err(Fault::Invalid(format!(
            "A fact has 1 to {MAX_CHARACTERS} characters. Go back: your text is kept."
        )));
    }
    let now = clock::now();
    let mut act = Act::begin(&db, &posted.admin).await?;
    fact::reword_fact(&mut act, &posted.admin.caller, student_id, fact_id, &text, now).await?;
    act.commit("fact.reword", Some(format!("student:{student_id}")), serde_json::json!({ "fact_id": fact_id })).await?;
    Ok(back(student_id))
}

fn back(student_id: StudentId) -> Response {
    Redirect::to(&format!("/students/{student_id}#memory")).into_response()
}

pub(super) fn card(admin: &Admin, student_id: StudentId, facts: &[Fact]) -> Markup {
    html! {
        section.card aria-labelledby="memory" {
            header { h2 id="memory" { "Remembered" } p { "From calls; deleted after a time" } }
            @if facts.is_empty() {
                div.body { p.muted { "No facts yet. Tests, goals and interests that the student mentions appear here." } }
            } @else {
                ul.list { @for fact in facts { (line(admin, student_id, fact)) } }
            }
        }
    }
}

fn line(admin: &Admin, student_id: StudentId, fact: &Fact) -> Markup {
    let path = format!("/students/{student_id}/facts/{}", fact.fact_id);
    let id = format!("fact-{}", fact.fact_id);
    html! {
        li.stack.tight {
            b { (fact.text) }
            span.sm.faint { (origin(&admin.viewer, fact)) }
            @if admin.may_write() {
                details {
                    summary.sm { "Change" span.vh { ": " (fact.text) } }
                    form.stack.tight method="post" action={ (path) "/reword" } {
                        (csrf(admin))
                        div.field { label for=(id) { "Edit wording" } input.input id=(id) name="text" required maxlength=(MAX_CHARACTERS) value=(fact.text); }
                        div { button.btn.small { "Save" } }
                    }
                    form method="post" action={ (path) "/forget" } { (csrf(admin)) button.btn.small.danger { "Forget" span.vh { ": " (fact.text) } } }
                }
            }
        }
    }
}

fn origin(viewer: &Viewer, fact: &Fact) -> Markup {
    let source = match fact.source {
        Source::Rules => "found by the rules",
        Source::Llm | Source::Both => "found by the language model",
        Source::Tool => "saved by an assistant",
        Source::Person => "written by a person",
    };
    html! {
        (fact.kind.replace('_', " ")) ", " (source) " " (viewer.date(fact.valid_from)) ", until " (viewer.date(fact.expires_at)) "."
        @if let (Some(session_id), Some(turn_no)) = (fact.session_id, fact.turn_no) {
            " " a.link href={ "/sessions/" (session_id) "#t" (turn_no) } { "Turn " (turn_no) }
        }
    }
}
