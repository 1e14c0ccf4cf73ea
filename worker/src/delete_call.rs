//! Has VAPI delete a call that was erased here, and records its answer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use queue::lease::{Finished, Lease, finish_done};
use storage::erasure::{self, Answer};
use storage::id::ErasedCallId;

use crate::vapi::Fault;
use crate::{Context, JobError};

/// Shown on the Jobs page.
const NO_KEY: &str = "VAPI_API_KEY is not set: set it and retry, or delete the call at VAPI";

pub(crate) async fn perform(
    context: &Context,
    lease: &Lease,
    erased_call_id: ErasedCallId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let erased = erasure::get_erased_call(&context.db, erased_call_id).await?;
    let mut answer = None;
    if erased.vapi_deleted_at.is_none() {
        let vapi = context.vapi.as_ref().ok_or_else(|| JobError::fail(NO_KEY))?;
        let was_known = vapi.delete_call(&erased.call_id).await?;
        answer = Some(if was_known { Answer::Deleted } else { Answer::Unknown });
    }
    let mut tx = context.begin().await?;
    if let Some(answer) = answer {
        erasure::mark_answered(&mut tx, erased_call_id, answer, now).await?;
    }
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

impl From<Fault> for JobError {
    fn from(fault: Fault) -> Self {
        let reason = fault.to_string();
        match fault {
            Fault::Refused => Self::fail(reason),
            Fault::Busy { at_least } | Fault::Failed { at_least } => Self::retry_after(reason, at_least),
            Fault::Away => Self::PutOff { reason: reason.into(), at_least: Duration::from_mins(1) },
            Fault::Unreachable
            | Fault::TimedOut
            | Fault::NotFound
            | Fault::Invalid { .. }
            | Fault::TooLarge
            | Fault::Odd => Self::retry(reason),
        }
    }
}
