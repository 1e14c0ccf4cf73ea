//! What every analyser must produce of one session.

mod asked;
mod marks;
pub(crate) mod when;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Help, Source, Verdict};

pub use self::asked::{asking_turn, expected, last_question, ready_made};
pub use self::marks::Mark;
pub use self::when::{When, day_name};

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
    /// Who the caller said they are, if we did not know them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<Introduction>,
    /// What was practised that fits no skill of the curriculum. It never becomes evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_topics: Vec<TopicFinding>,
    /// Answers on which the tutor and our calculation disagree. Nothing is recorded for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<Dispute>,
    /// Answers without a verdict. A person may mark them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<UndecidedAnswer>,
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

/// An answer that could not be judged. It is no evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UndecidedAnswer {
    /// The student's turn.
    pub turn_no: i32,
    /// The skill of the question; `None`: it fits no skill of the curriculum.
    pub skill_id: Option<String>,
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
    /// Answers without a verdict.
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

/// A wrong belief that showed in the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MisconceptionFinding {
    pub skill_id: Option<String>,
    /// The wrong belief in at most 200 characters: "adds numerators and denominators".
    pub belief: String,
    pub turn_no: i32,
    pub quote: String,
    pub resolved: bool,
}

/// How much the student took part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngagementLevel {
    Low,
    Medium,
    High,
}

/// How the student took part, and in what mood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Engagement {
    pub level: EngagementLevel,
    /// One word: confident, neutral, anxious, frustrated, bored, confused.
    pub mood: String,
}

/// A request of the student.
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

/// What the student said of their life.
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

/// A turn that a person has to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SafetyFlag {
    /// self_harm, abuse, neglect, bullying, grooming, danger, personal_data or other.
    pub category: String,
    pub turn_no: i32,
}

/// What the next call should practise.
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

/// What a caller said of themselves in a first call.
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
