//! Queues jobs again if their worker died or the queue server lost them. Carries out erasures that are due.

use queue::dispatch::{Swept, sweep};
use storage::{clock, erasure};
use tokio_util::sync::CancellationToken;

use crate::Context;

/// Sweeps now and again. Every worker has a sweeper; the database lets one through at a time.
pub(crate) async fn run(context: Context, stop: CancellationToken) {
    loop {
        match sweep_once(&context).await {
            Ok(None) => {}
            Ok(Some(swept)) if swept == Swept::default() => {}
            Ok(Some(swept)) => tracing::warn!(
                n_lost = swept.n_lost,
                n_quarantined = swept.n_quarantined,
                n_unanswered = swept.n_unanswered,
                "handed out jobs again that no worker held"
            ),
            Err(error) => tracing::warn!(%error, "could not sweep"),
        }
        match erasure::perform_due(&context.db, clock::now()).await {
            Ok(0) => {}
            Ok(n_students) => tracing::info!(n_students, "erased students whose requests were due"),
            Err(error) => tracing::warn!(%error, "could not carry out a requested erasure"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(context.config.sweep_every)).await.is_none() {
            return;
        }
    }
}

async fn sweep_once(context: &Context) -> Result<Option<Swept>, storage::db::Error> {
    let mut tx = context.begin().await?;
    let swept = sweep(&mut tx, context.config.unanswered_after).await?;
    context.commit(tx).await?;
    Ok(swept)
}
