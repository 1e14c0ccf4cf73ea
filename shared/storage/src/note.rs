//! What a person, or an assistant during a call, wrote down about a student.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Error, Executor, Result};
use crate::id::{NoteId, SessionId, StudentId};

/// One row of `notes`.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    pub note_id: NoteId,
    pub session_id: Option<SessionId>,
    /// `admin:<email>` or `client:<client_id>`.
    pub author: String,
    pub text: String,
    /// Whether assistants get the note.
    pub for_assistant: bool,
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Note").field("note_id", &self.note_id).finish_non_exhaustive()
    }
}

/// A note to be.
#[derive(Clone)]
pub struct NewNote {
    pub student_id: StudentId,
    pub session_id: Option<SessionId>,
    /// 1 to 2,000 characters.
    pub text: String,
    pub for_assistant: bool,
}

impl std::fmt::Debug for NewNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewNote").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// Writes a note. Needs `notes:write`.
pub async fn insert_note(db: impl Executor<'_>, caller: &Caller, new: &NewNote, now: DateTime<Utc>) -> Result<NoteId> {
    let note_id = NoteId::new();
    insert_note_once(db, caller, note_id, new, now).await?;
    Ok(note_id)
}

/// Writes a note under an id that its writer made, so that telling it twice writes it once: then `false`. Needs
/// `notes:write`.
pub async fn insert_note_once(
    db: impl Executor<'_>,
    caller: &Caller,
    note_id: NoteId,
    new: &NewNote,
    now: DateTime<Utc>,
) -> Result<bool> {
    caller.require_for(Scope::NotesWrite, new.student_id)?;
    let done = sqlx::query!(
        "insert into notes (note_id, student_id, session_id, author, text, for_assistant, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (note_id) do nothing",
        note_id as NoteId,
        new.student_id as StudentId,
        new.session_id as Option<SessionId>,
        caller.actor.to_string(),
        new.text,
        new.for_assistant,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The newest notes about a student. Needs `students:read`.
pub async fn list_notes(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    limit: i64,
) -> Result<Vec<Note>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        Note,
        r#"select note_id as "note_id: NoteId", session_id as "session_id: SessionId", author, text, for_assistant,
               created_at
           from notes where student_id = $1 and deleted_at is null
           order by created_at desc, note_id desc limit $2"#,
        student_id as StudentId,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Takes a note back. It is kept, unseen, for the audit. Needs `notes:write`.
pub async fn delete_note(db: impl Executor<'_>, caller: &Caller, note_id: NoteId, now: DateTime<Utc>) -> Result<()> {
    let only = caller.require_opened(Scope::NotesWrite)?;
    let n = sqlx::query!(
        "update notes set deleted_at = $2
         where note_id = $1 and deleted_at is null and ($3::uuid is null or student_id = $3)",
        note_id as NoteId,
        now,
        only as Option<StudentId>,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("note")) } else { Ok(()) }
}
