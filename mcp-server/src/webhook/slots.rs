//! How many messages are worked on at once: what is more waits a moment, and is then sent away before we collapse.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Each may hold a body of the greatest length in memory, and one of the pool's connections.
const SLOTS: usize = 64;

/// VAPI waits 20 s for us and by default tells nothing twice, so a burst had better queue; but one that asks which
/// assistant takes a call waits 7.5 s only.
const WAIT: Duration = Duration::from_secs(3);

#[derive(Clone, Debug)]
pub(super) struct Slots(Arc<Semaphore>);

impl Slots {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(SLOTS)))
    }

    /// A place, kept until it is dropped. `None`: all are taken, and stay so.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.take_within(WAIT).await
    }

    async fn take_within(&self, wait: Duration) -> Option<OwnedSemaphorePermit> {
        timeout(wait, Arc::clone(&self.0).acquire_owned()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_too_many_is_sent_away_and_a_freed_place_is_given() {
        let slots = Slots::new();
        let mut taken = Vec::new();
        for _ in 0..SLOTS {
            taken.push(slots.take().await.unwrap());
        }
        assert!(slots.take_within(Duration::from_millis(20)).await.is_none());
        taken.pop();
        assert!(slots.take().await.is_some());
    }
}
