//! A wrong belief of a student, until it is overcome.

mod fold;

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{MisconceptionId, SessionId, StudentId};
use crate::{attention, audit, student, student_context};

pub(crate) use self::fold::{write, write_if_any};

/// One row of `misconceptions`, with its skill's name.
#[derive(Clone, PartialEq, Eq)]
pub struct Misconception {
    pub misconception_id: MisconceptionId,
    pub skill_name: Option<String>,
    /// The call in which it showed last.
    pub session_id: Option<SessionId>,
    pub belief: String,
    /// In how many calls it showed.
    pub n_seen: i32,
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Misconception {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Misconception").field("misconception_id", &self.misconception_id).finish_non_exhaustive()
    }
}

/// The student's wrong beliefs, the open ones first, then the newest. Needs `students:read`.
pub async fn list_misconceptions(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
) -> Result<Vec<Misconception>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        Misconception,
        r#"select misconception_id as "misconception_id: MisconceptionId", s.name as "skill_name?",
               session_id as "session_id: SessionId", belief, n_seen, first_seen_at, last_seen_at, resolved_at
           from misconceptions left join skills s using (skill_id)
           where student_id = $1
           order by resolved_at is not null, last_seen_at desc, misconception_id limit 50"#,
        student_id as StudentId,
    )
    .fetch_all(db)
    .await?)
}

/// Marks a misconception as resolved, by a person's judgement. Assistants no longer get it. Writes the audit entry.
/// Needs `students:write`.
pub async fn mark_resolved(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    misconception_id: MisconceptionId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    student::lock(tx, &[student_id]).await?;
    let n = sqlx::query!(
        "update misconceptions set resolved_at = $3
         where misconception_id = $1 and student_id = $2 and resolved_at is null",
        misconception_id as MisconceptionId,
        student_id as StudentId,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 {
        return Err(Error::NotFound("open misconception"));
    }
    // It reads all there is of the student, which is more than this caller may; it answers nothing of it.
    student_context::rebuild(tx, &Caller::worker(), student_id, now).await?;
    attention::refresh(tx, &[student_id]).await?;
    let object = format!("student:{student_id}");
    let detail = serde_json::json!({ "misconception_id": misconception_id });
    audit::insert_entry(tx, caller, "misconception.resolve", Some(&object), &detail, now).await
}
