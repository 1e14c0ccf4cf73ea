//! What was read of a text, kept while one call is analysed: many rules read the same words.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use domain::answer::{self, Calculation, Judgement, Key, Language, Number, Said};

use super::exchange::{self, Sentence};
use super::injection;
use super::lead::{self, Lead};
use super::numbers::Value;

/// What [`answer::numbers_and_calculations`] finds in a text.
#[derive(Clone)]
struct Parsed {
    numbers: Rc<[Number]>,
    values: Rc<[Value]>,
    calculations: Rc<[Calculation]>,
}

impl Parsed {
    fn read(text: &str, language: Language) -> Self {
        let (numbers, calculations) = answer::numbers_and_calculations(text, language);
        let values = numbers.iter().map(Value::from).collect();
        Self { numbers: numbers.into(), values, calculations: calculations.into() }
    }
}

/// A map by texts, with a hash that is fast on them. It starts from a random number, so a caller cannot choose texts that
/// collide.
pub(super) type ByText<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The readings of a text.
#[derive(Default)]
struct Known {
    parsed: Option<Parsed>,
    sentences: Option<Rc<[Sentence]>>,
    said: Option<Rc<Said>>,
    is_suspect: Option<bool>,
    lead: Option<Lead>,
}

#[derive(Default)]
struct Memory {
    is_open: bool,
    texts: [ByText<Box<str>, Known>; Language::ALL.len()],
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// Forgets all words of the call when the analysis ends.
struct Forgets;

impl Drop for Forgets {
    fn drop(&mut self) {
        MEMORY.with_borrow_mut(|memory| {
            memory.is_open = false;
            memory.texts.iter_mut().for_each(ByText::clear);
        });
    }
}

/// Runs an analysis of one call with a memory for what it reads.
pub(super) fn remembering<T>(analysis: impl FnOnce() -> T) -> T {
    MEMORY.with_borrow_mut(|memory| memory.is_open = true);
    let _forgets = Forgets;
    analysis()
}

/// What `place` holds of a text, read if it was not read before.
fn known<T: Clone>(
    text: &str,
    language: Language,
    place: fn(&mut Known) -> &mut Option<T>,
    read: impl FnOnce() -> T,
) -> T {
    let found = MEMORY
        .with_borrow_mut(|memory| memory.texts[language as usize].get_mut(text).and_then(|known| place(known).clone()));
    found.unwrap_or_else(|| {
        let read = read();
        MEMORY.with_borrow_mut(|memory| {
            if memory.is_open {
                *place(memory.texts[language as usize].entry(text.into()).or_default()) = Some(read.clone());
            }
        });
        read
    })
}

/// What `part` of the numbers of a text holds.
fn read<T>(text: &str, language: Language, part: fn(Parsed) -> T) -> T {
    // A sentence has the same numbers with and without its mark.
    let text = text.trim_end_matches(['.', '?', '!', ' ']);
    part(known(text, language, |known| &mut known.parsed, || Parsed::read(text, language)))
}

/// [`answer::numbers`].
pub(super) fn numbers(text: &str, language: Language) -> Rc<[Number]> {
    read(text, language, |read| read.numbers)
}

/// All numbers of a text, in order. Percentages count as shares.
pub(super) fn values(text: &str, language: Language) -> Rc<[Value]> {
    read(text, language, |read| read.values)
}

/// [`answer::calculations`].
pub(super) fn calculations(text: &str, language: Language) -> Rc<[Calculation]> {
    read(text, language, |read| read.calculations)
}

/// [`exchange::split`].
pub(super) fn sentences(text: &str) -> Rc<[Sentence]> {
    known(text, Language::English, |known| &mut known.sentences, || exchange::split(text).into())
}

/// What a student said, to be read and judged.
pub(super) fn said(text: &str) -> Rc<Said> {
    known(text, Language::English, |known| &mut known.said, || Rc::new(Said::new(text)))
}

/// [`answer::judge`].
pub(super) fn judge(ask: &str, key: &Key, text: &str, language: Language) -> Judgement {
    answer::judge_said(ask, key, &said(text), language)
}

/// [`injection::is_suspect`].
pub(super) fn is_suspect(text: &str) -> bool {
    known(text, Language::English, |known| &mut known.is_suspect, || injection::is_suspect(text))
}

/// [`lead::lead`].
pub(super) fn lead(reply: &str, language: Language) -> Lead {
    known(reply, language, |known| &mut known.lead, || lead::lead(reply, language))
}
