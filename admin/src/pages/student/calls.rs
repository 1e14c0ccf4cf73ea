//! Outbound calls to one student: regular ones, recent ones, and a new call or reminder.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use domain::calling::{Availability, Plan};
use domain::plain_text;
use maud::{Markup, html};
use storage::access::Whose;
use storage::clock;
use storage::db::{self, Db};
use storage::follow_up::{self, FollowUpKind, MAX_CALLBACK_AHEAD, MAX_REMINDER_AHEAD, NewFollowUp};
use storage::id::{FollowUpId, StudentId};
use storage::outbound_call::{self, Obstacle, OutboundCall, Which};
use storage::student;

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::pages::calls::{find_obstacle, kind, state, stop_form};
use crate::pages::organisation::{WEEKDAYS, read_days, read_time};
use crate::parts::csrf;
use crate::parts::schedule::{self, MAX_REASON, fields, read_moment};

const N_CALLS: i64 = 5;

#[derive(Debug, Default)]
pub(crate) struct Calls {
    obstacle: Option<Obstacle>,
    plan: Option<Plan>,
    availability: Availability,
    list: Vec<OutboundCall>,
}

pub(super) async fn fetch(admin: &Admin, db: &Db, student_id: StudentId) -> Result<Calls, Fault> {
    let whose = Whose { student_id: Some(student_id), cohorts: None };
    let mut list = outbound_call::list_calls(db, &admin.caller, &whose, Which::Open, None, N_CALLS).await?;
    list.extend(outbound_call::list_calls(db, &admin.caller, &whose, Which::Over, None, N_CALLS).await?);
    Ok(Calls {
        obstacle: find_obstacle(admin, db).await?,
        plan: outbound_call::find_plan(db, &admin.caller, student_id).await?,
        availability: outbound_call::get_availability(db, &admin.caller, student_id).await?,
        list,
    })
}

/// Saves the regular calls. Without a day there are none.
pub(crate) async fn set_plan(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let weekdays: Vec<i16> = posted.fields.all("call_day").filter_map(|day| day.parse().ok()).collect();
    let plan = match &weekdays[..] {
        [] => None,
        days if days.iter().all(|day| (1..=7).contains(day)) => {
            Some(Plan { weekdays, at: read_time(posted.fields.text("call_time"))? })
        }
        _ => return Err(Fault::Invalid("Nothing was saved: choose weekdays.".to_owned())),
    };
    let mut tx = db::begin(&db).await?;
    outbound_call::set_plan(&mut tx, &posted.admin.caller, student_id, plan.as_ref(), clock::now()).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(&format!("/students/{student_id}#calls")).into_response())
}

/// Saves when the student may be called. Empty fields leave it to the organisation.
pub(crate) async fn set_availability(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let invalid = |why: &str| Fault::Invalid(format!("Nothing was saved: {why}."));
    let fields = &posted.fields;
    let hours = match (fields.text("from"), fields.text("until")) {
        ("", "") => None,
        ("", _) | (_, "") => return Err(invalid("enter both times, or none")),
        (from, until) => Some((read_time(from)?, read_time(until)?)),
    };
    let a_week = match fields.text("a_week") {
        "" => None,
        n => Some(n.parse().map_err(|_| invalid("the number of calls in a week is from 1 to 21"))?),
    };
    let quiet_weekdays = fields.all("quiet_weekday").filter_map(|day| day.parse().ok()).collect();
    let of = Availability { hours, quiet_weekdays, quiet_days: read_days(fields.text("quiet_days"))?, a_week };
    if let Some(fault) = of.fault() {
        return Err(invalid(fault));
    }
    let mut tx = db::begin(&db).await?;
    outbound_call::set_availability(&mut tx, &posted.admin.caller, student_id, &of, clock::now()).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(&format!("/students/{student_id}#calls")).into_response())
}

fn availability_form(admin: &Admin, back: &str, zone: &str, of: &Availability) -> Markup {
    let time = |time: Option<chrono::NaiveTime>| time.map(|time| time.format("%H:%M").to_string()).unwrap_or_default();
    let (from, until) = of.hours.unzip();
    let days = of.quiet_days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let field = |name: &str, label: &str, kind: &str, value: &str| {
        let id = format!("may-{name}");
        html! { div.field { label for=(id) { (label) } input.input id=(id) name=(name) type=(kind) value=(value); } }
    };
    html! {
        div.body { details {
            summary.sm { "When the tutor may call: " (availability_words(of)) }
            form.stack.tight method="post" action={ (back) "/availability" } {
                (csrf(admin))
                p.sm.muted { "Within the calling hours of the organisation, in the time zone " (zone) ". Leave a field empty if there is no limit." }
                (field("from", "Not before", "time", &time(from)))
                (field("until", "Not after", "time", &time(until)))
                (field("a_week", "Calls per week, at most", "number", &of.a_week.map(|n| n.to_string()).unwrap_or_default()))
                (field("quiet_days", "Days without calls, such as 2026-12-25", "text", &days))
                fieldset.stack.tight {
                    legend.sm { "Weekdays without calls" }
                    div.row.wrap { @for (day, name) in WEEKDAYS {
                        @let id = format!("may-quiet-{day}");
                        span.check {
                            input type="checkbox" id=(id) name="quiet_weekday" value=(day) checked[of.quiet_weekdays.contains(&day)];
                            label for=(id) { (&name[..3]) }
                        }
                    } }
                }
                div { button.btn.small { "Save availability" } }
            }
        } }
    }
}

/// The limits of a student in a few words: "16:00 to 18:00, not on Sat, at most 2 a week".
fn availability_words(of: &Availability) -> String {
    let hours = of.hours.map(|(from, until)| format!("{} to {}", from.format("%H:%M"), until.format("%H:%M")));
    let quiet = WEEKDAYS.iter().filter(|(day, _)| of.quiet_weekdays.contains(day));
    let quiet = quiet.map(|(_, name)| &name[..3]).collect::<Vec<_>>().join(" and ");
    let quiet = Some(quiet).filter(|names| !names.is_empty()).map(|names| format!("not on {names}"));
    let days = match of.quiet_days.len() {
        0 => None,
        1 => Some("not on one day".to_owned()),
        n => Some(format!("not on {n} days")),
    };
    let a_week = of.a_week.map(|n| format!("at most {n} a week"));
    let limits: Vec<String> = [hours, quiet, days, a_week].into_iter().flatten().collect();
    if limits.is_empty() { "in the organisation's hours".to_owned() } else { limits.join(", ") }
}

/// Plans a call, or makes a reminder, at a time in the student's zone.
pub(crate) async fn request(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let day = plan(&db, &posted, student_id).await?;
    let back = match posted.fields.raw("back") {
        "" => format!("/students/{student_id}#calls"),
        back => schedule::shows(back, day),
    };
    Ok(Redirect::to(&back).into_response())
}

/// Stores what [`fields`] ask for. Returns its day in the student's zone.
pub(crate) async fn plan(db: &Db, posted: &Posted, student_id: StudentId) -> Result<NaiveDate, Fault> {
    let (admin, now) = (&posted.admin, clock::now());
    let student = student::get_student(db, &admin.caller, student_id).await?;
    let zone = student::read_zone(&student.timezone);
    let (kind, action, ahead) = match posted.fields.text("kind") {
        "reminder" => (FollowUpKind::Reminder, "student.remind", MAX_REMINDER_AHEAD),
        _ => (FollowUpKind::Callback, "student.call", MAX_CALLBACK_AHEAD),
    };
    let due_at = read_moment(posted.fields.text("call_at"), zone, ahead, now)?;
    let text = plain_text::clean(posted.fields.text("call_reason"));
    if text.is_empty() || text.chars().count() > MAX_REASON {
        return Err(Fault::Invalid(format!("Nothing was saved: a note has 1 to {MAX_REASON} characters.")));
    }
    let follow_up_id = FollowUpId::new();
    let new = NewFollowUp { follow_up_id, kind, student_id, session_id: None, text, due_at };
    let mut act = Act::begin(db, admin).await?;
    follow_up::insert_once(&mut act, &admin.caller, &new, now).await?;
    act.commit(action, Some(format!("student:{student_id}")), serde_json::json!({})).await?;
    Ok(due_at.with_timezone(&zone).date_naive())
}

pub(super) fn card(admin: &Admin, student_id: StudentId, zone: &str, calls: &Calls) -> Markup {
    let back = format!("/students/{student_id}");
    let has_day = |day: i16| calls.plan.as_ref().is_some_and(|plan| plan.weekdays.contains(&day));
    let time = calls.plan.as_ref().map_or_else(|| "16:30".to_owned(), |plan| plan.at.format("%H:%M").to_string());
    html! {
        section.card aria-labelledby="calls" {
            header { h2 id="calls" { "Calls and reminders" } div.actions { a.link href={ (schedule::CALENDAR) "?student=" (student_id) } { "Calendar" span.vh { " of this student" } } } }
            @if let Some(obstacle) = &calls.obstacle {
                @let (what, fix) = obstacle.words();
                div.body { p.sm.muted { "No calls are placed. " (what) " " (fix) } }
            }
            @if !calls.list.is_empty() {
                ul.list { @for call in &calls.list {
                    li {
                        div.row.xs.faint { span.grow { (kind(call)) ", " (admin.viewer.time(call.placing_at.unwrap_or(call.due_at))) } (stop_form(admin, call, &back)) }
                        div.sm { (state(admin, call)) }
                    }
                } }
            }
            @if admin.may_write() {
                form.body.stack.tight method="post" action={ (back) "/call-plan" } {
                    (csrf(admin))
                    fieldset.stack.tight {
                        legend.sm { "Regular calls, in the time zone " (zone) }
                        div.row.wrap { @for (day, name) in WEEKDAYS {
                            @let id = format!("call-day-{day}");
                            span.check {
                                input type="checkbox" id=(id) name="call_day" value=(day) checked[has_day(day)];
                                label for=(id) { (&name[..3]) }
                            }
                        } }
                    }
                    div.field { label for="call-time" { "Time" } input.input id="call-time" name="call_time" type="time" required value=(time); }
                    div { button.btn.small { "Save regular calls" } }
                }
                (availability_form(admin, &back, zone, &calls.availability))
                form.body.stack.tight method="post" action={ (back) "/calls" } {
                    (csrf(admin))
                    (fields(zone))
                    div { button.btn.small { "Add to calendar" } }
                }
            }
        }
    }
}
