//! The production binaries as separate processes, a real Faktory, and the means to kill them.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use secrecy::{ExposeSecret, SecretString};
use storage::db::{self, Db, PoolSize};
use web::config::from_environment;

use crate::service::{Service, WEBHOOK_SECRET, client, eventually, new_database};

/// For tests only.
pub const JWT_PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\\n-----END PRIVATE KEY-----";

/// Another key, also for tests only.
pub const JWT_PRIVATE_KEY_TWO: &str = "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIBlsfrgU+upcds75N7CZmFjHsJTUIwhWm3HFDPPpZVbW\\n-----END PRIVATE KEY-----";

/// Runs an operator's command. Returns whether it succeeded, and its output.
pub fn operator(service: &Service, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(binary("ai-tutor"));
    command.args(arguments).env("DATABASE_URL", service.database_url.expose_secret());
    let output = tokio::task::block_in_place(|| command.output().unwrap());
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// A process that does not outlive its test.
pub struct Process(Child);

impl Process {
    pub fn spawn(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }

    pub fn of(child: Child) -> Self {
        Self(child)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Sends `kill -9`.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub fn wait(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Sends SIGTERM. Returns the exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        signal("TERM", self.id());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(sent.success(), "kill -{name} {pid}");
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Returns the path of a workspace binary. `./dev test` builds them.
pub fn binary(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.is_file(), "{name} is not built: cargo build --workspace --bins");
    path
}

/// A real Faktory with its Redis, in a separate folder.
pub struct Faktory {
    process: Option<Process>,
    folder: PathBuf,
    pub port: u16,
}

impl Faktory {
    pub async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("fk-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(folder.join("config")).unwrap();
        let mut faktory = Self { process: None, folder, port: free_port() };
        faktory.launch().await;
        faktory
    }

    pub fn url(&self) -> String {
        format!("tcp://:a-queue-password@127.0.0.1:{}", self.port)
    }

    /// Starts the server, also after a kill.
    pub async fn launch(&mut self) {
        let program = from_environment("FAKTORY_BIN").unwrap_or_else(|| "faktory".to_owned());
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = Command::new(program);
        command.arg("-b").arg(format!("127.0.0.1:{}", self.port)).args(["-w", ":0", "-l", "warn"]);
        command.arg("-d").arg(self.folder.join("db")).arg("-c").arg(self.folder.join("config"));
        command.env("FAKTORY_PASSWORD", "a-queue-password");
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(Process::spawn(&mut command));
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        eventually("Faktory listens", async || tokio::net::TcpStream::connect(address).await.ok()).await;
    }

    /// Sends `kill -9` to the server. The kernel then stops its Redis.
    pub fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Sends `kill -9` to its Redis. Faktory ends with it, and loses what it had acknowledged.
    pub fn kill_redis(&mut self) {
        let mut process = self.process.take().unwrap();
        let children = Command::new("pgrep").arg("-P").arg(process.id().to_string()).output().unwrap();
        let redis = String::from_utf8(children.stdout).unwrap();
        signal("KILL", redis.trim().parse().expect("Faktory has one child, its Redis"));
        process.0.wait().unwrap();
    }
}

impl Drop for Faktory {
    fn drop(&mut self) {
        self.process = None;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// `mcp-server`, `worker` and `admin` with a shared Postgres and a Faktory.
pub struct Production {
    pub db: Db,
    pub server_url: String,
    pub admin_url: String,
    database_url: SecretString,
    faktory_url: Option<String>,
    settings: Vec<(String, String)>,
    pub mcp_server: Process,
    pub worker: Process,
    pub admin: Process,
}

impl Production {
    pub async fn start(faktory: &Faktory, settings: &[(&str, &str)]) -> Self {
        Self::start_on(new_database().await, Some(faktory.url()), settings).await
    }

    /// Starts them on an existing database. Without Faktory, the queue is embedded.
    pub async fn start_on(database_url: SecretString, faktory_url: Option<String>, settings: &[(&str, &str)]) -> Self {
        let (server, admin) = (free_port(), free_port());
        let mut all: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        for (name, value) in [
            ("MCP_SERVER_ADDR", format!("127.0.0.1:{server}")),
            ("ADMIN_ADDR", format!("127.0.0.1:{admin}")),
            ("JWT_PRIVATE_KEY", JWT_PRIVATE_KEY.to_owned()),
            ("VAPI_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
            ("RUST_LOG", "warn".to_owned()),
        ] {
            all.push((name.to_owned(), value));
        }
        let spawn = |name| spawn(name, &all, &database_url, faktory_url.as_deref());
        let production = Self {
            db: db::patient_pool(&database_url, PoolSize(4)).unwrap(),
            server_url: format!("http://127.0.0.1:{server}"),
            admin_url: format!("http://127.0.0.1:{admin}"),
            mcp_server: spawn("mcp-server"),
            worker: spawn("worker"),
            admin: spawn("admin"),
            settings: all,
            faktory_url,
            database_url,
        };
        let http = client();
        for url in [&production.server_url, &production.admin_url] {
            eventually("the server is ready", async || {
                let response = http.get(format!("{url}/readyz")).send().await.ok()?;
                response.status().is_success().then_some(())
            })
            .await;
        }
        production
    }

    /// Starts another server on the same database. Returns its address.
    pub async fn add_server(&self) -> (Process, String) {
        let port = free_port();
        let mut settings = self.settings.clone();
        settings.retain(|(name, _)| name != "MCP_SERVER_ADDR");
        settings.push(("MCP_SERVER_ADDR".to_owned(), format!("127.0.0.1:{port}")));
        // Behind one address, as with a load balancer.
        settings.push(("PUBLIC_URL".to_owned(), self.server_url.clone()));
        let process = spawn("mcp-server", &settings, &self.database_url, self.faktory_url.as_deref());
        let url = format!("http://127.0.0.1:{port}");
        eventually("the server is ready", async || {
            let response = client().get(format!("{url}/readyz")).send().await.ok()?;
            response.status().is_success().then_some(())
        })
        .await;
        (process, url)
    }

    /// Starts another worker beside the first.
    pub fn add_worker(&self) -> Process {
        spawn("worker", &self.settings, &self.database_url, self.faktory_url.as_deref())
    }

    /// Starts another worker, as a supervisor would.
    pub fn start_worker(&mut self) {
        self.worker = spawn("worker", &self.settings, &self.database_url, self.faktory_url.as_deref());
    }
}

fn spawn(name: &str, settings: &[(String, String)], database_url: &SecretString, faktory_url: Option<&str>) -> Process {
    let mut command = Command::new(binary(name));
    command.env_clear().env("PATH", from_environment("PATH").unwrap_or_default());
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command.env("DATABASE_URL", database_url.expose_secret());
    match faktory_url {
        Some(url) => command.env("FAKTORY_URL", url),
        None => command.env("QUEUE", "embedded"),
    };
    Process::spawn(&mut command)
}
