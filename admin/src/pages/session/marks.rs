//! Changing the mark of one answer: three clicks, the reason is optional, and it works without a script.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use shared::db::{self, Db, Error};
use shared::evidence::{self, Correction, Verdict};
use shared::id::{SessionId, StudentId};
use shared::note::{self, NewNote};
use shared::session::{self, SessionKey};
use shared::{audit, clock};

use super::Data;
use super::answers::Answer;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::badge::verdict_words;
use crate::parts::csrf;
use crate::parts::icon::icon_small;

pub(crate) const MAX_REASON: usize = 300;

const CHOICES: [(&str, Option<Verdict>, &str); 4] = [
    ("correct", Some(Verdict::Correct), "Right"),
    ("partial", Some(Verdict::Partial), "Partly right"),
    ("incorrect", Some(Verdict::Incorrect), "Not right"),
    ("none", None, "Not an answer"),
];

/// Where on the page a form is, and where its sender returns to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Answers,
    Transcript,
}

impl From {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Transcript => "transcript",
        }
    }
}

pub(super) fn row_id(skill_id: &str, turn_no: i32) -> String {
    format!("answer-{skill_id}-{turn_no}")
}

/// "Change this mark" and, after a person changed it, "Undo". Nothing for those who may not write.
pub(super) fn form(admin: &Admin, data: &Data, answer: &Answer, from: From) -> Markup {
    if !admin.may_write() || data.session.student_id.is_none() {
        return html! {};
    }
    let action = format!("/sessions/{}/marks", data.session.session_id);
    let at = super::at_of(&data.turns, answer.turn_no);
    let place = html! {
        (csrf(admin))
        input type="hidden" name="skill_id" value=(answer.skill_id);
        input type="hidden" name="turn_no" value=(answer.turn_no);
        input type="hidden" name="from" value=(from.as_str());
    };
    html! {
        div.mark-form {
            details {
                summary { (icon_small("pencil")) "Change this mark" span.vh { ": answer at " (at) } }
                form method="post" action=(action) {
                    (place)
                    fieldset {
                        legend.vh { "Mark of the answer at " (at) }
                        @for (value, verdict, words) in CHOICES {
                            label.check { input type="radio" name="verdict" value=(value) required checked[verdict == answer.verdict]; (words) }
                        }
                    }
                    div.row {
                        input.input.small.grow name="reason" maxlength=(MAX_REASON) autocomplete="off" placeholder="Reason (optional)" aria-label="Reason (optional)";
                        button.btn.small.primary { "Save" }
                    }
                }
            }
            @if answer.changed.is_some() {
                form method="post" action=(action) {
                    (place)
                    button.undo name="undo" value="yes" { (icon_small("x")) "Undo" span.vh { " the change at " (at) } }
                }
            }
        }
    }
}

/// Changes the mark of an answer, or undoes that.
pub(crate) async fn save(
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (admin, fields) = (&posted.admin, &posted.fields);
    admin.require_write()?;
    session::get_session(&db, &admin.caller, &SessionKey::Id(session_id)).await?;
    let skill_id = fields.text("skill_id").to_owned();
    let Ok(turn_no) = fields.text("turn_no").parse::<i32>() else {
        return Err(Fault::Invalid("turn_no is the number of the student’s turn, for example 5.".to_owned()));
    };
    if fields.text("undo") == "yes" {
        undo(&db, admin, session_id, &skill_id, turn_no).await?;
    } else {
        let choice = CHOICES.iter().find(|(value, ..)| *value == fields.text("verdict"));
        let Some((_, verdict, _)) = choice.copied() else {
            return Err(Fault::Invalid("Choose a mark: right, partly right, not right or not an answer.".to_owned()));
        };
        let reason = fields.text("reason");
        if reason.chars().count() > MAX_REASON {
            return Err(Fault::Invalid(format!("A reason has at most {MAX_REASON} characters. Shorten it.")));
        }
        let correction = Correction { session_id, skill_id: skill_id.clone(), turn_no, verdict, help: None };
        record(&db, admin, &correction, reason).await?;
    }
    let back = match fields.text("from") {
        "answers" => row_id(&skill_id, turn_no),
        _ => format!("t{turn_no}"),
    };
    Ok(Redirect::to(&format!("/sessions/{session_id}#{back}")).into_response())
}

/// Corrects an answer, with its entry in the audit log. A reason is kept as a note for staff.
pub(crate) async fn record(db: &Db, admin: &Admin, correction: &Correction, reason: &str) -> Result<StudentId, Fault> {
    let Correction { session_id, skill_id, turn_no, verdict, help } = correction;
    let now = clock::now();
    let mut tx = db::begin(db).await?;
    let student_id = evidence::correct(&mut tx, &admin.caller, correction, now).await?;
    let note_id = if reason.is_empty() {
        None
    } else {
        let words = match (verdict, help) {
            (Some(verdict), Some(help)) => verdict_words(*verdict, *help),
            _ => CHOICES.iter().find(|(_, of, _)| of == verdict).map_or("", |(.., words)| words),
        };
        let text = format!("Turn {turn_no}, {skill_id}: {words}. {reason}");
        let note = NewNote { student_id, session_id: Some(*session_id), text, for_assistant: false };
        Some(note::insert_note(&mut *tx, &admin.caller, &note, now).await?)
    };
    let detail = serde_json::json!({
        "session_id": session_id, "skill_id": skill_id, "turn_no": turn_no,
        "verdict": verdict, "help": help, "note_id": note_id,
    });
    let object = format!("student:{student_id}");
    audit::insert_entry(&mut *tx, &admin.caller, "evidence.correct", Some(&object), &detail, now).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(student_id)
}

async fn undo(db: &Db, admin: &Admin, session_id: SessionId, skill_id: &str, turn_no: i32) -> Result<(), Fault> {
    let now = clock::now();
    let mut tx = db::begin(db).await?;
    let student_id = evidence::undo(&mut tx, &admin.caller, session_id, skill_id, turn_no, now).await?;
    let detail = serde_json::json!({ "session_id": session_id, "skill_id": skill_id, "turn_no": turn_no });
    let object = format!("student:{student_id}");
    audit::insert_entry(&mut *tx, &admin.caller, "evidence.undo", Some(&object), &detail, now).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(())
}
