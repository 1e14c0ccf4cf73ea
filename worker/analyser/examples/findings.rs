//! Prints what the rules find in all cases and dialogues of `tests`, to compare two versions byte by byte:
//! `cargo run --release -p analyser --example findings > before.txt`.
//!
//! Each call is also analysed with the speakers exchanged, and without capitals and marks.

#![expect(clippy::print_stdout, reason = "prints its findings")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use analyser::{analyse, outcome, readings, talks_to_analyser, tells, verdicts};
use domain::answer::{self, Key, Language};
use domain::curriculum::Curriculum;
use domain::transcript::{Speaker, Turn};
use domain::{disclosure, language, name, remark, task};
use serde_json::Value;

fn main() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let folder = std::fs::read_dir(tests.join("cases")).expect("the cases are part of the repository");
    let mut files: Vec<PathBuf> = folder.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.push(tests.join("dialogues/dialogues.jsonl"));
    files.sort();
    let curriculum = Curriculum::starter();
    let mut texts: BTreeSet<String> = BTreeSet::new();
    let mut said: Vec<Turn> = Vec::new();
    for file in files {
        let file_name = file.file_name().unwrap_or_default().display();
        let lines = std::fs::read_to_string(&file).expect("the cases are part of the repository");
        for (n, line) in lines.lines().enumerate() {
            let Ok(case) = serde_json::from_str::<Value>(line) else { continue };
            let text = |key: &str| case[key].as_str().unwrap_or_default();
            texts.extend(["text", "question", "answer", "heard", "spoken", "key"].map(|key| text(key).to_owned()));
            let answer = if case["answer"].is_string() { text("answer") } else { text("heard") };
            for language in Language::ALL.into_iter().filter(|_| case["key"].is_string()) {
                let judged = answer::judge(text("question"), &Key::from(text("key")), answer, language);
                println!("{file_name} {n} {judged:?}");
            }
            let turns = turns(&case);
            texts.extend(turns.iter().map(|turn| turn.text.clone()));
            print(&format!("{file_name} {n}"), &turns, &curriculum);
            print(&format!("{file_name} {n} exchanged"), &changed(&turns, exchange), &curriculum);
            print(&format!("{file_name} {n} bare"), &changed(&turns, bare), &curriculum);
            said.extend(turns);
        }
    }
    for (i, part) in said.chunks(400).enumerate() {
        print(&format!("long call {i}"), part, &curriculum);
    }
    for text in &texts {
        print_text(text);
    }
}

fn turns(case: &Value) -> Vec<Turn> {
    let turn = |(i, turn): (usize, &Value)| Turn {
        turn_no: i as i32,
        speaker: if turn["speaker"] == "student" || turn["role"] == "student" {
            Speaker::Student
        } else {
            Speaker::Tutor
        },
        text: turn["text"].as_str().unwrap_or_default().to_owned(),
        offset_ms: i as i32 * 3000,
        duration_ms: None,
    };
    case["turns"].as_array().into_iter().flatten().enumerate().map(turn).collect()
}

fn changed(turns: &[Turn], change: fn(&mut Turn)) -> Vec<Turn> {
    let mut turns = turns.to_vec();
    turns.iter_mut().for_each(change);
    turns
}

fn exchange(turn: &mut Turn) {
    turn.speaker = if turn.speaker == Speaker::Student { Speaker::Tutor } else { Speaker::Student };
}

fn bare(turn: &mut Turn) {
    turn.text = turn.text.to_lowercase().replace(['.', ',', '!'], "");
}

/// What is found in a call.
fn print(name: &str, turns: &[Turn], curriculum: &Curriculum) {
    if turns.is_empty() {
        return;
    }
    // JSON, since the debug format leaves out what children say.
    println!("{name} {}", serde_json::json!(analyse(turns, curriculum)));
    println!("{:?}", readings(turns, curriculum));
    println!("{:?} {:?}", outcome(turns, curriculum), verdicts(turns, curriculum));
    println!("{:?}", analyser::reaction::observe(turns));
    let said = |turn: &Turn| (turn.speaker == Speaker::Student, turn.text.clone());
    let said: Vec<(bool, String)> = turns.iter().map(said).collect();
    let said: Vec<_> = said.iter().map(|(is_child, text)| disclosure::Said { is_child: *is_child, text }).collect();
    println!("{:?}", disclosure::disclosures(&said));
}

/// What is found in a text.
fn print_text(text: &str) {
    println!("{text:?} {} {}", talks_to_analyser(text), tells(text));
    println!("{:?}", task::read(text, &task::Context::default()));
    println!("{:?} {:?}", disclosure::by_patterns(text), disclosure::in_text(text));
    println!("{:?} {:?} {:?}", remark::facts(text, ""), remark::requests(text), remark::named_goal(text));
    println!("{:?} {:?}", language::of_turn(text), name::introduced(text, "what is your name?"));
    for language in Language::ALL {
        println!("{:?} {:?}", answer::numbers(text, language), answer::calculations(text, language));
        println!("{:?}", answer::read(text, language, answer::Expecting::Number));
    }
}
