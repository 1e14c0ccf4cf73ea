//! What can be learnt: subjects, and skills with their prerequisites, the words that betray them and ready-made questions.

mod compare;
mod draft;
mod order;
mod practice;
mod rows;
mod sheet;
mod subjects;

use domain::answer::{AskedForm, Exact, Judgement, Key, Kind, Language, judge};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::compare::{Difference, fingerprint};
pub use self::draft::Draft;
pub use self::practice::{Practice, find_next_skill, find_practice};
pub use self::rows::{install_starter, list_retired, load, lock, set_retired, upsert};
pub use self::sheet::Fault;
pub use self::subjects::{SkillName, SubjectSwitch, list_skill_names, list_switches, set_switches};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    pub subject_id: String,
    pub name: String,
}

/// The smallest thing of which we say that a student knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skill {
    /// Dotted and readable, for example `maths.fractions.add_unlike`.
    pub skill_id: String,
    pub subject_id: String,
    pub name: String,
    pub grade_from: i16,
    pub grade_to: i16,
    /// Words that show that talk is about this skill.
    pub lexicon: Vec<Phrase>,
    pub questions: Vec<Question>,
    /// Skills that come first.
    pub prerequisites: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Phrase {
    /// In lower case, without punctuation.
    pub phrase: String,
    /// 1 (a hint) to 9 (certain).
    pub weight: u8,
}

/// A ready-made question and its key. What is not declared is derived from the question and the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    pub ask: String,
    pub answer: String,
    /// The answer's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub kind: Option<Kind>,
    /// The form that the answer must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub form: Option<AskedForm>,
    /// The unit's name, such as `cm` or `square metres`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How far a right answer may be away from the key, such as `0.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub tolerance: Option<Exact>,
    /// Other right answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
}

impl Question {
    /// Returns a question that declares nothing about its key.
    pub fn new(ask: impl Into<String>, answer: impl Into<String>) -> Self {
        Self { ask: ask.into(), answer: answer.into(), ..Self::default() }
    }

    /// Returns the key for [`domain::answer::judge`].
    pub fn key(&self) -> Key {
        Key {
            answer: self.answer.clone(),
            kind: self.kind,
            form: self.form,
            unit: self.unit.clone(),
            tolerance: self.tolerance,
            alternatives: self.alternatives.clone(),
        }
    }

    /// Whether answers can be compared with the key. If not, a person or a model must judge them.
    pub fn is_comparable(&self) -> bool {
        self.key().is_comparable(&self.ask, Language::of_question(&self.ask))
    }

    /// Judges what a student said or typed.
    pub fn judge(&self, said: &str) -> Judgement {
        judge(&self.ask, &self.key(), said, Language::of_question(&self.ask))
    }
}

/// Everything that can be learnt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Curriculum {
    pub subjects: Vec<Subject>,
    pub skills: Vec<Skill>,
}

impl Curriculum {
    /// Our own starter set: primary and lower-secondary mathematics, reading, and Italian as a foreign language.
    pub fn starter() -> Self {
        Self::from_csv(include_bytes!("../curriculum/skills.csv")).expect("the embedded sheet is tested")
    }

    /// Returns the questions whose answers cannot be compared ("free answer"), with their skills' ids.
    pub fn list_free_questions(&self) -> Vec<(&str, &Question)> {
        let questions = self
            .skills
            .iter()
            .flat_map(|skill| skill.questions.iter().map(|question| (skill.skill_id.as_str(), question)));
        questions.filter(|(_, question)| !question.is_comparable()).collect()
    }

    pub fn find_skill(&self, skill_id: &str) -> Option<&Skill> {
        self.skills.iter().find(|skill| skill.skill_id == skill_id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_starter_set_covers_mathematics_reading_and_a_language() {
        let starter = Curriculum::starter();
        let count = |subject: &str| starter.skills.iter().filter(|s| s.subject_id == subject).count();
        assert!(count("maths") >= 40, "{}", count("maths"));
        assert!(count("reading") >= 10, "{}", count("reading"));
        assert!(count("italian") >= 12, "{}", count("italian"));
    }

    #[test]
    fn every_starter_skill_has_words_and_questions_of_its_own() {
        let mut asked = HashSet::new();
        for skill in Curriculum::starter().skills {
            assert!(skill.lexicon.len() >= 2, "{} has few words", skill.skill_id);
            assert!(skill.questions.len() >= 2, "{} has few questions", skill.skill_id);
            for question in skill.questions {
                assert!(asked.insert(question.ask.clone()), "asked twice: {}", question.ask);
            }
        }
    }

    #[test]
    fn only_free_answers_of_the_starter_set_cannot_be_compared() {
        let starter = Curriculum::starter();
        let free: Vec<_> = starter.list_free_questions().into_iter().map(|(_, question)| &question.answer).collect();
        assert_eq!(free, ["free answer", "free answer"]);
    }

    #[test]
    fn prerequisites_are_never_for_older_students() {
        let starter = Curriculum::starter();
        for skill in &starter.skills {
            for id in &skill.prerequisites {
                let before = starter.find_skill(id).unwrap();
                assert!(before.grade_from <= skill.grade_from, "{id} before {}", skill.skill_id);
            }
        }
    }
}
