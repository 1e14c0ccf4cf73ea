//! Calculations and terms as they are said: read, computed, and sorted by what they exercise.

use std::collections::BTreeMap;

use super::form::Form;
use super::item::{Item, Num, Style};
use super::words::{Cue, Quantity, Unit};
use crate::answer::Exact;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Num(Num),
    Letter(char),
    Negative(Box<Self>),
    Of(Operation, Box<Self>, Box<Self>),
    Power(Box<Self>, i32),
    Root(Box<Self>, i32),
    /// "two thirds of twelve", "ten percent of 350".
    Part(Box<Self>, Box<Self>),
    Percent(Box<Self>),
    Bracket(Box<Self>),
}

/// A sum of products of letters: coefficient by the letters' powers.
pub(super) type Terms = BTreeMap<Vec<(char, i32)>, Exact>;

impl Expression {
    /// Computes the value; `None` if it has letters, is not exact, or divides by zero.
    pub(super) fn value(&self) -> Option<Exact> {
        match self {
            Self::Num(num) => Some(num.value),
            Self::Letter(_) => None,
            Self::Negative(inner) => Some(inner.value()?.negated()),
            Self::Of(operation, left, right) => {
                let (left, right) = (left.value()?, right.value()?);
                match operation {
                    Operation::Add => left.plus(right),
                    Operation::Subtract => left.minus(right),
                    Operation::Multiply => left.times(right),
                    Operation::Divide => left.over(right),
                }
            }
            Self::Power(base, exponent) => base.value()?.pow(*exponent),
            Self::Root(inner, 2) => inner.value()?.square_root(),
            Self::Root(inner, _) => inner.value()?.cube_root(),
            Self::Part(part, whole) => part.value()?.times(whole.value()?),
            Self::Percent(inner) => inner.value()?.over(Exact::whole(100)),
            Self::Bracket(inner) => inner.value(),
        }
    }

    /// Multiplies out; `None` if something cannot be written as a sum of products.
    pub(super) fn terms(&self) -> Option<Terms> {
        match self {
            Self::Letter(letter) => Some(Terms::from([(vec![(*letter, 1)], Exact::ONE)])),
            Self::Negative(inner) => {
                Some(inner.terms()?.into_iter().map(|(key, value)| (key, value.negated())).collect())
            }
            Self::Of(operation, left, right) => {
                let (left, right) = (left.terms()?, right.terms()?);
                match operation {
                    Operation::Add => sum(left, right),
                    Operation::Subtract => {
                        sum(left, right.into_iter().map(|(key, value)| (key, value.negated())).collect())
                    }
                    Operation::Multiply => product(&left, &right),
                    Operation::Divide => {
                        let by = constant(&right)?;
                        left.into_iter().map(|(key, value)| Some((key, value.over(by)?))).collect()
                    }
                }
            }
            Self::Power(base, exponent) if (1..=4).contains(exponent) => {
                let base = base.terms()?;
                let mut result = base.clone();
                for _ in 1..*exponent {
                    result = product(&result, &base)?;
                }
                Some(result)
            }
            Self::Part(part, whole) => product(&part.terms()?, &whole.terms()?),
            Self::Bracket(inner) => inner.terms(),
            _ => {
                let value = self.value()?;
                Some(if value.is_zero() { Terms::new() } else { Terms::from([(Vec::new(), value)]) })
            }
        }
    }

    pub(super) fn has_letters(&self) -> bool {
        match self {
            Self::Letter(_) => true,
            Self::Num(_) => false,
            Self::Negative(a) | Self::Power(a, _) | Self::Root(a, _) | Self::Percent(a) | Self::Bracket(a) => {
                a.has_letters()
            }
            Self::Of(_, a, b) | Self::Part(a, b) => a.has_letters() || b.has_letters(),
        }
    }

    fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::Num(_) | Self::Letter(_) => {}
            Self::Negative(a) | Self::Power(a, _) | Self::Root(a, _) | Self::Percent(a) | Self::Bracket(a) => {
                a.walk(visit);
            }
            Self::Of(_, a, b) | Self::Part(a, b) => {
                a.walk(visit);
                b.walk(visit);
            }
        }
    }

    /// Whether both have a number in common.
    pub(super) fn shares_number(&self, other: &Self) -> bool {
        let mut nums = Vec::new();
        self.walk(&mut |node| {
            if let Self::Num(num) = node {
                nums.push(num.value);
            }
        });
        let mut shared = false;
        other.walk(&mut |node| shared |= matches!(node, Self::Num(num) if nums.contains(&num.value)));
        shared
    }

    /// Whether there is anything to calculate.
    pub(super) fn is_task(&self) -> bool {
        match self {
            Self::Num(_) | Self::Letter(_) | Self::Percent(_) => false,
            Self::Negative(inner) | Self::Bracket(inner) => inner.is_task(),
            _ => true,
        }
    }

    /// Returns the exercise that the calculation is.
    pub(super) fn form(&self) -> Form {
        let (mut operations, mut nums, mut bottoms) = (Vec::new(), Vec::new(), Vec::new());
        let (mut power, mut percent, mut negative, mut part) = (false, false, false, None);
        self.walk(&mut |node| match node {
            Self::Of(operation, ..) => operations.push(*operation),
            Self::Num(num) => {
                nums.push(*num);
                if let Style::Fraction(_, bottom) = num.style {
                    bottoms.push(bottom);
                }
            }
            Self::Power(..) | Self::Root(..) => power = true,
            Self::Percent(_) => percent = true,
            Self::Negative(_) => negative = true,
            Self::Part(left, _) => part = Some(left.as_ref()),
            Self::Letter(_) | Self::Bracket(_) => {}
        });
        let value = self.value().unwrap_or(Exact::ZERO);
        let mixed = nums.iter().any(|num| num.style == Style::Mixed);
        let decimal = nums.iter().any(|num| matches!(num.style, Style::Decimal(_)));
        let largest = nums.iter().map(|num| num.value.abs()).fold(value.abs(), std::cmp::Ord::max);
        let within = |limit: i64| largest <= Exact::whole(limit);
        if percent {
            return Form::PercentOf;
        }
        let kinds = operations.iter().any(|operation| Some(operation) != operations.first());
        if kinds && operations.len() > 1 && bottoms.is_empty() {
            let all_alike = operations.iter().all(|o| matches!(o, Operation::Add | Operation::Subtract));
            if !all_alike {
                return Form::OrderOfOperations;
            }
        }
        if power && !operations.is_empty() {
            return Form::OrderOfOperations;
        }
        if power {
            return Form::Powers;
        }
        if negative || value.is_negative() {
            return Form::Negative;
        }
        if let Some(part) = part {
            return match part {
                Self::Num(Num { style: Style::Fraction(1, 2), .. })
                    if nums.len() == 2 && nums[1].to_whole().is_some_and(|n| n <= 100) =>
                {
                    Form::FractionMultiply
                }
                _ => Form::FractionMultiply,
            };
        }
        let unlike =
            bottoms.windows(2).any(|pair| pair[0] != pair[1]) || !bottoms.is_empty() && nums.len() > bottoms.len();
        match operations.first() {
            Some(Operation::Add | Operation::Subtract) if mixed => Form::FractionAddUnlike,
            Some(Operation::Add) if unlike => Form::FractionAddUnlike,
            Some(Operation::Subtract) if unlike => Form::FractionSubtractUnlike,
            Some(Operation::Add | Operation::Subtract) if !bottoms.is_empty() => Form::FractionAddLike,
            Some(Operation::Multiply) if !bottoms.is_empty() || mixed => Form::FractionMultiply,
            Some(Operation::Divide) if !bottoms.is_empty() || mixed => Form::FractionDivide,
            Some(Operation::Add | Operation::Subtract) if decimal => Form::DecimalAdd,
            Some(Operation::Multiply | Operation::Divide) if decimal => Form::DecimalMultiply,
            Some(Operation::Add) if within(20) => Form::AddFacts,
            Some(Operation::Add) => Form::AddLarge,
            Some(Operation::Subtract) if within(20) => Form::SubtractFacts,
            Some(Operation::Subtract) => Form::SubtractLarge,
            Some(Operation::Multiply) if nums.len() == 2 && nums.iter().all(|num| num.value <= Exact::whole(12)) => {
                Form::MultiplyFacts
            }
            Some(Operation::Multiply) => Form::MultiplyLarge,
            Some(Operation::Divide) => {
                let by = nums.get(1).map_or(Exact::ZERO, |num| num.value);
                let is_fact = by <= Exact::whole(12) && value <= Exact::whole(10) && value.is_whole();
                if is_fact { Form::DivideFacts } else { Form::DivideLarge }
            }
            None => Form::Other,
        }
    }

    /// The first percentage of something, with what it is of.
    pub(super) fn percent_of(&self) -> Option<(&Self, &Self)> {
        match self {
            Self::Part(part, whole) => match part.as_ref() {
                Self::Percent(percent) => Some((percent, whole)),
                _ => None,
            },
            _ => None,
        }
    }
}

fn sum(mut left: Terms, right: Terms) -> Option<Terms> {
    for (key, value) in right {
        let total = left.get(&key).copied().unwrap_or(Exact::ZERO).plus(value)?;
        if total.is_zero() {
            left.remove(&key);
        } else {
            left.insert(key, total);
        }
    }
    Some(left)
}

fn product(left: &Terms, right: &Terms) -> Option<Terms> {
    let mut result = Terms::new();
    for (left_key, left_value) in left {
        for (right_key, right_value) in right {
            let mut powers: BTreeMap<char, i32> = left_key.iter().copied().collect();
            for (letter, power) in right_key {
                *powers.entry(*letter).or_default() += power;
            }
            let term = Terms::from([(powers.into_iter().collect(), left_value.times(*right_value)?)]);
            result = sum(result, term)?;
        }
    }
    Some(result)
}

/// The value of terms without letters.
pub(super) fn constant(terms: &Terms) -> Option<Exact> {
    match terms.len() {
        0 => Some(Exact::ZERO),
        1 => terms.get(&Vec::new()).copied(),
        _ => None,
    }
}

/// Writes terms as a key: "3x + 5".
pub(super) fn write(terms: &Terms) -> String {
    let mut ordered: Vec<(&Vec<(char, i32)>, &Exact)> = terms.iter().collect();
    ordered
        .sort_by_key(|(key, _)| (std::cmp::Reverse(key.iter().map(|(_, power)| *power).sum::<i32>()), (*key).clone()));
    let mut text = String::new();
    for (key, value) in ordered {
        let letters: String = key
            .iter()
            .map(|(letter, power)| if *power == 1 { letter.to_string() } else { format!("{letter}^{power}") })
            .collect();
        let size = value.abs();
        let size = if size == Exact::ONE && !letters.is_empty() { String::new() } else { size.to_string() };
        let sign = match (text.is_empty(), value.is_negative()) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        text.extend([sign, &size, &letters]);
    }
    if text.is_empty() { "0".to_owned() } else { text }
}

/// Reads a calculation from the start of `items`; returns it and how many items it takes.
pub(super) fn read(items: &[Item]) -> Option<(Expression, usize)> {
    let mut parser = Parser { items, at: 0, unit: None };
    let expression = parser.sum()?;
    Some((expression, parser.at))
}

/// Reads a calculation that is all of `items`, and the unit that its numbers share.
pub(super) fn read_all(items: &[Item]) -> Option<(Expression, Option<Unit>)> {
    let mut parser = Parser { items, at: 0, unit: None };
    let expression = parser.sum()?;
    (parser.at == items.len()).then_some((expression, parser.unit))
}

struct Parser<'a, 'b> {
    items: &'b [Item<'a>],
    at: usize,
    unit: Option<Unit>,
}

impl Parser<'_, '_> {
    fn cue(&self) -> Option<Cue> {
        if let Some(Item::Cue(cue)) = self.items.get(self.at) { Some(*cue) } else { None }
    }

    fn eat(&mut self, cue: Cue) -> bool {
        let eaten = self.cue() == Some(cue);
        self.at += usize::from(eaten);
        eaten
    }

    fn sum(&mut self) -> Option<Expression> {
        let mut left = self.product()?;
        loop {
            let before = self.at;
            let operation = match self.cue() {
                Some(Cue::Plus | Cue::Add) => Operation::Add,
                Some(Cue::Minus) => Operation::Subtract,
                _ => break,
            };
            self.at += 1;
            let Some(right) = self.product() else {
                self.at = before;
                break;
            };
            left = Expression::Of(operation, Box::new(left), Box::new(right));
        }
        // "two times x plus three in brackets": the brackets are around the sum.
        if self.cue() == Some(Cue::InBrackets) {
            let sum = left.clone();
            if let Expression::Of(outer @ (Operation::Add | Operation::Subtract), first, second) = sum
                && let Expression::Of(Operation::Multiply, factor, inner) = *first
            {
                self.at += 1;
                let bracket = Expression::Bracket(Box::new(Expression::Of(outer, inner, second)));
                left = Expression::Of(Operation::Multiply, factor, Box::new(bracket));
            }
        }
        Some(left)
    }

    fn product(&mut self) -> Option<Expression> {
        let mut left = self.power()?;
        loop {
            let before = self.at;
            let operation = match self.cue() {
                Some(Cue::Times | Cue::LotsOf) => Operation::Multiply,
                Some(Cue::Divide | Cue::Over) => Operation::Divide,
                Some(Cue::Of) => {
                    self.at += 1;
                    let is_part = matches!(
                        left,
                        Expression::Percent(_) | Expression::Num(Num { style: Style::Fraction(..), .. })
                    );
                    self.eat(Cue::The);
                    let Some(whole) = is_part.then(|| self.power()).flatten() else {
                        self.at = before;
                        break;
                    };
                    left = Expression::Part(Box::new(left), Box::new(whole));
                    continue;
                }
                Some(Cue::Brackets) => {
                    // "three brackets two x minus five"
                    self.at += 1;
                    let Some(inner) = self.sum() else {
                        self.at = before;
                        break;
                    };
                    self.eat(Cue::InBrackets);
                    let bracket = Expression::Bracket(Box::new(inner));
                    left = Expression::Of(Operation::Multiply, Box::new(left), Box::new(bracket));
                    continue;
                }
                _ => break,
            };
            self.at += 1;
            let right = if operation == Operation::Multiply && self.cue() == Some(Cue::Brackets) {
                self.at += 1;
                self.sum().map(|inner| {
                    self.eat(Cue::InBrackets);
                    Expression::Bracket(Box::new(inner))
                })
            } else {
                self.power()
            };
            let Some(right) = right else {
                self.at = before;
                break;
            };
            left = Expression::Of(operation, Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn power(&mut self) -> Option<Expression> {
        let mut base = self.atom()?;
        loop {
            match self.cue() {
                Some(Cue::Squared) => {
                    self.at += 1;
                    base = raise(base, 2);
                }
                Some(Cue::Cubed) => {
                    self.at += 1;
                    base = raise(base, 3);
                }
                Some(Cue::Power) => match self.items.get(self.at + 1) {
                    Some(Item::Num(num)) => {
                        let exponent = num.to_whole().and_then(|n| i32::try_from(n).ok())?;
                        self.at += 2;
                        base = raise(base, exponent);
                    }
                    _ => break,
                },
                Some(Cue::Percent) => {
                    self.at += 1;
                    base = Expression::Percent(Box::new(base));
                }
                _ => break,
            }
        }
        Some(base)
    }

    fn atom(&mut self) -> Option<Expression> {
        match *self.items.get(self.at)? {
            Item::Cue(Cue::Negative | Cue::Minus) => {
                self.at += 1;
                let inner = self.power()?;
                Some(Expression::Negative(Box::new(inner)))
            }
            Item::Cue(root @ (Cue::Root | Cue::CubeRoot)) => {
                self.at += 1;
                let inner = self.atom()?;
                Some(Expression::Root(Box::new(inner), if root == Cue::Root { 2 } else { 3 }))
            }
            Item::Cue(Cue::Double | Cue::Triple | Cue::HalfOf) => {
                let cue = self.cue();
                self.at += 1;
                let inner = self.atom()?;
                let by = match cue {
                    Some(Cue::Double) => Num::whole(2),
                    Some(Cue::Triple) => Num::whole(3),
                    _ => Num { value: Exact::fraction(1, 2)?, style: Style::Fraction(1, 2) },
                };
                Some(Expression::Of(Operation::Multiply, Box::new(Expression::Num(by)), Box::new(inner)))
            }
            Item::Open => {
                self.at += 1;
                let inner = self.sum()?;
                (self.items.get(self.at) == Some(&Item::Close)).then(|| self.at += 1)?;
                Some(Expression::Bracket(Box::new(inner)))
            }
            Item::Num(num) => {
                self.at += 1;
                if let Some(Item::Many(by)) = self.items.get(self.at) {
                    // "six sevens"
                    let by = Expression::Num(Num::whole(*by));
                    self.at += 1;
                    return Some(Expression::Of(Operation::Multiply, Box::new(Expression::Num(num)), Box::new(by)));
                }
                // "half five" is no product; a number may be followed by letters: "two x".
                if let Some(unit) = self.unit() {
                    self.at += 1;
                    return self.with_unit(num, unit);
                }
                let mut left = Expression::Num(num);
                while let Some(letter) = self.letter() {
                    // "7 x 8" with a sign for times.
                    if letter == 'x'
                        && matches!(left, Expression::Num(_))
                        && matches!(self.items.get(self.at + 1), Some(Item::Num(_)))
                    {
                        self.at += 1;
                        let right = self.atom()?;
                        return Some(Expression::Of(Operation::Multiply, Box::new(left), Box::new(right)));
                    }
                    self.at += 1;
                    let variable = self.raised(letter);
                    left = Expression::Of(Operation::Multiply, Box::new(left), Box::new(variable));
                }
                if self.items.get(self.at) == Some(&Item::Open) {
                    let right = self.atom()?;
                    left = Expression::Of(Operation::Multiply, Box::new(left), Box::new(right));
                }
                Some(left)
            }
            Item::Letter(_) | Item::Cue(Cue::A) => {
                let letter = self.letter()?;
                self.at += 1;
                let mut left = self.raised(letter);
                while let Some(letter) = self.letter() {
                    self.at += 1;
                    let variable = self.raised(letter);
                    left = Expression::Of(Operation::Multiply, Box::new(left), Box::new(variable));
                }
                Some(left)
            }
            Item::Unit(unit) if unit.quantity == Quantity::Money => {
                // "$5"
                let Some(Item::Num(num)) = self.items.get(self.at + 1).copied() else { return None };
                self.at += 2;
                self.with_unit(num, unit)
            }
            _ => None,
        }
    }

    /// A letter here is a variable. "a" is one only between operations.
    fn letter(&self) -> Option<char> {
        match self.items.get(self.at)? {
            Item::Letter(letter) => Some(*letter),
            Item::Cue(Cue::A) => matches!(
                self.items.get(self.at + 1),
                None | Some(
                    Item::Cue(
                        Cue::Plus
                            | Cue::Minus
                            | Cue::Equals
                            | Cue::Is
                            | Cue::Squared
                            | Cue::Cubed
                            | Cue::Times
                            | Cue::InBrackets
                    ) | Item::Close
                        | Item::Comma
                )
            )
            .then_some('a'),
            _ => None,
        }
    }

    fn raised(&mut self, letter: char) -> Expression {
        let variable = Expression::Letter(letter);
        match self.cue() {
            Some(Cue::Squared) => {
                self.at += 1;
                raise(variable, 2)
            }
            Some(Cue::Cubed) => {
                self.at += 1;
                raise(variable, 3)
            }
            _ => variable,
        }
    }

    fn unit(&self) -> Option<Unit> {
        if let Some(Item::Unit(unit)) = self.items.get(self.at) { Some(*unit) } else { None }
    }

    /// A number with a unit. Money may have a second part: "three pounds forty", "two dollars and fifty cents".
    fn with_unit(&mut self, num: Num, unit: Unit) -> Option<Expression> {
        if self.unit.is_some_and(|known| known.name != unit.name) {
            return None;
        }
        self.unit = Some(unit);
        if unit.quantity != Quantity::Money || unit.size != 100 {
            return Some(Expression::Num(num));
        }
        let mut at = self.at;
        let joined = self.items.get(at) == Some(&Item::Cue(Cue::And));
        at += usize::from(joined);
        if let (Some(whole), Some(Item::Num(part))) = (num.to_whole(), self.items.get(at))
            && let Some(cents) = part.to_whole().filter(|cents| (1..100).contains(cents))
        {
            let named = matches!(self.items.get(at + 1), Some(Item::Unit(cent)) if cent.quantity == Quantity::Money && cent.size == 1);
            // "three pounds and two": no pence were said.
            if named || !joined && !matches!(self.items.get(at + 1), Some(Item::Unit(_))) {
                self.at = at + 1 + usize::from(named);
                let value = Exact::whole(whole).plus(Exact::fraction(cents, 100)?)?;
                return Some(Expression::Num(Num { value, style: Style::Decimal(2) }));
            }
        }
        Some(Expression::Num(num))
    }
}

fn raise(base: Expression, exponent: i32) -> Expression {
    // "minus three squared" raises the three; "two x squared" the x.
    match base {
        Expression::Negative(inner) => Expression::Negative(Box::new(raise(*inner, exponent))),
        Expression::Of(Operation::Multiply, factor, letter) if matches!(*letter, Expression::Letter(_)) => {
            Expression::Of(Operation::Multiply, factor, Box::new(raise(*letter, exponent)))
        }
        base => Expression::Power(Box::new(base), exponent),
    }
}
