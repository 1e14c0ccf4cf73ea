//! Finding sessions again by what was said in them.

use chrono::{DateTime, Utc};

use super::SessionStatus;
use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result};
use crate::id::{SessionId, StudentId};
use crate::transcript::Speaker;

/// Takes down the words of a session: its turns, and the summary of its analysis where there is one. To be called
/// wherever either changes.
pub async fn index_words(tx: &mut Connection, session_id: SessionId) -> Result<()> {
    index_words_of(tx, &[session_id]).await
}

/// [`index_words`] of many sessions.
pub async fn index_words_of(tx: &mut Connection, session_ids: &[SessionId]) -> Result<()> {
    let ids: Vec<uuid::Uuid> = session_ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        // A tsvector holds at most a megabyte; this many characters are a day of talk.
        "insert into session_words (session_id, words)
         select t.session_id, to_tsvector('simple',
             left(string_agg(t.text, ' ' order by t.turn_no), 200000) || ' ' || coalesce(a.findings->>'summary', ''))
         from turns t left join analyses a on a.session_id = t.session_id and a.is_current
         where t.session_id = any($1)
         group by t.session_id, a.analysis_id
         on conflict (session_id) do update set words = excluded.words",
        &ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Which words, and where to look.
#[derive(Clone, Debug, Default)]
pub struct WordsQuery {
    /// As people type into a search box: `fractions -pizza "least common"`.
    pub words: String,
    pub student_id: Option<StudentId>,
    /// The last row of the page before.
    pub after: Option<(DateTime<Utc>, SessionId)>,
    pub limit: i64,
}

/// A session in which the words were found.
#[derive(Clone)]
pub struct SessionHit {
    pub session_id: SessionId,
    pub call_id: String,
    pub student_id: Option<StudentId>,
    pub status: SessionStatus,
    pub started_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub summary: Option<String>,
    /// The first turn that holds all the words; `None`: they are scattered, or in the summary.
    pub turn_no: Option<i32>,
    pub speaker: Option<Speaker>,
    /// That turn, at most 240 characters of it.
    pub text: Option<String>,
}

impl std::fmt::Debug for SessionHit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionHit").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// Sessions that hold the words, newest first. Needs `sessions:read`.
pub async fn search_sessions(db: impl Executor<'_>, caller: &Caller, query: &WordsQuery) -> Result<Vec<SessionHit>> {
    caller.require(Scope::SessionsRead)?;
    let (after_at, after_id) = query.after.unzip();
    Ok(sqlx::query_as!(
        SessionHit,
        // Every word is the beginning of one, so that "fraction" finds "fractions" in whatever language.
        r#"with asked as materialized (
               select regexp_replace(websearch_to_tsquery('simple', $1)::text, '(''[^'']+'')', '\1:*', 'g')::tsquery as query
           ), hits as (
               select s.session_id, call_id, student_id, status, started_at, s.created_at
               from session_words w join sessions s using (session_id)
               where w.words @@ (select query from asked)
                 and ($2::uuid is null or s.student_id = $2)
                 and ($3::timestamptz is null or (s.created_at, s.session_id) < ($3, $4))
               order by s.created_at desc, s.session_id desc
               limit $5
           )
           select h.session_id as "session_id: SessionId", call_id, student_id as "student_id: StudentId",
               h.status as "status: SessionStatus", started_at, h.created_at,
               a.findings->>'summary' as summary, t.turn_no as "turn_no?", t.speaker as "speaker?: Speaker",
               left(t.text, 240) as text
           from hits h
           left join analyses a on a.session_id = h.session_id and a.is_current
           left join lateral (
               select turn_no, speaker, text from turns
               where turns.session_id = h.session_id
                 and to_tsvector('simple', text) @@ (select query from asked)
               order by turn_no limit 1
           ) t on true
           order by h.created_at desc, h.session_id desc"#,
        query.words,
        query.student_id as Option<StudentId>,
        after_at,
        after_id as Option<SessionId>,
        query.limit,
    )
    .fetch_all(db)
    .await?)
}
