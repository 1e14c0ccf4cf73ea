//! A text of a call with what the rules read of it. Each part is read when a rule asks for it first, and kept.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, Range};
use std::rc::Rc;

use domain::answer::{self, Calculation, Expecting, Judgement, Key, Language, Number, Reading, Said};
use smallvec::SmallVec;

use super::arithmetic::{self, Claim};
use super::cues::{CHECK_IN, NEW_TASK, PROBE};
use super::injection;
use super::lead::{self, Lead};
use super::numbers::Value;
use super::text::{Clause, split, words};

/// A text in a language. To clone it costs little.
#[derive(Clone)]
pub(super) struct Passage(Rc<Known>);

/// What is known of a text.
struct Known {
    text: Rc<str>,
    language: Language,
    words: OnceCell<Vec<(u32, u32)>>,
    sentences: OnceCell<SmallVec<[Sentence; 2]>>,
    parsed: OnceCell<Parsed>,
    claims: OnceCell<Vec<Claim>>,
    said: OnceCell<Said>,
    is_suspect: OnceCell<bool>,
    opens_task: OnceCell<bool>,
    goes_on: OnceCell<bool>,
    lead: OnceCell<Lead>,
}

struct Sentence {
    /// `None`: it is the whole passage.
    own: Option<Passage>,
    asks: bool,
}

/// What [`answer::numbers_and_calculations`] finds in a text.
struct Parsed {
    numbers: Vec<Number>,
    values: Vec<Value>,
    calculations: Vec<Calculation>,
}

/// The passages of a call by their texts. The hash starts from a random number, so a caller cannot choose texts that collide.
type ByText = HashMap<Rc<str>, Passage, foldhash::fast::RandomState>;

thread_local! {
    /// One for each language while a call is analysed: much is said more than once.
    static MEMORY: RefCell<Option<[ByText; Language::ALL.len()]>> = const { RefCell::new(None) };
}

/// Runs an analysis of one call with a memory for what it reads.
pub(super) fn remembering<T>(analysis: impl FnOnce() -> T) -> T {
    /// Forgets all words of the call when the analysis ends.
    struct Forgets;
    impl Drop for Forgets {
        fn drop(&mut self) {
            MEMORY.take();
        }
    }
    MEMORY.set(Some(Default::default()));
    let _forgets = Forgets;
    analysis()
}

impl Passage {
    pub(super) fn new(text: &str, language: Language) -> Self {
        let known = |memory: &ByText| memory.get(text).cloned();
        if let Some(known) = MEMORY.with_borrow(|memory| known(&memory.as_ref()?[language as usize])) {
            return known;
        }
        let new = Self(Rc::new(Known {
            text: text.into(),
            language,
            words: OnceCell::new(),
            sentences: OnceCell::new(),
            parsed: OnceCell::new(),
            claims: OnceCell::new(),
            said: OnceCell::new(),
            is_suspect: OnceCell::new(),
            opens_task: OnceCell::new(),
            goes_on: OnceCell::new(),
            lead: OnceCell::new(),
        }));
        MEMORY.with_borrow_mut(|memory| {
            memory.as_mut().map(|memory| memory[language as usize].insert(Rc::clone(&new.0.text), new.clone()))
        });
        new
    }

    pub(super) fn language(&self) -> Language {
        self.0.language
    }

    /// The same text, read in another language.
    pub(super) fn in_language(&self, language: Language) -> Self {
        if language == self.0.language { self.clone() } else { Self::new(self, language) }
    }

    /// A part of the text.
    pub(super) fn part(&self, text: &str) -> Self {
        Self::new(text, self.0.language)
    }

    /// The runs of letters, digits and apostrophes.
    pub(super) fn words(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator + Clone {
        let text = &*self.0.text;
        let place = |word: &str| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            (start as u32, (start + word.len()) as u32)
        };
        let words = self.0.words.get_or_init(|| {
            let mut places = Vec::with_capacity(text.len() / 4 + 1);
            places.extend(words(text).map(place));
            places
        });
        words.iter().map(move |(start, end)| &text[*start as usize..*end as usize])
    }

    pub(super) fn has_word(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        self.words().any(is_meant)
    }

    /// The sentences, and whether each is a question.
    pub(super) fn sentences(&self) -> impl ExactSizeIterator<Item = (&Self, bool)> + DoubleEndedIterator + Clone {
        let sentences = self.0.sentences.get_or_init(|| {
            let own = |span: Range<usize>| (span.len() < self.len()).then(|| self.part(&self[span]));
            split(self).into_iter().map(|(span, asks)| Sentence { own: own(span), asks }).collect()
        });
        sentences.iter().map(move |sentence| (sentence.own.as_ref().unwrap_or(self), sentence.asks))
    }

    /// Whether one of the sentences is a question.
    pub(super) fn asks(&self) -> bool {
        self.sentences().any(|(_, asks)| asks)
    }

    /// The last question, or the last sentence if nothing is asked, and whether it is a question.
    pub(super) fn asked(&self) -> Option<(&Self, bool)> {
        let sentences = self.sentences();
        sentences.clone().rev().find(|(_, asks)| *asks).or(sentences.last())
    }

    /// The parts of its sentences that can be judged on their own.
    pub(super) fn clauses(&self) -> SmallVec<[Clause<'_>; 8]> {
        let mut clauses = SmallVec::new();
        for (number, (sentence, asks)) in self.sentences().enumerate() {
            for part in sentence.split([',', ';', ':']) {
                let text = part.trim_matches(|c: char| !c.is_alphanumeric() && c != '"').trim();
                if !text.is_empty() {
                    clauses.push(Clause { text, sentence: number, asks });
                }
            }
        }
        clauses
    }

    fn parsed(&self) -> &Parsed {
        // A sentence has the same numbers with and without its mark.
        let text = self.trim_end_matches(['.', '?', '!', ' ']);
        let mut sentences = self.sentences();
        if let (Some((only, _)), None) = (sentences.next(), sentences.next())
            && only.len() < self.len()
            && **only == *text
        {
            return only.parsed();
        }
        self.0.parsed.get_or_init(|| {
            let (numbers, calculations) = answer::numbers_and_calculations(text, self.0.language);
            let values = numbers.iter().map(Value::from).collect();
            Parsed { numbers, values, calculations }
        })
    }

    /// [`answer::numbers`].
    pub(super) fn numbers(&self) -> &[Number] {
        &self.parsed().numbers
    }

    /// All numbers, in order. Percentages count as shares.
    pub(super) fn values(&self) -> &[Value] {
        &self.parsed().values
    }

    /// [`answer::calculations`].
    pub(super) fn calculations(&self) -> &[Calculation] {
        &self.parsed().calculations
    }

    /// All calculations with a result.
    pub(super) fn claims(&self) -> &[Claim] {
        self.0.claims.get_or_init(|| {
            // A claim has a result, and a calculation or two numbers.
            let may_claim = self.numbers().len() >= 2 || !self.calculations().is_empty();
            if may_claim { arithmetic::claims(self.read(Expecting::Anything)) } else { Vec::new() }
        })
    }

    /// To be read and judged as what a student said.
    pub(super) fn said(&self) -> &Said {
        self.0.said.get_or_init(|| Said::new(self))
    }

    /// What it commits to, and what else it says.
    pub(super) fn read(&self, expecting: Expecting) -> &Reading {
        self.said().read(self.0.language, expecting)
    }

    /// [`answer::judge`].
    pub(super) fn judge(&self, ask: &str, key: &Key) -> Judgement {
        answer::judge_said(ask, key, self.said(), self.0.language)
    }

    /// Whether the tutor opens something new.
    pub(super) fn opens_task(&self) -> bool {
        *self.0.opens_task.get_or_init(|| NEW_TASK.is_match(self))
    }

    /// Whether the tutor asks on about the same task.
    pub(super) fn goes_on(&self) -> bool {
        let asks_on = |text: &Self| !PROBE.is_match(text) && !CHECK_IN.is_match(text);
        *self.0.goes_on.get_or_init(|| !self.opens_task() && self.sentences().any(|(text, asks)| asks && asks_on(text)))
    }

    /// [`lead::lead`].
    pub(super) fn lead(&self) -> Lead {
        *self.0.lead.get_or_init(|| lead::lead(&self.clauses(), self.language()))
    }
}

/// [`injection::is_suspect`].
pub(super) fn is_suspect(text: &str) -> bool {
    let passage = Passage::new(text, Language::English);
    *passage.0.is_suspect.get_or_init(|| injection::is_suspect(text))
}

impl Deref for Passage {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(text: &str) -> Passage {
        Passage::new(text, Language::English)
    }

    #[test]
    fn a_passage_knows_its_words_sentences_and_numbers() {
        let text = passage("well done. what is 7 x 8?");
        assert_eq!(text.words().collect::<Vec<_>>(), ["well", "done", "what", "is", "7", "x", "8"]);
        assert_eq!(text.asked().map(|(asked, asks)| (&**asked, asks)), Some(("what is 7 x 8", true)));
        assert!(text.asks() && !text.part("well done.").asks());
        assert_eq!(text.numbers()[0].span, 19..20);
        assert_eq!(text.calculations().len(), 1);
    }

    #[test]
    fn a_sentence_with_its_mark_is_read_once() {
        let text = passage("what is 7 x 8?");
        let (sentence, _) = text.sentences().next().unwrap();
        assert!(std::ptr::eq(text.values(), sentence.values()));
        assert_eq!(text.values().len(), 2);
    }

    #[test]
    fn what_is_said_again_is_known_until_the_analysis_ends() {
        let is_same = |one: &Passage, two: &Passage| Rc::ptr_eq(&one.0, &two.0);
        let before = remembering(|| {
            let one = passage("seven");
            assert!(is_same(&one, &passage("seven")));
            assert!(!is_same(&one, &one.in_language(Language::German)));
            one
        });
        assert!(!is_same(&before, &passage("seven")));
    }
}
