//! Where the recording of a call lies, when that changes.

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::SessionId;

/// Stores where the recording is now, unless it was changed or removed since `old` was read. Needs `sessions:read`:
/// reading a session may trigger the search for its recording.
pub async fn move_recording(
    db: impl Executor<'_>,
    caller: &Caller,
    session_id: SessionId,
    old: &str,
    new: &str,
) -> Result<()> {
    caller.require_session(Scope::SessionsRead, session_id)?;
    sqlx::query!(
        "update sessions set recording_url = $3 where session_id = $1 and recording_url = $2",
        session_id as SessionId,
        old,
        new,
    )
    .execute(db)
    .await?;
    Ok(())
}
