//! New recovery codes.

use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};

use super::PATH as ACCOUNT;
use crate::auth::Admin;
use crate::layout::{Place, page};

/// Shows new recovery codes, once.
pub(super) fn render(admin: &Admin, title: &str, codes: &[SecretString]) -> Markup {
    page(
        admin,
        Place::Account,
        title,
        html! {
            div.stack {
                div.head { div { h1 { (title) } p { "Save these recovery codes. Each signs you in once, after your password, if you lose your phone or your passkey. They are not shown again." } } }
                section.card aria-label="Recovery codes" {
                    ul.body { @for code in codes { li { code { (code.expose_secret()) } } } }
                    footer { a.btn.primary href=(ACCOUNT) { "I have saved them" } }
                }
            }
        },
    )
}
