//! Values that an answer can have, and reading the one that begins at a place.

use super::Language;
use super::exact::Exact;
use super::expression::Expression;
use super::number::{Form, Number};
use super::parser::Parser;
use super::words::Sense;

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer, decimal, fraction, mixed number, percentage, ordinal, money, duration or measure: see its form and unit.
    Number(Number),
    Clock(Clock),
    Date(Date),
    Remainder(Remainder),
    /// "2:3" and "two to three"; "3:40" may be a time.
    Ratio(Vec<Exact>),
    /// An expression that is not worked out.
    Expression(Expression),
    Relation(Relation),
    /// Several values, in order.
    List(Vec<Value>),
    Interval(Interval),
    /// "yes" and "no", "true" and "false".
    YesNo(bool),
    /// "they are equal".
    Equal,
}

/// A time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// 0 to 24, as it was said.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    pub half: Option<Half>,
    /// The numbers of "two to three", which may be a ratio.
    pub pair: Option<(i64, i64)>,
}

/// The half of the day that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Morning,
    Afternoon,
}

/// A day of a month. What was not said is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub day: Option<u8>,
    /// 1 to 12.
    pub month: u8,
    pub year: Option<i64>,
}

/// A division that leaves something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// `None`: only the rest was said.
    pub quotient: Option<Exact>,
    pub rest: Exact,
}

/// How two sides compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Equal,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Unequal,
}

impl Sign {
    /// Returns the sign for exchanged sides.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::Greater => Self::Less,
            Self::AtMost => Self::AtLeast,
            Self::AtLeast => Self::AtMost,
            Self::Equal | Self::Unequal => self,
        }
    }

    /// Returns whether it holds of two numbers.
    pub fn holds(self, left: Exact, right: Exact) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::Greater => left > right,
            Self::AtMost => left <= right,
            Self::AtLeast => left >= right,
        }
    }
}

/// An equation, an inequality, or a chain of them: `2 <= x < 5`.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// `None`: "greater than four", where the letter was left out.
    pub first: Option<Expression>,
    /// At least one.
    pub rest: Vec<(Sign, Expression)>,
}

impl Relation {
    /// Returns whether it holds; `None` with letters or beyond what is computed.
    pub fn holds(&self) -> Option<bool> {
        let mut left = self.first.as_ref()?.value()?;
        let mut all = true;
        for (sign, right) in &self.rest {
            let right = right.value()?;
            all &= sign.holds(left, right);
            left = right;
        }
        Some(all)
    }

    /// Whether all its signs are "equals".
    pub fn is_equation(&self) -> bool {
        self.rest.iter().all(|(sign, _)| *sign == Sign::Equal)
    }
}

/// `[2, 5)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub low: Exact,
    pub high: Exact,
    pub has_low: bool,
    pub has_high: bool,
}

impl Parser<'_> {
    /// Reads the value that begins at `at`: the longest of all kinds but words.
    pub(super) fn value(&self, at: usize) -> Option<(Value, usize)> {
        if let Some((number, end)) = self.plain_number(at) {
            return Some((Value::Number(number), end));
        }
        // "las tres y media"
        let may_be_article =
            self.language == Language::Spanish && matches!(self.sense(at), Sense::Filler | Sense::ItIs);
        if !may_be_article && !self.may_start(self.skip(at)) {
            return None;
        }
        let special = self
            .date(at)
            .or_else(|| self.clock(at))
            .or_else(|| self.remainder(at))
            .or_else(|| self.ratio(at))
            .or_else(|| self.bracketed_list(at));
        let relation = self.relation(at);
        match (special, relation) {
            (Some(special), Some(relation)) if special.1 >= relation.1 => Some(special),
            (Some(special), None) => Some(special),
            (_, relation) => relation,
        }
    }

    /// An expression, or several with signs between them.
    fn relation(&self, at: usize) -> Option<(Value, usize)> {
        if let Some((sign, after)) = self.sign(at).filter(|(sign, _)| *sign != Sign::Equal) {
            let (right, end) = self.expression(after)?;
            return Some((Value::Relation(Relation { first: None, rest: vec![(sign, right)] }), end));
        }
        let (first, mut end) = self.expression(at)?;
        let mut rest = Vec::new();
        while let Some((sign, after)) = self.sign(self.skip(end))
            && let Some((right, right_end)) = self.expression(after)
        {
            rest.push((sign, right));
            end = right_end;
        }
        let value = match first {
            first if !rest.is_empty() => Value::Relation(Relation { first: Some(first), rest }),
            Expression::Number(number) => Value::Number(*number),
            first => Value::Expression(first),
        };
        Some((value, end))
    }

    /// The sign at `at`, and where it ends.
    fn sign(&self, at: usize) -> Option<(Sign, usize)> {
        let is_equal_next = self.sense(at + 1) == Sense::Is && self.is_glued(at + 1);
        Some(match self.sense(at) {
            Sense::Less if is_equal_next => (Sign::AtMost, at + 2),
            Sense::Greater if is_equal_next => (Sign::AtLeast, at + 2),
            // "is less than", where "is" was read alone.
            Sense::Is => {
                let next = self.skip(at + 1);
                match self.sign(next) {
                    Some((sign, end)) if matches!(self.sense(next), Sense::Is) => (sign, end),
                    Some(found) => found,
                    None => (Sign::Equal, at + 1),
                }
            }
            Sense::Less => (Sign::Less, at + 1),
            Sense::Greater => (Sign::Greater, at + 1),
            Sense::AtMost => (Sign::AtMost, at + 1),
            Sense::AtLeast => (Sign::AtLeast, at + 1),
            Sense::Unequal => (Sign::Unequal, at + 1),
            _ => return None,
        })
    }

    /// "half past three", "quarter to four", "three o'clock", "halb vier", "las tres y media", "3:40 pm".
    fn clock(&self, at: usize) -> Option<(Value, usize)> {
        let (mut clock, mut end) = self.written_clock(at).or_else(|| self.spoken_clock(at))?;
        if let Some(half) = self.half_of_day(end) {
            clock.half = Some(half);
            end += 1;
        }
        Some((Value::Clock(clock), end))
    }

    fn half_of_day(&self, at: usize) -> Option<Half> {
        match self.sense(at) {
            Sense::Morning => Some(Half::Morning),
            Sense::Afternoon => Some(Half::Afternoon),
            _ => None,
        }
    }

    /// "3:40", with two digits of minutes; "3:40" without is a ratio.
    fn written_clock(&self, at: usize) -> Option<(Clock, usize)> {
        let has_colon = self.sense(at + 1) == Sense::Colon && self.is_glued(at + 1) && self.is_glued(at + 2);
        if self.is_digits(at) && has_colon && self.text(at + 2).len() == 2 {
            let end = at + 3;
            if self.sense(end) == Sense::Colon {
                return None;
            }
            return Some((clock(self.text(at).parse().ok()?, self.text(at + 2).parse().ok()?)?, end));
        }
        // "3 pm", "3.40 pm", "three thirty pm"
        let (number, end) = self.number(at)?;
        self.half_of_day(end)?;
        let found = match (number.value.to_whole(), number.parts) {
            (_, Some((hour, minute))) => clock(hour.to_whole()?, minute.to_whole()?),
            (Some(hour), None) => clock(hour, 0),
            _ => None,
        };
        Some((found?, end))
    }

    fn spoken_clock(&self, at: usize) -> Option<(Clock, usize)> {
        let hour = |at: usize| {
            let start = if self.is_clock_article(at) { at + 1 } else { at };
            let (number, end) = self.hour_number(start)?;
            let hour = number.to_whole().filter(|hour| (0..=24).contains(hour))?;
            Some((hour, end + usize::from(self.sense(end) == Sense::OClock)))
        };
        if self.language == Language::German
            && self.text(at) == "halb"
            && let Some((hour, end)) = hour(at + 1)
        {
            return Some((clock(if hour == 1 { 12 } else { hour - 1 }, 30)?, end));
        }
        let start = if self.sense(at) == Sense::A { at + 1 } else { at };
        let minutes = match self.sense(start) {
            Sense::Half => Some((30, start + 1)),
            Sense::Part { bottom: 4, .. } => Some((15, start + 1)),
            _ => {
                let (number, end) = self.cardinal(at)?;
                let minutes = number.value.to_whole().filter(|_| number.form == Form::Whole);
                let end = end + usize::from(matches!(self.text(end), "minutes" | "minute" | "minuten"));
                minutes.map(|minutes| (minutes, end))
            }
        };
        let (minutes, end) = minutes?;
        let spoken = match self.sense(end) {
            Sense::Past => hour(end + 1).and_then(|(hour, end)| Some((clock(hour, minutes)?, end))),
            Sense::To => hour(end + 1).and_then(|(hour, end)| {
                let before = if hour == 1 { 12 } else { hour.checked_sub(1)? };
                let pair = Some((minutes, hour));
                (minutes > 0).then(|| Some((Clock { pair, ..clock(before, 60 - minutes)? }, end)))?
            }),
            _ => None,
        };
        if spoken.is_some() {
            return spoken;
        }
        let start = if self.is_clock_article(at) { at + 1 } else { at };
        let (number, end) = self.hour_number(start)?;
        let hour = number.to_whole().filter(|hour| (0..=24).contains(hour))?;
        if self.sense(end) == Sense::OClock {
            // "drei Uhr dreißig"
            let minutes = self.cardinal(end + 1).and_then(|(minutes, end)| Some((minutes.value.to_whole()?, end)));
            return match minutes.filter(|(minutes, _)| *minutes < 60 && self.language == Language::German) {
                Some((minutes, end)) => Some((clock(hour, minutes)?, end)),
                None => Some((clock(hour, 0)?, end + 1)),
            };
        }
        if self.language == Language::Spanish {
            let quarter = |at: usize| matches!(self.sense(at), Sense::Part { bottom: 4, is_plural: false });
            match self.sense(end) {
                Sense::And if quarter(end + 1) => return Some((clock(hour, 15)?, end + 2)),
                Sense::And if self.text(end + 1) == "media" => return Some((clock(hour, 30)?, end + 2)),
                Sense::Minus if quarter(end + 1) => return Some((clock((hour + 11) % 12, 45)?, end + 2)),
                _ => {}
            }
        }
        None
    }

    /// "las", "la" before an hour.
    fn is_clock_article(&self, at: usize) -> bool {
        self.language == Language::Spanish
            && (matches!(self.text(at), "las" | "la") && matches!(self.sense(at), Sense::Filler | Sense::ItIs)
                || matches!(self.sense(at), Sense::ItIs))
    }

    fn hour_number(&self, at: usize) -> Option<(Exact, usize)> {
        // "la una", "ein Uhr"
        if self.sense(at) == Sense::A && self.language != Language::English {
            return Some((Exact::ONE, at + 1));
        }
        let (number, end) = self.cardinal(at)?;
        (number.form == Form::Whole).then_some((number.value, end))
    }

    /// "4 July", "the fourth of July", "July 4th 2026".
    fn date(&self, at: usize) -> Option<(Value, usize)> {
        let day = |at: usize| {
            let (number, end) = self.number(at)?;
            let day = number.value.to_whole().filter(|day| (1..=31).contains(day) && number.unit.is_none())?;
            Some((day as u8, end + usize::from(self.text(end) == "." && self.is_glued(end))))
        };
        let year = |at: usize| {
            let start = at + usize::from(matches!(self.sense(at), Sense::Comma | Sense::Of));
            let (number, end) = self.number(start)?;
            let year = number.value.to_whole().filter(|year| (1000..3000).contains(year))?;
            Some((year, end))
        };
        if let Sense::Month(month) = self.sense(at) {
            let (found, mut end) = match day(self.skip(at + 1)) {
                Some((day, end)) => (Some(day), end),
                None => (None, at + 1),
            };
            let said_year = year(end);
            if let Some((_, after)) = said_year {
                end = after;
            }
            return Some((Value::Date(Date { day: found, month, year: said_year.map(|(year, _)| year) }), end));
        }
        let (found, end) = day(at)?;
        let month = self.skip(end + usize::from(self.sense(end) == Sense::Of));
        let Sense::Month(number) = self.sense(month) else { return None };
        let said_year = year(month + 1);
        let end = said_year.map_or(month + 1, |(_, end)| end);
        let date = Date { day: Some(found), month: number, year: said_year.map(|(year, _)| year) };
        Some((Value::Date(date), end))
    }

    /// "three remainder one", "6 r 2", "remainder 2", "three with one left over".
    fn remainder(&self, at: usize) -> Option<(Value, usize)> {
        let is_mark = |at: usize| match self.sense(at) {
            Sense::Remainder => true,
            Sense::Letter('r') => !self.wants_letters && self.number(at + 1).is_some(),
            _ => false,
        };
        let make = |quotient: Option<Exact>, rest: Exact, end: usize| {
            Some((Value::Remainder(Remainder { quotient, rest }), end))
        };
        if self.sense(at) == Sense::Remainder {
            let start = self.skip(at + 1);
            let start = self.skip(start + usize::from(matches!(self.sense(start), Sense::Is | Sense::Of)));
            let (rest, end) = self.number(start)?;
            return make(None, rest.value, end);
        }
        let (first, end) = self.number(at)?;
        if is_mark(self.skip_connectives(end)) {
            let start = self.skip_connectives(end) + 1;
            if let Some((rest, after)) = self.number(self.skip(start)) {
                return make(Some(first.value), rest.value, after);
            }
            // "three left over"
            let is_last = self.sense(self.skip_connectives(end)) == Sense::Remainder && first.unit.is_none();
            return is_last.then(|| make(None, first.value, self.skip_connectives(end) + 1))?;
        }
        let (rest, after) = self.number(self.skip_connectives(end)).filter(|(_, after)| *after > end)?;
        let has_joint = self.skip_connectives(end) > end;
        (has_joint && self.sense(after) == Sense::Remainder).then(|| make(Some(first.value), rest.value, after + 1))?
    }

    fn skip_connectives(&self, at: usize) -> usize {
        let mut at = self.skip(at);
        while matches!(self.sense(at), Sense::And | Sense::Comma)
            || matches!(self.sense(at), Sense::Word) && matches!(self.text(at), "with" | "con" | "mit")
        {
            at = self.skip(at + 1);
        }
        at
    }

    /// "2:3", "two to three", "1 in 6", "two out of five".
    fn ratio(&self, at: usize) -> Option<(Value, usize)> {
        let (first, mut end) = self.cardinal(at)?;
        if matches!(self.sense(end), Sense::In | Sense::OutOf) {
            let (bottom, after) = self.cardinal(end + 1)?;
            // "3 in 1 hour" is a rate.
            if self.unit(after, &bottom).is_some() {
                return None;
            }
            let (top, bottom) = (first.value.to_whole()?, bottom.value.to_whole()?);
            let mut number = Number::new(Exact::fraction(top, bottom)?, Form::Fraction { top, bottom });
            number.span = self.span(at, after);
            return Some((Value::Number(number), after));
        }
        let mut parts = vec![first.value];
        while self.sense(end) == Sense::Colon
            || matches!(self.sense(end), Sense::To)
            || self.language == Language::Spanish && self.sense(end) == Sense::To
        {
            let Some((next, after)) = self.cardinal(end + 1) else { break };
            parts.push(next.value);
            end = after;
        }
        (parts.len() > 1).then_some((Value::Ratio(parts), end))
    }

    /// "(2, 5)", "{1, 2}", "[2, 5)".
    fn bracketed_list(&self, at: usize) -> Option<(Value, usize)> {
        if self.sense(at) != Sense::Open || self.text(at).len() != 1 {
            return None;
        }
        let mut items = Vec::new();
        let mut end = at + 1;
        loop {
            let (item, after) = self.relation(end)?;
            match item {
                // "(2,5)"
                Value::Number(Number { has_comma: true, parts: Some((one, two)), .. }) => {
                    items.extend([one, two].map(|part| Value::Number(Number::new(part, Form::Whole))));
                }
                item => items.push(item),
            }
            end = after;
            match self.sense(end) {
                Sense::Comma => end += 1,
                Sense::Close => break,
                _ => return None,
            }
        }
        let (open, close) = (self.text(at), self.text(end));
        let is_interval = open == "[" || close == "]";
        match items.as_slice() {
            [Value::Number(low), Value::Number(high)] if is_interval => {
                let (has_low, has_high) = (open == "[", close == "]");
                Some((Value::Interval(Interval { low: low.value, high: high.value, has_low, has_high }), end + 1))
            }
            // "(2 + 5)x" is an expression.
            [_] => None,
            _ => Some((Value::List(items), end + 1)),
        }
    }
}

/// Returns the time if there is one.
fn clock(hour: i64, minute: i64) -> Option<Clock> {
    let is_time = (0..=24).contains(&hour) && (0..60).contains(&minute);
    is_time.then_some(Clock { hour: hour as u8, minute: minute as u8, half: None, pair: None })
}
