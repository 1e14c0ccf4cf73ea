//! Plain texts, and what they are split into: words, sentences, clauses.

use std::borrow::Cow;
use std::ops::Range;

use domain::text::{LETTERS_AND_DIGITS, lower, runs};
use smallvec::SmallVec;

/// Lower case, with straight quotes.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let lower = lower(text);
    if (!lower.is_ascii() || lower.contains('`')) && lower.contains(['’', '‘', '`', '“', '”']) {
        return Cow::Owned(lower.replace(['’', '‘', '`'], "'").replace(['“', '”'], "\""));
    }
    lower
}

/// The words of a plain text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    runs(text, &LETTERS_AND_DIGITS, char::is_alphanumeric)
}

/// Returns the bytes of each sentence of a text, and whether it is a question.
pub(super) fn split(text: &str) -> SmallVec<[(Range<usize>, bool); 4]> {
    let bytes = text.as_bytes();
    let mut sentences = SmallVec::new();
    let mut add = |start: usize, end: usize, asks: bool| {
        let sentence = text[start..end].trim_start();
        let start = end - sentence.len();
        let sentence = sentence.trim_end();
        if sentence.chars().any(char::is_alphanumeric) {
            sentences.push((start..start + sentence.len(), asks));
        }
    };
    let mut start = 0;
    for (i, c) in bytes.iter().enumerate().filter(|(_, c)| matches!(c, b'\n' | b'.' | b'?' | b'!')) {
        let is_point_of_number = *c == b'.' && bytes.get(i + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !is_point_of_number {
            add(start, i, *c == b'?' || bytes[i..].starts_with(b".?"));
            start = i + 1;
        }
    }
    add(start, text.len(), false);
    sentences
}

/// A part of a sentence that can be judged on its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clause<'a> {
    pub(super) text: &'a str,
    /// Number of its sentence, from 0.
    pub(super) sentence: usize,
    /// Whether its sentence ends with a question mark.
    pub(super) asks: bool,
}
