//! Wakes workers when there may be work. This only saves waiting: workers also look for jobs from time to time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use storage::db::Db;
use storage::job;

/// One notification covers all jobs that were added within this time.
const BETWEEN_NOTIFICATIONS: Duration = Duration::from_millis(2);

/// Notifies the workers after the transactions of this process that added jobs. Postgres commits transactions that notify
/// one after the other, so a notification within each would make them wait for each other's disk writes.
#[derive(Clone, Debug)]
pub struct WakeSender(Arc<Notify>);

impl WakeSender {
    /// Sends through `db` until every clone is dropped.
    pub fn install(db: Db) -> Self {
        let asked = Arc::new(Notify::new());
        let weak = Arc::downgrade(&asked);
        tokio::spawn(async move {
            while let Some(asked) = weak.upgrade() {
                // The timeout lets this task see that all clones are dropped.
                let is_asked = tokio::time::timeout(Duration::from_secs(1), asked.notified()).await.is_ok();
                drop(asked);
                if is_asked {
                    // A notification may be lost: workers also look for jobs from time to time.
                    let _ = job::wake_workers(&db).await;
                    tokio::time::sleep(BETWEEN_NOTIFICATIONS).await;
                }
            }
        });
        Self(asked)
    }

    /// Notifies the workers soon. Call it after the commit.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Waits for notifications. Clones share one connection.
#[derive(Clone, Debug)]
pub struct WakeListener {
    notified: watch::Receiver<()>,
}

impl WakeListener {
    /// Starts to listen, on one connection of the pool, until `shutdown`.
    pub fn install(db: Db, shutdown: CancellationToken) -> Self {
        let (sender, notified) = watch::channel(());
        tokio::spawn(async move { shutdown.run_until_cancelled(listen(&db, &sender)).await });
        Self { notified }
    }

    /// Returns at the next notification, or after `at_most`.
    pub async fn wait(&mut self, at_most: Duration) {
        let notified = async {
            if self.notified.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(at_most, notified).await;
    }
}

async fn listen(db: &Db, sender: &watch::Sender<()>) {
    loop {
        // A connection pooler passes on no notifications. Workers then rely on their timeout.
        if let Ok(Some(mut listener)) = db.listen(job::WAKE_CHANNEL).await {
            // Notifications before this moment, or while the connection was lost, were missed: wake once.
            sender.send_replace(());
            while listener.try_recv().await.is_ok() {
                sender.send_replace(());
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
