//! A text that many phrases are looked for in.

use std::borrow::Cow;
use std::ops::Deref;

/// Returns a text in lower case. Most texts are, and are not copied.
pub fn lower(text: &str) -> Cow<'_, str> {
    if is_lower(text) {
        return Cow::Borrowed(text);
    }
    let lower = text.to_ascii_lowercase();
    Cow::Owned(if is_lower(&lower) { lower } else { lower.to_lowercase() })
}

/// Whether a text surely has no capitals: it has no letters beyond those of Western Europe.
fn is_lower(text: &str) -> bool {
    let is_small = |c: char| matches!(c, '\0'..='@' | '['..='¿' | '×' | 'ß'..='ÿ' | '\u{2000}'..='\u{206f}');
    // Without a branch for each byte.
    let has_capitals = || text.bytes().fold(false, |any, byte| any | byte.is_ascii_uppercase());
    if text.is_ascii() { !has_capitals() } else { text.chars().all(is_small) }
}

/// Whether each byte may be part of a run of characters; [`OTHER`] is part of a character that is not ASCII.
pub type Bytes = [u8; 256];
const OTHER: u8 = 2;

/// Letters and the plain apostrophe.
pub static LETTERS: Bytes = bytes(false, b"'");
/// Letters, digits and the plain apostrophe.
pub static LETTERS_AND_DIGITS: Bytes = bytes(true, b"'");

/// Returns the letters, with or without the digits, and these signs.
pub const fn bytes(with_digits: bool, signs: &[u8]) -> Bytes {
    let mut bytes = [OTHER; 256];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        bytes[byte] = (c.is_ascii_alphabetic() || with_digits && c.is_ascii_digit()) as u8;
        byte += 1;
    }
    let mut sign = 0;
    while sign < signs.len() {
        bytes[signs[sign] as usize] = 1;
        sign += 1;
    }
    bytes
}

/// Returns the runs of a text in lower case, with a space between them.
pub fn joined_runs(text: &str, ascii: &'static Bytes) -> String {
    let lower = lower(text);
    let mut joined = String::with_capacity(lower.len());
    for run in runs(&lower, ascii, char::is_alphanumeric) {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(run);
    }
    joined
}

/// Returns the runs of characters that are in `ascii`, or are not ASCII and satisfy `is_of_run`.
pub fn runs<'a>(
    text: &'a str,
    ascii: &'static Bytes,
    is_of_run: impl Fn(char) -> bool,
) -> impl Iterator<Item = &'a str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = end_of_run(text, at, false, ascii, &is_of_run);
        at = end_of_run(text, start, true, ascii, &is_of_run);
        (at > start).then(|| &text[start..at])
    })
}

/// Returns where the run that begins at `at` ends, or what is between two runs.
pub fn end_of_run(
    text: &str,
    mut at: usize,
    is_run: bool,
    ascii: &'static Bytes,
    is_of_run: impl Fn(char) -> bool,
) -> usize {
    while let Some(byte) = text.as_bytes().get(at) {
        match ascii[usize::from(*byte)] {
            OTHER => match text[at..].chars().next() {
                Some(c) if is_of_run(c) == is_run => at += c.len_utf8(),
                _ => break,
            },
            class if class == u8::from(is_run) => at += 1,
            _ => break,
        }
    }
    at
}

/// A text, and which pairs of neighbouring letters it has. What has another pair is not in it, so most phrases need not be
/// looked for.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    text: &'a str,
    /// A bit for each pair; several pairs share one.
    pairs: [u64; 8],
}

impl<'a> Text<'a> {
    /// A text to be searched for words.
    pub fn new(text: &'a str) -> Self {
        let mut pairs = [0; 8];
        for pair in text.as_bytes().windows(2) {
            let (place, bit) = place(pair[0], pair[1]);
            pairs[place] |= bit;
        }
        Self { text, pairs }
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Returns whether the text contains the phrase.
    pub fn contains(&self, phrase: &str) -> bool {
        let bytes = phrase.as_bytes();
        let may_have = |at: usize| {
            let (place, bit) = place(bytes[at], bytes[at + 1]);
            self.pairs[place] & bit != 0
        };
        let may_be_there = match bytes.len() {
            0 | 1 => true,
            n => may_have(0) && may_have((n - 1) / 2) && may_have(n - 2),
        };
        may_be_there && self.text.contains(phrase)
    }

    /// Returns whether the text contains one of the phrases.
    pub fn contains_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.contains(phrase))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.text
    }
}

fn place(first: u8, second: u8) -> (usize, u64) {
    let hash = usize::from(first).wrapping_mul(27) ^ usize::from(second);
    (hash / 64 % 8, 1 << (hash % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_lowered_as_a_string_is() {
        for text in ["", "abc ¿qué?", "Sí, ÑANDÚ", "ÜBER × ß", "“İŞ” Ÿ", "ΟΔΟΣ", "ДА", "a…", "ª º µ ÿ"]
        {
            assert_eq!(lower(text), text.to_lowercase(), "{text}");
        }
    }

    #[test]
    fn a_phrase_is_found_where_a_string_finds_it() {
        let said = "wie heißt du? i'm ready: 3 × 4";
        let text = Text::new(said);
        for phrase in [
            "",
            "r",
            "i'm",
            "ready",
            "heißt du",
            "ß",
            "×",
            " 4",
            "4 ",
            "red",
            "dy r",
            "readyy",
            "wie heißt du? i'm ready: 3 × 4!",
        ] {
            assert_eq!(text.contains(phrase), said.contains(phrase), "{phrase}");
        }
        assert!(!Text::new("").contains("a") && Text::new("").contains(""));
    }

    #[test]
    fn runs_of_letters_are_joined_alike_with_and_without_letters_beyond_ascii() {
        for (text, expected) in [
            ("", ""),
            ("...", ""),
            ("  What's  7 x 8?", "what's 7 x 8"),
            ("a", "a"),
            ("Stop! Now.", "stop now"),
            ("¿Qué es 7?", "qué es 7"),
            ("x — YES…", "x yes"),
        ] {
            assert_eq!(joined_runs(text, &LETTERS_AND_DIGITS), expected, "{text}");
            // The same text, read by the other way.
            let joined = joined_runs(&format!("{text} é"), &LETTERS_AND_DIGITS);
            assert_eq!(joined, format!("{expected} é").trim_start(), "{text}");
        }
    }
}
