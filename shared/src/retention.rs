//! What is forgotten by itself, and after how long: the records of how we worked, not what a child learnt.

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::{Db, Result};
use crate::tool_call;

/// Rows in one statement: a fraction of a second, so that nobody waits for it.
const BATCH: i64 = 1_000;

/// How long each kind of record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub tool_calls: TimeDelta,
    /// Webhook requests as received, with what was said in them. What they told is kept with the session.
    pub deliveries: TimeDelta,
    /// Jobs that are done. Those that wait for a person stay.
    pub jobs: TimeDelta,
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub n_tool_calls: u64,
    pub n_deliveries: u64,
    pub n_jobs: u64,
}

/// Forgets what is older, batch by batch. Several may do it at once.
pub async fn purge(db: &Db, retention: &Retention, now: DateTime<Utc>) -> Result<Purged> {
    let mut purged = Purged::default();
    loop {
        let n_tool_calls = tool_call::delete_before(db, now - retention.tool_calls, BATCH).await?;
        let n_deliveries = sqlx::query!(
            "delete from deliveries where delivery_id in (
                 select delivery_id from deliveries where received_at < $1 and state <> 'stored'
                 order by received_at limit $2 for update skip locked)",
            now - retention.deliveries,
            BATCH,
        )
        .execute(db)
        .await?
        .rows_affected();
        let n_jobs = sqlx::query!(
            "delete from jobs where job_id in (
                 select job_id from jobs where state = 'done' and finished_at < $1
                 order by finished_at limit $2 for update skip locked)",
            now - retention.jobs,
            BATCH,
        )
        .execute(db)
        .await?
        .rows_affected();
        purged.n_tool_calls += n_tool_calls;
        purged.n_deliveries += n_deliveries;
        purged.n_jobs += n_jobs;
        if [n_tool_calls, n_deliveries, n_jobs].iter().all(|n| *n < BATCH.unsigned_abs()) {
            return Ok(purged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = "../migrations")]
    async fn what_is_old_goes_and_what_waits_stays(db: Db) {
        sqlx::query!(
            "insert into deliveries (delivery_id, dedupe_key, type, received_at, state)
             select gen_random_uuid(), state || days, 'end-of-call-report', now() - make_interval(days => days), state
             from unnest(array['stored', 'processed', 'unreadable']) as state, unnest(array[1, 40]) as days"
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into jobs (job_id, dedupe_key, kind, payload, max_attempts, state, finished_at)
             select gen_random_uuid(), state || days, 'analyze_session', '{}', 1, state, now() - make_interval(days => days)
             from unnest(array['done', 'needs_attention', 'discarded']) as state, unnest(array[1, 40]) as days"
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into tool_calls (tool_call_id, at, tool, client_id, outcome, duration_us, request_bytes, response_bytes)
             select gen_random_uuid(), now() - make_interval(days => case when n = 1 then 1 else 100 end), 'get_session', 'c',
                 'ok', 1, 1, 1 from generate_series(1, 1501) as n"
        )
        .execute(&db)
        .await
        .unwrap();
        let days = TimeDelta::days;
        let retention = Retention { tool_calls: days(90), deliveries: days(30), jobs: days(30) };
        let now = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(&db).await.unwrap();
        let purged = purge(&db, &retention, now).await.unwrap();
        assert_eq!(purged, Purged { n_tool_calls: 1_500, n_deliveries: 2, n_jobs: 1 });
        assert_eq!(purge(&db, &retention, now).await.unwrap(), Purged::default());
    }
}
