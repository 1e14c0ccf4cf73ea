//! The button that makes `passkey.js` ask for a passkey, inside a form that carries the answer.

use maud::{Markup, html};

use super::icon::icon;
use crate::assets::{self, Asset};

/// `start` is the path of the challenge. `field` holds the answer. A page has at most one button, in a form without
/// other fields except for the name of a new passkey.
pub(crate) fn button(start: &str, field: &str, words: &str, is_primary: bool) -> Markup {
    html! {
        input type="hidden" name=(field) data-passkey-answer;
        div.js-only { button.btn.primary[is_primary] type="button" data-passkey=(start) { (icon("key-round")) (words) } }
        p.sm.bad role="alert" hidden data-passkey-note {}
        p.sm.muted.nojs-only { "Passkeys need JavaScript, which is off in this browser." }
        script src=(assets::url(Asset::Passkey)) defer {}
    }
}
