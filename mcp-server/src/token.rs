//! `POST /auth/token`: a client shows its secret, or what it has signed, and gets a token for a quarter of an hour. An agent of
//! a person shows the code that the person's consent gave, or a refresh token (OAuth 2.1).

use std::net::IpAddr;

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;
use storage::access::{Caller, ScopeSet};
use storage::{api_client, clock, db};
use web::http::ClientAddress;

mod assertion;
pub mod failures;
mod person;
pub mod public_keys;
pub mod register;
mod request;
pub mod revoke;

use crate::auth::access_token::LIFETIME;
use crate::trail::{self, Asked, Door};
use request::{Asker, Proof, TokenRequest};

/// Why there is no token, by the names of RFC 6749 §5.2, RFC 7009, RFC 7591 and RFC 8707.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    InvalidRequest(&'static str),
    TooLong,
    /// The request has no credentials.
    NoClient,
    /// The client does not exist, its secret or signature is wrong, or it was revoked: the answer does not say which.
    InvalidClient,
    /// The client signed the request. The reason is only for that client.
    InvalidAssertion(&'static str),
    /// The code or refresh token is none, is over, or is another program's: the answer does not say which.
    InvalidGrant,
    UnsupportedGrantType,
    UnsupportedTokenType,
    /// People cannot be asked, because the dashboard's address is not configured.
    NoPeople,
    InvalidRedirectUri(&'static str),
    InvalidClientMetadata(&'static str),
    InvalidScope,
    InvalidTarget,
    /// Too many wrong secrets.
    Wait {
        seconds: i64,
    },
    Unavailable,
}

/// By the names of RFC 6749 §5.1.
#[derive(Debug, Serialize)]
struct Granted {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl From<db::Error> for Refusal {
    fn from(error: db::Error) -> Self {
        tracing::warn!(%error, "a token could not be given");
        Self::Unavailable
    }
}

/// The handler.
pub async fn issue(
    State(state): State<crate::State>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let granted = match body {
        Ok(body) => grant(&state, address, &headers, &body, clock::now()).await,
        Err(_) => Err(Refusal::TooLong),
    };
    let answer = match granted {
        Ok(token) => Json(token).into_response(),
        Err(refusal) => refusal.into_response(),
    };
    // RFC 6749 §5.1: no response may be cached.
    ([(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")], answer).into_response()
}

/// `GET /auth/authorize`: sends the browser to the dashboard, where the person signs in and is asked.
pub async fn authorize(State(state): State<crate::State>, RawQuery(query): RawQuery) -> Response {
    let page = match &state.config.admin_url {
        Some(admin_url) => person::consent_page(admin_url, query.as_deref().unwrap_or_default()),
        None => Err(Refusal::NoPeople),
    };
    ([(CACHE_CONTROL, "no-store")], page).into_response()
}

/// Bytes of a client id, which may be an address.
const MAX_CLIENT_ID: usize = 500;

async fn grant(
    state: &crate::State,
    address: IpAddr,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Granted, Refusal> {
    let request = TokenRequest::read(headers, body, &state.auth.issuer.resource)?;
    // Our ids are short and visible ASCII. Other ids are unknown, and are not counted as failures.
    if request.client_id.len() > MAX_CLIENT_ID || request.client_id.chars().any(char::is_control) {
        return Err(Refusal::InvalidClient);
    }
    if let Some(wait) = state.failures.wait(&request.client_id, address, now) {
        return Err(Refusal::Wait { seconds: wait.num_seconds() + 1 });
    }
    let (client_id, scopes) = (&request.client_id, request.scopes);
    let granted = match &request.asker {
        Asker::Client(proof) => of_client(state, client_id, proof, scopes, now).await,
        Asker::Agent(proof) => person::grant(state, client_id, proof, scopes, now).await,
    };
    match granted {
        Ok(_) => state.failures.forget(client_id, address),
        Err(Refusal::InvalidClient) => {
            state.failures.add(client_id, address, now);
            trail::login_failed(&state.recorder, address);
        }
        // Not throttled: a hosted agent sends the requests of all its users from one address, and a code cannot be
        // guessed.
        Err(Refusal::InvalidGrant) => trail::login_failed(&state.recorder, address),
        Err(_) => {}
    }
    granted
}

/// A token issued to an API client.
async fn of_client(
    state: &crate::State,
    client_id: &str,
    proof: &Proof,
    scopes: Option<ScopeSet>,
    now: DateTime<Utc>,
) -> Result<Granted, Refusal> {
    let db = &state.db;
    let client = match proof {
        Proof::Secret(secret) => api_client::find_by_secret(db, client_id, secret, now).await?,
        Proof::Assertion(signed) => {
            assertion::find_client(db, &state.auth.issuer, client_id, signed.expose_secret(), now).await?
        }
    };
    let client = client.ok_or(Refusal::InvalidClient)?;
    let scopes = granted(scopes, client.scopes)?;
    record(state, &client.caller_with(scopes));
    Ok(Granted {
        access_token: state.auth.issuer.issue(&client.client_id, scopes, now),
        token_type: "Bearer",
        expires_in: LIFETIME.num_seconds(),
        scope: scopes.to_string(),
        refresh_token: None,
    })
}

fn record(state: &crate::State, caller: &Caller) {
    Asked { caller, door: Door::Token, what: "/auth/token", call_id: None }.got_token(&state.recorder);
}

/// What of `asked` the client holds. MCP clients ask for all that the metadata lists, so asking for too much is no
/// fault; getting nothing is.
fn granted(asked: Option<ScopeSet>, held: ScopeSet) -> Result<ScopeSet, Refusal> {
    let scopes = asked.map_or(held, |asked| asked.intersection(held));
    if scopes.is_empty() { Err(Refusal::InvalidScope) } else { Ok(scopes) }
}

impl Refusal {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::InvalidRequest(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
            Self::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "send at most 64 KiB"),
            Self::NoClient => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "client_id and client_secret, or client_assertion, are missing",
            ),
            Self::InvalidClient => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "unknown client, wrong secret or signature")
            }
            Self::InvalidAssertion(why) => (StatusCode::UNAUTHORIZED, "invalid_client", why),
            Self::InvalidGrant => (
                StatusCode::BAD_REQUEST,
                "invalid_grant",
                "the code or refresh token is not valid, or not any more; connect the agent again",
            ),
            Self::UnsupportedGrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "grant_type is client_credentials, authorization_code or refresh_token",
            ),
            Self::UnsupportedTokenType => (
                StatusCode::BAD_REQUEST,
                "unsupported_token_type",
                "a token of client_credentials ends after 15 minutes; an admin can stop or revoke the client",
            ),
            Self::NoPeople => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "people connect no agents here, because ADMIN_URL is not set; a program gets its token at /auth/token by \
                 client_credentials",
            ),
            Self::InvalidRedirectUri(why) => (StatusCode::BAD_REQUEST, "invalid_redirect_uri", why),
            Self::InvalidClientMetadata(why) => (StatusCode::BAD_REQUEST, "invalid_client_metadata", why),
            Self::InvalidScope => {
                (StatusCode::BAD_REQUEST, "invalid_scope", "unknown scope, or none that this client holds")
            }
            Self::InvalidTarget => {
                (StatusCode::BAD_REQUEST, "invalid_target", "resource is not the one of this server's metadata")
            }
            Self::Wait { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "temporarily_unavailable",
                "too many wrong secrets or registrations; wait, then try again",
            ),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "try again in a moment"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, description) = self.parts();
        let mut response = (status, Json(json!({ "error": error, "error_description": description }))).into_response();
        let headers = response.headers_mut();
        match self {
            Self::NoClient | Self::InvalidClient | Self::InvalidAssertion(_) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="auth/token""#));
            }
            Self::Wait { seconds } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Unavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from(2));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Scope;

    use super::*;

    #[test]
    fn a_client_gets_of_what_it_asks_what_it_holds() {
        let held: ScopeSet = [Scope::ContextRead, Scope::CallsWrite].into_iter().collect();
        assert_eq!(granted(None, held), Ok(held));
        assert_eq!(granted(Some(ScopeSet::all()), held), Ok(held));
        let one: ScopeSet = [Scope::ContextRead].into_iter().collect();
        assert_eq!(granted(Some(one), held), Ok(one));
        let foreign: ScopeSet = [Scope::StudentsWrite].into_iter().collect();
        assert_eq!(granted(Some(foreign), held), Err(Refusal::InvalidScope));
        assert_eq!(granted(None, ScopeSet::default()), Err(Refusal::InvalidScope));
    }

    #[test]
    fn refusals_have_the_status_and_headers_of_rfc_6749() {
        let answer = Refusal::InvalidClient.into_response();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(answer.headers().contains_key(WWW_AUTHENTICATE));
        assert_eq!(Refusal::InvalidScope.into_response().status(), StatusCode::BAD_REQUEST);
        let answer = Refusal::Wait { seconds: 8 }.into_response();
        assert_eq!((answer.status().as_u16(), &answer.headers()[RETRY_AFTER]), (429, &HeaderValue::from(8)));
    }
}
