//! A notice that a person should not miss.

use maud::{Markup, html};

use super::icon::icon;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Warn,
    Bad,
    Info,
}

impl Tone {
    fn style(self) -> (&'static str, &'static str) {
        match self {
            Self::Warn => ("warn", "triangle-alert"),
            Self::Bad => ("bad", "circle-alert"),
            Self::Info => ("info", "info"),
        }
    }
}

pub(crate) fn notice(tone: Tone, title: &str, text: &str) -> Markup {
    notice_with(tone, title, &html! { (text) }, &html! {})
}

/// A notice with links and buttons.
pub(crate) fn notice_with(tone: Tone, title: &str, text: &Markup, actions: &Markup) -> Markup {
    let (class, mark) = tone.style();
    // An alert interrupts a screen reader. It is only for failures that the person just caused.
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    html! {
        div class={ "note " (class) } role=(role) {
            (icon(mark))
            div { b { (title) } @if !text.0.is_empty() { p { (text) } } }
            @if !actions.0.is_empty() { div.actions { (actions) } }
        }
    }
}
