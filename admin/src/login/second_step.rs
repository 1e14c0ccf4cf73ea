//! The second step of a sign-in: a code of the authenticator app, a recovery code, or a passkey.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use storage::admin_login::Begun;
use storage::admin_user::AdminUser;
use storage::login_throttle::{self, By};
use storage::second_factor::{self, Shown};
use storage::{admin_user, audit, clock, db, login_step};
use web::http::ClientAddress;

use super::{LoginPage, begin_login, entrance, passkey, render};
use crate::Dashboard;
use crate::auth;
use crate::ceremony::{self, Purpose};
use crate::fault::Fault;
use crate::fields::Fields;
use crate::parts;
use crate::parts::icon::logo;
use crate::parts::notice::{Tone, notice};
use crate::viewer::Viewer;

pub(crate) async fn post(
    State(dashboard): State<Dashboard>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let now = clock::now();
    let fields = Fields::parse(&body);
    let (step, next) = (SecretString::from(fields.raw("step")), auth::safe_next(fields.raw("next")).to_owned());
    let viewer = Viewer::from_headers(&headers, now);
    let Some((admin_user_id, email)) = login_step::try_step(&dashboard.db, &step, now).await? else {
        let over = "The second step took too long, or failed too often. Sign in again.".to_owned();
        let page = LoginPage { error: Some(over), ..LoginPage::new(&dashboard, &next) };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&viewer, &page)).into_response());
    };
    let device = dashboard.cookie.known_device(&dashboard.db, &headers, &email).await?;
    let counted = match &device {
        Some(device) => By::Device(&email, device.expose_secret()),
        None => By::Code(admin_user_id),
    };
    let begun = login_throttle::begin(&dashboard.db, &[counted], now).await?;
    begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;

    let (user, _) = admin_user::find_user_by_email(&dashboard.db, &email).await?.ok_or(Fault::NotFound("user"))?;
    let detail = match judge(&dashboard, &user, &fields, &step, now).await? {
        Ok(detail) => detail,
        Err((why, words)) => {
            tracing::info!("a second factor failed");
            audit::insert_attempt(&dashboard.db, &format!("admin:{email}"), "admin.code_failed", &why, now).await?;
            let page = Step { error: Some(words), ..Step::new(&dashboard, &user, &step, &next) };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page.render(&viewer)).into_response());
        }
    };
    let mut tx = db::begin(&dashboard.db).await?;
    login_throttle::succeeded(&mut *tx, &[counted]).await?;
    if !fields.raw("passkey").is_empty() {
        // The challenge counted as an attempt.
        login_throttle::succeeded(&mut *tx, &[By::Address(address)]).await?;
    }
    login_step::delete_steps_of(&mut *tx, admin_user_id).await?;
    db::commit(tx).await?;
    let how = Begun { confirmed_at: now, factor_shown_at: Some(now), is_by_provider: false };
    begin_login(&dashboard, &headers, &user, &next, &detail, how, now).await
}

/// The factor that was used, for the audit log. Otherwise the reason for its refusal, for the log and for the page.
async fn judge(
    dashboard: &Dashboard,
    user: &AdminUser,
    fields: &Fields,
    step: &SecretString,
    now: DateTime<Utc>,
) -> Result<Result<Value, (Value, &'static str)>, Fault> {
    let answer = fields.raw("passkey");
    if let Some(party) = dashboard.relying_party.as_ref().filter(|_| !answer.is_empty()) {
        let (bound, of) = ((Purpose::SecondStep, step), Some(user.admin_user_id));
        let shown = ceremony::accept(&dashboard.db, party, answer, bound, of, now).await?;
        return Ok(match shown {
            Ok(shown) => Ok(json!({ "second_factor": "passkey", "passkey": shown.passkey_id })),
            Err(refused) => Err((json!({ "by": "passkey", "why": refused.to_string() }), refused.words())),
        });
    }
    let mut tx = db::begin(&dashboard.db).await?;
    let shown = second_factor::check(&mut tx, user.admin_user_id, fields.text("code"), now).await?;
    // A code that was used stays used, even if the sign-in fails later.
    db::commit(tx).await?;
    Ok(match shown {
        Some(Shown::Code) => Ok(json!({ "second_factor": "code" })),
        Some(Shown::RecoveryCode { n_left }) => Ok(json!({ "second_factor": "recovery_code", "n_left": n_left })),
        None => Err((json!({}), "This code is wrong, or was already used. Wait for the next one.")),
    })
}

/// The page of the second step.
#[derive(Debug)]
pub(super) struct Step<'a> {
    /// The cookie of a browser that has entered the right password.
    token: &'a SecretString,
    next: &'a str,
    has_app: bool,
    has_passkey: bool,
    error: Option<&'a str>,
}

impl<'a> Step<'a> {
    pub(super) fn new(dashboard: &Dashboard, user: &AdminUser, step: &'a SecretString, next: &'a str) -> Self {
        let has_passkey = user.has_passkey && dashboard.relying_party.is_some();
        Self { token: step, next, has_app: user.has_app, has_passkey, error: None }
    }

    pub(super) fn render(&self, viewer: &Viewer) -> Markup {
        let title = if self.has_passkey { "Confirm that it is you" } else { "Enter your code" };
        let hint = if self.has_app {
            "Six digits from your authenticator app, or a recovery code."
        } else {
            "One of your recovery codes."
        };
        let hidden = html! {
            input type="hidden" name="step" value=(self.token.expose_secret());
            input type="hidden" name="next" value=(self.next);
        };
        entrance(
            viewer,
            title,
            html! {
                div.stack {
                    div { div.brand { (logo()) "AI Tutor" } h1 { (title) } }
                    @if let Some(error) = self.error { (notice(Tone::Bad, error, "")) }
                    @if self.has_passkey {
                        form method="post" action="/login/code" {
                            (hidden)
                            (parts::passkey::button(passkey::START, "passkey", "Use your passkey", true))
                        }
                    }
                    form method="post" action="/login/code" {
                        (hidden)
                        div.field {
                            label for="code" { @if self.has_app { "Code" } @else { "Recovery code" } }
                            input.input id="code" name="code" autocomplete="one-time-code" inputmode="text" required maxlength="40" aria-describedby="code-hint";
                            span.hint id="code-hint" { (hint) }
                        }
                        button.btn.primary[!self.has_passkey] { "Sign in" }
                        a.sm href="/login" { "Start again" }
                    }
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(has_app: bool, has_passkey: bool) -> String {
        let step = SecretString::from("step_x");
        let page = Step { token: &step, next: "/jobs", has_app, has_passkey, error: Some("Wrong.") };
        page.render(&Viewer::sample()).into_string()
    }

    #[test]
    fn the_page_carries_the_step_and_where_to_go() {
        let shown = rendered(true, false);
        assert!(shown.contains(r#"name="step" value="step_x""#) && shown.contains(r#"name="next" value="/jobs""#));
        assert!(shown.contains(r#"autocomplete="one-time-code""#) && shown.contains("Wrong."));
        assert!(!shown.contains("passkey"));
    }

    #[test]
    fn a_passkey_is_asked_for_if_there_is_one_and_a_recovery_code_helps_without_it() {
        let shown = rendered(false, true);
        assert!(
            shown.contains(r#"data-passkey="/login/passkey/start""#) && shown.contains("Passkeys need JavaScript"),
            "{shown}"
        );
        assert!(shown.contains("One of your recovery codes."));
        assert!(rendered(true, true).contains("Six digits from your authenticator app"));
    }
}
