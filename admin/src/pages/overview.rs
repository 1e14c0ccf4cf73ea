//! What a tutor wants to know first: who needs a person, who calls now, how the last days went.

use axum::extract::State;
use chrono::{Days, NaiveDate, TimeDelta};
use maud::{Markup, html};
use shared::db::Db;
use shared::follow_up::{self, FollowUp};
use shared::job::{self, Count};
use shared::session::SessionStatus;
use shared::stats::{self, Day, SessionFigures, SessionToSee};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, live_page};
use crate::parts::chart::{Bar, BarNames, bars};
use crate::parts::follow_up::on_overview;
use crate::parts::icon::{icon, icon_small};
use crate::parts::{grade, initials};
use crate::viewer::Viewer;

/// Days in the chart.
const N_DAYS: u64 = 14;
/// Sessions in each list: the list of sessions has the rest.
const N_LISTED: i64 = 6;
/// Follow-ups have no list of their own, so that none waits unseen behind a link.
const N_FOLLOW_UPS: i64 = 50;

pub(crate) struct Data {
    pub(crate) today: SessionFigures,
    /// The same weekday a week ago, up to this hour: the fair comparison for a day that is not over.
    pub(crate) week_ago: SessionFigures,
    pub(crate) days: Vec<Day>,
    pub(crate) live: Vec<SessionToSee>,
    pub(crate) follow_ups: Vec<FollowUp>,
    pub(crate) attention: Vec<SessionToSee>,
    pub(crate) jobs: Vec<Count>,
    pub(crate) oldest_wait_seconds: Option<f64>,
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    Ok(render(&admin, &fetch(&admin, &db).await?))
}

pub(crate) async fn fetch(admin: &Admin, db: &Db) -> Result<Data, Fault> {
    let (viewer, caller) = (&admin.viewer, &admin.caller);
    let (today, now) = (viewer.today(), viewer.now);
    let week = TimeDelta::days(7);
    let midnight = viewer.start_of(today);
    Ok(Data {
        today: stats::session_figures(db, caller, midnight, now).await?,
        week_ago: stats::session_figures(db, caller, midnight - week, now - week).await?,
        days: stats::list_days(db, caller, first_day(today), tomorrow(today), viewer.zone.name()).await?,
        live: stats::list_sessions_to_see(db, caller, SessionStatus::InProgress, N_LISTED).await?,
        follow_ups: follow_up::list_open(db, caller, None, N_FOLLOW_UPS).await?,
        attention: stats::list_sessions_to_see(db, caller, SessionStatus::NeedsAttention, N_LISTED).await?,
        jobs: job::count_open(db).await?,
        oldest_wait_seconds: job::oldest_wait_seconds(db).await?,
    })
}

fn first_day(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(N_DAYS - 1)).unwrap_or(today)
}

fn tomorrow(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(Days::new(1)).unwrap_or(today)
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let viewer = &admin.viewer;
    live_page(
        admin,
        Place::Overview,
        "Overview",
        "/events/overview",
        html! {
            div.head { div {
                h1 { "Overview" }
                p { (viewer.today().format("%A %-d %B %Y")) ", compared with a week ago up to this hour." }
            } }
            div.stack id="overview" { (body(admin, data)) }
        },
    )
}

/// What changes while the page is open.
pub(crate) fn body(admin: &Admin, data: &Data) -> Markup {
    let viewer = &admin.viewer;
    html! {
        section.card aria-label="Headline figures" { dl.kpis id="kpis" { (headline(&data.today, &data.week_ago)) } }
        (on_overview(admin, &data.follow_ups))
        div.cols.two-one.even {
            (days_card(viewer, &data.days))
            (live_card(viewer, &data.live))
        }
        div.cols.two-one.even {
            (attention_card(viewer, data))
            (queue_card(data))
        }
    }
}

fn headline(today: &SessionFigures, before: &SessionFigures) -> Markup {
    let average = |figures: &SessionFigures| figures.seconds / (figures.n_sessions).max(1);
    let cost = |figures: &SessionFigures| figures.cost_microusd / figures.n_with_cost.max(1);
    html! {
        (kpi("Calls today", html! { (figures::count(today.n_sessions)) }, change(today.n_sessions, before.n_sessions, figures::count)))
        (kpi("Minutes tutored", html! { (figures::count(today.seconds / 60)) }, change(today.seconds / 60, before.seconds / 60, figures::count)))
        (kpi("Average call", html! { (figures::length(average(today))) small { "min" } }, change(average(today), average(before), figures::length)))
        (kpi("Analysed", html! { (figures::count(today.n_analyzed)) }, html! {
            @if today.n_waiting + today.n_attention == 0 { "all that are over" }
            @else { (figures::count(today.n_waiting)) " waiting, " (figures::count(today.n_attention)) " need a person" }
        }))
        (kpi("Time to analysis", html! { @match today.median_analysis_seconds {
            Some(seconds) => (figures::wait(seconds.round() as i64)),
            None => "–",
        } }, html! { @match today.p95_analysis_seconds {
            Some(seconds) => { "median, 95th " (figures::wait(seconds.round() as i64)) },
            None => "no call analysed today",
        } }))
        (kpi("Cost per call", html! { @if today.n_with_cost > 0 { (figures::dollars(cost(today))) } @else { "–" } }, html! {
            @if today.n_with_cost == 0 { "no cost reported today" }
            @else if before.n_with_cost == 0 { "as VAPI billed it" }
            @else { (change(cost(today), cost(before), figures::dollars)) }
        }))
    }
}

fn kpi(name: &str, value: Markup, below: Markup) -> Markup {
    html! { div.kpi { dt { (name) } dd.v { (value) } dd.d { (below) } } }
}

/// "up 9 from 75". Neither direction is good or bad by itself, so it has no colour.
fn change(now: i64, before: i64, told: impl Fn(i64) -> String) -> Markup {
    let difference = now - before;
    html! {
        @if difference == 0 {
            "the same as then"
        } @else {
            b {
                @if difference > 0 { (icon_small("arrow-up")) span.vh { "up " } } @else { (icon_small("arrow-down")) span.vh { "down " } }
                (told(difference.abs()))
            }
            " from " (told(before))
        }
    }
}

fn days_card(viewer: &Viewer, days: &[Day]) -> Markup {
    let names =
        BarNames { chart: "calls per day", label: "Day", n: "Over a minute", n_bad: Some("Shorter or not answered") };
    let bar = |day: &Day| Bar {
        label: day.date.format("%a %-d").to_string(),
        n: day.n_sessions - day.n_dropped,
        n_bad: day.n_dropped,
        is_partial: day.date == viewer.today(),
    };
    html! {
        section.card aria-labelledby="days" {
            header {
                h2 id="days" { "Calls per day" }
                div.actions.legend aria-hidden="true" {
                    span { i {} "Over a minute" } span { i.k2 {} "Today so far" } span { i.k3 {} "Shorter or not answered" }
                }
            }
            div.body { (bars(names, &days.iter().map(bar).collect::<Vec<_>>())) }
        }
    }
}

fn live_card(viewer: &Viewer, live: &[SessionToSee]) -> Markup {
    html! {
        section.card aria-labelledby="live" {
            header { h2 id="live" { "Live calls" } div.actions { a.link href="/sessions?status=in_progress" { "All live calls" } } }
            @if live.is_empty() {
                div.body { p.muted { "Nobody is calling right now." } }
            } @else {
                ul.list id="live-calls" { @for session in live { li.row {
                    (who(session))
                    span.num { (figures::length((viewer.now - session.at).num_seconds().max(0))) }
                } } }
            }
        }
    }
}

fn who(session: &SessionToSee) -> Markup {
    let name = session.student_name.as_deref().unwrap_or("Unknown caller");
    html! {
        span.avatar aria-hidden="true" { (initials(name)) }
        div.grow {
            div.row { a.clip href={ "/sessions/" (session.session_id) } { b { (name) } } @if let Some(grade) = grade(session.grade) { span.faint.xs.nowrap { (grade) } } }
        }
    }
}

fn attention_card(viewer: &Viewer, data: &Data) -> Markup {
    html! {
        section.card aria-labelledby="attention" {
            header {
                h2 id="attention" { "Sessions that need a person" }
                div.actions { a.link href="/sessions?status=needs_attention" { "All of them" } }
            }
            @if data.attention.is_empty() {
                div.body { p.muted { "None. Everything that came in was analysed, or is about to be." } }
            } @else {
                ul.list { @for session in &data.attention { (attention_line(viewer, session)) } }
            }
        }
    }
}

fn attention_line(viewer: &Viewer, session: &SessionToSee) -> Markup {
    let name = session.student_name.as_deref().unwrap_or("Unknown caller");
    let why = session.attention_reason.as_deref().unwrap_or("Nobody has said why");
    html! {
        li.attn {
            span.avatar aria-hidden="true" { (initials(name)) }
            div.grow {
                div.row { b.clip { (name) } span.faint.xs.nowrap { (viewer.time(session.at)) } }
                div.row.sm.top-align.why { span.bad { (icon("circle-alert")) } span.grow { (why) } }
            }
            a.btn.small href={ "/sessions/" (session.session_id) } { "Open" span.vh { ": " (name) } }
        }
    }
}

fn queue_card(data: &Data) -> Markup {
    let total = |states: &[&str]| -> i64 {
        data.jobs.iter().filter(|count| states.contains(&count.state.as_str())).map(|count| count.n).sum()
    };
    let given_up = total(&["needs_attention"]);
    html! {
        section.card aria-labelledby="queue" {
            header { h2 id="queue" { "Queue health" } div.actions { a.link href="/jobs" { "Jobs" } } }
            ul.list.flush id="queue-health" {
                @if given_up > 0 {
                    li.row.sm {
                        span.bad { (icon("circle-alert")) }
                        span.grow { b { (figures::counted(given_up, "job", "jobs")) } " gave up and need a decision" }
                        a.btn.small href="/jobs" { "Review" }
                    }
                }
                li.row { b.grow.sm { "Waiting" } span.sm.nowrap { (figures::count(total(&["ready", "sent"]))) } }
                li.row { b.grow.sm { "Running" } span.sm.nowrap { (figures::count(total(&["running"]))) } }
                li.row { b.grow.sm { "Oldest wait" } span.sm.nowrap { @match data.oldest_wait_seconds {
                    Some(seconds) => (figures::wait(seconds as i64)),
                    None => "nothing waits",
                } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::access::Role;
    use shared::id::SessionId;

    use super::*;

    fn data() -> Data {
        let figures = SessionFigures {
            n_sessions: 84,
            seconds: 78_720,
            n_analyzed: 82,
            n_waiting: 2,
            ..SessionFigures::default()
        };
        Data {
            today: figures,
            week_ago: SessionFigures { n_sessions: 75, ..figures },
            days: vec![Day {
                date: NaiveDate::from_ymd_opt(2026, 11, 19).unwrap(),
                n_sessions: 84,
                n_dropped: 4,
                seconds: 78_720,
            }],
            live: Vec::new(),
            follow_ups: Vec::new(),
            attention: vec![SessionToSee {
                session_id: SessionId(uuid::Uuid::from_u128(9)),
                student_id: None,
                student_name: None,
                grade: None,
                attention_reason: Some("the key was refused".to_owned()),
                at: "2026-11-19T21:12:04Z".parse().unwrap(),
            }],
            jobs: vec![Count { kind: "analyze_session".to_owned(), state: "needs_attention".to_owned(), n: 3 }],
            oldest_wait_seconds: Some(380.0),
        }
    }

    #[test]
    fn figures_come_with_what_they_are_compared_to() {
        let shown = render(&Admin::sample(Role::Viewer), &data()).into_string();
        assert!(shown.contains("<dd class=\"v\">84</dd>") && shown.contains("</b> from 75"), "{shown}");
        assert!(shown.contains("1,312") && shown.contains("2 waiting, 0 need a person"));
    }

    #[test]
    fn what_needs_a_person_says_why_and_leads_there() {
        let shown = render(&Admin::sample(Role::Viewer), &data()).into_string();
        assert!(shown.contains("the key was refused") && shown.contains("3 jobs") && shown.contains("6 min 20 s"));
        assert!(shown.contains("/sessions/00000000-0000-0000-0000-000000000009"));
    }

    #[test]
    fn a_day_without_calls_divides_by_nothing() {
        let quiet = Data { today: SessionFigures::default(), week_ago: SessionFigures::default(), ..data() };
        let shown = render(&Admin::sample(Role::Viewer), &quiet).into_string();
        assert!(shown.contains("no call analysed today") && shown.contains("all that are over"));
    }
}
