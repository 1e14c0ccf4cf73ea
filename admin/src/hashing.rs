//! Slow hashing of passwords and codes.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::fault::Fault;

/// Password hashes at once: each takes 19 MiB and a core for tens of milliseconds.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Who waits longer for a turn is sent away: a flood must not queue up.
const HASHING_WITHIN: Duration = Duration::from_secs(8);

/// Runs slow hashing off the async threads, two at a time.
pub(crate) async fn with_permit<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    let turn = tokio::time::timeout(HASHING_WITHIN, HASHING.acquire()).await;
    let _permit = turn.map_err(|_| Fault::TooMany { wait_seconds: 5 })?.map_err(|_| Fault::Internal)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Internal)
}
