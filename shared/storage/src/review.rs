//! Answers that no reader was sure of, for people to mark; and how often rules, model and people agree.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::analysis::EvidenceFinding;
use sqlx::types::Json;

use crate::access::{Caller, Scope};
use crate::db::{self, Db, Executor, Result, Stored};
use crate::id::{SessionId, StudentId};
use crate::transcript::Speaker;

/// Older answers are not asked about: who said them has learnt more since.
pub const MAX_AGE: TimeDelta = TimeDelta::days(28);

/// Turns on each side of an answer.
const N_AROUND: i32 = 2;

/// The most marks that agreement is computed from. The newest count.
const MAX_MARKS: i64 = 5_000;

/// The place of an answer in the queue, newest first.
pub type Key = (DateTime<Utc>, SessionId, i32);

/// An answer that a person should mark.
#[derive(Clone)]
pub struct Uncertain {
    pub session_id: SessionId,
    pub student_id: StudentId,
    pub display_name: String,
    pub turn_no: i32,
    /// `None`: the answer fits no skill. A person chooses one of `skills`.
    pub skill_id: Option<String>,
    /// The ids of the skills of the call, with their names.
    pub skills: Vec<(String, String)>,
    /// What was found, if a reader judged the answer at all.
    pub found: Option<EvidenceFinding>,
    pub called_at: DateTime<Utc>,
    pub analysed_at: DateTime<Utc>,
    /// The answer, and two turns on each side of it.
    pub turns: Vec<Said>,
}

impl std::fmt::Debug for Uncertain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uncertain")
            .field("session_id", &self.session_id)
            .field("turn_no", &self.turn_no)
            .finish_non_exhaustive()
    }
}

impl Uncertain {
    /// Its place in the queue.
    pub fn key(&self) -> Key {
        (self.analysed_at, self.session_id, self.turn_no)
    }
}

/// A turn near an answer.
#[derive(Clone)]
pub struct Said {
    pub turn_no: i32,
    pub speaker: Speaker,
    /// `None`: an analysis flagged it, so it is read in the session.
    pub text: Option<String>,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").field("turn_no", &self.turn_no).finish_non_exhaustive()
    }
}

/// Returns the answers of the last four weeks that are undecided, or that a single unsure reader judged, and that no person
/// has marked; the newest analysis first. Needs `students:read` and `sessions:read`.
pub async fn list_uncertain(
    db: &Db,
    caller: &Caller,
    after: Option<Key>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Uncertain>> {
    caller.has(Scope::SessionsRead)?;
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let mut tx = begin(db).await?;
    let (after_at, after_id, after_turn) =
        after.map_or((None, None, None), |(at, id, turn)| (Some(at), Some(id), Some(turn)));
    let rows = sqlx::query!(
        r#"select u.session_id as "session_id!: SessionId", u.created_at as "created_at!", st.student_id as "student_id: StudentId",
               st.display_name, coalesce(s.started_at, s.created_at) as "called_at!", u.turn_no as "turn_no!",
               u.skill_id, u.found as "found: Json<EvidenceFinding>",
               (select coalesce(jsonb_agg(jsonb_build_array(skill->'skill_id', skill->'name')), '[]')
                from jsonb_array_elements(u.findings->'skills') skill) as "skills!: Json<Vec<(String, String)>>"
           from uncertain_answers u join sessions s using (session_id) join students st using (student_id)
           where u.created_at > $1 and ($2::text[] is null or st.cohort = any($2))
             and ($3::timestamptz is null or (u.created_at, u.session_id, -u.turn_no) < ($3, $4, -$5::int))
           order by u.created_at desc, u.session_id desc, u.turn_no limit $6"#,
        now - MAX_AGE,
        cohorts as Option<&[String]>,
        after_at,
        after_id as Option<SessionId>,
        after_turn,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    let places: Vec<(SessionId, i32)> = rows.iter().map(|row| (row.session_id, row.turn_no)).collect();
    let mut turns = list_around(&mut *tx, &places).await?;
    let uncertain = rows.into_iter().map(|row| Uncertain {
        turns: turns.remove(&(row.session_id, row.turn_no)).unwrap_or_default(),
        session_id: row.session_id,
        student_id: row.student_id,
        display_name: row.display_name,
        turn_no: row.turn_no,
        skill_id: row.skill_id,
        skills: row.skills.0,
        found: row.found.map(|found| found.0),
        called_at: row.called_at,
        analysed_at: row.created_at,
    });
    Ok(uncertain.collect())
}

/// Begins a transaction that plans for the classes that are asked for: a plan for any would walk all unsure answers.
async fn begin(db: &Db) -> Result<db::Tx> {
    let mut tx = db::begin(db).await?;
    sqlx::raw_sql("set local plan_cache_mode = force_custom_plan").execute(&mut *tx).await?;
    Ok(tx)
}

async fn list_around(
    db: impl Executor<'_>,
    places: &[(SessionId, i32)],
) -> Result<HashMap<(SessionId, i32), Vec<Said>>> {
    let session_ids: Vec<SessionId> = places.iter().map(|(id, _)| *id).collect();
    let turn_nos: Vec<i32> = places.iter().map(|(_, turn_no)| *turn_no).collect();
    let rows = sqlx::query!(
        r#"select of.session_id as "session_id!: SessionId", of.turn_no as "of!", t.turn_no, t.text,
               t.speaker as "speaker: Stored<Speaker>",
               coalesce(a.findings->'safety_flags' @> jsonb_build_array(jsonb_build_object('turn_no', t.turn_no)), false)
                   as "is_flagged!"
           from unnest($1::uuid[], $2::int[]) as of (session_id, turn_no)
           join turns t on t.session_id = of.session_id and t.turn_no between of.turn_no - $3 and of.turn_no + $3
           left join analyses a on a.session_id = of.session_id and a.is_current
           order by t.turn_no"#,
        &session_ids as &[SessionId],
        &turn_nos,
        N_AROUND,
    )
    .fetch_all(db)
    .await?;
    let mut around: HashMap<(SessionId, i32), Vec<Said>> = HashMap::new();
    for row in rows {
        let text = Some(row.text).filter(|_| !row.is_flagged);
        let said = Said { turn_no: row.turn_no, speaker: row.speaker.0, text };
        around.entry((row.session_id, row.of)).or_default().push(said);
    }
    Ok(around)
}

/// Counts what [`list_uncertain`] lists, up to `most`.
pub async fn count_uncertain(db: &Db, caller: &Caller, now: DateTime<Utc>, most: i64) -> Result<i64> {
    caller.has(Scope::SessionsRead)?;
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let mut tx = begin(db).await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from (
               select from uncertain_answers u join sessions s using (session_id) join students st using (student_id)
               where u.created_at > $1 and ($2::text[] is null or st.cohort = any($2))
               order by u.created_at desc limit $3
           ) uncertain"#,
        now - MAX_AGE,
        cohorts as Option<&[String]>,
        most,
    )
    .fetch_one(&mut *tx)
    .await?)
}

/// How often two of the three agreed, of the answers that both judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    pub n: i64,
    pub of: i64,
}

/// The answers that people marked in one week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week {
    pub monday: NaiveDate,
    pub n_marked: i64,
    pub rules_and_person: Agreed,
    pub model_and_person: Agreed,
    pub rules_and_model: Agreed,
}

/// Returns how often the rules, the model and people agreed on the answers that people marked since `from`, by week of the
/// mark in `zone`, the newest first. Two agree if both say right, or neither does. An answer that a person took for none
/// agrees with no verdict. Needs `students:read` and `sessions:read`.
pub async fn list_agreement(
    db: impl Executor<'_>,
    caller: &Caller,
    zone: Tz,
    from: DateTime<Utc>,
) -> Result<Vec<Week>> {
    caller.has(Scope::SessionsRead)?;
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let rows = sqlx::query!(
        r#"with marked as (
               select distinct on (e.session_id, e.skill_id, e.turn_no) e.session_id, e.skill_id, e.turn_no, e.created_at,
                   case when e.corrects_id is distinct from e.evidence_id then e.verdict = 'correct' end as by_person
               from (select * from evidence where source = 'person' and created_at >= $1
                     order by created_at desc limit $4) e
               join students st using (student_id)
               where e.session_id is not null and e.turn_no is not null and ($2::text[] is null or st.cohort = any($2))
               order by e.session_id, e.skill_id, e.turn_no, e.created_at desc, e.evidence_id desc
           ), judged as (
               select m.created_at, m.by_person, rules.is_right as by_rules, model.is_right as by_model
               from marked m
               left join lateral (
                   select found->>'verdict' = 'correct' as is_right
                   from analyses a, jsonb_array_elements(a.findings->'skills') skill, jsonb_array_elements(skill->'evidence') found
                   where a.session_id = m.session_id and a.analyser = 'rules' and skill->>'skill_id' = m.skill_id
                     and (found->>'turn_no')::int = m.turn_no
                   order by a.created_at desc limit 1
               ) rules on true
               left join lateral (
                   select found->>'verdict' = 'correct' as is_right
                   from analyses a, jsonb_array_elements(a.findings->'skills') skill, jsonb_array_elements(skill->'evidence') found
                   where a.session_id = m.session_id and a.analyser = 'llm' and skill->>'skill_id' = m.skill_id
                     and (found->>'turn_no')::int = m.turn_no and found->>'source' in ('llm', 'both')
                   order by a.created_at desc limit 1
               ) model on true
           )
           select date_trunc('week', created_at at time zone $3)::date as "monday!", count(*) as "n_marked!",
               count(by_rules) as "of_rules!", count(*) filter (where by_rules = by_person) as "n_rules!",
               count(by_model) as "of_model!", count(*) filter (where by_model = by_person) as "n_model!",
               count(*) filter (where by_rules is not null and by_model is not null) as "of_both!",
               count(*) filter (where by_rules = by_model) as "n_both!"
           from judged group by 1 order by 1 desc"#,
        from,
        cohorts as Option<&[String]>,
        zone.name(),
        MAX_MARKS,
    )
    .fetch_all(db)
    .await?;
    let week = rows.into_iter().map(|row| Week {
        monday: row.monday,
        n_marked: row.n_marked,
        rules_and_person: Agreed { n: row.n_rules, of: row.of_rules },
        model_and_person: Agreed { n: row.n_model, of: row.of_model },
        rules_and_model: Agreed { n: row.n_both, of: row.of_both },
    });
    Ok(week.collect())
}
