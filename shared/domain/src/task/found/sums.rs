//! Bare calculations: "Six times seven?", "Minus six minus four.", "Six and three?".

use super::{Before, Found, Frame, core, key};
use crate::answer::Exact;
use crate::task::Wanted;
use crate::task::expression::{self, Expression, Operation};
use crate::task::form::Form;
use crate::task::item::{Item, Sentence, Style};
use crate::task::words::{Cue, Quantity};

pub(in crate::task) fn find(sentence: &Sentence, before: Before) -> Option<Found> {
    if !sentence.has_number() {
        return None;
    }
    let items = core(&sentence.items);
    verb(items)
        .or_else(|| missing_number(items))
        .or_else(|| calculation(items, before))
        .or_else(|| joined_by_and(items, before))
        .or_else(|| percent_again(items, before))
}

/// The task of a calculation that was read completely.
pub(in crate::task) fn of(expression: Expression, before: Before) -> Option<Found> {
    if expression.has_letters() {
        return None;
    }
    let value = expression.value()?;
    let mut form = expression.form();
    let mut as_decimal = false;
    walk_styles(&expression, &mut |style| as_decimal |= matches!(style, Style::Decimal(_)));
    let mut wanted = Wanted::Number;
    if !value.is_whole() && !as_decimal {
        wanted = Wanted::Fraction;
    }
    // Whole numbers do not always divide: "seventeen divided by five" may want a remainder.
    let expected = if form == Form::DivideLarge && !value.is_whole() { None } else { Some(key(value, as_decimal)) };
    if form == Form::Other {
        form = before.form?;
    }
    let frame = match expression.percent_of() {
        Some((_, whole)) => Frame::PercentOf(whole.clone()),
        None => Frame::Calculation(expression),
    };
    Some(Found::new(form, wanted, expected).with(frame))
}

fn walk_styles(expression: &Expression, visit: &mut dyn FnMut(Style)) {
    match expression {
        Expression::Num(num) => visit(num.style),
        Expression::Letter(_) => {}
        Expression::Negative(a)
        | Expression::Power(a, _)
        | Expression::Root(a, _)
        | Expression::Percent(a)
        | Expression::Bracket(a) => walk_styles(a, visit),
        Expression::Of(_, a, b) | Expression::Part(a, b) => {
            walk_styles(a, visit);
            walk_styles(b, visit);
        }
    }
}

fn calculation(items: &[Item], before: Before) -> Option<Found> {
    let items = match items {
        [Item::Cue(Cue::The), rest @ ..] => rest,
        all => all,
    };
    let (expression, unit) = expression::read_all(items)?;
    if !expression.is_task() {
        return None;
    }
    let mut found = of(expression, before)?;
    if let Some(unit) = unit
        && unit.quantity == Quantity::Money
    {
        found.wanted = Wanted::Money;
        found.form = match found.form {
            Form::DecimalAdd | Form::DecimalMultiply if unit.size == 100 => found.form,
            _ if before.has_decimals => Form::DecimalAdd,
            _ => Form::Money,
        };
    }
    Some(found)
}

/// "Add six and seven", "Subtract four from nine", "The sum of 5 and 6".
fn verb(items: &[Item]) -> Option<Found> {
    let skip = usize::from(matches!(items.first(), Some(Item::Cue(Cue::The | Cue::Can))));
    let items = &items[skip..];
    let Some(Item::Cue(cue)) = items.first() else { return None };
    let rest = &items[1..];
    let read = |items: &[Item]| expression::read_all(items).map(|(expression, _)| expression);
    let split = |joint: Cue| {
        let at = rest.iter().position(|item| *item == Item::Cue(joint))?;
        Some((read(&rest[..at])?, read(&rest[at + 1..])?))
    };
    let (operation, left, right) = match cue {
        Cue::Add | Cue::Sum => {
            let (left, right) = split(Cue::And).or_else(|| split(Cue::To))?;
            (Operation::Add, left, right)
        }
        Cue::Product => {
            let (left, right) = split(Cue::And)?;
            (Operation::Multiply, left, right)
        }
        Cue::Difference => {
            let (left, right) = split(Cue::And)?;
            if left.value()? < right.value()? {
                (Operation::Subtract, right, left)
            } else {
                (Operation::Subtract, left, right)
            }
        }
        Cue::Multiply => {
            let (left, right) = split(Cue::By)?;
            (Operation::Multiply, left, right)
        }
        Cue::DivideVerb => {
            let (left, right) = split(Cue::By)?;
            (Operation::Divide, left, right)
        }
        // "subtract" and "take away" are the sign's words too.
        Cue::Minus => {
            let (right, left) = split(Cue::From)?;
            (Operation::Subtract, left, right)
        }
        _ => return None,
    };
    let none = Before { form: None, frame: &Frame::None, shape: None, has_decimals: false };
    of(Expression::Of(operation, Box::new(left), Box::new(right)), none)
}

/// "Five times what is forty-five?", "What do you add to six to make ten?".
fn missing_number(items: &[Item]) -> Option<Found> {
    let gap =
        |item: &Item| matches!(item, Item::Cue(Cue::What | Cue::Something | Cue::WhatIs | Cue::HowMuch | Cue::HowMany));
    let at = items.iter().position(gap)?;
    if let [Item::Num(known)] = items[..at.saturating_sub(1)]
        && let Some(Item::Cue(operation)) = items.get(at.checked_sub(1)?)
        && let [rest @ .., Item::Num(result)] = &items[at + 1..]
        && rest.iter().all(|item| matches!(item, Item::Cue(Cue::Is | Cue::Equals | Cue::Makes)))
    {
        let (value, form) = match operation {
            Cue::Times => (result.value.over(known.value)?, Form::DivideFacts),
            Cue::Plus => (result.value.minus(known.value)?, Form::SubtractFacts),
            Cue::Minus => (known.value.minus(result.value)?, Form::SubtractFacts),
            Cue::Divide => (known.value.over(result.value)?, Form::DivideFacts),
            _ => return None,
        };
        let large = known.value.abs().max(result.value.abs()) > Exact::whole(20);
        let form = match form {
            Form::SubtractFacts if *operation == Cue::Plus && !large => Form::AddFacts,
            Form::SubtractFacts if large => Form::SubtractLarge,
            form => form,
        };
        return Some(Found::new(form, Wanted::Number, Some(key(value, true))));
    }
    None
}

/// "Six and three?" adds where adding is practised.
fn joined_by_and(items: &[Item], before: Before) -> Option<Found> {
    let at = items.iter().position(|item| *item == Item::Cue(Cue::And))?;
    let adds = match before.form {
        None => true,
        Some(form) => matches!(
            form,
            Form::AddFacts
                | Form::AddLarge
                | Form::FractionAddLike
                | Form::FractionAddUnlike
                | Form::DecimalAdd
                | Form::Money
                | Form::SubtractFacts
                | Form::Story
                | Form::FractionSimplify
        ),
    };
    let (left, one) = expression::read_all(&items[..at])?;
    let (right, two) = expression::read_all(&items[at + 1..])?;
    if !adds || left.is_task() || right.is_task() || one.map(|unit| unit.name) != two.map(|unit| unit.name) {
        return None;
    }
    let mut found = of(Expression::Of(Operation::Add, Box::new(left), Box::new(right)), before)?;
    if one.is_some_and(|unit| unit.quantity == Quantity::Money) {
        found.wanted = Wanted::Money;
    }
    Some(found)
}

/// "And five percent?" is of the same amount.
fn percent_again(items: &[Item], before: Before) -> Option<Found> {
    let Frame::PercentOf(whole) = before.frame else { return None };
    let items = match items {
        [head @ .., Item::Cue(Cue::Of), Item::Cue(Cue::It | Cue::The) | Item::Word("that")] => head,
        all => all,
    };
    match items {
        [Item::Num(percent), Item::Cue(Cue::Percent)] => {
            let percent = Expression::Percent(Box::new(Expression::Num(*percent)));
            of(Expression::Part(Box::new(percent), Box::new(whole.clone())), before)
        }
        _ => None,
    }
}
