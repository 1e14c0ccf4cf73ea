//! Notes about a student: author, time, and whether the assistant gets them.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::clock;
use storage::db::Db;
use storage::id::{NoteId, StudentId};
use storage::note::{self, NewNote, Note};

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::icon::icon_small;
use crate::parts::{csrf, person};

const MAX_CHARACTERS: usize = 2000;

pub(crate) async fn add_note(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let text = posted.fields.text("note");
    if text.is_empty() || text.chars().count() > MAX_CHARACTERS {
        return Err(Fault::Invalid(format!(
            "A note has 1 to {MAX_CHARACTERS} characters. Go back: your text is kept."
        )));
    }
    let new = NewNote {
        student_id,
        session_id: None,
        text: text.to_owned(),
        for_assistant: posted.fields.text("who") == "assistant",
    };
    let now = clock::now();
    let mut act = Act::begin(&db, &posted.admin).await?;
    let note_id = note::insert_note(&mut *act, &posted.admin.caller, &new, now).await?;
    act.commit("note.add", Some(format!("student:{student_id}")), serde_json::json!({ "note_id": note_id })).await?;
    Ok(Redirect::to(&format!("/students/{student_id}#notes")).into_response())
}

pub(crate) async fn delete_note(
    State(db): State<Db>,
    Path((student_id, note_id)): Path<(StudentId, NoteId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let now = clock::now();
    let mut act = Act::begin(&db, &posted.admin).await?;
    note::delete_note(&mut *act, &posted.admin.caller, note_id, now).await?;
    act.commit("note.delete", Some(format!("student:{student_id}")), serde_json::json!({ "note_id": note_id })).await?;
    Ok(Redirect::to(&format!("/students/{student_id}#notes")).into_response())
}

pub(super) fn card(admin: &Admin, student_id: StudentId, notes: &[Note]) -> Markup {
    html! {
        section.card aria-labelledby="notes" {
            header { h2 id="notes" { "Notes" } }
            @if admin.may_write() { div.body { (form(admin, student_id)) } }
            @if notes.is_empty() {
                @if !admin.may_write() { div.body { p.muted { "No notes yet." } } }
            } @else {
                ul.list id="note-list" { @for note in notes { (line(admin, student_id, note)) } }
            }
        }
    }
}

fn form(admin: &Admin, student_id: StudentId) -> Markup {
    html! {
        form.stack.tight method="post" action={ "/students/" (student_id) "/notes" } {
            (csrf(admin))
            div.field {
                label for="note" { "New note" }
                textarea.input id="note" name="note" required maxlength=(MAX_CHARACTERS) {}
            }
            fieldset {
                legend.vh { "Visible to" }
                div.seg {
                    label { input.vh type="radio" name="who" value="staff" checked; "Staff only" }
                    label { input.vh type="radio" name="who" value="assistant"; "Staff and assistant" }
                }
            }
            div { button.btn { "Add note" } }
        }
    }
}

fn line(admin: &Admin, student_id: StudentId, note: &Note) -> Markup {
    let author = person(&note.author);
    html! {
        li {
            div.row.xs.faint {
                span.grow { (author) ", " (admin.viewer.date(note.created_at)) }
                @if note.for_assistant { span.tag { "Staff and assistant" } } @else { span.tag { (icon_small("lock")) "Staff only" } }
            }
            p.sm { (note.text) }
            @if admin.may_write() {
                form method="post" action={ "/students/" (student_id) "/notes/" (note.note_id) "/delete" } {
                    (csrf(admin))
                    button.btn.ghost.small { (icon_small("trash-2")) "Delete" span.vh { " this note" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn a_note_says_who_wrote_it_and_who_is_told() {
        let note = Note {
            note_id: NoteId(uuid::Uuid::from_u128(5)),
            session_id: None,
            author: "admin:tomas@example.org".to_owned(),
            text: "Ask why <before> moving on.".to_owned(),
            for_assistant: false,
            created_at: "2026-11-12T12:00:00Z".parse().unwrap(),
        };
        let student_id = StudentId(uuid::Uuid::from_u128(3));
        let shown = card(&Admin::sample(Role::Viewer), student_id, &[note]).into_string();
        assert!(shown.contains("tomas@example.org") && shown.contains("Staff only"));
        assert!(shown.contains("Ask why &lt;before&gt; moving on.") && !shown.contains("<form"));
    }
}
