//! What was read of a text, kept while one call is analysed: many rules read the same words.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

use domain::answer::{self, Calculation, Judgement, Key, Language, Number, Said};

use super::cues::NEW_TASK;
use super::exchange::{self, Sentence, Sentences};
use super::injection;
use super::judge;
use super::lead::{self, Lead};
use super::numbers::Value;

/// What [`answer::numbers_and_calculations`] finds in a text.
struct Parsed {
    numbers: Vec<Number>,
    values: Vec<Value>,
    calculations: Vec<Calculation>,
}

/// A part of what was read of a text.
pub(super) struct Part<T: 'static>(Rc<Known>, fn(&Known) -> &[T]);

impl<T> Deref for Part<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.1(&self.0)
    }
}

impl Parsed {
    fn read(text: &str, language: Language) -> Self {
        let (numbers, calculations) = answer::numbers_and_calculations(text, language);
        let values = numbers.iter().map(Value::from).collect();
        Self { numbers, values, calculations }
    }
}

/// The readings of a text, each made when it is asked for first.
struct Known {
    text: Rc<str>,
    language: Language,
    parsed: OnceCell<Parsed>,
    sentences: OnceCell<Sentences>,
    said: OnceCell<Rc<Said>>,
    is_suspect: OnceCell<bool>,
    opens_task: OnceCell<bool>,
    goes_on: OnceCell<bool>,
    lead: OnceCell<Lead>,
}

impl Known {
    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| Parsed::read(&self.text, self.language))
    }

    fn new(text: &str, language: Language) -> Rc<Self> {
        Rc::new(Self {
            text: text.into(),
            language,
            parsed: OnceCell::new(),
            sentences: OnceCell::new(),
            said: OnceCell::new(),
            is_suspect: OnceCell::new(),
            opens_task: OnceCell::new(),
            goes_on: OnceCell::new(),
            lead: OnceCell::new(),
        })
    }
}

/// A map by texts. Its hash starts from a random number, so a caller cannot choose texts that collide.
type ByText = HashMap<Rc<str>, Rc<Known>, foldhash::fast::RandomState>;

/// So many places where a text lies are remembered. A power of two.
const PLACES: usize = 4096;

struct Memory {
    is_open: bool,
    texts: [ByText; Language::ALL.len()],
    /// By where a text lies: rules ask for the same slice again and again, and to compare it costs less than to hash it.
    places: Vec<Option<Rc<Known>>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { is_open: false, texts: Default::default(), places: vec![None; PLACES] }
    }
}

impl Memory {
    fn known(&mut self, text: &str, language: Language) -> Rc<Known> {
        let place = text.as_ptr() as usize ^ text.len().rotate_left(4) ^ (language as usize) << 9;
        let place = &mut self.places[(place ^ place >> 12) % PLACES];
        if let Some(known) = place
            && known.language == language
            && *known.text == *text
        {
            return Rc::clone(known);
        }
        let of_language = &mut self.texts[language as usize];
        let known = of_language.get(text).map(Rc::clone);
        let known = known.unwrap_or_else(|| {
            let known = Known::new(text, language);
            of_language.insert(Rc::clone(&known.text), Rc::clone(&known));
            known
        });
        *place = Some(Rc::clone(&known));
        known
    }
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
            memory.places.fill(None);
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

fn known(text: &str, language: Language) -> Rc<Known> {
    let known = MEMORY.with_borrow_mut(|memory| memory.is_open.then(|| memory.known(text, language)));
    known.unwrap_or_else(|| Known::new(text, language))
}

fn parsed<T>(text: &str, language: Language, part: fn(&Known) -> &[T]) -> Part<T> {
    // A sentence has the same numbers with and without its mark.
    let ends = |byte: &u8| matches!(byte, b'.' | b'?' | b'!' | b' ');
    let end = text.bytes().rposition(|byte| !ends(&byte)).map_or(0, |last| last + 1);
    Part(known(&text[..end], language), part)
}

/// [`answer::numbers`].
pub(super) fn numbers(text: &str, language: Language) -> Part<Number> {
    parsed(text, language, |known| &known.parsed().numbers)
}

/// All numbers of a text, in order. Percentages count as shares.
pub(super) fn values(text: &str, language: Language) -> Part<Value> {
    parsed(text, language, |known| &known.parsed().values)
}

/// [`answer::calculations`].
pub(super) fn calculations(text: &str, language: Language) -> Part<Calculation> {
    parsed(text, language, |known| &known.parsed().calculations)
}

/// [`exchange::split`].
pub(super) fn sentences(text: &str) -> Part<Sentence> {
    Part(known(text, Language::English), |known| known.sentences.get_or_init(|| exchange::split(&known.text)))
}

/// What a student said, to be read and judged.
pub(super) fn said(text: &str) -> Rc<Said> {
    Rc::clone(known(text, Language::English).said.get_or_init(|| Rc::new(Said::new(text))))
}

/// [`answer::judge`].
pub(super) fn judge(ask: &str, key: &Key, text: &str, language: Language) -> Judgement {
    answer::judge_said(ask, key, &said(text), language)
}

/// [`injection::is_suspect`].
pub(super) fn is_suspect(text: &str) -> bool {
    *known(text, Language::English).is_suspect.get_or_init(|| injection::is_suspect(text))
}

/// Whether the tutor opens something new.
pub(super) fn opens_task(text: &str) -> bool {
    *known(text, Language::English).opens_task.get_or_init(|| NEW_TASK.is_match(text))
}

/// [`judge::goes_on`].
pub(super) fn goes_on(reply: &str) -> bool {
    *known(reply, Language::English).goes_on.get_or_init(|| judge::goes_on(reply))
}

/// [`lead::lead`].
pub(super) fn lead(reply: &str, language: Language) -> Lead {
    *known(reply, language).lead.get_or_init(|| lead::lead(reply, language))
}
