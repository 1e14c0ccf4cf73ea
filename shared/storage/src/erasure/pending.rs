//! Requests to erase a student that wait until they are due.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::{ErasureId, StudentId};

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub erasure_id: ErasureId,
    pub student_id: StudentId,
    /// As in `audit_entries.actor`.
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
}

/// The request that waits to erase the student. Needs `students:read` or `students:erase`.
pub async fn find_pending(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Option<Pending>> {
    caller
        .require_student(Scope::StudentsRead, student_id)
        .or_else(|_| caller.require_student(Scope::StudentsErase, student_id))?;
    Ok(sqlx::query_as!(
        Pending,
        r#"select erasure_id as "erasure_id: ErasureId", student_id as "student_id!: StudentId", requested_by, requested_at,
               due_at
           from erasures where student_id = $1 and done_at is null and undone_at is null"#,
        student_id as StudentId,
    )
    .fetch_optional(db)
    .await?)
}
