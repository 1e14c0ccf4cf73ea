//! Why VAPI's API did not tell.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("VAPI cannot be reached")]
    Unreachable,
    #[error("VAPI did not answer in time")]
    TimedOut,
    /// Not before the time it named; zero where it named none.
    #[error("VAPI is busy")]
    Busy { at_least: Duration },
    /// It was not asked: it has not answered lately.
    #[error("VAPI does not answer for now")]
    Away,
    #[error("VAPI refused our key: look at VAPI_API_KEY")]
    Refused,
    #[error("VAPI knows no such call")]
    NotFound,
    #[error("VAPI's answer is too large")]
    TooLarge,
    #[error("VAPI answered in a way that we do not know")]
    Odd,
}

pub(super) fn of_transport(error: &reqwest::Error) -> Fault {
    if error.is_timeout() { Fault::TimedOut } else { Fault::Unreachable }
}

/// `Retry-After` in seconds, as VAPI sends it.
pub(super) fn seconds(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs)
}
