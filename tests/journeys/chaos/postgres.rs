//! A separate Postgres, which can be stopped, killed and started again.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use secrecy::SecretString;
use web::config::from_environment;

use super::plan::{Fault, mount};
use crate::processes::{Process, free_port, signal};
use crate::psql::try_psql;

/// Far more than a run writes, in MB.
const DISK_MB: u32 = 6_000;

pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    /// The user and group to run as, because Postgres refuses to run as root.
    run_as: Option<(u32, u32)>,
    pub port: u16,
    process: Option<Process>,
}

/// How the server is stopped.
#[derive(Clone, Copy, Debug)]
pub enum End {
    Fast,
    Immediate,
    Kill,
}

impl Postgres {
    pub async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("chaos-pg-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        if Fault::FillDisk.hindrance().is_none() {
            assert!(mount(&folder, DISK_MB));
        }
        let run_as = user();
        if let Some((uid, gid)) = run_as {
            chown(&folder, Some(uid), Some(gid)).unwrap();
        }
        let mut postgres = Self { folder, programs: programs(), run_as, port: free_port(), process: None };
        let mut initdb = postgres.command("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        let output = initdb.arg(&postgres.folder).output().unwrap();
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        postgres.launch().await;
        postgres
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir("/");
        if let Some((uid, gid)) = self.run_as {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Returns an address that bypasses the proxies.
    pub fn url(&self, database: &str) -> SecretString {
        url("postgres", self.port, database)
    }

    /// Starts the server, also after it ended. After a kill it may need a moment to release its memory.
    pub async fn launch(&mut self) {
        for _ in 0..100 {
            let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
            let mut command = self.command("postgres");
            command.arg("-D").arg(&self.folder).args(["-h", "127.0.0.1", "-k", "", "-p", &self.port.to_string()]);
            // The kernel keeps what a killed process has written, so Postgres need not wait for the disk.
            command.args(["-c", "fsync=off", "-c", "max_connections=100"]).stdout(log.try_clone().unwrap()).stderr(log);
            let mut process = Process::spawn(&mut command);
            for _ in 0..100 {
                if process.has_ended() {
                    break;
                }
                if try_psql(&self.url("postgres"), "select 1").is_ok() {
                    self.process = Some(process);
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("Postgres does not start: {}", std::fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }

    pub fn end(&mut self, end: End) {
        let mut process = self.process.take().unwrap();
        match end {
            End::Fast => signal("INT", process.id()),
            End::Immediate => signal("QUIT", process.id()),
            End::Kill => signal("KILL", process.id()),
        }
        tokio::task::block_in_place(|| process.wait());
    }
}

impl Postgres {
    /// Fills its disk, until [`Postgres::make_room`].
    pub fn fill_disk(&self) {
        let free = Command::new("df").args(["--output=avail", "-B1"]).arg(&self.folder).output().unwrap();
        let free = String::from_utf8(free.stdout).unwrap();
        let free: u64 = free.lines().nth(1).expect("df says how much is free").trim().parse().unwrap();
        let ballast = self.folder.join("ballast");
        // Most of it at once, and the rest until the disk is full, because others write, too.
        let most = free.saturating_sub(32 << 20).to_string();
        let filled = Command::new("fallocate").args(["-l", &most]).arg(&ballast).status().unwrap();
        assert!(filled.success(), "fallocate {most}");
        let script = "cat /dev/zero >> \"$1\"";
        let _ = Command::new("sh").args(["-c", script, "sh"]).arg(&ballast).stderr(Stdio::null()).status();
    }

    /// Frees the disk. Postgres stops if it cannot write its log; then starts it again.
    pub async fn make_room(&mut self) {
        std::fs::remove_file(self.folder.join("ballast")).unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        if self.process.as_mut().is_none_or(Process::has_ended) {
            self.launch().await;
        }
    }

    /// Backs up everything as it is now, under load.
    pub fn back_up(&self) -> PathBuf {
        let backup = self.folder.with_extension("backup");
        std::fs::create_dir_all(&backup).unwrap();
        if let Some((uid, gid)) = self.run_as {
            chown(&backup, Some(uid), Some(gid)).unwrap();
        }
        let mut copy = self.command("pg_basebackup");
        copy.args(["-h", "127.0.0.1", "-U", "postgres", "-X", "stream", "-c", "fast", "-p", &self.port.to_string()]);
        let output = copy.arg("-D").arg(&backup).output().unwrap();
        assert!(output.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&output.stderr));
        backup
    }

    /// Loses the disk, and restores the backup.
    pub async fn restore(&mut self, backup: &std::path::Path) {
        self.end(End::Kill);
        let script = "rm -rf \"$1\"/* && chmod 700 \"$2\" && cp -a \"$2\"/. \"$1\"/ && rm -rf \"$2\"";
        let restored = Command::new("sh").args(["-c", script, "sh"]).arg(&self.folder).arg(backup).status().unwrap();
        assert!(restored.success());
        self.launch().await;
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.end(End::Immediate);
        }
        if Fault::FillDisk.hindrance().is_none() {
            let _ = Command::new("umount").arg(&self.folder).status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Returns an address with this user. Each process has its own, so the database knows which one made a change.
pub fn url(user: &str, port: u16, database: &str) -> SecretString {
    SecretString::from(format!("postgres://{user}@127.0.0.1:{port}/{database}"))
}

fn programs() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let path = from_environment("PATH").unwrap_or_default();
    let folders =
        installed.map(|version| version.path().join("bin")).chain(std::env::split_paths(&path).collect::<Vec<_>>());
    folders.into_iter().find(|folder| folder.join("postgres").is_file()).expect("Postgres is installed")
}

fn user() -> Option<(u32, u32)> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout.trim_ascii() != b"0" {
        return None;
    }
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("postgres:")).expect("there is a user postgres");
    let fields: Vec<&str> = line.split(':').collect();
    Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
}
