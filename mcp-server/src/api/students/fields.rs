//! What a client may say of a student, and the rules for it.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use shared::http::FieldFault;
use shared::phone::Phone;
use shared::student::{MAX_COHORT, NewStudent, StudentChange, StudentStatus};

use crate::api::fault::fault;

const MAX_PHONES: usize = 10;

/// The body of `POST /api/v1/students`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewStudent")]
pub(super) struct NewStudentBody {
    /// What people at the dashboard call the student.
    #[schemars(length(min = 1, max = 120))]
    display_name: String,
    /// 0 is kindergarten.
    #[serde(default)]
    #[schemars(range(min = 0, max = 13))]
    grade: Option<i16>,
    /// The group the student learns in, for example `Period 3 math`.
    #[serde(default)]
    #[schemars(length(min = 1, max = MAX_COHORT))]
    cohort: Option<String>,
    /// The numbers the student calls from.
    #[schemars(length(max = MAX_PHONES))]
    phones: Vec<Phone>,
    /// BCP 47; `en` unless told.
    #[serde(default)]
    #[schemars(length(min = 2, max = 35), pattern("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))]
    locale: Option<String>,
    /// IANA, for example `Europe/Berlin`; `UTC` unless told.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    timezone: Option<String>,
}

impl NewStudentBody {
    /// The student to be, or every fault at once.
    pub(super) fn check(self) -> Result<NewStudent, Vec<FieldFault>> {
        let mut faults = Vec::new();
        check_name(&self.display_name, &mut faults);
        check_grade(self.grade, &mut faults);
        check_cohort(self.cohort.as_deref(), &mut faults);
        check_phones(&self.phones, &mut faults);
        check_locale(self.locale.as_deref(), &mut faults);
        check_timezone(self.timezone.as_deref(), &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(NewStudent {
            display_name: self.display_name.trim().to_owned(),
            grade: self.grade,
            cohort: self.cohort.map(|cohort| cohort.trim().to_owned()),
            locale: self.locale.unwrap_or_else(|| "en".to_owned()),
            timezone: self.timezone.unwrap_or_else(|| "UTC".to_owned()),
            phones: self.phones,
        })
    }
}

/// The body of `PATCH /api/v1/students/{student_id}`: what is left out stays, `null` clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StudentChange")]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(super) struct StudentChangeBody {
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1, max = 120))]
    display_name: Option<String>,
    /// 0 is kindergarten.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<i16>", range(min = 0, max = 13))]
    grade: Option<Option<i16>>,
    /// The group the student learns in.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>", length(min = 1, max = MAX_COHORT))]
    cohort: Option<Option<String>>,
    /// Replaces all numbers.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<Phone>", length(max = MAX_PHONES))]
    phones: Option<Vec<Phone>>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 2, max = 35), pattern("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))]
    locale: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    timezone: Option<String>,
    /// `blocked`: assistants are told nothing about the student.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "StudentStatus")]
    status: Option<StudentStatus>,
    /// What a teacher wants the assistant to heed, in a sentence or two.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>", length(max = 500))]
    guidance: Option<Option<String>>,
}

/// A field that is there, be it null: serde's own `Option` cannot tell null from absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl StudentChangeBody {
    /// The change, or every fault at once.
    pub(super) fn check(self) -> Result<StudentChange, Vec<FieldFault>> {
        let mut faults = Vec::new();
        if let Some(name) = &self.display_name {
            check_name(name, &mut faults);
        }
        check_grade(self.grade.flatten(), &mut faults);
        check_cohort(self.cohort.as_ref().and_then(|cohort| cohort.as_deref()), &mut faults);
        check_phones(self.phones.as_deref().unwrap_or_default(), &mut faults);
        check_locale(self.locale.as_deref(), &mut faults);
        check_timezone(self.timezone.as_deref(), &mut faults);
        if let Some(Some(guidance)) = &self.guidance {
            check_text("guidance", guidance, 500, &mut faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(StudentChange {
            display_name: self.display_name.map(|name| name.trim().to_owned()),
            grade: self.grade,
            cohort: self.cohort.map(|cohort| cohort.map(|name| name.trim().to_owned())),
            locale: self.locale,
            timezone: self.timezone,
            status: self.status,
            guidance: self.guidance.map(|guidance| guidance.filter(|text| !text.trim().is_empty())),
            phones: self.phones,
        })
    }
}

/// The body of `POST /api/v1/students/lookup`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StudentLookup")]
pub(super) struct LookupBody {
    pub(super) phone: Phone,
}

fn check_name(name: &str, faults: &mut Vec<FieldFault>) {
    if name.trim().is_empty() {
        faults.push(fault("display_name", "give at least one letter"));
    }
    check_text("display_name", name, 120, faults);
}

/// Postgres keeps no NUL, and the other control characters are nobody's name or advice.
fn check_text(field: &'static str, text: &str, max: usize, faults: &mut Vec<FieldFault>) {
    if text.chars().count() > max {
        faults.push(fault(field, format!("shorten it to {max} characters")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        faults.push(fault(field, "leave out control characters"));
    }
}

fn check_grade(grade: Option<i16>, faults: &mut Vec<FieldFault>) {
    if grade.is_some_and(|grade| !(0..=13).contains(&grade)) {
        faults.push(fault("grade", "give a whole number from 0 (kindergarten) to 13, or leave it out"));
    }
}

fn check_cohort(cohort: Option<&str>, faults: &mut Vec<FieldFault>) {
    let Some(cohort) = cohort else { return };
    if cohort.trim().is_empty() {
        faults.push(fault("cohort", "give at least one letter, or leave it out"));
    }
    check_text("cohort", cohort, MAX_COHORT, faults);
}

fn check_phones(phones: &[Phone], faults: &mut Vec<FieldFault>) {
    if phones.len() > MAX_PHONES {
        faults.push(fault("phones", format!("give at most {MAX_PHONES} numbers")));
    }
}

/// Two or three letters, then parts of two to eight letters or digits.
fn check_locale(locale: Option<&str>, faults: &mut Vec<FieldFault>) {
    let Some(locale) = locale else { return };
    let mut parts = locale.split('-');
    let is_language = |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic());
    let is_subtag = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if locale.len() > 35 || !parts.next().is_some_and(is_language) || !parts.all(is_subtag) {
        faults.push(fault("locale", "give a BCP 47 tag, for example `en` or `pt-BR`"));
    }
}

fn check_timezone(timezone: Option<&str>, faults: &mut Vec<FieldFault>) {
    if timezone.is_some_and(|name| name.parse::<chrono_tz::Tz>().is_err()) {
        faults.push(fault("timezone", "give an IANA name, for example `Europe/Berlin`"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn new_student(body: Value) -> Result<NewStudent, Vec<FieldFault>> {
        serde_json::from_value::<NewStudentBody>(body).unwrap().check()
    }

    fn change(body: Value) -> Result<StudentChange, Vec<FieldFault>> {
        serde_json::from_value::<StudentChangeBody>(body).unwrap().check()
    }

    #[test]
    fn what_is_left_out_gets_its_default() {
        let student = new_student(json!({ "display_name": " Amara ", "phones": ["+1 (415) 555-0142"] })).unwrap();
        assert_eq!((&*student.display_name, &*student.locale, &*student.timezone), ("Amara", "en", "UTC"));
        assert_eq!((student.grade, student.phones[0].as_str()), (None, "+14155550142"));
    }

    #[test]
    fn every_fault_is_told_at_once_and_says_what_to_do() {
        let faults = new_student(json!({
            "display_name": " ",
            "grade": 14,
            "cohort": "x".repeat(61),
            "phones": vec!["+14155550142"; 11],
            "locale": "english",
            "timezone": "Berlin",
        }))
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| &*fault.field).collect();
        assert_eq!(fields, ["display_name", "grade", "cohort", "phones", "locale", "timezone"]);
        assert!(faults[1].message.contains("0 (kindergarten) to 13"));
    }

    #[test]
    fn text_that_postgres_cannot_keep_is_refused() {
        for name in ["a\0b", "a\u{7}b", &"é".repeat(121)] {
            assert_eq!(new_student(json!({ "display_name": name, "phones": [] })).unwrap_err().len(), 1);
        }
        assert!(new_student(json!({ "display_name": "é".repeat(120), "phones": [] })).is_ok());
    }

    #[test]
    fn a_change_tells_null_from_absent() {
        let nothing = change(json!({})).unwrap();
        assert_eq!((nothing.grade, nothing.guidance, nothing.display_name), (None, None, None));
        let cleared = change(json!({ "grade": null, "guidance": null, "cohort": null })).unwrap();
        assert_eq!((cleared.grade, cleared.guidance, cleared.cohort), (Some(None), Some(None), Some(None)));
    }

    #[test]
    fn what_cannot_be_empty_cannot_be_null() {
        for field in ["display_name", "phones", "locale", "timezone", "status"] {
            assert!(serde_json::from_value::<StudentChangeBody>(json!({ field: null })).is_err(), "{field}");
        }
    }

    #[test]
    fn locales_and_time_zones_are_the_known_kinds() {
        let faults = |locale: &str, timezone: &str| {
            let body = json!({ "display_name": "A", "phones": [], "locale": locale, "timezone": timezone });
            new_student(body).err().map_or(0, |faults| faults.len())
        };
        assert_eq!(faults("pt-BR", "America/Argentina/Buenos_Aires"), 0);
        assert_eq!(faults("zh-Hant-TW", "UTC"), 0);
        for locale in ["e", "engl", "en-", "en_US", "-", "e1"] {
            assert_eq!(faults(locale, "UTC"), 1, "{locale}");
        }
    }
}
