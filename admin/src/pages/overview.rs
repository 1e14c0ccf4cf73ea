//! The overview: who needs a person, live calls, and the last days.

use axum::extract::{Query, State};
use chrono::{Days, NaiveDate, TimeDelta};
use maud::{Markup, html};
use serde::Deserialize;
use storage::analytics::{self, Figures, Narrow};
use storage::attention::{self, StudentInNeed};
use storage::db::Reads;
use storage::follow_up;
use storage::job::{self, Count};
use storage::session::SessionStatus;
use storage::stats::{self, SessionFigures, SessionToSee};
use storage::student;

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, live_page};
use crate::link;
use crate::pages::follow_ups::with_alerts;
use crate::parts::attention as in_need;
use crate::parts::chart::{Bar, BarNames, bars};
use crate::parts::follow_up::{Open, on_overview};
use crate::parts::icon::{icon, icon_small};
use crate::parts::kpi::kpi;
use crate::parts::line::{LineNames, Point, lines};
use crate::parts::{grade, initials, select};
use crate::viewer::Viewer;

/// Days in the charts: value in the address, number, and label.
const RANGES: [(&str, u64, &str); 3] = [("7", 7, "Last 7 days"), ("", 14, "Last 14 days"), ("30", 30, "Last 30 days")];
/// Sessions in each list. The list of sessions has the rest.
const N_LISTED: i64 = 6;
/// Follow-ups have no list elsewhere, so the page shows all of them.
const N_FOLLOW_UPS: i64 = 50;

/// The filters, read from the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    range: String,
    cohort: String,
}

impl Filter {
    fn n_days(&self) -> Result<u64, Fault> {
        let found = RANGES.iter().find(|(value, ..)| *value == self.range).map(|(_, n, _)| *n);
        found.ok_or_else(|| Fault::Invalid("The charts show 7, 14 or 30 days. The default is 14.".to_owned()))
    }

    fn cohort(&self) -> Option<&str> {
        Some(self.cohort.as_str()).filter(|cohort| !cohort.is_empty())
    }

    fn at(&self, path: &str) -> String {
        link::to(path, &[("range", &self.range), ("cohort", &self.cohort)])
    }
}

/// A day, and the day of the previous period that it is compared with.
pub(crate) struct Day {
    date: NaiveDate,
    now: Figures,
    before: Figures,
}

pub(crate) struct Data {
    pub(crate) filter: Filter,
    pub(crate) cohorts: Vec<String>,
    pub(crate) today: SessionFigures,
    /// Returns the same weekday a week ago, up to this hour: the fair comparison for a day that is not over.
    pub(crate) week_ago: SessionFigures,
    pub(crate) days: Vec<Day>,
    pub(crate) live: Vec<SessionToSee>,
    pub(crate) follow_ups: Open,
    pub(crate) attention: Vec<SessionToSee>,
    pub(crate) n_in_need: i64,
    pub(crate) in_need: Vec<StudentInNeed>,
    pub(crate) jobs: Vec<Count>,
    pub(crate) oldest_wait_seconds: Option<f64>,
}

pub(crate) async fn get(
    admin: Admin,
    State(reads): State<Reads>,
    Query(filter): Query<Filter>,
) -> Result<Markup, Fault> {
    Ok(render(&admin, &fetch(&admin, &reads, filter).await?))
}

pub(crate) async fn fetch(admin: &Admin, reads: &Reads, filter: Filter) -> Result<Data, Fault> {
    // Lists show a change that was just made. Only the days of the charts may be some seconds old.
    let db = reads.primary();
    let (viewer, caller) = (&admin.viewer, &admin.caller);
    let (today, now) = (viewer.today(), viewer.now);
    let week = TimeDelta::days(7);
    let midnight = viewer.start_of(today);
    let cohort = filter.cohort();
    Ok(Data {
        cohorts: student::list_cohorts(db, caller).await?,
        today: stats::session_figures(db, caller, cohort, midnight, now).await?,
        week_ago: stats::session_figures(db, caller, cohort, midnight - week, now - week).await?,
        days: list_days(admin, reads, &filter).await?,
        live: stats::list_sessions_to_see(db, caller, SessionStatus::InProgress, cohort, N_LISTED).await?,
        follow_ups: with_alerts(admin, db, follow_up::list_open(db, caller, None, N_FOLLOW_UPS).await?).await?,
        attention: stats::list_sessions_to_see(db, caller, SessionStatus::NeedsAttention, cohort, N_LISTED).await?,
        n_in_need: attention::count_students(db, caller, cohort, now).await?,
        in_need: attention::list_students(db, caller, cohort, now, N_LISTED).await?,
        jobs: if admin.sees_all() { job::count_open(db).await? } else { Vec::new() },
        oldest_wait_seconds: if admin.sees_all() { job::oldest_wait_seconds(db).await? } else { None },
        filter,
    })
}

async fn list_days(admin: &Admin, reads: &Reads, filter: &Filter) -> Result<Vec<Day>, Fault> {
    let (viewer, n_days) = (&admin.viewer, filter.n_days()?);
    let today = viewer.today();
    let back = |n: u64| today.checked_sub_days(Days::new(n)).unwrap_or(today);
    let to = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let days = analytics::Days { from: back(2 * n_days - 1), to, judged_to: to, zone: viewer.zone.name() };
    let narrow = Narrow { cohort: filter.cohort().map(str::to_owned), ..Narrow::default() };
    let figures = analytics::list_calls(reads, &admin.caller, &narrow, days).await?;
    let of = |date: NaiveDate| figures.iter().find(|of| of.key == date.to_string()).cloned().unwrap_or_default();
    let day = |n: u64| Day { date: back(n), now: of(back(n)), before: of(back(n + n_days)) };
    Ok((0..n_days).rev().map(day).collect())
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let viewer = &admin.viewer;
    let shown = body(admin, data);
    live_page(
        admin,
        Place::Overview,
        "Overview",
        &data.filter.at("/events/overview"),
        &shown,
        html! {
            div.head {
                div {
                    h1 { "Overview" }
                    p { (viewer.full_date(viewer.today())) ", compared with a week ago up to this hour." }
                }
                (filters(data))
            }
            div.stack id="overview" { (shown) }
        },
    )
}

fn filters(data: &Data) -> Markup {
    let ranges = RANGES.map(|(value, _, words)| (value, words));
    let mut cohorts = vec![("", "All cohorts")];
    cohorts.extend(data.cohorts.iter().map(|cohort| (cohort.as_str(), cohort.as_str())));
    html! {
        form.filters method="get" action="/" aria-label="Filter the overview" {
            (select("Charts", "range", &ranges, &data.filter.range))
            (select("Cohort", "cohort", &cohorts, &data.filter.cohort))
            button.btn { "Show" }
        }
    }
}

/// The part that changes while the page is open.
pub(crate) fn body(admin: &Admin, data: &Data) -> Markup {
    let viewer = &admin.viewer;
    html! {
        section.card aria-label="Headline figures" { dl.kpis id="kpis" { (headline(&data.today, &data.week_ago)) } }
        div.cols.two-one {
            div.stack {
                // Requests and concerns of people come before statistics. If there are none, one line says so.
                @if !data.follow_ups.list.is_empty() { (on_overview(admin, &data.follow_ups, "/")) }
                (in_need::on_overview(viewer, data.n_in_need, &data.in_need))
                (attention_card(viewer, &data.attention, "Sessions that need a person", &html! {}))
            }
            div.stack {
                (live_card(viewer, &data.live))
                @if admin.sees_all() { (queue_card(data)) }
                @if data.follow_ups.list.is_empty() { (on_overview(admin, &data.follow_ups, "/")) }
            }
        }
        (days_card(viewer, &data.days))
        div.cols.half {
            (minutes_card(viewer, &data.days))
            (analysis_card(viewer, &data.days))
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
            @if today.n_waiting + today.n_attention == 0 { "all finished calls" }
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

/// Renders "up 9 from 75". Neither direction is good or bad, so it has no colour.
fn change(now: i64, before: i64, told: impl Fn(i64) -> String) -> Markup {
    let difference = now - before;
    html! {
        @if difference == 0 {
            "no change"
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
        label: viewer.chart_day(day.date),
        n: day.now.n_sessions - day.now.n_dropped,
        n_bad: day.now.n_dropped,
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

fn minutes_card(viewer: &Viewer, days: &[Day]) -> Markup {
    let minutes = |of: &Figures| Some((of.length_ms / 60_000) as f64);
    let point =
        |day: &Day| Point { label: viewer.chart_day(day.date), now: minutes(&day.now), before: minutes(&day.before) };
    let told = |value: f64| figures::count(value.floor() as i64);
    let names = LineNames { chart: "Minutes per day", label: "Day", told: &told, top: None };
    html! {
        section.card aria-labelledby="minutes" {
            header {
                h2 id="minutes" { "Minutes per day" }
                div.actions.legend aria-hidden="true" {
                    span { i {} "These " (days.len()) " days" } span { i.kd {} (days.len()) " days before" }
                }
            }
            div.body { (lines(names, &days.iter().map(point).collect::<Vec<_>>())) }
        }
    }
}

fn analysis_card(viewer: &Viewer, days: &[Day]) -> Markup {
    let share = |of: &Figures| (of.n_over > 0).then(|| of.n_in_10_min as f64 / of.n_over as f64);
    let point =
        |day: &Day| Point { label: viewer.chart_day(day.date), now: share(&day.now), before: share(&day.before) };
    let names = LineNames { chart: "Analysis success", label: "Day", told: &figures::percent, top: Some(1.0) };
    html! {
        section.card aria-labelledby="success" {
            header { h2 id="success" { "Analysis success" } p { "Share of finished calls analysed within 10 minutes." } }
            div.body { (lines(names, &days.iter().map(point).collect::<Vec<_>>())) }
        }
    }
}

fn live_card(viewer: &Viewer, live: &[SessionToSee]) -> Markup {
    html! {
        section.card aria-labelledby="live" {
            header { h2 id="live" { "Live calls" } div.actions { a.link href="/sessions?status=in_progress" { "All live calls" } } }
            @if live.is_empty() {
                div.body { p.muted { "No call is in progress." } }
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

/// Renders a list. `more` is shown first.
pub(crate) fn attention_card(viewer: &Viewer, list: &[SessionToSee], title: &str, more: &Markup) -> Markup {
    html! {
        section.card aria-labelledby="attention" {
            header {
                h2 id="attention" { (title) }
                div.actions { a.link href="/sessions?status=needs_attention" { "Show all" } }
            }
            @if !more.0.is_empty() || !list.is_empty() {
                ul.list { (more) @for session in list { (attention_line(viewer, session)) } }
            } @else {
                div.body { p.muted { "None. All calls are analysed, or waiting for it." } }
            }
        }
    }
}

fn attention_line(viewer: &Viewer, session: &SessionToSee) -> Markup {
    let name = session.student_name.as_deref().unwrap_or("Unknown caller");
    let why = session.attention_reason.as_deref().unwrap_or("Reason unknown");
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
                        span.grow { b { (figures::counted(given_up, "job", "jobs")) } " failed and need a decision" }
                        a.btn.small href="/jobs" { "Review" }
                    }
                }
                li.row { b.grow.sm { "Waiting" } span.sm.nowrap { (figures::count(total(&["ready", "sent"]))) } }
                li.row { b.grow.sm { "Running" } span.sm.nowrap { (figures::count(total(&["running"]))) } }
                @for (kind, waiting, running) in by_kind(&data.jobs) {
                    li.row { span.grow.sm { (kind) } span.sm.faint.nowrap { (figures::count(waiting)) " waiting, " (figures::count(running)) " running" } }
                }
                li.row { b.grow.sm { "Oldest wait" } span.sm.nowrap { @match data.oldest_wait_seconds {
                    Some(seconds) => (figures::wait(seconds as i64)),
                    None => "nothing waits",
                } } }
            }
        }
    }
}

/// Renders waiting and running jobs, by type.
fn by_kind(counts: &[Count]) -> Vec<(String, i64, i64)> {
    let mut kinds: std::collections::BTreeMap<String, (i64, i64)> = std::collections::BTreeMap::new();
    for count in counts {
        let (waiting, running) = match count.state.as_str() {
            "ready" | "sent" => (count.n, 0),
            "running" => (0, count.n),
            _ => continue,
        };
        let of_kind = kinds.entry(count.kind.clone()).or_default();
        *of_kind = (of_kind.0 + waiting, of_kind.1 + running);
    }
    kinds.into_iter().map(|(kind, (waiting, running))| (kind_words(&kind), waiting, running)).collect()
}

/// "Analyze session".
fn kind_words(kind: &str) -> String {
    let words = kind.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::SessionId;

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
            filter: Filter::default(),
            cohorts: vec!["Period 3 math".to_owned()],
            today: figures,
            week_ago: SessionFigures { n_sessions: 75, ..figures },
            days: vec![Day {
                date: NaiveDate::from_ymd_opt(2026, 11, 19).unwrap(),
                now: Figures {
                    n_sessions: 84,
                    n_dropped: 4,
                    length_ms: 78_720_000,
                    n_over: 4,
                    n_in_10_min: 3,
                    ..Figures::default()
                },
                before: Figures::default(),
            }],
            live: Vec::new(),
            follow_ups: Open::default(),
            attention: vec![SessionToSee {
                session_id: SessionId(uuid::Uuid::from_u128(9)),
                student_id: None,
                student_name: None,
                grade: None,
                attention_reason: Some("the key was refused".to_owned()),
                at: "2026-11-19T21:12:04Z".parse().unwrap(),
            }],
            n_in_need: 0,
            in_need: Vec::new(),
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
        assert!(shown.contains("no call analysed today") && shown.contains("all finished calls"));
    }
}
