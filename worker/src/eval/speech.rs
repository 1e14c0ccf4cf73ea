//! Dialogues as speech to text would have left them: numbers in words, no marks, lower case, fillers between.
//!
//! Nothing is misheard here, so that this is the least that speech costs.

use std::fmt;

use storage::transcript::{Speaker, Turn};

/// Whose turns were heard and not written. An assistant's words usually arrive as it composed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Student,
    Everybody,
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Student => "the student heard",
            Self::Everybody => "everybody heard",
        })
    }
}

/// A filler after so many words.
const EVERY: usize = 9;
const FILLERS: [&str; 5] = ["um", "like", "uh", "you know", "so um"];
const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// The same turns, as they were heard.
pub(super) fn heard(turns: &[Turn], who: Heard) -> Vec<Turn> {
    let is_heard = |turn: &Turn| who == Heard::Everybody || turn.speaker == Speaker::Student;
    let hear = |turn: &Turn| Turn { text: as_heard(&turn.text), ..turn.clone() };
    turns.iter().map(|turn| if is_heard(turn) { hear(turn) } else { turn.clone() }).collect()
}

fn as_heard(text: &str) -> String {
    let spoken = spoken(text);
    let mut heard: Vec<&str> = Vec::new();
    for (i, word) in spoken.iter().enumerate() {
        // Never between the words of a number: people do, but less there than elsewhere.
        let inside = i > 0 && is_number(word) && is_number(&spoken[i - 1]);
        if i % EVERY == EVERY / 2 && !inside {
            heard.push(FILLERS[i / EVERY % FILLERS.len()]);
        }
        heard.push(word);
    }
    heard.join(" ")
}

fn is_number(word: &str) -> bool {
    UNITS.contains(&word) || TENS.contains(&word) || ["hundred", "thousand", "million", "point", "and"].contains(&word)
}

/// The words of a text, with signs and digits said.
fn spoken(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.to_lowercase().replace('’', "'").chars().collect();
    let (mut words, mut i) = (Vec::new(), 0);
    let mut money = false;
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    while i < chars.len() {
        let (c, start) = (chars[i], i);
        if c.is_ascii_digit() {
            while digit(i)
                || matches!(chars.get(i), Some('.' | ',')) && digit(i + 1) && (chars[i] == '.' || digit(i + 3))
            {
                i += 1;
            }
            say_number(&chars[start..i].iter().filter(|c| **c != ',').collect::<String>(), &mut words);
            if std::mem::take(&mut money) {
                words.push("dollars".to_owned());
            }
            continue;
        }
        if c.is_alphabetic() || c == '\'' {
            while chars.get(i).is_some_and(|c| c.is_alphabetic() || *c == '\'') {
                i += 1;
            }
            let word: String = chars[start..i].iter().collect();
            let times = word == "x" && words.last().is_some_and(|w: &String| is_number(w) || w == "dollars");
            words.push(if times { "times".to_owned() } else { word });
            continue;
        }
        i += 1;
        let sign = match c {
            '$' => {
                money = true;
                ""
            }
            '+' => "plus",
            '=' => "equals",
            '*' | '×' => "times",
            '÷' => "divided by",
            '/' if words.last().is_some_and(|w| is_number(w) || w == "dollars") => "divided by",
            '-' | '−' | '–' if chars.get(i).is_some_and(|c| *c == ' ' || *c == '$') && digit_before(&chars, start) => {
                "minus"
            }
            '%' => "percent",
            _ => "",
        };
        words.extend(sign.split_whitespace().map(str::to_owned));
    }
    words
}

fn digit_before(chars: &[char], at: usize) -> bool {
    chars[..at].iter().rev().find(|c| !c.is_whitespace()).is_some_and(|c| c.is_ascii_digit() || *c == ')')
}

fn say_number(digits: &str, words: &mut Vec<String>) {
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    match whole.parse::<u64>() {
        Ok(whole) if whole < 1_000_000_000 => say_whole(whole, words),
        _ => words.push(whole.to_owned()),
    }
    if !decimals.is_empty() {
        words.push("point".to_owned());
        words.extend(decimals.chars().filter_map(|c| c.to_digit(10)).map(|d| UNITS[d as usize].to_owned()));
    }
}

fn say_whole(number: u64, words: &mut Vec<String>) {
    for (size, name) in [(1_000_000, "million"), (1000, "thousand"), (100, "hundred")] {
        if number >= size {
            say_whole(number / size, words);
            words.push(name.to_owned());
            if !number.is_multiple_of(size) {
                say_whole(number % size, words);
            }
            return;
        }
    }
    if number < 20 {
        words.push(UNITS[number as usize].to_owned());
    } else {
        words.push(TENS[(number / 10 - 2) as usize].to_owned());
        if !number.is_multiple_of(10) {
            words.push(UNITS[(number % 10) as usize].to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_digits_are_said_and_marks_are_lost() {
        assert_eq!(as_heard("So, 3 x 18 = 54."), "so three times eighteen um equals fifty four");
        assert_eq!(
            as_heard("It's $1,250.50!"),
            "it's one thousand two um hundred fifty point five zero dollars".replace(" um", "")
        );
        assert_eq!(as_heard("20% of 80 - 5"), "twenty percent of eighty um minus five");
    }

    #[test]
    fn nobody_else_is_heard_than_was_asked_for() {
        let turn = |speaker| Turn { turn_no: 0, speaker, text: "2 + 2?".into(), offset_ms: 0, duration_ms: None };
        let turns = [turn(Speaker::Tutor), turn(Speaker::Student)];
        let texts = |who| heard(&turns, who).into_iter().map(|turn| turn.text).collect::<Vec<_>>();
        assert_eq!(texts(Heard::Student), ["2 + 2?", "two plus two"]);
        assert_eq!(texts(Heard::Everybody), ["two plus two", "two plus two"]);
    }
}
