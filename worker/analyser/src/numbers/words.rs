//! Numbers in words: "three hundred and forty-seven", "three point one four", and the names of denominators.

use super::{Token, Value};

const UNITS: &str = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
                     sixteen seventeen eighteen nineteen";
const TENS: &str = "twenty thirty forty fifty sixty seventy eighty ninety";

/// The number in words that begins at `start`, and where it ends.
pub(super) fn number(raw: &[Token], start: usize) -> Option<(Value, usize)> {
    let word = |at: usize| match raw.get(at) {
        Some(Token::Word(word)) => Some(word.as_str()),
        _ => None,
    };
    let (mut total, mut group, mut i) = (0.0, small(word(start)?)?, start + 1);
    // What may follow must be smaller: "forty" takes a unit, "hundred" takes tens, "seven" takes nothing.
    let mut room = room_after(group);
    while let Some(next) = word(i) {
        match (next, small(next)) {
            ("hundred", _) => (group, room) = (group * 100.0, 100.0),
            ("thousand", _) => (total, group, room) = (total + group * 1000.0, 0.0, 1000.0),
            ("million", _) => (total, group, room) = (total + group * 1e6, 0.0, 1000.0),
            ("and", _) if room >= 100.0 && word(i + 1).and_then(small).is_some() => {}
            ("point", _) => return Some(decimals(total + group, raw, i)),
            (_, Some(number)) if number > 0.0 && number < room => (group, room) = (group + number, room_after(number)),
            _ => break,
        }
        i += 1;
    }
    Some((Value::whole(total + group), i))
}

fn room_after(number: f64) -> f64 {
    if number >= 20.0 { 10.0 } else { 0.0 }
}

/// "three point one four".
fn decimals(whole: f64, raw: &[Token], point: usize) -> (Value, usize) {
    let (mut amount, mut scale, mut i, mut decimals) = (whole, 0.1, point + 1, 0);
    while let Some(Token::Word(word)) = raw.get(i) {
        let Some(digit) = small(word).filter(|n| *n < 10.0) else {
            break;
        };
        amount += digit * scale;
        scale /= 10.0;
        decimals += 1;
        i += 1;
    }
    if decimals == 0 { (Value::whole(whole), point) } else { (Value { amount, fraction: None, decimals }, i) }
}

fn small(word: &str) -> Option<f64> {
    let place = |words: &str| words.split_whitespace().position(|w| w == word).map(|n| n as f64);
    place(UNITS).or_else(|| place(TENS).map(|n| (n + 2.0) * 10.0))
}

/// The denominator that a word names, and whether it is a plural.
pub(crate) fn denominator(token: &Token) -> Option<(u32, bool)> {
    const NAMES: [(&str, u32); 18] = [
        ("half", 2),
        ("third", 3),
        ("quarter", 4),
        ("fourth", 4),
        ("fifth", 5),
        ("sixth", 6),
        ("seventh", 7),
        ("eighth", 8),
        ("ninth", 9),
        ("tenth", 10),
        ("eleventh", 11),
        ("twelfth", 12),
        ("fifteenth", 15),
        ("sixteenth", 16),
        ("eighteenth", 18),
        ("twentieth", 20),
        ("thirtieth", 30),
        ("hundredth", 100),
    ];
    let Token::Word(word) = token else { return None };
    if word == "halves" {
        return Some((2, true));
    }
    let (name, plural) = word.strip_suffix('s').map_or((word.as_str(), false), |name| (name, true));
    NAMES.iter().find(|(n, _)| *n == name).map(|(_, bottom)| (*bottom, plural))
}
