//! Erasures as staff see them.

use chrono::{DateTime, NaiveDate, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Error, Executor, Result};
use crate::id::{ErasureId, StudentId};

use super::register::AskedBy;

/// One row of `erasures`, with how far VAPI is.
#[derive(Clone, PartialEq, Eq)]
pub struct ErasureItem {
    pub erasure_id: ErasureId,
    /// `None`: calls of a number, or a single call.
    pub student_id: Option<StudentId>,
    /// The name, while the student is still here.
    pub student_name: Option<String>,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    /// Who asked outside the service, and on which day.
    pub asked_by: Option<AskedBy>,
    pub asked_on: Option<NaiveDate>,
    pub due_at: DateTime<Utc>,
    pub undone_at: Option<DateTime<Utc>>,
    pub done_at: Option<DateTime<Utc>>,
    pub n_calls: i64,
    /// How many of these calls VAPI has deleted, or does not know.
    pub n_calls_gone: i64,
    /// How many of the gone calls VAPI does not know.
    pub n_calls_unknown: i64,
    /// How many requests to VAPI failed, until a person retries their jobs.
    pub n_calls_failed: i64,
    /// How much of each kind was deleted: `{"calls": 3}`. `None`: not counted.
    pub counts: Option<serde_json::Value>,
    /// When VAPI answered last.
    pub answered_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for ErasureItem {
    /// Without the name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErasureItem").field("erasure_id", &self.erasure_id).finish_non_exhaustive()
    }
}

impl ErasureItem {
    /// Whether it waits, and can be undone.
    pub const fn is_pending(&self) -> bool {
        self.done_at.is_none() && self.undone_at.is_none()
    }
}

/// Erasures: those that wait first, then the newest. Needs `students:erase`.
pub async fn list_erasures(db: impl Executor<'_>, caller: &Caller, limit: i64) -> Result<Vec<ErasureItem>> {
    caller.require(Scope::StudentsErase)?;
    list(db, None, limit).await
}

/// One erasure. Needs `students:erase`.
pub async fn get_erasure(db: impl Executor<'_>, caller: &Caller, erasure_id: ErasureId) -> Result<ErasureItem> {
    caller.require(Scope::StudentsErase)?;
    list(db, Some(erasure_id), 1).await?.pop().ok_or(Error::NotFound("erasure"))
}

async fn list(db: impl Executor<'_>, erasure_id: Option<ErasureId>, limit: i64) -> Result<Vec<ErasureItem>> {
    Ok(sqlx::query_as!(
        ErasureItem,
        r#"select e.erasure_id as "erasure_id: ErasureId", e.student_id as "student_id: StudentId",
               st.display_name as "student_name?", e.requested_by, e.requested_at, e.asked_by as "asked_by: AskedBy", e.asked_on,
               e.due_at, e.undone_at, e.done_at, e.counts,
               (select count(*) from erased_calls c where c.erasure_id = e.erasure_id) as "n_calls!",
               (select count(*) from erased_calls c where c.erasure_id = e.erasure_id and c.vapi_deleted_at is not null)
                   as "n_calls_gone!",
               (select count(*) from erased_calls c where c.erasure_id = e.erasure_id and c.vapi_answer = 'unknown')
                   as "n_calls_unknown!",
               (select count(*) from erased_calls c join jobs j on j.dedupe_key = 'delete_call:' || c.erased_call_id
                where c.erasure_id = e.erasure_id and c.vapi_deleted_at is null
                  and j.state in ('needs_attention', 'discarded')) as "n_calls_failed!",
               (select max(c.vapi_deleted_at) from erased_calls c where c.erasure_id = e.erasure_id) as answered_at
           from erasures e left join students st on st.student_id = e.student_id
           where $2::uuid is null or e.erasure_id = $2
           order by (e.done_at is null and e.undone_at is null) desc, e.requested_at desc, e.erasure_id desc
           limit $1"#,
        limit,
        erasure_id as Option<ErasureId>,
    )
    .fetch_all(db)
    .await?)
}
