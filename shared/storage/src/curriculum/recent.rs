//! Which questions a student was asked last.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result};
use crate::id::StudentId;

/// How many questions are remembered, and so not asked again.
pub const N_RECENT: usize = 20;

/// The ids of the last [`N_RECENT`] questions that a student was asked, newest first. Until the transaction ends, no one
/// else can ask this student: two requests at once get different questions. Needs `context:read`.
pub async fn lock_recent(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    caller.require_for(Scope::ContextRead, student_id)?;
    Ok(sqlx::query_scalar!(
        "insert into recent_questions (student_id, question_ids, asked_at) values ($1, '{}', $2)
         on conflict (student_id) do update set student_id = excluded.student_id
         returning question_ids",
        student_id as StudentId,
        now,
    )
    .fetch_one(tx)
    .await?)
}

/// The ids of the last [`N_RECENT`] questions that a student was asked, newest first. Needs `context:read`.
pub async fn list_recent(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Vec<String>> {
    caller.require_for(Scope::ContextRead, student_id)?;
    let asked = sqlx::query_scalar!(
        "select question_ids from recent_questions where student_id = $1",
        student_id as StudentId,
    )
    .fetch_optional(db)
    .await?;
    Ok(asked.unwrap_or_default())
}

/// Remembers that a question was asked. Needs `context:read`.
pub async fn note_asked(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    question_id: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_for(Scope::ContextRead, student_id)?;
    sqlx::query!(
        "insert into recent_questions (student_id, question_ids, asked_at) values ($1, array[$2::text], $3)
         on conflict (student_id) do update set
             question_ids = (array_prepend($2::text, array_remove(recent_questions.question_ids, $2::text)))[1:$4],
             asked_at = excluded.asked_at",
        student_id as StudentId,
        question_id,
        now,
        N_RECENT as i32,
    )
    .execute(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::ScopeSet;
    use crate::clock::now;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_last_twenty_are_remembered_newest_first(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let student_id = StudentId::new();
        sqlx::query!(
            "insert into students (student_id, display_name, created_at, updated_at) values ($1, 'Ada', now(), now())",
            student_id as StudentId,
        )
        .execute(&db)
        .await
        .unwrap();
        let caller = Caller::client("c1", ScopeSet::all());
        let mut tx = db.acquire().await.unwrap();
        assert!(lock_recent(&mut tx, &caller, student_id, now()).await.unwrap().is_empty());
        for i in 0..25 {
            note_asked(&mut tx, &caller, student_id, &format!("maths.x/{i}"), now()).await.unwrap();
        }
        // If it is asked again, it is listed once, as the newest.
        note_asked(&mut tx, &caller, student_id, "maths.x/20", now()).await.unwrap();
        let recent = lock_recent(&mut tx, &caller, student_id, now()).await.unwrap();
        assert_eq!(recent.len(), N_RECENT);
        assert_eq!((&recent[0][..], &recent[1][..], &recent[19][..]), ("maths.x/20", "maths.x/24", "maths.x/5"));
        let none = Caller::client("c1", ScopeSet::default());
        assert!(lock_recent(&mut tx, &none, student_id, now()).await.is_err());
        assert!(note_asked(&mut tx, &none, student_id, "maths.x/1", now()).await.is_err());
    }
}
