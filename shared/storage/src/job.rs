//! Background work: what can be asked for, how often it is tried, and how it is asked for.
//!
//! A job is a row, written in the transaction that causes it. The row is the source of truth; Faktory only passes on its id.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::db::{Connection, Executor, Result};
use crate::id::{
    DeliveryId, ErasedCallId, FollowUpId, JobId, MessageId, OverhaulId, RosterSyncId, SessionId, StudentId,
};

/// The channel of Postgres on which workers are notified of new jobs.
pub const WAKE_CHANNEL: &str = "jobs";

/// Names our jobs among all UUIDv5. Never change it: a job asked for twice must get the same id.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_2c8a_51f4_4f0e_9b0a_77d3_0c5e_9a41);

/// A unit of background work. Ids only: nothing personal leaves the database in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum Job {
    /// Reads a stored webhook into the session it speaks of.
    ProcessDelivery { delivery_id: DeliveryId },
    /// Judges a session by rules. A later round judges it again.
    AnalyzeSession { session_id: SessionId, round: i32 },
    /// Lets a language model add to what the rules found.
    EnrichAnalysis { session_id: SessionId, round: i32 },
    /// Does a piece of a long repair, and asks for the next.
    Overhaul { overhaul_id: OverhaulId, step: i32 },
    /// Has VAPI delete a call that was erased here.
    DeleteCall { erased_call_id: ErasedCallId },
    /// Writes e-mails to staff about an urgent concern, and asks for the next round of reminders.
    AlertStaff { follow_up_id: FollowUpId, round: i32 },
    /// Writes the report of a week for the guardians of a student.
    WriteReport { student_id: StudentId, week_on: NaiveDate },
    /// Sends an e-mail about an urgent concern to a member of staff.
    SendAlert { message_id: MessageId },
    /// Sends a report to a guardian by e-mail.
    SendReport { message_id: MessageId },
    /// Sends the daily digest to a member of staff by e-mail.
    SendDigest { message_id: MessageId },
    /// Sends a code for an app to a guardian by e-mail.
    SendCode { message_id: MessageId },
    /// Reads the roster, and applies it or reports it.
    SyncRoster { roster_sync_id: RosterSyncId, round: i32 },
    /// Sends an outgoing webhook.
    SendWebhook { message_id: MessageId, round: i32 },
}

/// The kind of a job, named alike in the table and on Faktory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Kind {
    ProcessDelivery,
    AnalyzeSession,
    EnrichAnalysis,
    Overhaul,
    DeleteCall,
    AlertStaff,
    WriteReport,
    SendAlert,
    SendReport,
    SendDigest,
    SendCode,
    SyncRoster,
    SendWebhook,
}

/// Work that waits for others must not hold up work that does not, so each lane has its own slots. Also the name of
/// the Faktory queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Lane {
    /// Needs Postgres alone: milliseconds.
    Quick,
    /// Calls other services: up to minutes.
    Slow,
    /// Sends alerts: nothing else may hold them up.
    Alerts,
    /// Sends other messages, which takes seconds. Receivers that do not answer hold up these, and nothing else.
    Outbound,
}

/// How a kind of job is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub lane: Lane,
    /// Smaller goes first.
    pub priority: i16,
    pub max_attempts: i32,
    /// An attempt that takes longer is given up.
    pub timeout: Duration,
    /// The first retry waits up to this, each later one up to twice as long …
    pub backoff_base: Duration,
    /// … but never longer than this.
    pub backoff_max: Duration,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::ProcessDelivery,
        Self::AnalyzeSession,
        Self::EnrichAnalysis,
        Self::Overhaul,
        Self::DeleteCall,
        Self::AlertStaff,
        Self::WriteReport,
        Self::SendAlert,
        Self::SendReport,
        Self::SendDigest,
        Self::SendCode,
        Self::SyncRoster,
        Self::SendWebhook,
    ];

    /// Its name in the database and at Faktory.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// How often and how long a job of this kind is tried.
    pub fn policy(self) -> Policy {
        // The quick kinds fail when Postgres does, so they come back soon. A model that is down may be down for hours:
        // twelve attempts are spread over most of a day.
        let (lane, priority, timeout, backoff_base, backoff_max) = match self {
            Self::ProcessDelivery => (Lane::Quick, 1, 30, 1, 600),
            Self::AnalyzeSession => (Lane::Quick, 2, 60, 1, 600),
            Self::EnrichAnalysis => (Lane::Slow, 5, 240, 10, 4 * 3600),
            // A step is short, and waiting jobs get a turn before the next one.
            Self::Overhaul => (Lane::Slow, 4, 120, 1, 600),
            // VAPI answers 503 until it has deleted the recording, which may take hours.
            Self::DeleteCall => (Lane::Slow, 6, 120, 60, 4 * 3600),
            // A child may be in danger: before everything else.
            Self::AlertStaff => (Lane::Quick, 0, 30, 1, 60),
            Self::WriteReport => (Lane::Slow, 6, 60, 10, 600),
            // Twelve attempts take about half an hour. After that the next reminder is a new e-mail.
            Self::SendAlert => (Lane::Alerts, 1, 60, 5, 600),
            // After a day it says what is no longer so.
            Self::SendDigest => (Lane::Outbound, 6, 60, 30, 3_600),
            Self::SendReport => (Lane::Outbound, 6, 60, 30, 4 * 3600),
            // Thousands of rows.
            Self::SyncRoster => (Lane::Slow, 6, 1_800, 60, 600),
            // A person waits for it.
            Self::SendCode => (Lane::Outbound, 1, 60, 5, 600),
            // Twelve attempts take about half a day.
            Self::SendWebhook => (Lane::Outbound, 5, 60, 30, 4 * 3600),
        };
        Policy {
            lane,
            priority,
            max_attempts: 12,
            timeout: Duration::from_secs(timeout),
            backoff_base: Duration::from_secs(backoff_base),
            backoff_max: Duration::from_secs(backoff_max),
        }
    }
}

impl Lane {
    pub const ALL: [Self; 4] = [Self::Quick, Self::Slow, Self::Alerts, Self::Outbound];

    /// Its name in the database and at Faktory.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// The kinds of this lane that this binary knows. Rows of other kinds wait for a newer binary.
    pub fn kinds(self) -> Vec<String> {
        let of_lane = Kind::ALL.into_iter().filter(|kind| kind.policy().lane == self);
        of_lane.map(|kind| kind.as_str().to_owned()).collect()
    }
}

impl Policy {
    /// The longest wait before the attempt after `attempts` failed ones. The wait is drawn evenly from zero to this, so
    /// that jobs that failed together do not come back together.
    pub fn backoff_ceiling(&self, attempts: i32) -> Duration {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(31);
        self.backoff_base.saturating_mul(1 << doublings).min(self.backoff_max)
    }
}

impl Job {
    /// What kind of work it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::ProcessDelivery { .. } => Kind::ProcessDelivery,
            Self::AnalyzeSession { .. } => Kind::AnalyzeSession,
            Self::EnrichAnalysis { .. } => Kind::EnrichAnalysis,
            Self::Overhaul { .. } => Kind::Overhaul,
            Self::DeleteCall { .. } => Kind::DeleteCall,
            Self::AlertStaff { .. } => Kind::AlertStaff,
            Self::WriteReport { .. } => Kind::WriteReport,
            Self::SendAlert { .. } => Kind::SendAlert,
            Self::SendReport { .. } => Kind::SendReport,
            Self::SendDigest { .. } => Kind::SendDigest,
            Self::SendCode { .. } => Kind::SendCode,
            Self::SyncRoster { .. } => Kind::SyncRoster,
            Self::SendWebhook { .. } => Kind::SendWebhook,
        }
    }

    /// One cause, one key, one job, however often it is asked for.
    pub fn dedupe_key(&self) -> String {
        let kind = self.kind().as_str();
        match self {
            Self::ProcessDelivery { delivery_id } => format!("{kind}:{delivery_id}"),
            Self::AnalyzeSession { session_id, round } | Self::EnrichAnalysis { session_id, round } => {
                format!("{kind}:{session_id}:{round}")
            }
            Self::Overhaul { overhaul_id, step } => format!("{kind}:{overhaul_id}:{step}"),
            Self::DeleteCall { erased_call_id } => format!("{kind}:{erased_call_id}"),
            Self::AlertStaff { follow_up_id, round } => format!("{kind}:{follow_up_id}:{round}"),
            Self::WriteReport { student_id, week_on } => format!("{kind}:{student_id}:{week_on}"),
            Self::SendAlert { message_id }
            | Self::SendReport { message_id }
            | Self::SendDigest { message_id }
            | Self::SendCode { message_id } => format!("{kind}:{message_id}"),
            Self::SyncRoster { roster_sync_id, round } => format!("{kind}:{roster_sync_id}:{round}"),
            Self::SendWebhook { message_id, round } => format!("{kind}:{message_id}:{round}"),
        }
    }

    /// The id, which follows from what the job is about: the same work has one job.
    pub fn job_id(&self) -> JobId {
        JobId(Uuid::new_v5(&NAMESPACE, self.dedupe_key().as_bytes()))
    }

    /// Reads a row's two columns. `None`: written by a binary that knows more, or not by us.
    pub fn from_columns(kind: &str, payload: &serde_json::Value) -> Option<Self> {
        serde_json::from_value(serde_json::json!({ "kind": kind, "payload": payload })).ok()
    }

    /// The ids it needs, as they stand in its row.
    pub fn payload(&self) -> serde_json::Value {
        let mut tagged = serde_json::to_value(self).unwrap_or_default();
        tagged["payload"].take()
    }
}

/// Asks for a job, in the transaction that causes it. Asking again for the same changes nothing and answers `false`.
pub async fn enqueue(connection: &mut Connection, job: &Job, session_id: Option<SessionId>) -> Result<bool> {
    insert(connection, job, session_id, None, false).await
}

/// The same for a job that must not run before a time.
pub async fn enqueue_at(
    connection: &mut Connection,
    job: &Job,
    session_id: Option<SessionId>,
    not_before: DateTime<Utc>,
) -> Result<bool> {
    insert(connection, job, session_id, Some(not_before), false).await
}

/// Records a job as done that was never asked for, in the transaction that did its work. Returns `false` if it had been
/// asked for before: then that job does the work.
pub async fn record_done(connection: &mut Connection, job: &Job, session_id: Option<SessionId>) -> Result<bool> {
    insert(connection, job, session_id, None, true).await
}

async fn insert(
    connection: &mut Connection,
    job: &Job,
    session_id: Option<SessionId>,
    not_before: Option<DateTime<Utc>>,
    is_done: bool,
) -> Result<bool> {
    let policy = job.kind().policy();
    let inserted = sqlx::query!(
        "insert into jobs (job_id, dedupe_key, kind, payload, session_id, priority, max_attempts, run_at, attempts, state,
             finished_at)
         values ($1, $2, $3, $4, $5, $6, $7, greatest(now(), $8), $9::bool::int,
             case when $9 then 'done' else 'ready' end, case when $9 then now() end)
         on conflict do nothing",
        job.job_id().0,
        job.dedupe_key(),
        job.kind().as_str(),
        job.payload(),
        session_id.map(|id| id.0),
        policy.priority,
        policy.max_attempts,
        not_before,
        is_done,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if inserted > 0 && !is_done {
        wake_workers(connection).await?;
    }
    Ok(inserted > 0)
}

/// Notifies the workers: at once, or when the transaction commits.
pub async fn wake_workers(db: impl Executor<'_>) -> Result<()> {
    sqlx::query!("select pg_notify($1, '')", WAKE_CHANNEL).fetch_one(db).await?;
    Ok(())
}

/// The round that the next analysis of a session gets: 1 for the first.
pub async fn next_round(executor: impl Executor<'_>, session_id: SessionId) -> Result<i32> {
    let round = sqlx::query_scalar!(
        r#"select coalesce(max((payload->>'round')::int), 0) + 1 as "round!"
           from jobs where session_id = $1 and kind = 'analyze_session'"#,
        session_id.0,
    )
    .fetch_one(executor)
    .await?;
    Ok(round)
}

/// How many jobs of one kind are in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    pub kind: String,
    pub state: String,
    pub n: i64,
}

/// All jobs that are not over, by kind and state.
pub async fn count_open(executor: impl Executor<'_>) -> Result<Vec<Count>> {
    let counts = sqlx::query_as!(
        Count,
        r#"select kind, state, count(*) as "n!" from jobs
           where state in ('ready', 'sent', 'running', 'needs_attention') group by kind, state order by kind, state"#,
    )
    .fetch_all(executor)
    .await?;
    Ok(counts)
}

/// How long the oldest job that could have run by now has waited, in seconds. `None`: nothing waits. Better than a
/// length for telling whether the workers keep up.
pub async fn oldest_wait_seconds(executor: impl Executor<'_>) -> Result<Option<f64>> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from now() - min(run_at))::float8 as seconds from jobs
         where state in ('ready', 'sent') and run_at <= now()",
    )
    .fetch_one(executor)
    .await?;
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionId {
        SessionId(Uuid::from_u128(7))
    }

    #[test]
    fn the_same_cause_always_gives_the_same_id() {
        let job = Job::AnalyzeSession { session_id: session(), round: 1 };
        assert_eq!(job.dedupe_key(), "analyze_session:00000000-0000-0000-0000-000000000007:1");
        // Written down: a changed namespace or key would run every waiting job twice after a deploy.
        assert_eq!(job.job_id().to_string(), "6d0b4a43-bae3-5271-bafb-4068a000e6cc");
        assert_ne!(job.job_id(), Job::AnalyzeSession { session_id: session(), round: 2 }.job_id());
        assert_ne!(job.job_id(), Job::EnrichAnalysis { session_id: session(), round: 1 }.job_id());
    }

    #[test]
    fn a_job_survives_its_two_columns() {
        let delivery_id = DeliveryId(Uuid::from_u128(9));
        for job in [
            Job::ProcessDelivery { delivery_id },
            Job::AnalyzeSession { session_id: session(), round: 3 },
            Job::EnrichAnalysis { session_id: session(), round: 1 },
            Job::Overhaul { overhaul_id: OverhaulId(Uuid::from_u128(8)), step: 2 },
            Job::DeleteCall { erased_call_id: ErasedCallId(Uuid::from_u128(6)) },
            Job::AlertStaff { follow_up_id: FollowUpId(Uuid::from_u128(5)), round: 1 },
            Job::WriteReport { student_id: StudentId(Uuid::from_u128(2)), week_on: NaiveDate::default() },
            Job::SendAlert { message_id: MessageId(Uuid::from_u128(4)) },
            Job::SendReport { message_id: MessageId(Uuid::from_u128(4)) },
            Job::SendDigest { message_id: MessageId(Uuid::from_u128(4)) },
            Job::SendCode { message_id: MessageId(Uuid::from_u128(4)) },
            Job::SyncRoster { roster_sync_id: RosterSyncId(Uuid::from_u128(1)), round: 1 },
            Job::SendWebhook { message_id: MessageId(Uuid::from_u128(3)), round: 1 },
        ] {
            assert_eq!(Job::from_columns(job.kind().as_str(), &job.payload()), Some(job));
        }
        assert_eq!(Job::from_columns("call_parents", &serde_json::json!({})), None);
        assert_eq!(Job::from_columns("analyze_session", &serde_json::json!({"session_id": 5})), None);
    }

    #[test]
    fn the_longest_wait_doubles_up_to_its_cap() {
        let policy = Kind::EnrichAnalysis.policy();
        let seconds = |attempts| policy.backoff_ceiling(attempts).as_secs();
        assert_eq!([seconds(0), seconds(1), seconds(2), seconds(5)], [10, 10, 20, 160]);
        assert_eq!(seconds(12), 4 * 3600);
        assert_eq!(seconds(i32::MAX), 4 * 3600);
    }

    #[test]
    fn every_kind_has_a_lane_and_every_lane_its_kinds() {
        let n: usize = Lane::ALL.into_iter().map(|lane| lane.kinds().len()).sum();
        assert_eq!(n, Kind::ALL.len());
    }
}
