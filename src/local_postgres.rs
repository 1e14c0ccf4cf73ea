//! A private Postgres in the data directory, used if `DATABASE_URL` is not set. The commands of the directory share it.
//! The last one that used it stops it.
//!
//! Postgres refuses to run as root. For root it runs as the `postgres` user, in a folder that this user can enter
//! regardless of the checkout's permissions.

mod cluster;
mod programs;

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use secrecy::SecretString;
use storage::db::{self, PoolSize};

pub use cluster::write_private;

use cluster::Cluster;
use programs::Programs;

const START_TIMEOUT: Duration = Duration::from_mins(1);

/// The running cluster. [`LocalPostgres::stop`] ends it, unless another command still uses it.
#[derive(Debug)]
pub struct LocalPostgres {
    programs: Programs,
    cluster: Cluster,
    pub url: SecretString,
    /// Locked shared by every command that uses the cluster.
    in_use: File,
}

impl LocalPostgres {
    /// Finds the cluster of `data_dir` running, or starts it; makes it where there is none.
    pub async fn start(data_dir: &Path) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        std::fs::create_dir_all(data_dir)
            .with_context(|| format!("cannot make the data directory {}", data_dir.display()))?;
        let in_use = open_lock(&data_dir.join("in-use.lock"))?;
        // One command starts the cluster at a time; a killed one leaves no lock behind, the kernel sees to it.
        let starting = open_lock(&data_dir.join("starting.lock"))?;
        lock_patiently(&starting).await?;
        in_use.lock_shared()?;
        let cluster = Cluster::open(data_dir, &programs)?;
        let port = match cluster.running_port() {
            Some(port) if answers(&cluster.url(port, "postgres")).await => port,
            _ => cluster.launch(&programs).await?,
        };
        let admin_url = cluster.url(port, "postgres");
        db::create_database(&admin_url, "ai_tutor").await.context("the private Postgres refused to make a database")?;
        let url = cluster.url(port, "ai_tutor");
        drop(starting);
        Ok(Self { programs, cluster, url, in_use })
    }

    /// Whether `data_dir` was used before.
    pub fn exists(data_dir: &Path) -> bool {
        data_dir.join("postgres-password").is_file()
    }

    /// A `PATH` on which the programs of this Postgres come first.
    pub fn path_variable(&self) -> OsString {
        self.programs.path_variable()
    }

    /// Stops the cluster if no other process uses it.
    pub fn stop(self) -> anyhow::Result<()> {
        self.in_use.unlock()?;
        match self.in_use.try_lock() {
            Ok(()) => self.cluster.shut_down(&self.programs),
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Stops the cluster and removes its files.
    pub fn stop_and_remove(self) -> anyhow::Result<()> {
        self.cluster.shut_down(&self.programs)?;
        self.cluster.remove()
    }
}

fn open_lock(path: &Path) -> anyhow::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    file.with_context(|| format!("cannot open {}", path.display()))
}

async fn lock_patiently(file: &File) -> anyhow::Result<()> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(TryLockError::WouldBlock) => {
                bail!("another command has been starting the private Postgres for a minute")
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

async fn answers(url: &SecretString) -> bool {
    match db::pool(url, PoolSize(1)) {
        Ok(pool) => db::ping(&pool).await.is_ok(),
        Err(_) => false,
    }
}
