//! How a job fails: its author decides whether another try can help.

use std::borrow::Cow;
use std::time::Duration;

use queue::lease;
use storage::db;

/// Why an attempt did not finish its job. The reasons are stored and shown to people: short, and never content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Worth another try, but not before `at_least`.
    #[error("{reason}")]
    Retry { reason: Cow<'static, str>, at_least: Duration },
    /// Not tried, since what it needs is away: costs no attempt.
    #[error("{reason}")]
    PutOff { reason: Cow<'static, str>, at_least: Duration },
    /// No try will help until a person does something.
    #[error("{reason}")]
    Fail { reason: Cow<'static, str> },
    /// The job is another worker's by now: nothing was written, and nothing is to be.
    #[error("the lease was lost")]
    LeaseLost,
}

impl JobError {
    /// Another try may succeed.
    pub fn retry(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::retry_after(reason, Duration::ZERO)
    }

    /// The same, but not before `at_least` has passed.
    pub fn retry_after(reason: impl Into<Cow<'static, str>>, at_least: Duration) -> Self {
        Self::Retry { reason: reason.into(), at_least }
    }

    /// No other try would succeed.
    pub fn fail(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Fail { reason: reason.into() }
    }
}

impl From<db::Error> for JobError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Unavailable(_) => Self::retry("the database could not be reached"),
            db::Error::Conflict(_) => Self::retry("another change came first"),
            db::Error::NotFound(what) => Self::fail(format!("there is no such {what}")),
            db::Error::Corrupt(what) => Self::fail(format!("a stored {what} cannot be read")),
            db::Error::UnstorableText => Self::fail("a text contains a NUL character"),
            db::Error::Forbidden(_) | db::Error::Internal(_) => Self::fail("the database refused a statement"),
        }
    }
}

impl From<lease::Error> for JobError {
    fn from(error: lease::Error) -> Self {
        match error {
            lease::Error::LeaseLost => Self::LeaseLost,
            lease::Error::Database(error) => error.into(),
        }
    }
}
