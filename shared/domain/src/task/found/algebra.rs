//! Terms, equations, inequalities, substitution, patterns, lines.

use super::{Before, Found, Frame, core, key, list};
use crate::answer::Exact;
use crate::task::Wanted;
use crate::task::expression::{self, Expression, Terms, write};
use crate::task::form::Form;
use crate::task::item::{End, Item, Num, Sentence};
use crate::task::words::Cue;

pub(in crate::task) fn find(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    line(sentence)
        .or_else(|| pattern(sentence))
        .or_else(|| substitute(sentence, all))
        .or_else(|| relation(sentence))
        .or_else(|| terms(sentence, before))
}

/// A letter, or "something": what is looked for.
fn is_unknown(item: &Item) -> bool {
    matches!(item, Item::Letter(_) | Item::Cue(Cue::Something))
}

fn with_letters<'a>(items: &[Item<'a>]) -> Vec<Item<'a>> {
    items.iter().map(|item| if *item == Item::Cue(Cue::Something) { Item::Letter('x') } else { *item }).collect()
}

fn relation(sentence: &Sentence) -> Option<Found> {
    const SIGNS: [(Cue, &str, &str); 6] = [
        (Cue::LessThan, "<", ">"),
        (Cue::GreaterThan, ">", "<"),
        (Cue::AtMost, "<=", ">="),
        (Cue::AtLeast, ">=", "<="),
        (Cue::Equals, "=", "="),
        (Cue::Is, "=", "="),
    ];
    if !sentence.items.iter().any(is_unknown) {
        return None;
    }
    let items = core(&sentence.items);
    let items = match items {
        [Item::Cue(Cue::Solve | Cue::Can), rest @ ..] => rest,
        all => all,
    };
    let items = match items {
        [Item::Cue(Cue::Solve), rest @ ..] => rest,
        all => all,
    };
    // "Solve for x: …"
    let items = match items {
        [Item::Letter(_), Item::Colon | Item::Comma, rest @ ..] => rest,
        all => all,
    };
    let items = with_letters(items);
    let (at, sign, flipped) = SIGNS.iter().find_map(|(cue, sign, flipped)| {
        let at = items.iter().position(|item| *item == Item::Cue(*cue))?;
        Some((at, *sign, *flipped))
    })?;
    // "is equal to" and "is at least" are one sign; "x is greater than 6" has one too.
    let left = expression::read_all(&items[..at])?.0;
    let mut end = items.len();
    // "…, what is x?"
    if let Some(comma) = items[at..].iter().position(|item| *item == Item::Comma) {
        let rest = &items[at + comma + 1..];
        let asks = rest.iter().all(|item| matches!(item, Item::Letter(_) | Item::Cue(_) | Item::Comma));
        if asks {
            end = at + comma;
        }
    }
    let right = expression::read_all(&items[at + 1..end])?.0;
    let is_inequality = sign != "=";
    if !left.has_letters() && !right.has_letters() {
        return None;
    }
    // "x is 4" sets no task.
    if matches!(left, Expression::Letter(_)) && !right.has_letters() && !is_inequality {
        return None;
    }
    if is_inequality && matches!(left, Expression::Letter(_)) {
        // "And x less than one?" is about a number line.
        return Some(Found::form(Form::Inequality, Wanted::Free));
    }
    let solved = solve(&left, &right);
    let form = if is_inequality {
        Form::Inequality
    } else if steps(&left, &right) > 1 {
        Form::EquationTwoStep
    } else {
        Form::EquationOneStep
    };
    let expected = solved.map(|(letter, value, is_negative)| {
        let value = key(value, true);
        if is_inequality {
            let sign = if is_negative { flipped } else { sign };
            format!("{letter} {sign} {value}")
        } else {
            value
        }
    });
    Some(Found::new(form, Wanted::Equation, expected).with(Frame::Solved))
}

/// The value of the only letter, and whether it was divided by a negative number.
fn solve(left: &Expression, right: &Expression) -> Option<(char, Exact, bool)> {
    let mut all: Terms = left.terms()?;
    for (key, value) in right.terms()? {
        let total = all.get(&key).copied().unwrap_or(Exact::ZERO).minus(value)?;
        all.insert(key, total);
    }
    all.retain(|_, value| !value.is_zero());
    let mut by = None;
    let mut rest = Exact::ZERO;
    for (key, value) in all {
        match key.as_slice() {
            [] => rest = value,
            [(letter, 1)] if by.is_none() => by = Some((*letter, value)),
            _ => return None,
        }
    }
    let (letter, by) = by?;
    Some((letter, rest.negated().over(by)?, by.is_negative()))
}

/// How many operations stand around the letters.
fn steps(left: &Expression, right: &Expression) -> usize {
    let count = |side: &Expression| {
        let Some(terms) = side.terms() else { return 2 };
        let letters = terms.iter().filter(|(key, _)| !key.is_empty()).count();
        let scaled = terms.iter().filter(|(key, value)| !key.is_empty() && **value != Exact::ONE).count();
        let added = usize::from(terms.contains_key(&Vec::new()));
        if letters == 0 { 0 } else { letters - 1 + scaled + added }
    };
    let (left, right) = (count(left), count(right));
    if left > 0 && right > 0 { 2 } else { left.max(right).max(1) }
}

fn terms(sentence: &Sentence, before: Before) -> Option<Found> {
    let asked = sentence.has_any(&[Cue::Simplify, Cue::Expand]);
    let has_letter = sentence.items.iter().any(|item| matches!(item, Item::Letter(_)));
    let has_letter = has_letter || asked && sentence.has(Cue::A);
    if !has_letter {
        return None;
    }
    let items = core(&sentence.items);
    let items = match items {
        [Item::Cue(Cue::Can), rest @ ..] => rest,
        all => all,
    };
    let items = match items {
        [Item::Cue(Cue::Simplify | Cue::Expand), rest @ ..] => rest,
        all => all,
    };
    let (read, _) = expression::read_all(items)?;
    if !read.has_letters() || !asked && matches!(read, Expression::Letter(_)) {
        return None;
    }
    // A bare term is a task only if there is something to collect.
    if !asked && before.form != Some(Form::Expression) && !matches!(read, Expression::Of(..)) {
        return None;
    }
    let is_sum = matches!(read, Expression::Of(expression::Operation::Add | expression::Operation::Subtract, ..));
    if !asked && !is_sum {
        return None;
    }
    let expected = read.terms().map(|terms| write(&terms));
    Some(Found::new(Form::Expression, Wanted::Expression, expected).with(Frame::Letters))
}

/// "If x is 4, what is 3x plus 2?", "What's five x squared when x is two?"
fn substitute(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    let given = |items: &[Item]| {
        items.windows(3).find_map(|window| match window {
            [Item::Letter(letter), Item::Cue(Cue::Is | Cue::Equals), rest] => match rest {
                Item::Num(num) => Some((*letter, num.value)),
                _ => None,
            },
            _ => None,
        })
    };
    let negative = |items: &[Item]| {
        items.windows(4).find_map(|window| match window {
            [
                Item::Letter(letter),
                Item::Cue(Cue::Is | Cue::Equals),
                Item::Cue(Cue::Minus | Cue::Negative),
                Item::Num(num),
            ] => Some((*letter, num.value.negated())),
            _ => None,
        })
    };
    let speaks = |s: &Sentence| s.has_any(&[Cue::If, Cue::When, Cue::Where, Cue::For]);
    let source = all.iter().find(|s| speaks(s) && (given(&s.items).is_some() || negative(&s.items).is_some()))?;
    let (letter, value) = negative(&source.items).or_else(|| given(&source.items))?;
    // The question is the part without the condition.
    let parts: Vec<&[Item]> = sentence
        .items
        .split(|item| matches!(item, Item::Comma | Item::Cue(Cue::When | Cue::If | Cue::Where | Cue::For)))
        .collect();
    let asked = parts.iter().find_map(|part| {
        let items = core(part);
        let items = match items {
            [Item::Word("value"), Item::Cue(Cue::Of), rest @ ..] | [Item::Cue(Cue::Worth), rest @ ..] => rest,
            all => all,
        };
        let (read, _) = expression::read_all(items)?;
        (read.has_letters() && read.is_task()).then_some(read)
    })?;
    if sentence.has_any(&[Cue::Slope, Cue::Intercept]) {
        return None;
    }
    let mut total = Exact::ZERO;
    let mut is_read = true;
    for (key, coefficient) in asked.terms()? {
        let power = match key.as_slice() {
            [] => Some(Exact::ONE),
            [(known, power)] if *known == letter => value.pow(*power),
            _ => None,
        };
        match power.and_then(|power| power.times(coefficient)).and_then(|term| total.plus(term)) {
            Some(sum) => total = sum,
            None => is_read = false,
        }
    }
    Some(Found::new(Form::Expression, Wanted::Number, is_read.then(|| key(total, true))))
}

fn pattern(sentence: &Sentence) -> Option<Found> {
    let items = &sentence.items;
    let first = items.iter().position(|item| matches!(item, Item::Num(_) | Item::Cue(Cue::Minus | Cue::Negative)));
    let asks = sentence.has_any(&[Cue::Next, Cue::Pattern]) || sentence.end == End::Dots;
    let Some(first) = first.filter(|_| asks) else {
        return (sentence.has(Cue::Pattern) && sentence.end == End::Question && !sentence.has_word("read"))
            .then(|| Found::form(Form::Pattern, Wanted::Free));
    };
    let (nums, used) = list(&items[first..]);
    let total = sentence.numbers.len();
    if nums.len() < 3 || total != nums.len() {
        return sentence.has(Cue::Pattern).then(|| Found::form(Form::Pattern, Wanted::Free));
    }
    let rest = &items[first + used..];
    let is_read = items[..first].iter().all(|item| {
        matches!(
            item,
            Item::Comma
                | Item::Colon
                | Item::Dots
                | Item::Quote
                | Item::Cue(
                    Cue::Next
                        | Cue::WhatIs
                        | Cue::What
                        | Cue::Is
                        | Cue::In
                        | Cue::The
                        | Cue::Pattern
                        | Cue::Number
                        | Cue::Filler
                        | Cue::And
                        | Cue::Of
                        | Cue::After
                        | Cue::Try
                )
                | Item::Word("qué")
        )
    }) && rest.iter().all(|item| {
        matches!(
            item,
            Item::Comma
                | Item::Dots
                | Item::Cue(
                    Cue::Next | Cue::WhatIs | Cue::What | Cue::Is | Cue::Filler | Cue::And | Cue::The | Cue::Number
                )
        )
    });
    let expected = next(&nums).filter(|_| {
        is_read
            && (rest.iter().any(|i| matches!(i, Item::Dots | Item::Cue(Cue::Next)))
                || items[..first].contains(&Item::Cue(Cue::Next))
                || sentence.end == End::Dots)
    });
    Some(Found::new(Form::Pattern, Wanted::Number, expected.map(|value| key(value, true))))
}

/// The next number if the rule is certain: same steps, same factors, or steps that grow evenly.
fn next(nums: &[Num]) -> Option<Exact> {
    let values: Vec<Exact> = nums.iter().map(|num| num.value).collect();
    let last = *values.last()?;
    let steps: Option<Vec<Exact>> = values.windows(2).map(|pair| pair[1].minus(pair[0])).collect();
    let steps = steps?;
    if steps.windows(2).all(|pair| pair[0] == pair[1]) {
        return last.plus(*steps.first()?);
    }
    let factors: Option<Vec<Exact>> = values.windows(2).map(|pair| pair[1].over(pair[0])).collect();
    if let Some(factors) = factors
        && factors.windows(2).all(|pair| pair[0] == pair[1])
        && (values.len() >= 4 || factors[0].abs() > Exact::whole(2) || factors[0].abs() < Exact::ONE)
    {
        return last.times(factors[0]);
    }
    if values.len() >= 4 {
        let growth: Option<Vec<Exact>> = steps.windows(2).map(|pair| pair[1].minus(pair[0])).collect();
        let growth = growth?;
        if growth.len() >= 2 && growth.windows(2).all(|pair| pair[0] == pair[1]) {
            return last.plus(steps.last()?.plus(growth[0])?);
        }
        // "1, 1, 2, 3, 5": each is the sum of the two before.
        if values.len() >= 5 && values.windows(3).all(|three| three[0].plus(three[1]) == Some(three[2])) {
            return last.plus(values[values.len() - 2]);
        }
    }
    None
}

fn line(sentence: &Sentence) -> Option<Found> {
    if !sentence.has_any(&[Cue::Slope, Cue::Intercept]) {
        let point = sentence.text.contains("the point") && sentence.has_number() || sentence.text.contains("axis");
        if (sentence.has(Cue::Coordinate) || point) && sentence.end == End::Question {
            return Some(Found::form(Form::Coordinates, Wanted::Free));
        }
        return None;
    }
    let items = &sentence.items;
    let equation = items.iter().position(|item| *item == Item::Letter('y')).and_then(|at| {
        matches!(items.get(at + 1), Some(Item::Cue(Cue::Equals | Cue::Is))).then_some(())?;
        let (read, used) = expression::read(&items[at + 2..])?;
        let rest_is_known = items[at + 2 + used..]
            .iter()
            .all(|item| !matches!(item, Item::Num(_) | Item::Letter(_)) || *item == Item::Letter('y'));
        rest_is_known.then(|| read.terms()).flatten()
    });
    let coefficient = |terms: &Terms, letter: bool| {
        let known = terms.keys().all(|key| key.is_empty() || key.as_slice() == [('x', 1)]);
        let wanted: Vec<(char, i32)> = if letter { [('x', 1)].to_vec() } else { Vec::new() };
        known.then(|| terms.get(&wanted).copied().unwrap_or(Exact::ZERO))
    };
    let expected = equation.and_then(|terms| coefficient(&terms, sentence.has(Cue::Slope)));
    let both = sentence.has(Cue::Slope) && sentence.has(Cue::Intercept);
    Some(Found::new(Form::Line, Wanted::Number, expected.filter(|_| !both).map(|value| value.to_string())))
}
