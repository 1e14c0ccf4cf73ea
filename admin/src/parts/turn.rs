//! One turn of a transcript, with the findings of the analysis.

use maud::{Markup, html};
use storage::analysis::{EvidenceFinding, Findings};
use storage::evidence::Source;
use storage::transcript::{Speaker, Turn};

use super::badge::{verdict_style, verdict_words};
use super::icon::icon_small;
use crate::figures;

/// The findings about one turn.
#[derive(Debug, Default)]
pub(crate) struct Seen<'a> {
    /// Skill and evidence.
    pub(crate) evidence: Vec<(&'a str, &'a EvidenceFinding)>,
    /// Misconceptions: the name, and the words that show it.
    pub(crate) misconceptions: Vec<(&'a str, &'a str)>,
    /// A person should read it.
    pub(crate) is_flagged: bool,
}

impl<'a> Seen<'a> {
    pub(crate) fn of_turn(findings: Option<&'a Findings>, turn_no: i32) -> Self {
        let Some(findings) = findings else {
            return Self::default();
        };
        let evidence = findings.skills.iter().flat_map(|skill| {
            let of_turn = skill.evidence.iter().filter(move |evidence| evidence.turn_no == turn_no);
            of_turn.map(|evidence| (skill.name.as_str(), evidence))
        });
        let misconceptions = findings.misconceptions.iter().filter(|m| m.turn_no == turn_no);
        Self {
            evidence: evidence.collect(),
            misconceptions: misconceptions.map(|m| (m.belief.as_str(), m.quote.as_str())).collect(),
            is_flagged: findings.safety_flags.iter().any(|flag| flag.turn_no == turn_no),
        }
    }

    /// Returns the colour of the turn's mark. `None`: there is no finding.
    pub(crate) fn class(&self) -> Option<&'static str> {
        if self.is_flagged || !self.misconceptions.is_empty() {
            return Some("bad");
        }
        self.evidence.first().map(|(_, evidence)| verdict_style(evidence.verdict).0)
    }

    fn is_empty(&self) -> bool {
        self.evidence.is_empty() && self.misconceptions.is_empty() && !self.is_flagged
    }

    /// Returns the words to mark, each with its class. If two overlap, the first counts.
    fn quotes(&self) -> Vec<(&'a str, &'static str)> {
        let evidence = self.evidence.iter().map(|(_, e)| (e.quote.as_str(), verdict_style(e.verdict).0));
        evidence.chain(self.misconceptions.iter().map(|(_, quote)| (*quote, "bad"))).collect()
    }
}

/// Renders the turn as a line of the transcript. `student` is the student's name on this page. `more` is shown below
/// the text.
pub(crate) fn turn(turn: &Turn, student: &str, seen: &Seen<'_>, more: &Markup) -> Markup {
    let (class, speaker) = match turn.speaker {
        Speaker::Tutor => ("tutor", "Tutor"),
        Speaker::Student => ("student", student),
    };
    let start = f64::from(turn.offset_ms) / 1000.0;
    let end = f64::from(turn.offset_ms.saturating_add(turn.duration_ms.unwrap_or(0))) / 1000.0;
    let at = at(turn.offset_ms);
    let has_evidence = if seen.is_empty() { "" } else { " has-ev" };
    html! {
        li class={ "turn " (class) (has_evidence) } id={ "t" (turn.turn_no) } data-start=(start) data-end=(end) {
            span.at { a href={ "#t" (turn.turn_no) } data-seek=(start) { span.vh { "Turn at " } (at) } }
            span.sp { (speaker) }
            div.body {
                p.say { (marked(&turn.text, &seen.quotes())) }
                @if !seen.is_empty() { ul.ev-list { (evidence_lines(seen)) } }
                (more)
            }
        }
    }
}

fn evidence_lines(seen: &Seen<'_>) -> Markup {
    html! {
        @if seen.is_flagged {
            li.ev.bad { (icon_small("flag")) span { b { "A person should read this." } } }
        }
        @for (skill, evidence) in &seen.evidence {
            @let (class, mark) = verdict_style(evidence.verdict);
            li class={ "ev " (class) } {
                (icon_small(mark))
                span { b { (skill) } " " (verdict_words(evidence.verdict, evidence.help)) "." @if evidence.source != Source::Person { " " span.faint { (evidence.reason) } } }
            }
        }
        @for (belief, _) in &seen.misconceptions {
            li.ev.bad { (icon_small("repeat")) span { b { "Misconception" } " " (belief) } }
        }
    }
}

/// Formats milliseconds: "2:44".
pub(crate) fn at(offset_ms: i32) -> String {
    figures::length(i64::from(offset_ms / 1000))
}

/// Renders `text` with each quote marked. Quotes that are missing or overlap are left out.
fn marked(text: &str, quotes: &[(&str, &'static str)]) -> Markup {
    let mut spans: Vec<(usize, usize, &str)> = Vec::new();
    for (quote, class) in quotes.iter().filter(|(quote, _)| !quote.is_empty()) {
        if let Some(start) = text.find(quote) {
            let end = start + quote.len();
            if spans.iter().all(|(from, to, _)| end <= *from || start >= *to) {
                spans.push((start, end, class));
            }
        }
    }
    spans.sort_unstable();
    let mut pieces = Vec::with_capacity(2 * spans.len() + 1);
    let mut at = 0;
    for (start, end, class) in spans {
        pieces.push((None, &text[at..start]));
        pieces.push((Some(class), &text[start..end]));
        at = end;
    }
    pieces.push((None, &text[at..]));
    html! {
        @for (class, words) in pieces {
            @if let Some(class) = class { mark class=(class) { (words) } } @else { (words) }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::evidence::{Help, Verdict};

    use super::*;

    fn sample() -> Turn {
        let text = "So it’s half, I need two of them. Two thirds times two is four thirds?".to_owned();
        Turn { turn_no: 4, speaker: Speaker::Student, text, offset_ms: 34_200, duration_ms: Some(9_000) }
    }

    fn evidence(quote: &str, verdict: Verdict) -> EvidenceFinding {
        EvidenceFinding {
            turn_no: 4,
            quote: quote.to_owned(),
            verdict,
            help: Help::None,
            source: Source::Rules,
            noise: 0.1,
            reason: "the tutor confirmed it".to_owned(),
        }
    }

    #[test]
    fn the_words_that_show_it_are_marked() {
        let evidence = evidence("Two thirds times two is four thirds?", Verdict::Correct);
        let seen = Seen { evidence: vec![("Unit rates", &evidence)], ..Seen::default() };
        let shown = turn(&sample(), "Maya", &seen, &html! {}).into_string();
        assert!(shown.contains(r#"<mark class="good">Two thirds times two is four thirds?</mark>"#), "{shown}");
        assert!(shown.contains("Right, without help") && shown.contains("0:34") && shown.contains("has-ev"));
    }

    #[test]
    fn a_turn_without_evidence_has_no_marks() {
        let shown = turn(&sample(), "Maya", &Seen::default(), &html! {}).into_string();
        assert!(!shown.contains("<mark") && !shown.contains("has-ev"));
    }

    #[test]
    fn marks_never_change_the_words() {
        let quotes = [("b c", "good"), ("c d", "bad"), ("not there", "bad"), ("<i>", "warn"), ("", "good")];
        let shown = marked("a b c d <i> é", &quotes).into_string();
        assert_eq!(shown, "a <mark class=\"good\">b c</mark> d <mark class=\"warn\">&lt;i&gt;</mark> é");
    }
}
