//! Bulk reprocessing in steps. Each step is a job that queues the next one, so the work survives a restart and a person
//! can stop it.

use chrono::{DateTime, Utc};
use serde_json::json;

use storage::access::{Caller, Scope};
use storage::audit;
use storage::db::{Connection, Error, Executor, Result};
use storage::id::OverhaulId;
use storage::job::{Job, enqueue};

/// The work to do again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Sessions of a span of time, the end left out, are judged by the analyser of today.
    Reanalyze {
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        /// Also those that it has judged, unless at this moment or later.
        judged_before: Option<DateTime<Utc>>,
    },
    /// What is believed of each student is computed from their evidence.
    RebuildMastery,
}

impl Work {
    /// Its name in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Reanalyze { .. } => "reanalyze",
            Self::RebuildMastery => "rebuild_mastery",
        }
    }
}

/// Work on many students or sessions that a person asked for, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overhaul {
    pub overhaul_id: OverhaulId,
    pub work: Work,
    /// As the audit log names them.
    pub asked_by: String,
    pub created_at: DateTime<Utc>,
    /// `None`: not counted yet.
    pub n_all: Option<i64>,
    pub n_done: i64,
    /// The last one done, as the work itself writes it.
    pub position: Option<String>,
    pub is_stopped: bool,
    pub finished_at: Option<DateTime<Utc>>,
}

struct Row {
    overhaul_id: OverhaulId,
    from_at: Option<DateTime<Utc>>,
    to_at: Option<DateTime<Utc>>,
    judged_before: Option<DateTime<Utc>>,
    asked_by: String,
    created_at: DateTime<Utc>,
    n_all: Option<i64>,
    n_done: i64,
    position: Option<String>,
    is_stopped: bool,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Row> for Overhaul {
    fn from(row: Row) -> Self {
        let Row { overhaul_id, judged_before, asked_by, created_at, n_all, n_done, position, .. } = row;
        let work = match (row.from_at, row.to_at) {
            (Some(from), Some(to)) => Work::Reanalyze { from, to, judged_before },
            _ => Work::RebuildMastery,
        };
        let (is_stopped, finished_at) = (row.is_stopped, row.finished_at);
        Self { overhaul_id, work, asked_by, created_at, n_all, n_done, position, is_stopped, finished_at }
    }
}

/// Starts one and queues its first step. Returns `Conflict(overhauls_running_key)` if one of its kind is running. Needs
/// `calls:write` and `students:write`.
pub async fn start(tx: &mut Connection, caller: &Caller, work: &Work, now: DateTime<Utc>) -> Result<OverhaulId> {
    caller.require(Scope::CallsWrite)?;
    caller.require(Scope::StudentsWrite)?;
    let overhaul_id = OverhaulId::new();
    let (from, to, judged_before) = match *work {
        Work::Reanalyze { from, to, judged_before } => (Some(from), Some(to), judged_before),
        Work::RebuildMastery => (None, None, None),
    };
    sqlx::query!(
        "insert into overhauls (overhaul_id, kind, from_at, to_at, judged_before, asked_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        overhaul_id as OverhaulId,
        work.as_str(),
        from,
        to,
        judged_before,
        caller.actor.to_string(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    enqueue(tx, &Job::Overhaul { overhaul_id, step: 1 }, None).await?;
    let object = format!("overhaul:{overhaul_id}");
    let detail = json!({ "kind": work.as_str(), "from": from, "to": to, "judged_before": judged_before });
    audit::insert_entry(tx, caller, "overhaul.start", Some(&object), &detail, now).await?;
    Ok(overhaul_id)
}

/// Ends one before its time: what is done stays done. `NotFound`: it is over. Needs `calls:write`.
pub async fn stop(tx: &mut Connection, caller: &Caller, overhaul_id: OverhaulId, now: DateTime<Utc>) -> Result<()> {
    caller.require(Scope::CallsWrite)?;
    let stopped = sqlx::query!(
        "update overhauls set is_stopped = true, finished_at = $2 where overhaul_id = $1 and finished_at is null",
        overhaul_id as OverhaulId,
        now,
    );
    if stopped.execute(&mut *tx).await?.rows_affected() == 0 {
        return Err(Error::NotFound("running repair"));
    }
    let object = format!("overhaul:{overhaul_id}");
    audit::insert_entry(tx, caller, "overhaul.stop", Some(&object), &json!({}), now).await
}

/// The newest first.
pub async fn list_overhauls(db: impl Executor<'_>, limit: i64) -> Result<Vec<Overhaul>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select overhaul_id as "overhaul_id: OverhaulId", from_at, to_at, judged_before, asked_by, created_at, n_all,
               n_done, position, is_stopped, finished_at
           from overhauls order by created_at desc limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Overhaul::from).collect())
}

/// Returns one and locks it for the current step, so it cannot be stopped meanwhile.
pub async fn lock_overhaul(tx: &mut Connection, overhaul_id: OverhaulId) -> Result<Overhaul> {
    let row = sqlx::query_as!(
        Row,
        r#"select overhaul_id as "overhaul_id: OverhaulId", from_at, to_at, judged_before, asked_by, created_at, n_all,
               n_done, position, is_stopped, finished_at
           from overhauls where overhaul_id = $1 for update"#,
        overhaul_id as OverhaulId,
    )
    .fetch_optional(tx)
    .await?;
    row.map(Overhaul::from).ok_or(Error::NotFound("repair"))
}

/// Writes down how many there are, before the first is done.
pub async fn set_n_all(tx: &mut Connection, overhaul_id: OverhaulId, n_all: i64) -> Result<()> {
    sqlx::query!("update overhauls set n_all = $2 where overhaul_id = $1", overhaul_id as OverhaulId, n_all)
        .execute(tx)
        .await?;
    Ok(())
}

/// `n` more are done, up to `position`.
pub async fn advance(tx: &mut Connection, overhaul_id: OverhaulId, position: &str, n: i64) -> Result<()> {
    sqlx::query!(
        "update overhauls set position = $2, n_done = n_done + $3 where overhaul_id = $1",
        overhaul_id as OverhaulId,
        position,
        n,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// All are done.
pub async fn finish(tx: &mut Connection, overhaul_id: OverhaulId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update overhauls set finished_at = $2 where overhaul_id = $1", overhaul_id as OverhaulId, now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Analyses by rules that wait or run.
pub async fn count_analyses_at_work(db: impl Executor<'_>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from jobs
           where kind = 'analyze_session' and state in ('ready', 'sent', 'running')"#,
    )
    .fetch_one(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn one_of_a_kind_goes_on_at_a_time_and_can_be_stopped(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (now, operator) = (storage::clock::now(), Caller::operator());
        let mut tx = storage::db::begin(&db).await.unwrap();
        let overhaul_id = start(&mut tx, &operator, &Work::RebuildMastery, now).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = storage::db::begin(&db).await.unwrap();
        let again = start(&mut tx, &operator, &Work::RebuildMastery, now).await.unwrap_err();
        assert!(again.is_conflict_with("overhauls_running_key"), "{again}");
        tx.rollback().await.unwrap();

        let mut tx = storage::db::begin(&db).await.unwrap();
        set_n_all(&mut tx, overhaul_id, 60).await.unwrap();
        advance(&mut tx, overhaul_id, "a", 25).await.unwrap();
        advance(&mut tx, overhaul_id, "b", 25).await.unwrap();
        stop(&mut tx, &operator, overhaul_id, now).await.unwrap();
        assert!(matches!(stop(&mut tx, &operator, overhaul_id, now).await, Err(Error::NotFound(_))));
        let work = Work::Reanalyze { from: now, to: now, judged_before: None };
        start(&mut tx, &operator, &work, now + chrono::TimeDelta::seconds(1)).await.unwrap();
        start(&mut tx, &operator, &Work::RebuildMastery, now + chrono::TimeDelta::seconds(2)).await.unwrap();
        tx.commit().await.unwrap();
        let all = list_overhauls(&db, 10).await.unwrap();
        assert_eq!(
            all.iter().map(|one| one.work.as_str()).collect::<Vec<_>>(),
            ["rebuild_mastery", "reanalyze", "rebuild_mastery",]
        );
        let first = &all[2];
        assert_eq!(
            (first.n_all, first.n_done, first.position.as_deref(), first.is_stopped),
            (Some(60), 50, Some("b"), true)
        );
    }
}
