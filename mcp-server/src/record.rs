//! The record of tool calls and of whose data was read, written behind the answers: a caller never waits for it.
//!
//! **Invariant:** bounded. While the database is away, what does not fit is counted and dropped. A crash loses what was
//! taken down within the last [`GATHER`] and is not yet written.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use storage::audit::{self, NewEntry};
use storage::db::Db;
use storage::tool_call::{self, ToolCall};
use tokio::sync::mpsc;

/// Some seconds of the busiest traffic we are built for.
const CAPACITY: usize = 4_096;
/// Rows in one statement.
const BATCH: usize = 256;
/// So that one statement carries many rows.
const GATHER: Duration = Duration::from_millis(200);
/// How often one batch is tried before it is given up.
const TRIES: u32 = 3;

/// Entries on strangers in a second. The log is never cut, and a flood of theirs must not fill the disk.
const ATTEMPTS_PER_SECOND: u32 = 2;

/// Takes calls and entries of the audit log down. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder {
    records: mpsc::Sender<Record>,
    n_dropped: Arc<AtomicU64>,
    attempts: Arc<Mutex<Option<Attempts>>>,
}

/// What strangers tried in the second that began then.
#[derive(Clone, Copy, Debug)]
struct Attempts {
    since: Instant,
    n: u32,
}

#[derive(Debug)]
enum Record {
    Call(ToolCall),
    Entry(NewEntry),
}

/// What was taken down and is not yet written.
#[derive(Debug)]
pub struct Records {
    records: mpsc::Receiver<Record>,
    n_dropped: Arc<AtomicU64>,
}

/// The end that takes down, and the end that writes.
pub fn channel() -> (Recorder, Records) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    let n_dropped = Arc::<AtomicU64>::default();
    let recorder = Recorder { records: sender, n_dropped: n_dropped.clone(), attempts: Arc::default() };
    (recorder, Records { records: receiver, n_dropped })
}

impl Recorder {
    /// Takes a tool call down.
    pub fn add(&self, call: ToolCall) {
        self.send(Record::Call(call));
    }

    /// Takes an entry of the audit log down.
    pub fn enter(&self, entry: NewEntry) {
        self.send(Record::Entry(entry));
    }

    /// The same on a stranger, unless there were too many this second.
    pub fn attempt(&self, entry: NewEntry) {
        let now = Instant::now();
        let is_noted = {
            let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
            let current = attempts.filter(|last| now.duration_since(last.since) < Duration::from_secs(1));
            let Attempts { since, n } = current.unwrap_or(Attempts { since: now, n: 0 });
            *attempts = Some(Attempts { since, n: n.saturating_add(1) });
            n < ATTEMPTS_PER_SECOND
        };
        if is_noted {
            self.enter(entry);
        }
    }

    fn send(&self, record: Record) {
        if self.records.try_send(record).is_err() {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("records_dropped_total").increment(1);
        }
    }
}

/// What goes into one table with one statement.
enum Batch {
    Calls(Vec<ToolCall>),
    Entries(Vec<NewEntry>),
}

impl Batch {
    fn len(&self) -> usize {
        match self {
            Self::Calls(calls) => calls.len(),
            Self::Entries(entries) => entries.len(),
        }
    }

    async fn write(&self, db: &Db) -> storage::db::Result<()> {
        match self {
            Self::Calls(calls) => tool_call::insert_tool_calls(db, calls).await,
            Self::Entries(entries) => audit::insert_entries(db, entries).await,
        }
    }
}

impl Records {
    /// Writes until the last recorder is gone and everything is written.
    pub async fn write(mut self, db: Db) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.records.recv_many(&mut batch, BATCH).await > 0 {
            if batch.len() < BATCH && !self.records.is_closed() {
                tokio::time::sleep(GATHER).await;
                while batch.len() < BATCH
                    && let Ok(record) = self.records.try_recv()
                {
                    batch.push(record);
                }
            }
            let (mut calls, mut entries) = (Vec::new(), Vec::new());
            for record in batch.drain(..) {
                match record {
                    Record::Call(call) => calls.push(call),
                    Record::Entry(entry) => entries.push(entry),
                }
            }
            self.write_batch(&db, &Batch::Calls(calls)).await;
            self.write_batch(&db, &Batch::Entries(entries)).await;
            let n_dropped = self.n_dropped.swap(0, Ordering::Relaxed);
            if n_dropped > 0 {
                tracing::warn!(n_dropped, "tool calls or reads were not recorded");
            }
        }
    }

    async fn write_batch(&self, db: &Db, batch: &Batch) {
        if batch.len() == 0 {
            return;
        }
        for attempt in 1..=TRIES {
            match batch.write(db).await {
                Ok(()) => return,
                Err(error) if attempt == TRIES || !error.is_unavailable() => {
                    tracing::warn!(%error, attempt, "tool calls or reads cannot be recorded");
                    break;
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
        self.n_dropped.fetch_add(batch.len() as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use storage::id::ToolCallId;

    use super::*;

    fn call() -> ToolCall {
        ToolCall {
            tool_call_id: ToolCallId::new(),
            at: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
            tool: "get_session".to_owned(),
            client_id: "c1".to_owned(),
            call_id: None,
            outcome: "ok".to_owned(),
            duration_us: 1,
            request_bytes: 1,
            response_bytes: 1,
            choices: Vec::new(),
        }
    }

    #[test]
    fn a_full_record_drops_and_counts_and_never_waits() {
        let (recorder, records) = channel();
        for _ in 0..CAPACITY + 3 {
            recorder.add(call());
        }
        assert_eq!(records.n_dropped.load(Ordering::Relaxed), 3);
        assert_eq!(records.records.len(), CAPACITY);
    }

    #[test]
    fn a_flood_of_strangers_does_not_fill_the_log() {
        let (recorder, records) = channel();
        for _ in 0..1_000 {
            let (at, actor) = (DateTime::UNIX_EPOCH, audit::STRANGER.to_owned());
            let detail = serde_json::json!({});
            recorder.attempt(NewEntry { at, actor, action: "client.login_failed", object: None, detail });
        }
        // On a machine that needs seconds for it, some more.
        assert!((2..500).contains(&records.records.len()), "{}", records.records.len());
    }
}
