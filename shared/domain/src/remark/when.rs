//! Days as people name them: "on Friday", "tomorrow", "on the ninth", "am 4. Dezember".

use crate::analysis::When;
use crate::analysis::when::WEEKDAYS;

pub(super) fn weekday_name(n: u8) -> &'static str {
    WEEKDAYS[usize::from(n.clamp(1, 7)) - 1]
}

/// The weekday that a word names, singular or plural.
pub(super) fn weekday(word: &str) -> Option<u8> {
    Some(match word {
        "monday" | "mondays" | "lunes" | "montag" | "montags" => 1,
        "tuesday" | "tuesdays" | "martes" | "dienstag" | "dienstags" => 2,
        "wednesday" | "wednesdays" | "miercoles" | "mittwoch" | "mittwochs" => 3,
        "thursday" | "thursdays" | "jueves" | "donnerstag" | "donnerstags" => 4,
        "friday" | "fridays" | "viernes" | "freitag" | "freitags" => 5,
        "saturday" | "saturdays" | "sabado" | "sabados" | "samstag" | "samstags" | "sonnabend" => 6,
        "sunday" | "sundays" | "domingo" | "domingos" | "sonntag" | "sonntags" => 7,
        _ => return None,
    })
}

/// Whether the word says that it is so every week.
pub(super) fn is_every_week(words: &[&str], at: usize) -> bool {
    let word = words[at];
    let before = at.checked_sub(1).map(|i| words[i]);
    (word.ends_with('s') && !matches!(word, "lunes" | "martes" | "miercoles" | "jueves" | "viernes"))
        || matches!(before, Some("every" | "each" | "los" | "jeden" | "cada"))
}

fn month(word: &str) -> Option<u8> {
    Some(match word {
        "january" | "enero" | "januar" => 1,
        "february" | "febrero" | "februar" => 2,
        "march" | "marzo" | "marz" => 3,
        "april" | "abril" => 4,
        "may" | "mayo" | "mai" => 5,
        "june" | "junio" | "juni" => 6,
        "july" | "julio" | "juli" => 7,
        "august" | "agosto" => 8,
        "september" | "septiembre" => 9,
        "october" | "octubre" | "oktober" => 10,
        "november" | "noviembre" => 11,
        "december" | "diciembre" | "dezember" => 12,
        _ => return None,
    })
}

/// An ordinal or the digits of a day, and how many words it takes.
fn day(words: &[&str]) -> Option<(u8, usize)> {
    const ENGLISH: [&str; 20] = [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
        "fourteenth",
        "fifteenth",
        "sixteenth",
        "seventeenth",
        "eighteenth",
        "nineteenth",
        "twentieth",
    ];
    const GERMAN: [&str; 20] = [
        "ersten",
        "zweiten",
        "dritten",
        "vierten",
        "funften",
        "sechsten",
        "siebten",
        "achten",
        "neunten",
        "zehnten",
        "elften",
        "zwolften",
        "dreizehnten",
        "vierzehnten",
        "funfzehnten",
        "sechzehnten",
        "siebzehnten",
        "achtzehnten",
        "neunzehnten",
        "zwanzigsten",
    ];
    let first = words.first()?;
    let may_be_one = |word: &str| {
        word.as_bytes()[0].is_ascii_digit()
            || ["th", "st", "nd", "rd", "en", "ty"].iter().any(|end| word.ends_with(end))
    };
    if first.is_empty() || !may_be_one(first) {
        return None;
    }
    let of = |list: &[&str], word: &str| list.iter().position(|name| *name == word).map(|i| i as u8 + 1);
    if let Some(n) = of(&ENGLISH, first).or_else(|| of(&GERMAN, first)) {
        return Some((n, 1));
    }
    let tens = match *first {
        "twenty" => 20,
        "thirty" => 30,
        "thirtieth" => return Some((30, 1)),
        _ => 0,
    };
    if tens > 0 {
        let unit = of(&ENGLISH, words.get(1)?).filter(|unit| *unit < 10)?;
        return Some((tens + unit, 2)).filter(|(n, _)| *n <= 31);
    }
    let digits: &str = first.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let rest = &first[digits.len()..];
    let n: u8 = digits.parse().ok()?;
    (matches!(rest, "" | "st" | "nd" | "rd" | "th") && (1..=31).contains(&n)).then_some((n, 1))
}

/// The first day that the words name at `at` or later, and where its words begin.
pub(super) fn find(words: &[&str], from: usize) -> Option<(When, usize)> {
    (from..words.len()).find_map(|at| Some((at_word(words, at)?, at)))
}

fn at_word(words: &[&str], at: usize) -> Option<When> {
    let word = words[at];
    let next = |n: usize| words.get(at + n).copied().unwrap_or_default();
    let before = at.checked_sub(1).map_or("", |i| words[i]);
    if let Some(n) = weekday(word) {
        return Some(When::Weekday(n)).filter(|_| !matches!(before, "last"));
    }
    match word {
        "today" | "tonight" | "hoy" | "heute" => return Some(When::Today),
        "tomorrow" => return Some(When::Tomorrow),
        // "por la mañana" is the morning, "am Morgen" too.
        "manana" if before != "la" => return Some(if before == "pasado" { When::InDays(2) } else { When::Tomorrow }),
        "morgen" if !matches!(before, "am" | "guten" | "jeden") => return Some(When::Tomorrow),
        "ubermorgen" => return Some(When::InDays(2)),
        "next" if next(1) == "week" => return Some(When::NextWeek),
        "nachste" | "nachster" if next(1) == "woche" => return Some(When::NextWeek),
        "proxima" if next(1) == "semana" => return Some(When::NextWeek),
        "semana" if next(1) == "que" && next(2) == "viene" => return Some(When::NextWeek),
        "in" | "en" => {
            let n = match next(1) {
                "two" | "dos" | "zwei" | "2" => 2,
                "three" | "tres" | "drei" | "3" => 3,
                "four" | "cuatro" | "vier" | "4" => 4,
                "five" | "cinco" | "funf" | "5" => 5,
                "ten" | "diez" | "zehn" | "10" => 10,
                _ => 0,
            };
            if n > 0 && matches!(next(2), "days" | "dias" | "tagen") {
                return Some(When::InDays(n));
            }
        }
        _ => {}
    }
    if let Some(month) = month(word) {
        // "December 4th", "December the fourth".
        let skip = usize::from(next(1) == "the") + 1;
        if let Some((day, _)) = words.get(at + skip..).and_then(day) {
            return Some(When::Date { month, day });
        }
        return None;
    }
    let (n, length) = day(&words[at..])?;
    let after = words.get(at + length).copied().unwrap_or_default();
    let after_of = words.get(at + length + 1).copied().unwrap_or_default();
    let month_after = month(after).or_else(|| month(after_of).filter(|_| matches!(after, "of" | "de")));
    if let Some(month) = month_after {
        return Some(When::Date { month, day: n });
    }
    // "on the ninth", "el día 9", "am neunten"; "in the ninth grade" is no day.
    let is_day = matches!(before, "the" | "dia" | "am")
        && !matches!(after, "grade" | "year" | "class" | "one" | "question" | "time" | "klasse");
    let on = at.checked_sub(2).map_or("", |i| words[i]);
    let is_said =
        before != "the" || matches!(on, "on" | "is" | "due" | "for" | "until" | "by" | "" | "test" | "exam") || at == 1;
    (is_day && is_said).then_some(When::DayOfMonth(n))
}
