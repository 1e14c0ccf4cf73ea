//! The first name that a child gives, in English, Spanish and German, as a recogniser writes it.

mod known;

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::folded::Folded;

/// Who speaks, as far as they say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introduced {
    /// The first name, with great letters: "Mary Jane".
    Student(String),
    /// A parent or another person who is not the student: "This is Ana's mom".
    Relative,
}

struct Word<'a> {
    /// As it was written, with straight apostrophes.
    written: String,
    /// Lower-case and without accents.
    plain: String,
    /// The text before it has the end of a sentence.
    starts: bool,
    original: &'a str,
}

static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| known::NAMES.split_whitespace().collect());
static NO_NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| known::NO_NAMES.split_whitespace().collect());
static FIRST_PARTS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| known::FIRST_PARTS.split_whitespace().collect());
static SECOND_PARTS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| known::SECOND_PARTS.split_whitespace().collect());

/// After these a name follows, known or not.
const STRONG: [&[&str]; 25] = [
    &["my", "name", "is"],
    &["my", "name's"],
    &["my", "names"],
    &["my", "first", "name", "is"],
    &["the", "name", "is"],
    &["the", "name's"],
    &["name", "is"],
    &["my", "name"],
    &["call", "me"],
    &["calls", "me"],
    &["i", "am", "called"],
    &["i'm", "called"],
    &["im", "called"],
    &["i", "go", "by"],
    &["me", "llamo"],
    &["mi", "nombre", "es"],
    &["mi", "nombre"],
    &["me", "dicen"],
    &["me", "llaman"],
    &["ich", "heisse"],
    &["ich", "heiss"],
    &["mein", "name", "ist"],
    &["mein", "name"],
    &["nenn", "mich"],
    &["alle", "nennen", "mich"],
];
/// After these a name may follow, or anything else.
const WEAK: [&[&str]; 19] = [
    &["i", "am"],
    &["i'm"],
    &["im"],
    &["it", "is"],
    &["it's"],
    &["its"],
    &["this", "is"],
    &["you're", "talking", "to"],
    &["soy"],
    &["habla"],
    &["aqui", "esta"],
    &["aqui"],
    &["ich", "bin", "der"],
    &["ich", "bin", "die"],
    &["ich", "bin"],
    &["hier", "ist", "der"],
    &["hier", "ist", "die"],
    &["hier", "ist"],
    &["hier", "spricht"],
];
const FILLERS: [&str; 28] = [
    "like", "actually", "um", "umm", "uh", "uhh", "er", "erm", "ehm", "ah", "oh", "hi", "hello", "hey", "well", "yes",
    "yeah", "yep", "sure", "so", "hola", "si", "hallo", "ja", "ok", "okay", "este", "pues",
];
const RELATIVES: [&str; 66] = [
    "mom",
    "mum",
    "mommy",
    "mummy",
    "mother",
    "dad",
    "daddy",
    "father",
    "grandma",
    "grandmother",
    "grandpa",
    "grandfather",
    "granny",
    "nan",
    "nana",
    "aunt",
    "auntie",
    "uncle",
    "parent",
    "guardian",
    "teacher",
    "tutor",
    "babysitter",
    "nanny",
    "sister",
    "brother",
    "stepmom",
    "stepdad",
    "stepmum",
    "cousin",
    "carer",
    "mama",
    "madre",
    "papa",
    "padre",
    "abuela",
    "abuelo",
    "tia",
    "tio",
    "hermana",
    "hermano",
    "profesora",
    "profesor",
    "maestra",
    "maestro",
    "tutora",
    "mutter",
    "vater",
    "oma",
    "opa",
    "tante",
    "onkel",
    "schwester",
    "bruder",
    "lehrerin",
    "lehrer",
    "mami",
    "papi",
    "moms",
    "mums",
    "dads",
    "grandad",
    "granddad",
    "stepfather",
    "stepmother",
    "friend",
];

const ASKS: [&[&str]; 23] = [
    &["your", "name"],
    &["your", "first", "name"],
    &["am", "i", "speaking"],
    &["am", "i", "talking"],
    &["who", "is", "this"],
    &["who's", "this"],
    &["who", "is", "calling"],
    &["who's", "calling"],
    &["who", "do", "i", "have"],
    &["who", "is", "there"],
    &["who's", "there"],
    &["who", "are", "you"],
    &["should", "i", "call", "you"],
    &["can", "i", "call", "you"],
    &["te", "llamas"],
    &["tu", "nombre"],
    &["quien", "eres"],
    &["quien", "habla"],
    &["heisst", "du"],
    &["dein", "name"],
    &["wer", "bist", "du"],
    &["wer", "ist", "da"],
    &["mit", "wem", "spreche"],
];

/// Whether the tutor asks who speaks.
pub fn asks_name(tutor: &str) -> bool {
    let tutor = Folded::new(tutor);
    let words = tutor.words();
    let has = |phrase: &[&str]| words.windows(phrase.len()).any(|some| some.iter().zip(phrase).all(|(a, b)| a == b));
    ASKS.iter().any(|phrase| has(phrase))
}

const GREETINGS: [&str; 12] =
    ["hello", "hi", "hey", "welcome", "hola", "buenos", "buenas", "hallo", "guten", "morning", "afternoon", "evening"];

fn greets(tutor: &str) -> bool {
    Folded::new(tutor).words().iter().any(|word| GREETINGS.contains(word))
}

/// Characters of a first name.
const MAX_NAME: usize = 40;

/// Returns who a turn introduces. `tutor`: what the tutor said before it, which may ask for the name or guess it.
pub fn introduced(said: &str, tutor: &str) -> Option<Introduced> {
    let words = words(said);
    if is_relative(&words) {
        return Some(Introduced::Relative);
    }
    let is_asked = asks_name(tutor);
    let name = strong(&words)
        .or_else(|| weak(&words, is_asked, greets(tutor)))
        .or_else(|| here(&words))
        .or_else(|| is_asked.then(|| bare(&words)).flatten())
        .or_else(|| guessed(&words, tutor))?;
    // Longer is no first name: letters spelled on and on, or a sentence.
    (name.chars().count() <= MAX_NAME).then_some(Introduced::Student(name))
}

fn words(text: &str) -> Vec<Word<'_>> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | 'ʼ' | '`' | '-') || is_mark(c);
    let mut words = Vec::new();
    let mut starts = true;
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        starts |= rest[..start].contains(['.', '!', '?']);
        let length = rest[start..].find(|c| !is_part(c)).unwrap_or(rest.len() - start);
        let original = rest[start..start + length].trim_matches(|c| matches!(c, '\'' | '’' | '-' | '`' | 'ʼ'));
        rest = &rest[start + length..];
        if original.is_empty() {
            continue;
        }
        let written: String = original.chars().map(|c| if matches!(c, '’' | 'ʼ' | '`') { '\'' } else { c }).collect();
        let plain = Folded::new(&written).words().join("-");
        words.push(Word { written, plain, starts, original });
        starts = false;
    }
    words
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}')
}

fn begins(words: &[Word], phrase: &[&str]) -> bool {
    words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, part)| word.plain == *part)
}

const SAYS: [&[&str]; 16] = [
    &["this", "is"],
    &["i", "am"],
    &["i'm"],
    &["im"],
    &["it", "is"],
    &["it's"],
    &["its"],
    &["soy"],
    &["habla"],
    &["ich", "bin"],
    &["hier", "ist"],
    &["hier", "spricht"],
    &["yes"],
    &["hello"],
    &["hi"],
    &["no"],
];

const OWNERS: [&str; 21] = [
    "his", "her", "their", "the", "a", "la", "el", "su", "seine", "ihre", "sein", "ihr", "die", "der", "los", "una",
    "un", "eine", "ein", "actually", "just",
];

/// "This is Ana's mom", "I'm his father", "soy la mamá de Leo", "hier ist die Mutter von Leo".
fn is_relative(words: &[Word]) -> bool {
    let relative = |word: &Word| RELATIVES.contains(&&word.plain[..]);
    let owner = |word: &Word| OWNERS.contains(&&word.plain[..]) || is_possessive(word);
    (0..words.len()).any(|at| {
        SAYS.iter().filter(|says| begins(&words[at..], says)).any(|says| {
            let rest = &words[at + says.len()..];
            let n = rest.iter().take(3).take_while(|word| owner(word)).count();
            n > 0 && rest.get(n).is_some_and(relative) && rest.get(n + 1).is_none_or(|next| next.plain != "phone")
        })
    }) || words.windows(2).any(|pair| relative(&pair[0]) && matches!(&pair[1].plain[..], "speaking" | "calling"))
}

/// "Ana's", "James'"; German "Anas Mama" has no apostrophe.
fn is_possessive(word: &Word) -> bool {
    let is_contraction =
        matches!(&word.plain[..], "it's" | "that's" | "he's" | "she's" | "what's" | "there's" | "let's");
    (word.written.ends_with("'s") && !is_contraction)
        || word.original.ends_with(['\'', '’'])
        || word.plain.strip_suffix('s').is_some_and(|name| NAMES.contains(name))
}

fn strong(words: &[Word]) -> Option<String> {
    (0..words.len()).find_map(|at| {
        let phrase = STRONG.iter().filter(|phrase| begins(&words[at..], phrase)).max_by_key(|phrase| phrase.len())?;
        name_at(&words[at + phrase.len()..], &|word| !NO_NAMES.contains(&word.plain[..]) || is_sure(word))
    })
}

fn weak(words: &[Word], is_asked: bool, is_greeted: bool) -> Option<String> {
    (0..words.len()).find_map(|at| {
        let phrase = WEAK.iter().filter(|phrase| begins(&words[at..], phrase)).max_by_key(|phrase| phrase.len())?;
        let rest = &words[at + phrase.len()..];
        let is_last = |word: &Word| {
            let next = rest.iter().position(|other| std::ptr::eq(other, word)).and_then(|i| rest.get(i + 1));
            next.is_none_or(|next| {
                next.starts || matches!(&next.plain[..], "and" | "here" | "i'm" | "im" | "i" | "y" | "und" | "from")
            }) || next.is_some_and(|next| next.plain.chars().count() == 1)
        };
        let says_i = matches!(phrase[0], "i" | "i'm" | "im");
        name_at(rest, &|word| {
            let is_capital = is_capital(word);
            let free = !NO_NAMES.contains(&word.plain[..]);
            NAMES.contains(&word.plain[..]) && (free || is_capital)
                || free && is_capital && (is_asked || is_greeted || says_i)
                || free && is_asked && is_last(word) && word.plain.chars().count() > 1
        })
    })
}

/// "Leo here", "Ana speaking".
fn here(words: &[Word]) -> Option<String> {
    let at = words.iter().position(|word| matches!(&word.plain[..], "here" | "speaking"))?;
    let before = &words[at.checked_sub(1)?];
    let is_start = words[..at - 1].iter().all(|word| FILLERS.contains(&&word.plain[..]));
    let is_name = NAMES.contains(&before.plain[..]) && !NO_NAMES.contains(&before.plain[..]);
    (is_start && is_name).then(|| written(before))
}

/// The name alone, where the tutor asked for it.
fn bare(words: &[Word]) -> Option<String> {
    let start = words.iter().position(|word| !FILLERS.contains(&&word.plain[..]))?;
    let rest = &words[start..];
    let first = &rest[0];
    // A longer sentence that starts with an unknown word is no name.
    let is_short = rest.len() <= 2 || is_spelled(&rest[1..]);
    let is_cut = |word: &Word| {
        word.starts || matches!(&word.plain[..], "and" | "i" | "i'm" | "im" | "y" | "und" | "from" | "but")
    };
    let free = |word: &Word| {
        let is_known = NAMES.contains(&word.plain[..]);
        !NO_NAMES.contains(&word.plain[..]) && (is_known || is_short || rest.get(1).is_some_and(is_cut))
    };
    if spelled(rest).is_none() && !free(first) {
        return None;
    }
    name_at(rest, &free)
}

const GUESSES: [&[&str]; 11] = [
    &["is", "that"],
    &["is", "this"],
    &["am", "i", "speaking", "with"],
    &["am", "i", "speaking", "to"],
    &["am", "i", "talking", "to"],
    &["am", "i", "talking", "with"],
    &["are", "you"],
    &["eres"],
    &["hablo", "con"],
    &["spreche", "ich", "mit"],
    &["bist", "du"],
];

/// "Is that Milo?", "Yes."
fn guessed(words: &[Word], tutor: &str) -> Option<String> {
    let agrees = |word: &Word| {
        matches!(&word.plain[..], "yes" | "yeah" | "yep" | "yup" | "si" | "ja" | "mhm" | "correct" | "uh-huh" | "genau")
    };
    if !words.first().is_some_and(agrees) {
        return None;
    }
    let tutor = self::words(tutor);
    (0..tutor.len()).find_map(|at| {
        let phrase = GUESSES.iter().find(|phrase| begins(&tutor[at..], phrase))?;
        let word = tutor.get(at + phrase.len())?;
        (is_capital(word) && !NO_NAMES.contains(&word.plain[..]) && is_wellformed(word)).then(|| written(word))
    })
}

/// The name that begins after fillers, spelled or said; `None` if the word there is not allowed.
fn name_at(words: &[Word], allowed: &dyn Fn(&Word) -> bool) -> Option<String> {
    let start = words.iter().position(|word| !FILLERS.contains(&&word.plain[..]) || is_capital_name(word))?;
    let words = &words[start..];
    if let Some((letters, n)) = spelled(words) {
        // "A-N-A, Ana": what follows is how it is written.
        let said = words.get(n).filter(|word| word.plain == letters);
        return Some(said.map_or_else(|| capitalised(&letters), written));
    }
    let first = &words[0];
    if !is_wellformed(first) || is_possessive_of_thing(words) || !allowed(first) {
        return None;
    }
    // "ana a n n a": how it is spelled decides how it is written.
    if let Some((letters, _)) = spelled(&words[1..])
        && letters.chars().next() == first.plain.chars().next()
        && letters != first.plain
    {
        return Some(capitalised(&letters));
    }
    let second = words.get(1).filter(|second| {
        FIRST_PARTS.contains(&first.plain[..]) && SECOND_PARTS.contains(&second.plain[..]) && !second.starts
    });
    Some(second.map_or_else(|| written(first), |second| format!("{} {}", written(first), written(second))))
}

fn is_possessive_of_thing(words: &[Word]) -> bool {
    words[0].written.ends_with("'s")
}

fn is_capital_name(word: &Word) -> bool {
    is_capital(word) && NAMES.contains(&word.plain[..])
}

fn is_capital(word: &Word) -> bool {
    word.written.chars().next().is_some_and(char::is_uppercase)
}

/// A known name in capitals that is a word too: "Will", "Hope".
fn is_sure(word: &Word) -> bool {
    is_capital_name(word)
}

fn is_wellformed(word: &Word) -> bool {
    let length = word.written.chars().count();
    let is_contraction = word.plain.split_once('\'').is_some_and(|(base, _)| {
        base == "i"
            || NO_NAMES.contains(base)
            || matches!(base, "don" | "won" | "doesn" | "didn" | "isn" | "they" | "who")
    });
    (2..=20).contains(&length)
        && !is_contraction
        && word.written.chars().all(|c| c.is_alphabetic() || is_mark(c) || matches!(c, '\'' | '-'))
}

fn is_spelled(words: &[Word]) -> bool {
    spelled(words).is_some()
}

/// Letters said one by one, and how many words they take: "a n a", "A-N-A".
fn spelled(words: &[Word]) -> Option<(String, usize)> {
    let first = words.first()?;
    let parts: Vec<&str> = first.plain.split('-').collect();
    if parts.len() >= 2 && parts.iter().all(|part| part.chars().count() == 1) {
        return Some((parts.concat(), 1));
    }
    let letters: String = words.iter().take_while(|word| is_letter(word)).map(|word| &word.plain[..]).collect();
    let n = letters.chars().count();
    (n >= 2 && !(n == 2 && letters.starts_with('i'))).then_some((letters, n))
}

fn is_letter(word: &Word) -> bool {
    word.plain.chars().count() == 1 && word.plain.chars().all(char::is_alphabetic)
}

/// As it was written, with great letters.
fn written(word: &Word) -> String {
    let is_shouted = word.written.chars().count() > 2 && word.written.chars().all(|c| !c.is_lowercase());
    if is_capital(word) && !is_shouted {
        return word.written.clone();
    }
    capitalised(&word.written.to_lowercase())
}

fn capitalised(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut starts = true;
    for c in text.chars() {
        if starts {
            name.extend(c.to_uppercase());
        } else {
            name.push(c);
        }
        starts = matches!(c, '-' | '\'' | ' ');
    }
    name
}

#[cfg(test)]
mod tests;
