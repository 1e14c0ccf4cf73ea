//! `POST /mcp`: the Model Context Protocol over streamable HTTP, stateless, in its newest revision and the older ones
//! that clients still speak. The only module that names the SDK's transport.
//!
//! **Invariant:** no session in memory: any server answers any request.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

mod call;
mod describe;
mod frame;
mod gate;
mod server;

use server::McpServer;

use crate::State;

/// A call's arguments are a few hundred bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The endpoint, with and without a slash at its end: people paste both.
pub fn router(state: &State) -> Router<State> {
    let server = McpServer::new(state.clone());
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(NeverSessionManager::default()),
        transport_config(&state.config.allowed_hosts, &state.config.allowed_origins),
    );
    // From the outside in: who is it, is it a frame, is it their turn, may they.
    Router::new()
        .route_service("/mcp", service.clone())
        .route_service("/mcp/", service)
        .layer(from_fn_with_state(state.clone(), gate::require_scope))
        .layer(from_fn_with_state(state.clone(), gate::require_turn))
        .layer(axum::middleware::from_fn(frame::read))
        .layer(from_fn_with_state(state.clone(), gate::require_bearer))
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
