//! Any request to the MCP endpoint gets an answer without a panic, a 5xx or a timeout.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::{HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use web::config::{McpServerConfig, Settings};
use storage::db::{self, PoolSize};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";
const VERSIONS: [Option<&str>; 3] = [None, Some("2025-11-25"), Some("2026-07-28")];

static SERVER: LazyLock<(Runtime, Router)> = LazyLock::new(|| {
    let setting = |name: &str| match name {
        "DATABASE_URL" => Some("postgres://nobody@127.0.0.1:1/none".to_owned()),
        "JWT_PRIVATE_KEY" => Some(KEY.to_owned()),
        "VAPI_WEBHOOK_SECRET" => Some("for a fuzzer alone, and long".to_owned()),
        "CLIENT_REQUESTS_PER_SECOND" => Some("1000000000".to_owned()),
        _ => None,
    };
    let config = McpServerConfig::from_settings(Settings::new(setting)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let router = runtime.block_on(async {
        let db = db::pool(&config.database_url, PoolSize(1)).unwrap();
        // Calls that need the database are refused at once.
        db.close().await;
        mcp_server::fuzzing::mcp_without_gate(config, db)
    });
    (runtime, router)
});

/// In the newest revision headers repeat what the body says; without them no message would get far.
fn repeated(message: &Value) -> Vec<(&'static str, HeaderValue)> {
    let name = message.pointer("/params/name").or_else(|| message.pointer("/params/uri"));
    let told = [("mcp-method", message.get("method")), ("mcp-name", name)];
    told.into_iter().filter_map(|(name, value)| Some((name, value?.as_str()?.parse().ok()?))).collect()
}

fuzz_target!(|data: &[u8]| {
    let (runtime, router) = &*SERVER;
    let message = serde_json::from_slice(data).unwrap_or(Value::Null);
    for version in VERSIONS {
        let mut request = Request::post("/mcp").header("host", "localhost").header("content-type", "application/json");
        if let Some(version) = version {
            request = request.header("mcp-protocol-version", version);
            for (name, value) in repeated(&message) {
                request = request.header(name, value);
            }
        }
        let request = request.body(Body::from(data.to_vec())).unwrap();
        let (status, length) = runtime.block_on(async {
            let answer = tokio::time::timeout(Duration::from_secs(10), router.clone().oneshot(request));
            let answer = answer.await.expect("no request hangs").unwrap();
            let status = answer.status();
            (status, to_bytes(answer.into_body(), 1 << 24).await.expect("answers are bounded").len())
        });
        assert!(!status.is_server_error(), "{status} in {version:?}");
        assert!(status == StatusCode::ACCEPTED || length > 0, "{status} in {version:?} without a word");
    }
});
