//! Who asks, on which telephone call, and for whom they may ask.
//!
//! **Invariant:** on a telephone call nobody is told of a student who does not belong to it, whatever the model was
//! talked into.

use chrono::{DateTime, Utc};
use shared::access::Caller;
use shared::db::{Connection, Db};
use shared::id::{SessionId, StudentId};
use shared::phone::Phone;
use shared::{session, student};

use super::line::{CallerNumber, Line, Resolved};
use super::{Outcome, ToolError};

/// What a tool is told beside its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub caller: &'a Caller,
    pub line: &'a Line,
    pub now: DateTime<Utc>,
}

impl Ask<'_> {
    /// Refuses where this line has no business with the student.
    pub async fn permit(&self, db: &Db, student_id: StudentId) -> Result<(), ToolError> {
        if self.line.is_absent() {
            return Ok(());
        }
        let line = self.line.resolve(db).await?;
        belongs(db, &line, student_id).await?.then_some(()).ok_or_else(not_on_this_line)
    }

    /// The same for sessions. Those of nobody in particular, or of everybody, are not for a telephone line.
    pub async fn permit_session(&self, db: &Db, student_id: Option<StudentId>) -> Result<(), ToolError> {
        match student_id {
            Some(student_id) => self.permit(db, student_id).await,
            None if self.line.is_absent() => Ok(()),
            None => Err(not_on_this_line()),
        }
    }

    /// The number to ask for: the line's own, and a named one only where it is the same or the line tells none.
    pub async fn phone(&self, db: &Db, named: Option<Phone>) -> Result<CallerNumber, ToolError> {
        let number = if self.line.is_absent() { CallerNumber::Untold } else { self.line.resolve(db).await?.number };
        settle(number, named).ok_or_else(not_on_this_line)
    }

    /// The session of the call, where the request is made on one. What is written in the call belongs to it.
    pub async fn open_session(&self, tx: &mut Connection) -> Result<Option<SessionId>, ToolError> {
        let Some(call_id) = &self.line.call_id else {
            return Ok(None);
        };
        let phone = match &self.line.number {
            CallerNumber::Known(phone) => Some(phone.clone()),
            CallerNumber::Untold | CallerNumber::Withheld => None,
        };
        Ok(Some(session::open_on_line(tx, self.caller, call_id, phone, self.now).await?))
    }

    /// The student who is meant: the one named, else the one whose call this is, else the only one of the number.
    pub async fn student(&self, db: &Db, named: Option<StudentId>) -> Result<StudentId, ToolError> {
        if let Some(student_id) = named {
            self.permit(db, student_id).await?;
            return Ok(student_id);
        }
        let line = self.line.resolve(db).await?;
        let of_number = match (&line.student_id, &line.number) {
            (None, CallerNumber::Known(phone)) => student::find_only_student_id(db, phone).await?,
            _ => None,
        };
        line.student_id.or(of_number).ok_or_else(nobody_settled)
    }
}

async fn belongs(db: &Db, line: &Resolved, student_id: StudentId) -> Result<bool, ToolError> {
    if line.student_id == Some(student_id) {
        return Ok(true);
    }
    match &line.number {
        CallerNumber::Known(phone) => Ok(student::calls_from(db, student_id, phone).await?),
        CallerNumber::Withheld => Ok(false),
        // A call of which we know only an id: there is nothing to hold the name against.
        CallerNumber::Untold => Ok(line.student_id.is_none()),
    }
}

/// `None`: the named number is not the one that calls.
fn settle(line: CallerNumber, named: Option<Phone>) -> Option<CallerNumber> {
    match (line, named) {
        (CallerNumber::Untold, named) => Some(named.map_or(CallerNumber::Untold, CallerNumber::Known)),
        (CallerNumber::Known(phone), Some(named)) if phone != named => None,
        (CallerNumber::Withheld, Some(_)) => None,
        (line, _) => Some(line),
    }
}

fn not_on_this_line() -> ToolError {
    let say = "Not done: this is not a student of the telephone line that is calling. Leave out `phone` and \
               `student_id` to get whoever is calling.";
    ToolError::new(Outcome::Refused, say)
}

fn nobody_settled() -> ToolError {
    let say = "Not done: it is not settled which student this is. Give `student_id`, as get_student_context tells it.";
    ToolError::new(Outcome::Refused, say)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).unwrap()
    }

    #[test]
    fn a_named_number_must_be_the_one_that_calls() {
        let (ours, other) = (phone("+14155550142"), phone("+14155550199"));
        let line = CallerNumber::Known(ours.clone());
        assert_eq!(settle(line.clone(), Some(ours)), Some(line.clone()));
        assert_eq!(settle(line.clone(), None), Some(line.clone()));
        assert_eq!(settle(line, Some(other)), None);
    }

    #[test]
    fn who_hides_the_number_cannot_name_one() {
        assert_eq!(settle(CallerNumber::Withheld, Some(phone("+14155550142"))), None);
        assert_eq!(settle(CallerNumber::Withheld, None), Some(CallerNumber::Withheld));
    }

    #[test]
    fn without_a_line_the_clients_word_counts() {
        let named = phone("+14155550142");
        assert_eq!(settle(CallerNumber::Untold, Some(named.clone())), Some(CallerNumber::Known(named)));
        assert_eq!(settle(CallerNumber::Untold, None), Some(CallerNumber::Untold));
    }
}
