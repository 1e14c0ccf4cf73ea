//! What a tutor asks: whether a task was set, which answer it wants, and the answer where it is certain.
//!
//! **Invariant:** an expected answer is given only if every word of the task that matters was read. A wrong expected
//! answer is far worse than none.

mod expression;
mod form;
mod found;
mod item;
mod talk;
mod words;

use std::collections::HashSet;

pub use self::form::Form;
use self::found::{Before, Found, Frame, geometry::Shape};
use self::item::{End, Item, Sentence};
use self::talk::Question;
use self::words::Cue;
use crate::answer::{Exact, Judgement, Key, Language, judge};

/// The kind of answer that a task wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A number of any form, also one with a unit.
    Number,
    Fraction,
    Money,
    /// A time of day.
    Time,
    /// A length, a mass, a duration: a number with a unit.
    Measure,
    Word,
    /// A word letter by letter.
    Spelled,
    YesNo,
    /// One of the things that the task names.
    Choice(Vec<String>),
    /// Several values.
    List {
        is_ordered: bool,
    },
    Expression,
    /// An equation or inequality, or the value of its variable.
    Equation,
    Explanation,
    Free,
}

/// How a task hangs together with the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Another task.
    New,
    /// The same task again: the tutor repeats it, gives a hint or asks for another try. [`Task::expected`] is that of the
    /// open task.
    Again,
    /// A step on the way to the open task's answer. [`Task::expected`] is the step's own, [`Task::form`] is the open
    /// task's, and [`Task::goal`] the open task's answer.
    Step,
}

/// One task that a tutor set.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub wanted: Wanted,
    /// The right answer as the key of a curriculum's question; `None` if it is not certain.
    pub expected: Option<String>,
    /// Other right answers.
    pub also: Vec<String>,
    /// The answer of the open task to which this is a step or hint. An answer equal to it is right too; another one says
    /// nothing.
    pub goal: Option<String>,
    pub form: Form,
    pub relation: Relation,
    /// Whether the tutor's words name the expected answer: "Six eights are forty-eight. So what is six times eight?"
    pub is_told: bool,
    /// Whether the task leaves out what the one before said: "And sister?", "And in a gas?"
    pub is_elliptic: bool,
    frame: Frame,
}

impl Task {
    fn new(found: Found, relation: Relation) -> Self {
        Self {
            wanted: found.wanted,
            expected: found.expected,
            also: found.also,
            goal: None,
            form: found.form,
            relation,
            is_told: false,
            is_elliptic: false,
            frame: found.frame,
        }
    }

    /// Returns the key to judge an answer by; `None` if the right answer is not certain.
    pub fn key(&self) -> Option<Key> {
        let answer = self.expected.clone()?;
        Some(Key { answer, alternatives: self.also.clone(), ..Key::default() })
    }

    /// Returns the key of the open task to which this is a step or hint.
    pub fn goal_key(&self) -> Option<Key> {
        self.goal.as_deref().map(Key::from)
    }
}

/// The call so far, as far as the next task may build on it. One for each call.
#[derive(Clone, Debug)]
pub struct Context {
    language: Language,
    /// The last task that is no step of another.
    root: Option<Task>,
    /// The root was not answered rightly so far.
    is_open: bool,
    /// A step of the root was right, and the root's answer is not known.
    may_be_done: bool,
    last: Option<Task>,
    shape: Option<Shape>,
    has_decimals: bool,
    /// Words of the texts that were told or read aloud.
    text: HashSet<String>,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            language: Language::English,
            root: None,
            is_open: false,
            may_be_done: false,
            last: None,
            shape: None,
            has_decimals: false,
            text: HashSet::new(),
        }
    }
}

/// A sentence with fewer words tells no story.
const TEXT_WORDS: usize = 4;
/// Shorter words say little about what a text is about.
const LONG_WORD: usize = 4;

impl Context {
    /// Returns the context at the start of a call.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers what the tutor said: its language, and the words of a text that was told. Call it after [`read`].
    pub fn hear(&mut self, utterance: &str) {
        let text = item::plain(utterance);
        self.language = talk::language(&text, self.language);
        let told = text
            .split(['.', '!', '\n'])
            .filter(|sentence| !sentence.contains('?') && sentence.split_whitespace().count() >= TEXT_WORDS);
        let told: Vec<&str> = told.collect();
        if told.len() >= 3 && !self.is_open {
            self.text.extend(told.into_iter().flat_map(long_words).map(str::to_owned));
        }
    }

    /// Remembers an exchange: the task that [`read`] returned, what the student said, and whether that was right;
    /// `None` if nothing was decided.
    pub fn note(&mut self, task: Option<Task>, said: &str, is_right: Option<bool>) {
        let Some(task) = task else {
            let plain = item::plain(said);
            if self.last.is_none() && plain.split_whitespace().count() >= 6 || !self.text.is_empty() {
                self.text.extend(long_words(&plain).map(str::to_owned));
            }
            return;
        };
        if let Frame::Shape(shape) = &task.frame {
            self.shape = Some(shape.clone());
        }
        self.has_decimals |= matches!(task.form, Form::DecimalAdd | Form::DecimalMultiply);
        match task.relation {
            Relation::New => {
                self.is_open = is_right != Some(true);
                self.may_be_done = false;
                self.root = Some(task.clone());
            }
            Relation::Again => self.is_open &= is_right != Some(true),
            Relation::Step => match task.goal_key() {
                Some(goal) => match judge("", &goal, said, self.language) {
                    Judgement::Right => self.is_open = false,
                    Judgement::Wrong => {}
                    Judgement::WrongForm | Judgement::Undecided => self.is_open &= is_right != Some(true),
                },
                None => self.may_be_done |= is_right == Some(true),
            },
        }
        self.last = Some(task);
    }

    fn before(&self) -> Before<'_> {
        const NONE: &Frame = &Frame::None;
        Before {
            form: self.last.as_ref().map(|task| task.form).filter(|form| *form != Form::Other),
            frame: self.last.as_ref().map_or(NONE, |task| &task.frame),
            shape: self.shape.as_ref(),
            has_decimals: self.has_decimals,
        }
    }
}

fn long_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| word.chars().count() >= LONG_WORD && !COMMON.contains(word))
}

/// Long words that any text and any question has.
const COMMON: [&str; 36] = [
    "what", "when", "where", "which", "does", "that", "this", "with", "from", "they", "them", "then", "there", "their",
    "have", "were", "your", "about", "would", "could", "because", "into", "some", "more", "most", "like", "think",
    "tell", "said", "very", "just", "many", "word", "mean", "called", "it's",
];

/// Reads what a tutor said before the student's next words; `None` if that sets no task.
pub fn read(utterance: &str, context: &Context) -> Option<Task> {
    let text = item::plain(utterance);
    let language = talk::language(&text, context.language);
    let sentences = item::sentences(&text, language);
    let sentences = without_echo(&sentences, context.last.is_some());
    let last = sentences.last()?;
    let before = context.before();
    let open = context.root.as_ref().filter(|_| context.is_open);
    let moves_on = sentences.iter().any(|sentence| sentence.has(Cue::Another) || sentence.has_word("skipped"));
    let found = (0..sentences.len()).rev().find_map(|at| {
        // A statement with more numbers after it only prepares something.
        let prepares = sentences[at].end == End::Stop && sentences[at + 1..].iter().any(Sentence::has_number);
        if prepares { None } else { Some((at, find(&sentences[at], &sentences[..=at], before)?)) }
    });
    if let Some((at, mut found)) = found {
        // A question after the task asks for something on the way.
        let later = sentences[at + 1..]
            .iter()
            .any(|sentence| sentence.end == End::Question && talk::question(sentence) == Question::Task);
        if later {
            found.expected = None;
            found.also.clear();
        }
        let is_told = told(&found, sentences, at);
        let mut task = match open {
            Some(open) if !later && found.expected.is_some() && found.expected == open.expected => {
                found.form = open.form;
                Task::new(found, Relation::Again)
            }
            Some(open) if !moves_on && is_step(&found, open, context.may_be_done) => {
                let mut step = Task::new(found, Relation::Step);
                step.form = open.form;
                step.goal.clone_from(&open.expected);
                // The step's own frame would mislead the next elliptic question.
                step.frame = open.frame.clone();
                step
            }
            _ => Task::new(found, Relation::New),
        };
        task.is_told = is_told;
        return Some(task);
    }
    let asks = last.end == End::Question || last.end == End::Dots;
    let question = sentences.iter().rev().find(|sentence| sentence.end == End::Question || sentence.end == End::Dots);
    match (question, open.filter(|_| question.is_none() || !context.may_be_done)) {
        (Some(question), Some(open)) => match talk::question(question) {
            Question::Talk => (!asks).then(|| again(open)),
            Question::Check | Question::Way => Some(step(open, Wanted::Free)),
            Question::Task => Some(step(open, wanted(question))),
        },
        (Some(question), None) => unknown(question, sentences, context),
        (None, Some(open)) => Some(again(open)),
        (None, None) => instruction(last, context),
    }
}

fn again(open: &Task) -> Task {
    Task { relation: Relation::Again, goal: open.expected.clone(), is_told: false, is_elliptic: false, ..open.clone() }
}

fn step(open: &Task, wanted: Wanted) -> Task {
    Task {
        wanted,
        expected: None,
        also: Vec::new(),
        goal: open.expected.clone(),
        relation: Relation::Step,
        is_told: false,
        is_elliptic: true,
        ..open.clone()
    }
}

fn wanted(question: &Sentence) -> Wanted {
    if talk::is_yes_no(question) { Wanted::YesNo } else { Wanted::Free }
}

/// A question that is no known exercise, where no task is open.
fn unknown(question: &Sentence, sentences: &[Sentence], context: &Context) -> Option<Task> {
    if talk::question(question) != Question::Task {
        return None;
    }
    let other = Found::form(Form::Other, wanted(question));
    let mut task = Task::new(other, Relation::New);
    let items = found::core(&question.items);
    let starts_on = matches!(question.items.first(), Some(Item::Cue(Cue::And)));
    task.is_elliptic = (starts_on || items.len() <= 2 && !items.is_empty()) && question.end == End::Question;
    let statements: Vec<&Sentence> = sentences
        .iter()
        .filter(|s| s.end == End::Stop && s.items.len() >= TEXT_WORDS && !s.has(Cue::You) && !s.has_number())
        .collect();
    let shares = || {
        long_words(question.text)
            .any(|word| context.text.contains(word) || statements.iter().any(|s| s.text.contains(word)))
    };
    let has_text = !context.text.is_empty() || !statements.is_empty();
    if has_text {
        if let Some(form) = found::language::about_text(question) {
            task.form = form;
            return Some(task);
        }
        let asks = question.has_any(&[Cue::Where, Cue::Who, Cue::Why, Cue::What, Cue::WhatIs, Cue::Which, Cue::When]);
        if asks && shares() {
            task.form = Form::TextDetail;
            return Some(task);
        }
    }
    if task.is_elliptic
        && let Some(last) = &context.last
        && !question.has_number()
        && !(matches!(last.form, Form::Perimeter | Form::Area) && question.has(Cue::HowMuch))
    {
        task.form = last.form;
        task.frame = last.frame.clone();
    }
    Some(task)
}

/// A sentence without a mark that still sets a task: "Name a river in Africa."
fn instruction(last: &Sentence, context: &Context) -> Option<Task> {
    const TELL: [&str; 14] = [
        "name",
        "tell",
        "give",
        "list",
        "spell",
        "say",
        "translate",
        "describe",
        "explain",
        "put",
        "find",
        "nenne",
        "nombra",
        "write",
    ];
    let first = last
        .text
        .split_whitespace()
        .find(|word| !matches!(*word, "and" | "now" | "so" | "then" | "please" | "okay"))?;
    let to_tutor = last.text.contains("tell me about your")
        || last.text.contains("tell your")
        || last.text.contains("tell grandad")
        || last.text.contains("say hi")
        || last.text.contains("say if")
        || last.text.contains("tell mum");
    if TELL.contains(&first) && !to_tutor && last.items.len() >= 3 {
        return Some(Task::new(Found::form(Form::Other, Wanted::Free), Relation::New));
    }
    // Without marks a question may end in anything.
    let _ = context;
    None
}

/// The sentences without those in front that only repeat or praise the last answer.
fn without_echo<'a, 'b>(sentences: &'b [Sentence<'a>], is_reply: bool) -> &'b [Sentence<'a>] {
    let echoes = |sentence: &&Sentence| {
        sentence.end == End::Stop
            && (sentence.items.len() <= 4 && sentence.numbers().len() <= 1
                || sentence.items.len() <= 7 && matches!(sentence.items.first(), Some(Item::Cue(Cue::Filler))))
            && !sentence.has_any(&[
                Cue::Squared,
                Cue::Cubed,
                Cue::Root,
                Cue::Round,
                Cue::Solve,
                Cue::Simplify,
                Cue::Percent,
            ])
    };
    if !is_reply || sentences.len() < 2 {
        return sentences;
    }
    let echo = sentences[..sentences.len() - 1].iter().take_while(echoes).count();
    &sentences[echo..]
}

fn find(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    if sentence.items.is_empty() {
        return None;
    }
    found::language::find(sentence, before)
        .or_else(|| found::measure::coins(sentence, all, before))
        .or_else(|| found::fractions::of_story(sentence, all))
        .or_else(|| found::data::find(sentence, all))
        .or_else(|| found::numbers::find(sentence, before))
        .or_else(|| found::fractions::find(sentence, before))
        .or_else(|| found::algebra::find(sentence, all, before))
        .or_else(|| found::geometry::find(sentence, all, before))
        .or_else(|| found::sums::find(sentence, before))
        .or_else(|| found::measure::find(sentence, all, before))
        .or_else(|| found::story::find(sentence, all, before))
}

/// Whether the words around the task name its answer.
fn told(found: &Found, sentences: &[Sentence], at: usize) -> bool {
    let Some(value) = found.expected.as_deref().and_then(exact) else { return false };
    let others = sentences.iter().enumerate().filter(|(i, _)| *i != at);
    others.flat_map(|(_, sentence)| sentence.numbers()).any(|num| num.value == value)
}

fn exact(key: &str) -> Option<Exact> {
    match key.split_once('/') {
        Some((top, bottom)) => Exact::fraction(top.parse().ok()?, bottom.parse().ok()?),
        None => match key.strip_prefix('-') {
            Some(key) => Exact::parse(key).map(Exact::negated),
            None => Exact::parse(key),
        },
    }
}

/// Whether an exercise is a step on the way to the open task's answer.
fn is_step(found: &Found, open: &Task, may_be_done: bool) -> bool {
    let vague = found.form == Form::Story && found.expected.is_none();
    shares(found, open) || !may_be_done && (serves(found.form, open.form) || vague)
}

/// Whether a calculation takes a part of the open one, or goes on with its pattern.
fn shares(found: &Found, open: &Task) -> bool {
    if found.form != open.form {
        return false;
    }
    match (&found.frame, &open.frame) {
        (Frame::Calculation(new), Frame::Calculation(old)) => new.shares_number(old),
        _ => found.form == Form::Pattern && found.expected != open.expected,
    }
}

/// Whether an exercise of the first form is a usual step of one of the second.
fn serves(step: Form, problem: Form) -> bool {
    use Form as F;
    let basic = matches!(
        step,
        F::Count
            | F::AddFacts
            | F::AddLarge
            | F::SubtractFacts
            | F::SubtractLarge
            | F::MultiplyFacts
            | F::MultiplyLarge
            | F::DivideFacts
            | F::DivideLarge
    );
    match problem {
        F::AddFacts | F::SubtractFacts => step == F::Count,
        F::AddLarge | F::SubtractLarge => {
            matches!(step, F::Count | F::AddFacts | F::SubtractFacts | F::AddLarge | F::SubtractLarge)
                && step != problem
        }
        F::MultiplyFacts => matches!(step, F::Count | F::AddFacts | F::AddLarge | F::SubtractFacts),
        F::DivideFacts => matches!(step, F::Count | F::MultiplyFacts),
        F::MultiplyLarge | F::DivideLarge => basic && step != problem,
        F::Count | F::Other | F::Curriculum | F::Translation => false,
        F::Pattern => matches!(step, F::AddFacts | F::AddLarge | F::SubtractFacts | F::SubtractLarge),
        F::FractionAddUnlike
        | F::FractionSubtractUnlike
        | F::FractionAddLike
        | F::FractionCompare
        | F::FractionDivide
        | F::FractionMultiply
        | F::FractionSimplify
        | F::FractionMixed
        | F::FractionEquivalent => {
            basic
                || matches!(
                    step,
                    F::FractionEquivalent
                        | F::FractionMeaning
                        | F::FractionDivide
                        | F::FractionMultiply
                        | F::FractionAddLike
                ) && step != problem
        }
        F::DecimalMultiply | F::DecimalAdd | F::DecimalPlaceValue => {
            basic
                || matches!(step, F::PercentOf | F::DecimalPlaceValue | F::DecimalMultiply | F::DecimalAdd | F::Money)
                    && step != problem
        }
        F::Story
        | F::Money
        | F::Clock
        | F::Units
        | F::Ratio
        | F::Rate
        | F::Average
        | F::Area
        | F::Perimeter
        | F::Volume => {
            basic
                || matches!(
                    step,
                    F::Units
                        | F::Clock
                        | F::DecimalAdd
                        | F::DecimalMultiply
                        | F::Negative
                        | F::Pattern
                        | F::FractionMultiply
                ) && step != problem
        }
        F::Spelling
        | F::WordMeaning
        | F::WordParts
        | F::Rhyme
        | F::Syllables
        | F::TextDetail
        | F::MainIdea
        | F::Inference
        | F::Sequence
        | F::PointOfView => matches!(step, F::TextDetail | F::PointOfView | F::WordMeaning) && step != problem,
        _ => {
            basic
                || matches!(
                    step,
                    F::Negative | F::FractionEquivalent | F::DecimalMultiply | F::DecimalAdd | F::Powers | F::Pattern
                ) && step != problem
        }
    }
}
