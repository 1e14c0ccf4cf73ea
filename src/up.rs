//! All roles in one process, with nothing to configure.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use storage::access::Role;
use storage::db::{self, Db, PoolSize};
use storage::{admin_user, clock};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use web::config::from_environment;
use web::{http, telemetry};

use crate::database::Database;
use crate::local_secrets::LocalSecrets;
use crate::settings::UpConfig;
use crate::simulate::VapiLine;
use crate::{demo, say};

const ADMIN_EMAIL: &str = "admin@localhost";

/// Each role has a separate connection pool, so the dashboard cannot starve the webhooks.
const MCP_SERVER_POOL: PoolSize = PoolSize(10);
const WORKER_POOL: PoolSize = PoolSize(10);
const ADMIN_POOL: PoolSize = PoolSize(5);

/// Whether `up` loads the demo and plays its sample call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// Only in the private database that `up` made: a database of one's own holds real children.
    IfPrivate,
    Always,
    Never,
}

impl Demo {
    /// By the flags `--demo` and `--no-demo`.
    pub fn wanted(demo: bool, no_demo: bool) -> Self {
        match (demo, no_demo) {
            (_, true) => Self::Never,
            (true, false) => Self::Always,
            (false, false) => Self::IfPrivate,
        }
    }
}

/// Starts, serves until Ctrl-C, SIGTERM or the end of a role, drains, and stops what it started.
pub async fn up(data_dir: &Path, demo: Demo) -> anyhow::Result<()> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("cannot make the data directory {}", data_dir.display()))?;
    let _lock = lock(data_dir)?;
    let secrets = LocalSecrets::open(data_dir)?;
    // Before the database starts: a fault of the settings, or a taken port, is said at once.
    let unknown_yet = SecretString::from("postgres://localhost/not-started-yet");
    let preview = UpConfig::read(&secrets, &unknown_yet)?;
    let _traces = telemetry::trace::init("ai-tutor", preview.mcp_server.otlp_endpoint.as_deref())?;
    let mcp_listener = http::bind(preview.mcp_server.addr, "MCP_SERVER_ADDR")?;
    let admin_listener = http::bind(preview.admin.addr, "ADMIN_ADDR")?;
    let shutdown = http::on_signal()?;

    let is_private = from_environment("DATABASE_URL").is_none();
    let with_demo = demo == Demo::Always || demo == Demo::IfPrivate && is_private;
    if is_private {
        say!("Starting the private Postgres in {} …", data_dir.display());
    }
    let database = Database::find(data_dir).await?;
    let config = UpConfig::read(&secrets, &database.url)?;
    let served =
        serve(config, &database, &secrets, (mcp_listener, admin_listener), (with_demo, is_private), shutdown).await;
    database.stop()?;
    served
}

/// One `up` at a time in a data directory. The kernel frees the lock of a killed one.
fn lock(data_dir: &Path) -> anyhow::Result<File> {
    let path = data_dir.join("up.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("the service is already running on the data directory {}", data_dir.display())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

async fn serve(
    config: UpConfig,
    database: &Database,
    secrets: &LocalSecrets,
    (mcp_listener, admin_listener): (tokio::net::TcpListener, tokio::net::TcpListener),
    (with_demo, is_private): (bool, bool),
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    db::migrate(&database.url, db::MIGRATION_PATIENCE).await.context("the migrations could not be applied")?;
    let db = db::pool(&database.url, ADMIN_POOL)?;
    let has_new_admin = (is_private || with_demo) && ensure_admin(&db, secrets).await?;
    let line = VapiLine::new(&format!("http://{}", mcp_listener.local_addr()?), &config.mcp_server.webhook)?;
    let urls = (format!("http://{}", mcp_listener.local_addr()?), format!("http://{}", admin_listener.local_addr()?));

    let mut roles = JoinSet::new();
    let mcp_pool = db::pool(&database.url, MCP_SERVER_POOL)?;
    roles.spawn(mcp_server::run(config.mcp_server, mcp_pool, mcp_listener, shutdown.clone()));
    let worker_config = worker::Config::from_role(&config.worker)?;
    roles.spawn(worker::run(worker_config, db::patient_pool(&database.url, WORKER_POOL)?, shutdown.clone()));
    roles.spawn(admin::run(config.admin, db.clone(), admin_listener, shutdown.clone()));

    let greeting = async {
        if with_demo {
            demo::load(&db, &line).await?;
            demo::play(&db, &line).await?;
        }
        greet(&urls, secrets, has_new_admin);
        anyhow::Ok(())
    };
    let mut result = tokio::select! {
        greeted = greeting => greeted,
        // If a role ends without a request to stop, the process ends. Otherwise the loop below waits for it.
        Some(ended) = roles.join_next() => judge_end(ended?, &shutdown),
        () = shutdown.cancelled() => Ok(()),
    };
    if result.is_err() {
        shutdown.cancel();
    }
    while let Some(ended) = roles.join_next().await {
        let ended = judge_end(ended?, &shutdown);
        if ended.is_err() {
            shutdown.cancel();
        }
        result = result.and(ended);
    }
    say!("Stopped.");
    result
}

/// A role may end only after a request to stop.
fn judge_end(ended: anyhow::Result<()>, shutdown: &CancellationToken) -> anyhow::Result<()> {
    ended?;
    if shutdown.is_cancelled() { Ok(()) } else { bail!("a role ended unexpectedly") }
}

/// The first admin, with the password that the data directory keeps. `false`: there were users already.
async fn ensure_admin(db: &Db, secrets: &LocalSecrets) -> anyhow::Result<bool> {
    let users = admin_user::list_users(db).await?;
    if let Some(user) = users.iter().find(|user| user.email == ADMIN_EMAIL) {
        return Ok(user.has_password);
    }
    if !users.is_empty() {
        return Ok(false);
    }
    let hash = admin_user::hash_password(&secrets.admin_password)?;
    admin_user::insert_user(db, ADMIN_EMAIL, Role::Admin, Some(&hash), None, clock::now()).await?;
    Ok(true)
}

fn greet((mcp_server, admin): &(String, String), secrets: &LocalSecrets, has_local_admin: bool) {
    say!("\nThe AI tutor service is ready.\n");
    say!("  Dashboard    {admin}");
    if has_local_admin {
        say!("  Log in as    {ADMIN_EMAIL}   password   {}", secrets.admin_password.expose_secret());
    } else {
        say!("  Log in       as a user of yours, or make one: cargo run -- admin-user create --email E --role admin");
    }
    say!("  MCP          {mcp_server}/mcp");
    say!("  JSON API     {mcp_server}/api/docs");
    say!("  Webhook      {mcp_server}/webhooks/vapi");
    say!(
        "\n  A client for agents:  cargo run -- api-client create --name agent --scope \"context:read sessions:read\" --agent-key"
    );
    say!("  Another call:         cargo run -- call simulate --dialogue demo/dialogues.jsonl");
    say!("\nCtrl-C stops everything.");
}
