//! Whose request this is: a bearer token or an agent key becomes a [`Caller`].
//!
//! **Invariant:** a revoked or stopped client, and an agent whose person ended it or lost their account, is refused within
//! [`RECHECK`], on every server. So is an app whose access staff ended.

use std::time::Duration;

use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::request::Parts;
use storage::access::{Caller, ScopeSet};
use storage::db::{self, Db};
use storage::{agent_grant, agent_key, api_client, clock, family_grant};
use web::config::{Fault, Faults, McpServerConfig};

pub mod access_token;
pub mod challenge;
mod recent;
pub mod signing_key;

use access_token::{Grant, Issuer};
use challenge::{Challenge, Denied};
use recent::RecentCallers;
use signing_key::SigningKey;

use crate::State;
use crate::wellknown::PROTECTED_RESOURCE_PATH;

/// For how long an authorised bearer is believed without asking the database again.
const RECHECK: Duration = Duration::from_secs(2);

/// Everything that decides on bearers.
#[derive(Debug)]
pub struct Auth {
    pub issuer: Issuer,
    recent: RecentCallers,
}

impl Auth {
    /// Checks bearers with the keys of the settings.
    pub fn new(config: &McpServerConfig) -> anyhow::Result<Self> {
        let read = |variable, pem| {
            SigningKey::from_pem(pem).map_err(|fault| Faults(vec![Fault { variable, message: format!("is {fault}") }]))
        };
        let current = read("JWT_PRIVATE_KEY", &config.jwt_private_key)?;
        let previous = config.jwt_private_key_previous.as_ref();
        let previous = previous.map(|pem| read("JWT_PRIVATE_KEY_PREVIOUS", pem)).transpose()?;
        Ok(Self {
            issuer: Issuer::new(config.public_url.as_str(), current, previous),
            recent: RecentCallers::new(RECHECK),
        })
    }

    /// Returns the caller that the `bearer` token belongs to.
    pub async fn authenticate(&self, db: &Db, bearer: &str, now: DateTime<Utc>) -> Result<Caller, Denied> {
        if let Some(caller) = self.recent.get(bearer, now) {
            return Ok(caller);
        }
        let _turn = self.recent.turn(bearer).await;
        // Another request with the same token may have looked it up in the meantime.
        if let Some(caller) = self.recent.get(bearer, now) {
            return Ok(caller);
        }
        let (caller, expires_at) = if is_agent_key(bearer) {
            (Self::by_agent_key(db, bearer).await?, None)
        } else {
            let grant = self.issuer.verify(bearer, now).map_err(|_| Denied::InvalidToken)?;
            let expires_at = grant.expires_at;
            (Self::by_token(db, grant, now).await?, Some(expires_at))
        };
        self.recent.put(bearer, &caller, expires_at, now);
        Ok(caller)
    }

    async fn by_agent_key(db: &Db, key: &str) -> Result<Caller, Denied> {
        let client = agent_key::find_client_by_key(db, &key.into()).await?.ok_or(Denied::InvalidToken)?;
        if client.is_stopped { Err(Denied::Stopped) } else { Ok(client.caller()) }
    }

    /// A token grants what it says, so far as its client or its person still may.
    async fn by_token(db: &Db, grant: Grant, now: DateTime<Utc>) -> Result<Caller, Denied> {
        if let Some(id) = grant.family_grant_id {
            return family_grant::find_caller(db, id, now).await?.ok_or(Denied::InvalidToken);
        }
        if let Some(grant_id) = grant.grant_id {
            let caller = agent_grant::find_caller(db, grant_id, now).await?.ok_or(Denied::InvalidToken)?;
            return Ok(Caller { scopes: caller.scopes.intersection(grant.scopes), ..caller });
        }
        let client = api_client::find_client(db, &grant.client_id).await?.ok_or(Denied::InvalidToken)?;
        if client.revoked_at.is_some() {
            return Err(Denied::InvalidToken);
        }
        if client.is_stopped {
            return Err(Denied::Stopped);
        }
        Ok(client.caller_with(grant.scopes.intersection(client.scopes)))
    }

    /// Returns the refusal as a response that names the token endpoint and the required `scopes`.
    pub fn challenge(&self, denied: Denied, scopes: ScopeSet) -> Challenge {
        Challenge { denied, scopes, metadata_url: format!("{}{PROTECTED_RESOURCE_PATH}", self.issuer.issuer) }
    }
}

fn is_agent_key(bearer: &str) -> bool {
    bearer.strip_prefix(agent_key::PREFIX).is_some_and(|rest| rest.starts_with('_'))
}

impl From<db::Error> for Denied {
    fn from(error: db::Error) -> Self {
        tracing::warn!(%error, "a caller could not be looked up");
        Self::Unavailable
    }
}

/// The authorised caller of a request; without one the answer is 401 with a challenge.
#[derive(Clone, Debug)]
pub struct Bearer(pub Caller);

impl FromRequestParts<State> for Bearer {
    type Rejection = Challenge;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Challenge> {
        // Put there by a layer that has asked already.
        if let Some(caller) = parts.extensions.get::<Caller>() {
            return Ok(Self(caller.clone()));
        }
        let challenge = |denied| {
            state.refused_bearer(denied, &parts.extensions);
            state.auth.challenge(denied, ScopeSet::default())
        };
        let bearer = bearer_of(&parts.headers).map_err(challenge)?;
        state.auth.authenticate(&state.db, bearer, clock::now()).await.map(Self).map_err(challenge)
    }
}

/// Returns the bearer token of the Authorization header. The scheme is case-insensitive (RFC 9110). Tokens in a query
/// string are ignored, because addresses appear in logs.
pub fn bearer_of(headers: &HeaderMap) -> Result<&str, Denied> {
    let value = headers.get(http::header::AUTHORIZATION).ok_or(Denied::NoToken)?;
    let (scheme, bearer) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Denied::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Denied::NoToken);
    }
    let bearer = bearer.trim();
    if bearer.is_empty() || bearer.len() > 4096 { Err(Denied::InvalidToken) } else { Ok(bearer) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(authorization: &str) -> Result<String, Denied> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        bearer_of(&headers).map(str::to_owned)
    }

    #[test]
    fn a_bearer_is_read_whatever_the_case_of_its_scheme() {
        for header in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(read(header), Ok("abc".to_owned()), "{header}");
        }
    }

    #[test]
    fn what_is_no_bearer_is_told_from_a_bad_one() {
        assert_eq!(bearer_of(&HeaderMap::new()), Err(Denied::NoToken));
        assert_eq!(read("Basic YTpi"), Err(Denied::NoToken));
        assert_eq!(read("abc"), Err(Denied::NoToken));
        assert_eq!(read("Bearer  "), Err(Denied::InvalidToken));
        assert_eq!(read(&format!("Bearer {}", "a".repeat(4097))), Err(Denied::InvalidToken));
    }

    #[test]
    fn an_agent_key_is_told_from_a_token_by_its_prefix() {
        assert!(is_agent_key("ak_abc"));
        assert!(!is_agent_key("akabc") && !is_agent_key("eyJhbGciOiJFZERTQSJ9.e30.x"));
    }
}
