//! One headline figure: its name, the figure, and what it is compared with.

use maud::{Markup, html};

pub(crate) fn kpi(name: &str, value: Markup, below: Markup) -> Markup {
    html! { div.kpi { dt { (name) } dd.v { (value) } dd.d { (below) } } }
}
