//! The timeline of a session.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use queue::list::JobItem;
use storage::tool_call::ToolCall;

use super::Data;
use crate::figures;
use crate::pages::jobs::{kind_words, state_words};
use crate::parts::tool_call::outcome_words;
use crate::viewer::Viewer;

struct Step {
    at: DateTime<Utc>,
    class: &'static str,
    what: String,
    more: Markup,
}

pub(super) fn card(viewer: &Viewer, data: &Data) -> Markup {
    html! {
        section.card aria-labelledby="timeline" {
            header { h2 id="timeline" { "Timeline" } }
            div.body { ol.tl { @for step in steps(data) {
                li {
                    (viewer.clock(step.at))
                    span class={ "dot " (step.class) } aria-hidden="true" {}
                    span { (step.what) small { (step.more) } }
                }
            } } }
        }
    }
}

/// Returns all steps with a known time, in order.
fn steps(data: &Data) -> Vec<Step> {
    let session = &data.session;
    let step = |at: Option<DateTime<Utc>>, class, what: &str, more| {
        at.map(|at| Step { at, class, what: what.to_owned(), more })
    };
    let reason = html! { @if let Some(reason) = &session.ended_reason { code { (reason) } } };
    let of_call = [
        step(session.started_at, "", "Call began", html! {}),
        step(session.ended_at, "", "Call ended", reason),
        step(session.analyzed_at, "good", "Analysed", html! { "Mastery and student context updated" }),
    ];
    let of_jobs = data.jobs.iter().map(|job| Some(job_step(job)));
    let of_tools = data.tool_calls.iter().map(|call| Some(tool_step(call)));
    let mut steps: Vec<Step> = of_call.into_iter().chain(of_jobs).chain(of_tools).flatten().collect();
    steps.sort_by_key(|step| step.at);
    steps
}

fn tool_step(call: &ToolCall) -> Step {
    let class = if call.outcome == "ok" { "" } else { "bad" };
    let more = html! { (outcome_words(&call.outcome)) ", " (figures::quick(call.duration_us as f64)) };
    Step { at: call.at, class, what: call.tool.clone(), more }
}

fn job_step(job: &JobItem) -> Step {
    let class = match &job.state[..] {
        "done" => "good",
        "needs_attention" => "bad",
        _ => "",
    };
    let more = html! {
        (state_words(&job.state))
        @if job.attempts > 1 { ", attempt " (job.attempts) " of " (job.max_attempts) }
        @if let Some(error) = &job.last_error { ": " (error) }
    };
    Step { at: job.finished_at.unwrap_or(job.created_at), class, what: kind_words(&job.kind).to_owned(), more }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stand_in_the_order_in_which_they_happened() {
        let data = super::super::tests::data(None);
        let shown = card(&Viewer::sample(), &data).into_string();
        let place = |what| shown.find(what).unwrap();
        assert!(place("Call began") < place("Call ended") && place("Call ended") < place("Analysed"));
        assert!(shown.contains("15:12:04") && shown.contains("customer-ended-call"));
    }
}
