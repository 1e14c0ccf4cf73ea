//! Patterns over plain texts, without the tables of Unicode: those take megabytes, and beside a letter that is not ASCII
//! the fast engine does not know where a word ends.

use std::borrow::Cow;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use unicode_normalization::char::is_combining_mark;

/// A pattern over texts as [`super::text::plain`] returns them: in lower case.
///
/// Each character of a text is one byte here. Letters of our languages are capitals, which such a text does not have, so
/// they are letters of a word for `\b` and `\w`.
#[derive(Debug)]
pub(super) struct Pattern(Regex);

/// The letters and marks that patterns name, and their place in the table.
const NAMED: [(char, u8); 14] = [
    ('á', b'A'),
    ('é', b'E'),
    ('í', b'J'),
    ('ó', b'O'),
    ('ú', b'U'),
    ('ñ', b'N'),
    ('ä', b'Q'),
    ('ö', b'W'),
    ('ü', b'Y'),
    ('ß', b'S'),
    ('è', b'X'),
    ('¡', 1),
    ('¿', 2),
    ('…', 3),
];
/// Another letter, mark or digit.
const LETTER: u8 = b'_';
/// Another character.
const OTHER: u8 = 4;

impl Pattern {
    /// Compiles a literal of ours.
    pub(super) fn new(pattern: &str) -> Self {
        Self(RegexBuilder::new(&plain(pattern)).unicode(false).build().expect("a literal, compiled by a test"))
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(&bytes(text))
    }

    /// Returns the place of the first match, in characters.
    pub(super) fn find(&self, text: &str) -> Option<Range<usize>> {
        self.0.find(&bytes(text)).map(|found| found.range())
    }
}

/// Patterns that are searched for in one pass.
#[derive(Debug)]
pub(super) struct Patterns<const N: usize>(RegexSet);

impl<const N: usize> Patterns<N> {
    /// Compiles literals of ours.
    pub(super) fn new(patterns: [&str; N]) -> Self {
        let set = RegexSetBuilder::new(patterns.map(plain)).unicode(false).build();
        Self(set.expect("literals, compiled by a test"))
    }

    /// Returns the first pattern that matches.
    pub(super) fn first(&self, text: &str) -> Option<usize> {
        let text = bytes(text);
        self.0.is_match(&text).then(|| self.0.matches(&text).iter().next())?
    }

    /// Returns all patterns that match, in their order.
    pub(super) fn all(&self, text: &str) -> Vec<usize> {
        let text = bytes(text);
        if self.0.is_match(&text) { self.0.matches(&text).iter().collect() } else { Vec::new() }
    }

    /// Returns how many of the texts each pattern matches.
    pub(super) fn counts<T: AsRef<str>>(&self, texts: impl IntoIterator<Item = T>) -> [u32; N] {
        let mut counts = [0; N];
        for text in texts {
            let text = bytes(text.as_ref());
            if self.0.is_match(&text) {
                self.0.matches(&text).iter().for_each(|i| counts[i] += 1);
            }
        }
        counts
    }
}

/// A pattern over bytes.
fn plain(pattern: &str) -> String {
    pattern.chars().map(|c| named(c).map_or(c, char::from)).collect()
}

fn named(c: char) -> Option<u8> {
    // Most letters need not be looked for.
    let may_be = matches!(c, '¡'..='ÿ' | '…');
    may_be.then(|| NAMED.iter().find(|(known, _)| *known == c).map(|(_, byte)| *byte))?
}

/// One byte for each character of a text.
fn bytes(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    let byte = |c: char| {
        named(c).unwrap_or_else(|| match c {
            c if is_of_word(c) => LETTER,
            c if c.is_whitespace() => b' ',
            _ => OTHER,
        })
    };
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        bytes.push(if c.is_ascii() { c as u8 } else { byte(c) });
    }
    Cow::Owned(bytes)
}

/// Whether a character that is not ASCII is part of a word.
pub(super) fn is_of_word(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c) || c.is_numeric() && !matches!(c, '²' | '³' | '¹' | '¼'..='¾')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_one_over_all_of_unicode() {
        let patterns =
            [r"\b(?:s[ií]|así)\b", r"^(?:¡|¿)?qu[eé]\b", r"nächste\w*", r"\bno\b.{0,3}…", r"\d+\s+gro(?:ß|ss)"];
        let texts = [
            "sí",
            "asíx",
            "¿qué tal",
            "qué\u{301}",
            "el nächstes",
            "noñ",
            "no ñañ…",
            "no más…",
            "3\u{a0}groß",
            "дом sí",
            "sí²",
            "si",
            "",
        ];
        for pattern in patterns {
            let unicode = regex::Regex::new(pattern).unwrap();
            for text in texts {
                let expected = unicode.find(text).map(|found| {
                    let place = |at: usize| text[..at].chars().count();
                    place(found.start())..place(found.end())
                });
                assert_eq!(Pattern::new(pattern).find(text), expected, "{pattern} {text}");
                assert_eq!(Pattern::new(pattern).is_match(text), expected.is_some(), "{pattern} {text}");
            }
        }
    }
}
