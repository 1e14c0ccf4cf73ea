//! Sign-in at the organisation's OpenID Connect provider: the redirect and the callback.

use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use storage::admin_login::{Begun, FRESH};
use storage::admin_user::AtProvider;
use storage::login_throttle::{self, By};
use storage::{admin_challenge, admin_user, audit, clock, login_step, secret};
use web::http::ClientAddress;

use super::second_step::Step;
use super::{LoginPage, begin_login, render};
use crate::Dashboard;
use crate::auth;
use crate::fault::Fault;
use crate::oidc::{ProviderFault, Trip};
use crate::viewer::Viewer;

pub(crate) const GO: &str = "/login/provider";
/// How long a person may take at the provider.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

const AWAY: &str = "The sign-in service of your school does not answer. Try again in a minute.";
const NOT_BELIEVED: &str = "The answer of your school's sign-in service was not accepted. Try again. If it fails again, contact an admin of this service.";
const ELSEWHERE: &str = "This sign-in took too long, was already used, or began in another browser. Sign in again.";
const NOT_LET_IN: &str = "Your school's sign-in service did not let you in.";
const NO_ACCOUNT: &str =
    "There is no account here for the verified email address of your school account. Ask an admin.";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Leaving {
    next: String,
    /// If not empty, the provider must ask the person again, even if they are signed in there.
    again: String,
}

/// The parameters of the provider's redirect back.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    code: String,
    state: String,
    error: String,
    iss: Option<String>,
}

pub(crate) async fn go(
    State(dashboard): State<Dashboard>,
    ClientAddress(address): ClientAddress,
    Query(leaving): Query<Leaving>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let now = clock::now();
    let provider = dashboard.provider.as_ref().ok_or(Fault::NotFound("page"))?;
    let next = auth::safe_next(&leaving.next);
    // Another site must not start a sign-in, so its requests get the page with the button.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Ok(Redirect::to(&auth::login_url(next)).into_response());
    }
    let begun = login_throttle::begin(&dashboard.db, &[By::Address(address)], now).await?;
    begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;
    let (state, trip) = (secret::generate("trip"), Trip::new(next));
    let place = match provider.way_there(state.expose_secret(), &trip, !leaving.again.is_empty()).await {
        Ok(place) => place,
        Err(fault) => return Ok(refuse(&dashboard, &headers, next, &fault, now)),
    };
    let detail = serde_json::to_value(&trip).map_err(|_| Fault::Internal)?;
    admin_challenge::insert_challenge(&dashboard.db, &state, &detail, LIFETIME, now).await?;
    let cookie = dashboard.cookie.set_trip(state.expose_secret());
    Ok(([(SET_COOKIE, cookie)], Redirect::to(&place)).into_response())
}

pub(crate) async fn back(
    State(dashboard): State<Dashboard>,
    ClientAddress(address): ClientAddress,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let now = clock::now();
    let (db, provider) = (&dashboard.db, dashboard.provider.as_ref().ok_or(Fault::NotFound("page"))?);
    let state = SecretString::from(answer.state);
    let own = dashboard.cookie.trip(&headers);
    let is_own = own.is_some_and(|own| secret::matches(&own, &secret::hash(state.expose_secret())));
    // Only a request with both uses it up. The address alone is not enough.
    let detail = if is_own { admin_challenge::take_challenge(db, &state, now).await? } else { None };
    let trip = detail.and_then(|detail| serde_json::from_value::<Trip>(detail).ok());
    let Some(trip) = trip else { return Ok(stay(&dashboard, &headers, "/", ELSEWHERE, now)) };
    let next = auth::safe_next(&trip.next);
    if !answer.error.is_empty() {
        record_failure(&dashboard, address, "refused by the provider", now).await?;
        return Ok(stay(&dashboard, &headers, next, NOT_LET_IN, now));
    }
    let redeemed = match answer.iss {
        Some(issuer) if issuer != provider.issuer() => Err(ProviderFault::Unbelievable("another issuer")),
        _ => provider.redeem(&answer.code, &trip, now).await,
    };
    let identity = match redeemed {
        Ok(identity) => identity,
        Err(fault) => {
            record_failure(&dashboard, address, "answer not accepted", now).await?;
            return Ok(refuse(&dashboard, &headers, next, &fault, now));
        }
    };
    let person = AtProvider { issuer: provider.issuer(), subject: &identity.subject, email: identity.email.as_deref() };
    let Some((email, is_new)) = admin_user::find_email_at_provider(db, person).await? else {
        record_failure(&dashboard, address, "no account", now).await?;
        return Ok(stay(&dashboard, &headers, next, NO_ACCOUNT, now));
    };
    login_throttle::succeeded(db, &[By::Address(address)]).await?;
    let (user, _) = admin_user::find_user_by_email(db, &email).await?.ok_or(Fault::NotFound("user"))?;
    let detail = serde_json::json!({ "by": "provider", "is_new": is_new, "is_strong": identity.is_strong });
    if user.has_second_factor() && !identity.is_strong {
        audit::insert_entry(db, &user.caller(), "admin.provider_accepted", None, &detail, now).await?;
        let step = login_step::insert_step(db, user.admin_user_id, now).await?;
        let page = Step::new(&dashboard, &user, &step, next).render(&Viewer::from_headers(&headers, now));
        return Ok(([(SET_COOKIE, dashboard.cookie.forget_trip())], page).into_response());
    }
    // A person who was already signed in at the provider has not confirmed just now who they are.
    let confirmed_at = identity.authenticated_at.map_or(now - FRESH, |at| at.min(now));
    let factor_shown_at = identity.is_strong.then_some(confirmed_at);
    let how = Begun { confirmed_at, factor_shown_at, is_by_provider: true };
    let begun = begin_login(&dashboard, &headers, &user, next, &detail, how, now).await?;
    Ok((AppendHeaders([(SET_COOKIE, dashboard.cookie.forget_trip())]), begun).into_response())
}

async fn record_failure(
    dashboard: &Dashboard,
    address: std::net::IpAddr,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let detail = serde_json::json!({ "address": address.to_string(), "by": "provider", "why": why });
    Ok(audit::insert_attempt(&dashboard.db, audit::STRANGER, "admin.login_failed", &detail, now).await?)
}

fn refuse(
    dashboard: &Dashboard,
    headers: &HeaderMap,
    next: &str,
    fault: &ProviderFault,
    now: DateTime<Utc>,
) -> Response {
    tracing::warn!(%fault, "a sign-in at the provider failed");
    let words = if matches!(fault, ProviderFault::Away(_)) { AWAY } else { NOT_BELIEVED };
    stay(dashboard, headers, next, words, now)
}

/// Renders the sign-in page with the error.
fn stay(dashboard: &Dashboard, headers: &HeaderMap, next: &str, error: &str, now: DateTime<Utc>) -> Response {
    let page = LoginPage { error: Some(error.to_owned()), ..LoginPage::new(dashboard, next) };
    let cookie = [(SET_COOKIE, dashboard.cookie.forget_trip())];
    let markup = render(&Viewer::from_headers(headers, now), &page);
    (StatusCode::UNPROCESSABLE_ENTITY, cookie, markup).into_response()
}
