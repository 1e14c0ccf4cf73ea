//! The one plan of a student: `get_student_context`, `get_lesson_plan` and `next_question` all take it from here. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::compose::{due_skills, in_speech};
use super::days;
use super::read::Estimate;
use super::{Plan, Prepared, PreparedFact};
use crate::learner;

/// Skills of one lesson: more would be a test.
const MAX_STEPS: usize = 3;
/// Below this estimate a prerequisite is a gap: P(knows) now.
const GAP: f64 = 0.6;
/// A test that is farther away does not change today's lesson.
const TEST_WITHIN_DAYS: i64 = 14;

/// Why a skill is in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is what the student, a teacher or a test asks for.
    Goal,
    /// A wrong belief about it is open.
    Misconception(String),
    /// It is weak, and the named skill builds on it.
    Prerequisite(String),
    /// It is due for review, or not yet mastered: "now", "in 2 days".
    Due(String),
}

/// A skill to practise today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    pub skill_id: String,
    pub skill: String,
    pub why: Why,
}

impl PlanStep {
    /// The reason in a few words, for a tutor.
    pub fn reason(&self) -> String {
        match &self.why {
            Why::Goal => "it is the goal".to_owned(),
            Why::Misconception(belief) => format!("the student {belief}"),
            Why::Prerequisite(of) => format!("{} builds on it, and it is weak", in_speech(of)),
            Why::Due(due) => format!("due {due}"),
        }
    }
}

/// What to practise today, first things first: what the goal or the next test needs, then a wrong belief, then what is
/// due. A weak prerequisite comes before the skill that needs it.
pub(super) fn steps(mastery: &[Estimate], prepared: &Prepared, zone: Tz, now: DateTime<Utc>) -> Vec<PlanStep> {
    let mut steps: Vec<PlanStep> = Vec::new();
    let mut add = |estimate: &Estimate, why: Why| {
        if !steps.iter().any(|step| step.skill_id == estimate.skill_id) {
            steps.push(PlanStep { skill_id: estimate.skill_id.clone(), skill: estimate.name.clone(), why });
        }
    };
    let knowledge = |estimate: &Estimate| learner::knowledge_now(&estimate.state(), now);
    let wanted = next_test(prepared, zone, now).map(|(fact, _)| fact).into_iter().chain(goals(prepared, now));
    for fact in wanted {
        let of_goal = mastery.iter().filter(|estimate| is_about(&fact.text, &estimate.name));
        if let Some(weakest) = of_goal.min_by(|a, b| knowledge(a).total_cmp(&knowledge(b))) {
            add(weakest, Why::Goal);
        }
    }
    for belief in &prepared.watch {
        if let Some(estimate) = mastery.iter().find(|estimate| Some(&estimate.skill_id) == belief.skill_id.as_ref()) {
            add(estimate, Why::Misconception(belief.belief.clone()));
        }
    }
    for due in due_skills(mastery, MAX_STEPS, now) {
        if let Some(estimate) = mastery.iter().find(|estimate| estimate.skill_id == due.skill_id) {
            add(estimate, Why::Due(due.due));
        }
    }
    let mut ordered: Vec<PlanStep> = Vec::new();
    for step in steps {
        let needs = mastery.iter().find(|estimate| estimate.skill_id == step.skill_id).map(|e| &e.prerequisites[..]);
        for gap in mastery.iter().filter(|e| needs.unwrap_or_default().contains(&e.skill_id) && knowledge(e) < GAP) {
            let why = Why::Prerequisite(step.skill.clone());
            ordered.push(PlanStep { skill_id: gap.skill_id.clone(), skill: gap.name.clone(), why });
        }
        ordered.push(step);
    }
    let mut seen = std::collections::HashSet::new();
    ordered.retain(|step| seen.insert(step.skill_id.clone()));
    ordered.truncate(MAX_STEPS);
    ordered
}

/// The plan in words. `None`: nothing is known that could be planned.
pub(super) fn plan(steps: &[PlanStep], prepared: &Prepared, zone: Tz, now: DateTime<Utc>) -> Option<Plan> {
    let test = next_test(prepared, zone, now);
    let goal = match (&test, goals(prepared, now).next(), steps.first()) {
        (Some((_, day)), ..) => format!("Be ready for the test on {}", days::name(*day)),
        (None, Some(goal), _) => goal.text.clone(),
        (None, None, Some(PlanStep { why: Why::Misconception(belief), .. })) => format!("Clear up: {belief}"),
        (None, None, Some(first)) => format!("Be sure of: {}", first.skill),
        (None, None, None) => return None,
    };
    let today = steps.iter().enumerate().map(|(i, step)| match (&step.why, i) {
        (Why::Misconception(belief), _) => format!("{}: find out whether the student still {belief}", step.skill),
        (Why::Prerequisite(of), _) => {
            format!("First close the gap in {}, for {}", in_speech(&step.skill), in_speech(of))
        }
        (_, 0) => format!("Warm-up without hints: {}", step.skill),
        (_, _) => format!("Then practise: {}", step.skill),
    });
    let stop_when = match steps.first() {
        Some(first) => format!("2 unaided correct answers on {}", in_speech(&first.skill)),
        None => "the student is tired, or 2 answers without help are right".to_owned(),
    };
    Some(Plan {
        goal,
        today: today.collect(),
        stop_when,
        skill_ids: steps.iter().map(|step| step.skill_id.clone()).collect(),
    })
}

/// The nearest test that is still to come, with its day.
pub(super) fn next_test(prepared: &Prepared, zone: Tz, now: DateTime<Utc>) -> Option<(&PreparedFact, NaiveDate)> {
    let today = now.with_timezone(&zone).date_naive();
    let dated =
        prepared.facts.iter().filter(|fact| fact.kind == "schedule").filter_map(|fact| Some((fact, fact.on_date?)));
    let near = dated.filter(|(_, day)| (0..=TEST_WITHIN_DAYS).contains(&(*day - today).num_days()));
    near.min_by_key(|(_, day)| *day)
}

fn goals(prepared: &Prepared, now: DateTime<Utc>) -> impl Iterator<Item = &PreparedFact> {
    prepared.facts.iter().filter(move |fact| fact.kind == "goal" && fact.expires_at > now)
}

/// Whether a text names a skill: they share a word of at least four letters, whatever its ending.
fn is_about(text: &str, skill: &str) -> bool {
    const OF_EVERY_SKILL: [&str; 8] = ["number", "words", "with", "from", "text", "basic", "using", "better"];
    let stems = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= 4);
        words.map(|word| word.to_lowercase().chars().take(6).collect()).collect()
    };
    let of_skill = stems(skill);
    let mut shared = stems(text).into_iter().filter(|stem| of_skill.contains(stem));
    shared.any(|stem| !OF_EVERY_SKILL.contains(&&stem[..]))
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::student_context::PreparedBelief;

    fn now() -> DateTime<Utc> {
        "2026-11-26T17:30:00Z".parse().unwrap()
    }

    fn estimate(skill_id: &str, name: &str, knowledge: f64, days_ago: i64, prerequisites: &[&str]) -> Estimate {
        serde_json::from_value(serde_json::json!({
            "skill_id": skill_id, "name": name, "knowledge": knowledge, "questions": [], "prerequisites": prerequisites,
            "stability": 2.3, "difficulty": 5.0, "n_evidence": 4, "n_unaided_correct": 4, "n_calls_correct": 2,
            "last_at": now() - Duration::days(days_ago),
        }))
        .unwrap()
    }

    fn fact(kind: &str, text: &str, on_date: Option<&str>) -> PreparedFact {
        let on_date = on_date.map(|day| day.parse().unwrap());
        PreparedFact { kind: kind.to_owned(), text: text.to_owned(), on_date, expires_at: now() + Duration::days(30) }
    }

    fn ids(steps: &[PlanStep]) -> Vec<&str> {
        steps.iter().map(|step| &step.skill_id[..]).collect()
    }

    #[test]
    fn the_goal_comes_before_a_wrong_belief_and_that_before_what_is_due() {
        let mastery = [
            estimate("old", "Times tables", 0.9, 60, &[]),
            estimate("belief", "Adding decimals", 0.5, 1, &[]),
            estimate("goal", "Comparing fractions", 0.9, 0, &[]),
        ];
        let watch = vec![PreparedBelief {
            belief: "takes a longer decimal for a larger one".to_owned(),
            seen: 2,
            skill_id: Some("belief".to_owned()),
            last_seen_at: Some(now()),
        }];
        let facts = vec![fact("goal", "Goal: wants to get better at fractions", None)];
        let prepared = Prepared { watch, facts, ..Prepared::default() };
        let steps = steps(&mastery, &prepared, Tz::UTC, now());
        assert_eq!(ids(&steps), ["goal", "belief", "old"]);
        let plan = plan(&steps, &prepared, Tz::UTC, now()).unwrap();
        assert_eq!(plan.goal, "Goal: wants to get better at fractions");
        assert_eq!(plan.skill_ids, ids(&steps));
    }

    #[test]
    fn a_weak_prerequisite_comes_first() {
        let mastery = [
            estimate("add", "Adding fractions", 0.7, 20, &["equal"]),
            estimate("equal", "Equivalent fractions", 0.2, 1, &[]),
        ];
        let steps = steps(&mastery, &Prepared::default(), Tz::UTC, now());
        assert_eq!(ids(&steps), ["equal", "add"]);
    }

    #[test]
    fn a_test_drives_the_plan_until_its_day_is_over() {
        let mastery = [estimate("f", "Adding fractions", 0.9, 0, &[]), estimate("t", "Times tables", 0.5, 9, &[])];
        let with = |day: &str| Prepared {
            facts: vec![fact("schedule", "has a test on fractions", Some(day))],
            ..Prepared::default()
        };
        let prepared = with("2026-12-04");
        let steps_before = steps(&mastery, &prepared, Tz::UTC, now());
        assert_eq!(ids(&steps_before)[0], "f");
        let plan_before = plan(&steps_before, &prepared, Tz::UTC, now()).unwrap();
        assert_eq!(plan_before.goal, "Be ready for the test on Friday 4 December");
        let over = with("2026-11-25");
        assert_eq!(ids(&steps(&mastery, &over, Tz::UTC, now()))[0], "t");
        // In Auckland it is already the 27th.
        let zone: Tz = "Pacific/Auckland".parse().unwrap();
        assert_eq!(next_test(&with("2026-11-26"), zone, now()), None);
    }

    #[test]
    fn nothing_known_is_no_plan() {
        assert_eq!(plan(&[], &Prepared::default(), Tz::UTC, now()), None);
    }
}
