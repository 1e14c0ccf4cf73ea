//! VAPI's messages: verified, stored with their job in one transaction, and only then answered.
//!
//! **Invariant:** no row, no 2xx. What a message says is read by its job, not here.

mod answer;
pub(crate) mod envelope;
pub mod heard;
mod outcome;
mod replies;
pub(crate) mod signature;
mod slots;
mod tool_calls;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State as Shared};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use storage::clock;
use storage::component_status::WebhookRefusal;
use storage::db::Db;
use storage::delivery::{self, DeliveryState, NewDelivery};
use storage::server_message::ServerMessage;
use tokio::time::timeout;
use web::http::Problem;
use web::telemetry::trace;

use self::envelope::{Envelope, Kind, unreadable_key};
use self::outcome::Outcome;
use self::replies::Replies;
use self::slots::Slots;
use crate::State;

pub(crate) const PATH: &str = "/webhooks/vapi";

/// A long lesson's report is some hundred kilobytes.
pub(crate) const MAX_BYTES: usize = 5 * 1024 * 1024;

const STORE_WITHIN: Duration = Duration::from_secs(2);

/// The routes that VAPI posts to.
pub fn router() -> Router<State> {
    Router::new()
        .route(PATH, post(receive))
        .layer(DefaultBodyLimit::max(MAX_BYTES))
        .layer(Extension(Slots::default()))
        .layer(Extension(Replies::default()))
}

async fn receive(
    Shared(state): Shared<State>,
    Extension(slots): Extension<Slots>,
    Extension(replies): Extension<Replies>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let headers = request.headers().clone();
    let body = read(request).await.inspect_err(|_| {
        Outcome::Refused.count(None);
        state.heard.refused(WebhookRefusal::NotWhole, clock::now());
    })?;
    let now = clock::now();
    signature::verify(&state.config.webhook, &headers, &body, now).map_err(|refusal| {
        // Anyone can cause the others, so they are not logged as warnings.
        if refusal == signature::Refusal::Stale {
            tracing::warn!("a genuine webhook is five minutes off our clock: is the time right here?");
            metrics::counter!("webhook_clock_skew_total").increment(1);
        }
        tracing::debug!(%refusal, "a webhook was refused");
        Outcome::Refused.count(None);
        state.heard.refused(refusal.into(), now);
        Problem::new(StatusCode::UNAUTHORIZED, "the request is not signed as it must be")
    })?;

    // From here on it is VAPI's: a stranger never holds a slot.
    let message = ServerMessage::read_envelope(&body);
    let read = message.and_then(|message| Envelope::of(&message).map(|envelope| (message, envelope)));
    let Some(_slot) = slots.take(read.as_ref().map(|(_, envelope)| envelope.kind)).await else {
        Outcome::Shed.count(None);
        state.heard.refused(WebhookRefusal::Busy, now);
        return Err(Problem::unavailable());
    };
    let Some((message, envelope)) = read else {
        store(&state.db, &unreadable(&body), now).await.inspect_err(|_| {
            Outcome::Failed.count(None);
            state.heard.refused(WebhookRefusal::NoDatabase, now);
        })?;
        state.wake_sender.wake();
        // Signed and stored: its job fails with a reason, so that a person sees it on the Jobs page. VAPI need not resend.
        Outcome::Unreadable.count(None);
        state.heard.refused(WebhookRefusal::Unreadable, now);
        return Ok(Json(json!({})));
    };
    trace::of_call(|| envelope.call_id.as_deref());
    let new = NewDelivery {
        dedupe_key: envelope.dedupe_key(&body),
        r#type: envelope.r#type.clone(),
        call_id: envelope.call_id.clone(),
        body: envelope.needs_job().then_some(&body),
        message_at: envelope.message_at,
        state: envelope.state(),
    };
    let counted = Some(&envelope.r#type[..]);
    let stored = store(&state.db, &new, now).await;
    let is_new = stored.inspect_err(|_| {
        Outcome::Failed.count(counted);
        state.heard.refused(WebhookRefusal::NoDatabase, now);
    })?;
    if is_new {
        state.wake_sender.wake();
    }
    if is_new { Outcome::Stored } else { Outcome::Duplicate }.count(counted);
    state.heard.accepted(&envelope.r#type, now);

    let signature = || headers.get(&state.config.webhook.signature_header).map_or(&b""[..], |value| value.as_bytes());
    Ok(Json(match envelope.kind {
        Kind::AssistantRequest => answer::assistant(&state, &envelope, now).await,
        Kind::ToolCalls => answer::tools(&state, &replies, &envelope, &message, signature()).await,
        Kind::FunctionCall => answer::function(&state, &replies, &envelope, &message, signature()).await,
        Kind::EndOfCallReport | Kind::StatusUpdate | Kind::Other => json!({}),
    }))
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let body = Bytes::from_request(request, &()).await;
    body.map_err(|rejection: BytesRejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "send at most 5 MiB"),
        status => Problem::new(status, "the body did not arrive whole"),
    })
}

fn unreadable(body: &[u8]) -> NewDelivery<'_> {
    NewDelivery {
        dedupe_key: unreadable_key(body),
        r#type: "unreadable".to_owned(),
        call_id: None,
        body: Some(body),
        message_at: None,
        state: DeliveryState::Stored,
    }
}

async fn store(db: &Db, new: &NewDelivery<'_>, now: DateTime<Utc>) -> Result<bool, Problem> {
    let stored = timeout(STORE_WITHIN, delivery::accept(db, new, now)).await;
    Ok(stored.map_err(|_| Problem::unavailable())??)
}
