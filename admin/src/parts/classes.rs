//! The choice between a person's own classes and all students, and the form that sets the classes.

use maud::{Markup, html};

use crate::auth::Admin;
use crate::parts::csrf;

/// Where the choice is posted to.
pub(crate) const SHOW: &str = "/account/classes/show";

/// Renders the two buttons. Renders nothing if the person has no classes. `back` is the page's own address.
pub(crate) fn toggle(admin: &Admin, back: &str) -> Markup {
    html! {
        @if !admin.classes.is_empty() {
            form.views method="post" action=(SHOW) aria-label="Students shown" {
                (csrf(admin))
                input type="hidden" name="back" value=(back);
                @for (value, words, is_shown) in [("mine", "My classes", !admin.shows_all), ("all", "All students", admin.shows_all)] {
                    button name="show" value=(value) aria-current=[is_shown.then_some("true")] { (words) }
                }
            }
        }
    }
}

/// Renders the form with all classes to choose from. `of` names the person for screen readers.
pub(crate) fn form(admin: &Admin, action: &str, known: &[String], chosen: &[String], of: &str) -> Markup {
    let gone = chosen.iter().filter(|name| !known.contains(name));
    html! {
        form.stack.tight method="post" action=(action) {
            (csrf(admin))
            fieldset.checks {
                legend.vh { "Classes" (of) }
                @for name in known.iter().chain(gone) {
                    label.check { input type="checkbox" name="class" value=(name) checked[chosen.contains(name)]; (name) }
                }
            }
            div.row { button.btn.small { "Save classes" span.vh { (of) } } }
        }
    }
}
