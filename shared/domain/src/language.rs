//! The language of a turn and of a call, known from frequent words, letters and scripts.
//!
//! Children answer in one word, so most turns decide nothing: they are in the language of the call. A lesson that teaches
//! Spanish in English is an English call.

mod tables;

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::folded::WordMap;
use crate::text::{LETTERS, lower, runs};

/// The languages whose answers, reactions and requests we have rules for, as codes of ISO 639-1.
pub const JUDGED: [&str; 3] = ["en", "es", "de"];

/// A turn needs this much more for its language than for the next one.
const LEAD: f32 = 0.6;
/// What two distinct words or one unmistakable word with a letter that no other language has weigh.
const ENOUGH: f32 = 1.0;
/// Fewer letters are too few for the n-grams of `whatlang`.
const ENOUGH_LETTERS: usize = 32;
/// A call in a language that we do not judge must be clear: the price of an error is a whole lesson.
const ENOUGH_OF_CALL: f32 = 3.0;

/// The languages of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Languages {
    /// The language that most was said in; `None`: too little was said to tell.
    pub main: Option<&'static str>,
    /// One per turn, in their order; a turn that decides nothing has the main language.
    pub turns: Vec<Option<&'static str>>,
}

impl Languages {
    /// Whether the call is in one of [`JUDGED`], or too short to tell.
    pub fn is_judged(&self) -> bool {
        self.main.is_none_or(|code| JUDGED.contains(&code))
    }
}

/// Returns the languages of a call. Each turn is its text, and whether the tutor said it: who teaches a language in
/// another one says more than who learns it.
pub fn of_call<'a>(turns: impl IntoIterator<Item = (bool, &'a str)>) -> Languages {
    let scored: Vec<(bool, Scores)> = turns.into_iter().map(|(is_tutor, text)| (is_tutor, scores(text))).collect();
    let own: Vec<Option<&'static str>> = scored.iter().map(|(_, scores)| scores.decided()).collect();
    // Words of undecided turns count for their languages too: ten turns of two words are a text.
    let mut sum: Vec<(&'static str, f32)> = Vec::new();
    let mut of_tutor: Vec<(&'static str, f32)> = Vec::new();
    for ((is_tutor, scores), own) in scored.iter().zip(&own) {
        for (code, weight) in &scores.weights {
            // A foreign word in a sentence counts little.
            let share = if own.is_none_or(|own| own == *code) { 1.0 } else { 0.2 };
            add(&mut sum, code, weight * share * if *is_tutor { 1.0 } else { 0.5 });
        }
        if let Some(code) = own.filter(|_| *is_tutor) {
            add(&mut of_tutor, code, 1.0);
        }
    }
    let main = best(&sum).and_then(|(code, weight, lead)| {
        let enough = if JUDGED.contains(&code) { ENOUGH } else { ENOUGH_OF_CALL };
        let is_clear = weight >= enough && lead >= 0.25 * weight;
        let by_turns =
            || best(&of_tutor).filter(|(_, turns, lead)| *turns >= 2.0 && *lead >= 1.0).map(|(code, ..)| code);
        if is_clear { Some(code) } else { by_turns() }
    });
    // Too little for the words: all that is known points one way.
    let main = main.or_else(|| {
        let mut decided = own.iter().flatten();
        let first = decided.next().copied();
        let is_enough = |code: &&str| JUDGED.contains(code) || best(&sum).is_some_and(|(_, weight, _)| weight >= 1.5);
        first.filter(|first| decided.all(|code| code == first)).filter(is_enough)
    });
    Languages { main, turns: own.into_iter().map(|own| own.or(main)).collect() }
}

/// Returns the language of one turn; `None` if it is too short or mixed to tell. Numbers, "no" and "si" tell nothing.
pub fn of_turn(text: &str) -> Option<&'static str> {
    scores(text).decided()
}

/// The English name of a language, for people; the code itself if we know no name.
pub fn name(code: &str) -> &str {
    match code {
        "ar" => "Arabic",
        "bg" => "Bulgarian",
        "bn" => "Bengali",
        "ca" => "Catalan",
        "cs" => "Czech",
        "da" => "Danish",
        "de" => "German",
        "el" => "Greek",
        "en" => "English",
        "es" => "Spanish",
        "fa" => "Persian",
        "fi" => "Finnish",
        "fr" => "French",
        "gu" => "Gujarati",
        "he" => "Hebrew",
        "hi" => "Hindi",
        "hr" => "Croatian",
        "hu" => "Hungarian",
        "hy" => "Armenian",
        "id" => "Indonesian",
        "it" => "Italian",
        "ja" => "Japanese",
        "ka" => "Georgian",
        "ko" => "Korean",
        "nl" => "Dutch",
        "no" => "Norwegian",
        "pa" => "Punjabi",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "ro" => "Romanian",
        "ru" => "Russian",
        "sv" => "Swedish",
        "sw" => "Swahili",
        "ta" => "Tamil",
        "te" => "Telugu",
        "th" => "Thai",
        "tl" => "Tagalog",
        "tr" => "Turkish",
        "uk" => "Ukrainian",
        "ur" => "Urdu",
        "vi" => "Vietnamese",
        "zh" => "Chinese",
        other => other,
    }
}

#[derive(Default)]
struct Scores {
    weights: Vec<(&'static str, f32)>,
    /// What a script or the n-grams of a long turn say.
    certain: Option<&'static str>,
}

impl Scores {
    fn decided(&self) -> Option<&'static str> {
        self.certain.or_else(|| {
            let (code, weight, lead) = best(&self.weights)?;
            (weight >= ENOUGH && lead >= LEAD && lead >= 0.25 * weight).then_some(code)
        })
    }
}

fn add(sum: &mut Vec<(&'static str, f32)>, code: &'static str, weight: f32) {
    // Codes have two letters.
    let letters = code.as_bytes().first_chunk::<2>();
    match sum.iter_mut().find(|(known, _)| known.as_bytes().first_chunk() == letters) {
        Some((_, known)) => *known += weight,
        None => sum.push((code, weight)),
    }
}

/// The heaviest language, its weight, and how far the next one is behind.
fn best(sum: &[(&'static str, f32)]) -> Option<(&'static str, f32, f32)> {
    let (code, weight) = sum.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let next = sum.iter().filter(|(other, _)| *other != code).map(|(_, weight)| *weight).fold(0.0, f32::max);
    Some((code, weight, weight - next))
}

type Entry = Vec<(&'static str, f32)>;

static WORDS: LazyLock<WordMap<Entry>> = LazyLock::new(|| {
    let mut words: WordMap<Entry> = WordMap::default();
    for (code, list) in tables::WORDS {
        for word in list.split_whitespace() {
            let entry = words.entry(word).or_default();
            if entry.iter().all(|(known, _)| known != code) {
                entry.push((code, 0.0));
            }
        }
    }
    for word in tables::NEUTRAL.split_whitespace() {
        words.insert(word, Vec::new());
    }
    for entry in words.values_mut() {
        let weight = match entry.len() {
            0 | 1 => 1.0,
            2 => 0.6,
            3 => 0.4,
            _ => 0.2,
        };
        for (_, of) in entry {
            *of = weight;
        }
    }
    words
});

/// Returns the only language that has a letter or mark.
fn of_letter(letter: char) -> Option<&'static str> {
    static OWN: LazyLock<Vec<(char, &str)>> = LazyLock::new(|| {
        let of_language = |(code, letters): &(&'static str, &'static str)| {
            letters.chars().map(|letter| (letter, *code)).collect::<Vec<_>>()
        };
        let mut letters: Vec<(char, &str)> = tables::LETTERS.iter().flat_map(of_language).collect();
        // The first row wins.
        letters.sort_by_key(|(letter, _)| *letter);
        letters.dedup_by_key(|(letter, _)| *letter);
        letters
    });
    let at = if letter.is_ascii() { return None } else { OWN.binary_search_by_key(&letter, |(letter, _)| *letter) };
    Some(OWN[at.ok()?].1)
}

fn scores(text: &str) -> Scores {
    if let Some(code) = of_script(text) {
        return Scores { weights: vec![(code, words(text).count().max(2) as f32)], certain: Some(code) };
    }
    let mut scores = Scores { weights: Vec::with_capacity(8), certain: None };
    let mut known = 0.0_f32;
    let mut n_letters = 0;
    let mut plain = String::new();
    let is_ascii = text.is_ascii();
    let lowered = if is_ascii { lower(text) } else { text.into() };
    for word in words(&lowered) {
        if !is_ascii && !word.is_ascii() {
            for code in lower(word).chars().filter_map(of_letter) {
                add(&mut scores.weights, code, 0.5);
            }
        }
        let word_of_list = if is_ascii { word } else { folded(word, &mut plain) };
        match entry(word_of_list) {
            Some(entry) if entry.is_empty() => continue,
            Some(entry) => {
                for (code, weight) in entry {
                    add(&mut scores.weights, code, *weight);
                    known += *weight;
                }
            }
            None => {
                if let Some(code) = elided(word_of_list) {
                    add(&mut scores.weights, code, 0.7);
                }
            }
        }
        n_letters += if is_ascii { word.len() } else { word.chars().count() };
    }
    if !is_ascii {
        for code in text.chars().filter(|c| matches!(c, '¿' | '¡')).filter_map(of_letter) {
            add(&mut scores.weights, code, 0.5);
        }
    }
    if known < 2.0 && n_letters >= ENOUGH_LETTERS && scores.decided().is_none() {
        let tells = |word: &&str| entry(folded(word, &mut plain)).is_none_or(|entry| !entry.is_empty());
        let heard: Vec<&str> = words(text).filter(tells).collect();
        scores.certain = by_n_grams(&(heard.join(" ") + " "));
        if let Some(code) = scores.certain {
            add(&mut scores.weights, code, 1.0);
        }
    }
    scores
}

/// A word in lower case and without accents. `plain` holds it if it is not so itself.
fn folded<'a>(word: &'a str, plain: &'a mut String) -> &'a str {
    plain.clear();
    if !word.is_ascii() {
        plain.extend(lower(word).nfd().filter(|c| !is_combining_mark(*c)));
    } else if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        plain.push_str(word);
        plain.make_ascii_lowercase();
    } else {
        return word;
    }
    plain
}

/// The languages of a word of our lists.
fn entry(word: &str) -> Option<&'static Entry> {
    WORDS
        .get(word)
        .or_else(|| if word.bytes().any(|byte| byte == b'\'') { WORDS.get(&word.replace('\'', "")) } else { None })
}

/// "l'école", "dell'acqua": who drops a vowel before the next word.
fn elided(word: &str) -> Option<&'static str> {
    let at = word.bytes().position(|byte| byte == b'\'')?;
    let (first, rest) = (&word[..at], &word[at + 1..]);
    if rest.chars().count() < 2 {
        return None;
    }
    match first {
        "j" | "c" | "n" | "qu" | "s" | "m" | "t" => Some("fr").filter(|_| !matches!(rest, "s" | "re" | "ve" | "ll")),
        "dell" | "nell" | "all" | "dall" | "quest" | "un" => Some("it"),
        _ => None,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_of_word = |c: char| c.is_alphabetic() || is_combining_mark(c) || matches!(c, '’' | 'ʼ');
    runs(text, &LETTERS, is_of_word)
        .map(|word| {
            let ends_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
            let is_plain = ends_plain(word.as_bytes().first()) && ends_plain(word.as_bytes().last());
            if is_plain { word } else { word.trim_matches(['\'', '’', 'ʼ']) }
        })
        .filter(|word| !word.is_empty())
}

/// What the trigrams of a long turn say, if they are sure.
fn by_n_grams(text: &str) -> Option<&'static str> {
    use whatlang::Lang;
    let info = whatlang::detect(text).filter(|info| info.is_reliable() && info.confidence() > 0.9)?;
    Some(match info.lang() {
        Lang::Eng => "en",
        Lang::Spa => "es",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Nld => "nl",
        Lang::Pol => "pl",
        Lang::Tur => "tr",
        Lang::Ron => "ro",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "no",
        Lang::Ces => "cs",
        Lang::Hun => "hu",
        Lang::Fin => "fi",
        Lang::Ind => "id",
        Lang::Vie => "vi",
        Lang::Tgl => "tl",
        Lang::Hrv => "hr",
        _ => return None,
    })
}

/// Languages that a script tells, if most letters are of it.
fn of_script(text: &str) -> Option<&'static str> {
    if text.is_ascii() {
        return None;
    }
    let mut counts: [(&str, usize); 16] = [
        ("ar", 0),
        ("ru", 0),
        ("hi", 0),
        ("zh", 0),
        ("ja", 0),
        ("ko", 0),
        ("el", 0),
        ("he", 0),
        ("th", 0),
        ("bn", 0),
        ("ta", 0),
        ("te", 0),
        ("gu", 0),
        ("pa", 0),
        ("ka", 0),
        ("hy", 0),
    ];
    let mut latin = 0;
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        let at = match c {
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' => 0,
            '\u{400}'..='\u{52f}' => 1,
            '\u{900}'..='\u{97f}' => 2,
            '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' => 3,
            '\u{3040}'..='\u{30ff}' => 4,
            '\u{ac00}'..='\u{d7af}' | '\u{1100}'..='\u{11ff}' => 5,
            '\u{370}'..='\u{3ff}' => 6,
            '\u{590}'..='\u{5ff}' => 7,
            '\u{e00}'..='\u{e7f}' => 8,
            '\u{980}'..='\u{9ff}' => 9,
            '\u{b80}'..='\u{bff}' => 10,
            '\u{c00}'..='\u{c7f}' => 11,
            '\u{a80}'..='\u{aff}' => 12,
            '\u{a00}'..='\u{a7f}' => 13,
            '\u{10a0}'..='\u{10ff}' => 14,
            '\u{530}'..='\u{58f}' => 15,
            _ => {
                latin += 1;
                continue;
            }
        };
        counts[at].1 += 1;
    }
    // Japanese writes much in Chinese characters.
    if counts[4].1 > 0 {
        counts[4].1 += std::mem::take(&mut counts[3].1);
    }
    let (code, n) = counts.into_iter().max_by_key(|(_, n)| *n)?;
    // A single letter is a variable: π, α.
    let enough = if matches!(code, "zh" | "ja" | "ko") { 1 } else { 2 };
    if n < enough || n <= latin {
        return None;
    }
    let has = |letters: &str| text.chars().any(|c| letters.contains(c));
    Some(match code {
        "ru" if has("іїєґІЇЄҐ") => "uk",
        "ru" if !has("ыэёЫЭЁ") && is_ukrainian(text) => "uk",
        "ru" if has("ъЪ") && !has("ыэёЫЭЁ") && is_bulgarian(text) => "bg",
        "ar" if has("ٹڈڑےں") => "ur",
        "ar" if has("پچژگ") => "fa",
        code => code,
    })
}

fn is_ukrainian(text: &str) -> bool {
    const WORDS: [&str; 19] = [
        "що",
        "як",
        "мене",
        "мені",
        "в",
        "так",
        "це",
        "не",
        "та",
        "але",
        "тому",
        "треба",
        "знаю",
        "дякую",
        "будь",
        "ласка",
        "добре",
        "разом",
        "було",
    ];
    const NOT: [&str; 12] =
        ["что", "как", "это", "да", "нет", "если", "потому", "надо", "спасибо", "хорошо", "меня", "мне"];
    let among = |list: &[&str]| words(text).filter(|word| list.contains(&&lower(word)[..])).count();
    among(&WORDS) > among(&NOT)
        && words(text).any(|word| ["що", "це", "але", "треба", "дякую", "мене", "мені"].contains(&&lower(word)[..]))
}

fn is_bulgarian(text: &str) -> bool {
    words(text).any(|word| {
        ["съм", "със", "във", "какво", "защо", "ще", "това", "къде", "пъти", "отговор"].contains(&&lower(word)[..])
    })
}
