//! Texts on their way to a model and back: what the model need not know, and when two texts are the same.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Letters and digits only, in lower case, with single spaces: as a speech recogniser and a model may both write it.
pub(super) fn normalise(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

pub(super) fn shorten(text: &str, max_chars: usize) -> String {
    text.chars().take(max_chars).collect()
}

static PRIVATE: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
    let regex = |pattern| Regex::new(pattern).expect("a literal, compiled by a test");
    [
        (regex(r"(?i)\b(https?://|www\.)\S+"), "<URL>"),
        (regex(r"(?i)\b[\w.+-]+@[\w-]+\.[\w.-]+\b"), "<EMAIL>"),
        // Seven digits or more: no number of a lesson, but one of a telephone, a card or an account.
        (regex(r"\+?\d(?:[\s().-]{0,2}\d){6,}"), "<NUMBER>"),
    ]
});

/// Without addresses and numbers that lead to a person.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let mut redacted = Cow::Borrowed(text);
    for (pattern, placeholder) in PRIVATE.iter() {
        if pattern.is_match(&redacted) {
            redacted = Cow::Owned(pattern.replace_all(&redacted, *placeholder).into_owned());
        }
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_lesson_stay_and_those_of_a_person_go() {
        assert_eq!(redact("It is 3 + 4 = 7, or 125 000."), "It is 3 + 4 = 7, or 125 000.");
        assert_eq!(redact("Call +1 (415) 555-0142 or a.b@example.org"), "Call <NUMBER> or <EMAIL>");
        assert_eq!(redact("see https://example.org/x?y and www.example.org"), "see <URL> and <URL>");
    }

    #[test]
    fn the_same_words_are_the_same_however_they_are_written() {
        assert_eq!(normalise("Um — “Two fifths”?"), normalise("um two  FIFTHS"));
    }
}
