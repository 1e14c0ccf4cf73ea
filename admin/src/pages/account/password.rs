//! Changing one's own password. It requires the old one and ends all other logins.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use storage::admin_login::{self, Confirmed};
use storage::login_throttle::{self, By};
use storage::{admin_device, admin_user, clock};

use super::{PATH, shown};
use crate::Dashboard;
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::form::Posted;
use crate::hashing::with_permit;
use crate::login::{password_field, sentence};
use crate::parts::csrf;
use crate::parts::notice::Tone;

pub(crate) async fn post(
    State(dashboard): State<Dashboard>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Fault> {
    let (admin, fields, now) = (&posted.admin, &posted.fields, clock::now());
    let own = posted.cookie();
    // The attempts are throttled like a sign-in.
    let counted = [By::Device(&admin.email, own.expose_secret())];
    let begun = login_throttle::begin(&dashboard.db, &counted, now).await?;
    begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;
    let hash = match checked(&dashboard, admin, fields).await? {
        Ok(hash) => hash,
        Err(why) => {
            let told = Some((Tone::Bad, &why[..]));
            let page = shown(admin, &dashboard, &headers, told).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut act = Act::begin(&dashboard.db, admin).await?;
    login_throttle::succeeded(&mut *act, &counted).await?;
    admin_user::set_password(&mut *act, admin.admin_user_id, &hash).await?;
    let confirmed = Confirmed { by_password: true, by_factor: false };
    let cookie = admin_login::confirm_login(&mut *act, &own, confirmed, now).await?;
    let n = admin_login::delete_other_logins_of(&mut *act, admin.admin_user_id, &cookie).await?;
    admin_device::forget_all(&mut *act, admin.admin_user_id).await?;
    act.commit("admin.password", None, json!({ "ended": n })).await?;
    posted.renew(cookie);
    Ok(Redirect::to("/account?done=password").into_response())
}

/// Returns the hash of the new password, or why it is refused.
async fn checked(dashboard: &Dashboard, admin: &Admin, fields: &Fields) -> Result<Result<String, String>, Fault> {
    if fields.raw("old").len() > 1024 || fields.raw("password").len() > 1024 {
        return Ok(Err("A password has at most 256 characters. Nothing was changed.".to_owned()));
    }
    if fields.raw("password") != fields.raw("again") {
        return Ok(Err("The two new passwords differ. Nothing was changed.".to_owned()));
    }
    let (_, hash) = admin_user::find_user_by_email(&dashboard.db, &admin.email).await?.unzip();
    let (old, new) = (SecretString::from(fields.raw("old")), SecretString::from(fields.raw("password")));
    let email = admin.email.clone();
    let hashed = with_permit(move || {
        admin_user::verify_password(&old, hash.flatten().as_deref()).then(|| admin_user::hash_password_of(&email, &new))
    });
    Ok(match hashed.await? {
        None => Err("The old password is wrong. Nothing was changed.".to_owned()),
        Some(Err(refused)) => Err(format!("{}. Nothing was changed.", sentence(&refused.to_string()))),
        Some(Ok(hash)) => Ok(hash),
    })
}

pub(super) fn card(admin: &Admin) -> Markup {
    html! {
        section.card aria-labelledby="password-card" {
            header { h2 id="password-card" { "Password" } p { "At least 12 characters. The change ends your other sign-ins." } }
            form.body.stack method="post" action={ (PATH) "/password" } {
                (csrf(admin))
                div.form-grid {
                    (password_field("old", "Old password", "current-password", ""))
                    (password_field("password", "New password", "new-password", ""))
                    (password_field("again", "Repeat the new password", "new-password", ""))
                }
                div { button.btn.primary { "Change password" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn the_old_password_is_asked_for_and_none_is_written_into_the_page() {
        let shown = card(&Admin::sample(Role::Viewer)).into_string();
        assert!(shown.contains(r#"autocomplete="current-password""#) && shown.contains(r#"name="old""#));
        assert!(!shown.contains(r#"type="password" value"#));
    }
}
