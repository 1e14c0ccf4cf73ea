//! Brings the schema up to date, one migration at a time. Each runs in a separate transaction that holds a lock.

use std::time::{Duration, Instant};

use secrecy::SecretString;
use sqlx::migrate::{Migrate as _, MigrateError, Migrator};

use super::{Db, PoolSize, Result, Tx, begin};

/// How long `migrate` waits by default for another migration to finish.
pub const MIGRATION_PATIENCE: Duration = Duration::from_mins(5);

/// Held while a migration runs, until its transaction ends. Any number, so long as nothing else of ours uses it.
const LOCK: i64 = 0x5475_746f_7201;
/// Between two looks at whether the other has ended.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between two lines about waiting for it.
const TELL_EVERY: Duration = Duration::from_secs(15);

/// So often a migration that finds a table busy is tried, each time after a pause twice as long: the requests that have
/// queued behind it get their turn in between.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(500);

/// sqlx's own, and the same in every release of it.
const TABLE: &str = "_sqlx_migrations";

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Applies what is missing of the migrations, through a connection pooler too. Two at once are safe: the second waits
/// for the first, says so, and gives up after `patience`.
pub async fn migrate(url: &SecretString, patience: Duration) -> anyhow::Result<()> {
    let db = Db::open(url, PoolSize(1), Duration::from_secs(10), "ai-tutor migrate", &[])?;
    let done = apply_all(&db, patience).await;
    db.close().await;
    done
}

async fn apply_all(db: &Db, patience: Duration) -> anyhow::Result<()> {
    let (mut n_tries, mut pause) = (1, PAUSE);
    let mut tx = lock(db, patience).await?;
    tx.ensure_migrations_table(TABLE).await?;
    tx.commit().await?;
    loop {
        let mut tx = lock(db, patience).await?;
        match apply_next(&mut tx).await {
            Ok(true) => {
                tx.commit().await?;
                (n_tries, pause) = (1, PAUSE);
            }
            Ok(false) => {
                crate::curriculum::install_starter(&mut tx).await?;
                tx.commit().await?;
                return Ok(());
            }
            Err(error) if is_busy(&error) && n_tries < TRIES => {
                tx.rollback().await?;
                tracing::warn!(
                    n_tries,
                    pause_ms = pause.as_millis(),
                    "a table is busy; the migration steps back and tries again"
                );
                tokio::time::sleep(pause).await;
                (n_tries, pause) = (n_tries + 1, pause * 2);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// A transaction that holds the lock. It waits for another migration, but for a busy table only shortly: requests queue
/// behind it.
async fn lock(db: &Db, patience: Duration) -> anyhow::Result<Tx> {
    let began = Instant::now();
    let mut told_at = None;
    loop {
        let mut tx = begin(db).await?;
        let free = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "free!""#, LOCK);
        if free.fetch_one(&mut *tx).await? {
            sqlx::Executor::execute(&mut *tx, "set local statement_timeout = 0; set local lock_timeout = '2s'").await?;
            return Ok(tx);
        }
        let holder = find_holder(&mut tx).await?;
        tx.rollback().await?;
        let holder = holder.unwrap_or_else(|| "a process that has just ended".to_owned());
        if began.elapsed() >= patience {
            anyhow::bail!(
                "gave up after {} s: {holder} still holds the lock of migrations. If no migration is running, end that \
                 process with pg_terminate_backend and migrate again",
                patience.as_secs()
            );
        }
        if told_at.is_none_or(|at: Instant| at.elapsed() >= TELL_EVERY) {
            tracing::warn!(
                left_s = patience.saturating_sub(began.elapsed()).as_secs(),
                "waits for another migration: {holder} holds its lock"
            );
            told_at = Some(Instant::now());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whose the lock is, as an operator finds it.
async fn find_holder(tx: &mut Tx) -> Result<Option<String>> {
    let holder = sqlx::query_scalar!(
        r#"select format('process %s of Postgres (%s, %s)', a.pid, coalesce(nullif(a.application_name, ''), 'no name'),
                         coalesce(a.state, 'state unknown')) as "holder!"
           from pg_locks l join pg_stat_activity a using (pid)
           where l.locktype = 'advisory' and l.granted and l.objsubid = 1
             and l.database = (select oid from pg_database where datname = current_database())
             and l.classid::bigint = $1::bigint >> 32 and l.objid::bigint = $1::bigint & 4294967295"#,
        LOCK
    );
    Ok(holder.fetch_optional(&mut **tx).await?)
}

/// Applies the first migration that is missing. False: none was.
async fn apply_next(tx: &mut Tx) -> std::result::Result<bool, MigrateError> {
    let applied = tx.list_applied_migrations(TABLE).await?;
    for done in &applied {
        match MIGRATOR.iter().find(|migration| migration.version == done.version) {
            None => return Err(MigrateError::VersionMissing(done.version)),
            Some(migration) if migration.checksum != done.checksum => {
                return Err(MigrateError::VersionMismatch(done.version));
            }
            Some(_) => {}
        }
    }
    let next = MIGRATOR.iter().find(|migration| applied.iter().all(|done| done.version != migration.version));
    let Some(next) = next else { return Ok(false) };
    tx.apply(TABLE, next).await?;
    Ok(true)
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
    let versions: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    // The table is the migrator's own and missing before the first run, so this query cannot be a checked one.
    let applied: std::result::Result<i64, sqlx::Error> =
        sqlx::query_scalar("select count(*) from _sqlx_migrations where success and version = any($1)")
            .bind(&versions)
            .fetch_one(db)
            .await;
    match applied {
        Ok(applied) => Ok(usize::try_from(applied).is_ok_and(|applied| applied == versions.len())),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Returns once the schema is the one that this binary needs: a role that starts beside the release step must not try, and
/// fail, jobs against the schema of the release before.
pub async fn wait_until_migrated(db: &Db) {
    let mut told: Option<Instant> = None;
    loop {
        let is_migrated = is_migrated(db).await;
        if matches!(is_migrated, Ok(true)) {
            return;
        }
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            told = Some(Instant::now());
            match is_migrated {
                Ok(_) => tracing::warn!("the schema is older than this program: waits for `ai-tutor migrate`"),
                Err(error) => tracing::warn!(%error, "waits for the database"),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    use super::*;

    #[sqlx::test(migrations = false)]
    async fn who_starts_before_the_migration_waits_for_it(options: PgPoolOptions, to: PgConnectOptions) {
        let pool = options.connect_with(to).await.unwrap();
        // A new database may be a copy of one that is migrated.
        sqlx::raw_sql("drop schema public cascade; create schema public").execute(&pool).await.unwrap();
        let db = Db::from(pool);
        let mut waiting = Box::pin(wait_until_migrated(&db));
        let waited = tokio::time::timeout(LOOK_EVERY * 2, &mut waiting).await;
        assert!(waited.is_err(), "an empty database is not migrated");
        apply_all(&db, MIGRATION_PATIENCE).await.unwrap();
        waiting.await;
    }
}
