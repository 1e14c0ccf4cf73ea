//! The ordered turns of a session: the only form in which speech is judged, shown or stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result};
use crate::id::{SessionId, StudentId};

/// Who spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Speaker {
    Tutor,
    Student,
}

impl Speaker {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tutor => "tutor",
            Self::Student => "student",
        }
    }
}

/// One utterance.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// Position in the session, from 0. Evidence points here.
    pub turn_no: i32,
    pub speaker: Speaker,
    pub text: String,
    /// Milliseconds since the start of the call.
    pub offset_ms: i32,
    /// How long it was spoken, in milliseconds, where the provider says.
    pub duration_ms: Option<i32>,
}

impl std::fmt::Debug for Turn {
    /// Without the text: what a child said does not belong into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("turn_no", &self.turn_no)
            .field("speaker", &self.speaker)
            .field("offset_ms", &self.offset_ms)
            .finish_non_exhaustive()
    }
}

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
        r#"select turn_no, speaker as "speaker: Speaker", text, offset_ms, duration_ms
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
