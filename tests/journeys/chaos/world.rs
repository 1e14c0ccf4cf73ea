//! Everything in a real deployment, each part behind a connection that can be cut.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};
use storage::db::{self, Db, PoolSize};
use web::config::from_environment;

use super::fake_llm::FakeLlm;
use super::history::History;
use super::plan::FAKETIME;
use super::postgres::{Postgres, url};
use super::proxy::Proxy;
use crate::fake_vapi::{API_KEY, FakeVapi};
use crate::mailbox::Mailbox;
use crate::processes::{Faktory, JWT_PRIVATE_KEY, Process, binary, free_port};
use crate::psql::psql;
use crate::receiver::Receiver;
use crate::service::{client, eventually};

pub const N_STUDENTS: u32 = 200;
/// Texts that no log line may contain.
pub const CANARIES: [&str; 6] =
    ["Canary Quill", "1415555", "two fifths", API_KEY, "llm-key-canary", "webhook-secret-canary"];
const DATABASE: &str = "chaos";
pub const LEASE_SECONDS: u64 = 3;

/// A deliberate fault, to prove that the checker sees it. Both come from outside: production code has no such switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The database treats every token as the newest.
    Fencing,
    /// Something in front of the servers accepts deliveries before they do.
    EarlyAnswer,
}

/// Records who took a job and who finished it. Each worker is a different user of the database.
const WATCH: &str = "
    create table chaos_claims (job_id uuid primary key, claimed_by text not null, claimed_at timestamptz not null);
    create table chaos_finishes (job_id uuid not null, claimed_by text not null, finished_by text not null);
    create function chaos_watch() returns trigger language plpgsql as $$
    begin
        if new.state = 'running' and old.state <> 'running' then
            insert into chaos_claims values (new.job_id, session_user, now())
            on conflict (job_id) do update set claimed_by = excluded.claimed_by, claimed_at = now();
        elsif old.state = 'running' and new.state = 'done' then
            insert into chaos_finishes
            select job_id, claimed_by, session_user from chaos_claims where job_id = new.job_id;
        end if;
        return null;
    end $$;
    create trigger chaos_watch after update on jobs for each row execute function chaos_watch();";

/// Makes the comparison of the lease token with the row always true, and no other comparison.
const UNFENCE: &str = "
    alter table jobs alter column lease_token type text;
    create function chaos_unfenced(text, uuid) returns boolean language sql immutable as 'select true';
    create operator = (leftarg = text, rightarg = uuid, function = chaos_unfenced);";

/// The addresses of the servers, and the secret that signs deliveries.
#[derive(Clone)]
pub struct Door(Arc<Mutex<(Vec<String>, String)>>);

impl Door {
    /// Returns the address of a server; `n` takes them in turn.
    pub fn server(&self, n: usize) -> String {
        let door = self.0.lock().unwrap();
        door.0[n % door.0.len()].clone()
    }

    pub fn secret(&self) -> String {
        self.0.lock().unwrap().1.clone()
    }

    pub fn sign_with(&self, secret: &str) {
        secret.clone_into(&mut self.0.lock().unwrap().1);
    }

    fn replace(&self, i: usize, url: String) {
        self.0.lock().unwrap().0[i] = url;
    }
}

pub struct Server {
    pub process: Process,
    pub port: u16,
}

pub struct World {
    pub servers: Vec<Server>,
    pub workers: Vec<Process>,
    pub postgres: Postgres,
    pub faktory: Faktory,
    pub llm: FakeLlm,
    pub vapi: FakeVapi,
    pub door: Door,
    pub history: History,
    /// The connections of the servers, and of each worker.
    pub postgres_wires: [Proxy; 3],
    pub faktory_wire: Proxy,
    pub llm_wire: Proxy,
    pub vapi_wire: Proxy,
    pub mail_wire: Proxy,
    pub receiver_wire: Proxy,
    pub mailbox: Mailbox,
    pub receiver: Receiver,
    /// Bypasses all proxies.
    pub db: Db,
    pub http: reqwest::Client,
    pub folder: PathBuf,
    secrets: (String, Option<String>),
    /// The key with which servers sign tokens, and another key that they accept.
    keys: (&'static str, Option<&'static str>),
    /// The clock offset of processes that start now, in libfaketime's format.
    pub clock: Option<&'static str>,
}

impl World {
    pub async fn start(broken: Option<Broken>) -> Self {
        let folder = std::env::temp_dir().join(format!("chaos-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        let postgres = Postgres::start().await;
        let roles = "create role web superuser login; create role worker_0 superuser login; create role worker_1 superuser login";
        psql(&postgres.url("postgres"), roles);
        psql(&postgres.url("postgres"), &format!("create database {DATABASE}"));
        let url = postgres.url(DATABASE);
        db::migrate(&url, db::MIGRATION_PATIENCE).await.unwrap();
        psql(&url, WATCH);
        if broken == Some(Broken::Fencing) {
            psql(&url, UNFENCE);
        }
        let faktory = Faktory::start().await;
        let (llm, vapi) = (FakeLlm::new(), FakeVapi::default());
        let (mailbox, receiver) = (Mailbox::open().await, Receiver::open().await);
        let near = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let wire = async || Proxy::start(near(postgres.port)).await;
        let mut world = Self {
            servers: Vec::new(),
            workers: Vec::new(),
            postgres_wires: [wire().await, wire().await, wire().await],
            faktory_wire: Proxy::start(near(faktory.port)).await,
            llm_wire: Proxy::start(near(llm.start().await)).await,
            vapi_wire: Proxy::start(near(port_of(&vapi.start().await))).await,
            mail_wire: Proxy::start(near(port_of(&mailbox.url))).await,
            receiver_wire: Proxy::start(near(port_of(&receiver.url()))).await,
            mailbox,
            receiver,
            db: db::patient_pool(&url, PoolSize(4)).unwrap(),
            http: client(),
            door: Door(Arc::new(Mutex::new((vec![String::new(); 2], "webhook-secret-canary".to_owned())))),
            history: History::new(&folder),
            secrets: ("webhook-secret-canary".to_owned(), None),
            keys: (JWT_PRIVATE_KEY, None),
            clock: None,
            postgres,
            faktory,
            llm,
            vapi,
            folder,
        };
        for n in 0..N_STUDENTS {
            crate::service::insert_student(&world.db, "Canary Quill", &phone(n)).await;
        }
        for i in 0..2 {
            let server = world.spawn_server(free_port());
            world.servers.push(server);
            world.open(i).await;
            let worker = world.spawn_worker(i);
            world.workers.push(worker);
        }
        world
    }

    pub fn database_url(&self) -> SecretString {
        self.postgres.url(DATABASE)
    }

    /// Starts a server with the current secrets, on this port.
    fn spawn_server(&self, port: u16) -> Server {
        let mut command = self.command("mcp-server", "servers.log");
        command.env("DATABASE_URL", url("web", self.postgres_wires[0].port, DATABASE).expose_secret());
        command.env("MCP_SERVER_ADDR", format!("127.0.0.1:{port}")).env("JWT_PRIVATE_KEY", self.keys.0);
        // One address for both servers, as behind a load balancer: each accepts the other's tokens.
        command.env("PUBLIC_URL", "http://localhost:8080");
        command.env("VAPI_WEBHOOK_SECRET", &self.secrets.0);
        if let Some(previous) = &self.secrets.1 {
            command.env("VAPI_WEBHOOK_SECRET_PREVIOUS", previous);
        }
        if let Some(previous) = self.keys.1 {
            command.env("JWT_PRIVATE_KEY_PREVIOUS", previous);
        }
        Server { process: Process::spawn(&mut command), port }
    }

    pub fn spawn_worker(&self, i: usize) -> Process {
        let mut command = self.command("worker", "workers.log");
        let user = format!("worker_{i}");
        command.env("DATABASE_URL", url(&user, self.postgres_wires[i + 1].port, DATABASE).expose_secret());
        command.env("FAKTORY_URL", format!("tcp://:a-queue-password@127.0.0.1:{}", self.faktory_wire.port));
        command.env("LLM_BASE_URL", format!("http://127.0.0.1:{}/v1", self.llm_wire.port));
        command.env("LLM_MODEL", "scripted").env("LLM_API_KEY", "llm-key-canary").env("LLM_TIMEOUT_SECONDS", "15");
        command.env("VAPI_API_URL", format!("http://127.0.0.1:{}", self.vapi_wire.port)).env("VAPI_API_KEY", API_KEY);
        command.env("VAPI_RECONCILE_SECONDS", "5").env("ADMIN_URL", "http://localhost:8081");
        command.env("SMTP_URL", format!("smtp://127.0.0.1:{}", self.mail_wire.port));
        command.env("MAIL_FROM", "School <tutor@example.org>");
        command.env("WEBHOOK_OWN_HOSTS", format!("127.0.0.1:{}", self.receiver_wire.port));
        command.env("WORKER_LEASE_SECONDS", LEASE_SECONDS.to_string()).env("WORKER_SWEEP_SECONDS", "1");
        Process::spawn(&mut command)
    }

    fn command(&self, name: &str, log: &str) -> Command {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join(log)).unwrap();
        let mut command = Command::new(binary(name));
        command.env_clear().env("PATH", from_environment("PATH").unwrap_or_default());
        if let (Some(offset), Some(faketime)) = (self.clock, &*FAKETIME) {
            command.env("LD_PRELOAD", faketime).env("FAKETIME", offset).env("DONT_FAKE_MONOTONIC", "1");
        }
        command.env("LOG_FORMAT", "json").env("RUST_LOG", "info").stdout(log.try_clone().unwrap()).stderr(log);
        command
    }

    /// Restarts a server that has ended, on its old port.
    pub fn restart_server(&mut self, i: usize) {
        self.servers[i] = self.spawn_server(self.servers[i].port);
    }

    /// Starts a new server, then stops the old one and returns its exit code.
    pub async fn roll_server(&mut self, i: usize) -> Option<i32> {
        let fresh = self.spawn_server(free_port());
        let mut old = std::mem::replace(&mut self.servers[i], fresh);
        self.open(i).await;
        tokio::task::block_in_place(|| old.process.terminate())
    }

    /// Servers that start from now on accept these secrets.
    pub fn set_secrets(&mut self, secret: &str, previous: Option<&str>) {
        self.secrets = (secret.to_owned(), previous.map(str::to_owned));
    }

    /// Servers that start from now on sign with this key, and accept tokens of the previous one.
    pub fn set_keys(&mut self, key: &'static str, previous: Option<&'static str>) {
        self.keys = (key, previous);
    }

    pub fn key(&self) -> &'static str {
        self.keys.0
    }

    /// Waits until a server is ready, then sends deliveries to it.
    async fn open(&self, i: usize) {
        let url = format!("http://127.0.0.1:{}", self.servers[i].port);
        eventually("a server is ready", async || {
            let response = self.http.get(format!("{url}/readyz")).send().await.ok()?;
            response.status().is_success().then_some(())
        })
        .await;
        self.door.replace(i, url);
    }

    /// Returns a server's Prometheus metrics, or an empty text if it does not answer.
    pub async fn metrics(&self, i: usize) -> String {
        match self.http.get(format!("{}/metrics", self.door.server(i))).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    pub fn logs(&self) -> String {
        let read = |name| std::fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        read("servers.log") + &read("workers.log")
    }
}

fn port_of(url: &str) -> u16 {
    url::Url::parse(url).unwrap().port().unwrap()
}

/// Returns the number of student `n`, or an unknown number if `n` is too large.
pub fn phone(n: u32) -> String {
    format!("+1415555{:04}", 2000 + n)
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
