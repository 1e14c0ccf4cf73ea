//! Scores of the tasks that are read from tutors' words: which skill, and is the expected answer right?
//!
//! `CASES=FILE` scores another file of whole calls, `FAILURES=1` lists what disagrees with the labels:
//! `FAILURES=1 cargo test -p analyser --test tasks -- --nocapture`.

#![expect(clippy::disallowed_methods, reason = "which file is scored is told by the environment")]
#![expect(clippy::print_stdout, reason = "scores are printed")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use analyser::skill::{Lesson, Place};
use domain::answer::{self, Judgement, Language, judge};
use domain::curriculum::Curriculum;
use domain::task::Task;
use serde::Deserialize;

#[derive(Deserialize)]
struct Said {
    speaker: String,
    text: String,
}

#[derive(Deserialize)]
struct WholeCall {
    id: String,
    #[serde(default)]
    lang: String,
    turns: Vec<Said>,
    labels: Vec<Label>,
}

#[derive(Deserialize)]
struct ShortCall {
    id: String,
    turns: Vec<Said>,
    expected: String,
    skill: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Label {
    turn: usize,
    verdict: String,
    skill: Option<String>,
}

/// What the tutor asked, what the student said, and the last label on it.
struct Exchange {
    tutor: String,
    said: String,
    label: Option<Label>,
}

fn read<T: for<'a> Deserialize<'a>>(file: &str) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let path = std::env::var("CASES").map_or_else(|_| folder.join(file), PathBuf::from);
    let lines = std::fs::read_to_string(path).unwrap();
    lines.lines().filter(|line| !line.trim().is_empty()).filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn exchanges(turns: &[Said], labels: &[Label]) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut tutor = String::new();
    let mut before_was_student = false;
    for (i, turn) in turns.iter().enumerate() {
        if turn.speaker != "student" {
            tutor.push_str(&turn.text);
            tutor.push('\n');
            before_was_student = false;
            continue;
        }
        let label = labels.iter().find(|label| label.turn == i && label.verdict != "none").cloned();
        if before_was_student && let Some(last) = exchanges.last_mut() {
            last.said.push('\n');
            last.said.push_str(&turn.text);
            last.label = label.or(last.label.take());
        } else {
            exchanges.push(Exchange { tutor: std::mem::take(&mut tutor), said: turn.text.clone(), label });
        }
        before_was_student = true;
    }
    exchanges
}

#[derive(Default)]
struct Score {
    labelled: usize,
    named: usize,
    skill_right: usize,
    false_skill: usize,
    maths: usize,
    computed: usize,
    agrees: usize,
    disagrees: usize,
}

fn judged(tutor: &str, task: &Task, said: &str, language: Language) -> Option<bool> {
    let by = |key| judge(tutor, &key, said, language);
    if task.goal_key().map(by) == Some(Judgement::Right) {
        return Some(true);
    }
    match task.key().map(by)? {
        Judgement::Right => Some(true),
        Judgement::Wrong => Some(false),
        Judgement::WrongForm | Judgement::Undecided => None,
    }
}

fn score(id: &str, language: Language, exchanges: &[Exchange], score: &mut Score) {
    let curriculum = Curriculum::starter();
    let shows = std::env::var("FAILURES").is_ok();
    let mut lesson = Lesson::new(&curriculum);
    let mut tasks = Vec::new();
    for exchange in exchanges {
        let task = lesson.ask(&exchange.tutor);
        let right = exchange.label.as_ref().map(|label| label.verdict == "right");
        lesson.answered(&answer::Said::new(&exchange.said), right);
        tasks.push(task);
    }
    for ((exchange, task), place) in exchanges.iter().zip(&tasks).zip(lesson.places()) {
        let named =
            if let Place::Skill(skill) = place { Some(curriculum.skills[skill].skill_id.as_str()) } else { None };
        let Some(label) = &exchange.label else {
            score.false_skill += usize::from(named.is_some());
            continue;
        };
        let show = |what: &str| {
            if shows {
                let (form, relation) = task.as_ref().map_or((None, None), |t| (Some(t.form), Some(t.relation)));
                println!(
                    "{id} [{}] {what} | named {named:?} {place:?} label {:?} {} | {form:?} {relation:?} expected {:?} goal {:?} | T: {} S: {}",
                    label.turn,
                    label.skill,
                    label.verdict,
                    task.as_ref().and_then(|t| t.expected.clone()),
                    task.as_ref().and_then(|t| t.goal.clone()),
                    exchange.tutor.trim().replace('\n', " "),
                    exchange.said.replace('\n', " / ")
                );
            }
        };
        score.labelled += usize::from(label.skill.is_some());
        if let Some(named) = named {
            score.named += 1;
            let right = label.skill.as_deref() == Some(named);
            score.skill_right += usize::from(right);
            if !right {
                show("WRONG SKILL");
            }
        } else if label.skill.is_some() {
            show("unnamed");
        }
        let is_maths = label.skill.as_deref().is_some_and(|skill| skill.starts_with("maths"));
        score.maths += usize::from(is_maths);
        let checked = task.as_ref().and_then(|task| judged(&exchange.tutor, task, &exchange.said, language));
        let has_key = task.as_ref().is_some_and(|task| task.expected.is_some());
        score.computed += usize::from(is_maths && (has_key || checked.is_some()));
        if let Some(checked) = checked {
            if checked == (label.verdict == "right") {
                score.agrees += 1;
            } else {
                score.disagrees += 1;
                show("DISAGREES");
            }
        } else if is_maths && !has_key {
            show("not computed");
        } else if is_maths {
            show("undecided");
        }
    }
}

fn print(name: &str, score: &Score) {
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
    println!(
        "{name}: skill right {}/{} ({:.1} %), named {:.1} % of {}; named without a label {}",
        score.skill_right,
        score.named,
        percent(score.skill_right, score.named),
        percent(score.named, score.labelled),
        score.labelled,
        score.false_skill
    );
    println!(
        "  expected: agrees {}/{} ({:.1} %), computed for {:.1} % of {} maths answers",
        score.agrees,
        score.agrees + score.disagrees,
        percent(score.agrees, score.agrees + score.disagrees),
        percent(score.computed, score.maths),
        score.maths
    );
}

#[test]
fn whole_calls() {
    let mut all = Score::default();
    for call in read::<WholeCall>("realistic.jsonl") {
        let language = Language::from_code(&call.lang).unwrap_or(Language::English);
        score(&call.id, language, &exchanges(&call.turns, &call.labels), &mut all);
    }
    print("whole calls", &all);
}

#[test]
fn short_calls() {
    let mut all = Score::default();
    for call in read::<ShortCall>("calls.jsonl") {
        let students = call.turns.iter().enumerate().filter(|(_, turn)| turn.speaker == "student");
        let n = call.expected.chars().count();
        let labels: Vec<Label> = students
            .zip(call.expected.chars())
            .enumerate()
            .filter_map(|(i, ((turn, _), expected))| {
                let verdict = match expected {
                    'R' => "right",
                    'W' => "wrong",
                    _ => "none",
                };
                // Without a skill only what is computed is compared.
                let skill = call.skill.clone();
                let is_scored = verdict != "none" && (skill.is_some() || i < n);
                is_scored.then(|| Label { turn, verdict: verdict.to_owned(), skill })
            })
            .collect();
        let language = if call.id.contains("spanish_call") || call.turns[0].text.contains('¿') {
            Language::Spanish
        } else if call.turns[0].text.contains("Was ist") {
            Language::German
        } else {
            Language::English
        };
        let before = (all.named, all.skill_right);
        score(&call.id, language, &exchanges(&call.turns, &labels), &mut all);
        if call.skill.is_none() {
            (all.named, all.skill_right) = before;
        }
    }
    print("short calls", &all);
}

/// Run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "measures time"]
fn time_of_a_long_call() {
    let curriculum = Curriculum::starter();
    let calls = read::<WholeCall>("realistic.jsonl");
    let said: Vec<Exchange> = calls.iter().flat_map(|call| exchanges(&call.turns, &call.labels)).collect();
    let mut size = 0;
    let said: Vec<&Exchange> = said
        .iter()
        .take_while(|exchange| {
            size += exchange.tutor.len() + exchange.said.len();
            size < 40_000
        })
        .collect();
    let run = || {
        let start = std::time::Instant::now();
        let mut lesson = Lesson::new(&curriculum);
        let built = start.elapsed();
        for exchange in &said {
            lesson.ask(&exchange.tutor);
            lesson.answered(&answer::Said::new(&exchange.said), Some(true));
        }
        let places = lesson.places().len();
        (start.elapsed(), built, places)
    };
    let best = (0..20).map(|_| run()).min().unwrap();
    println!("{} exchanges: {:?}, of which {:?} to prepare", best.2, best.0, best.1);
}
