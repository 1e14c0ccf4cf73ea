//! The JSON API for apps, under `/api/v1`: its routes, and the document that describes them.
//!
//! **Invariant:** route, documentation and needed scopes of an operation are one value; none can be had without the
//! others.

mod body;
mod condition;
mod document;
mod endpoint;
pub(crate) mod events;
mod fault;
mod follow_ups;
mod own;
mod page;
mod path;
mod query;
mod sessions;
mod students;
mod told;

use std::collections::BTreeMap;
use std::time::Instant;

use axum::extract::{FromRequestParts, RawPathParams, Request, State as Shared};
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get};
use axum::{Json, Router};
use serde_json::Value;
use storage::access::{Caller, ScopeSet};
use tower_http::set_header::SetResponseHeaderLayer;
use web::http::Problem;
use web::telemetry::trace;

use self::condition::Known;
use self::endpoint::Endpoint;
use crate::State;
use crate::auth::Bearer;
use crate::auth::challenge::Denied;
use crate::line;
use crate::trail::{Asked, Door, Held};

/// Every operation that the document describes, in its order.
fn endpoints() -> Vec<Endpoint> {
    [students::endpoints(), sessions::endpoints(), follow_ups::endpoints(), own::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> Value {
    document::render(&endpoints())
}

/// All routes under `/api`, and the exchange of a code.
pub fn router(state: &State) -> Router<State> {
    let mut paths: BTreeMap<&str, MethodRouter<State>> = BTreeMap::new();
    for endpoint in endpoints().into_iter().chain([events::endpoint()]) {
        if endpoint.is_public() {
            paths.insert(endpoint.path, endpoint.route);
            continue;
        }
        let needed: ScopeSet = endpoint.operation.scopes.iter().copied().collect();
        let what = endpoint.operation.id;
        let permit = middleware::from_fn_with_state(
            state.clone(),
            move |state: Shared<State>, bearer: Bearer, request: Request, next: Next| {
                permit(state, bearer, (needed, what), request, next)
            },
        );
        let route = paths.remove(endpoint.path).unwrap_or_default().merge(endpoint.route.layer(permit));
        paths.insert(endpoint.path, route);
    }
    paths
        .into_iter()
        .fold(Router::new(), |router, (path, route)| router.route(path, route.fallback(wrong_method)))
        // Responses are about children, so no intermediary may cache them.
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .route("/api/v1/openapi.json", get(async || Json(openapi())))
        .route("/api/docs", get(page::show))
        .route("/api/{*rest}", any(no_such_path))
}

/// Gives the request one of the client's turns, and says how many are left.
async fn permit(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    operation: (ScopeSet, &'static str),
    request: Request,
    next: Next,
) -> Response {
    // The MCP door counts by the same name: agents of many people have one client id.
    let turn = match state.limits.enter(&caller.actor.to_string(), Instant::now()).await {
        Ok(turn) => turn,
        Err(busy) => {
            let seconds = busy.retry_after_seconds();
            let detail = format!("too many requests; wait {seconds} s, then ask again");
            return Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds).into_response();
        }
    };
    let known = Known::of(&request);
    let response = answer(&state, &caller, operation, request, next).await;
    let mut response = known.settle(response).await;
    turn.allowance.write(response.headers_mut());
    response
}

/// Answers a caller who holds every scope that the operation needs.
async fn answer(
    state: &State,
    caller: &Caller,
    (needed, what): (ScopeSet, &'static str),
    request: Request,
    next: Next,
) -> Response {
    let asked = Asked { caller, door: Door::Api, what, call_id: None };
    let (mut parts, body) = request.into_parts();
    let named = named_in(&mut parts).await;
    if !needed.is_subset_of(caller.scopes) {
        asked.refused(&state.recorder, Held::of(&named));
        return state.auth.challenge(Denied::InsufficientScope, needed).into_response();
    }
    let line = line::of_headers(&parts.headers);
    trace::of_call(|| line.call_id.as_deref());
    let settled = match line::settle(&state.db, caller, &line, &named).await {
        Ok(caller) => caller,
        Err(error) => return Problem::from(error).into_response(),
    };
    parts.extensions.insert(settled);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if response.status().is_success() {
        let held = response.extensions_mut().remove::<Held>().filter(|held| !held.is_empty());
        asked.gave(&state.recorder, held.unwrap_or_else(|| Held::of(&named)));
    } else if response.status() == StatusCode::FORBIDDEN {
        asked.refused(&state.recorder, Held::of(&named));
    }
    response
}

/// The student, session or call that the path names.
async fn named_in(parts: &mut Parts) -> Value {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    params.iter().flat_map(RawPathParams::iter).map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "`Allow` names the methods of this path")
}

async fn no_such_path() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing at this path; /api/docs lists what there is")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use storage::access::Scope;

    use super::*;

    #[test]
    fn every_operation_is_documented_and_asks_for_a_scope() {
        let mut ids = HashSet::new();
        for endpoint in endpoints() {
            let (path, operation) = (endpoint.path, &endpoint.operation);
            assert!(ids.insert(operation.id), "{} is there twice", operation.id);
            assert!(!operation.summary.is_empty() && endpoint.is_public() == (path == own::EXCHANGE), "{path}");
            let is_own = operation.scopes.contains(&Scope::OwnRead);
            assert_eq!(is_own, path.starts_with("/api/v1/own/"), "{path}");
        }
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let document = openapi();
        let text = document.to_string();
        let mut n = 0;
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
            n += 1;
        }
        assert!(n > 20, "{n}");
    }

    #[test]
    fn a_telephone_number_never_stands_in_a_url() {
        for (path, methods) in openapi()["paths"].as_object().unwrap() {
            assert!(!path.contains("phone"), "{path}");
            for operation in methods.as_object().unwrap().values() {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                assert!(parameters.clone().all(|parameter| parameter["name"] != "phone"), "{path}");
            }
        }
    }
}
