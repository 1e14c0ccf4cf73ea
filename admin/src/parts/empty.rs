//! An empty card: what will appear there, and when.

use maud::{Markup, html};

use super::icon::icon;

pub(crate) fn empty(mark: &str, title: &str, text: &str, actions: Markup) -> Markup {
    html! {
        div.empty {
            (icon(mark))
            h2 { (title) }
            p { (text) }
            @if !actions.0.is_empty() { div.actions { (actions) } }
        }
    }
}
