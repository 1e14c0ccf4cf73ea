//! What a child says of themselves and asks for, as typed slots.
//!
//! **Invariant:** every text is composed from our own lists. No word of the child's survives in it, so nothing that a child
//! says can give orders to a later reader. What fits no slot is not kept.

mod interest;
mod learning;
mod request;
mod schedule;
mod things;
mod when;

use std::sync::LazyLock;

use self::interest::{answered, interests};
pub use self::learning::named_goal;
use self::learning::{career, goal, preference, study_context};
use self::schedule::{availability, test, weekly};
use self::things::{CAREERS, Kind, THINGS, TOPICS};
pub use crate::analysis::When;
use crate::folded::{self, Folded, WordMap};

/// A call keeps at most this many facts, and as many requests.
pub const MOST: usize = 6;

/// What a fact is about. The names are those of the column `facts.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum FactKind {
    Interest,
    Preference,
    Schedule,
    Goal,
    StudyContext,
}

impl FactKind {
    /// The name in findings and in the database.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// One thing that a child said of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub kind: FactKind,
    /// In the third person, without a subject: "plays the piano".
    pub text: String,
    /// The day that it speaks of, if it speaks of one.
    pub when: Option<When>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum RequestKind {
    CallBack,
    Practise,
    Pace,
    Difficulty,
    OtherTopic,
    Person,
    Style,
    Stop,
}

impl RequestKind {
    /// The name in findings.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// One thing that a child asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub kind: RequestKind,
    /// In the third person, without a subject: "asked for a call back on Thursday".
    pub text: String,
    pub when: Option<When>,
}

/// Phrases by their first word, the longest first, with the position of what they name.
type Phrases = WordMap<Vec<(Vec<&'static str>, usize)>>;

struct Thing {
    kind: Kind,
    /// Of an animal the singular.
    one: &'static str,
    many: &'static str,
}

static THING_LIST: LazyLock<Vec<Thing>> = LazyLock::new(|| {
    let all = THINGS.iter().flat_map(|(kind, things)| things.iter().map(move |(name, _)| (*kind, *name)));
    all.map(|(kind, name)| match name.split_once('/') {
        Some((one, many)) => Thing { kind, one, many },
        None => Thing { kind, one: name, many: name },
    })
    .collect()
});
static THING_WORDS: LazyLock<Phrases> =
    LazyLock::new(|| phrases(THINGS.iter().flat_map(|(_, things)| things.iter().map(|(_, words)| *words))));
static CAREER_WORDS: LazyLock<Phrases> = LazyLock::new(|| phrases(CAREERS.iter().map(|(_, words)| *words)));
static TOPIC_WORDS: LazyLock<Phrases> = LazyLock::new(|| phrases(TOPICS.iter().map(|(_, words)| *words)));

fn phrases(lists: impl Iterator<Item = &'static str>) -> Phrases {
    let mut phrases = Phrases::default();
    for (i, list) in lists.enumerate() {
        for phrase in list.split(',') {
            let words: Vec<&str> = phrase.split_whitespace().collect();
            if let Some(first) = words.first() {
                phrases.entry(first).or_default().push((words, i));
            }
        }
    }
    for of_word in phrases.values_mut() {
        of_word.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    phrases
}

/// What is named at `at`, and how many words it takes.
fn named(phrases: &Phrases, words: &[&str], at: usize) -> Option<(usize, usize)> {
    let of_word = phrases.get(words.get(at)?)?;
    of_word.iter().find(|(phrase, _)| words[at..].starts_with(phrase)).map(|(phrase, i)| (*i, phrase.len()))
}

/// What is named first within `reach` words from `at` on.
fn named_within(phrases: &Phrases, words: &[&str], at: usize, reach: usize) -> Option<(usize, usize)> {
    (at..words.len().min(at + reach)).find_map(|at| named(phrases, words, at).map(|(i, _)| (i, at)))
}

/// Calls `read` with the sentences of a text.
fn with_sentences<T>(text: &str, read: impl FnOnce(&[Vec<&str>]) -> T) -> T {
    let folded = Folded::new(text);
    let words = folded.words();
    let split = words.split(|word| *word == folded::BOUNDARY).filter(|words| !words.is_empty());
    let sentences = split.map(|sentence| {
        let mut words = folded::english(sentence);
        if words.iter().any(|word| DRAWN.iter().any(|test| word.ends_with(test))) {
            words = words.into_iter().flat_map(parts).collect();
        }
        words
    });
    read(&sentences.collect::<Vec<_>>())
}

/// Words for a test that German draws together with the subject.
const DRAWN: [&str; 5] = ["arbeit", "test", "klausur", "prufung", "referat"];

/// German draws the subject and the test together: "Mathearbeit" is `mathe arbeit`.
fn parts(word: &str) -> Vec<&str> {
    let drawn = DRAWN.iter().find_map(|test| {
        let subject = word.strip_suffix(test)?;
        TOPIC_WORDS.contains_key(subject).then(|| vec![subject, *test])
    });
    drawn.unwrap_or_else(|| vec![word])
}

/// The words of a sentence.
///
/// Many lists are looked for in each sentence, and most have none of its words. A bit for each word tells so without
/// comparing them.
#[derive(Clone, Copy)]
struct Words<'a> {
    words: &'a [&'a str],
    bits: Bits,
}

impl<'a> Words<'a> {
    fn new(words: &'a [&'a str]) -> Self {
        let mut bits = [0; PLACES];
        for word in words {
            let (place, bit) = bit(word);
            bits[place] |= bit;
        }
        Self { words, bits }
    }

    fn may_have(&self, list: List) -> bool {
        self.bits.iter().zip(list.bits).any(|(own, other)| own & other != 0)
    }

    /// Whether one of the words is in the list.
    fn has(&self, list: List) -> bool {
        self.may_have(list) && has(self.words, list.phrases)
    }

    /// Whether one of the phrases is said.
    fn has_any(&self, list: List) -> bool {
        self.first_of(list).is_some()
    }

    /// Returns where the first phrase of the list that is said begins.
    fn first_of(&self, list: List) -> Option<usize> {
        self.may_have(list).then(|| list.phrases.iter().find_map(|phrase| self.find(phrase)))?
    }

    /// Where a phrase begins first.
    fn find(&self, phrase: &str) -> Option<usize> {
        let (place, bit) = bit(phrase);
        if self.bits[place] & bit == 0 {
            return None;
        }
        let (first, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
        let follows = |at: usize| {
            let mut said = self.words[at + 1..].iter();
            rest.is_empty() || rest.split(' ').all(|part| said.next() == Some(&part))
        };
        (0..self.words.len()).find(|at| self.words[*at] == first && follows(*at))
    }
}

impl<'a> std::ops::Deref for Words<'a> {
    type Target = [&'a str];

    fn deref(&self) -> &Self::Target {
        self.words
    }
}

const PLACES: usize = 8;
type Bits = [u64; PLACES];

/// The bit of a word, or of a phrase's first word.
#[inline]
const fn bit(words: &str) -> (usize, u64) {
    let words = words.as_bytes();
    let (mut hash, mut at) = (0_u32, 0);
    while at < words.len() && words[at] != b' ' {
        hash = hash.wrapping_mul(31) ^ words[at] as u32;
        at += 1;
    }
    (hash as usize / 64 % PLACES, 1 << (hash % 64))
}

/// Words or phrases of ours, with the bits of their first words.
#[derive(Clone, Copy)]
struct List {
    phrases: &'static [&'static str],
    bits: Bits,
}

impl List {
    const fn new(phrases: &'static [&'static str]) -> Self {
        let (mut bits, mut at) = ([0; PLACES], 0);
        while at < phrases.len() {
            let (place, bit) = bit(phrases[at]);
            bits[place] |= bit;
            at += 1;
        }
        Self { phrases, bits }
    }
}

/// Makes a [`List`] when the program is compiled.
macro_rules! list {
    ($name:ident) => {
        const { $crate::remark::List::new(&$name) }
    };
    ($($phrase:literal),+ $(,)?) => {
        const { $crate::remark::List::new(&[$($phrase),+]) }
    };
}
use list;
use strum::IntoStaticStr;

fn has(words: &[&str], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(word))
}

const NEGATIONS: [&str; 12] =
    ["not", "never", "no", "nobody", "none", "nunca", "nadie", "nicht", "kein", "keine", "keinen", "nie"];

/// What a child says of themselves and asks for in one turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    pub facts: Vec<Fact>,
    pub requests: Vec<Request>,
}

/// Returns what a turn tells of the child, and what it asks for. `tutor`: what the tutor asked before it.
pub fn remarks(said: &str, tutor: &str) -> Remarks {
    with_sentences(said, |said| Remarks { facts: facts_of(said, tutor), requests: request::requests_of(said) })
}

/// Returns what a turn tells of the child. `tutor`: what the tutor asked before it.
pub fn facts(said: &str, tutor: &str) -> Vec<Fact> {
    with_sentences(said, |said| facts_of(said, tutor))
}

/// Returns what a turn asks for beyond the task at hand.
pub fn requests(said: &str) -> Vec<Request> {
    with_sentences(said, request::requests_of)
}

fn facts_of(said: &[Vec<&str>], tutor: &str) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    let mut add = |fact: Option<Fact>| {
        if let Some(fact) = fact
            && found.iter().all(|known| known.text != fact.text)
        {
            found.push(fact);
        }
    };
    // A number alone tells nothing of a child.
    for sentence in said.iter().filter(|sentence| sentence.len() >= 3) {
        let words = Words::new(sentence);
        add(test(words));
        add(availability(words));
        add(weekly(words));
        add(goal(words));
        add(career(words));
        add(preference(words));
        add(study_context(words));
        for fact in interests(words) {
            add(Some(fact));
        }
    }
    if let Some(words) = short(said) {
        add(with_sentences(tutor, |asked| answered(Words::new(asked.last()?), Words::new(&words))));
    }
    found.truncate(MOST);
    found
}

/// The words of an answer that names something or agrees; `None`: it is long, or tells nothing.
fn short<'a>(said: &[Vec<&'a str>]) -> Option<Vec<&'a str>> {
    if said.iter().map(Vec::len).sum::<usize>() > 6 {
        return None;
    }
    let words: Vec<&str> = said.iter().flatten().copied().collect();
    let names = |word: &&str| THING_WORDS.contains_key(word) || CAREER_WORDS.contains_key(word);
    let agrees = words.first().is_some_and(|word| YES.contains(word));
    (agrees || words.iter().any(names)).then_some(words)
}

const YES: [&str; 8] = ["yes", "yeah", "yep", "yup", "si", "ja", "mhm", "right"];

fn interest(text: String) -> Fact {
    Fact { kind: FactKind::Interest, text, when: None }
}

fn article(noun: &str) -> String {
    let an = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if an { "an" } else { "a" })
}

#[cfg(test)]
mod tests;
