//! Work that runs after calls: what waits, what failed for good, and a person's decision about it.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use shared::db::Db;
use shared::id::JobId;
use shared::job::list::{self, JobItem};
use shared::job::{self, Count, repair};
use shared::{audit, clock};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::link;
use crate::parts::badge::badge;
use crate::parts::empty::empty;
use crate::parts::icon::icon_small;
use crate::parts::table::{Column, cell, row, table};
use crate::parts::{csrf, none};
use crate::viewer::Viewer;

const PATH: &str = "/jobs";
const N_LISTED: i64 = 100;

/// States as the address names them, with the words for them.
const STATES: [(&str, &str); 6] = [
    ("needs_attention", "Gave up"),
    ("ready", "Waiting"),
    ("sent", "Handed out"),
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
        other => other,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    state: String,
}

pub(crate) struct Data {
    pub(crate) state: &'static str,
    pub(crate) counts: Vec<Count>,
    pub(crate) oldest_wait_seconds: Option<f64>,
    pub(crate) jobs: Vec<JobItem>,
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Markup, Fault> {
    let asked = if filter.state.is_empty() { STATES[0].0 } else { &filter.state };
    let state = STATES.iter().find(|(name, _)| *name == asked).map(|(name, _)| *name);
    let state = state.ok_or_else(|| Fault::Invalid("There is no such state of a job.".to_owned()))?;
    let data = Data {
        state,
        counts: job::count_open(&db).await?,
        oldest_wait_seconds: job::oldest_wait_seconds(&db).await?,
        jobs: list::list_jobs_in_state(&db, state, N_LISTED).await?,
    };
    Ok(render(&admin, &data))
}

pub(crate) async fn retry(State(db): State<Db>, Path(job_id): Path<JobId>, posted: Posted) -> Result<Response, Fault> {
    decide(&db, &posted, job_id, Decision::Retry).await
}

pub(crate) async fn discard(
    State(db): State<Db>,
    Path(job_id): Path<JobId>,
    posted: Posted,
) -> Result<Response, Fault> {
    decide(&db, &posted, job_id, Decision::Discard).await
}

/// Tries again whatever gave up for one reason: the reason is fixed once, and so are they all.
pub(crate) async fn retry_all(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut tx = db.begin().await.map_err(shared::db::Error::from)?;
    repair::retry_for_reason(&mut tx, &posted.admin.caller, posted.fields.raw("reason"), clock::now()).await?;
    tx.commit().await.map_err(shared::db::Error::from)?;
    Ok(Redirect::to(PATH).into_response())
}

#[derive(Clone, Copy, Debug)]
enum Decision {
    Retry,
    Discard,
}

async fn decide(db: &Db, posted: &Posted, job_id: JobId, decision: Decision) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut tx = db.begin().await.map_err(shared::db::Error::from)?;
    let action = match decision {
        Decision::Retry => {
            repair::retry(&mut tx, job_id).await?;
            "job.retry"
        }
        Decision::Discard => {
            repair::discard(&mut tx, job_id).await?;
            "job.discard"
        }
    };
    let (object, nothing) = (format!("job:{job_id}"), serde_json::json!({}));
    audit::insert_entry(&mut *tx, &posted.admin.caller, action, Some(&object), &nothing, clock::now()).await?;
    tx.commit().await.map_err(shared::db::Error::from)?;
    Ok(Redirect::to(PATH).into_response())
}

/// Asks once more: what is discarded does not come back.
pub(crate) async fn confirm_discard(admin: Admin, Path(job_id): Path<JobId>) -> Result<Markup, Fault> {
    admin.require_manage()?;
    Ok(page(
        &admin,
        Place::Jobs,
        "Discard a job",
        html! {
            div.stack {
                div.head { div { h1 { "Discard this job?" } p { "It will not be tried again. The session keeps its transcript, and keeps saying why it needs a person." } } }
                form.row method="post" action={ (PATH) "/" (job_id) "/discard" } {
                    (csrf(&admin))
                    button.btn.danger { "Discard" }
                    a.btn href=(PATH) { "Keep it" }
                }
            }
        },
    ))
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    page(
        admin,
        Place::Jobs,
        "Jobs",
        html! {
            div.stack {
                div.head { div { h1 { "Jobs" } p { "Work that runs after calls. A job is tried twelve times before it asks for a person." } } }
                section.card aria-label="Totals" { dl.kpis.four { (totals(data)) } }
                (reasons(admin, data))
                nav.views aria-label="Jobs by state" {
                    @for (state, words) in STATES {
                        a href=(link::to(PATH, &[("state", state)])) aria-current=[(state == data.state).then_some("page")] { (words) }
                    }
                }
                div.card id="jobs" { (job_table(admin, data)) }
            }
        },
    )
}

fn totals(data: &Data) -> Markup {
    let total = |states: &[&str]| -> i64 {
        data.counts.iter().filter(|count| states.contains(&count.state.as_str())).map(|count| count.n).sum()
    };
    let given_up = total(&["needs_attention"]);
    let kpi =
        |name: &str, value: Markup, below: &str| html! { div.kpi { dt { (name) } dd.v { (value) } dd.d { (below) } } };
    html! {
        (kpi("Waiting", html! { (figures::count(total(&["ready", "sent"]))) }, "to be run, or to be tried again"))
        (kpi("Running", html! { (figures::count(total(&["running"]))) }, "held by a worker now"))
        (kpi("Oldest wait", html! { @match data.oldest_wait_seconds {
            Some(seconds) => (figures::wait(seconds as i64)),
            None => "–",
        } }, "of those that could have run by now"))
        (kpi("Gave up", html! { @if given_up > 0 { span.bad { (figures::count(given_up)) } } @else { "0" } }, "need a decision"))
    }
}

/// The jobs that gave up, by reason, each with one button for all.
fn reasons(admin: &Admin, data: &Data) -> Markup {
    let mut by_reason = std::collections::BTreeMap::<&str, i64>::new();
    for job in data.jobs.iter().filter(|job| job.is_given_up()) {
        *by_reason.entry(job.last_error.as_deref().unwrap_or_default()).or_default() += 1;
    }
    html! {
        @if admin.may_manage() && by_reason.values().any(|n| *n > 1) {
            section.card aria-labelledby="reasons" {
                header { h2 id="reasons" { "By reason" } }
                ul.list { @for (reason, n) in by_reason {
                    li.row {
                        span.grow { b { (figures::counted(n, "job", "jobs")) } " " @if reason.is_empty() { "without a reason" } @else { (reason) } }
                        form method="post" action={ (PATH) "/retry-all" } {
                            (csrf(admin))
                            input type="hidden" name="reason" value=(reason);
                            button.btn.small { (icon_small("rotate-cw")) "Retry all" span.vh { ": " (reason) } }
                        }
                    }
                } }
            }
        }
    }
}

const COLUMNS: [Column; 6] =
    [("Job", ""), ("State", ""), ("Attempts", "num"), ("When", ""), ("Last error", ""), ("", "")];

fn job_table(admin: &Admin, data: &Data) -> Markup {
    if data.jobs.is_empty() {
        return if data.state == "needs_attention" {
            empty("circle-check", "No failed jobs", "Jobs that gave up wait here for a decision.", html! {})
        } else {
            empty("layers", "Nothing here", "No job is in this state right now.", html! {})
        };
    }
    table("Jobs", &COLUMNS, &html! { @for job in &data.jobs { (job_row(admin, job)) } })
}

fn job_row(admin: &Admin, job: &JobItem) -> Markup {
    row(&html! {
        (cell("", html! { span.two {
            b.main { (kind_words(&job.kind)) }
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
mod tests {
    use shared::access::Role;

    use super::*;

    fn given_up(n: u128, reason: &str) -> JobItem {
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

    fn shown(role: Role, jobs: Vec<JobItem>) -> String {
        let data = Data { state: "needs_attention", counts: Vec::new(), oldest_wait_seconds: None, jobs };
        render(&Admin::sample(role), &data).into_string()
    }

    #[test]
    fn a_job_that_gave_up_says_why_and_offers_a_decision_to_admins() {
        let job = || vec![given_up(1, "the key was refused")];
        let admin = shown(Role::Admin, job());
        assert!(admin.contains("the key was refused") && admin.contains("12 of 12"));
        assert!(admin.contains("/retry") && admin.contains("/discard"));
        let tutor = shown(Role::Tutor, job());
        assert!(!tutor.contains("/retry") && !tutor.contains("/discard"));
    }

    #[test]
    fn jobs_of_one_reason_are_retried_together() {
        let jobs =
            vec![given_up(1, "the key was refused"), given_up(2, "the key was refused"), given_up(3, "no words")];
        let shown = shown(Role::Admin, jobs);
        assert!(shown.contains("2 jobs") && shown.contains(r#"name="reason" value="the key was refused""#), "{shown}");
    }

    #[test]
    fn no_failed_job_is_said_plainly() {
        assert!(shown(Role::Admin, Vec::new()).contains("No failed jobs"));
    }
}
