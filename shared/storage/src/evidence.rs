//! One observation about one skill, with the turn that shows it. Append-only.

mod correction;
mod exchange;
mod once;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result, Stored};
use crate::id::{AnalysisId, EvidenceId, SessionId, StudentId};

pub use domain::evidence::{Help, Source, Verdict};

pub(crate) use self::correction::read_marks;
pub use self::correction::{Correction, PersonMark, correct, list_marks, undo};
pub use self::exchange::{Exchange, Read, list_exchanges, read};

/// One row of `evidence`.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub evidence_id: EvidenceId,
    pub student_id: StudentId,
    pub skill_id: String,
    pub session_id: Option<SessionId>,
    /// `None`: from a tool or a person, so it counts regardless of the current analysis.
    pub analysis_id: Option<AnalysisId>,
    pub turn_no: Option<i32>,
    pub verdict: Verdict,
    pub help: Help,
    pub source: Source,
    /// Probability that the label is wrong.
    pub noise: f64,
    /// The evidence that this one replaces. If it is its own id, a person said that there was no answer.
    pub corrects_id: Option<EvidenceId>,
    pub observed_at: DateTime<Utc>,
}

impl Evidence {
    fn place(&self) -> (&str, Option<i32>) {
        (&self.skill_id, self.turn_no)
    }

    /// Whether both say the same, whichever rows they are.
    fn tells(&self, other: &Self) -> bool {
        let other = Self { evidence_id: self.evidence_id, analysis_id: self.analysis_id, ..other.clone() };
        *self == other
    }
}

/// Appends. A second row of one analysis for the same skill and turn changes nothing.
pub async fn insert_evidence(tx: &mut Connection, evidence: &[Evidence], now: DateTime<Utc>) -> Result<()> {
    if evidence.is_empty() {
        return Ok(());
    }
    let texts = |of: fn(&Evidence) -> &str| evidence.iter().map(|one| of(one).to_owned()).collect::<Vec<_>>();
    sqlx::query!(
        "insert into evidence (evidence_id, student_id, skill_id, session_id, analysis_id, turn_no, verdict, help,
             source, noise, corrects_id, observed_at, created_at)
         select *, $13::timestamptz from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::int[],
             $7::text[], $8::text[], $9::text[], $10::float8[], $11::uuid[], $12::timestamptz[])
         on conflict on constraint evidence_analysis_id_skill_id_turn_no_key do nothing",
        &evidence.iter().map(|one| one.evidence_id.0).collect::<Vec<_>>(),
        &evidence.iter().map(|one| one.student_id.0).collect::<Vec<_>>(),
        &texts(|one| &one.skill_id),
        &evidence.iter().map(|one| one.session_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &evidence.iter().map(|one| one.analysis_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &evidence.iter().map(|one| one.turn_no).collect::<Vec<_>>() as &[Option<i32>],
        &texts(|one| one.verdict.as_str()),
        &texts(|one| one.help.as_str()),
        &texts(|one| one.source.as_str()),
        &evidence.iter().map(|one| one.noise).collect::<Vec<_>>(),
        &evidence.iter().map(|one| one.corrects_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &evidence.iter().map(|one| one.observed_at).collect::<Vec<_>>(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Which of the evidence that counts.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// All of it.
    All,
    /// Of these skills.
    Skills(&'a [String]),
    /// Of one session.
    Session(SessionId),
}

/// The evidence that counts for a student, in the order of the learner model: by skill, then by time. It leaves out
/// evidence of replaced analyses, evidence that a person corrected, and duplicates for one answer. Needs `students:read`.
pub async fn list_counting(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    of: Of<'_>,
) -> Result<Vec<Evidence>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    let (skill_ids, session_id) = match of {
        Of::All => (None, None),
        Of::Skills(skill_ids) => (Some(skill_ids), None),
        Of::Session(session_id) => (None, Some(session_id)),
    };
    let rows = sqlx::query_as!(
        Evidence,
        r#"select e.evidence_id as "evidence_id!: EvidenceId", e.student_id as "student_id!: StudentId",
               e.skill_id as "skill_id!", e.session_id as "session_id?: SessionId",
               e.analysis_id as "analysis_id?: AnalysisId", e.turn_no as "turn_no?", e.verdict as "verdict!: Stored<Verdict>",
               e.help as "help!: Stored<Help>", e.source as "source!: Stored<Source>", e.noise as "noise!",
               e.corrects_id as "corrects_id?: EvidenceId", e.observed_at as "observed_at!"
           from (
               -- One of the three, each by its own index.
               select * from evidence where $2::text[] is null and $3::uuid is null and student_id = $1
               union all
               select * from evidence where session_id = $3 and student_id = $1
               union all
               -- One answer may be told of as of two skills, so the sessions of the skills are read in whole.
               select * from evidence
               where $2 is not null and student_id = $1
                 and (skill_id = any($2) or session_id in (
                     select session_id from evidence where student_id = $1 and skill_id = any($2)))
           ) e left join analyses a using (analysis_id)
           where (e.analysis_id is null or a.is_current)
             and not exists (
                 select 1 from evidence c where c.corrects_id = e.evidence_id and c.evidence_id <> e.evidence_id)
             -- By place, since a later analysis writes anew what a person corrected.
             and not exists (
                 select 1 from evidence p
                 where p.source = 'person' and p.session_id = e.session_id and p.skill_id = e.skill_id
                   and p.turn_no = e.turn_no and p.evidence_id <> e.evidence_id
                   and (e.source <> 'person' or (p.created_at, p.evidence_id) > (e.created_at, e.evidence_id)))
           order by e.skill_id, e.observed_at, e.turn_no, e.evidence_id"#,
        student_id as StudentId,
        skill_ids,
        session_id as Option<SessionId>,
    )
    .fetch_all(db)
    .await?;
    let mut rows = once::each_answer_once(rows);
    if let Some(skill_ids) = skill_ids {
        rows.retain(|row| skill_ids.contains(&row.skill_id));
    }
    Ok(rows)
}

/// The last pieces of evidence that count, `n` and a few more of each of the `n_skills` skills that the student practised
/// last: by skill, then by time.
pub(crate) async fn list_last(
    tx: &mut Connection,
    student_id: StudentId,
    n_skills: i64,
    n: usize,
) -> Result<Vec<Evidence>> {
    let rows = sqlx::query_as!(
        Evidence,
        r#"select e.evidence_id as "evidence_id: EvidenceId", e.student_id as "student_id: StudentId", e.skill_id,
               e.session_id as "session_id: SessionId", e.analysis_id as "analysis_id: AnalysisId", e.turn_no,
               e.verdict as "verdict: Stored<Verdict>", e.help as "help: Stored<Help>", e.source as "source: Stored<Source>", e.noise,
               e.corrects_id as "corrects_id: EvidenceId", e.observed_at
           from (
               select student_id, skill_id from mastery where student_id = $1 order by last_at desc limit $3
           ) m cross join lateral (
               select e.* from evidence e left join analyses a using (analysis_id)
               where e.student_id = m.student_id and e.skill_id = m.skill_id
                 and (e.analysis_id is null or a.is_current)
                 and not exists (
                     select 1 from evidence c where c.corrects_id = e.evidence_id and c.evidence_id <> e.evidence_id)
                 and not exists (
                     select 1 from evidence p
                     where p.source = 'person' and p.session_id = e.session_id and p.skill_id = e.skill_id
                       and p.turn_no = e.turn_no and p.evidence_id <> e.evidence_id
                       and (e.source <> 'person' or (p.created_at, p.evidence_id) > (e.created_at, e.evidence_id)))
               order by e.observed_at desc limit $2
           ) e
           order by e.skill_id, e.observed_at, e.turn_no, e.evidence_id"#,
        student_id as StudentId,
        // Half of them may be duplicates.
        n as i64 * 2,
        n_skills,
    )
    .fetch_all(tx)
    .await?;
    Ok(once::each_answer_once(rows))
}

/// Returns all evidence of a session, whether it counts or not. Needs `sessions:read`.
pub async fn list_told(tx: &mut Connection, caller: &Caller, session_id: SessionId) -> Result<Vec<Evidence>> {
    caller.require(Scope::SessionsRead)?;
    Ok(sqlx::query_as!(
        Evidence,
        r#"select evidence_id as "evidence_id: EvidenceId", student_id as "student_id: StudentId", skill_id,
               session_id as "session_id: SessionId", analysis_id as "analysis_id: AnalysisId", turn_no,
               verdict as "verdict: Stored<Verdict>", help as "help: Stored<Help>", source as "source: Stored<Source>", noise,
               corrects_id as "corrects_id: EvidenceId", observed_at
           from evidence where session_id = $1"#,
        session_id as SessionId,
    )
    .fetch_all(tx)
    .await?)
}

/// Whether an analysis found exactly what is stored of the one before: then nothing that follows from evidence changes.
/// `stored` and `found` hold the rows of one analysis each.
pub fn is_same<'a>(stored: impl Iterator<Item = &'a Evidence>, found: &'a [Evidence]) -> bool {
    // One row for each skill and turn: see `insert_evidence`.
    let stored: BTreeMap<_, _> = stored.map(|row| (row.place(), row)).collect();
    let mut new: BTreeMap<_, _> = BTreeMap::new();
    for row in found {
        new.entry(row.place()).or_insert(row);
    }
    stored.len() == new.len() && stored.iter().zip(&new).all(|((_, a), (_, b))| a.tells(b))
}

/// Gives the rows of one analysis to the one that takes its place and found the same.
pub async fn hand_over(tx: &mut Connection, from: AnalysisId, to: AnalysisId) -> Result<()> {
    sqlx::query!("update evidence set analysis_id = $2 where analysis_id = $1", from as AnalysisId, to as AnalysisId,)
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes the rows of an analysis that is written again. A person's correction of such a row loses its target and stays
/// as separate evidence.
pub async fn remove_of_analysis(tx: &mut Connection, analysis_id: AnalysisId) -> Result<()> {
    sqlx::query!(
        "update evidence set corrects_id = null
         where corrects_id in (select evidence_id from evidence where analysis_id = $1)",
        analysis_id as AnalysisId,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from evidence where analysis_id = $1", analysis_id as AnalysisId).execute(tx).await?;
    Ok(())
}

/// Returns the evidence of a session so far, by skill, then by time: from tools during the call, from its analysis
/// afterwards. Needs `context:read`.
pub async fn list_of_session(db: impl Executor<'_>, caller: &Caller, session_id: SessionId) -> Result<Vec<Evidence>> {
    let only = caller.require_sessions(Scope::ContextRead)?;
    let rows = sqlx::query_as!(
        Evidence,
        r#"select e.evidence_id as "evidence_id: EvidenceId", e.student_id as "student_id: StudentId", e.skill_id,
               e.session_id as "session_id: SessionId", e.analysis_id as "analysis_id: AnalysisId", e.turn_no,
               e.verdict as "verdict: Stored<Verdict>", e.help as "help: Stored<Help>", e.source as "source: Stored<Source>", e.noise,
               e.corrects_id as "corrects_id: EvidenceId", e.observed_at
           from evidence e left join analyses a using (analysis_id)
           where e.session_id = $1 and (e.analysis_id is null or a.is_current)
             and ($2::uuid is null or e.student_id = $2)
           order by e.skill_id, e.observed_at, e.turn_no, e.evidence_id"#,
        session_id as SessionId,
        only as Option<StudentId>,
    )
    .fetch_all(db)
    .await?;
    Ok(once::each_answer_once(rows))
}
