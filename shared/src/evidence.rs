//! One observation about one skill, with the turn that shows it. Append-only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Was the answer right? An answer nobody can judge is no evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Verdict {
    Correct,
    Partial,
    Incorrect,
}

/// How much the tutor helped before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Help {
    None,
    Hint,
    Told,
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
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
