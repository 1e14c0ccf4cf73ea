//! What VAPI answered when it was asked to delete a call.

use chrono::{DateTime, Utc};

use crate::db::{Connection, Error, Executor, Result};
use crate::id::ErasedCallId;

/// A call that was erased here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedCall {
    /// VAPI's id of the call.
    pub call_id: String,
    /// When VAPI answered that the call is gone.
    pub vapi_deleted_at: Option<DateTime<Utc>>,
}

/// VAPI's answer. Either way it holds nothing of the call any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Answer {
    Deleted,
    /// It does not know the call.
    Unknown,
}

/// One erased call, for the job that asks VAPI to delete it.
pub async fn get_erased_call(db: impl Executor<'_>, erased_call_id: ErasedCallId) -> Result<ErasedCall> {
    sqlx::query_as!(
        ErasedCall,
        "select call_id, vapi_deleted_at from erased_calls where erased_call_id = $1",
        erased_call_id as ErasedCallId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("erased call"))
}

/// Records VAPI's answer with its time. The first answer stays.
pub async fn mark_answered(
    tx: &mut Connection,
    erased_call_id: ErasedCallId,
    answer: Answer,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update erased_calls set vapi_answer = $2, vapi_deleted_at = $3
         where erased_call_id = $1 and vapi_deleted_at is null",
        erased_call_id as ErasedCallId,
        answer as Answer,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
