//! One step of a plan, and why it is in it.

use super::in_speech;

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
    /// Whether there is no evidence of it yet.
    pub is_new: bool,
    /// The open wrong belief about it.
    pub belief: Option<String>,
}

impl PlanStep {
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
