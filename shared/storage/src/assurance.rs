//! What a call must prove before the data of a student is given.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What a call must prove before the data of a student is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Assurance {
    /// That its number is the student's.
    #[default]
    CallerId,
    /// Also that the caller knows the student's PIN.
    Pin,
    /// Also that the caller knows the guardian's code.
    GuardianCode,
}

impl Assurance {
    pub const ALL: [Self; 3] = [Self::CallerId, Self::Pin, Self::GuardianCode];

    /// The name in the database and in output.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// The code that a caller has to say; `None`: none.
    pub const fn code(self) -> Option<CodeKind> {
        match self {
            Self::CallerId => None,
            Self::Pin => Some(CodeKind::Pin),
            Self::GuardianCode => Some(CodeKind::GuardianCode),
        }
    }
}

impl FromStr for Assurance {
    type Err = String;

    /// Reads the name, with `-` or `_`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|assurance| assurance.as_str() == text)
            .ok_or_else(|| "identity assurance is caller_id, pin or guardian_code".to_owned())
    }
}

/// Whose code a caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum CodeKind {
    Pin,
    GuardianCode,
}

impl CodeKind {
    pub const ALL: [Self; 2] = [Self::Pin, Self::GuardianCode];

    /// The name in the database and in output.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// The words for it in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pin => "PIN",
            Self::GuardianCode => "guardian's code",
        }
    }
}

impl FromStr for CodeKind {
    type Err = String;

    /// Reads the name, with `-` or `_`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| "a code is a pin or a guardian-code".to_owned())
    }
}
