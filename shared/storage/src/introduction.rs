//! Unknown callers who say who they are. They become students when a person or a setting accepts them.
//!
//! **Invariant:** tools, webhooks and analyses all create students here. Without the setting, only a person accepts a caller.
//! With it, a caller is accepted only if no student has the number.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::analysis::Introduction;
use crate::db::{Connection, Error, Result};
use crate::id::StudentId;
use crate::phone::Phone;
use crate::session::{Session, assign_session};
use crate::student::{self, NewStudent, list_students_by_phone};
use domain::plain_text;

/// Creates a student from the introduction in the session, and assigns the session to them. The caller of this function
/// then has the session analysed again, which adds the evidence. Needs `students:write` and `students:read`. Returns
/// [`Error::NotFound`] if there is no first name, no telephone, or the session already has a student.
pub async fn accept(
    tx: &mut Connection,
    caller: &Caller,
    session: &Session,
    introduction: &Introduction,
    now: DateTime<Utc>,
) -> Result<StudentId> {
    caller.require(Scope::StudentsWrite)?;
    let nobody = || Error::NotFound("introduction");
    let phone = session.caller_phone.as_deref().and_then(|phone| Phone::parse(phone).ok()).ok_or_else(nobody)?;
    // Cleaned again: it is what a machine heard.
    let first_name = introduction.first_name.as_deref().and_then(plain_text::first_name).ok_or_else(nobody)?;
    if session.student_id.is_some() {
        return Err(nobody());
    }
    let new = NewStudent {
        display_name: first_name,
        grade: introduction.grade,
        cohort: None,
        locale: "en".to_owned(),
        timezone: None,
        phones: vec![phone],
    };
    let student_id = student::insert_student(tx, caller, &new, now).await?.student_id;
    assign_session(tx, caller, session.session_id, student_id, now).await?;
    Ok(student_id)
}

/// Calls [`accept`] if no student has this number. Otherwise it may be a brother or a sister, which a person decides.
pub async fn accept_stranger(
    tx: &mut Connection,
    caller: &Caller,
    session: &Session,
    introduction: &Introduction,
    now: DateTime<Utc>,
) -> Result<Option<StudentId>> {
    let Some(phone) = session.caller_phone.as_deref().and_then(|phone| Phone::parse(phone).ok()) else {
        return Ok(None);
    };
    if !list_students_by_phone(&mut *tx, caller, &phone).await?.is_empty() {
        return Ok(None);
    }
    match accept(tx, caller, session, introduction, now).await {
        Ok(student_id) => Ok(Some(student_id)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns who the caller of a session says they are. What a tool recorded comes before what an analysis found.
pub fn of_session(session: &Session, heard: Option<&Introduction>) -> Option<Introduction> {
    let told = session.introduced_as.as_ref().map(|told| told.0.clone());
    let heard = heard.cloned();
    match (told, heard) {
        (Some(told), Some(heard)) => {
            Some(Introduction { wants: heard.wants, grade: told.grade.or(heard.grade), ..told })
        }
        (told, heard) => told.or(heard),
    }
}
