//! Icons: one file of symbols, loaded once and used by reference.

use maud::{Markup, html};

use crate::assets::{self, Asset};

pub(crate) fn icon(name: &str) -> Markup {
    html! { svg.icon viewBox="0 0 24 24" aria-hidden="true" { use href={ (assets::url(Asset::Icons)) "#" (name) } {} } }
}

pub(crate) fn icon_small(name: &str) -> Markup {
    html! { svg.icon.s viewBox="0 0 24 24" aria-hidden="true" { use href={ (assets::url(Asset::Icons)) "#" (name) } {} } }
}

pub(crate) fn icon_large(name: &str) -> Markup {
    html! { svg.icon.l viewBox="0 0 24 24" aria-hidden="true" { use href={ (assets::url(Asset::Icons)) "#" (name) } {} } }
}

/// The logo: a headset with a voice.
pub(crate) fn logo() -> Markup {
    html! {
        svg width="22" height="22" viewBox="0 0 24 24" fill="none" aria-hidden="true" {
            path d="M3 12.5V11a9 9 0 0 1 18 0v1.5" stroke="currentColor" stroke-width="2" stroke-linecap="round" {}
            rect x="2" y="12" width="5" height="8" rx="2.2" fill="currentColor" {}
            rect x="17" y="12" width="5" height="8" rx="2.2" fill="currentColor" {}
            path d="M9.5 13.5v3M12 11v8M14.5 13v4" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" {}
        }
    }
}
