//! Takes jobs from the table itself, where no queue server is configured.

use std::sync::Arc;
use std::time::Duration;

use queue::lease::{Claimed, claim_ready};
use queue::wake::WakeListener;
use storage::db;
use storage::job::Lane;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Context;
use crate::attempt::attempt;

/// How long to leave a database alone that did not answer.
const DATABASE_PAUSE: Duration = Duration::from_millis(500);

/// Works on one lane until `stop`, and then until what was begun is over.
pub(crate) async fn consume(context: Context, lane: Lane, mut wakes: WakeListener, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(context.config.slots(lane)));
    let running = TaskTracker::new();
    while let Some(Ok(first)) = stop.run_until_cancelled(slots.clone().acquire_owned()).await {
        let mut free = vec![first];
        while let Ok(slot) = slots.clone().try_acquire_owned() {
            free.push(slot);
        }
        match claim(&context, lane, free.len()).await {
            Ok(claimed) => {
                let more_may_wait = claimed.len() == free.len();
                for (claimed, slot) in claimed.into_iter().zip(free.drain(..)) {
                    let context = context.clone();
                    running.spawn(async move {
                        attempt(&context, &claimed).await;
                        drop(slot);
                    });
                }
                if more_may_wait {
                    continue;
                }
            }
            Err(error) => {
                tracing::warn!(%error, lane = lane.as_str(), "no jobs could be taken");
                stop.run_until_cancelled(tokio::time::sleep(DATABASE_PAUSE)).await;
                continue;
            }
        }
        drop(free);
        stop.run_until_cancelled(wakes.wait(context.config.poll_every)).await;
    }
    running.close();
    running.wait().await;
}

async fn claim(context: &Context, lane: Lane, n: usize) -> Result<Vec<Claimed>, db::Error> {
    // A claim that a crash of the database server undoes is made again, and the lease of the first one is void.
    let mut tx = db::begin_unflushed(&context.db).await?;
    let claimed = claim_ready(&mut tx, lane, n as i64, context.config.lease, &context.worker).await?;
    tx.commit().await?;
    Ok(claimed)
}
