//! Arithmetic in a text: what was asked ("one half plus one third") and what was claimed ("3 x 18 = 54").

use super::numbers::{Token, Value, denominator, tokens};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// A calculation without its result.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) values: Vec<Value>,
    pub(super) operations: Vec<Operation>,
}

impl Expression {
    /// Products first. `None` where it divides by nothing.
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

/// A calculation with the result that somebody claims.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) expression: Expression,
    pub(super) result: Value,
    /// `None` where it may be rounded, or runs on.
    pub(super) holds: Option<bool>,
}

/// What the last question of a text asks to compute, as a number.
pub(super) fn asked(text: &str) -> Option<(Expression, f64)> {
    let (expressions, _) = scan(&tokens(text));
    let expression = expressions.into_iter().next_back()?;
    let result = expression.result()?;
    Some((expression, result))
}

/// All calculations with a result in a text.
pub(super) fn claims(text: &str) -> Vec<Claim> {
    scan(&tokens(text)).1
}

/// "How many sixths is one half?" asks for a number of parts: the parts, and the fraction.
pub(super) fn asked_parts(text: &str) -> Option<(u32, Value)> {
    let tokens = tokens(text);
    let word = |at: usize, is: &str| matches!(tokens.get(at), Some(Token::Word(w)) if w == is);
    (0..tokens.len()).rev().find_map(|i| {
        let bottom = (word(i, "how") && word(i + 1, "many")).then(|| tokens.get(i + 2).and_then(denominator))??;
        let fraction = tokens[i + 3..].iter().take(4).find_map(|token| match token {
            Token::Value(value) if value.fraction.is_some() => Some(*value),
            _ => None,
        })?;
        Some((bottom.0, fraction))
    })
}

fn scan(tokens: &[Token]) -> (Vec<Expression>, Vec<Claim>) {
    let (mut open, mut claims) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        let Some((expression, next)) = expression(tokens, i) else {
            i += 1;
            continue;
        };
        if let Some((result, end)) = claimed(tokens, next) {
            let runs_on = operation(tokens, end).is_some();
            let holds = if runs_on { None } else { holds(&expression, result) };
            claims.push(Claim { expression, result, holds });
            // The result may begin the next calculation: "12 - 3 = 9 + 1".
            i = if runs_on { end - 1 } else { end };
        } else {
            open.push(expression);
            i = next;
        }
    }
    (open, claims)
}

fn holds(expression: &Expression, claimed: Value) -> Option<bool> {
    let result = expression.result()?;
    let difference = (claimed.amount - result).abs();
    if claimed.equals(result) {
        Some(true)
    } else if difference < 1.0 && (result.fract() != 0.0 || claimed.amount.fract() != 0.0) {
        // It may be rounded, on purpose or not.
        (claimed.fraction.is_some() && expression.values.iter().any(|v| v.fraction.is_some())).then_some(false)
    } else {
        Some(false)
    }
}

fn expression(tokens: &[Token], start: usize) -> Option<(Expression, usize)> {
    let Token::Value(first) = tokens[start] else {
        return None;
    };
    let (mut values, mut operations, mut i) = (vec![first], Vec::new(), start + 1);
    while let Some((op, next)) = operation(tokens, i) {
        let Some(Token::Value(value)) = tokens.get(next) else {
            break;
        };
        operations.push(op);
        values.push(*value);
        i = next + 1;
    }
    // "20/4 = 5" is a division, though 20/4 was read as one number.
    if let (true, Some((top, bottom)), Some(Token::Sign('='))) = (operations.is_empty(), first.fraction, tokens.get(i))
    {
        let whole = |n: u32| Value { amount: f64::from(n), fraction: None, decimals: 0 };
        return Some((Expression { values: vec![whole(top), whole(bottom)], operations: vec![Operation::Divide] }, i));
    }
    (!operations.is_empty()).then_some((Expression { values, operations }, i))
}

/// The operation at `i`, and where it ends.
fn operation(tokens: &[Token], i: usize) -> Option<(Operation, usize)> {
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    match tokens.get(i)? {
        Token::Sign('+') => Some((Operation::Add, i + 1)),
        Token::Sign('-') => Some((Operation::Subtract, i + 1)),
        Token::Sign('*') => Some((Operation::Multiply, i + 1)),
        Token::Sign('/') => Some((Operation::Divide, i + 1)),
        Token::Word(first) => match (first.as_str(), word(i + 1)) {
            ("plus", _) => Some((Operation::Add, i + 1)),
            ("minus", _) => Some((Operation::Subtract, i + 1)),
            ("take", "away") => Some((Operation::Subtract, i + 2)),
            ("times", _) => Some((Operation::Multiply, i + 1)),
            ("multiplied", "by") => Some((Operation::Multiply, i + 2)),
            ("divided", "by") => Some((Operation::Divide, i + 2)),
            // "one half of fourteen", "25 percent of 80".
            ("of", _) if matches!(tokens.get(i.wrapping_sub(1)), Some(Token::Value(v)) if v.amount < 1.0) => {
                Some((Operation::Multiply, i + 1))
            }
            _ => None,
        },
        _ => None,
    }
}

/// "= 54", "is 54", "equals $54", "which is 54".
fn claimed(tokens: &[Token], i: usize) -> Option<(Value, usize)> {
    let mut i = i;
    if matches!(tokens.get(i), Some(Token::Stop)) && matches!(tokens.get(i + 1), Some(Token::Word(w)) if w == "which") {
        i += 1;
    }
    if matches!(tokens.get(i), Some(Token::Word(w)) if w == "which" || w == "that") {
        i += 1;
    }
    let says = match tokens.get(i)? {
        Token::Sign('=') => true,
        Token::Word(w) => matches!(w.as_str(), "is" | "equals" | "makes" | "gives" | "are" | "that's"),
        _ => false,
    };
    match tokens.get(i + 1) {
        Some(Token::Value(value)) if says => Some((*value, i + 2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_tells_what_it_asks_for() {
        let result = |text: &str| asked(text).map(|(_, result)| (result * 1e6).round() / 1e6);
        assert_eq!(result("What is one half plus one third?"), Some(0.833_333));
        assert_eq!(result("three quarters minus one sixth"), Some(0.583_333));
        assert_eq!(result("What is 163 - 156 = ?"), Some(7.0));
        assert_eq!(result("What is 3 plus 4 times 2?"), Some(11.0));
        assert_eq!(result("what's 25% of 80"), Some(20.0));
        assert_eq!(result("What is 5 divided by 0?"), None);
        assert_eq!(result("How old are you?"), None);
    }

    #[test]
    fn claims_are_checked() {
        let holds = |text: &str| claims(text).iter().map(|c| c.holds).collect::<Vec<_>>();
        assert_eq!(holds("3 x 18 = 54, and 20/4 = 5"), [Some(true); 2]);
        assert_eq!(holds("seven times eight is fifty-four"), [Some(false)]);
        assert_eq!(holds("Nine twelfths minus two twelfths is seven twelfths."), [Some(true)]);
        assert_eq!(holds("one half plus one third is two fifths"), [Some(false)]);
        assert_eq!(holds("$90 / $25 = 3.6 and 100 ÷ 7 = 14.29"), [Some(true), None]);
    }

    #[test]
    fn a_calculation_that_runs_on_is_not_called_wrong() {
        let claims = claims("10,000 - 2,000 = 8,000 - 6,000 = 2,000");
        assert_eq!(claims.iter().map(|c| c.holds).collect::<Vec<_>>(), [None, Some(true)]);
    }

    #[test]
    fn a_question_for_parts_is_understood() {
        let (parts, fraction) = asked_parts("So how many sixths is one half?").unwrap();
        assert_eq!((parts, fraction.fraction), (6, Some((1, 2))));
    }
}
