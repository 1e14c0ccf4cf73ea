//! The judgement of one session: how it is stored. `domain::analysis` has what it says.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::access::{Caller, Scope};
use crate::db::{Connection, Db, Executor, Result};
use crate::evidence;
use crate::id::{AnalysisId, SessionId, StudentId};

pub use domain::analysis::{
    Dispute, Engagement, EngagementLevel, EvidenceFinding, FactFinding, Figures, Findings, HelpFinding, Introduction,
    Mark, MisconceptionFinding, NextLesson, PromiseFinding, SafetyFlag, SkillFinding, TopicAnswer, TopicFinding,
    TurnText, Tutoring, UndecidedAnswer, When, asking_turn, day_name, expected, last_question, ready_made,
};

/// How far the analysis of a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AnalysisStatus {
    /// By rules alone: no model is configured, or its budget is spent.
    Baseline,
    /// By rules now; a model will follow.
    Pending,
    /// By rules and a model.
    Complete,
}

/// One row of `analyses`.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    pub analysis_id: AnalysisId,
    pub session_id: SessionId,
    /// `rules`, or `llm` where a model enriched the rules' findings.
    pub analyser: String,
    pub analyser_version: String,
    pub status: AnalysisStatus,
    pub findings: Findings,
    pub model: Option<String>,
    pub prompt_version: Option<String>,
    pub input_tokens: Option<i32>,
    pub output_tokens: Option<i32>,
    pub duration_ms: i32,
    pub created_at: DateTime<Utc>,
}

/// The analysis that was current until another takes its place.
#[derive(Clone, Debug)]
pub struct Replaced {
    pub analysis_id: AnalysisId,
    pub summary: String,
    /// Whether it found facts, which are stored.
    pub has_facts: bool,
}

/// Makes the session's current analysis history. The caller stores another with [`put_current`].
pub async fn replace_current(tx: &mut Connection, session_id: SessionId) -> Result<Option<Replaced>> {
    Ok(sqlx::query_as!(
        Replaced,
        r#"update analyses set is_current = false where session_id = $1 and is_current
           returning analysis_id as "analysis_id: AnalysisId", findings->>'summary' as "summary!",
               coalesce(jsonb_array_length(findings->'facts') > 0, false) as "has_facts!""#,
        session_id as SessionId,
    )
    .fetch_optional(tx)
    .await?)
}

/// Stores `analysis` as the session's current one. One of the same analyser and version is overwritten: it judged the same
/// call by the same rules. Returns the id of the row, and whether it is new.
pub async fn put_current(tx: &mut Connection, analysis: &Analysis) -> Result<(AnalysisId, bool)> {
    let row = sqlx::query!(
        r#"insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
               model, prompt_version, input_tokens, output_tokens, duration_ms, created_at)
           values ($1, $2, $3, $4, $5, $6, true, $7, $8, $9, $10, $11, $12)
           on conflict on constraint analyses_session_id_analyser_analyser_version_key do update set
               status = excluded.status, findings = excluded.findings, is_current = true, model = excluded.model,
               prompt_version = excluded.prompt_version, input_tokens = excluded.input_tokens,
               output_tokens = excluded.output_tokens, duration_ms = excluded.duration_ms,
               created_at = excluded.created_at
           -- Not updated: new.
           returning analysis_id as "analysis_id: AnalysisId", xmax = 0 as "is_new!""#,
        analysis.analysis_id as AnalysisId,
        analysis.session_id as SessionId,
        analysis.analyser,
        analysis.analyser_version,
        analysis.status as AnalysisStatus,
        Json(&analysis.findings) as _,
        analysis.model,
        analysis.prompt_version,
        analysis.input_tokens,
        analysis.output_tokens,
        analysis.duration_ms,
        analysis.created_at,
    )
    .fetch_one(tx)
    .await?;
    Ok((row.analysis_id, row.is_new))
}

/// The session's current analysis, with people's marks in place of its verdicts: what people and assistants read. `None`
/// before the first. Needs `sessions:read`.
pub async fn find_marked(db: &Db, caller: &Caller, session_id: SessionId) -> Result<Option<Analysis>> {
    let mut found = find_current(db, caller, session_id).await?;
    if let Some(analysis) = &mut found {
        let marks: Vec<_> = evidence::read_marks(db, session_id).await?.into_iter().map(|given| given.mark).collect();
        analysis.findings.apply_marks(&marks);
    }
    Ok(found)
}

/// The session's current analysis as it was judged; `None` before the first. Needs `sessions:read`.
pub async fn find_current(db: impl Executor<'_>, caller: &Caller, session_id: SessionId) -> Result<Option<Analysis>> {
    let only = caller.require_sessions(Scope::SessionsRead)?;
    let row = sqlx::query_as!(
        Row,
        r#"select analysis_id as "analysis_id: AnalysisId", session_id as "session_id: SessionId", analyser,
               analyser_version, status as "status: AnalysisStatus", findings as "findings: Json<Findings>", model,
               prompt_version, input_tokens, output_tokens, duration_ms, created_at
           from analyses
           where session_id = $1 and is_current
             and ($2::uuid is null or exists (select 1 from sessions s where s.session_id = $1 and s.student_id = $2))"#,
        session_id as SessionId,
        only as Option<StudentId>,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Analysis::from))
}

/// What was thought of the session before its current analysis, the newest first: at most 20. Needs `sessions:read`.
pub async fn list_earlier(db: impl Executor<'_>, caller: &Caller, session_id: SessionId) -> Result<Vec<Analysis>> {
    caller.require_session(Scope::SessionsRead, session_id)?;
    let rows = sqlx::query_as!(
        Row,
        r#"select analysis_id as "analysis_id: AnalysisId", session_id as "session_id: SessionId", analyser,
               analyser_version, status as "status: AnalysisStatus", findings as "findings: Json<Findings>", model,
               prompt_version, input_tokens, output_tokens, duration_ms, created_at
           from analyses where session_id = $1 and not is_current order by created_at desc, analysis_id limit 20"#,
        session_id as SessionId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Analysis::from).collect())
}

struct Row {
    analysis_id: AnalysisId,
    session_id: SessionId,
    analyser: String,
    analyser_version: String,
    status: AnalysisStatus,
    findings: Json<Findings>,
    model: Option<String>,
    prompt_version: Option<String>,
    input_tokens: Option<i32>,
    output_tokens: Option<i32>,
    duration_ms: i32,
    created_at: DateTime<Utc>,
}

impl From<Row> for Analysis {
    fn from(row: Row) -> Self {
        Self {
            analysis_id: row.analysis_id,
            session_id: row.session_id,
            analyser: row.analyser,
            analyser_version: row.analyser_version,
            status: row.status,
            findings: row.findings.0,
            model: row.model,
            prompt_version: row.prompt_version,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            duration_ms: row.duration_ms,
            created_at: row.created_at,
        }
    }
}
