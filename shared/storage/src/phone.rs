//! A telephone number in E.164, and nothing that is not one.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use domain::plain_text::is_visible;

/// `+` and 7 to 15 digits. Prints masked; [`Phone::as_str`] gives the number.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Phone(String);

/// Why a text is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("write the number in international form, with + and the country code: +14155550142")]
    NotInternational,
    #[error("a phone number has 7 to 15 digits after the +")]
    Length,
    #[error("write one phone number, of digits, spaces, dashes, dots and brackets only")]
    Characters,
    #[error("this number means a withheld caller and belongs to no student")]
    Withheld,
}

/// What carriers and gateways send in place of a number that the caller hides. The digits spell ANONYMOUS, RESTRICTED,
/// BLOCKED, UNKNOWN and UNAVAILABLE; a run of zeros is used as well.
const WITHHELD: [&str; 6] = ["266696687", "7378742833", "2562533", "8656696", "86282452253", "7748228"];
const WITHHELD_WORDS: [&str; 9] =
    ["anonymous", "restricted", "blocked", "unknown", "unavailable", "private", "withheld", "null", "none"];

impl Phone {
    /// Parses a number as people and programs write it. Ignores spaces, dashes, dots, brackets and invisible
    /// characters, reads `00` as `+`, and accepts `tel:` and `sip:…@host`. National variants of one line give one
    /// number: a trunk zero after the country code, Mexico's +52 1 and Argentina's +54 9.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > 120 {
            return Err(PhoneError::Length);
        }
        let text = text.trim().to_lowercase();
        let text = ["tel:", "sip:", "sips:"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(&text);
        let text = text.split(['@', ';']).next().unwrap_or_default();
        if WITHHELD_WORDS.contains(&text.trim_start_matches('+')) {
            return Err(PhoneError::Withheld);
        }
        let mut plain = String::with_capacity(16);
        for c in text.chars().map(|c| digit(c).unwrap_or(c)) {
            match c {
                '0'..='9' => plain.push(c),
                '+' | '＋' if plain.is_empty() => plain.push('+'),
                ' ' | '-' | '.' | '(' | ')' | '[' | ']' | '－' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
                c if c.is_whitespace() && c != '\n' => {}
                c if !is_visible(c) => {}
                _ => return Err(PhoneError::Characters),
            }
        }
        let digits = plain.trim_start_matches('+');
        if is_withheld(digits) {
            return Err(PhoneError::Withheld);
        }
        if let Some(rest) = plain.strip_prefix("00") {
            plain = format!("+{rest}");
        }
        let digits = plain.strip_prefix('+').ok_or(PhoneError::NotInternational)?;
        if digits.starts_with('0') {
            return Err(PhoneError::NotInternational);
        }
        // In North America all numbers have one length: more digits are two numbers.
        let max = if digits.starts_with('1') { 11 } else { 15 };
        if !(7..=max).contains(&digits.len()) {
            return Err(PhoneError::Length);
        }
        Ok(Self(one_of_its_variants(plain)))
    }

    /// Reads the number of a caller as the telephone network gives it. A SIP trunk may leave out the plus.
    pub fn parse_caller(text: &str) -> Result<Self, PhoneError> {
        match Self::parse(text) {
            Err(PhoneError::NotInternational) => {
                let text = text.trim().to_lowercase();
                let user =
                    ["tel:", "sip:", "sips:"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(&text);
                let phone = Self::parse(&format!("+{user}"))?;
                let is_a_number = phonenumber::parse(None, phone.as_str()).is_ok_and(|number| number.is_valid());
                if is_a_number { Ok(phone) } else { Err(PhoneError::NotInternational) }
            }
            read => read,
        }
    }

    /// The number with + and country code: "+14155550142".
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For people who need not know it whole: `+14•••••0142`.
    pub fn masked(&self) -> String {
        let n = self.0.len();
        format!("{}{}{}", &self.0[..3], "•".repeat(n - 7), &self.0[n - 4..])
    }
}

/// Whether the digits stand for a number that is hidden: also with the country code that a gateway puts before it, and as
/// zeros behind a country code. `+1 737 874 2833` is a line in Texas.
fn is_withheld(digits: &str) -> bool {
    let zeros = digits.trim_start_matches('0');
    let national = digits.strip_prefix('1').filter(|national| national.len() != 10).unwrap_or(digits);
    !digits.is_empty() && zeros.is_empty()
        || WITHHELD.contains(&national)
        || digits.strip_prefix('1').is_some_and(|national| national.len() == 10 && national.bytes().all(|b| b == b'0'))
}

/// The digit that a person writes with Arabic, Persian, Indian or wide numerals.
fn digit(c: char) -> Option<char> {
    let zero = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ff10}']
        .into_iter()
        .find(|zero| (0..10).contains(&(c as i64 - *zero as i64)))?;
    char::from_digit(c as u32 - zero as u32, 10)
}

/// Of the ways to write one line in E.164 the one that its numbering plan prefers.
fn one_of_its_variants(plain: String) -> String {
    let digits = &plain[1..];
    let without = |prefix: &str, country: &str, n_digits: usize| {
        let rest = digits.strip_prefix(prefix).filter(|rest| rest.len() == n_digits)?;
        Some(format!("+{country}{rest}"))
    };
    if let Some(plain) = without("521", "52", 10).or_else(|| without("549", "54", 10)) {
        return plain;
    }
    // Most numbers have no zero behind a country code of one to three digits and need no look at the plans.
    if !digits.as_bytes()[1..4].contains(&b'0') {
        return plain;
    }
    // A trunk zero is dialled inside a country only. Where a plan has none, as in Italy, a zero belongs to the number.
    let Ok(number) = phonenumber::parse(None, &plain) else { return plain };
    let code = number.country().code();
    let has_trunk_zero = phonenumber::metadata::DATABASE
        .by_code(&code)
        .is_some_and(|plans| plans.iter().all(|plan| plan.national_prefix() == Some("0")));
    match digits.strip_prefix(&code.to_string()).and_then(|national| national.strip_prefix('0')) {
        Some(national) if has_trunk_zero => format!("+{code}{national}"),
        _ => plain,
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Phone {
    fn schema_name() -> Cow<'static, str> {
        "Phone".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Telephone number in E.164, for example +14155550142.",
            "maxLength": 40,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them_are_one_number() {
        for text in ["+14155550142", "+1 (415) 555-0142", "001 415 555 0142", " +1.415.555.0142 "] {
            assert_eq!(Phone::parse(text).unwrap().as_str(), "+14155550142", "{text}");
        }
    }

    #[test]
    fn national_variants_of_one_line_are_one_number() {
        for (text, plain) in [
            ("+44 (0)20 7946 0555", "+442079460555"),
            ("+44 07700 900555", "+447700900555"),
            ("+49 (0) 30 901820", "+4930901820"),
            ("+52 1 55 1111 2222", "+525511112222"),
            ("+525511112222", "+525511112222"),
            ("+54 9 11 4444-5555", "+541144445555"),
            ("+541144445555", "+541144445555"),
            ("+39 06 6982 1234", "+390669821234"),
            ("tel:+1-415-555-7001", "+14155557001"),
            ("sip:+14155557001@pbx.example", "+14155557001"),
            ("sips:+14155557001@pbx.example;user=phone", "+14155557001"),
            ("\u{202a}+1 415\u{200b}555\u{2011}0142\u{202c}", "+14155550142"),
            ("+1 340 555 0199", "+13405550199"),
            ("+١ ٤١٥ ٥٥٥ ٠١٤٢", "+14155550142"),
            ("+۱۴۱۵۵۵۵۰۱۴۲", "+14155550142"),
            ("＋１（４１５）５５５－０１４２".replace(['（', '）'], "").as_str(), "+14155550142"),
            ("TEL:+14155550142", "+14155550142"),
            ("SIP:+14155550142@PBX.example:5060;transport=tcp", "+14155550142"),
            ("tel:+1-415-555-0142;ext=12", "+14155550142"),
            ("+1\u{a0}415\u{2009}555\t0142", "+14155550142"),
            ("\u{feff}+14155550142\u{2069}", "+14155550142"),
            ("+1 [415] 555\u{2212}0142", "+14155550142"),
            ("0044 (0)7700 900555", "+447700900555"),
            ("+33 (0)1 99 00 12 34", "+33199001234"),
            ("+61 (0)491 570 006", "+61491570006"),
            ("+52 1 (55) 1111-2222", "+525511112222"),
            ("+39 340 123 4567", "+393401234567"),
        ] {
            assert_eq!(Phone::parse(text).as_ref().map(Phone::as_str), Ok(plain), "{text}");
        }
    }

    #[test]
    fn a_trunk_may_leave_out_the_plus_and_a_person_may_not() {
        for text in ["14155557001", "sip:14155557001@pbx.example", "442079460555", "+14155557001"] {
            assert!(Phone::parse_caller(text).is_ok(), "{text}");
        }
        assert_eq!(Phone::parse("14155557001"), Err(PhoneError::NotInternational));
        for text in ["4155557001", "1234567", "0", "911"] {
            assert!(Phone::parse_caller(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_withheld_number_is_nobodys() {
        for text in [
            "+266696687",
            "266696687",
            "+7378742833",
            "+2562533",
            "+8656696",
            "+86282452253",
            "anonymous",
            "Restricted",
            "+anonymous",
            "0",
            "+0",
            "000000000",
            "sip:anonymous@anonymous.invalid",
            "unavailable",
            "Private",
            "+1266696687",
            "1266696687",
            "+12562533",
            "+10000000000",
            "00",
            "tel:anonymous",
            "sip:Restricted@pbx.example",
            "\u{200e}+266696687",
            "NULL",
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneError::Withheld), "{text}");
            assert!(Phone::parse_caller(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_says_why() {
        assert_eq!(Phone::parse("4155550142"), Err(PhoneError::NotInternational));
        assert_eq!(Phone::parse("+0155550142"), Err(PhoneError::NotInternational));
        assert_eq!(Phone::parse("+12345"), Err(PhoneError::Length));
        assert_eq!(Phone::parse("+1234567890123456"), Err(PhoneError::Length));
        assert_eq!(Phone::parse("Maya"), Err(PhoneError::Characters));
        for two in ["+1 415 555 0162 0163", "+14155550162 4155550163"] {
            assert_eq!(Phone::parse(two), Err(PhoneError::Length), "{two}");
        }
        for text in [
            "+14155550162 or +14155550163",
            "+14155550162\n+14155550163",
            "+14155550162|+14155550163",
            "+1 415 555 0162 ext. 5",
            "+1 415 555 0162 x5",
            "+1 415 555 0162#5",
            "=+14155550162",
            "+1415555O162",
            "+1.4155550142e10",
            "Private Number",
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneError::Characters), "{text}");
        }
        assert!(Phone::parse("\u{0}").is_err() && Phone::parse("+").is_err() && Phone::parse("++14155550142").is_err());
        assert!(Phone::parse("+17378742833").is_ok(), "a line in Texas");
        assert_eq!(Phone::parse("+1 415 555 0162 / 0163"), Err(PhoneError::Characters));
        assert_eq!(Phone::parse("+14155550162, +14155550163"), Err(PhoneError::Characters));
        assert_eq!(Phone::parse("+1415+5550142"), Err(PhoneError::Characters));
        assert_eq!(Phone::parse(""), Err(PhoneError::NotInternational));
        assert_eq!(Phone::parse(&"+1".repeat(100)), Err(PhoneError::Length));
    }

    #[test]
    fn a_printed_number_is_masked() {
        let phone = Phone::parse("+14155550142").unwrap();
        assert_eq!(format!("{phone} {phone:?}"), "+14•••••0142 +14•••••0142");
        assert_eq!(Phone::parse("+1234567").unwrap().masked(), "+12•4567");
    }
}
