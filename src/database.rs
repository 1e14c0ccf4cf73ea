//! How every command finds its database: `DATABASE_URL`, else the private cluster of the data directory.

use std::path::{Path, PathBuf};

use anyhow::bail;
use secrecy::SecretString;
use storage::db::{self, Db, PoolSize};
use web::config::from_environment;

use crate::local_postgres::LocalPostgres;

/// The default data directory.
const DATA_DIR: &str = ".data";

/// The database of a command, and what has to be stopped afterwards.
#[derive(Debug)]
pub struct Database {
    pub url: SecretString,
    local: Option<LocalPostgres>,
}

impl Database {
    /// Finds it, starting the private cluster if need be.
    pub async fn find(data_dir: &Path) -> anyhow::Result<Self> {
        if let Some(url) = from_environment("DATABASE_URL") {
            return Ok(Self { url: SecretString::from(url), local: None });
        }
        let local = LocalPostgres::start(data_dir).await?;
        Ok(Self { url: local.url.clone(), local: Some(local) })
    }

    /// Finds it like [`Self::find`], but never makes an empty one: for commands that show what is there.
    pub async fn find_existing(data_dir: &Path) -> anyhow::Result<Self> {
        if from_environment("DATABASE_URL").is_none() && !LocalPostgres::exists(data_dir) {
            bail!(
                "there is no database in {}: name the data directory of the service by --data-dir or AI_TUTOR_DATA_DIR, \
                 or set DATABASE_URL",
                data_dir.display()
            );
        }
        Self::find(data_dir).await
    }

    /// A pool for a command, on a migrated database.
    pub async fn migrated_pool(&self) -> anyhow::Result<Db> {
        let pool = db::patient_pool(&self.url, PoolSize(4))?;
        // The role of the servers may not migrate, and need not.
        if !db::is_migrated(&pool).await.unwrap_or(false) {
            db::migrate(&self.url, db::MIGRATION_PATIENCE).await?;
        }
        Ok(pool)
    }

    /// Stops the private Postgres, if there is one.
    pub fn stop(self) -> anyhow::Result<()> {
        self.local.map_or(Ok(()), LocalPostgres::stop)
    }
}

/// `--data-dir`, `AI_TUTOR_DATA_DIR`, or `.data` in this folder.
pub fn data_dir(argument: Option<PathBuf>) -> PathBuf {
    argument
        .or_else(|| from_environment("AI_TUTOR_DATA_DIR").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(DATA_DIR))
}
