//! What is believed of a student: mastery, misconceptions and the context of the next call, all folded from the evidence
//! that counts. An analysis of a new call moves it on from what is stored; whatever else changes evidence folds it from the
//! beginning. Both give the same rows.

use chrono::{DateTime, Utc};

use crate::access::Caller;
use crate::db::{Connection, Result};
use crate::evidence::{self, Of};
use crate::id::{SessionId, StudentId};
use crate::{mastery, misconception, student, student_context};

/// Folds the student's evidence, which it reads once, and writes what differs. Returns whether mastery or misconceptions
/// did. Needs `students:read` and `sessions:read`.
pub async fn refold(tx: &mut Connection, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<bool> {
    let differed = fold(tx, caller, student_id).await?;
    student_context::rebuild(tx, caller, student_id, now).await?;
    Ok(differed)
}

/// [`refold`] without the context, which stays as it was when the call began.
pub async fn refold_in_call(tx: &mut Connection, caller: &Caller, student_id: StudentId) -> Result<()> {
    fold(tx, caller, student_id).await?;
    Ok(())
}

/// [`refold`] after nothing but the analysis of one session changed. `had`: the skills of which the session had told
/// something about the student before. Costs what the session holds, however long the history is.
pub async fn advance(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    session_id: SessionId,
    had: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    student::lock(tx, &[student_id]).await?;
    let told = evidence::list_counting(&mut *tx, caller, student_id, Of::Session(session_id)).await?;
    mastery::advance(tx, caller, student_id, &told, had).await?;
    misconception::write_if_any(tx, caller, student_id, session_id).await?;
    student_context::rebuild(tx, caller, student_id, now).await
}

async fn fold(tx: &mut Connection, caller: &Caller, student_id: StudentId) -> Result<bool> {
    // Two analyses of one student at once would each miss the other's evidence.
    student::lock(tx, &[student_id]).await?;
    let evidence = evidence::list_counting(&mut *tx, caller, student_id, Of::All).await?;
    let knows = mastery::write(tx, student_id, &evidence).await?;
    let believes = misconception::write(tx, caller, student_id).await?;
    Ok(knows || believes)
}
