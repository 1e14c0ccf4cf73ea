//! A stand-in for VAPI's API: its calls, newest first, the objects that were set up, and rate limits.

mod objects;
mod schema;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

/// The conversation in every call: the sample's.
static ARTIFACT: LazyLock<Value> = LazyLock::new(|| {
    let report: Value = serde_json::from_slice(&crate::vapi::sample(crate::vapi::REPORT)).unwrap();
    report["message"]["artifact"].clone()
});

pub const API_KEY: &str = "a-key-of-vapi-for-tests";

#[derive(Clone, Default)]
pub struct FakeVapi(Arc<Mutex<Record>>);

#[derive(Default)]
struct Record {
    /// The calls, without their conversation.
    calls: Vec<Value>,
    /// The queries of the list that were requested.
    queries: Vec<HashMap<String, String>>,
    /// This many requests are refused with 429 and `Retry-After: 1`.
    n_busy: u32,
    /// The number of messages that the next read of a call leaves out. Each read lowers it by one.
    n_unwritten: usize,
    /// The address of the recordings, and how often it was requested.
    recording: Option<String>,
    n_looked_for: u32,
    /// The ids of the calls to delete, in the order of the requests.
    deleted: Vec<String>,
    objects: objects::Objects,
    /// Where this listens.
    url: String,
    /// Another address to give for the control of calls.
    control: Option<String>,
}

impl Record {
    /// Returns the call with the address that controls it, if it lasts and may be controlled.
    fn watched(&self, call: &Value) -> Value {
        let mut call = call.clone();
        let allows = call["assistantOverrides"]["monitorPlan"]["controlEnabled"] == true;
        if allows && call["status"] != "ended" {
            let own = || format!("{}/control/{}", self.url, objects::secret_of(call["id"].as_str().unwrap()));
            call["monitor"] = json!({ "controlUrl": self.control.clone().unwrap_or_else(own) });
        }
        call
    }
}

impl FakeVapi {
    /// Starts to listen. Returns the address for `VAPI_API_URL`.
    pub async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        self.record().url.clone_from(&url);
        let router = Router::new()
            .route("/call", get(list).post(objects::place_call))
            .route("/call/{id}", get(one).delete(delete))
            .route("/call/{id}/mono-recording", get(recording))
            .route("/control/{secret}", post(objects::control))
            .merge(objects::router())
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// Adds a call that ended `age` ago, with what was said in the sample report.
    pub fn add_ended_call(&self, call_id: &str, age: TimeDelta) {
        self.add_call_of(call_id, crate::vapi::CALLER, storage::clock::now() - age);
    }

    pub fn add_call_of(&self, call_id: &str, phone: &str, ended_at: DateTime<Utc>) {
        let call = json!({
            "id": call_id, "orgId": "org", "type": "inboundPhoneCall", "status": "ended",
            "createdAt": text(ended_at - TimeDelta::minutes(2)), "updatedAt": text(ended_at),
            "startedAt": text(ended_at - TimeDelta::minutes(2)), "endedAt": text(ended_at),
            "endedReason": "customer-ended-call", "customer": { "number": phone },
        });
        self.record().calls.push(call);
    }

    pub fn be_busy(&self, n_requests: u32) {
        self.record().n_busy = n_requests;
    }

    pub fn write_slowly(&self, n_looks: usize) {
        self.record().n_unwritten = n_looks;
    }

    pub fn queries(&self) -> Vec<HashMap<String, String>> {
        self.record().queries.clone()
    }

    pub fn keep_recordings_at(&self, url: &str) {
        self.record().recording = Some(url.to_owned());
    }

    /// Gives this address for the control of calls.
    pub fn control_at(&self, url: Option<String>) {
        self.record().control = url;
    }

    pub fn n_looked_for(&self) -> u32 {
        self.record().n_looked_for
    }

    /// Returns the ids of the calls to delete, sorted.
    pub fn deleted(&self) -> Vec<String> {
        let mut ids = self.record().deleted.clone();
        ids.sort();
        ids
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.0.lock().unwrap()
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Refuses a wrong key, and requests above the rate limit.
fn refusal(record: &mut Record, headers: &HeaderMap) -> Option<Response> {
    if headers.get("authorization").is_none_or(|key| key != format!("Bearer {API_KEY}").as_str()) {
        return Some(StatusCode::UNAUTHORIZED.into_response());
    }
    record.n_busy = record.n_busy.checked_sub(1)?;
    Some((StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response())
}

async fn list(
    State(vapi): State<FakeVapi>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let mut record = vapi.record();
    if let Some(refusal) = refusal(&mut record, &headers) {
        return refusal;
    }
    record.queries.push(query.clone());
    let holds = |call: &Value, field: &str, order: &str| {
        let limit = query.get(&format!("{field}{order}"));
        let at = call[field].as_str().unwrap();
        limit.is_none_or(|limit| match order {
            "Ge" => at >= limit.as_str(),
            "Le" => at <= limit.as_str(),
            _ => at < limit.as_str(),
        })
    };
    let mut calls: Vec<&Value> = record
        .calls
        .iter()
        .filter(|call| holds(call, "updatedAt", "Ge") && holds(call, "createdAt", "Ge"))
        .filter(|call| holds(call, "createdAt", "Le") && holds(call, "createdAt", "Lt"))
        .collect();
    calls.sort_by_key(|call| std::cmp::Reverse(call["createdAt"].as_str().unwrap()));
    let limit = query.get("limit").map_or(100, |limit| limit.parse().unwrap());
    calls.truncate(limit);
    axum::Json(json!(calls)).into_response()
}

async fn one(State(vapi): State<FakeVapi>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let mut record = vapi.record();
    if let Some(refusal) = refusal(&mut record, &headers) {
        return refusal;
    }
    let Some(call) = record.calls.iter().find(|call| call["id"] == id.as_str()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut call = record.watched(call);
    call["artifact"] = ARTIFACT.clone();
    if record.n_unwritten > 0 {
        let messages = call["artifact"]["messages"].as_array_mut().unwrap();
        messages.truncate(messages.len().saturating_sub(record.n_unwritten));
        record.n_unwritten -= 1;
    }
    axum::Json(call).into_response()
}

async fn delete(State(vapi): State<FakeVapi>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let mut record = vapi.record();
    if let Some(refusal) = refusal(&mut record, &headers) {
        return refusal;
    }
    record.deleted.push(id.clone());
    let n_before = record.calls.len();
    record.calls.retain(|call| call["id"] != id.as_str());
    if record.calls.len() == n_before { StatusCode::NOT_FOUND } else { StatusCode::OK }.into_response()
}

async fn recording(State(vapi): State<FakeVapi>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let mut record = vapi.record();
    if let Some(refusal) = refusal(&mut record, &headers) {
        return refusal;
    }
    record.n_looked_for += 1;
    let is_known = record.calls.iter().any(|call| call["id"] == id.as_str());
    match &record.recording {
        Some(url) if is_known => (StatusCode::FOUND, [("location", url.clone())]).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
