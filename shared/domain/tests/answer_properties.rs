//! What holds of every number and every text.

use domain::answer::{Exact, Expecting, Form, Judgement, Key, Language, calculations, judge, numbers, read};
use proptest::prelude::*;

const ONES: [&str; 20] = [
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

/// How English words are written.
#[derive(Clone, Copy, Debug)]
struct Style {
    hyphens: bool,
    and: bool,
    a: bool,
}

fn english(value: u32, style: Style) -> String {
    match value {
        0..20 => ONES[value as usize].to_owned(),
        20..100 => match value % 10 {
            0 => TENS[value as usize / 10].to_owned(),
            units => format!(
                "{}{}{}",
                TENS[value as usize / 10],
                if style.hyphens { "-" } else { " " },
                ONES[units as usize]
            ),
        },
        100..1000 => {
            let head = if style.a && value < 200 { "a".to_owned() } else { english(value / 100, style) };
            match value % 100 {
                0 => format!("{head} hundred"),
                rest => format!("{head} hundred{} {}", if style.and { " and" } else { "" }, english(rest, style)),
            }
        }
        _ => {
            let head = english(value / 1000, Style { a: false, ..style });
            match value % 1000 {
                0 => format!("{head} thousand"),
                rest => {
                    let and = if rest < 100 && style.and { " and" } else { "" };
                    format!("{head} thousand{and} {}", english(rest, Style { a: false, ..style }))
                }
            }
        }
    }
}

fn spanish(value: u32) -> String {
    const ONES: [&str; 30] = [
        "cero",
        "uno",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "once",
        "doce",
        "trece",
        "catorce",
        "quince",
        "dieciséis",
        "diecisiete",
        "dieciocho",
        "diecinueve",
        "veinte",
        "veintiuno",
        "veintidós",
        "veintitrés",
        "veinticuatro",
        "veinticinco",
        "veintiséis",
        "veintisiete",
        "veintiocho",
        "veintinueve",
    ];
    const TENS: [&str; 10] =
        ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
    const HUNDREDS: [&str; 10] = [
        "",
        "ciento",
        "doscientos",
        "trescientos",
        "cuatrocientos",
        "quinientos",
        "seiscientos",
        "setecientos",
        "ochocientos",
        "novecientos",
    ];
    match value {
        0..30 => ONES[value as usize].to_owned(),
        30..100 => match value % 10 {
            0 => TENS[value as usize / 10].to_owned(),
            units => format!("{} y {}", TENS[value as usize / 10], ONES[units as usize]),
        },
        100 => "cien".to_owned(),
        101..1000 => match value % 100 {
            0 => HUNDREDS[value as usize / 100].to_owned(),
            rest => format!("{} {}", HUNDREDS[value as usize / 100], spanish(rest)),
        },
        _ => {
            let head = match value / 1000 {
                1 => "mil".to_owned(),
                // "veintiún mil", "treinta y un mil"
                head => format!(
                    "{} mil",
                    spanish(head).replace("veintiuno", "veintiún").trim_end_matches("uno").trim_end().to_owned()
                        + if head % 10 == 1 && head % 100 != 11 && head % 100 != 21 { " un" } else { "" }
                ),
            };
            match value % 1000 {
                0 => head,
                rest => format!("{head} {}", spanish(rest)),
            }
        }
    }
}

fn german(value: u32) -> String {
    const ONES: [&str; 20] = [
        "null",
        "eins",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
    ];
    const TENS: [&str; 10] =
        ["", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"];
    let inner = |value: u32| if value == 1 { "ein".to_owned() } else { german(value) };
    match value {
        0..20 => ONES[value as usize].to_owned(),
        20..100 => match value % 10 {
            0 => TENS[value as usize / 10].to_owned(),
            units => format!("{}und{}", inner(units), TENS[value as usize / 10]),
        },
        100..1000 => {
            let rest = if value.is_multiple_of(100) { String::new() } else { german(value % 100) };
            format!("{}hundert{rest}", inner(value / 100))
        }
        _ => {
            let rest = if value.is_multiple_of(1000) { String::new() } else { german(value % 1000) };
            format!("{}tausend{rest}", inner(value / 1000))
        }
    }
}

fn only_number(text: &str, language: Language) -> Option<Exact> {
    let found = numbers(text, language);
    match found.as_slice() {
        [number] => Some(number.value),
        _ => None,
    }
}

fn any_language() -> impl Strategy<Value = Language> {
    prop::sample::select(Language::ALL.to_vec())
}

/// Words and signs that mean something, in any order: harder than letters at random.
fn scrambled() -> impl Strategy<Value = String> {
    const WORDS: [&str; 64] = [
        "one",
        "two",
        "twenty",
        "hundred",
        "thousand",
        "a",
        "and",
        "half",
        "third",
        "quarters",
        "point",
        "oh",
        "minus",
        "negative",
        "plus",
        "times",
        "over",
        "divided by",
        "of",
        "percent",
        "is",
        "so",
        "no",
        "wait",
        "not",
        "or",
        "about",
        "because",
        "x",
        "squared",
        "in brackets",
        "(",
        ")",
        "[",
        ",",
        ":",
        "/",
        "-",
        "3",
        "40",
        "1,000",
        "3.5",
        "½",
        "²",
        "$",
        "cents",
        "dollars",
        "past",
        "to",
        "o'clock",
        "remainder",
        "km",
        "per",
        "hour",
        "july",
        "yes",
        "i think",
        "um",
        "sechsundfünfzig",
        "y",
        "und",
        "halb",
        "los",
        "e",
    ];
    prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..14).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn numbers_in_english_words_read_back(value in 0_u32..1_000_000, hyphens: bool, and: bool, a: bool) {
        let text = english(value, Style { hyphens, and, a });
        prop_assert_eq!(only_number(&text, Language::English), Some(Exact::whole(value.into())), "{}", text);
    }

    #[test]
    fn numbers_in_spanish_words_read_back(value in 0_u32..1_000_000) {
        let text = spanish(value);
        prop_assert_eq!(only_number(&text, Language::Spanish), Some(Exact::whole(value.into())), "{}", text);
    }

    #[test]
    fn numbers_in_german_words_read_back(value in 0_u32..1_000_000) {
        let text = german(value);
        prop_assert_eq!(only_number(&text, Language::German), Some(Exact::whole(value.into())), "{}", text);
    }

    #[test]
    fn digits_read_back(value in -1_000_000_i64..1_000_000, language in any_language()) {
        prop_assert_eq!(only_number(&value.to_string(), language), Some(Exact::whole(value)));
    }

    #[test]
    fn fractions_read_back(top in 1_i64..100, bottom in 2_i64..100, language in any_language()) {
        let found = numbers(&format!("{top}/{bottom}"), language);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].form, Form::Fraction { top, bottom });
        prop_assert_eq!(Some(found[0].value), Exact::fraction(top, bottom));
    }

    #[test]
    fn products_are_computed(one in 0_u32..1000, two in 0_u32..1000, hyphens: bool, and: bool) {
        let style = Style { hyphens, and, a: false };
        let text = format!("{} times {}", english(one, style), english(two, style));
        let found = calculations(&text, Language::English);
        prop_assert_eq!(found.len(), 1, "{}", text);
        prop_assert_eq!(found[0].expression.value(), Some(Exact::whole((one * two).into())), "{}", text);
    }

    #[test]
    fn every_key_is_its_own_right_answer(value in -10_000_i64..10_000) {
        let key = Key::from(value.to_string().as_str());
        let said = english(value.unsigned_abs() as u32, Style { hyphens: false, and: true, a: false });
        let said = if value < 0 { format!("minus {said}") } else { said };
        prop_assert_eq!(judge("", &key, &value.to_string(), Language::English), Judgement::Right);
        prop_assert_eq!(judge("", &key, &said, Language::English), Judgement::Right, "{}", said);
    }

    #[test]
    fn another_number_is_never_right(value in 0_i64..10_000, other in 0_i64..10_000) {
        prop_assume!(value != other);
        let key = Key::from(value.to_string().as_str());
        let said = english(other as u32, Style { hyphens: true, and: false, a: false });
        prop_assert_ne!(judge("", &key, &other.to_string(), Language::English), Judgement::Right);
        prop_assert_ne!(judge("", &key, &said, Language::English), Judgement::Right, "{}", said);
    }

    #[test]
    fn a_negated_answer_is_never_right(value in 0_u32..1000, form in 0_usize..8) {
        let words = english(value, Style { hyphens: false, and: true, a: true });
        let said = match form {
            0 => format!("not {words}"),
            1 => format!("it is not {words}"),
            2 => format!("it isn't {value}"),
            3 => format!("not {value}"),
            4 => format!("definitely not {words}"),
            5 => format!("{words} or {}", value + 1),
            6 => format!("anything but {words}"),
            _ => format!("it can't be {words}"),
        };
        prop_assert_ne!(judge("", &Key::from(value.to_string().as_str()), &said, Language::English), Judgement::Right, "{}", said);
    }

    #[test]
    fn arbitrary_text_is_read_without_fault(text in any::<String>(), language in any_language()) {
        for expecting in [Expecting::Anything, Expecting::Number, Expecting::Algebra] {
            let reading = read(&text, language, expecting);
            prop_assert!(reading.unread.iter().all(|span| text.get(span.clone()).is_some()));
        }
        prop_assert!(numbers(&text, language).iter().all(|number| text.get(number.span.clone()).is_some()));
    }

    #[test]
    fn arbitrary_answers_are_judged_without_fault(ask in scrambled(), key in scrambled(), said in scrambled(), language in any_language()) {
        judge(&ask, &Key::from(key.as_str()), &said, language);
        let reading = read(&said, language, Expecting::Number);
        prop_assert!(reading.unread.iter().all(|span| said.get(span.clone()).is_some()));
    }
}
