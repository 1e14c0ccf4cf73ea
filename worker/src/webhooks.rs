//! Sends outgoing webhooks, signed as Standard Webhooks has it: ids, a type and a time. What the receiver answers is not read.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use queue::lease::{Claimed, Finished, finish_done};
use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::id::MessageId;
use storage::message::{self, Failure, Webhook, endpoint, event, signature};
use storage::{clock, db};
use tokio_util::sync::CancellationToken;
use url::Url;
use web::http::{Allowed, PublicNames};

use crate::{Context, JobError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// The way to receivers.
#[derive(Debug)]
pub(crate) struct Sender {
    public: reqwest::Client,
    own: reqwest::Client,
    allowed: Allowed,
}

impl Sender {
    /// `own`: `host:port` of receivers that may be private and without TLS.
    pub(crate) fn new(own: Vec<String>) -> anyhow::Result<Self> {
        let client = || {
            reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
                // A proxy would resolve names, and not look at what they stand for.
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
        };
        let public = client().dns_resolver(Arc::new(PublicNames)).build()?;
        Ok(Self { public, own: client().build()?, allowed: Allowed { hosts: Vec::new(), own } })
    }

    async fn send(&self, message_id: MessageId, webhook: &Webhook, now: DateTime<Utc>) -> Result<StatusCode, Fault> {
        let url = Url::parse(&webhook.url).ok().filter(|url| self.allowed.allows(url)).ok_or(Fault::Address)?;
        let client = if self.allowed.is_own(&url) { &self.own } else { &self.public };
        let (id, timestamp, body) = (message_id.to_string(), now.timestamp(), payload(webhook).to_string());
        let secrets = [Some(&webhook.secret), webhook.secret_previous.as_ref()].into_iter().flatten();
        let signature = signature::sign(secrets, &id, timestamp, &body).ok_or(Fault::Secret)?;
        let request = client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        let answer = request
            .send()
            .await
            .map_err(|error| if error.is_timeout() { Fault::TimedOut } else { Fault::Unreachable })?;
        if answer.status().is_success() { Ok(answer.status()) } else { Err(Fault::Status(answer.status())) }
    }
}

/// Why a webhook was not taken: fixed words and a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the address is not HTTPS, or not on the internet")]
    Address,
    #[error("the secret cannot be read: rotate it")]
    Secret,
    #[error("the receiver cannot be reached")]
    Unreachable,
    #[error("the receiver did not answer within 10 s")]
    TimedOut,
    #[error("the receiver answered {0}")]
    Status(StatusCode),
}

/// What is sent: ids, and neither names, numbers nor words.
fn payload(webhook: &Webhook) -> Value {
    let mut data = json!({
        "follow_up_id": webhook.follow_up_id,
        "session_id": webhook.session_id,
        "student_id": webhook.student_id,
    });
    if let Some(fields) = data.as_object_mut() {
        fields.retain(|_, id| !id.is_null());
    }
    json!({
        "type": webhook.event,
        "timestamp": webhook.happened_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "data": data,
    })
}

/// Sends one webhook, if it is still wanted. After the last attempt the log of the endpoint keeps it, for a person to send
/// again: then the job is done.
pub(crate) async fn send(
    context: &Context,
    claimed: &Claimed,
    message_id: MessageId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let webhook = message::find_webhook(&context.db, message_id, now).await?;
    let sent = match &webhook {
        Some(webhook) if webhook.is_wanted => Some(context.webhooks.send(message_id, webhook, now).await),
        _ => None,
    };
    let mut tx = context.begin().await?;
    match (webhook, sent) {
        (Some(webhook), Some(Ok(status))) => {
            message::mark_sent(&mut tx, message_id, Some(status.as_u16()), now).await?;
            endpoint::mark_working(&mut tx, webhook.endpoint_id).await?;
        }
        (Some(webhook), Some(Err(fault))) => {
            let status_code = if let Fault::Status(status) = fault { Some(status.as_u16()) } else { None };
            let is_gone = status_code == Some(StatusCode::GONE.as_u16());
            let is_last = is_gone || claimed.attempts >= claimed.max_attempts;
            let why = fault.to_string();
            message::mark_failed(&mut tx, message_id, &Failure { why: &why, status_code, is_last }).await?;
            endpoint::mark_failing(&mut tx, webhook.endpoint_id, is_gone, now).await?;
            if !is_last {
                context.commit(tx).await?;
                return Err(JobError::retry(why));
            }
        }
        (Some(_), None) => message::mark_cancelled(&mut tx, message_id).await?,
        // It was sent before, or is gone with what it was about.
        (None, _) => {}
    }
    let finished = finish_done(&mut *tx, &claimed.lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

/// Looks now and again for students who need a person since a moment that no transaction marks, until `stop`.
pub(crate) async fn look_for_attentions(context: Context, stop: CancellationToken) {
    loop {
        match emit_attentions(&context).await {
            Ok(0) => {}
            Ok(n_reasons) => tracing::info!(n_reasons, "wrote webhooks about students who need a person"),
            Err(error) => tracing::warn!(%error, "could not look for students who need a person"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
    }
}

async fn emit_attentions(context: &Context) -> db::Result<usize> {
    let mut tx = context.begin().await?;
    let n_reasons = event::emit_attentions(&mut tx, clock::now()).await?;
    context.commit(tx).await?;
    Ok(n_reasons)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use storage::id::{EndpointId, SessionId, StudentId};
    use uuid::Uuid;

    use super::*;

    fn webhook(url: &str) -> Webhook {
        Webhook {
            endpoint_id: EndpointId(Uuid::from_u128(1)),
            url: url.to_owned(),
            secret: signature::generate_secret(),
            secret_previous: None,
            event: "session.analyzed".to_owned(),
            happened_at: "2026-11-19T21:12:04.5Z".parse().unwrap(),
            student_id: Some(StudentId(Uuid::from_u128(3))),
            session_id: Some(SessionId(Uuid::from_u128(9))),
            follow_up_id: None,
            is_wanted: true,
        }
    }

    #[test]
    fn a_payload_is_a_type_a_time_and_ids() {
        assert_eq!(
            payload(&webhook("https://a.example.org")).to_string(),
            r#"{"type":"session.analyzed","timestamp":"2026-11-19T21:12:04.500Z","data":{"session_id":"00000000-0000-0000-0000-000000000009","student_id":"00000000-0000-0000-0000-000000000003"}}"#
        );
    }

    #[tokio::test]
    async fn nothing_inside_is_called_even_if_a_row_names_it() {
        let sender = Sender::new(Vec::new()).unwrap();
        for url in
            ["http://a.example.org", "https://127.0.0.1:1/x", "https://localhost/", "https://10.0.0.1/", "no url"]
        {
            let sent = sender.send(MessageId::new(), &webhook(url), clock::now()).await;
            assert_eq!(sent, Err(Fault::Address), "{url}");
        }
        let broken = Webhook { secret: SecretString::from("x"), ..webhook("https://a.example.org") };
        assert_eq!(sender.send(MessageId::new(), &broken, clock::now()).await, Err(Fault::Secret));
    }
}
