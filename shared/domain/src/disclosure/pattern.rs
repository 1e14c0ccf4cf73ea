//! Patterns over words: who does what, and to which person. They are written as text, compiled once, and matched on
//! word numbers.
//!
//! A pattern is a sequence of elements with spaces between them:
//!
//! | element | matches |
//! |---|---|
//! | `hit\|hits` | one of these words |
//! | `@HIT`, `@HIT\|bites` | a word of the class, or one more |
//! | `@HIT?` | the same, or nothing |
//! | `@ADV*4` | up to four words of the class |
//! | `*4` | up to four words of any kind, but no negation and no end of a sentence |
//! | `~4` | the same, with negations |
//! | `!@PLAY` | nothing; the next word must not be of the class |
//! | `<!@SELF` | nothing; the word before must not be of the class |
//! | `#` | a number in digits |
//! | `^`, `$` | the beginning or the end of a sentence |

use std::collections::BTreeMap;

use super::Category;
use crate::folded::{BOUNDARY, WordMap};

/// Number of a word; 0 is a word that no pattern has.
pub(super) type WordNo = u16;

/// Number of a set of words. Small, since there are many patterns.
type SetNo = u16;

/// What a language knows: classes of words, excuses, and the patterns of each category.
pub(super) struct Source {
    /// Name and words.
    pub(super) classes: &'static [(&'static str, &'static str)],
    /// Name and patterns of what makes a saying harmless: a game, a story, an idiom.
    pub(super) excuses: &'static [(&'static str, &'static [&'static str])],
    pub(super) rules: &'static [&'static [Rule]],
    /// Words that say nearly nothing, so no pattern is looked up by them.
    pub(super) frequent: &'static str,
}

/// Patterns of one category that the same excuses undo.
pub(super) struct Rule {
    pub(super) category: Category,
    /// Names of excuses.
    pub(super) unless: &'static str,
    pub(super) patterns: &'static [&'static str],
}

/// How far from a match an excuse counts, in words.
const REACH: usize = 12;

#[derive(Debug)]
enum Element {
    One(SetNo),
    Optional(SetNo),
    Repeat(SetNo, u8),
    Gap(u8),
    /// A gap that may hold a negation.
    WideGap(u8),
    NotNext(SetNo),
    NotBefore(SetNo),
    Start,
    End,
}

struct Compiled {
    category: Category,
    /// One bit per excuse.
    unless: u32,
    elements: Box<[Element]>,
}

impl Compiled {
    /// The sets that each must have a word in a saying.
    fn needs(&self) -> impl Iterator<Item = SetNo> {
        self.elements.iter().filter_map(|element| match element {
            Element::One(set) => Some(*set),
            _ => None,
        })
    }
}

/// The compiled patterns of a language.
pub(super) struct Patterns {
    words: WordMap<WordNo>,
    /// Bit sets over word numbers.
    sets: Vec<Vec<u64>>,
    negation: SetNo,
    /// "but".
    contrast: SetNo,
    rules: Vec<Compiled>,
    /// The rules to try if a word occurs.
    by_word: Vec<Box<[u16]>>,
    excuses: Vec<Vec<Box<[Element]>>>,
}

/// Where a pattern matched: words `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) category: Category,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A "but" or the end of a sentence is before it.
    pub(super) is_apart: bool,
}

struct Compiler {
    classes: BTreeMap<&'static str, Vec<&'static str>>,
    words: WordMap<WordNo>,
    members: Vec<Vec<WordNo>>,
    known: BTreeMap<String, SetNo>,
}

impl Compiler {
    fn number(&mut self, word: &'static str) -> WordNo {
        let next = self.words.len() as WordNo + 1;
        *self.words.entry(word).or_insert(next)
    }

    fn set(&mut self, written: &'static str) -> SetNo {
        if let Some(known) = self.known.get(written) {
            return *known;
        }
        let mut words: Vec<&'static str> = Vec::new();
        for part in written.split('|') {
            match part.strip_prefix('@') {
                Some(class) => match self.classes.get(class) {
                    Some(of_class) => words.extend(of_class),
                    None => panic!("there is no class {class}"),
                },
                None => words.push(part),
            }
        }
        let numbers = words.into_iter().map(|word| self.number(word)).collect();
        self.members.push(numbers);
        let set = (self.members.len() - 1) as SetNo;
        self.known.insert(written.to_owned(), set);
        set
    }

    fn elements(&mut self, pattern: &'static str) -> Box<[Element]> {
        let element = |written: &'static str| match written {
            "^" => Element::Start,
            "$" => Element::End,
            _ => {
                if let Some(not) = written.strip_prefix("<!") {
                    return Element::NotBefore(self.set(not));
                }
                if let Some(not) = written.strip_prefix('!') {
                    return Element::NotNext(self.set(not));
                }
                if let Some(n) = written.strip_prefix('~') {
                    return Element::WideGap(n.parse().unwrap_or(0));
                }
                if let Some(optional) = written.strip_suffix('?') {
                    return Element::Optional(self.set(optional));
                }
                match written.split_once('*') {
                    Some(("", n)) => Element::Gap(n.parse().unwrap_or(0)),
                    Some((class, n)) => Element::Repeat(self.set(class), n.parse().unwrap_or(0)),
                    None => Element::One(self.set(written)),
                }
            }
        };
        pattern.split_whitespace().map(element).collect()
    }
}

impl Patterns {
    /// Compiles a language. Panics if a pattern names a class that does not exist; a test compiles them all.
    pub(super) fn compile(source: &Source) -> Self {
        let classes = source.classes.iter().map(|(name, words)| (*name, words.split_whitespace().collect())).collect();
        let mut compiler = Compiler { classes, words: WordMap::default(), members: Vec::new(), known: BTreeMap::new() };
        let negation = compiler.set("@NOT");
        let contrast = compiler.set("but|although|pero|aunque|aber|obwohl");
        let excuses: Vec<Vec<Box<[Element]>>> = source
            .excuses
            .iter()
            .map(|(_, patterns)| patterns.iter().map(|pattern| compiler.elements(pattern)).collect())
            .collect();
        let mut rules = Vec::new();
        for rule in source.rules.iter().copied().flatten() {
            let mut unless = 0;
            for name in rule.unless.split_whitespace() {
                let at = source.excuses.iter().position(|(known, _)| *known == name);
                unless |= 1 << at.unwrap_or_else(|| panic!("there is no excuse {name}"));
            }
            for pattern in rule.patterns {
                let elements = compiler.elements(pattern);
                rules.push(Compiled { category: rule.category, unless, elements });
            }
        }
        let frequent: Vec<WordNo> = source.frequent.split_whitespace().map(|word| compiler.number(word)).collect();
        let n_words = compiler.words.len() + 1;
        let mut by_word = vec![Vec::new(); n_words];
        for (i, rule) in rules.iter().enumerate() {
            let cost = |word: &WordNo| if frequent.contains(word) { 100 } else { 1 };
            let members = |set: SetNo| &compiler.members[usize::from(set)];
            let Some(rarest) = rule.needs().min_by_key(|set| members(*set).iter().map(cost).sum::<usize>()) else {
                panic!("a pattern needs a word");
            };
            for word in members(rarest) {
                by_word[usize::from(*word)].push(i as u16);
            }
        }
        let sets = compiler.members.iter().map(|members| {
            let mut bits = vec![0_u64; n_words.div_ceil(64)];
            for word in members {
                bits[usize::from(*word) / 64] |= 1 << (word % 64);
            }
            bits
        });
        Self {
            sets: sets.collect(),
            negation,
            contrast,
            rules,
            by_word: by_word.into_iter().map(Vec::into_boxed_slice).collect(),
            excuses,
            words: compiler.words,
        }
    }

    /// Returns the number of a word; that of [`BOUNDARY`] is `WordNo::MAX`.
    pub(super) fn number(&self, word: &str) -> WordNo {
        match self.words.get(word) {
            Some(known) => *known,
            None if word == BOUNDARY => WordNo::MAX,
            None if word.bytes().all(|b| b.is_ascii_digit()) => self.words.get("#").copied().unwrap_or(0),
            None => 0,
        }
    }

    /// Whether a rule may match these words and others.
    pub(super) fn may_match(&self, words: &[WordNo]) -> bool {
        words.iter().any(|word| self.by_word.get(usize::from(*word)).is_some_and(|rules| !rules.is_empty()))
    }

    /// All that matches, at most one match per category, in the order of the rules.
    pub(super) fn matches(&self, words: &[WordNo]) -> Vec<Match> {
        let mut candidates: Vec<u16> =
            words.iter().filter_map(|word| self.by_word.get(usize::from(*word))).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let mut found: Vec<Match> = Vec::new();
        for i in candidates {
            let rule = &self.rules[usize::from(i)];
            let is_known = found.iter().any(|known| known.category == rule.category);
            let is_said = |set: SetNo| words.iter().any(|word| self.has(set, *word));
            if is_known || !rule.needs().all(is_said) {
                continue;
            }
            let places = (0..words.len()).filter_map(|start| {
                let end = self.follow(&rule.elements, words, start)?;
                let is_apart = words[..start].iter().any(|word| self.breaks(*word));
                Some(Match { category: rule.category, start, end, is_apart })
            });
            found.extend(places.into_iter().find(|place| !self.is_excused(rule.unless, words, *place)));
        }
        found
    }

    fn is_excused(&self, unless: u32, words: &[WordNo], place: Match) -> bool {
        // "I love football, but he hits me": what is before a "but" excuses nothing behind it.
        let before = &words[place.start.saturating_sub(REACH)..place.start];
        let from = place.start - before.iter().rev().take_while(|word| !self.breaks(**word)).count();
        let after = &words[place.end..(place.end + REACH).min(words.len())];
        let to = place.end + after.iter().take_while(|word| !self.has(self.contrast, **word)).count();
        let near = &words[from..to];
        let applies = |pattern: &[Element]| (0..near.len()).any(|start| self.follow(pattern, near, start).is_some());
        self.excuses
            .iter()
            .enumerate()
            .any(|(i, patterns)| unless & (1 << i) != 0 && patterns.iter().any(|pattern| applies(pattern)))
    }

    fn breaks(&self, word: WordNo) -> bool {
        word == WordNo::MAX || self.has(self.contrast, word)
    }

    fn has(&self, set: SetNo, word: WordNo) -> bool {
        let bits = &self.sets[usize::from(set)];
        bits.get(usize::from(word) / 64).is_some_and(|bits| bits & (1 << (word % 64)) != 0)
    }

    /// The end of the shortest match of the elements from `at` on.
    fn follow(&self, elements: &[Element], words: &[WordNo], at: usize) -> Option<usize> {
        let Some((first, rest)) = elements.split_first() else {
            return Some(at);
        };
        let here = words.get(at).copied();
        let is_end = |word: Option<WordNo>| word.is_none_or(|word| word == WordNo::MAX);
        match first {
            Element::One(set) => {
                here.filter(|word| self.has(*set, *word)).and_then(|_| self.follow(rest, words, at + 1))
            }
            Element::Optional(set) => here
                .filter(|word| self.has(*set, *word))
                .and_then(|_| self.follow(rest, words, at + 1))
                .or_else(|| self.follow(rest, words, at)),
            Element::Repeat(set, n) => {
                let run = words[at.min(words.len())..]
                    .iter()
                    .take(usize::from(*n))
                    .take_while(|word| self.has(*set, **word))
                    .count();
                (0..=run).find_map(|skip| self.follow(rest, words, at + skip))
            }
            Element::Gap(n) | Element::WideGap(n) => {
                let is_wide = matches!(first, Element::WideGap(_));
                let any = |word: &&WordNo| **word != WordNo::MAX && (is_wide || !self.has(self.negation, **word));
                let run = words[at.min(words.len())..].iter().take(usize::from(*n)).take_while(any).count();
                (0..=run).find_map(|skip| self.follow(rest, words, at + skip))
            }
            Element::NotNext(set) => {
                let is_free = here.is_none_or(|word| !self.has(*set, word));
                if is_free { self.follow(rest, words, at) } else { None }
            }
            Element::NotBefore(set) => {
                let before = at.checked_sub(1).map(|before| words[before]);
                if before.is_none_or(|word| !self.has(*set, word)) { self.follow(rest, words, at) } else { None }
            }
            Element::Start => {
                let before = at.checked_sub(1).map(|before| words[before]);
                if is_end(before) { self.follow(rest, words, at) } else { None }
            }
            Element::End => {
                if is_end(here) {
                    self.follow(rest, words, at)
                } else {
                    None
                }
            }
        }
    }
}
