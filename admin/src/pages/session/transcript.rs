//! The transcript: turns, silences and tool calls in order. Long stretches without evidence are folded.

use maud::{Markup, html};
use storage::analysis::Findings;
use storage::session::SessionStatus;
use storage::student::first_name;
use storage::tool_call::ToolCall;
use storage::transcript::Turn;

use super::Data;
use crate::auth::Admin;
use crate::figures;
use crate::parts::answer::{self, From};
use crate::parts::empty::empty;
use crate::parts::icon::icon_small;
use crate::parts::tool_call::outcome_badge;
use crate::parts::turn::{self, Seen};

/// The shortest silence between two turns that is shown.
const SILENCE_MS: i32 = 5_000;
/// A transcript with fewer turns is shown whole.
const LONG: usize = 60;
/// Stretches of this many turns without findings are folded, except for a few turns at both ends.
const FOLDABLE: usize = 12;
const KEPT_AT_ENDS: usize = 2;

enum Line<'a> {
    Turn(&'a Turn, Seen<'a>),
    Silence(i32),
    Tool(&'a ToolCall, i64),
}

impl Line<'_> {
    /// Whether it may be folded: the analysis found nothing in it.
    fn is_quiet(&self) -> bool {
        matches!(self, Self::Turn(_, seen) if seen.class().is_none()) || matches!(self, Self::Silence(_))
    }
}

pub(super) fn card(admin: &Admin, data: &Data) -> Markup {
    let findings = data.analysis.as_ref().map(|analysis| &analysis.findings);
    let student = data.student.as_ref().map_or("Student", |student| first_name(&student.display_name));
    let lines = lines(data, findings);
    html! {
        section.card.transcript aria-labelledby="transcript" {
            header {
                h2 id="transcript" { "Transcript" }
                p { (figures::counted(data.turns.len() as i64, "turn", "turns")) }
                @if !data.turns.is_empty() { (tools(findings)) }
            }
            @if data.is_speech_removed {
                div.body { p.muted { "There is no consent to keep transcripts. The transcript was deleted after the analysis. The results are kept." } }
            } @else if data.turns.is_empty() {
                (no_turns(data.session.status))
            } @else {
                ol.turns { @for fold in folded(&lines, data.turns.len()) {
                    @if fold.is_folded { (hidden(admin, data, fold.lines, student)) } @else { (shown(admin, data, fold.lines, student)) }
                } }
                footer {
                    span { "Speech is transcribed by machine and can be wrong." }
                    @if admin.may_write() { a.link href={ "/sessions/" (data.session.session_id) "/transcript.txt" } { "As plain text" } }
                }
            }
        }
    }
}

/// Returns all events of the call, in order.
fn lines<'a>(data: &'a Data, findings: Option<&'a Findings>) -> Vec<Line<'a>> {
    let began_at = data.session.started_at.unwrap_or(data.session.created_at);
    let mut tools =
        data.tool_calls.iter().map(|call| (call, (call.at - began_at).num_milliseconds().max(0))).peekable();
    let mut lines = Vec::with_capacity(data.turns.len());
    let mut quiet_since: Option<i32> = None;
    for said in &data.turns {
        while let Some((call, at_ms)) = tools.next_if(|(_, at_ms)| *at_ms <= i64::from(said.offset_ms)) {
            lines.push(Line::Tool(call, at_ms / 1000));
        }
        let silence = quiet_since.map_or(0, |since| said.offset_ms - since);
        if silence >= SILENCE_MS {
            lines.push(Line::Silence(silence / 1000));
        }
        // If the end of a turn is unknown, so is the silence after it.
        quiet_since = said.duration_ms.map(|duration| said.offset_ms.saturating_add(duration));
        lines.push(Line::Turn(said, Seen::of_turn(findings, said.turn_no)));
    }
    lines.extend(tools.map(|(call, at_ms)| Line::Tool(call, at_ms / 1000)));
    lines
}

struct Fold<'a, 'b> {
    lines: &'b [Line<'a>],
    is_folded: bool,
}

/// Separates long stretches without findings. All parts together are the whole transcript, in order.
fn folded<'a, 'b>(lines: &'b [Line<'a>], n_turns: usize) -> Vec<Fold<'a, 'b>> {
    if n_turns < LONG {
        return vec![Fold { lines, is_folded: false }];
    }
    let mut folds = Vec::new();
    for run in lines.chunk_by(|a, b| a.is_quiet() == b.is_quiet()) {
        if run[0].is_quiet() && run.len() >= FOLDABLE {
            let (head, rest) = run.split_at(KEPT_AT_ENDS);
            let (middle, tail) = rest.split_at(rest.len() - KEPT_AT_ENDS);
            folds.extend(
                [(head, false), (middle, true), (tail, false)].map(|(lines, is_folded)| Fold { lines, is_folded }),
            );
        } else {
            folds.push(Fold { lines: run, is_folded: false });
        }
    }
    folds
}

fn shown(admin: &Admin, data: &Data, lines: &[Line<'_>], student: &str) -> Markup {
    html! { @for line in lines { @match line {
        Line::Turn(said, seen) => (turn::turn(said, student, seen, &marked(admin, data, said.turn_no))),
        Line::Silence(seconds) => li.turn.pause-row { span.at {} span.sp {} span.pause { "Silence, " (figures::wait((*seconds).into())) } },
        Line::Tool(call, at) => li.tool {
            span.at { (figures::length(*at)) }
            div.call { (icon_small("wrench")) code { (call.tool) } (outcome_badge(&call.outcome)) span { (figures::quick(call.duration_us as f64)) } }
        },
    } } }
}

/// Renders the marks below a turn: who changed them, and the form to change them.
fn marked(admin: &Admin, data: &Data, turn_no: i32) -> Markup {
    html! {
        @for answer in data.answers.iter().filter(|answer| answer.turn_no == turn_no) {
            @if answer.verdict.is_none() { (answer::mark(answer)) }
            (answer::changed(admin, answer))
            (answer::form(admin, answer, From::Transcript))
        }
    }
}

fn hidden(admin: &Admin, data: &Data, lines: &[Line<'_>], student: &str) -> Markup {
    let turns = || lines.iter().filter_map(|line| if let Line::Turn(said, _) = line { Some(*said) } else { None });
    let at = |turn: Option<&Turn>| turn.map(|turn| turn::at(turn.offset_ms)).unwrap_or_default();
    html! {
        li.fold { details {
            summary.btn.small { (icon_small("chevrons-up-down")) (turns().count()) " turns, " (at(turns().next())) " to " (at(turns().next_back())) }
            ol { (shown(admin, data, lines, student)) }
        } }
    }
}

fn tools(findings: Option<&Findings>) -> Markup {
    html! {
        div.actions.find-in {
            @if findings.is_some() {
                span.check { input type="checkbox" id="only-ev"; label for="only-ev" { "Only evidence" } }
            }
            span.js-only.row {
                label.vh for="find-turn" { "Find in transcript" }
                input.input.small id="find-turn" type="search" placeholder="Find in transcript" autocomplete="off";
                span.faint id="find-n" role="status" {}
            }
        }
    }
}

fn no_turns(status: SessionStatus) -> Markup {
    let text = match status {
        SessionStatus::InProgress => "The transcript comes with the report at the end of the call.",
        SessionStatus::Received | SessionStatus::Analyzing => "The report has arrived and is being read.",
        SessionStatus::Analyzed | SessionStatus::NeedsAttention => "The report of this call has no transcript.",
    };
    empty("message-square", "Nothing was said yet", text, html! {})
}

#[cfg(test)]
mod tests {
    use storage::transcript::Speaker;

    use super::*;

    fn long(n: i32) -> Data {
        let mut data = super::super::tests::data(None);
        data.turns = (0..n)
            .map(|turn_no| Turn {
                turn_no,
                speaker: Speaker::Tutor,
                text: format!("words {turn_no}"),
                offset_ms: turn_no * 4_000,
                duration_ms: Some(1_000),
            })
            .collect();
        data
    }

    #[test]
    fn a_long_transcript_is_folded_and_loses_no_turn() {
        let shown = card(&Admin::sample(storage::access::Role::Tutor), &long(100)).into_string();
        assert!(shown.contains("96 turns, 0:08 to 6:28"), "{shown}");
        for n in 0..100 {
            assert_eq!(shown.matches(&format!("id=\"t{n}\"")).count(), 1, "turn {n}");
        }
        assert!(!card(&Admin::sample(storage::access::Role::Tutor), &long(20)).into_string().contains("<details"));
    }

    #[test]
    fn a_silence_is_told_where_the_end_of_the_turn_before_is_known() {
        let mut data = long(2);
        data.turns[1].offset_ms = 10_000;
        assert!(card(&Admin::sample(storage::access::Role::Tutor), &data).into_string().contains("Silence, 9 s"));
        data.turns[0].duration_ms = None;
        assert!(!card(&Admin::sample(storage::access::Role::Tutor), &data).into_string().contains("Silence"));
    }
}
