//! What one observation about one skill says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// Was the answer right? An answer that cannot be judged is no evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Verdict {
    Correct,
    Partial,
    Incorrect,
}

impl Verdict {
    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// How much the tutor helped before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Help {
    None,
    Hint,
    Told,
}

impl Help {
    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
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
        self.into_str()
    }
}
