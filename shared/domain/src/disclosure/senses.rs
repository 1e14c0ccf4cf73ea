//! What words mean in English, Spanish and German, so that what is learned in one language holds in the others.
//!
//! `learned/senses.txt` has one sense per line: its name and its words in each language. Words are folded: lower-case,
//! without accents.

use std::sync::LazyLock;

use crate::folded::{BOUNDARY, WordMap};

/// Number of a sense; 0 is none.
pub(super) type Sense = u16;

/// English, Spanish, German.
const LANGUAGES: usize = 3;
/// A word has at most so many senses in a language.
pub(super) const MOST: usize = 2;

static SENSES_OF: LazyLock<WordMap<[[Sense; MOST]; LANGUAGES]>> = LazyLock::new(|| {
    let mut senses = WordMap::<[[Sense; MOST]; LANGUAGES]>::default();
    for (number, line) in (1..).zip(include_str!("learned/senses.txt").lines()) {
        for (language, words) in line.split('|').skip(1).take(LANGUAGES).enumerate() {
            for word in words.split_whitespace() {
                let known = &mut senses.entry(word).or_default()[language];
                if !known.contains(&number)
                    && let Some(free) = known.iter_mut().find(|sense| **sense == 0)
                {
                    *free = number;
                }
            }
        }
    }
    senses
});

/// Endings of inflected words, the longest first.
const ENDINGS: [&[&str]; LANGUAGES] = [
    &["ingly", "ings", "ing", "ers", "ies", "ed", "er", "es", "ly", "s", "e", "y", "d"],
    &[
        "andome", "andolo", "iendome", "aramos", "ieramos", "abamos", "aremos", "ieron", "iendo", "ando", "aron",
        "aban", "arme", "erme", "irme", "arle", "arlo", "arla", "arse", "irse", "erse", "amos", "emos", "imos", "aran",
        "aria", "eria", "iria", "aste", "iste", "itos", "itas", "ito", "ita", "ados", "adas", "idos", "idas", "ado",
        "ada", "ido", "ida", "aba", "ian", "ara", "era", "ia", "an", "en", "ar", "er", "ir", "as", "es", "os", "io",
        "a", "e", "o", "i", "s",
    ],
    &[
        "estens", "enden", "test", "ten", "tet", "est", "ern", "end", "te", "en", "er", "es", "em", "et", "st", "e",
        "n", "s", "t",
    ],
];
/// A stem has at least so many letters.
const STEM: usize = 4;

fn stem(word: &str, language: usize) -> &str {
    let word = if language == 2 && word.len() > STEM + 3 { word.strip_prefix("ge").unwrap_or(word) } else { word };
    let mut stems = ENDINGS[language].iter().filter_map(|ending| word.strip_suffix(ending));
    stems.find(|stem| stem.len() >= STEM).unwrap_or(word)
}

/// Senses by stems; a stem of two senses has none.
static STEMS: LazyLock<[WordMap<Sense>; LANGUAGES]> = LazyLock::new(|| {
    let mut stems: [WordMap<Sense>; LANGUAGES] = Default::default();
    for (number, line) in (1..).zip(include_str!("learned/senses.txt").lines()) {
        for (language, words) in line.split('|').skip(1).take(LANGUAGES).enumerate() {
            for word in words.split_whitespace().filter(|word| word.len() >= STEM) {
                let known = stems[language].entry(stem(word, language)).or_insert(number);
                if *known != number {
                    *known = 0;
                }
            }
        }
    }
    stems
});

/// Words that say nothing of what happens: articles, and what fills a pause.
const SMALL: [&str; 41] = [
    "a", "an", "the", "um", "uh", "like", "just", "el", "la", "los", "las", "un", "una", "unos", "pues", "este", "der",
    "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "halt", "mal", "ja", "denn", "doch",
    "eh", "ahm", "hm", "oh", "hey", "yeah", "well", "also", "lo",
];
static SMALL_WORDS: LazyLock<WordMap<()>> = LazyLock::new(|| SMALL.into_iter().map(|word| (word, ())).collect());

pub(super) fn is_small(word: &str) -> bool {
    SMALL_WORDS.contains_key(word)
}

/// Returns the languages that the words may be of: those that have at least half as many words of their own as the one
/// that has most.
pub(super) fn languages(words: &[impl AsRef<str>]) -> [bool; LANGUAGES] {
    let mut own = [0_usize; LANGUAGES];
    for word in words.iter().map(AsRef::as_ref).filter(|word| *word != BOUNDARY) {
        let Some(senses) = SENSES_OF.get(word) else { continue };
        let mut of = (0..LANGUAGES).filter(|language| senses[*language][0] != 0);
        if let (Some(language), None) = (of.next(), of.next()) {
            own[language] += 1;
        }
    }
    let most = own.into_iter().max().unwrap_or(0);
    own.map(|own| own * 2 >= most)
}

/// Returns the senses of a word in the languages.
pub(super) fn of(word: &str, languages: [bool; LANGUAGES]) -> [Sense; MOST] {
    let mut found = [0; MOST];
    if let Some(senses) = SENSES_OF.get(word) {
        let possible = senses.iter().zip(languages).filter(|(_, is_possible)| *is_possible).flat_map(|(of, _)| of);
        for sense in possible.filter(|sense| **sense != 0) {
            if !found.contains(sense)
                && let Some(free) = found.iter_mut().find(|sense| **sense == 0)
            {
                *free = *sense;
            }
        }
    }
    if found[0] == 0 && word.len() > STEM {
        let possible = (0..LANGUAGES).filter(|language| languages[*language]);
        let mut of = possible.filter_map(|language| STEMS[language].get(stem(word, language)));
        found[0] = of.next().copied().unwrap_or(0);
    }
    found
}
