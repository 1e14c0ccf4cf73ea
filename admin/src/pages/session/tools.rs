//! The tools that the assistant called during the call.

use maud::{Markup, html};

use super::Data;
use crate::figures;
use crate::parts::table::{Column, cell, row, table};
use crate::parts::tool_call::outcome_badge;

const COLUMNS: [Column; 4] = [("At", ""), ("Tool", ""), ("Time", "num"), ("Result", "")];

pub(super) fn card(data: &Data) -> Markup {
    let calls = &data.tool_calls;
    let n_failed = calls.iter().filter(|call| call.outcome != "ok").count();
    let began_at = data.session.started_at.unwrap_or(data.session.created_at);
    let rows = html! { @for call in calls { (row(&html! {
        (cell("nowrap faint", html! { (figures::length((call.at - began_at).num_seconds().max(0))) }))
        (cell("", html! { code { (call.tool) } }))
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
        }];
        let shown = card(&data).into_string();
        assert!(shown.contains("3:09") && shown.contains("84 ms") && shown.contains("Timed out"), "{shown}");
        assert!(shown.contains("1 made, 1 without an answer"));
    }
}
