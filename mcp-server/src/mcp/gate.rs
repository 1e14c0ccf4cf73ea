//! Who may pass, decided before the protocol is spoken: only here can a refusal be an HTTP status with a challenge.

use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::json;
use storage::access::{Caller, ScopeSet};
use storage::clock;
use web::http::Problem;
use web::telemetry::trace;

use super::frame::Frame;
use crate::auth::bearer_of;
use crate::auth::challenge::Denied;
use crate::limits::Busy;
use crate::line;
use crate::prompts;
use crate::resources::Resource;
use crate::tools;
use crate::trail::{Asked, Door, Held};

/// 401 without a good bearer. With one, the caller goes along in the request's extensions.
pub(super) async fn require_bearer(State(state): State<crate::State>, mut request: Request, next: Next) -> Response {
    let caller = match bearer_of(request.headers()) {
        Ok(bearer) => state.auth.authenticate(&state.db, bearer, clock::now()).await,
        Err(denied) => Err(denied),
    };
    match caller {
        Ok(caller) => {
            trace::of_call(|| line::of_headers(request.headers()).call_id);
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denied) => {
            state.refused_bearer(denied, request.extensions());
            state.auth.challenge(denied, offered_scopes()).into_response()
        }
    }
}

/// 403 where a request needs a scope that the token lacks.
pub(super) async fn require_scope(State(state): State<crate::State>, request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    if let (Some(caller), Some(frame)) = (extensions.get::<Caller>(), extensions.get::<Frame>())
        && let Some(scopes) = scopes_lacking(caller, frame)
    {
        let door = match &frame.method[..] {
            "prompts/get" => Door::Prompt,
            "resources/read" => Door::Resource,
            _ => Door::Tool,
        };
        // A resource's name is an address with an id; the method says enough.
        let what = if door == Door::Resource { &frame.method } else { frame.name.as_ref().unwrap_or(&frame.method) };
        Asked { caller, door, what, call_id: None }.refused(&state.recorder, Held::default());
        return state.auth.challenge(Denied::InsufficientScope, scopes).into_response();
    }
    next.run(request).await
}

/// A turn for the request, or words why not now. A model reads tool results and nothing else, so a tool call is refused
/// in one.
pub(super) async fn require_turn(State(state): State<crate::State>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>();
    // Agents of many people have one client id.
    let who = caller.map(|caller| caller.actor.to_string()).unwrap_or_default();
    let client_id = caller.and_then(Caller::client_id).unwrap_or_default().to_owned();
    match state.limits.enter(&who, Instant::now()).await {
        Ok(_turn) => next.run(request).await,
        Err(busy) => {
            tracing::info!(client.id = client_id, "a client asks faster than it may");
            refuse(busy, &request)
        }
    }
}

fn refuse(busy: Busy, request: &Request) -> Response {
    let seconds = busy.retry_after_seconds();
    let words = format!("Too many requests at once. Wait {seconds} s, then call again.");
    match request.extensions().get::<Frame>() {
        Some(frame) if frame.method == "tools/call" && !frame.id.is_null() => {
            let result =
                json!({ "resultType": "complete", "content": [{ "type": "text", "text": words }], "isError": true });
            let body = json!({ "jsonrpc": "2.0", "id": frame.id, "result": result });
            ([(RETRY_AFTER, seconds)], Json(body)).into_response()
        }
        _ => Problem::new(StatusCode::TOO_MANY_REQUESTS, words).retry_after(seconds).into_response(),
    }
}

/// What a token for all of our tools holds.
fn offered_scopes() -> ScopeSet {
    tools::TOOLS.iter().flat_map(|tool| tool.scopes.iter()).collect()
}

/// What the caller should ask a token for: what this request needs, and what the caller has, so that nothing is lost by
/// asking again. `None`: the token suffices, or what is asked for is unknown, which is not for this gate to say.
fn scopes_lacking(caller: &Caller, frame: &Frame) -> Option<ScopeSet> {
    let name = frame.name.as_deref()?;
    let needed: ScopeSet = match &frame.method[..] {
        "tools/call" => tools::find(name)?.scopes,
        "prompts/get" => prompts::find(name)?.scopes(),
        "resources/read" => [Resource::parse(name)?.scope()].into_iter().collect(),
        _ => return None,
    };
    let suffices = needed.is_subset_of(caller.scopes);
    (!suffices).then(|| caller.scopes.iter().chain(needed.iter()).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use storage::access::Scope;

    use super::*;

    fn lacking(scopes: &[Scope], method: &str, name: &str) -> Option<String> {
        let caller = Caller::client("c1", scopes.iter().copied().collect());
        let frame = Frame { method: method.to_owned(), name: Some(name.to_owned()), ..Frame::default() };
        scopes_lacking(&caller, &frame).map(|scopes| scopes.to_string())
    }

    #[test]
    fn a_token_that_lacks_a_scope_is_told_all_it_needs_at_once() {
        assert_eq!(
            lacking(&[Scope::ContextRead], "tools/call", "list_sessions").unwrap(),
            "context:read sessions:read"
        );
        assert_eq!(lacking(&[Scope::SessionsRead], "tools/call", "list_sessions"), None);
        assert_eq!(lacking(&[], "prompts/get", "parent_report").unwrap(), "students:read sessions:read");
        let uri = "session://0199aa00-0000-7000-8000-000000000001/transcript";
        assert_eq!(lacking(&[], "resources/read", uri).unwrap(), "sessions:read");
    }

    #[test]
    fn what_asks_for_nothing_known_is_not_judged_here() {
        assert_eq!(lacking(&[], "tools/list", "list_sessions"), None);
        assert_eq!(lacking(&[], "tools/call", "no_such_tool"), None);
    }

    #[tokio::test]
    async fn a_model_is_told_in_a_tool_result_to_wait_and_others_by_status() {
        let busy = Busy { retry_after: Duration::from_millis(1_200) };
        let mut request = Request::new(Body::empty());
        assert_eq!(refuse(busy, &request).status(), StatusCode::TOO_MANY_REQUESTS);
        request.extensions_mut().insert(Frame { method: "tools/call".into(), name: None, id: 7.into(), fault: None });
        let response = refuse(busy, &request);
        assert_eq!((response.status(), &response.headers()[RETRY_AFTER]), (StatusCode::OK, &2.into()));
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["id"], &body["result"]["isError"]), (&7.into(), &true.into()));
        assert!(body["result"]["content"][0]["text"].as_str().unwrap().contains("Wait 2 s"));
    }
}
