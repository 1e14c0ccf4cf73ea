//! Finds the programs of Postgres, and the user to run them as.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use web::config::from_environment;

/// The oldest major version that the schema is tested on.
const OLDEST: u32 = 15;

/// The programs of Postgres on this machine.
#[derive(Debug)]
pub struct Programs {
    folder: PathBuf,
    /// The user to run them as, if we are root.
    run_as: Option<User>,
}

/// The system user that Postgres runs as.
#[derive(Clone, Copy, Debug)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

impl Programs {
    /// The newest Postgres of the machine.
    pub fn find() -> anyhow::Result<Self> {
        let mut found: Vec<(u32, PathBuf)> =
            folders().into_iter().filter_map(|folder| Some((version(&folder)?, folder))).collect();
        found.sort();
        let Some((version, folder)) = found.pop() else {
            bail!(
                "there is no Postgres on this machine: install it (Debian: apt-get install postgresql), or set DATABASE_URL"
            );
        };
        if version < OLDEST {
            bail!("Postgres {version} is too old: install version {OLDEST} or newer, or set DATABASE_URL");
        }
        Ok(Self { folder, run_as: run_as()? })
    }

    /// Whom Postgres must run as. `None`: it may run as the user of this process.
    pub fn run_as(&self) -> Option<User> {
        self.run_as
    }

    /// A `PATH` on which these programs come first. Debian's own `psql` is a script that takes longer than most statements.
    pub fn path_variable(&self) -> OsString {
        let path = from_environment("PATH").unwrap_or_default();
        let first = self.installed().unwrap_or_else(|| self.folder.clone());
        let folders = std::iter::once(first).chain(std::env::split_paths(OsStr::new(&path)));
        std::env::join_paths(folders).unwrap_or_else(|_| path.into())
    }

    /// The folder in which they are installed: a folder of PATH may hold links to some of them.
    fn installed(&self) -> Option<PathBuf> {
        let program = std::fs::canonicalize(self.folder.join("postgres")).ok()?;
        program.parent().map(Path::to_path_buf)
    }

    /// Whether this Postgres can load the library.
    pub fn has_library(&self, name: &str) -> bool {
        let folder = self.installed();
        let Some(installed) = folder.as_deref().and_then(Path::parent) else { return false };
        ["lib", "lib/postgresql"].iter().any(|lib| installed.join(lib).join(format!("{name}.so")).is_file())
    }

    /// Returns a command of Postgres, run as the right user.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        // Not the checkout: another user may not enter it.
        command.current_dir("/");
        if let Some(user) = self.run_as {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }
}

/// Every folder that could hold them: those of PATH, and where distributions put servers.
fn folders() -> Vec<PathBuf> {
    let path = from_environment("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(OsStr::new(&path)).collect();
    for (parent, below) in
        [("/usr/lib/postgresql", "bin"), ("/usr/local/opt", "bin"), ("/opt/homebrew/opt", "bin"), ("/usr", "bin")]
    {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let postgres =
            entries.filter(|entry| entry.file_name().to_string_lossy().contains(|c: char| c.is_ascii_digit()));
        folders.extend(postgres.map(|entry| entry.path().join(below)));
    }
    folders.retain(|folder| ["initdb", "postgres", "pg_ctl"].iter().all(|program| folder.join(program).is_file()));
    folders
}

/// The major version that `postgres --version` tells: `postgres (PostgreSQL) 15.18 (Debian …)`.
fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// `None` where we are not root.
fn run_as() -> anyhow::Result<Option<User>> {
    let id = Command::new("id").arg("-u").output().context("cannot run `id -u`")?;
    if id.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd")?;
    let user = ["postgres", "nobody"].iter().find_map(|name| {
        let fields: Vec<&str> =
            passwd.lines().map(|line| line.split(':').collect()).find(|f: &Vec<&str>| f[0] == *name)?;
        Some(User { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    });
    match user {
        Some(user) => Ok(Some(user)),
        None => bail!(
            "Postgres does not run as root, and there is no user `postgres` to run it as: add one, or set DATABASE_URL"
        ),
    }
}
