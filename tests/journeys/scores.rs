//! The quality of the analysis, stored in the repository. A change of the rules shows in the scores.

use std::path::{Path, PathBuf};

use serde_json::Value;
use worker::eval;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues")
}

#[test]
fn the_analysis_is_as_good_as_it_was() {
    let lines = std::fs::read_to_string(folder().join("dialogues.jsonl")).unwrap();
    let scores = eval::evaluate(&eval::read(&lines).unwrap(), || {});
    // Converted to text and back, like the stored scores, because reading rounds the last digit.
    let scores: Value = serde_json::from_str(&serde_json::to_string(&scores).unwrap()).unwrap();
    let kept: Value = serde_json::from_slice(&std::fs::read(folder().join("scores.json")).unwrap()).unwrap();
    let worse: Vec<String> =
        kept["scores"].as_array().unwrap().iter().filter_map(|kept| worse(kept, &scores)).collect();
    assert!(worse.is_empty(), "the analysis got worse:\n{}", worse.join("\n"));
    assert_eq!(
        scores, kept,
        "the scores changed; if this is intended, run `cargo run -- eval --dialogues tests/dialogues/dialogues.jsonl --json` \
         into tests/dialogues/scores.json and bring docs/analysis.md up to date"
    );
}

/// Returns what is worse: the score is missing, or on the wrong side of the stored one.
fn worse(kept: &Value, scores: &Value) -> Option<String> {
    let now = scores["scores"].as_array()?.iter().find(|score| score["name"] == kept["name"]);
    let Some(now) = now else {
        return Some(format!("{} is no longer scored", kept["name"]));
    };
    let (before, after) = (kept["share"].as_f64()?, now["share"].as_f64()?);
    let is_worse = if kept["at_most"] == true { after > before } else { after < before };
    is_worse.then(|| format!("{}: {after:.3}, was {before:.3}", kept["name"]))
}
