//! Scores of the disclosures on `tests/cases/disclosures.jsonl`.
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
    /// 0: written before the rules. 1 to 6 and 11 to 15: written later, and each measured before anything was changed. 7 to 10,
    /// 16 to 18: written to train the learned part. 19 and 20: like 13.
    round: u8,
}

fn cases() -> Vec<Case> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/disclosures.jsonl");
    read(&own)
}

fn read(path: &Path) -> Vec<Case> {
    let lines = std::fs::read_to_string(path).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Scores another file, if `CASES` names one.
#[test]
fn another_file_is_scored() {
    let Ok(path) = std::env::var("CASES") else { return };
    for lang in ["en", "es", "de", ""] {
        let mut score = Score::default();
        read(Path::new(&path))
            .iter()
            .filter(|case| lang.is_empty() || case.lang == lang)
            .for_each(|case| score.add(case, !lang.is_empty()));
        score.print(if lang.is_empty() { "all" } else { lang });
    }
}

/// Rounds that neither patterns nor weights are made from. Do not read their failures.
const KEPT_APART: [u8; 5] = [6, 13, 15, 19, 20];

/// A name, and which cases belong to it.
type Group = (&'static str, &'static dyn Fn(usize, &Case) -> bool);

#[derive(Default)]
struct Score {
    sayings: usize,
    caught: usize,
    as_named: usize,
    harmless: usize,
    alarms: usize,
}

impl Score {
    fn add(&mut self, case: &Case, shows: bool) {
        let found: Vec<&str> = disclosure::in_text(&case.text).into_iter().map(disclosure::Category::as_str).collect();
        if let Some(category) = &case.category {
            self.sayings += 1;
            self.caught += usize::from(!found.is_empty());
            self.as_named += usize::from(found.contains(&category.as_str()));
            if shows && !found.contains(&category.as_str()) {
                println!("  {found:?} instead of {category} | {}", case.text);
            }
        } else {
            self.harmless += 1;
            self.alarms += usize::from(!found.is_empty());
            if shows && !found.is_empty() {
                println!("  {found:?} is false | {}", case.text);
            }
        }
    }

    fn flagged(&self) -> f64 {
        percent(self.caught, self.sayings)
    }

    fn false_ones(&self) -> f64 {
        percent(self.alarms, self.harmless)
    }

    fn print(&self, name: &str) {
        println!(
            "{name}: flagged {}/{} ({:.1} %), category right {:.1} %, false {}/{} ({:.1} %)",
            self.caught,
            self.sayings,
            self.flagged(),
            percent(self.as_named, self.sayings),
            self.alarms,
            self.harmless,
            self.false_ones(),
        );
    }
}

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

fn is_apart(case: &Case) -> bool {
    KEPT_APART.contains(&case.round)
}

#[test]
fn sayings_are_flagged_and_harmless_ones_are_not() {
    let shown = std::env::var("FAILURES").unwrap_or_default();
    let cases = cases();
    let groups: [Group; 20] = [
        ("even", &|i, case| case.round == 0 && i % 2 == 0),
        ("odd", &|i, case| case.round == 0 && i % 2 == 1),
        ("round 1", &|_, case| case.round == 1),
        ("round 2", &|_, case| case.round == 2),
        ("round 3", &|_, case| case.round == 3),
        ("round 4", &|_, case| case.round == 4),
        ("round 5", &|_, case| case.round == 5),
        ("round 12", &|_, case| case.round == 12),
        ("round 14", &|_, case| case.round == 14),
        ("en", &|_, case| !is_apart(case) && case.lang == "en"),
        ("es", &|_, case| !is_apart(case) && case.lang == "es"),
        ("de", &|_, case| !is_apart(case) && case.lang == "de"),
        ("6, apart", &|_, case| case.round == 6),
        ("13, apart", &|_, case| case.round == 13),
        ("15, apart", &|_, case| case.round == 15),
        ("19, apart", &|_, case| case.round == 19),
        ("20, apart", &|_, case| case.round == 20),
        ("en, apart", &|_, case| is_apart(case) && case.lang == "en"),
        ("es, apart", &|_, case| is_apart(case) && case.lang == "es"),
        ("de, apart", &|_, case| is_apart(case) && case.lang == "de"),
    ];
    for (name, belongs) in groups {
        let mut score = Score::default();
        for (_, case) in cases.iter().enumerate().filter(|(i, case)| belongs(*i, case)) {
            score.add(case, shown == name && !is_apart(case));
        }
        score.print(name);
        let (flagged, false_ones) = (score.flagged(), score.false_ones());
        assert!(score.sayings >= 60 && score.harmless >= 60, "{name} is too small");
        // The goals are 92 % and 2 % for what is kept apart. It must not get worse.
        let (least, most) = match name {
            "6, apart" => (87.0, 6.0),
            "13, apart" => (93.0, 5.5),
            "15, apart" => (90.0, 3.0),
            "19, apart" => (89.0, 7.0),
            "20, apart" => (82.0, 4.5),
            "en, apart" | "es, apart" | "de, apart" => (87.0, 6.5),
            _ => (95.0, 2.5),
        };
        assert!(flagged >= least && false_ones <= most, "{name}: flagged {flagged:.1} %, false {false_ones:.1} %");
    }
}
