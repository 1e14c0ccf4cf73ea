//! How the turns of a session are stored.

use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result, Stored};
use crate::id::{SessionId, StudentId};

pub use domain::transcript::{Speaker, Turn};

/// Writes the turns of a session, in place of those it had.
pub async fn replace_turns(tx: &mut Connection, session_id: SessionId, turns: &[Turn]) -> Result<()> {
    sqlx::query!("delete from turns where session_id = $1", session_id as SessionId).execute(&mut *tx).await?;
    let turn_nos: Vec<i32> = turns.iter().map(|turn| turn.turn_no).collect();
    let speakers: Vec<String> = turns.iter().map(|turn| turn.speaker.as_str().to_owned()).collect();
    let texts: Vec<String> = turns.iter().map(|turn| turn.text.clone()).collect();
    let offsets: Vec<i32> = turns.iter().map(|turn| turn.offset_ms).collect();
    let durations: Vec<Option<i32>> = turns.iter().map(|turn| turn.duration_ms).collect();
    sqlx::query!(
        "insert into turns (session_id, turn_no, speaker, text, offset_ms, duration_ms)
         select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::int[], $6::int[])",
        session_id as SessionId,
        &turn_nos,
        &speakers,
        &texts,
        &offsets,
        &durations as &[Option<i32>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The turns of a session, in order. Needs `sessions:read`.
pub async fn list_turns(db: impl Executor<'_>, caller: &Caller, session_id: SessionId) -> Result<Vec<Turn>> {
    let only = caller.require_sessions(Scope::SessionsRead)?;
    Ok(sqlx::query_as!(
        Turn,
        r#"select turn_no, speaker as "speaker: Stored<Speaker>", text, offset_ms, duration_ms
           from turns
           where session_id = $1
             and ($2::uuid is null or exists (select 1 from sessions s where s.session_id = $1 and s.student_id = $2))
           order by turn_no"#,
        session_id as SessionId,
        only as Option<StudentId>,
    )
    .fetch_all(db)
    .await?)
}
