//! Runs one attempt at a job: renews its lease while it runs, and records the result in its row.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use queue::lease::{self, Claimed, Finished};
use storage::db;
use storage::job::Kind;
use web::telemetry::trace::{self, Ended, SpanKind};

use crate::{Context, JobError, perform};

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// It will be tried again.
    Retry(String),
    /// It was not tried: what it needs is away.
    PutOff(String),
    /// A person has to look.
    Failed(String),
    /// The worker stops, or another worker has the job now.
    LetGo,
}

impl Outcome {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry(_) => "retry",
            Self::PutOff(_) => "put_off",
            Self::Failed(_) => "failed",
            Self::LetGo => "let_go",
        }
    }
}

/// Performs the job, in bounded time, and records what became of it.
pub(crate) async fn attempt(context: &Context, claimed: &Claimed) -> Outcome {
    let kind = claimed.job.kind().as_str();
    // In a box: the work of a job is a large future, and a span would hold it twice.
    trace::span(SpanKind::Consumer, Box::pin(perform_and_record(context, claimed)), |outcome| {
        Ended::new(kind)
            .with("job.kind", kind)
            .with("job.id", claimed.lease.job_id.to_string())
            .with("job.attempt", i64::from(claimed.attempts))
            .with("job.outcome", outcome.as_str())
            .error_if(matches!(outcome, Outcome::Retry(_) | Outcome::Failed(_)))
    })
    .await
}

async fn perform_and_record(context: &Context, claimed: &Claimed) -> Outcome {
    let started = Instant::now();
    let kind = claimed.job.kind();
    let work = AssertUnwindSafe(perform(context, claimed, storage::clock::now())).catch_unwind();
    let result = tokio::select! {
        result = tokio::time::timeout(kind.policy().timeout, work) => match result {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(JobError::retry("the job panicked")),
            Err(_) => Err(JobError::retry("it took too long")),
        },
        () = keep_lease(context, claimed) => Err(JobError::LeaseLost),
        () = context.halt.cancelled() => {
            let outcome = hand_back(context, claimed).await;
            count(kind, &outcome, started.elapsed());
            return outcome;
        }
    };
    let outcome = match result {
        Ok(Finished { .. }) => Outcome::Done,
        Err(error) => record(context, claimed, &error).await,
    };
    count(kind, &outcome, started.elapsed());
    let duration_ms = started.elapsed().as_millis() as u64;
    let (job_id, attempt) = (claimed.lease.job_id, claimed.attempts);
    match &outcome {
        Outcome::Done => tracing::info!(job.kind = kind.as_str(), %job_id, attempt, duration_ms, "job done"),
        Outcome::LetGo => tracing::warn!(job.kind = kind.as_str(), %job_id, attempt, duration_ms, "job let go"),
        Outcome::Retry(reason) => {
            tracing::warn!(job.kind = kind.as_str(), %job_id, attempt, duration_ms, reason, "job will be retried");
        }
        Outcome::PutOff(reason) => {
            tracing::info!(job.kind = kind.as_str(), %job_id, attempt, duration_ms, reason, "job put off");
        }
        Outcome::Failed(reason) => {
            tracing::error!(job.kind = kind.as_str(), %job_id, attempt, duration_ms, reason, "job needs attention");
        }
    }
    outcome
}

/// Counts an attempt in the metrics.
pub(crate) fn count(kind: Kind, outcome: &Outcome, duration: Duration) {
    metrics::counter!("jobs_total", "kind" => kind.as_str(), "outcome" => outcome.as_str()).increment(1);
    metrics::histogram!("job_duration_seconds", "kind" => kind.as_str()).record(duration);
}

/// Returns when the lease is lost. If the database is unavailable, other workers cannot take the job, so the lease is
/// kept.
async fn keep_lease(context: &Context, claimed: &Claimed) {
    loop {
        tokio::time::sleep(context.config.lease / 3).await;
        if let Err(lease::Error::LeaseLost) = lease::renew(&context.db, &claimed.lease, context.config.lease).await {
            return;
        }
    }
}

async fn record(context: &Context, claimed: &Claimed, error: &JobError) -> Outcome {
    let ceiling = claimed.job.kind().policy().backoff_ceiling(claimed.attempts);
    let outcome = match error {
        JobError::LeaseLost => return Outcome::LetGo,
        JobError::Fail { reason } => Outcome::Failed(reason.to_string()),
        JobError::PutOff { reason, .. } => Outcome::PutOff(reason.to_string()),
        JobError::Retry { reason, .. } if claimed.attempts >= claimed.max_attempts => {
            Outcome::Failed(format!("{reason}, {} times", claimed.attempts))
        }
        JobError::Retry { reason, .. } => Outcome::Retry(reason.to_string()),
    };
    let at_least = match error {
        JobError::Retry { at_least, .. } | JobError::PutOff { at_least, .. } => *at_least,
        JobError::Fail { .. } | JobError::LeaseLost => Duration::ZERO,
    };
    let (db, held) = (&context.db, &claimed.lease);
    let recorded = insist(context, || async {
        match &outcome {
            Outcome::Retry(reason) => lease::finish_retry(db, held, reason, at_least, ceiling).await,
            Outcome::PutOff(reason) => lease::put_off(db, held, reason, at_least).await,
            Outcome::Failed(reason) => {
                let mut tx = db::begin(db).await?;
                let finished = lease::finish_failed(&mut tx, held, reason).await?;
                db::commit(tx).await?;
                Ok(finished)
            }
            Outcome::Done | Outcome::LetGo => Err(lease::Error::LeaseLost),
        }
    });
    if recorded.await.is_some() { outcome } else { Outcome::LetGo }
}

async fn hand_back(context: &Context, claimed: &Claimed) -> Outcome {
    if lease::release(&context.db, &claimed.lease).await.is_ok() {
        tracing::info!(job_id = %claimed.lease.job_id, "job handed back");
    }
    Outcome::LetGo
}

/// Tries to record an outcome until the lease has run out anyhow: a database that is away for a moment must not look
/// like a worker that died with the job.
async fn insist<F: Future<Output = Result<Finished, lease::Error>>>(
    context: &Context,
    mut write: impl FnMut() -> F,
) -> Option<Finished> {
    let until = Instant::now() + context.config.lease;
    loop {
        match write().await {
            Ok(finished) => return Some(finished),
            Err(lease::Error::Database(error)) if error.is_unavailable() && Instant::now() < until => {}
            Err(_) => return None,
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            () = context.halt.cancelled() => return None,
        }
    }
}
