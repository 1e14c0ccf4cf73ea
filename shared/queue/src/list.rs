//! Jobs as people look at them: newest first, by state, or of one session.

use chrono::{DateTime, Utc};

use storage::db::{Db, Error, Executor, Result};
use storage::id::{JobId, SessionId};

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
    /// By which lists are ordered.
    pub fn listed_at(&self) -> DateTime<Utc> {
        self.finished_at.unwrap_or(self.created_at)
    }

    /// Whether a person has to decide what becomes of it.
    pub fn is_given_up(&self) -> bool {
        self.state == "needs_attention"
    }
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub at: DateTime<Utc>,
    pub attempt: i32,
    /// Short, fixed words.
    pub error: String,
}

/// Returns a job with the attempts that failed, the newest first.
pub async fn get_job(db: &Db, job_id: JobId) -> Result<(JobItem, Vec<Failed>)> {
    let job = sqlx::query_as!(
        JobItem,
        r#"select job_id as "job_id: JobId", kind, session_id as "session_id: SessionId", state, run_at, attempts,
               max_attempts, leased_by, last_error, created_at, finished_at
           from jobs where job_id = $1"#,
        job_id as JobId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("job"))?;
    let failed = sqlx::query_as!(
        Failed,
        r#"select (of.error->>'at')::timestamptz as "at!", (of.error->>'attempt')::int as "attempt!",
               of.error->>'error' as "error!"
           from jobs, jsonb_array_elements(errors) with ordinality as of (error, n)
           where job_id = $1 order by of.n desc"#,
        job_id as JobId,
    )
    .fetch_all(db)
    .await?;
    Ok((job, failed))
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

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobQuery<'a> {
    pub state: &'a str,
    /// Only jobs whose time has not come.
    pub is_scheduled: bool,
    pub kind: Option<&'a str>,
    /// The reason its last attempt failed. Empty if unknown.
    pub reason: Option<&'a str>,
    /// The last one seen: its [`JobItem::listed_at`] and id.
    pub after: Option<(DateTime<Utc>, JobId)>,
    pub limit: i64,
}

/// The jobs of one state, the newest first.
pub async fn list_jobs(db: impl Executor<'_>, query: &JobQuery<'_>) -> Result<Vec<JobItem>> {
    let (after_at, after_id) = query.after.unzip();
    Ok(sqlx::query_as!(
        JobItem,
        r#"select job_id as "job_id: JobId", kind, session_id as "session_id: SessionId", state, run_at, attempts,
               max_attempts, leased_by, last_error, created_at, finished_at
           from jobs
           where state = $1 and ($2::text is null or kind = $2)
             and ($3::text is null or coalesce(last_error, '') = $3)
             and (not $7 or run_at > now())
             and ($4::timestamptz is null or (coalesce(finished_at, created_at), job_id) < ($4, $5))
           order by coalesce(finished_at, created_at) desc, job_id desc limit $6"#,
        query.state,
        query.kind,
        query.reason,
        after_at,
        after_id as Option<JobId>,
        query.limit,
        query.is_scheduled,
    )
    .fetch_all(db)
    .await?)
}

/// How many jobs that were given up ended so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonCount {
    /// Empty if unknown.
    pub reason: String,
    pub n: i64,
}

/// All jobs that were given up, by reason: the most frequent first, at most 100 reasons.
pub async fn count_reasons(db: impl Executor<'_>, kind: Option<&str>) -> Result<Vec<ReasonCount>> {
    Ok(sqlx::query_as!(
        ReasonCount,
        r#"select coalesce(last_error, '') as "reason!", count(*) as "n!" from jobs
           where state = 'needs_attention' and ($1::text is null or kind = $1)
           group by 1 order by 2 desc, 1 limit 100"#,
        kind,
    )
    .fetch_all(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn every_job_is_on_one_page_and_every_one_is_counted(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        sqlx::query!(
            "insert into jobs (job_id, dedupe_key, kind, payload, max_attempts, state, finished_at, last_error)
             select gen_random_uuid(), n::text, case when n % 2 = 0 then 'analyze_session' else 'enrich_analysis' end, '{}',
                    12, 'needs_attention', '2026-11-19T21:12:04Z'::timestamptz - interval '1 minute' * (n / 3),
                    case when n % 5 > 0 then 'the key was refused' end
             from generate_series(1, 250) as n",
        )
        .execute(&db)
        .await
        .unwrap();
        let (mut seen, mut after) = (std::collections::BTreeSet::new(), None);
        loop {
            let query = JobQuery { state: "needs_attention", after, limit: 40, ..JobQuery::default() };
            let page = list_jobs(&db, &query).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.listed_at(), last.job_id));
            let n_before = seen.len();
            seen.extend(page.iter().map(|job| job.job_id.0));
            assert_eq!(seen.len(), n_before + page.len(), "none is shown twice");
        }
        assert_eq!(seen.len(), 250);
        let counted = |reason: &str, n| ReasonCount { reason: reason.to_owned(), n };
        let all = count_reasons(&db, None).await.unwrap();
        assert_eq!(all, [counted("the key was refused", 200), counted("", 50)]);
        let of_kind = count_reasons(&db, Some("analyze_session")).await.unwrap();
        assert_eq!(of_kind, [counted("the key was refused", 100), counted("", 25)]);
        let query = JobQuery {
            state: "needs_attention",
            kind: Some("analyze_session"),
            reason: Some(""),
            limit: 100,
            ..JobQuery::default()
        };
        assert_eq!(list_jobs(&db, &query).await.unwrap().len(), 25);
    }
}
