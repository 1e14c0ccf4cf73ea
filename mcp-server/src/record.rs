//! The record of tool calls, written behind the answers: a caller never waits for it.
//!
//! **Invariant:** bounded. While the database is away, what does not fit is counted and dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shared::db::Db;
use shared::tool_call::{self, ToolCall};
use tokio::sync::mpsc;

/// Some seconds of the busiest traffic we are built for.
const CAPACITY: usize = 4_096;
/// Rows in one statement.
const BATCH: usize = 256;
/// So that one statement carries many rows.
const GATHER: Duration = Duration::from_millis(200);
/// How often one batch is tried before it is given up.
const TRIES: u32 = 3;

/// Takes calls down. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder {
    calls: mpsc::Sender<ToolCall>,
    n_dropped: Arc<AtomicU64>,
}

/// What was taken down and is not yet written.
#[derive(Debug)]
pub struct Records {
    calls: mpsc::Receiver<ToolCall>,
    n_dropped: Arc<AtomicU64>,
}

pub fn channel() -> (Recorder, Records) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    let n_dropped = Arc::<AtomicU64>::default();
    (Recorder { calls: sender, n_dropped: n_dropped.clone() }, Records { calls: receiver, n_dropped })
}

impl Recorder {
    pub fn add(&self, call: ToolCall) {
        if self.calls.try_send(call).is_err() {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Records {
    /// Writes until the last recorder is gone and everything is written.
    pub async fn write(mut self, db: Db) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.calls.recv_many(&mut batch, BATCH).await > 0 {
            if batch.len() < BATCH && !self.calls.is_closed() {
                tokio::time::sleep(GATHER).await;
                while batch.len() < BATCH
                    && let Ok(call) = self.calls.try_recv()
                {
                    batch.push(call);
                }
            }
            self.write_batch(&db, &batch).await;
            batch.clear();
            let n_dropped = self.n_dropped.swap(0, Ordering::Relaxed);
            if n_dropped > 0 {
                tracing::warn!(n_dropped, "tool calls were not recorded");
            }
        }
    }

    async fn write_batch(&self, db: &Db, batch: &[ToolCall]) {
        for attempt in 1..=TRIES {
            match tool_call::insert_tool_calls(db, batch).await {
                Ok(()) => return,
                Err(error) if attempt == TRIES || !error.is_unavailable() => {
                    tracing::warn!(%error, attempt, "tool calls cannot be recorded");
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
    use shared::id::ToolCallId;

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
        }
    }

    #[test]
    fn a_full_record_drops_and_counts_and_never_waits() {
        let (recorder, records) = channel();
        for _ in 0..CAPACITY + 3 {
            recorder.add(call());
        }
        assert_eq!(records.n_dropped.load(Ordering::Relaxed), 3);
        assert_eq!(records.calls.len(), CAPACITY);
    }
}
