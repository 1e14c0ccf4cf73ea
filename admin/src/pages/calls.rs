//! Outbound calls: planned ones, recent ones, and the buttons that stop them.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::calling::{MAX_ATTEMPTS, Outcome, Reason};
use maud::{Markup, html};
use storage::access::Whose;
use storage::clock;
use storage::component_status::{self, SILENT_AFTER, Worker};
use storage::db::{self, Db};
use storage::id::OutboundCallId;
use storage::outbound_call::{self, Obstacle, OutboundCall, State as CallState, Which};

use crate::auth::{self, Admin};
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::follow_up::{reason_words, stop_call};
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice_with};
use crate::parts::table::{Column, cell, row, table};
use crate::parts::{csrf, person};

/// Calls in each list.
const N_CALLS: i64 = 100;

pub(crate) struct Data {
    pub(crate) obstacle: Option<Obstacle>,
    pub(crate) open: Vec<OutboundCall>,
    pub(crate) over: Vec<OutboundCall>,
}

/// Why no call is placed. `None`: calls are placed.
pub(crate) async fn find_obstacle(admin: &Admin, db: &Db) -> Result<Option<Obstacle>, Fault> {
    let worker = component_status::list(db).await?.find::<Worker>();
    let has_key = worker.is_some_and(|(at, worker)| worker.has_vapi && at + SILENT_AFTER > admin.viewer.now);
    Ok(outbound_call::find_way(db, has_key).await?.err())
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    let all = Whose::default();
    let data = Data {
        obstacle: find_obstacle(&admin, &db).await?,
        open: outbound_call::list_calls(&db, &admin.caller, &all, Which::Open, None, N_CALLS).await?,
        over: outbound_call::list_calls(&db, &admin.caller, &all, Which::Over, None, N_CALLS).await?,
    };
    Ok(render(&admin, &data))
}

/// Stops one call that is planned, or lasts.
pub(crate) async fn stop(
    State(db): State<Db>,
    Path(outbound_call_id): Path<OutboundCallId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let mut tx = db::begin(&db).await?;
    outbound_call::stop(&mut tx, &posted.admin.caller, outbound_call_id, clock::now()).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(auth::safe_next(posted.fields.raw("back"))).into_response())
}

/// Stops all calls.
pub(crate) async fn stop_all(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    set_stopped(&db, &posted.admin, true).await
}

/// Allows calls again.
pub(crate) async fn start_all(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    set_stopped(&db, &posted.admin, false).await
}

async fn set_stopped(db: &Db, admin: &Admin, is_stopped: bool) -> Result<Response, Fault> {
    let mut tx = db::begin(db).await?;
    outbound_call::set_stopped(&mut tx, &admin.caller, is_stopped, clock::now()).await?;
    db::commit(tx).await?;
    Ok(Redirect::to("/calls").into_response())
}

const OPEN: [Column; 5] = [("Student", ""), ("Call", ""), ("Time", ""), ("State", ""), ("", "")];
const OVER: [Column; 4] = [("Student", ""), ("Call", ""), ("Time", ""), ("Result", "")];

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let name = |call: &OutboundCall| html! { a.main href={ "/students/" (call.student_id) } { (call.student_name) } };
    let open = html! { @for call in &data.open { (row(&html! {
        (cell("", name(call)))
        (cell("sm", html! { (kind(call)) }))
        (cell("nowrap", admin.viewer.time(call.due_at)))
        (cell("", state(admin, call)))
        (cell("end", stop_form(admin, call, "/calls")))
    })) } };
    let over = html! { @for call in &data.over { (row(&html! {
        (cell("", name(call)))
        (cell("sm", html! { (kind(call)) }))
        (cell("nowrap", admin.viewer.time(call.placing_at.unwrap_or(call.due_at))))
        (cell("", state(admin, call)))
    })) } };
    page(
        admin,
        Place::Sessions,
        "Outbound calls",
        html! {
            div.stack {
                div.head {
                    div { h1 { "Outbound calls" } p { "Calls that the tutor places: callbacks, and the regular calls of students." } }
                    @if admin.may_write() && data.obstacle.is_none() {
                        div.actions { form method="post" action="/calls/stop" { (csrf(admin)) button.btn.danger { (icon("phone-off")) "Stop all calls" } } }
                    }
                }
                @if let Some(obstacle) = &data.obstacle { (notice(admin, obstacle)) }
                section.card aria-labelledby="planned" {
                    header { h2 id="planned" { "Planned" } }
                    @if data.open.is_empty() { div.body { p.muted { "No calls are planned." } } } @else { (table("Planned", &OPEN, &open)) }
                }
                section.card aria-labelledby="over" {
                    header { h2 id="over" { "Latest" } }
                    @if data.over.is_empty() { div.body { p.muted { "No calls yet." } } } @else { (table("Latest", &OVER, &over)) }
                }
            }
        },
    )
}

/// Returns why no call is placed, and what to do.
pub(crate) fn notice(admin: &Admin, obstacle: &Obstacle) -> Markup {
    let (what, fix) = obstacle.words();
    let text = html! {
        @if let Obstacle::Stopped { at, by } = obstacle { "By " (person(by)) ", " (admin.viewer.time(*at)) ". " }
        (fix)
    };
    let actions = html! {
        @if matches!(obstacle, Obstacle::Stopped { .. }) && admin.may_manage() {
            form method="post" action="/calls/start" { (csrf(admin)) button.btn { "Allow calls again" } }
        }
    };
    notice_with(Tone::Warn, &format!("No calls are placed. {what}"), &text, &actions)
}

pub(crate) fn kind(call: &OutboundCall) -> String {
    let kind = if call.plan_on.is_some() { "Regular call" } else { "Callback" };
    if call.attempt > 1 { format!("{kind}, attempt {} of {MAX_ATTEMPTS}", call.attempt) } else { kind.to_owned() }
}

pub(crate) fn state(admin: &Admin, call: &OutboundCall) -> Markup {
    let why = call.reason.filter(|reason| *reason != Reason::NotDue).map(reason_words);
    html! {
        @match (call.state, call.outcome) {
            (CallState::Planned, _) => (badge("info", "clock", "Planned")),
            (CallState::Placing | CallState::Placed, _) if call.stopped_by.is_some() => (badge("warn", "phone-off", "Being stopped")),
            (CallState::Placing | CallState::Placed, _) => (badge("good", "radio", "Calling")),
            (CallState::Ended, Some(Outcome::Answered)) => (badge("good", "circle-check", "Answered")),
            (CallState::Ended, Some(Outcome::NoAnswer)) => (badge("warn", "circle-alert", "No answer")),
            (CallState::Ended, Some(Outcome::Busy)) => (badge("warn", "circle-alert", "Busy")),
            (CallState::Ended, Some(Outcome::Voicemail)) => (badge("warn", "circle-alert", "Voicemail")),
            (CallState::Ended, _) => (badge("bad", "circle-alert", "Failed")),
            (CallState::Stopped, _) => (badge("warn", "lock", "Stopped")),
            (CallState::Missed, _) => (badge("bad", "circle-alert", "Not placed")),
        }
        @if let Some(why) = why { " " span.sm.muted { (why) } }
        @if call.state == CallState::Planned && call.look_at > call.due_at { " " span.sm.faint { "Next try: " (admin.viewer.time(call.look_at)) } }
        @if let Some(by) = &call.stopped_by { " " span.sm.muted { "by " (person(by)) } }
        @if let Some(session_id) = call.session_id { " " a.link.sm href={ "/sessions/" (session_id) } { "Session" } }
    }
}

/// `back` is the page's own address.
pub(crate) fn stop_form(admin: &Admin, call: &OutboundCall, back: &str) -> Markup {
    html! {
        @if call.is_calling() && call.can_be_stopped() && admin.may_write() {
            (stop_call(admin, call.outbound_call_id, &call.student_name, back))
        } @else if call.can_be_stopped() && admin.may_write() {
            form method="post" action={ "/calls/" (call.outbound_call_id) "/stop" } {
                (csrf(admin))
                input type="hidden" name="back" value=(back);
                button.btn.small { "Stop" span.vh { " the call to " (call.student_name) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::StudentId;

    use super::*;

    fn call() -> OutboundCall {
        let due_at = "2026-11-19T21:12:04Z".parse().unwrap();
        OutboundCall {
            outbound_call_id: OutboundCallId(uuid::Uuid::from_u128(7)),
            student_id: StudentId(uuid::Uuid::from_u128(3)),
            student_name: "Maya <Okonkwo>".to_owned(),
            follow_up_id: None,
            plan_on: None,
            attempt: 2,
            state: CallState::Planned,
            due_at,
            look_at: due_at,
            reason: Some(Reason::DailyLimit),
            outcome: None,
            placing_at: None,
            session_id: None,
            stopped_by: None,
        }
    }

    #[test]
    fn a_planned_call_says_why_it_waits_and_can_be_stopped() {
        let data = Data { obstacle: None, open: vec![call()], over: Vec::new() };
        let shown = render(&Admin::sample(Role::Tutor), &data).into_string();
        assert!(shown.contains("Callback, attempt 2 of 3") && shown.contains("Daily limit of the student"), "{shown}");
        assert!(shown.contains("/calls/00000000-0000-0000-0000-000000000007/stop") && shown.contains("Stop all calls"));
        let viewer = render(&Admin::sample(Role::Viewer), &data).into_string();
        assert!(!viewer.contains("/stop\""), "{viewer}");
    }

    #[test]
    fn a_call_that_lasts_can_be_stopped_once() {
        let shown = |stopped_by: Option<&str>| {
            let call = OutboundCall { state: CallState::Placed, stopped_by: stopped_by.map(str::to_owned), ..call() };
            let data = Data { obstacle: None, open: vec![call], over: Vec::new() };
            render(&Admin::sample(Role::Tutor), &data).into_string()
        };
        assert!(shown(None).contains("Stop this call") && shown(None).contains("Calling"));
        let stopping = shown(Some("admin:dana@example.org"));
        assert!(!stopping.contains("Stop this call"), "{stopping}");
        assert!(stopping.contains("Being stopped") && stopping.contains("dana@example.org"), "{stopping}");
    }

    #[test]
    fn what_stands_in_the_way_is_said_with_what_to_do() {
        let at = call().due_at;
        let stopped = Obstacle::Stopped { at, by: "admin:dana@example.org".to_owned() };
        let shown = |role, obstacle: &Obstacle| notice(&Admin::sample(role), obstacle).into_string();
        assert!(shown(Role::Admin, &stopped).contains("Allow calls again"));
        assert!(!shown(Role::Tutor, &stopped).contains("<form"));
        let off = shown(Role::Tutor, &Obstacle::Off);
        assert!(
            off.contains("No calls are placed. Outbound calls are off.") && off.contains("under Settings"),
            "{off}"
        );
    }
}
