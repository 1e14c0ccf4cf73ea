//! The way to Postgres: connections, migrations, and what an error of it means to a caller.

pub mod copy;
pub mod hold;
pub mod roles;

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use tracing::Instrument as _;

use crate::access::Forbidden;

pub use sqlx::{PgConnection as Connection, PgExecutor as Executor, PgPool as Db};

/// An open transaction. Dropped without `commit`, nothing of it happened.
pub type Tx = sqlx::Transaction<'static, sqlx::Postgres>;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Held while migrations run. Any number, so long as nothing else of ours uses it.
const MIGRATION_LOCK: i64 = 0x5475_746f_7201;

/// So often a migration that finds a table busy is tried, each time after a pause twice as long: the requests that have
/// queued behind it get their turn in between.
const MIGRATION_TRIES: u32 = 6;
const MIGRATION_PAUSE: Duration = Duration::from_millis(500);

static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// What went wrong, as far as a caller can act upon it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The named thing does not exist, or not for this caller.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The named constraint refused the row.
    #[error("the row conflicts with {0}")]
    Conflict(String),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A text with a character that Postgres cannot keep: NUL.
    #[error("a text contains a NUL character")]
    UnstorableText,
    /// Worth another try in a moment: no connection, no free one, a time-out, or a restart.
    #[error("the database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// A row that breaks our model: a fault of ours.
    #[error("a stored {0} cannot be read")]
    Corrupt(&'static str),
    #[error("the database refused a statement")]
    Internal(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound("row"),
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default().into_owned();
                match (database.constraint(), &code[..]) {
                    (_, "22021") => Self::UnstorableText,
                    (Some(constraint), _) => Self::Conflict(constraint.to_owned()),
                    // Connection faults, out of resources or disk, shutting down, lock and statement time-outs,
                    // serialisation faults: none of them is the statement's.
                    (None, "57014" | "55P03" | "40001" | "40P01" | "25006") => Self::Unavailable(error),
                    (None, code) if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
                        Self::Unavailable(error)
                    }
                    _ => Self::Internal(error),
                }
            }
            _ => Self::Internal(error),
        }
    }
}

impl Error {
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub fn is_conflict_with(&self, constraint: &str) -> bool {
        matches!(self, Self::Conflict(name) if name == constraint)
    }
}

/// Which role a pool serves: each has its own, so that the dashboard cannot starve the webhooks.
#[derive(Clone, Copy, Debug)]
pub struct PoolSize(pub u32);

impl PoolSize {
    /// Eight were fastest on two cores; more only queue inside Postgres.
    pub const MCP_SERVER: Self = Self(8);
    /// One for each slot, and for listening, relaying, sweeping and renewing leases.
    pub const WORKER: Self = Self(12);
    /// A page asks one question after the other; eight at once are more people than look.
    pub const ADMIN: Self = Self(8);

    /// What one process of each role may take, with what a worker holds beside its pool, and an operator's commands.
    const OF_ALL_ROLES: u32 = Self::MCP_SERVER.0 + Self::WORKER.0 + Self::ADMIN.0 + 8;
}

// A Postgres as it is installed has room for all, and for as many again during a deployment.
const _: () = assert!(2 * PoolSize::OF_ALL_ROLES <= 97);

/// How the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// As it tells it itself: "17.6 (Debian 17.6-1)".
    pub version: String,
    /// Connections to this database, of all who have any.
    pub n_connections: i64,
    /// So many it takes altogether.
    pub max_connections: i32,
    pub n_bytes: i64,
}

pub async fn get_status(db: impl Executor<'_>) -> Result<Status> {
    Ok(sqlx::query_as!(
        Status,
        r#"select current_setting('server_version') as "version!",
               (select count(*) from pg_stat_activity where datname = current_database()) as "n_connections!",
               current_setting('max_connections')::int as "max_connections!",
               pg_database_size(current_database()) as "n_bytes!""#,
    )
    .fetch_one(db)
    .await?)
}

/// Warns at start where Postgres has less room than the pools of one process of each role may take: the roles would
/// starve each other, and that not before there is load.
pub async fn check_room(db: Db) {
    let room = sqlx::query_scalar!(
        r#"select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           as "room!""#
    );
    // Where it does not answer, others say so.
    if let Ok(room) = room.fetch_one(&db).await
        && room.unsigned_abs() < PoolSize::OF_ALL_ROLES
    {
        tracing::warn!(
            room,
            needed = PoolSize::OF_ALL_ROLES,
            "Postgres' max_connections is less than our pools may take"
        );
    }
}

/// Opens a pool. Connects lazily: a database that is down at start is an answer 503, not a crash loop.
pub fn pool(url: &SecretString, size: PoolSize) -> Result<Db> {
    open(url, size, REQUEST_WAITS)
}

/// Opens a pool for work that no request waits for. It waits longer for a free connection, so that a busy machine is not
/// taken for a database that cannot be reached.
pub fn patient_pool(url: &SecretString, size: PoolSize) -> Result<Db> {
    open(url, size, WORK_WAITS)
}

/// How long a request waits for a connection: a caller is on the line.
const REQUEST_WAITS: Duration = Duration::from_secs(1);
const WORK_WAITS: Duration = Duration::from_secs(10);

fn open(url: &SecretString, size: PoolSize, acquire_timeout: Duration) -> Result<Db> {
    let options = connect_options(url).map_err(Error::from)?;
    let options = options.application_name("ai-tutor").options([
        ("statement_timeout", "10s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "30s"),
        // Our queries take milliseconds; to compile one takes a tenth of a second.
        ("jit", "off"),
    ]);
    Ok(PgPoolOptions::new()
        .max_connections(size.0)
        .acquire_timeout(acquire_timeout)
        // Asking each connection whether it lives costs a round trip a query; a dead one shows itself anyway.
        .test_before_acquire(false)
        .max_lifetime(Duration::from_mins(30))
        .connect_lazy_with(options))
}

/// How to connect: over a network never without TLS.
fn connect_options(url: &SecretString) -> sqlx::Result<PgConnectOptions> {
    let options: PgConnectOptions = url.expose_secret().parse()?;
    let is_near = options.get_socket().is_some()
        || options.get_host().starts_with('/')
        || crate::config::is_loopback_name(options.get_host());
    let is_encrypted =
        matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    Ok(if is_near || is_encrypted { options } else { options.ssl_mode(PgSslMode::Require) })
}

/// Opens a transaction, instead of `Db::begin`: where whoever asked leaves before Postgres has answered, sqlx 0.9.0 forgets to
/// roll back, and what uses the connection next is part of a transaction that nobody commits.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub async fn begin(db: &Db) -> Result<Tx> {
    let db = db.clone();
    // A task of its own is never left half done, and a transaction that nobody takes is rolled back.
    let begun = tokio::spawn(async move { db.begin().await }.in_current_span());
    Ok(begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??)
}

/// Applies what is missing of the migrations. Two at once are safe: the second waits on an advisory lock.
pub async fn migrate(url: &SecretString) -> anyhow::Result<()> {
    use sqlx::Connection as _;

    let options = connect_options(url)?;
    let mut connection = sqlx::PgConnection::connect_with(&options.application_name("ai-tutor migrate")).await?;
    // We wait for another migration as long as it takes, but for a busy table only shortly: requests queue behind us.
    sqlx::query!("select pg_advisory_lock($1)", MIGRATION_LOCK).fetch_one(&mut connection).await?;
    sqlx::query!("set lock_timeout = '2s'").execute(&mut connection).await?;
    let mut migrator = sqlx::migrate!("../migrations");
    migrator.set_locking(false);
    let (mut n_tries, mut pause) = (1, MIGRATION_PAUSE);
    while let Err(error) = migrator.run(&mut connection).await {
        if !is_busy(&error) || n_tries == MIGRATION_TRIES {
            return Err(error.into());
        }
        tracing::warn!(
            n_tries,
            pause_ms = pause.as_millis(),
            "a table is busy; the migration steps back and tries again"
        );
        tokio::time::sleep(pause).await;
        (n_tries, pause) = (n_tries + 1, pause * 2);
    }
    let mut tx = connection.begin().await?;
    crate::curriculum::install_starter(&mut tx).await?;
    tx.commit().await?;
    connection.close().await?;
    Ok(())
}

/// Whether another transaction holds what a migration needs: then nothing of it was done.
fn is_busy(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else { return false };
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| matches!(&*code, "55P03" | "40P01"))
}

/// Whether the schema is the one that this binary was built for (or newer).
pub async fn is_migrated(db: &Db) -> Result<bool> {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0);
    // The table is the migrator's own and missing before the first run, so this query cannot be a checked one.
    let applied: std::result::Result<Option<i64>, sqlx::Error> =
        sqlx::query_scalar("select max(version) from _sqlx_migrations where success").fetch_one(db).await;
    match applied {
        Ok(applied) => Ok(applied.unwrap_or(0) >= newest),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Creates an empty database beside the one that `url` names. For the private cluster and for tests.
pub async fn create_database(url: &SecretString, name: &str) -> anyhow::Result<()> {
    use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

    anyhow::ensure!(
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "a database's name holds small letters, digits and underscores"
    );
    let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await?;
    let made = connection.execute(AssertSqlSafe(format!("create database {name}"))).await;
    match made {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P04") => {}
        other => {
            other?;
        }
    }
    connection.close().await?;
    Ok(())
}

/// Whether Postgres answers at all.
pub async fn ping(db: &Db) -> Result<()> {
    sqlx::query_scalar!("select 1 as \"one!\"").fetch_one(db).await?;
    Ok(())
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
        let db = options.max_connections(1).connect_with(to).await.unwrap();
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
