//! Why a model did not answer, and whether waiting helps.

use std::time::Duration;

use crate::JobError;

/// The longest that we let an endpoint put us off.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Why the model gave no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the language model cannot be reached")]
    Unreachable,
    #[error("the language model did not answer in time")]
    TimedOut,
    /// Not before the time it named; zero where it named none.
    #[error("the language model is busy")]
    Busy { at_least: Duration },
    /// It was not asked: it has not answered lately.
    #[error("the language model does not answer for now")]
    Away { at_least: Duration },
    #[error("the language model's account is out of money")]
    OutOfMoney,
    #[error("the language model refused our key")]
    Unauthorised,
    #[error("the language model's endpoint knows no such model or address")]
    NotFound,
    #[error("the language model did not understand our request")]
    BadRequest,
    #[error("the call is too long for the language model")]
    TooLong,
    #[error("the language model declined to judge this call")]
    Declined,
    #[error("the language model's answer was cut off")]
    Truncated,
    #[error("the language model's answer could not be used")]
    Garbled,
}

impl Fault {
    /// Whether it lies in what was asked, and not in the endpoint or the account: another call may go well.
    pub(crate) fn is_of_the_call(self) -> bool {
        matches!(self, Self::TooLong | Self::Declined | Self::Truncated | Self::Garbled)
    }
}

impl From<Fault> for JobError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unreachable | Fault::TimedOut => Self::retry(fault.to_string()),
            Fault::Busy { at_least } => Self::retry_after(fault.to_string(), at_least),
            Fault::Away { at_least } => Self::PutOff { reason: fault.to_string().into(), at_least },
            Fault::OutOfMoney
            | Fault::Unauthorised
            | Fault::NotFound
            | Fault::BadRequest
            | Fault::TooLong
            | Fault::Declined
            | Fault::Truncated
            | Fault::Garbled => Self::fail(fault.to_string()),
        }
    }
}

pub(super) fn of_transport(error: &reqwest::Error) -> Fault {
    if error.is_timeout() { Fault::TimedOut } else { Fault::Unreachable }
}

/// Reads a refusal: what it says counts for more than its number.
pub(super) fn classify(status: u16, retry_after: Option<&str>, body: &[u8]) -> Fault {
    let body = String::from_utf8_lossy(&body[..body.len().min(8192)]).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| body.contains(word));
    let too_long = ["context_length", "context length", "exceed_context_size", "context window", "prompt is too long"];
    let no_money = ["insufficient_quota", "credit_balance", "spend_limit", "usage_limit_exceeded", "billing_error"];
    match status {
        413 => Fault::TooLong,
        400 | 422 if says(&too_long) => Fault::TooLong,
        402 => Fault::OutOfMoney,
        403 | 429 if says(&no_money) => Fault::OutOfMoney,
        401 | 403 => Fault::Unauthorised,
        404 => Fault::NotFound,
        408 | 409 | 425 | 429 | 500.. => Fault::Busy { at_least: retry_after.and_then(seconds).unwrap_or_default() },
        _ => Fault::BadRequest,
    }
}

/// `Retry-After`: seconds, or a date.
fn seconds(header: &str) -> Option<Duration> {
    let seconds = if let Ok(seconds) = header.trim().parse::<f64>() {
        seconds
    } else {
        let date = chrono::DateTime::parse_from_rfc2822(header.trim()).ok()?;
        (date.to_utc() - storage::clock::now()).num_milliseconds() as f64 / 1000.0
    };
    let seconds = seconds.clamp(0.0, MAX_RETRY_AFTER.as_secs_f64());
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(seconds: u64) -> Fault {
        Fault::Busy { at_least: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_busy_endpoint_says_when_to_come_back() {
        assert_eq!(classify(429, Some("17"), b"{}"), busy(17));
        assert_eq!(classify(529, None, b"overloaded_error"), busy(0));
        assert_eq!(classify(503, Some("soon"), b""), busy(0));
        assert_eq!(classify(429, Some("1e99"), b""), Fault::Busy { at_least: MAX_RETRY_AFTER });
        assert_eq!(classify(429, Some("-3"), b""), busy(0));
        assert_eq!(classify(429, Some("Wed, 21 Oct 2015 07:28:00 GMT"), b""), busy(0));
    }

    #[test]
    fn what_waiting_does_not_help_is_told_apart() {
        let quota = br#"{"error": {"type": "insufficient_quota", "code": "insufficient_quota"}}"#;
        assert_eq!(classify(429, None, quota), Fault::OutOfMoney);
        assert_eq!(classify(401, None, b""), Fault::Unauthorised);
        assert_eq!(classify(404, None, b"model_not_found"), Fault::NotFound);
        assert_eq!(classify(400, None, br#"{"error":{"type":"exceed_context_size_error"}}"#), Fault::TooLong);
        assert_eq!(classify(400, None, b"bad"), Fault::BadRequest);
    }

    #[test]
    fn only_what_passes_by_itself_is_tried_again() {
        assert!(matches!(busy(3).into(), JobError::Retry { at_least, .. } if at_least.as_secs() == 3));
        assert!(matches!(Fault::TimedOut.into(), JobError::Retry { .. }));
        let away = Fault::Away { at_least: Duration::from_secs(9) };
        assert!(matches!(away.into(), JobError::PutOff { at_least, .. } if at_least.as_secs() == 9));
        assert!(matches!(Fault::Unauthorised.into(), JobError::Fail { .. }));
    }
}
