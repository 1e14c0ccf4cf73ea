//! One observation about one skill, with the turn that shows it. Append-only.

mod correction;
mod once;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result};
use crate::id::{AnalysisId, EvidenceId, SessionId, StudentId};

pub use self::correction::{Correction, correct};

/// Was the answer right? An answer nobody can judge is no evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Verdict {
    Correct,
    Partial,
    Incorrect,
}

impl Verdict {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Partial => "partial",
            Self::Incorrect => "incorrect",
        }
    }
}

/// How much the tutor helped before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Help {
    None,
    Hint,
    Told,
}

impl Help {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hint => "hint",
            Self::Told => "told",
        }
    }
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Source {
    Rules,
    Llm,
    /// Rules and a model agree.
    Both,
    /// An assistant during the call, for example by a checked answer.
    Tool,
    /// A person at the dashboard: outranks the rest.
    Person,
}

/// One row of `evidence`.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub evidence_id: EvidenceId,
    pub student_id: StudentId,
    pub skill_id: String,
    pub session_id: Option<SessionId>,
    /// `None`: told by a tool or a person, so it counts whatever analysis is current.
    pub analysis_id: Option<AnalysisId>,
    pub turn_no: Option<i32>,
    pub verdict: Verdict,
    pub help: Help,
    pub source: Source,
    /// Probability that the label is wrong.
    pub noise: f64,
    /// The evidence that this one takes the place of.
    pub corrects_id: Option<EvidenceId>,
    pub observed_at: DateTime<Utc>,
}

/// Appends. A second row of one analysis for the same skill and turn changes nothing.
pub async fn insert_evidence(tx: &mut Connection, evidence: &Evidence, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into evidence (evidence_id, student_id, skill_id, session_id, analysis_id, turn_no, verdict, help,
             source, noise, corrects_id, observed_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict on constraint evidence_analysis_id_skill_id_turn_no_key do nothing",
        evidence.evidence_id as EvidenceId,
        evidence.student_id as StudentId,
        evidence.skill_id,
        evidence.session_id as Option<SessionId>,
        evidence.analysis_id as Option<AnalysisId>,
        evidence.turn_no,
        evidence.verdict as Verdict,
        evidence.help as Help,
        evidence.source as Source,
        evidence.noise,
        evidence.corrects_id as Option<EvidenceId>,
        evidence.observed_at,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The evidence that counts for a student, in the order of the learner model: by skill, then by time. Left out is what
/// belongs to an analysis that a better one replaced, what a person corrected, and all but one of what was told twice
/// of one answer. Needs `students:read`.
pub async fn list_counting(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Vec<Evidence>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    let rows = sqlx::query_as!(
        Evidence,
        r#"select e.evidence_id as "evidence_id: EvidenceId", e.student_id as "student_id: StudentId", e.skill_id,
               e.session_id as "session_id: SessionId", e.analysis_id as "analysis_id: AnalysisId", e.turn_no,
               e.verdict as "verdict: Verdict", e.help as "help: Help", e.source as "source: Source", e.noise,
               e.corrects_id as "corrects_id: EvidenceId", e.observed_at
           from evidence e left join analyses a using (analysis_id)
           where e.student_id = $1
             and (e.analysis_id is null or a.is_current)
             and not exists (select 1 from evidence c where c.corrects_id = e.evidence_id)
             -- By place, since a later analysis writes anew what a person corrected.
             and not exists (
                 select 1 from evidence p
                 where p.source = 'person' and p.session_id = e.session_id and p.skill_id = e.skill_id
                   and p.turn_no = e.turn_no and p.evidence_id <> e.evidence_id
                   and (e.source <> 'person' or (p.created_at, p.evidence_id) > (e.created_at, e.evidence_id)))
           order by e.skill_id, e.observed_at, e.turn_no, e.evidence_id"#,
        student_id as StudentId,
    )
    .fetch_all(db)
    .await?;
    Ok(once::each_answer_once(rows))
}

/// What a session showed so far, by skill, then by time: by tools while it goes on, by its analysis then. Needs
/// `context:read`.
pub async fn list_of_session(db: impl Executor<'_>, caller: &Caller, session_id: SessionId) -> Result<Vec<Evidence>> {
    let only = caller.require_sessions(Scope::ContextRead)?;
    let rows = sqlx::query_as!(
        Evidence,
        r#"select e.evidence_id as "evidence_id: EvidenceId", e.student_id as "student_id: StudentId", e.skill_id,
               e.session_id as "session_id: SessionId", e.analysis_id as "analysis_id: AnalysisId", e.turn_no,
               e.verdict as "verdict: Verdict", e.help as "help: Help", e.source as "source: Source", e.noise,
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

/// Of whom a session's analyses taught us: one student, or two where a person corrected the assignment.
pub async fn list_student_ids(db: impl Executor<'_>, session_id: SessionId) -> Result<Vec<StudentId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct student_id as "student_id: StudentId" from evidence where session_id = $1"#,
        session_id as SessionId,
    )
    .fetch_all(db)
    .await?)
}
