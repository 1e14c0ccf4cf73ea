//! What is believed of a student: mastery, misconceptions and the context of the next call, all folded from the evidence
//! that counts.

use chrono::{DateTime, Utc};

use crate::access::Caller;
use crate::db::{Connection, Result};
use crate::evidence::{self, Evidence};
use crate::id::StudentId;
use crate::{mastery, misconception, student, student_context};

/// Folds the student's evidence, which it reads once, and writes what differs. Returns whether mastery or misconceptions
/// did. Needs `students:read` and `sessions:read`.
pub async fn refold(tx: &mut Connection, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<bool> {
    let (evidence, differed) = fold(tx, caller, student_id).await?;
    student_context::rebuild_with(tx, student_id, &evidence, now).await?;
    Ok(differed)
}

/// [`refold`] without the context, which stays as it was when the call began.
pub async fn refold_in_call(tx: &mut Connection, caller: &Caller, student_id: StudentId) -> Result<()> {
    fold(tx, caller, student_id).await?;
    Ok(())
}

async fn fold(tx: &mut Connection, caller: &Caller, student_id: StudentId) -> Result<(Vec<Evidence>, bool)> {
    // Two analyses of one student at once would each miss the other's evidence.
    student::lock(tx, &[student_id]).await?;
    let evidence = evidence::list_counting(&mut *tx, caller, student_id).await?;
    let knows = mastery::write(tx, student_id, &evidence).await?;
    let believes = misconception::write(tx, student_id, &evidence).await?;
    Ok((evidence, knows || believes))
}
