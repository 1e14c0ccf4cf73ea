//! What comes first: the steps of a curriculum, and the circles that it must not have.

use std::collections::{HashMap, HashSet};

use super::{Curriculum, Skill};

impl Curriculum {
    /// The step of each skill: 0 where nothing comes first, otherwise one more than the highest step of what comes first.
    pub fn steps(&self) -> HashMap<&str, usize> {
        let mut steps: HashMap<&str, usize> = HashMap::new();
        let known: HashSet<&str> = self.skills.iter().map(|skill| skill.skill_id.as_str()).collect();
        loop {
            let before = steps.len();
            for skill in self.skills.iter().filter(|skill| known.contains(skill.skill_id.as_str())) {
                let first = skill.prerequisites.iter().filter(|id| known.contains(id.as_str()));
                let highest = first.map(|id| steps.get(id.as_str()).map(|step| step + 1)).collect::<Option<Vec<_>>>();
                if let Some(highest) = highest {
                    steps.entry(&skill.skill_id).or_insert_with(|| highest.into_iter().max().unwrap_or(0));
                }
            }
            if steps.len() == before {
                return steps;
            }
        }
    }

    /// The same with this skill in it, in place of the one of its id.
    ///
    /// # Errors
    /// In a sentence: a prerequisite that does not exist, or a circle, named.
    pub fn with(mut self, skill: Skill) -> Result<Self, String> {
        self.skills.retain(|other| other.skill_id != skill.skill_id);
        self.skills.push(skill);
        self.skills.sort_by(|a, b| a.skill_id.cmp(&b.skill_id));
        self.checked()
    }

    /// The same without this skill.
    ///
    /// # Errors
    /// In a sentence: another skill builds on it.
    pub fn without(mut self, skill_id: &str) -> Result<Self, String> {
        if let Some(next) = self.skills.iter().find(|other| other.prerequisites.iter().any(|id| id == skill_id)) {
            return Err(format!("{} builds on it: change that skill first", next.name));
        }
        self.skills.retain(|other| other.skill_id != skill_id);
        Ok(self)
    }

    fn checked(self) -> Result<Self, String> {
        for skill in &self.skills {
            if let Some(id) = skill.prerequisites.iter().find(|id| self.find_skill(id).is_none()) {
                return Err(format!("prerequisite {id} does not exist, or was retired"));
            }
        }
        match circles(&self.skills).first() {
            Some(circle) => Err(circle_words(circle)),
            None => Ok(self),
        }
    }
}

/// Circles of prerequisites, each from its first skill back to it; no skill is in two of the answer.
pub(super) fn circles(skills: &[Skill]) -> Vec<Vec<String>> {
    let by_id: HashMap<&str, &Skill> = skills.iter().map(|skill| (skill.skill_id.as_str(), skill)).collect();
    // Take away what waits for nothing, again and again; what remains waits for a circle.
    let mut waiting: Vec<&Skill> = skills.iter().collect();
    loop {
        let left: HashSet<&str> = waiting.iter().map(|skill| skill.skill_id.as_str()).collect();
        let before = waiting.len();
        waiting.retain(|skill| skill.prerequisites.iter().any(|id| left.contains(id.as_str())));
        if waiting.len() == before {
            break;
        }
    }
    let left: HashSet<&str> = waiting.iter().map(|skill| skill.skill_id.as_str()).collect();
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for start in waiting {
        // Each that waits has one before it that waits: the path cannot end but in itself, or where we were before.
        let (mut path, mut at) = (Vec::new(), start);
        while seen.insert(at.skill_id.as_str()) {
            path.push(at.skill_id.as_str());
            match at.prerequisites.iter().find(|id| left.contains(id.as_str())).and_then(|id| by_id.get(id.as_str())) {
                Some(next) => at = next,
                None => break,
            }
        }
        if let Some(from) = path.iter().position(|id| *id == at.skill_id) {
            let circle = path[from..].iter().chain([&path[from]]);
            found.push(circle.map(|id| (*id).to_owned()).collect());
        }
    }
    found
}

pub(super) fn circle_words(circle: &[String]) -> String {
    format!("{} would come before itself: {}", circle[0], circle.join(" → "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skill(id: &str, prerequisites: &[&str]) -> Skill {
        Skill {
            skill_id: id.to_owned(),
            subject_id: "art".to_owned(),
            name: id.to_owned(),
            grade_from: 0,
            grade_to: 13,
            lexicon: Vec::new(),
            questions: Vec::new(),
            prerequisites: prerequisites.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    fn curriculum(skills: Vec<Skill>) -> Curriculum {
        Curriculum { subjects: Vec::new(), skills }
    }

    #[test]
    fn a_skill_stands_one_step_above_the_highest_that_comes_first() {
        let skills = vec![skill("art.c", &["art.a", "art.b"]), skill("art.a", &[]), skill("art.b", &["art.a"])];
        let curriculum = curriculum(skills);
        let steps = curriculum.steps();
        assert_eq!((steps["art.a"], steps["art.b"], steps["art.c"]), (0, 1, 2));
    }

    #[test]
    fn a_circle_is_named_once_and_what_only_waits_for_it_is_not() {
        let skills = vec![
            skill("art.a", &["art.c"]),
            skill("art.b", &["art.a"]),
            skill("art.c", &["art.b"]),
            skill("art.d", &["art.a"]),
        ];
        assert_eq!(circles(&skills), [["art.a", "art.c", "art.b", "art.a"]]);
    }

    #[test]
    fn what_others_build_on_stays_and_what_is_not_there_comes_first_for_nobody() {
        let two = curriculum(vec![skill("art.a", &[]), skill("art.b", &["art.a"])]);
        assert!(two.clone().without("art.a").unwrap_err().contains("builds on it"));
        assert_eq!(two.clone().without("art.b").unwrap().skills.len(), 1);
        assert!(two.clone().with(skill("art.c", &["art.x"])).unwrap_err().contains("art.x does not exist"));
        assert!(two.with(skill("art.a", &["art.b"])).unwrap_err().contains("art.a → art.b → art.a"));
    }
}
