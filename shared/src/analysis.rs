//! The judgement of one session: what every analyser must produce, and how it is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Help, Source, Verdict};

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FactFinding {
    /// interest, preference, schedule, goal or study_context.
    pub kind: String,
    pub text: String,
    pub turn_no: i32,
    pub source: Source,
    pub confidence: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SafetyFlag {
    /// self_harm, abuse, bullying, personal_data or other.
    pub category: String,
    pub turn_no: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NextLesson {
    pub goal: String,
    /// At most three.
    pub steps: Vec<String>,
}
