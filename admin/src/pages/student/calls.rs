//! Outbound calls to one student: regular ones, a new one, and recent ones.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{NaiveDateTime, TimeDelta};
use domain::calling::{Plan, instant};
use domain::plain_text;
use maud::{Markup, html};
use storage::db::{self, Db};
use storage::follow_up::{self, MAX_CALLBACK_AHEAD, NewCallback};
use storage::id::{FollowUpId, StudentId};
use storage::outbound_call::{self, Obstacle, OutboundCall, Which};
use storage::{clock, student};

use super::record;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::pages::calls::{find_obstacle, kind, state, stop_form};
use crate::pages::organisation::{WEEKDAYS, read_time};
use crate::parts::csrf;

const N_CALLS: i64 = 5;
const MAX_REASON: usize = 160;

#[derive(Debug, Default)]
pub(crate) struct Calls {
    obstacle: Option<Obstacle>,
    plan: Option<Plan>,
    list: Vec<OutboundCall>,
}

pub(super) async fn fetch(admin: &Admin, db: &Db, student_id: StudentId) -> Result<Calls, Fault> {
    let mut list = outbound_call::list_calls(db, &admin.caller, Some(student_id), Which::Open, N_CALLS).await?;
    list.extend(outbound_call::list_calls(db, &admin.caller, Some(student_id), Which::Over, N_CALLS).await?);
    Ok(Calls {
        obstacle: find_obstacle(admin, db).await?,
        plan: outbound_call::find_plan(db, &admin.caller, student_id).await?,
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
    tx.commit().await.map_err(db::Error::from)?;
    Ok(Redirect::to(&format!("/students/{student_id}#calls")).into_response())
}

/// Plans a call at a time in the student's zone.
pub(crate) async fn request(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let now = clock::now();
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    let zone = student::read_zone(&student.timezone);
    let invalid = |why: &str| Fault::Invalid(format!("No call was planned: {why}."));
    let text = posted.fields.text("call_at");
    // Browsers omit the seconds.
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").or_else(|_| text.parse());
    let at = at.map_err(|_| invalid("choose a day and a time"))?;
    let due_at = instant(at.date(), at.time(), zone);
    // The time "now" was typed up to a minute ago.
    if due_at <= now - TimeDelta::minutes(10) || due_at > now + MAX_CALLBACK_AHEAD {
        return Err(invalid("the time must be in the future, within 60 days"));
    }
    let text = plain_text::clean(posted.fields.text("call_reason"));
    if text.is_empty() || text.chars().count() > MAX_REASON {
        return Err(invalid("the reason has 1 to 160 characters"));
    }
    let follow_up_id = FollowUpId::new();
    let new = NewCallback { follow_up_id, student_id, session_id: None, text, due_at };
    let mut tx = db::begin(&db).await?;
    follow_up::insert_callback_once(&mut tx, &admin.caller, &new, now).await?;
    record(&mut *tx, admin, "student.call", student_id, now).await?;
    tx.commit().await.map_err(db::Error::from)?;
    Ok(Redirect::to(&format!("/students/{student_id}#calls")).into_response())
}

pub(super) fn card(admin: &Admin, student_id: StudentId, zone: &str, calls: &Calls) -> Markup {
    let back = format!("/students/{student_id}");
    let has_day = |day: i16| calls.plan.as_ref().is_some_and(|plan| plan.weekdays.contains(&day));
    let time = calls.plan.as_ref().map_or_else(|| "16:30".to_owned(), |plan| plan.at.format("%H:%M").to_string());
    html! {
        section.card aria-labelledby="calls" {
            header { h2 id="calls" { "Calls to the student" } div.actions { a.link href="/calls" { "All calls" } } }
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
                form.body.stack.tight method="post" action={ (back) "/calls" } {
                    (csrf(admin))
                    div.field { label for="call-at" { "Call once, at" } input.input id="call-at" name="call_at" type="datetime-local" required; }
                    div.field { label for="call-reason" { "Reason" } input.input id="call-reason" name="call_reason" required maxlength=(MAX_REASON); }
                    div { button.btn.small { "Plan call" } }
                }
            }
        }
    }
}
