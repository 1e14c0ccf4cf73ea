//! Measures what the rules cost on a call of 40 kB: `cargo run --release -p analyser --example speed`.
//!
//! The call is made of whole calls of `tests/cases/realistic.jsonl`, one after the other, and of the dialogues of
//! `tests/dialogues`: words as a recogniser writes them, and typed ones.

#![expect(clippy::print_stdout, reason = "prints its measurements")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use analyser::analyse;
use domain::curriculum::Curriculum;
use domain::transcript::{Speaker, Turn};
use serde_json::Value;

/// Bytes of speech in a call.
const SIZE: usize = 40_000;
/// How often each call is analysed. Another number may be given, such as 1 for a profiler, and then a word of the call's name.
const ROUNDS: usize = 200;

fn main() {
    let rounds = std::env::args().nth(1).and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let only = std::env::args().nth(2).unwrap_or_default();
    let curriculum = Curriculum::starter();
    for (name, file, language) in [
        ("spoken, English", "cases/realistic.jsonl", "en"),
        ("spoken, Spanish", "cases/realistic.jsonl", "es"),
        ("typed, English", "dialogues/dialogues.jsonl", "en"),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let call = call(file, language);
        let (before, begin) = (resident(), Instant::now());
        analyse(&call, &curriculum);
        let (first, after) = (begin.elapsed(), resident());
        let mut times: Vec<_> = (0..rounds)
            .map(|_| {
                let begin = Instant::now();
                again(&call, &curriculum);
                begin.elapsed()
            })
            .collect();
        times.sort_unstable();
        let [median, fastest] = [times[rounds / 2], times[0]];
        println!("{name:<16} {} turns: median {median:.2?}, fastest {fastest:.2?}, first call {first:.2?}", call.len());
        println!("{:16} resident memory {before:.1} MB before the first call, {after:.1} MB after it", "");
    }
}

/// An analysis with warm tables. A separate function, for profilers.
#[inline(never)]
fn again(call: &[Turn], curriculum: &Curriculum) {
    black_box(analyse(black_box(call), curriculum));
}

/// Megabytes of this process in memory, as Linux counts them; 0 elsewhere.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm");
    let pages: Option<f64> = pages.ok().and_then(|pages| pages.split(' ').nth(1)?.parse().ok());
    pages.unwrap_or_default() * 4096.0 / 1e6
}

/// Calls of a file, one after the other and from the beginning again, until they are long enough.
fn call(file: &str, language: &str) -> Vec<Turn> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(file);
    let lines = std::fs::read_to_string(path).expect("the cases are part of the repository");
    let calls: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_meant = |call: &&Value| call["lang"].as_str().is_none_or(|lang| lang == language);
    let said = calls.iter().filter(is_meant).flat_map(|call| call["turns"].as_array().into_iter().flatten());
    let said: Vec<&Value> = said.collect();
    let (mut turns, mut size) = (Vec::new(), 0);
    for (i, turn) in said.iter().cycle().enumerate() {
        if size >= SIZE {
            break;
        }
        let is_student = turn["speaker"] == "student" || turn["role"] == "student";
        let text = turn["text"].as_str().unwrap_or_default().to_owned();
        size += text.len();
        turns.push(Turn {
            turn_no: i as i32,
            speaker: if is_student { Speaker::Student } else { Speaker::Tutor },
            text,
            offset_ms: i as i32 * 3000,
            duration_ms: None,
        });
    }
    turns
}
