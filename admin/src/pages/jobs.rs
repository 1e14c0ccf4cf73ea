//! Jobs: what waits, what failed for good, and the decision of a person about it.

mod alike;
pub(crate) mod decide;
mod filter;
mod hours;
pub(crate) mod one;
pub(crate) mod overhauls;
pub(crate) mod pause;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use queue::hours::{Hour, list_hours};
use queue::list::{self, JobItem, ReasonCount};
use queue::pause::list_paused;
use serde::Deserialize;
use storage::component_status::{self, Compared};
use storage::db::Db;
use storage::job::{self, Count, Kind};

use self::filter::Filter;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::htmx::{self, Asked};
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::empty::empty;
use crate::parts::icon::icon;
use crate::parts::kpi::kpi;
use crate::parts::notice::{Tone, notice};
use crate::parts::pager::{pager, split_page, time_key};
use crate::parts::table::{Column, cell, list_table, row};
use crate::parts::{csrf, none, select};
use crate::viewer::Viewer;

const PATH: &str = "/jobs";
const LIST_ID: &str = "jobs";

/// Jobs that wait for their time. They are in the state `ready`.
pub(crate) const SCHEDULED: &str = "scheduled";

/// States as in the address, with their labels.
const STATES: [(&str, &str); 7] = [
    ("needs_attention", "Failed"),
    ("ready", "Waiting"),
    (SCHEDULED, "Scheduled"),
    ("sent", "Queued"),
    ("running", "Running"),
    ("done", "Done"),
    ("discarded", "Discarded"),
];

pub(crate) fn state_words(state: &str) -> &str {
    STATES.iter().find(|(name, _)| *name == state).map_or(state, |(_, words)| words)
}

pub(crate) fn kind_words(kind: &str) -> &str {
    match kind {
        "process_delivery" => "Read the call report",
        "analyze_session" => "Analyse the session",
        "enrich_analysis" => "Ask the language model",
        "overhaul" => "A step of bulk reprocessing",
        "delete_call" => "Delete an erased call at VAPI",
        "alert_staff" => "Send alerts about a concern",
        "write_report" => "Write a report to guardians",
        "send_alert" => "E-mail an alert to staff",
        "send_digest" => "E-mail the daily digest to staff",
        "sync_roster" => "Read the roster",
        "send_code" => "E-mail a code for the app",
        "send_report" => "E-mail a report to a guardian",
        "send_webhook" => "Send a webhook",
        other => other,
    }
}

/// The result of a decision that was just made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct News {
    retried: Option<u32>,
    discarded: Option<u32>,
}

pub(crate) struct Data {
    pub(crate) filter: Filter,
    pub(crate) counts: Vec<Count>,
    pub(crate) hours: Vec<Hour>,
    pub(crate) reasons: Vec<ReasonCount>,
    pub(crate) oldest_wait_seconds: Option<f64>,
    /// The last consistency check.
    pub(crate) compared: Option<(DateTime<Utc>, Compared)>,
    pub(crate) jobs: Vec<JobItem>,
    pub(crate) has_next: bool,
    pub(crate) paused: Vec<Kind>,
    pub(crate) news: News,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Query(filter): Query<Filter>,
    Query(news): Query<News>,
    asked: Asked,
) -> Result<Response, Fault> {
    admin.require_all()?;
    let (jobs, has_next) = split_page(list::list_jobs(&db, &filter.query()?).await?);
    let (counts, hours, reasons) = (Vec::new(), Vec::new(), Vec::new());
    let mut data = Data {
        filter,
        counts,
        hours,
        reasons,
        oldest_wait_seconds: None,
        compared: None,
        jobs,
        has_next,
        paused: Vec::new(),
        news,
    };
    if asked.is_for(LIST_ID) {
        return Ok(htmx::fragment(listed(&admin, &data), &data.filter.url()));
    }
    data.counts = job::count_open(&db).await?;
    data.hours = list_hours(&db, hours::from(&admin.viewer)).await?;
    data.reasons = list::count_reasons(&db, data.filter.kind()?).await?;
    data.oldest_wait_seconds = job::oldest_wait_seconds(&db).await?;
    data.paused = list_paused(&db).await?;
    data.compared = component_status::list(&db).await?.find();
    Ok(render(&admin, &data).into_response())
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    page(
        admin,
        Place::Jobs,
        "Jobs",
        html! {
            div.stack.list-page {
                div.head {
                    div { h1 { "Jobs" } p { "Work that runs after calls. A job has twelve attempts. Then it needs your decision." } }
                    @if admin.may_manage() { div.actions { a.btn href=(overhauls::PATH) { (icon("wrench")) "Bulk reprocessing" } } }
                }
                (told(&data.news))
                (pause::told(&data.paused))
                div.cols.two-one.even {
                    (hours::card(&admin.viewer, &data.hours))
                    section.card aria-label="Totals" { dl.kpis.two { (totals(data)) } }
                }
                @if let Some((at, compared)) = &data.compared { (consistency(&admin.viewer, *at, *compared)) }
                (alike::reasons(admin, data))
                (pause::form(admin, &data.paused))
                nav.views aria-label="Jobs by state" {
                    @for (state, words) in STATES {
                        @let filter = Filter { state: state.to_owned(), after: String::new(), ..data.filter.clone() };
                        a href=(filter.url()) aria-current=[(state == data.filter.state()).then_some("page")] { (words) }
                    }
                }
                (filters(data))
                div.card id=(LIST_ID) { (listed(admin, data)) }
            }
        },
    )
}

fn consistency(viewer: &Viewer, at: DateTime<Utc>, compared: Compared) -> Markup {
    let sessions = |n: usize| figures::counted(n as i64, "session", "sessions");
    let students = |n: usize| figures::counted(n as i64, "student", "students");
    let Compared { n_sessions, n_students, n_sessions_repaired, n_students_repaired } = compared;
    html! {
        p {
            "Daily consistency check " (viewer.time(at)) ": the stored figures of " (sessions(n_sessions)) " and "
            (students(n_students)) " were compared with their sources. "
            @if n_sessions_repaired + n_students_repaired == 0 { "All agree." } @else {
                strong { "Those of " (sessions(n_sessions_repaired)) " and " (students(n_students_repaired)) " differed and were repaired." }
            }
        }
    }
}

fn told(news: &News) -> Markup {
    let jobs = |n: u32| figures::counted(n.into(), "job", "jobs");
    html! {
        @if let Some(n) = news.retried { (notice(Tone::Info, &format!("{} will be tried again", jobs(n)), "")) }
        @if let Some(n) = news.discarded { (notice(Tone::Info, &format!("{} discarded", jobs(n)), "")) }
    }
}

fn filters(data: &Data) -> Markup {
    let filter = &data.filter;
    let any = || [("", "Any")].into_iter();
    let kinds: Vec<_> = any().chain(job::Kind::ALL.map(|kind| (kind.as_str(), kind_words(kind.as_str())))).collect();
    let known = data.reasons.iter().map(|of| &of.reason[..]).filter(|reason| !reason.is_empty());
    let mut reasons: Vec<(&str, &str)> =
        any().chain([(filter::NO_REASON, "No reason given")]).chain(known.map(|reason| (reason, reason))).collect();
    if !reasons.iter().any(|(value, _)| *value == filter.reason) {
        reasons.push((&filter.reason, &filter.reason));
    }
    html! {
        form.filters method="get" action=(PATH) role="search" aria-label="Filter jobs"
            hx-get=(PATH) hx-target={ "#" (LIST_ID) } hx-swap="innerMorph" hx-sync="this:replace" hx-indicator="#busy"
            hx-trigger="change target:'select', submit" {
            input type="hidden" name="state" value=(filter.state());
            details.more open[filter.is_narrow()] {
                summary.btn { (icon("list-filter")) "Filters" }
                div.fields {
                    (select("Kind", "kind", &kinds, &filter.kind))
                    (select("Reason", "reason", &reasons, &filter.reason))
                    button.btn { (icon("list-filter")) "Filter" }
                }
            }
            span.htmx-indicator.xs.faint id="busy" { "Updating" }
        }
    }
}

fn totals(data: &Data) -> Markup {
    let total = |states: &[&str]| -> i64 {
        data.counts.iter().filter(|count| states.contains(&count.state.as_str())).map(|count| count.n).sum()
    };
    let given_up = total(&["needs_attention"]);
    let kpi = |name: &str, value: Markup, below: &str| kpi(name, value, html! { (below) });
    html! {
        (kpi("Waiting", html! { (figures::count(total(&["ready", "sent"]))) }, "ready or to be retried"))
        (kpi("Running", html! { (figures::count(total(&["running"]))) }, "in a worker now"))
        (kpi("Oldest wait", html! { @match data.oldest_wait_seconds {
            Some(seconds) => (figures::wait(seconds as i64)),
            None => "–",
        } }, "of the jobs that are ready"))
        (kpi("Failed", html! { @if given_up > 0 { span.bad { (figures::count(given_up)) } } @else { "0" } }, "need a decision"))
    }
}

const COLUMNS: [Column; 6] =
    [("Job", ""), ("State", ""), ("Attempts", "num"), ("When", ""), ("Last error", ""), ("", "")];

fn listed(admin: &Admin, data: &Data) -> Markup {
    let filter = &data.filter;
    if data.jobs.is_empty() {
        return if filter.is_narrow() {
            let clear = Filter { state: filter.state.clone(), ..Filter::default() }.url();
            empty(
                "search",
                "No jobs match",
                "No job in this state matches the filters.",
                html! { a.btn href=(clear) { "Clear filters" } },
            )
        } else if filter.state() == "needs_attention" {
            empty("circle-check", "No failed jobs", "Failed jobs appear here for a decision.", html! {})
        } else {
            empty("layers", "No jobs", "No job is in this state now.", html! {})
        };
    }
    let next = data.jobs.last().filter(|_| data.has_next);
    let next = next.map(|last| filter.with_after(time_key(last.listed_at(), last.job_id)).url());
    let first = (!filter.after.is_empty()).then(|| filter.with_after(String::new()).url());
    html! {
        (list_table("Jobs", &html! {}, &COLUMNS, &html! { @for job in &data.jobs { (job_row(admin, job)) } }))
        (pager("Newest first", first.as_deref(), next.as_deref()))
    }
}

fn job_row(admin: &Admin, job: &JobItem) -> Markup {
    row(&html! {
        (cell("", html! { span.two {
            a.main href={ (PATH) "/" (job.job_id) } { (kind_words(&job.kind)) }
            small { @if let Some(session_id) = job.session_id { a.link href={ "/sessions/" (session_id) } { "Session" } } @else { code { (job.job_id) } } }
        } }))
        (cell("end", state_badge(&job.state)))
        (cell("num", html! { span.lbl { "Attempts" } (job.attempts) " of " (job.max_attempts) }))
        (cell("nowrap muted sm", when(&admin.viewer, job)))
        (cell("full sm", html! { @if let Some(error) = &job.last_error { (error) } @else { (none()) } }))
        (cell("full", html! { @if admin.may_manage() && job.is_given_up() {
            div.row {
                form method="post" action={ (PATH) "/" (job.job_id) "/retry" } { (csrf(admin)) button.btn.small { "Retry" } }
                a.btn.small.danger href={ (PATH) "/" (job.job_id) "/discard" } { "Discard" }
            }
        } }))
    })
}

fn state_badge(state: &str) -> Markup {
    let (class, mark) = match state {
        "needs_attention" => ("bad", "circle-alert"),
        "running" => ("info", "loader-circle"),
        "done" => ("good", "circle-check"),
        "discarded" => ("line", "minus"),
        _ => ("info", "clock"),
    };
    badge(class, mark, state_words(state))
}

fn when(viewer: &Viewer, job: &JobItem) -> Markup {
    match (&job.state[..], job.finished_at) {
        (_, Some(at)) => viewer.time(at),
        ("ready", None) if job.run_at > viewer.now => html! { "next try " (viewer.time(job.run_at)) },
        _ => viewer.time(job.created_at),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use storage::access::Role;
    use storage::id::JobId;

    use super::*;

    pub(crate) fn given_up(n: u128, reason: &str) -> JobItem {
        let at = "2026-11-19T21:12:04Z".parse().unwrap();
        JobItem {
            job_id: JobId(uuid::Uuid::from_u128(n)),
            kind: "enrich_analysis".to_owned(),
            session_id: None,
            state: "needs_attention".to_owned(),
            run_at: at,
            attempts: 12,
            max_attempts: 12,
            leased_by: None,
            last_error: Some(reason.to_owned()),
            created_at: at,
            finished_at: Some(at),
        }
    }

    fn shown(role: Role, jobs: Vec<JobItem>, reasons: &[(&str, i64)], filter: Filter) -> String {
        let reasons = reasons.iter().map(|(reason, n)| ReasonCount { reason: (*reason).to_owned(), n: *n }).collect();
        let (counts, hours, news) = (Vec::new(), Vec::new(), News { retried: Some(3), ..News::default() });
        let compared = Compared { n_sessions: 1_200, n_students: 1, n_sessions_repaired: 2, n_students_repaired: 0 };
        let compared = Some(("2026-11-19T21:12:04Z".parse().unwrap(), compared));
        let data = Data {
            filter,
            counts,
            hours,
            reasons,
            oldest_wait_seconds: None,
            compared,
            jobs,
            has_next: true,
            paused: vec![Kind::SendReport],
            news,
        };
        render(&Admin::sample(role), &data).into_string()
    }

    #[test]
    fn a_job_that_gave_up_says_why_and_offers_a_decision_to_admins() {
        let job = || vec![given_up(1, "the key was refused")];
        let admin = shown(Role::Admin, job(), &[], Filter::default());
        assert!(admin.contains("the key was refused") && admin.contains("12 of 12"));
        assert!(admin.contains("/retry") && admin.contains("/discard") && admin.contains("3 jobs will be tried again"));
        assert!(admin.contains("after=1795122724000000_0000"), "{admin}");
        let tutor = shown(Role::Tutor, job(), &[("the key was refused", 1)], Filter::default());
        assert!(!tutor.contains("/retry") && !tutor.contains("/discard"));
    }

    #[test]
    fn the_page_says_what_the_consistency_check_repaired_and_what_is_paused() {
        let shown = shown(Role::Admin, Vec::new(), &[], Filter::default());
        assert!(shown.contains("Some jobs are paused") && !shown.contains(r#"value="send_alert" checked"#), "{shown}");
        assert!(shown.contains(r#"name="kind" value="send_report" checked"#), "{shown}");
        assert!(shown.contains("1,200 sessions and 1 student were compared"), "{shown}");
        assert!(shown.contains("Those of 2 sessions and 0 students differed and were repaired."), "{shown}");
    }

    #[test]
    fn reasons_are_counted_whatever_the_page_lists() {
        let reasons = [("the key was refused", 1_250), ("", 2)];
        let shown = shown(Role::Admin, vec![given_up(1, "the key was refused")], &reasons, Filter::default());
        assert!(shown.contains("1,250 jobs") && shown.contains("2 jobs"), "{shown}");
        assert!(shown.contains("/jobs/alike/retry?reason=the+key+was+refused"));
        assert!(shown.contains("/jobs/alike/discard?reason=none"));
    }

    #[test]
    fn no_failed_job_is_said_plainly_and_no_match_is_something_else() {
        assert!(shown(Role::Admin, Vec::new(), &[], Filter::default()).contains("No failed jobs"));
        let narrow = Filter { kind: "analyze_session".to_owned(), ..Filter::default() };
        assert!(shown(Role::Admin, Vec::new(), &[], narrow).contains("Clear filters"));
    }
}
