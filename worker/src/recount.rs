//! Counts anew what changed, so that analytics add up days instead of sessions. Nothing waits for it: until it is done,
//! pages count from the sessions themselves.

use std::time::Duration;

use shared::analytics;
use tokio_util::sync::CancellationToken;

use crate::Context;

const EVERY: Duration = Duration::from_secs(20);

pub(crate) async fn run(context: Context, stop: CancellationToken) {
    loop {
        match analytics::recount(&context.db).await {
            Ok(true) if !stop.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "could not count sessions anew"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}
