//! The choice between a person's own classes and all students, and the form that sets the classes.

use maud::{Markup, html};
use storage::student::MAX_COHORT;

use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::parts::csrf;

/// The most classes of one person.
const MAX_CLASSES: usize = 200;

/// Where the choice is posted to.
pub(crate) const SHOW: &str = "/account/classes/show";

/// Reads the names of classes from a field of a form. `what` is the form's word for them.
pub(crate) fn read(fields: &Fields, field: &str, what: &str) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = fields.all(field).map(|name| name.trim().to_owned()).collect();
    names.sort();
    names.dedup();
    let fits = |name: &String| (1..=MAX_COHORT).contains(&name.chars().count());
    if names.len() > MAX_CLASSES || !names.iter().all(fits) {
        return Err(Fault::Invalid(format!(
            "Choose at most {MAX_CLASSES} {what}, whose names have 1 to {MAX_COHORT} characters."
        )));
    }
    Ok(names)
}

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
