//! Trains the classifier of a tutor's reaction and compares it with the word lists.
//!
//! `cargo run -p analyser --example train` prints a comparison by cross-validation over dialogues (five folds: what is
//! said in a dialogue is never used to judge it) and writes `worker/analyser/src/reaction/weights.bin`. The result is the
//! same every time.
//!
//! What it printed last, right of decided by cross-validation (held-out dialogues):
//!
//! | source | word lists | learned | both |
//! |---|---|---|---|
//! | whole calls | 66.9 % of 15.9 % | 85.5 % of 65.2 % | 83.6 % of 68.2 % |
//! | short calls | 96.3 % of 76.9 % | 96.8 % of 85.2 % | 96.0 % of 87.6 % |
//! | MathDial | 85.8 % of 69.1 % | 88.8 % of 83.8 % | 87.3 % of 91.0 % |
//! | CIMA | 94.5 % of 88.6 % | 95.9 % of 78.9 % | 95.5 % of 89.4 % |
//! | Bridge | 100 % of 99.3 % | 100 % of 99.7 % | 100 % of 100 % |
//!
//! The analysis uses both: word lists that the classifier does not contradict, and the classifier alone where it is
//! certain. Calculation against the task's key comes on top.
//!
//! The labels: answers of `tests/cases` that are right or wrong, and those of `tests/dialogues` whose result, correction or
//! confirmation is known. Of `fresh_realistic.jsonl` only the even lines are used; the odd ones are for validation.

#![expect(clippy::print_stdout, reason = "prints a comparison")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use analyser::learned::{BUCKETS, probability, stored};
use analyser::reaction::{Observation, observe};
use analyser::{last_number, numbers_in};
use domain::transcript::{Speaker, Turn};
use serde_json::Value;

const FOLDS: usize = 5;
const ROUNDS: usize = 30;
const RATE: f32 = 0.15;
const DECAY: f32 = 2e-4;
/// So probable an answer must be.
const LIKELY: f64 = 0.8;
/// A probability this far from certainty is no decision.
const MARGIN: f64 = 0.15;
/// An answer with so many numbers is a solution.
const SOLUTION: usize = 3;

struct Sample {
    source: &'static str,
    fold: usize,
    observation: Observation,
    label: Label,
    weight: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Right,
    Wrong,
    /// Not an answer.
    Nothing,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

fn lines(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(tests().join(file)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn transcript(dialogue: &Value) -> Vec<Turn> {
    let turn = |(i, turn): (usize, &Value)| Turn {
        turn_no: i as i32,
        speaker: if turn["role"] == "student" || turn["speaker"] == "student" {
            Speaker::Student
        } else {
            Speaker::Tutor
        },
        text: turn["text"].as_str().unwrap_or_default().to_owned(),
        offset_ms: i as i32 * 3000,
        duration_ms: None,
    };
    dialogue["turns"].as_array().into_iter().flatten().enumerate().map(turn).collect()
}

/// The labels of turns, where they are known.
type Labels = BTreeMap<i32, Label>;

fn right(is_right: bool) -> Label {
    if is_right { Label::Right } else { Label::Wrong }
}

fn of_short_call(call: &Value, turns: &[Turn]) -> Labels {
    let students = turns.iter().filter(|turn| turn.speaker == Speaker::Student);
    let expected = call["expected"].as_str().unwrap_or_default();
    let talks = matches!(call["kind"].as_str(), Some("smalltalk" | "no_answer"));
    let label = |(turn, letter): (&Turn, char)| match letter {
        'R' => Some((turn.turn_no, Label::Right)),
        'W' => Some((turn.turn_no, Label::Wrong)),
        'U' if talks => Some((turn.turn_no, Label::Nothing)),
        _ => None,
    };
    students.zip(expected.chars()).filter_map(label).collect()
}

fn of_whole_call(call: &Value) -> Labels {
    let label = |label: &Value| {
        let verdict = match label["verdict"].as_str()? {
            "right" => Label::Right,
            "wrong" => Label::Wrong,
            _ => Label::Nothing,
        };
        Some((label["turn"].as_i64()? as i32, verdict))
    };
    call["labels"].as_array().into_iter().flatten().filter_map(label).collect()
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

fn of_dialogue(dialogue: &Value, turns: &[Turn]) -> (&'static str, Labels) {
    let label = |turn: usize, name: &str| dialogue["turns"][turn]["labels"][name].clone();
    let students = || turns.iter().filter(|turn| turn.speaker == Speaker::Student);
    let mut labels = Labels::new();
    match dialogue["source"].as_str() {
        Some("cima") => {
            for i in 1..turns.len() {
                let actions = label(i, "tutor_actions");
                let action = |name: &str| actions.as_array().is_some_and(|all| all.iter().any(|a| a == name));
                let answer = (0..i).rev().find(|j| turns[*j].speaker == Speaker::Student);
                if let (Some(answer), true) = (answer, action("correction") != action("confirmation")) {
                    labels.insert(answer as i32, right(action("confirmation")));
                }
            }
            ("cima", labels)
        }
        Some("bridge") => {
            let wrong = (0..turns.len()).filter(|i| label(*i, "correctness") == "incorrect");
            labels.extend(wrong.map(|i| (i as i32, Label::Wrong)));
            ("bridge", labels)
        }
        _ => {
            if let Some(result) = dialogue["labels"]["true_answer"].as_f64() {
                let solution = students().find(|turn| numbers_in(&turn.text) >= SOLUTION);
                let wrong = solution.and_then(|turn| last_number(&turn.text)).filter(|number| !same(*number, result));
                for turn in students() {
                    match last_number(&turn.text) {
                        Some(number) if same(number, result) => labels.insert(turn.turn_no, Label::Right),
                        Some(number) if wrong.is_some_and(|wrong| same(number, wrong)) => {
                            labels.insert(turn.turn_no, Label::Wrong)
                        }
                        _ => None,
                    };
                }
            }
            ("mathdial", labels)
        }
    }
}

fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut number = 0;
    let mut add = |source, turns: &[Turn], labels: &Labels, weight| {
        number += 1;
        for observation in observe(turns) {
            // Of several turns the one that is an answer.
            let mut known = observation.turn_nos.iter().rev().filter_map(|turn| labels.get(turn).copied());
            let label = known.clone().find(|label| *label != Label::Nothing).or_else(|| known.next());
            if let Some(label) = label {
                samples.push(Sample { source, fold: number % FOLDS, observation, label, weight });
            }
        }
    };
    for file in ["calls", "fresh_calls", "fresh_smalltalk"] {
        let step = if file == "fresh_smalltalk" { 2 } else { 1 };
        for call in lines(&format!("cases/{file}.jsonl")).into_iter().skip(step - 1).step_by(step) {
            let turns = transcript(&call);
            add("short calls", &turns, &of_short_call(&call, &turns), 1.0);
        }
    }
    let even = lines("cases/fresh_realistic.jsonl").into_iter().skip(1).step_by(2);
    for call in lines("cases/realistic.jsonl").into_iter().chain(even) {
        add("whole calls", &transcript(&call), &of_whole_call(&call), 1.0);
    }
    // `-- even` or `-- odd` leaves the other lines for a held-out score.
    let half = std::env::args().nth(1).and_then(|half| ["odd", "even"].iter().position(|name| *name == half));
    let dialogues = lines("dialogues/dialogues.jsonl").into_iter().enumerate();
    for (_, dialogue) in dialogues.filter(|(i, _)| half.is_none_or(|half| i % 2 == half)) {
        let turns = transcript(&dialogue);
        let (source, labels) = of_dialogue(&dialogue, &turns);
        add(source, &turns, &labels, 0.5);
    }
    samples
}

/// Features and whether they speak of the class, with a weight.
type Example<'a> = (&'a [u32], bool, f32);

/// Was the answer right, by the reply?
fn reaction(sample: &Sample) -> Option<Example<'_>> {
    let features = &sample.observation.features;
    (sample.label != Label::Nothing && !features.is_empty()).then_some((
        features.as_slice(),
        sample.label == Label::Right,
        sample.weight,
    ))
}

/// Was it an answer?
fn attempt(sample: &Sample) -> Example<'_> {
    let weight = if sample.label == Label::Nothing { 1.5 } else { sample.weight };
    (sample.observation.attempt.as_slice(), sample.label != Label::Nothing, weight)
}

/// Logistic regression by stochastic gradient descent with AdaGrad steps, always in the same order.
fn train<'a>(examples: impl Iterator<Item = Example<'a>>) -> Vec<f32> {
    let (mut weights, mut squares) = (vec![0.0_f32; BUCKETS], vec![1e-3_f32; BUCKETS]);
    let all: Vec<Example> = examples.collect();
    // A fixed permutation: neighbours come from the same source.
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|i| (*i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for _ in 0..ROUNDS {
        for (features, is, weight) in order.iter().map(|i| all[*i]) {
            let predicted = probability(features, |i| weights[i]) as f32;
            let error = (predicted - if is { 1.0 } else { 0.0 }) * weight;
            for feature in features {
                let i = *feature as usize;
                let gradient = error + DECAY * weights[i];
                squares[i] += gradient * gradient;
                weights[i] -= RATE * gradient / squares[i].sqrt();
            }
        }
    }
    weights
}

/// Right decisions, decisions and samples.
#[derive(Default)]
struct Tally(usize, usize, usize);

impl Tally {
    fn add(&mut self, decided: Option<bool>, is_right: bool) {
        self.0 += usize::from(decided == Some(is_right));
        self.1 += usize::from(decided.is_some());
        self.2 += 1;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
        write!(f, "{:5.1} % right of {:5.1} % decided", share(self.0, self.1), share(self.1, self.2))
    }
}

fn write(file: &str, weights: &[f32]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    std::fs::write(path, stored(weights)).expect("the weights can be written");
}

fn main() {
    let samples = samples();
    let mut by_source: BTreeMap<&str, [Tally; 3]> = BTreeMap::new();
    let mut attempts: BTreeMap<&str, [Tally; 2]> = BTreeMap::new();
    for fold in 0..FOLDS {
        let others = || samples.iter().filter(|sample| sample.fold != fold);
        let (weights, of_attempt) = (train(others().filter_map(reaction)), train(others().map(attempt)));
        for sample in samples.iter().filter(|sample| sample.fold == fold) {
            let is_answer = probability(&sample.observation.attempt, |i| of_attempt[i]) >= LIKELY;
            let of_label = attempts.entry(sample.source).or_default();
            of_label[usize::from(sample.label == Label::Nothing)].add(Some(is_answer), sample.label != Label::Nothing);
            let Some((features, is_right, _)) = reaction(sample) else { continue };
            let probability = probability(features, |i| weights[i]);
            let learned = (!(MARGIN..=1.0 - MARGIN).contains(&probability)).then_some(probability > 0.5);
            let [words, alone, both] = by_source.entry(sample.source).or_default();
            let by_words = sample.observation.by_words;
            words.add(by_words, is_right);
            alone.add(learned, is_right);
            // What both say, or one of them where the other is silent.
            let fused = match (by_words, learned) {
                (Some(a), Some(b)) if a != b => None,
                (a, b) => a.or(b),
            };
            both.add(fused, is_right);
        }
    }
    println!("{} samples, {FOLDS} folds", samples.len());
    for (source, [words, alone, both]) in &by_source {
        println!("{source:<12} reaction: word lists {words}; learned {alone}; both {both}");
    }
    for (source, [answers, others]) in &attempts {
        println!("{source:<12} answers known {answers}; others known {others}");
    }
    write("reaction/weights.bin", &train(samples.iter().filter_map(reaction)));
    write("attempt/weights.bin", &train(samples.iter().map(attempt)));
}
