//! What an assistant gets about the child at the beginning of a call, in at most 600 tokens.
//!
//! **Invariant:** nothing here may harm if a stranger hears it: no number, surname, school, address, quotation or
//! diagnosis, and never one child's data in another's context. Caller id is a hint, not a proof.

mod about;
mod compose;
mod days;
mod estimate;
mod plan;
mod prepare;
mod read;
mod speech;
mod step;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analysis::AnalysisStatus;
use crate::id::{SessionId, StudentId};
use crate::learner::MasteryState;

pub use self::compose::{unknown, unverified};
pub use self::prepare::rebuild;
pub use self::read::{Lesson, find_by_phone, get_by_student_id, get_lesson, list_due, of_line};
pub use self::step::{Cause, PlanStep, Reason, SkillChoice, Why};

/// How a goal among the facts begins.
const GOAL: &str = "Goal: ";

/// The most that a context may cost an assistant, by the estimate of [`StudentContext::n_tokens`].
pub const MAX_TOKENS: usize = 600;

/// Who the assistant talks to, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContextStatus {
    /// One student calls from this number.
    Known,
    /// Several students share this number: ask which.
    Choose,
    /// No student is registered with this number, or it was withheld.
    New,
    /// A person decided that assistants get no data.
    Blocked,
    /// The caller has to prove who they are first: ask for the code, and call `verify_caller`.
    Unverified,
}

/// The answer of `get_student_context`. Most important first; what does not fit the budget is cut from the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StudentContext {
    /// Version of this shape: 1.
    pub v: u8,
    pub as_of: DateTime<Utc>,
    pub status: ContextStatus,
    /// The opening line, ready to be spoken.
    pub say_first: String,
    /// What the status means for the assistant, in a sentence.
    pub note: String,
    /// How far the analysis of the last call has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub student: Option<ContextStudent>,
    /// First names to choose from, where `status` is `choose`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choose_from: Vec<Choice>,
    /// What to ask a new caller for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ask_for: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Skills to practise now, most urgent first; at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub due: Vec<DueSkill>,
    /// Wrong beliefs not yet overcome; at most two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watch: Vec<Belief>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_call: Option<LastCall>,
    /// What a teacher asks the assistant to heed, the mood of the last call, what helped, and where help was needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub how: Vec<String>,
    /// Skills mastered; at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strong: Vec<String>,
    /// Facts that still hold, those with a date first; at most five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    pub rules: Vec<String>,
}

/// The student, as much as may be said aloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContextStudent {
    pub student_id: StudentId,
    pub first_name: String,
    /// 0 is kindergarten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<i16>,
    /// BCP 47, for example `en`.
    pub language: String,
    /// Calls analysed so far.
    pub n_calls: i64,
    /// For example "3 days ago".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_call: Option<String>,
}

/// One of several students of a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    pub student_id: StudentId,
    pub first_name: String,
}

/// What to do in this call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    pub goal: String,
    /// At most three.
    pub today: Vec<String>,
    pub stop_when: String,
    /// The skills of `today`, in its order, for `next_question`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skill_ids: Vec<String>,
}

/// A skill to practise now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DueSkill {
    pub skill_id: String,
    pub skill: String,
    pub state: MasteryState,
    /// P(knows) at this moment, two decimals.
    pub mastery: f64,
    /// "now", "today", "in 2 days".
    pub due: String,
    /// A question to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
}

/// A wrong belief that is not yet overcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Belief {
    pub belief: String,
    /// In how many calls it showed.
    pub seen: i32,
    /// When it showed last: "on Tuesday 24 November (2 days ago)".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// The last call, in what was practised and what it showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LastCall {
    pub session_id: SessionId,
    pub summary: String,
    pub practised: Vec<Practised>,
    /// What the student asked for, in this call or one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
    /// The skills that the tutor promised to practise in this call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promised: Vec<String>,
    /// What was practised that no skill covers: "Photosynthesis: 2 of 3 right".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// One skill of a call, with the evidence for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Practised {
    pub skill_id: String,
    pub skill: String,
    pub n_correct: u32,
    pub n_incorrect: u32,
    /// Correct answers that needed a hint or the answer itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_with_help: u32,
    /// The student's turns that show it; `get_session` has them.
    pub turns: Vec<i32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// What is prepared when an analysis finishes, and kept in `student_contexts`: all that does not depend on the hour.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prepared {
    pub n_calls: i64,
    pub last_call_at: Option<DateTime<Utc>>,
    pub analysis: Option<AnalysisStatus>,
    pub last_call: Option<LastCall>,
    pub watch: Vec<PreparedBelief>,
    /// Always empty. A server of the release before reads it while both run.
    pub plan_steps: Vec<String>,
    /// What the student asked for, the newest first.
    pub requests: Vec<PreparedFact>,
    /// The skills that facts and requests are about.
    pub wanted: Vec<String>,
    /// Skills in which the student often needed help of late.
    pub helped: Vec<PreparedHelp>,
    /// The skills that a tutor promised to practise and that were not practised since.
    pub promised: Vec<PreparedSkill>,
    /// What helped in the last calls, one entry a skill, the newest first.
    pub worked: Vec<PreparedWorked>,
    pub mood: Option<String>,
    /// Language of the last call, ISO 639-1.
    pub language: Option<String>,
    pub facts: Vec<PreparedFact>,
}

/// A wrong belief that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreparedBelief {
    pub belief: String,
    pub seen: i32,
    #[serde(default)]
    pub skill_id: Option<String>,
    #[serde(default)]
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// A fact, or a request of the student.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreparedFact {
    /// The kind of a fact: interest, preference, schedule, goal or study_context; or of a request: practise, call_back …
    #[serde(default)]
    pub kind: String,
    pub text: String,
    /// The day that it speaks of, by the student's calendar.
    #[serde(default)]
    pub on_date: Option<NaiveDate>,
    pub expires_at: DateTime<Utc>,
    /// The skills that it is about, best match first.
    #[serde(default)]
    pub skill_ids: Vec<String>,
    /// The subject that it is about, if it names no skill.
    #[serde(default)]
    pub subject_id: Option<String>,
}

/// A skill by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreparedSkill {
    pub skill_id: String,
    pub skill: String,
}

/// What a tutor explained a skill with before an answer was right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreparedWorked {
    pub skill_id: String,
    pub skill: String,
    /// From a list of the analyser: "a number line".
    pub means: String,
}

/// How often a student needed help with the last answers in a skill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreparedHelp {
    pub skill_id: String,
    pub skill: String,
    pub n_helped: usize,
    pub n_answers: usize,
}

impl StudentContext {
    /// What the context costs a model, estimated from its JSON: 3.6 bytes a token, rounded up.
    pub fn n_tokens(&self) -> usize {
        let bytes = serde_json::to_vec(self).map_or(0, |json| json.len());
        (bytes * 10).div_ceil(36)
    }

    /// Cuts what matters least until the budget holds.
    fn fit(mut self) -> Self {
        type Cut = fn(&mut StudentContext);
        let cuts: [Cut; 14] = [
            // The plan says it already.
            |c| c.facts.retain(|fact| !fact.starts_with(GOAL)),
            |c| c.strong.truncate(1),
            |c| c.facts.truncate(3),
            |c| c.how.truncate(2),
            |c| c.last_call.iter_mut().for_each(|call| call.also.clear()),
            |c| c.strong.clear(),
            |c| c.facts.truncate(1),
            |c| c.how.truncate(1),
            |c| c.facts.clear(),
            |c| c.watch.truncate(1),
            |c| {
                c.last_call.iter_mut().for_each(|call| {
                    call.open.clear();
                    call.promised.truncate(1);
                });
            },
            |c| c.due.truncate(2),
            |c| c.last_call.iter_mut().for_each(|call| call.practised.truncate(2)),
            |c| c.plan.iter_mut().for_each(|plan| plan.today.truncate(1)),
        ];
        for cut in cuts {
            if self.n_tokens() <= MAX_TOKENS {
                break;
            }
            cut(&mut self);
        }
        for limit in [200, 100, 60] {
            if self.n_tokens() > MAX_TOKENS {
                self.shorten(limit);
            }
        }
        if self.n_tokens() > MAX_TOKENS {
            self.due.truncate(1);
            self.last_call.iter_mut().for_each(|call| call.practised.truncate(1));
        }
        self
    }

    /// Cuts every text that people wrote to so many bytes; a longer question is left out, since half of one is none.
    fn shorten(&mut self, limit: usize) {
        for due in &mut self.due {
            due.ask.take_if(|ask| ask.len() > limit);
            clip(&mut due.skill, limit);
        }
        for text in self.how.iter_mut().chain(&mut self.strong).chain(&mut self.facts) {
            clip(text, limit);
        }
        if let Some(plan) = &mut self.plan {
            clip(&mut plan.goal, limit);
            clip(&mut plan.stop_when, limit);
            plan.today.iter_mut().for_each(|step| clip(step, limit));
            plan.skill_ids.truncate(1);
        }
        self.watch.iter_mut().for_each(|watch| clip(&mut watch.belief, limit));
        if let Some(call) = &mut self.last_call {
            clip(&mut call.summary, limit);
            call.practised.iter_mut().for_each(|practised| clip(&mut practised.skill, limit));
            call.promised.iter_mut().for_each(|skill| clip(skill, limit));
        }
    }
}

/// A skill's name in the middle of a sentence.
fn in_speech(name: &str) -> String {
    let mut chars = name.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => name.to_owned(),
    }
}

/// Cuts a text to so many bytes, between letters.
fn clip(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit.saturating_sub('…'.len_utf8())));
        text.push('…');
    }
}
