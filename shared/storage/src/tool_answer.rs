//! First answers of tools to calls with an idempotency key, kept for a day.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::db::{Db, Executor, Result};
use crate::id::StudentId;

/// After this, an answer is deleted, and its key can be used again.
const KEPT: TimeDelta = TimeDelta::days(1);

/// A tool that runs longer was interrupted: tools answer within a few seconds.
const RUNS_FOR: TimeDelta = TimeDelta::seconds(10);

/// What to do with a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// Run the tool, then [`finish`] or [`forget`].
    Run,
    /// The first call was answered so.
    Answered(serde_json::Value, Option<StudentId>),
    /// The first call still runs.
    Running,
    /// The first call had other arguments.
    OtherArguments,
}

/// Begins a call under its id. Of several calls at once, one runs.
pub async fn begin(
    db: &Db,
    tool_answer_id: Uuid,
    arguments_hash: &[u8],
    call_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Begun> {
    let begun = sqlx::query!(
        "insert into tool_answers (tool_answer_id, arguments_hash, call_id, at)
         select $1, $2, $3, $4 where not exists (select from erased_calls e where e.call_id = $3)
         on conflict (tool_answer_id) do update
             set arguments_hash = excluded.arguments_hash, answer = null, student_id = null, at = excluded.at
             where tool_answers.at < $5
                or (tool_answers.answer is null and tool_answers.at < $6
                    and tool_answers.arguments_hash = excluded.arguments_hash)",
        tool_answer_id,
        arguments_hash,
        call_id,
        now,
        now - KEPT,
        now - RUNS_FOR,
    )
    .execute(db)
    .await?;
    if begun.rows_affected() > 0 {
        return Ok(Begun::Run);
    }
    let first = sqlx::query!(
        r#"select arguments_hash, answer, student_id as "student_id: StudentId" from tool_answers where tool_answer_id = $1"#,
        tool_answer_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(match first {
        // The call was erased, or the first one has just failed.
        None => Begun::Run,
        Some(first) if first.arguments_hash != arguments_hash => Begun::OtherArguments,
        Some(first) => first.answer.map_or(Begun::Running, |answer| Begun::Answered(answer, first.student_id)),
    })
}

/// Keeps the answer. If the student or the call was erased meanwhile, nothing is kept.
pub async fn finish(
    db: impl Executor<'_>,
    tool_answer_id: Uuid,
    answer: &serde_json::Value,
    student_id: Option<StudentId>,
) -> Result<()> {
    sqlx::query!(
        "with kept as (
             update tool_answers set answer = $2, student_id = $3
             where tool_answer_id = $1
               and ($3::uuid is null or exists (select from students where student_id = $3))
             returning 1)
         delete from tool_answers where tool_answer_id = $1 and not exists (select from kept)",
        tool_answer_id,
        answer,
        student_id as Option<StudentId>,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The call failed: its repetition runs again.
pub async fn forget(db: impl Executor<'_>, tool_answer_id: Uuid) -> Result<()> {
    sqlx::query!("delete from tool_answers where tool_answer_id = $1 and answer is null", tool_answer_id)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes answers that were kept long enough, at most `limit`. Returns how many.
pub async fn delete_old(db: impl Executor<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from tool_answers where tool_answer_id in (
             select tool_answer_id from tool_answers where at < $1 limit $2 for update skip locked)",
        now - KEPT,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = "../../migrations")]
    async fn one_call_runs_and_its_repetitions_get_its_answer_for_a_day(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now: DateTime<Utc> = "2026-11-28T12:00:00Z".parse().unwrap();
        let (id, answer) = (Uuid::from_u128(1), serde_json::json!({ "text": "Saved." }));
        let begin = async |hash: &[u8], now| super::begin(&db, id, hash, Some("call"), now).await.unwrap();
        assert_eq!(begin(b"a", now).await, Begun::Run);
        assert_eq!(begin(b"a", now).await, Begun::Running);
        assert_eq!(begin(b"b", now).await, Begun::OtherArguments);
        assert_eq!(begin(b"a", now + TimeDelta::seconds(11)).await, Begun::Run, "the first one was interrupted");
        forget(&db, id).await.unwrap();
        assert_eq!(begin(b"b", now).await, Begun::Run, "it failed");
        finish(&db, id, &answer, None).await.unwrap();
        forget(&db, id).await.unwrap();
        assert_eq!(begin(b"b", now).await, Begun::Answered(answer, None));
        assert_eq!(delete_old(&db, now + TimeDelta::hours(23), 10).await.unwrap(), 0);
        assert_eq!(begin(b"a", now + TimeDelta::hours(25)).await, Begun::Run, "after a day the key is free");
        finish(&db, id, &serde_json::json!({}), Some(StudentId::new())).await.unwrap();
        assert_eq!(begin(b"a", now).await, Begun::Run, "nothing is kept of a student who was erased");
        assert_eq!(delete_old(&db, now + TimeDelta::hours(25), 10).await.unwrap(), 1);
    }
}
