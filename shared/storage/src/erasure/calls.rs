//! Deletes calls with all that was stored of them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::access::Caller;
use crate::db::{Connection, Result};
use crate::id::{ErasedCallId, ErasureId, StudentId};
use crate::job::{self, Job};
use crate::{attention, estimate, student};

/// VAPI is asked to delete a call that is still open after this time, because it writes down a call until it has ended.
const OPEN_CALL_WAITS: TimeDelta = TimeDelta::hours(2);

/// Deletes the calls and puts a tombstone in the place of each. `leaving` is the student who is erased along with them; what
/// is believed of others is computed again.
pub(super) async fn erase(
    tx: &mut Connection,
    erasure_id: ErasureId,
    leaving: Option<StudentId>,
    call_ids: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    let staying = list_staying(tx, leaving, call_ids).await?;
    student::lock(tx, &staying).await?;
    let tombstones = sqlx::query!(
        r#"insert into erased_calls (erased_call_id, call_id, erasure_id, erased_at)
           select gen_random_uuid(), call_id, $2, $3 from unnest($1::text[]) as c (call_id)
           on conflict (call_id) do nothing
           returning erased_call_id as "erased_call_id: ErasedCallId",
               exists (select 1 from sessions s where s.call_id = erased_calls.call_id and s.status = 'in_progress'
                       and s.ended_at is null) as "is_open!""#,
        call_ids,
        erasure_id as ErasureId,
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    let sessions = sqlx::query_scalar!(
        "select session_id from sessions where call_id = any($1) order by session_id for update",
        call_ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    // What a deleted session would leave behind, without its session.
    sqlx::query!("delete from facts where session_id = any($1)", &sessions).execute(&mut *tx).await?;
    sqlx::query!("delete from notes where session_id = any($1)", &sessions).execute(&mut *tx).await?;
    sqlx::query!("delete from model_calls where session_id = any($1)", &sessions).execute(&mut *tx).await?;
    sqlx::query!("delete from tool_answers where call_id = any($1)", call_ids).execute(&mut *tx).await?;
    sqlx::query!("delete from tool_calls where call_id = any($1)", call_ids).execute(&mut *tx).await?;
    sqlx::query!(
        "delete from jobs where dedupe_key in
             (select 'process_delivery:' || delivery_id from deliveries where call_id = any($1))",
        call_ids,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from deliveries where call_id = any($1)", call_ids).execute(&mut *tx).await?;
    // Turns, analyses, evidence, search words, concerns and jobs go with it.
    sqlx::query!("delete from sessions where session_id = any($1)", &sessions).execute(&mut *tx).await?;
    for student_id in &staying {
        estimate::refold(tx, &Caller::worker(), *student_id, now).await?;
    }
    attention::refresh(tx, &staying).await?;
    for tombstone in tombstones {
        let not_before = if tombstone.is_open { now + OPEN_CALL_WAITS } else { now };
        let job = Job::DeleteCall { erased_call_id: tombstone.erased_call_id };
        job::enqueue_at(tx, &job, None, not_before).await?;
    }
    Ok(())
}

/// Returns the students who stay and have evidence or facts from these calls, sorted.
async fn list_staying(tx: &mut Connection, leaving: Option<StudentId>, call_ids: &[String]) -> Result<Vec<StudentId>> {
    Ok(sqlx::query_scalar!(
        r#"select student_id as "student_id!: StudentId" from (
               select student_id from sessions where call_id = any($1)
               union
               select e.student_id from sessions s join evidence e using (session_id) where s.call_id = any($1)
           ) t
           where student_id is not null and student_id is distinct from $2 order by 1"#,
        call_ids,
        leaving as Option<StudentId>,
    )
    .fetch_all(tx)
    .await?)
}
