//! The caller of a tool and the students they may reach: [`storage::authority`] with errors for tools.

use chrono::{DateTime, Utc};
use storage::access::{Caller, Forbidden, Reach};
use storage::db::{Connection, Db};
use storage::id::{SessionId, StudentId};
use storage::phone::Phone;
use storage::{authority, session};

use super::{Outcome, ToolError};

/// The input of a tool beside its arguments.
#[derive(Clone, Copy, Debug)]
pub struct ToolContext<'a> {
    /// With the student of its line, as [`authority::resolve_live_call`] found it.
    pub caller: &'a Caller,
    /// Whether an unknown caller becomes a student at once.
    pub registers_callers: bool,
    pub now: DateTime<Utc>,
}

impl ToolContext<'_> {
    /// Fails if the caller does not reach the student, or the student is blocked.
    pub async fn permit(&self, db: &Db, student_id: StudentId) -> Result<(), ToolError> {
        self.caller.reaches(student_id)?;
        Ok(authority::require_active(db, self.caller, student_id).await?)
    }

    /// The same for the student of a session, if it has one.
    pub async fn permit_session(&self, db: &Db, student_id: Option<StudentId>) -> Result<(), ToolError> {
        match student_id {
            Some(student_id) => self.permit(db, student_id).await,
            None => Ok(()),
        }
    }

    /// The number to ask for: on a line its own, otherwise the one that is named. `None`: withheld.
    pub fn phone(&self, named: Option<Phone>) -> Result<Option<Phone>, ToolError> {
        if self.caller.reach != Reach::Line {
            return Ok(named);
        }
        let own = self.caller.line.phone.clone();
        if named.is_some() && named != own { Err(Forbidden::NotOnLine.into()) } else { Ok(own) }
    }

    /// The session of the call on the line. What is written in the call belongs to it.
    pub async fn open_session(&self, tx: &mut Connection) -> Result<Option<SessionId>, ToolError> {
        Ok(session::open_live_call(tx, self.caller, &self.caller.line, self.now).await?)
    }

    /// The student who is meant: the one named, otherwise the one on the line.
    pub async fn student(&self, db: &Db, named: Option<StudentId>) -> Result<StudentId, ToolError> {
        self.caller.require_verified()?;
        let student_id = named.or(self.caller.line.student_id).ok_or_else(no_student_settled)?;
        self.permit(db, student_id).await?;
        Ok(student_id)
    }
}

fn no_student_settled() -> ToolError {
    let say = "Not done: it is not settled which student this is. Ask for the first name and call identify_student.";
    ToolError::new(Outcome::Refused, say)
}

#[cfg(test)]
mod tests {
    use storage::access::ScopeSet;

    use super::*;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).unwrap()
    }

    fn asked(caller: &Caller, named: Option<Phone>) -> Result<Option<Phone>, ToolError> {
        ToolContext { caller, registers_callers: false, now: DateTime::UNIX_EPOCH }.phone(named)
    }

    #[test]
    fn a_named_number_must_be_the_one_that_calls() {
        let (ours, other) = (phone("+14155550142"), phone("+14155550199"));
        let mut caller = Caller::telephone("c1", ScopeSet::all());
        assert_eq!(asked(&caller, None), Ok(None), "withheld");
        assert!(asked(&caller, Some(ours.clone())).is_err(), "who hides the number cannot name one");
        caller.line.phone = Some(ours.clone());
        assert_eq!(asked(&caller, Some(ours.clone())), Ok(Some(ours.clone())));
        assert_eq!(asked(&caller, None), Ok(Some(ours)));
        assert!(asked(&caller, Some(other)).is_err());
    }

    #[test]
    fn a_back_office_names_whom_it_means() {
        let caller = Caller::client("c1", ScopeSet::all());
        let named = Some(phone("+14155550142"));
        assert_eq!(asked(&caller, named.clone()), Ok(named));
        assert_eq!(asked(&caller, None), Ok(None));
    }
}
