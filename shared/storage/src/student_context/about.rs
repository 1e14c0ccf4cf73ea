//! Which skills a goal, a test or a request is about. Pure.

use crate::curriculum::Phrase;

/// A skill, as far as a text may name it.
pub(super) struct Named {
    pub skill_id: String,
    pub subject_id: String,
    pub name: String,
    pub lexicon: Vec<Phrase>,
    /// Whether the student's grade is among those of the skill.
    pub is_of_grade: bool,
}

/// What a text is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    /// Best match first.
    pub skill_ids: Vec<String>,
    /// The subject, if the text names no skill.
    pub subject_id: Option<String>,
}

/// Most skills that are kept of a text.
const MOST: usize = 12;
/// Letters in which words of one family agree: "fraction", "fractions".
const STEM: usize = 5;
/// The weight of a curriculum's phrase that is enough on its own.
const TELLING: u8 = 3;

/// Words that say nothing of the skill.
const GENERAL: [&str; 24] = [
    "numbe", "words", "with", "from", "text", "basic", "using", "bette", "what", "that", "have", "ready", "test",
    "exam", "quiz", "learn", "wants", "asked", "pract", "schoo", "large", "thing", "most", "means",
];

/// Returns the skills that a text names by words of their names, their ids or the curriculum's phrases.
pub(super) fn about(text: &str, skills: &[Named]) -> About {
    // "Next time" is no clock.
    let text = text.to_lowercase().replace("next time", "");
    let words = stems(&text);
    let subject_id = skills.iter().map(|skill| &skill.subject_id).find(|id| words.contains(&stem(id)));
    let of_subject = |skill: &&Named| subject_id.is_none_or(|id| *id == skill.subject_id);
    let mut found: Vec<(usize, &Named)> = Vec::new();
    for skill in skills.iter().filter(of_subject) {
        let shared = |others: Vec<String>| others.iter().filter(|other| words.contains(other)).count();
        // The first part of an id is the subject.
        let id = skill.skill_id.split_once('.').map_or("", |(_, rest)| rest);
        let name = stems(&skill.name.to_lowercase());
        let subject = stem(&skill.subject_id);
        let by_name = shared(name.into_iter().filter(|word| *word != subject).collect());
        let phrases = skill.lexicon.iter().filter(|phrase| phrase.weight >= TELLING);
        let by_phrase = phrases.filter(|phrase| has_phrase(&text, &phrase.phrase)).count();
        let score = 3 * by_name + 2 * by_phrase.min(2) + shared(stems(id));
        if score > 0 {
            found.push((score, skill));
        }
    }
    let best = found.iter().map(|(score, _)| *score).max().unwrap_or(0);
    found.retain(|(score, _)| score * 2 >= best);
    found.sort_by(|(a_score, a), (b_score, b)| {
        (b_score, b.is_of_grade, &a.skill_id).cmp(&(a_score, a.is_of_grade, &b.skill_id))
    });
    let skill_ids: Vec<String> = found.into_iter().map(|(_, skill)| skill.skill_id.clone()).take(MOST).collect();
    let subject_id = subject_id.filter(|_| skill_ids.is_empty()).cloned();
    About { skill_ids, subject_id }
}

fn stem(word: &str) -> String {
    word.chars().take(STEM).collect()
}

/// The stems of the words of at least four letters.
fn stems(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= 4);
    words.map(stem).filter(|stem| !GENERAL.contains(&&stem[..])).collect()
}

/// Whether the text holds the phrase, from word to word.
fn has_phrase(text: &str, phrase: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(phrase)
        .any(|(at, _)| ends(text[..at].chars().next_back()) && ends(text[at + phrase.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curriculum::Curriculum;

    fn starter() -> Vec<Named> {
        let named = |skill: crate::curriculum::Skill| Named {
            is_of_grade: (skill.grade_from..=skill.grade_to).contains(&5),
            skill_id: skill.skill_id,
            subject_id: skill.subject_id,
            name: skill.name,
            lexicon: skill.lexicon,
        };
        Curriculum::starter().skills.into_iter().map(named).collect()
    }

    #[test]
    fn goals_tests_and_requests_name_their_skills() {
        let skills = starter();
        for (text, expected) in [
            ("wants to get better at fractions", "maths.fractions."),
            ("be ready for the fractions test", "maths.fractions."),
            ("has a decimals test on Friday 4 December", "maths.decimals."),
            ("asked to practise times tables next time", "maths.multiply.facts"),
            ("wants to learn negative numbers", "maths.number.negative"),
            ("wants to learn algebra", "maths.algebra"),
            ("has an angles test", "maths.geometry.angles"),
            ("asked to practise percentages", "maths.percent."),
            ("wants to get better at telling the time", "maths.measure.time"),
            ("asked to practise rounding", "maths.number.round"),
            ("wants to learn division", "maths.divide."),
            ("has a probability test", "maths."),
        ] {
            let found = about(text, &skills);
            assert!(found.skill_ids.first().is_some_and(|id| id.starts_with(expected)), "{text}: {found:?}");
            assert_eq!(found.subject_id, None, "{text}");
        }
    }

    #[test]
    fn a_subject_is_named_by_itself() {
        let skills = starter();
        let found = about("has a maths test on Friday 4 December", &skills);
        assert_eq!(found, About { skill_ids: Vec::new(), subject_id: Some("maths".to_owned()) });
        let found = about("wants to get better at reading", &skills);
        assert!(found.skill_ids.iter().all(|id| id.starts_with("reading.")), "{found:?}");
    }

    #[test]
    fn what_names_nothing_is_about_nothing() {
        for text in ["win the maths-free prize of Friday", "has a test tomorrow", "asked for a call back on Thursday"] {
            let found = about(text, &starter());
            assert!(found.skill_ids.is_empty(), "{text}: {found:?}");
        }
    }
}
