//! How numbers are read as people say and write them: cardinals, fractions, decimals, mixed numbers, money and measures.

use super::Language;
use super::exact::Exact;
use super::number::{Form, Number, push};
use super::parser::{Found, Parser};
use super::token::Kind;
use super::unit::{Base, Unit};
use super::words::{Sense, derived_unit, german_number, is_no_part, letter_unit};

/// Signs in front of one number.
const MAX_SIGNS: u32 = 3;

impl Parser<'_> {
    /// Reads the number that begins at lexeme `at`, with its sign and unit. Returns where it ends.
    pub(super) fn number(&self, at: usize) -> Option<(Number, usize)> {
        let may_start = self.starts_cardinal(at)
            || match self.sense(at) {
                Sense::Word => self.language == Language::German,
                sense => matches!(
                    sense,
                    Sense::Negative
                        | Sense::Minus
                        | Sense::Hyphen
                        | Sense::Plus
                        | Sense::Measure { .. }
                        | Sense::Vulgar
                        | Sense::Half
                        | Sense::Part { .. }
                        | Sense::Ordinal(_)
                        | Sense::Point
                        | Sense::Stop
                ),
            };
        let read = || {
            let (mut number, end) = self.signed(at)?;
            number.span = self.span(at, end);
            Some((number, end))
        };
        may_start.then(|| known(&self.numbers, at, read))?
    }

    /// Returns a whole number below a hundred, or in a few digits, of an English text: the most frequent value. `None` if what
    /// follows could make it anything else.
    pub(super) fn plain_number(&self, at: usize) -> Option<(Number, usize)> {
        if self.language != Language::English {
            return None;
        }
        let (value, end) = match self.sense(at) {
            Sense::Unit(value) | Sense::Teen(value) => (value, at + 1),
            Sense::Ten(tens) => {
                let next = self.skip_hyphen(at + 1);
                if let Sense::Unit(units) = self.sense(next) { (tens + units, next + 1) } else { (tens, at + 1) }
            }
            Sense::Digits => {
                let is_plain = |text: &&str| text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
                (Some(self.text(at)).filter(is_plain)?.parse().ok()?, at + 1)
            }
            _ => return None,
        };
        let is_whole = match self.sense(end) {
            Sense::Stop => end + 1 >= self.len() || self.text(end) != ".",
            Sense::Word => is_no_part(self.text(end)) && !self.is_glued(end),
            _ => false,
        };
        is_whole.then(|| (Number { span: self.span(at, end), ..Number::new(Exact::whole(value), Form::Whole) }, end))
    }

    /// A number behind at most [`MAX_SIGNS`] signs: more of them are a dash, or noise.
    fn signed(&self, at: usize) -> Option<(Number, usize)> {
        let (mut start, mut n_signs) = (at, 0);
        while matches!(self.sense(start), Sense::Negative | Sense::Minus | Sense::Hyphen) {
            n_signs += 1;
            if n_signs > MAX_SIGNS {
                return None;
            }
            start = self.skip(start + 1);
        }
        if self.sense(start) == Sense::Plus {
            start += 1;
        }
        let (mut number, end) = self.measured(start)?;
        if n_signs % 2 == 1 {
            number.value = number.value.negated();
            number.otherwise = number.otherwise.map(Exact::negated);
        }
        Some((number, end))
    }

    /// A number with its unit, before or after it.
    fn measured(&self, at: usize) -> Option<(Number, usize)> {
        if let Some(unit) = self.sense(at).unit() {
            // "$3.20"
            if !(unit.is_money() && self.is_sign(at)) {
                return None;
            }
            let (mut number, end) = self.bare(at + 1)?;
            number.unit = Some(unit);
            return Some(self.rate(number, end));
        }
        let (number, end) = self.bare(at).or_else(|| self.implied(at))?;
        let Some((unit, after)) = self.unit(end, &number) else { return Some((number, end)) };
        let number = Number { unit: Some(unit), ..number };
        Some(self.rate(number, after)).map(|(number, end)| self.smaller_units(number, end))
    }

    /// "a dollar", "an hour".
    fn implied(&self, at: usize) -> Option<(Number, usize)> {
        let is_one = self.sense(at) == Sense::A && matches!(self.sense(at + 1), Sense::Measure { .. });
        is_one.then(|| (Number::new(Exact::ONE, Form::Implied), at + 1))
    }

    /// "… per hour", "… an hour", "… / h", "… in 1 hour".
    fn rate(&self, number: Number, at: usize) -> (Number, usize) {
        let per = |start: usize| -> Option<(Unit, usize)> {
            let (unit, end) = self.unit(start, &number)?;
            Some((number.unit?.per(unit)?, end))
        };
        let found = match self.sense(at) {
            Sense::Per | Sense::A | Sense::Over => per(at + 1),
            Sense::In if self.cardinal(at + 1).is_some_and(|(one, _)| one.value == Exact::ONE) => {
                self.cardinal(at + 1).and_then(|(_, end)| per(end))
            }
            Sense::In if self.sense(at + 1) == Sense::A => per(at + 2),
            _ => None,
        };
        match found {
            Some((unit, end)) => (Number { unit: Some(unit), ..number }, end),
            None => (number, at),
        }
    }

    /// "two dollars and 75 cents", "a dollar twenty five", "2 hours 30 minutes", "an hour and a half", "5 feet 3".
    fn smaller_units(&self, number: Number, at: usize) -> (Number, usize) {
        let Some(unit) = number.unit.filter(|unit| !unit.is_percent()) else { return (number, at) };
        let start = self.skip_ands(at);
        let sum = |value: Exact, end: usize| Some((number.value.plus(value)?, end));
        let found = self.bare(start).and_then(|(small, end)| {
            if let Some((small_unit, end)) = self.unit(end, &small) {
                let is_smaller = small_unit.is_compatible(unit) && small_unit.factor() < unit.factor();
                return is_smaller.then(|| sum(small_unit.convert(small.value, unit)?, end))?;
            }
            let is_part = small.value > Exact::ZERO && small.value < Exact::ONE;
            if is_part && start > at {
                return sum(small.value.times(Exact::ONE)?, end);
            }
            let is_whole = matches!(small.form, Form::Whole) && small.value < Exact::whole(100);
            if is_whole
                && (unit.is_money() || unit.is(Base::Pound))
                && unit.factor() == Exact::ONE
                && self.is_end_of_number(end)
            {
                return sum(small.value.over(Exact::whole(100))?, end);
            }
            if is_whole && unit == hours() && small.value < Exact::whole(60) && self.is_end_of_number(end) {
                return sum(small.value.over(Exact::whole(60))?, end);
            }
            None
        });
        match found {
            Some((value, end)) => {
                let form = if value.is_whole() { Form::Whole } else { Form::Decimal { places: 2 } };
                let number = Number { value, form, parts: None, ..number };
                // "1 hour 20 minutes 30 seconds"
                if end > at { self.smaller_units(number, end) } else { (number, end) }
            }
            None => (number, at),
        }
    }

    /// Whether nothing follows that would make the number part of a calculation.
    fn is_end_of_number(&self, at: usize) -> bool {
        !matches!(
            self.sense(at),
            Sense::Plus | Sense::Minus | Sense::Times | Sense::Divided | Sense::Over | Sense::Is | Sense::Percent
        )
    }

    /// The unit that begins at `at`.
    pub(super) fn unit(&self, at: usize, number: &Number) -> Option<(Unit, usize)> {
        let (power, start) = match self.sense(at) {
            Sense::Square | Sense::Squared if self.base_unit(at + 1).is_some() => (2, at + 1),
            Sense::Cubic | Sense::Cubed if self.base_unit(at + 1).is_some() => (3, at + 1),
            Sense::Percent => return Some((Unit::PERCENT, at + 1)),
            // "3 quarters" of a whole are no coins, and "5 m" may be five times m.
            Sense::Letter(_) if self.wants_letters => return None,
            _ => (1, at),
        };
        // "three second" is no duration, "three a" is no rate.
        if matches!(number.form, Form::Ordinal) {
            return None;
        }
        let (unit, end) = self.base_unit(start)?;
        let (power, end) = match self.sense(end) {
            Sense::Squared if power == 1 => (2, end + 1),
            Sense::Cubed if power == 1 => (3, end + 1),
            Sense::Power if power == 1 && self.text(end) == "^" && self.is_glued(end) => match self.text(end + 1) {
                "2" => (2, end + 2),
                "3" => (3, end + 2),
                _ => (1, end),
            },
            Sense::Digits if power == 1 && self.is_glued(end) => match self.text(end) {
                "2" => (2, end + 1),
                "3" => (3, end + 1),
                _ => (1, end),
            },
            _ => (power, end),
        };
        Some((unit.pow(power)?, end))
    }

    fn base_unit(&self, at: usize) -> Option<(Unit, usize)> {
        let unit = match self.sense(at) {
            sense @ Sense::Measure { .. } => sense.unit()?,
            Sense::Letter(letter) => letter_unit(letter)?,
            Sense::Word => derived_unit(self.text(at)).or_else(|| self.german_power(at))?,
            // After a number it is no "mm" of thinking.
            Sense::Filler if self.text(at) == "mm" => Unit::of(Base::Length, Exact::ratio(1, 1000)),
            Sense::Ordinal(2) if self.text(at) == "second" => Unit::of(Base::Time, Exact::ONE),
            _ => return None,
        };
        // "° C"
        if unit == Unit::of(Base::Degree, Exact::ONE) {
            match self.sense(at + 1) {
                Sense::Letter('c') => return Some((Unit::of(Base::Celsius, Exact::ONE), at + 2)),
                Sense::Letter('f') => return Some((Unit::of(Base::Fahrenheit, Exact::ONE), at + 2)),
                _ => {}
            }
        }
        Some((unit, at + 1))
    }

    /// "Quadratmeter", "Kubikzentimeter".
    fn german_power(&self, at: usize) -> Option<Unit> {
        if self.language != Language::German {
            return None;
        }
        let text = self.text(at);
        let (name, power) = text
            .strip_prefix("quadrat")
            .map(|name| (name, 2))
            .or_else(|| text.strip_prefix("kubik").map(|name| (name, 3)))?;
        let metres = match name {
            "meter" | "metern" => Exact::ONE,
            "zentimeter" | "zentimetern" => Exact::ratio(1, 100),
            "millimeter" | "millimetern" => Exact::ratio(1, 1000),
            "kilometer" | "kilometern" => Exact::whole(1000),
            _ => return None,
        };
        Unit::of(Base::Length, metres).pow(power)
    }

    /// A number without sign and unit.
    fn bare(&self, at: usize) -> Option<(Number, usize)> {
        if let Some(found) = self.fraction(at) {
            return Some(found);
        }
        match self.sense(at) {
            Sense::Point => {
                let (places, digits, end) = self.decimals(at + 1)?;
                let value = digits.over(Exact::whole(10).pow(places as i32)?)?;
                return Some((Number::new(value, Form::Decimal { places }), end));
            }
            Sense::Stop if self.text(at) == "." && self.is_digits(at + 1) && self.is_glued(at + 1) => {
                let text = format!(".{}", self.text(at + 1));
                let places = text.len() as u32 - 1;
                let value = Exact::parse(&text)?;
                return Some((Number::new(value, Form::Decimal { places }), at + 2));
            }
            Sense::Word if self.language == Language::German => {
                let value = match self.text(at) {
                    "anderthalb" => 1,
                    text => german_number(text.strip_suffix("einhalb")?)?,
                };
                let value = Exact::whole(value).plus(Exact::ratio(1, 2))?;
                return Some((Number::new(value, Form::Mixed { top: 1, bottom: 2 }), at + 1));
            }
            Sense::Ordinal(value) => return Some((Number::new(Exact::whole(value), Form::Ordinal), at + 1)),
            Sense::Part { bottom, is_plural: false } if !self.is_fraction_word(at) => {
                return Some((Number::new(Exact::whole(bottom), Form::Ordinal), at + 1));
            }
            _ => {}
        }
        let (mut number, mut end) = self.cardinal(at)?;
        // "forty second": an ordinal, or a time; the unit is read first.
        if number.value.is_whole()
            && let (Some(tens), ordinal) = (number.value.to_whole(), self.ordinal_value(self.skip_hyphen(end)))
            && tens % 10 == 0
            && ordinal.is_some_and(|units| units < 10)
            && tens >= 20
        {
            let value = number.value.plus(Exact::whole(ordinal?))?;
            return Some((Number::new(value, Form::Ordinal), self.skip_hyphen(end) + 1));
        }
        if self.is_glued(end) && matches!(self.text(end), "st" | "nd" | "rd" | "th") && self.is_digits(end - 1) {
            number.form = Form::Ordinal;
            return Some((number, end + 1));
        }
        if self.sense(end) == Sense::Point
            && matches!(number.form, Form::Whole)
            && let Some((places, digits, after)) = self.decimals(end + 1)
        {
            let tail = digits.over(Exact::whole(10).pow(places as i32)?)?;
            let parts = Some((number.value, digits));
            number = Number { parts, ..Number::new(number.value.plus(tail)?, Form::Decimal { places }) };
            end = after;
            return Some(self.scaled(number, end));
        }
        // "8e-2"
        if self.text(end) == "e" && self.is_glued(end) {
            let is_negative = self.sense(end + 1) == Sense::Hyphen;
            let digits = end + 1 + usize::from(is_negative);
            if self.is_digits(digits) && self.is_glued(digits) {
                let power: i32 = self.text(digits).parse().ok().filter(|power| *power <= 30)?;
                let factor = Exact::whole(10).pow(if is_negative { -power } else { power })?;
                let value = number.value.times(factor)?;
                let places = value.decimals().unwrap_or(0);
                return Some((Number::new(value, Form::Decimal { places }), digits + 1));
            }
        }
        if matches!(number.form, Form::Whole) {
            if let Some(found) = self.mixed(number.value, end) {
                return Some(found);
            }
            if let Some(found) = self.grouped(at, &number, end) {
                return Some(found);
            }
        }
        Some((number, end))
    }

    fn ordinal_value(&self, at: usize) -> Option<i64> {
        match self.sense(at) {
            Sense::Ordinal(value) => Some(value),
            Sense::Part { bottom, is_plural: false } => Some(bottom),
            _ => None,
        }
    }

    /// "1.5 million".
    fn scaled(&self, number: Number, at: usize) -> (Number, usize) {
        if let Sense::Scale(scale) = self.sense(at)
            && let Some(value) = number.value.times(Exact::whole(scale))
            && value.is_whole()
        {
            return (Number::new(value, Form::Whole), at + 1);
        }
        (number, at)
    }

    /// Whether the word alone is a fraction: "quarter", "Drittel", "tercio", "sixths".
    fn is_fraction_word(&self, at: usize) -> bool {
        match self.sense(at) {
            Sense::Part { is_plural: true, .. } | Sense::Half => true,
            Sense::Part { .. } => match self.language {
                Language::English => self.text(at) == "quarter",
                Language::Spanish => matches!(self.text(at), "tercio"),
                Language::German => true,
            },
            _ => false,
        }
    }

    /// Digits after a spoken point: "seven five", "oh eight", "twenty five", "75". Returns how many there are and their
    /// number.
    fn decimals(&self, at: usize) -> Option<(u32, Exact, usize)> {
        if self.is_digits(at) && self.text(at).bytes().all(|byte| byte.is_ascii_digit()) {
            return Some((self.text(at).len() as u32, Exact::parse(self.text(at))?, at + 1));
        }
        let (mut end, mut text) = (at, String::new());
        loop {
            match self.sense(end) {
                Sense::Zero | Sense::Oh => text.push('0'),
                // "fünf und zwanzig" is one number.
                Sense::Unit(value) if self.small(end).is_some_and(|(whole, _)| whole == value) => {
                    text.push_str(&value.to_string());
                }
                Sense::Unit(_) | Sense::Teen(_) | Sense::Ten(_) | Sense::Compound(_) => {
                    let (value, after) = self.group(end)?;
                    text.push_str(&value.to_string());
                    end = after;
                    break;
                }
                Sense::A if self.language != Language::English && text.is_empty() => text.push('1'),
                _ => break,
            }
            end += 1;
        }
        // "three point five sixths" is none of ours.
        if text.is_empty() || text.len() > 12 {
            return None;
        }
        Some((text.len() as u32, Exact::parse(&text)?, end))
    }

    /// "seven twelfths", "a third", "half", "5/6", "five over six", "½", "5 6ths".
    fn fraction(&self, at: usize) -> Option<(Number, usize)> {
        let make = |top: i64, bottom: i64, end: usize| {
            let value = Exact::fraction(top, bottom)?;
            Some((Number::new(value, Form::Fraction { top, bottom }), end))
        };
        match self.sense(at) {
            Sense::Vulgar => {
                let (top, bottom) = self.text(at).split_once('/')?;
                return make(top.parse().ok()?, bottom.parse().ok()?, at + 1);
            }
            Sense::Half => {
                // "half an hour", but "half a dozen" is none of ours.
                let is_before_unit =
                    self.sense(at + 1) == Sense::A && matches!(self.sense(at + 2), Sense::Measure { .. });
                return make(1, 2, at + 1 + usize::from(is_before_unit));
            }
            Sense::A => {
                let next = self.skip_hyphen(at + 1);
                return match self.sense(next) {
                    Sense::Half => make(1, 2, next + 1),
                    Sense::Part { bottom, is_plural: false } => {
                        let is_before_unit = self.sense(next + 1) == Sense::Of
                            && self.sense(next + 2) == Sense::A
                            && matches!(self.sense(next + 3), Sense::Measure { .. });
                        make(1, bottom, next + 1 + if is_before_unit { 2 } else { 0 })
                    }
                    _ => None,
                };
            }
            Sense::Part { bottom, .. } if self.is_fraction_word(at) => return make(1, bottom, at + 1),
            _ => {}
        }
        let (number, end) = self.cardinal(at)?;
        let top = number.value.to_whole().filter(|_| matches!(number.form, Form::Whole))?;
        let next = self.skip_hyphen(end);
        match self.sense(next) {
            Sense::Half if top == 1 || self.text(next).ends_with('s') || self.language == Language::German => {
                make(top, 2, next + 1)
            }
            Sense::Part { bottom, is_plural } => {
                // "twenty first" is an ordinal; "seven twelfth" has lost its s.
                let is_ordinal = !is_plural
                    && !self.is_fraction_word(next)
                    && top >= 20
                    && (top % 10 == 0 && bottom < 10 || top % 100 == 0 && bottom < 100);
                if is_ordinal { None } else { make(top, bottom, next + 1) }
            }
            Sense::Over => {
                let (bottom, end) = self.cardinal(next + 1)?;
                let bottom = bottom.value.to_whole().filter(|_| matches!(bottom.form, Form::Whole))?;
                // "12/4/2" and "5 over 2.5" are calculations.
                if self.sense(end) == Sense::Point { None } else { make(top, bottom, end) }
            }
            Sense::Digits if self.is_glued(next + 1) && matches!(self.text(next + 1), "ths" | "th" | "rds" | "nds") => {
                make(top, self.text(next).parse().ok()?, next + 2)
            }
            _ => None,
        }
    }

    /// A whole number followed by a proper fraction: "three and a half", "1 3/4", "1¾", "1-3/4".
    fn mixed(&self, whole: Exact, at: usize) -> Option<(Number, usize)> {
        let has_hyphen = self.sense(at) == Sense::Hyphen && self.is_glued(at) && self.is_glued(at + 1);
        let start = match self.sense(at) {
            Sense::And => at + 1,
            Sense::Hyphen if has_hyphen => at + 1,
            _ => at,
        };
        // Without "and", a fraction in words may be a separate number: "seven one half" is said, "seven half" is not.
        let is_sure = start > at || self.is_digits(start) || self.sense(start) == Sense::Vulgar;
        let starts_with_one = matches!(self.sense(start), Sense::A | Sense::Unit(_) | Sense::Half);
        if !(is_sure || starts_with_one) || start == at && self.sense(start) == Sense::Half {
            return None;
        }
        if start > at && self.sense(at) == Sense::And && matches!(self.sense(start), Sense::Part { .. }) {
            return None;
        }
        let (fraction, end) = self.fraction(start)?;
        let Form::Fraction { top, bottom } = fraction.form else { return None };
        // "1-3" is a difference, "1-3/4" is how some write 1 3/4.
        let is_proper = fraction.value < Exact::ONE && fraction.value > Exact::ZERO;
        (is_proper && whole.is_whole())
            .then(|| Some((Number::new(whole.plus(fraction.value)?, Form::Mixed { top, bottom }), end)))?
    }

    /// "one forty four", "nineteen oh five", "5 40".
    fn grouped(&self, at: usize, first: &Number, end: usize) -> Option<(Number, usize)> {
        let head = first.value.to_whole().filter(|head| (1..100).contains(head))?;
        let is_written = self.is_digits(at) && end == at + 1;
        let is_spoken = !self.is_digits(at) && self.small(at).is_some_and(|(_, small_end)| small_end == end);
        if !(is_written || is_spoken) {
            return None;
        }
        let (tail, after) = match self.sense(end) {
            Sense::Digits if is_written && self.text(end).len() == 2 && !self.is_glued(end) => {
                (self.text(end).parse().ok()?, end + 1)
            }
            Sense::Oh | Sense::Zero if !is_written || self.sense(end) == Sense::Oh => match self.sense(end + 1) {
                Sense::Unit(units) => (units, end + 2),
                _ => return None,
            },
            Sense::Unit(_) | Sense::Teen(_) | Sense::Ten(_) | Sense::Compound(_) if is_spoken => {
                self.small(end).filter(|(tail, _)| (10..100).contains(tail))?
            }
            Sense::Teen(_) | Sense::Ten(_) if is_written => self.small(end)?,
            _ => return None,
        };
        // "fifteen fifteen" is said twice; only years repeat.
        if head == tail && head != 20 {
            return None;
        }
        // A third number makes it a list, a fraction or unit belongs to the last one.
        let is_list = self.is_number_word(after) || self.is_number_word(self.skip_hyphen(after));
        let has_part = matches!(self.sense(self.skip_hyphen(after)), Sense::Part { .. } | Sense::Half | Sense::Point);
        let was_list = at > 0 && self.is_number_word(at - 1);
        if is_list || has_part || was_list || self.language == Language::German && is_spoken {
            return None;
        }
        let value = Exact::whole(head * 100 + tail);
        let parts = Some((first.value, Exact::whole(tail)));
        Some((Number { parts, ..Number::new(value, Form::Grouped) }, after))
    }

    fn is_number_word(&self, at: usize) -> bool {
        matches!(
            self.sense(at),
            Sense::Unit(_) | Sense::Teen(_) | Sense::Ten(_) | Sense::Compound(_) | Sense::Digits | Sense::Hundred
        )
    }

    /// A whole number, or digits with a decimal point.
    pub(super) fn cardinal(&self, at: usize) -> Option<(Number, usize)> {
        self.starts_cardinal(at).then(|| known(&self.cardinals, at, || self.read_cardinal(at)))?
    }

    fn starts_cardinal(&self, at: usize) -> bool {
        self.is_digits(at)
            || self.is_number_word(at)
            || matches!(self.sense(at), Sense::Zero | Sense::Oh | Sense::Scale(_) | Sense::A | Sense::Hundreds(_))
    }

    fn read_cardinal(&self, at: usize) -> Option<(Number, usize)> {
        if self.is_digits(at) {
            return self.literal(at);
        }
        match self.sense(at) {
            Sense::Zero => return Some((Number::new(Exact::ZERO, Form::Whole), at + 1)),
            Sense::Oh if self.sense(at + 1) == Sense::Point => {
                return Some((Number::new(Exact::ZERO, Form::Whole), at + 1));
            }
            _ => {}
        }
        let mut sum = 0_i64;
        let mut lowest = i64::MAX;
        let mut end = at;
        loop {
            let start = if end > at { self.skip_joint(end) } else { end };
            let found = match self.sense(start) {
                Sense::Scale(_) if end == at => Some((1, start)),
                Sense::A if end == at && matches!(self.sense(start + 1), Sense::Scale(_)) => Some((1, start + 1)),
                Sense::Digits if end > at => {
                    let value = self.text(start).parse().ok().filter(|value| *value < lowest.min(1000));
                    value.map(|value| (value, start + 1))
                }
                _ => self.group(start),
            };
            let Some((value, after)) = found.filter(|(value, _)| *value < lowest) else { break };
            // "a hundred and three quarters": the three belongs to the quarters.
            if end > at && self.is_top_of_fraction(after) {
                break;
            }
            match self.sense(after) {
                Sense::Scale(scale) if scale < lowest => {
                    sum = sum.checked_add(value.checked_mul(scale)?)?;
                    lowest = if scale < 1000 { 1 } else { scale };
                    end = after + 1;
                    // "two million thousand"
                    if scale < 1000 {
                        break;
                    }
                }
                _ => {
                    sum = sum.checked_add(value)?;
                    end = after;
                    break;
                }
            }
        }
        (end > at).then(|| (Number::new(Exact::whole(sum), Form::Whole), end))
    }

    fn is_top_of_fraction(&self, at: usize) -> bool {
        matches!(self.sense(self.skip_hyphen(at)), Sense::Part { .. } | Sense::Half)
    }

    /// 1 to 999, and up to 9,900 in hundreds.
    fn group(&self, at: usize) -> Option<(i64, usize)> {
        if let Sense::Compound(value) = self.sense(at) {
            return Some((value, at + 1));
        }
        let hundreds = match self.sense(at) {
            Sense::Hundreds(value) => Some((value, at + 1)),
            Sense::Hundred => Some((100, at + 1)),
            Sense::A if self.sense(at + 1) == Sense::Hundred => Some((100, at + 2)),
            _ => {
                let (value, end) = self.small(at)?;
                match self.sense(end) {
                    Sense::Hundred => Some((value * 100, end + 1)),
                    _ => return Some((value, end)),
                }
            }
        };
        let (value, end) = hundreds?;
        let rest = self.small(self.skip_joint(end)).or_else(|| {
            let is_one = self.sense(end) == Sense::A && self.language != Language::English;
            (is_one && !self.is_top_of_fraction(end + 1)).then_some((1, end + 1))
        });
        match rest {
            Some((rest, after)) if !self.is_top_of_fraction(after) => Some((value + rest, after)),
            _ => Some((value, end)),
        }
    }

    /// 1 to 99 in words.
    fn small(&self, at: usize) -> Option<(i64, usize)> {
        match self.sense(at) {
            Sense::Teen(value) => Some((value, at + 1)),
            Sense::Compound(value) if value < 100 => Some((value, at + 1)),
            Sense::Ten(tens) => {
                let units = |at: usize| match self.sense(at) {
                    Sense::Unit(units) => Some(units),
                    Sense::A if self.language == Language::Spanish => Some(1),
                    _ => None,
                };
                let found = match self.language {
                    Language::English => {
                        let next = self.skip_hyphen(at + 1);
                        units(next).map(|units| (units, next + 1))
                    }
                    Language::Spanish if self.sense(at + 1) == Sense::And => units(at + 2).map(|units| (units, at + 3)),
                    _ => None,
                };
                // "twenty one sixths" are twenty and one sixth, if anything.
                Some(found.map_or((tens, at + 1), |(units, end)| (tens + units, end)))
            }
            Sense::Unit(_) | Sense::A => {
                let (units, is_word) = match self.sense(at) {
                    Sense::Unit(units) => (units, true),
                    _ => (1, false),
                };
                if self.language == Language::German
                    && self.sense(at + 1) == Sense::And
                    && let Sense::Ten(tens) = self.sense(at + 2)
                {
                    return Some((tens + units, at + 3));
                }
                let before_hundred =
                    self.language == Language::German && matches!(self.sense(at + 1), Sense::Hundred | Sense::Scale(_));
                (is_word || before_hundred).then_some((units, at + 1))
            }
            _ => None,
        }
    }

    /// Digits as they are written, followed by "hundred" or "million".
    fn literal(&self, at: usize) -> Option<(Number, usize)> {
        let number = literal(self.text(at), self.language)?;
        let factor = match self.sense(at + 1) {
            Sense::Hundred => 100,
            Sense::Scale(scale) => scale,
            _ => return Some((number, at + 1)),
        };
        let value = number.value.times(Exact::whole(factor))?;
        let start = self.skip_joint(at + 2);
        let rest = self.group(start).or_else(|| {
            let digits = self.text(start).parse().ok().filter(|_| self.is_digits(start))?;
            Some((digits, start + 1))
        });
        match rest.filter(|(rest, _)| *rest < factor.min(1000) && factor != 12) {
            Some((rest, end)) => Some((Number::new(value.plus(Exact::whole(rest))?, Form::Whole), end)),
            None => Some((Number::new(value, Form::Whole), at + 2)),
        }
    }

    /// "and" within a number. In Spanish it joins tens and units only.
    fn skip_joint(&self, at: usize) -> usize {
        let joins = self.sense(at) == Sense::And && self.language != Language::Spanish;
        at + usize::from(joins)
    }

    fn skip_ands(&self, at: usize) -> usize {
        at + usize::from(matches!(self.sense(at), Sense::And | Sense::Comma))
    }

    /// A hyphen inside a word: "fifty-six".
    fn skip_hyphen(&self, at: usize) -> usize {
        at + usize::from(self.sense(at) == Sense::Hyphen && self.is_glued(at) && self.is_glued(at + 1))
    }

    pub(super) fn is_digits(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.kind == Kind::Digits)
    }

    fn is_sign(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| matches!(token.kind, Kind::Sign(_)))
    }
}

/// What was found at a place, read if it was not read before.
fn known(found: &Found, at: usize, read: impl FnOnce() -> Option<(Number, usize)>) -> Option<(Number, usize)> {
    let before = found.borrow().iter().rev().find(|(known, _)| *known == at).map(|(_, number)| number.clone());
    before.unwrap_or_else(|| {
        let number = read();
        push(&mut found.borrow_mut(), (at, number.clone()));
        number
    })
}

fn hours() -> Unit {
    Unit::of(Base::Time, Exact::whole(3600))
}

/// Reads digits with separators. In English the comma groups thousands, in Spanish and German the point.
fn literal(text: &str, language: Language) -> Option<Number> {
    let text = text.replace('\'', "");
    let whole = |digits: &str| Some(Number::new(Exact::parse(digits)?, Form::Whole));
    let decimal = |before: &str, after: &str| {
        let value = Exact::parse(&format!("{before}.{after}"))?;
        let parts = Exact::parse(before).zip(Exact::parse(after));
        Some(Number { parts, ..Number::new(value, Form::Decimal { places: after.len() as u32 }) })
    };
    let is_grouped = |separator: char| {
        let mut groups = text.split(separator);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'))
            && groups.all(|group| group.len() == 3)
    };
    match (text.matches(',').count(), text.matches('.').count()) {
        (0, 0) => whole(&text),
        (0, 1) | (1, 0) => {
            let separator = if text.contains(',') { ',' } else { '.' };
            let (before, after) = text.split_once(separator)?;
            let joined = [before, after].concat();
            let mut number = decimal(before, after)?;
            number.has_comma = separator == ',';
            if is_grouped(separator) {
                let groups_by = if language == Language::English { ',' } else { '.' };
                if separator == groups_by {
                    // "1,500" is never one and a half in English.
                    let otherwise = (separator == '.').then_some(number.value);
                    return Some(Number { otherwise, ..whole(&joined)? });
                }
                number.otherwise = Exact::parse(&joined);
            }
            Some(number)
        }
        (_, 0) if is_grouped(',') => whole(&text.replace(',', "")),
        (0, _) if is_grouped('.') => whole(&text.replace('.', "")),
        (commas, points) if commas > 0 && points > 0 => {
            let (last, other) = if text.rfind(',') > text.rfind('.') { (',', '.') } else { ('.', ',') };
            let (before, after) = text.rsplit_once(last)?;
            let is_valid = !before.contains(last) && before.split(other).skip(1).all(|group| group.len() == 3);
            is_valid.then(|| decimal(&before.replace(other, ""), after))?
        }
        _ => None,
    }
}
