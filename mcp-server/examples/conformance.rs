//! The production binary with the tools of the conformance suite added. Only tests start it.

use std::process::ExitCode;

use mcp_server::run;
use storage::db::{self, PoolSize};
use web::config::{self, McpServerConfig, Settings, from_environment};
use web::{http, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let _log = telemetry::init(from_environment("LOG_FORMAT").as_deref(), from_environment("RUST_LOG").as_deref());
    serve().await.map_or_else(|error| config::exit("conformance", &error), |()| ExitCode::SUCCESS)
}

async fn serve() -> anyhow::Result<()> {
    let config = McpServerConfig::from_settings(Settings::from_environment())?;
    let db = db::pool(&config.database_url, PoolSize(8))?;
    let listener = http::bind(config.addr, "MCP_SERVER_ADDR")?;
    run(config, db, listener, http::on_signal()?).await
}
