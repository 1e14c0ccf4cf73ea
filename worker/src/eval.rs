//! How good is the analyser? Scores on labelled dialogues, with confidence intervals, as a table and as JSON.
//!
//! The labels are never shown to the analyser. Format: a dialogue a line, `{id, source, turns: [{role, text, labels?}], labels}`.

mod injections;
mod patience;
mod scores;
mod speech;

use serde::Deserialize;
use storage::transcript::{Speaker, Turn};

pub use self::patience::Patience;
pub use self::scores::{ModelShare, Score, Scores, evaluate, evaluate_heard, evaluate_llm};
pub use self::speech::Heard;

/// A labelled dialogue.
#[derive(Clone, Debug, Deserialize)]
pub struct Dialogue {
    pub id: String,
    pub source: String,
    pub turns: Vec<LabelledTurn>,
    #[serde(default)]
    pub labels: Labels,
}

/// A turn, and what people say of it.
#[derive(Clone, Debug, Deserialize)]
pub struct LabelledTurn {
    pub role: Role,
    pub text: String,
    #[serde(default)]
    pub labels: TurnLabels,
}

/// Who said a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Assistant,
    Student,
}

/// What people say of a turn.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TurnLabels {
    pub correctness: Option<String>,
    #[serde(default)]
    pub tutor_actions: Vec<String>,
    /// telling, probing, focus or generic.
    pub tutor_move: Option<String>,
}

/// What people say of a dialogue.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Labels {
    pub outcome: Option<String>,
    pub true_answer: Option<f64>,
}

/// A line that is no dialogue.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {source}")]
pub struct ReadError {
    pub line: usize,
    source: serde_json::Error,
}

/// Reads dialogues from JSON lines.
pub fn read(lines: &str) -> Result<Vec<Dialogue>, ReadError> {
    let lines = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(i, line)| serde_json::from_str(line).map_err(|source| ReadError { line: i + 1, source })).collect()
}

impl Dialogue {
    /// What the analyser sees: words and speakers, three seconds apart.
    pub fn transcript(&self) -> Vec<Turn> {
        let turn = |(i, turn): (usize, &LabelledTurn)| Turn {
            turn_no: i as i32,
            speaker: if turn.role == Role::Student { Speaker::Student } else { Speaker::Tutor },
            text: turn.text.clone(),
            offset_ms: i as i32 * 3000,
            duration_ms: None,
        };
        self.turns.iter().enumerate().map(turn).collect()
    }
}

#[cfg(test)]
mod tests;
