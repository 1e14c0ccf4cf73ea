//! How many of VAPI's messages are worked on at once. More wait a moment, and are then refused before we collapse.
//!
//! **Invariant:** only a signed message takes a slot, and reports never take those of a child on the line.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::envelope::Kind;

/// Messages that are only stored. Fewer than the pool's connections, so that the others are left to calls.
const STORING: usize = 6;

/// Messages that a caller waits for. A tool may take 2.5 s.
const ANSWERING: usize = 64;

/// VAPI waits 20 s and by default does not send again, so a burst is queued. A request for the assistant of a call
/// waits only 7.5 s.
const WAIT: Duration = Duration::from_secs(3);

#[derive(Clone, Debug)]
pub(super) struct Slots {
    storing: Arc<Semaphore>,
    answering: Arc<Semaphore>,
}

impl Default for Slots {
    fn default() -> Self {
        Self { storing: Arc::new(Semaphore::new(STORING)), answering: Arc::new(Semaphore::new(ANSWERING)) }
    }
}

impl Slots {
    /// A place for a message of this kind, kept until it is dropped. `None`: all are taken, and stay so.
    pub(super) async fn take(&self, kind: Option<Kind>) -> Option<OwnedSemaphorePermit> {
        self.take_within(kind, WAIT).await
    }

    async fn take_within(&self, kind: Option<Kind>, wait: Duration) -> Option<OwnedSemaphorePermit> {
        let slots = match kind {
            Some(Kind::AssistantRequest | Kind::ToolCalls | Kind::FunctionCall) => &self.answering,
            Some(Kind::EndOfCallReport | Kind::StatusUpdate | Kind::Other) | None => &self.storing,
        };
        timeout(wait, Arc::clone(slots).acquire_owned()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_too_many_is_refused_and_a_freed_place_is_given() {
        let (slots, report) = (Slots::default(), Some(Kind::EndOfCallReport));
        let mut taken = Vec::new();
        for _ in 0..STORING {
            taken.push(slots.take(report).await.unwrap());
        }
        let moment = Duration::from_millis(20);
        assert!(slots.take_within(None, moment).await.is_none());
        assert!(slots.take_within(Some(Kind::ToolCalls), moment).await.is_some(), "a child waits");
        taken.pop();
        assert!(slots.take(report).await.is_some());
    }
}
