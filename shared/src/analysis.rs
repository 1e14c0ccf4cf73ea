//! The judgement of one session: what every analyser must produce, and how it is stored.

mod when;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::access::{Caller, Scope};
use crate::db::{Connection, Error, Executor, Result};
use crate::evidence::{Help, Source, Verdict};
use crate::id::{AnalysisId, SessionId, StudentId};

pub use self::when::{When, day_name};

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

/// The validated result of an analysis. The rules fill it alone; a model may only add what passes the gate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Findings {
    /// Who judged, in words for a reader: for example "built-in rules, version 1; no language model was used".
    pub judged_by: String,
    /// One to three sentences, for people.
    pub summary: String,
    /// What the analyser could not know.
    pub limits: Vec<String>,
    pub figures: Figures,
    /// The skills talked about, most evidence first.
    pub skills: Vec<SkillFinding>,
    pub misconceptions: Vec<MisconceptionFinding>,
    pub engagement: Option<Engagement>,
    /// What the student asked for: "call back on Thursday".
    pub requests: Vec<TurnText>,
    pub facts: Vec<FactFinding>,
    /// A person should read these turns. Never acted upon by a machine.
    pub safety_flags: Vec<SafetyFlag>,
    pub next_lesson: Option<NextLesson>,
    /// How the assistant tutored; `None`: it hardly spoke, or an older version judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tutoring: Option<Tutoring>,
    /// Who the caller said they are, where nobody knew them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<Introduction>,
    /// What was practised that fits no skill of the curriculum. It never becomes evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_topics: Vec<TopicFinding>,
    /// Answers on which the tutor and our calculation disagree. Nothing is recorded for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<Dispute>,
    /// The skills that the tutor promised to practise in the next call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promised: Vec<PromiseFinding>,
    /// What the tutor explained with before an answer was right with a hint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helped_by: Vec<HelpFinding>,
    /// Main language of the call, as a two-letter code of ISO 639-1; `None`: unknown, or an older version judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A skill that the tutor promised to practise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PromiseFinding {
    pub skill_id: String,
    pub name: String,
    /// The tutor's turn.
    pub turn_no: i32,
}

/// A way to explain that helped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HelpFinding {
    pub skill_id: String,
    pub name: String,
    /// From a list of ours: "a number line", "a picture".
    pub means: String,
    /// The student's turn, in which the answer was right.
    pub turn_no: i32,
}

/// Answers about a topic that is in no curriculum: "Photosynthesis: 2 of 3 right".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopicFinding {
    /// At most 60 characters, composed by us from a fixed list of topics: "science", "geography".
    pub topic: String,
    pub answers: Vec<TopicAnswer>,
}

impl TopicFinding {
    /// The topic of a task that was recognised as none of those that have a name.
    pub const OTHER: &str = "another topic";

    /// "Photosynthesis: 2 of 3 right".
    pub fn told(&self) -> String {
        let n_right = self.answers.iter().filter(|answer| answer.verdict == Verdict::Correct).count();
        let mut chars = self.topic.chars();
        let topic: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
        match self.answers.len() {
            0 => topic,
            n => format!("{topic}: {n_right} of {n} right"),
        }
    }
}

/// One judged answer that belongs to no skill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopicAnswer {
    /// The student's turn.
    pub turn_no: i32,
    pub verdict: Verdict,
    pub help: Help,
}

/// An answer that two reliable sources judge differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dispute {
    /// The student's turn.
    pub turn_no: i32,
    /// Why nothing was recorded, in one sentence for a teacher.
    pub reason: String,
}

/// Counted, not judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// From the first word to the last, in seconds.
    pub duration_seconds: f64,
    pub n_turns: u32,
    pub n_student_turns: u32,
    pub n_words_tutor: u32,
    pub n_words_student: u32,
    /// Share of all words that the student spoke, 0 to 1.
    pub student_talk_share: f64,
    /// Longest silence between two turns, in seconds.
    pub longest_silence_seconds: f64,
    pub n_tutor_questions: u32,
    pub n_student_questions: u32,
    pub n_hint_requests: u32,
    pub n_dont_knows: u32,
    pub n_answers: u32,
    pub n_answers_correct: u32,
    pub n_answers_correct_unaided: u32,
    pub n_answers_incorrect: u32,
    /// Answers nobody could judge.
    pub n_answers_undecided: u32,
    pub n_self_corrections: u32,
}

/// What was seen of one skill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SkillFinding {
    pub skill_id: String,
    pub name: String,
    /// May be empty: the skill was talked about and nothing was shown.
    pub evidence: Vec<EvidenceFinding>,
}

/// One judged answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceFinding {
    /// The student's turn.
    pub turn_no: i32,
    /// Words of that turn, letter for letter; at most 160 characters.
    pub quote: String,
    pub verdict: Verdict,
    pub help: Help,
    pub source: Source,
    /// Probability that this label is wrong.
    pub noise: f64,
    /// Why, in a few words: "the tutor confirmed it", "3 × 18 = 54 checked".
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MisconceptionFinding {
    pub skill_id: Option<String>,
    /// The wrong belief in at most 200 characters: "adds numerators and denominators".
    pub belief: String,
    pub turn_no: i32,
    pub quote: String,
    pub resolved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngagementLevel {
    Low,
    Medium,
    High,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Engagement {
    pub level: EngagementLevel,
    /// One word: confident, neutral, anxious, frustrated, bored, confused.
    pub mood: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TurnText {
    pub turn_no: i32,
    /// In the third person, composed by us: "asked to practise fractions next time".
    pub text: String,
    /// call_back, practise, pace, difficulty, other_topic, person, style or stop; `None`: an older version found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The day that the request names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FactFinding {
    /// interest, preference, schedule, goal or study_context.
    pub kind: String,
    /// In the third person, without a subject: "plays the piano". The rules compose it from lists of ours.
    pub text: String,
    pub turn_no: i32,
    pub source: Source,
    pub confidence: f64,
    /// The day that the fact speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SafetyFlag {
    /// self_harm, abuse, neglect, bullying, grooming, danger, personal_data or other.
    pub category: String,
    pub turn_no: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NextLesson {
    pub goal: String,
    /// At most three.
    pub steps: Vec<String>,
}

/// The assistant's habits in a call, against published tutoring practice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tutoring {
    /// Wrong or half right answers that the tutor replied to.
    pub n_errors: u32,
    /// Of those, where the reply gave the step away instead of asking for it.
    pub n_told_at_once: u32,
    /// Turns that end in a question.
    pub n_questions: u32,
    /// Of those, where the tutor spoke on within three seconds.
    pub n_hurried: u32,
    /// Turns that praise what was done.
    pub n_process_praise: u32,
    /// Turns that praise who did it.
    pub n_person_praise: u32,
    /// Turns that ask how or why.
    pub n_checks: u32,
    /// 0 to 100, the mean of the habits for which there was an occasion; `None`: there was none.
    pub score: Option<f64>,
}

/// What a caller told of themselves in a first call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Introduction {
    pub first_name: Option<String>,
    /// 0 is kindergarten.
    pub grade: Option<i16>,
    /// In the caller's words, at most 120 characters.
    pub wants: Option<String>,
}

impl std::fmt::Debug for Introduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Introduction").field("grade", &self.grade).finish_non_exhaustive()
    }
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

/// Stores `analysis` as the session's current one and keeps the others as history. One of the same analyser and
/// version is overwritten, its evidence with it: it judged the same call by the same rules. Returns the id it has.
/// `is_first`: the session, which is locked, has none.
pub async fn put_current(tx: &mut Connection, analysis: &Analysis, is_first: bool) -> Result<AnalysisId> {
    if !is_first {
        sqlx::query!(
            "update analyses set is_current = false where session_id = $1 and is_current",
            analysis.session_id as SessionId,
        )
        .execute(&mut *tx)
        .await?;
    }
    let findings = serde_json::to_value(&analysis.findings).map_err(|_| Error::Corrupt("analysis"))?;
    let analysis_id = sqlx::query_scalar!(
        r#"insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
               model, prompt_version, input_tokens, output_tokens, duration_ms, created_at)
           values ($1, $2, $3, $4, $5, $6, true, $7, $8, $9, $10, $11, $12)
           on conflict on constraint analyses_session_id_analyser_analyser_version_key do update set
               status = excluded.status, findings = excluded.findings, is_current = true, model = excluded.model,
               prompt_version = excluded.prompt_version, input_tokens = excluded.input_tokens,
               output_tokens = excluded.output_tokens, duration_ms = excluded.duration_ms,
               created_at = excluded.created_at
           returning analysis_id as "analysis_id: AnalysisId""#,
        analysis.analysis_id as AnalysisId,
        analysis.session_id as SessionId,
        analysis.analyser,
        analysis.analyser_version,
        analysis.status as AnalysisStatus,
        findings,
        analysis.model,
        analysis.prompt_version,
        analysis.input_tokens,
        analysis.output_tokens,
        analysis.duration_ms,
        analysis.created_at,
    )
    .fetch_one(&mut *tx)
    .await?;
    if is_first {
        return Ok(analysis_id);
    }
    // A correction by a person of a row that goes now loses its aim, and stays as evidence of its own.
    sqlx::query!(
        "update evidence set corrects_id = null
         where corrects_id in (select evidence_id from evidence where analysis_id = $1)",
        analysis_id as AnalysisId,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from evidence where analysis_id = $1", analysis_id as AnalysisId).execute(tx).await?;
    Ok(analysis_id)
}

/// The session's current analysis; `None` before the first. Needs `sessions:read`.
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
