//! What a child says of themselves and asks for, as typed slots.
//!
//! **Invariant:** every text is composed from our own lists. No word of the child's survives in it, so nothing that a child
//! says can give orders to whoever reads it later. What fits no slot is not kept.

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
pub use self::request::requests;
use self::schedule::{availability, test, weekly};
use self::things::{CAREERS, Kind, THINGS, TOPICS};
pub use self::when::When;
use crate::folded::{self, WordMap};

/// A call keeps at most this many facts, and as many requests.
pub const MOST: usize = 6;

/// What a fact is about. The names are those of the column `facts.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        match self {
            Self::Interest => "interest",
            Self::Preference => "preference",
            Self::Schedule => "schedule",
            Self::Goal => "goal",
            Self::StudyContext => "study_context",
        }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        match self {
            Self::CallBack => "call_back",
            Self::Practise => "practise",
            Self::Pace => "pace",
            Self::Difficulty => "difficulty",
            Self::OtherTopic => "other_topic",
            Self::Person => "person",
            Self::Style => "style",
            Self::Stop => "stop",
        }
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
    let of_word = phrases.get(*words.get(at)?)?;
    of_word.iter().find(|(phrase, _)| words[at..].starts_with(phrase)).map(|(phrase, i)| (*i, phrase.len()))
}

/// What is named first within `reach` words from `at` on.
fn named_within(phrases: &Phrases, words: &[&str], at: usize, reach: usize) -> Option<(usize, usize)> {
    (at..words.len().min(at + reach)).find_map(|at| named(phrases, words, at).map(|(i, _)| (i, at)))
}

fn sentences(text: &str) -> Vec<Vec<String>> {
    let words = folded::words(text);
    let split = words.split(|word| word == folded::BOUNDARY);
    split
        .map(|sentence| folded::english(sentence).into_iter().flat_map(parts).map(str::to_owned).collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
        .collect()
}

/// German draws the subject and the test together: "Mathearbeit" is `mathe arbeit`.
fn parts(word: &str) -> Vec<&str> {
    let drawn = ["arbeit", "test", "klausur", "prufung", "referat"].iter().find_map(|test| {
        let subject = word.strip_suffix(test)?;
        TOPIC_WORDS.contains_key(subject).then(|| vec![subject, *test])
    });
    drawn.unwrap_or_else(|| vec![word])
}

fn has(words: &[&str], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(word))
}

fn has_phrase(words: &[&str], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|some| some == phrase)
}

fn has_any(words: &[&str], phrases: &[&str]) -> bool {
    // One bit for each first letter, so that most phrases are passed over at a glance.
    let letter = |text: &str| text.bytes().next().map_or(0, |first| 1_u64 << (first & 63));
    let letters = words.iter().fold(0, |all, word| all | letter(word));
    let begins = |at: usize, phrase: &str| {
        let mut rest = words[at..].iter();
        phrase.split(' ').all(|part| rest.next() == Some(&part))
    };
    let is_said = |phrase: &str| (0..words.len()).any(|at| phrase.starts_with(words[at]) && begins(at, phrase));
    phrases.iter().any(|phrase| letters & letter(phrase) != 0 && is_said(phrase))
}

const NEGATIONS: [&str; 12] =
    ["not", "never", "no", "nobody", "none", "nunca", "nadie", "nicht", "kein", "keine", "keinen", "nie"];

/// Returns what a turn tells of the child. `tutor`: what the tutor asked before it.
pub fn facts(said: &str, tutor: &str) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    let mut add = |fact: Option<Fact>| {
        if let Some(fact) = fact
            && found.iter().all(|known| known.text != fact.text)
        {
            found.push(fact);
        }
    };
    let said = sentences(said);
    for sentence in &said {
        let words: Vec<&str> = sentence.iter().map(String::as_str).collect();
        // A number alone tells nothing of a child.
        if words.len() < 3 {
            continue;
        }
        add(test(&words));
        add(availability(&words));
        add(weekly(&words));
        add(goal(&words));
        add(career(&words));
        add(preference(&words));
        add(study_context(&words));
        for fact in interests(&words) {
            add(Some(fact));
        }
    }
    if let Some(words) = short(&said)
        && let Some(sentence) = sentences(tutor).last()
    {
        let asked: Vec<&str> = sentence.iter().map(String::as_str).collect();
        add(answered(&asked, &words));
    }
    found.truncate(MOST);
    found
}

/// The words of an answer that names something or agrees; `None`: it is long, or tells nothing.
fn short(said: &[Vec<String>]) -> Option<Vec<&str>> {
    let words: Vec<&str> = said.iter().flatten().map(String::as_str).collect();
    let names = |word: &&str| THING_WORDS.contains_key(word) || CAREER_WORDS.contains_key(word);
    let agrees = words.first().is_some_and(|word| YES.contains(word));
    (words.len() <= 6 && (agrees || words.iter().any(names))).then_some(words)
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
