//! Hears of sessions that changed: a hint, so that a dashboard need not ask again and again.

use std::time::Duration;

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::db::{Connection, Db, Result};
use crate::id::SessionId;

const CHANNEL: &str = "session_news";
/// Pieces of news that a slow reader may be behind. Beyond it they become one: anything may have changed.
const BACKLOG: usize = 256;
/// How often readers look for themselves where no news arrives, with the second of every round.
const UNHEARD_EVERY: Duration = Duration::from_secs(2);

/// Tells dashboards that sessions changed, once the transaction is committed. Many at once are one piece of news without a
/// name.
pub async fn tell(tx: &mut Connection, session_ids: &[SessionId]) -> Result<()> {
    let payload = match session_ids {
        [] => return Ok(()),
        [only] => only.to_string(),
        _ => String::new(),
    };
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, payload).execute(tx).await?;
    Ok(())
}

/// News from the database, for as many readers as like. Clones share one connection.
#[derive(Clone, Debug)]
pub struct News {
    sender: broadcast::Sender<Option<SessionId>>,
}

/// One reader.
#[derive(Debug)]
pub struct Reader {
    receiver: broadcast::Receiver<Option<SessionId>>,
}

impl News {
    /// Starts to listen, on one connection of the pool, until `shutdown`.
    pub fn install(db: Db, shutdown: CancellationToken) -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        let news = Self { sender: sender.clone() };
        tokio::spawn(async move { shutdown.run_until_cancelled(listen(&db, &sender)).await });
        news
    }

    /// Hears what happens from now on.
    pub fn reader(&self) -> Reader {
        Reader { receiver: self.sender.subscribe() }
    }
}

impl Reader {
    /// Returns the next session that changed. `None`: any session may have changed, so the caller must check.
    pub async fn next(&mut self) -> Option<SessionId> {
        match self.receiver.recv().await {
            Ok(news) => news,
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn listen(db: &Db, sender: &broadcast::Sender<Option<SessionId>>) {
    loop {
        match db.listen(CHANNEL).await {
            Ok(Some(mut listener)) => {
                // What happened before this moment was not heard; likewise what did while a connection was lost.
                let _ = sender.send(None);
                while let Ok(heard) = listener.try_recv().await {
                    let _ = sender.send(heard.and_then(|notification| notification.payload().parse().ok()));
                }
            }
            // No news passes a connection pooler: each reader looks now and again.
            Ok(None) => {
                let _ = sender.send(None);
                tokio::time::sleep(UNHEARD_EVERY).await;
            }
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
