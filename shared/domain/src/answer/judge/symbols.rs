//! Expressions, equations, inequalities, intervals and lists against their keys.

use super::{Case, Judgement};
use crate::answer::exact::Exact;
use crate::answer::expression::{Expression, Operation};
use crate::answer::key::{asks, whole_value};
use crate::answer::number::{Form, Number};
use crate::answer::polynomial::Polynomial;
use crate::answer::reading::Expecting;
use crate::answer::value::{Interval, Relation, Sign, Value};

impl Case<'_> {
    pub(super) fn judge_expression(&self) -> Judgement {
        let Some(Value::Expression(key)) = whole_value(&self.key.answer, self.asked, true) else {
            return Judgement::Undecided;
        };
        let Some((value, _)) = self.plain(Expecting::Algebra) else { return Judgement::Undecided };
        let said = match value {
            Value::Expression(expression) => expression,
            Value::Number(number) if number.unit.is_none() => Expression::from(number),
            // "2x + 5x = 7x"
            Value::Relation(relation) if relation.is_equation() => match relation.rest.last() {
                Some((_, last)) => last.clone(),
                None => return Judgement::Undecided,
            },
            _ => return Judgement::Undecided,
        };
        let (Some(wanted), Some(given)) = (key.polynomial(), said.polynomial()) else { return Judgement::Undecided };
        if wanted != given {
            return Judgement::Wrong;
        }
        let asks_form =
            asks(self.ask, &["simplif", "expand", "combine", "collect", "vereinfach", "multiply out", "desarroll"]);
        let asks_factors = asks(self.ask, &["factor", "faktorisier"]);
        let has_form = if asks_factors {
            count_products(&said) >= count_products(&key)
        } else {
            said.count_operations() <= key.count_operations() && count_products(&said) <= count_products(&key)
        };
        if has_form || !(asks_form || asks_factors) { Judgement::Right } else { Judgement::WrongForm }
    }

    pub(super) fn judge_relation(&self) -> Judgement {
        let Some(Value::Relation(key)) = whole_value(&self.key.answer, self.asked, true) else {
            return Judgement::Undecided;
        };
        let Some((value, _)) = self.plain(Expecting::Algebra) else { return Judgement::Undecided };
        let Value::Relation(said) = value else {
            // The number alone is right for "x = 5".
            return match (&value, key.is_equation(), key.rest.as_slice()) {
                (Value::Number(number), true, [(_, right)]) if matches!(key.first, Some(Expression::Letter(_))) => {
                    match right.value().zip(number.share()) {
                        Some((one, two)) if one == two => Judgement::Right,
                        Some(_) => Judgement::Wrong,
                        None => Judgement::Undecided,
                    }
                }
                // A number is no range.
                (Value::Number(_), false, _) => Judgement::Wrong,
                _ => Judgement::Undecided,
            };
        };
        match (solved(&key, None), solved(&said, letter_of(&key))) {
            (Some(wanted), Some(given)) if wanted == given => Judgement::Right,
            (Some(_), Some(_)) => Judgement::Wrong,
            _ => match (normal(&key), normal(&said)) {
                (Some(wanted), Some(given)) if wanted == given => Judgement::Right,
                (Some(_), Some(_)) if key.rest.len() == 1 && said.rest.len() == 1 => Judgement::Wrong,
                _ => match (interval(&key), interval(&said)) {
                    (Some(wanted), Some(given)) if wanted == given => Judgement::Right,
                    (Some(_), Some(_)) => Judgement::Wrong,
                    _ => Judgement::Undecided,
                },
            },
        }
    }

    pub(super) fn judge_interval(&self) -> Judgement {
        let Some(Value::Interval(key)) = whole_value(&self.key.answer, self.asked, true) else {
            return Judgement::Undecided;
        };
        let Some((value, _)) = self.plain(Expecting::Algebra) else { return Judgement::Undecided };
        let said = match value {
            Value::Interval(interval) => Some(interval),
            Value::Relation(relation) => interval(&relation),
            // "(2, 5)" is open on both sides.
            Value::List(values) => match numbers_of(&values).as_deref() {
                Some([low, high]) if self.tokens.first().is_some_and(|token| token.text == "(") => {
                    Some(Interval { low: *low, high: *high, has_low: false, has_high: false })
                }
                _ => None,
            },
            _ => None,
        };
        match said {
            Some(said) if said == key => Judgement::Right,
            Some(_) => Judgement::Wrong,
            None => Judgement::Undecided,
        }
    }

    /// Several numbers, in the key's order or in any.
    pub(super) fn judge_list(&self, is_ordered: bool) -> Judgement {
        let key = match whole_value(&self.key.answer, self.asked, false) {
            Some(Value::List(values)) => numbers_of(&values),
            Some(Value::Interval(interval)) => Some(vec![interval.low, interval.high]),
            _ => None,
        };
        let Some(mut key) = key else { return Judgement::Undecided };
        let Some((value, reading)) = self.plain(Expecting::Anything) else { return self.judge_named_pair(&key) };
        if !reading.withdrawn.is_empty() {
            return Judgement::Undecided;
        }
        let said = match &value {
            Value::List(values) => numbers_of(values),
            // "25 < 52 < 205"
            Value::Relation(relation) if is_ordered && relation.holds() == Some(true) => sides(relation),
            // "2 10" and "2,5" are two numbers where a list is asked for.
            Value::Number(
                Number { form: Form::Grouped, parts: Some((one, two)), .. }
                | Number { has_comma: true, parts: Some((one, two)), .. },
            ) => Some(vec![*one, *two]),
            Value::Number(number) if number.unit.is_none() && !is_ordered => Some(vec![number.value]),
            _ => None,
        };
        let Some(mut said) = said else { return self.judge_named_pair(&key) };
        // The first of several values may have been heard alone.
        if said.len() == 1 && key.contains(&said[0]) {
            return Judgement::Undecided;
        }
        if !is_ordered {
            for list in [&mut key, &mut said] {
                list.sort_unstable();
                list.dedup();
            }
        }
        if said == key { Judgement::Right } else { Judgement::Wrong }
    }

    /// "x is 2 and y is 5".
    fn judge_named_pair(&self, key: &[Exact]) -> Judgement {
        let Some((Value::List(values), _)) = self.plain(Expecting::Algebra) else { return Judgement::Undecided };
        let mut named = Vec::new();
        for value in &values {
            let Value::Relation(relation) = value else { return Judgement::Undecided };
            match (&relation.first, relation.is_equation(), relation.rest.as_slice()) {
                (Some(Expression::Letter(letter)), true, [(_, right)]) => match right.value() {
                    Some(value) => named.push((*letter, value)),
                    None => return Judgement::Undecided,
                },
                _ => return Judgement::Undecided,
            }
        }
        named.sort_by_key(|(letter, _)| *letter);
        let said: Vec<Exact> = named.into_iter().map(|(_, value)| value).collect();
        if said == key { Judgement::Right } else { Judgement::Wrong }
    }
}

/// Returns the numbers if there is nothing else. Pairs that were read as one number are split.
fn numbers_of(values: &[Value]) -> Option<Vec<Exact>> {
    let mut found = Vec::new();
    for value in values {
        match value {
            Value::Number(Number { form: Form::Grouped, parts: Some((one, two)), .. }) => found.extend([*one, *two]),
            Value::Number(number) if number.unit.is_none() => found.push(number.value),
            Value::List(values) => found.extend(numbers_of(values)?),
            _ => return None,
        }
    }
    Some(found)
}

fn sides(relation: &Relation) -> Option<Vec<Exact>> {
    let rest = relation.rest.iter().map(|(_, side)| side.value());
    std::iter::once(relation.first.as_ref()?.value()).chain(rest).collect()
}

/// Products of a sum: 1 in `2(x + 3)`, 0 in `2x + 6`.
fn count_products(expression: &Expression) -> usize {
    match expression {
        Expression::Number(_) | Expression::Letter(_) => 0,
        Expression::Negative(of) | Expression::Root { of, .. } => count_products(of),
        Expression::Operation { operation, left, right } => {
            let is_sum = |side: &Expression| {
                matches!(side, Expression::Operation { operation: Operation::Add | Operation::Subtract, .. })
            };
            let multiplies = matches!(operation, Operation::Multiply | Operation::Power);
            usize::from(multiplies && (is_sum(left) || is_sum(right))) + count_products(left) + count_products(right)
        }
    }
}

fn letter_of(relation: &Relation) -> Option<char> {
    let mut letters = relation.first.as_ref().map(Expression::letters).unwrap_or_default();
    letters.extend(relation.rest.iter().flat_map(|(_, side)| side.letters()));
    letters.first().copied()
}

/// A letter, a sign and a number: `x > 4`, `4 < x`, and "greater than 4" with the letter of the question.
fn solved(relation: &Relation, unnamed: Option<char>) -> Option<(char, Sign, Exact)> {
    let [(sign, right)] = relation.rest.as_slice() else { return None };
    match (&relation.first, right) {
        (Some(Expression::Letter(letter)), right) => Some((*letter, *sign, right.value()?)),
        (Some(left), Expression::Letter(letter)) => Some((*letter, sign.turned(), left.value()?)),
        (None, right) => Some((unnamed?, *sign, right.value()?)),
        _ => None,
    }
}

/// All on one side, divided by the first coefficient: equal for equivalent relations.
fn normal(relation: &Relation) -> Option<(Sign, Polynomial)> {
    let [(sign, right)] = relation.rest.as_slice() else { return None };
    let difference = relation.first.as_ref()?.polynomial()?.minus(&right.polynomial()?)?;
    let lead = difference.lead()?;
    let sign = if lead.is_negative() { sign.turned() } else { *sign };
    Some((sign, difference.over(&Polynomial::constant(lead))?))
}

/// `2 <= x < 5`.
fn interval(relation: &Relation) -> Option<Interval> {
    let [(first_sign, Expression::Letter(_)), (second_sign, high)] = relation.rest.as_slice() else { return None };
    let (low, high) = (relation.first.as_ref()?.value()?, high.value()?);
    let (low, first_sign, second_sign, high) = match first_sign {
        Sign::Less | Sign::AtMost => (low, *first_sign, *second_sign, high),
        Sign::Greater | Sign::AtLeast => (high, second_sign.turned(), first_sign.turned(), low),
        _ => return None,
    };
    let includes = |sign: Sign| match sign {
        Sign::Less => Some(false),
        Sign::AtMost => Some(true),
        _ => None,
    };
    Some(Interval { low, high, has_low: includes(first_sign)?, has_high: includes(second_sign)? })
}
