//! JSON from senders who make small mistakes: what cannot be read is replaced, and the rest is kept.
//!
//! A strict reader refuses a whole call for one lone surrogate, one byte that is not UTF-8, or one number that no float
//! holds. [`repair`] rewrites such a text into valid JSON and reports what it had to replace, by kind and without content.

use serde_json::Value;

/// Arrays and objects nested deeper than this are replaced by `null`. Strict readers stop at 128.
const MAX_DEPTH: usize = 100;

/// How often each kind of fault was repaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs {
    /// Bytes that are not UTF-8, half surrogate pairs and escapes that do not exist: each became U+FFFD.
    pub n_characters: u32,
    /// Numbers that are too large, and words such as `NaN`: each became `null`.
    pub n_values: u32,
    /// Arrays and objects that were nested too deep: each became `null`.
    pub n_nested: u32,
}

impl Repairs {
    /// True if nothing had to be repaired.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// One sentence per kind, for a person.
    pub fn sentences(self) -> Vec<String> {
        let count = |n: u32, one: &str, many: &str| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {many}")),
        };
        [
            count(self.n_characters, "unreadable character was replaced.", "unreadable characters were replaced."),
            count(self.n_values, "unreadable number was dropped.", "unreadable numbers were dropped."),
            count(
                self.n_nested,
                "value was nested too deep and was dropped.",
                "values were nested too deep and were dropped.",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Reads JSON: strictly, or repaired if that fails. `None`: it is not JSON even then. If an object has a key twice, its last
/// value counts.
pub fn read(bytes: &[u8]) -> Option<(Value, Repairs)> {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Some((value, Repairs::default()));
    }
    let (text, repairs) = repair(bytes);
    Some((serde_json::from_str(&text).ok()?, repairs))
}

/// Returns `bytes` as JSON text that a strict reader accepts wherever this is possible, and what was repaired.
///
/// UTF-16 is read if it begins with a byte order mark. The structure is not repaired: a text with missing brackets or commas
/// stays as broken as it was.
pub fn repair(bytes: &[u8]) -> (String, Repairs) {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => repair_utf8(rest),
        [0xff, 0xfe, rest @ ..] => repair_utf8(utf16(rest, u16::from_le_bytes).as_bytes()),
        [0xfe, 0xff, rest @ ..] => repair_utf8(utf16(rest, u16::from_be_bytes).as_bytes()),
        _ => repair_utf8(bytes),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn repair_utf8(bytes: &[u8]) -> (String, Repairs) {
    let mut writer =
        Writer { out: String::with_capacity(bytes.len()), repairs: Repairs::default(), depth: 0, skipped: 0 };
    let mut is_in_string = false;
    let mut is_escaped = false;
    let mut word = String::new();
    let mut string = String::new();
    for chunk in bytes.utf8_chunks() {
        let bad = (!chunk.invalid().is_empty()).then_some('\u{fffd}');
        writer.repairs.n_characters += u32::from(bad.is_some());
        for c in chunk.valid().chars().chain(bad) {
            if is_in_string {
                match c {
                    '"' if !is_escaped => {
                        is_in_string = false;
                        writer.string(&std::mem::take(&mut string));
                        continue;
                    }
                    '\\' if !is_escaped => is_escaped = true,
                    _ => is_escaped = false,
                }
                string.push(c);
                continue;
            }
            if c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.') {
                word.push(c);
                continue;
            }
            writer.word(&std::mem::take(&mut word));
            match c {
                '"' => is_in_string = true,
                '{' | '[' => writer.open(c),
                '}' | ']' => writer.close(c),
                // White space beyond what JSON allows, such as a no-break space.
                c if c.is_whitespace() || c == '\0' => writer.push(' '),
                c => writer.push(c),
            }
        }
    }
    writer.word(&word);
    (writer.out, writer.repairs)
}

struct Writer {
    out: String,
    repairs: Repairs,
    depth: usize,
    /// Open brackets inside a value that is left out.
    skipped: usize,
}

impl Writer {
    fn push(&mut self, c: char) {
        if self.skipped == 0 {
            self.out.push(c);
        }
    }

    fn open(&mut self, bracket: char) {
        if self.skipped > 0 {
            self.skipped += 1;
        } else if self.depth == MAX_DEPTH {
            self.out.push_str("null");
            self.repairs.n_nested += 1;
            self.skipped = 1;
        } else {
            self.out.push(bracket);
            self.depth += 1;
        }
    }

    fn close(&mut self, bracket: char) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else {
            self.out.push(bracket);
            self.depth = self.depth.saturating_sub(1);
        }
    }

    fn word(&mut self, word: &str) {
        if word.is_empty() || self.skipped > 0 {
            return;
        }
        let is_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && serde_json::from_str::<serde_json::Number>(word).is_ok_and(|n| n.as_f64().is_some_and(f64::is_finite));
        if is_number || matches!(word, "true" | "false" | "null") {
            self.out.push_str(word);
        } else {
            self.out.push_str("null");
            self.repairs.n_values += 1;
        }
    }

    /// Writes the inside of a string, with every escape checked.
    fn string(&mut self, raw: &str) {
        if self.skipped > 0 {
            return;
        }
        self.out.push('"');
        let mut rest = raw;
        while let Some(at) = rest.find(|c: char| c == '\\' || c < ' ') {
            self.out.push_str(&rest[..at]);
            rest = &rest[at..];
            let used = if rest.starts_with('\\') { self.escape(rest) } else { self.control(rest) };
            rest = &rest[used..];
        }
        self.out.push_str(rest);
        self.out.push('"');
    }

    /// A control character that should have been escaped becomes a space.
    fn control(&mut self, rest: &str) -> usize {
        self.out.push(' ');
        rest.chars().next().map_or(1, char::len_utf8)
    }

    /// Copies or replaces the escape at the beginning of `rest`; returns its length in bytes.
    fn escape(&mut self, rest: &str) -> usize {
        let unit = |at: usize| {
            let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
        };
        match rest.as_bytes().get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.copy(&rest[..2]),
            Some(b'u') => match (unit(0), unit(6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => self.copy(&rest[..12]),
                (Some(0xd800..=0xdfff), _) => self.replace(6),
                (Some(_), _) => self.copy(&rest[..6]),
                (None, _) => self.replace(2),
            },
            // An escape that does not exist: the letter stays.
            Some(_) | None => self.replace(1),
        }
    }

    fn copy(&mut self, escape: &str) -> usize {
        self.out.push_str(escape);
        escape.len()
    }

    fn replace(&mut self, length: usize) -> usize {
        self.out.push('\u{fffd}');
        self.repairs.n_characters += 1;
        length
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn repaired(text: &[u8]) -> (Value, Repairs) {
        let (text, repairs) = repair(text);
        (serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")), repairs)
    }

    #[test]
    fn a_bad_value_never_costs_its_neighbours() {
        for (text, expected, repairs) in [
            (&br#"{"a":"It is 7. \ud83d","b":1}"#[..], json!({"a": "It is 7. \u{fffd}", "b": 1}), (1, 0, 0)),
            (br#"{"a":"\udc00\ud83d\ude00","b":1}"#, json!({"a": "\u{fffd}😀", "b": 1}), (1, 0, 0)),
            (br#"{"a":"\ud83d\u0041"}"#, json!({"a": "\u{fffd}A"}), (1, 0, 0)),
            (br#"{"a":"\u00","b":"\x41"}"#, json!({"a": "\u{fffd}00", "b": "\u{fffd}x41"}), (2, 0, 0)),
            (b"{\"a\":\"seven\xff!\",\"b\":1}", json!({"a": "seven\u{fffd}!", "b": 1}), (1, 0, 0)),
            (b"\xef\xbb\xbf{\"a\":\"tab\there\"}", json!({"a": "tab here"}), (0, 0, 0)),
            (
                br#"{"cost":1e999,"b":-1e999,"c":NaN,"d":-Infinity,"e":1.5}"#,
                json!({"cost": null, "b": null, "c": null, "d": null, "e": 1.5}),
                (0, 4, 0),
            ),
            (
                br#"{"a":007,"b":.5,"c":+1,"d":undefined}"#,
                json!({"a": null, "b": null, "c": null, "d": null}),
                (0, 4, 0),
            ),
        ] {
            let (value, found) = repaired(text);
            assert_eq!(value, expected);
            assert_eq!((found.n_characters, found.n_values, found.n_nested), repairs, "{value}");
        }
    }

    #[test]
    fn every_encoding_that_a_sender_may_use_is_read() {
        let expected = json!({ "naïve": "7 = sieben 😀" });
        let text = expected.to_string();
        let units: Vec<u16> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).collect();
        for bytes in [
            text.clone().into_bytes(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            units.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        ] {
            assert_eq!(read(&bytes), Some((expected.clone(), Repairs::default())));
        }
        // An overlong form of "/" is two bytes that are not UTF-8, and Latin-1 is one.
        for (bytes, value) in
            [(&b"[\"\xc0\xaf\"]"[..], json!(["\u{fffd}\u{fffd}"])), (b"[\"Jos\xe9\"]", json!(["Jos\u{fffd}"]))]
        {
            assert_eq!(read(bytes).unwrap().0, value);
        }
        assert_eq!(
            read(br#"{"a\ud83d":1,"b":{"\udc00":2}}"#).unwrap().0,
            json!({ "a\u{fffd}": 1, "b": { "\u{fffd}": 2 } })
        );
        assert_eq!(read(br#"{"a":1,"a":2}"#).unwrap().0, json!({ "a": 2 }));
        for broken in [&b""[..], b"{\"a\":", b"\x00\x01 no JSON", b"{}{}", b"\xff\xfe", b"{'a':1}"] {
            assert_eq!(read(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_dropped_alone() {
        let deep = format!(r#"{{"a":{}1{},"b":[2]}}"#, "[".repeat(5000), "]".repeat(5000));
        let (value, repairs) = repaired(deep.as_bytes());
        assert_eq!((value["b"].clone(), repairs.n_nested), (json!([2]), 1));
        assert_eq!(repairs.sentences(), ["1 value was nested too deep and was dropped."]);
    }

    proptest! {
        #[test]
        fn valid_json_stays_as_it_is(text in "\\PC{0,80}", number in any::<i64>()) {
            let value = json!({ "text": text, "list": [number, null, true, { "x": text }] });
            let (repaired, repairs) = repaired(value.to_string().as_bytes());
            prop_assert_eq!(repaired, value);
            prop_assert!(repairs.is_empty());
        }

        #[test]
        fn a_message_survives_any_bytes_inside_one_of_its_strings(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let inside: Vec<u8> = bytes.into_iter().filter(|b| *b != b'"' && *b != b'\\').collect();
            let text = [&b"{\"a\":\""[..], &inside, b"\",\"b\":1}"].concat();
            prop_assert_eq!(&repaired(&text).0["b"], &json!(1));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (text, _) = repair(&bytes);
            let _ = serde_json::from_str::<Value>(&text);
        }
    }
}
