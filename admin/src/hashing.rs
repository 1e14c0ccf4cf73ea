//! Slow hashing of passwords and codes.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::fault::Fault;

/// Password hashes computed at once. Each takes 19 MiB and a core for tens of milliseconds.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Requests that wait longer than this are rejected, so that a flood cannot queue up.
const HASHING_WITHIN: Duration = Duration::from_secs(8);

/// Runs slow hashing outside the async threads, two at a time.
pub(crate) async fn with_permit<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    let turn = tokio::time::timeout(HASHING_WITHIN, HASHING.acquire()).await;
    let _permit = turn.map_err(|_| Fault::TooMany { wait_seconds: 5 })?.map_err(|_| Fault::Internal)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Internal)
}
