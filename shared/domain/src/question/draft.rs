//! A question as its maker leaves it.

use super::speech::Both;

/// What sort of value the key is, for the one who reads an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number in any form of the same value: 7, -3, 0.5, 3/4.
    Number,
    /// A fraction in lowest terms.
    LowestTerms,
    /// A whole number and a fraction.
    MixedNumber,
    /// A fraction whose top is not smaller than its bottom.
    ImproperFraction,
    /// A number written with a decimal point.
    Decimal,
    /// An amount of dollars and cents.
    Money,
    /// A time of day on a clock of twelve hours.
    Time,
    /// A quotient and a remainder.
    Remainder,
    /// Two numbers in a ratio, in lowest terms.
    Ratio,
    /// An expression with a letter.
    Expression,
    /// An inequality.
    Inequality,
    /// A point with two coordinates.
    Point,
    /// Several numbers whose order counts.
    List,
    /// Several numbers in any order.
    Set,
    /// Yes or no.
    YesNo,
    /// A word.
    Word,
}

/// A question before it gets its difficulty.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub ask: Both,
    pub answer: String,
    pub worked: String,
    pub kind: Kind,
}

/// A question whose key is a number, until [`Draft::kind`] says otherwise.
#[expect(clippy::needless_pass_by_value, reason = "keys are numbers and texts made in place")]
pub(super) fn draft(ask: Both, answer: impl ToString, worked: String) -> Draft {
    Draft { ask, answer: answer.to_string(), worked, kind: Kind::Number }
}

impl Draft {
    pub(super) fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}
