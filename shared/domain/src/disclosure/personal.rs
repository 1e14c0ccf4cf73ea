//! Data that a stranger could use to find a child: telephone numbers and addresses of electronic mail.

/// A number at which a person can be reached has at least this many digits.
const FEWEST_DIGITS: usize = 7;
const MOST_DIGITS: usize = 15;

const DIGIT_WORDS: [&str; 36] = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double", "cero", "uno",
    "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "null", "eins", "zwei", "zwo", "drei", "vier",
    "funf", "sechs", "sieben", "acht", "neun", "plus", "o", "area",
];
/// Who says one of these means a telephone.
const TELEPHONE: [&str; 10] =
    ["phone", "telephone", "mobile", "cell", "telefono", "celular", "movil", "telefon", "handy", "telefonnummer"];
/// Who says "my number" may mean one too.
const MINE: [(&str, &str); 4] = [("my", "number"), ("mi", "numero"), ("meine", "nummer"), ("his", "number")];

/// Whether the text gives a telephone number or an address of electronic mail.
///
/// `words` are those of the text.
pub(super) fn is_given(text: &str, words: &[&str]) -> bool {
    has_email(text, words) || has_telephone(text, words)
}

fn has_email(text: &str, words: &[&str]) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let written = text.match_indices('@').any(|(i, _)| {
        let before = text[..i].chars().next_back().is_some_and(is_part);
        let domain: String = text[i + 1..].chars().take_while(|c| is_part(*c)).collect();
        before
            && domain.trim_end_matches('.').split_once('.').is_some_and(|(name, end)| !name.is_empty() && end.len() > 1)
    });
    written || {
        let at = words.iter().position(|word| matches!(*word, "at" | "arroba"));
        at.is_some_and(|at| {
            let rest = &words[at + 1..words.len().min(at + 5)];
            rest.windows(3).any(|three| {
                matches!(three[1], "dot" | "punto" | "punkt") && matches!(three[2], "com" | "org" | "net" | "es" | "de")
            })
        })
    }
}

/// Digits in the groups of a telephone number, or many digits where a telephone is spoken of.
fn has_telephone(text: &str, words: &[&str]) -> bool {
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let runs = if has_digits { runs(text) } else { Vec::new() };
    if runs.iter().any(is_telephone) {
        return true;
    }
    let is_mine = |pair: &[&str]| MINE.iter().any(|(my, number)| pair[0] == *my && pair[1] == *number);
    let speaks_of_it = words.iter().any(|word| TELEPHONE.contains(word)) || words.windows(2).any(is_mine);
    if !speaks_of_it || counts_up(text, words) {
        return false;
    }
    let is_long = |n: usize| (FEWEST_DIGITS..=MOST_DIGITS).contains(&n);
    let spoken = words.split(|word| !DIGIT_WORDS.contains(word)).map(<[&str]>::len).max();
    runs.iter().any(|run| is_long(run.groups.iter().sum())) || spoken.is_some_and(is_long)
}

/// "1234567890" and "one two three four" are for counting: each is the one before and one more.
fn counts_up(text: &str, words: &[&str]) -> bool {
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
        digits = words.iter().filter_map(|word| of_word(word)).collect();
    }
    digits.windows(2).all(|pair| (pair[0] + 1) % 10 == pair[1] % 10)
}

/// Digits that only blanks, hyphens and brackets part. None that is calculated with.
struct Run {
    /// Digits per group.
    groups: Vec<usize>,
    /// It starts with a plus sign or a zero, as numbers with an area code do.
    has_prefix: bool,
}

fn runs(text: &str) -> Vec<Run> {
    let calculates = |c: char| "=*×÷·%$€£<>^,:".contains(c) || (c.is_alphabetic() && c == 'x');
    let chars: Vec<char> = text.chars().collect();
    let mut runs = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        let mut groups = Vec::new();
        loop {
            let length = chars[at..].iter().take_while(|c| c.is_ascii_digit()).count();
            groups.push(length);
            at += length;
            let gap = chars[at..].iter().take_while(|c| matches!(c, ' ' | '-' | '(' | ')')).count();
            let goes_on = gap <= 2 && chars.get(at + gap).is_some_and(char::is_ascii_digit);
            if !goes_on {
                break;
            }
            at += gap;
        }
        let before = chars[..start].iter().rev().find(|c| !matches!(c, ' ' | '(')).copied();
        let after = chars[at..].iter().find(|c| **c != ' ').copied();
        let is_decimal = |c: Option<&char>, next: Option<&char>| {
            c.is_some_and(|c| matches!(c, '.' | ',' | '/')) && next.is_some_and(char::is_ascii_digit)
        };
        let is_part = is_decimal(chars.get(at), chars.get(at + 1))
            || (start >= 2 && is_decimal(chars.get(start - 1), chars.get(start - 2)));
        let in_sum = before.is_some_and(calculates) || after.is_some_and(|c| calculates(c) || matches!(c, '+' | '/'));
        if !is_part && !in_sum {
            runs.push(Run { groups, has_prefix: before == Some('+') || chars[start] == '0' });
        }
    }
    runs
}

/// "555 123 4567", "+1-555-123-4567", "0171 2345678".
fn is_telephone(run: &Run) -> bool {
    let n: usize = run.groups.iter().sum();
    let is_written_as_one = matches!(run.groups[..], [3, 3, 4] | [1, 3, 3, 4]);
    (9..=MOST_DIGITS).contains(&n) && (is_written_as_one || (run.has_prefix && run.groups.len() <= 6))
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
            assert!(is_given(text, &crate::folded::Folded::new(text).words()), "{text}");
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
            "that is 3,650 x 10/100 x 5 = $1825 and then 5475/5 = $1095",
            "0.1 x 3,650 = 365 and the number is 4015",
            "200-90-45 = 65 books",
            "(3650 x 10/100 x 5) = $5475",
            "so 480 + 60 = 540 and 540*4 = 2160",
            "look at dot com",
            "",
        ] {
            assert!(!is_given(text, &crate::folded::Folded::new(text).words()), "{text}");
        }
    }
}
