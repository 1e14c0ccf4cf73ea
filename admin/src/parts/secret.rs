//! New secrets, on the only page that shows them.

use maud::{Markup, html};

use super::icon::{icon, icon_small};

/// `lines`: an id for the page, the name of each value, and the value. `back` is the page without them.
pub(crate) fn shown_once(title: &str, text: &str, lines: &[(&str, &str, &str)], back: &str) -> Markup {
    html! {
        section.card aria-labelledby="made" {
            div.note.good.flat role="status" {
                (icon("circle-check"))
                div {
                    b id="made" { (title) }
                    p { (text) }
                    div.stack.tight.keybox { @for (id, name, value) in lines {
                        div.copy-line {
                            span.sm.klabel { (name) }
                            code id=(id) tabindex="0" role="group" aria-label=(name) { (value) }
                            button.btn.small.js-only type="button" data-copy={ "#" (id) } { (icon_small("copy")) span { "Copy" } span.vh { " " (name) } }
                        }
                    } }
                }
                div.actions { a.btn.small href=(back) { "I have copied it" } }
            }
        }
    }
}
