//! The session of a call that still goes on, as the tools of an assistant on that call see it.

use chrono::{DateTime, Utc};

use super::{SessionNews, merge_news};
use crate::access::{Caller, Scope};
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{SessionId, StudentId};
use crate::phone::Phone;

/// What binds a telephone call that goes on to a student.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionOnLine {
    pub session_id: SessionId,
    pub student_id: Option<StudentId>,
    pub caller_phone: Option<Phone>,
}

impl std::fmt::Debug for SessionOnLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionOnLine").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// The session of VAPI's `call_id`; `None`: VAPI has told us nothing of that call yet. For the check that an assistant
/// asks for nobody but who is on its line, hence without a caller.
pub async fn find_on_line(db: impl Executor<'_>, call_id: &str) -> Result<Option<SessionOnLine>> {
    let row = sqlx::query!(
        r#"select session_id as "session_id: SessionId", student_id as "student_id: StudentId", caller_phone
           from sessions where call_id = $1"#,
        call_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| SessionOnLine {
        session_id: row.session_id,
        student_id: row.student_id,
        caller_phone: row.caller_phone.and_then(|phone| Phone::parse(&phone).ok()),
    }))
}

/// The session of `call_id`, made where VAPI has not told us of the call yet. Needs `calls:write`.
pub async fn open_on_line(
    tx: &mut Connection,
    caller: &Caller,
    call_id: &str,
    caller_phone: Option<Phone>,
    now: DateTime<Utc>,
) -> Result<SessionId> {
    caller.require(Scope::CallsWrite)?;
    let news = SessionNews {
        call_id: call_id.to_owned(),
        caller_phone,
        call_type: None,
        assistant_id: None,
        assistant_name: None,
        assistant_version: None,
        started_at: None,
        ended_at: None,
        ended_reason: None,
        cost_microusd: None,
        cost_parts: Vec::new(),
        recording_url: None,
        is_report: false,
    };
    let (session_id, _) = merge_news(tx, &news, None, now).await?;
    Ok(session_id)
}

/// Says whose call this is, in place of whoever it was said to be. Needs `calls:write`.
pub async fn identify_on_line(
    tx: &mut Connection,
    caller: &Caller,
    session_id: SessionId,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require(Scope::CallsWrite)?;
    let n = sqlx::query!(
        "update sessions set student_id = $2, updated_at = $3 where session_id = $1",
        session_id as SessionId,
        student_id as StudentId,
        now,
    )
    .execute(tx)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("session")) } else { Ok(()) }
}
