//! What is forgotten by itself, and after how long: the records of how we worked, not what a child learnt.

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::{Db, Result};
use crate::delivery::REPORT;
use crate::student::merge;
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
    /// Merges of students that can no longer be undone.
    pub n_merges: u64,
}

/// Forgets what is older, batch by batch. Several may do it at once.
pub async fn purge(db: &Db, retention: &Retention, now: DateTime<Utc>) -> Result<Purged> {
    let mut purged = Purged::default();
    loop {
        let n_tool_calls = tool_call::delete_before(db, now - retention.tool_calls, BATCH).await?;
        let n_deliveries = sqlx::query!(
            // Of an erased student's call it stays known that it was reported, or VAPI would be asked for it again.
            "delete from deliveries where delivery_id in (
                 select delivery_id from deliveries
                 where received_at < $1 and state <> 'stored' and not (type = $3 and body is null)
                 order by received_at limit $2 for update skip locked)",
            now - retention.deliveries,
            BATCH,
            REPORT,
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
        let n_merges = merge::forget_old(db, now, BATCH).await?;
        purged.n_merges += n_merges;
        purged.n_tool_calls += n_tool_calls;
        purged.n_deliveries += n_deliveries;
        purged.n_jobs += n_jobs;
        if [n_tool_calls, n_deliveries, n_jobs, n_merges].iter().all(|n| *n < BATCH.unsigned_abs()) {
            return Ok(purged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = "../migrations")]
    async fn what_is_old_goes_and_what_waits_stays(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        sqlx::query!(
            "insert into deliveries (delivery_id, dedupe_key, type, body, received_at, state)
             select gen_random_uuid(), state || days, 'end-of-call-report', '\\x7b7d', now() - make_interval(days => days), state
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
        assert_eq!(purged, Purged { n_tool_calls: 1_500, n_deliveries: 2, n_jobs: 1, n_merges: 0 });
        assert_eq!(purge(&db, &retention, now).await.unwrap(), Purged::default());
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn an_erased_students_calls_are_never_asked_for_again(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let old = crate::clock::now() - TimeDelta::days(400);
        let student_id = crate::id::StudentId(uuid::Uuid::from_u128(7));
        sqlx::query("insert into students (student_id, display_name, created_at, updated_at) values ($1, 'A', $2, $2)")
            .bind(student_id.0)
            .bind(old)
            .execute(&db)
            .await
            .unwrap();
        sqlx::query(
            "insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
             values (gen_random_uuid(), 'purged', $1, 'analyzed', $2, $2), (gen_random_uuid(), 'kept', $1, 'analyzed', $2, $2)",
        )
        .bind(student_id.0)
        .bind(old)
        .execute(&db)
        .await
        .unwrap();
        sqlx::query(
            "insert into deliveries (delivery_id, dedupe_key, type, call_id, body, received_at, state)
             values (gen_random_uuid(), 'kept:end-of-call-report', 'end-of-call-report', 'kept', '\\x7b7d', $1, 'processed')",
        )
        .bind(old)
        .execute(&db)
        .await
        .unwrap();
        let mut tx = crate::db::begin(&db).await.unwrap();
        crate::student::delete_student(&mut tx, &crate::access::Caller::operator(), student_id, crate::clock::now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let retention =
            Retention { tool_calls: TimeDelta::zero(), deliveries: TimeDelta::zero(), jobs: TimeDelta::zero() };
        purge(&db, &retention, crate::clock::now() + TimeDelta::hours(1)).await.unwrap();
        let calls = ["purged", "kept", "never heard of"].map(str::to_owned);
        let left = crate::delivery::list_calls_without_report(&db, &calls).await.unwrap();
        assert_eq!(left, ["never heard of"]);
    }
}
