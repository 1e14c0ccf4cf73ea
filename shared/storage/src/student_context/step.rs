//! One step of a plan, and why it is in it.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::in_speech;
use crate::learner::{self, MasteryState, State};

/// Why a skill is in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The next test is about it.
    Test,
    /// It is what the student works towards.
    Goal,
    /// The student asked to practise it.
    Asked,
    /// The tutor promised to practise it.
    Promised,
    /// A wrong belief about it is open.
    Misconception,
    /// It is weak, and the named skill builds on it.
    Prerequisite(String),
    /// It is due for review, or not yet mastered: "now", "in 2 days".
    Due(String),
    /// It was not practised yet, and what comes before it is known.
    New,
}

/// A skill to practise today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    pub skill_id: String,
    pub skill: String,
    pub why: Why,
    /// The day of the test, of the goal, or of the review.
    pub on_date: Option<NaiveDate>,
    /// Whether there is no evidence of it yet.
    pub is_new: bool,
    /// The open wrong belief about it.
    pub belief: Option<String>,
}

/// What made a skill the one to practise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Test,
    Goal,
    Asked,
    Promised,
    Misconception,
    Prerequisite,
    Due,
    New,
    /// The assistant named the skill.
    Named,
    /// The question before was of this skill.
    Continued,
}

/// Why a skill was chosen, and what was known of it then. A tool returns it, and the record of its call keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    pub cause: Cause,
    pub state: MasteryState,
    /// P(knows), two decimals. Absent: no evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mastery: Option<f64>,
    /// 0: sure. 1: as likely known as not. This is 4p(1-p) of P(knows), two decimals; 1 without evidence.
    pub uncertainty: f64,
    /// Answers that the estimate is made of.
    pub n_evidence: u32,
    /// The skill that builds on this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<String>,
    /// The day of the test, of the goal, or of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_date: Option<NaiveDate>,
}

impl Reason {
    /// The reason for a skill that the plan did not choose.
    pub fn new(cause: Cause, state: Option<&State>, now: DateTime<Utc>) -> Self {
        let two_decimals = |x: f64| (x * 100.0).round() / 100.0;
        let known = state.map(|state| learner::knowledge_now(state, now));
        Self {
            cause,
            state: state.map_or(MasteryState::New, |state| learner::state_word(state, now)),
            mastery: known.map(two_decimals),
            uncertainty: known.map_or(1.0, |p| two_decimals(4.0 * p * (1.0 - p))),
            n_evidence: state.map_or(0, |state| state.n_evidence),
            needed_by: None,
            on_date: None,
        }
    }
}

/// A skill or a question that a tool chose, as the record of the call keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkillChoice {
    pub skill_id: String,
    pub skill: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_id: Option<String>,
    pub reason: Reason,
}

impl PlanStep {
    /// Why the plan has this skill, with the estimate at `now`.
    pub fn reason_at(&self, state: Option<&State>, now: DateTime<Utc>) -> Reason {
        let (cause, needed_by) = match &self.why {
            Why::Test => (Cause::Test, None),
            Why::Goal => (Cause::Goal, None),
            Why::Asked => (Cause::Asked, None),
            Why::Promised => (Cause::Promised, None),
            Why::Misconception => (Cause::Misconception, None),
            Why::Prerequisite(of) => (Cause::Prerequisite, Some(of.clone())),
            Why::Due(_) => (Cause::Due, None),
            Why::New => (Cause::New, None),
        };
        Reason { needed_by, on_date: self.on_date, ..Reason::new(cause, state, now) }
    }

    /// The reason in a few words, for a tutor.
    pub fn reason(&self) -> String {
        let why = match &self.why {
            Why::Test => "the next test is about it".to_owned(),
            Why::Goal => "it is the goal".to_owned(),
            Why::Asked => "the student asked for it".to_owned(),
            Why::Promised => "it was promised in the last call".to_owned(),
            Why::Misconception => "to clear up a wrong belief".to_owned(),
            Why::Prerequisite(of) => format!("{} builds on it, and it is weak", in_speech(of)),
            Why::Due(due) => format!("due {due}"),
            Why::New => "not practised yet, and what comes before it is known".to_owned(),
        };
        match &self.belief {
            Some(belief) => format!("{why}; the student {belief}"),
            None => why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_what_was_known_then_and_reads_itself_again() {
        let now: DateTime<Utc> = "2026-11-26T17:30:00Z".parse().unwrap();
        let state = State {
            knowledge: 0.5,
            stability: 2.0,
            difficulty: 5.0,
            n_evidence: 4,
            n_unaided_correct: 2,
            n_calls_correct: 1,
            last_at: now,
        };
        let step = PlanStep {
            skill_id: "a".to_owned(),
            skill: "A".to_owned(),
            why: Why::Prerequisite("B".to_owned()),
            on_date: None,
            is_new: false,
            belief: None,
        };
        let reason = step.reason_at(Some(&state), now);
        assert_eq!((reason.cause, reason.mastery, reason.n_evidence), (Cause::Prerequisite, Some(0.5), 4));
        assert_eq!((reason.uncertainty, reason.needed_by.as_deref()), (1.0, Some("B")));
        let sure = Reason::new(Cause::Named, Some(&State { knowledge: 0.95, ..state }), now);
        assert!(sure.uncertainty < 0.2, "{sure:?}");
        let unknown = Reason::new(Cause::New, None, now);
        assert_eq!((unknown.state, unknown.mastery, unknown.uncertainty), (MasteryState::New, None, 1.0));
        let json = serde_json::to_value(&reason).unwrap();
        assert_eq!(serde_json::from_value::<Reason>(json).unwrap(), reason);
    }
}
