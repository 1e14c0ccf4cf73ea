//! Confirmation pages: the consequence, the action, and a way back.

use maud::{Markup, html};

use super::csrf;
use crate::auth::Admin;
use crate::layout::{Place, page};

/// The question, and the outcome of either answer.
pub(crate) struct Question<'a> {
    /// Ends with a question mark.
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    pub(crate) action: &'a str,
    /// The class and the label of the button that acts.
    pub(crate) button: (&'a str, &'a str),
    /// The address and the label of the link back.
    pub(crate) keep: (&'a str, &'a str),
}

/// `hidden` are hidden fields of the form.
pub(crate) fn question(admin: &Admin, place: Place, asked: &Question<'_>, hidden: &Markup) -> Markup {
    page(
        admin,
        place,
        asked.title.trim_end_matches('?'),
        html! {
            div.stack {
                div.head { div { h1 { (asked.title) } p { (asked.text) } } }
                form.row method="post" action=(asked.action) {
                    (csrf(admin))
                    (hidden)
                    button class=(asked.button.0) { (asked.button.1) }
                    a.btn href=(asked.keep.0) { (asked.keep.1) }
                }
            }
        },
    )
}
