//! The production binary: settings from the environment, then work until told to stop.

use std::process::ExitCode;

use shared::config::{self, Settings, WorkerConfig, from_environment};
use shared::db::{self, PoolSize};
use shared::{http, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::init(from_environment("LOG_FORMAT").as_deref(), from_environment("RUST_LOG").as_deref());
    run().await.map_or_else(|error| config::exit("worker", &error), |()| ExitCode::SUCCESS)
}

async fn run() -> anyhow::Result<()> {
    let role = WorkerConfig::from_settings(Settings::from_environment())?;
    let config = worker::Config::from_role(&role)?;
    // One for each slot, and for listening, relaying, sweeping and renewing leases.
    let db = db::pool(&role.database_url, PoolSize(12))?;
    worker::run(config, db, http::on_signal()?).await
}
