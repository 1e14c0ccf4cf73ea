//! An assistant on a telephone line, as VAPI's tools use it.

use chrono::TimeDelta;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use storage::clock;

use crate::service::{Service, eventually};

pub const VOICE: &str = "context:read calls:write notes:write";
pub const OFFICE: &str = "context:read students:read sessions:read";
pub const TEACHER: &str =
    "context:read students:read students:write students:erase sessions:read notes:write calls:write";
pub const PHONE: &str = "+14155550142";
pub const OTHER_PHONE: &str = "+14155550143";
pub const CALL_ID: &str = "0199d3f0-7777-7aaa-8bbb-1234567890ab";

pub fn tomorrow() -> String {
    (clock::now() + TimeDelta::days(1)).to_rfc3339()
}

/// An assistant on a telephone line.
pub struct Assistant<'a> {
    pub service: &'a Service,
    pub key: String,
}

impl Assistant<'_> {
    pub fn request(&self, method: &str, params: &Value) -> RequestBuilder {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = self.service.http.post(format!("{}/mcp", self.service.server_url)).bearer_auth(&self.key);
        request.header("content-type", "application/json").body(body.to_string())
    }

    /// Calls a tool on the line of `PHONE`. Returns its data, or its message if it refuses. If a busy server says that
    /// it took too long, repeats the call, as the message asks.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Value, String> {
        eventually("a tool answers in time", async || {
            let answer = self.call_once(tool, &arguments).await;
            (!matches!(&answer, Err(words) if words.contains("took too long"))).then_some(answer)
        })
        .await
    }

    async fn call_once(&self, tool: &str, arguments: &Value) -> Result<Value, String> {
        let request = self.request("tools/call", &json!({ "name": tool, "arguments": arguments }));
        let response = request.header("x-call-id", CALL_ID).header("x-caller-number", PHONE).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{tool}");
        let answer: Value = response.json().await.unwrap();
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().expect("every answer has a text").to_owned();
        if result["isError"] == json!(true) { Err(text) } else { Ok(result["structuredContent"].clone()) }
    }
}
