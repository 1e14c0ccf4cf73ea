//! Scores of the disclosures on `tests/cases/disclosures.jsonl`: lines with an even number were tuned on, odd ones not.
//!
//! `FAILURES=even cargo test -p domain --test disclosures -- --nocapture` lists what is not as expected of one half.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that prints its scores and reads one switch"
)]

use std::path::Path;

use domain::disclosure;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    text: String,
    lang: String,
    category: Option<String>,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/disclosures.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[derive(Default)]
struct Score {
    n_sayings: usize,
    n_flagged: usize,
    n_as_named: usize,
    n_harmless: usize,
    n_false: usize,
}

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

#[test]
fn sayings_are_flagged_and_harmless_ones_are_not() {
    let shown = std::env::var("FAILURES").unwrap_or_default();
    for (half, name) in ["even", "odd"].iter().enumerate() {
        let mut all = Score::default();
        for lang in ["en", "es", "de"] {
            let mut score = Score::default();
            for case in cases().into_iter().skip(half).step_by(2).filter(|case| case.lang == lang) {
                let found: Vec<&str> =
                    disclosure::in_text(&case.text).into_iter().map(disclosure::Category::as_str).collect();
                match &case.category {
                    Some(category) => {
                        score.n_sayings += 1;
                        score.n_flagged += usize::from(!found.is_empty());
                        score.n_as_named += usize::from(found.contains(&category.as_str()));
                        if shown == *name && !found.contains(&category.as_str()) {
                            println!("  {found:?} instead of {category} | {}", case.text);
                        }
                    }
                    None => {
                        score.n_harmless += 1;
                        score.n_false += usize::from(!found.is_empty());
                        if shown == *name && !found.is_empty() {
                            println!("  {found:?} is false | {}", case.text);
                        }
                    }
                }
            }
            println!(
                "{name} lines, {lang}: flagged {}/{} ({:.1} %), category right {:.1} %, false {}/{} ({:.1} %)",
                score.n_flagged,
                score.n_sayings,
                percent(score.n_flagged, score.n_sayings),
                percent(score.n_as_named, score.n_sayings),
                score.n_false,
                score.n_harmless,
                percent(score.n_false, score.n_harmless),
            );
            all.n_sayings += score.n_sayings;
            all.n_flagged += score.n_flagged;
            all.n_harmless += score.n_harmless;
            all.n_false += score.n_false;
        }
        let (flagged, false_ones) = (percent(all.n_flagged, all.n_sayings), percent(all.n_false, all.n_harmless));
        println!("{name} lines: flagged {flagged:.1} %, false {false_ones:.1} %");
        assert!(all.n_sayings >= 150 && all.n_harmless >= 150);
        assert!(flagged >= 92.0 && false_ones <= 2.0, "{name} lines: flagged {flagged:.1} %, false {false_ones:.1} %");
    }
}
