//! Jobs as people look at them: newest first, by state, or of one session.

use chrono::{DateTime, Utc};

use crate::db::{Executor, Result};
use crate::id::{JobId, SessionId};

/// A job, for a list. Holds no content: ids, states and fixed words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobItem {
    pub job_id: JobId,
    pub kind: String,
    pub session_id: Option<SessionId>,
    /// ready, sent, running, done, needs_attention or discarded.
    pub state: String,
    pub run_at: DateTime<Utc>,
    pub attempts: i32,
    pub max_attempts: i32,
    pub leased_by: Option<String>,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl JobItem {
    /// Whether a person has to decide what becomes of it.
    pub fn is_given_up(&self) -> bool {
        self.state == "needs_attention"
    }
}

/// The jobs that worked on a session, in the order in which they were asked for.
pub async fn list_jobs_of_session(db: impl Executor<'_>, session_id: SessionId) -> Result<Vec<JobItem>> {
    Ok(sqlx::query_as!(
        JobItem,
        r#"select job_id as "job_id: JobId", kind, session_id as "session_id: SessionId", state, run_at, attempts,
               max_attempts, leased_by, last_error, created_at, finished_at
           from jobs where session_id = $1 order by created_at, job_id limit 100"#,
        session_id as SessionId,
    )
    .fetch_all(db)
    .await?)
}

/// The newest jobs of one state.
pub async fn list_jobs_in_state(db: impl Executor<'_>, state: &str, limit: i64) -> Result<Vec<JobItem>> {
    Ok(sqlx::query_as!(
        JobItem,
        r#"select job_id as "job_id: JobId", kind, session_id as "session_id: SessionId", state, run_at, attempts,
               max_attempts, leased_by, last_error, created_at, finished_at
           from jobs where state = $1 order by coalesce(finished_at, created_at) desc, job_id limit $2"#,
        state,
        limit,
    )
    .fetch_all(db)
    .await?)
}
