//! What one observation about one skill says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Was the answer right? An answer that cannot be judged is no evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Correct,
    Partial,
    Incorrect,
}

impl Verdict {
    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Partial => "partial",
            Self::Incorrect => "incorrect",
        }
    }
}

/// How much the tutor helped before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Help {
    None,
    Hint,
    Told,
}

impl Help {
    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hint => "hint",
            Self::Told => "told",
        }
    }
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Rules,
    Llm,
    /// Rules and a model agree.
    Both,
    /// An assistant during the call, for example by a checked answer.
    Tool,
    /// A person at the dashboard: outranks the rest.
    Person,
}

impl Source {
    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Llm => "llm",
            Self::Both => "both",
            Self::Tool => "tool",
            Self::Person => "person",
        }
    }
}
