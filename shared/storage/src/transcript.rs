//! How the turns of a session are stored.

use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result, Stored};
use crate::id::{SessionId, StudentId};

pub use domain::transcript::{Speaker, Turn};

/// Writes the turns of a session, in place of those it had. Turns that stay the same are not written.
pub async fn replace_turns(tx: &mut Connection, session_id: SessionId, turns: &[Turn]) -> Result<()> {
    let turn_nos: Vec<i32> = turns.iter().map(|turn| turn.turn_no).collect();
    let speakers: Vec<String> = turns.iter().map(|turn| turn.speaker.as_str().to_owned()).collect();
    let texts: Vec<String> = turns.iter().map(|turn| turn.text.clone()).collect();
    let offsets: Vec<i32> = turns.iter().map(|turn| turn.offset_ms).collect();
    let durations: Vec<Option<i32>> = turns.iter().map(|turn| turn.duration_ms).collect();
    // Most sessions have no turns yet, and to look for conflicts takes a third of the time.
    let first = sqlx::query!(
        "insert into turns (session_id, turn_no, speaker, text, offset_ms, duration_ms)
         select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::int[], $6::int[])
         where not exists (select 1 from turns where session_id = $1)",
        session_id as SessionId,
        &turn_nos,
        &speakers,
        &texts,
        &offsets,
        &durations as &[Option<i32>],
    )
    .execute(&mut *tx)
    .await?;
    if first.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query!(
        "with gone as (delete from turns where session_id = $1 and turn_no <> all($2))
         insert into turns as t (session_id, turn_no, speaker, text, offset_ms, duration_ms)
         select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::int[], $6::int[])
         on conflict (session_id, turn_no) do update set speaker = excluded.speaker, text = excluded.text,
             offset_ms = excluded.offset_ms, duration_ms = excluded.duration_ms
         where (t.*) is distinct from (excluded.*)",
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
