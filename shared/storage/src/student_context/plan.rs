//! The one plan of a student: `get_student_context`, `get_lesson_plan` and `next_question` all take it from here. Pure.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::days::days_until;
use super::estimate::{Estimate, NewSkill, due_skills};
use super::speech::Speech;
use super::step::{PlanStep, Why};
use super::{GOAL, Plan, Prepared, PreparedFact};
use crate::curriculum::Skill;
use crate::learner::{self, MasteryState};

/// Skills of one lesson: more would be a test.
const MAX_STEPS: usize = 3;
/// Below this estimate a prerequisite is a gap: P(knows) now.
const GAP: f64 = 0.6;
/// A test that is farther away does not change today's lesson.
const TEST_WITHIN_DAYS: i64 = 14;

/// What the plan is made of.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub mastery: &'a [Estimate<'a>],
    /// Skills that were not practised yet: the next one, and those that are wanted.
    pub new: &'a [NewSkill<'a>],
    pub prepared: &'a Prepared,
    pub zone: Tz,
    pub now: DateTime<Utc>,
}

impl Basis<'_> {
    fn knowledge(&self, estimate: &Estimate<'_>) -> f64 {
        learner::knowledge_now(&estimate.state, self.now)
    }

    fn is_mastered(&self, estimate: &Estimate<'_>) -> bool {
        learner::state_word(&estimate.state, self.now) == MasteryState::Mastered
    }

    fn find(&self, skill_id: &str) -> Option<&Estimate<'_>> {
        self.mastery.iter().find(|estimate| estimate.skill.skill_id == skill_id)
    }

    /// The step for what a fact asks for: the weakest skill that was practised and is not mastered, else a new one, else the
    /// weakest of all.
    fn step_for(&self, fact: &PreparedFact, why: Why) -> Option<PlanStep> {
        let is_about = |skill: &Skill| {
            fact.skill_ids.contains(&skill.skill_id) || fact.subject_id.as_ref() == Some(&skill.subject_id)
        };
        let of_fact = || self.mastery.iter().filter(|e| is_about(e.skill));
        let weaker = |a: &&Estimate<'_>, b: &&Estimate<'_>| self.knowledge(a).total_cmp(&self.knowledge(b));
        if let Some(weakest) = of_fact().filter(|e| !self.is_mastered(e)).min_by(weaker) {
            return Some(weakest.step(why));
        }
        let rank = |new: &&NewSkill<'_>| fact.skill_ids.iter().position(|id| *id == new.skill.skill_id);
        let is_open = |new: &&NewSkill<'_>| is_about(new.skill);
        // What can be built on what is known comes first.
        let unknown = |new: &NewSkill<'_>| new.skill.prerequisites.iter().filter(|id| self.find(id).is_none()).count();
        let new = self.new.iter().filter(is_open).min_by_key(|new| (unknown(new), rank(new)));
        new.map(|new| new.step(why.clone())).or_else(|| of_fact().min_by(weaker).map(|e| e.step(why)))
    }

    /// The step for a skill that was practised, or that can be begun.
    fn step_of(&self, skill_id: &str, why: Why) -> Option<PlanStep> {
        let new = || self.new.iter().find(|new| new.skill.skill_id == skill_id);
        self.find(skill_id).map(|known| known.step(why.clone())).or_else(|| new().map(|new| new.step(why)))
    }

    /// What to practise today, first things first: what the next test, the goal, a request or a promise needs, then a wrong belief, then
    /// what is due. A weak prerequisite comes before the skill that needs it. Where there is room, something new comes last.
    pub(super) fn steps(&self) -> Vec<PlanStep> {
        let mut steps: Vec<PlanStep> = Vec::new();
        let on = |step: PlanStep, on_date| PlanStep { on_date, ..step };
        let test = self.next_test().and_then(|(fact, day)| Some(on(self.step_for(fact, Why::Test)?, Some(day))));
        let goals = self.goals().filter_map(|fact| Some(on(self.step_for(fact, Why::Goal)?, fact.on_date)));
        let asked = self.asked().filter_map(|request| self.step_for(request, Why::Asked));
        let promised =
            self.prepared.promised.iter().filter_map(|promise| self.step_of(&promise.skill_id, Why::Promised));
        for step in test.into_iter().chain(goals).chain(asked).chain(promised) {
            add(&mut steps, step);
        }
        for belief in &self.prepared.watch {
            if let Some(estimate) = belief.skill_id.as_ref().and_then(|id| self.find(id)) {
                let step = PlanStep { belief: Some(belief.belief.clone()), ..estimate.step(Why::Misconception) };
                add(&mut steps, step);
            }
        }
        for due in due_skills(self.mastery, MAX_STEPS, self.now) {
            if let Some(estimate) = self.find(&due.skill_id) {
                let day = learner::due_at(&estimate.state).with_timezone(&self.zone).date_naive();
                add(&mut steps, on(estimate.step(Why::Due(due.due)), Some(day)));
            }
        }
        let mut ordered: Vec<PlanStep> = Vec::new();
        for step in steps {
            let new = || self.new.iter().find(|new| new.skill.skill_id == step.skill_id).map(|new| new.skill);
            let skill = self.find(&step.skill_id).map(|known| known.skill).or_else(new);
            let needs = |e: &Estimate<'_>| skill.is_some_and(|skill| skill.prerequisites.contains(&e.skill.skill_id));
            let is_gap = |e: &&Estimate<'_>| needs(e) && self.knowledge(e) < GAP;
            ordered.extend(self.mastery.iter().filter(is_gap).map(|e| e.step(Why::Prerequisite(step.skill.clone()))));
            ordered.push(step);
        }
        // The misconception about a gap is matched to that gap.
        let mut seen = HashSet::new();
        ordered.retain(|step| seen.insert(step.skill_id.clone()));
        for step in &mut ordered {
            let of_step = self.prepared.watch.iter().find(|belief| belief.skill_id.as_ref() == Some(&step.skill_id));
            step.belief = of_step.map(|belief| belief.belief.clone());
        }
        ordered.truncate(MAX_STEPS);
        if ordered.len() < MAX_STEPS
            && let Some(new) = self.new.iter().find(|new| new.is_next && !seen.contains(&new.skill.skill_id))
        {
            ordered.push(new.step(Why::New));
        }
        ordered
    }

    /// The plan in words. `None`: nothing is known that could be planned.
    pub(super) fn plan(&self, steps: &[PlanStep], speech: Speech) -> Option<Plan> {
        let goal = match (self.next_test(), self.goals().next(), steps.first()) {
            (Some((fact, day)), ..) => speech.ready_for(noun(&fact.text), day),
            (None, Some(goal), _) => {
                let by = goal.on_date.filter(|day| days_until(*day, self.zone, self.now) >= 0);
                speech.goal(goal_text(&goal.text), by)
            }
            (None, None, Some(first)) => speech.goal_of(first),
            (None, None, None) => return None,
        };
        Some(Plan {
            goal,
            today: steps.iter().enumerate().map(|(i, step)| speech.step(step, i)).collect(),
            stop_when: speech.stop_when(steps.first()),
            skill_ids: steps.iter().map(|step| step.skill_id.clone()).collect(),
        })
    }

    /// The nearest test that is still to come, with its day.
    pub(super) fn next_test(&self) -> Option<(&PreparedFact, NaiveDate)> {
        let tests = self.prepared.facts.iter().filter(|fact| fact.kind == "schedule" && is_test(&fact.text));
        let dated = tests.filter_map(|fact| Some((fact, fact.on_date?)));
        let near = dated.filter(|(_, day)| (0..=TEST_WITHIN_DAYS).contains(&days_until(*day, self.zone, self.now)));
        near.min_by_key(|(_, day)| *day)
    }

    fn goals(&self) -> impl Iterator<Item = &PreparedFact> {
        self.prepared.facts.iter().filter(|fact| fact.kind == "goal" && fact.expires_at > self.now)
    }

    fn asked(&self) -> impl Iterator<Item = &PreparedFact> {
        self.prepared.requests.iter().filter(|request| request.kind == "practise" && request.expires_at > self.now)
    }
}

fn add(steps: &mut Vec<PlanStep>, step: PlanStep) {
    if !steps.iter().any(|known| known.skill_id == step.skill_id) {
        steps.push(step);
    }
}

/// Whether a fact about a day speaks of a test, and not of a match or a recital.
fn is_test(text: &str) -> bool {
    text.split(' ').any(|word| ["test", "exam", "quiz", "assessment", "dictation"].contains(&word))
}

/// "Maths test" of "has a maths test on Friday 4 December".
fn noun(text: &str) -> &str {
    let rest = text.strip_prefix("has ").unwrap_or(text);
    let rest = rest.strip_prefix("a ").or_else(|| rest.strip_prefix("an ")).unwrap_or(rest);
    rest.split(" on ").next().unwrap_or(rest)
}

/// A goal without the word before it that an earlier release wrote.
pub(super) fn goal_text(text: &str) -> &str {
    text.strip_prefix(GOAL).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::student_context::estimate::samples;
    use crate::student_context::{PreparedBelief, PreparedSkill};

    fn now() -> DateTime<Utc> {
        "2026-11-26T17:30:00Z".parse().unwrap()
    }

    fn estimate(skill_id: &str, knowledge: f64, days_ago: i64, prerequisites: &[&str]) -> Estimate<'static> {
        samples::estimate(skill(skill_id, prerequisites), knowledge, now() - Duration::days(days_ago))
    }

    fn new_skill(skill_id: &str, is_next: bool, prerequisites: &[&str]) -> NewSkill<'static> {
        NewSkill { skill: samples::kept(skill(skill_id, prerequisites)), is_next }
    }

    fn skill(skill_id: &str, prerequisites: &[&str]) -> Skill {
        let prerequisites = prerequisites.iter().map(|id| (*id).to_owned()).collect();
        Skill { name: format!("Skill {skill_id}"), prerequisites, ..samples::skill(skill_id) }
    }

    fn fact(kind: &str, text: &str, on_date: Option<&str>, skill_ids: &[&str]) -> PreparedFact {
        PreparedFact {
            kind: kind.to_owned(),
            text: text.to_owned(),
            on_date: on_date.map(|day| day.parse().unwrap()),
            expires_at: now() + Duration::days(30),
            skill_ids: skill_ids.iter().map(|id| (*id).to_owned()).collect(),
            subject_id: None,
        }
    }

    fn belief(skill_id: &str) -> PreparedBelief {
        PreparedBelief {
            belief: "takes a longer decimal for a larger one".to_owned(),
            seen: 2,
            skill_id: Some(skill_id.to_owned()),
            last_seen_at: Some(now()),
        }
    }

    fn basis<'a>(mastery: &'a [Estimate<'a>], new: &'a [NewSkill<'a>], prepared: &'a Prepared) -> Basis<'a> {
        Basis { mastery, new, prepared, zone: Tz::UTC, now: now() }
    }

    fn ids(steps: &[PlanStep]) -> Vec<&str> {
        steps.iter().map(|step| &step.skill_id[..]).collect()
    }

    #[test]
    fn the_goal_comes_before_a_wrong_belief_and_that_before_what_is_due() {
        let mastery = [estimate("old", 0.9, 60, &[]), estimate("belief", 0.5, 1, &[]), estimate("goal", 0.9, 0, &[])];
        let facts = vec![fact("goal", "wants to get better at fractions", None, &["goal"])];
        let prepared = Prepared { watch: vec![belief("belief")], facts, ..Prepared::default() };
        let basis = basis(&mastery, &[], &prepared);
        let steps = basis.steps();
        assert_eq!(ids(&steps), ["goal", "belief", "old"]);
        let plan = basis.plan(&steps, Speech::English).unwrap();
        assert_eq!(plan.goal, "Wants to get better at fractions");
        assert_eq!(plan.skill_ids, ids(&steps));
        assert!(steps[1].reason().contains("the student takes a longer decimal"), "{}", steps[1].reason());
    }

    #[test]
    fn a_goal_that_was_never_practised_is_begun_and_its_gap_comes_first() {
        let mastery = [estimate("whole", 0.3, 1, &[]), estimate("other", 0.4, 1, &[])];
        let new = [new_skill("next", true, &[]), new_skill("half", false, &["whole"])];
        let facts = vec![fact("goal", "be ready for the fractions test", None, &["half"])];
        let prepared = Prepared { facts, ..Prepared::default() };
        let steps = basis(&mastery, &new, &prepared).steps();
        assert_eq!(ids(&steps), ["whole", "half", "other"]);
        assert_eq!(steps[0].why, Why::Prerequisite("Skill half".to_owned()));
        assert!(steps[1].is_new && !steps[0].is_new);
    }

    #[test]
    fn a_request_counts_less_than_a_goal_and_more_than_what_is_due() {
        let mastery = [estimate("due", 0.4, 30, &[]), estimate("asked", 0.5, 0, &[]), estimate("goal", 0.5, 0, &[])];
        let prepared = Prepared {
            facts: vec![fact("goal", "wants to learn algebra", None, &["goal"])],
            requests: vec![
                fact("style", "asked for a joke", None, &[]),
                fact("practise", "asked to practise decimals", None, &["asked"]),
            ],
            ..Prepared::default()
        };
        assert_eq!(ids(&basis(&mastery, &[], &prepared).steps()), ["goal", "asked", "due"]);
    }

    #[test]
    fn what_was_promised_is_practised_before_what_is_due() {
        let mastery = [estimate("due", 0.4, 30, &[]), estimate("known", 0.97, 0, &[])];
        let new = [new_skill("next", true, &[]), new_skill("new", false, &[])];
        let promise = |id: &str| PreparedSkill { skill_id: id.to_owned(), skill: format!("Skill {id}") };
        let promised = vec![promise("new"), promise("known"), promise("of another grade")];
        let prepared = Prepared { promised, ..Prepared::default() };
        let steps = basis(&mastery, &new, &prepared).steps();
        assert_eq!(ids(&steps), ["new", "known", "due"]);
        assert_eq!(steps[0].reason(), "it was promised in the last call");
    }

    #[test]
    fn something_new_comes_last_where_there_is_room() {
        let new = [new_skill("next", true, &[])];
        let prepared = Prepared::default();
        let one = [estimate("a", 0.5, 1, &[])];
        let steps = basis(&one, &new, &prepared).steps();
        assert_eq!((ids(&steps), &steps[1].why), (vec!["a", "next"], &Why::New));
        let three = [estimate("a", 0.5, 1, &[]), estimate("b", 0.5, 1, &[]), estimate("c", 0.5, 1, &[])];
        assert_eq!(ids(&basis(&three, &new, &prepared).steps()), ["a", "b", "c"]);
        let steps = basis(&[], &new, &prepared).steps();
        assert_eq!(ids(&steps), ["next"]);
        let plan = basis(&[], &new, &prepared).plan(&steps, Speech::English).unwrap();
        assert_eq!(plan.goal, "Find out how far the student gets with skill next");
    }

    #[test]
    fn a_weak_prerequisite_comes_first_with_its_wrong_belief() {
        let mastery = [estimate("add", 0.7, 20, &["equal"]), estimate("equal", 0.2, 1, &[])];
        let prepared = Prepared { watch: vec![belief("equal")], ..Prepared::default() };
        let steps = basis(&mastery, &[], &prepared).steps();
        assert_eq!(ids(&steps), ["equal", "add"]);
        assert!(steps[0].belief.is_some());
    }

    #[test]
    fn a_test_drives_the_plan_until_its_day_is_over() {
        let mastery = [estimate("f", 0.9, 0, &[]), estimate("t", 0.5, 9, &[])];
        let with = |day: &str, text: &str| Prepared {
            facts: vec![fact("schedule", text, Some(day), &["f"])],
            ..Prepared::default()
        };
        let prepared = with("2026-12-04", "has a fractions test on Friday 4 December");
        let before = basis(&mastery, &[], &prepared);
        let steps = before.steps();
        assert_eq!((ids(&steps)[0], &steps[0].why), ("f", &Why::Test));
        let plan = before.plan(&steps, Speech::English).unwrap();
        assert_eq!(plan.goal, "Be ready for the fractions test on Friday 4 December");
        let over = with("2026-11-25", "has a fractions test on Wednesday 25 November");
        assert_eq!(ids(&basis(&mastery, &[], &over).steps())[0], "t");
        // In Auckland it is already the 27th.
        let today = with("2026-11-26", "has a fractions test on Thursday 26 November");
        let zone: Tz = "Pacific/Auckland".parse().unwrap();
        assert_eq!(Basis { zone, ..basis(&mastery, &[], &today) }.next_test(), None);
        assert!(basis(&mastery, &[], &today).next_test().is_some());
        // A match is no test.
        let game = with("2026-12-04", "has a match on Friday 4 December");
        assert_eq!(basis(&mastery, &[], &game).next_test(), None);
    }

    #[test]
    fn a_test_in_a_subject_takes_its_weakest_skill() {
        let mastery = [estimate("strong", 0.97, 0, &[]), estimate("weak", 0.3, 0, &[])];
        let test = PreparedFact {
            subject_id: Some("maths".to_owned()),
            ..fact("schedule", "has a maths test on Friday 4 December", Some("2026-12-04"), &[])
        };
        let prepared = Prepared { facts: vec![test], ..Prepared::default() };
        assert_eq!(ids(&basis(&mastery, &[], &prepared).steps())[0], "weak");
    }

    #[test]
    fn nothing_known_is_no_plan() {
        assert_eq!(basis(&[], &[], &Prepared::default()).plan(&[], Speech::English), None);
    }
}
