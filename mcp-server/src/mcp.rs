//! `POST /mcp`: the Model Context Protocol over streamable HTTP, stateless, in its newest revision and the older ones
//! that clients still speak. The only module that names the SDK's transport.
//!
//! **Invariant:** no session in memory: any server answers any request.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

mod describe;
#[cfg(feature = "conformance")]
mod fixtures;
mod frame;
mod gate;
mod server;

use server::McpServer;

use crate::State;

/// A call's arguments are a few hundred bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The endpoint.
pub fn router(state: &State) -> Router<State> {
    // From the outside in: who is it, is it a frame, is it their turn, may they.
    behind_the_gate(state).layer(from_fn_with_state(state.clone(), gate::require_bearer))
}

/// All but the question who it is.
pub(crate) fn behind_the_gate(state: &State) -> Router<State> {
    let server = McpServer::new(state.clone());
    // For tests of the wiring, never in a production binary.
    #[cfg(feature = "conformance")]
    let server = fixtures::Fixtures::beside(server);
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(NeverSessionManager::default()),
        transport_config(&state.config.allowed_hosts, &state.config.allowed_origins),
    );
    Router::new()
        .route_service("/mcp", service)
        .layer(from_fn_with_state(state.clone(), gate::require_scope))
        .layer(from_fn_with_state(state.clone(), gate::require_turn))
        .layer(axum::middleware::from_fn(frame::read))
}

/// The SDK's defaults are sessions, any Origin, loopback hosts and event streams: none of them is ours.
///
/// Its cancellation token is left alone: cancelled, it would fail the calls that a graceful shutdown waits for.
fn transport_config(allowed_hosts: &[String], allowed_origins: &[String]) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_hosts(allowed_hosts)
        .with_allowed_origins(allowed_origins)
        .enforce_origin_validation()
        .with_max_request_body_bytes(MAX_BODY_BYTES)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use http::StatusCode;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use storage::access::{Caller, ScopeSet};
    use storage::db::{self, PoolSize};
    use tower::ServiceExt;
    use web::config::{McpServerConfig, Settings};

    use super::*;
    use crate::record;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";

    /// What a caller who was let in talks to; there is no database behind it.
    fn app() -> Router {
        let setting = |name: &str| match name {
            "DATABASE_URL" => Some("postgres://nobody@127.0.0.1:1/none".to_owned()),
            "JWT_PRIVATE_KEY" => Some(KEY.to_owned()),
            "VAPI_WEBHOOK_SECRET" => Some("for tests alone, and long".to_owned()),
            "CLIENT_REQUESTS_PER_SECOND" => Some("1000000".to_owned()),
            _ => None,
        };
        let config = McpServerConfig::from_settings(Settings::new(setting)).unwrap();
        let db = db::pool(&config.database_url, PoolSize(1)).unwrap();
        let state = State::new(config, db, record::channel().0).unwrap();
        let caller = axum::Extension(Caller::client("c1", ScopeSet::all()));
        behind_the_gate(&state).layer(caller).with_state(state)
    }

    async fn send(app: Router, body: Vec<u8>, version: Option<&str>) -> (StatusCode, Vec<u8>) {
        let request = Request::post("/mcp").header("host", "localhost").header("content-type", "application/json");
        let request =
            version.into_iter().fold(request, |request, version| request.header("mcp-protocol-version", version));
        let answer = app.oneshot(request.body(Body::from(body)).unwrap());
        let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.expect("no request hangs").unwrap();
        let status = answer.status();
        (status, to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec())
    }

    /// Good messages, none of which needs the database.
    fn messages() -> Vec<Vec<u8>> {
        let message =
            |method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
        });
        let client = json!({ "name": "t", "version": "1" });
        [
            message("initialize", json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client })),
            message("ping", json!({})),
            message("tools/list", json!({})),
            message("tools/list", json!({ "_meta": meta })),
            message("server/discover", json!({ "_meta": meta })),
            message("tools/call", json!({ "name": "get_student_context", "arguments": { "phone": 7 } })),
            message("tools/call", json!({ "name": "no_such_tool", "arguments": {} })),
            message("prompts/get", json!({ "name": "parent_report" })),
            message("resources/read", json!({ "uri": "student://x/context" })),
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        ]
        .map(|message| message.to_string().into_bytes())
        .to_vec()
    }

    /// A good message, and what goes wrong with it on the way.
    fn broken() -> impl Strategy<Value = Vec<u8>> {
        let noise = || prop::collection::vec(any::<u8>(), 0..40);
        let message = || prop::sample::select(messages());
        let cut = (message(), any::<prop::sample::Index>());
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..2_000),
            message(),
            cut.clone().prop_map(|(message, at)| message[..at.index(message.len())].to_vec()),
            (message(), message()).prop_map(|(one, other)| [one, other].concat()),
            (cut, noise()).prop_map(|((mut message, at), noise)| {
                let at = at.index(message.len());
                message.splice(at..(at + 3).min(message.len()), noise);
                message
            }),
            (message(), 1..3_000_usize).prop_map(|(message, n)| [b"[".repeat(n), message].concat()),
        ]
    }

    #[tokio::test]
    async fn good_messages_are_answered() {
        let app = app();
        for message in messages() {
            let version = String::from_utf8_lossy(&message).contains("2026-07-28").then_some("2026-07-28");
            let (status, _) = send(app.clone(), message.clone(), version).await;
            // In the newest revision headers repeat the method, and here they do not.
            let expected = if version.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            assert!(
                status == expected || status == StatusCode::ACCEPTED,
                "{status} {}",
                String::from_utf8_lossy(&message)
            );
        }
    }

    #[test]
    fn whatever_is_sent_is_answered_and_is_no_fault_of_ours() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let app = runtime.block_on(async { app() });
        let version = prop::option::of(prop::sample::select(vec!["2025-11-25", "2026-07-28", "1999-01-01", "\u{1}"]));
        proptest!(ProptestConfig::with_cases(1_000), |(body in broken(), version in version)| {
            let version = version.filter(|version| http::HeaderValue::from_str(version).is_ok());
            let (status, answer) = runtime.block_on(send(app.clone(), body, version));
            prop_assert!(!status.is_server_error(), "{status}");
            prop_assert!(status == StatusCode::ACCEPTED || !answer.is_empty(), "{status} says why");
        });
    }
}
