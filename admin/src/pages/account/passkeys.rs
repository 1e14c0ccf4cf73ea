//! The passkeys of a person: list, add, remove.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::USER_AGENT;
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use serde_json::{Value, json};
use storage::admin_login::{self, Confirmed};
use storage::db::Db;
use storage::id::PasskeyId;
use storage::passkey::{self, MAX_NAME, NewPasskey, PasskeyItem};
use storage::{audit, clock, second_factor};

use super::{PATH as ACCOUNT, browser, recovery_codes};
use crate::Dashboard;
use crate::act::Act;
use crate::auth::Admin;
use crate::ceremony::{self, New, Purpose};
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::login::Ways;
use crate::parts::notice::{Tone, notice};
use crate::parts::table::{Column, cell, row, table};
use crate::parts::{self, csrf};
use crate::webauthn::RelyingParty;

const PATH: &str = "/account/passkeys";
const NEW: &str = "/account/passkeys/new";
const ASK_NEW: &str = "/account/passkeys/ask-new";
/// The path from which a confirmation form gets its challenge.
pub(crate) const ASK: &str = "/account/passkeys/ask";

const TITLE: &str = "Add a passkey";

/// The content of the card.
#[derive(Debug)]
pub(crate) struct Passkeys {
    pub(crate) items: Vec<PasskeyItem>,
    /// Whether the dashboard's address supports passkeys.
    pub(crate) is_possible: bool,
    /// Whether a passkey alone is enough to sign in.
    pub(crate) is_enough: bool,
}

impl Passkeys {
    pub(crate) async fn fetch(admin: &Admin, dashboard: &Dashboard) -> Result<Self, Fault> {
        Ok(Self {
            items: passkey::list_passkeys(&dashboard.db, admin.admin_user_id).await?,
            is_possible: dashboard.relying_party.is_some(),
            is_enough: Ways::of(dashboard) != Ways::Provider,
        })
    }
}

/// Asks for a name and starts the browser's dialog.
pub(crate) async fn new_form(
    State(dashboard): State<Dashboard>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Markup, Fault> {
    require_party(&dashboard)?;
    posted.require_factor(&dashboard.db).await?;
    let user_agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Ok(render_new(&posted.admin, &browser(user_agent), None))
}

/// Gives the browser a challenge for a new passkey.
pub(crate) async fn ask_new(State(dashboard): State<Dashboard>, posted: Posted) -> Result<Json<Value>, Fault> {
    let party = require_party(&dashboard)?;
    posted.require_factor(&dashboard.db).await?;
    let admin = &posted.admin;
    let user = (admin.admin_user_id, &admin.email[..]);
    Ok(Json(ceremony::ask_for_new(&dashboard.db, party, user, &posted.cookie(), clock::now()).await?))
}

/// Gives the browser a challenge to confirm who the person is.
pub(crate) async fn ask(State(dashboard): State<Dashboard>, posted: Posted) -> Result<Json<Value>, Fault> {
    let party = require_party(&dashboard)?;
    let allowed = passkey::list_passkeys(&dashboard.db, posted.admin.admin_user_id).await?;
    let cookie = posted.cookie();
    Ok(Json(ceremony::ask(&dashboard.db, party, Purpose::Confirm, &cookie, &allowed, clock::now()).await?))
}

/// Stores a new passkey. With the first second factor come recovery codes.
pub(crate) async fn add(State(dashboard): State<Dashboard>, posted: Posted) -> Result<Response, Fault> {
    let party = require_party(&dashboard)?;
    posted.require_factor(&dashboard.db).await?;
    let (db, admin, fields, now) = (&dashboard.db, &posted.admin, &posted.fields, clock::now());
    let name = fields.text("name");
    let refuse = |why: &str| (StatusCode::UNPROCESSABLE_ENTITY, render_new(admin, name, Some(why))).into_response();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.contains(char::is_control) {
        return Ok(refuse("The name has 1 to 60 characters, such as “Work laptop”. Nothing was added."));
    }
    let New { made, public_key, algorithm } =
        match ceremony::accept_new(db, party, fields.raw("passkey"), posted.cookie_before(), now).await? {
            Ok(new) => new,
            Err(refused) => {
                let actor = format!("admin:{}", admin.email);
                let detail = json!({ "why": refused.to_string() });
                audit::insert_attempt(db, &actor, "admin.passkey_refused", &detail, now).await?;
                return Ok(refuse(refused.words()));
            }
        };
    let new = NewPasskey {
        credential_id: &made.credential_id,
        public_key: &public_key,
        algorithm,
        sign_count: made.sign_count,
    };
    let mut act = Act::begin(db, admin).await?;
    let (passkey_id, is_first) = match passkey::insert_passkey(&mut act, admin.admin_user_id, name, &new, now).await {
        Err(error) if error.is_conflict_with("admin_passkeys_credential_id_key") => {
            return Ok(refuse("This passkey was already added. Nothing changed."));
        }
        Err(error) if error.is_conflict_with("admin_passkeys_max") => {
            return Ok(refuse("You have 20 passkeys. Remove one first."));
        }
        made => made?,
    };
    let codes = if is_first { Some(second_factor::renew_codes(&mut act, admin.admin_user_id).await?) } else { None };
    let confirmed = Confirmed { by_password: false, by_factor: true };
    let cookie = admin_login::confirm_login(&mut *act, &posted.cookie(), confirmed, now).await?;
    act.commit("admin.passkey_add", Some(format!("passkey:{passkey_id}")), json!({})).await?;
    posted.renew(cookie);
    Ok(match codes {
        Some(codes) => recovery_codes::render(admin, "Your passkey is added", &codes).into_response(),
        None => Redirect::to("/account?done=passkey").into_response(),
    })
}

pub(crate) async fn remove(
    State(db): State<Db>,
    Path(passkey_id): Path<PasskeyId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.require_factor(&db).await?;
    let admin = &posted.admin;
    let mut act = Act::begin(&db, admin).await?;
    passkey::delete_passkey(&mut *act, admin.admin_user_id, passkey_id).await?;
    second_factor::remove_needless_codes(&mut act, admin.admin_user_id).await?;
    act.commit("admin.passkey_remove", Some(format!("passkey:{passkey_id}")), json!({})).await?;
    Ok(Redirect::to(ACCOUNT).into_response())
}

fn require_party(dashboard: &Dashboard) -> Result<&RelyingParty, Fault> {
    dashboard.relying_party.as_ref().ok_or(Fault::NotFound("page"))
}

const COLUMNS: [Column; 4] = [("Passkey", ""), ("Added", ""), ("Last used", ""), ("", "")];

pub(super) fn card(admin: &Admin, passkeys: &Passkeys) -> Markup {
    let rows = html! { @for item in &passkeys.items { (row(&html! {
        (cell("", html! { b { (item.name) } }))
        (cell("nowrap muted hide", admin.viewer.time(item.created_at)))
        (cell("nowrap muted end", html! { @if let Some(at) = item.last_used_at { (admin.viewer.time(at)) } @else { "Not used yet" } }))
        (cell("full", html! {
            form method="post" action={ (PATH) "/" (item.passkey_id) "/remove" } {
                (csrf(admin))
                button.btn.small { "Remove" span.vh { " " (item.name) } }
            }
        }))
    })) } };
    let use_of_them = if passkeys.is_enough {
        "Sign in with your fingerprint, face or PIN instead of your password, or after it."
    } else {
        "After your school account, confirm with your fingerprint, face or PIN."
    };
    html! {
        section.card aria-labelledby="passkeys" {
            header { h2 id="passkeys" { "Passkeys" } p { (use_of_them) } }
            @if !passkeys.items.is_empty() { (table("Passkeys", &COLUMNS, &rows)) }
            @if passkeys.is_possible {
                @if passkeys.items.is_empty() { div.body { p.muted { "You have no passkey yet." } } }
                footer {
                    form method="post" action=(NEW) { (csrf(admin)) button.btn.primary[passkeys.items.is_empty()] { (TITLE) } }
                }
            } @else {
                div.body { p.muted {
                    "Passkeys need a domain name as the address of this dashboard, and HTTPS. An operator sets " code { "ADMIN_URL" }
                    " to it, such as " code { "https://dashboard.example.org" } "."
                } }
            }
        }
    }
}

fn render_new(admin: &Admin, name: &str, error: Option<&str>) -> Markup {
    page(
        admin,
        Place::Account,
        TITLE,
        html! {
            div.stack {
                div.head { div { h1 { (TITLE) } p { "Your browser asks you to use your fingerprint, face, PIN or a security key." } } }
                @if let Some(error) = error { (notice(Tone::Bad, error, "")) }
                section.card aria-label=(TITLE) {
                    form.body.stack method="post" action=(PATH) {
                        (csrf(admin))
                        div.field {
                            label for="name" { "Name" }
                            input.input id="name" name="name" required maxlength=(MAX_NAME) value=(name) aria-describedby="name-hint";
                            span.hint id="name-hint" { "The name in your list of passkeys, such as “Work laptop”." }
                        }
                        div.stack.tight { (parts::passkey::button(ASK_NEW, "passkey", TITLE, true)) }
                        div { a.btn href=(ACCOUNT) { "Cancel" } }
                    }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn passkeys(items: Vec<PasskeyItem>) -> Passkeys {
        Passkeys { items, is_possible: true, is_enough: true }
    }

    #[test]
    fn each_passkey_can_be_told_and_removed() {
        let admin = Admin::sample(Role::Viewer);
        let item = PasskeyItem {
            passkey_id: PasskeyId(uuid::Uuid::from_u128(7)),
            name: "<Laptop>".to_owned(),
            credential_id: vec![1; 16],
            created_at: admin.viewer.now,
            last_used_at: None,
        };
        let shown = card(&admin, &passkeys(vec![item])).into_string();
        assert!(shown.contains("&lt;Laptop&gt;") && shown.contains("Not used yet"), "{shown}");
        assert!(shown.contains("/account/passkeys/00000000-0000-0000-0000-000000000007/remove"), "{shown}");
    }

    #[test]
    fn where_there_can_be_none_the_card_says_what_to_do() {
        let admin = Admin::sample(Role::Viewer);
        assert!(card(&admin, &passkeys(Vec::new())).into_string().contains(NEW));
        let shown = card(&admin, &Passkeys { is_possible: false, ..passkeys(Vec::new()) }).into_string();
        assert!(!shown.contains(NEW) && shown.contains("ADMIN_URL"), "{shown}");
        let shown = card(&admin, &Passkeys { is_enough: false, ..passkeys(Vec::new()) }).into_string();
        assert!(shown.contains("After your school account"), "{shown}");
    }

    #[test]
    fn without_javascript_the_page_says_so() {
        let shown = render_new(&Admin::sample(Role::Viewer), "Chrome on Linux", None).into_string();
        assert!(shown.contains("Passkeys need JavaScript") && shown.contains(r#"value="Chrome on Linux""#), "{shown}");
        assert!(shown.contains(r#"data-passkey="/account/passkeys/ask-new""#), "{shown}");
    }
}
