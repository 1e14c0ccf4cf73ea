//! The session of a running call, as the assistant's tools change it.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{SessionNews, derived, merge_news};
use crate::access::{Caller, OnLine, Reach, Scope};
use crate::analysis::Introduction;
use crate::db::{Connection, Error, Executor, Result};
use crate::erasure::gate;
use crate::id::{SessionId, StudentId};

/// What came of settling whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The call counts as that student's.
    Done,
    /// The call already counts as another student's, or it is over.
    Refused,
}

/// Returns the session of the call on the line, and creates it if VAPI has not reported the call yet. Returns
/// [`Error::NotFound`] if the call was erased meanwhile. Needs `calls:write`.
pub async fn open_live_call(
    tx: &mut Connection,
    caller: &Caller,
    line: &OnLine,
    now: DateTime<Utc>,
) -> Result<Option<SessionId>> {
    caller.has(Scope::CallsWrite)?;
    let Some(call_id) = &line.call_id else { return Ok(None) };
    if line.session_id.is_some() {
        return Ok(line.session_id);
    }
    let news = SessionNews { call_id: call_id.clone(), caller_phone: line.phone.clone(), ..SessionNews::default() };
    gate::enter(tx).await?;
    let (session_id, _) = merge_news(tx, &news, None, now).await?.ok_or(Error::NotFound("call"))?;
    derived::refresh(tx, &[session_id]).await?;
    Ok(Some(session_id))
}

/// Sets the student of this call. Only changes a call that is open, has the line's number and is no other student's.
/// Needs `calls:write`.
pub async fn identify_live_caller(
    tx: &mut Connection,
    caller: &Caller,
    session_id: SessionId,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Settled> {
    caller.has(Scope::CallsWrite)?;
    let n = sqlx::query!(
        "update sessions set student_id = $2, updated_at = $3
         where session_id = $1 and status = 'in_progress' and ended_at is null and introduced_as is null
           and (student_id is null or student_id = $2)
           and (caller_phone is not distinct from $4 or not $5)",
        session_id as SessionId,
        student_id as StudentId,
        now,
        caller.line.phone.as_ref().map(crate::phone::Phone::as_str),
        caller.reach == Reach::Line,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 {
        return Ok(Settled::Refused);
    }
    derived::refresh(tx, &[session_id]).await?;
    Ok(Settled::Done)
}

/// Records who an unknown caller says they are, once per call, so that a person can decide. The call then has no
/// student, even if it counted for the only student of its number. Needs `calls:write`.
pub async fn introduce_live_caller(
    tx: &mut Connection,
    caller: &Caller,
    session_id: SessionId,
    introduction: &Introduction,
    now: DateTime<Utc>,
) -> Result<Settled> {
    caller.has(Scope::CallsWrite)?;
    let before = sqlx::query_scalar!(
        r#"with before as (select student_id from sessions where session_id = $1 for no key update)
         update sessions set introduced_as = $2::jsonb, student_id = null, updated_at = $3 from before
         where session_id = $1 and status = 'in_progress' and ended_at is null
           -- Who is the only one of a number was taken for the caller unasked; who was named was not.
           and (sessions.student_id is null
                or 1 = (select count(*) from student_phones p where p.phone = sessions.caller_phone))
           and (introduced_as is null or introduced_as->>'first_name' = ($2::jsonb)->>'first_name')
           and (caller_phone is not distinct from $4 or not $5)
         returning before.student_id as "student_id: StudentId""#,
        session_id as SessionId,
        Json(introduction) as _,
        now,
        caller.line.phone.as_ref().map(crate::phone::Phone::as_str),
        caller.reach == Reach::Line,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(before) = before else { return Ok(Settled::Refused) };
    derived::refresh_with(tx, &[session_id], before.as_slice()).await?;
    Ok(Settled::Done)
}

/// What tools wrote in one call; outside a call, what they wrote of one student within a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub n_evidence: i64,
    pub n_notes: i64,
    pub n_callbacks: i64,
}

/// Counts what tools have written so far. Says nothing of what it is. Needs `calls:write` or `notes:write`.
pub async fn count_written(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Written> {
    caller.has(Scope::CallsWrite).or_else(|_| caller.has(Scope::NotesWrite))?;
    Ok(sqlx::query_as!(
        Written,
        r#"select
               (select count(*) from evidence
                where source = 'tool' and case when $1::uuid is null then session_id is null and student_id = $2
                    and created_at > $3 else session_id = $1 end) as "n_evidence!",
               (select count(*) from notes
                where author = $4 and case when $1::uuid is null then session_id is null and student_id = $2
                    and created_at > $3 else session_id = $1 end) as "n_notes!",
               (select count(*) from follow_ups
                where kind = 'callback' and case when $1::uuid is null then session_id is null and student_id = $2
                    and created_at > $3 else session_id = $1 end) as "n_callbacks!""#,
        caller.line.session_id as Option<SessionId>,
        student_id as StudentId,
        now - chrono::TimeDelta::days(1),
        caller.actor.to_string(),
    )
    .fetch_one(db)
    .await?)
}
