//! The right answer, where the question itself tells it: a calculation, or a question of the curriculum with its key.

use std::sync::LazyLock;

use domain::answer::{self, Expecting};
use domain::text::{Bytes, bytes, joined_runs};

use super::lexicon::Lexicon;
use super::numbers::Value;
use super::passage::Passage;
use super::pattern::Pattern;

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
    pub(super) fn of(task: &Passage, lexicon: &Lexicon) -> Option<Self> {
        // Only the last question counts, and a statement only where nothing is asked: "Let's try one quarter plus two thirds."
        let (asked, _) = task.asked()?;
        if asked.contains("simplify") {
            let fraction = asked.values().last().and_then(|v| v.fraction);
            return fraction.map(|(top, bottom)| {
                let divisor = gcd(top, bottom);
                Expected::Lowest(top / divisor, bottom / divisor)
            });
        }
        if let Some(key) = task.sentences().rev().find_map(|(text, _)| lexicon.answer(text)) {
            return Some(match task.part(key).values() {
                [value] => Expected::Number(value.amount, key.to_owned()),
                _ => Expected::Words(words(key)),
            });
        }
        if let Some((bottom, fraction)) = asked_parts(asked) {
            return Some(Expected::Parts(fraction.amount * f64::from(bottom), fraction));
        }
        let calculation = calculated(asked).filter(|_| asked.claims().is_empty());
        // The student has just heard the answer and is asked to say it.
        let told = || task.sentences().rev().find_map(|(text, _)| told_number(text)).map(Expected::Told);
        calculation.or_else(told)
    }
}

/// The calculation that a question asks for, if it asks for nothing else: "about how much is" does.
fn calculated(asked: &Passage) -> Option<Expected> {
    let calculation = asked.calculations().last()?;
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
pub(super) fn check(expected: &Expected, asked: &str, said: &Passage, value: Option<Value>) -> Option<bool> {
    match expected {
        Expected::Number(number, key) => {
            match said.judge("", &answer::Key::from(key.as_str())) {
                answer::Judgement::Right => return Some(true),
                answer::Judgement::Wrong => return Some(false),
                answer::Judgement::WrongForm => return None,
                answer::Judgement::Undecided => {}
            }
            // "Three remainder one" is two numbers, and only the question says what was divided.
            if matches!(said.read(Expecting::Number).committed, Some(answer::Value::Remainder(_))) {
                return match said.judge(asked, &answer::Key::from(key.as_str())) {
                    answer::Judgement::Right => Some(true),
                    answer::Judgement::Wrong => Some(false),
                    answer::Judgement::WrongForm | answer::Judgement::Undecided => None,
                };
            }
            if value?.equals(*number) {
                return Some(true);
            }
            // "5 divided by 5 is 1 ticket for each of the 5 games."
            if said.claims().iter().any(|c| c.holds == Some(true) && c.result.equals(*number)) {
                return Some(true);
            }
            // Who said the number and then went on to the next step gave it all the same, perhaps.
            let is_sentence = words_of(said).count() >= SENTENCE;
            (is_sentence && !said.values().iter().any(|v| v.equals(*number))).then_some(false)
        }
        Expected::Told(number) => {
            // A student may go on from there: another number says nothing.
            value?.equals(*number).then_some(true)
        }
        Expected::Parts(parts, fraction) => {
            let value = value?;
            let right = value.equals(*parts) || value.equals(fraction.amount);
            // Who says more answers more than this question.
            (right || said.values().len() == 1).then_some(right)
        }
        Expected::Lowest(top, bottom) => Some(value?.fraction? == (*top, *bottom)),
        Expected::Words(key) => format!(" {} ", words(said)).contains(&format!(" {key} ")).then_some(true),
    }
}

/// So many words around a number are a sentence about it, whether each of them was read or not.
const SENTENCE: usize = 7;

/// The number that a text gives away as a result and ends in: "18 divided by 2 is 9", "So the answer is 9."
pub(super) fn given(text: &Passage) -> Option<f64> {
    let (last, asks) = text.sentences().next_back()?;
    if asks || DENIED.is_match(last) {
        return None;
    }
    let end = last.values().last().copied()?;
    let computed = last.claims().iter().any(|claim| claim.result.equals(end.amount));
    (computed || told_number(last).is_some_and(|told| end.equals(told))).then_some(end.amount)
}

/// The number that a statement gives as a result: "The answer is 56.", "Six eights are 48."
pub(super) fn stated(text: &Passage) -> Option<Value> {
    let of_claim = text.claims().last().map(|claim| claim.result);
    of_claim.or_else(|| told_number(text).map(|amount| Value { amount, fraction: None }))
}

/// The same, also of a short statement: "It's 56."
pub(super) fn given_alone(text: &Passage) -> Option<Value> {
    stated(text).or_else(|| {
        let is_short = || text.words().len() <= text.values().len() + 3;
        let says = text.starts_with("it's ") || text.starts_with("it is ");
        text.values().last().copied().filter(|_| says && is_short())
    })
}

static DENIED: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::new(r"\b(?:not|\w+n't|cannot|wrong|incorrect|you said)\b"));

/// "The answer is 10."
pub(super) fn told_number(text: &Passage) -> Option<f64> {
    let (_, after) = text.split_once("answer")?;
    let after = after.trim_start_matches(" to the question").trim_start();
    let rest = ["is ", "was ", "would be ", "should be ", "= "].iter().find_map(|verb| after.strip_prefix(verb))?;
    let rest = text.part(rest);
    let first = rest.numbers().first()?;
    // "is actually 10", but not "is not 10".
    let before = rest[..first.span.start].trim();
    (before != "not" && before.split_whitespace().count() <= 1).then(|| Value::from(first).amount)
}

/// "How many sixths is one half?" asks for a number of parts: the parts, and the fraction.
fn asked_parts(text: &Passage) -> Option<(u32, Value)> {
    let (_, after) = text.rsplit_once("how many ")?;
    let (parts, rest) = after.split_once(' ')?;
    let one = format!("one {}", parts.strip_suffix('s')?);
    let (_, bottom) = text.part(&one).values().first()?.fraction?;
    let fraction = text.part(rest).values().iter().copied().find(|value| value.fraction.is_some())?;
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
    use domain::answer::Language;
    use domain::curriculum::Curriculum;

    use super::super::text::plain;
    use super::*;

    fn check_answer(task: &str, said: &str) -> Option<bool> {
        let starter = Curriculum::starter();
        let [task, said] = [task, said].map(|text| Passage::new(&plain(text), Language::English));
        check(&Expected::of(&task, &Lexicon::of(&starter))?, &task, &said, said.values().last().copied())
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
