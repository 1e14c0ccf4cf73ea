//! `POST /auth/revoke`: an agent of a person, or an app of a family, gives its tokens back (RFC 7009).

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use storage::{agent_grant, clock, db, family_grant};

use super::Refusal;
use super::request::Form;
use crate::auth::access_token::FAMILY;

/// The handler. A token that is none, or of another program, is answered like one that ended.
pub async fn revoke(
    State(state): State<crate::State>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let revoked = match body {
        Ok(body) => end(&state, &headers, &body, clock::now()).await,
        Err(_) => Err(Refusal::TooLong),
    };
    revoked.map_or_else(IntoResponse::into_response, |()| StatusCode::OK.into_response())
}

/// Ends what the token belongs to: all its access tokens and its refresh token.
async fn end(state: &crate::State, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<(), Refusal> {
    let form = Form::read(headers, body)?;
    let token = SecretString::from(form.token.ok_or(Refusal::InvalidRequest("token is missing"))?);
    let client_id = form.client_id.ok_or(Refusal::InvalidRequest("client_id is missing"))?;
    if client_id == FAMILY {
        return end_of_family(state, &token, now).await;
    }
    let found = match state.auth.issuer.verify(token.expose_secret(), now) {
        Ok(grant) if grant.client_id == client_id => match grant.grant_id {
            Some(grant_id) => Some(grant_id),
            None => return Err(Refusal::UnsupportedTokenType),
        },
        Ok(_) => None,
        Err(_) => agent_grant::find_by_refresh_token(&state.db, &client_id, &token).await?,
    };
    let Some(grant_id) = found else { return Ok(()) };
    match agent_grant::end(&state.db, grant_id, None, now).await {
        Ok(()) | Err(db::Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn end_of_family(state: &crate::State, token: &SecretString, now: DateTime<Utc>) -> Result<(), Refusal> {
    let found = match state.auth.issuer.verify(token.expose_secret(), now) {
        Ok(grant) => grant.family_grant_id,
        Err(_) => family_grant::find_by_refresh_token(&state.db, token).await?,
    };
    match found {
        Some(id) => Ok(family_grant::end_grant(&state.db, id, now).await?),
        None => Ok(()),
    }
}
