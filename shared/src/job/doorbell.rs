//! A hint that there may be work: it saves waiting, and nothing depends on it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::db::{Db, Executor, Result};

const CHANNEL: &str = "jobs";

/// One ring stands for all jobs that were made meanwhile.
const BETWEEN_RINGS: Duration = Duration::from_millis(2);

/// Rings: at once, or when the transaction commits.
pub async fn ring(db: impl Executor<'_>) -> Result<()> {
    sqlx::query!("select pg_notify($1, '')", CHANNEL).fetch_one(db).await?;
    Ok(())
}

/// Rings after the transactions of one process that made jobs. Postgres commits transactions that notify one after the
/// other, so a ring within each would make them wait for each other's disk writes.
#[derive(Clone, Debug)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Rings through `db` until every clone is gone.
    pub fn install(db: Db) -> Self {
        let pulled = Arc::new(Notify::new());
        let rope = Arc::downgrade(&pulled);
        tokio::spawn(async move {
            while let Some(pulled) = rope.upgrade() {
                // Without a pull it looks now and then if anybody is left to pull.
                let is_pulled = tokio::time::timeout(Duration::from_secs(1), pulled.notified()).await.is_ok();
                drop(pulled);
                if is_pulled {
                    // A ring that fails is lost: workers look for jobs by themselves, too.
                    let _ = ring(&db).await;
                    tokio::time::sleep(BETWEEN_RINGS).await;
                }
            }
        });
        Self(pulled)
    }

    /// Rings soon. Call it after the commit.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// Hears the bell. Clones share one connection; rings that come while nobody waits are one ring.
#[derive(Clone, Debug)]
pub struct Doorbell {
    rings: watch::Receiver<()>,
}

impl Doorbell {
    /// Starts to listen, on one connection of the pool, until `shutdown`.
    pub fn install(db: Db, shutdown: CancellationToken) -> Self {
        let (sender, rings) = watch::channel(());
        tokio::spawn(async move { shutdown.run_until_cancelled(listen(&db, &sender)).await });
        Self { rings }
    }

    /// Returns at the next ring, and after `at_most` without one: whoever waits then looks for himself.
    pub async fn wait(&mut self, at_most: Duration) {
        let rung = async {
            if self.rings.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(at_most, rung).await;
    }
}

async fn listen(db: &Db, sender: &watch::Sender<()>) {
    loop {
        // Through a connection pooler no bell is heard: whoever waits looks after a while anyway.
        if let Ok(Some(mut listener)) = db.listen(CHANNEL).await {
            // What rang before this moment was not heard, so this is a ring too; likewise a lost connection.
            sender.send_replace(());
            while listener.try_recv().await.is_ok() {
                sender.send_replace(());
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
