//! Relaxes the SDK's transport: it accepts more headers, and answers a broken frame with a JSON-RPC error instead of
//! plain text.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::lenient_json;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
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

/// What is wrong with the parameters of a method that has some.
fn fault(method: &str, params: Option<&Value>) -> Option<&'static str> {
    let all = &Value::Null;
    let params = params.unwrap_or(all);
    let must = |is_so: bool, fault: &'static str| (!is_so).then_some(fault);
    let is_text = |name: &str| params[name].is_string();
    match method {
        "tools/call" | "prompts/get" | "resources/read" | "initialize" if !params.is_object() => {
            Some("params must be an object")
        }
        "tools/call" | "prompts/get" if params["name"].is_null() => Some("params.name is missing"),
        "tools/call" | "prompts/get" => must(is_text("name"), "params.name must be a string")
            .or_else(|| must(is_absent_or_object(&params["arguments"]), "params.arguments must be an object")),
        "resources/read" if params["uri"].is_null() => Some("params.uri is missing"),
        "resources/read" => must(is_text("uri"), "params.uri must be a string"),
        "initialize" if params["protocolVersion"].is_null() => Some("params.protocolVersion is missing"),
        "initialize" => must(is_text("protocolVersion"), "params.protocolVersion must be a string")
            .or_else(|| must(params["capabilities"].is_object(), "params.capabilities must be an object"))
            .or_else(|| must(params["clientInfo"].is_object(), "params.clientInfo must be an object"))
            .or_else(|| must(params["clientInfo"]["name"].is_string(), "params.clientInfo.name must be a string"))
            .or_else(|| {
                must(params["clientInfo"]["version"].is_string(), "params.clientInfo.version must be a string")
            }),
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" => {
            must(is_absent_or_object(params), "params must be an object")
                .or_else(|| must(params["cursor"].is_null() || is_text("cursor"), "params.cursor must be a string"))
        }
        _ => None,
    }
}

fn is_absent_or_object(value: &Value) -> bool {
    value.is_null() || value.is_object()
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    NotJson,
    Batch,
}

impl Frame {
    /// `Err`: it is not JSON. JSON that is not JSON-RPC passes: the SDK judges it.
    fn parse(body: &[u8]) -> Result<Self, Broken> {
        if body.trim_ascii_start().starts_with(b"[") {
            return Err(Broken::Batch);
        }
        let mut frame: Value = serde_json::from_slice(body).map_err(|_| Broken::NotJson)?;
        let Some(method) = frame["method"].as_str().map(str::to_owned) else { return Ok(Self::default()) };
        let params = frame.get("params");
        let text = |name: &str| params?.get(name)?.as_str().map(str::to_owned);
        let (fault, name) = (fault(&method, params), text("name").or_else(|| text("uri")));
        Ok(Self { fault, method, name, id: frame["id"].take() })
    }
}

/// The body with its unreadable characters replaced, if nothing else is wrong with it: half an emoji in an argument is no
/// reason to leave a child without an answer.
fn readable(body: Bytes) -> Bytes {
    // To the last escape: a reader that skips strings does not check them.
    if serde_json::from_slice::<Value>(&body).is_ok() {
        return body;
    }
    let (text, repairs) = lenient_json::repair(&body);
    let is_good = repairs.n_values == 0 && repairs.n_nested == 0 && serde_json::from_str::<Value>(&text).is_ok();
    if is_good { text.into() } else { body }
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
    let body = if is_json { readable(body) } else { body };
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

/// Revision 2026-07-28 has no `initialize`. A client of that revision that sends it gets this error.
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
        for (method, params, words) in [
            ("tools/call", json!(null), "params must be an object"),
            ("tools/call", json!([1]), "params must be an object"),
            ("tools/call", json!("x"), "params must be an object"),
            ("tools/call", json!({ "name": 7 }), "params.name must be a string"),
            ("tools/call", json!({ "Name": "x" }), "params.name is missing"),
            ("tools/call", json!({ "name": ["x"], "arguments": {} }), "params.name must be a string"),
            ("tools/call", json!({ "name": "x", "arguments": [] }), "params.arguments must be an object"),
            ("tools/call", json!({ "name": "x", "arguments": 7 }), "params.arguments must be an object"),
            ("prompts/get", json!({ "name": "x", "arguments": true }), "params.arguments must be an object"),
            ("resources/read", json!({ "uri": {} }), "params.uri must be a string"),
            ("tools/list", json!([]), "params must be an object"),
            ("tools/list", json!({ "cursor": 7 }), "params.cursor must be a string"),
            ("initialize", json!({}), "params.protocolVersion is missing"),
            ("initialize", json!({ "protocolVersion": 1 }), "params.protocolVersion must be a string"),
            (
                "initialize",
                json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {} }),
                "params.clientInfo.name must be a string",
            ),
        ] {
            assert_eq!(fault(method, params.clone()), Some(words), "{method} {params}");
        }
        for params in [json!({}), json!(null), json!({ "cursor": null })] {
            assert_eq!(fault("tools/list", params.clone()), None, "{params}");
        }
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
    fn half_an_emoji_is_replaced_and_other_mistakes_stay() {
        let read = |body: &'static [u8]| String::from_utf8_lossy(&readable(Bytes::from_static(body))).into_owned();
        assert_eq!(read(br#"{"a":"7 \ud83d"}"#), "{\"a\":\"7 \u{fffd}\"}");
        assert_eq!(read(b"{\"a\":\"7 \xff\"}"), "{\"a\":\"7 \u{fffd}\"}");
        assert_eq!(read(b"\xef\xbb\xbf{\"a\":7}"), "{\"a\":7}");
        for body in [&b"{\"a\":1e999}"[..], b"{\"a\":NaN}", b"hello", b"{", b""] {
            assert_eq!(read(body), String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn deep_nesting_is_an_answer_and_not_a_stack_overflow() {
        let deep = format!(r#"{{"params":{}{}}}"#, r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert_eq!(Frame::parse(deep.as_bytes()), Err(Broken::NotJson));
    }
}
