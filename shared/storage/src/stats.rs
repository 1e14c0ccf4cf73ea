//! Read-only aggregates behind the dashboard.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::{SessionId, StudentId};
use crate::session::SessionStatus;

/// Sessions that began in one span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SessionFigures {
    pub n_sessions: i64,
    /// Calls that ended within a minute, or before anybody spoke.
    pub n_dropped: i64,
    /// Whole seconds of all calls that are over.
    pub seconds: i64,
    pub n_analyzed: i64,
    /// Over, and not analysed yet.
    pub n_waiting: i64,
    pub n_attention: i64,
    pub cost_microusd: i64,
    /// Of the sessions whose cost is known.
    pub n_with_cost: i64,
    /// From the end of the call to its analysis: half of them took no longer.
    pub median_analysis_seconds: Option<f64>,
    /// 95 of 100 took no longer.
    pub p95_analysis_seconds: Option<f64>,
}

/// What happened from `from` to before `to`, to all students or to those of one cohort. Needs `sessions:read`.
pub async fn session_figures(
    db: impl Executor<'_>,
    caller: &Caller,
    cohort: Option<&str>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<SessionFigures> {
    let cohorts = caller.require_within_cohort(Scope::SessionsRead, cohort)?;
    // A call that was read in days later says nothing about how quick we are.
    Ok(sqlx::query_as!(
        SessionFigures,
        r#"select count(*) as "n_sessions!",
               count(*) filter (where ended_at - started_at < interval '1 minute') as "n_dropped!",
               coalesce(extract(epoch from sum(ended_at - started_at)), 0)::bigint as "seconds!",
               count(*) filter (where status = 'analyzed') as "n_analyzed!",
               count(*) filter (where status in ('received', 'analyzing')) as "n_waiting!",
               count(*) filter (where status = 'needs_attention') as "n_attention!",
               coalesce(sum(cost_microusd), 0)::bigint as "cost_microusd!",
               count(cost_microusd) as "n_with_cost!",
               percentile_cont(0.5) within group (order by extract(epoch from analyzed_at - ended_at)::float8)
                   filter (where status = 'analyzed' and analyzed_at - ended_at < interval '1 day')
                   as median_analysis_seconds,
               percentile_cont(0.95) within group (order by extract(epoch from analyzed_at - ended_at)::float8)
                   filter (where status = 'analyzed' and analyzed_at - ended_at < interval '1 day')
                   as p95_analysis_seconds
           from sessions s where created_at >= $1 and created_at < $2
             and ($3::text[] is null
                 or exists (select 1 from students st where st.student_id = s.student_id and st.cohort = any($3)))"#,
        from,
        to,
        cohorts as Option<Vec<String>>,
    )
    .fetch_one(db)
    .await?)
}

/// A session that a person should look at, or that is running now.
#[derive(Clone)]
pub struct SessionToSee {
    pub session_id: SessionId,
    pub student_id: Option<StudentId>,
    pub student_name: Option<String>,
    pub grade: Option<i16>,
    pub attention_reason: Option<String>,
    pub at: DateTime<Utc>,
}

impl std::fmt::Debug for SessionToSee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionToSee").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// The newest sessions of one status, of all students or of one cohort, with their students. Needs `sessions:read` and `students:read`.
pub async fn list_sessions_to_see(
    db: impl Executor<'_>,
    caller: &Caller,
    status: SessionStatus,
    cohort: Option<&str>,
    limit: i64,
) -> Result<Vec<SessionToSee>> {
    caller.has(Scope::StudentsRead)?;
    let cohorts = caller.require_within_cohort(Scope::SessionsRead, cohort)?;
    Ok(sqlx::query_as!(
        SessionToSee,
        r#"select session_id as "session_id: SessionId", s.student_id as "student_id: StudentId",
               st.display_name as "student_name?", st.grade as "grade?", attention_reason,
               coalesce(started_at, s.created_at) as "at!"
           from sessions s left join students st on st.student_id = s.student_id
           where s.status = $1 and ($1 <> 'in_progress' or s.ended_at is null) and ($3::text[] is null or st.cohort = any($3))
           order by s.created_at desc, s.session_id desc limit $2"#,
        status as SessionStatus,
        limit,
        cohorts as Option<Vec<String>>,
    )
    .fetch_all(db)
    .await?)
}
