//! A Postgres of our own, to be stopped, killed and started again.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use secrecy::SecretString;
use shared::config::from_environment;

use crate::processes::{Process, free_port, signal};
use crate::psql::try_psql;

pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    /// Postgres does not run as root.
    run_as: Option<(u32, u32)>,
    pub port: u16,
    process: Option<Process>,
}

/// How it goes down.
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

    /// The way in without a proxy.
    pub fn url(&self, database: &str) -> SecretString {
        url("postgres", self.port, database)
    }

    /// Starts it, again after an end. One that was killed may need a moment to let go of its memory.
    pub async fn launch(&mut self) {
        for _ in 0..100 {
            let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
            let mut command = self.command("postgres");
            command.arg("-D").arg(&self.folder).args(["-h", "127.0.0.1", "-k", "", "-p", &self.port.to_string()]);
            // A killed process loses nothing that the kernel has, so the disk need not be waited for.
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
        panic!("Postgres does not start: {}", self.folder.join("log").display());
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

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.end(End::Immediate);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// As one of several users, so that the database can tell who did what.
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
