//! What became of a webhook, counted.

use strum::IntoStaticStr;

/// How a webhook ended at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub(super) enum Outcome {
    Stored,
    /// Stored before.
    Duplicate,
    /// Not signed, too large, or not whole.
    Refused,
    /// Stored for a person to look at.
    Unreadable,
    /// Too many at once.
    Shed,
    /// The database was away.
    Failed,
}

/// Message types with their own series. Types sent by clients never add one.
const TYPES: [&str; 15] = [
    "assistant-request",
    "assistant.started",
    "conversation-update",
    "end-of-call-report",
    "function-call",
    "handoff-destination-request",
    "hang",
    "model-output",
    "phone-call-control",
    "speech-update",
    "status-update",
    "tool-calls",
    "transcript",
    "transfer-destination-request",
    "user-interrupted",
];

impl Outcome {
    const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// `type`: VAPI's word, where one could be read.
    pub(super) fn count(self, r#type: Option<&str>) {
        let labels = [("type", series(r#type)), ("outcome", self.as_str())];
        metrics::counter!("webhook_deliveries_total", &labels).increment(1);
    }
}

/// The series of a type: itself, where it is a known one.
pub(super) fn series(r#type: Option<&str>) -> &'static str {
    TYPES.into_iter().find(|known| r#type == Some(known)).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sender_makes_a_series() {
        assert_eq!(series(Some("tool-calls")), "tool-calls");
        assert_eq!([series(Some("tool-calls2")), series(None)], ["other", "other"]);
    }
}
