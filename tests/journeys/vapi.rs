//! VAPI's side: the messages that it sends, signed as VAPI signs them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::service::{Service, WEBHOOK_SECRET};

/// The caller of the samples, and the call of `end-of-call-report.wire-extras.json`.
pub const CALLER: &str = "+14155550142";
pub const REPORT: &str = "end-of-call-report.wire-extras.json";
pub const CALL_ID: &str = "0b6d3c52-6c1e-4f0a-9d55-3f1f6f0c7a21";

/// Reads a recorded message, unchanged.
pub fn sample(name: &str) -> Vec<u8> {
    std::fs::read(folder().join("raw").join(name)).unwrap()
}

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vapi")
}

/// Returns the sample with another call's id.
pub fn sample_of_call(name: &str, call_id: &str) -> Vec<u8> {
    let mut message: Value = serde_json::from_slice(&sample(name)).unwrap();
    message["message"]["call"]["id"] = Value::from(call_id);
    serde_json::to_vec(&message).unwrap()
}

/// Builds a report of a call of nine minutes, in which tutor and child take turns, the tutor first.
pub fn report(call_id: &str, began: DateTime<Utc>, said: &[&str]) -> Vec<u8> {
    let messages = said.iter().enumerate().map(|(i, text)| {
        let seconds = i as i64 * 8;
        json!({
            "role": if i % 2 == 0 { "bot" } else { "user" }, "message": text, "secondsFromStart": seconds,
            "time": (began + TimeDelta::seconds(seconds)).timestamp_millis(), "duration": 4000,
        })
    });
    let mut report: Value = serde_json::from_slice(&sample(REPORT)).unwrap();
    let message = &mut report["message"];
    message["artifact"]["messages"] = messages.collect();
    for left_out in ["messagesOpenAIFormatted", "transcript"] {
        message["artifact"].as_object_mut().unwrap().remove(left_out);
    }
    message["call"]["id"] = json!(call_id);
    message["call"]["createdAt"] = json!(began.to_rfc3339());
    message["startedAt"] = json!(began.to_rfc3339());
    message["endedAt"] = json!((began + TimeDelta::minutes(9)).to_rfc3339());
    serde_json::to_vec(&report).unwrap()
}

pub fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

pub async fn post(http: &reqwest::Client, server_url: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    try_to_post(http, server_url, headers, body).await.unwrap()
}

async fn try_to_post(
    http: &reqwest::Client,
    server_url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> reqwest::Result<Response> {
    let mut request = http.post(format!("{server_url}/webhooks/vapi")).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_vec()).send().await
}

/// Sends a message as VAPI does, and retries if the connection breaks or the server is busy.
pub async fn deliver_to(http: &reqwest::Client, server_url: &str, body: &[u8]) -> StatusCode {
    send(http, || server_url.to_owned(), body).await.status()
}

/// Sends a message to changing servers: each attempt goes to the address that `server_url` returns.
pub async fn deliver_through(http: &reqwest::Client, server_url: impl Fn() -> String, body: &[u8]) -> StatusCode {
    send(http, server_url, body).await.status()
}

async fn send(http: &reqwest::Client, server_url: impl Fn() -> String, body: &[u8]) -> Response {
    let give_up_at = Instant::now() + Duration::from_secs(30);
    loop {
        let timestamp = storage::clock::now().timestamp().to_string();
        let signature = sign(WEBHOOK_SECRET, &timestamp, body);
        let headers = [("x-timestamp", &timestamp[..]), ("x-signature", &signature)];
        match try_to_post(http, &server_url(), &headers, body).await {
            Ok(response) if response.status() != StatusCode::SERVICE_UNAVAILABLE => return response,
            Ok(response) if Instant::now() > give_up_at => return response,
            Err(error) if Instant::now() > give_up_at => panic!("{error}"),
            Ok(_) | Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

impl Service {
    pub async fn deliver(&self, body: &[u8]) -> StatusCode {
        deliver_to(&self.http, &self.server_url, body).await
    }

    /// Sends a message that VAPI expects an answer to, and returns the answer.
    pub async fn ask(&self, body: &[u8]) -> Value {
        let response = send(&self.http, || self.server_url.clone(), body).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }
}
