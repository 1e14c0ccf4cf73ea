//! Arithmetic in a text: what was asked ("one half plus one third") and what was claimed ("3 x 18 = 54"), as
//! [`domain::answer`] reads it, flattened for the catalogue of misconceptions.

use domain::answer::{self, Calculation, Form, Reading, Sign};

use super::numbers::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// A calculation without its result and without brackets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) values: Vec<Value>,
    pub(super) operations: Vec<Operation>,
}

impl Expression {
    /// Returns `None` for a power, a root, a letter or a bracket.
    fn flat(read: &answer::Expression) -> Option<Self> {
        let mut flat = Self { values: Vec::new(), operations: Vec::new() };
        flat.push(read)?;
        Some(flat)
    }

    fn push(&mut self, read: &answer::Expression) -> Option<()> {
        match read {
            answer::Expression::Number(number) => self.values.push(Value::from(&**number)),
            answer::Expression::Operation { operation, left, right } => {
                self.push(left)?;
                self.operations.push(match operation {
                    answer::Operation::Add => Operation::Add,
                    answer::Operation::Subtract => Operation::Subtract,
                    answer::Operation::Multiply => Operation::Multiply,
                    answer::Operation::Divide => Operation::Divide,
                    answer::Operation::Power => return None,
                });
                self.push(right)?;
            }
            _ => return None,
        }
        Some(())
    }

    /// Products first. `None` if it divides by nothing.
    pub(super) fn result(&self) -> Option<f64> {
        let mut terms = vec![self.values[0].amount];
        for (operation, value) in self.operations.iter().zip(&self.values[1..]) {
            let last = terms.last_mut()?;
            match operation {
                Operation::Add => terms.push(value.amount),
                Operation::Subtract => terms.push(-value.amount),
                Operation::Multiply => *last *= value.amount,
                Operation::Divide => *last /= value.amount,
            }
        }
        Some(terms.iter().sum::<f64>()).filter(|result| result.is_finite())
    }
}

/// A calculation with the result that a speaker claims.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    /// `None` if it has powers, roots or letters.
    pub(super) expression: Option<Expression>,
    pub(super) result: Value,
    /// `None` if it may be rounded, or runs on.
    pub(super) holds: Option<bool>,
}

/// The last calculation of a question, with its result. `None` if it cannot be worked out.
pub(super) fn asked(calculations: &[Calculation]) -> Option<(Expression, f64)> {
    let calculation = calculations.last()?;
    let result = calculation.expression.value()?.to_f64();
    Some((Expression::flat(&calculation.expression)?, result))
}

/// All calculations with a result in a text.
pub(super) fn claims(text: &Reading) -> Vec<Claim> {
    text.claims
        .iter()
        .filter(|claim| claim.sign == Sign::Equal && (claim.left.has_operation() || is_division(&claim.left)))
        .filter_map(|claim| {
            let number = claim.right.as_number()?;
            let rounded = claim.left.value().zip(claim.right.value()).is_some_and(|(left, right)| {
                let difference = (left.to_f64() - right.to_f64()).abs();
                difference > 0.0 && difference < 1.0 && (!left.is_whole() || !right.is_whole())
            });
            // Who works with fractions does not round.
            let exact = claim.left.numbers().iter().any(|number| Value::from(number).fraction.is_some());
            let holds = claim.holds.filter(|_| !rounded || exact);
            Some(Claim { expression: Expression::flat(&claim.left), result: Value::from(number), holds })
        })
        .collect()
}

/// "20/4 = 5" divides, though 20/4 is read as one number.
fn is_division(read: &answer::Expression) -> bool {
    read.as_number().is_some_and(|number| matches!(number.form, Form::Fraction { .. }))
}

#[cfg(test)]
mod tests {
    use domain::answer::Language;

    use super::super::passage::Passage;
    use super::*;

    const ENGLISH: Language = Language::English;

    #[test]
    fn a_question_tells_what_it_asks_for() {
        let result = |text: &str| {
            asked(Passage::new(text, ENGLISH).calculations()).map(|(_, result)| (result * 1e6).round() / 1e6)
        };
        assert_eq!(result("What is one half plus one third?"), Some(0.833_333));
        assert_eq!(result("What is 163 - 156 = ?"), Some(7.0));
        assert_eq!(result("What is 3 plus 4 times 2?"), Some(11.0));
        assert_eq!(result("what's 25% of 80"), Some(20.0));
        assert_eq!(result("What is 5 divided by 0?"), None);
        assert_eq!(result("How old are you?"), None);
    }

    #[test]
    fn claims_are_checked() {
        let holds = |text: &str| Passage::new(text, ENGLISH).claims().iter().map(|c| c.holds).collect::<Vec<_>>();
        assert_eq!(holds("3 x 18 = 54, and 20/4 = 5"), [Some(true); 2]);
        assert_eq!(holds("3 x 18 = 56"), [Some(false)]);
        assert_eq!(holds("10 / 3 = 3.3"), [None]);
        assert_eq!(holds("one half plus one third is two fifths"), [Some(false)]);
    }
}
