//! Calculations and expressions, spoken or written: "three quarters minus one sixth", "half of fourteen", "2(x + 3)".

use super::exact::Exact;
use super::number::{self, Form, Number};
use super::parser::Parser;
use super::polynomial::Polynomial;
use super::words::Sense;

/// An operation of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// An expression as it was said.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Number(Box<Number>),
    Letter(char),
    Negative(Box<Expression>),
    Root { degree: u8, of: Box<Expression> },
    Operation { operation: Operation, left: Box<Expression>, right: Box<Expression> },
}

impl Expression {
    pub(super) fn operation(operation: Operation, left: Self, right: Self) -> Self {
        Self::Operation { operation, left: Box::new(left), right: Box::new(right) }
    }

    /// Returns the normal form; `None` if it does not fit, or is no polynomial. Percentages count as shares.
    pub fn polynomial(&self) -> Option<Polynomial> {
        match self {
            Self::Number(number) => number.share().map(Polynomial::constant),
            Self::Letter(letter) => Some(Polynomial::letter(*letter)),
            Self::Negative(of) => Some(of.polynomial()?.negated()),
            Self::Root { degree, of } => {
                let value = of.polynomial()?.as_constant()?;
                let root = if *degree == 3 { value.cube_root() } else { value.square_root() };
                root.map(Polynomial::constant)
            }
            Self::Operation { operation, left, right } => {
                let (left, right) = (left.polynomial()?, right.polynomial()?);
                match operation {
                    Operation::Add => left.plus(&right),
                    Operation::Subtract => left.minus(&right),
                    Operation::Multiply => left.times(&right),
                    Operation::Divide => left.over(&right),
                    Operation::Power => left.pow(i32::try_from(right.as_constant()?.to_whole()?).ok()?),
                }
            }
        }
    }

    /// Returns the value; `None` if there are letters or it cannot be computed exactly.
    pub fn value(&self) -> Option<Exact> {
        match self {
            Self::Number(number) => number.share(),
            _ => self.polynomial()?.as_constant(),
        }
    }

    /// Returns the number if there is nothing to calculate.
    pub fn as_number(&self) -> Option<&Number> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// Whether there is anything to calculate.
    pub fn has_operation(&self) -> bool {
        match self {
            Self::Number(_) | Self::Letter(_) => false,
            Self::Negative(of) => of.has_operation(),
            Self::Root { .. } | Self::Operation { .. } => true,
        }
    }

    /// Returns the letters that occur.
    pub fn letters(&self) -> Vec<char> {
        let mut found = Vec::new();
        self.visit(&mut |part| {
            if let Self::Letter(letter) = part
                && !found.contains(letter)
            {
                found.push(*letter);
            }
        });
        found
    }

    /// Returns all numbers, in order.
    pub fn numbers(&self) -> Vec<Number> {
        let mut found = Vec::new();
        self.add_numbers(&mut found);
        found
    }

    /// Adds all numbers, in order.
    pub(super) fn add_numbers(&self, found: &mut Vec<Number>) {
        self.visit(&mut |part| {
            if let Self::Number(number) = part {
                number::push(found, Number::clone(number));
            }
        });
    }

    /// Returns the number of terms and factors that could be combined: 1 for `7x`, 2 for `2x + 6`, 2 for `(2 + 5)x`.
    pub fn count_operations(&self) -> usize {
        let mut count = 0;
        self.visit(&mut |part| count += usize::from(matches!(part, Self::Operation { .. } | Self::Root { .. })));
        count
    }

    fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Number(_) | Self::Letter(_) => {}
            Self::Negative(of) | Self::Root { of, .. } => of.visit(see),
            Self::Operation { left, right, .. } => {
                left.visit(see);
                right.visit(see);
            }
        }
    }

    /// Returns the rightmost number, to change it.
    pub(super) fn last_number(&mut self) -> Option<&mut Number> {
        match self {
            Self::Number(number) => Some(number),
            Self::Letter(_) => None,
            Self::Negative(of) | Self::Root { of, .. } => of.last_number(),
            Self::Operation { right, .. } => right.last_number(),
        }
    }
}

impl From<Number> for Expression {
    fn from(number: Number) -> Self {
        Self::Number(Box::new(number))
    }
}

/// How strongly operators bind.
const SUM: u8 = 10;
const PRODUCT: u8 = 20;
const JUXTAPOSED: u8 = 25;
const OF: u8 = 30;
const POWER: u8 = 40;

/// Brackets and prefixes within each other beyond this are not read.
const MAX_DEPTH: u8 = 24;
/// Operations in a row beyond this belong to no calculation that a person says.
const MAX_IN_A_ROW: usize = 40;

impl Parser<'_> {
    /// Reads the longest expression that begins at `at`.
    pub(super) fn expression(&self, at: usize) -> Option<(Expression, usize)> {
        if let Some((number, end)) = self.plain_number(at) {
            return Some((Expression::from(number), end));
        }
        if !self.may_start(self.skip(at)) {
            return None;
        }
        let (found, end) = self.terms(at, 0, 0)?;
        if self.sense(end) == Sense::InBrackets {
            return Some((bracketed(found), end + 1));
        }
        Some((found, end))
    }

    fn terms(&self, at: usize, least: u8, depth: u8) -> Option<(Expression, usize)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (mut left, mut end) = self.operand(self.skip(at), depth)?;
        for _ in 0..MAX_IN_A_ROW {
            let Some((made, after)) = self.operator(&left, end, least, depth) else { break };
            (left, end) = (made, after);
        }
        Some((left, end))
    }

    /// The operator at `at` with its right operand, if it binds at least as strongly as `least`.
    fn operator(&self, left: &Expression, at: usize, least: u8, depth: u8) -> Option<(Expression, usize)> {
        use Operation::{Add, Divide, Multiply, Power, Subtract};
        let binary = |operation, strength: u8, start: usize| {
            if strength < least {
                return None;
            }
            let (right, end) = self.terms(start, strength + u8::from(operation != Power), depth + 1)?;
            Some((Expression::operation(operation, left.clone(), right), end))
        };
        let number = |value: i64| Expression::from(Number::new(Exact::whole(value), Form::Whole));
        match self.sense(at) {
            Sense::Plus => binary(Add, SUM, at + 1),
            Sense::Minus | Sense::Hyphen => binary(Subtract, SUM, at + 1),
            Sense::Times => binary(Multiply, PRODUCT, at + 1),
            sense @ (Sense::By | Sense::Letter('x'))
                if left.as_number().is_some() && (sense == Sense::By || self.is_times(left, at)) =>
            {
                binary(Multiply, PRODUCT, at + 1)
            }
            Sense::Divided | Sense::Over => binary(Divide, PRODUCT, at + 1),
            Sense::Into if left.as_number().is_some() && PRODUCT >= least => {
                let (right, end) = self.terms(at + 1, PRODUCT + 1, depth + 1)?;
                Some((Expression::operation(Divide, right, left.clone()), end))
            }
            // "nine eights"
            Sense::Multiples(value) if left.as_number().is_some() && PRODUCT >= least => {
                Some((Expression::operation(Multiply, left.clone(), number(value)), at + 1))
            }
            Sense::Of if is_share(left) => binary(Multiply, OF, at + 1),
            Sense::Power if self.text(at).starts_with(|c: char| c.is_ascii_digit()) => {
                let exponent = self.text(at).parse().ok()?;
                Some((Expression::operation(Power, left.clone(), number(exponent)), at + 1))
            }
            Sense::Power => {
                if POWER < least {
                    return None;
                }
                let (right, end) = self.exponent(at + 1, depth)?;
                Some((Expression::operation(Power, left.clone(), right), end))
            }
            Sense::Squared => Some((Expression::operation(Power, left.clone(), number(2)), at + 1)),
            Sense::Cubed => Some((Expression::operation(Power, left.clone(), number(3)), at + 1)),
            // "x2" is written for x squared.
            Sense::Digits if matches!(left, Expression::Letter(_)) && self.is_glued(at) => {
                let exponent = self.text(at).parse().ok()?;
                Some((Expression::operation(Power, left.clone(), number(exponent)), at + 1))
            }
            Sense::Letter(_) | Sense::A | Sense::Open | Sense::Root
                if JUXTAPOSED >= least && self.is_juxtaposed(left, at) =>
            {
                let (right, end) = self.terms(at, JUXTAPOSED + 1, depth + 1)?;
                Some((Expression::operation(Multiply, left.clone(), right), end))
            }
            _ => None,
        }
    }

    /// "four", "the fourth".
    fn exponent(&self, at: usize, depth: u8) -> Option<(Expression, usize)> {
        let start = self.skip(at);
        if let Some((number, end)) = self.number(start)
            && number.unit.is_none()
        {
            return Some((Expression::from(number), end));
        }
        self.operand(start, depth + 1)
    }

    /// "7 x 8": the letter is a sign.
    fn is_times(&self, left: &Expression, at: usize) -> bool {
        let is_glued_to_left = self.is_glued(at) && !self.is_glued(at + 1);
        // "three x plus twelve" adds; "7 x -8" multiplies.
        let is_sign = match self.sense(at + 1) {
            Sense::Plus | Sense::Minus => true,
            Sense::Hyphen => self.is_glued(at + 1) || !self.is_glued(at + 2),
            _ => false,
        };
        left.as_number().is_some() && !is_glued_to_left && !is_sign && self.number(at + 1).is_some()
    }

    /// Whether the letter or bracket at `at` multiplies what is before it.
    fn is_juxtaposed(&self, left: &Expression, at: usize) -> bool {
        match self.sense(at) {
            Sense::Open => self.is_glued(at) || self.wants_letters || self.text(at).len() > 1,
            Sense::Root => self.wants_letters,
            Sense::A => self.wants_letters && self.ends_term(at + 1),
            _ => {
                let is_glued = self.is_glued(at) && !matches!(left, Expression::Letter(_));
                is_glued || self.wants_letters
            }
        }
    }

    /// Whether a term may end before `at`: "five a" is no "five a day".
    fn ends_term(&self, at: usize) -> bool {
        matches!(
            self.sense(at),
            Sense::Stop
                | Sense::Plus
                | Sense::Minus
                | Sense::Hyphen
                | Sense::Squared
                | Sense::Cubed
                | Sense::Power
                | Sense::Is
                | Sense::Hedge
                | Sense::Letter(_)
                | Sense::Close
                | Sense::Times
                | Sense::Comma
                | Sense::Less
                | Sense::Greater
        )
    }

    fn operand(&self, at: usize, depth: u8) -> Option<(Expression, usize)> {
        use Operation::{Add, Divide, Multiply, Subtract};
        if depth > MAX_DEPTH {
            return None;
        }
        let number = |value: i64| Expression::from(Number::new(Exact::whole(value), Form::Whole));
        match self.sense(at) {
            Sense::Open => {
                let (inner, end) = self.terms(at + 1, 0, depth + 1)?;
                match self.sense(end) {
                    Sense::Close => Some((inner, end + 1)),
                    // A spoken bracket is often not closed.
                    Sense::Stop if self.text(at).len() > 1 => Some((inner, end)),
                    _ => None,
                }
            }
            Sense::Root | Sense::CubeRoot => {
                let degree = if self.sense(at) == Sense::Root { 2 } else { 3 };
                let (of, end) = self.terms(at + 1, JUXTAPOSED, depth + 1)?;
                Some((Expression::Root { degree, of: Box::new(of) }, end))
            }
            Sense::Double | Sense::Triple => {
                let factor = if self.sense(at) == Sense::Double { 2 } else { 3 };
                let start = at + 1 + usize::from(self.sense(at + 1) == Sense::Of);
                let (of, end) = self.terms(start, OF, depth + 1)?;
                Some((Expression::operation(Multiply, number(factor), of), end))
            }
            Sense::Sum | Sense::Product | Sense::Difference => {
                let operation = match self.sense(at) {
                    Sense::Sum => Add,
                    Sense::Product => Multiply,
                    _ => Subtract,
                };
                let (one, end) = self.terms(at + 1, PRODUCT, depth + 1)?;
                if self.sense(end) != Sense::And {
                    return None;
                }
                let (two, end) = self.terms(end + 1, PRODUCT, depth + 1)?;
                Some((Expression::operation(operation, one, two), end))
            }
            // "divide 42 by 6", "share 20 among 5"
            Sense::Negative | Sense::Minus | Sense::Hyphen => {
                if let Some((negative, end)) = self.number(at) {
                    return Some((Expression::from(negative), end));
                }
                let (of, end) = self.terms(at + 1, PRODUCT, depth + 1)?;
                Some((Expression::Negative(Box::new(of)), end))
            }
            Sense::Letter(letter) => Some((Expression::Letter(letter), at + 1)),
            Sense::A if self.wants_letters && self.ends_term(at + 1) && self.text(at) == "a" => {
                Some((Expression::Letter('a'), at + 1))
            }
            Sense::Divided if self.text(at) == "divide" => {
                let (one, end) = self.terms(at + 1, PRODUCT, depth + 1)?;
                let (two, end) = self.terms(end + 1, PRODUCT, depth + 1).filter(|_| self.sense(end) == Sense::By)?;
                Some((Expression::operation(Divide, one, two), end))
            }
            _ => {
                let (number, end) = self.number(at)?;
                Some((Expression::from(number), end))
            }
        }
    }
}

/// Whether "of" after it multiplies: "half of", "ten percent of", "two thirds of".
fn is_share(left: &Expression) -> bool {
    left.as_number().is_some_and(|number| {
        matches!(number.form, Form::Fraction { .. }) || number.unit.is_some_and(super::unit::Unit::is_percent)
    })
}

/// "two times x plus three in brackets": what follows the first factor is in the brackets.
fn bracketed(expression: Expression) -> Expression {
    use Operation::{Add, Multiply, Subtract};
    let Expression::Operation { operation: outer @ (Add | Subtract), left, right } = expression else {
        return expression;
    };
    match *left {
        Expression::Operation { operation: Multiply, left: factor, right: first } => {
            let inner = Expression::operation(outer, *first, *right);
            Expression::operation(Multiply, *factor, inner)
        }
        left => Expression::operation(outer, left, *right),
    }
}
