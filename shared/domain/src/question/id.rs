//! The id of a question: the skill, and either its place in the skill's list or what a generator needs to make it again.

use std::fmt;

use super::random::hash;

/// Seeds are short, because a language model has to copy them.
const MAX_SEED: u64 = 0xffff;

/// Which question is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QuestionId {
    /// `maths.add.facts/3`: one of the skill's own questions, counted from 0.
    Fixed { skill_id: String, index: usize },
    /// `maths.add.facts/g2-1f3a7c08`: made by [`super::generate`]. The last four digits are a check sum over the rest.
    Generated { skill_id: String, seed: u64, difficulty: u8 },
}

/// A text that is no id of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a question_id that next_question returned, for example maths.number.compare/0")
    }
}

impl std::error::Error for BadId {}

impl QuestionId {
    /// The id of a generated question. Only the lowest 16 bits of the seed are kept.
    pub fn generated(skill_id: &str, seed: u64, difficulty: u8) -> Self {
        Self::Generated { skill_id: skill_id.to_owned(), seed: seed & MAX_SEED, difficulty }
    }

    /// The skill that the question practises.
    pub fn skill_id(&self) -> &str {
        match self {
            Self::Fixed { skill_id, .. } | Self::Generated { skill_id, .. } => skill_id,
        }
    }

    /// Reads an id as it was written.
    ///
    /// # Errors
    /// The text is no id of ours: another shape, a difficulty that does not exist, or a check sum that is wrong.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let (skill_id, rest) = text
            .rsplit_once('/')
            .filter(|(skill_id, _)| !skill_id.is_empty() && !skill_id.contains('/'))
            .ok_or(BadId)?;
        let skill_id = skill_id.to_owned();
        let id = match rest.strip_prefix('g') {
            None => Self::Fixed { skill_id, index: rest.parse().map_err(|_| BadId)? },
            Some(rest) => {
                let (difficulty, digits) = rest.split_once('-').ok_or(BadId)?;
                let difficulty = difficulty.parse().map_err(|_| BadId)?;
                let seed = digits.get(..4).and_then(|seed| u64::from_str_radix(seed, 16).ok()).ok_or(BadId)?;
                if !super::DIFFICULTIES.contains(&difficulty) {
                    return Err(BadId);
                }
                Self::Generated { skill_id, seed, difficulty }
            }
        };
        // Written again it must be the same: so the check sum is right, and there is one way to write an id.
        if id.to_string() == text { Ok(id) } else { Err(BadId) }
    }
}

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed { skill_id, index } => write!(f, "{skill_id}/{index}"),
            Self::Generated { skill_id, seed, difficulty } => {
                let text = format!("{skill_id}/g{difficulty}-{seed:04x}");
                write!(f, "{text}{:04x}", hash(text.as_bytes()) & 0xffff)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        let fixed = QuestionId::Fixed { skill_id: "maths.x".to_owned(), index: 12 };
        assert_eq!(QuestionId::parse("maths.x/12"), Ok(fixed));
        for seed in 0..2_000 {
            let id = QuestionId::generated("maths.add.facts", seed * 37, 1 + (seed % 3) as u8);
            assert_eq!(QuestionId::parse(&id.to_string()), Ok(id.clone()));
            assert!(id.to_string().len() <= 90);
        }
    }

    #[test]
    fn what_is_no_id_of_ours_is_refused() {
        let good = QuestionId::generated("maths.add.facts", 0x1f3a, 2).to_string();
        let bad = [
            "",
            "/",
            "/3",
            "maths.x",
            "maths.x/",
            "maths.x/-1",
            "maths.x/1a",
            "maths.x/01",
            "maths.x/+1",
            "maths.x/g2",
            "maths.x/g2-",
            "maths.x/g2-1f3a",
        ];
        for bad in bad {
            assert_eq!(QuestionId::parse(bad), Err(BadId), "{bad}");
        }
        // Any one character changed.
        for (at, old) in good.char_indices() {
            for new in "0123456789abcdefgxF/-.".chars().filter(|new| *new != old) {
                let mut changed = good.clone();
                changed.replace_range(at..=at, &new.to_string());
                assert_eq!(QuestionId::parse(&changed), Err(BadId), "{changed}");
            }
        }
        for difficulty in [0, 4, 255] {
            let forged = QuestionId::generated("maths.add.facts", 7, difficulty).to_string();
            assert_eq!(QuestionId::parse(&forged), Err(BadId), "{forged}");
        }
    }
}
