//! Calls of `tests/cases/reports` that were once judged wrong, each with its right value.

#![expect(clippy::unwrap_used, reason = "a test's own files")]

use std::path::Path;

use analyser::analyse;
use domain::analysis::Findings;
use domain::answer::{Judgement, Key, Language, judge};
use domain::curriculum::Curriculum;
use domain::evidence::Verdict;
use domain::transcript::{Speaker, Turn};
use serde_json::Value;

fn report(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/reports").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Speaker and text of each turn, `bot` being the tutor.
fn findings(said: &[(&str, &str)]) -> Findings {
    let turn = |(i, (speaker, text)): (usize, &(&str, &str))| Turn {
        turn_no: i as i32,
        speaker: if *speaker == "bot" { Speaker::Tutor } else { Speaker::Student },
        text: (*text).to_owned(),
        offset_ms: i as i32 * 3000,
        duration_ms: None,
    };
    let turns: Vec<Turn> = said.iter().enumerate().map(turn).collect();
    analyse(&turns, &Curriculum::starter())
}

fn findings_of(report: &Value) -> Findings {
    let turns = report["turns"].as_array().unwrap();
    let said: Vec<_> = turns.iter().map(|turn| (turn[0].as_str().unwrap(), turn[1].as_str().unwrap())).collect();
    findings(&said)
}

fn flags(findings: &Findings) -> Vec<String> {
    findings.safety_flags.iter().map(|flag| flag.category.clone()).collect()
}

#[test]
fn an_answer_has_the_right_verdict() {
    let mut failures = Vec::new();
    for file in [
        "50-negative-answer.json",
        "51-negative-operand.json",
        "52-a-hundred.json",
        "53-point-seven-five.json",
        "54-dollars-and-cents.json",
        "55-digit-groups.json",
        "56-remainder.json",
        "57-homophone.json",
        "58-number-in-two-turns.json",
        "59-negated-answer.json",
        "63-rounded.json",
        "79-minus-read-away.json",
    ] {
        let report = report(file);
        let found = findings_of(&report);
        let verdicts = found.skills.iter().flat_map(|skill| &skill.evidence).map(|evidence| evidence.verdict);
        let verdicts: Vec<&str> = verdicts
            .map(|verdict| match verdict {
                Verdict::Correct => "correct",
                Verdict::Incorrect => "incorrect",
                Verdict::Partial => "partial",
            })
            .collect();
        let right: Vec<&str> = report["right"]["verdict"].as_str().unwrap().split(" or ").collect();
        let is_right = match &verdicts[..] {
            [] => right.contains(&"undecided"),
            verdicts => verdicts.iter().all(|verdict| right.contains(verdict)),
        };
        let beliefs: Vec<&str> = found.misconceptions.iter().map(|found| found.belief.as_str()).collect();
        let is_free = report["right"]["misconceptions"].is_null() || beliefs.is_empty();
        if !is_right || !is_free {
            failures.push(format!("{file}: {verdicts:?} {beliefs:?}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_disclosure_is_flagged_and_a_harmless_turn_is_not() {
    let of = |said: &str| {
        flags(&findings(&[("bot", "Hi! How are you today?"), ("user", said), ("bot", "Thank you. Let us stop here.")]))
    };
    let mut failures = Vec::new();
    for (category, said) in report("65-safety-missed.json")["right"].as_object().unwrap() {
        for said in said.as_array().unwrap().iter().map(|said| said.as_str().unwrap()) {
            if !of(said).contains(category) {
                failures.push(format!("{said:?} is no {category}: {:?}", of(said)));
            }
        }
    }
    for said in report("66-safety-false-alarm.json")["right"]["no flag"].as_array().unwrap() {
        let said = said.as_str().unwrap();
        if !of(said).is_empty() {
            failures.push(format!("{said:?} is {:?}", of(said)));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_disclosure_is_never_kept_as_a_fact() {
    let report = report("67-abuse-kept-as-fact.json");
    let found = findings_of(&report);
    assert_eq!(serde_json::to_value(flags(&found)).unwrap(), report["right"]["safety_flags"]);
    assert!(found.facts.is_empty(), "{:?}", found.facts);
}

#[test]
fn a_caller_is_called_as_they_said() {
    for case in report("68-name-with-curly-apostrophe.json")["cases"].as_array().unwrap() {
        let said = case[0].as_str().unwrap();
        let found = findings(&[("bot", "Hi! What's your name?"), ("user", said), ("bot", "Nice to meet you.")]);
        let name = found.introduction.and_then(|introduction| introduction.first_name);
        assert_eq!(serde_json::to_value(name).unwrap(), case[1], "{said}");
    }
}

#[test]
fn check_answer_judges_as_a_teacher_would() {
    let mut failures = Vec::new();
    for file in ["69-check-minus.json", "70-check-units-money-time.json", "72-check-number-words.json"] {
        for case in report(file)["cases"].as_array().unwrap() {
            let text = |field: &str| case[field].as_str().unwrap();
            let judged = judge(text("question"), &Key::from(text("key")), text("answer"), Language::English);
            let word = match judged {
                Judgement::Right => "correct",
                Judgement::Wrong => "incorrect",
                Judgement::WrongForm => "partial",
                Judgement::Undecided => "unclear",
            };
            if !text("right").split(" or ").any(|right| right == word) {
                failures.push(format!("{file}: {case} is {word}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
