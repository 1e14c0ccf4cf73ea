//! The pool of connections, and how it works through a connection pooler.
//!
//! A pooler such as PgBouncer in transaction mode may give each transaction another connection. Session state does not
//! last there: settings of the start-up packet are dropped, prepared statements belong to other clients, and `listen`
//! receives nothing. Behind a pooler, every statement runs in a transaction that first prepares its connection.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{
    PgConnectOptions, PgListener, PgPoolOptions, PgQueryResult, PgRow, PgSslMode, PgStatement, PgTypeInfo,
};
use sqlx::{Either, Execute, Executor as _, PgPool, Postgres, Row as _, SqlStr};
use tokio::sync::OnceCell;
use tracing::Instrument as _;

use super::kept::KeptCurriculum;
use super::{Error, PoolSize, Result, Tx};

/// How long a request waits for a connection: a caller is on the line.
pub(super) const REQUEST_WAITS: Duration = Duration::from_secs(1);
const WORK_WAITS: Duration = Duration::from_secs(10);

const STATEMENT_TIMEOUT: &str = "10s";

/// What makes a pooler's connection fit for a transaction: the settings that the pooler dropped, and none of the
/// statements that other clients of ours prepared under the same names. Statements that the pooler itself keeps
/// (PgBouncer 1.21 and newer) have other names.
macro_rules! pooled {
    ($begin:literal) => {
        concat!(
            $begin,
            "; set local statement_timeout = '10s'; set local lock_timeout = '5s'; \
             set local idle_in_transaction_session_timeout = '30s'; set local jit = off; \
             do $$ declare leftover text; begin \
             for leftover in select name from pg_prepared_statements where name like 'sqlx\\_s\\_%' loop \
             execute format('deallocate %I', leftover); end loop; end $$"
        )
    };
}

/// Connections to the database, and what is kept in memory of it. Opens them when they are first needed, and finds out
/// then whether a pooler is between.
#[derive(Clone, Debug)]
pub struct Db {
    direct: PgPool,
    pooled: PgPool,
    is_pooled: Arc<OnceCell<bool>>,
    pub(crate) curriculum: Arc<KeptCurriculum>,
}

/// How a transaction begins: directly, and through a pooler.
#[derive(Clone, Copy)]
struct Begin {
    direct: &'static str,
    pooled: &'static str,
}

const BEGIN: Begin = Begin { direct: "begin", pooled: pooled!("begin") };
const BEGIN_UNFLUSHED: Begin = Begin {
    direct: "begin; set local synchronous_commit = off",
    pooled: pooled!("begin; set local synchronous_commit = off"),
};
const BEGIN_SNAPSHOT: Begin = Begin {
    direct: "begin isolation level repeatable read, read only",
    pooled: pooled!("begin isolation level repeatable read, read only"),
};

/// Opens a pool. Connects lazily: a database that is down at start is an answer 503, not a crash loop.
pub fn pool(url: &SecretString, size: PoolSize) -> Result<Db> {
    Db::open(url, size, REQUEST_WAITS, "ai-tutor", &[("plan_cache_mode", "auto")])
}

/// Opens a pool for background work. It waits longer for a free connection, so a busy machine is not mistaken for an
/// unreachable database.
///
/// Its connections plan each statement once. By default, Postgres plans it again for each of its first five runs. For the
/// statements of a call, that took longer than running them.
pub fn patient_pool(url: &SecretString, size: PoolSize) -> Result<Db> {
    Db::open(url, size, WORK_WAITS, "ai-tutor", &[("plan_cache_mode", "force_generic_plan")])
}

/// How to connect: over a network never without TLS.
pub(super) fn connect_options(url: &SecretString) -> sqlx::Result<PgConnectOptions> {
    let options: PgConnectOptions = url.expose_secret().parse()?;
    let is_near = options.get_socket().is_some()
        || options.get_host().starts_with('/')
        || domain::network::is_loopback_name(options.get_host());
    let is_encrypted =
        matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    Ok(if is_near || is_encrypted { options } else { options.ssl_mode(PgSslMode::Require) })
}

/// Opens a transaction.
pub async fn begin(db: &Db) -> Result<Tx> {
    Ok(db.begin(BEGIN).await?)
}

/// Commits a transaction.
pub async fn commit(tx: Tx) -> Result<()> {
    Ok(tx.commit().await?)
}

/// Opens a transaction whose commit does not wait for the disk. If the database server crashes within a second, the
/// transaction may be undone, so use it only for what is then done again.
pub async fn begin_unflushed(db: &Db) -> Result<Tx> {
    Ok(db.begin(BEGIN_UNFLUSHED).await?)
}

/// Opens a transaction that only reads, and all of it as of one moment.
pub async fn begin_snapshot(db: &Db) -> Result<Tx> {
    Ok(db.begin(BEGIN_SNAPSHOT).await?)
}

impl Db {
    pub(super) fn open(
        url: &SecretString,
        size: PoolSize,
        acquire_timeout: Duration,
        application: &str,
        session: &[(&str, &str)],
    ) -> Result<Self> {
        let options = connect_options(url).map_err(Error::from)?.application_name(application);
        let direct = options.clone().options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
            // Our queries take milliseconds; to compile one takes a tenth of a second.
            ("jit", "off"),
        ]);
        let direct = direct.options(session.iter().copied());
        // A pooler refuses start-up parameters that it does not know. A statement that is kept would be looked for on
        // the next transaction's connection.
        let pooled = options.extra_float_digits(None).statement_cache_capacity(0);
        let pool = |options| {
            PgPoolOptions::new()
                .max_connections(size.0)
                .acquire_timeout(acquire_timeout)
                // Asking each connection whether it lives costs a round trip a query; a dead one shows itself anyway.
                .test_before_acquire(false)
                .max_lifetime(Duration::from_mins(30))
                .connect_lazy_with(options)
        };
        Ok(Self { direct: pool(direct), pooled: pool(pooled), is_pooled: Arc::default(), curriculum: Arc::default() })
    }

    /// Whether a pooler is between us and Postgres: it refuses or drops the settings that we send at the start.
    pub async fn is_pooled(&self) -> Result<bool> {
        Ok(self.find_pooler().await?)
    }

    async fn find_pooler(&self) -> sqlx::Result<bool> {
        self.is_pooled.get_or_try_init(|| self.look_for_pooler()).await.copied()
    }

    async fn look_for_pooler(&self) -> sqlx::Result<bool> {
        let is_pooled = match self.direct.acquire().await {
            Err(sqlx::Error::Database(error)) if error.message().contains("unsupported startup parameter") => true,
            Err(error) => return Err(error),
            Ok(mut connection) => {
                // A bare text is one message, which every pooler passes on.
                let row = connection.fetch_one("show statement_timeout").await?;
                row.try_get::<&str, _>(0)? != STATEMENT_TIMEOUT
            }
        };
        if is_pooled {
            self.direct.close().await;
            tracing::info!("a connection pooler is between us and Postgres: every statement is a transaction");
        }
        Ok(is_pooled)
    }

    /// The pool to take connections from.
    async fn pool(&self) -> sqlx::Result<&PgPool> {
        Ok(if self.find_pooler().await? { &self.pooled } else { &self.direct })
    }

    /// If the caller is cancelled before Postgres answers, sqlx 0.9.0 does not roll back. The next user of the connection
    /// would then run inside a transaction that is never committed.
    async fn begin(&self, how: Begin) -> sqlx::Result<Tx> {
        let db = self.clone();
        // A separate task is not cancelled with its caller, and a transaction that is not taken is rolled back.
        let begun = tokio::spawn(
            async move {
                let statement = if db.find_pooler().await? { how.pooled } else { how.direct };
                db.pool().await?.begin_with(statement).await
            }
            .in_current_span(),
        );
        begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Hears of notifications on a connection of the pool. `None`: a pooler is between, through which none arrive.
    pub async fn listen(&self, channel: &str) -> Result<Option<PgListener>> {
        if self.find_pooler().await? {
            return Ok(None);
        }
        let mut listener = PgListener::connect_with(&self.direct).await?;
        listener.listen(channel).await?;
        Ok(Some(listener))
    }

    /// Closes all connections.
    pub async fn close(&self) {
        tokio::join!(self.direct.close(), self.pooled.close());
    }
}

/// A pool of connections straight to Postgres, as tests have one.
impl From<PgPool> for Db {
    fn from(pool: PgPool) -> Self {
        let is_pooled = Arc::new(OnceCell::new_with(Some(false)));
        Self { direct: pool.clone(), pooled: pool, is_pooled, curriculum: Arc::default() }
    }
}

impl Db {
    /// Returns one connection, for tests alone: a transaction begins with [`begin`].
    pub async fn acquire(&self) -> sqlx::Result<sqlx::pool::PoolConnection<Postgres>> {
        self.direct.acquire().await
    }
}

/// One statement, outside any transaction of its caller's. Through a pooler it is a transaction, and committed before
/// its rows are seen.
impl<'c> sqlx::Executor<'c> for &Db {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let db = self.clone();
        let made = async move {
            if !db.find_pooler().await? {
                return Ok::<_, sqlx::Error>(db.direct.fetch_many(query));
            }
            let mut tx = db.begin(BEGIN).await?;
            let steps: Vec<_> = (&mut *tx).fetch_many(query).try_collect().await?;
            tx.commit().await?;
            Ok(stream::iter(steps.into_iter().map(Ok)).boxed())
        };
        stream::once(made).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let db = self.clone();
        async move {
            if !db.find_pooler().await? {
                return db.direct.fetch_optional(query).await;
            }
            let mut tx = db.begin(BEGIN).await?;
            let row = (&mut *tx).fetch_optional(query).await?;
            tx.commit().await?;
            Ok(row)
        }
        .boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<sqlx::Describe<Postgres>>>
    where
        'c: 'e,
    {
        let db = self.clone();
        async move { db.pool().await?.describe(sql).await }.boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        let db = self.clone();
        async move { db.pool().await?.prepare_with(sql, parameters).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    async fn transaction(db: &Db) -> String {
        sqlx::query_scalar("select pg_current_xact_id()::text").fetch_one(db).await.unwrap()
    }

    #[sqlx::test(migrations = false)]
    async fn who_leaves_before_the_transaction_began_leaves_none_open(options: PgPoolOptions, to: PgConnectOptions) {
        let db = Db::from(options.max_connections(1).connect_with(to).await.unwrap());
        for n_polls in 0..30 {
            {
                let mut beginning = pin!(begin(&db));
                for _ in 0..n_polls {
                    let is_there = poll_fn(|cx| Poll::Ready(beginning.as_mut().poll(cx).is_ready())).await;
                    if is_there {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
            // Two statements for themselves are two transactions.
            assert_ne!(transaction(&db).await, transaction(&db).await, "left after {n_polls}");
        }
    }
}
