//! Tells the servers that this worker lives, and what it cannot reach: it has no port at which they could ask.

use std::time::{Duration, Instant};

use storage::clock;
use storage::component_status::{self, Worker};
use storage::outage::{self, Dependency};
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;
use crate::{Context, Queue};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// An outage that is not reported again within a minute is over.
const REPEAT_EVERY: Duration = Duration::from_secs(15);

/// One thing that is watched.
struct Watched<'a> {
    dependency: Dependency,
    breaker: &'a Breaker,
    /// When the database was last updated, and the value. `None`: not yet.
    told: Option<(Instant, bool)>,
}

/// Tells of every change, and of what lasts again and again, until `stop`.
pub(crate) async fn run(context: Context, stop: CancellationToken) {
    let llm = context.llm.as_ref().map(|llm| (Dependency::Llm, llm.breaker()));
    let vapi = context.vapi.as_ref().map(|vapi| (Dependency::Vapi, vapi.breaker()));
    let all = [Some((Dependency::Faktory, &*context.faktory)), llm, vapi];
    let watched = all.into_iter().flatten();
    let mut watched: Vec<_> =
        watched.map(|(dependency, breaker)| Watched { dependency, breaker, told: None }).collect();
    let mut lived_at = None::<Instant>;
    loop {
        if lived_at.is_none_or(|at| at.elapsed() >= component_status::EVERY) {
            match component_status::record(&context.db, &sign_of(&context), clock::now()).await {
                Ok(()) => lived_at = Some(Instant::now()),
                Err(error) => tracing::debug!(%error, "could not give a sign of life"),
            }
        }
        for one in &mut watched {
            // Where the database is away, everybody knows already.
            if let Err(error) = one.tell(&context, Instant::now()).await {
                tracing::debug!(%error, "could not tell of an outage");
            }
        }
        if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
    }
}

/// What this worker works with.
fn sign_of(context: &Context) -> Worker {
    Worker {
        model: context.llm.as_ref().map(|llm| llm.model().to_owned()),
        has_vapi: context.vapi.is_some(),
        reconcile_seconds: context.config.reconcile.every.as_secs(),
        has_faktory: matches!(context.config.queue, Queue::Faktory(_)),
        faktory_version: context.faktory_version.get().filter(|version| !version.is_empty()).cloned(),
        has_mail: context.mail.is_some(),
    }
}

impl Watched<'_> {
    async fn tell(&mut self, context: &Context, now: Instant) -> storage::db::Result<()> {
        let is_away = self.breaker.is_open();
        let is_due = match self.told {
            None => true,
            Some((at, told)) => told != is_away || (is_away && now.duration_since(at) >= REPEAT_EVERY),
        };
        if !is_due {
            return Ok(());
        }
        if self.told.is_none_or(|(_, told)| told != is_away) {
            let (dependency, is_first) = (self.dependency.as_str(), self.told.is_none());
            if is_away {
                tracing::error!(dependency, "does not answer: what needs it waits");
            } else if !is_first {
                tracing::info!(dependency, "answers again");
            }
        }
        if is_away {
            outage::report(&context.db, self.dependency).await?;
        } else {
            outage::end(&context.db, self.dependency).await?;
        }
        self.told = Some((now, is_away));
        Ok(())
    }
}
