//! Tells Faktory which jobs are due: their ids, and nothing else.

use std::time::Duration;

use queue::dispatch::{claim_to_send, return_unsent};
use queue::wake::WakeListener;
use tokio_util::sync::CancellationToken;

use crate::Context;
use crate::faktory::{Address, Producer};

/// Faktory gives a command five seconds; so many jobs take it a few milliseconds.
const BATCH: i64 = 500;

const FAKTORY_PAUSE_MIN: Duration = Duration::from_millis(100);
const FAKTORY_PAUSE_MAX: Duration = Duration::from_secs(2);

/// Relays until `stop`. While Faktory is away the rows wait, and nothing is written for them.
pub(crate) async fn run(context: Context, address: Address, mut wakes: WakeListener, stop: CancellationToken) {
    let mut producer = Producer::new(address);
    let mut pause = FAKTORY_PAUSE_MIN;
    while !stop.is_cancelled() {
        match relay(&context, &mut producer).await {
            Ok(n) => {
                if pause > FAKTORY_PAUSE_MIN {
                    tracing::info!("Faktory takes jobs again");
                }
                pause = FAKTORY_PAUSE_MIN;
                if n < BATCH as usize {
                    stop.run_until_cancelled(wakes.wait(context.config.poll_every)).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "jobs wait: Faktory or the database cannot be reached");
                stop.run_until_cancelled(tokio::time::sleep(pause)).await;
                pause = (pause * 2).min(FAKTORY_PAUSE_MAX);
            }
        }
    }
}

async fn relay(context: &Context, producer: &mut Producer) -> anyhow::Result<usize> {
    producer.connect().await?;
    if context.faktory_version.get().is_none() {
        // Asked once, known or not: nothing but a page for people wants it.
        let _ = context.faktory_version.set(producer.version().await.unwrap_or_default());
        producer.connect().await?;
    }
    let due = claim_to_send(&context.db, BATCH).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let refused = match producer.push(&due).await {
        Ok(refused) => refused,
        Err(error) => {
            // Some may have arrived: then they run, and the second time they are rung for is forgotten.
            let all: Vec<_> = due.iter().map(|(job_id, _)| *job_id).collect();
            return_unsent(&context.db, &all).await?;
            return Err(error);
        }
    };
    if !refused.is_empty() {
        return_unsent(&context.db, &refused).await?;
        anyhow::bail!("Faktory refused {} jobs", refused.len());
    }
    Ok(due.len())
}
