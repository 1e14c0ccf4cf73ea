//! The right answer, where the question itself tells it: a calculation, or a question of the curriculum with its key.

use std::sync::LazyLock;

use domain::answer::{self, Expecting, Language};
use domain::text::{Bytes, bytes, joined_runs};

use super::arithmetic;
use super::exchange::{self, sentences};
use super::memo::{self, values};
use super::numbers::Value;
use super::pattern::Pattern;
use super::skill::Lexicon;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expected {
    /// A result, and how it is written.
    Number(f64, String),
    /// A number of parts, and the fraction they make: "three", or "three sixths".
    Parts(f64, Value),
    /// What the tutor has just given away.
    Told(f64),
    /// The fraction must be written in this form.
    Lowest(u32, u32),
    Words(String),
}

impl Expected {
    /// What the task's last question expects.
    pub(super) fn of(task: &str, language: Language, lexicon: &Lexicon) -> Option<Self> {
        let sentences = sentences(task);
        // Only the last question counts, and a statement only where nothing is asked: "Let's try one quarter plus two thirds."
        let (asked, _) = sentences.iter().rev().find(|(_, asks)| *asks).or(sentences.last())?;
        if asked.contains("simplify") {
            let fraction = values(asked, language).last().and_then(|v| v.fraction);
            return fraction.map(|(top, bottom)| {
                let divisor = gcd(top, bottom);
                Expected::Lowest(top / divisor, bottom / divisor)
            });
        }
        if let Some(key) = sentences.iter().rev().find_map(|(text, _)| lexicon.answer(text)) {
            return Some(match &*values(key, language) {
                [value] => Expected::Number(value.amount, key.to_owned()),
                _ => Expected::Words(words(key)),
            });
        }
        if let Some((bottom, fraction)) = asked_parts(asked, language) {
            return Some(Expected::Parts(fraction.amount * f64::from(bottom), fraction));
        }
        let calculation = calculated(asked, language).filter(|_| arithmetic::claims(asked, language).is_empty());
        // Who has just been told the answer is asked to say it.
        let told = || sentences.iter().rev().find_map(|(text, _)| told_number(text, language)).map(Expected::Told);
        calculation.or_else(told)
    }
}

/// The calculation that a question asks for, if it asks for nothing else: "about how much is" does.
fn calculated(asked: &str, language: Language) -> Option<Expected> {
    let calculations = memo::calculations(asked, language);
    let calculation = calculations.last()?;
    let around = [&asked[..calculation.span.start], &asked[calculation.span.end..]];
    let is_plain = around.into_iter().flat_map(words_of).all(|word| AROUND.contains(&word) || word.len() == 1);
    let result = calculation.expression.value().filter(|_| is_plain)?;
    Some(Expected::Number(result.to_f64(), result.to_string()))
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty())
}

/// What may stand around a calculation without changing what it asks.
const AROUND: &[&str] = &[
    "what",
    "what's",
    "whats",
    "is",
    "are",
    "was",
    "how",
    "much",
    "many",
    "and",
    "so",
    "now",
    "then",
    "okay",
    "ok",
    "the",
    "answer",
    "to",
    "try",
    "let's",
    "lets",
    "another",
    "one",
    "next",
    "last",
    "first",
    "here",
    "here's",
    "compute",
    "calculate",
    "work",
    "out",
    "find",
    "tell",
    "me",
    "do",
    "you",
    "get",
    "does",
    "make",
    "makes",
    "equal",
    "equals",
    "can",
    "solve",
    "again",
    "it",
    "that",
    "that's",
    "if",
    "well",
    "great",
    "good",
    "yes",
    "right",
    "alright",
    "cuánto",
    "cuanto",
    "es",
    "son",
    "y",
    "ahora",
    "calcula",
    "pues",
    "was",
    "ist",
    "und",
    "jetzt",
    "wie",
    "viel",
    "ergibt",
    "macht",
    "rechne",
    "dann",
    "this",
    "with",
    "see",
    "we",
    "think",
    "would",
    "be",
    "give",
    "go",
    "ready",
    "a",
    "please",
    "trickier",
    "harder",
];

/// Whether an answer to `asked` is the expected one; `None` where it cannot be compared.
pub(super) fn check(
    expected: &Expected,
    asked: &str,
    said: &str,
    value: Option<Value>,
    language: Language,
) -> Option<bool> {
    match expected {
        Expected::Number(number, key) => {
            match memo::judge("", &answer::Key::from(key.as_str()), said, language) {
                answer::Judgement::Right => return Some(true),
                answer::Judgement::Wrong => return Some(false),
                answer::Judgement::WrongForm => return None,
                answer::Judgement::Undecided => {}
            }
            // "Three remainder one" is two numbers, and only the question says what was divided.
            let heard = memo::said(said);
            let committed = &heard.read(language, Expecting::Number).committed;
            if matches!(committed, Some(answer::Value::Remainder(_))) {
                return match answer::judge(asked, &answer::Key::from(key.as_str()), said, language) {
                    answer::Judgement::Right => Some(true),
                    answer::Judgement::Wrong => Some(false),
                    answer::Judgement::WrongForm | answer::Judgement::Undecided => None,
                };
            }
            if value?.equals(*number) {
                return Some(true);
            }
            // "5 divided by 5 is 1 ticket for each of the 5 games."
            if arithmetic::claims(said, language).iter().any(|c| c.holds == Some(true) && c.result.equals(*number)) {
                return Some(true);
            }
            // Who said the number and then went on to the next step gave it all the same, perhaps.
            let is_sentence = words_of(said).count() >= SENTENCE;
            (is_sentence && !values(said, language).iter().any(|v| v.equals(*number))).then_some(false)
        }
        Expected::Told(number) => {
            // A student may go on from there: another number says nothing.
            value?.equals(*number).then_some(true)
        }
        Expected::Parts(parts, fraction) => {
            let value = value?;
            let right = value.equals(*parts) || value.equals(fraction.amount);
            // Who says more answers more than this question.
            (right || values(said, language).len() == 1).then_some(right)
        }
        Expected::Lowest(top, bottom) => Some(value?.fraction? == (*top, *bottom)),
        Expected::Words(key) => format!(" {} ", words(said)).contains(&format!(" {key} ")).then_some(true),
    }
}

/// So many words around a number are a sentence about it, whether each of them was read or not.
const SENTENCE: usize = 7;

/// The number that a text gives away as a result and ends in: "18 divided by 2 is 9", "So the answer is 9."
pub(super) fn given(text: &str, language: Language) -> Option<f64> {
    let (last, asks) = sentences(text).into_iter().next_back()?;
    if asks || DENIED.is_match(last) {
        return None;
    }
    let end = values(last, language).last().copied()?;
    let computed = arithmetic::claims(last, language).iter().any(|claim| claim.result.equals(end.amount));
    (computed || told_number(last, language).is_some_and(|told| end.equals(told))).then_some(end.amount)
}

/// The number that a statement gives as a result: "The answer is 56.", "Six eights are 48."
pub(super) fn stated(text: &str, language: Language) -> Option<Value> {
    let of_claim = arithmetic::claims(text, language).into_iter().next_back().map(|claim| claim.result);
    of_claim.or_else(|| told_number(text, language).map(|amount| Value { amount, fraction: None }))
}

/// The same, also of a short statement: "It's 56."
pub(super) fn given_alone(text: &str, language: Language) -> Option<Value> {
    stated(text, language).or_else(|| {
        let numbers = values(text, language);
        let is_short = exchange::words(text).count() <= numbers.len() + 3;
        numbers.last().copied().filter(|_| is_short && (text.starts_with("it's ") || text.starts_with("it is ")))
    })
}

static DENIED: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::new(r"\b(?:not|\w+n't|cannot|wrong|incorrect|you said)\b"));

/// "The answer is 10."
pub(super) fn told_number(text: &str, language: Language) -> Option<f64> {
    let (_, after) = text.split_once("answer")?;
    let after = after.trim_start_matches(" to the question").trim_start();
    let rest = ["is ", "was ", "would be ", "should be ", "= "].iter().find_map(|verb| after.strip_prefix(verb))?;
    let numbers = memo::numbers(rest, language);
    let first = numbers.first()?;
    // "is actually 10", but not "is not 10".
    let before = rest[..first.span.start].trim();
    (before != "not" && before.split_whitespace().count() <= 1).then(|| Value::from(first).amount)
}

/// "How many sixths is one half?" asks for a number of parts: the parts, and the fraction.
fn asked_parts(text: &str, language: Language) -> Option<(u32, Value)> {
    let (_, after) = text.rsplit_once("how many ")?;
    let (parts, rest) = after.split_once(' ')?;
    let one = format!("one {}", parts.strip_suffix('s')?);
    let (_, bottom) = values(&one, language).first()?.fraction?;
    let fraction = values(rest, language).iter().copied().find(|value| value.fraction.is_some())?;
    Some((bottom, fraction))
}

fn words(text: &str) -> String {
    static KEPT: Bytes = bytes(true, b"");
    joined_runs(text, &KEPT)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use domain::curriculum::Curriculum;

    use super::super::exchange::plain;
    use super::*;

    fn check_answer(task: &str, said: &str) -> Option<bool> {
        let starter = Curriculum::starter();
        let expected = Expected::of(&plain(task), Language::English, &Lexicon::new(&starter))?;
        check(&expected, &plain(task), &plain(said), values(said, Language::English).last().copied(), Language::English)
    }

    #[test]
    fn a_calculation_is_its_own_key() {
        assert_eq!(check_answer("What is one half plus one third?", "Um, two fifths?"), Some(false));
        assert_eq!(check_answer("What is one half plus one third?", "so it's five sixths"), Some(true));
        assert_eq!(check_answer("Let's try another: one quarter plus two thirds.", "Eleven twelfths."), Some(true));
        assert_eq!(check_answer("What is 163 - 156 = ?", "13"), Some(false));
    }

    #[test]
    fn a_remainder_is_held_against_the_division() {
        assert_eq!(check_answer("What is 10 divided by 3?", "Three remainder one."), Some(true));
        assert_eq!(check_answer("What is 10 divided by 3?", "Three remainder two."), Some(false));
        assert_eq!(check_answer("What is 10 divided by 3?", "Two remainder four."), Some(false));
        assert_eq!(check_answer("What is 10 divided by 3?", "remainder one"), None);
    }

    #[test]
    fn a_question_of_the_curriculum_has_its_key() {
        assert_eq!(check_answer("How many sides does a hexagon have?", "six"), Some(true));
        assert_eq!(check_answer("What is yellow in Italian?", "giallo"), Some(true));
        assert_eq!(check_answer("What is yellow in Italian?", "amarillo"), None);
    }

    #[test]
    fn parts_may_be_counted_or_named() {
        assert_eq!(check_answer("So how many sixths is one half?", "three"), Some(true));
        assert_eq!(check_answer("So how many sixths is one half?", "Three sixths."), Some(true));
        assert_eq!(check_answer("So how many sixths is one half?", "two"), Some(false));
    }

    #[test]
    fn a_simplified_fraction_must_be_in_lowest_terms() {
        assert_eq!(check_answer("Simplify six eighths.", "three quarters"), Some(true));
        assert_eq!(check_answer("Can you simplify 6/12?", "3/6"), Some(false));
        assert_eq!(check_answer("Simplify six eighths.", "Is it six?"), None);
    }
}
