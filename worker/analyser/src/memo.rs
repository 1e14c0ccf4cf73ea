//! What was read of a text, kept while one call is analysed: many rules read the same words.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use domain::answer::{self, Calculation, Judgement, Key, Language, Number, Said};

use super::injection;
use super::lead::{self, Lead};
use super::numbers::Value;

/// The readings of a text.
#[derive(Default)]
struct Known {
    values: Option<Rc<[Value]>>,
    numbers: Option<Rc<[Number]>>,
    calculations: Option<Rc<[Calculation]>>,
    said: Option<Rc<Said>>,
    is_suspect: Option<bool>,
    lead: Option<Lead>,
}

#[derive(Default)]
struct Memory {
    is_open: bool,
    texts: [HashMap<Box<str>, Known>; Language::ALL.len()],
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
            memory.texts.iter_mut().for_each(HashMap::clear);
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

/// [`answer::numbers`].
pub(super) fn numbers(text: &str, language: Language) -> Rc<[Number]> {
    known(text, language, |known| &mut known.numbers, || answer::numbers(text, language).into())
}

/// All numbers of a text, in order. Percentages count as shares.
pub(super) fn values(text: &str, language: Language) -> Rc<[Value]> {
    known(text, language, |known| &mut known.values, || numbers(text, language).iter().map(Value::from).collect())
}

/// [`answer::calculations`].
pub(super) fn calculations(text: &str, language: Language) -> Rc<[Calculation]> {
    known(text, language, |known| &mut known.calculations, || answer::calculations(text, language).into())
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
