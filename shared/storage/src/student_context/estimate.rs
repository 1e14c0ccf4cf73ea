//! What is known of a skill at the time of a call.

use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

use super::DueSkill;
use super::step::{PlanStep, Why};
use crate::curriculum::Question;
use crate::learner::{self, MasteryState, State};

/// A skill counts as due a little before its time: the next call may be days away.
const DUE_SOON: Duration = Duration::hours(24);

/// An estimate as the query aggregates it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Estimate {
    pub skill_id: String,
    pub name: String,
    pub subject_id: String,
    pub questions: Vec<Question>,
    pub prerequisites: Vec<String>,
    pub(super) knowledge: f64,
    pub(super) stability: f64,
    pub(super) difficulty: f64,
    pub(super) n_evidence: u32,
    pub(super) n_unaided_correct: u32,
    pub(super) n_calls_correct: u32,
    pub(super) last_at: DateTime<Utc>,
}

impl Estimate {
    pub(super) fn state(&self) -> State {
        State {
            knowledge: self.knowledge,
            stability: self.stability,
            difficulty: self.difficulty,
            n_evidence: self.n_evidence,
            n_unaided_correct: self.n_unaided_correct,
            n_calls_correct: self.n_calls_correct,
            last_at: self.last_at,
        }
    }

    pub(super) fn step(&self, why: Why) -> PlanStep {
        let (skill_id, skill) = (self.skill_id.clone(), self.name.clone());
        PlanStep { skill_id, skill, why, on_date: None, is_new: false, belief: None }
    }
}

/// A skill of which there is no evidence yet.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct NewSkill {
    pub skill_id: String,
    pub name: String,
    pub subject_id: String,
    pub prerequisites: Vec<String>,
    /// Whether it is the next one of the student's grade.
    pub is_next: bool,
}

impl NewSkill {
    pub(super) fn step(&self, why: Why) -> PlanStep {
        let (skill_id, skill) = (self.skill_id.clone(), self.name.clone());
        PlanStep { skill_id, skill, why, on_date: None, is_new: true, belief: None }
    }
}

/// At most `limit` skills to practise, most urgent first.
pub(super) fn due_skills(mastery: &[Estimate], limit: usize, now: DateTime<Utc>) -> Vec<DueSkill> {
    let mut due: Vec<(DateTime<Utc>, &Estimate)> = mastery
        .iter()
        .filter_map(|estimate| {
            let state = estimate.state();
            let at = learner::due_at(&state);
            let is_known = learner::state_word(&state, now) == MasteryState::Mastered;
            (at <= now + DUE_SOON || !is_known).then_some((at, estimate))
        })
        .collect();
    due.sort_by(|(a_at, a), (b_at, b)| (a_at, &a.skill_id).cmp(&(b_at, &b.skill_id)));
    due.into_iter()
        .take(limit)
        .map(|(at, estimate)| {
            let state = estimate.state();
            // Another question each time, so that the answer is worked out and not remembered.
            let turn = state.n_evidence as usize % estimate.questions.len().max(1);
            DueSkill {
                skill_id: estimate.skill_id.clone(),
                skill: estimate.name.clone(),
                state: learner::state_word(&state, now),
                mastery: (learner::knowledge_now(&state, now) * 100.0).round() / 100.0,
                due: until(at - now),
                ask: estimate.questions.get(turn).map(|question| question.ask.clone()),
            }
        })
        .collect()
}

pub(super) fn until(left: Duration) -> String {
    match left.num_hours() {
        ..0 => "now".to_owned(),
        0..24 => "today".to_owned(),
        24..48 => "tomorrow".to_owned(),
        hours => format!("in {} days", hours / 24),
    }
}
