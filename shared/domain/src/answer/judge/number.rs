//! Numbers, measures, times, dates, ratios and remainders against their keys.

use super::{Case, Judgement};
use crate::answer::exact::Exact;
use crate::answer::expression::Expression;
use crate::answer::key::{
    AskedForm, asked_power, asked_unit, computed, currency, is_rounded, unit_named, units_of, whole_value,
};
use crate::answer::number::{Form, Number};
use crate::answer::reading::{Claim, Expecting};
use crate::answer::unit::{Base, Unit};
use crate::answer::value::{Clock, Date, Relation, Remainder, Sign, Value};
use crate::answer::{calculations, numbers};
use crate::text::lower;

impl Case<'_> {
    pub(super) fn judge_number(&self) -> Judgement {
        let Some(Value::Number(key)) = whole_value(&self.key.answer, self.asked, false) else {
            return Judgement::Undecided;
        };
        if let Some(chosen) = self.judge_option(&key) {
            return chosen;
        }
        let wants_letters = self.asks(&["solve", " x ", "equation", "what is x", "find x"]);
        let expecting = if wants_letters { Expecting::Algebra } else { Expecting::Number };
        let Some((value, reading)) = self.plain(expecting) else { return Judgement::Undecided };
        let judged = match &value {
            Value::Number(number) if number.form == Form::Ordinal && !self.options().is_empty() => {
                self.judge_place(&key, number)
            }
            Value::Number(number) => self.compare_number(&key, number),
            Value::Relation(relation) => self.number_of_relation(&key, relation),
            Value::Remainder(remainder) => self.number_of_remainder(&key, remainder),
            Value::Equal if !self.options().is_empty() => Judgement::Wrong,
            Value::Expression(said) => match self.rest_of_division(&reading.claims, said) {
                Some(rest) => self.compare_value(&key, rest),
                None => Judgement::Undecided,
            },
            _ => Judgement::Undecided,
        };
        // The right number after a wrong step: a person must look at it.
        let has_wrong_claim = reading.claims.iter().any(|claim| claim.holds == Some(false));
        if has_wrong_claim && judged != Judgement::Wrong { Judgement::Undecided } else { judged }
    }

    /// "x = 5", "x = 7 - 2 = 5", "1/2 is more than 2/5", "50 = 6 × 8 + 2".
    fn number_of_relation(&self, key: &Number, relation: &Relation) -> Judgement {
        let Some(first) = &relation.first else { return Judgement::Undecided };
        if relation.is_equation() {
            let Some((_, last)) = relation.rest.last() else { return Judgement::Undecided };
            let is_of_question = match first.letters().as_slice() {
                [letter] if matches!(first, Expression::Letter(_)) => self.names_letter(*letter),
                [] => true,
                _ => false,
            };
            // "13 = x"
            if let (Some(number), Expression::Letter(letter), 1) = (first.as_number(), last, relation.rest.len()) {
                let is_named = self.names_letter(*letter);
                return if is_named { self.compare_number(key, number) } else { Judgement::Undecided };
            }
            return match last.as_number() {
                Some(number) if is_of_question => self.compare_number(key, number),
                _ => Judgement::Undecided,
            };
        }
        // "x > 5" is no solution of an equation.
        if matches!(first, Expression::Letter(letter) if self.names_letter(*letter)) {
            return Judgement::Wrong;
        }
        // The side that the question asks for, in a comparison that holds.
        let [(sign, second)] = relation.rest.as_slice() else { return Judgement::Undecided };
        let wants_more =
            self.asks(&["more", "bigger", "larger", "greater", "higher", "mayor", "größer", "biggest", "largest"]);
        let wants_less = self.asks(&["less", "smaller", "lower", "colder", "fewer", "menor", "kleiner", "smallest"]);
        let (Some(first), Some(second)) = (first.as_number(), second.as_number()) else { return Judgement::Undecided };
        let said = match (sign, wants_more, wants_less) {
            (Sign::Greater, true, false) | (Sign::Less, false, true) => first,
            (Sign::Less, true, false) | (Sign::Greater, false, true) => second,
            _ => return Judgement::Undecided,
        };
        self.compare_number(key, said)
    }

    fn names_letter(&self, letter: char) -> bool {
        let tokens = self.asked_tokens();
        let mut single = tokens.iter().filter(|token| token.text.chars().filter(|c| c.is_alphabetic()).count() == 1);
        let asked = ["what is", "find", "solve for", "value of"].into_iter().find_map(|before| {
            let ask = lower(self.ask);
            let rest = ask[ask.find(before)? + before.len()..].trim_start();
            let mut chars = rest.chars();
            let named = chars.next().filter(|c| c.is_alphabetic())?;
            chars.next().is_none_or(|next| !next.is_alphanumeric()).then_some(named)
        });
        match asked {
            Some(asked) => asked == letter,
            None => tokens.is_empty() || single.any(|token| token.text.ends_with(letter)),
        }
    }

    /// The rest in "50 = 6 × 8 + 2", if the question asks for a remainder.
    fn rest_of_division(&self, claims: &[Claim], said: &Expression) -> Option<Exact> {
        use crate::answer::expression::Operation::{Add, Multiply};
        if !self.asks(&["remainder", "left over", "resto", "rest"]) || claims.last()?.holds != Some(true) {
            return None;
        }
        let Expression::Operation { operation: Add, left, right } = said else { return None };
        matches!(**left, Expression::Operation { operation: Multiply, .. }).then(|| right.value())?
    }

    fn number_of_remainder(&self, key: &Number, remainder: &Remainder) -> Judgement {
        if self.asks(&["remainder", "left", "resto", "rest", "sobra", "übrig"]) {
            return self.compare_value(key, remainder.rest);
        }
        let Some((quotient, (dividend, divisor))) = remainder.quotient.zip(self.asked_division(key)) else {
            return Judgement::Undecided;
        };
        let Some(total) = quotient.times(divisor).and_then(|product| product.plus(remainder.rest)) else {
            return Judgement::Undecided;
        };
        let is_rest = remainder.rest.minus(divisor).is_some_and(Exact::is_negative) && !remainder.rest.is_negative();
        match self.key.form_for(self.ask) {
            _ if total != dividend || !is_rest => Judgement::Wrong,
            Some(_) => Judgement::WrongForm,
            None => Judgement::Right,
        }
    }

    /// The whole numbers of "10 divided by 3", if this is all that the question asks for.
    fn asked_division(&self, key: &Number) -> Option<(Exact, Exact)> {
        use crate::answer::expression::Operation::Divide;
        let [calculation] = &calculations(self.ask, self.asked)[..] else { return None };
        let Expression::Operation { operation: Divide, left, right } = &calculation.expression else { return None };
        let (dividend, divisor) = (left.value()?, right.value()?);
        let is_asked = dividend.over(divisor) == Some(key.value) && dividend.is_whole() && divisor.is_whole();
        (is_asked && !divisor.is_negative()).then_some((dividend, divisor))
    }

    fn compare_value(&self, key: &Number, value: Exact) -> Judgement {
        self.compare_number(key, &Number::new(value, Form::Whole))
    }

    fn compare_number(&self, key: &Number, said: &Number) -> Judgement {
        let judged = self.same_quantity(key, said);
        if judged != Judgement::Right {
            return judged;
        }
        if self.asks_ordinal(key) && said.form != Form::Ordinal {
            return Judgement::WrongForm;
        }
        self.form(key, said)
    }

    fn asks_ordinal(&self, key: &Number) -> bool {
        key.form == Form::Ordinal && !self.asks(&["fraction"])
    }

    /// Whether the value is said in the form that was asked for.
    fn form(&self, key: &Number, said: &Number) -> Judgement {
        let Some(form) = self.key.form_for(self.ask) else { return Judgement::Right };
        let is_fraction = matches!(said.form, Form::Fraction { .. });
        let is_mixed = matches!(said.form, Form::Mixed { .. });
        let is_decimal = matches!(said.form, Form::Decimal { .. });
        let is_percent = said.unit.is_some_and(Unit::is_percent);
        let is_whole_key = key.value.is_whole();
        let has_form = match form {
            AskedForm::Mixed => !is_fraction || said.value < Exact::ONE,
            AskedForm::Improper => !is_mixed && !is_decimal,
            AskedForm::Fraction => !is_decimal && !is_percent,
            AskedForm::Simplest => match said.form {
                Form::Fraction { top, bottom } | Form::Mixed { top, bottom } => {
                    Exact::fraction(top, bottom).is_some_and(|value| value.abs().parts().1 == i128::from(bottom).abs())
                }
                _ => true,
            },
            AskedForm::Decimal => !is_fraction && !is_mixed && !is_percent || is_whole_key,
            AskedForm::Percent => !(is_fraction || is_decimal && !is_percent && key.value != said.value),
            AskedForm::Rounded(_) => true,
        };
        if has_form {
            return Judgement::Right;
        }
        // Saying again what is to be rewritten is no answer.
        if form == AskedForm::Improper && self.echoes(said) { Judgement::Wrong } else { Judgement::WrongForm }
    }

    /// Whether the question contains this number in this form.
    fn echoes(&self, said: &Number) -> bool {
        numbers(self.ask, self.asked)
            .iter()
            .any(|asked| asked.value == said.value && asked.form == said.form && asked.unit == said.unit)
    }

    fn same_quantity(&self, key: &Number, said: &Number) -> Judgement {
        // Without a unit the value alone counts, with any unit wanted.
        if said.unit.is_none() {
            return self.same_value(key, said);
        }
        let Some(wanted) = self.wanted_unit(key) else { return self.same_value(key, said) };
        let is_percent = |number: &Number| number.unit.is_some_and(Unit::is_percent);
        if wanted.is_percent() || is_percent(said) || is_percent(key) {
            let is_other = said.unit.is_some_and(|unit| !unit.is_percent());
            return if is_other { Judgement::Undecided } else { self.same_value(key, said) };
        }
        let Some(unit) = said.unit else { return self.same_value(key, said) };
        // The key is in its own unit, or in the one that the question asks for.
        let key_unit = key.unit.unwrap_or(wanted);
        if !unit.is_compatible(key_unit) {
            return Judgement::Wrong;
        }
        let converted = |value: Exact| unit.convert(value, key_unit);
        let Some(value) = converted(said.value) else { return Judgement::Undecided };
        let in_key_unit =
            Number { value, unit: Some(key_unit), otherwise: said.otherwise.and_then(converted), ..said.clone() };
        match self.same_value(key, &in_key_unit) {
            Judgement::Right
                if unit.factor() != key_unit.factor() && asked_unit(self.asked_tokens(), self.asked).is_some() =>
            {
                // "2 m" for "200 cm", where the question gave 2 m.
                if self.echoes_measure(said) { Judgement::Wrong } else { Judgement::WrongForm }
            }
            // Currencies are spoken in either unit: "275 cents".
            judged => judged,
        }
    }

    fn echoes_measure(&self, said: &Number) -> bool {
        numbers(self.ask, self.asked).iter().any(|asked| asked.value == said.value && asked.unit == said.unit)
    }

    /// The unit of the key: its own, the declared one, or the one that the question asks for.
    fn wanted_unit(&self, key: &Number) -> Option<Unit> {
        let declared = || self.key.unit.as_deref().and_then(|name| unit_named(name, self.asked));
        key.unit.or_else(declared).or_else(|| asked_unit(self.asked_tokens(), self.asked)).or_else(|| {
            let units = units_of(self.asked_tokens(), self.asked);
            currency(&units)
        })
    }

    fn same_value(&self, key: &Number, said: &Number) -> Judgement {
        let (Some(key_share), Some(said_share)) = (key.share(), said.share()) else { return Judgement::Undecided };
        let (key_percent, said_percent) =
            (key.unit.is_some_and(Unit::is_percent), said.unit.is_some_and(Unit::is_percent));
        let asks_percent = || {
            self.asks(&[
                "how many percent",
                "what percent",
                "percentage",
                "as a percent",
                "qué porcentaje",
                "cuántos por ciento",
                "wie viel prozent",
                "wie viele prozent",
                "in prozent",
            ])
        };
        // "fifty percent" for 50 is often a slip of the tongue.
        if said_percent && !key_percent && key.value == said.value && !asks_percent() {
            return Judgement::Undecided;
        }
        let is_near = |one: Exact, two: Exact| match self.key.tolerance {
            Some(tolerance) => one.minus(two).is_some_and(|distance| distance.abs() <= tolerance),
            None => one == two,
        };
        if self.key.tolerance.is_none() && !self.fits_unit(key, said) {
            return Judgement::Undecided;
        }
        let hundredth = |value: Exact| value.over(Exact::whole(100));
        let is_same = is_near(key_share, said_share)
            || said.otherwise.is_some_and(|value| !said_percent && is_near(key.value, value))
            // "25" for "25%", and "20%" for "20" where percent are asked for.
            || key_percent != said_percent && is_near(key.value, said.value) && (key_percent || asks_percent())
            // "0.2" for "20", where the question is how many percent.
            || !key_percent
                && !said_percent
                && hundredth(key.value).is_some_and(|share| share == said.value)
                && asks_percent();
        // "18/3" for 6 is not worked out.
        if let (Form::Fraction { top, bottom }, true) = (said.form, key.form == Form::Whole)
            && is_same
            && top.abs() > bottom.abs()
        {
            return Judgement::Undecided;
        }
        if is_same || self.is_money_in_groups(key, said) {
            return Judgement::Right;
        }
        // "two twenty five" may be 2.25 without its point.
        if let (Form::Grouped, Some((head, tail))) = (said.form, said.parts)
            && tail.over(Exact::whole(100)).and_then(|part| head.plus(part)) == Some(key.value)
        {
            return Judgement::Undecided;
        }
        // An estimate may be near.
        let is_estimate =
            self.asks(&["roughly", "about how", "estimate", "approximately", "aproximadamente", "ungefähr"]);
        let tenth = key_share.over(Exact::whole(10)).map(Exact::abs);
        if is_estimate
            && said_share.minus(key_share).map(Exact::abs).zip(tenth).is_some_and(|(off, tenth)| off <= tenth)
        {
            return Judgement::Undecided;
        }
        // "sixth" may have lost its "one".
        if said.form == Form::Ordinal && Exact::ONE.over(said.value) == Some(key.value) {
            return Judgement::Undecided;
        }
        // "five" may be the beginning of "five eighths".
        if let (Form::Whole, Form::Fraction { top, bottom } | Form::Mixed { top, bottom }) = (said.form, key.form) {
            let begins = match key.form {
                Form::Mixed { .. } => Exact::fraction(top, bottom).and_then(|part| key.value.minus(part)),
                _ => Some(Exact::whole(top)),
            };
            if begins == Some(said.value) && said.unit.is_none() {
                return Judgement::Undecided;
            }
        }
        // "2/3" where two decimals are asked for.
        if let Some(AskedForm::Rounded(places)) = self.key.form_for(self.ask)
            && said_share.decimals().is_none()
            && said_share.round(places) == Some(key_share)
        {
            return Judgement::WrongForm;
        }
        if self.is_rounding_of(key, said) {
            let is_stated = matches!(self.key.form_for(self.ask), Some(AskedForm::Rounded(_)));
            return match is_stated && has_more_places(key, said) {
                // The number that was to be rounded.
                true if self.echoes(said) => Judgement::Wrong,
                true => Judgement::Right,
                false => Judgement::Undecided,
            };
        }
        Judgement::Wrong
    }

    /// "two seventy five" for 2.75.
    fn is_money_in_groups(&self, key: &Number, said: &Number) -> bool {
        if said.form != Form::Grouped {
            return false;
        }
        let Some((head, tail)) = said.parts else { return false };
        let money = tail.over(Exact::whole(100)).and_then(|cents| head.plus(cents));
        let is_money = key.unit.is_some_and(Unit::is_money)
            || currency(&units_of(self.asked_tokens(), self.asked)).is_some()
            || self.asks(&["cost", "price", "pay", "change", "money", "cuesta", "kostet", "spend"]);
        is_money && money == Some(key.value)
    }

    /// Whether the answer is the key with fewer or more digits, so that rounding may explain the difference.
    fn is_rounding_of(&self, key: &Number, said: &Number) -> bool {
        let (Some(exact), Some(value)) = (key.share(), said.share()) else { return false };
        let never_ends = exact.decimals().is_none();
        if !never_ends && !is_rounded(self.ask) {
            return false;
        }
        let places = |value: Exact| value.decimals();
        match (places(exact), places(value)) {
            (Some(key_places), Some(said_places)) if said_places > key_places => value.round(key_places) == Some(exact),
            (key_places, Some(said_places)) => {
                // A stated number of decimals leaves nothing open.
                let is_stated = matches!(self.key.form_for(self.ask), Some(AskedForm::Rounded(_)));
                let may_be_whole = said_places > 0 || key_places.is_some();
                !is_stated && may_be_whole && exact.round(said_places) == Some(value)
            }
            // Estimates are near.
            _ => false,
        }
    }

    /// Whether the dimension of a measure fits the question: square units for an area.
    fn fits_unit(&self, key: &Number, said: &Number) -> bool {
        let (Some(unit), None) = (said.unit, key.unit) else { return true };
        if unit.is_percent() || unit.is_money() {
            return true;
        }
        let is_degree = unit.is_compatible(Unit::of(Base::Degree, Exact::ONE));
        if is_degree {
            return self.asks(&[
                "angle",
                "degree",
                "temperature",
                "cold",
                "warm",
                "hot",
                "boil",
                "freez",
                "rotat",
                "turn",
                "ángulo",
                "grado",
                "temperatura",
                "winkel",
                "grad",
                "temperatur",
                "thermometer",
            ]);
        }
        let measures =
            |base: Base, power: i8| Unit::of(base, Exact::ONE).pow(power).is_some_and(|of| unit.is_compatible(of));
        let is_length = (1..=3).any(|power| measures(Base::Length, power) || measures(Base::Piece, power));
        match asked_power(self.ask) {
            Some(power) if is_length => measures(Base::Length, power) || measures(Base::Piece, power),
            _ => {
                let asked = units_of(self.asked_tokens(), self.asked);
                let is_speed = self.asks(&["how fast", "speed", "rate", "velocidad", "schnell", "geschwindigkeit"]);
                let is_known = asked.iter().any(|asked| asked.is_compatible(unit)) && !is_speed;
                let is_rate = asked.iter().any(|one| {
                    asked.iter().any(|two| {
                        one.per(*two).is_some_and(|rate| rate.is_compatible(unit) && rate.factor() == unit.factor())
                    })
                });
                is_known || is_rate || self.key.unit.is_some()
            }
        }
    }

    pub(super) fn judge_time(&self) -> Judgement {
        let Some(Value::Clock(key)) = whole_value(&self.key.answer, self.asked, false) else {
            return Judgement::Undecided;
        };
        let Some((value, _)) = self.plain(Expecting::Number) else { return Judgement::Undecided };
        let time = |hour: Exact, minute: Exact| {
            let (hour, minute) = (hour.to_whole()?, minute.to_whole()?);
            let is_time = (0..=24).contains(&hour) && (0..60).contains(&minute);
            is_time.then_some(Clock { hour: hour as u8, minute: minute as u8, half: None, pair: None })
        };
        let half = Exact::ratio(1, 2);
        let said = match &value {
            Value::Clock(clock) => Some(*clock),
            Value::Number(Number { parts: Some((hour, minute)), unit: None, .. }) => time(*hour, *minute),
            // "tres y media"
            Value::Number(number) if number.form == (Form::Mixed { top: 1, bottom: 2 }) => {
                number.value.minus(half).and_then(|hour| time(hour, Exact::whole(30)))
            }
            Value::Number(number) if number.unit.is_none() && number.value.is_whole() => {
                time(number.value, Exact::ZERO)
            }
            Value::Ratio(parts) => match parts.as_slice() {
                [hour, minute] => {
                    return time(*hour, *minute).map_or(Judgement::Wrong, |said| same_time(&key, &said));
                }
                _ => None,
            },
            Value::List(values) => match values.as_slice() {
                [Value::Number(hour), Value::Number(minute)] => time(hour.value, minute.value),
                _ => None,
            },
            _ => None,
        };
        said.map_or(Judgement::Undecided, |said| same_time(&key, &said))
    }

    pub(super) fn judge_date(&self) -> Judgement {
        let Some(Value::Date(key)) = whole_value(&self.key.answer, self.asked, false) else {
            return Judgement::Undecided;
        };
        match self.plain(Expecting::Number) {
            Some((Value::Date(said), _)) => same_date(&key, &said),
            _ => Judgement::Undecided,
        }
    }

    pub(super) fn judge_ratio(&self) -> Judgement {
        let parts = |value: &Value| match value {
            Value::Ratio(parts) => Some(parts.clone()),
            Value::Clock(Clock { pair: Some((one, two)), .. }) => Some(vec![Exact::whole(*one), Exact::whole(*two)]),
            Value::Clock(clock) => Some(vec![Exact::whole(clock.hour.into()), Exact::whole(clock.minute.into())]),
            _ => None,
        };
        let Some(key) = whole_value(&self.key.answer, self.asked, false).as_ref().and_then(parts) else {
            return Judgement::Undecided;
        };
        let Some(said) = self.plain(Expecting::Anything).and_then(|(value, _)| parts(&value)) else {
            return Judgement::Undecided;
        };
        if said == key {
            return Judgement::Right;
        }
        let factor = |at: usize| said.get(at).and_then(|part| part.over(*key.get(at)?));
        let is_proportional =
            said.len() == key.len() && factor(0).is_some() && (1..key.len()).all(|at| factor(at) == factor(0));
        match (is_proportional, self.key.form_for(self.ask)) {
            (true, Some(_)) => Judgement::WrongForm,
            (true, None) => Judgement::Right,
            (false, _) => Judgement::Wrong,
        }
    }

    pub(super) fn judge_remainder(&self) -> Judgement {
        let Some(Value::Remainder(key)) = whole_value(&self.key.answer, self.asked, false) else {
            return Judgement::Undecided;
        };
        let Some((value, _)) = self.plain(Expecting::Number) else { return Judgement::Undecided };
        match value {
            Value::Remainder(said) if said.quotient.is_none() => Judgement::Undecided,
            Value::Remainder(said) if said == key => Judgement::Right,
            Value::Remainder(_) => Judgement::Wrong,
            Value::Number(number) if number.unit.is_none() => match computed(self.ask, self.asked) {
                // "38 / 7" is the question.
                Some(exact) if exact == number.value && matches!(number.form, Form::Fraction { .. }) => {
                    Judgement::Undecided
                }
                Some(exact) if exact == number.value => Judgement::Right,
                // "three" may be the beginning of the answer.
                _ if key.quotient == Some(number.value) => Judgement::Undecided,
                _ if number.form == Form::Grouped => Judgement::Undecided,
                _ => Judgement::Wrong,
            },
            _ => Judgement::Undecided,
        }
    }
}

fn has_more_places(key: &Number, said: &Number) -> bool {
    match (key.form, said.form) {
        (Form::Decimal { places: wanted }, Form::Decimal { places }) => places > wanted,
        (Form::Whole, Form::Decimal { .. }) => true,
        _ => false,
    }
}

fn same_time(key: &Clock, said: &Clock) -> Judgement {
    let minutes = |clock: &Clock| u32::from(clock.hour) % 12 * 60 + u32::from(clock.minute);
    let half = |clock: &Clock| {
        use crate::answer::value::Half;
        clock.half.or(if clock.hour > 12 { Some(Half::Afternoon) } else { None })
    };
    let contradicts = half(key).zip(half(said)).is_some_and(|(one, two)| one != two);
    if minutes(key) == minutes(said) && !contradicts { Judgement::Right } else { Judgement::Wrong }
}

fn same_date(key: &Date, said: &Date) -> Judgement {
    let differs = key.month != said.month
        || key.day.zip(said.day).is_some_and(|(one, two)| one != two)
        || key.year.zip(said.year).is_some_and(|(one, two)| one != two);
    if differs {
        return Judgement::Wrong;
    }
    // What the key has must have been said.
    let is_full = (key.day.is_none() || said.day.is_some()) && (key.year.is_none() || said.year.is_some());
    if is_full { Judgement::Right } else { Judgement::Undecided }
}
