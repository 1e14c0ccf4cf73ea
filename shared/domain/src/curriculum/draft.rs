//! One skill as a person writes it in a form: judged by the rules of the sheet.

use super::sheet::{self, Row, SEPARATOR};
use super::{Skill, Subject};

/// A skill as typed. Lexicon: a line each, `phrase; weight`. Questions: a line each, `ask | answer`,
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

impl Draft {
    pub fn of(skill: &Skill) -> Self {
        let lexicon = skill.lexicon.iter().map(|p| format!("{}; {}", p.phrase, p.weight));
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
    /// What is wrong, in a sentence.
    pub fn understand(&self, subjects: &[Subject]) -> Result<Skill, String> {
        let subject = subjects.iter().find(|subject| subject.subject_id == self.subject_id);
        let subject = subject.ok_or("choose a subject")?;
        let grade = |text: &str| text.parse().map_err(|_| "a grade is a number from 0 to 13".to_owned());
        let row = Row {
            skill_id: self.skill_id.clone(),
            subject_id: subject.subject_id.clone(),
            subject: subject.name.clone(),
            name: self.name.clone(),
            grade_from: grade(&self.grade_from)?,
            grade_to: grade(&self.grade_to)?,
            prerequisites: self.prerequisites.join(" | "),
            lexicon: cell(&self.lexicon, phrase)?,
            questions: cell(&self.questions, question)?,
        };
        sheet::skill(&row)
    }

    /// A new subject, by the same rules.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn subject(subject_id: &str, name: &str) -> Result<Subject, String> {
        sheet::subject(subject_id, name)
    }
}

/// Lines as the sheet's cell holds them.
fn cell(lines: &str, item: fn(&str) -> Result<String, String>) -> Result<String, String> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(item).collect::<Result<Vec<_>, _>>()?.join(" | "))
}

fn phrase(line: &str) -> Result<String, String> {
    if line.contains([SEPARATOR, '*']) {
        return Err(format!("“{line}” holds | or *: write one phrase a line, like: common denominator; 3"));
    }
    let (phrase, weight) = line.rsplit_once(';').unwrap_or((line, "1"));
    Ok(format!("{}*{}", phrase.trim(), weight.trim()))
}

fn question(line: &str) -> Result<String, String> {
    match line.split_once(SEPARATOR) {
        Some((ask, answer)) if !answer.contains(SEPARATOR) && !line.contains("=>") => {
            Ok(format!("{} => {}", ask.trim(), answer.trim()))
        }
        _ => Err(format!("“{line}” is no question: write one a line with its answer, like: What is 2 + 2? | 4")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curriculum::Curriculum;

    #[test]
    fn every_skill_can_be_written_in_the_form_as_it_is() {
        let starter = Curriculum::starter();
        for skill in &starter.skills {
            assert_eq!(&Draft::of(skill).understand(&starter.subjects).unwrap(), skill);
        }
    }

    #[test]
    fn the_rules_are_those_of_the_sheet() {
        let starter = Curriculum::starter();
        let good = Draft::of(&starter.skills[0]);
        let wrong = [
            (Draft { name: "x".repeat(81), ..good.clone() }, "the name needs"),
            (Draft { grade_from: "9".to_owned(), grade_to: "3".to_owned(), ..good.clone() }, "in this order"),
            (Draft { grade_to: "x".to_owned(), ..good.clone() }, "a grade is"),
            (Draft { skill_id: "Bad Id".to_owned(), ..good.clone() }, "is no skill_id"),
            (Draft { subject_id: "none".to_owned(), ..good.clone() }, "choose a subject"),
            (Draft { lexicon: "word; 12".to_owned(), ..good.clone() }, "is no phrase"),
            (Draft { lexicon: "word | other".to_owned(), ..good.clone() }, "one phrase a line"),
            (Draft { questions: "Why?".to_owned(), ..good.clone() }, "is no question"),
            (Draft { questions: "a => b | c".to_owned(), ..good.clone() }, "is no question"),
        ];
        for (draft, why) in wrong {
            let found = draft.understand(&starter.subjects).unwrap_err();
            assert!(found.contains(why), "{found}");
        }
    }
}
