//! Compares an import with the current curriculum, and detects simultaneous changes.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Curriculum, Skill};

/// What is different in a sheet from what is there, by ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Subjects that are new, or get another name.
    pub subjects: Vec<String>,
    pub added: Vec<String>,
    pub changed: Vec<String>,
    /// Retired skills that the sheet brings back.
    pub restored: Vec<String>,
    pub n_unchanged: usize,
}

impl Difference {
    /// Of `sheet` from the skills that are `living` and those that are `retired`.
    pub fn new(sheet: &Curriculum, living: &Curriculum, retired: &[Skill]) -> Self {
        let mut difference = Self::default();
        for subject in sheet.subjects.iter().filter(|subject| !living.subjects.contains(subject)) {
            difference.subjects.push(subject.subject_id.clone());
        }
        for skill in &sheet.skills {
            let id = skill.skill_id.clone();
            match living.find_skill(&id) {
                Some(there) if is_same(there, skill) => difference.n_unchanged += 1,
                Some(_) => difference.changed.push(id),
                None if retired.iter().any(|there| there.skill_id == id) => difference.restored.push(id),
                None => difference.added.push(id),
            }
        }
        difference
    }

    /// Whether the sheet changes nothing.
    pub fn is_empty(&self) -> bool {
        [&self.subjects, &self.added, &self.changed, &self.restored].iter().all(|ids| ids.is_empty())
    }
}

/// The order of prerequisites says nothing.
fn is_same(a: &Skill, b: &Skill) -> bool {
    let sorted = |skill: &Skill| {
        let mut skill = skill.clone();
        skill.prerequisites.sort();
        skill.prerequisites.dedup();
        skill
    };
    sorted(a) == sorted(b)
}

/// Changes whenever `what` does. 32 hexadecimal digits.
pub fn fingerprint(what: &impl Serialize) -> String {
    let text = serde_json::to_vec(what).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_told_apart_from_what_is_there() {
        let mut living = Curriculum::starter();
        let sheet = living.clone();
        assert!(Difference::new(&sheet, &living, &[]).is_empty());
        let retired = living.skills.remove(0);
        let new = living.skills.remove(0);
        living.skills[0].name = "Another name".to_owned();
        living.subjects[0].name = "Another subject".to_owned();
        let difference = Difference::new(&sheet, &living, std::slice::from_ref(&retired));
        assert_eq!(difference.restored, [retired.skill_id]);
        assert_eq!(difference.added, [new.skill_id]);
        assert_eq!(difference.changed, [living.skills[0].skill_id.clone()]);
        assert_eq!(difference.subjects.len(), 1);
        assert_eq!(difference.n_unchanged, sheet.skills.len() - 3);
    }

    #[test]
    fn a_fingerprint_is_of_what_it_was_made_from() {
        let starter = Curriculum::starter();
        assert_eq!(fingerprint(&starter), fingerprint(&starter.clone()));
        assert_ne!(fingerprint(&starter.skills[0]), fingerprint(&starter.skills[1]));
    }
}
