//! Adding a student, and editing a profile.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use maud::{Markup, html};
use storage::authority;
use storage::clock;
use storage::db::Db;
use storage::id::StudentId;
use storage::phone::Phone;
use storage::student::check::{check_locale, check_timezone};
use storage::student::{self, MAX_COHORT, NewStudent, Student, StudentChange, StudentStatus};

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::notice::{Tone, notice};
use crate::parts::{csrf, grade};

/// The most phone numbers of one student.
const MAX_PHONES: usize = 10;

/// The form, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Typed {
    name: String,
    grade: String,
    cohort: String,
    phones: String,
    locale: String,
    timezone: String,
    guidance: String,
    is_blocked: bool,
}

/// The form, parsed.
#[derive(Debug)]
struct Understood {
    name: String,
    grade: Option<i16>,
    cohort: Option<String>,
    phones: Vec<Phone>,
    locale: String,
    timezone: String,
    guidance: Option<String>,
    status: StudentStatus,
}

impl Typed {
    fn from_fields(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            name: text("name"),
            grade: text("grade"),
            cohort: text("cohort"),
            phones: text("phones"),
            locale: text("locale"),
            timezone: text("timezone"),
            guidance: text("guidance"),
            is_blocked: fields.text("is_blocked") == "yes",
        }
    }

    fn of(student: &Student, phones: &[Phone]) -> Self {
        Self {
            name: student.display_name.clone(),
            grade: student.grade.map_or_else(String::new, |grade| grade.to_string()),
            cohort: student.cohort.clone().unwrap_or_default(),
            phones: phones.iter().map(Phone::as_str).collect::<Vec<_>>().join("\n"),
            locale: student.locale.clone(),
            timezone: student.timezone.clone(),
            guidance: student.guidance.clone().unwrap_or_default(),
            is_blocked: student.status == StudentStatus::Blocked,
        }
    }

    fn understand(&self) -> Result<Understood, String> {
        if !(1..=120).contains(&self.name.chars().count()) {
            return Err("A name has 1 to 120 characters.".to_owned());
        }
        let grade = match &self.grade[..] {
            "" => None,
            text => Some(text.parse().ok().filter(|grade| (0..=13).contains(grade)).ok_or("A grade is 0 to 13.")?),
        };
        if self.cohort.chars().count() > MAX_COHORT {
            return Err(format!("A cohort's name has at most {MAX_COHORT} characters."));
        }
        let written: Vec<&str> = self.phones.split(['\n', ',', ';']).map(str::trim).filter(|p| !p.is_empty()).collect();
        if written.len() > MAX_PHONES {
            return Err(format!("A student has at most {MAX_PHONES} phone numbers."));
        }
        let phones = written
            .iter()
            .enumerate()
            .map(|(i, text)| Phone::parse(text).map_err(|error| format!("Phone number {}: {error}.", i + 1)));
        let mut faults = Vec::new();
        check_locale(Some(&self.locale), &mut faults);
        check_timezone(Some(&self.timezone), &mut faults);
        match faults.first().map(|fault| &fault.field[..]) {
            Some("locale") => return Err("A language is written like en or en-US.".to_owned()),
            Some(_) => return Err("A time zone is written like America/Chicago.".to_owned()),
            None => {}
        }
        if self.guidance.chars().count() > 500 {
            return Err("Guidance has at most 500 characters.".to_owned());
        }
        Ok(Understood {
            name: self.name.clone(),
            grade,
            cohort: Some(self.cohort.clone()).filter(|cohort| !cohort.is_empty()),
            phones: phones.collect::<Result<_, _>>()?,
            locale: self.locale.clone(),
            timezone: self.timezone.clone(),
            guidance: Some(self.guidance.clone()).filter(|guidance| !guidance.is_empty()),
            status: if self.is_blocked { StudentStatus::Blocked } else { StudentStatus::Active },
        })
    }
}

pub(crate) async fn new_form(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    admin.require_write()?;
    let typed = Typed { locale: "en".to_owned(), timezone: admin.school_zone.name().to_owned(), ..Typed::default() };
    let cohorts = student::list_cohorts(&db, &admin.caller).await?;
    Ok(render(&admin, None, &typed, &cohorts, None))
}

pub(crate) async fn create(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let typed = Typed::from_fields(&posted.fields);
    let understood = match typed.understand() {
        Ok(understood) => understood,
        Err(why) => return refused(&db, admin, None, &typed, &why).await,
    };
    let now = clock::now();
    let Understood { name, grade, cohort, phones, locale, timezone, guidance, status } = understood;
    let new = NewStudent { display_name: name, grade, cohort, locale, timezone: Some(timezone), phones };
    let mut act = Act::begin(&db, admin).await?;
    let student = student::insert_student(&mut act, &admin.caller, &new, now).await?;
    let change = StudentChange { guidance: Some(guidance), status: Some(status), ..StudentChange::default() };
    let caller = authority::open_student(&mut *act, &admin.caller, student.student_id).await?;
    student::update_student(&mut act, &caller, student.student_id, &change, now).await?;
    act.commit("student.create", Some(format!("student:{}", student.student_id)), serde_json::json!({})).await?;
    Ok(Redirect::to(&format!("/students/{}", student.student_id)).into_response())
}

/// Renders the form of a student. It shows the phone numbers whole, so opening it is recorded.
pub(crate) async fn edit_form(
    admin: Admin,
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
) -> Result<Markup, Fault> {
    admin.require_write()?;
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    super::record(&db, &admin, "student.reveal_phone", student_id, admin.viewer.now).await?;
    let phones = student::list_phones(&db, &admin.caller, student_id).await?;
    let cohorts = student::list_cohorts(&db, &admin.caller).await?;
    Ok(render(&admin, Some(student_id), &Typed::of(&student, &phones), &cohorts, None))
}

pub(crate) async fn save(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let typed = Typed::from_fields(&posted.fields);
    let understood = match typed.understand() {
        Ok(understood) => understood,
        Err(why) => return refused(&db, admin, Some(student_id), &typed, &why).await,
    };
    let now = clock::now();
    let change = StudentChange {
        display_name: Some(understood.name),
        grade: Some(understood.grade),
        cohort: Some(understood.cohort),
        locale: Some(understood.locale),
        timezone: Some(understood.timezone),
        status: Some(understood.status),
        guidance: Some(understood.guidance),
        phones: Some(understood.phones),
    };
    let mut act = Act::begin(&db, admin).await?;
    student::update_student(&mut act, &admin.caller, student_id, &change, now).await?;
    act.commit("student.update", Some(format!("student:{student_id}")), serde_json::json!({})).await?;
    Ok(Redirect::to(&format!("/students/{student_id}")).into_response())
}

async fn refused(
    db: &Db,
    admin: &Admin,
    student_id: Option<StudentId>,
    typed: &Typed,
    why: &str,
) -> Result<Response, Fault> {
    let cohorts = student::list_cohorts(db, &admin.caller).await?;
    let form = render(admin, student_id, typed, &cohorts, Some(why));
    Ok((StatusCode::UNPROCESSABLE_ENTITY, form).into_response())
}

fn render(
    admin: &Admin,
    student_id: Option<StudentId>,
    typed: &Typed,
    cohorts: &[String],
    error: Option<&str>,
) -> Markup {
    let (title, button) =
        if student_id.is_some() { ("Edit profile", "Save") } else { ("Add a student", "Add student") };
    let back = student_id.map_or_else(|| "/students".to_owned(), |id| format!("/students/{id}"));
    page(
        admin,
        Place::Students,
        title,
        html! {
            div.stack {
                div.head { div { h1 { (title) } } }
                @if let Some(error) = error { (notice(Tone::Bad, error, "Nothing was saved.")) }
                form.card method="post" {
                    div.body.stack {
                        (csrf(admin))
                        div.form-grid {
                            div.field { label for="name" { "Name" } input.input id="name" name="name" required maxlength="120" value=(typed.name); span.hint { "Assistants use the first word of it." } }
                            (grades(&typed.grade))
                            div.field {
                                label for="cohort" { "Cohort" }
                                input.input id="cohort" name="cohort" list="cohorts" maxlength=(MAX_COHORT) value=(typed.cohort);
                                datalist id="cohorts" { @for cohort in cohorts { option value=(cohort); } }
                                span.hint { "The class or group of the student (optional)." }
                            }
                            div.field { label for="locale" { "Language" } input.input id="locale" name="locale" required maxlength="35" value=(typed.locale); span.hint { "For example en or es-MX." } }
                            div.field { label for="timezone" { "Time zone" } input.input id="timezone" name="timezone" required maxlength="64" value=(typed.timezone); }
                        }
                        div.field {
                            label for="phones" { "Phone numbers" }
                            textarea.input id="phones" name="phones" maxlength="500" { (typed.phones) }
                            span.hint { "One per line, with + and the country code. Siblings may share one." }
                        }
                        div.field {
                            label for="guidance" { "Guidance for the assistant" }
                            textarea.input id="guidance" name="guidance" maxlength="500" { (typed.guidance) }
                            span.hint { "One or two sentences. The assistant gets them on every call." }
                        }
                        span.check {
                            input type="checkbox" id="is_blocked" name="is_blocked" value="yes" checked[typed.is_blocked];
                            label for="is_blocked" { "Give assistants no data about this student" }
                        }
                    }
                    footer { button.btn.primary { (button) } a.btn href=(back) { "Cancel" } }
                }
            }
        },
    )
}

fn grades(selected: &str) -> Markup {
    html! {
        div.field {
            label for="grade" { "Grade" }
            select.input id="grade" name="grade" {
                option value="" selected[selected.is_empty()] { "Not specified" }
                @for n in 0..=13_i16 { option value=(n) selected[selected == n.to_string()] { (grade(Some(n)).unwrap_or_default()) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn typed() -> Typed {
        Typed {
            name: "Maya Okonkwo".to_owned(),
            grade: "7".to_owned(),
            phones: "+1 415 555 0142\n+14155550143".to_owned(),
            locale: "en-US".to_owned(),
            timezone: "America/Chicago".to_owned(),
            ..Typed::default()
        }
    }

    #[test]
    fn a_form_is_understood_as_people_write_it() {
        let understood = typed().understand().unwrap();
        assert_eq!(understood.grade, Some(7));
        let phones: Vec<_> = understood.phones.iter().map(Phone::as_str).collect();
        assert_eq!(phones, ["+14155550142", "+14155550143"]);
        assert_eq!((understood.guidance, understood.status), (None, StudentStatus::Active));
    }

    #[test]
    fn what_is_wrong_is_said_and_what_was_typed_is_kept() {
        let wrong = [
            Typed { name: String::new(), ..typed() },
            Typed { grade: "14".to_owned(), ..typed() },
            Typed { cohort: "x".repeat(61), ..typed() },
            Typed { phones: "555 0142".to_owned(), ..typed() },
            Typed { phones: "+14155550142,".repeat(11), ..typed() },
            Typed { locale: "e".to_owned(), ..typed() },
            Typed { timezone: "Mars/Base".to_owned(), ..typed() },
            Typed { guidance: "x".repeat(501), ..typed() },
        ];
        for typed in wrong {
            let why = typed.understand().unwrap_err();
            let shown = render(&Admin::sample(Role::Tutor), None, &typed, &[], Some(&why)).into_string();
            assert!(shown.contains(&why) && shown.contains(&typed.phones), "{why}");
        }
    }
}
