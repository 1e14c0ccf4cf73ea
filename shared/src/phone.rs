//! A telephone number in E.164, and nothing that is not one.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

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
    #[error("a phone number holds digits, spaces, dashes, dots and brackets only")]
    Characters,
}

impl Phone {
    /// Reads a number as people write it: spaces, dashes, dots and brackets are dropped, `00` stands for `+`.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > 40 {
            return Err(PhoneError::Length);
        }
        let mut plain = String::with_capacity(16);
        for c in text.trim().chars() {
            match c {
                '0'..='9' => plain.push(c),
                '+' if plain.is_empty() => plain.push('+'),
                ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{2011}' => {}
                _ => return Err(PhoneError::Characters),
            }
        }
        if let Some(rest) = plain.strip_prefix("00") {
            plain = format!("+{rest}");
        }
        let digits = plain.strip_prefix('+').ok_or(PhoneError::NotInternational)?;
        if digits.starts_with('0') {
            return Err(PhoneError::NotInternational);
        }
        if !(7..=15).contains(&digits.len()) {
            return Err(PhoneError::Length);
        }
        Ok(Self(plain))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For people who need not know it whole: `+14•••••0142`.
    pub fn masked(&self) -> String {
        let n = self.0.len();
        format!("{}{}{}", &self.0[..3], "•".repeat(n - 7), &self.0[n - 4..])
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
    fn what_is_not_a_number_says_why() {
        assert_eq!(Phone::parse("4155550142"), Err(PhoneError::NotInternational));
        assert_eq!(Phone::parse("+0155550142"), Err(PhoneError::NotInternational));
        assert_eq!(Phone::parse("+12345"), Err(PhoneError::Length));
        assert_eq!(Phone::parse("+1234567890123456"), Err(PhoneError::Length));
        assert_eq!(Phone::parse("anonymous"), Err(PhoneError::Characters));
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
