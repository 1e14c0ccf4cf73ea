//! How numbers and terms are written, and how an assistant says them on the phone.

use super::exact::{Fraction, decimal, dollars};

/// One thing in two forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Both {
    pub written: String,
    pub spoken: String,
}

/// A text with the same words in both forms; its holes are [`Both`].
macro_rules! both {
    ($text:literal $(, $part:expr)* $(,)?) => {
        $crate::question::speech::Both {
            written: format!($text $(, $part.written)*),
            spoken: format!($text $(, $part.spoken)*),
        }
    };
}
pub(super) use both;

impl Both {
    /// Written and said alike.
    pub(super) fn same(text: &str) -> Self {
        Self::new(text, text)
    }

    pub(super) fn new(written: impl Into<String>, spoken: impl Into<String>) -> Self {
        Self { written: written.into(), spoken: spoken.into() }
    }

    /// The same at the beginning of a sentence.
    pub(super) fn capital(self) -> Self {
        let mut chars = self.spoken.chars();
        let spoken = chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
        Self { spoken, ..self }
    }

    /// Several in a row: "3, 6 and 9" with `last` as the word before the last one.
    pub(super) fn list(parts: &[Self], last: &str) -> Self {
        let join = |texts: Vec<&str>| match &texts[..] {
            [some @ .., end] if !some.is_empty() && !last.is_empty() => format!("{} {last} {end}", some.join(", ")),
            all => all.join(", "),
        };
        Self {
            written: join(parts.iter().map(|part| &part.written[..]).collect()),
            spoken: join(parts.iter().map(|part| &part.spoken[..]).collect()),
        }
    }
}

const SMALL: [&str; 20] = [
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
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A whole number in words. From a billion on, its digits.
pub(super) fn words(number: i64) -> String {
    match number {
        ..0 => format!("minus {}", words(-number)),
        0..20 => SMALL[number as usize].to_owned(),
        20..100 if number % 10 == 0 => TENS[(number / 10) as usize].to_owned(),
        20..100 => format!("{}-{}", TENS[(number / 10) as usize], SMALL[(number % 10) as usize]),
        100..1_000 => scaled(number, 100, "hundred"),
        1_000..1_000_000 => scaled(number, 1_000, "thousand"),
        1_000_000..1_000_000_000 => scaled(number, 1_000_000, "million"),
        _ => number.to_string(),
    }
}

fn scaled(number: i64, by: i64, name: &str) -> String {
    let (front, rest) = (words(number / by), number % by);
    match rest {
        0 => format!("{front} {name}"),
        1..100 => format!("{front} {name} and {}", words(rest)),
        _ => format!("{front} {name} {}", words(rest)),
    }
}

/// "first", "twenty-first".
pub(super) fn ordinal(number: i64) -> String {
    let words = words(number);
    let at = words.rfind([' ', '-']).map_or(0, |at| at + 1);
    let (front, last) = words.split_at(at);
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        tens if tens.ends_with('y') => format!("{}ieth", &tens[..tens.len() - 1]),
        other => format!("{other}th"),
    };
    format!("{front}{last}")
}

/// Equal parts of a whole by their name: "half", "quarters", "sixths".
pub(super) fn parts_name(bottom: i64, is_one: bool) -> String {
    match (bottom, is_one) {
        (2, true) => "half".to_owned(),
        (2, false) => "halves".to_owned(),
        (4, true) => "quarter".to_owned(),
        (4, false) => "quarters".to_owned(),
        (_, true) => ordinal(bottom),
        (_, false) => format!("{}s", ordinal(bottom)),
    }
}

/// A whole number.
pub(super) fn int(number: i64) -> Both {
    Both::new(number.to_string(), words(number))
}

/// `top/bottom` as given, not reduced.
pub(super) fn over(top: i64, bottom: i64) -> Both {
    let spoken = format!("{} {}", words(top), parts_name(bottom, top.abs() == 1));
    Both::new(format!("{top}/{bottom}"), spoken)
}

/// A fraction, or a whole number if it is one.
pub(super) fn fraction(value: Fraction) -> Both {
    if value.bottom() == 1 { int(value.top()) } else { over(value.top(), value.bottom()) }
}

/// A whole number and a fraction: "2 3/4".
pub(super) fn mixed(whole: i64, top: i64, bottom: i64) -> Both {
    let part = if (top, bottom) == (1, 2) || (top, bottom) == (1, 4) {
        format!("a {}", parts_name(bottom, true))
    } else {
        over(top, bottom).spoken
    };
    Both::new(format!("{whole} {top}/{bottom}"), format!("{} and {part}", words(whole)))
}

/// `units` of the last decimal place: 175 with 2 places is "1.75", "one point seven five".
pub(super) fn dec(units: i64, places: u32) -> Both {
    let written = decimal(units, places);
    let spoken = say_decimal(&written);
    Both::new(written, spoken)
}

fn say_decimal(written: &str) -> String {
    let (sign, digits) = written.strip_prefix('-').map_or(("", written), |digits| ("minus ", digits));
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let mut spoken = format!("{sign}{}", words(whole.parse().unwrap_or_default()));
    if !rest.is_empty() {
        spoken.push_str(" point");
    }
    for digit in rest.chars().filter_map(|digit| digit.to_digit(10)) {
        spoken.push(' ');
        spoken.push_str(SMALL[digit as usize]);
    }
    spoken
}

/// An amount of dollars and cents.
pub(super) fn money(cents: i64) -> Both {
    let unit = |n: i64, one: &str, many: &str| format!("{} {}", words(n), if n == 1 { one } else { many });
    let spoken = match (cents / 100, cents % 100) {
        (0, rest) => unit(rest, "cent", "cents"),
        (whole, 0) => unit(whole, "dollar", "dollars"),
        (whole, rest) => format!("{} and {}", unit(whole, "dollar", "dollars"), unit(rest, "cent", "cents")),
    };
    Both::new(dollars(cents), spoken)
}

/// A time on a clock of twelve hours, from minutes since twelve.
pub(super) fn clock(minutes: i64) -> Both {
    let minutes = minutes.rem_euclid(720);
    let hour = |hours: i64| words(if hours % 12 == 0 { 12 } else { hours % 12 });
    let (hours, rest) = (minutes / 60, minutes % 60);
    let spoken = match rest {
        0 => format!("{} o'clock", hour(hours)),
        15 => format!("quarter past {}", hour(hours)),
        30 => format!("half past {}", hour(hours)),
        45 => format!("quarter to {}", hour(hours + 1)),
        1..30 if rest % 5 == 0 => format!("{} past {}", words(rest), hour(hours)),
        31.. if rest % 5 == 0 => format!("{} to {}", words(60 - rest), hour(hours + 1)),
        1..10 => format!("{} oh {}", hour(hours), words(rest)),
        _ => format!("{} {}", hour(hours), words(rest)),
    };
    Both::new(clock_text(minutes), spoken)
}

/// The same read off a digital clock: "eight fifty-five", where "five to nine" could be misheard.
pub(super) fn digital(minutes: i64) -> Both {
    let said = clock(minutes);
    let (hours, rest) = (minutes.rem_euclid(720) / 60, minutes.rem_euclid(60));
    let hour = words(if hours == 0 { 12 } else { hours });
    match rest {
        0 => said,
        1..10 => Both { spoken: format!("{hour} oh {}", words(rest)), ..said },
        _ => Both { spoken: format!("{hour} {}", words(rest)), ..said },
    }
}

/// "3:05", from minutes since twelve.
pub(super) fn clock_text(minutes: i64) -> String {
    let minutes = minutes.rem_euclid(720);
    let hours = if minutes < 60 { 12 } else { minutes / 60 };
    format!("{hours}:{:02}", minutes % 60)
}

/// A point: "(2, -3)", "the point two, minus three".
pub(super) fn point(x: i64, y: i64) -> Both {
    Both::new(point_text(x, y), format!("the point {}, {}", words(x), words(y)))
}

/// "(2, -3)".
pub(super) fn point_text(x: i64, y: i64) -> String {
    format!("({x}, {y})")
}

/// A polynomial in one letter, coefficients from the highest power down: "2x^2 - x + 3". Zero terms are left out.
pub(super) fn polynomial(letter: &str, coefficients: &[i64]) -> Both {
    let highest = coefficients.len() - 1;
    let (mut written, mut spoken) = (String::new(), String::new());
    for (i, coefficient) in coefficients.iter().enumerate().filter(|(_, coefficient)| **coefficient != 0) {
        let power = highest - i;
        match (written.is_empty(), *coefficient < 0) {
            (true, true) => (written.push('-'), spoken.push_str("minus ")),
            (true, false) => ((), ()),
            (false, true) => (written.push_str(" - "), spoken.push_str(" minus ")),
            (false, false) => (written.push_str(" + "), spoken.push_str(" plus ")),
        };
        let size = coefficient.abs();
        if power == 0 || size != 1 {
            written.push_str(&size.to_string());
            spoken.push_str(&words(size));
        }
        if power > 0 {
            if size != 1 {
                spoken.push(' ');
            }
            let term = power_of(letter, power as i64);
            written.push_str(&term.written);
            spoken.push_str(&term.spoken);
        }
    }
    if written.is_empty() { int(0) } else { Both { written, spoken } }
}

/// "x", "x^2", "x^5": said "x", "x squared", "x to the power of five".
pub(super) fn power_of(base: &str, power: i64) -> Both {
    match power {
        1 => Both::same(base),
        2 => Both::new(format!("{base}^2"), format!("{base} squared")),
        3 => Both::new(format!("{base}^3"), format!("{base} cubed")),
        _ => Both::new(format!("{base}^{power}"), format!("{base} to the power of {}", words(power))),
    }
}

/// "+", said "plus"; "-", said "minus".
pub(super) fn sign(number: i64) -> Both {
    if number < 0 { Both::new("-", "minus") } else { Both::new("+", "plus") }
}

/// "=", said "equals".
pub(super) fn equals() -> Both {
    Both::new("=", "equals")
}

/// Something in brackets, said so that they can be heard.
pub(super) fn bracket(inner: &Both) -> Both {
    Both::new(format!("({})", inner.written), format!("open bracket {} close bracket", inner.spoken))
}

/// A word in singular or plural: "1 book", "3 books".
pub(super) fn counted(n: i64, one: &str, many: &str) -> Both {
    both!("{} {}", int(n), Both::same(if n == 1 { one } else { many }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_said_in_words() {
        let said = [0, 7, 21, 100, 105, 347, 1_000, 1_005, 12_340, 1_000_000, -4].map(words);
        assert_eq!(
            said,
            [
                "zero",
                "seven",
                "twenty-one",
                "one hundred",
                "one hundred and five",
                "three hundred and forty-seven",
                "one thousand",
                "one thousand and five",
                "twelve thousand three hundred and forty",
                "one million",
                "minus four"
            ]
        );
    }

    #[test]
    fn fractions_are_said_by_their_parts() {
        let said = [over(3, 4), over(1, 2), over(5, 12), over(7, 20), over(1, 4), over(2, 21), over(-1, 3)];
        let said = said.map(|both| both.spoken);
        let expected = [
            "three quarters",
            "one half",
            "five twelfths",
            "seven twentieths",
            "one quarter",
            "two twenty-firsts",
            "minus one third",
        ];
        assert_eq!(said, expected);
        assert_eq!(mixed(2, 1, 2).spoken, "two and a half");
        assert_eq!(mixed(2, 3, 4), Both::new("2 3/4", "two and three quarters"));
    }

    #[test]
    fn decimals_amounts_and_times_are_said_as_people_say_them() {
        assert_eq!(dec(-175, 2), Both::new("-1.75", "minus one point seven five"));
        assert_eq!(dec(40, 2), Both::new("0.4", "zero point four"));
        assert_eq!(money(725).spoken, "seven dollars and twenty-five cents");
        assert_eq!(money(101).spoken, "one dollar and one cent");
        assert_eq!(money(50), Both::new("$0.50", "fifty cents"));
        let times = [0, 190, 195, 220, 225, 185, 192, 30, 715].map(clock);
        let spoken = times.clone().map(|time| time.spoken);
        let expected = [
            "twelve o'clock",
            "ten past three",
            "quarter past three",
            "twenty to four",
            "quarter to four",
            "five past three",
            "three twelve",
            "half past twelve",
            "five to twelve",
        ];
        assert_eq!(spoken, expected);
        assert_eq!([digital(535).spoken, digital(185).spoken], ["eight fifty-five", "three oh five"]);
        assert_eq!([&times[0].written[..], &times[5].written], ["12:00", "3:05"]);
    }

    #[test]
    fn terms_are_said_in_words() {
        assert_eq!(polynomial("x", &[2, -1, 3]), Both::new("2x^2 - x + 3", "two x squared minus x plus three"));
        assert_eq!(polynomial("x", &[-1, 0]), Both::new("-x", "minus x"));
        assert_eq!(polynomial("x", &[1, 0, 0, -8]).spoken, "x cubed minus eight");
        assert_eq!(polynomial("x", &[0]).written, "0");
        assert_eq!(power_of("x", 5).spoken, "x to the power of five");
    }

    #[test]
    fn a_list_ends_with_its_word() {
        assert_eq!(Both::list(&[int(3), int(6), int(9)], "and").written, "3, 6 and 9");
        assert_eq!(Both::list(&[int(3), int(6)], "").spoken, "three, six");
    }
}
