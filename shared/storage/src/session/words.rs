//! Finding sessions again by what was said in them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::SessionStatus;
use crate::access::{Caller, Scope};
use crate::db::{Connection, Db, Result, Stored};
use crate::id::{SessionId, StudentId};
use crate::transcript::{Speaker, Turn};

/// Takes down the words of a session: its turns, and the summary of its analysis where there is one. To be called
/// wherever either changes.
pub async fn index_words(tx: &mut Connection, session_id: SessionId) -> Result<()> {
    sqlx::query!(
        // A tsvector holds at most a megabyte; this many characters are a day of talk.
        "insert into session_words (session_id, words)
         select t.session_id, to_tsvector('simple',
             left(string_agg(t.text, ' ' order by t.turn_no), 200000) || ' ' || coalesce(a.findings->>'summary', ''))
         from turns t left join analyses a on a.session_id = t.session_id and a.is_current
         where t.session_id = $1
         group by t.session_id, a.analysis_id
         on conflict (session_id) do update set words = excluded.words",
        session_id as SessionId,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The words of these turns and this summary, as [`index_words`] takes them down, in Postgres' text format.
pub async fn read_words(connection: &mut Connection, turns: &[Turn], summary: &str) -> Result<String> {
    let texts: Vec<&str> = turns.iter().map(|turn| turn.text.as_str()).collect();
    Ok(sqlx::query_scalar!(
        r#"select to_tsvector('simple', left($1, 200000) || ' ' || $2)::text as "words!""#,
        texts.join(" "),
        summary,
    )
    .fetch_one(connection)
    .await?)
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

/// Placed before a word that was found. It never occurs in speech.
pub const MARK_FROM: char = '\u{e000}';
/// Behind it.
pub const MARK_TO: char = '\u{e001}';

/// A session in which the words were found.
#[derive(Clone)]
pub struct SessionHit {
    pub session_id: SessionId,
    pub call_id: String,
    pub student_id: Option<StudentId>,
    /// For who may read students too.
    pub student_name: Option<String>,
    pub status: SessionStatus,
    pub started_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub summary: Option<String>,
    /// The first turn that holds all the words; `None`: they are scattered, or in the summary.
    pub turn_no: Option<i32>,
    pub speaker: Option<Stored<Speaker>>,
    /// That turn, at most 240 characters of it.
    pub text: Option<String>,
    /// The text around the words in that turn or in the summary. Each word found is between [`MARK_FROM`] and
    /// [`MARK_TO`].
    pub headline: Option<String>,
}

impl std::fmt::Debug for SessionHit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionHit").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// So many sessions are read at once and sorted; where more hold the words, the newest are walked until enough do.
const FEW: i64 = 5_000;
/// The newest analysed sessions tell whether words are common, and how many have to hold them: to look up in the index who
/// holds a common word means to read half of it.
const N_SAMPLED: i64 = 200;
const N_COMMON: i64 = 10;

/// Returns sessions that contain the words, newest first. Needs `sessions:read`. A client does not get those of blocked
/// students.
pub async fn search_sessions(db: &Db, caller: &Caller, query: &WordsQuery) -> Result<Vec<SessionHit>> {
    caller.require_within(Scope::SessionsRead)?;
    let asked = asked_by(db, &query.words).await?;
    let few = match query.student_id {
        // One student's sessions are few with any content.
        Some(_) => None,
        None => few_that_hold(db, &asked).await?,
    };
    let found = match few {
        Some(ids) => newest_of(db, caller, &ids, query).await?,
        None => walk(db, caller, &asked, query).await?,
    };
    Ok(sqlx::query_as!(
        SessionHit,
        r#"select h.session_id as "session_id: SessionId", call_id, h.student_id as "student_id: StudentId",
               case when $4 then display_name end as student_name, h.status as "status: SessionStatus", started_at, h.created_at,
               a.findings->>'summary' as summary, t.turn_no as "turn_no?", t.speaker as "speaker?: Stored<Speaker>",
               left(t.text, 240) as text,
               ts_headline('simple', coalesce(t.text, a.findings->>'summary', ''), $2::text::tsquery, $3) as headline
           from sessions h
           left join students st on st.student_id = h.student_id
           left join analyses a on a.session_id = h.session_id and a.is_current
           left join lateral (
               select turn_no, speaker, text from turns
               where turns.session_id = h.session_id
                 and to_tsvector('simple', text) @@ $2::text::tsquery
               order by turn_no limit 1
           ) t on true
           where h.session_id = any($1)
           order by h.created_at desc, h.session_id desc"#,
        &found,
        asked,
        format!("MaxWords=28, MinWords=14, StartSel=\"{MARK_FROM}\", StopSel=\"{MARK_TO}\""),
        caller.has(Scope::StudentsRead).is_ok(),
    )
    .fetch_all(db)
    .await?)
}

/// Returns the search query for `words`. Every word is a prefix, so "fraction" finds "fractions" in any language.
pub(super) async fn asked_by(db: &Db, words: &str) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"select regexp_replace(websearch_to_tsquery('simple', $1)::text, '(''[^'']+'')', '\1:*', 'g') as "asked!""#,
        words,
    )
    .fetch_one(db)
    .await?)
}

/// All that hold the words; `None`: they are so many that some are among the next whichever one looks at.
pub(super) async fn few_that_hold(db: &Db, asked: &str) -> Result<Option<Vec<Uuid>>> {
    let n_of_newest = sqlx::query_scalar!(
        r#"select count(*) as "n!"
           from (select session_id from sessions where status = 'analyzed'
                 order by created_at desc, session_id desc limit $2) s
           join session_words w using (session_id) where w.words @@ $1::text::tsquery"#,
        asked,
        N_SAMPLED,
    )
    .fetch_one(db)
    .await?;
    if n_of_newest >= N_COMMON {
        return Ok(None);
    }
    let ids = sqlx::query_scalar!(
        // The question is not known when the plan is made, so that it always goes by the index.
        "with asked as materialized (select $1::text::tsquery as query)
         select session_id from session_words where words @@ (select query from asked) limit $2",
        asked,
        FEW + 1,
    )
    .fetch_all(db)
    .await?;
    Ok((ids.len() as i64 <= FEW).then_some(ids))
}

async fn newest_of(db: &Db, caller: &Caller, ids: &[Uuid], query: &WordsQuery) -> Result<Vec<Uuid>> {
    let (after_at, after_id) = query.after.unzip();
    let cohorts = caller.require_within(Scope::SessionsRead)?;
    Ok(sqlx::query_scalar!(
        "select session_id from sessions
         where session_id = any($1) and ($2::timestamptz is null or (created_at, session_id) < ($2, $3))
           and ($5 or not exists (select 1 from students st
                                  where st.student_id = sessions.student_id and is_silent(st.student_id, st.status, now())))
           and ($6::text[] is null
               or exists (select 1 from students st where st.student_id = sessions.student_id and st.cohort = any($6)))
         order by created_at desc, session_id desc limit $4",
        ids,
        after_at,
        after_id as Option<SessionId>,
        query.limit,
        caller.sees_blocked(),
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}

async fn walk(db: &Db, caller: &Caller, asked: &str, query: &WordsQuery) -> Result<Vec<Uuid>> {
    let (after_at, after_id) = query.after.unzip();
    let cohorts = caller.require_within(Scope::SessionsRead)?;
    Ok(sqlx::query_scalar!(
        // `offset 0` keeps it a walk: each session is looked at, and the first that hold the words end it.
        "select s.session_id from sessions s
         cross join lateral (
             select 1 from session_words w where w.session_id = s.session_id and w.words @@ $1::text::tsquery offset 0
         ) held
         where ($2::uuid is null or s.student_id = $2)
           and ($3::timestamptz is null or (s.created_at, s.session_id) < ($3, $4))
           and ($6 or not exists (select 1 from students st
                                  where st.student_id = s.student_id and is_silent(st.student_id, st.status, now())))
           and ($7::text[] is null
               or exists (select 1 from students st where st.student_id = s.student_id and st.cohort = any($7)))
         order by s.created_at desc, s.session_id desc limit $5",
        asked,
        query.student_id as Option<StudentId>,
        after_at,
        after_id as Option<SessionId>,
        query.limit,
        caller.sees_blocked(),
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}
