//! What words mean in English, Spanish and German, so that what is learned in one language holds in the others.
//!
//! `learned/senses.txt` has one sense per line: its name and its words in each language. Words are folded: lower-case,
//! without accents. The number of a sense is that of its line, and the weights depend on it: train them after a change.

use std::sync::LazyLock;

use crate::folded::WordMap;

/// Number of a sense; 0 is none.
pub(super) type Sense = u16;

/// English, Spanish, German.
const LANGUAGES: usize = 3;
/// A word has at most so many senses in a language.
pub(super) const MOST: usize = 2;

/// The senses of a word in each language.
type Known = [[Sense; MOST]; LANGUAGES];

/// Number of each sense, its language and its words.
fn lines() -> impl Iterator<Item = (Sense, usize, &'static str)> {
    let lines = include_str!("learned/senses.txt").lines();
    (1..).zip(lines).flat_map(|(number, line)| {
        let of_languages = line.split('|').skip(1).take(LANGUAGES).enumerate();
        of_languages
            .flat_map(move |(language, words)| words.split_whitespace().map(move |word| (number, language, word)))
    })
}

static SENSES: LazyLock<WordMap<Known>> = LazyLock::new(|| {
    let mut senses = WordMap::<Known>::default();
    for (number, language, word) in lines() {
        let known = &mut senses.entry(word).or_default()[language];
        if !known.contains(&number)
            && let Some(free) = known.iter_mut().find(|sense| **sense == 0)
        {
            *free = number;
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
    let last = word.as_bytes().last();
    let may_end = |ending: &&&str| ending.as_bytes().last() == last;
    let mut stems = ENDINGS[language].iter().filter(may_end).filter_map(|ending| word.strip_suffix(ending));
    stems.find(|stem| stem.len() >= STEM).unwrap_or(word)
}

/// A stem that no word of ours has.
const NO_STEM: Sense = Sense::MAX;

/// Senses by stems; a stem of two senses has none.
static STEMS: LazyLock<[WordMap<Sense>; LANGUAGES]> = LazyLock::new(|| {
    let mut stems: [WordMap<Sense>; LANGUAGES] = Default::default();
    for (number, language, word) in lines().filter(|(_, _, word)| word.len() >= STEM) {
        let known = stems[language].entry(stem(word, language)).or_insert(number);
        if *known != number {
            *known = 0;
        }
    }
    stems
});

/// Whether a word says nothing of what happens: an article, or what fills a pause.
pub(super) fn is_small(word: &str) -> bool {
    matches!(
        word,
        "a" | "an"
            | "the"
            | "um"
            | "uh"
            | "like"
            | "just"
            | "el"
            | "la"
            | "los"
            | "las"
            | "un"
            | "una"
            | "unos"
            | "pues"
            | "este"
            | "der"
            | "die"
            | "das"
            | "den"
            | "dem"
            | "des"
            | "ein"
            | "eine"
            | "einen"
            | "einem"
            | "einer"
            | "halt"
            | "mal"
            | "ja"
            | "denn"
            | "doch"
            | "eh"
            | "ahm"
            | "hm"
            | "oh"
            | "hey"
            | "yeah"
            | "well"
            | "also"
            | "lo"
    )
}

/// The senses of a word in each language, its own ones or that of its stem.
#[derive(Clone, Copy, Debug)]
pub(super) struct Senses {
    known: Known,
    stems: [Sense; LANGUAGES],
}

impl Senses {
    pub(super) fn of(word: &str) -> Self {
        let known = SENSES.get(word).copied().unwrap_or_default();
        let stem = |language: usize| STEMS[language].get(stem(word, language)).copied().unwrap_or(NO_STEM);
        let stems = if word.len() > STEM { std::array::from_fn(stem) } else { [NO_STEM; LANGUAGES] };
        Self { known, stems }
    }

    pub(super) fn in_languages(&self, languages: [bool; LANGUAGES]) -> [Sense; MOST] {
        let mut found = [0; MOST];
        let possible = || (0..LANGUAGES).filter(|language| languages[*language]);
        for sense in possible().flat_map(|language| self.known[language]).filter(|sense| *sense != 0) {
            if !found.contains(&sense)
                && let Some(free) = found.iter_mut().find(|sense| **sense == 0)
            {
                *free = sense;
            }
        }
        if found[0] == 0 {
            found[0] = possible().map(|language| self.stems[language]).find(|sense| *sense != NO_STEM).unwrap_or(0);
        }
        found
    }
}

/// Returns the languages that words may be of: those that have at least half as many words of their own as the one that
/// has most.
pub(super) fn languages<'a>(words: impl Iterator<Item = &'a Senses>) -> [bool; LANGUAGES] {
    let mut own = [0_usize; LANGUAGES];
    for senses in words {
        let mut of = (0..LANGUAGES).filter(|language| senses.known[*language][0] != 0);
        if let (Some(language), None) = (of.next(), of.next()) {
            own[language] += 1;
        }
    }
    let most = own.into_iter().max().unwrap_or(0);
    own.map(|own| own * 2 >= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senses_of(text: &str) -> Vec<[Sense; MOST]> {
        let words: Vec<Senses> = text.split(' ').map(Senses::of).collect();
        let languages = languages(words.iter());
        words.iter().map(|word| word.in_languages(languages)).collect()
    }

    #[test]
    fn a_word_has_the_senses_of_the_language_that_is_spoken() {
        let senses = senses_of;
        // German "die" is an article, and English "die" is an end.
        let (english, german) = (senses("i want to die"), senses("ich mag die schule"));
        assert_ne!(english[3], german[2]);
        // The same in three languages.
        let mother =
            [senses("my mother hits me")[1], senses("mi madre me pega")[1], senses("meine mutter haut mich")[1]];
        assert_eq!(mother[0], mother[1]);
        assert_eq!(mother[1], mother[2]);
    }

    #[test]
    fn an_inflected_word_has_the_sense_of_its_stem() {
        let senses = senses_of;
        assert_eq!(senses("my friends were teasingly mean")[3], senses("my friends were teasing me")[3]);
        assert_ne!(senses("me maltrataban todos los dias")[1], [0, 0]);
    }

    #[test]
    fn every_line_has_a_name_and_three_languages() {
        let mut names = Vec::new();
        for line in include_str!("learned/senses.txt").lines() {
            assert_eq!(line.split('|').count(), 1 + LANGUAGES, "{line}");
            let is_folded = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '|' | ' ' | '_');
            assert!(line.chars().all(is_folded), "{line}");
            names.extend(line.split('|').next());
        }
        let n = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n, "a sense occurs twice");
    }
}
