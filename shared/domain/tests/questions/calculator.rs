//! A second opinion: calculates what a question writes, in floating point and by its own rules of precedence.

use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Number(f64),
    Letter(char),
    Sign(char),
}

/// Values of letters.
pub type Letters = HashMap<char, f64>;

/// The value of a text such as "3 plus 4 times (2 - 1)", "2x^2 - 3", "3/4 of 12", with these values of its letters.
pub fn calculate(text: &str, letters: &Letters) -> f64 {
    let tokens = tokens(text);
    let mut at = 0;
    let value = sum(&tokens, &mut at, letters);
    assert_eq!(at, tokens.len(), "read to the end: {text}");
    value
}

/// The value of a text without letters.
pub fn value(text: &str) -> f64 {
    calculate(text, &Letters::new())
}

/// Every number of a text, in order, with its sign if one is right before it.
pub fn numbers(text: &str) -> Vec<f64> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at].is_ascii_digit() {
            let minus = at > 0 && chars[at - 1] == '-' && (at == 1 || !chars[at - 2].is_ascii_alphanumeric());
            let size = number(&chars, &mut at);
            found.push(if minus { -size } else { size });
        } else {
            at += 1;
        }
    }
    found
}

pub fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6 * a.abs().max(b.abs()).max(1.0)
}

/// 12, 0.5 or 3/4: a fraction is one number.
fn number(chars: &[char], at: &mut usize) -> f64 {
    let digits = |at: &mut usize| {
        let start = *at;
        let is_part = |i: usize| {
            chars.get(i).is_some_and(char::is_ascii_digit)
                || chars.get(i) == Some(&'.') && chars.get(i + 1).is_some_and(char::is_ascii_digit)
        };
        while is_part(*at) {
            *at += 1;
        }
        chars[start..*at].iter().collect::<String>().parse::<f64>().unwrap()
    };
    let top = digits(at);
    if chars.get(*at) == Some(&'/') && chars.get(*at + 1).is_some_and(char::is_ascii_digit) {
        *at += 1;
        return top / digits(at);
    }
    top
}

fn tokens(text: &str) -> Vec<Token> {
    let text = text
        .replace("divided by", "/")
        .replace("to the power of", "^")
        .replace("plus", "+")
        .replace("minus", "-")
        .replace("times", "*")
        .replace("take away", "-")
        .replace("percent of", "* 0.01 *")
        .replace("the square root of", "r")
        .replace(" squared", "^2")
        .replace(" cubed", "^3")
        .replace(" of ", " * ");
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            c if c.is_whitespace() => at += 1,
            c if c.is_ascii_digit() => tokens.push(Token::Number(number(&chars, &mut at))),
            c if c.is_ascii_alphabetic() => {
                tokens.push(Token::Letter(c));
                at += 1;
            }
            c => {
                tokens.push(Token::Sign(c));
                at += 1;
            }
        }
    }
    tokens
}

fn sum(tokens: &[Token], at: &mut usize, letters: &Letters) -> f64 {
    let mut value = product(tokens, at, letters);
    while let Some(Token::Sign(sign @ ('+' | '-'))) = tokens.get(*at) {
        *at += 1;
        let next = product(tokens, at, letters);
        value += if *sign == '+' { next } else { -next };
    }
    value
}

fn product(tokens: &[Token], at: &mut usize, letters: &Letters) -> f64 {
    let mut value = power(tokens, at, letters);
    loop {
        match tokens.get(*at) {
            Some(Token::Sign('*')) => {
                *at += 1;
                value *= power(tokens, at, letters);
            }
            Some(Token::Sign('/')) => {
                *at += 1;
                value /= power(tokens, at, letters);
            }
            // 2x, 3(x + 1), (x + 1)(x - 1)
            Some(Token::Letter(_) | Token::Sign('(')) => value *= power(tokens, at, letters),
            _ => return value,
        }
    }
}

fn power(tokens: &[Token], at: &mut usize, letters: &Letters) -> f64 {
    if tokens.get(*at) == Some(&Token::Sign('-')) {
        *at += 1;
        return -power(tokens, at, letters);
    }
    let base = atom(tokens, at, letters);
    if tokens.get(*at) == Some(&Token::Sign('^')) {
        *at += 1;
        return base.powf(power(tokens, at, letters));
    }
    base
}

fn atom(tokens: &[Token], at: &mut usize, letters: &Letters) -> f64 {
    let token = tokens.get(*at).copied();
    *at += 1;
    match token {
        Some(Token::Number(number)) => number,
        Some(Token::Letter('r')) => atom(tokens, at, letters).sqrt(),
        Some(Token::Letter(letter)) => *letters.get(&letter).unwrap_or_else(|| panic!("no value for {letter}")),
        Some(Token::Sign('(')) => {
            let value = sum(tokens, at, letters);
            assert_eq!(tokens.get(*at), Some(&Token::Sign(')')));
            *at += 1;
            value
        }
        other => panic!("unexpected {other:?} in {tokens:?}"),
    }
}

#[test]
fn the_calculator_knows_its_rules() {
    assert!(same(value("3 plus 4 times (2 - 1)"), 7.0));
    assert!(same(value("1/2 divided by 1/4"), 2.0));
    assert!(same(value("5 minus -3"), 8.0));
    assert!(same(value("8 to the power of 2/3"), 4.0));
    assert!(same(value("25 percent of 80"), 20.0));
    assert!(same(calculate("2x^2 - 3(x + 1)", &Letters::from([('x', 2.0)])), -1.0));
    assert_eq!(numbers("from (2, -3) to 1/2 at $3.50."), [2.0, -3.0, 0.5, 3.5]);
}
