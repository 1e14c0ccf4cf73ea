//! The tools that the assistant called during the call.

use maud::{Markup, html};

use storage::student_context::{Cause, Reason, SkillChoice};

use super::Data;
use crate::figures;
use crate::parts::table::{Column, cell, row, table};
use crate::parts::tool_call::outcome_badge;

const COLUMNS: [Column; 4] = [("At", ""), ("Tool", ""), ("Time", "num"), ("Result", "")];

/// Renders why the tool chose each skill, with what was known then.
fn why(choices: &[SkillChoice]) -> Markup {
    html! { @if !choices.is_empty() { details {
        summary { "Why this was asked" }
        ul { @for choice in choices { li {
            (choice.skill) ": " (cause(&choice.reason)) ". " span.faint {
                (known(&choice.reason))
                @if let Some(id) = &choice.question_id { ". Question " code { (id) } }
            }
        } } }
    } } }
}

fn cause(reason: &Reason) -> String {
    let day =
        |before: &str| reason.on_date.map_or_else(String::new, |day| format!("{before}{}", day.format("%-d %B %Y")));
    match reason.cause {
        Cause::Test => format!("for the next test{}", day(" on ")),
        Cause::Goal => format!("for the student's goal{}", day(" by ")),
        Cause::Asked => "the student asked for it".to_owned(),
        Cause::Promised => "promised in the last call".to_owned(),
        Cause::Misconception => "to clear up a misconception".to_owned(),
        Cause::Prerequisite => {
            format!("weak, and needed for {}", reason.needed_by.as_deref().unwrap_or("a later skill"))
        }
        Cause::Due => format!("due for practice{}", day(" on ")),
        Cause::New => "new, and its prerequisites are known".to_owned(),
        Cause::Named => "the assistant named the skill".to_owned(),
        Cause::Continued => "the question before was about it".to_owned(),
    }
}

/// What was known of the skill when it was chosen.
fn known(reason: &Reason) -> String {
    let Some(mastery) = reason.mastery else { return "No answers were known".to_owned() };
    let sure = match reason.uncertainty {
        ..0.36 => "sure",
        ..0.75 => "fairly sure",
        _ => "unsure",
    };
    let (n, percent) = (reason.n_evidence, mastery * 100.0);
    let answers = if n == 1 { "answer" } else { "answers" };
    format!("Known then: {}, {percent:.0} percent, {sure}, from {n} {answers}", reason.state.as_str())
}

pub(super) fn card(data: &Data) -> Markup {
    let calls = &data.tool_calls;
    let n_failed = calls.iter().filter(|call| call.outcome != "ok").count();
    let began_at = data.session.started_at.unwrap_or(data.session.created_at);
    let rows = html! { @for call in calls { (row(&html! {
        (cell("nowrap faint", html! { (figures::length((call.at - began_at).num_seconds().max(0))) }))
        (cell("", html! { code { (call.tool) } (why(&call.choices)) }))
        (cell("num hide", html! { (figures::quick(call.duration_us as f64)) }))
        (cell("end", outcome_badge(&call.outcome)))
    })) } };
    html! {
        section.card aria-labelledby="tools" {
            header {
                h2 id="tools" { "Tool calls" }
                p {
                    @if calls.is_empty() { "None recorded for this call" }
                    @else if n_failed == 0 { (calls.len()) " made, all answered" }
                    @else { (calls.len()) " made, " (n_failed) " without an answer" }
                }
            }
            @if !calls.is_empty() { (table("Tool calls", &COLUMNS, &rows)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::id::ToolCallId;
    use storage::tool_call::ToolCall;

    use super::*;

    #[test]
    fn the_reason_of_a_question_is_told_in_plain_words() {
        let choice: SkillChoice = serde_json::from_value(serde_json::json!({
            "skill_id": "maths.a", "skill": "Halves", "question_id": "maths.a/1", "reason": {
                "cause": "prerequisite", "state": "learning", "mastery": 0.42, "uncertainty": 0.97, "n_evidence": 3,
                "needed_by": "Fractions",
            },
        }))
        .unwrap();
        let shown = why(&[choice]).into_string();
        assert!(
            shown.contains("Why this was asked") && shown.contains("Halves: weak, and needed for Fractions"),
            "{shown}"
        );
        assert!(shown.contains("Known then: learning, 42 percent, unsure, from 3 answers"), "{shown}");
        assert!(why(&[]).into_string().is_empty());
    }

    #[test]
    fn a_tool_call_stands_at_its_minute_of_the_call() {
        let mut data = super::super::tests::data(None);
        assert!(card(&data).into_string().contains("None recorded"));
        data.tool_calls = vec![ToolCall {
            tool_call_id: ToolCallId(uuid::Uuid::from_u128(1)),
            at: "2026-11-19T21:15:13Z".parse().unwrap(),
            tool: "log_answer".to_owned(),
            client_id: "vapi".to_owned(),
            call_id: Some("call-9".to_owned()),
            outcome: "timed_out".to_owned(),
            duration_us: 84_200,
            request_bytes: 10,
            response_bytes: 20,
            choices: Vec::new(),
        }];
        let shown = card(&data).into_string();
        assert!(shown.contains("3:09") && shown.contains("84 ms") && shown.contains("Timed out"), "{shown}");
        assert!(shown.contains("1 made, 1 without an answer"));
    }
}
