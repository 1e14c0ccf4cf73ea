//! What a student says beside the task: requests, dated facts, and what a person should read.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use shared::analysis::{FactFinding, SafetyFlag, TurnText};
use shared::evidence::Source;
use shared::transcript::{Speaker, Turn};

use super::injection;

const MAX_TEXT: usize = 160;
const MAX_REMARKS: usize = 10;

static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:(?:can|could|may) (?:we|you|i) (?:please )?(?:do|use|call|practi[sc]e|work|try|talk|start|stop|go|have|skip|learn|study|play|make|speak|slow)\b|call me\b|next time\b|i(?:'d| would) like (?:to|us|you)\b|can i (?:have|get) (?:more|easier|harder)\b)",
    )
    .expect("a literal, compiled by a test")
});

/// Kind and pattern of a fact.
static FACTS: LazyLock<[(&str, f64, Regex); 5]> = LazyLock::new(|| {
    [
        (
            "schedule",
            0.8,
            r"(?i)\b(?:test|exam|quiz|assessment|presentation|homework|assignment|competition|match|recital)\b.{0,40}\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|today|tonight|this week|next week|next month)\b|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow)\b.{0,30}\b(?:test|exam|quiz)\b",
        ),
        ("goal", 0.7, r"(?i)\bi (?:want|need|have|would like|hope|'d like) to (?:learn|get better|improve|pass|understand|practi[sc]e|be good)\b"),
        ("preference", 0.7, r"(?i)\bi (?:prefer|would rather|'d rather)\b|\bi (?:like|love) (?:it|it better) when\b|\beasier for me (?:when|if|with)\b"),
        ("interest", 0.7, r"(?i)\bi (?:really )?(?:love|like|enjoy|play)\b (?:\w+ ?){1,6}|\bmy (?:favou?rite|hobby)\b"),
        ("study_context", 0.7, r"(?i)\bi(?:'m| am) in (?:the )?(?:\w+ grade|grade \w+|year \w+|class \w+)\b|\b(?:at|in) (?:my )?school\b|\bmy teacher\b"),
    ]
    .map(|(kind, confidence, pattern)| (kind, confidence, Regex::new(pattern).expect("a literal, compiled by a test")))
});

/// "I like" of the task itself is no interest.
static OF_THE_TASK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\bi (?:like|love|enjoy) (?:it|this|that|to|the (?:way|answer|idea))\b|\bi'?d? ?like to\b|\d{7,}|@|\?$",
    )
    .expect("a literal, compiled by a test")
});

static SAFETY: LazyLock<[(&str, RegexSet); 4]> = LazyLock::new(|| {
    let set = |patterns: &[&str]| RegexSet::new(patterns).expect("literals, compiled by a test");
    [
        (
            "self_harm",
            set(&[
                r"(?i)\b(?:kill|hurt|harm|cut|cutting) (?:myself|me)\b",
                r"(?i)\b(?:want|wish|going) to (?:die|disappear|be dead)\b|\bi wish i (?:was|were) (?:dead|never born)\b",
                r"(?i)\bsuicid|\bend (?:my life|it all)\b|\b(?:don't|do not) want to (?:live|be alive|be here anymore)\b",
            ]),
        ),
        (
            "abuse",
            set(&[
                r"(?i)\b(?:he|she|they|dad|daddy|mum|mom|father|mother|brother|uncle|stepdad|stepfather|teacher|coach|someone)\b.{0,20}\b(?:hits?|beats?|hurts?|touch(?:es|ed)?|slaps?|slapped|kicks?|punch(?:es|ed)?) me\b",
                r"(?i)\b(?:afraid|scared) (?:to go home|of (?:my|him|her))\b|\blocked me (?:in|up|out)\b|\bnothing to eat at home\b",
            ]),
        ),
        (
            "bullying",
            set(&[
                r"(?i)\b(?:bully|bullied|bullies|bullying)\b",
                r"(?i)\b(?:they|everyone|everybody|kids|the others|classmates)\b.{0,25}\b(?:make fun of|makes fun of|laugh(?:s|ed)? at|tease|teases|pick on|picks on|hate|hates) me\b",
            ]),
        ),
        (
            "personal_data",
            set(&[
                r"(?i)\bmy (?:home )?(?:address|password|phone number|number|email|e-mail|last name|surname) is\b",
                r"(?i)\bi live (?:at|on|in) (?:number )?\d",
                r"[\w.+-]+@[\w-]+\.[a-z]{2,}",
                r"(?:\+?\d[ -]?){9,}",
            ]),
        ),
    ]
});

fn student(turns: &[Turn]) -> impl Iterator<Item = &Turn> {
    turns.iter().filter(|turn| turn.speaker == Speaker::Student && !injection::is_suspect(&turn.text))
}

/// What the student asked for beside the task.
pub(super) fn requests(turns: &[Turn]) -> Vec<TurnText> {
    let found = student(turns).flat_map(|turn| {
        let asked = spoken(&turn.text).filter(|sentence| REQUEST.is_match(sentence));
        asked.map(|text| TurnText { turn_no: turn.turn_no, text: shorten(text) })
    });
    found.take(MAX_REMARKS).collect()
}

/// What the student told of themselves, in their own words.
pub(super) fn facts(turns: &[Turn]) -> Vec<FactFinding> {
    let found = student(turns).flat_map(|turn| {
        spoken(&turn.text).filter_map(|sentence| {
            let (kind, confidence, _) = FACTS.iter().find(|(kind, _, pattern)| {
                pattern.is_match(sentence) && !(*kind == "interest" && OF_THE_TASK.is_match(sentence))
            })?;
            if sentence.ends_with('?') {
                return None;
            }
            Some(FactFinding {
                kind: (*kind).to_owned(),
                text: shorten(sentence.trim_end_matches(['.', '!'])),
                turn_no: turn.turn_no,
                source: Source::Rules,
                confidence: *confidence,
            })
        })
    });
    found.take(MAX_REMARKS).collect()
}

/// Turns that a person should read. Quarantined turns too: harm may be said in any words.
pub(super) fn safety_flags(turns: &[Turn]) -> Vec<SafetyFlag> {
    let mut flags: Vec<SafetyFlag> = Vec::new();
    for turn in turns.iter().filter(|turn| turn.speaker == Speaker::Student) {
        for (category, _) in SAFETY.iter().filter(|(_, words)| words.is_match(&turn.text)) {
            flags.push(SafetyFlag { category: (*category).to_owned(), turn_no: turn.turn_no });
        }
        if injection::is_suspect(&turn.text) {
            flags.push(SafetyFlag { category: "other".to_owned(), turn_no: turn.turn_no });
        }
    }
    flags
}

/// Sentences with their marks, as they were said.
fn spoken(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '!', '?', '\n']).map(str::trim).filter(|sentence| sentence.len() > 3)
}

fn shorten(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> [Turn; 1] {
        [Turn { turn_no: 4, speaker: Speaker::Student, text: text.into(), offset_ms: 0, duration_ms: None }]
    }

    #[test]
    fn requests_and_dates_are_noted_in_the_students_words() {
        let turns = said("Okay. Can you call me on Thursday before my test? Bye.");
        assert_eq!(requests(&turns)[0].text, "Can you call me on Thursday before my test?");
        let turns = said("Yeah, I guess. I have a test on Friday and I'm kind of nervous about it.");
        let facts = facts(&turns);
        assert_eq!((facts[0].kind.as_str(), facts[0].turn_no), ("schedule", 4));
        assert_eq!(facts[0].text, "I have a test on Friday and I'm kind of nervous about it");
    }

    #[test]
    fn what_one_loves_is_an_interest_and_what_one_likes_to_do_now_is_none() {
        assert_eq!(facts(&said("I love football."))[0].kind, "interest");
        assert!(facts(&said("I like this one. I'd like to stop.")).is_empty());
    }

    #[test]
    fn words_of_harm_are_flagged() {
        for (text, category) in [
            ("sometimes I want to hurt myself", "self_harm"),
            ("my dad hits me when I get it wrong", "abuse"),
            ("everybody makes fun of me at school", "bullying"),
            ("my address is 12 Elm Street", "personal_data"),
        ] {
            assert_eq!(safety_flags(&said(text))[0].category, category, "{text}");
        }
        assert!(safety_flags(&said("I cut the pizza in eight and 12,345,678 is even")).is_empty());
    }
}
