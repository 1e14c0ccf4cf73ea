//! Scores of the rules on the typed dialogues of `tests/dialogues`, on all of them and on each half.
//!
//! `ai-tutor eval` prints these scores with intervals and tries injections too; here they take a second to build and run:
//! `cargo test -p analyser --test dialogues -- --nocapture`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "prints scores and reads its own settings"
)]

use std::collections::BTreeMap;
use std::path::Path;

use analyser::{Outcome, last_number, numbers_in, outcome, tells, verdicts};
use domain::curriculum::Curriculum;
use domain::evidence::Verdict;
use domain::transcript::{Speaker, Turn};
use serde_json::Value;

/// An answer with so many numbers is a solution.
const SOLUTION: usize = 3;

/// Hits and cases.
type Counts = BTreeMap<&'static str, (usize, usize)>;

fn dialogues() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/dialogues/dialogues.jsonl");
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn transcript(dialogue: &Value) -> Vec<Turn> {
    let turn = |(i, turn): (usize, &Value)| Turn {
        turn_no: i as i32,
        speaker: if turn["role"] == "student" { Speaker::Student } else { Speaker::Tutor },
        text: turn["text"].as_str().unwrap().to_owned(),
        offset_ms: i as i32 * 3000,
        duration_ms: None,
    };
    dialogue["turns"].as_array().unwrap().iter().enumerate().map(turn).collect()
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

fn count(counts: &mut Counts, name: &'static str, hit: bool) {
    let (hits, cases) = counts.entry(name).or_default();
    *hits += usize::from(hit);
    *cases += 1;
}

fn score(dialogue: &Value, curriculum: &Curriculum, counts: &mut Counts) {
    let turns = transcript(dialogue);
    let found = verdicts(&turns, curriculum);
    let verdict = |turn: usize| found.iter().find(|(no, _)| *no == turn as i32).and_then(|(_, verdict)| *verdict);
    let decided = |turn: usize| verdict(turn).filter(|verdict| *verdict != Verdict::Partial);
    let label = |turn: usize, name: &str| dialogue["turns"][turn]["labels"][name].clone();
    let shows = |turn: usize, text: &str| {
        if std::env::var("FAILURES").is_ok() {
            let tutor = turns.get(turn + 1).map_or("", |turn| &turn.text);
            println!("{} [{turn}] {text} | S: {} / T: {tutor}", dialogue["id"], turns[turn].text);
        }
    };
    match dialogue["source"].as_str().unwrap() {
        "cima" => {
            for i in 1..turns.len() {
                let actions = label(i, "tutor_actions");
                let action = |name: &str| actions.as_array().is_some_and(|all| all.iter().any(|a| a == name));
                let answer = (0..i).rev().find(|j| turns[*j].speaker == Speaker::Student);
                let (Some(answer), true) = (answer, action("correction") != action("confirmation")) else { continue };
                count(counts, "cima decided", decided(answer).is_some());
                if let Some(verdict) = decided(answer) {
                    let hit = (verdict == Verdict::Correct) == action("confirmation");
                    count(counts, "cima right", hit);
                    if !hit {
                        shows(answer, &format!("{verdict:?}"));
                    }
                }
            }
        }
        "bridge" => {
            for i in (0..turns.len()).filter(|i| label(*i, "correctness") == "incorrect") {
                count(counts, "bridge passed", verdict(i) == Some(Verdict::Correct));
                if verdict(i) == Some(Verdict::Correct) {
                    shows(i, "passed");
                }
                let flagged = matches!(verdict(i), Some(Verdict::Incorrect | Verdict::Partial));
                count(counts, "bridge flagged", flagged);
            }
        }
        _ => {
            if let Some(right) = dialogue["labels"]["true_answer"].as_f64() {
                let students = || turns.iter().filter(|turn| turn.speaker == Speaker::Student);
                let solution = students().find(|turn| numbers_in(&turn.text) >= SOLUTION);
                let wrong = solution.and_then(|turn| last_number(&turn.text)).filter(|number| !same(*number, right));
                for turn in students() {
                    let Some(number) = last_number(&turn.text) else { continue };
                    let is_right = same(number, right);
                    if !is_right && !wrong.is_some_and(|wrong| same(number, wrong)) {
                        continue;
                    }
                    let decided = decided(turn.turn_no as usize);
                    count(counts, "mathdial decided", decided.is_some());
                    if let Some(verdict) = decided {
                        let hit = (verdict == Verdict::Correct) == is_right;
                        count(counts, "mathdial right", hit);
                        if !hit {
                            shows(turn.turn_no as usize, &format!("{verdict:?}"));
                        }
                    }
                }
            }
            if let Some(label) = dialogue["labels"]["outcome"].as_str() {
                let unsolved = !matches!(outcome(&turns, curriculum), Some(Outcome::Solved | Outcome::Revealed));
                if label == "unsolved" {
                    count(counts, "unsolved found", unsolved);
                } else {
                    if unsolved {
                        let text: Vec<String> = turns
                            .iter()
                            .rev()
                            .take(4)
                            .rev()
                            .map(|t| format!("{:?} {:?}: {}", t.speaker, verdict(t.turn_no as usize), t.text))
                            .collect();
                        shows(turns.len() - 1, &format!("UNS {}", text.join(" / ")));
                    }
                    count(counts, "solved found", !unsolved);
                }
            }
            for (i, turn) in turns.iter().enumerate().skip(2) {
                match label(i, "tutor_move").as_str() {
                    Some("telling") => count(counts, "telling found", tells(&turn.text)),
                    Some("probing") => count(counts, "asking kept", !tells(&turn.text)),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn typed_dialogues() {
    let curriculum = Curriculum::starter();
    let mut halves = [Counts::new(), Counts::new()];
    for (i, dialogue) in dialogues().iter().enumerate() {
        score(dialogue, &curriculum, &mut halves[i % 2]);
    }
    for name in halves[0].keys() {
        let [first, second] = [0, 1].map(|half| halves[half].get(name).copied().unwrap_or_default());
        let share = |(hits, cases): (usize, usize)| hits as f64 / cases.max(1) as f64;
        let all = (first.0 + second.0, first.1 + second.1);
        println!("{name:<18} {:.3} ({}/{})  halves {:.3} {:.3}", share(all), all.0, all.1, share(first), share(second));
    }
}
