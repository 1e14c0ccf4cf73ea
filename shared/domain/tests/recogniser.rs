//! Judges what a speech recogniser wrote of spoken answers: `tests/cases/recogniser.jsonl`, see `tests/cases/README.md`.
//!
//! A heard answer may be judged right although the spoken one is wrong only if the recogniser itself turned it into the key.
//! `FAILURES=1` lists what was judged otherwise than the spoken answer deserves.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test's own files and settings"
)]

use std::path::Path;

use domain::answer::{Judgement, Key, Language, judge};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    question: String,
    key: String,
    spoken: String,
    heard: String,
    voice: String,
    /// Which language model the recogniser had.
    model: String,
    expected: String,
}

#[derive(Default)]
struct Score {
    total: usize,
    /// Written exactly as spoken.
    verbatim: usize,
    as_expected: usize,
    undecided: usize,
    wrong_as_right: usize,
    right_as_wrong: usize,
    /// The recogniser wrote the key for a wrong answer, which no one can notice.
    misheard_as_key: usize,
}

fn cases() -> Vec<Case> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/recogniser.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(|word| word.replace('\'', "").to_lowercase()).collect()
}

/// Whether the recogniser wrote one of the spoken answers that are right, in other words than were spoken now.
fn is_misheard_as_key(case: &Case, all: &[Case]) -> bool {
    let same = |other: &&Case| other.question == case.question && other.expected == "right";
    all.iter().filter(same).any(|other| words(&other.spoken) == words(&case.heard))
}

fn score(model: &str) -> Score {
    let all = cases();
    let mut score = Score::default();
    for case in all.iter().filter(|case| case.model == model) {
        let judged = judge(&case.question, &Key::from(case.key.as_str()), &case.heard, Language::English);
        let is_right = case.expected == "right";
        score.total += 1;
        score.verbatim += usize::from(words(&case.spoken) == words(&case.heard));
        score.undecided += usize::from(judged == Judgement::Undecided);
        let fault = match judged {
            Judgement::Right if !is_right && is_misheard_as_key(case, &all) => {
                score.misheard_as_key += 1;
                None
            }
            Judgement::Right if !is_right => {
                score.wrong_as_right += 1;
                Some("wrong as right")
            }
            Judgement::Wrong | Judgement::WrongForm if is_right => {
                score.right_as_wrong += 1;
                Some("right as wrong")
            }
            Judgement::Undecided => None,
            Judgement::Right | Judgement::Wrong | Judgement::WrongForm => {
                score.as_expected += 1;
                None
            }
        };
        if let (Some(fault), true) = (fault, std::env::var_os("FAILURES").is_some()) {
            println!("{fault}: {} | {} | {} -> {} ({})", case.question, case.key, case.spoken, case.heard, case.voice);
        }
    }
    println!(
        "{model}: {} of {} written as spoken; as expected {}, undecided {}, wrong as right {}, right as wrong {}, misheard as the key {}",
        score.verbatim,
        score.total,
        score.as_expected,
        score.undecided,
        score.wrong_as_right,
        score.right_as_wrong,
        score.misheard_as_key
    );
    score
}

fn assert_safe(score: &Score) {
    assert_eq!(score.total, 300);
    assert!(score.wrong_as_right * 100 <= score.total, "{} of {}", score.wrong_as_right, score.total);
}

#[test]
fn a_general_recogniser_makes_no_wrong_answer_right() {
    assert_safe(&score("general"));
}

#[test]
fn a_recogniser_of_children_makes_no_wrong_answer_right() {
    assert_safe(&score("children"));
}
