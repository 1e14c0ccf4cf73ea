//! Queues jobs, and queues them again if their worker stopped responding.

use std::time::Duration;

use sqlx::Connection as _;

use crate::lease::interval;
use storage::db::{Connection, Executor, Result};
use storage::id::{JobId, SessionId};
use storage::job::Kind;
use storage::session::{derived, index_words};

/// Jobs whose worker died with them so often are laid aside: they may be what killed it.
const N_LOST_MAX: i32 = 3;
const POISON: &str = "it crashed its worker three times";
const EXHAUSTED: &str = "its worker was lost at the last attempt";

/// Sweeping is cheap but needs doing once: this lock lets one worker at a time through.
const SWEEP_LOCK: i64 = 0x5357_4545_5001;

/// No resending is later than this after the one before.
const RESEND_MAX: Duration = Duration::from_mins(15);

/// Marks up to `n` due jobs as sent to the queue server, before they are, and names them: a relay that dies in between
/// leaves rows that the sweeper hands out again, while the other order would send them twice for sure.
pub async fn claim_to_send(executor: impl Executor<'_>, n: i64) -> Result<Vec<(JobId, Kind)>> {
    let rows = sqlx::query!(
        "with due as materialized (
             select job_id from jobs
             where state = 'ready' and run_at <= now() and kind = any($1)
                 and kind <> all ((select paused_kinds from organisation)::text[])
             order by priority, run_at
             for update skip locked
             limit $2
         )
         update jobs set state = 'sent', sent_at = now(), n_sends = n_sends + 1
         from due
         where jobs.job_id = due.job_id
         returning jobs.job_id, jobs.kind",
        &Kind::ALL.map(|kind| kind.as_str().to_owned()),
        n,
    )
    .fetch_all(executor)
    .await?;
    let known = rows.into_iter().filter_map(|row| {
        let kind = row.kind.parse::<Kind>().ok()?;
        Some((JobId(row.job_id), kind))
    });
    Ok(known.collect())
}

/// The queue server did not take these: they wait for the next try. What a worker has taken meanwhile stays his.
pub async fn return_unsent(executor: impl Executor<'_>, job_ids: &[JobId]) -> Result<()> {
    let ids: Vec<_> = job_ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update jobs set state = 'ready', sent_at = null, n_sends = n_sends - 1
         where job_id = any($1) and state = 'sent'",
        &ids,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// What a sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Leases that ran out: their jobs are ready again.
    pub n_lost: i64,
    /// Jobs that lost their worker too often: they need attention.
    pub n_quarantined: i64,
    /// Sent long ago and never taken: ready to be sent again.
    pub n_unanswered: i64,
}

/// Queues jobs again that no worker holds any more. Returns `None` if another worker sweeps at the moment.
pub async fn sweep(connection: &mut Connection, unanswered_after: Duration) -> Result<Option<Swept>> {
    let mut tx = connection.begin().await?;
    let free = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "free!""#, SWEEP_LOCK)
        .fetch_one(&mut *tx)
        .await?;
    if !free {
        return Ok(None);
    }
    let lost = sqlx::query!(
        r#"with lost as materialized (
             select job_id, n_lost + 1 >= $1 as poison, attempts >= max_attempts as exhausted
             from jobs where state = 'running' and lease_until < now()
             for update skip locked
         ), swept as (
             update jobs
             set n_lost = n_lost + 1, lease_token = null, lease_until = null, run_at = now(),
                 state = case when poison or exhausted then 'needs_attention' else 'ready' end,
                 finished_at = case when poison or exhausted then now() end,
                 last_error = case when poison then $2 when exhausted then $3 else 'its worker was lost' end,
                 errors = add_error(errors, attempts, case when poison then $2 when exhausted then $3 else 'its worker was lost' end)
             from lost where jobs.job_id = lost.job_id
             returning jobs.session_id, jobs.state, jobs.last_error
         ), waiting as (
             update sessions set status = 'needs_attention', attention_reason = swept.last_error, updated_at = now()
             from swept where sessions.session_id = swept.session_id and swept.state = 'needs_attention'
         )
         select count(*) filter (where state = 'ready') as "n_lost!",
                count(*) filter (where state = 'needs_attention') as "n_quarantined!",
                array(select session_id from swept where state = 'needs_attention' and session_id is not null)
                    as "session_ids!: Vec<SessionId>"
         from swept"#,
        N_LOST_MAX,
        POISON,
        EXHAUSTED,
    )
    .fetch_one(&mut *tx)
    .await?;
    for session_id in &lost.session_ids {
        index_words(&mut tx, *session_id).await?;
    }
    derived::refresh(&mut tx, &lost.session_ids).await?;
    // Each sending waits twice as long as the one before, so that a queue which is only long is not made longer.
    let n_unanswered = sqlx::query!(
        "update jobs set state = 'ready', run_at = now()
         where state = 'sent' and sent_at < now() - least($1::interval * (2 ^ least(n_sends - 1, 10)), $2::interval)",
        interval(unanswered_after),
        interval(RESEND_MAX),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let swept =
        Swept { n_lost: lost.n_lost, n_quarantined: lost.n_quarantined, n_unanswered: n_unanswered.cast_signed() };
    if swept.n_lost + swept.n_unanswered > 0 {
        storage::job::wake_workers(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(Some(swept))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lease::{claim_ready, finish_done, take};
    use storage::db::Db;
    use storage::id::{DeliveryId, SessionId};
    use storage::job::{Job, Lane, enqueue};

    const MINUTE: Duration = Duration::from_mins(1);
    const NOTHING: Duration = Duration::ZERO;

    async fn a_job(db: &Db) -> Job {
        let job = Job::ProcessDelivery { delivery_id: DeliveryId::new() };
        assert!(enqueue(&mut db.acquire().await.unwrap(), &job, None).await.unwrap());
        job
    }

    async fn state(db: &Db, job: &Job) -> (String, i16) {
        let row = sqlx::query!("select state, n_lost from jobs where job_id = $1", job.job_id().0);
        let row = row.fetch_one(db).await.unwrap();
        (row.state, row.n_lost)
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_job_sent_twice_is_taken_once(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let job = a_job(&db).await;
        assert_eq!(claim_to_send(&db, 10).await.unwrap(), [(job.job_id(), Kind::ProcessDelivery)]);
        assert!(claim_to_send(&db, 10).await.unwrap().is_empty());
        let mut connection = db.acquire().await.unwrap();
        let claimed = take(&mut connection, job.job_id(), MINUTE, "a").await.unwrap().unwrap();
        assert!(take(&mut connection, job.job_id(), MINUTE, "b").await.unwrap().is_none());
        let _ = finish_done(&db, &claimed.lease).await.unwrap();
        assert!(take(&mut connection, job.job_id(), MINUTE, "b").await.unwrap().is_none());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn what_the_queue_server_refused_is_sent_again_and_what_it_lost_is_too(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let job = a_job(&db).await;
        claim_to_send(&db, 10).await.unwrap();
        return_unsent(&db, &[job.job_id()]).await.unwrap();
        assert_eq!(claim_to_send(&db, 10).await.unwrap().len(), 1);

        let mut connection = db.acquire().await.unwrap();
        assert_eq!(sweep(&mut connection, MINUTE).await.unwrap(), Some(Swept::default()));
        let swept = sweep(&mut connection, NOTHING).await.unwrap().unwrap();
        assert_eq!(swept, Swept { n_unanswered: 1, ..Swept::default() });
        assert_eq!(claim_to_send(&db, 10).await.unwrap().len(), 1);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn each_sending_waits_twice_as_long_as_the_one_before(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let job = a_job(&db).await;
        sqlx::query!(
            "update jobs set state = 'sent', n_sends = 3, sent_at = now() - interval '210 seconds' where job_id = $1",
            job.job_id().0
        )
        .execute(&db)
        .await
        .unwrap();
        let mut connection = db.acquire().await.unwrap();
        assert_eq!(sweep(&mut connection, MINUTE).await.unwrap().unwrap().n_unanswered, 0);
        assert_eq!(sweep(&mut connection, MINUTE * 5 / 6).await.unwrap().unwrap().n_unanswered, 1);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_job_that_loses_its_worker_three_times_is_laid_aside_with_its_session(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let session_id = SessionId::new();
        sqlx::query!(
            "insert into sessions (session_id, call_id, status, created_at, updated_at)
             values ($1, 'call', 'received', now(), now())",
            session_id.0
        )
        .execute(&db)
        .await
        .unwrap();
        let job = Job::AnalyzeSession { session_id, round: 1 };
        let mut connection = db.acquire().await.unwrap();
        enqueue(&mut connection, &job, Some(session_id)).await.unwrap();
        for n_lost in 1..=3 {
            assert_eq!(claim_ready(&mut connection, Lane::Quick, 1, NOTHING, "a").await.unwrap().len(), 1);
            let swept = sweep(&mut connection, MINUTE).await.unwrap().unwrap();
            assert_eq!((swept.n_lost, swept.n_quarantined), if n_lost < 3 { (1, 0) } else { (0, 1) });
        }
        assert_eq!(state(&db, &job).await, ("needs_attention".to_owned(), 3));
        let session = sqlx::query!("select status, attention_reason from sessions").fetch_one(&db).await.unwrap();
        assert_eq!((&session.status[..], session.attention_reason.as_deref()), ("needs_attention", Some(POISON)));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_lease_that_still_runs_is_left_alone(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let job = a_job(&db).await;
        let mut connection = db.acquire().await.unwrap();
        claim_ready(&mut connection, Lane::Quick, 1, MINUTE, "a").await.unwrap();
        assert_eq!(sweep(&mut connection, NOTHING).await.unwrap(), Some(Swept::default()));
        assert_eq!(state(&db, &job).await, ("running".to_owned(), 0));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn one_sweeps_at_a_time(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut other = storage::db::begin(&db).await.unwrap();
        sqlx::query!("select pg_advisory_xact_lock($1)", SWEEP_LOCK).fetch_one(&mut *other).await.unwrap();
        let mut connection = db.acquire().await.unwrap();
        assert_eq!(sweep(&mut connection, NOTHING).await.unwrap(), None);
        other.rollback().await.unwrap();
        assert!(sweep(&mut connection, NOTHING).await.unwrap().is_some());
    }
}
