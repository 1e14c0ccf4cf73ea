//! Where heavy reads go that may be some seconds old: to a streaming replica while it follows closely, else to the primary.
//!
//! **Invariant:** outside this crate, [`Reads`] runs no statement: only the functions that take it read from a replica.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::pool::REQUEST_WAITS;
use super::{Db, Error, PoolSize, Result};

/// How often the replica is compared with the primary.
const CHECK_EVERY: Duration = Duration::from_secs(2);
/// A replica that does not answer a read for so long is given up, and the primary is asked.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const POOL: PoolSize = PoolSize(6);

/// The database for reads that may be some seconds old. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reads {
    primary: Db,
    replica: Option<Arc<Replica>>,
}

#[derive(Debug)]
struct Replica {
    db: Db,
    max_lag: Duration,
    state: watch::Sender<ReplicaState>,
    /// Reads that it answered, and those that the primary answered instead.
    n_answered: AtomicU64,
    n_passed_on: AtomicU64,
}

/// Whether the replica is read from, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaState {
    /// It lacks nothing that was written before this time ago.
    Following(Duration),
    /// It is more than the accepted time behind.
    Behind,
    /// It does not answer, or was not asked yet.
    Unreachable,
    /// It takes writes, or does not say how far it is: it is not a streaming replica.
    NotAReplica,
}

impl ReplicaState {
    /// One word for probes and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Following(_) => "following",
            Self::Behind => "behind",
            Self::Unreachable => "unreachable",
            Self::NotAReplica => "not_a_replica",
        }
    }
}

/// The replica of this process, and how many reads each database has answered.
#[derive(Clone, Copy, Debug)]
pub struct ReplicaStatus {
    pub state: ReplicaState,
    pub n_from_replica: u64,
    pub n_from_primary: u64,
}

/// Without a replica.
impl From<Db> for Reads {
    fn from(primary: Db) -> Self {
        Self { primary, replica: None }
    }
}

impl Reads {
    /// Reads from the replica at `url` while it is at most `max_lag` behind. Compares it with the primary until `shutdown`.
    pub fn with_replica(
        primary: Db,
        url: &SecretString,
        max_lag: Duration,
        shutdown: CancellationToken,
    ) -> Result<Self> {
        // A replica refuses writes anyway. The setting also protects a database that was promoted.
        let session = [("plan_cache_mode", "auto"), ("default_transaction_read_only", "on")];
        let replica = Arc::new(Replica {
            db: Db::open(url, POOL, REQUEST_WAITS, "ai-tutor reads", &session)?,
            max_lag,
            state: watch::Sender::new(ReplicaState::Unreachable),
            n_answered: AtomicU64::new(0),
            n_passed_on: AtomicU64::new(0),
        });
        let (watched, source) = (replica.clone(), primary.clone());
        tokio::spawn(async move { shutdown.run_until_cancelled(watched.watch(&source)).await });
        Ok(Self { primary, replica: Some(replica) })
    }

    /// The primary, for what must not be old.
    pub fn primary(&self) -> &Db {
        &self.primary
    }

    /// `None`: no replica is configured.
    pub fn replica(&self) -> Option<ReplicaStatus> {
        self.replica.as_ref().map(|replica| ReplicaStatus {
            state: *replica.state.borrow(),
            n_from_replica: replica.n_answered.load(Relaxed),
            n_from_primary: replica.n_passed_on.load(Relaxed),
        })
    }

    /// Reads from the replica if it follows. If it then fails, reads from the primary.
    pub(crate) async fn read<T, R>(&self, read: impl Fn(Db) -> R) -> Result<T>
    where
        R: Future<Output = Result<T>>,
    {
        let Some(replica) = &self.replica else { return read(self.primary.clone()).await };
        let state = *replica.state.borrow();
        if matches!(state, ReplicaState::Following(_)) {
            match tokio::time::timeout(READ_TIMEOUT, read(replica.db.clone())).await {
                // Also if replayed changes cancelled the read (40001): the next check decides about later reads.
                Ok(Err(Error::Unavailable(error))) => tracing::warn!(%error, "the replica did not answer a read"),
                Ok(answer) => {
                    replica.n_answered.fetch_add(1, Relaxed);
                    return answer;
                }
                Err(_) => tracing::warn!("the replica did not answer a read in time"),
            }
        }
        replica.n_passed_on.fetch_add(1, Relaxed);
        read(self.primary.clone()).await
    }
}

impl Replica {
    async fn watch(&self, primary: &Db) {
        let mut written = Written::default();
        loop {
            let state = self.compare(primary, &mut written).await;
            let before = self.state.send_replace(state);
            if before.as_str() != state.as_str() {
                tracing::info!(state = state.as_str(), "the state of the replica changed");
            }
            tokio::time::sleep(CHECK_EVERY).await;
        }
    }

    async fn compare(&self, primary: &Db, written: &mut Written) -> ReplicaState {
        // Positions in the log, not clocks: the time of the last replayed transaction grows old while nothing is written.
        let position = "select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint";
        let asked_at = Instant::now();
        if let Ok(position) = sqlx::query_scalar::<_, i64>(position).fetch_one(primary).await {
            written.push(asked_at, position);
        }
        let replayed = "select pg_is_in_recovery(), (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint";
        let answer = sqlx::query_as::<_, (bool, Option<i64>)>(replayed).fetch_one(&self.db);
        match tokio::time::timeout(READ_TIMEOUT, answer).await {
            Ok(Ok((true, Some(replayed)))) => match written.lag(replayed, Instant::now()) {
                Some(lag) if lag <= self.max_lag => ReplicaState::Following(lag),
                _ => {
                    written.forget_before(Instant::now().checked_sub(self.max_lag));
                    ReplicaState::Behind
                }
            },
            Ok(Ok(_)) => ReplicaState::NotAReplica,
            Ok(Err(_)) | Err(_) => ReplicaState::Unreachable,
        }
    }
}

/// How far the primary's log was, and when. The oldest first.
#[derive(Debug, Default)]
struct Written(VecDeque<(Instant, i64)>);

impl Written {
    fn push(&mut self, at: Instant, position: i64) {
        self.0.push_back((at, position));
    }

    /// How long ago everything was written that the replica has replayed. `None`: longer than is remembered.
    fn lag(&mut self, replayed: i64, now: Instant) -> Option<Duration> {
        let n_replayed = self.0.iter().take_while(|(_, position)| *position <= replayed).count();
        self.0.drain(..n_replayed.saturating_sub(1));
        let (at, _) = self.0.front().filter(|_| n_replayed > 0)?;
        Some(now.saturating_duration_since(*at))
    }

    fn forget_before(&mut self, time: Option<Instant>) {
        self.0.retain(|(at, _)| time.is_none_or(|time| *at >= time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_the_age_of_what_was_replayed_and_an_idle_primary_is_no_lag() {
        let start = Instant::now();
        let second = |n: u64| start + Duration::from_secs(n);
        let mut written = Written::default();
        assert_eq!(written.lag(100, second(0)), None, "nothing is known yet");
        written.push(second(0), 100);
        assert_eq!(written.lag(99, second(1)), None);
        assert_eq!(written.lag(100, second(1)), Some(Duration::from_secs(1)));
        // Nothing is written for an hour.
        written.push(second(3_600), 100);
        assert_eq!(written.lag(100, second(3_600)), Some(Duration::ZERO));
        written.push(second(3_602), 200);
        written.push(second(3_604), 300);
        assert_eq!(written.lag(250, second(3_605)), Some(Duration::from_secs(3)));
        assert_eq!(written.lag(300, second(3_605)), Some(Duration::from_secs(1)));
        written.forget_before(Some(second(3_605)));
        assert_eq!(written.lag(300, second(3_606)), None);
    }

    /// A database that takes writes is not read from: it may be any other one.
    #[sqlx::test(migrations = false)]
    async fn a_primary_is_not_taken_for_a_replica(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let replica = Replica {
            db: db.clone(),
            max_lag: Duration::from_mins(1),
            state: watch::Sender::new(ReplicaState::Unreachable),
            n_answered: AtomicU64::new(0),
            n_passed_on: AtomicU64::new(0),
        };
        assert_eq!(replica.compare(&db, &mut Written::default()).await, ReplicaState::NotAReplica);
    }
}
