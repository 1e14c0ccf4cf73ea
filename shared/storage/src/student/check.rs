//! The rules for what people may enter about a student: the same for the API, the dashboard and the import.

use super::MAX_COHORT;
use crate::phone::Phone;
use domain::FieldFault;
use domain::plain_text;

/// Most numbers of one student.
pub const MAX_PHONES: usize = 10;
const MAX_NAME: usize = 120;
/// What people may advise an assistant, in characters.
pub const MAX_GUIDANCE: usize = 500;

fn fault(field: &str, message: impl Into<String>) -> FieldFault {
    FieldFault { field: field.to_owned(), message: message.into() }
}

/// A display name: 1 to 120 visible characters.
pub fn check_name(name: &str, faults: &mut Vec<FieldFault>) {
    if name.trim().is_empty() {
        faults.push(fault("display_name", "give at least one letter"));
    }
    check_line("display_name", name, MAX_NAME, faults);
}

/// [`check_text`] on one line.
pub fn check_line(field: &str, text: &str, max: usize, faults: &mut Vec<FieldFault>) {
    check_text(field, text, max, faults);
    if text.trim().chars().any(|c| c.is_whitespace() && (c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))) {
        faults.push(fault(field, "write it on one line, without tabs"));
    }
}

/// A text of at most `max` characters that Postgres can keep and that hides nothing from its reader.
pub fn check_text(field: &str, text: &str, max: usize, faults: &mut Vec<FieldFault>) {
    if text.chars().count() > max {
        faults.push(fault(field, format!("shorten it to {max} characters")));
    }
    if text.chars().any(|c| c != '\n' && !c.is_whitespace() && !plain_text::is_visible(c)) {
        faults.push(fault(field, "leave out control characters and invisible ones"));
    }
}

/// A school grade: 0 (kindergarten) to 13.
pub fn check_grade(grade: Option<i16>, faults: &mut Vec<FieldFault>) {
    if grade.is_some_and(|grade| !(0..=13).contains(&grade)) {
        faults.push(fault("grade", "give a whole number from 0 (kindergarten) to 13, or leave it out"));
    }
}

/// The name of a cohort.
pub fn check_cohort(cohort: Option<&str>, faults: &mut Vec<FieldFault>) {
    let Some(cohort) = cohort else { return };
    if cohort.trim().is_empty() {
        faults.push(fault("cohort", "give at least one letter, or leave it out"));
    }
    check_line("cohort", cohort, MAX_COHORT, faults);
}

/// The number of phone numbers; each was read by [`Phone::parse`].
pub fn check_phones(phones: &[Phone], faults: &mut Vec<FieldFault>) {
    if phones.len() > MAX_PHONES {
        faults.push(fault("phones", format!("give at most {MAX_PHONES} numbers")));
    }
}

/// A BCP 47 tag: two or three letters, then parts of two to eight letters or digits.
pub fn check_locale(locale: Option<&str>, faults: &mut Vec<FieldFault>) {
    let Some(locale) = locale else { return };
    let mut parts = locale.split('-');
    let is_language = |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic());
    let is_subtag = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if locale.len() > 35 || !parts.next().is_some_and(is_language) || !parts.all(is_subtag) {
        faults.push(fault("locale", "give a BCP 47 tag, for example `en` or `pt-BR`"));
    }
}

/// An IANA time zone.
pub fn check_timezone(timezone: Option<&str>, faults: &mut Vec<FieldFault>) {
    if timezone.is_some_and(|name| name.parse::<chrono_tz::Tz>().is_err()) {
        faults.push(fault("timezone", "give an IANA name, for example `Europe/Berlin`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_its_reader_sees_whole() {
        let is_good = |name: &str| {
            let mut faults = Vec::new();
            check_name(name, &mut faults);
            faults.is_empty()
        };
        for name in ["Maya", "D’Andre", "Jose\u{301}", "نور", "李明", "प्रिया", "Anne-Marie", "O'Neill Jr.", "Işıl"]
        {
            assert!(is_good(name), "{name}");
        }
        for name in ["", " ", "A\nB", "A\rB", "A\tB", "A\u{0}", "A\u{2028}B", "A\u{202e}", "\u{200b}A", "A\u{85}B"] {
            assert!(!is_good(name), "{name:?}");
        }
    }
}
