//! Settings of the organisation: caller checks, consent on behalf of guardians, outbound calls, and second factors of
//! staff.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{NaiveDate, NaiveTime};
use domain::calling::Hours;
use maud::{Markup, html};
use storage::clock;
use storage::consent::Purpose;
use storage::db::{self, Db};
use storage::guardian_report::{self, Schedule};
use storage::organisation::{self, Assurance, Organisation};
use storage::outbound_call::{self, Settings};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::pages::student::family::{explained, purpose_name};
use crate::parts::{csrf, person};

pub(crate) async fn get(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let schedule = guardian_report::get_schedule(&db).await?;
    let school = guardian_report::find_school(&db).await?;
    let calls = outbound_call::get_settings(&db).await?;
    Ok(render(&admin, &organisation::get(&db).await?, schedule, school.as_deref(), &calls))
}

/// Saves a form of the page. Needs a fresh password, because these settings decide who gets data about children.
pub(crate) async fn save(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let now = clock::now();
    let mut tx = db::begin(&db).await?;
    let before = organisation::get(&mut *tx).await?;
    let Organisation { assurance, presumed, requires_second_factor, .. } = before;
    let (assurance, presumed, requires_second_factor) = match posted.fields.text("what") {
        "assurance" => {
            let assurance = posted.fields.text("assurance").parse();
            let assurance = assurance.map_err(|why: String| Fault::Invalid(format!("Nothing was saved: {why}.")))?;
            (assurance, presumed, requires_second_factor)
        }
        "consents" => {
            let presumed = posted.fields.all("presumed").filter_map(|name| name.parse().ok()).collect();
            (assurance, presumed, requires_second_factor)
        }
        "reports" => {
            let schedule = read_schedule(&posted.fields)?;
            let school = Some(posted.fields.text("school")).filter(|name| !name.is_empty());
            if school.is_some_and(|name| name.chars().count() > MAX_SCHOOL) {
                let why = format!("Nothing was saved: the school’s name has at most {MAX_SCHOOL} characters.");
                return Err(Fault::Invalid(why));
            }
            guardian_report::set_schedule(&mut tx, &posted.admin.caller, schedule, school, now).await?;
            (assurance, presumed, requires_second_factor)
        }
        "calls" => {
            let settings = read_calls(&posted.fields)?;
            outbound_call::set_settings(&mut tx, &posted.admin.caller, &settings, now).await?;
            (assurance, presumed, requires_second_factor)
        }
        "second-factor" => (assurance, presumed, posted.fields.text("required") == "yes"),
        _ => return Err(Fault::Invalid("This form is not complete. Go back and try again.".to_owned())),
    };
    organisation::set(&mut tx, &posted.admin.caller, assurance, &presumed, requires_second_factor, now).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(Place::Organisation.path()).into_response())
}

/// A time of day, as the database has it.
const MAX_SCHOOL: usize = 100;

/// Reads a time of day from a form.
pub(crate) fn read_time(text: &str) -> Result<NaiveTime, Fault> {
    let time = NaiveTime::parse_from_str(text, "%H:%M");
    time.map_err(|_| Fault::Invalid("Nothing was saved: a time is written like 16:30.".to_owned()))
}

/// Reads days from a form, such as `2026-12-25, 2027-01-01`.
pub(crate) fn read_days(text: &str) -> Result<Vec<NaiveDate>, Fault> {
    let days = text.split([',', ' ', '\n', '\r']).filter(|day| !day.is_empty());
    let days: Result<Vec<NaiveDate>, _> = days.map(str::parse).collect();
    days.map_err(|_| Fault::Invalid("Nothing was saved: a quiet day is written like 2026-12-25.".to_owned()))
}

fn read_calls(fields: &Fields) -> Result<Settings, Fault> {
    let invalid = |why: &str| Fault::Invalid(format!("Nothing was saved: {why}."));
    let number = |name: &str, range: std::ops::RangeInclusive<i32>| {
        let number = fields.text(name).parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| invalid(&format!("a number is from {} to {}", range.start(), range.end())))
    };
    let weekdays = fields.all("quiet_weekday").filter_map(|day| day.parse().ok());
    let hours = Hours {
        from: read_time(fields.text("from"))?,
        until: read_time(fields.text("until"))?,
        quiet_weekdays: weekdays.filter(|day| (1..=7).contains(day)).collect(),
        quiet_days: read_days(fields.text("quiet_days"))?,
    };
    if hours.from >= hours.until {
        return Err(invalid("calling hours end after they begin"));
    }
    Ok(Settings {
        is_on: fields.text("calls") == "on",
        hours,
        a_day: number("a_day", 1..=10)? as i16,
        at_once: number("at_once", 1..=100)? as i16,
        month_usd: number("month_usd", 0..=1_000_000)?,
        stopped: None,
    })
}

fn read_schedule(fields: &Fields) -> Result<Schedule, Fault> {
    let invalid = |why: &str| Fault::Invalid(format!("Nothing was saved: {why}."));
    let weekday = match fields.text("weekday") {
        "" => None,
        day => Some(day.parse().ok().filter(|day| (1..=7).contains(day)).ok_or_else(|| invalid("choose a weekday"))?),
    };
    let hour = fields.text("hour").parse().ok().filter(|hour| (0..=23).contains(hour));
    let zone = fields.text("zone").parse().map_err(|_| invalid("a time zone is written like America/Chicago"))?;
    Ok(Schedule { weekday, hour: hour.ok_or_else(|| invalid("the hour is a number from 0 to 23"))?, zone })
}

const ASSURANCES: [(Assurance, &str, &str); 3] = [
    (
        Assurance::CallerId,
        "The number is enough",
        "A call from a student’s number counts as that student’s. A number can be faked, and siblings share one.",
    ),
    (Assurance::Pin, "The student’s PIN", "The caller also gives the student’s PIN. You set it on the student’s page."),
    (
        Assurance::GuardianCode,
        "The guardian’s code",
        "A guardian also gives a code at the beginning of the call. You set it on the student’s page.",
    ),
];

pub(crate) fn render(
    admin: &Admin,
    organisation: &Organisation,
    schedule: Schedule,
    school: Option<&str>,
    calls: &Settings,
) -> Markup {
    page(
        admin,
        Place::Organisation,
        Place::Organisation.name(),
        html! {
            div.stack {
                div.head { div { h1 { "Organisation" } p { "Settings for all students and all staff. Last changed: " (admin.viewer.date(organisation.updated_at)) ", by " (person(&organisation.updated_by)) "." } } }
                form.card method="post" aria-labelledby="assurance" {
                    header { h2 id="assurance" { "How callers prove who they are" } }
                    div.body.stack {
                        (csrf(admin))
                        input type="hidden" name="what" value="assurance";
                        fieldset.stack.tight {
                            legend.vh { "How callers prove who they are" }
                            @for (assurance, name, hint) in ASSURANCES {
                                span.check {
                                    input type="radio" id=(assurance.as_str()) name="assurance" value=(assurance.as_str()) checked[organisation.assurance == assurance];
                                    label for=(assurance.as_str()) { b { (name) } br; span.sm.muted { (hint) } }
                                }
                            }
                        }
                        p.sm.muted { "Assistants get no data about a student until the caller has proved this. A change also applies to calls in progress." }
                    }
                    footer { button.btn.primary { "Save" } }
                }
                form.card method="post" aria-labelledby="presumed" {
                    header { h2 id="presumed" { "Consent on behalf of guardians" } }
                    div.body.stack {
                        (csrf(admin))
                        input type="hidden" name="what" value="consents";
                        p.sm.muted { "Tick what your agreements with schools or families cover. It applies until a guardian of the student decides." }
                        fieldset.stack.tight {
                            legend.vh { "Purposes" }
                            @for purpose in Purpose::ALL {
                                @let id = format!("presumed-{}", purpose.as_str());
                                span.check {
                                    input type="checkbox" id=(id) name="presumed" value=(purpose.as_str()) checked[organisation.presumed.contains(&purpose)];
                                    label for=(id) { b { (purpose_name(purpose)) } br; span.sm.muted { (explained(purpose)) } }
                                }
                            }
                        }
                    }
                    footer { button.btn.primary { "Save" } }
                }
                (reports(admin, schedule, school))
                (outbound_calls(admin, calls))
                (second_factor(admin, organisation.requires_second_factor))
            }
        },
    )
}

pub(crate) const WEEKDAYS: [(i16, &str); 7] =
    [(1, "Monday"), (2, "Tuesday"), (3, "Wednesday"), (4, "Thursday"), (5, "Friday"), (6, "Saturday"), (7, "Sunday")];

fn reports(admin: &Admin, schedule: Schedule, school: Option<&str>) -> Markup {
    html! {
        form.card method="post" aria-labelledby="reports" {
            header { h2 id="reports" { "School, and reports to guardians" } }
            div.body.stack {
                (csrf(admin))
                input type="hidden" name="what" value="reports";
                p.sm.muted {
                    "Guardians with an e-mail address get a short report about the week, if reports are allowed for the student and there was a call. "
                    "It is in the guardian’s language (English, Spanish or German), otherwise in the student’s."
                }
                div.form-grid {
                    div.field {
                        label for="school" { "School’s name" }
                        input.input id="school" name="school" maxlength=(MAX_SCHOOL) autocomplete="off" value=(school.unwrap_or_default());
                    }
                    div.field {
                        label for="weekday" { "Day" }
                        select.input id="weekday" name="weekday" {
                            option value="" selected[schedule.weekday.is_none()] { "Do not send" }
                            @for (day, name) in WEEKDAYS { option value=(day) selected[schedule.weekday == Some(day)] { (name) } }
                        }
                    }
                    div.field {
                        label for="hour" { "Hour" }
                        select.input id="hour" name="hour" {
                            @for hour in 0..24_i16 { option value=(hour) selected[schedule.hour == hour] { (format!("{hour:02}:00")) } }
                        }
                    }
                    div.field {
                        label for="zone" { "School’s time zone" }
                        input.input id="zone" name="zone" required maxlength="64" autocomplete="off" value=(schedule.zone.name()) data-zone aria-describedby="zone-hint";
                        span.hint id="zone-hint" { "Also for the times of this dashboard, and for new students without a time zone." }
                    }
                }
            }
            footer { button.btn.primary { "Save" } }
        }
    }
}

fn outbound_calls(admin: &Admin, settings: &Settings) -> Markup {
    let Settings { is_on, hours, a_day, at_once, month_usd, stopped: _ } = settings;
    let quiet_days = hours.quiet_days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let field = |id: &str, label: &str, kind: &str, value: &str| {
        html! { div.field { label for=(id) { (label) } input.input id=(id) name=(id) type=(kind) required value=(value); } }
    };
    html! {
        form.card method="post" aria-labelledby="calls" {
            header { h2 id="calls" { "Calls to students" } div.actions { a.link href="/calls" { "Outbound calls" } } }
            div.body.stack {
                (csrf(admin))
                input type="hidden" name="what" value="calls";
                span.check {
                    input type="checkbox" id="calls-on" name="calls" value="on" checked[*is_on];
                    label for="calls-on" { b { "The tutor calls students" } br; span.sm.muted {
                        "Callbacks and regular calls are placed at their time, if lessons are allowed for the student. Calls cost money."
                    } }
                }
                div.form-grid {
                    (field("from", "Calls from", "time", &hours.from.format("%H:%M").to_string()))
                    (field("until", "Calls until", "time", &hours.until.format("%H:%M").to_string()))
                    (field("a_day", "Calls to a student per day", "number", &a_day.to_string()))
                    (field("at_once", "Calls at the same time", "number", &at_once.to_string()))
                    (field("month_usd", "Spending limit per month, US dollars", "number", &month_usd.to_string()))
                    div.field {
                        label for="quiet_days" { "Quiet days" }
                        input.input id="quiet_days" name="quiet_days" placeholder="2026-12-25, 2027-01-01" value=(quiet_days);
                    }
                }
                fieldset.stack.tight {
                    legend.sm { "Weekdays without calls" }
                    div.row.wrap { @for (day, name) in WEEKDAYS {
                        @let id = format!("quiet-{day}");
                        span.check {
                            input type="checkbox" id=(id) name="quiet_weekday" value=(day) checked[hours.quiet_weekdays.contains(&day)];
                            label for=(id) { (name) }
                        }
                    } }
                }
                p.sm.muted { "Hours and days are those of each student’s time zone. A call without a known price counts as 3 dollars." }
            }
            footer { button.btn.primary { "Save" } }
        }
    }
}

fn second_factor(admin: &Admin, is_required: bool) -> Markup {
    html! {
        form.card method="post" aria-labelledby="second-factor" {
            header { h2 id="second-factor" { "How staff sign in" } }
            div.body.stack {
                (csrf(admin))
                input type="hidden" name="what" value="second-factor";
                span.check {
                    input type="checkbox" id="required" name="required" value="yes" checked[is_required];
                    label for="required" { b { "Require a second factor" } br; span.sm.muted {
                        "After the password, people without a passkey or an authenticator app must set one up. "
                        "This also applies to people who are signed in now."
                    } }
                }
                p.sm.muted { "People who sign in with their school account are not asked: there, the school’s sign-in service decides." }
            }
            footer { button.btn.primary { "Save" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn what_holds_is_ticked() {
        let organisation = Organisation {
            assurance: Assurance::Pin,
            presumed: vec![Purpose::Tutoring],
            requires_second_factor: true,
            updated_at: storage::clock::now(),
            updated_by: "operator".to_owned(),
        };
        let schedule = Schedule { weekday: Some(5), hour: 17, zone: chrono_tz::Europe::Berlin };
        let time = |text| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let (from, until) = (time("09:00"), time("19:30"));
        let hours = Hours { from, until, quiet_weekdays: vec![7], quiet_days: vec!["2026-12-25".parse().unwrap()] };
        let calls = Settings { is_on: true, hours, a_day: 3, at_once: 5, month_usd: 50, stopped: None };
        let page =
            render(&Admin::sample(Role::Admin), &organisation, schedule, Some("Elm <School>"), &calls).into_string();
        assert!(page.contains(r#"value="19:30""#) && page.contains(r#"value="2026-12-25""#), "{page}");
        assert!(page.contains(r#"value="5" selected"#) && page.contains(r#"value="17" selected"#), "{page}");
        assert!(page.contains(r#"value="pin" checked"#) && page.contains(r#"value="tutoring" checked"#), "{page}");
        assert!(page.contains(r#"name="required" value="yes" checked"#), "{page}");
        assert_eq!(page.matches(" checked").count(), 5, "{page}");
    }
}
