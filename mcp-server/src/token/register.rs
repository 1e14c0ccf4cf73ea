//! `POST /auth/register`: a program that a person wants to connect introduces itself (RFC 7591).
//!
//! A registration gives no right: a person does, at the dashboard.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::agent::{self, Agent, Described, Wrong};
use storage::clock;
use web::http::ClientAddress;

use super::Refusal;

/// The largest metadata in bytes. Real ones have some hundred.
const MAX_BYTES: usize = 16 * 1024;

/// Under which registrations of an address are counted: no client has this id.
const COUNTED_AS: &str = "registration";

/// The members of RFC 7591 that count here. We choose the others, and the answer says so.
#[derive(Deserialize)]
struct Registration {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
}

/// The handler.
pub async fn register(
    State(state): State<crate::State>,
    ClientAddress(address): ClientAddress,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let now = clock::now();
    let made = async {
        if state.config.admin_url.is_none() {
            return Err(Refusal::NoPeople);
        }
        let body = body.ok().filter(|body| body.len() <= MAX_BYTES).ok_or(Refusal::TooLong)?;
        if let Some(wait) = state.failures.wait(COUNTED_AS, address, now) {
            return Err(Refusal::Wait { seconds: wait.num_seconds() + 1 });
        }
        // Successful ones count too. No client needs ten.
        state.failures.add(COUNTED_AS, address, now);
        let registration: Registration = serde_json::from_slice(&body).map_err(|_| {
            Refusal::InvalidClientMetadata("send a JSON object with redirect_uris, a list of texts, and client_name")
        })?;
        let described = Described::check(registration.client_name.as_deref(), &registration.redirect_uris);
        let described = described.map_err(|wrong| match wrong {
            Wrong::RedirectUri(why) => Refusal::InvalidRedirectUri(why),
            Wrong::Metadata(why) => Refusal::InvalidClientMetadata(why),
        })?;
        agent::register(&state.db, &described, now).await?.ok_or(Refusal::Unavailable)
    };
    match made.await {
        Ok(agent) => {
            (StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(answer(&agent, now.timestamp()))).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn answer(agent: &Agent, issued_at: i64) -> Value {
    json!({
        "client_id": agent.client_id,
        "client_id_issued_at": issued_at,
        "client_name": agent.name,
        "redirect_uris": agent.redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        // A program that anybody can install keeps no secret.
        "token_endpoint_auth_method": "none",
    })
}
