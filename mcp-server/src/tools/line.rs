//! The telephone call on which a request is made, as the client itself vouches for it: never as a model says.

use shared::db::{self, Db};
use shared::id::{SessionId, StudentId};
use shared::phone::Phone;
use shared::session;

/// Who calls, as far as the telephone network says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CallerNumber {
    /// The client does not tell: perhaps there is no telephone at all.
    #[default]
    Untold,
    /// The caller hides it.
    Withheld,
    Known(Phone),
}

/// What a client tells beside a tool's arguments. VAPI fills in both by itself, so that no caller can talk a model into
/// another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// VAPI's id of the call.
    pub call_id: Option<String>,
    pub number: CallerNumber,
}

/// A line, and what we know of the call on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    pub number: CallerNumber,
    /// `None`: no call, or VAPI has not told us of it yet.
    pub session_id: Option<SessionId>,
    /// Whose call this is, where that is settled.
    pub student_id: Option<StudentId>,
}

impl Line {
    /// Reads the texts of two headers. A template that was not filled in counts as nothing told.
    pub fn read(call_id: Option<&str>, caller_number: Option<&str>) -> Self {
        let told = |text: &&str| !text.is_empty() && !text.contains("{{");
        let call_id = call_id.map(str::trim).filter(told).filter(|id| id.len() <= 200);
        let number = match caller_number.map(str::trim).filter(told) {
            None => CallerNumber::Untold,
            Some(text) => Phone::parse_caller(text).map_or(CallerNumber::Withheld, CallerNumber::Known),
        };
        Self { call_id: call_id.map(str::to_owned), number }
    }

    /// Whether nothing is told: an agent that is not on a telephone.
    pub fn is_absent(&self) -> bool {
        self.call_id.is_none() && self.number == CallerNumber::Untold
    }

    /// Looks the call up. The number that comes with the request outranks the one of the call's record.
    pub async fn resolve(&self, db: &Db) -> Result<Resolved, db::Error> {
        let number = self.number.clone();
        let Some(call_id) = &self.call_id else {
            return Ok(Resolved { number, ..Resolved::default() });
        };
        let Some(session) = session::find_on_line(db, call_id).await? else {
            return Ok(Resolved { number, ..Resolved::default() });
        };
        let number = match (number, session.caller_phone) {
            (CallerNumber::Untold, Some(phone)) => CallerNumber::Known(phone),
            (number, _) => number,
        };
        Ok(Resolved { number, session_id: Some(session.session_id), student_id: session.student_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(header: Option<&str>) -> CallerNumber {
        Line::read(None, header).number
    }

    #[test]
    fn a_number_is_known_withheld_or_untold() {
        let phone = Phone::parse("+14155550142").unwrap();
        assert_eq!(number(Some("+14155550142")), CallerNumber::Known(phone));
        assert_eq!(number(Some("anonymous")), CallerNumber::Withheld);
        assert_eq!(number(Some("sip:alice@example.org")), CallerNumber::Withheld);
        for nothing in [None, Some(""), Some("  "), Some("{{customer.number}}"), Some("{{ customer.number }}")] {
            assert_eq!(number(nothing), CallerNumber::Untold, "{nothing:?}");
        }
    }

    #[test]
    fn a_call_id_is_read_where_it_is_one() {
        assert_eq!(Line::read(Some(" abc "), None).call_id.as_deref(), Some("abc"));
        for nothing in ["", "{{call.id}}", &"x".repeat(201)] {
            assert!(Line::read(Some(nothing), None).is_absent(), "{nothing}");
        }
    }
}
