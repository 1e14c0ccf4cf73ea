//! Playing dialogues as VAPI would report them: signed, over HTTP, against a running server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use clap::Args;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::Sha256;
use storage::phone::Phone;
use web::config::{SignatureEncoding, WebhookConfig};

use crate::dialogue::{Dialogue, read_dialogues};
use crate::settings::Target;
use crate::{print, say};

#[derive(Args)]
pub struct Arguments {
    /// Dialogues: one JSON object, a list, or one object per line
    #[arg(long, value_name = "FILE")]
    dialogue: PathBuf,
    /// The caller's number
    #[arg(long, default_value = "+15550100001")]
    phone: String,
    /// How many calls. At the end of the file, continues from its start
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    count: u32,
}

/// `call simulate`: prints one JSON object per call.
pub async fn run(data_dir: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let dialogues = read_dialogues(&arguments.dialogue)?;
    let phone = Phone::parse(&arguments.phone)?;
    let config = Target::read(data_dir)?.mcp_server;
    let line = VapiLine::new(&config.public_url, &config.webhook)?;
    let progress = print::progress(u64::from(arguments.count), "calls");
    for dialogue in dialogues.iter().cycle().take(arguments.count as usize) {
        let now = storage::clock::now();
        let call_id = line.report(dialogue, &phone, now, now).await?;
        progress.suspend(|| say!("{}", json!({ "call_id": call_id, "dialogue": dialogue.id, "status": 200 })));
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(())
}

/// A busy server answers 503 and is asked again, as by VAPI.
const MOST_SENT: u32 = 20;
const SENT_EVERY: Duration = Duration::from_secs(1);

/// A stand-in for VAPI at the other end of the line.
#[derive(Debug)]
pub struct VapiLine {
    http: reqwest::Client,
    url: String,
    webhook: WebhookConfig,
}

impl VapiLine {
    /// A line that sends to this server and signs as VAPI does.
    pub fn new(server_url: &str, webhook: &WebhookConfig) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).no_proxy().build()?;
        Ok(Self { http, url: format!("{server_url}/webhooks/vapi"), webhook: webhook.clone() })
    }

    /// Reports the dialogue as a call that ended at `ended_at`. Returns the call's id once the server has promised to
    /// work on it.
    pub async fn report(
        &self,
        dialogue: &Dialogue,
        phone: &Phone,
        ended_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        let call_id = uuid::Uuid::new_v4().to_string();
        let body = serde_json::to_vec(&dialogue.as_report(&call_id, phone, ended_at))?;
        let timestamp = now.timestamp().to_string();
        let mut n_sent = 0;
        loop {
            let request = self
                .http
                .post(&self.url)
                .header("content-type", "application/json")
                .header(&self.webhook.timestamp_header, &timestamp)
                .header(&self.webhook.signature_header, sign(&self.webhook, &timestamp, &body));
            let response = request.body(body.clone()).send().await;
            let response =
                response.with_context(|| format!("no server answers at {}: start one with ./dev up", self.url))?;
            n_sent += 1;
            match response.status() {
                status if status.is_success() => return Ok(call_id),
                StatusCode::SERVICE_UNAVAILABLE if n_sent < MOST_SENT => tokio::time::sleep(SENT_EVERY).await,
                status => bail!("the server refused the call with {status}"),
            }
        }
    }
}

/// As VAPI signs.
fn sign(webhook: &WebhookConfig, timestamp: &str, body: &[u8]) -> String {
    let key = webhook.secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    // The format's text between its tokens is signed too.
    for (i, piece) in webhook.payload.split("{body}").enumerate() {
        if i > 0 {
            mac.update(body);
        }
        mac.update(piece.replace("{timestamp}", timestamp).as_bytes());
    }
    let tag = mac.finalize().into_bytes();
    let text = match webhook.encoding {
        SignatureEncoding::Hex => hex::encode(tag),
        SignatureEncoding::Base64 => STANDARD.encode(tag),
    };
    format!("{}{text}", webhook.prefix)
}
