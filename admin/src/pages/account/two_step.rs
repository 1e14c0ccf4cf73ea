//! Two-step sign-in with an authenticator app. The app gets a key and proves it with a code. Each sign-in then needs a
//! code.

use std::fmt::Write;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::ExposeSecret;
use serde_json::json;
use storage::admin_login::{self, Confirmed};
use storage::db::Db;
use storage::login_throttle::{self, By};
use storage::second_factor::{self, Offer};
use storage::{audit, clock};

use super::{PATH, recovery_codes};
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::csrf;
use crate::parts::notice::{Tone, notice};

/// Makes a key and shows it.
pub(crate) async fn start(State(db): State<Db>, posted: Posted) -> Result<Markup, Fault> {
    posted.require_factor(&db).await?;
    let admin = &posted.admin;
    let offer = second_factor::offer(&db, admin.admin_user_id, &admin.email).await?;
    Ok(render_offer(admin, &offer))
}

/// Activates the key if the code is right.
pub(crate) async fn confirm(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.require_factor(&db).await?;
    let (admin, now) = (&posted.admin, clock::now());
    let mut act = Act::begin(&db, admin).await?;
    let codes = second_factor::confirm(&mut act, admin.admin_user_id, posted.fields.text("code"), now).await?;
    let Some(codes) = codes else {
        drop(act);
        let wrong = "This code does not match the key. Nothing was changed. Turn the app on again.";
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render_wrong(admin, "Turn on the authenticator app", wrong))
            .into_response());
    };
    let confirmed = Confirmed { by_password: false, by_factor: true };
    let cookie = admin_login::confirm_login(&mut *act, &posted.cookie(), confirmed, now).await?;
    act.commit("admin.two_step_on", None, json!({})).await?;
    posted.renew(cookie);
    Ok(recovery_codes::render(admin, "Two-step sign-in is on", &codes).into_response())
}

/// Turns the app off. This needs a code, because a stolen password alone must not remove the second factor.
pub(crate) async fn stop(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.require_fresh(&db).await?;
    let (admin, now) = (&posted.admin, clock::now());
    let counted = [By::Code(admin.admin_user_id)];
    let begun = login_throttle::begin(&db, &counted, now).await?;
    begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;
    let mut act = Act::begin(&db, admin).await?;
    let shown = second_factor::check(&mut act, admin.admin_user_id, posted.fields.text("code"), now).await?;
    if shown.is_none() {
        drop(act);
        let actor = format!("admin:{}", admin.email);
        audit::insert_attempt(&db, &actor, "admin.code_failed", &json!({}), now).await?;
        let wrong = "This code is wrong, or was already used. Nothing was changed. Wait for the next one.";
        let page = render_wrong(admin, "Turn off the authenticator app", wrong);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    login_throttle::succeeded(&mut *act, &counted).await?;
    second_factor::remove_app(&mut act, admin.admin_user_id).await?;
    act.commit("admin.two_step_off", None, json!({})).await?;
    Ok(Redirect::to(PATH).into_response())
}

pub(super) fn card(admin: &Admin) -> Markup {
    let (step, words) = if admin.has_app { ("stop", "Turn off") } else { ("start", "Turn on") };
    html! {
        section.card aria-labelledby="two-step" {
            header {
                h2 id="two-step" { "Authenticator app" }
                p { "After your password, you enter a code from an app on your phone." }
            }
            form.body.row method="post" action={ (PATH) "/two-step/" (step) } {
                (csrf(admin))
                @if admin.has_app {
                    (badge("good", "circle-check", "On"))
                    div.field {
                        label for="off-code" { "Code, or a recovery code" }
                        input.input id="off-code" name="code" autocomplete="one-time-code" inputmode="text" required maxlength="40";
                    }
                } @else { (badge("line", "minus", "Off")) }
                button.btn.primary[!admin.has_app] { (words) }
            }
        }
    }
}

fn render_offer(admin: &Admin, offer: &Offer) -> Markup {
    page(
        admin,
        Place::Account,
        "Turn on the authenticator app",
        html! {
            div.stack {
                div.head { div { h1 { "Turn on the authenticator app" } p { "Scan the QR code with an authenticator app, or type the key into it. Then enter the code that the app shows." } } }
                section.card aria-label="Key" {
                    form.body.stack method="post" action={ (PATH) "/two-step/confirm" } {
                        (csrf(admin))
                        (qr_code(offer.url.expose_secret()))
                        p { "Key: " code { (offer.key.expose_secret()) } }
                        div.field {
                            label for="code" { "Code" }
                            input.input id="code" name="code" autocomplete="one-time-code" inputmode="numeric" required maxlength="12";
                        }
                        div.row { button.btn.primary { "Turn on" } a.btn href=(PATH) { "Cancel" } }
                    }
                }
            }
        },
    )
}

fn render_wrong(admin: &Admin, title: &str, why: &str) -> Markup {
    let content = html! { div.stack { (notice(Tone::Bad, why, "")) (card(admin)) } };
    page(admin, Place::Account, title, content)
}

/// Renders dark squares on a light ground in every theme, because cameras need that.
fn qr_code(text: &str) -> Markup {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return html! {} };
    let border = 4;
    let side = code.size() + 2 * border;
    let mut path = String::new();
    for (y, x) in (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (y, x))) {
        if code.get_module(x, y) {
            let _ = write!(path, "M{},{}h1v1h-1z", x + border, y + border);
        }
    }
    html! {
        svg role="img" aria-label="QR code of the key" width="200" height="200" viewBox={ "0 0 " (side) " " (side) } {
            rect width="100%" height="100%" fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn the_key_is_shown_as_text_and_as_a_picture() {
        let offer = Offer { key: "JBSWY3DP".into(), url: "otpauth://totp/AI%20Tutor:ada?secret=JBSWY3DP".into() };
        let shown = render_offer(&Admin::sample(Role::Admin), &offer).into_string();
        assert!(shown.contains("<code>JBSWY3DP</code>") && shown.contains("<svg role=\"img\""), "{shown}");
        assert!(!shown.contains("otpauth://"), "the picture alone holds the address");
    }

    #[test]
    fn the_card_offers_what_is_not_so_yet() {
        let mut admin = Admin::sample(Role::Viewer);
        assert!(card(&admin).into_string().contains("/two-step/start"));
        assert!(!card(&admin).into_string().contains(r#"name="code""#));
        admin.has_app = true;
        assert!(card(&admin).into_string().contains("/two-step/stop"));
        assert!(card(&admin).into_string().contains(r#"name="code""#), "a code turns it off");
    }
}
