//! The production binary: reads settings from the environment and serves until it is asked to stop.

use std::process::ExitCode;

use storage::db::{self, PoolSize};
use web::config::{self, McpServerConfig, Settings, from_environment};
use web::{http, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let _log = telemetry::init(from_environment("LOG_FORMAT").as_deref(), from_environment("RUST_LOG").as_deref());
    run().await.map_or_else(|error| config::exit("mcp-server", &error), |()| ExitCode::SUCCESS)
}

async fn run() -> anyhow::Result<()> {
    let config = McpServerConfig::from_settings(Settings::from_environment())?;
    let _traces = telemetry::trace::init("mcp-server", config.otlp_endpoint.as_deref())?;
    let db = db::pool(&config.database_url, PoolSize::MCP_SERVER)?;
    tokio::spawn(db::check_at_start(db.clone()));
    let listener = http::bind(config.addr, "MCP_SERVER_ADDR")?;
    mcp_server::run(config, db, listener, http::on_signal()?).await
}
