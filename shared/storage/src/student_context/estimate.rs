//! What is known of a skill at the time of a call.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::DueSkill;
use super::step::{PlanStep, Why};
use crate::curriculum::{Curriculum, Skill};
use crate::learner::{self, MasteryState, State};

/// A skill counts as due a little before its time: the next call may be days away.
const DUE_SOON: Duration = Duration::hours(24);

/// Below this estimate, a prerequisite keeps a student from a new skill: P(knows) right after the last evidence.
const READY: f64 = 0.6;
/// The grade of a student who has none.
const USUAL_GRADE: i16 = 3;

/// A skill that was practised.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate<'a> {
    pub skill: &'a Skill,
    pub state: State,
}

impl Estimate<'_> {
    pub(super) fn step(&self, why: Why) -> PlanStep {
        step(self.skill, why, false)
    }
}

/// A skill of which there is no evidence yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewSkill<'a> {
    pub skill: &'a Skill,
    /// Whether it is the next one of the student's grade.
    pub is_next: bool,
}

impl NewSkill<'_> {
    pub(super) fn step(&self, why: Why) -> PlanStep {
        step(self.skill, why, true)
    }
}

fn step(skill: &Skill, why: Why, is_new: bool) -> PlanStep {
    PlanStep { skill_id: skill.skill_id.clone(), skill: skill.name.clone(), why, on_date: None, is_new, belief: None }
}

/// What a student practised, by skill, and which subjects are off.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub grade: Option<i16>,
    pub states: BTreeMap<String, State>,
    pub subjects_off: Vec<String>,
}

impl Progress {
    fn is_on(&self, skill: &Skill) -> bool {
        !self.subjects_off.contains(&skill.subject_id)
    }

    /// The skills that were practised and are still taught.
    pub(super) fn estimates<'a>(&self, curriculum: &'a Curriculum) -> Vec<Estimate<'a>> {
        let taught = curriculum.skills.iter().filter(|skill| self.is_on(skill));
        taught.filter_map(|skill| Some(Estimate { skill, state: *self.states.get(&skill.skill_id)? })).collect()
    }

    /// The next new skill, and those of `wanted` that are new, the easiest first.
    pub(super) fn new_skills<'a>(&self, curriculum: &'a Curriculum, wanted: &[String]) -> Vec<NewSkill<'a>> {
        let is_new = |skill: &&Skill| self.is_on(skill) && !self.states.contains_key(&skill.skill_id);
        let new = || curriculum.skills.iter().filter(is_new);
        let next = self.next_of(new()).map(|skill| &skill.skill_id);
        let meant = new().filter(|skill| next == Some(&skill.skill_id) || wanted.contains(&skill.skill_id));
        let mut meant: Vec<_> = meant.map(|skill| NewSkill { skill, is_next: next == Some(&skill.skill_id) }).collect();
        meant.sort_by_key(|new| (new.skill.grade_from, &new.skill.skill_id));
        meant
    }

    /// Of these skills, the one to begin next: of the student's grade, with every prerequisite that was practised known well
    /// enough; best prepared first, then the hardest.
    fn next_of<'a>(&self, new: impl Iterator<Item = &'a Skill>) -> Option<&'a Skill> {
        let grade = self.grade.unwrap_or(USUAL_GRADE);
        let of_grade = new.filter(|skill| (skill.grade_from..=skill.grade_to).contains(&grade));
        let prepared = of_grade.filter_map(|skill| {
            let mut practised = skill.prerequisites.iter().filter_map(|id| self.states.get(id));
            let n_practised = practised.clone().count();
            practised.all(|state| state.knowledge >= READY).then_some((skill, n_practised))
        });
        let first = prepared.min_by_key(|(skill, n)| (Reverse(*n), Reverse(skill.grade_from), &skill.skill_id));
        first.map(|(skill, _)| skill)
    }
}

/// At most `limit` skills to practise, most urgent first.
pub(super) fn due_skills(mastery: &[Estimate<'_>], limit: usize, now: DateTime<Utc>) -> Vec<DueSkill> {
    let mut due: Vec<(DateTime<Utc>, &Estimate<'_>)> = mastery
        .iter()
        .filter_map(|estimate| {
            let state = estimate.state;
            let at = learner::due_at(&state);
            let is_known = learner::state_word(&state, now) == MasteryState::Mastered;
            (at <= now + DUE_SOON || !is_known).then_some((at, estimate))
        })
        .collect();
    due.sort_by(|(a_at, a), (b_at, b)| (a_at, &a.skill.skill_id).cmp(&(b_at, &b.skill.skill_id)));
    due.into_iter()
        .take(limit)
        .map(|(at, estimate)| {
            let Estimate { skill, state } = *estimate;
            // Another question each time, so that the answer is worked out and not remembered.
            let turn = state.n_evidence as usize % skill.questions.len().max(1);
            DueSkill {
                skill_id: skill.skill_id.clone(),
                skill: skill.name.clone(),
                state: learner::state_word(&state, now),
                mastery: (learner::knowledge_now(&state, now) * 100.0).round() / 100.0,
                due: until(at - now),
                ask: skill.questions.get(turn).map(|question| question.ask.clone()),
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

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// Without questions or prerequisites.
    pub(in crate::student_context) fn skill(skill_id: &str) -> Skill {
        Skill {
            skill_id: skill_id.to_owned(),
            subject_id: "maths".to_owned(),
            name: skill_id.to_owned(),
            grade_from: 3,
            grade_to: 5,
            lexicon: Vec::new(),
            questions: Vec::new(),
            prerequisites: Vec::new(),
        }
    }

    /// A curriculum outlives what is read of it.
    pub(in crate::student_context) fn kept(skill: Skill) -> &'static Skill {
        Box::leak(Box::new(skill))
    }

    pub(in crate::student_context) fn state(knowledge: f64, last_at: DateTime<Utc>) -> State {
        State {
            knowledge,
            stability: 2.3,
            difficulty: 5.0,
            n_evidence: 4,
            n_unaided_correct: 4,
            n_calls_correct: 2,
            last_at,
        }
    }

    pub(in crate::student_context) fn estimate(
        skill: Skill,
        knowledge: f64,
        last_at: DateTime<Utc>,
    ) -> Estimate<'static> {
        Estimate { skill: kept(skill), state: state(knowledge, last_at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curriculum(skills: &[(&str, i16, &[&str])]) -> Curriculum {
        let skill = |(skill_id, grade, prerequisites): &(&str, i16, &[&str])| Skill {
            grade_from: *grade,
            grade_to: grade + 1,
            prerequisites: prerequisites.iter().map(|id| (*id).to_owned()).collect(),
            ..samples::skill(skill_id)
        };
        Curriculum { subjects: Vec::new(), skills: skills.iter().map(skill).collect() }
    }

    fn progress(states: &[(&str, f64)]) -> Progress {
        let state = |(skill_id, knowledge): &(&str, f64)| {
            ((*skill_id).to_owned(), samples::state(*knowledge, DateTime::UNIX_EPOCH))
        };
        Progress { grade: Some(4), states: states.iter().map(state).collect(), subjects_off: Vec::new() }
    }

    fn next(progress: &Progress, curriculum: &Curriculum) -> Option<String> {
        let new = progress.new_skills(curriculum, &[]);
        new.into_iter().find(|new| new.is_next).map(|new| new.skill.skill_id.clone())
    }

    #[test]
    fn the_next_skill_is_the_best_prepared_of_the_grade() {
        let skills: [(&str, i16, &[&str]); 5] =
            [("a", 3, &[]), ("b", 4, &[]), ("c", 3, &["x"]), ("d", 3, &["y"]), ("e", 6, &["x"])];
        let curriculum = curriculum(&skills);
        let is_next = |states: &[(&str, f64)], skill_id| {
            assert_eq!(next(&progress(states), &curriculum).as_deref(), Some(skill_id), "{states:?}");
        };
        // Without preparation the hardest, then what has a prerequisite that is known.
        is_next(&[], "b");
        is_next(&[("x", 0.6)], "c");
        is_next(&[("x", 0.59)], "b");
        is_next(&[("x", 0.7), ("y", 0.7)], "c");
        is_next(&[("x", 0.7), ("c", 0.1), ("b", 0.1)], "a");
        let other_grade = Progress { grade: Some(6), ..progress(&[]) };
        assert_eq!(next(&other_grade, &curriculum).as_deref(), Some("e"));
    }

    #[test]
    fn what_is_wanted_is_new_too_and_subjects_that_are_off_are_left_out() {
        let curriculum = curriculum(&[("a", 4, &[]), ("b", 3, &[]), ("c", 9, &[])]);
        let mut progress = progress(&[("a", 0.5), ("retired", 0.5)]);
        let wanted = ["c", "a", "gone"].map(str::to_owned);
        let ids = |progress: &Progress| {
            let new = progress.new_skills(&curriculum, &wanted).into_iter();
            new.map(|new| new.skill.skill_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&progress), ["b", "c"]);
        let practised: Vec<_> = progress.estimates(&curriculum).iter().map(|e| &e.skill.skill_id[..]).collect();
        assert_eq!(practised, ["a"]);
        progress.subjects_off = vec!["maths".to_owned()];
        assert!(ids(&progress).is_empty() && progress.estimates(&curriculum).is_empty());
    }
}
