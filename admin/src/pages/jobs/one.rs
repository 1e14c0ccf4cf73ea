//! One job: what it is, when it runs, and how each attempt failed.

use axum::extract::{Path, State};
use maud::{Markup, html};
use queue::list::{self, Failed, JobItem};
use storage::db::Db;
use storage::id::JobId;

use super::{PATH, kind_words, state_badge};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, page};
use crate::parts::csrf;
use crate::parts::table::{Column, cell, row, table};

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Path(job_id): Path<JobId>) -> Result<Markup, Fault> {
    admin.require_all()?;
    let (job, failed) = list::get_job(&db, job_id).await?;
    Ok(render(&admin, &job, &failed))
}

fn render(admin: &Admin, job: &JobItem, failed: &[Failed]) -> Markup {
    const COLUMNS: [Column; 3] = [("Attempt", "num"), ("When", ""), ("Error", "")];
    let viewer = &admin.viewer;
    let rows = html! { @for of in failed { (row(&html! {
        (cell("num", html! { span.lbl { "Attempt" } (of.attempt) }))
        (cell("nowrap muted end", viewer.time(of.at)))
        (cell("full", html! { (of.error) }))
    })) } };
    let is_waiting = job.state == "ready" && job.run_at > viewer.now;
    page(
        admin,
        Place::Jobs,
        kind_words(&job.kind),
        html! {
            div.stack {
                div.head {
                    div {
                        h1 { (kind_words(&job.kind)) }
                        p { "Asked for " (viewer.time(job.created_at)) ". " (figures::counted(job.attempts.into(), "attempt", "attempts")) " of " (job.max_attempts) "." }
                    }
                    div.actions {
                        @if let Some(session_id) = job.session_id { a.btn href={ "/sessions/" (session_id) } { "Open the session" } }
                        @if admin.may_manage() && job.is_given_up() {
                            form method="post" action={ (PATH) "/" (job.job_id) "/retry" } { (csrf(admin)) button.btn.primary { "Retry" } }
                            a.btn.danger href={ (PATH) "/" (job.job_id) "/discard" } { "Discard" }
                        }
                    }
                }
                p { (state_badge(&job.state))
                    @if let Some(at) = job.finished_at { " Finished " (viewer.time(at)) "." }
                    @if is_waiting { " Next try " (viewer.time(job.run_at)) "." }
                }
                section.card aria-labelledby="failed" {
                    header { h2 id="failed" { "Failed attempts" } @if !failed.is_empty() { p { "The latest first" } } }
                    @if failed.is_empty() { div.body { p.muted {
                        @if let Some(error) = &job.last_error { "Last error: " (error) } @else { "None." }
                    } } } @else { (table("Failed attempts", &COLUMNS, &rows)) }
                }
                details.data {
                    summary { "Technical" }
                    p.sm { "Job " code { (job.job_id) } ", kind " code { (job.kind) } }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;
    use crate::pages::jobs::tests::given_up;

    #[test]
    fn each_failed_attempt_is_shown_and_only_admins_decide() {
        let at = "2026-11-19T21:12:04Z".parse().unwrap();
        let job = given_up(1, "the key was refused");
        let failed = |attempt, error: &str| Failed { at, attempt, error: error.to_owned() };
        let failed = [failed(12, "the key was refused"), failed(11, "it did not <answer>")];
        let shown = render(&Admin::sample(Role::Admin), &job, &failed).into_string();
        assert!(shown.contains("12 attempts of 12") && shown.contains("it did not &lt;answer&gt;"), "{shown}");
        assert!(
            shown.contains("/retry")
                && !render(&Admin::sample(Role::Tutor), &job, &[]).into_string().contains("/retry")
        );
    }
}
