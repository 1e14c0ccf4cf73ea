//! Mends what the SDK's transport is stricter about than its clients: it is lenient in what it accepts, and answers a
//! broken frame with a JSON-RPC error instead of plain text.

use std::borrow::Cow;

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::{Value, json};

use super::MAX_BODY_BYTES;

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const INVALID_PARAMS: i32 = -32602;

/// As much of a request as must be known before it is served. Goes along in the request's extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub method: String,
    /// The tool or prompt, or the resource's address, where one is asked for.
    pub name: Option<String>,
    /// What the answer must repeat; null in a notification.
    pub id: Value,
    /// What is wrong with the parameters. The SDK would answer that there is no such method.
    pub fault: Option<&'static str>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    id: Value,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uri: Option<Cow<'a, str>>,
    #[serde(default)]
    arguments: Shape,
    #[serde(default, rename = "protocolVersion")]
    protocol_version: Shape,
    #[serde(default)]
    capabilities: Shape,
    #[serde(default, rename = "clientInfo")]
    client_info: Shape,
}

/// As much of a parameter as says whether it is there, and an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Absent,
    Object,
    Other,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyShape;
        impl<'de> Visitor<'de> for AnyShape {
            type Value = Shape;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("any value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Shape::Object)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Shape::Other)
            }

            fn visit_unit<E>(self) -> Result<Shape, E> {
                Ok(Shape::Absent)
            }

            fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
                Ok(Shape::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
                Ok(Shape::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
                Ok(Shape::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
                Ok(Shape::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
                Ok(Shape::Other)
            }
        }
        deserializer.deserialize_any(AnyShape)
    }
}

impl Params<'_> {
    /// What is wrong with the parameters of a method that has some.
    fn fault(&self, method: &str) -> Option<&'static str> {
        let missing = |is_missing: bool, fault: &'static str| is_missing.then_some(fault);
        match method {
            "tools/call" | "prompts/get" => missing(self.name.is_none(), "params.name is missing")
                .or_else(|| missing(self.arguments == Shape::Other, "params.arguments must be an object")),
            "resources/read" => missing(self.uri.is_none(), "params.uri is missing"),
            "initialize" => missing(self.protocol_version == Shape::Absent, "params.protocolVersion is missing")
                .or_else(|| missing(self.capabilities != Shape::Object, "params.capabilities must be an object"))
                .or_else(|| missing(self.client_info != Shape::Object, "params.clientInfo must be an object")),
            _ => None,
        }
    }
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    NotJson,
    Batch,
}

impl Frame {
    /// `Err` where it is no JSON. JSON that is no JSON-RPC passes: the SDK judges it.
    fn parse(body: &[u8]) -> Result<Self, Broken> {
        if body.trim_ascii_start().starts_with(b"[") {
            return Err(Broken::Batch);
        }
        match serde_json::from_slice::<Envelope<'_>>(body) {
            Ok(envelope) => Ok(Self {
                fault: envelope.params.as_ref().and_then(|params| params.fault(&envelope.method)),
                method: envelope.method.into_owned(),
                name: envelope.params.and_then(|params| params.name.or(params.uri)).map(Cow::into_owned),
                id: envelope.id,
            }),
            Err(error) if error.classify() == Category::Data => Ok(Self::default()),
            Err(_) => Err(Broken::NotJson),
        }
    }
}

/// The layer.
pub(super) async fn read(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        let message = format!("a request has at most {MAX_BODY_BYTES} bytes");
        return rpc_error(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, &message);
    };
    let is_json = is_json(&parts.headers);
    if is_json {
        match Frame::parse(&body) {
            Ok(Frame { fault: Some(fault), id, method, .. }) if !is_of_the_past(&method, &parts.headers) => {
                return rpc_answer(StatusCode::OK, &id, INVALID_PARAMS, fault);
            }
            Ok(frame) => parts.extensions.insert(frame),
            Err(Broken::NotJson) => return rpc_error(StatusCode::BAD_REQUEST, PARSE_ERROR, "the body is not JSON"),
            Err(Broken::Batch) => {
                return rpc_error(StatusCode::BAD_REQUEST, INVALID_REQUEST, "send one message, not a batch");
            }
        };
    }
    // Many clients accept `*/*`, or JSON alone, or say nothing; they all read our JSON.
    parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if is_json && response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        return rpc_error(StatusCode::BAD_REQUEST, INVALID_REQUEST, "the body is not a JSON-RPC message");
    }
    response
}

/// Since revision 2026-07-28 there is no `initialize`: whoever speaks it hears that there is no such method.
fn is_of_the_past(method: &str, headers: &HeaderMap) -> bool {
    let revision = headers.get("mcp-protocol-version").and_then(|value| value.to_str().ok()).unwrap_or_default();
    method == "initialize" && revision >= "2026-07-28"
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The id is null: a broken frame has none that can be trusted.
fn rpc_error(status: StatusCode, code: i32, message: &str) -> Response {
    rpc_answer(status, &Value::Null, code, message)
}

fn rpc_answer(status: StatusCode, id: &Value, code: i32, message: &str) -> Response {
    let body = json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } });
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_tool_and_id_are_read() {
        let body =
            br#"{"jsonrpc":"2.0","id":"a1","method":"tools/call","params":{"name":"get_session","arguments":{}}}"#;
        let frame =
            Frame { method: "tools/call".into(), name: Some("get_session".into()), id: "a1".into(), fault: None };
        assert_eq!(Frame::parse(body), Ok(frame));
        let frame = Frame { method: "abc".into(), name: None, id: Value::Null, fault: None };
        assert_eq!(Frame::parse(br#"{"method":"a\u0062c"}"#), Ok(frame));
    }

    #[test]
    fn bad_parameters_are_named() {
        let fault = |method: &str, params: Value| {
            let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
            Frame::parse(body.as_bytes()).unwrap().fault
        };
        let client = json!({ "name": "t", "version": "1" });
        let whole = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        assert_eq!(fault("initialize", whole), None);
        assert_eq!(
            fault("initialize", json!({ "protocolVersion": "2025-06-18", "capabilities": {} })),
            Some("params.clientInfo must be an object")
        );
        assert_eq!(fault("tools/call", json!({ "name": "x", "arguments": { "a": [1, "b", null, 1.5, true] } })), None);
        assert_eq!(fault("tools/call", json!({ "name": "x", "arguments": null })), None);
        let text = json!({ "name": "x", "arguments": "{\"limit\":2}" });
        assert_eq!(fault("tools/call", text), Some("params.arguments must be an object"));
        assert_eq!(fault("tools/call", json!({ "arguments": {} })), Some("params.name is missing"));
        assert_eq!(fault("resources/read", json!({})), Some("params.uri is missing"));
        assert_eq!(fault("tools/list", json!({})), None);
    }

    #[test]
    fn what_is_no_json_is_told_from_what_is_no_frame() {
        for body in [&b""[..], b"{", b"hello", b"{\"a\":}", b"\xff", "[".repeat(3).as_bytes()] {
            assert!(Frame::parse(body).is_err(), "{body:?}");
        }
        for body in [&b"{}"[..], b"7", br#"{"method":7}"#, br#"{"method":"x","params":[1]}"#] {
            assert!(Frame::parse(body).is_ok(), "{body:?}");
        }
        assert_eq!(Frame::parse(b" [{}]"), Err(Broken::Batch));
    }

    #[test]
    fn deep_nesting_is_an_answer_and_not_a_stack_overflow() {
        let deep = format!(r#"{{"params":{}{}}}"#, r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert_eq!(Frame::parse(deep.as_bytes()), Err(Broken::NotJson));
    }
}
