//! A tutor who neither praises nor rejects may still say the answer again, the same or better.

use std::sync::LazyLock;

use domain::answer::Language;
use regex::Regex;

use super::exchange::{Clause, clauses, words};
use super::memo::values;
use super::numbers::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recast {
    Repeats,
    Corrects,
    /// Gives a word that the student did not say.
    Supplies,
    Neither,
}

/// "Red is rossa", "\"box\" is \"scatola\"": the tutor supplies a word.
static SUPPLIES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#""?([\p{L}' ]{2,30})"? (?:is|means|is said|would be|translates to) "?(?:the )?([\p{L}']{2,20})(?:[" ].*)?$"#,
    )
    .expect("a literal, compiled by a test")
});

/// One of these is in every match of [`SUPPLIES`]. To look for them is quicker.
const VERBS: [&str; 4] = [" is ", " means ", " would be ", " translates to "];

pub(super) fn compare(said: &str, reply: &str, value: Option<Value>, language: Language) -> Recast {
    let clauses = clauses(reply);
    let Some(first) = clauses.first() else {
        return Recast::Neither;
    };
    if let Some(value) = value {
        // A number that is said back before the next question.
        let back = values(first.text, language);
        let repeats = !first.asks
            && back.len() == 1
            && back[0].equals(value.amount)
            && first.text.split_whitespace().count() <= 6;
        return if repeats { Recast::Repeats } else { Recast::Neither };
    }
    let (mine, theirs): (Vec<&str>, Vec<&str>) = (words(said).collect(), words(first.text).collect());
    let shared = theirs.iter().filter(|word| mine.contains(word)).count();
    if theirs.len() >= 2 && !first.asks {
        if shared == theirs.len() && mine.len() <= theirs.len() + 1 {
            return Recast::Repeats;
        }
        if shared * 2 >= theirs.len() && shared * 2 >= mine.len() {
            return Recast::Corrects;
        }
    }
    let may_supply = |clause: &Clause| VERBS.iter().any(|verb| clause.text.contains(verb));
    let supplied = clauses
        .iter()
        .enumerate()
        .filter(|(i, c)| !c.asks || clauses.get(i + 1).is_some_and(|n| n.sentence == c.sentence))
        .take(3)
        .filter(|(_, clause)| may_supply(clause))
        .any(|(_, clause)| {
            SUPPLIES.captures(clause.text).is_some_and(|found| {
                !said.contains(&found[2]) || !said.contains(found[1].trim()) && clause.text.contains('"')
            })
        });
    if value.is_none() && supplied { Recast::Supplies } else { Recast::Neither }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(said: &str, reply: &str) -> Recast {
        compare(said, reply, values(said, Language::English).last().copied(), Language::English)
    }

    #[test]
    fn a_number_said_back_is_accepted() {
        assert_eq!(compared("it is twelve", "twelve. and now the tops?"), Recast::Repeats);
        assert_eq!(compared("it is twelve", "is twelve more than ten?"), Recast::Neither);
    }

    #[test]
    fn a_word_supplied_corrects() {
        assert_eq!(compared("il cane dentro la box", "\"box\" is \"scatola\""), Recast::Supplies);
        assert_eq!(compared("il gato", "il gatto e di fronte"), Recast::Neither);
        assert_eq!(compared("il rosso tavolo", "il tavolo rosso grande"), Recast::Corrects);
    }
}
