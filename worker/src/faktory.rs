//! Everything that speaks to Faktory, and the only module that names its crate.
//!
//! The crate's wire layer is sound; its own loop is not: it exits with 0 or aborts when the server goes away, fails
//! running jobs at shutdown, and does not decode a password in a URL. So of it are used `Client::connect_with`,
//! `enqueue_many`, `WorkerBuilder::connect_with` and `run_one`; loops, heartbeat, reconnecting and draining are ours.
//! `run`, `run_to_completion`, `with_graceful_shutdown` and `connect_to` must not be.

mod address;
mod beat;
mod consumer;
mod producer;
mod stream;

pub use address::Address;
pub(crate) use consumer::consume;
pub(crate) use producer::Producer;

use std::time::Duration;

use storage::job::Kind;

/// Connects once, and tells the server's version, if the server tells it.
pub async fn find_version(address: Address) -> anyhow::Result<Option<String>> {
    let mut producer = Producer::new(address);
    producer.connect().await?;
    Ok(producer.version().await)
}

/// How long Faktory holds a job for us: longer than an attempt may take, and never less than its own minimum. A job of
/// a worker that died is handed out again by our sweeper long before.
fn reserve_for(kind: Kind) -> Duration {
    kind.policy().timeout + Duration::from_mins(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faktory_holds_a_job_for_longer_than_an_attempt_may_take() {
        for kind in Kind::ALL {
            assert!(reserve_for(kind) > kind.policy().timeout);
        }
    }
}
