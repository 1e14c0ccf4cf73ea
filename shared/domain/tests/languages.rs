//! Scores of the language detection on the turns and calls of `tests/cases/languages.jsonl`.
//!
//! `FAILURES=1 cargo test -p domain --test languages -- --nocapture` lists what is not as expected.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that prints its scores and reads one switch"
)]

use std::path::Path;

use domain::language;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    text: Option<String>,
    turns: Option<Vec<String>>,
    lang: Option<String>,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/languages.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn show(what: &str, found: Option<&str>, expected: Option<&str>) {
    if std::env::var("FAILURES").is_ok() && found != expected {
        println!("{found:?} instead of {expected:?} | {what}");
    }
}

#[test]
fn turns_are_in_their_language_or_undecided() {
    let (mut n, mut right, mut wrong) = (0, 0, 0);
    for case in cases() {
        let Some(text) = case.text else { continue };
        let found = language::of_turn(&text);
        show(&text, found, case.lang.as_deref());
        n += 1;
        right += usize::from(found == case.lang.as_deref());
        wrong += usize::from(found.is_some() && found != case.lang.as_deref());
    }
    println!("turns: {right}/{n} as expected, {wrong} in a wrong language");
    assert!(n >= 120 && right * 100 >= n * 90, "{right} of {n}");
    assert!(wrong * 100 <= n * 2, "{wrong} wrong of {n}");
}

#[test]
fn calls_are_in_their_main_language() {
    let (mut n, mut right) = (0, 0);
    for case in cases() {
        let Some(turns) = case.turns else { continue };
        let found = language::of_call(turns.iter().enumerate().map(|(i, text)| (i % 2 == 0, text.as_str())));
        show(&turns.join(" / "), found.main, case.lang.as_deref());
        assert_eq!(found.turns.len(), turns.len());
        n += 1;
        right += usize::from(found.main == case.lang.as_deref());
    }
    println!("calls: {right}/{n} as expected");
    assert!(n >= 40 && right * 100 >= n * 97, "{right} of {n}");
}

#[test]
fn short_answers_are_in_the_language_of_the_call() {
    let turns = ["¿Cuánto es siete por ocho?", "no", "Otra vez: ¿cuánto es?", "56", "Muy bien"];
    let found = language::of_call(turns.map(|text| (true, text)));
    assert_eq!(found.main, Some("es"));
    assert!(found.turns.iter().all(|code| *code == Some("es")));
}
