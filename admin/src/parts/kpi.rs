//! One headline figure: its name, its value, and its comparison.

use maud::{Markup, html};

pub(crate) fn kpi(name: &str, value: Markup, below: Markup) -> Markup {
    html! { div.kpi { dt { (name) } dd.v { (value) } dd.d { (below) } } }
}
