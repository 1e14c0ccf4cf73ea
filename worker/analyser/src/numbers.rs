//! Numbers as they are spoken and written: "1,512", "$7.50", "25 %", "three hundred and forty-seven", "two and a half",
//! "five sixths".

mod words;

pub(super) use self::words::denominator;

/// A number in a text, with what its form tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) amount: f64,
    /// Numerator and denominator, where it was said as a fraction.
    pub(super) fraction: Option<(u32, u32)>,
    /// Digits after the point: how exactly it was meant.
    pub(super) decimals: u8,
}

impl Value {
    fn whole(amount: f64) -> Self {
        Self { amount, fraction: None, decimals: 0 }
    }

    fn fraction(top: u32, bottom: u32) -> Self {
        Self { amount: f64::from(top) / f64::from(bottom), fraction: Some((top, bottom)), decimals: 0 }
    }

    pub(super) fn equals(self, amount: f64) -> bool {
        (self.amount - amount).abs() <= 1e-6 * amount.abs().max(1.0)
    }
}

/// A piece of a text, as the arithmetic sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Value(Value),
    Word(String),
    /// One of `+ - * / = %`.
    Sign(char),
    /// The end of a sentence or clause.
    Stop,
}

/// The tokens of a text, number words already read.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    read_words(split(text))
}

/// All numbers of a text, in order.
pub(super) fn values(text: &str) -> Vec<Value> {
    let value = |token| {
        if let Token::Value(value) = token { Some(value) } else { None }
    };
    tokens(text).into_iter().filter_map(value).collect()
}

fn split(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.to_lowercase().replace('’', "'").chars().collect();
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let start = i;
        if c.is_ascii_digit() || (c == '.' && chars.get(i + 1).is_some_and(char::is_ascii_digit)) {
            i = end_of_number(&chars, i);
            let minutes = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
            if chars.get(i) == Some(&':') && minutes(i + 1) && minutes(i + 2) {
                // A time of day is no number to calculate with.
                i += 3;
                tokens.push(Token::Word("time".to_owned()));
            } else {
                tokens.push(Token::Value(read_digits(&chars[start..i])));
            }
        } else if c.is_alphabetic() {
            while i < chars.len() && (chars[i].is_alphabetic() || chars[i] == '\'') {
                i += 1;
            }
            let word: String = chars[start..i].iter().collect();
            // "3 x 18" is a product; the x of "3x" and of "solve for x" is a name.
            let between = word == "x"
                && matches!(tokens.last(), Some(Token::Value(_)))
                && chars[i..].iter().find(|c| !c.is_whitespace() && **c != '$').is_some_and(char::is_ascii_digit);
            tokens.push(if between { Token::Sign('*') } else { Token::Word(word) });
        } else {
            i += 1;
            match c {
                '+' | '=' | '%' | '/' | '*' => tokens.push(Token::Sign(c)),
                '×' | '·' => tokens.push(Token::Sign('*')),
                '÷' => tokens.push(Token::Sign('/')),
                '-' | '−' | '–' => tokens.push(Token::Sign('-')),
                // "2(36)" is a product that we do not follow: brackets end what can be checked.
                '.' | '?' | '!' | ';' | ':' | ',' | '\n' | '(' | ')' => tokens.push(Token::Stop),
                _ => {}
            }
        }
    }
    tokens
}

/// Digits with their thousands' commas and their point, as far as digits follow.
fn end_of_number(chars: &[char], start: usize) -> usize {
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut i = start;
    let mut after_point = false;
    loop {
        match chars.get(i) {
            Some(c) if c.is_ascii_digit() => i += 1,
            Some('.') if !after_point && digit(i + 1) => {
                after_point = true;
                i += 1;
            }
            Some(',') if !after_point && (1..=3).all(|k| digit(i + k)) && !digit(i + 4) => i += 1,
            _ => return i,
        }
    }
}

fn read_digits(chars: &[char]) -> Value {
    let digits: String = chars.iter().filter(|c| **c != ',').collect();
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len().min(9)) as u8;
    // Digits and at most one point: always a number.
    Value { amount: digits.parse().unwrap_or(0.0), fraction: None, decimals }
}

/// Joins number words, and numbers with the denominators that follow them.
fn read_words(raw: Vec<Token>) -> Vec<Token> {
    let raw = split_hyphens(raw);
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < raw.len() {
        if let Some((value, next)) = spoken(&raw, i) {
            tokens.push(Token::Value(value));
            i = next;
        } else {
            tokens.push(raw[i].clone());
            i += 1;
        }
    }
    tokens
}

/// "forty-seven" has no minus in it.
fn split_hyphens(raw: Vec<Token>) -> Vec<Token> {
    let is_word = |token: Option<&Token>| matches!(token, Some(Token::Word(_)));
    let keep: Vec<bool> = (0..raw.len())
        .map(|i| !(raw[i] == Token::Sign('-') && i > 0 && is_word(raw.get(i - 1)) && is_word(raw.get(i + 1))))
        .collect();
    raw.into_iter().zip(keep).filter_map(|(token, keep)| keep.then_some(token)).collect()
}

/// The number that begins at `i`, and where it ends.
fn spoken(raw: &[Token], i: usize) -> Option<(Value, usize)> {
    let (first, mut next) = cardinal(raw, i)?;
    if let Some((bottom, _)) = raw.get(next).and_then(denominator).filter(|_| first.fraction.is_none()) {
        // "two fifths", "3 quarters"; but not "half thirds".
        if first.amount >= 1.0 && first.amount <= 1000.0 && first.decimals == 0 {
            return Some((Value::fraction(first.amount as u32, bottom), next + 1));
        }
    }
    if matches!(raw.get(next), Some(Token::Sign('/'))) {
        // "3/4"; "12 / 4" too: its amount is the quotient either way.
        if let Some(Token::Value(bottom)) = raw.get(next + 1) {
            let small = |v: &Value| v.decimals == 0 && v.fraction.is_none() && (1.0..=1000.0).contains(&v.amount);
            let longer = matches!(raw.get(next + 2), Some(Token::Sign('/')));
            if small(&first) && small(bottom) && !longer {
                return Some((Value::fraction(first.amount as u32, bottom.amount as u32), next + 2));
            }
        }
    }
    let percent =
        |token: &Token| matches!(token, Token::Sign('%')) || matches!(token, Token::Word(w) if w == "percent");
    if raw.get(next).is_some_and(percent) {
        return Some((Value { amount: first.amount / 100.0, ..first }, next + 1));
    }
    // "two and a half", "1 3/4".
    let and = matches!(raw.get(next), Some(Token::Word(w)) if w == "and");
    let begin = if and { next + 1 } else { next };
    if first.fraction.is_none() && first.decimals == 0 {
        let part = raw.get(begin).and_then(|token| match token {
            Token::Word(w) if w == "a" || w == "one" || !and => spoken_part(raw, begin),
            Token::Value(_) => spoken_part(raw, begin),
            _ => None,
        });
        if let Some((part, end)) = part {
            next = end;
            return Some((Value { amount: first.amount + part.amount, fraction: None, decimals: 0 }, next));
        }
    }
    Some((first, next))
}

/// A proper fraction that may follow a whole number: "a half", "3/4", "one third".
fn spoken_part(raw: &[Token], i: usize) -> Option<(Value, usize)> {
    let direct = matches!(raw.get(i), Some(Token::Value(_)));
    let slash = matches!(raw.get(i + 1), Some(Token::Sign('/')));
    let worded = raw.get(i + 1).and_then(denominator).is_some();
    if (direct && slash) || worded {
        let (value, end) = spoken(raw, i)?;
        return value.fraction.filter(|(top, bottom)| top < bottom).map(|_| (value, end));
    }
    None
}

/// A whole or decimal number, or a lone "half".
fn cardinal(raw: &[Token], i: usize) -> Option<(Value, usize)> {
    match &raw[i] {
        Token::Value(value) => Some((*value, i + 1)),
        Token::Word(word) => match word.as_str() {
            "half" => Some((Value::fraction(1, 2), i + 1)),
            // "a half", "a third of": a number only with its denominator.
            "a" | "an" => {
                let (bottom, _) = raw.get(i + 1).and_then(denominator)?;
                Some((Value::fraction(1, bottom), i + 2))
            }
            _ => words::number(raw, i),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(text: &str) -> Vec<f64> {
        values(text).iter().map(|v| (v.amount * 1e6).round() / 1e6).collect()
    }

    #[test]
    fn digits_are_read_with_commas_points_and_signs_of_money() {
        assert_eq!(amounts("1,512 and $7.50, then 20.25. 3,650"), [1512.0, 7.5, 20.25, 3650.0]);
        assert_eq!(amounts("1, 2, 3"), [1.0, 2.0, 3.0]);
        assert_eq!(amounts("25% of 80"), [0.25, 80.0]);
    }

    #[test]
    fn number_words_are_read() {
        assert_eq!(amounts("three hundred and forty-seven"), [347.0]);
        assert_eq!(amounts("two thousand five hundred"), [2500.0]);
        assert_eq!(amounts("forty seven, nineteen and zero"), [47.0, 19.0, 0.0]);
        assert_eq!(amounts("three point two five"), [3.25]);
        assert_eq!(amounts("one plus one is two, and two plus three is five"), [1.0, 1.0, 2.0, 2.0, 3.0, 5.0]);
    }

    #[test]
    fn fractions_are_read_in_words_and_digits() {
        let fractions = |text: &str| values(text).iter().filter_map(|v| v.fraction).collect::<Vec<_>>();
        assert_eq!(fractions("one half plus one third is two fifths"), [(1, 2), (1, 3), (2, 5)]);
        assert_eq!(fractions("eleven twelfths, three quarters and 3/4"), [(11, 12), (3, 4), (3, 4)]);
        assert_eq!(fractions("a half and a third, 3 sixths"), [(1, 2), (1, 3), (3, 6)]);
        assert_eq!(fractions("the third one and a second"), []);
    }

    #[test]
    fn mixed_numbers_are_one_number() {
        assert_eq!(amounts("two and a half"), [2.5]);
        assert_eq!(amounts("1 3/4"), [1.75]);
        assert_eq!(amounts("three and one quarter"), [3.25]);
    }
}
