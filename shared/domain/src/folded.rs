//! Speech as plain words: lower-case, without accents, with one word for the many spellings of a recogniser.

use std::hash::Hasher;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Separates two sentences.
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

/// The words of a text and [`BOUNDARY`] between its sentences, in one string. Words are lower-case, without accents, and keep
/// a straight apostrophe inside: "Don’t!" is `don't`.
#[derive(Debug)]
pub(crate) struct Folded {
    text: String,
    /// Where each word ends.
    ends: Vec<u32>,
}

impl Folded {
    pub(crate) fn new(text: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(text.len()), ends: Vec::with_capacity(text.len() / 4 + 1) };
        for c in text.chars() {
            if c.is_ascii() {
                folded.push(c);
            } else {
                std::iter::once(c).nfd().filter(|c| !is_combining_mark(*c)).for_each(|c| folded.push(c));
            }
        }
        folded.end_word();
        folded
    }

    pub(crate) fn words(&self) -> Vec<&str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start as usize..*end as usize]).collect()
    }

    fn last_end(&self) -> usize {
        self.ends.last().map_or(0, |end| *end as usize)
    }

    #[inline]
    fn push(&mut self, c: char) {
        match c {
            'a'..='z' | '0'..='9' => self.text.push(c),
            'A'..='Z' => self.text.push(c.to_ascii_lowercase()),
            ' ' => self.end_word(),
            'ß' => self.text.push_str("ss"),
            '\'' | '’' | 'ʼ' | '`' | '´' => {
                if self.text.len() > self.last_end() {
                    self.text.push('\'');
                }
            }
            // "3.5" is one number, and its digits tell nothing here.
            '.' | '!' | '?' | ';' | '\n' | '…' => {
                self.end_word();
                if !self.ends.is_empty() && !self.text.ends_with(BOUNDARY) {
                    self.text.push_str(BOUNDARY);
                    self.end_word();
                }
            }
            c if c.is_alphanumeric() => self.text.extend(c.to_lowercase()),
            _ => self.end_word(),
        }
    }

    #[inline]
    fn end_word(&mut self) {
        let start = self.last_end();
        let word = self.text[start..].trim_end_matches('\'').len();
        self.text.truncate(start + word);
        if word > 0 {
            self.ends.push(self.text.len() as u32);
        }
    }
}

/// Splits what English speakers draw together: "dont" is `do not`, "wanna" is `want to`, "he's" is `he is`.
pub(crate) fn english<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut plain: Vec<&str> = Vec::with_capacity(words.len() + 4);
    for word in words.iter().copied() {
        if let Some(whole) = BY_CONTRACTED.get(word) {
            plain.extend(whole.iter());
        } else if let Some(at) = word.bytes().position(|byte| byte == b'\'') {
            let (base, tail) = (&word[..at], &word[at + 1..]);
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
            let joined = match (plain.last().copied(), word) {
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
        english(&Folded::new(text).words()).join(" ")
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
