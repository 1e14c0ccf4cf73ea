//! Internal functions for the fuzz targets, which have no key.

use axum::Router;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use storage::access::{Caller, ScopeSet};
use storage::db::Db;
use storage::server_message::ServerMessage;
use web::config::{McpServerConfig, WebhookConfig};

use crate::webhook::envelope::{Envelope, unreadable_key};
use crate::webhook::signature;
use crate::{State, mcp, record};

/// The MCP endpoint as a caller sees it who was let in and may do everything.
pub fn mcp_without_gate(config: McpServerConfig, db: Db) -> Router {
    let state = State::new(config, db, record::channel().0).expect("the fuzzer's key is good");
    mcp::behind_the_gate(&state).layer(axum::Extension(Caller::client("fuzzer", ScopeSet::all()))).with_state(state)
}

/// Whether the webhook takes the request for one of VAPI.
pub fn is_from_vapi(settings: &WebhookConfig, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> bool {
    signature::verify(settings, headers, body, now).is_ok()
}

/// Returns the key by which repetitions of a message are recognised.
pub fn dedupe_key(body: &[u8]) -> String {
    let envelope = ServerMessage::read(body).and_then(|message| Envelope::of(&message));
    envelope.map_or_else(|| unreadable_key(body), |envelope| envelope.dedupe_key(body))
}
