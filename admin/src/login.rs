//! Sign-in, sign-out, and setting the first password by a one-time link.

pub(crate) mod passkey;
pub(crate) mod provider;
pub(crate) mod second_step;

use axum::extract::{Path, Query, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{HeaderName, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use storage::access::Role;
use storage::admin_login::Begun;
use storage::admin_user::AdminUser;
use storage::db;
use storage::login_throttle::{self, By};
use storage::{admin_device, admin_login, admin_user, audit, clock, login_step};
use web::http::ClientAddress;

use crate::Dashboard;
use crate::auth;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::form::Posted;
use crate::hashing::with_permit;
use crate::layout;
use crate::pages::today;
use crate::parts;
use crate::parts::icon::logo;
use crate::parts::notice::{Tone, notice};
use crate::viewer::Viewer;

const WRONG: &str = "The address or the password is wrong.";
const PROVIDER_ALONE: Fault = Fault::Refused("People sign in here with their school account only.");
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

#[derive(Debug, Default, Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: String,
}

/// The content of the sign-in page.
#[derive(Debug, Default)]
pub(crate) struct LoginPage<'a> {
    email: &'a str,
    next: &'a str,
    error: Option<String>,
    /// Why the person is sent here, if it is not their first visit.
    notice: Option<&'a str>,
    ways: Ways,
    has_passkeys: bool,
}

impl<'a> LoginPage<'a> {
    fn new(dashboard: &Dashboard, next: &'a str) -> Self {
        let ways = Ways::of(dashboard);
        let has_passkeys = ways != Ways::Provider && dashboard.relying_party.is_some();
        Self { next, ways, has_passkeys, ..Self::default() }
    }
}

/// The ways to sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ways {
    #[default]
    Password,
    PasswordOrProvider,
    Provider,
}

impl Ways {
    pub(crate) fn of(dashboard: &Dashboard) -> Self {
        match &dashboard.provider {
            None => Self::Password,
            Some(provider) if provider.is_only() => Self::Provider,
            Some(_) => Self::PasswordOrProvider,
        }
    }
}

pub(crate) async fn get(
    State(dashboard): State<Dashboard>,
    Query(query): Query<LoginQuery>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let now = clock::now();
    let next = auth::safe_next(&query.next);
    if let Some(cookie) = dashboard.cookie.read(&headers)
        && admin_login::find_login(&dashboard.db, &cookie, now).await?.is_some()
    {
        return Ok(Redirect::to(next).into_response());
    }
    let notice = match &query.done[..] {
        "out" => Some("You are signed out."),
        "setup" => Some("Your password is set. Sign in with it."),
        _ if query.next.is_empty() => None,
        _ => Some("Sign in to open this page. Sign-ins end after 30 minutes without a click."),
    };
    let viewer = Viewer::from_headers(&headers, now);
    Ok(render(&viewer, &LoginPage { notice, ..LoginPage::new(&dashboard, next) }).into_response())
}

pub(crate) async fn post(
    State(dashboard): State<Dashboard>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let now = clock::now();
    if Ways::of(&dashboard) == Ways::Provider {
        return Err(PROVIDER_ALONE);
    }
    let fields = Fields::parse(&body);
    let (email, next) = (fields.text("email").to_lowercase(), auth::safe_next(fields.raw("next")).to_owned());
    if email.len() > 254 || fields.raw("password").len() > 1024 {
        return Err(Fault::Invalid("An address or a password of this length cannot be right.".to_owned()));
    }
    let db = &dashboard.db;
    let device = dashboard.cookie.known_device(db, &headers, &email).await?;
    let counted = match &device {
        Some(device) => vec![By::Device(&email, device.expose_secret())],
        None => vec![By::AccountAt(&email, address), By::Account(&email), By::Address(address)],
    };
    let begun = login_throttle::begin(db, &counted, now).await?;
    begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;

    let (user, hash) = admin_user::find_user_by_email(db, &email).await?.unzip();
    let password = SecretString::from(fields.raw("password"));
    let is_right = with_permit(move || admin_user::verify_password(&password, hash.flatten().as_deref())).await?;
    let viewer = Viewer::from_headers(&headers, now);
    let user = match user {
        Some(user) if is_right && user.disabled_at.is_none() => user,
        user => {
            tracing::info!("a login failed");
            // The typed text may be a password, so it is logged only if it is the address of an account.
            let actor = user.map_or_else(|| audit::STRANGER.to_owned(), |user| format!("admin:{}", user.email));
            let detail = serde_json::json!({ "address": address.to_string() });
            audit::insert_attempt(db, &actor, "admin.login_failed", &detail, now).await?;
            let error = Some(WRONG.to_owned());
            let page = LoginPage { email: &email, error, ..LoginPage::new(&dashboard, &next) };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&viewer, &page)).into_response());
        }
    };
    login_throttle::succeeded(db, &counted).await?;
    if user.has_second_factor() {
        let step = login_step::insert_step(db, user.admin_user_id, now).await?;
        return Ok(second_step::Step::new(&dashboard, &user, &step, &next).render(&viewer).into_response());
    }
    let how = Begun { confirmed_at: now, factor_shown_at: None, is_by_provider: false };
    begin_login(&dashboard, &headers, &user, &next, &serde_json::json!({}), how, now).await
}

/// Starts the login after all checks passed. The browser is recognised from now on.
async fn begin_login(
    dashboard: &Dashboard,
    headers: &HeaderMap,
    user: &AdminUser,
    next: &str,
    detail: &serde_json::Value,
    how: Begun,
    now: DateTime<Utc>,
) -> Result<Response, Fault> {
    let device = dashboard.cookie.device(headers).unwrap_or_else(admin_device::generate);
    let user_agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let mut tx = db::begin(&dashboard.db).await?;
    // A previous login of this browser ends here.
    if let Some(old) = dashboard.cookie.read(headers) {
        admin_login::delete_login(&mut *tx, &old).await?;
    }
    let cookie = admin_login::insert_login(&mut *tx, user.admin_user_id, user_agent, how, now).await?;
    admin_device::remember(&mut *tx, &device, user.admin_user_id, now).await?;
    audit::insert_entry(&mut *tx, &user.caller(), "admin.login", None, detail, now).await?;
    db::commit(tx).await?;
    // Admins start with the overview, others with their students.
    let next = if next == "/" && user.role != Role::Admin { today::PATH } else { next };
    let cookies = AppendHeaders([
        (SET_COOKIE, dashboard.cookie.set(cookie.expose_secret())),
        (SET_COOKIE, dashboard.cookie.set_device(device.expose_secret())),
    ]);
    Ok((cookies, Redirect::to(next)).into_response())
}

pub(crate) async fn logout(
    State(dashboard): State<Dashboard>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Fault> {
    if let Some(cookie) = dashboard.cookie.read(&headers) {
        admin_login::delete_login(&dashboard.db, &cookie).await?;
    }
    let nothing = serde_json::json!({});
    audit::insert_entry(&dashboard.db, &posted.admin.caller, "admin.logout", None, &nothing, clock::now()).await?;
    let headers =
        [(SET_COOKIE, dashboard.cookie.forget()), (CLEAR_SITE_DATA, http::HeaderValue::from_static("\"cache\""))];
    Ok((headers, Redirect::to("/login?done=out")).into_response())
}

pub(crate) async fn setup_get(
    State(dashboard): State<Dashboard>,
    Path(_token): Path<String>,
    headers: HeaderMap,
) -> Markup {
    let viewer = Viewer::from_headers(&headers, clock::now());
    if Ways::of(&dashboard) == Ways::Provider { render_no_setup(&viewer) } else { render_setup(&viewer, None) }
}

pub(crate) async fn setup_post(
    State(dashboard): State<Dashboard>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let (db, now) = (&dashboard.db, clock::now());
    if Ways::of(&dashboard) == Ways::Provider {
        return Err(PROVIDER_ALONE);
    }
    let fields = Fields::parse(&body);
    let viewer = Viewer::from_headers(&headers, now);
    let refuse = |why: String| (StatusCode::UNPROCESSABLE_ENTITY, render_setup(&viewer, Some(&why))).into_response();
    if fields.raw("password") != fields.raw("again") {
        return Ok(refuse("The two passwords differ.".to_owned()));
    }
    let (password, token) = (SecretString::from(fields.raw("password")), SecretString::from(token));
    // An expired link is rejected below.
    let email = admin_user::find_email_of_setup(db, &token, now).await?.unwrap_or_default();
    let hash = match with_permit(move || admin_user::hash_password_of(&email, &password)).await? {
        Ok(hash) => hash,
        Err(refused) => return Ok(refuse(format!("{}.", sentence(&refused.to_string())))),
    };
    match admin_user::set_up(db, &token, &hash, now).await {
        Ok(()) => Ok(Redirect::to("/login?done=setup").into_response()),
        Err(storage::db::Error::NotFound(_)) => {
            Ok(refuse("This link was already used, or has expired. Ask an admin for a new one.".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(crate) fn render(viewer: &Viewer, page: &LoginPage<'_>) -> Markup {
    entrance(
        viewer,
        "Sign in",
        html! {
            div.stack {
                div { div.brand { (logo()) "AI Tutor" } h1 { "Sign in" } }
                @if let Some(text) = page.notice { (notice(Tone::Info, text, "")) }
                @if let Some(error) = &page.error { (notice(Tone::Bad, error, "")) }
                @if page.ways != Ways::Provider { form method="post" action="/login" {
                    input type="hidden" name="next" value=(page.next);
                    div.field {
                        label for="email" { "Email" }
                        input.input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value=(page.email);
                    }
                    (password_field("password", "Password", "current-password", ""))
                    button.btn.primary { "Sign in" }
                } }
                @if page.has_passkeys {
                    form method="post" action=(passkey::DONE) {
                        input type="hidden" name="next" value=(page.next);
                        (parts::passkey::button(passkey::START, "passkey", "Sign in with a passkey", false))
                    }
                }
                @if page.ways != Ways::Password {
                    a.btn.primary[page.ways == Ways::Provider] href=(crate::link::to(provider::GO, &[("next", page.next)])) {
                        "Sign in with your school account"
                    }
                }
                p.sm.muted { "Cannot sign in? Ask an admin of this service for a new link." }
            }
        },
    )
}

fn render_setup(viewer: &Viewer, error: Option<&str>) -> Markup {
    entrance(
        viewer,
        "Choose a password",
        html! {
            form method="post" {
                div { div.brand { (logo()) "AI Tutor" } h1 { "Choose a password" } }
                @if let Some(error) = error { (notice(Tone::Bad, error, "")) }
                (password_field("password", "Password", "new-password", "At least 12 characters. Several words in a row are easy to remember."))
                (password_field("again", "Repeat the password", "new-password", ""))
                button.btn.primary { "Set password" }
            }
        },
    )
}

/// The page for an invitation if passwords are disabled.
fn render_no_setup(viewer: &Viewer) -> Markup {
    entrance(
        viewer,
        "You need no password",
        html! {
            div.stack {
                div { div.brand { (logo()) "AI Tutor" } h1 { "You need no password" } }
                p { "Your account is ready. Sign in with your school account. Its address must be the one that was invited." }
                a.btn.primary href=(provider::GO) { "Sign in with your school account" }
            }
        },
    )
}

/// Renders a password field. `hint` states its requirements, and may be empty.
pub(crate) fn password_field(id: &str, label: &str, autocomplete: &str, hint: &str) -> Markup {
    let hint_id = (!hint.is_empty()).then(|| format!("{id}-hint"));
    html! {
        div.field {
            label for=(id) { (label) }
            input.input id=(id) name=(id) type="password" autocomplete=(autocomplete) required maxlength="256" aria-describedby=[&hint_id];
            @if let Some(hint_id) = &hint_id { span.hint id=(hint_id) { (hint) } }
            span.check.sm.js-only {
                input type="checkbox" id={ "show-" (id) } data-show=(id);
                label for={ "show-" (id) } { "Show password" span.vh { ": " (label) } }
            }
        }
    }
}

fn entrance(viewer: &Viewer, title: &str, form: Markup) -> Markup {
    layout::document(
        title,
        viewer.theme,
        false,
        html! {
            main.login id="main" {
                div.login-form { (form) }
                div.login-side aria-hidden="true" {
                    blockquote {
                        p { span.who-says.t { "Tutor" } "How many two-fifths fit in one hour?" }
                        p { span.who-says.s { "Student" } "Two and… a half. Two and a half." }
                    }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_login_keeps_the_address_and_says_nothing_of_the_account() {
        let error = Some(WRONG.to_owned());
        let page = LoginPage { email: "ada@example.org", next: "/jobs", error, ..LoginPage::default() };
        let shown = render(&Viewer::sample(), &page).into_string();
        assert!(shown.contains(r#"value="ada@example.org""#) && shown.contains(r#"name="next" value="/jobs""#));
        assert!(shown.contains("The address or the password is wrong."));
    }

    #[test]
    fn where_people_sign_in_at_the_provider_alone_no_password_is_asked_for() {
        let shown = |ways| {
            let page =
                render(&Viewer::sample(), &LoginPage { ways, next: "/jobs", ..LoginPage::default() }).into_string();
            (page.contains(r#"type="password""#), page.contains(r#"href="/login/provider?next="#))
        };
        assert_eq!(shown(Ways::Password), (true, false));
        assert_eq!(shown(Ways::PasswordOrProvider), (true, true));
        assert_eq!(shown(Ways::Provider), (false, true));
    }

    #[test]
    fn a_passkey_is_offered_where_there_can_be_one() {
        let shown = |has_passkeys| {
            let page = LoginPage { has_passkeys, next: "/jobs", ..LoginPage::default() };
            render(&Viewer::sample(), &page).into_string()
        };
        assert!(!shown(false).contains("passkey"));
        let page = shown(true);
        assert!(page.contains(r#"action="/login/passkey""#) && page.contains(r#"data-passkey="/login/passkey/start""#));
        assert_eq!(page.matches(r#"name="next" value="/jobs""#).count(), 2);
        assert!(page.contains("Passkeys need JavaScript, which is off in this browser."));
    }

    #[test]
    fn a_password_is_never_written_into_the_page() {
        let shown = render(&Viewer::sample(), &LoginPage::default()).into_string();
        assert!(!shown.contains(r#"type="password" value"#));
    }
}
