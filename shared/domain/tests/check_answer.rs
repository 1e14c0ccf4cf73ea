//! Scores answers to questions against their keys: the cases in `tests/cases`. `FAILURES=1` lists what fails.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test's own files and settings"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::answer::{Judgement, Key, Language, judge};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    kind: String,
    /// `skill/index` of a question of the starter curriculum.
    question_id: Option<String>,
    question: Option<String>,
    key: String,
    answer: String,
    expected: String,
    #[serde(default)]
    language: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rows(file: &str) -> Vec<Row> {
    let path = std::env::var("CASES").map_or_else(|_| root().join("tests/cases").join(file), PathBuf::from);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The starter curriculum's questions by id, with their alternatives.
fn questions() -> BTreeMap<String, (String, Vec<String>)> {
    let mut sheet = csv::Reader::from_path(root().join("shared/curriculum/skills.csv")).unwrap();
    let columns = sheet.headers().unwrap().clone();
    let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let (id, list) = (place("skill_id"), place("questions"));
    let mut found = BTreeMap::new();
    for record in sheet.records() {
        let record = record.unwrap();
        for (index, question) in record[list].split(" | ").enumerate() {
            let (ask, answer) = question.split_once(" => ").unwrap();
            let mut answers = answer.split(" ~ ").map(str::to_owned);
            answers.next();
            found.insert(format!("{}/{index}", &record[id]), (ask.to_owned(), answers.collect()));
        }
    }
    found
}

#[derive(Default)]
struct Score {
    total: usize,
    expected: usize,
    wrong_accepted: usize,
    right_rejected: usize,
    failures: Vec<String>,
}

fn score(file: &str) -> Score {
    let questions = questions();
    let mut score = Score::default();
    for row in rows(file) {
        let (ask, alternatives) = match &row.question_id {
            Some(id) => questions[id].clone(),
            None => (row.question.clone().unwrap(), Vec::new()),
        };
        let key = Key { alternatives, ..Key::from(row.key.as_str()) };
        let language = row.language.as_deref().and_then(Language::from_code).unwrap_or(Language::English);
        let judged = judge(&ask, &key, &row.answer, language);
        let is_expected = match row.expected.as_str() {
            "right" => judged == Judgement::Right,
            "not_simplified" | "partial" => judged == Judgement::WrongForm,
            "wrong" => judged == Judgement::Wrong,
            "unclear" => judged == Judgement::Undecided,
            other => panic!("{other}"),
        };
        score.total += 1;
        score.expected += usize::from(is_expected);
        score.wrong_accepted += usize::from(judged == Judgement::Right && row.expected == "wrong");
        score.right_rejected += usize::from(judged == Judgement::Wrong && row.expected == "right");
        if !is_expected {
            score.failures.push(format!(
                "[{}] {ask} | {} | {} -> {judged:?}, not {}",
                row.kind, row.key, row.answer, row.expected
            ));
        }
    }
    let share = 100.0 * score.expected as f64 / score.total.max(1) as f64;
    println!(
        "{file}: {} of {} as expected ({share:.1} %), wrong accepted {}, right rejected {}",
        score.expected, score.total, score.wrong_accepted, score.right_rejected
    );
    if std::env::var_os("FAILURES").is_some() {
        println!("{}", score.failures.join("\n"));
    }
    score
}

fn assert_good(score: &Score) {
    let list = score.failures.join("\n");
    assert_eq!(score.wrong_accepted, 0, "{list}");
    assert!(score.right_rejected <= 1, "{list}");
    assert!(score.expected * 100 >= score.total * 95, "{list}");
}

#[test]
fn answers_to_starter_questions_are_judged() {
    assert_good(&score("check_answer.jsonl"));
}

#[test]
fn answers_to_questions_with_own_keys_are_judged() {
    assert_good(&score("check_answer_own_keys.jsonl"));
}

#[test]
fn answers_of_our_own_are_judged() {
    assert_good(&score("answers.jsonl"));
}
