//! VAPI's server message: one reading of a webhook's body, for the door that stores it and for the job that works on it.
//!
//! Nothing here insists. VAPI adds types and fields every month, sends `null` for what it does not know, and its captured
//! messages differ from its documentation: a value that is missing or of another type is absent.

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use domain::lenient_json;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::authority::CallerNumber;
use crate::phone::Phone;

/// Longer texts are no id and no word of VAPI's; `sessions.call_id` has the same limit.
const MAX_FIELD_CHARS: usize = 200;
const MAX_TYPE_CHARS: usize = 60;
const MAX_URL_CHARS: usize = 2_000;

/// A message, as far as it could be read.
pub struct ServerMessage {
    value: Value,
    faults: Vec<String>,
}

impl std::fmt::Debug for ServerMessage {
    /// Without its content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerMessage").field("faults", &self.faults).finish_non_exhaustive()
    }
}

impl ServerMessage {
    /// Reads a body; unreadable characters and values are replaced. `None`: it is not JSON, or holds no message.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (value, repairs) = lenient_json::read(body)?;
        Self::of(value, repairs.sentences())
    }

    /// Reads a body without what was said in the call, which is nearly all of a report: enough to store it. `None` as for
    /// [`Self::read`].
    pub fn read_envelope(body: &[u8]) -> Option<Self> {
        match serde_json::from_slice(body) {
            Ok(Light(value)) => Self::of(value, Vec::new()),
            Err(_) => Self::read(body),
        }
    }

    fn of(mut value: Value, faults: Vec<String>) -> Option<Self> {
        // A proxy in between may have unwrapped it.
        let is_unwrapped = value.get("message").is_none() && value.get("type").is_some_and(Value::is_string);
        if !is_unwrapped {
            value = value.get_mut("message")?.take();
        }
        value.is_object().then_some(Self { value, faults })
    }

    /// Returns what could not be read, one sentence each, for people.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Returns VAPI's word for the kind of message. A word with an unreadable character is none: it may have been a report's.
    pub fn r#type(&self) -> Option<String> {
        match self.get("/type")? {
            Value::String(text) => Some(one_line(text, MAX_TYPE_CHARS + 1)),
            _ => None,
        }
        .filter(|text| !text.is_empty() && text.chars().count() <= MAX_TYPE_CHARS && !text.contains('\u{fffd}'))
    }

    /// Returns the id of the call. A text that is too long for an id is none: its beginning may be that of another call.
    pub fn call_id(&self) -> Option<String> {
        let is_short = |value: &Value| value.as_str().is_none_or(|text| text.chars().count() <= MAX_FIELD_CHARS);
        self.get("/call/id").filter(|value| is_short(value)).and_then(|_| self.text("/call/id"))
    }

    /// Returns who calls. The message has two places for it.
    pub fn caller(&self) -> CallerNumber {
        let (of_call, of_message) = (self.text("/call/customer/number"), self.text("/customer/number"));
        CallerNumber::of_message(of_call.as_deref(), of_message.as_deref())
    }

    /// Returns the caller's number. Returns `None` if it is withheld, invalid or contradictory.
    pub fn caller_phone(&self) -> Option<Phone> {
        self.caller().known()
    }

    /// Returns when VAPI sent the message.
    pub fn sent_at(&self) -> Option<DateTime<Utc>> {
        self.time("/timestamp")
    }

    /// Returns the value at a JSON pointer.
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer).filter(|value| !value.is_null())
    }

    /// Returns a text on one line, cut to 200 characters; a number is written out.
    pub fn text(&self, pointer: &str) -> Option<String> {
        let text = match self.get(pointer)? {
            Value::String(text) => one_line(text, MAX_FIELD_CHARS),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// Returns the first text that is there.
    pub fn first(&self, pointers: &[&str]) -> Option<String> {
        pointers.iter().find_map(|pointer| self.text(pointer))
    }

    /// Returns a time.
    pub fn time(&self, pointer: &str) -> Option<DateTime<Utc>> {
        instant(self.get(pointer)?)
    }

    /// Returns the first web address. Without TLS too, for storage of one's own: the dashboard decides what it fetches.
    pub fn url(&self, pointers: &[&str]) -> Option<String> {
        let texts = pointers.iter().filter_map(|pointer| self.get(pointer)?.as_str()).map(str::trim);
        let is_web = |text: &str| {
            let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
            matches!(scheme.as_deref(), Some("https" | "http"))
        };
        let mut usable = texts.filter(|text| is_web(text) && text.len() <= MAX_URL_CHARS);
        usable.next().map(|text| one_line(text, MAX_URL_CHARS))
    }
}

/// A body without its bulky parts, which are skipped and not read.
struct Light(Value);

const BULKY: [&str; 5] = ["artifact", "conversation", "messages", "messagesOpenAIFormatted", "transcript"];

impl<'de> Deserialize<'de> for Light {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Envelope;
        impl<'de> Visitor<'de> for Envelope {
            type Value = Light;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Light, A::Error> {
                let mut light = serde_json::Map::new();
                while let Some(key) = entries.next_key::<String>()? {
                    if BULKY.contains(&&key[..]) {
                        entries.next_value::<IgnoredAny>()?;
                    } else if key == "message" {
                        light.insert(key, entries.next_value::<Light>()?.0);
                    } else {
                        light.insert(key, entries.next_value()?);
                    }
                }
                Ok(Light(Value::Object(light)))
            }
        }
        deserializer.deserialize_map(Envelope)
    }
}

/// Returns a number; some senders write it as a text. `NaN` and infinity are none.
pub fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Numbers from here on are milliseconds since 1970 and not seconds: the year 5138 in one, 1973 in the other.
const FIRST_MILLIS: f64 = 1e11;
/// The same for microseconds and nanoseconds.
const FIRST_MICROS: f64 = 1e14;
const FIRST_NANOS: f64 = 1e17;

/// Reads a time to the microsecond: epoch milliseconds, as VAPI sends them now, ISO 8601, as it did and still does in places,
/// or another unit since 1970. A time without a zone is in UTC.
pub fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let instant = match (value, number(value)) {
        (_, Some(number)) => {
            let size = number.abs();
            let micros = match size {
                _ if size < FIRST_MILLIS => number * 1e6,
                _ if size < FIRST_MICROS => number * 1e3,
                _ if size < FIRST_NANOS => number,
                _ => number / 1e3,
            };
            DateTime::from_timestamp_micros(micros as i64)?
        }
        (Value::String(text), None) => {
            let text = text.trim();
            let zoned = DateTime::parse_from_rfc3339(text)
                .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
            let plain = || {
                ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
                    .iter()
                    .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            };
            zoned.map(|at| at.to_utc()).ok().or_else(|| Some(plain()?.and_utc()))?
        }
        _ => return None,
    };
    // Postgres and our readers know four digits of a year.
    let micros = instant.timestamp_micros();
    (1970..=9999).contains(&instant.year()).then(|| DateTime::from_timestamp_micros(micros))?
}

/// One line, of bounded length, without what Postgres cannot store or a terminal would obey.
pub fn one_line(text: &str, max_chars: usize) -> String {
    let spaced = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let visible = spaced.filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'));
    let visible: String = visible.collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(message: &Value) -> ServerMessage {
        ServerMessage::read(json!({ "message": message }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_envelope_is_the_message_without_what_was_said() {
        for body in [
            r#"{"message":{"type":"a","artifact":{"messages":[1e999,"\ud800"]},"call":{"id":"c"},"timestamp":5}}"#,
            r#"{"type":"a","transcript":"x","call":{"id":"c"},"timestamp":5}"#,
            r#"{"message":null,"message":{"type":"a","messages":null,"call":{"id":"c"},"timestamp":5}}"#,
            r#"{"message":"text","message":{"type":"a","call":{"id":"c"},"timestamp":5,"cost":1e999}}"#,
        ] {
            let (light, whole) = (ServerMessage::read_envelope(body.as_bytes()), ServerMessage::read(body.as_bytes()));
            let (light, whole) = (light.unwrap(), whole.unwrap());
            for message in [&light, &whole] {
                assert_eq!(message.r#type().as_deref(), Some("a"), "{body}");
                assert_eq!(message.call_id().as_deref(), Some("c"), "{body}");
                assert_eq!(message.sent_at(), whole.sent_at(), "{body}");
            }
        }
        let body = br#"{"message":{"type":"a","artifact":{"messages":[]}}}"#;
        assert!(ServerMessage::read_envelope(body).unwrap().get("/artifact").is_none());
        for body in ["", "[]", "{}", "7", r#"{"message":"text"}"#, r#"{"message":[1]}"#, r#"{"message":{"type":"a"}"#] {
            assert!(ServerMessage::read_envelope(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn a_message_is_found_wrapped_and_unwrapped() {
        for body in [
            r#"{"message":{"type":"hang","call":{"id":"a"}}}"#,
            r#"{"type":"hang","call":{"id":"a"}}"#,
            r#"{"message":null,"message":{"type":"hang","call":{"id":"a"}}}"#,
            "\u{feff}{\"message\":{\"type\":\" hang\\u0000\",\"call\":{\"id\":\"a\\u0000\"}}}",
        ] {
            let message = ServerMessage::read(body.as_bytes()).unwrap();
            assert_eq!(
                (message.r#type().as_deref(), message.call_id().as_deref()),
                (Some("hang"), Some("a")),
                "{body}"
            );
        }
        for body in ["", "[]", "{}", "7", "null", r#"{"message":"text"}"#, r#"{"message":[1]}"#, r#"{"type":7}"#] {
            assert!(ServerMessage::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn a_field_of_another_type_is_absent() {
        for odd in [json!(null), json!({}), json!([]), json!(true), json!(""), json!("\u{0}"), json!("\u{200b}")] {
            let message = message(
                &json!({ "type": odd, "call": { "id": odd, "customer": { "number": odd } }, "timestamp": odd }),
            );
            assert_eq!((message.r#type(), message.call_id(), message.sent_at()), (None, None, None), "{odd}");
            assert!(message.caller_phone().is_none() && message.text("/type").is_none(), "{odd}");
        }
        for odd in [json!(null), json!(7), json!([]), json!("c1")] {
            let message = message(&json!({ "type": "hang", "call": odd, "customer": odd }));
            assert_eq!((message.call_id(), message.caller_phone()), (None, None), "{odd}");
        }
        assert_eq!(message(&json!({ "call": { "id": 7 } })).call_id().as_deref(), Some("7"));
        assert_eq!(message(&json!({ "call": { "id": "x".repeat(201) } })).call_id(), None);
        assert_eq!(message(&json!({ "type": "x".repeat(61) })).r#type(), None);
        let number = message(&json!({ "customer": { "number": 14_155_557_001_i64 } })).caller_phone();
        assert_eq!(number.as_ref().map(Phone::as_str), Some("+14155557001"));
    }

    #[test]
    fn a_time_is_read_in_every_unit_and_form() {
        let at = |value: Value| instant(&value).map(|at| at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string());
        for value in [
            json!(1_795_190_531_i64),
            json!(1_795_190_531.0),
            json!(1_795_190_531_000_i64),
            json!(1_795_190_531_000_000_i64),
            json!(1_795_190_531_000_000_000_i64),
            json!("1795190531"),
            json!("1795190531000"),
            json!("2026-11-20T16:02:11Z"),
            json!("2026-11-20T17:02:11+01:00"),
            json!("2026-11-20T17:02:11+0100"),
            json!("2026-11-20t16:02:11z"),
            json!("2026-11-20 16:02:11"),
            json!(" 2026-11-20T16:02:11.000 "),
        ] {
            assert_eq!(at(value.clone()).as_deref(), Some("2026-11-20T16:02:11.000000"), "{value}");
        }
        assert_eq!(at(json!("9999-12-31T23:59:59Z")).as_deref(), Some("9999-12-31T23:59:59.000000"));
        for value in [
            json!(-1),
            json!(1e300),
            json!("NaN"),
            json!("inf"),
            json!("yesterday"),
            json!("2026-13-01T00:00:00Z"),
            json!("20/11/2026"),
            json!({}),
            json!([1_795_190_531]),
            json!(true),
            json!(null),
        ] {
            assert_eq!(at(value.clone()), None, "{value}");
        }
    }

    #[test]
    fn a_number_may_be_a_text() {
        for (value, expected) in [
            (json!("2.0"), Some(2.0)),
            (json!(" 0.1073 "), Some(0.1073)),
            (json!(-0.0), Some(-0.0)),
            (json!(u64::MAX), Some(1.844_674_407_370_955_2e19)),
            (json!("1e999"), None),
            (json!("NaN"), None),
            (json!("-Infinity"), None),
            (json!("much"), None),
            (json!(true), None),
        ] {
            assert_eq!(number(&value), expected, "{value}");
        }
    }

    #[test]
    fn an_empty_first_address_does_not_hide_the_second() {
        let url = |artifact: Value| message(&json!({ "a": artifact })).url(&["/a/0", "/a/1"]);
        assert_eq!(url(json!(["", "https://storage.example/a.wav"])).as_deref(), Some("https://storage.example/a.wav"));
        assert_eq!(
            url(json!([" HTTP://127.0.0.1:24100/a.wav", null])).as_deref(),
            Some("HTTP://127.0.0.1:24100/a.wav")
        );
        for odd in [json!(["file:///etc/passwd"]), json!(["javascript://x"]), json!([7, {}]), json!(null)] {
            assert_eq!(url(odd.clone()), None, "{odd}");
        }
    }
}
