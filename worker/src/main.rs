//! The production binary. Reads settings from the environment, then works until it is asked to stop.

use std::process::ExitCode;

use storage::db::{self, PoolSize};
use web::config::{self, Settings, WorkerConfig, from_environment};
use web::http::MetricsAccess;
use web::{http, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let _log = telemetry::init(from_environment("LOG_FORMAT").as_deref(), from_environment("RUST_LOG").as_deref());
    run().await.map_or_else(|error| config::exit("worker", &error), |()| ExitCode::SUCCESS)
}

async fn run() -> anyhow::Result<()> {
    let role = WorkerConfig::from_settings(Settings::from_environment())?;
    let _traces = telemetry::trace::init("worker", role.otlp_endpoint.as_deref())?;
    let config = worker::Config::from_role(&role)?;
    let db = db::patient_pool(&role.database_url, PoolSize::WORKER)?;
    tokio::spawn(db::check_at_start(db.clone()));
    let shutdown = http::on_signal()?;
    let watched = role.addr.map(|addr| http::bind(addr, "WORKER_ADDR").map(|listener| (addr, listener))).transpose()?;
    let watch = watched.map(|(addr, listener)| {
        let access = MetricsAccess { token: role.metrics_token.clone(), is_local: addr.ip().is_loopback() };
        let router = http::health(db.clone(), shutdown.clone()).merge(http::metrics(db.clone(), access));
        tokio::spawn(http::serve(listener, router, shutdown.clone()))
    });
    if shutdown.run_until_cancelled(db::wait_until_migrated(&db)).await.is_none() {
        return Ok(());
    }
    worker::run(config, db, shutdown).await?;
    if let Some(watch) = watch {
        watch.await??;
    }
    Ok(())
}
