//! Scores of the rules on the cases of `tests/cases`: short calls and whole calls, as a speech recogniser writes them.
//!
//! `CASES=FILE` scores another file of the same shape, `FAILURES=1` lists what is not as expected:
//! `FAILURES=1 cargo test -p analyser --test cases -- --nocapture`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "prints scores and reads its own settings"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use analyser::analyse;
use domain::analysis::Findings;
use domain::curriculum::Curriculum;
use domain::evidence::{Help, Verdict};
use domain::transcript::{Speaker, Turn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Said {
    speaker: String,
    text: String,
}

#[derive(Deserialize)]
struct ShortCall {
    id: String,
    kind: String,
    turns: Vec<Said>,
    /// One letter per student turn, see `tests/cases/README.md`.
    expected: String,
    help: Option<String>,
    skill: Option<String>,
}

#[derive(Deserialize)]
struct WholeCall {
    id: String,
    turns: Vec<Said>,
    labels: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    turn: usize,
    verdict: String,
    skill: Option<String>,
    help: String,
}

/// Percent of answers off the curriculum that may become evidence.
const MAX_OFF_CURRICULUM: f64 = 2.0;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases")
}

fn read<T: for<'a> Deserialize<'a>>(file: &str) -> Vec<T> {
    let path = std::env::var("CASES").map_or_else(|_| folder().join(file), PathBuf::from);
    let lines = std::fs::read_to_string(path).unwrap();
    lines.lines().filter(|line| !line.trim().is_empty()).filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn transcript(said: &[Said]) -> Vec<Turn> {
    let turn = |(i, said): (usize, &Said)| Turn {
        turn_no: i as i32,
        speaker: if said.speaker == "student" { Speaker::Student } else { Speaker::Tutor },
        text: said.text.clone(),
        offset_ms: i as i32 * 3000,
        duration_ms: None,
    };
    said.iter().enumerate().map(turn).collect()
}

/// Verdict, skill and help of the evidence on a turn.
fn evidence(findings: &Findings, turn: usize) -> Option<(Verdict, &str, Help)> {
    let all = findings.skills.iter().flat_map(|skill| skill.evidence.iter().map(move |e| (e, &skill.skill_id)));
    all.filter(|(e, _)| e.turn_no == turn as i32).map(|(e, skill)| (e.verdict, skill.as_str(), e.help)).next()
}

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / (of.max(1)) as f64
}

fn shows_failures() -> bool {
    std::env::var("FAILURES").is_ok()
}

fn show(turns: &[Said]) -> String {
    turns.iter().map(|t| format!("{}: {}", &t.speaker[..1].to_uppercase(), t.text)).collect::<Vec<_>>().join(" / ")
}

fn name(help: Help) -> &'static str {
    match help {
        Help::None => "none",
        Help::Hint => "hint",
        Help::Told => "told",
    }
}

#[test]
fn short_calls() {
    for file in ["calls.jsonl", "fresh_calls.jsonl", "fresh_smalltalk.jsonl", "fresh_offcurriculum.jsonl"] {
        println!("{file}");
        let calls = read(file);
        let [n, ok, wrong_as_right, false_evidence, right_as_wrong] = score_short_calls(&calls);
        let share = |part: usize| percent(part, n);
        match file {
            "calls.jsonl" => {
                assert!(
                    share(ok) >= 97.0 && share(wrong_as_right + false_evidence) <= 1.5 && share(right_as_wrong) <= 0.5
                );
            }
            "fresh_calls.jsonl" => assert!(share(ok) >= 95.0 && share(wrong_as_right + false_evidence) <= 1.5),
            "fresh_smalltalk.jsonl" => assert!(share(false_evidence) <= 1.0),
            _ => assert!(share(false_evidence) <= MAX_OFF_CURRICULUM),
        }
    }
}

/// Cases, as expected, wrong as right, false evidence and right as wrong.
fn score_short_calls(calls: &[ShortCall]) -> [usize; 5] {
    let curriculum = Curriculum::starter();
    let (mut n, mut ok, mut wrong_as_right, mut false_evidence, mut right_as_wrong) = (0, 0, 0, 0, 0);
    let (mut n_skills, mut skills_ok, mut n_help, mut help_ok) = (0, 0, 0, 0);
    let mut kinds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for call in calls {
        let turns = transcript(&call.turns);
        let findings = analyse(&turns, &curriculum);
        let verdicts = analyser::verdicts(&turns, &curriculum);
        let students = turns.iter().filter(|t| t.speaker == Speaker::Student);
        for (expected, turn) in call.expected.chars().zip(students) {
            let found = evidence(&findings, turn.turn_no as usize);
            let of_turn = verdicts.iter().find(|(no, _)| *no == turn.turn_no).and_then(|(_, verdict)| *verdict);
            let verdict = found.map(|(verdict, ..)| verdict).or(of_turn);
            let as_expected = match expected {
                'R' => verdict == Some(Verdict::Correct),
                'W' => matches!(verdict, Some(Verdict::Incorrect | Verdict::Partial)),
                'U' | 'X' => found.is_none(),
                'N' => found.is_none_or(|(verdict, ..)| verdict != Verdict::Correct),
                _ => continue,
            };
            n += 1;
            ok += usize::from(as_expected);
            let kind = kinds.entry(call.kind.clone()).or_default();
            kind.1 += 1;
            kind.0 += usize::from(as_expected);
            wrong_as_right += usize::from("WN".contains(expected) && verdict == Some(Verdict::Correct));
            false_evidence += usize::from("UX".contains(expected) && found.is_some());
            right_as_wrong += usize::from(expected == 'R' && verdict == Some(Verdict::Incorrect));
            let mut why = if as_expected { String::new() } else { format!("{verdict:?} instead of {expected}") };
            if let (Some(skill), Some((_, found, _)), 'R' | 'W') = (&call.skill, found, expected) {
                n_skills += 1;
                skills_ok += usize::from(found == skill);
                if found != skill {
                    why = format!("{why} skill {found} instead of {skill}");
                }
            }
            // The label speaks of the last answer.
            let is_last =
                turns.iter().rfind(|t| t.speaker == Speaker::Student).is_some_and(|t| t.turn_no == turn.turn_no);
            if let (Some(help), Some((_, _, found)), true) = (&call.help, found, is_last) {
                n_help += 1;
                help_ok += usize::from(name(found) == help);
                if name(found) != help {
                    why = format!("{why} help {} instead of {help}", name(found));
                }
            }
            if shows_failures() && !why.is_empty() {
                println!("{} [{}] {why} | {}", call.id, turn.turn_no, show(&call.turns));
            }
        }
    }
    for (kind, (ok, n)) in kinds.iter().filter(|(_, (ok, n))| ok < n) {
        println!("  {kind}: {ok}/{n}");
    }
    println!("short calls: {ok}/{n} as expected ({:.1} %)", percent(ok, n));
    println!(
        "  wrong as right {wrong_as_right}, false evidence {false_evidence} ({:.1} %); right as wrong {right_as_wrong} ({:.1} %)",
        percent(wrong_as_right + false_evidence, n),
        percent(right_as_wrong, n)
    );
    println!(
        "  skill right {skills_ok}/{n_skills} ({:.1} %); help right {help_ok}/{n_help} ({:.1} %)",
        percent(skills_ok, n_skills),
        percent(help_ok, n_help)
    );
    [n, ok, wrong_as_right, false_evidence, right_as_wrong]
}

#[test]
fn whole_calls() {
    let (right, found) = score_whole_calls("realistic.jsonl", &read("realistic.jsonl"));
    assert!(right >= 92.0 && found >= 78.0, "{right} {found}");
    // The classifiers are trained on the even lines.
    let fresh: Vec<WholeCall> = read("fresh_realistic.jsonl");
    let (even, odd): (Vec<_>, Vec<_>) = fresh.into_iter().enumerate().partition(|(i, _)| i % 2 == 1);
    let calls = |half: Vec<(usize, WholeCall)>| half.into_iter().map(|(_, call)| call).collect::<Vec<_>>();
    score_whole_calls("fresh_realistic.jsonl, even lines", &calls(even));
    let (right, found) = score_whole_calls("fresh_realistic.jsonl, odd lines", &calls(odd));
    assert!(right >= 90.0 && found >= 57.0, "{right} {found}");
}

/// The share of evidence that is right, and the share of what was shown that is found, in percent.
fn score_whole_calls(title: &str, calls: &[WholeCall]) -> (f64, f64) {
    println!("{title}");
    let curriculum = Curriculum::starter();
    let (mut n_shown, mut n_found, mut n_evidence, mut n_right) = (0, 0, 0, 0);
    let (mut n_help, mut help_right) = (0, 0);
    let (mut n_answers, mut n_verdicts, mut verdicts_right) = (0, 0, 0);
    let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls {
        let turns = transcript(&call.turns);
        let findings = analyse(&turns, &curriculum);
        let of_turns = analyser::verdicts(&turns, &curriculum);
        for label in &call.labels {
            let verdict = of_turns.iter().find(|(no, _)| *no == label.turn as i32).and_then(|(_, verdict)| *verdict);
            n_answers += usize::from(label.verdict != "none");
            if let Some(verdict) = verdict {
                n_verdicts += 1;
                let is_right = match label.verdict.as_str() {
                    "right" => verdict == Verdict::Correct,
                    "wrong" => verdict != Verdict::Correct,
                    _ => false,
                };
                verdicts_right += usize::from(is_right && label.verdict != "none");
                if shows_failures() && !(is_right && label.verdict != "none") {
                    println!(
                        "{} [{}] verdict {verdict:?}, label {} | {}",
                        call.id,
                        label.turn,
                        label.verdict,
                        near(&call.turns, label.turn)
                    );
                }
            }
            let found = evidence(&findings, label.turn);
            let shown = label.skill.as_deref().filter(|_| label.verdict != "none");
            n_shown += usize::from(shown.is_some());
            let Some((verdict, skill, help)) = found else {
                if shows_failures() && shown.is_some() {
                    println!(
                        "{} [{}] missed {} {:?} | {}",
                        call.id,
                        label.turn,
                        label.verdict,
                        shown,
                        near(&call.turns, label.turn)
                    );
                }
                continue;
            };
            n_evidence += 1;
            let right_verdict = match label.verdict.as_str() {
                "right" => verdict == Verdict::Correct,
                "wrong" => verdict != Verdict::Correct,
                _ => false,
            };
            let is_right = right_verdict && shown == Some(skill);
            n_right += usize::from(is_right);
            n_found += usize::from(is_right);
            if is_right {
                n_help += 1;
                help_right += usize::from(name(help) == label.help);
                if shows_failures() && name(help) != label.help {
                    println!(
                        "{} [{}] help {} instead of {} | {}",
                        call.id,
                        label.turn,
                        name(help),
                        label.help,
                        near(&call.turns, label.turn)
                    );
                }
            } else {
                let fault = match (label.verdict.as_str(), shown) {
                    ("none", _) => "no answer",
                    (_, None) => "off the curriculum",
                    ("right", _) if !right_verdict => "right as wrong",
                    ("wrong", _) if !right_verdict => "wrong as right",
                    _ => "wrong skill",
                };
                *faults.entry(fault).or_default() += 1;
                if shows_failures() {
                    println!(
                        "{} [{}] {fault}: {verdict:?} {skill}, label {} {:?} | {}",
                        call.id,
                        label.turn,
                        label.verdict,
                        shown,
                        near(&call.turns, label.turn)
                    );
                }
            }
        }
    }
    println!(
        "whole calls: evidence right {n_right}/{n_evidence} ({:.1} %), found {n_found}/{n_shown} ({:.1} %)",
        percent(n_right, n_evidence),
        percent(n_found, n_shown)
    );
    println!(
        "  whatever the skill: verdicts right {verdicts_right}/{n_verdicts} ({:.1} %) of {n_answers}",
        percent(verdicts_right, n_verdicts)
    );
    println!("  help right {help_right}/{n_help} ({:.1} %); faults {faults:?}", percent(help_right, n_help));
    (percent(n_right, n_evidence), percent(n_found, n_shown))
}

#[derive(Deserialize)]
struct HelpCall {
    turns: Vec<Said>,
    labels: Vec<HelpLabel>,
}

#[derive(Deserialize)]
struct HelpLabel {
    turn: usize,
    help: String,
    verdict: String,
}

#[test]
fn help_before_answers() {
    let calls: Vec<HelpCall> = read("fresh_help.jsonl");
    let curriculum = Curriculum::starter();
    // The odd lines since 61 were never read.
    let part = |i: usize| if i < 60 { "first" } else { ["odd", "even"][i % 2] };
    for title in ["first", "even", "odd"] {
        let (mut n, mut n_judged, mut n_right, mut help_right) = (0, 0, 0, 0);
        for (i, call) in calls.iter().enumerate().filter(|(i, _)| part(*i) == title) {
            let readings = analyser::readings(&transcript(&call.turns), &curriculum);
            for label in &call.labels {
                n += 1;
                let reading = readings.iter().find(|reading| reading.turn_nos.contains(&(label.turn as i32)));
                let Some((reading, verdict)) = reading.and_then(|reading| Some((reading, reading.verdict?))) else {
                    continue;
                };
                n_judged += 1;
                if (verdict == Verdict::Correct) != (label.verdict == "right") {
                    continue;
                }
                n_right += 1;
                help_right += usize::from(name(reading.help) == label.help);
                if shows_failures() && title != "odd" && name(reading.help) != label.help {
                    let help = name(reading.help);
                    println!(
                        "{} [{}] help {help} instead of {} | {}",
                        i + 1,
                        label.turn,
                        label.help,
                        show(&call.turns)
                    );
                }
            }
        }
        assert!(percent(help_right, n_right) >= 95.0, "{title}: {help_right} of {n_right}");
        println!(
            "fresh_help.jsonl, {title} lines: judged {n_judged} of {n}, {n_right} rightly; help right {help_right}/{n_right} ({:.1} %)",
            percent(help_right, n_right)
        );
    }
}

fn near(turns: &[Said], turn: usize) -> String {
    show(&turns[turn.saturating_sub(1)..(turn + 2).min(turns.len())])
}
