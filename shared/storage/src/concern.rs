//! What a concern about a student is about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// What a concern is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, sqlx::Type, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum ConcernCategory {
    SelfHarm,
    Abuse,
    Neglect,
    Bullying,
    Grooming,
    Danger,
    Distress,
    PersonalData,
    Other,
}

impl ConcernCategory {
    pub const ALL: [Self; 9] = [
        Self::SelfHarm,
        Self::Abuse,
        Self::Neglect,
        Self::Bullying,
        Self::Grooming,
        Self::Danger,
        Self::Distress,
        Self::PersonalData,
        Self::Other,
    ];

    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// Returns the category of an analysis's flag; [`Self::Other`] if the name is unknown.
    pub fn of_flag(name: &str) -> Self {
        name.parse().unwrap_or(Self::Other)
    }
}
