//! The components of pages. Pure: data in, markup out.

pub(crate) mod agent;
pub(crate) mod answer;
pub(crate) mod attention;
pub(crate) mod badge;
pub(crate) mod chart;
pub(crate) mod classes;
pub(crate) mod empty;
pub(crate) mod follow_up;
pub(crate) mod icon;
pub(crate) mod json;
pub(crate) mod kpi;
pub(crate) mod line;
pub(crate) mod meter;
pub(crate) mod notice;
pub(crate) mod pager;
pub(crate) mod passkey;
pub(crate) mod question;
pub(crate) mod schedule;
pub(crate) mod secret;
pub(crate) mod spark;
pub(crate) mod table;
pub(crate) mod tool_call;
pub(crate) mod turn;

use maud::{Markup, html};
use storage::access::Role;

use crate::auth::Admin;
use crate::fields::CSRF_FIELD;

/// The hidden token field of every form.
pub(crate) fn csrf(admin: &Admin) -> Markup {
    html! { input type="hidden" name=(CSRF_FIELD) value=(admin.csrf_token); }
}

/// The placeholder for a missing value.
pub(crate) fn none() -> Markup {
    html! { span.faint { "–" } }
}

/// Returns one or two letters for an avatar: "MO" for "Maya Okonkwo", "DW" for "dana.whitfield@example.org".
pub(crate) fn initials(name: &str) -> String {
    let name = name.split('@').next().unwrap_or(name);
    let mut words = name.split([' ', '.', '_', '-']).filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// Returns "Grade 7" or "Kindergarten". Empty if the grade is unknown.
pub(crate) fn grade(grade: Option<i16>) -> Option<String> {
    grade.map(|grade| if grade == 0 { "Kindergarten".to_owned() } else { format!("Grade {grade}") })
}

/// Returns the name in an actor of the audit log, such as `admin:dana@example.org`. For an agent it is its owner's
/// name.
pub(crate) fn person(actor: &str) -> String {
    match actor.split_once(':') {
        Some(("agent", email)) => format!("an agent of {email}"),
        Some(("family", _)) => "the family’s app".to_owned(),
        Some((_, name)) => name.to_owned(),
        None => actor.to_owned(),
    }
}

pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Admin => "Admin",
        Role::Tutor => "Tutor",
        Role::Viewer => "Viewer",
    }
}

/// Renders a select with its label. `options` are value and text.
pub(crate) fn select(label: &str, name: &str, options: &[(&str, &str)], selected: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select.input id=(name) name=(name) {
                @for (value, text) in options { option value=(value) selected[*value == selected] { (text) } }
            }
        }
    }
}

/// Renders a date field with its label.
pub(crate) fn date(label: &str, name: &str, value: &str) -> Markup {
    html! { div.field { label for=(name) { (label) } input.input type="date" id=(name) name=(name) value=(value); } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        assert_eq!(initials("Maya Okonkwo"), "MO");
        assert_eq!(initials("Maya de la Cruz"), "MC");
        assert_eq!(initials("dana.whitfield@example.org"), "DW");
        assert_eq!((initials("Ana"), initials("")), ("A".to_owned(), String::new()));
    }
}
