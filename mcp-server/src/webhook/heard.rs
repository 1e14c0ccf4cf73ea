//! The last accepted and the last refused webhook. They are kept in memory and stored at intervals, so no request waits
//! for it and unauthenticated requests cause no writes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use storage::clock;
use storage::component_status::{self, Server, WebhookAccepted, WebhookRefusal, WebhookRefused};
use storage::db::{Db, Result};
use tokio_util::sync::CancellationToken;
use web::config::McpServerConfig;

use super::outcome::series;

const TELL_EVERY: Duration = Duration::from_secs(1);

/// The last of each that was not stored yet.
#[derive(Debug, Default)]
pub struct Heard(Mutex<Last>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Last {
    accepted: Option<(DateTime<Utc>, WebhookAccepted)>,
    refused: Option<(DateTime<Utc>, WebhookRefused)>,
}

impl Heard {
    pub(super) fn accepted(&self, r#type: &str, at: DateTime<Utc>) {
        self.last().accepted = Some((at, WebhookAccepted { r#type: series(Some(r#type)).to_owned() }));
    }

    pub(super) fn refused(&self, reason: WebhookRefusal, at: DateTime<Utc>) {
        self.last().refused = Some((at, WebhookRefused { reason }));
    }

    /// Stores the last webhooks and the server's heartbeat until `shutdown`, and once more at the end.
    pub(crate) async fn tell(&self, db: Db, config: &McpServerConfig, shutdown: CancellationToken) {
        let server = Server {
            public_url: config.public_url.clone(),
            has_previous_secret: config.webhook.secret_previous.is_some(),
            secret_print: Some(vapi::secret_print(&config.webhook)),
            assistant_id: config.vapi_assistant_id.clone(),
        };
        let mut lived_at = None::<Instant>;
        loop {
            let is_last = shutdown.is_cancelled();
            let is_due = lived_at.is_none_or(|at| at.elapsed() >= component_status::EVERY);
            let told = async {
                if is_due {
                    component_status::record(&db, &server, clock::now()).await?;
                    lived_at = Some(Instant::now());
                }
                self.flush(&db).await
            };
            // If the database is unavailable, other parts report it.
            if let Err(error) = told.await {
                tracing::debug!(%error, "could not tell of webhooks");
            }
            if is_last {
                return;
            }
            shutdown.run_until_cancelled(tokio::time::sleep(TELL_EVERY)).await;
        }
    }

    async fn flush(&self, db: &Db) -> Result<()> {
        let last = self.last().clone();
        if let Some((at, sign)) = &last.accepted {
            component_status::record(db, sign, *at).await?;
        }
        if let Some((at, sign)) = &last.refused {
            component_status::record(db, sign, *at).await?;
        }
        let mut now = self.last();
        now.accepted.take_if(|heard| Some(&*heard) == last.accepted.as_ref());
        now.refused.take_if(|heard| Some(&*heard) == last.refused.as_ref());
        Ok(())
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
