//! The second half of signing in: a code of the authenticator app, or a recovery code.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use shared::login_throttle::{self, By};
use shared::second_factor::{self, Shown};
use shared::{admin_user, audit, clock, db, login_step};

use super::{LoginPage, Ways, begin_login, entrance, render};
use crate::Dashboard;
use crate::auth;
use crate::fault::Fault;
use crate::form::Fields;
use crate::parts::icon::logo;
use crate::parts::notice::{Tone, notice};
use crate::viewer::Viewer;

pub(crate) async fn post(
    State(dashboard): State<Dashboard>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let now = clock::now();
    let fields = Fields::parse(&body);
    let (step, next) = (SecretString::from(fields.raw("step")), auth::safe_next(fields.raw("next")).to_owned());
    let viewer = Viewer::from_headers(&headers, now);
    let Some((admin_user_id, email)) = login_step::try_step(&dashboard.db, &step, now).await? else {
        let over = "The code took too long, or was wrong too often. Sign in again.".to_owned();
        let page = LoginPage { next: &next, error: Some(over), ways: Ways::of(&dashboard), ..LoginPage::default() };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&viewer, &page)).into_response());
    };
    let device = dashboard.cookie.known_device(&dashboard.db, &headers, &email).await?;
    let counted = match &device {
        Some(device) => By::Device(&email, device.expose_secret()),
        None => By::Code(admin_user_id),
    };
    let begun = login_throttle::begin(&dashboard.db, &[counted], now).await?;
    begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;

    let mut tx = db::begin(&dashboard.db).await?;
    let shown = second_factor::check(&mut tx, admin_user_id, fields.text("code"), now).await?;
    let Some(shown) = shown else {
        drop(tx);
        tracing::info!("a second factor failed");
        let actor = format!("admin:{email}");
        audit::insert_attempt(&dashboard.db, &actor, "admin.code_failed", &serde_json::json!({}), now).await?;
        let wrong = "This code is wrong, or was used before. Wait for the next one.";
        let page = render_step(&viewer, &step, &next, Some(wrong));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    login_throttle::succeeded(&mut *tx, &[counted]).await?;
    login_step::delete_steps_of(&mut *tx, admin_user_id).await?;
    tx.commit().await.map_err(db::Error::from)?;
    let (user, _) = admin_user::find_user_by_email(&dashboard.db, &email).await?.ok_or(Fault::NotFound("user"))?;
    let detail = match shown {
        Shown::Code => serde_json::json!({ "second_factor": "code" }),
        Shown::RecoveryCode { n_left } => serde_json::json!({ "second_factor": "recovery_code", "n_left": n_left }),
    };
    begin_login(&dashboard, &headers, &user, &next, &detail, now, now).await
}

/// Asks for the code. `step` is all that the browser keeps of the right password.
pub(super) fn render_step(viewer: &Viewer, step: &SecretString, next: &str, error: Option<&str>) -> Markup {
    entrance(
        viewer,
        "Enter your code",
        html! {
            form method="post" action="/login/code" {
                div { div.brand { (logo()) "AI Tutor" } h1 { "Enter your code" } }
                @if let Some(error) = error { (notice(Tone::Bad, error, "")) }
                input type="hidden" name="step" value=(step.expose_secret());
                input type="hidden" name="next" value=(next);
                div.field {
                    label for="code" { "Code" }
                    input.input id="code" name="code" autocomplete="one-time-code" inputmode="text" required maxlength="40" aria-describedby="code-hint";
                    span.hint id="code-hint" { "Six digits from your authenticator app, or a recovery code." }
                }
                button.btn.primary { "Sign in" }
                a.sm href="/login" { "Start again" }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_carries_the_step_and_where_to_go() {
        let step = SecretString::from("step_x");
        let shown = render_step(&Viewer::sample(), &step, "/jobs", Some("Wrong.")).into_string();
        assert!(shown.contains(r#"name="step" value="step_x""#) && shown.contains(r#"name="next" value="/jobs""#));
        assert!(shown.contains(r#"autocomplete="one-time-code""#) && shown.contains("Wrong."));
    }
}
