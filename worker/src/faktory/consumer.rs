//! Fetches job ids and has the jobs performed: one connection for each job at a time.

use std::time::{Duration, Instant};

use faktory::{Error, WorkerBuilder, WorkerId};
use queue::lease::take;
use secrecy::ExposeSecret;
use storage::db;
use storage::id::JobId;
use storage::job::{Kind, Lane};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Address, beat, stream};
use crate::Context;
use crate::attempt::{Outcome, attempt};

const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// The fixed text that Faktory gets about a failed job.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotDone(String);

/// Works until `stop`, or until people at Faktory's pages ask it to end, and then until what was begun is over.
pub(crate) async fn consume(context: Context, address: Address, stop: CancellationToken) {
    let wid = context.worker.clone();
    let drain = stop.child_token();
    // The heart beats until the last job is over, or Faktory would close the connections that have yet to report.
    let heart = CancellationToken::new();
    let beating = tokio::spawn({
        let (address, wid, drain, heart) = (address.clone(), wid.clone(), drain.clone(), heart.clone());
        async move { beat::beat(&address, &wid, &drain, &heart).await }
    });
    let connections = TaskTracker::new();
    for lane in Lane::ALL {
        for _ in 0..context.config.slots(lane) {
            let (context, address, wid, drain) = (context.clone(), address.clone(), wid.clone(), drain.clone());
            connections.spawn(async move { keep_fetching(&context, &address, &wid, lane, &drain).await });
        }
    }
    connections.close();
    connections.wait().await;
    heart.cancel();
    let _ = beating.await;
}

/// Fetches on one connection after another.
async fn keep_fetching(context: &Context, address: &Address, wid: &str, lane: Lane, drain: &CancellationToken) {
    let mut pause = PAUSE_MIN;
    while !drain.is_cancelled() {
        let faktory = context.faktory.clone();
        let (context, address, wid, drain) = (context.clone(), address.clone(), wid.to_owned(), drain.clone());
        let quiet = drain.clone();
        // In a separate task: the crate panics on an unexpected answer.
        let fetching = tokio::spawn(async move { fetch(&context, &address, wid, lane, &drain).await });
        match fetching.await {
            Ok(Ok(())) => return,
            // It did fetch before it failed: the server is there, come back soon.
            Ok(Err(Fault { n_fetches: 1.., .. })) => pause = PAUSE_MIN,
            Ok(Err(_)) | Err(_) => {
                faktory.failed(Duration::ZERO, Instant::now());
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
        tracing::debug!(lane = lane.as_str(), "lost a connection to Faktory");
        quiet.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

struct Fault {
    n_fetches: u64,
}

/// Fetches and runs jobs until `drain`. A fetch is never cancelled: Faktory would give a job to a closed connection,
/// and no other worker would get it for minutes. A fetch waits up to two seconds.
async fn fetch(
    context: &Context,
    address: &Address,
    wid: String,
    lane: Lane,
    drain: &CancellationToken,
) -> Result<(), Fault> {
    let at_start = |_: Error| Fault { n_fetches: 0 };
    let stream = stream::connect(address).await.map_err(|_| Fault { n_fetches: 0 })?;
    let mut builder = WorkerBuilder::default().wid(WorkerId::new(wid)).labels(["ai-tutor".to_owned()]);
    for kind in Kind::ALL {
        let context = context.clone();
        builder = builder.register_fn(kind.as_str(), move |job| {
            let context = context.clone();
            async move { perform(&context, &job).await }
        });
    }
    let password = address.password.as_ref().map(|password| password.expose_secret().to_owned());
    let mut worker = builder.connect_with(stream, password).await.map_err(at_start)?;
    context.faktory.answered();
    let mut n_fetches = 0;
    while !drain.is_cancelled() {
        worker.run_one(0, &[lane.as_str()]).await.map_err(|_| Fault { n_fetches })?;
        n_fetches += 1;
    }
    Ok(())
}

/// Runs the job of a Faktory message, unless it is done or another worker has it.
async fn perform(context: &Context, job: &faktory::Job) -> Result<(), NotDone> {
    let job_id = job.args().first().and_then(|arg| arg.as_str()?.parse::<JobId>().ok());
    let job_id = job_id.ok_or_else(|| NotDone("no job of ours".to_owned()))?;
    let claimed = async {
        // A claim that a crash of the database server undoes is made again, and the lease of the first one is void.
        let mut tx = db::begin_unflushed(&context.db).await?;
        let claimed = take(&mut tx, job_id, context.config.lease, &context.worker).await?;
        context.commit(tx).await?;
        Ok::<_, db::Error>(claimed)
    };
    // The row stays as it is, so it is rung for again.
    let claimed = claimed.await.map_err(|_| NotDone("the database could not be reached".to_owned()))?;
    let Some(claimed) = claimed else { return Ok(()) };
    match attempt(context, &claimed).await {
        Outcome::Done => Ok(()),
        Outcome::Retry(reason) | Outcome::PutOff(reason) | Outcome::Failed(reason) => Err(NotDone(reason)),
        Outcome::LetGo => Err(NotDone("let go".to_owned())),
    }
}
