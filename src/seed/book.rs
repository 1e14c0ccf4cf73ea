//! A book of short dialogues on the curriculum, each judged once by the product's own rules.
//!
//! So a seeded call holds what the worker would have written of it, at the cost of a copy.

use std::collections::BTreeSet;

use anyhow::ensure;
use chrono::TimeDelta;
use rand::Rng;
use rand::seq::IndexedRandom;
use storage::analysis::{EvidenceFinding, Findings};
use storage::curriculum::{Curriculum, Question, Skill};
use storage::db::Connection;
use storage::evidence::{Help, Verdict};
use storage::session;
use storage::transcript::{Speaker, Turn};

/// How fast people speak, and how long they wait before they do.
const MS_PER_WORD: i32 = 350;
const PAUSE_MS: i32 = 900;
/// How long a student works on a question before they speak: dialogues go at these paces by turns.
const THINKING_MS: [i32; 5] = [45_000, 60_000, 75_000, 95_000, 120_000];

/// How each question goes: `r`ight at once, right after a `h`int, or wrong and the answer is `t`old.
const COURSES: [&str; 8] = ["rrr", "rrrr", "rrh", "rhr", "hrr", "hh", "rht", "tr"];

/// One dialogue, and what the rules say of it.
#[derive(Debug)]
pub struct Dialogue {
    pub turns: Vec<Turn>,
    pub findings: Findings,
    /// `findings`, as stored.
    pub findings_json: String,
    /// What it is about: kind and topic.
    pub topics: Vec<(&'static str, String)>,
    /// Its words as they are kept for searching: without its summary, as long as it is not analysed, and with it.
    pub words: [String; 2],
    pub length: TimeDelta,
}

impl Dialogue {
    /// All evidence, each with its skill.
    pub fn evidence(&self) -> impl Iterator<Item = (&str, &EvidenceFinding)> {
        self.findings.skills.iter().flat_map(|s| s.evidence.iter().map(|e| (s.skill_id.as_str(), e)))
    }

    /// 0 to 1: answers that were right without help.
    fn success(&self) -> f64 {
        let right = self.evidence().filter(|(_, e)| (e.verdict, e.help) == (Verdict::Correct, Help::None));
        right.count() as f64 / self.evidence().count() as f64
    }
}

/// The dialogues on one skill, the best first.
#[derive(Debug)]
struct Chapter {
    grades: std::ops::RangeInclusive<i16>,
    dialogues: Vec<Dialogue>,
    /// Where the student hangs up before the first question.
    broken_off: Dialogue,
}

/// The names, words and questions that made-up calls are made of.
#[derive(Debug)]
pub struct Book {
    chapters: Vec<Chapter>,
}

impl Book {
    /// Writes a book on all skills that have ready-made questions.
    pub fn write(curriculum: &Curriculum) -> anyhow::Result<Self> {
        let chapters = curriculum.skills.iter().filter_map(|skill| write_chapter(skill, curriculum));
        let chapters: Vec<Chapter> = chapters.collect();
        ensure!(!chapters.is_empty(), "the curriculum has no skill with two ready-made questions to talk about");
        Ok(Self { chapters })
    }

    /// Has Postgres read the words of all dialogues.
    pub async fn index_words(&mut self, connection: &mut Connection) -> anyhow::Result<()> {
        for chapter in &mut self.chapters {
            for dialogue in chapter.dialogues.iter_mut().chain([&mut chapter.broken_off]) {
                let summary = &dialogue.findings.summary;
                dialogue.words = [
                    session::read_words(connection, &dialogue.turns, "").await?,
                    session::read_words(connection, &dialogue.turns, summary).await?,
                ];
            }
        }
        Ok(())
    }

    /// A few chapters that suit a grade: what a student works on.
    pub fn choose_topics(&self, grade: i16, rng: &mut impl Rng) -> Topics<'_> {
        let suitable: Vec<&Chapter> = self.chapters.iter().filter(|chapter| chapter.grades.contains(&grade)).collect();
        let suitable = if suitable.is_empty() { self.chapters.iter().collect() } else { suitable };
        Topics(suitable.choose_multiple(rng, 3).copied().collect())
    }
}

/// What a student works on: never empty.
#[derive(Debug)]
pub struct Topics<'a>(Vec<&'a Chapter>);

impl<'a> Topics<'a> {
    /// A dialogue as a student of this `ability`, 0 to 1, would have it.
    pub fn choose_dialogue(&self, ability: f64, rng: &mut impl Rng) -> &'a Dialogue {
        let dialogues = &self.0[rng.random_range(0..self.0.len())].dialogues;
        let rank = rng.random::<f64>() * (1.3 - ability) * dialogues.len() as f64;
        &dialogues[(rank as usize).min(dialogues.len() - 1)]
    }

    /// One that ends before it has begun.
    pub fn choose_broken_off(&self, rng: &mut impl Rng) -> &'a Dialogue {
        &self.0[rng.random_range(0..self.0.len())].broken_off
    }
}

/// `None` where there is too little to ask, or the rules see too little in what is said.
fn write_chapter(skill: &Skill, curriculum: &Curriculum) -> Option<Chapter> {
    if skill.questions.len() < 2 {
        return None;
    }
    // Not every skill's first course at the first pace.
    let paces = THINKING_MS.iter().cycle().skip(skill.name.len() % THINKING_MS.len());
    let dialogues =
        COURSES.iter().zip(paces).filter_map(|(course, pace)| write_dialogue(skill, course, *pace, curriculum));
    let mut dialogues: Vec<Dialogue> = dialogues.collect();
    dialogues.sort_by(|a, b| b.success().total_cmp(&a.success()));
    let said = [greeting(skill), "I have to go now, bye.".to_owned()];
    let broken_off = judge(time(&said, PAUSE_MS), curriculum)?;
    (!dialogues.is_empty()).then_some(Chapter { grades: skill.grade_from..=skill.grade_to, dialogues, broken_off })
}

/// `None` where the rules see too little in it, or what would need rows in further tables.
fn write_dialogue(skill: &Skill, course: &str, thinking_ms: i32, curriculum: &Curriculum) -> Option<Dialogue> {
    let dialogue = judge(time(&script(skill, course), thinking_ms), curriculum)?;
    let findings = &dialogue.findings;
    let plain = findings.misconceptions.is_empty() && findings.facts.is_empty() && findings.safety_flags.is_empty();
    let is_enough = (2..=5).contains(&dialogue.evidence().count());
    (plain && is_enough).then_some(dialogue)
}

fn judge(turns: Vec<Turn>, curriculum: &Curriculum) -> Option<Dialogue> {
    let findings = worker::analysis::analyse(&turns, curriculum);
    let findings_json = serde_json::to_string(&findings).ok()?;
    let topics = topics(&findings, curriculum);
    let end_ms = turns.last().map_or(0, |turn| turn.offset_ms + turn.duration_ms.unwrap_or(0));
    let length = TimeDelta::milliseconds(i64::from(end_ms));
    Some(Dialogue { turns, findings, findings_json, topics, words: Default::default(), length })
}

/// The skills that it names, and their subjects. A dialogue of the book shows no belief.
fn topics(findings: &Findings, curriculum: &Curriculum) -> Vec<(&'static str, String)> {
    let skill_ids = findings.skills.iter().map(|skill| skill.skill_id.clone());
    let skill_ids: BTreeSet<String> = skill_ids.collect();
    let subjects = curriculum.skills.iter().filter(|skill| skill_ids.contains(&skill.skill_id));
    let subject_ids: BTreeSet<String> = subjects.map(|skill| skill.subject_id.clone()).collect();
    let skills = skill_ids.into_iter().map(|id| ("skill", id));
    skills.chain(subject_ids.into_iter().map(|id| ("subject", id))).collect()
}

fn greeting(skill: &Skill) -> String {
    format!("Hello, welcome back! Today we practise {}. Are you ready?", skill.name)
}

/// What is said, tutor and student by turns.
fn script(skill: &Skill, course: &str) -> Vec<String> {
    let mut said = vec![greeting(skill), "Yes, I am ready.".to_owned()];
    let mut praise = "Good.".to_owned();
    for (i, how) in course.chars().enumerate() {
        let question = &skill.questions[i % skill.questions.len()];
        said.push(format!("{praise} {}", question.ask));
        if how != 'r' {
            said.push(format!("I think it is {}.", wrong_answer(question, skill)));
            said.push(if how == 'h' {
                format!("Not quite. Here is a hint: take it one step at a time. Once more: {}", question.ask)
            } else {
                format!("Not quite. The answer is {}. So, once more: {}", question.answer, question.ask)
            });
        }
        said.push(format!("{}.", question.answer));
        ["Yes, that's right.", "Correct, well done."][i % 2].clone_into(&mut praise);
    }
    said.push(format!("{praise} That is all for today. Goodbye!"));
    said.push("Thank you, bye.".to_owned());
    said
}

fn wrong_answer(question: &Question, skill: &Skill) -> String {
    if let Ok(number) = question.answer.parse::<i64>() {
        return (number + 3).to_string();
    }
    let other = skill.questions.iter().find(|other| other.answer != question.answer);
    other.map_or_else(|| "something else".to_owned(), |other| other.answer.clone())
}

/// The student speaks `thinking_ms` after the tutor, who answers at once.
fn time(said: &[String], thinking_ms: i32) -> Vec<Turn> {
    let mut offset_ms = 0;
    let turn = |(i, text): (usize, &String)| {
        let duration_ms = text.split_whitespace().count() as i32 * MS_PER_WORD;
        let turn = Turn {
            turn_no: i as i32,
            speaker: if i % 2 == 0 { Speaker::Tutor } else { Speaker::Student },
            text: text.clone(),
            offset_ms,
            duration_ms: Some(duration_ms),
        };
        let pause_ms = if turn.speaker == Speaker::Tutor { thinking_ms } else { PAUSE_MS };
        offset_ms += duration_ms + pause_ms;
        turn
    };
    said.iter().enumerate().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_has_dialogues_of_every_length_for_every_grade() {
        let book = Book::write(&Curriculum::starter()).unwrap();
        for grade in 0..=9 {
            let n = book.chapters.iter().filter(|chapter| chapter.grades.contains(&grade)).count();
            assert!(n >= 3, "grade {grade} has {n} chapters");
        }
        for dialogue in book.chapters.iter().flat_map(|chapter| &chapter.dialogues) {
            assert!((8..=16).contains(&dialogue.turns.len()), "{} turns", dialogue.turns.len());
            assert!((2..=5).contains(&dialogue.evidence().count()));
            assert!((4..=20).contains(&dialogue.length.num_minutes()), "{}", dialogue.length);
            let stored: Findings = serde_json::from_str(&dialogue.findings_json).unwrap();
            assert_eq!(
                (stored.skills, stored.summary),
                (dialogue.findings.skills.clone(), dialogue.findings.summary.clone())
            );
        }
    }

    #[test]
    fn all_evidence_quotes_the_students_turn_it_points_at_and_no_other_evidence_of_the_skill_does() {
        let book = Book::write(&Curriculum::starter()).unwrap();
        for dialogue in book.chapters.iter().flat_map(|chapter| &chapter.dialogues) {
            let mut seen = std::collections::HashSet::new();
            for (skill_id, evidence) in dialogue.evidence() {
                let turn = &dialogue.turns[evidence.turn_no as usize];
                assert_eq!(turn.speaker, Speaker::Student);
                assert!(turn.text.contains(&evidence.quote));
                assert!(seen.insert((skill_id, evidence.turn_no)));
            }
        }
    }

    #[test]
    fn what_is_broken_off_lasts_seconds_and_shows_nothing() {
        let book = Book::write(&Curriculum::starter()).unwrap();
        for Chapter { broken_off, .. } in &book.chapters {
            assert!(broken_off.length < TimeDelta::seconds(30) && broken_off.evidence().next().is_none());
        }
    }

    #[test]
    fn good_dialogues_stand_before_bad_ones() {
        let book = Book::write(&Curriculum::starter()).unwrap();
        let sorted = |chapter: &Chapter| chapter.dialogues.is_sorted_by(|a, b| a.success() >= b.success());
        assert!(book.chapters.iter().all(sorted));
        assert!(
            book.chapters
                .iter()
                .any(|c| c.dialogues.first().unwrap().success() > c.dialogues.last().unwrap().success())
        );
    }
}
