//! The inputs of `tests/cases/reports` that once failed. Each is sent through the public interfaces and gets the right
//! answer.
//!
//! Reports of calls that were judged wrong are in `worker/analyser/tests/reports.rs`.

mod bodies;
mod doors;
mod imports;
mod names;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::service::{Service, eventually};

/// Reads a file of the folder.
fn file(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/reports").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json_file(name: &str) -> Value {
    serde_json::from_str(&file(name)).unwrap()
}

impl Service {
    /// Sends a JSON-RPC message to `/mcp`. `number` is the caller's number.
    async fn rpc(&self, key: &str, number: Option<&str>, message: &Value) -> Value {
        let mut request = self.http.post(format!("{}/mcp", self.server_url)).bearer_auth(key).json(message);
        if let Some(number) = number {
            request = request.header("x-caller-number", number);
        }
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Calls a tool. Returns its result.
    async fn tool(&self, key: &str, number: Option<&str>, name: &str, arguments: &Value) -> Value {
        let params = json!({ "name": name, "arguments": arguments });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        self.rpc(key, number, &message).await["result"].clone()
    }

    /// Returns the session of a call, as soon as `is_ready` accepts it.
    async fn session_when(&self, token: &str, call_id: &str, is_ready: impl Fn(&Value) -> bool) -> Value {
        eventually("the session is ready", async || {
            let url = format!("{}/api/v1/sessions/by-call/{call_id}", self.server_url);
            let response = self.http.get(url).bearer_auth(token).send().await.ok()?;
            let session: Value = response.json().await.ok()?;
            is_ready(&session).then_some(session)
        })
        .await
    }

    /// Returns the texts of the turns of a session.
    async fn texts(&self, token: &str, session: &Value) -> Vec<String> {
        let path = format!("/api/v1/sessions/{}/transcript", session["session_id"].as_str().unwrap());
        let turns = self.get(token, &path).await;
        turns["items"].as_array().unwrap().iter().map(|turn| turn["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Creates a student through the API.
    async fn create_student(&self, token: &str, body: &Value) -> (StatusCode, Value) {
        let url = format!("{}/api/v1/students", self.server_url);
        let response = self.http.post(url).bearer_auth(token).json(body).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }
}
