//! One skill as a person writes it in a form: judged by the rules of the sheet.

use super::sheet::{self, SEPARATOR};
use super::{Curriculum, Phrase, Question, Skill, Subject};
use crate::plain_text::fold_name;

/// A skill as typed. Lexicon: a line each, `phrase` or `phrase; weight`. Questions: a line each, `ask | answer`,
/// with other right answers and what the question declares as in the sheet: `ask | 31.4 ~ 31 ~ unit=cm`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    pub skill_id: String,
    pub subject_id: String,
    pub name: String,
    pub grade_from: String,
    pub grade_to: String,
    pub lexicon: String,
    pub questions: String,
    pub prerequisites: Vec<String>,
}

/// A field of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    SkillId,
    Subject,
    Name,
    Grades,
    Lexicon,
    Questions,
    Prerequisites,
}

/// What is wrong with a draft: the field, and a sentence without its full stop.
pub type Wrong = (Field, String);

impl Draft {
    /// The form filled with a skill.
    pub fn of(skill: &Skill) -> Self {
        let lexicon = skill.lexicon.iter().map(|p| match p.weight {
            weight if weight == usual_weight(&p.phrase) => p.phrase.clone(),
            weight => format!("{}; {weight}", p.phrase),
        });
        let questions = skill.questions.iter().map(|q| format!("{} | {}", q.ask, sheet::key_text(q)));
        Self {
            skill_id: skill.skill_id.clone(),
            subject_id: skill.subject_id.clone(),
            name: skill.name.clone(),
            grade_from: skill.grade_from.to_string(),
            grade_to: skill.grade_to.to_string(),
            lexicon: lexicon.collect::<Vec<_>>().join("\n"),
            questions: questions.collect::<Vec<_>>().join("\n"),
            prerequisites: skill.prerequisites.clone(),
        }
    }

    /// The skill that is meant.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the fields.
    pub fn understand(&self, subjects: &[Subject]) -> Result<Skill, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut note = |field: Field, why: String| wrong.push((field, why));
        if let Err(why) = sheet::check_name(&self.name) {
            note(Field::Name, why);
        }
        if !subjects.iter().any(|subject| subject.subject_id == self.subject_id) {
            note(Field::Subject, "choose a subject".to_owned());
        }
        let grades = self.grade_from.parse().ok().zip(self.grade_to.parse().ok());
        let (grade_from, grade_to) = grades.unwrap_or_default();
        if grades.is_none() {
            note(Field::Grades, "a grade is a number from 0 to 13".to_owned());
        } else if let Err(why) = sheet::check_grades(grade_from, grade_to) {
            note(Field::Grades, why);
        }
        let lexicon = read_lines(&self.lexicon, phrase, |why| note(Field::Lexicon, why));
        let questions = read_lines(&self.questions, question, |why| note(Field::Questions, why));
        if let Err(why) = sheet::check_counts(lexicon.len(), 0) {
            note(Field::Lexicon, why);
        }
        if let Err(why) = sheet::check_counts(0, questions.len()) {
            note(Field::Questions, why);
        }
        if let Err(why) = sheet::check_id(&self.skill_id) {
            note(Field::SkillId, why);
        }
        let skill = Skill {
            skill_id: self.skill_id.clone(),
            subject_id: self.subject_id.clone(),
            name: self.name.clone(),
            grade_from,
            grade_to,
            lexicon,
            questions,
            prerequisites: self.prerequisites.clone(),
        };
        if wrong.is_empty() { Ok(skill) } else { Err(wrong) }
    }

    /// Returns an id that no skill of `taken` has, from the subject and the name: `maths.adding_tenths`. Empty if one of
    /// the two is missing.
    pub fn suggested_id(&self, taken: impl Fn(&str) -> bool) -> String {
        let plain = fold_name(&self.name);
        let words: Vec<&str> =
            plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        if self.subject_id.is_empty() || words.is_empty() {
            return String::new();
        }
        let mut id = format!("{}.{}", self.subject_id, words.join("_"));
        id.truncate(70);
        let numbered = (2..).map(|n| format!("{id}_{n}"));
        std::iter::once(id.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(id)
    }

    /// A new subject, by the same rules.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn subject(subject_id: &str, name: &str) -> Result<Subject, String> {
        sheet::subject(subject_id, name)
    }
}

impl Curriculum {
    /// Returns the subject that the id begins with, if that is not the skill's own.
    pub fn other_subject_of(&self, skill: &Skill) -> Option<&Subject> {
        let begins = skill.skill_id.split('.').next().unwrap_or_default();
        self.subjects.iter().find(|subject| subject.subject_id == begins && begins != skill.subject_id)
    }
}

/// Several words are certain by themselves; one word needs the lesson to be on its subject.
fn usual_weight(phrase: &str) -> u8 {
    if phrase.trim().contains(' ') { 5 } else { 3 }
}

/// Reads each line that is not empty.
fn read_lines<T>(lines: &str, read: fn(&str) -> Result<T, String>, mut note: impl FnMut(String)) -> Vec<T> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.filter_map(|line| read(line).map_err(&mut note).ok()).collect()
}

fn phrase(line: &str) -> Result<Phrase, String> {
    if line.contains([SEPARATOR, '*']) {
        return Err(format!("“{line}” holds | or *: write one word or phrase per line, like: common denominator"));
    }
    match line.rsplit_once(';') {
        Some((phrase, weight)) => sheet::phrase(&format!("{}*{}", phrase.trim(), weight.trim())),
        None => sheet::phrase(&format!("{line}*{}", usual_weight(line))),
    }
}

fn question(line: &str) -> Result<Question, String> {
    match line.split_once(SEPARATOR) {
        Some((ask, answer)) if !answer.contains(SEPARATOR) && !line.contains("=>") => {
            sheet::question(&format!("{} => {}", ask.trim(), answer.trim()))
        }
        _ => Err(format!("“{line}” is no question: write one per line with its answer, like: What is 2 + 2? | 4")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_skill_can_be_written_in_the_form_as_it_is() {
        let starter = Curriculum::starter();
        for skill in &starter.skills {
            assert_eq!(&Draft::of(skill).understand(&starter.subjects).unwrap(), skill);
            assert_eq!(starter.other_subject_of(skill), None);
        }
    }

    #[test]
    fn the_rules_are_those_of_the_sheet_and_all_that_is_wrong_is_said_at_once() {
        let starter = Curriculum::starter();
        let good = Draft::of(&starter.skills[0]);
        let wrong = [
            (Draft { name: "x".repeat(81), ..good.clone() }, Field::Name, "the name needs"),
            (
                Draft { grade_from: "9".to_owned(), grade_to: "3".to_owned(), ..good.clone() },
                Field::Grades,
                "in this order",
            ),
            (Draft { grade_to: "x".to_owned(), ..good.clone() }, Field::Grades, "a grade is"),
            (Draft { skill_id: "Bad Id".to_owned(), ..good.clone() }, Field::SkillId, "is no skill_id"),
            (Draft { subject_id: "none".to_owned(), ..good.clone() }, Field::Subject, "choose a subject"),
            (Draft { lexicon: "word; 12".to_owned(), ..good.clone() }, Field::Lexicon, "is no phrase"),
            (
                Draft { lexicon: "word | other".to_owned(), ..good.clone() },
                Field::Lexicon,
                "one word or phrase per line",
            ),
            (Draft { lexicon: "word\n".repeat(41), ..good.clone() }, Field::Lexicon, "more than 40"),
            (Draft { questions: "Why?".to_owned(), ..good.clone() }, Field::Questions, "is no question"),
            (Draft { questions: "a => b | c".to_owned(), ..good.clone() }, Field::Questions, "is no question"),
        ];
        for (draft, field, why) in wrong {
            let found = draft.understand(&starter.subjects).unwrap_err();
            assert!(found.len() == 1 && found[0].0 == field && found[0].1.contains(why), "{found:?}");
        }
        let nothing = Draft { lexicon: "a; x\nb; y".to_owned(), ..Draft::default() };
        let fields: Vec<Field> =
            nothing.understand(&starter.subjects).unwrap_err().into_iter().map(|(field, _)| field).collect();
        let (name, grades, lexicon) = (Field::Name, Field::Grades, Field::Lexicon);
        assert_eq!(fields, [name, Field::Subject, grades, lexicon, lexicon, Field::SkillId]);
    }

    #[test]
    fn a_phrase_without_a_weight_gets_the_usual_one() {
        let starter = Curriculum::starter();
        let draft = Draft { lexicon: "T-Rex\nLong ago ; 9\nthe dinosaurs".to_owned(), ..Draft::of(&starter.skills[0]) };
        let lexicon = draft.understand(&starter.subjects).unwrap().lexicon;
        let found: Vec<(&str, u8)> = lexicon.iter().map(|phrase| (&phrase.phrase[..], phrase.weight)).collect();
        assert_eq!(found, [("t-rex", 3), ("long ago", 9), ("the dinosaurs", 5)]);
    }

    #[test]
    fn an_id_is_suggested_from_subject_and_name() {
        let named = |name: &str| Draft { subject_id: "art".to_owned(), name: name.to_owned(), ..Draft::default() };
        assert_eq!(named("Mixing colours: Grün & blue").suggested_id(|_| false), "art.mixing_colours_grun_blue");
        assert_eq!(named("Lines").suggested_id(|id| ["art.lines", "art.lines_2"].contains(&id)), "art.lines_3");
        assert_eq!(named("?").suggested_id(|_| false), "");
        let long = named(&"very ".repeat(30)).suggested_id(|_| false);
        assert!(sheet::check_id(&long).is_ok(), "{long}");
    }

    #[test]
    fn an_id_that_begins_with_another_subject_is_found() {
        let starter = Curriculum::starter();
        let skill =
            Skill { skill_id: "maths.x".to_owned(), subject_id: "italian".to_owned(), ..starter.skills[0].clone() };
        assert_eq!(starter.other_subject_of(&skill).unwrap().subject_id, "maths");
    }
}
