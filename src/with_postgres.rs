//! Running a program, such as the tests, with a throw-away Postgres.

use std::process::ExitCode;

use secrecy::{ExposeSecret, SecretString};
use storage::db;

use crate::local_postgres::LocalPostgres;

/// Starts a cluster in a new folder, runs `program` with `DATABASE_URL` naming it, and removes both. Postgres copies
/// `template1` for each new database, and this one is migrated: a test that makes a database need not wait for that.
pub async fn run(program: &[String]) -> anyhow::Result<ExitCode> {
    let folder = std::env::temp_dir().join(format!("ai-tutor-{}", uuid::Uuid::now_v7().simple()));
    let local = LocalPostgres::start(&folder).await?;
    let mut template = url::Url::parse(local.url.expose_secret())?;
    template.set_path("template1");
    db::migrate(&SecretString::from(template.to_string()), db::MIGRATION_PATIENCE).await?;
    let mut command = tokio::process::Command::new(&program[0]);
    command.args(&program[1..]).env("DATABASE_URL", local.url.expose_secret()).env("PATH", local.path_variable());
    let status = command.status().await;
    local.stop_and_remove()?;
    std::fs::remove_dir_all(&folder)?;
    let code = status?.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
