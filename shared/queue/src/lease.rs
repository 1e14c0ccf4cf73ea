//! One worker at a time: a job is held by a lease on the database's clock, and only the holder of the newest token
//! may finish it. A worker that slept through its lease writes nothing.

use std::time::Duration;

use sqlx::Connection as _;
use uuid::Uuid;

use storage::db::{self, Connection, Executor};
use storage::id::{JobId, SessionId};
use storage::job::{Job, Lane};
use storage::session::{derived, index_words};

/// The right to finish a job, until another worker gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub job_id: JobId,
    token: Uuid,
}

/// A job in hand.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub lease: Lease,
    pub job: Job,
    /// This one included.
    pub attempts: i32,
    pub max_attempts: i32,
}

/// Proof that a job was finished in the current transaction. Performing a job must return it.
#[derive(Debug)]
#[must_use]
pub struct Finished(());

/// Why work under a lease ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lease ran out and the job went to another: what was done must not be written.
    #[error("the lease was lost")]
    LeaseLost,
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

struct Row {
    job_id: Uuid,
    kind: String,
    payload: serde_json::Value,
    attempts: i32,
    max_attempts: i32,
}

/// Takes up to `n` due jobs of a lane, the most urgent first. `worker` is for people who look at the table.
pub async fn claim_ready(
    connection: &mut Connection,
    lane: Lane,
    n: i64,
    lease: Duration,
    worker: &str,
) -> db::Result<Vec<Claimed>> {
    let token = Uuid::new_v4();
    // Each kind by its own part of the index: a thousand deliveries that wait are no cost to a claim of the slow lane. A row
    // that is locked and not taken is free again when this transaction ends.
    // Materialized: the planner may otherwise run the limited sub-select again and take more rows than asked for.
    let rows = sqlx::query_as!(
        Row,
        "with due as materialized (
             -- A paused kind waits.
             select job_id from (
                 select kind from unnest($1::text[]) as lane (kind) where kind <> all ((select paused_kinds from organisation)::text[])
             ) lane cross join lateral (
                 select job_id, priority, run_at from jobs
                 where state = 'ready' and run_at <= now() and kind = lane.kind
                 order by priority, run_at
                 for update skip locked
                 limit $2
             ) of_kind
             order by priority, run_at
             limit $2
         )
         update jobs
         set state = 'running', attempts = attempts + 1, lease_token = $3, lease_until = now() + $4, leased_by = $5
         from due
         where jobs.job_id = due.job_id
         returning jobs.job_id, kind, payload, attempts, max_attempts",
        &lane.kinds(),
        n,
        token,
        interval(lease),
        worker,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        claimed.extend(read(connection, row, token).await?);
    }
    Ok(claimed)
}

/// Takes the one job that a queue server named. `None`: it is done, with another, or not due, so this call of it is to
/// be forgotten. That is what makes a job rung for twice run once.
pub async fn take(
    connection: &mut Connection,
    job_id: JobId,
    lease: Duration,
    worker: &str,
) -> db::Result<Option<Claimed>> {
    let token = Uuid::new_v4();
    let kinds = Lane::ALL.map(Lane::kinds).concat();
    let row = sqlx::query_as!(
        Row,
        "update jobs
         set state = 'running', attempts = attempts + 1, lease_token = $3, lease_until = now() + $4, leased_by = $5
         where job_id = $1 and state in ('ready', 'sent') and run_at <= now() and kind = any($2)
             and kind <> all ((select paused_kinds from organisation)::text[])
         returning job_id, kind, payload, attempts, max_attempts",
        job_id.0,
        &kinds,
        token,
        interval(lease),
        worker,
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => read(connection, row, token).await,
        None => Ok(None),
    }
}

/// A row that cannot be read would fail every attempt, so it is laid aside at once.
async fn read(connection: &mut Connection, row: Row, token: Uuid) -> db::Result<Option<Claimed>> {
    let lease = Lease { job_id: JobId(row.job_id), token };
    if let Some(job) = Job::from_columns(&row.kind, &row.payload) {
        return Ok(Some(Claimed { lease, job, attempts: row.attempts, max_attempts: row.max_attempts }));
    }
    let mut tx = connection.begin().await?;
    match finish_failed(&mut tx, &lease, "its payload cannot be read").await {
        Ok(_) | Err(Error::LeaseLost) => tx.commit().await?,
        Err(Error::Database(error)) => return Err(error),
    }
    Ok(None)
}

/// Extends the lease of a job that is still running.
pub async fn renew(executor: impl Executor<'_>, held: &Lease, lease: Duration) -> Result<(), Error> {
    let renewed = sqlx::query!(
        "update jobs set lease_until = now() + $3 where job_id = $1 and lease_token = $2 and state = 'running'",
        held.job_id.0,
        held.token,
        interval(lease),
    )
    .execute(executor)
    .await?;
    fenced(renewed.rows_affected()).map(drop)
}

/// In the transaction that writes the job's effect: either both happen or neither.
pub async fn finish_done(executor: impl Executor<'_>, held: &Lease) -> Result<Finished, Error> {
    let done = sqlx::query!(
        "update jobs
         set state = 'done', finished_at = now(), last_error = null, lease_token = null, lease_until = null
         where job_id = $1 and lease_token = $2 and state = 'running'",
        held.job_id.0,
        held.token,
    )
    .execute(executor)
    .await?;
    fenced(done.rows_affected())
}

/// Another attempt, after at least `at_least` and at most the larger of that and `ceiling`, drawn evenly.
pub async fn finish_retry(
    executor: impl Executor<'_>,
    held: &Lease,
    reason: &str,
    at_least: Duration,
    ceiling: Duration,
) -> Result<Finished, Error> {
    let back = sqlx::query!(
        "update jobs
         set state = 'ready', run_at = now() + greatest($4, $5::interval * random()), last_error = $3,
             errors = add_error(errors, attempts, $3),
             lease_token = null, lease_until = null
         where job_id = $1 and lease_token = $2 and state = 'running'",
        held.job_id.0,
        held.token,
        reason,
        interval(at_least),
        interval(ceiling),
    )
    .execute(executor)
    .await?;
    fenced(back.rows_affected())
}

/// Not tried at all, since what it needs is away: this attempt does not count. Due again after `at_least`, and up to half
/// as long after that, so that all that waits does not come at once.
pub async fn put_off(
    executor: impl Executor<'_>,
    held: &Lease,
    reason: &str,
    at_least: Duration,
) -> Result<Finished, Error> {
    let back = sqlx::query!(
        "update jobs
         set state = 'ready', attempts = attempts - 1, run_at = now() + $4::interval * (1 + random() / 2),
             last_error = $3, lease_token = null, lease_until = null
         where job_id = $1 and lease_token = $2 and state = 'running'",
        held.job_id.0,
        held.token,
        reason,
        interval(at_least),
    )
    .execute(executor)
    .await?;
    fenced(back.rows_affected())
}

/// Given up, for a person to see: the job, and the session that waits for it.
pub async fn finish_failed(tx: &mut Connection, held: &Lease, reason: &str) -> Result<Finished, Error> {
    let failed = sqlx::query!(
        r#"with failed as (
             update jobs
             set state = 'needs_attention', finished_at = now(), last_error = $3, lease_token = null, lease_until = null,
                 errors = add_error(errors, attempts, $3)
             where job_id = $1 and lease_token = $2 and state = 'running'
             returning session_id
         ), waiting as (
             update sessions set status = 'needs_attention', attention_reason = $3, updated_at = now()
             from failed where sessions.session_id = failed.session_id
         )
         select session_id as "session_id: SessionId" from failed"#,
        held.job_id.0,
        held.token,
        reason,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::LeaseLost)?;
    // So that people find a call that was not analysed.
    if let Some(session_id) = failed.session_id {
        index_words(tx, session_id).await?;
    }
    derived::refresh(tx, failed.session_id.as_slice()).await?;
    Ok(Finished(()))
}

/// Handed back untouched, by a worker that stops: this attempt does not count.
pub async fn release(executor: impl Executor<'_>, held: &Lease) -> Result<(), Error> {
    let released = sqlx::query!(
        "update jobs
         set state = 'ready', attempts = attempts - 1, run_at = now(), lease_token = null, lease_until = null
         where job_id = $1 and lease_token = $2 and state = 'running'",
        held.job_id.0,
        held.token,
    )
    .execute(executor)
    .await?;
    fenced(released.rows_affected()).map(drop)
}

fn fenced(rows: u64) -> Result<Finished, Error> {
    if rows == 0 { Err(Error::LeaseLost) } else { Ok(Finished(())) }
}

pub(super) fn interval(duration: Duration) -> sqlx::postgres::types::PgInterval {
    sqlx::postgres::types::PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::sweep;
    use storage::db::Db;
    use storage::id::DeliveryId;
    use storage::job::enqueue;

    const MINUTE: Duration = Duration::from_mins(1);

    async fn claimed(db: &Db, lease: Duration) -> Claimed {
        let mut connection = db.acquire().await.unwrap();
        let job = Job::ProcessDelivery { delivery_id: DeliveryId::new() };
        assert!(enqueue(&mut connection, &job, None).await.unwrap());
        assert!(!enqueue(&mut connection, &job, None).await.unwrap());
        let mut claimed = claim_ready(&mut connection, Lane::Quick, 9, lease, "a").await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(claimed[0].job, job);
        claimed.remove(0)
    }

    async fn state(db: &Db) -> (String, i32) {
        let row = sqlx::query!("select state, attempts from jobs").fetch_one(db).await.unwrap();
        (row.state, row.attempts)
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn whoever_lost_the_lease_writes_nothing(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let old = claimed(&db, Duration::ZERO).await;
        let mut connection = db.acquire().await.unwrap();
        sweep(&mut connection, MINUTE).await.unwrap();
        let new = take(&mut connection, old.lease.job_id, MINUTE, "b").await.unwrap().unwrap();
        assert_eq!(new.attempts, 2);

        let held = old.lease;
        assert!(matches!(finish_done(&db, &held).await, Err(Error::LeaseLost)));
        assert!(matches!(finish_retry(&db, &held, "x", MINUTE, MINUTE).await, Err(Error::LeaseLost)));
        assert!(matches!(finish_failed(&mut connection, &held, "x").await, Err(Error::LeaseLost)));
        assert!(matches!(renew(&db, &held, MINUTE).await, Err(Error::LeaseLost)));
        assert!(matches!(release(&db, &held).await, Err(Error::LeaseLost)));
        assert_eq!(state(&db).await, ("running".to_owned(), 2));
        let _ = finish_done(&db, &new.lease).await.unwrap();
        assert_eq!(state(&db).await, ("done".to_owned(), 2));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn done_is_done_only_with_the_transaction_that_wrote_the_effect(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let held = claimed(&db, MINUTE).await.lease;
        let mut tx = db::begin(&db).await.unwrap();
        let _ = finish_done(&mut *tx, &held).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(state(&db).await, ("running".to_owned(), 1));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_retry_waits_at_least_as_long_as_it_was_told_to(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let held = claimed(&db, MINUTE).await.lease;
        let _ = finish_retry(&db, &held, "the model is busy", MINUTE, Duration::from_secs(2)).await.unwrap();
        let row =
            sqlx::query!(r#"select state, last_error, run_at >= now() + interval '59 seconds' as "late!" from jobs"#);
        let row = row.fetch_one(&db).await.unwrap();
        assert_eq!((&row.state[..], row.last_error.as_deref(), row.late), ("ready", Some("the model is busy"), true));
        let mut connection = db.acquire().await.unwrap();
        assert!(claim_ready(&mut connection, Lane::Quick, 9, MINUTE, "a").await.unwrap().is_empty());
        assert!(take(&mut connection, held.job_id, MINUTE, "a").await.unwrap().is_none(), "an old ring is no reason");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_job_put_off_counts_no_attempt_and_says_what_it_waits_for(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let held = claimed(&db, MINUTE).await.lease;
        let _ = put_off(&db, &held, "the language model is away", MINUTE).await.unwrap();
        assert_eq!(state(&db).await, ("ready".to_owned(), 0));
        let row = sqlx::query!(
            r#"select last_error, run_at between now() + interval '59 seconds' and now() + interval '90 seconds'
               as "soon!" from jobs"#
        );
        let row = row.fetch_one(&db).await.unwrap();
        assert_eq!((row.last_error.as_deref(), row.soon), (Some("the language model is away"), true));
        assert!(matches!(put_off(&db, &held, "x", MINUTE).await, Err(Error::LeaseLost)));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_job_handed_back_counts_no_attempt(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let held = claimed(&db, MINUTE).await.lease;
        release(&db, &held).await.unwrap();
        assert_eq!(state(&db).await, ("ready".to_owned(), 0));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_row_that_cannot_be_read_is_laid_aside_and_a_kind_unknown_here_is_left_alone(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        sqlx::query!(
            r#"insert into jobs (job_id, dedupe_key, kind, payload, max_attempts) values
               (gen_random_uuid(), 'a', 'analyze_session', '{"session_id": 1}', 5),
               (gen_random_uuid(), 'b', 'of_tomorrow', '{}', 5)"#
        )
        .execute(&db)
        .await
        .unwrap();
        let mut connection = db.acquire().await.unwrap();
        assert!(claim_ready(&mut connection, Lane::Quick, 9, MINUTE, "a").await.unwrap().is_empty());
        let rows = sqlx::query!("select state, last_error from jobs order by dedupe_key").fetch_all(&db).await.unwrap();
        assert_eq!((&rows[0].state[..], &rows[1].state[..]), ("needs_attention", "ready"));
        assert_eq!(rows[0].last_error.as_deref(), Some("its payload cannot be read"));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn many_workers_never_hold_the_same_job(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut connection = db.acquire().await.unwrap();
        for _ in 0..40 {
            let job = Job::ProcessDelivery { delivery_id: DeliveryId::new() };
            enqueue(&mut connection, &job, None).await.unwrap();
        }
        let claim = |db: Db| async move {
            let mut connection = db.acquire().await.unwrap();
            let claimed = claim_ready(&mut connection, Lane::Quick, 15, MINUTE, "a").await.unwrap();
            claimed.into_iter().map(|claimed| claimed.lease.job_id).collect::<Vec<_>>()
        };
        let (a, b, c, d) = tokio::join!(claim(db.clone()), claim(db.clone()), claim(db.clone()), claim(db.clone()));
        let mut all = [a, b, c, d].concat();
        assert_eq!(all.len(), 40);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 40);
    }
}
