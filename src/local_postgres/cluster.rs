//! The files of the private cluster: made once, started, found running, stopped.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::programs::Programs;
use super::{START_TIMEOUT, answers};

/// Where clusters live that cannot live in their data directory.
const FOREIGN_HOME: &str = "/var/lib/ai-tutor";

/// The files of a private Postgres.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    log: PathBuf,
    password: SecretString,
}

impl Cluster {
    /// Opens the cluster of `data_dir`, and makes it where there is none.
    pub fn open(data_dir: &Path, programs: &Programs) -> anyhow::Result<Self> {
        let data_dir = data_dir.canonicalize()?;
        let home = match programs.run_as() {
            None => data_dir.clone(),
            Some(_) => foreign_home(&data_dir),
        };
        let secret = data_dir.join("postgres-password");
        let known = fs::read_to_string(&secret).ok().filter(|text| !text.is_empty());
        let folder = home.join("postgres");
        let log = home.join("postgres.log");
        let is_made = folder.join("PG_VERSION").is_file();
        if let (true, Some(password)) = (is_made, &known) {
            return Ok(Self { folder, log, password: SecretString::from(password.as_str()) });
        }
        // What is there belongs to a data directory that was emptied, or was never finished.
        let leftover = Self { folder, log, password: SecretString::from("") };
        if leftover.folder.exists() {
            leftover.shut_down(programs)?;
            fs::remove_dir_all(&leftover.folder)?;
        }
        let password = storage::secret::generate("pg");
        let cluster = Self { password, ..leftover };
        cluster.make(programs, &home)?;
        write_private(&secret, cluster.password.expose_secret())?;
        Ok(cluster)
    }

    fn make(&self, programs: &Programs, home: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))?;
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700))?;
        let password_file = home.join("initdb-password");
        write_private(&password_file, self.password.expose_secret())?;
        if let Some(user) = programs.run_as() {
            for path in [&self.folder, &password_file] {
                chown(path, Some(user.uid), Some(user.gid))?;
            }
        }
        let mut initdb = programs.command("initdb");
        initdb.arg("--pgdata").arg(&self.folder).arg("--pwfile").arg(&password_file);
        initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let output = initdb.output().context("cannot run initdb")?;
        fs::remove_file(&password_file)?;
        if !output.status.success() {
            bail!("initdb did not make the private Postgres: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    /// The address of a database in it.
    pub fn url(&self, port: u16, database: &str) -> SecretString {
        SecretString::from(format!("postgres://postgres:{}@127.0.0.1:{port}/{database}", self.password.expose_secret()))
    }

    /// The port that a lock file names. Its process may be long gone.
    pub fn running_port(&self) -> Option<u16> {
        self.lock_file_line(3)?.parse().ok()
    }

    fn lock_file_line(&self, n: usize) -> Option<String> {
        let text = fs::read_to_string(self.folder.join("postmaster.pid")).ok()?;
        text.lines().nth(n).map(|line| line.trim().to_owned())
    }

    /// Starts the server on a free port of this machine, and waits until it answers.
    pub async fn launch(&self, programs: &Programs) -> anyhow::Result<u16> {
        self.recover_lock()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log = fs::File::options().create(true).append(true).open(&self.log)?;
        let mut command = programs.command("postgres");
        command.arg("-D").arg(&self.folder).args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""]);
        command.args(["-c", "max_connections=200", "-c", "shared_buffers=128MB"]);
        // `pg_stat_statements` says what each statement costs; a test counts the statements of a call by it.
        if programs.has_library("pg_stat_statements") {
            command.args(["-c", "shared_preload_libraries=pg_stat_statements"]);
            // Each test has its own database, so there are more statements than the 5,000 that are kept by default. Of those
            // that are dropped, the count would begin again.
            command.args(["-c", "pg_stat_statements.max=20000", "-c", "pg_stat_statements.track_utility=off"]);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // Not in our process group: Ctrl-C is for us first, so that we drain while the database still answers.
        let mut child = command.process_group(0).spawn().context("cannot start Postgres")?;
        let deadline = Instant::now() + START_TIMEOUT;
        let url = self.url(port, "postgres");
        while !answers(&url).await {
            if let Some(status) = child.try_wait()? {
                bail!(
                    "the private Postgres ended at once ({status}); its log, {}, ends:\n{}",
                    self.log.display(),
                    self.log_tail()
                );
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                bail!("the private Postgres did not answer within a minute; its log is {}", self.log.display());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(port)
    }

    /// A killed machine or process leaves its lock file behind, and its number may have gone to another process. Only
    /// a Postgres that works on this very folder keeps the lock.
    fn recover_lock(&self) -> anyhow::Result<()> {
        let Some(pid) = self.lock_file_line(0) else { return Ok(()) };
        let arguments = Command::new("ps").args(["-o", "args=", "-p", &pid]).output();
        let is_ours = arguments.is_ok_and(|output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.contains("postgres") && text.contains(&*self.folder.to_string_lossy())
        });
        if is_ours {
            bail!(
                "a Postgres (process {pid}) holds {} and does not answer; end it with: kill -INT {pid}",
                self.folder.display()
            );
        }
        fs::remove_file(self.folder.join("postmaster.pid"))?;
        Ok(())
    }

    /// Stops the server if it runs: open transactions are rolled back, all that was committed is written out.
    pub fn shut_down(&self, programs: &Programs) -> anyhow::Result<()> {
        if self.lock_file_line(0).is_none() {
            return Ok(());
        }
        let mut command = programs.command("pg_ctl");
        command.arg("stop").arg("--pgdata").arg(&self.folder).args(["--mode=fast", "--silent", "--timeout=30"]);
        let output = command.output().context("cannot run pg_ctl")?;
        if !output.status.success() && self.folder.join("postmaster.pid").exists() {
            tracing::warn!("the private Postgres did not stop within 30 s");
        }
        Ok(())
    }

    /// Removes the files, the log too.
    pub fn remove(&self) -> anyhow::Result<()> {
        fs::remove_dir_all(&self.folder)?;
        match self.folder.parent().filter(|home| home.starts_with(FOREIGN_HOME)) {
            Some(home) => fs::remove_dir_all(home)?,
            None => fs::remove_file(&self.log)?,
        }
        Ok(())
    }

    fn log_tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

/// Returns a separate folder for each data directory, outside of it, because `postgres` may not be able to enter it.
fn foreign_home(data_dir: &Path) -> PathBuf {
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    Path::new(FOREIGN_HOME).join(hex::encode(&digest[..8]))
}

/// Writes a file that only its owner reads.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let file = fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot write {}", path.display()))?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    Ok(file.write_all(text.as_bytes())?)
}
