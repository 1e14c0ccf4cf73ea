//! A tutor who neither praises nor rejects may still say the answer again, the same or better.

use std::sync::LazyLock;

use regex::bytes;
use unicode_normalization::char::is_combining_mark;

use super::numbers::Value;
use super::passage::Passage;
use super::text::{Clause, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recast {
    Repeats,
    Corrects,
    /// Gives a word that the student did not say.
    Supplies,
    Neither,
}

/// "Red is rossa", "\"box\" is \"scatola\"": the tutor supplies a word. Matched on what [`letters`] returns: with all letters
/// of Unicode, so many of them in a row take megabytes.
static SUPPLIES: LazyLock<bytes::Regex> = LazyLock::new(|| {
    let pattern = r#""?([a-zA-Z\x01' ]{2,30})"? (?:is|means|is said|would be|translates to) "?(?:the )?([a-zA-Z\x01']{2,20})(?:[" ].*)?$"#;
    bytes::RegexBuilder::new(pattern).unicode(false).build().expect("a literal, compiled by a test")
});

/// A letter that is not ASCII.
const LETTER: u8 = 1;
/// Another character that the pattern does not name.
const OTHER: u8 = 2;

/// One byte for each character of a text.
fn letters(text: &str) -> Vec<u8> {
    let byte = |c: char| match u8::try_from(c) {
        Ok(LETTER) => OTHER,
        Ok(byte) if byte.is_ascii() => byte,
        _ if c.is_alphabetic() && !is_combining_mark(c) => LETTER,
        _ => OTHER,
    };
    text.chars().map(byte).collect()
}

/// What a clause explains, and the word that it supplies.
fn supplied(clause: &str) -> Option<(&str, &str)> {
    let letters = letters(clause);
    let found = SUPPLIES.captures(&letters)?;
    let place = |n: usize| clause.char_indices().nth(n).map_or(clause.len(), |(at, _)| at);
    let group = |n: usize| found.get(n).map_or("", |group| &clause[place(group.start())..place(group.end())]);
    Some((group(1), group(2)))
}

/// One of these is in every match of [`SUPPLIES`]. To look for them is quicker.
const VERBS: [&str; 4] = [" is ", " means ", " would be ", " translates to "];

pub(super) fn compare(said: &Passage, reply: &Passage, value: Option<Value>) -> Recast {
    let clauses = reply.clauses();
    let Some(first) = clauses.first() else {
        return Recast::Neither;
    };
    if let Some(value) = value {
        // A number that is said back before the next question.
        let says_back = || matches!(reply.part(first.text).values(), [back] if back.equals(value.amount));
        let repeats = !first.asks && first.text.split_whitespace().count() <= 6 && says_back();
        return if repeats { Recast::Repeats } else { Recast::Neither };
    }
    let (mine, theirs): (Vec<&str>, Vec<&str>) = (said.words().collect(), words(first.text).collect());
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
            supplied(clause.text).is_some_and(|(explained, word)| {
                !said.contains(word) || !said.contains(explained.trim()) && clause.text.contains('"')
            })
        });
    if value.is_none() && supplied { Recast::Supplies } else { Recast::Neither }
}

#[cfg(test)]
mod tests {
    use domain::answer::Language;

    use super::*;

    fn compared(said: &str, reply: &str) -> Recast {
        let [said, reply] = [said, reply].map(|text| Passage::new(text, Language::English));
        compare(&said, &reply, said.values().last().copied())
    }

    #[test]
    fn a_number_said_back_is_accepted() {
        assert_eq!(compared("it is twelve", "twelve. and now the tops?"), Recast::Repeats);
        assert_eq!(compared("it is twelve", "is twelve more than ten?"), Recast::Neither);
    }

    #[test]
    fn letters_of_any_alphabet_supply_a_word() {
        let pattern = r#""?([\p{L}' ]{2,30})"? (?:is|means|is said|would be|translates to) "?(?:the )?([\p{L}']{2,20})(?:[" ].*)?$"#;
        let unicode = regex::Regex::new(pattern).unwrap();
        for clause in [
            "red is rossa",
            "\"box\" is \"scatola\"",
            "the girl means das mädchen",
            "él niño is said \"the boy\" — ok",
            "größe would be höhe\u{301} x",
            "дом translates to the house",
            "\u{1}x is ab\u{1}c",
            "5 is a",
            "une école is ²école",
            "",
        ] {
            let expected = unicode.captures(clause).map(|found| (found[1].to_owned(), found[2].to_owned()));
            let found = supplied(clause).map(|(explained, word)| (explained.to_owned(), word.to_owned()));
            assert_eq!(found, expected, "{clause}");
        }
    }

    #[test]
    fn a_word_supplied_corrects() {
        assert_eq!(compared("il cane dentro la box", "\"box\" is \"scatola\""), Recast::Supplies);
        assert_eq!(compared("il gato", "il gatto e di fronte"), Recast::Neither);
        assert_eq!(compared("il rosso tavolo", "il tavolo rosso grande"), Recast::Corrects);
    }
}
