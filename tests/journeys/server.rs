//! Runs only `mcp-server`, as a separate process: the production binary, or the conformance build with its test tools.

use std::process::Command;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use reqwest::{RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use storage::access::{ClientKind, ScopeSet};
use storage::db::{self, Db, PoolSize};
use storage::{agent_key, api_client, clock};
use web::config::from_environment;

use crate::processes::{JWT_PRIVATE_KEY, Process, binary, free_port};
use crate::service::{WEBHOOK_SECRET, client, eventually, new_database};

pub const ALL_SCOPES: &str =
    "context:read students:read students:write students:erase sessions:read notes:write calls:write";

pub struct Server {
    pub db: Db,
    pub url: String,
    pub http: reqwest::Client,
    pub process: Process,
}

impl Server {
    pub async fn production() -> Self {
        Self::start("mcp-server").await
    }

    pub async fn conformance() -> Self {
        Self::start("examples/conformance").await
    }

    async fn start(name: &str) -> Self {
        let (database_url, port) = (new_database().await, free_port());
        let mut command = Command::new(binary(name));
        command.env_clear().env("PATH", from_environment("PATH").unwrap_or_default()).envs([
            ("DATABASE_URL", database_url.expose_secret()),
            ("MCP_SERVER_ADDR", &format!("127.0.0.1:{port}")),
            ("JWT_PRIVATE_KEY", JWT_PRIVATE_KEY),
            ("VAPI_WEBHOOK_SECRET", WEBHOOK_SECRET),
            ("ALLOWED_ORIGINS", "http://localhost:*,http://127.0.0.1:*"),
            ("RUST_LOG", "error"),
        ]);
        let server = Self {
            db: db::patient_pool(&database_url, PoolSize(4)).unwrap(),
            url: format!("http://127.0.0.1:{port}"),
            http: client(),
            process: Process::spawn(&mut command),
        };
        eventually("the server is ready", async || {
            let ready = server.http.get(format!("{}/readyz", server.url)).send().await.ok()?;
            ready.status().is_success().then_some(())
        })
        .await;
        server
    }

    /// Creates a client, and returns a long-lived bearer key.
    pub async fn agent_key(&self, scope: &str) -> String {
        let scopes: ScopeSet = scope.parse().unwrap();
        let kind = ClientKind::BackOffice;
        let (client, _) = api_client::insert_client(&self.db, "agent", kind, scopes, clock::now()).await.unwrap();
        let key = agent_key::insert_key(&self.db, &client.client_id, clock::now()).await.unwrap();
        key.expose_secret().to_owned()
    }

    /// Builds a request to `/mcp`, in the protocol era of the handshake.
    pub fn message(&self, key: &str, method: &str, params: &Value) -> RequestBuilder {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = self.http.post(format!("{}/mcp", self.url)).bearer_auth(key);
        request.header("content-type", "application/json").body(body.to_string())
    }

    /// Calls a tool. Returns its result, and fails if the protocol is violated.
    pub async fn call(&self, key: &str, tool: &str, arguments: &Value) -> Value {
        let sent = self.message(key, "tools/call", &json!({ "name": tool, "arguments": arguments })).send().await;
        let response = sent.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{tool}");
        let answer: Value = response.json().await.unwrap();
        assert!(answer["result"].is_object(), "{tool}: {answer}");
        answer["result"].clone()
    }
}

/// Starts a proxy to `server_url` that adds a bearer, for clients that cannot send one.
pub async fn door_with_bearer(server_url: &str, key: &str) -> String {
    let (http, to, bearer) = (client(), server_url.to_owned(), format!("Bearer {key}"));
    let pass = move |request: Request| {
        let (http, to, bearer) = (http.clone(), to.clone(), bearer.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            let forward = http.request(parts.method, format!("{to}{}", parts.uri)).headers(parts.headers);
            let answer = forward.header("authorization", bearer).body(body).send().await.unwrap();
            let mut response = Response::builder().status(answer.status());
            *response.headers_mut().unwrap() = answer.headers().clone();
            response.body(Body::from_stream(answer.bytes_stream())).unwrap()
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(pass)).await });
    url
}
