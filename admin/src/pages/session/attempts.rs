//! The history of the analysis: jobs, model calls, and earlier results compared with the current one.

use maud::{Markup, html};
use queue::list::JobItem;
use storage::analysis::{Analysis, Findings};
use storage::model_call::ModelCallItem;

use super::Data;
use crate::figures;
use crate::pages::jobs::{kind_words, state_words};
use crate::parts::icon::icon_small;
use crate::viewer::Viewer;

/// Renders the jobs of the analysis and each model call.
pub(super) fn section(viewer: &Viewer, data: &Data) -> Markup {
    let jobs: Vec<&JobItem> =
        data.jobs.iter().filter(|job| matches!(&job.kind[..], "analyze_session" | "enrich_analysis")).collect();
    html! {
        @if !jobs.is_empty() || !data.model_calls.is_empty() {
            div.sec {
                h3 { "Attempts" }
                ul.attempts {
                    @for job in jobs { (job_line(viewer, job)) }
                    @for call in &data.model_calls { (call_line(viewer, call)) }
                }
            }
        }
    }
}

fn job_line(viewer: &Viewer, job: &JobItem) -> Markup {
    let mark = match &job.state[..] {
        "done" => "circle-check",
        "needs_attention" | "discarded" => "circle-alert",
        _ => "loader-circle",
    };
    html! { li {
        (icon_small(mark))
        span {
            (kind_words(&job.kind)) ": " (state_words(&job.state))
            small { " Attempt " (job.attempts) " of " (job.max_attempts)
                @if job.state == "ready" && job.attempts > 0 { ", next attempt at " (viewer.clock(job.run_at)) } }
            @if let Some(error) = &job.last_error { br; code { (error) } }
        }
        (viewer.clock(job.finished_at.unwrap_or(job.created_at)))
    } }
}

fn call_line(viewer: &Viewer, call: &ModelCallItem) -> Markup {
    let is_ok = call.outcome == "ok";
    let tokens = i64::from(call.input_tokens) + i64::from(call.output_tokens);
    html! { li {
        (icon_small(if is_ok { "circle-check" } else { "circle-alert" }))
        span {
            code { (call.model) } @if is_ok { " answered" } @else { ": " (call.outcome) }
            small {
                " In " (figures::quick(f64::from(call.duration_ms) * 1000.0)) ", " (figures::counted(tokens, "token", "tokens"))
                @if let Some(cost) = call.cost_microusd { ", " (figures::fine_dollars(cost)) }
                ", prompt " (call.prompt_version)
            }
        }
        (viewer.clock(call.at))
    } }
}

/// Renders earlier results and what has changed since.
pub(super) fn earlier(viewer: &Viewer, data: &Data) -> Markup {
    html! {
        @if let (Some(now), false) = (&data.analysis, data.earlier.is_empty()) {
            div.sec {
                h3 { "Earlier results" span.aside { (data.earlier.len()) } }
                @for then in &data.earlier {
                    details.data {
                        summary { (icon_small("chevron-right")) (then.analyser) " " (then.analyser_version) ", " (viewer.time(then.created_at)) }
                        (compared(then, now))
                    }
                }
            }
        }
    }
}

fn compared(then: &Analysis, now: &Analysis) -> Markup {
    let figures = |findings: &Findings| {
        let n_evidence: usize = findings.skills.iter().map(|skill| skill.evidence.len()).sum();
        let counted = &findings.figures;
        [
            ("Skills", findings.skills.len()),
            ("Judged answers", n_evidence),
            ("Right", counted.n_answers_correct as usize),
            ("Right without help", counted.n_answers_correct_unaided as usize),
            ("Undecided", counted.n_answers_undecided as usize),
            ("Misconceptions", findings.misconceptions.len()),
            ("To be read by a person", findings.safety_flags.len()),
        ]
    };
    html! {
        p.sm { (then.findings.summary) }
        table {
            thead { tr { th scope="col" { "" } th.num scope="col" { "Then" } th.num scope="col" { "Now" } } }
            tbody { @for ((name, old), (_, new)) in figures(&then.findings).into_iter().zip(figures(&now.findings)) {
                tr { th scope="row" { (name) } td.num { (old) } td.num { @if old == new { (new) } @else { b { (new) } } } }
            } }
        }
        p.sm.faint { (then.findings.judged_by) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_to_a_model_says_what_it_cost_and_how_it_went() {
        let mut data = super::super::tests::data(None);
        let call = |outcome: &str| ModelCallItem {
            at: "2026-11-19T21:31:00Z".parse().unwrap(),
            model: "small".to_owned(),
            prompt_version: "4".to_owned(),
            outcome: outcome.to_owned(),
            input_tokens: 9_000,
            output_tokens: 214,
            cost_microusd: Some(1_900),
            duration_ms: 41_000,
        };
        data.model_calls = vec![call("timed out"), call("ok")];
        let shown = section(&Viewer::sample(), &data).into_string();
        assert!(shown.contains("timed out") && shown.contains("answered") && shown.contains("41.0 s"), "{shown}");
        assert!(shown.contains("9,214 tokens") && shown.contains("$0.0019") && shown.contains("15:31:00"));
    }
}
