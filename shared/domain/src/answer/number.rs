//! A number with its form, unit and place in a text.

use std::ops::Range;

use super::exact::Exact;
use super::unit::Unit;

/// How a number was said or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    /// With a point; `places` digits after it.
    Decimal {
        places: u32,
    },
    /// `value` is `top / bottom`.
    Fraction {
        top: i64,
        bottom: i64,
    },
    /// A whole number and `top / bottom`.
    Mixed {
        top: i64,
        bottom: i64,
    },
    /// "third", "40th".
    Ordinal,
    /// Two groups of digits after each other: "one forty four", "5 40". It may also be money, a time or two numbers.
    Grouped,
    /// "an hour": one, without a word for it.
    Implied,
}

/// A number with its form, unit and place.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub value: Exact,
    pub form: Form,
    /// The unit that was named; [`Unit::PERCENT`] for a percentage, whose value is not divided by 100.
    pub unit: Option<Unit>,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// The groups of [`Form::Grouped`], and the numbers before and after a decimal point or comma.
    pub parts: Option<(Exact, Exact)>,
    /// The value if the separator was meant otherwise: 86400 for "86.400".
    pub otherwise: Option<Exact>,
    /// Whether the parts are separated by a comma, as in "(2,5)".
    pub has_comma: bool,
}

impl Number {
    pub(super) fn new(value: Exact, form: Form) -> Self {
        Self { value, form, unit: None, span: 0..0, parts: None, otherwise: None, has_comma: false }
    }

    /// Returns the value with a percentage divided by 100.
    pub fn share(&self) -> Option<Exact> {
        if self.unit.is_some_and(Unit::is_percent) { self.value.over(Exact::whole(100)) } else { Some(self.value) }
    }

    /// Returns the number as people write it: 3, 0.75, 5/6, 1 3/4, 20%.
    pub fn written(&self) -> String {
        let percent = if self.unit.is_some_and(Unit::is_percent) { "%" } else { "" };
        match self.form {
            Form::Fraction { top, bottom } => format!("{top}/{bottom}{percent}"),
            Form::Decimal { .. } => format!("{}{percent}", self.value.to_f64()),
            _ => format!("{}{percent}", self.value),
        }
    }
}

/// Adds to a list of numbers. They are large: room for four, which a list makes at first, is slow to allocate.
pub(super) fn push<T>(list: &mut Vec<T>, number: T) {
    if list.is_empty() {
        list.reserve_exact(2);
    }
    list.push(number);
}
