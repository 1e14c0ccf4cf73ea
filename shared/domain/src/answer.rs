//! Answers: what a person said or typed, as a typed value.
//!
//! - [`numbers`] returns every number of a text, with its place.
//! - [`calculations`] returns every calculation of a text: "half of fourteen", "sieben mal acht".
//! - [`read`] returns the value that an utterance commits to, the claims inside it and the words that were not read.
//! - [`read_digits`] returns the digits of a PIN.
//! - [`judge`](judge()) compares what was said with a key.
//!
//! Number words are ours. `text2num` reads cardinals of these languages, but it rewrites a text: it does not say which
//! words it read, and it does not know "one oh five", "seven twelfths" or "ate". `fend-core` computes with units, but in
//! decimals beside its fractions, and it does not know whether a text was read to its end.

mod digits;
mod exact;
mod expression;
mod judge;
mod key;
mod number;
mod numeral;
mod parser;
mod polynomial;
mod reading;
mod token;
mod unit;
mod value;
mod vocabulary;
mod words;

use std::ops::Range;

pub use self::digits::read_digits;
pub use self::exact::Exact;
pub use self::expression::{Expression, Operation};
pub use self::judge::{Judgement, judge, judge_said};
pub use self::key::{AskedForm, Key, Kind};
pub use self::number::{Form, Number};
pub use self::polynomial::Polynomial;
pub use self::reading::{Claim, Expecting, Reading, Said, Standing, read};
pub use self::unit::{Base, Unit};
pub use self::value::{Clock, Date, Half, Interval, Relation, Remainder, Sign, Value};

use self::parser::{Parser, split};

/// A language whose answers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    English,
    Spanish,
    German,
}

impl Language {
    pub const ALL: [Self; 3] = [Self::English, Self::Spanish, Self::German];

    /// Returns the language that knows most words of a question; English if none knows more than another.
    pub fn of_question(text: &str) -> Self {
        let tokens = split(text);
        let known = |language: Self| words::count_known(&tokens, language);
        let best = [Self::Spanish, Self::German].into_iter().max_by_key(|language| known(*language));
        best.filter(|language| known(*language) > known(Self::English)).unwrap_or(Self::English)
    }

    /// Returns the language of an ISO 639-1 code; `None` if its answers are not read.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "en" => Some(Self::English),
            "es" => Some(Self::Spanish),
            "de" => Some(Self::German),
            _ => None,
        }
    }
}

/// Whether a unit of this name is known: `cm`, `dollars`, `square metres`, `km/h`.
pub fn is_unit(name: &str, language: Language) -> bool {
    key::unit_named(name, language).is_some()
}

/// Returns all numbers of a text in order, with their units and places. Homophones ("to", "ate") are no numbers here.
///
/// The numbers of a calculation are apart: "seven minus three" has 7 and 3, and "negative three" has -3.
pub fn numbers(text: &str, language: Language) -> Vec<Number> {
    let mut found = Vec::new();
    each_expression(text, language, |expression, _| expression.add_numbers(&mut found));
    found
}

/// A calculation in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Calculation {
    pub expression: Expression,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// Returns all calculations of a text in order: expressions with at least one operation.
pub fn calculations(text: &str, language: Language) -> Vec<Calculation> {
    numbers_and_calculations(text, language).1
}

/// Returns [`numbers`] and [`calculations`] of a text, which is read once for both.
pub fn numbers_and_calculations(text: &str, language: Language) -> (Vec<Number>, Vec<Calculation>) {
    let (mut numbers, mut calculations) = (Vec::new(), Vec::new());
    each_expression(text, language, |expression, span| match expression {
        Expression::Number(only) => number::push(&mut numbers, *only),
        expression => {
            expression.add_numbers(&mut numbers);
            if expression.has_operation() {
                calculations.push(Calculation { expression, span });
            }
        }
    });
    (numbers, calculations)
}

/// Calls `see` with each expression of a text and its place.
fn each_expression(text: &str, language: Language, mut see: impl FnMut(Expression, Range<usize>)) {
    let tokens = split(text);
    let parser = Parser::new(&tokens, language, false);
    let mut at = 0;
    while at < parser.len() {
        match parser.expression(at) {
            Some((expression, end)) if end > at => {
                see(expression, parser.span(at, end));
                at = end;
            }
            _ => at += 1,
        }
    }
}

/// Returns whether a single word is a number. `None`: a table cannot decide it; read it with [`numbers`].
pub fn is_number_word(word: &str, language: Language) -> Option<bool> {
    let is_plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    if is_plain { words::is_number(word, language) } else { None }
}
