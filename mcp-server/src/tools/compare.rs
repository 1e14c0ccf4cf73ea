//! Whether an answer is the right one, by arithmetic and spelling alone: the same question and answer are always judged
//! the same.

/// What comparing can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Right,
    /// The right value in a form that was not asked for: 10/12 where 5/6 is.
    NotSimplified,
    Wrong,
    /// Words that are not the key's words: they may still be right.
    Unclear,
}

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number {
    value: f64,
    /// Top and bottom, where it was written as a fraction.
    fraction: Option<(u32, u32)>,
    is_percent: bool,
}

/// Holds `answer` against the `key` of the question `asked`.
pub(super) fn compare(asked: &str, key: &str, answer: &str) -> Comparison {
    let (wanted, given) = (numbers(key), numbers(answer));
    // A key that is more than its numbers ("3 remainder 2", "the fourth of May") is compared as words, too.
    if wanted.is_empty() {
        return compare_words(key, answer);
    }
    if given.len() != wanted.len() {
        return Comparison::Unclear;
    }
    if !wanted.iter().zip(&given).all(|(wanted, given)| same(*wanted, *given)) {
        return Comparison::Wrong;
    }
    let asks_lowest = asked.to_lowercase().contains("simpl") || asked.to_lowercase().contains("lowest");
    let as_written = wanted.iter().zip(&given).all(|(wanted, given)| wanted.fraction == given.fraction);
    if asks_lowest && !as_written { Comparison::NotSimplified } else { Comparison::Right }
}

fn same(wanted: Number, given: Number) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
    match (wanted.is_percent, given.is_percent) {
        (true, false) => close(wanted.value, given.value) || close(wanted.value, given.value * 100.0),
        (false, true) => close(wanted.value * 100.0, given.value),
        _ => close(wanted.value, given.value),
    }
}

fn compare_words(key: &str, answer: &str) -> Comparison {
    let plain = |text: &str| {
        let letters =
            text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect::<String>().to_lowercase();
        let words = letters.split_whitespace().filter(|word| !matches!(*word, "a" | "an" | "the" | "it" | "is" | "s"));
        words.collect::<Vec<_>>().join(" ")
    };
    let (key, answer) = (plain(key), plain(answer));
    if !key.is_empty() && key == answer { Comparison::Right } else { Comparison::Unclear }
}

/// The numbers of a text, in order: 7, -3, 2.5, 1,000, 5/6, 1 1/2, 50%.
fn numbers(text: &str) -> Vec<Number> {
    let chars: Vec<char> = text.chars().collect();
    let mut found: Vec<(usize, usize, Number)> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let Some((end, number)) = number_at(&chars, at) else {
            at += 1;
            continue;
        };
        found.push((at, end, number));
        at = end;
    }
    join_mixed(&chars, found)
}

/// The number that begins at `at`, and where it ends. A digit inside a word begins none.
fn number_at(chars: &[char], at: usize) -> Option<(usize, Number)> {
    let before = at.checked_sub(1).map(|i| chars[i]);
    let is_negative = matches!(chars[at], '-' | '−') && before.is_none_or(|c| !c.is_alphanumeric());
    let start = at + usize::from(is_negative);
    if before.is_some_and(|c| c.is_alphanumeric() || c == '.') || !chars.get(start)?.is_ascii_digit() {
        return None;
    }
    let (end, top) = digits(chars, start);
    let (end, value, fraction) = match chars.get(end) {
        Some('/') if chars.get(end + 1).is_some_and(char::is_ascii_digit) => {
            let (end, bottom) = digits(chars, end + 1);
            let whole = |text: &str| text.parse::<u32>().ok();
            let pair = whole(&top).zip(whole(&bottom)).filter(|(_, bottom)| *bottom > 0)?;
            (end, f64::from(pair.0) / f64::from(pair.1), Some(pair))
        }
        _ => (end, top.parse().ok()?, None),
    };
    let is_percent = chars.get(end) == Some(&'%');
    let value: f64 = if is_negative { -value } else { value };
    Some((end + usize::from(is_percent), Number { value, fraction, is_percent }))
}

/// Digits with at most one point, and with commas before groups of three.
fn digits(chars: &[char], start: usize) -> (usize, String) {
    let is_digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    let (mut end, mut text) = (start, String::new());
    while let Some(c) = chars.get(end) {
        let is_group = *c == ',' && (1..=3).all(|i| is_digit(end + i)) && !is_digit(end + 4);
        let is_point = *c == '.' && is_digit(end + 1) && !text.contains('.');
        match c {
            _ if c.is_ascii_digit() || is_point => text.push(*c),
            _ if is_group => {}
            _ => break,
        }
        end += 1;
    }
    (end, text)
}

/// "1 1/2", "1 and 1/2": a whole number and a proper fraction are one number.
fn join_mixed(chars: &[char], found: Vec<(usize, usize, Number)>) -> Vec<Number> {
    let mut joined: Vec<(usize, Number)> = Vec::new();
    for (start, end, number) in found {
        if let (Some((before_end, whole)), Some((top, bottom))) = (joined.last_mut(), number.fraction)
            && whole.fraction.is_none()
            && whole.value.fract() == 0.0
            && top < bottom
            && matches!(chars[*before_end..start].iter().collect::<String>().trim(), "" | "and" | "&")
        {
            whole.value += if whole.value < 0.0 { -number.value } else { number.value };
            whole.fraction = number.fraction;
            *before_end = end;
            continue;
        }
        joined.push((end, number));
    }
    joined.into_iter().map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::Comparison::{NotSimplified, Right, Unclear, Wrong};
    use super::*;

    #[test]
    fn numbers_are_compared_by_value_however_they_are_written() {
        for (key, answer, expected) in [
            ("5/6", "5/6", Right),
            ("5/6", "10/12", Right),
            ("5/6", "2/5", Wrong),
            ("0.75", "3/4", Right),
            ("1 1/2", "3/2", Right),
            ("1.5", "1 and 1/2", Right),
            ("56", "It is 56, I think.", Right),
            ("56", "54", Wrong),
            ("1000", "1,000", Right),
            ("-3", "−3", Right),
            ("-3", "3", Wrong),
            ("50%", "50", Right),
            ("50%", "1/2", Right),
            ("0.5", "50%", Right),
            ("25, 52, 205", "25 52 205", Right),
            ("25, 52, 205", "52, 25, 205", Wrong),
            ("25, 52, 205", "25", Unclear),
            ("7", "seven", Unclear),
            ("7", "3 or 7", Unclear),
        ] {
            assert_eq!(compare("What is it?", key, answer), expected, "{key} / {answer}");
        }
    }

    #[test]
    fn where_the_lowest_terms_are_asked_for_the_value_alone_does_not_do() {
        assert_eq!(compare("Can you simplify six eighths?", "3/4", "6/8"), NotSimplified);
        assert_eq!(compare("Can you simplify six eighths?", "3/4", "3/4"), Right);
        assert_eq!(compare("Can you simplify six eighths?", "3/4", "2/4"), Wrong);
    }

    #[test]
    fn words_are_right_where_they_are_the_keys_and_unclear_otherwise() {
        assert_eq!(compare("What is 'cat' in Italian?", "il gatto", "Il gatto!"), Right);
        assert_eq!(compare("Who is the hero?", "the fox", "It is a fox"), Right);
        assert_eq!(compare("Who is the hero?", "the fox", "the hen"), Unclear);
    }

    #[test]
    fn odd_texts_are_no_numbers() {
        for text in ["", "-", "/", "1/0", "R2D2", "1.2.3.4/", ",,,", "99999999999999999999/3", "½"] {
            let found = numbers(text);
            assert!(found.len() <= 2 && found.iter().all(|number| number.value.is_finite()), "{text}: {found:?}");
        }
    }

    #[test]
    fn every_key_of_the_starter_set_is_its_own_right_answer() {
        for skill in shared::curriculum::Curriculum::starter().skills {
            for question in skill.questions {
                let judged = compare(&question.ask, &question.answer, &question.answer);
                assert_eq!(judged, Right, "{} => {}", question.ask, question.answer);
            }
        }
    }
}
