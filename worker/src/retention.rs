//! Forgets what was kept long enough, a little at a time.

use std::time::Duration;

use storage::clock;
use storage::retention::{Purged, purge};
use tokio_util::sync::CancellationToken;

use crate::Context;

const EVERY: Duration = Duration::from_mins(10);

pub(crate) async fn run(context: Context, stop: CancellationToken) {
    loop {
        match purge(&context.db, &context.config.retention, clock::now()).await {
            Ok(purged) if purged == Purged::default() => {}
            Ok(Purged {
                n_tool_calls,
                n_deliveries,
                n_jobs,
                n_messages,
                n_concerns,
                n_sessions,
                n_merges,
                n_imported,
                n_agents,
            }) => {
                tracing::info!(
                    n_tool_calls,
                    n_deliveries,
                    n_jobs,
                    n_messages,
                    n_concerns,
                    n_sessions,
                    n_merges,
                    n_imported,
                    n_agents,
                    "forgot what was kept long enough"
                );
            }
            Err(error) => tracing::warn!(%error, "could not forget what was kept long enough"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}
