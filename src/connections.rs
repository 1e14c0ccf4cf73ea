//! `check-config --connect`: tries each service that the configuration names, and says what is wrong and what to do.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use storage::clock;
use storage::db::{self, PoolSize};
use tokio::net::TcpStream;
use web::config::{LlmConfig, MailConfig, QueueConfig, VapiConfig};
use worker::faktory::{self, Address};
use worker::llm::{Llm, Message, Question, Speaker};
use worker::mail::Mail;
use worker::vapi::{Span, Vapi};

use crate::say;
use crate::settings::UpConfig;

/// For one service, from the name of its host to its answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Of a model's answer: two words of JSON, and what a reasoning model spends before them.
const MAX_OUTPUT_TOKENS: u32 = 500;

/// Tries all of them, one line each. Changes nothing. An error if one did not answer as it must.
pub async fn check(config: &UpConfig) -> anyhow::Result<()> {
    let mut n_faults = 0;
    let mut tell = |variable: &str, answer: anyhow::Result<String>| match answer {
        Ok(answer) => say!("{variable}: {answer}"),
        Err(error) => {
            n_faults += 1;
            say!("{variable}: FAILED: {error:#}");
        }
    };
    tell("DATABASE_URL", in_time(postgres(config)).await);
    match &config.worker.queue {
        QueueConfig::Faktory(url) => tell("FAKTORY_URL", in_time(queue(url.expose_secret())).await),
        QueueConfig::Embedded => say!("QUEUE: embedded, in Postgres"),
    }
    match &config.worker.llm {
        Some(llm) => tell("LLM_BASE_URL", in_time(model(llm.clone())).await),
        None => say!("LLM_BASE_URL: not set: the rules alone analyse calls"),
    }
    match &config.worker.vapi {
        Some(vapi) => tell("VAPI_API_KEY", in_time(vapi_api(vapi.clone())).await),
        None => say!("VAPI_API_KEY: not set: VAPI is never called"),
    }
    match &config.worker.mail {
        Some(mail) => tell("SMTP_URL", in_time(mail_server(mail)).await),
        None => say!("SMTP_URL: not set: no e-mail is sent, not even about urgent concerns"),
    }
    for host in &config.admin.recording_own_hosts {
        tell("RECORDING_OWN_HOSTS", in_time(storage(host)).await);
    }
    anyhow::ensure!(n_faults == 0, "{n_faults} of the connections failed");
    Ok(())
}

async fn in_time(answer: impl Future<Output = anyhow::Result<String>>) -> anyhow::Result<String> {
    let in_time = tokio::time::timeout(PATIENCE, answer).await;
    in_time.unwrap_or_else(|_| anyhow::bail!("no answer within {} s", PATIENCE.as_secs()))
}

async fn postgres(config: &UpConfig) -> anyhow::Result<String> {
    let db = db::pool(&config.mcp_server.database_url, PoolSize(1))?;
    let status = db::get_status(&db).await?;
    let major: Option<u32> = status.version.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok());
    let version = &status.version;
    anyhow::ensure!(major >= Some(15), "Postgres {version} is too old: use 15 or newer");
    anyhow::ensure!(db::is_migrated(&db).await?, "the schema is not up to date: run `ai-tutor migrate`");
    let pooler = if db.is_pooled().await? { ", through a connection pooler" } else { "" };
    Ok(format!("Postgres {version}{pooler}, schema up to date"))
}

async fn queue(url: &str) -> anyhow::Result<String> {
    let address = Address::parse(url).map_err(anyhow::Error::msg)?;
    let version = faktory::find_version(address).await?;
    Ok(format!("Faktory {}", version.as_deref().unwrap_or("of an unknown version")))
}

/// Asks as an analysis does: key, model and way of asking are tried together.
async fn model(config: LlmConfig) -> anyhow::Result<String> {
    let llm = Llm::new(config)?;
    let question = Question {
        messages: &[Message::new(Speaker::User, r#"Answer with {"ready": true}."#)],
        schema: &json!({
            "type": "object",
            "properties": { "ready": { "type": "boolean" } },
            "required": ["ready"],
            "additionalProperties": false,
        }),
        max_output_tokens: MAX_OUTPUT_TOKENS,
    };
    let answer = llm.ask(&question).await?;
    let n_tokens = answer.usage.input_tokens + answer.usage.output_tokens;
    Ok(format!("{} answered; this cost {n_tokens} tokens", llm.model()))
}

async fn vapi_api(config: VapiConfig) -> anyhow::Result<String> {
    Vapi::new(config)?.list_calls(Span::UpdatedFrom(clock::now())).await?;
    Ok("VAPI accepts the key".to_owned())
}

/// Connects and logs in. Sends nothing.
async fn mail_server(config: &MailConfig) -> anyhow::Result<String> {
    Mail::new(config)?.check().await?;
    Ok("the mail server accepts us".to_owned())
}

async fn storage(host: &str) -> anyhow::Result<String> {
    let tcp = TcpStream::connect(host).await;
    tcp.map(|_| format!("{host} accepts connections")).map_err(|error| anyhow::anyhow!("{host}: {error}"))
}
