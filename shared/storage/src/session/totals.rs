//! All calls of one student in a few figures.

use chrono::{DateTime, TimeDelta, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::StudentId;

/// Over so long a student's last weeks are counted.
pub const LATELY: TimeDelta = TimeDelta::weeks(4);

/// The calls of a student.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionTotals {
    pub n_calls: i64,
    /// Those that began within [`LATELY`].
    pub n_lately: i64,
    /// Whole seconds of all that are over.
    pub seconds: i64,
    /// When the newest began.
    pub last_at: Option<DateTime<Utc>>,
}

/// What a student's calls come to at `now`. Needs `sessions:read`.
pub async fn get_totals(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<SessionTotals> {
    caller.require_student(Scope::SessionsRead, student_id)?;
    Ok(sqlx::query_as!(
        SessionTotals,
        r#"select count(*) as "n_calls!",
               count(*) filter (where coalesce(started_at, created_at) > $2) as "n_lately!",
               coalesce(extract(epoch from sum(ended_at - started_at)), 0)::bigint as "seconds!",
               max(coalesce(started_at, created_at)) as last_at
           from sessions where student_id = $1"#,
        student_id as StudentId,
        now - LATELY,
    )
    .fetch_one(db)
    .await?)
}
