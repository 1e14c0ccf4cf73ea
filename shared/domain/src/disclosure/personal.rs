//! Data that a stranger could use to find a child: telephone numbers and addresses of electronic mail.

use crate::folded;

/// A number that somebody can be reached at has at least this many digits.
const FEWEST_DIGITS: usize = 7;
const MOST_DIGITS: usize = 15;

const DIGIT_WORDS: [&str; 36] = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double", "cero", "uno",
    "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "null", "eins", "zwei", "zwo", "drei", "vier",
    "funf", "sechs", "sieben", "acht", "neun", "plus", "o", "area",
];
/// Who says one of these means a telephone.
const TELEPHONE: [&str; 13] = [
    "phone",
    "telephone",
    "mobile",
    "cell",
    "number",
    "telefono",
    "celular",
    "movil",
    "numero",
    "telefon",
    "handy",
    "nummer",
    "telefonnummer",
];

/// Whether the text gives a telephone number or an address of electronic mail.
pub(super) fn is_given(text: &str) -> bool {
    has_email(text) || has_telephone(text)
}

fn has_email(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let written = text.match_indices('@').any(|(i, _)| {
        let before = text[..i].chars().next_back().is_some_and(is_part);
        let domain: String = text[i + 1..].chars().take_while(|c| is_part(*c)).collect();
        before
            && domain.trim_end_matches('.').split_once('.').is_some_and(|(name, end)| !name.is_empty() && end.len() > 1)
    });
    written || {
        let words = folded::words(text);
        let at = words.iter().position(|word| word == "at" || word == "arroba");
        at.is_some_and(|at| {
            let rest = &words[at + 1..words.len().min(at + 5)];
            rest.windows(3).any(|three| {
                matches!(&three[1][..], "dot" | "punto" | "punkt")
                    && matches!(&three[2][..], "com" | "org" | "net" | "es" | "de")
            })
        })
    }
}

/// Digits in the groups of a telephone number, or many digits where a telephone is spoken of.
fn has_telephone(text: &str) -> bool {
    let words = folded::words(text);
    let speaks_of_it = words.iter().any(|word| TELEPHONE.contains(&&word[..]));
    let mut run = 0;
    let mut longest = 0;
    for word in &words {
        let is_digits = word.bytes().all(|b| b.is_ascii_digit());
        if is_digits {
            run += word.len();
        } else if DIGIT_WORDS.contains(&&word[..]) {
            run += 1;
        } else {
            run = 0;
        }
        longest = longest.max(run);
    }
    let is_long = (FEWEST_DIGITS..=MOST_DIGITS).contains(&longest);
    if is_long && speaks_of_it && !counts_up(text) {
        return true;
    }
    is_grouped(text)
}

/// "1234567890" and "one two three four" are for counting: each is the one before and one more.
fn counts_up(text: &str) -> bool {
    let of_word = |word: &str| {
        const COUNTED: [[&str; 9]; 3] = [
            ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
            ["uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
            ["eins", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun"],
        ];
        COUNTED.iter().find_map(|words| words.iter().position(|counted| *counted == word)).map(|i| i as u32 + 1)
    };
    let mut digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if digits.is_empty() {
        digits = folded::words(text).iter().filter_map(|word| of_word(word)).collect();
    }
    digits.windows(2).all(|pair| (pair[0] + 1) % 10 == pair[1] % 10)
}

/// "555 123 4567", "+1-555-123-4567", "0171 2345678".
fn is_grouped(text: &str) -> bool {
    let mut groups: Vec<usize> = Vec::new();
    let mut starts_like_one = false;
    let check = |groups: &mut Vec<usize>, starts_like_one: bool| {
        let n: usize = groups.iter().sum();
        let is_number = (9..=MOST_DIGITS).contains(&n)
            && ((starts_like_one && groups.len() <= 6) || matches!(groups[..], [3, 3, 4] | [1, 3, 3, 4]));
        groups.clear();
        is_number
    };
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let gap = &rest[..start];
        let joins = !groups.is_empty() && gap.chars().all(|c| matches!(c, ' ' | '-' | '(' | ')' | '/' | '.'));
        if !joins {
            if check(&mut groups, starts_like_one) {
                return true;
            }
            starts_like_one = gap.ends_with('+') || rest[start..].starts_with('0');
        }
        let length = rest[start..].bytes().take_while(u8::is_ascii_digit).count();
        groups.push(length);
        rest = &rest[start + length..];
    }
    check(&mut groups, starts_like_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_to_call_and_mail_are_told() {
        for text in [
            "it's 555 123 4567",
            "+44 7700 900123",
            "my number is five five five one two three four five six seven",
            "meine nummer ist 0171 2345678",
            "leo@example.com",
            "leo at gmail dot com",
            "mi telefono es 612345678",
        ] {
            assert!(is_given(text), "{text}");
        }
    }

    #[test]
    fn numbers_to_count_with_are_not() {
        for text in [
            "my number is seven",
            "1234567890",
            "the number is one two three four five six seven eight",
            "12,345,678 is even",
            "5 10 15 20 25 30",
            "it is 3.14159265358979",
            "100 200 300",
            "look at dot com",
            "",
        ] {
            assert!(!is_given(text), "{text}");
        }
    }
}
