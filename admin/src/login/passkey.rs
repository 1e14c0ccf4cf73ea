//! Sign-in with a passkey: alone, or after the password.

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use storage::admin_login::Begun;
use storage::login_throttle::{self, By};
use storage::{admin_user, audit, clock, login_step, passkey, secret};
use web::http::ClientAddress;

use super::{LoginPage, PROVIDER_ALONE, Ways, begin_login, render};
use crate::Dashboard;
use crate::auth;
use crate::ceremony::{self, Purpose, Refused};
use crate::fault::Fault;
use crate::fields::Fields;
use crate::viewer::Viewer;
use crate::webauthn::RelyingParty;

pub(crate) const START: &str = "/login/passkey/start";
pub(super) const DONE: &str = "/login/passkey";

/// The error if passkeys are not available.
const NONE: Fault = Fault::NotFound("page");

/// Gives the browser a challenge, bound to its sign-in step or to a new cookie.
pub(crate) async fn start(
    State(dashboard): State<Dashboard>,
    ClientAddress(address): ClientAddress,
    body: Bytes,
) -> Result<Response, Fault> {
    let (db, now) = (&dashboard.db, clock::now());
    let party = dashboard.relying_party.as_ref().ok_or(NONE)?;
    let begun = login_throttle::begin(db, &[By::Address(address)], now).await?;
    begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;
    let fields = Fields::parse(&body);
    if !fields.raw("step").is_empty() {
        let step = SecretString::from(fields.raw("step"));
        let user = login_step::find_user_of_step(db, &step, now).await?;
        let user = user.ok_or_else(|| Fault::Invalid("This took too long. Sign in again.".to_owned()))?;
        let allowed = passkey::list_passkeys(db, user).await?;
        return Ok(Json(ceremony::ask(db, party, Purpose::SecondStep, &step, &allowed, now).await?).into_response());
    }
    require_alone(&dashboard)?;
    let holder = secret::generate("trip");
    let asked = ceremony::ask(db, party, Purpose::SignIn, &holder, &[], now).await?;
    Ok(([(SET_COOKIE, dashboard.cookie.set_trip(holder.expose_secret()))], Json(asked)).into_response())
}

/// Signs a person in with a passkey. The device verified the person, so the passkey counts as both factors.
pub(crate) async fn post(
    State(dashboard): State<Dashboard>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let (db, now) = (&dashboard.db, clock::now());
    let party = require_alone(&dashboard)?;
    let fields = Fields::parse(&body);
    let next = auth::safe_next(fields.raw("next"));
    let shown = match dashboard.cookie.trip(&headers) {
        Some(holder) => {
            let bound = (Purpose::SignIn, &holder);
            ceremony::accept(db, party, fields.raw("passkey"), bound, None, now).await?
        }
        None => Err(Refused::Over),
    };
    let shown = match shown {
        Ok(shown) => shown,
        Err(refused) => {
            tracing::info!("a sign-in with a passkey failed");
            let detail = json!({ "address": address.to_string(), "by": "passkey", "why": refused.to_string() });
            audit::insert_attempt(db, audit::STRANGER, "admin.login_failed", &detail, now).await?;
            let page = LoginPage { error: Some(refused.words().to_owned()), ..LoginPage::new(&dashboard, next) };
            let cookie = [(SET_COOKIE, dashboard.cookie.forget_trip())];
            let markup = render(&Viewer::from_headers(&headers, now), &page);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, cookie, markup).into_response());
        }
    };
    login_throttle::succeeded(db, &[By::Address(address)]).await?;
    let (user, _) = admin_user::find_user_by_email(db, &shown.email).await?.ok_or(Fault::NotFound("user"))?;
    let detail = json!({ "by": "passkey", "passkey": shown.passkey_id });
    let how = Begun { confirmed_at: now, factor_shown_at: Some(now), is_by_provider: false };
    let begun = begin_login(&dashboard, &headers, &user, next, &detail, how, now).await?;
    Ok((AppendHeaders([(SET_COOKIE, dashboard.cookie.forget_trip())]), begun).into_response())
}

/// Signs in with a passkey instead of a password, unless the organisation requires its provider.
fn require_alone(dashboard: &Dashboard) -> Result<&RelyingParty, Fault> {
    if Ways::of(dashboard) == Ways::Provider {
        return Err(PROVIDER_ALONE);
    }
    dashboard.relying_party.as_ref().ok_or(NONE)
}
