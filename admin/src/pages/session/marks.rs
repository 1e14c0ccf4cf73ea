//! Changing the mark of one answer, on every page that shows it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use storage::db::Db;
use storage::evidence::{self, Correction};
use storage::id::{SessionId, StudentId};
use storage::note::{self, NewNote};
use storage::session::{self, SessionKey};

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::pages::review;
use crate::parts::answer::{CHOICES, From, MAX_REASON, row_id};

/// Changes the mark of an answer, or undoes a change.
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
    let student_id = if fields.text("undo") == "yes" {
        undo(&db, admin, session_id, &skill_id, turn_no).await?
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
        record(&db, admin, &correction, reason).await?
    };
    let from = fields.text("from").parse().unwrap_or(From::Transcript);
    let page = match from {
        From::Answers | From::Transcript => format!("/sessions/{session_id}"),
        From::Student => format!("/students/{student_id}"),
        From::Skill => format!("/students/{student_id}/skills/{skill_id}"),
        // The answer is no longer there.
        From::Review => return Ok(Redirect::to(&review::url_after(fields.text("after"))).into_response()),
    };
    Ok(Redirect::to(&format!("{page}#{}", row_id(from, session_id, &skill_id, turn_no))).into_response())
}

/// Corrects an answer and records it in the audit log. A reason is kept as a note for staff.
async fn record(db: &Db, admin: &Admin, correction: &Correction, reason: &str) -> Result<StudentId, Fault> {
    let Correction { session_id, skill_id, turn_no, verdict, help } = correction;
    let mut act = Act::begin(db, admin).await?;
    // The page finds who changed a mark by the time of the entry.
    let now = act.now;
    let student_id = evidence::correct(&mut act, &admin.caller, correction, now).await?;
    let note_id = if reason.is_empty() {
        None
    } else {
        let words = CHOICES.iter().find(|(_, of, _)| of == verdict).map_or("", |(.., words)| words);
        let text = format!("Turn {turn_no}, {skill_id}: {words}. {reason}");
        let note = NewNote { student_id, session_id: Some(*session_id), text, for_assistant: false };
        Some(note::insert_note(&mut *act, &admin.caller, &note, now).await?)
    };
    let detail = serde_json::json!({
        "session_id": session_id, "skill_id": skill_id, "turn_no": turn_no,
        "verdict": verdict, "help": help, "note_id": note_id,
    });
    let object = format!("student:{student_id}");
    act.commit("evidence.correct", Some(object), detail).await?;
    Ok(student_id)
}

async fn undo(db: &Db, admin: &Admin, session_id: SessionId, skill_id: &str, turn_no: i32) -> Result<StudentId, Fault> {
    let mut act = Act::begin(db, admin).await?;
    let now = act.now;
    let student_id = evidence::undo(&mut act, &admin.caller, session_id, skill_id, turn_no, now).await?;
    let detail = serde_json::json!({ "session_id": session_id, "skill_id": skill_id, "turn_no": turn_no });
    let object = format!("student:{student_id}");
    act.commit("evidence.undo", Some(object), detail).await?;
    Ok(student_id)
}
