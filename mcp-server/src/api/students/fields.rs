//! What a client may say of a student, and the rules for it.

use domain::FieldFault;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use storage::phone::Phone;
use storage::student::check::{
    MAX_GUIDANCE, MAX_PHONES, check_cohort, check_grade, check_locale, check_name, check_phones, check_text,
    check_timezone,
};
use storage::student::{MAX_COHORT, NewStudent, StudentChange, StudentStatus};

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
    /// BCP 47. The default is `en`.
    #[serde(default)]
    #[schemars(length(min = 2, max = 35), pattern("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))]
    locale: Option<String>,
    /// IANA, for example `Europe/Berlin`. The default is the school’s time zone.
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
            timezone: self.timezone,
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
    /// `blocked`: assistants get no data about the student.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "StudentStatus")]
    status: Option<StudentStatus>,
    /// What a teacher wants the assistant to heed, in a sentence or two.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>", length(max = MAX_GUIDANCE))]
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
            check_text("guidance", guidance, MAX_GUIDANCE, &mut faults);
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
        assert_eq!((&*student.display_name, &*student.locale, student.timezone), ("Amara", "en", None));
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
        for name in ["a\0b", "a\u{7}b", "a\u{202e}b", &"é".repeat(121)] {
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
