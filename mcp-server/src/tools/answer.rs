//! What a tool says: words for the model, data for the program, or why not.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use storage::access::Forbidden;
use storage::db;
use strum::IntoStaticStr;

/// A result in two forms: `text` is enough for a conversation (VAPI's model reads only that), `data` is the same for
/// programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T = Value> {
    pub text: String,
    pub data: T,
}

impl<T: Serialize> Answer<T> {
    pub(super) fn erased(self) -> Result<Answer, ToolError> {
        let data = serde_json::to_value(self.data).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written as JSON");
            ToolError::internal()
        })?;
        Ok(Answer { text: self.text, data })
    }
}

/// How a call ended, for records and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Outcome {
    Ok,
    InvalidArguments,
    NotFound,
    Forbidden,
    /// The tool understood and declined.
    Refused,
    Busy,
    Unavailable,
    TimedOut,
    Cancelled,
    Failed,
}

impl Outcome {
    /// Its name in the record of tool calls and in metrics.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// Why there is no answer, in words that a model can act upon. Never a database's or a library's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError {
    pub outcome: Outcome,
    pub say: Cow<'static, str>,
}

impl ToolError {
    /// An error with the words that the model reads.
    pub fn new(outcome: Outcome, say: impl Into<Cow<'static, str>>) -> Self {
        Self { outcome, say: say.into() }
    }

    /// The arguments are wrong; `why` says how to correct them.
    pub fn invalid(why: impl std::fmt::Display) -> Self {
        Self::new(Outcome::InvalidArguments, format!("Not done: {why}. Correct the arguments and call again."))
    }

    /// There is no such thing, or not for this caller.
    pub fn not_found(what: &str) -> Self {
        let say = format!("There is no such {what}. Check the id: it must be one that a tool of this server gave you.");
        Self::new(Outcome::NotFound, say)
    }

    /// The database cannot be reached.
    pub fn unavailable() -> Self {
        let say = "The tutor's records cannot be reached right now. Continue without them and try again in a minute.";
        Self::new(Outcome::Unavailable, say)
    }

    /// The tool took too long.
    pub fn timed_out() -> Self {
        let say = "The tutor's records took too long to answer. Continue without them and try again in a minute.";
        Self::new(Outcome::TimedOut, say)
    }

    /// A fault of ours.
    pub fn internal() -> Self {
        let say = "Something went wrong on the tutor service's side. Continue without this.";
        Self::new(Outcome::Failed, say)
    }
}

impl From<Forbidden> for ToolError {
    fn from(forbidden: Forbidden) -> Self {
        match forbidden {
            Forbidden::Scope(scope) => {
                let say = format!("Not done: this assistant's token lacks the scope {scope}. Continue without this.");
                Self::new(Outcome::Forbidden, say)
            }
            Forbidden::NotOnLine => Self::new(
                Outcome::Refused,
                "Not done: this is not a student of the telephone line that is calling. Leave out `phone` and \
                 `student_id` to get the student who is calling, or continue without this.",
            ),
            // No client is of a few cohorts.
            Forbidden::OtherCohort => {
                Self::new(Outcome::Refused, "Not done: this is not for this assistant. Continue without this.")
            }
            Forbidden::Unverified(missing) => {
                let words = missing.words();
                let say = format!(
                    "Not done: the caller has not proved who they are. Ask the caller for their first name and the \
                     {words}, then call verify_caller with both. Without them teach as with anybody new. Continue without \
                     this."
                );
                Self::new(Outcome::Refused, say)
            }
            Forbidden::Blocked => Self::new(
                Outcome::Refused,
                "Not done: no lesson can be given on this line at the moment. Say so kindly, and end the call. Continue \
                 without this.",
            ),
        }
    }
}

impl From<db::Error> for ToolError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound(what) => Self::not_found(what),
            // Something was to be written of a student whose id a model has made up.
            db::Error::Conflict(constraint) if constraint.ends_with("_student_id_fkey") => Self::not_found("student"),
            db::Error::Forbidden(forbidden) => forbidden.into(),
            db::Error::UnstorableText => Self::invalid("leave out NUL characters"),
            db::Error::Unavailable(_) => {
                tracing::warn!(%error, "a tool could not reach the database");
                Self::unavailable()
            }
            db::Error::Conflict(_) | db::Error::Corrupt(_) | db::Error::Internal(_) => {
                tracing::error!(%error, "a tool failed");
                Self::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Scope;
    use storage::organisation::CodeKind;

    use super::*;

    #[test]
    fn every_refusal_says_what_to_do_next() {
        for error in [
            ToolError::invalid("`phone` is missing"),
            ToolError::unavailable(),
            ToolError::timed_out(),
            ToolError::internal(),
            Forbidden::Scope(Scope::SessionsRead).into(),
            Forbidden::Blocked.into(),
            Forbidden::Unverified(CodeKind::Pin).into(),
            db::Error::NotFound("session").into(),
        ] {
            assert!(
                ["call again", "Continue without", "Check the id"].iter().any(|hint| error.say.contains(hint)),
                "{error:?}"
            );
        }
    }

    #[test]
    fn what_is_told_of_a_student_nobody_knows_is_no_fault_of_ours() {
        let error = ToolError::from(db::Error::Conflict("notes_student_id_fkey".to_owned()));
        assert_eq!(error, ToolError::not_found("student"));
    }

    #[test]
    fn a_models_reply_never_carries_the_databases_words() {
        let error = ToolError::from(db::Error::Conflict("students_pkey".to_owned()));
        assert_eq!(error, ToolError::internal());
    }
}
