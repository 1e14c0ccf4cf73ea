//! The button by which `passkey.js` asks the browser for a passkey, within a form that carries the answer.

use maud::{Markup, html};

use super::icon::icon;
use crate::assets::{self, Asset};

/// `start` is where the script gets the challenge; `field` holds the answer. At most one is on a page, in a form without other
/// fields to fill in, except for the name of a new passkey.
pub(crate) fn button(start: &str, field: &str, words: &str, is_primary: bool) -> Markup {
    html! {
        input type="hidden" name=(field) data-passkey-answer;
        div.js-only { button.btn.primary[is_primary] type="button" data-passkey=(start) { (icon("key-round")) (words) } }
        p.sm.bad role="alert" hidden data-passkey-note {}
        p.sm.muted.nojs-only { "Passkeys need JavaScript, which is off in this browser." }
        script src=(assets::url(Asset::Passkey)) defer {}
    }
}
