//! Runs of the scheduled roster: when one is due, what it would change, and whether a person has to approve it.
//!
//! **Invariants:** at most one run waits or works at a time. A run never deletes a student: a student that the roster lacks leaves
//! the class.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{self, Connection, Db, Error, Executor, Result};
use crate::id::{RosterSyncId, StudentId};
use crate::job::{self, Job};
use crate::student::StudentStatus;
use crate::student::roster::RosterRow;

/// A run that failed is repeated after this time, or earlier if the schedule says so.
const AFTER_FAILURE: TimeDelta = TimeDelta::hours(1);

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SyncState {
    Waiting,
    /// A person has to approve it.
    NeedsPerson,
    Done,
    Failed,
    /// A later run was read meanwhile.
    Dropped,
}

/// What a run did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub n_added: i32,
    pub n_changed: i32,
    pub n_unchanged: i32,
    /// Students who leave their class.
    pub n_left: i32,
    /// Students who are blocked, because the roster has them as deleted or not enabled.
    pub n_blocked: i32,
    pub n_refused: i32,
    /// The first rows that could not be read: line and field, without values.
    pub problems: Vec<String>,
}

/// A run, as pages list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterSync {
    pub roster_sync_id: RosterSyncId,
    pub state: SyncState,
    pub round: i32,
    pub approved_by: Option<String>,
    pub fingerprint: Option<Vec<u8>>,
    pub counts: Option<Counts>,
    /// Why it failed, or why a person is asked.
    pub why: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// Asks for the next run if it is due and no run waits. Returns whether it did.
pub async fn ask_for_due(db: &Db, every: TimeDelta, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = db::begin(db).await?;
    let roster_sync_id = RosterSyncId::new();
    let inserted = sqlx::query!(
        "insert into roster_syncs (roster_sync_id, created_at)
         select $1, $2 where not exists (select from roster_syncs where state = 'waiting'
             or created_at > case when state = 'failed' then $4::timestamptz else $3::timestamptz end)
         on conflict do nothing",
        roster_sync_id as RosterSyncId,
        now,
        now - every,
        now - every.min(AFTER_FAILURE),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if inserted > 0 {
        job::enqueue(&mut tx, &Job::SyncRoster { roster_sync_id, round: 1 }, None).await?;
    }
    tx.commit().await?;
    Ok(inserted > 0)
}

/// The newest runs. Needs `students:write` for all students.
pub async fn list_syncs(db: impl Executor<'_>, caller: &Caller, limit: i64) -> Result<Vec<RosterSync>> {
    caller.require(Scope::StudentsWrite)?;
    let rows = sqlx::query!(
        r#"select roster_sync_id as "roster_sync_id: RosterSyncId", state as "state: SyncState", round, approved_by, fingerprint,
               n_added, n_changed, n_unchanged, n_left, n_blocked, n_refused, problems, why, created_at
           from roster_syncs order by created_at desc, roster_sync_id desc limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await?;
    let sync = rows.into_iter().map(|row| RosterSync {
        roster_sync_id: row.roster_sync_id,
        state: row.state,
        round: row.round,
        approved_by: row.approved_by,
        fingerprint: row.fingerprint,
        counts: row.n_added.map(|n_added| Counts {
            n_added,
            n_changed: row.n_changed.unwrap_or_default(),
            n_unchanged: row.n_unchanged.unwrap_or_default(),
            n_left: row.n_left.unwrap_or_default(),
            n_blocked: row.n_blocked.unwrap_or_default(),
            n_refused: row.n_refused.unwrap_or_default(),
            problems: row.problems,
        }),
        why: row.why,
        created_at: row.created_at,
    });
    Ok(sync.collect())
}

/// The run that waits, if it is this one.
pub async fn find_waiting(db: &Db, caller: &Caller, roster_sync_id: RosterSyncId) -> Result<Option<RosterSync>> {
    // It is the newest: another one is made only if none waits.
    let newest = list_syncs(db, caller, 1).await?.into_iter().next();
    Ok(newest.filter(|sync| sync.roster_sync_id == roster_sync_id && sync.state == SyncState::Waiting))
}

/// Whether a run has ever changed something: the first one is for a person to approve.
pub async fn has_run(db: impl Executor<'_>) -> Result<bool> {
    let any = sqlx::query_scalar!(r#"select exists (select from roster_syncs where state = 'done') as "any!""#);
    Ok(any.fetch_one(db).await?)
}

/// What a roster would take away.
#[derive(Clone, Debug, Default)]
pub struct Removals {
    /// Students of earlier runs who leave their class.
    pub leaving: Vec<StudentId>,
    /// How many active students are blocked.
    pub n_blocked: i64,
    /// How many students with a class the roster had.
    pub n_known: i64,
}

impl Removals {
    /// Whether more than that share of the known students leave or are blocked.
    pub fn exceed(&self, percent: u32) -> bool {
        (self.leaving.len() as i64 + self.n_blocked) * 100 > self.n_known * i64::from(percent)
    }
}

/// Compares a roster with the students of earlier runs. `is_complete`: a student that it lacks leaves the class. Needs
/// `students:write` for all students.
pub async fn find_removals(
    db: impl Executor<'_>,
    caller: &Caller,
    rows: &[RosterRow],
    is_complete: bool,
) -> Result<Removals> {
    caller.require(Scope::StudentsWrite)?;
    let ids = |wanted: &dyn Fn(&RosterRow) -> bool| -> Vec<String> {
        rows.iter().filter(|row| wanted(row)).filter_map(|row| row.external_id.clone()).collect()
    };
    let in_class = ids(&|row| row.cohort.is_some());
    let blocked = ids(&|row| row.status == Some(StudentStatus::Blocked));
    // Without classes it says nothing about them.
    let is_complete = is_complete && !in_class.is_empty();
    let row = sqlx::query!(
        r#"select array(select student_id from students where in_roster and cohort is not null and $3
                        and external_id <> all($1) order by student_id) as "leaving!: Vec<StudentId>",
               (select count(*) from students where in_roster and external_id = any($2) and status = 'active') as "n_blocked!",
               (select count(*) from students where in_roster and cohort is not null) as "n_known!""#,
        &in_class,
        &blocked,
        is_complete,
    )
    .fetch_one(db)
    .await?;
    Ok(Removals { leaving: row.leaving, n_blocked: row.n_blocked, n_known: row.n_known })
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    pub state: SyncState,
    pub fingerprint: &'a [u8],
    pub counts: &'a Counts,
    pub why: Option<&'a str>,
}

/// Keeps what a run found or did. Earlier reports that wait for a person are dropped.
pub async fn finish(
    tx: &mut Connection,
    roster_sync_id: RosterSyncId,
    outcome: Outcome<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let Outcome { state, fingerprint, counts, why } = outcome;
    sqlx::query!("update roster_syncs set state = 'dropped' where state = 'needs_person'").execute(&mut *tx).await?;
    sqlx::query!(
        "update roster_syncs set state = $2, fingerprint = $3, n_added = $4, n_changed = $5, n_unchanged = $6, n_left = $7,
             n_blocked = $8, n_refused = $9, problems = $10, why = $11, finished_at = $12
         where roster_sync_id = $1",
        roster_sync_id as RosterSyncId,
        state as SyncState,
        fingerprint,
        counts.n_added,
        counts.n_changed,
        counts.n_unchanged,
        counts.n_left,
        counts.n_blocked,
        counts.n_refused,
        &counts.problems,
        why,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The roster could not be read.
pub async fn mark_failed(
    tx: &mut Connection,
    roster_sync_id: RosterSyncId,
    why: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update roster_syncs set state = 'failed', why = $2, finished_at = $3 where roster_sync_id = $1",
        roster_sync_id as RosterSyncId,
        why,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Remembers the students that the roster has.
pub async fn mark_in_roster(tx: &mut Connection, rows: &[RosterRow]) -> Result<()> {
    let ids: Vec<String> = rows.iter().filter_map(|row| row.external_id.clone()).collect();
    sqlx::query!("update students set in_roster = true where external_id = any($1) and not in_roster", &ids)
        .execute(tx)
        .await?;
    Ok(())
}

/// Approves a report, so that the same files are applied. Needs `students:write` for all students.
pub async fn approve(
    tx: &mut Connection,
    caller: &Caller,
    roster_sync_id: RosterSyncId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require(Scope::StudentsWrite)?;
    let round = sqlx::query_scalar!(
        "update roster_syncs set state = 'waiting', approved_by = $2, round = round + 1
         where roster_sync_id = $1 and state = 'needs_person'
           and not exists (select from roster_syncs where state = 'waiting')
         returning round",
        roster_sync_id as RosterSyncId,
        caller.actor.to_string(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("report"))?;
    job::enqueue(&mut *tx, &Job::SyncRoster { roster_sync_id, round }, None).await?;
    let object = format!("roster_sync:{roster_sync_id}");
    audit::insert_entry(tx, caller, "roster.approve", Some(&object), &json!({}), now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_share_of_the_students_that_the_roster_had() {
        let removals = |n_leaving: usize, n_blocked, n_known| Removals {
            leaving: vec![StudentId::new(); n_leaving],
            n_blocked,
            n_known,
        };
        assert!(!removals(1, 0, 10).exceed(10) && removals(2, 0, 10).exceed(10));
        assert!(removals(1, 1, 10).exceed(10) && removals(0, 1, 9).exceed(10));
        assert!(!removals(0, 0, 0).exceed(0) && removals(1, 0, 100).exceed(0));
    }
}
