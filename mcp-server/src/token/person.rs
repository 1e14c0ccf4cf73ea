//! Tokens of agents that people connected: for the code that a person's consent gave, and for a refresh token.

use axum::response::Redirect;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use storage::access::ScopeSet;
use storage::agent_grant::{self, Renewed, Shown};
use storage::db;

use super::{Granted, Refusal, granted, record};
use crate::auth::access_token::LIFETIME;

/// Where people allow agents, at the dashboard.
const CONSENT: &str = "/connect";
/// What the dashboard's sign-in still leads back to.
const MAX_QUERY_BYTES: usize = 4_000;

/// What the program of an agent shows.
#[derive(Debug)]
pub(super) enum Proof {
    Code { code: SecretString, redirect_uri: String, verifier: SecretString },
    RefreshToken(SecretString),
}

/// Exchanges what is shown. What this does to the grant is kept also if the program gets nothing.
pub(super) async fn grant(
    state: &crate::State,
    client_id: &str,
    proof: &Proof,
    scopes: Option<ScopeSet>,
    now: DateTime<Utc>,
) -> Result<Granted, Refusal> {
    let mut tx = db::begin(&state.db).await?;
    let renewed = match proof {
        Proof::Code { code, redirect_uri, verifier } => {
            agent_grant::redeem(&mut tx, Shown { client_id, redirect_uri, code, verifier }, now).await?
        }
        Proof::RefreshToken(token) => agent_grant::refresh(&mut tx, client_id, token, now).await?,
    };
    // A program that asks for what it may not have keeps its code or token.
    let scopes = renewed.as_ref().map(|renewed| granted(scopes, renewed.caller.scopes)).transpose()?;
    db::commit(tx).await?;
    let (Some(Renewed { agent_grant_id, admin_user_id, caller, refresh_token }), Some(scopes)) = (renewed, scopes)
    else {
        return Err(Refusal::InvalidGrant);
    };
    record(state, &caller);
    Ok(Granted {
        access_token: state.auth.issuer.issue_for((admin_user_id, agent_grant_id), client_id, scopes, now),
        token_type: "Bearer",
        expires_in: LIFETIME.num_seconds(),
        scope: scopes.to_string(),
        refresh_token: Some(refresh_token.expose_secret().to_owned()),
    })
}

/// The page where a person is asked, with the same query.
pub(super) fn consent_page(admin_url: &str, query: &str) -> Result<Redirect, Refusal> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(Refusal::InvalidRequest("the request is too long; shorten state"));
    }
    Ok(Redirect::to(&format!("{}{CONSENT}?{query}", admin_url.trim_end_matches('/'))))
}
