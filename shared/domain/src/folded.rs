//! Speech as plain words: lower-case, without accents, with one word for the many spellings of a recogniser.

use std::hash::Hasher;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Stands between two sentences.
pub(crate) const BOUNDARY: &str = ".";

pub(crate) use crate::word_map::WordMap;

/// The hash FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>. Stored weights depend on it.
pub(crate) struct ShortHash(u64);

impl Default for ShortHash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for ShortHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Returns the words of a text and [`BOUNDARY`] between its sentences. Words are lower-case, without accents, and keep a
/// straight apostrophe inside: "Don’t!" is `don't`.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::with_capacity(text.len() / 5 + 1);
    if text.is_ascii() {
        ascii_words(text, &mut words);
        return words;
    }
    let mut word = String::new();
    let mut end = |word: &mut String, words: &mut Vec<String>| {
        let trimmed = word.trim_end_matches('\'');
        if !trimmed.is_empty() {
            words.push(trimmed.to_owned());
        }
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii() {
            fold_into(c, &mut word, &mut words, &mut end);
        } else {
            for c in std::iter::once(c).nfd().filter(|c| !is_combining_mark(*c)) {
                fold_into(c, &mut word, &mut words, &mut end);
            }
        }
    }
    end(&mut word, &mut words);
    words
}

/// [`words`] where every character is one byte.
fn ascii_words(text: &str, words: &mut Vec<String>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            let start = at;
            while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'\'' | b'`')) {
                at += 1;
            }
            let mut word = text[start..at].trim_end_matches(['\'', '`']).to_ascii_lowercase();
            if word.contains('`') {
                word = word.replace('`', "'");
            }
            words.push(word);
            continue;
        }
        let ends_sentence = matches!(byte, b'.' | b'!' | b'?' | b';' | b'\n');
        if ends_sentence && words.last().is_some_and(|last| last != BOUNDARY) {
            words.push(BOUNDARY.to_owned());
        }
        at += 1;
    }
}

fn fold_into(c: char, word: &mut String, words: &mut Vec<String>, end: &mut impl FnMut(&mut String, &mut Vec<String>)) {
    match c {
        'ß' => word.push_str("ss"),
        c if c.is_alphanumeric() => word.extend(c.to_lowercase()),
        '\'' | '’' | 'ʼ' | '`' | '´' if !word.is_empty() => word.push('\''),
        '.' | '!' | '?' | ';' | '\n' | '…' => {
            // "3.5" is one number, and its digits tell nothing here.
            end(word, words);
            if words.last().is_some_and(|last| last != BOUNDARY) {
                words.push(BOUNDARY.to_owned());
            }
        }
        _ => end(word, words),
    }
}

/// Splits what English speakers draw together: "dont" is `do not`, "wanna" is `want to`, "he's" is `he is`.
pub(crate) fn english(words: &[String]) -> Vec<&str> {
    let mut plain: Vec<&str> = Vec::with_capacity(words.len() + 4);
    for word in words {
        if let Some(whole) = BY_CONTRACTED.get(word) {
            plain.extend(whole.iter());
        } else if let Some((base, tail)) = word.split_once('\'') {
            match (base, tail) {
                ("won", "t") => plain.extend(["will", "not"]),
                ("can", "t") => plain.extend(["can", "not"]),
                (base, "t") => plain.extend([base.strip_suffix('n').unwrap_or(base), "not"]),
                (base, tail) => {
                    plain.push(base);
                    let ending =
                        [("m", "am"), ("re", "are"), ("ll", "will"), ("ve", "have"), ("d", "would"), ("s", "is")];
                    plain.extend(ending.iter().find(|(short, _)| *short == tail).map(|(_, whole)| *whole));
                }
            }
        } else {
            let joined = match (plain.last().copied(), word.as_str()) {
                (Some("my"), "self") => Some("myself"),
                (Some("step"), "dad" | "father" | "mom" | "mum" | "mother" | "brother" | "sister") => Some("stepdad"),
                (Some("grand"), "dad" | "pa" | "father" | "ma" | "mother") => Some("grandpa"),
                (Some("no"), "one") => Some("nobody"),
                (Some("any"), "more") => Some("anymore"),
                (Some("some"), "one" | "body") => Some("someone"),
                (Some("every"), "one" | "body") => Some("everyone"),
                _ => None,
            };
            match joined {
                Some(joined) => {
                    plain.pop();
                    plain.push(joined);
                }
                None => plain.push(word),
            }
        }
    }
    plain
}

static BY_CONTRACTED: LazyLock<WordMap<&[&str]>> = LazyLock::new(|| CONTRACTED.into_iter().collect());

/// Without an apostrophe only what is no other word: "ill", "well" and "were" stay.
const CONTRACTED: [(&str, &[&str]); 44] = [
    ("im", &["i", "am"]),
    ("ive", &["i", "have"]),
    ("imma", &["i", "am", "going", "to"]),
    ("ima", &["i", "am", "going", "to"]),
    ("gonna", &["going", "to"]),
    ("wanna", &["want", "to"]),
    ("gotta", &["have", "to"]),
    ("hes", &["he", "is"]),
    ("shes", &["she", "is"]),
    ("theyre", &["they", "are"]),
    ("theyll", &["they", "will"]),
    ("youre", &["you", "are"]),
    ("its", &["it", "is"]),
    ("thats", &["that", "is"]),
    ("theres", &["there", "is"]),
    ("whats", &["what", "is"]),
    ("someones", &["someone", "is"]),
    ("everyones", &["everyone", "is"]),
    ("dont", &["do", "not"]),
    ("doesnt", &["does", "not"]),
    ("didnt", &["did", "not"]),
    ("cant", &["can", "not"]),
    ("cannot", &["can", "not"]),
    ("wont", &["will", "not"]),
    ("isnt", &["is", "not"]),
    ("arent", &["are", "not"]),
    ("wasnt", &["was", "not"]),
    ("werent", &["were", "not"]),
    ("havent", &["have", "not"]),
    ("hasnt", &["has", "not"]),
    ("hadnt", &["had", "not"]),
    ("couldnt", &["could", "not"]),
    ("wouldnt", &["would", "not"]),
    ("shouldnt", &["should", "not"]),
    ("aint", &["is", "not"]),
    ("dunno", &["do", "not", "know"]),
    ("kms", &["kill", "myself"]),
    ("kys", &["kill", "yourself"]),
    ("noone", &["nobody"]),
    ("everybody", &["everyone"]),
    ("somebody", &["someone"]),
    ("anybody", &["anyone"]),
    ("mums", &["mum", "is"]),
    ("dads", &["dad", "is"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        english(&words(text)).join(" ")
    }

    #[test]
    fn spellings_of_a_recogniser_are_one() {
        for (text, expected) in [
            ("I don’t WANNA go.", "i do not want to go ."),
            ("i dont wanna go", "i do not want to go"),
            ("can't, won't", "can not will not"),
            ("He's my step dad!", "he is my stepdad ."),
            ("my self", "myself"),
            ("Mom's here", "mom is here"),
            ("Él me pegó; ¿vale?", "el me pego . vale ."),
            ("Größe heißt", "grosse heisst"),
            ("", ""),
            ("...", ""),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
