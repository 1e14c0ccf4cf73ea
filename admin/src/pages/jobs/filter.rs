//! The filters of the list of jobs, read from the address.

use queue::list::JobQuery;
use serde::Deserialize;
use storage::job::Kind;

use super::{PATH, SCHEDULED, STATES};
use crate::fault::Fault;
use crate::link;
use crate::parts::pager::{PAGE, parse_time_key};

/// The value for jobs without a reason.
pub(super) const NO_REASON: &str = "none";
/// The longest reason in characters. Reasons are short, fixed texts.
const MAX_REASON_CHARS: usize = 500;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    pub(super) state: String,
    pub(super) kind: String,
    pub(super) reason: String,
    pub(super) after: String,
}

impl Filter {
    /// Failed jobs, if the address names no state.
    pub(super) fn state(&self) -> &str {
        if self.state.is_empty() { STATES[0].0 } else { &self.state }
    }

    pub(super) fn kind(&self) -> Result<Option<&str>, Fault> {
        if self.kind.is_empty() {
            return Ok(None);
        }
        let kind = self.kind.parse::<Kind>().ok();
        kind.map(|kind| Some(kind.as_str()))
            .ok_or_else(|| Fault::Invalid("This type of job does not exist.".to_owned()))
    }

    /// `None`: any reason. Empty: jobs without a reason.
    pub(super) fn reason(&self) -> Result<Option<&str>, Fault> {
        match &self.reason[..] {
            "" => Ok(None),
            NO_REASON => Ok(Some("")),
            reason if reason.chars().count() <= MAX_REASON_CHARS => Ok(Some(reason)),
            _ => Err(Fault::Invalid("A reason has at most 500 characters.".to_owned())),
        }
    }

    pub(super) fn query(&self) -> Result<JobQuery<'_>, Fault> {
        let state = STATES.iter().find(|(name, _)| *name == self.state()).map(|(name, _)| *name);
        Ok(JobQuery {
            state: match state.ok_or_else(|| Fault::Invalid("This state of a job does not exist.".to_owned()))? {
                SCHEDULED => "ready",
                state => state,
            },
            is_scheduled: state == Some(SCHEDULED),
            kind: self.kind()?,
            reason: self.reason()?,
            after: parse_time_key(&self.after)?,
            limit: PAGE + 1,
        })
    }

    pub(super) fn is_narrow(&self) -> bool {
        !self.kind.is_empty() || !self.reason.is_empty() || !self.after.is_empty()
    }

    pub(super) fn with_after(&self, after: String) -> Self {
        Self { after, ..self.clone() }
    }

    pub(super) fn url(&self) -> String {
        self.url_of(PATH)
    }

    pub(super) fn url_of(&self, path: &str) -> String {
        let Self { state, kind, reason, after } = self;
        link::to(path, &[("state", state), ("kind", kind), ("reason", reason), ("after", after)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(state: &str, kind: &str, reason: &str) -> Filter {
        Filter { state: state.to_owned(), kind: kind.to_owned(), reason: reason.to_owned(), ..Filter::default() }
    }

    #[test]
    fn what_is_asked_for_is_read_and_what_does_not_exist_is_refused() {
        let query = filter("", "", "").query().map(|query| (query.state.to_owned(), query.reason.map(str::to_owned)));
        assert_eq!(query.unwrap(), ("needs_attention".to_owned(), None));
        let some = filter("done", "analyze_session", "none");
        let query = some.query().unwrap();
        assert_eq!((query.state, query.kind, query.reason), ("done", Some("analyze_session"), Some("")));
        for wrong in [filter("gone", "", ""), filter("", "call_parents", ""), filter("", "", &"x".repeat(501))] {
            assert!(wrong.query().is_err(), "{wrong:?}");
        }
        assert_eq!(some.url(), "/jobs?state=done&kind=analyze_session&reason=none");
    }
}
