//! What can be learnt: subjects, and skills with their prerequisites, the words that betray them and ready-made questions.

mod draft;
mod order;
mod sheet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{AskedForm, Exact, Judgement, Key, Kind, Language, judge};

pub use self::draft::{Draft, Field, Wrong};
pub use self::sheet::Fault;

/// A field of learning, such as mathematics.
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

/// A phrase that betrays a skill.
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

    /// Returns the key for [`crate::answer::judge`].
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

/// The sheets of the starter set, in this order. Together they are one sheet: a skill may build on those of another.
const STARTER: [&str; 2] =
    [include_str!("../../curriculum/skills.csv"), include_str!("../../curriculum/maths_upper.csv")];

/// Further questions of starter skills.
const MORE_QUESTIONS: &str = include_str!("../../curriculum/more_questions.csv");

/// Subjects that a school adds when it teaches them: id, and sheet.
const READY_MADE: [(&str, &str); 4] = [
    ("science", include_str!("../../curriculum/science.csv")),
    ("writing", include_str!("../../curriculum/english_grammar.csv")),
    ("spanish", include_str!("../../curriculum/spanish.csv")),
    ("german", include_str!("../../curriculum/german.csv")),
];

impl Curriculum {
    /// Returns our own starter set: mathematics from counting to grade 12, reading, and Italian as a foreign language.
    pub fn starter() -> Self {
        let rows = STARTER.iter().skip(1).map(|sheet| sheet.split_once('\n').map_or("", |(_, rows)| rows));
        let sheet: String = std::iter::once(STARTER[0]).chain(rows).collect();
        let mut starter = Self::from_csv(sheet.as_bytes()).expect("the embedded sheets are tested");
        starter.add_questions(MORE_QUESTIONS.as_bytes()).expect("the embedded sheet is tested");
        starter
    }

    /// Returns a subject of ours that is not in the starter set: `science` (primary), `writing` (English grammar),
    /// `spanish` or `german`. `None`: there is none of that id.
    pub fn ready_made(subject_id: &str) -> Option<Self> {
        let (_, sheet) = READY_MADE.iter().find(|(id, _)| *id == subject_id)?;
        Some(Self::from_csv(sheet.as_bytes()).expect("the embedded sheets are tested"))
    }

    /// Returns the subjects that [`Self::ready_made`] knows.
    pub fn list_ready_made() -> Vec<Subject> {
        READY_MADE.iter().filter_map(|(id, _)| Self::ready_made(id)?.subjects.into_iter().next()).collect()
    }

    /// Returns the questions whose answers cannot be compared ("free answer"), with their skills' ids.
    pub fn list_free_questions(&self) -> Vec<(&str, &Question)> {
        let questions = self
            .skills
            .iter()
            .flat_map(|skill| skill.questions.iter().map(|question| (skill.skill_id.as_str(), question)));
        questions.filter(|(_, question)| !question.is_comparable()).collect()
    }

    /// The skill of this id, if it is taught.
    pub fn find_skill(&self, skill_id: &str) -> Option<&Skill> {
        self.skills.iter().find(|skill| skill.skill_id == skill_id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The starter set and all subjects that can be added to it.
    fn everything() -> Curriculum {
        let mut all = Curriculum::starter();
        for subject in Curriculum::list_ready_made() {
            let more = Curriculum::ready_made(&subject.subject_id).unwrap();
            all.subjects.extend(more.subjects);
            all.skills.extend(more.skills);
        }
        all
    }

    #[test]
    fn the_starter_set_covers_mathematics_reading_and_a_language() {
        let starter = everything();
        let count = |subject: &str| starter.skills.iter().filter(|s| s.subject_id == subject).count();
        assert!(count("maths") >= 40, "{}", count("maths"));
        assert!(count("reading") >= 10, "{}", count("reading"));
        assert!(count("italian") >= 12, "{}", count("italian"));
        assert!(count("science") >= 14, "{}", count("science"));
        for subject in ["writing", "spanish", "german"] {
            assert!(count(subject) >= 10, "{subject}: {}", count(subject));
        }
        let is_upper = |skill: &&Skill| skill.subject_id == "maths" && skill.grade_to >= 11;
        assert!(starter.skills.iter().filter(is_upper).count() >= 14);
    }

    #[test]
    fn every_starter_skill_has_enough_to_ask() {
        for skill in everything().skills {
            let is_made = crate::question::has_generator(&skill.skill_id);
            assert_eq!(is_made, skill.subject_id == "maths", "{}", skill.skill_id);
            assert!(is_made || skill.questions.len() >= 8, "{}: {}", skill.skill_id, skill.questions.len());
        }
        assert!(crate::question::skills().all(|id| Curriculum::starter().find_skill(id).is_some()));
    }

    #[test]
    fn every_key_is_the_right_answer_to_its_question() {
        let mut wrong = Vec::new();
        for question in everything().skills.iter().flat_map(|skill| &skill.questions) {
            let judgement = question.judge(&question.answer);
            if judgement != Judgement::Right && question.answer != "free answer" {
                wrong.push(format!("{} => {} {judgement:?}", question.ask, question.answer));
            }
        }
        assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
    }

    #[test]
    fn one_everyday_word_never_decides_in_the_new_subjects() {
        for skill in
            everything().skills.iter().filter(|skill| !["maths", "reading", "italian"].contains(&&skill.subject_id[..]))
        {
            let n_phrases = skill.lexicon.iter().filter(|phrase| phrase.phrase.contains(' ')).count();
            assert!(n_phrases >= 2, "{} has {n_phrases} phrases of several words", skill.skill_id);
        }
    }

    #[test]
    fn every_starter_skill_has_words_and_questions_of_its_own() {
        let mut asked = HashSet::new();
        for skill in everything().skills {
            assert!(skill.lexicon.len() >= 2, "{} has few words", skill.skill_id);
            assert!(skill.questions.len() >= 2, "{} has few questions", skill.skill_id);
            for question in skill.questions {
                assert!(asked.insert(question.ask.clone()), "asked twice: {}", question.ask);
            }
        }
    }

    #[test]
    fn only_free_answers_of_the_starter_set_cannot_be_compared() {
        let starter = everything();
        let free: Vec<_> = starter.list_free_questions().into_iter().map(|(_, question)| &question.answer).collect();
        assert_eq!(free, ["free answer", "free answer"]);
    }

    #[test]
    fn prerequisites_are_never_for_older_students() {
        let starter = everything();
        for skill in &starter.skills {
            for id in &skill.prerequisites {
                let before = starter.find_skill(id).unwrap();
                assert!(before.grade_from <= skill.grade_from, "{id} before {}", skill.skill_id);
            }
        }
    }
}
