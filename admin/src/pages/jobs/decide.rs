//! Retrying or discarding failed jobs. A page asks for a confirmation before many jobs change or one is discarded.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use queue::retry::{self, Alike};
use storage::clock;
use storage::db::{self, Db};
use storage::id::JobId;

use super::{Filter, PATH, alike, kind_words};
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::Place;
use crate::link;
use crate::parts::question::{Question, question};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Retry,
    Discard,
}

impl Decision {
    fn find(word: &str) -> Result<Self, Fault> {
        match word {
            "retry" => Ok(Self::Retry),
            "discard" => Ok(Self::Discard),
            _ => Err(Fault::NotFound("page")),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Discard => "discard",
        }
    }

    fn button(self) -> &'static str {
        match self {
            Self::Retry => "Retry",
            Self::Discard => "Discard",
        }
    }

    /// Returns the consequence, for the confirmation page.
    fn means(self) -> &'static str {
        match self {
            Self::Retry => "Each starts again with all of its attempts. If the cause is not fixed, it fails again.",
            Self::Discard => {
                "They will not be tried again. The sessions keep their transcripts, and stay marked as needing a person."
            }
        }
    }

    /// Redirects to the list, which shows the result.
    fn done(self, n: i64) -> Response {
        let name = if self == Self::Retry { "retried" } else { "discarded" };
        Redirect::to(&link::to(PATH, &[(name, &n.to_string())])).into_response()
    }
}

pub(crate) async fn retry(State(db): State<Db>, Path(job_id): Path<JobId>, posted: Posted) -> Result<Response, Fault> {
    one(&db, &posted, job_id, Decision::Retry).await
}

pub(crate) async fn discard(
    State(db): State<Db>,
    Path(job_id): Path<JobId>,
    posted: Posted,
) -> Result<Response, Fault> {
    one(&db, &posted, job_id, Decision::Discard).await
}

async fn one(db: &Db, posted: &Posted, job_id: JobId, decision: Decision) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut act = Act::begin(db, &posted.admin).await?;
    let action = match decision {
        Decision::Retry => {
            retry::retry(&mut act, job_id).await?;
            "job.retry"
        }
        Decision::Discard => {
            retry::discard(&mut act, job_id).await?;
            "job.discard"
        }
    };
    act.commit(action, Some(format!("job:{job_id}")), serde_json::json!({})).await?;
    Ok(decision.done(1))
}

/// Asks for a confirmation, because a discarded job cannot be restored.
pub(crate) async fn confirm_discard(admin: Admin, Path(job_id): Path<JobId>) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let action = format!("{PATH}/{job_id}/discard");
    let text = "It will not be tried again. The session keeps its transcript, and stays marked as needing a person.";
    Ok(ask(&admin, "Discard this job?", text, &action, Decision::Discard, "Cancel", html! {}))
}

/// Asks for a confirmation with the number of jobs.
pub(crate) async fn confirm_alike(
    admin: Admin,
    State(db): State<Db>,
    Path(word): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let decision = Decision::find(&word)?;
    let until = admin.viewer.now;
    let n = retry::count_alike(&db, &alike_of(&filter, until)?).await?;
    Ok(render_alike(&admin, decision, &filter, n))
}

fn render_alike(admin: &Admin, decision: Decision, filter: &Filter, n: i64) -> Markup {
    let title = format!("{} {}?", decision.button(), figures::counted(n, "job", "jobs"));
    let reason = if filter.reason == super::filter::NO_REASON { "no reason given" } else { &filter.reason };
    let of_kind = if filter.kind.is_empty() { "of all kinds" } else { kind_words(&filter.kind) };
    let text = format!("Failed with this reason: {reason} ({of_kind}). {}", decision.means());
    // Jobs that fail while the page is open are not included.
    let until = admin.viewer.now.timestamp_micros();
    let hidden = html! {
        input type="hidden" name="reason" value=(filter.reason);
        input type="hidden" name="kind" value=(filter.kind);
        input type="hidden" name="until" value=(until);
    };
    ask(admin, &title, &text, &format!("{}/{}", alike::PATH, decision.word()), decision, "Cancel", hidden)
}

pub(crate) async fn all_alike(
    State(db): State<Db>,
    Path(word): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let decision = Decision::find(&word)?;
    let (fields, caller, now) = (&posted.fields, &posted.admin.caller, clock::now());
    let filter =
        Filter { reason: fields.raw("reason").to_owned(), kind: fields.raw("kind").to_owned(), ..Filter::default() };
    let until = fields.raw("until").parse().ok().and_then(DateTime::from_timestamp_micros);
    let until =
        until.ok_or_else(|| Fault::Invalid("The form is damaged. Reload the page and try again.".to_owned()))?;
    let alike = alike_of(&filter, until)?;
    let mut tx = db::begin(&db).await?;
    let n = match decision {
        Decision::Retry => retry::retry_alike(&mut tx, caller, &alike, now).await?,
        Decision::Discard => retry::discard_alike(&mut tx, caller, &alike, now).await?,
    };
    db::commit(tx).await?;
    Ok(decision.done(n))
}

fn alike_of(filter: &Filter, until: DateTime<Utc>) -> Result<Alike<'_>, Fault> {
    let reason = filter.reason()?.ok_or_else(|| Fault::Invalid("Choose the reason of the jobs.".to_owned()))?;
    Ok(Alike { reason, kind: filter.kind()?, until })
}

fn ask(admin: &Admin, title: &str, text: &str, action: &str, decision: Decision, keep: &str, hidden: Markup) -> Markup {
    let class = if decision == Decision::Discard { "btn danger" } else { "btn primary" };
    let asked = Question { title, text, action, button: (class, decision.button()), keep: (PATH, keep) };
    question(admin, Place::Jobs, &asked, &hidden)
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn a_decision_on_many_says_how_many_and_is_not_about_later_ones() {
        let filter = Filter { reason: "the key was refused".to_owned(), ..Filter::default() };
        let admin = Admin::sample(Role::Admin);
        let shown = render_alike(&admin, Decision::Discard, &filter, 1_250).into_string();
        assert!(shown.contains("Discard 1,250 jobs?") && shown.contains("the key was refused"), "{shown}");
        assert!(shown.contains(r#"action="/jobs/alike/discard""#));
        assert!(shown.contains(&format!(r#"name="until" value="{}""#, admin.viewer.now.timestamp_micros())));
        assert!(alike_of(&Filter::default(), admin.viewer.now).is_err(), "never all of them at once");
    }
}
