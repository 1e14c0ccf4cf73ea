//! VAPI's assistants, tools, credentials, phone numbers and calls: kept, changed and refused as VAPI does. Every
//! request and every answer is compared with VAPI's published description.

use std::sync::MutexGuard;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::schema::{faults_of_answer, faults_of_request};
use super::{FakeVapi, Record, refusal, text};

/// The objects and the settings of the stand-in.
#[derive(Default)]
pub struct Objects {
    kept: Vec<(String, Value)>,
    /// Method, path and body of every request that changes something.
    changes: Vec<(String, Value)>,
    /// This many requests are answered with this status.
    faults: Option<(u32, StatusCode)>,
    /// Whether requests are never answered.
    is_silent: bool,
    /// Whether calls are placed but the answer is never sent.
    keeps_answers: bool,
}

pub fn router() -> Router<FakeVapi> {
    let mut router = Router::new();
    for kind in ["assistant", "tool", "credential", "phone-number"] {
        router = router
            .route(&format!("/{kind}"), get(list).post(create))
            .route(&format!("/{kind}/{{id}}"), get(one).patch(change));
    }
    router
}

impl FakeVapi {
    /// Adds an object that someone else made. Returns its id.
    pub fn add_object(&self, kind: &str, body: Value) -> String {
        insert(&mut self.record().objects, kind, body)["id"].as_str().unwrap().to_owned()
    }

    /// Adds a number as VAPI imports it from a carrier. Returns its id.
    pub fn add_number(&self, number: &str) -> String {
        let body = json!({
            "provider": "twilio", "number": number, "status": "active", "twilioAccountSid": "AC1", "name": "Our line",
        });
        self.add_object("phone-number", body)
    }

    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let record = self.record();
        let kept = record.objects.kept.iter().filter(|(of, _)| of == kind);
        kept.map(|(_, object)| object.clone()).collect()
    }

    /// Changes the only object of the kind, bypassing the API.
    pub fn tamper(&self, kind: &str, with: impl Fn(&mut Value)) {
        let mut record = self.record();
        let mut of_kind = record.objects.kept.iter_mut().filter(|(of, _)| of == kind);
        with(&mut of_kind.next().expect("an object of that kind").1);
        assert!(of_kind.next().is_none(), "there is one {kind}");
    }

    /// Changes the object with that id, bypassing the API.
    pub fn change_object(&self, id: &str, with: impl Fn(&mut Value)) {
        let mut record = self.record();
        let object = record.objects.kept.iter_mut().find(|(_, object)| object["id"] == id);
        with(&mut object.expect("an object of that id").1);
    }

    /// Returns the requested changes, each as `METHOD /kind`, and forgets them.
    pub fn take_changes(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.record().objects.changes)
    }

    /// Answers the next requests with `status`.
    pub fn fail(&self, n_requests: u32, status: StatusCode) {
        self.record().objects.faults = Some((n_requests, status));
    }

    pub fn be_silent(&self, is_silent: bool) {
        self.record().objects.is_silent = is_silent;
    }

    pub fn keep_answers(&self, keeps: bool) {
        self.record().objects.keeps_answers = keeps;
    }

    /// Returns the placed calls, in order.
    pub fn placed(&self) -> Vec<Value> {
        let record = self.record();
        record.calls.iter().filter(|call| call["type"] == "outboundPhoneCall").cloned().collect()
    }

    /// Ends the placed calls that last: the students answered and hung up. Returns them.
    pub fn answer_calls(&self) -> Vec<Value> {
        let mut record = self.record();
        let of_ours =
            record.calls.iter_mut().filter(|call| call["type"] == "outboundPhoneCall" && call["status"] != "ended");
        let answered = of_ours.map(|call| {
            let at = text(storage::clock::now());
            for (name, value) in
                [("status", "ended"), ("endedReason", "customer-ended-call"), ("updatedAt", &at), ("endedAt", &at)]
            {
                call[name] = json!(value);
            }
            call["startedAt"] = call["createdAt"].clone();
            call.clone()
        });
        answered.collect()
    }

    /// Ends all calls.
    pub fn end_calls(&self) {
        for call in &mut self.record().calls {
            call["status"] = json!("ended");
        }
    }
}

fn insert(objects: &mut Objects, kind: &str, mut body: Value) -> Value {
    let n = objects.kept.len() + 1;
    let at = text(storage::clock::now());
    for (name, value) in
        [("id", format!("{kind}-{n}")), ("orgId", "org".to_owned()), ("createdAt", at.clone()), ("updatedAt", at)]
    {
        body[name] = json!(value);
    }
    objects.kept.push((kind.to_owned(), body.clone()));
    body
}

/// Returns the object as VAPI shows it, without secrets.
fn shown(operation: &str, object: &Value) -> Value {
    let mut object = object.clone();
    for secret in ["secretKey", "token"] {
        if let Some(value) = object.pointer_mut(&format!("/authenticationPlan/{secret}")) {
            *value = json!("********");
        }
    }
    let faults = faults_of_answer(operation, &object);
    assert!(faults.is_empty(), "the stand-in's answer to {operation} does not match VAPI's description: {faults:?}");
    object
}

/// Runs before every answer: the silence and the faults that the test ordered, the key, and the rate limit.
async fn enter<'a>(vapi: &'a FakeVapi, headers: &HeaderMap) -> Result<MutexGuard<'a, Record>, Response> {
    let is_silent = vapi.record().objects.is_silent;
    if is_silent {
        std::future::pending::<()>().await;
    }
    let mut record = vapi.record();
    if let Some((n @ 1.., status)) = record.objects.faults {
        record.objects.faults = Some((n - 1, status));
        return Err(
            (status, Json(json!({ "message": "ordered by the test", "statusCode": status.as_u16() }))).into_response()
        );
    }
    if let Some(refusal) = refusal(&mut record, headers) {
        return Err(refusal);
    }
    Ok(record)
}

/// Parses the body. If the description does not allow it, returns VAPI's error message for 400.
fn read(operation: &str, body: &[u8]) -> Result<Value, Json<Value>> {
    let refusal = |faults: Vec<String>| Json(json!({ "message": faults, "error": "Bad Request", "statusCode": 400 }));
    let body: Value = serde_json::from_slice(body).map_err(|error| refusal(vec![error.to_string()]))?;
    let faults = faults_of_request(operation, &body);
    if faults.is_empty() { Ok(body) } else { Err(refusal(faults)) }
}

fn kind_of(uri: &axum::http::Uri) -> String {
    uri.path().split('/').nth(1).unwrap().to_owned()
}

async fn list(State(vapi): State<FakeVapi>, headers: HeaderMap, uri: axum::http::Uri) -> Response {
    let kind = kind_of(&uri);
    let record = match enter(&vapi, &headers).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    let operation = format!("GET /{kind}");
    let of_kind = record.objects.kept.iter().filter(|(of, _)| *of == kind);
    Json(of_kind.map(|(_, object)| shown(&operation, object)).collect::<Value>()).into_response()
}

async fn create(State(vapi): State<FakeVapi>, headers: HeaderMap, uri: axum::http::Uri, body: Bytes) -> Response {
    let kind = kind_of(&uri);
    let operation = format!("POST /{kind}");
    let mut record = match enter(&vapi, &headers).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    let body = match read(&operation, &body) {
        Ok(body) => body,
        Err(refusal) => return (StatusCode::BAD_REQUEST, refusal).into_response(),
    };
    record.objects.changes.push((operation.clone(), body.clone()));
    let made = insert(&mut record.objects, &kind, body);
    (StatusCode::CREATED, Json(shown(&operation, &made))).into_response()
}

async fn one(
    State(vapi): State<FakeVapi>,
    headers: HeaderMap,
    uri: axum::http::Uri,
    Path(id): Path<String>,
) -> Response {
    let kind = kind_of(&uri);
    let record = match enter(&vapi, &headers).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match record.objects.kept.iter().find(|(of, object)| *of == kind && object["id"] == id.as_str()) {
        Some((_, object)) => Json(shown(&format!("GET /{kind}"), object)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Replaces each top-level field that is sent; null removes it.
async fn change(
    State(vapi): State<FakeVapi>,
    headers: HeaderMap,
    uri: axum::http::Uri,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let kind = kind_of(&uri);
    let operation = format!("{} /{kind}/{{id}}", Method::PATCH);
    let mut record = match enter(&vapi, &headers).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    let body = match read(&operation, &body) {
        Ok(body) => body,
        Err(refusal) => return (StatusCode::BAD_REQUEST, refusal).into_response(),
    };
    record.objects.changes.push((operation.clone(), body.clone()));
    let kept = record.objects.kept.iter_mut().find(|(of, object)| *of == kind && object["id"] == id.as_str());
    let Some((_, object)) = kept else { return StatusCode::NOT_FOUND.into_response() };
    for (name, value) in body.as_object().unwrap() {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name.as_str()] = value.clone();
        }
    }
    Json(shown(&operation, object)).into_response()
}

/// The address that controls a call: who knows it needs no key. Gone when the call is over.
pub async fn control(
    State(vapi): State<FakeVapi>,
    headers: HeaderMap,
    Path(secret): Path<String>,
    body: Bytes,
) -> StatusCode {
    assert!(headers.get("authorization").is_none(), "the key is not for the address that controls a call");
    let mut record = vapi.record();
    if let Some((n @ 1.., status)) = record.objects.faults {
        record.objects.faults = Some((n - 1, status));
        return status;
    }
    let is_it = |call: &&mut Value| call["status"] != "ended" && secret == secret_of(call["id"].as_str().unwrap());
    let Some(call) = record.calls.iter_mut().find(is_it) else { return StatusCode::NOT_FOUND };
    // The message `ClientInboundMessageEndCall` of VAPI's description.
    if serde_json::from_slice(&body).ok() != Some(json!({ "type": "end-call" })) {
        return StatusCode::BAD_REQUEST;
    }
    call["status"] = json!("ended");
    call["endedReason"] = json!("manually-canceled");
    let id = call["id"].clone();
    record.objects.changes.push(("end-call".to_owned(), id));
    StatusCode::OK
}

/// The part of the address that is secret.
pub fn secret_of(call_id: &str) -> String {
    format!("secret-of-{call_id}")
}

/// `POST /call`: the call rings until [`FakeVapi::end_calls`], or until it is ended at the address that controls it.
pub async fn place_call(State(vapi): State<FakeVapi>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = placed(&vapi, &headers, &body).await;
    let keeps_answer = vapi.record().objects.keeps_answers;
    if keeps_answer {
        std::future::pending::<()>().await;
    }
    answer
}

async fn placed(vapi: &FakeVapi, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut record = match enter(vapi, headers).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    let body = match read("POST /call", body) {
        Ok(body) => body,
        Err(refusal) => return (StatusCode::BAD_REQUEST, refusal).into_response(),
    };
    let is_known =
        |kind: &str, id: &Value| record.objects.kept.iter().any(|(of, object)| of == kind && object["id"] == *id);
    if !is_known("assistant", &body["assistantId"]) || !is_known("phone-number", &body["phoneNumberId"]) {
        return (StatusCode::BAD_REQUEST, Json(json!({ "message": "Couldn't find it", "statusCode": 400 })))
            .into_response();
    }
    record.objects.changes.push(("POST /call".to_owned(), body.clone()));
    let mut call = body;
    let at = text(storage::clock::now());
    for (name, value) in [("orgId", "org"), ("createdAt", &at), ("updatedAt", &at)] {
        call[name] = json!(value);
    }
    call["id"] = json!(format!("placed-{}", record.calls.len() + 1));
    call["type"] = json!("outboundPhoneCall");
    call["status"] = json!("queued");
    let shown = record.watched(&call);
    let faults = faults_of_answer("POST /call", &shown);
    assert!(faults.is_empty(), "{faults:?}");
    record.calls.push(call);
    (StatusCode::CREATED, Json(shown)).into_response()
}
