//! Why VAPI's API did not do what it was asked.

use std::time::Duration;

use serde_json::Value;

/// Characters of VAPI's own words that are shown.
const MAX_WORDS: usize = 400;

/// Why a request to VAPI failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("VAPI cannot be reached")]
    Unreachable,
    #[error("VAPI did not answer in time")]
    TimedOut,
    /// Not before the time it named; zero if it named none.
    #[error("VAPI is busy")]
    Busy { at_least: Duration },
    /// It failed: an answer of the 500s.
    #[error("VAPI has an internal error")]
    Failed { at_least: Duration },
    /// It was not asked, because it has not answered lately.
    #[error("VAPI does not answer for now")]
    Away,
    #[error("VAPI refused our key: look at VAPI_API_KEY")]
    Refused,
    #[error("VAPI knows no such object")]
    NotFound,
    /// With VAPI's own words, without secrets. They may repeat a number, so they are never for a log.
    #[error("VAPI did not accept the request")]
    Invalid { words: String },
    #[error("VAPI's answer is too large")]
    TooLarge,
    #[error("VAPI answered in a way that we do not know")]
    Odd,
}

impl Fault {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Unreachable | Self::TimedOut => "Check the network and VAPI_API_URL, and try again.",
            Self::Busy { .. } | Self::Failed { .. } | Self::Away => {
                "Wait a minute and try again. Nothing is done twice."
            }
            Self::Refused => "Use the private key of your VAPI organisation; the public key cannot change anything.",
            Self::NotFound => "It was deleted meanwhile, or belongs to another VAPI organisation. Try again.",
            Self::Invalid { .. } => "Check the settings VAPI_MODEL, VAPI_VOICE and VAPI_TRANSCRIBER.",
            Self::TooLarge | Self::Odd => "Check VAPI_API_URL: it must be VAPI's API.",
        }
    }
}

pub(super) fn of_transport(error: &reqwest::Error) -> Fault {
    if error.is_timeout() { Fault::TimedOut } else { Fault::Unreachable }
}

/// Returns the seconds of a `Retry-After`, as VAPI sends it.
pub fn seconds(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs)
}

/// Reads VAPI's words from the body of a refusal: `message` is a text or a list of texts.
pub(super) fn words(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = match &body["message"] {
        Value::String(text) => text.clone(),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
        _ => String::new(),
    };
    words.chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_refusal_are_read_and_bounded() {
        assert_eq!(words(br#"{"message":["a must be b","c\u0007"],"statusCode":400}"#), "a must be b; c");
        assert_eq!(words(br#"{"message":"no"}"#), "no");
        assert_eq!(words(b"<html>"), "");
        let long = serde_json::to_vec(&serde_json::json!({ "message": "x".repeat(9_000) })).unwrap();
        assert_eq!(words(&long).len(), MAX_WORDS);
    }
}
