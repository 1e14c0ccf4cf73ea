//! What a person can do about jobs that failed or must be repeated.

use chrono::{DateTime, Utc};
use serde_json::json;

use storage::access::{Caller, Scope};
use storage::audit;
use storage::db::{Connection, Error, Result};
use storage::id::{JobId, SessionId};
use storage::job::wake_workers;
use storage::job::{Job, enqueue, next_round};
use storage::session::{SessionKey, SessionStatus, derived, get_session, mark_session};

/// A job that was given up.
#[derive(Clone, Debug)]
pub struct GivenUp {
    pub job_id: JobId,
    pub kind: String,
    pub session_id: Option<SessionId>,
    pub attempts: i32,
    pub reason: Option<String>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// The newest first.
pub async fn list_given_up(executor: impl storage::db::Executor<'_>, limit: i64) -> Result<Vec<GivenUp>> {
    let jobs = sqlx::query_as!(
        GivenUp,
        r#"select job_id as "job_id: JobId", kind, session_id as "session_id: SessionId", attempts,
                  last_error as reason, finished_at
           from jobs where state = 'needs_attention' order by finished_at desc limit $1"#,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(jobs)
}

/// Tries a job that was given up once more, with all its attempts. Its session waits again.
pub async fn retry(connection: &mut Connection, job_id: JobId) -> Result<()> {
    let n = retry_all(connection, &[job_id]).await?;
    if n == 0 { Err(Error::NotFound("job that was given up")) } else { Ok(()) }
}

/// [`retry`] of those of `job_ids` that were given up: how many they are.
async fn retry_all(connection: &mut Connection, job_ids: &[JobId]) -> Result<i64> {
    let ids: Vec<_> = job_ids.iter().map(|id| id.0).collect();
    let retried = sqlx::query!(
        r#"with retried as (
             update jobs
             set state = 'ready', attempts = 0, n_lost = 0, run_at = now(), finished_at = null
             where job_id = any($1) and state = 'needs_attention'
             returning session_id, kind
         ), waiting as (
             update sessions
             set status = case kind when 'analyze_session' then 'received' else 'analyzing' end,
                 attention_reason = null, updated_at = now()
             from retried
             where sessions.session_id = retried.session_id and sessions.status = 'needs_attention'
         )
         select session_id as "session_id: SessionId" from retried"#,
        &ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    if !retried.is_empty() {
        let session_ids: Vec<SessionId> = retried.iter().filter_map(|row| row.session_id).collect();
        derived::refresh(connection, &session_ids).await?;
        wake_workers(connection).await?;
    }
    Ok(retried.len() as i64)
}

/// Jobs that were given up alike.
#[derive(Clone, Copy, Debug)]
pub struct Alike<'a> {
    /// Empty if unknown.
    pub reason: &'a str,
    /// `None`: of all kinds.
    pub kind: Option<&'a str>,
    /// Excludes jobs that failed later, because the person did not see them.
    pub until: DateTime<Utc>,
}

/// How many they are.
pub async fn count_alike(executor: impl storage::db::Executor<'_>, alike: &Alike<'_>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from jobs
           where state = 'needs_attention' and coalesce(last_error, '') = $1 and ($2::text is null or kind = $2)
             and finished_at <= $3"#,
        alike.reason,
        alike.kind,
        alike.until,
    )
    .fetch_one(executor)
    .await?)
}

async fn lock_alike(tx: &mut Connection, alike: &Alike<'_>) -> Result<Vec<JobId>> {
    Ok(sqlx::query_scalar!(
        r#"select job_id as "job_id: JobId" from jobs
           where state = 'needs_attention' and coalesce(last_error, '') = $1 and ($2::text is null or kind = $2)
             and finished_at <= $3
           order by job_id for update"#,
        alike.reason,
        alike.kind,
        alike.until,
    )
    .fetch_all(tx)
    .await?)
}

/// Retries all jobs that failed for the same reason: one fix usually solves them all. Returns their number. Needs
/// `calls:write`.
pub async fn retry_alike(tx: &mut Connection, caller: &Caller, alike: &Alike<'_>, now: DateTime<Utc>) -> Result<i64> {
    caller.require(Scope::CallsWrite)?;
    let job_ids = lock_alike(tx, alike).await?;
    let n = retry_all(tx, &job_ids).await?;
    if n > 0 {
        let detail = json!({ "reason": alike.reason, "kind": alike.kind, "n": n });
        audit::insert_entry(tx, caller, "job.retry_for_reason", None, &detail, now).await?;
    }
    Ok(n)
}

/// Discards all jobs that failed for the same reason. Returns their number. Needs `calls:write`.
pub async fn discard_alike(tx: &mut Connection, caller: &Caller, alike: &Alike<'_>, now: DateTime<Utc>) -> Result<i64> {
    caller.require(Scope::CallsWrite)?;
    let job_ids = lock_alike(tx, alike).await?;
    let n = discard_all(tx, &job_ids).await?;
    if n > 0 {
        let detail = json!({ "reason": alike.reason, "kind": alike.kind, "n": n });
        audit::insert_entry(tx, caller, "job.discard_for_reason", None, &detail, now).await?;
    }
    Ok(n)
}

/// Retries the failed jobs of one call and its unread messages, which can be the reason that no session exists. Returns
/// the number of jobs. Needs `calls:write`.
pub async fn retry_call(tx: &mut Connection, caller: &Caller, call_id: &str, now: DateTime<Utc>) -> Result<i64> {
    caller.require(Scope::CallsWrite)?;
    let job_ids = sqlx::query_scalar!(
        r#"select job_id as "job_id!: JobId" from jobs join sessions using (session_id)
           where call_id = $1 and state = 'needs_attention'
           union all
           select job_id from jobs
           join deliveries on deliveries.delivery_id = (payload->>'delivery_id')::uuid
           where kind = 'process_delivery' and jobs.state = 'needs_attention' and call_id = $1"#,
        call_id,
    )
    .fetch_all(&mut *tx)
    .await?;
    let n = retry_all(tx, &job_ids).await?;
    if n > 0 {
        let object = format!("call:{call_id}");
        audit::insert_entry(tx, caller, "call.retry", Some(&object), &json!({ "n": n }), now).await?;
    }
    Ok(n)
}

/// The result of a request to analyse a session again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reanalysis {
    /// A new round was asked for.
    Asked(JobId),
    /// One that was asked for before has not begun yet, so it will do.
    Waits(JobId),
    /// The call's report has not come: there is nothing to judge.
    NoReport,
}

/// Analyses a session again with the current version of the analyser. The old results count until then. Needs
/// `calls:write` and `sessions:read`.
pub async fn reanalyze(
    tx: &mut Connection,
    caller: &Caller,
    session_id: SessionId,
    now: DateTime<Utc>,
) -> Result<Reanalysis> {
    caller.require_session(Scope::CallsWrite, session_id)?;
    let session = get_session(&mut *tx, caller, &SessionKey::Id(session_id)).await?;
    if session.status == SessionStatus::InProgress {
        return Ok(Reanalysis::NoReport);
    }
    // First, since it locks the row: two who ask at once get one round.
    mark_session(tx, session_id, SessionStatus::Received, None, now).await?;
    let waits = sqlx::query_scalar!(
        r#"select job_id as "job_id: JobId" from jobs
           where session_id = $1 and kind = 'analyze_session' and state in ('ready', 'sent') limit 1"#,
        session_id.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(job_id) = waits {
        return Ok(Reanalysis::Waits(job_id));
    }
    // What was given up of earlier rounds has nothing to add any more.
    sqlx::query!(
        "update jobs set state = 'discarded', finished_at = now()
         where session_id = $1 and kind in ('analyze_session', 'enrich_analysis') and state = 'needs_attention'",
        session_id.0,
    )
    .execute(&mut *tx)
    .await?;
    let round = next_round(&mut *tx, session_id).await?;
    let job = Job::AnalyzeSession { session_id, round };
    enqueue(tx, &job, Some(session_id)).await?;
    let object = format!("session:{session_id}");
    audit::insert_entry(tx, caller, "session.analyze", Some(&object), &json!({ "round": round }), now).await?;
    Ok(Reanalysis::Asked(job.job_id()))
}

/// Selects the sessions to analyse again: those created in a period whose current analysis is not of `version`, or is
/// older than `judged_before`.
#[derive(Clone, Debug)]
pub struct Outdated<'a> {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub version: &'a str,
    pub judged_before: Option<DateTime<Utc>>,
}

/// Up to `limit` of them, the oldest first, behind the one that `after` names. Needs `sessions:read`.
pub async fn list_outdated(
    executor: impl storage::db::Executor<'_>,
    caller: &Caller,
    outdated: &Outdated<'_>,
    after: Option<(DateTime<Utc>, SessionId)>,
    limit: i64,
) -> Result<Vec<(DateTime<Utc>, SessionId)>> {
    caller.require(Scope::SessionsRead)?;
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select s.created_at, s.session_id as "session_id: SessionId"
           from sessions s left join analyses a on a.session_id = s.session_id and a.is_current
           where s.status <> 'in_progress' and s.created_at >= $1 and s.created_at < $2
             and (a.analysis_id is null or a.created_at < $4
                  or not (a.analyser_version = $3 or starts_with(a.analyser_version, $3 || '.')))
             and ($5::timestamptz is null or (s.created_at, s.session_id) > ($5, $6))
           order by s.created_at, s.session_id limit $7"#,
        outdated.from,
        outdated.to,
        outdated.version,
        outdated.judged_before,
        after_at,
        after_id as Option<SessionId>,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.created_at, row.session_id)).collect())
}

/// How many they are. Needs `sessions:read`.
pub async fn count_outdated(
    executor: impl storage::db::Executor<'_>,
    caller: &Caller,
    outdated: &Outdated<'_>,
) -> Result<i64> {
    caller.require(Scope::SessionsRead)?;
    let n = sqlx::query_scalar!(
        r#"select count(*) as "n!"
           from sessions s left join analyses a on a.session_id = s.session_id and a.is_current
           where s.status <> 'in_progress' and s.created_at >= $1 and s.created_at < $2
             and (a.analysis_id is null or a.created_at < $4
                  or not (a.analyser_version = $3 or starts_with(a.analyser_version, $3 || '.')))"#,
        outdated.from,
        outdated.to,
        outdated.version,
        outdated.judged_before,
    )
    .fetch_one(executor)
    .await?;
    Ok(n)
}

/// Those of `session_ids` that some job still works on or waits for.
pub async fn list_at_work(
    executor: impl storage::db::Executor<'_>,
    session_ids: &[SessionId],
) -> Result<Vec<SessionId>> {
    let ids: Vec<_> = session_ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_scalar!(
        r#"select distinct session_id as "session_id!: SessionId" from jobs
           where session_id = any($1) and state in ('ready', 'sent', 'running')"#,
        &ids,
    )
    .fetch_all(executor)
    .await?)
}

/// Lets a job that was given up rest. Its session keeps saying why a person looked at it.
pub async fn discard(connection: &mut Connection, job_id: JobId) -> Result<()> {
    let n = discard_all(connection, &[job_id]).await?;
    if n == 0 { Err(Error::NotFound("job that was given up")) } else { Ok(()) }
}

/// [`discard`] of those of `job_ids` that were given up: how many they are.
async fn discard_all(connection: &mut Connection, job_ids: &[JobId]) -> Result<i64> {
    let ids: Vec<_> = job_ids.iter().map(|id| id.0).collect();
    let discarded = sqlx::query!(
        "update jobs set state = 'discarded', finished_at = now() where job_id = any($1) and state = 'needs_attention'",
        &ids,
    )
    .execute(connection)
    .await?;
    Ok(discarded.rows_affected().cast_signed())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lease::{claim_ready, finish_failed};
    use storage::access::ScopeSet;
    use storage::db::Db;
    use storage::delivery::{DeliveryState, NewDelivery, accept};
    use storage::id::DeliveryId;
    use storage::job::Lane;

    const MINUTE: Duration = Duration::from_mins(1);

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_job_given_up_can_be_tried_again_or_laid_to_rest(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let session_id = a_session(&db, "analyzing").await;
        let mut connection = db.acquire().await.unwrap();
        let job = Job::EnrichAnalysis { session_id, round: 1 };
        enqueue(&mut connection, &job, Some(session_id)).await.unwrap();
        assert!(matches!(retry(&mut connection, job.job_id()).await, Err(Error::NotFound(_))));

        let held = claim_ready(&mut connection, Lane::Slow, 1, MINUTE, "a").await.unwrap()[0].lease;
        let _ = finish_failed(&mut connection, &held, "the key was refused").await.unwrap();
        let given_up = list_given_up(&db, 10).await.unwrap();
        assert_eq!(given_up[0].reason.as_deref(), Some("the key was refused"));
        assert_eq!(session(&db).await, ("needs_attention".to_owned(), Some("the key was refused".to_owned())));

        retry(&mut connection, job.job_id()).await.unwrap();
        assert_eq!(session(&db).await, ("analyzing".to_owned(), None));
        let again = claim_ready(&mut connection, Lane::Slow, 1, MINUTE, "a").await.unwrap();
        assert_eq!(again[0].attempts, 1);

        let _ = finish_failed(&mut connection, &again[0].lease, "the key was refused").await.unwrap();
        discard(&mut connection, job.job_id()).await.unwrap();
        assert!(list_given_up(&db, 10).await.unwrap().is_empty());
        assert!(matches!(discard(&mut connection, job.job_id()).await, Err(Error::NotFound(_))));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn all_of_one_reason_are_tried_again_and_no_others(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut connection = db.acquire().await.unwrap();
        for (n, reason) in [(1, "the key was refused"), (2, "the key was refused"), (3, "it is too long")] {
            let delivery_id = DeliveryId(uuid::Uuid::from_u128(n));
            enqueue(&mut connection, &Job::ProcessDelivery { delivery_id }, None).await.unwrap();
            let held = claim_ready(&mut connection, Lane::Quick, 1, MINUTE, "a").await.unwrap()[0].lease;
            let _ = finish_failed(&mut connection, &held, reason).await.unwrap();
        }
        let operator = Caller::operator();
        let now = storage::clock::now() + chrono::TimeDelta::minutes(1);
        let refused = Alike { reason: "the key was refused", kind: None, until: now };
        let before = Alike { until: now - chrono::TimeDelta::hours(1), ..refused };
        assert_eq!(
            retry_alike(&mut connection, &operator, &before, now).await.unwrap(),
            0,
            "none was given up by then"
        );
        let others = Alike { kind: Some("analyze_session"), ..refused };
        assert_eq!(retry_alike(&mut connection, &operator, &others, now).await.unwrap(), 0, "none is of that kind");
        assert_eq!(count_alike(&db, &refused).await.unwrap(), 2);
        assert_eq!(retry_alike(&mut connection, &operator, &refused, now).await.unwrap(), 2);
        assert_eq!(retry_alike(&mut connection, &operator, &refused, now).await.unwrap(), 0);
        assert_eq!(list_given_up(&db, 10).await.unwrap().len(), 1);
        let long = Alike { reason: "it is too long", kind: Some("process_delivery"), until: now };
        let viewer = Caller::client("viewer", ScopeSet::default());
        let forbidden = retry_alike(&mut connection, &viewer, &long, now).await;
        assert!(matches!(forbidden, Err(Error::Forbidden(_))));
        let forbidden = discard_alike(&mut connection, &viewer, &long, now).await;
        assert!(matches!(forbidden, Err(Error::Forbidden(_))));
        assert_eq!(discard_alike(&mut connection, &operator, &long, now).await.unwrap(), 1);
        assert!(list_given_up(&db, 10).await.unwrap().is_empty());
        let entries = audit::list_entries(&db, &audit::AuditQuery { limit: 10, ..Default::default() }).await.unwrap();
        assert_eq!(
            entries.iter().map(|entry| &entry.action[..]).collect::<Vec<_>>(),
            ["job.discard_for_reason", "job.retry_for_reason",]
        );
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_call_is_tried_again_with_its_unread_messages(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut connection = db.acquire().await.unwrap();
        let (now, operator) = (storage::clock::now(), Caller::operator());
        let new = NewDelivery {
            dedupe_key: "call:end-of-call-report".to_owned(),
            r#type: "end-of-call-report".to_owned(),
            call_id: Some("call".to_owned()),
            body: None,
            message_at: None,
            state: DeliveryState::Stored,
        };
        assert!(accept(&db, &new, now).await.unwrap());
        let held = claim_ready(&mut connection, Lane::Quick, 1, MINUTE, "a").await.unwrap()[0].lease;
        let _ = finish_failed(&mut connection, &held, "the message is not readable").await.unwrap();
        assert_eq!(retry_call(&mut connection, &operator, "another", now).await.unwrap(), 0);
        assert_eq!(retry_call(&mut connection, &operator, "call", now).await.unwrap(), 1);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_session_is_judged_anew_once_however_often_it_is_asked_for(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let session_id = a_session(&db, "needs_attention").await;
        let mut connection = db.acquire().await.unwrap();
        let (now, operator) = (storage::clock::now(), Caller::operator());
        let first = Job::AnalyzeSession { session_id, round: 1 };
        enqueue(&mut connection, &first, Some(session_id)).await.unwrap();
        let held = claim_ready(&mut connection, Lane::Quick, 1, MINUTE, "a").await.unwrap()[0].lease;
        let _ = finish_failed(&mut connection, &held, "it took too long").await.unwrap();

        let second = Job::AnalyzeSession { session_id, round: 2 }.job_id();
        let asked = reanalyze(&mut connection, &operator, session_id, now).await.unwrap();
        assert_eq!(asked, Reanalysis::Asked(second));
        assert_eq!(session(&db).await, ("received".to_owned(), None));
        assert!(list_given_up(&db, 10).await.unwrap().is_empty(), "the new round takes the place of the old");
        let again = reanalyze(&mut connection, &operator, session_id, now).await.unwrap();
        assert_eq!(again, Reanalysis::Waits(second));
        // One that runs may have read the call as it was before.
        claim_ready(&mut connection, Lane::Quick, 1, MINUTE, "a").await.unwrap();
        let third = reanalyze(&mut connection, &operator, session_id, now).await.unwrap();
        assert_eq!(third, Reanalysis::Asked(Job::AnalyzeSession { session_id, round: 3 }.job_id()));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_call_without_a_report_and_a_caller_without_the_right_are_told_so(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let session_id = a_session(&db, "in_progress").await;
        let mut connection = db.acquire().await.unwrap();
        let now = storage::clock::now();
        let asked = reanalyze(&mut connection, &Caller::operator(), session_id, now).await.unwrap();
        assert_eq!(asked, Reanalysis::NoReport);
        let reader = Caller::client("reader", [Scope::SessionsRead].into_iter().collect());
        assert!(matches!(reanalyze(&mut connection, &reader, session_id, now).await, Err(Error::Forbidden(_))));
    }

    async fn a_session(db: &Db, status: &str) -> SessionId {
        let session_id = SessionId::new();
        sqlx::query!(
            "insert into sessions (session_id, call_id, status, created_at, updated_at)
             values ($1, 'call', $2, now(), now())",
            session_id.0,
            status,
        )
        .execute(db)
        .await
        .unwrap();
        session_id
    }

    async fn session(db: &Db) -> (String, Option<String>) {
        let row = sqlx::query!("select status, attention_reason from sessions").fetch_one(db).await.unwrap();
        (row.status, row.attention_reason)
    }
}
