//! Digits as people say them in a row, for a PIN: "four two one nine", "forty-two nineteen", "double four one two".

use super::Language;
use super::parser::split;
use super::token::Token;
use super::words::{Lexeme, Sense, lexemes};

/// Returns the digits that a text says, and nothing besides. `None`: a word that matters is no digit, or two languages read
/// different digits.
pub fn read_digits(text: &str) -> Option<String> {
    let tokens = split(text);
    let mut readings = Language::ALL.into_iter().filter_map(|language| read(&tokens, language));
    let first = readings.next()?;
    readings.all(|other| other == first).then_some(first)
}

fn read(tokens: &[Token], language: Language) -> Option<String> {
    let lexemes = lexemes(tokens, language);
    let mut digits = String::new();
    let mut at = 0;
    while let Some(lexeme) = lexemes.get(at) {
        let next = |n: usize| lexemes.get(at + n).map(|lexeme| lexeme.sense);
        let mut used = 1;
        match lexeme.sense {
            Sense::Digits => digits.extend(tokens[lexeme.first].text.chars().filter(char::is_ascii_digit)),
            // "Oh, four two": a zero, or only a sigh.
            Sense::Oh if at == 0 && next(1) == Some(Sense::Comma) => return None,
            Sense::Ten(tens) => {
                let unit = match (next(1), next(2)) {
                    (Some(Sense::Unit(unit)), _) => Some((unit, 2)),
                    (Some(Sense::Hyphen), Some(Sense::Unit(unit))) => Some((unit, 3)),
                    (Some(Sense::And), Some(Sense::Unit(unit))) if language == Language::Spanish => Some((unit, 3)),
                    _ => None,
                };
                let (unit, n) = unit.unwrap_or((0, 1));
                used = n;
                digits.push_str(&(tens + unit).to_string());
            }
            Sense::Compound(value @ 10..=99) | Sense::Teen(value) => digits.push_str(&value.to_string()),
            Sense::Double | Sense::Triple => {
                let digit = lexemes.get(at + 1).and_then(single)?;
                let n = if lexeme.sense == Sense::Double { 2 } else { 3 };
                digits.push_str(&digit.to_string().repeat(n));
                used = 2;
            }
            Sense::Hyphen | Sense::Comma | Sense::Stop | Sense::Filler => {}
            _ => digits.push_str(&single(lexeme)?.to_string()),
        }
        at += used;
    }
    (!digits.is_empty()).then_some(digits)
}

fn single(lexeme: &Lexeme) -> Option<i64> {
    match lexeme.sense {
        Sense::Unit(digit) => Some(digit),
        Sense::Zero | Sense::Oh => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_they_are_said_and_written() {
        for said in [
            "4219",
            "4 2 1 9",
            "4-2-1-9",
            "42 19",
            "4,219",
            "4, 2, 1, 9",
            "four two one nine",
            "Four. Two. One. Nine.",
            "forty-two nineteen",
            "forty two nineteen",
            "four two nineteen",
            "cuatro dos uno nueve",
            "cuarenta y dos diecinueve",
            "vier zwei eins neun",
            "zweiundvierzig neunzehn",
        ] {
            assert_eq!(read_digits(said).as_deref(), Some("4219"), "{said}");
        }
        for (said, digits) in [
            ("oh four two one", "0421"),
            ("zero zero seven three", "0073"),
            ("double four one two", "4412"),
            ("triple nine one", "9991"),
            ("twenty twenty", "2020"),
            ("seven ten fifteen", "71015"),
        ] {
            assert_eq!(read_digits(said).as_deref(), Some(digits), "{said}");
        }
    }

    #[test]
    fn what_is_not_only_digits_is_refused() {
        for said in [
            "",
            "um",
            "four thousand two hundred nineteen",
            "four hundred nineteen",
            "four two or nine",
            "not four two one nine",
            "four two one and nine",
            "four plus two",
            "half past four",
            "Oh, four two one nine",
            "double",
            "double nineteen",
            "four to one nine",
            "maya four two one nine",
            "my birthday",
        ] {
            assert_eq!(read_digits(said), None, "{said}");
        }
    }
}
