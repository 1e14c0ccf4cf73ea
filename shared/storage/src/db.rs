//! The way to Postgres: connections, migrations, and what an error of it means to a caller.

pub mod copy;
pub mod hold;
mod kept;
mod migration;
mod pool;
mod reads;
pub mod roles;
mod stored;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::access::Forbidden;

pub use self::migration::{MIGRATION_PATIENCE, is_migrated, migrate, wait_until_migrated};
use self::pool::connect_options;
pub use self::pool::{Db, begin, begin_snapshot, begin_unflushed, commit, patient_pool, pool};
pub use self::reads::{Reads, ReplicaState, ReplicaStatus};
pub use self::stored::Stored;
pub use sqlx::{PgConnection as Connection, PgExecutor as Executor};

/// Returns how many seconds the database's clock is ahead of `now`.
pub async fn clock_skew_seconds(db: impl Executor<'_>, now: DateTime<Utc>) -> Result<f64> {
    let theirs = sqlx::query_scalar!(r#"select clock_timestamp() as "at!""#).fetch_one(db).await?;
    Ok((theirs - now).as_seconds_f64())
}

/// Holds a lock by this name until the transaction ends.
pub async fn lock_name(tx: &mut Connection, name: &str) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", name).execute(tx).await?;
    Ok(())
}

/// An open transaction. Dropped without `commit`, nothing of it happened.
pub type Tx = sqlx::Transaction<'static, sqlx::Postgres>;

/// A result with the error of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

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
    /// Returns the SQLSTATE of a refused statement.
    pub fn sql_state(&self) -> Option<String> {
        match self {
            Self::Internal(sqlx::Error::Database(error)) => error.code().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }

    /// Whether the same statement may succeed in a moment.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether the named constraint refused the row.
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

/// How the database is now.
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

/// Whether the role of `db` can change or delete what the audit log says. The role that owns the tables always can.
pub async fn can_change_audit_log(db: impl Executor<'_>) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select has_table_privilege('audit_entries', 'update, delete, truncate') as "can!""#)
        .fetch_one(db)
        .await?)
}

/// Warns at start of what is set up so that it does harm later: see [`check_room`] and [`can_change_audit_log`].
pub async fn check_at_start(db: Db) {
    // Where it does not answer, others say so.
    if can_change_audit_log(&db).await.unwrap_or_default() {
        tracing::warn!(
            "this server's database role can change the audit log; make a role for the servers by `ai-tutor migrate --app-role`"
        );
    }
    check_room(db).await;
}

/// Warns at start where Postgres has less room than the pools of one process of each role may take: the roles would
/// starve each other, and that not before there is load.
async fn check_room(db: Db) {
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

/// Creates an empty database beside the one that `url` names. For the private cluster and for tests.
pub async fn create_database(url: &SecretString, name: &str) -> anyhow::Result<()> {
    use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

    anyhow::ensure!(
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "a database's name holds small letters, digits and underscores"
    );
    let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await?;
    let made = connection.execute(AssertSqlSafe(format!("create database {name} template template0"))).await;
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
