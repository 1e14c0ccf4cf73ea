//! The ordered turns of a session: the only form in which speech is judged, shown or stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// Who spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Speaker {
    Tutor,
    Student,
}

impl Speaker {
    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// One utterance.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// Position in the session, from 0. Evidence points here.
    pub turn_no: i32,
    pub speaker: Speaker,
    pub text: String,
    /// Milliseconds since the start of the call.
    pub offset_ms: i32,
    /// How long it was spoken, in milliseconds, where the provider says.
    pub duration_ms: Option<i32>,
}

impl std::fmt::Debug for Turn {
    /// Without the text: what a child said does not belong into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("turn_no", &self.turn_no)
            .field("speaker", &self.speaker)
            .field("offset_ms", &self.offset_ms)
            .finish_non_exhaustive()
    }
}
