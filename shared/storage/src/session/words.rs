//! Finding sessions again by what was said in them.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use sqlx::postgres::Postgres;
use uuid::Uuid;

use super::SessionStatus;
use crate::access::{Caller, Scope};
use crate::db::{Connection, Db, Reads, Result, Stored};
use crate::id::{SessionId, StudentId};
use crate::transcript::{Speaker, Turn};

/// Takes down the words of a session: its turns, and the summary of its analysis where there is one. To be called
/// wherever either changes.
pub async fn index_words(tx: &mut Connection, session_id: SessionId) -> Result<()> {
    sqlx::query!(
        "insert into session_words (session_id, words)
         select t.session_id, said_words(
             string_agg(t.text, ' ' order by t.turn_no) filter (where t.speaker = 'student'),
             string_agg(t.text, ' ' order by t.turn_no) filter (where t.speaker = 'tutor'),
             a.findings->>'summary')
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
    let texts = |speaker: Speaker| {
        let texts = turns.iter().filter(|turn| turn.speaker == speaker).map(|turn| turn.text.as_str());
        texts.collect::<Vec<_>>().join(" ")
    };
    Ok(sqlx::query_scalar!(
        r#"select said_words($1, $2, $3)::text as "words!""#,
        texts(Speaker::Student),
        texts(Speaker::Tutor),
        summary,
    )
    .fetch_one(connection)
    .await?)
}

/// Which words, and where to look. What is `None` narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct WordsQuery {
    /// As people type into a search box: `fractions -pizza "least common"`.
    pub words: String,
    /// Only words that this one said. `None`: also those of the summary.
    pub speaker: Option<Speaker>,
    pub student_id: Option<StudentId>,
    pub cohort: Option<String>,
    /// Sessions that came to be at or after this.
    pub from: Option<DateTime<Utc>>,
    /// Sessions that came to be before this.
    pub to: Option<DateTime<Utc>>,
    /// The last row of the page before.
    pub after: Option<(DateTime<Utc>, SessionId)>,
    pub limit: i64,
}

/// Placed before a word that was found. It never occurs in speech.
pub const MARK_FROM: char = '\u{e000}';
/// Behind it.
pub const MARK_TO: char = '\u{e001}';

/// Sessions that were found.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    pub items: Vec<SessionHit>,
    /// How many there are from the beginning of this page.
    pub n_found: i64,
    /// There are more than `n_found`.
    pub is_more: bool,
}

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
    /// The summary with marks, if it has one of the words.
    pub headline: Option<String>,
    /// Turns with one of the words, in order: at most [`N_TURNS`], rather those with all words.
    pub turns: Vec<TurnHit>,
}

impl std::fmt::Debug for SessionHit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionHit").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// A turn in which words were found.
#[derive(Clone)]
pub struct TurnHit {
    pub turn_no: i32,
    pub speaker: Speaker,
    /// At most 240 characters of it.
    pub text: String,
    /// The text around the words. Each word found is between [`MARK_FROM`] and [`MARK_TO`].
    pub headline: String,
    /// The turn holds all the words.
    pub is_whole: bool,
}

impl std::fmt::Debug for TurnHit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnHit").field("turn_no", &self.turn_no).finish_non_exhaustive()
    }
}

/// So many turns of a session are shown.
const N_TURNS: i64 = 3;
/// So many sessions are read at once and sorted; where more hold the words, the newest are walked until enough do.
const FEW: i64 = 5_000;
/// Students of so few are read at once: their sessions are found by an index.
const FEW_STUDENTS: i64 = 3_000;
/// The newest sessions tell whether words are common, and how many have to hold them: to look up in the index who
/// holds a common word means to read half of it.
const N_SAMPLED: i64 = 200;
const N_COMMON: i64 = 10;
/// Up to so many are counted: where they are few, and where all are walked.
const MAX_COUNTED: i64 = 200;
const MAX_WALKED: i64 = 25;

/// Returns sessions that contain the words, newest first. Needs `sessions:read`. A client does not get those of blocked
/// students.
pub async fn search_sessions(reads: &Reads, caller: &Caller, query: &WordsQuery) -> Result<Hits> {
    reads.read(|db| async move { search(&db, caller, query).await }).await
}

async fn search(db: &Db, caller: &Caller, query: &WordsQuery) -> Result<Hits> {
    let asked = asked_by(db, &query.words).await?;
    let search = Search { caller, query, asked: &asked, within: within(db, caller, query).await? };
    let (n_sampled, n_held) = search.sample(db).await?;
    let is_small = n_sampled < N_SAMPLED;
    let few = if is_small || n_held >= N_COMMON { None } else { ids_that_hold(db, &asked, query.speaker).await? };
    let n_counted = if is_small || few.is_some() { MAX_COUNTED } else { MAX_WALKED };
    let limit = query.limit.max(n_counted + 1);
    let mut found = search.find(db, few, limit).await?;
    let is_more = found.len() as i64 == limit;
    let n_found = found.len() as i64 - i64::from(is_more);
    found.truncate(usize::try_from(query.limit).unwrap_or(0));
    Ok(Hits { items: search.read(db, &found).await?, n_found, is_more })
}

/// Whose sessions are looked at.
enum Within {
    All,
    Students(Vec<Uuid>),
    Cohorts(Vec<String>),
}

/// Returns the students of the query that the caller reaches, or their cohorts if they are many.
async fn within(db: &Db, caller: &Caller, query: &WordsQuery) -> Result<Within> {
    let Some(cohorts) = caller.require_within_cohort(Scope::SessionsRead, query.cohort.as_deref())? else {
        return Ok(query.student_id.map_or(Within::All, |id| Within::Students(vec![id.0])));
    };
    let ids = sqlx::query_scalar!(
        "select student_id from students where cohort = any($1) and ($2::uuid is null or student_id = $2) limit $3",
        &cohorts,
        query.student_id as Option<StudentId>,
        FEW_STUDENTS + 1,
    )
    .fetch_all(db)
    .await?;
    Ok(if ids.len() as i64 <= FEW_STUDENTS { Within::Students(ids) } else { Within::Cohorts(cohorts) })
}

struct Search<'a> {
    caller: &'a Caller,
    query: &'a WordsQuery,
    asked: &'a str,
    within: Within,
}

impl Search<'_> {
    /// Pushes the sessions `s` and the conditions on them, without the words. The planner sees only those that narrow.
    fn narrow(&self, sql: &mut QueryBuilder<Postgres>) {
        match &self.within {
            // `offset 0` has them found by the students' index. Otherwise all sessions are walked until enough are theirs.
            Within::Students(ids) => sql
                .push(" from (select session_id, created_at, student_id from sessions where student_id = any(")
                .push_bind(ids.clone())
                .push(") offset 0) s where true"),
            Within::Cohorts(cohorts) => sql
                .push(" from sessions s where exists (select 1 from students st where st.student_id = s.student_id and st.cohort = any(")
                .push_bind(cohorts.clone())
                .push("))"),
            Within::All => sql.push(" from sessions s where true"),
        };
        if let Some(from) = self.query.from {
            sql.push(" and s.created_at >= ").push_bind(from);
        }
        if let Some(to) = self.query.to {
            sql.push(" and s.created_at < ").push_bind(to);
        }
        if !self.caller.sees_blocked() {
            sql.push(" and not exists (select 1 from students st where st.student_id = s.student_id and is_silent(st.student_id, st.status, now()))");
        }
    }

    /// Returns how many of the newest sessions there are, at most [`N_SAMPLED`], and how many of them hold the words.
    async fn sample(&self, db: &Db) -> Result<(i64, i64)> {
        let mut sql = QueryBuilder::new("select count(*), count(*) filter (where ");
        sql.push(words_of(self.query.speaker)).push(" @@ ").push_bind(self.asked);
        sql.push("::text::tsquery) from (select s.session_id");
        self.narrow(&mut sql);
        sql.push(" order by s.created_at desc, s.session_id desc limit ").push_bind(N_SAMPLED);
        sql.push(") s left join session_words w using (session_id)");
        Ok(sql.build_query_as().fetch_one(db).await?)
    }

    /// Returns the newest sessions that hold the words: among `few`, otherwise among all.
    async fn find(&self, db: &Db, few: Option<Vec<Uuid>>, limit: i64) -> Result<Vec<Uuid>> {
        const ORDER: &str = " order by s.created_at desc, s.session_id desc";
        let is_walk = few.is_none();
        let mut sql = QueryBuilder::new("select s.session_id from (select s.session_id, s.created_at");
        self.narrow(&mut sql);
        if let Some(ids) = few {
            sql.push(" and s.session_id = any(").push_bind(ids).push(")");
        }
        if let Some((at, id)) = self.query.after {
            sql.push(" and (s.created_at, s.session_id) < (").push_bind(at).push(", ").push_bind(id).push(")");
        }
        // `offset 0` keeps it a walk: each session is looked at in this order, and the first that hold the words end it.
        sql.push(ORDER).push(" offset 0) s");
        if is_walk {
            sql.push(" where exists (select 1 from session_words w where w.session_id = s.session_id and ");
            sql.push(words_of(self.query.speaker)).push(" @@ ").push_bind(self.asked).push("::text::tsquery offset 0)");
        }
        sql.push(ORDER).push(" limit ").push_bind(limit);
        Ok(sql.build_query_scalar().fetch_all(db).await?)
    }

    /// Reads what is shown of these sessions.
    async fn read(&self, db: &Db, found: &[Uuid]) -> Result<Vec<SessionHit>> {
        let options = format!("MaxWords=28, MinWords=14, StartSel=\"{MARK_FROM}\", StopSel=\"{MARK_TO}\"");
        let any =
            sqlx::query_scalar!(r#"select replace(querytree($1::text::tsquery), ' & ', ' | ') as "any!""#, self.asked)
                .fetch_one(db)
                .await?;
        let rows = sqlx::query!(
            r#"select h.session_id as "session_id: SessionId", call_id, h.student_id as "student_id: StudentId",
                   case when $4 then display_name end as student_name, h.status as "status: SessionStatus", started_at,
                   h.created_at, a.summary as "summary?",
                   case when to_tsvector('simple', a.summary) @@ $2::text::tsquery
                        then ts_headline('simple', a.summary, $2::text::tsquery, $3) end as headline
               from sessions h
               left join students st on st.student_id = h.student_id
               left join lateral (
                   select findings->>'summary' as summary from analyses
                   where analyses.session_id = h.session_id and is_current
               ) a on true
               where h.session_id = any($1)
               order by h.created_at desc, h.session_id desc"#,
            found,
            any,
            options,
            self.caller.has(Scope::StudentsRead).is_ok(),
        )
        .fetch_all(db)
        .await?;
        let turns = sqlx::query!(
            r#"select h.session_id as "session_id!: SessionId", turn_no, speaker as "speaker: Stored<Speaker>",
                   left(text, 240) as "text!", ts_headline('simple', text, $2::text::tsquery, $3) as "headline!",
                   is_whole as "is_whole!"
               from unnest($1::uuid[]) as h (session_id)
               cross join lateral (
                   select turn_no, speaker, text, words @@ $4::text::tsquery as is_whole
                   from turns, to_tsvector('simple', text) as words
                   where turns.session_id = h.session_id and words @@ $2::text::tsquery
                     and ($5::text is null or speaker = $5)
                   order by is_whole desc, turn_no limit $6
               ) t
               order by h.session_id, turn_no"#,
            found,
            any,
            options,
            self.asked,
            self.query.speaker.map(Speaker::as_str),
            N_TURNS,
        )
        .fetch_all(db)
        .await?;
        let of_session = |session_id: SessionId| {
            let of_session = turns.iter().filter(move |turn| turn.session_id == session_id);
            of_session.map(|turn| TurnHit {
                turn_no: turn.turn_no,
                speaker: turn.speaker.into(),
                text: turn.text.clone(),
                headline: turn.headline.clone(),
                is_whole: turn.is_whole,
            })
        };
        let hits = rows.into_iter().map(|row| SessionHit {
            turns: of_session(row.session_id).collect(),
            session_id: row.session_id,
            call_id: row.call_id,
            student_id: row.student_id,
            student_name: row.student_name,
            status: row.status,
            started_at: row.started_at,
            created_at: row.created_at,
            summary: row.summary,
            headline: row.headline,
        });
        Ok(hits.collect())
    }
}

/// Returns the words that count, as migration 0055 indexes them.
const fn words_of(speaker: Option<Speaker>) -> &'static str {
    match speaker {
        None => "w.words",
        Some(Speaker::Student) => "ts_filter(w.words, '{a}')",
        Some(Speaker::Tutor) => "ts_filter(w.words, '{b}')",
    }
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
    if n_of_newest >= N_COMMON { Ok(None) } else { ids_that_hold(db, asked, None).await }
}

/// All that hold the words, by the index; `None`: they are more than [`FEW`].
async fn ids_that_hold(db: &Db, asked: &str, speaker: Option<Speaker>) -> Result<Option<Vec<Uuid>>> {
    // The question is not known when the plan is made, so that it always goes by the index.
    let mut sql = QueryBuilder::new("with asked as materialized (select ");
    sql.push_bind(asked).push("::text::tsquery as query) select session_id from session_words w where ");
    sql.push(words_of(speaker)).push(" @@ (select query from asked) limit ").push_bind(FEW + 1);
    let ids: Vec<Uuid> = sql.build_query_scalar().fetch_all(db).await?;
    Ok((ids.len() as i64 <= FEW).then_some(ids))
}
