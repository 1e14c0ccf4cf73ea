//! What a tutor asks: whether a task was set, which answer it wants, and the answer where it is certain.
//!
//! **Invariant:** an expected answer is given only if every word of the task that matters was read. A wrong expected
//! answer is far worse than none.

mod form;

pub use self::form::Form;

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
    /// One of the things that the task names, as they were said.
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
    /// task's.
    Step,
}

/// One task that a tutor set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub wanted: Wanted,
    /// The right answer as the key of a curriculum's question, for [`crate::answer`]; `None` if it is not certain.
    pub expected: Option<String>,
    pub form: Form,
    pub relation: Relation,
    /// Whether the tutor's words name the expected answer: "Six eights are forty-eight. So what is six times eight?"
    pub is_told: bool,
}

/// The call so far, as far as the next task may build on it. One for each call.
#[derive(Clone, Debug, Default)]
pub struct Context {
    past: Vec<Past>,
}

/// A task and what became of it.
#[derive(Clone, Debug)]
struct Past {
    task: Option<Task>,
    said: String,
    is_right: Option<bool>,
}

impl Context {
    /// Returns the context at the start of a call.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers an exchange: the task that [`read`] returned, what the student said, and whether that was right;
    /// `None` if nothing was decided.
    pub fn note(&mut self, task: Option<Task>, said: &str, is_right: Option<bool>) {
        self.past.push(Past { task, said: said.to_owned(), is_right });
    }
}

/// Reads what a tutor said before the student's next words; `None` if that sets no task.
pub fn read(utterance: &str, context: &Context) -> Option<Task> {
    let last = context.past.iter().rev().find_map(|past| past.task.as_ref().map(|task| (task, past)));
    if utterance.trim_end().ends_with('?') {
        return Some(Task {
            wanted: Wanted::Free,
            expected: None,
            form: Form::Other,
            relation: Relation::New,
            is_told: false,
        });
    }
    let (task, past) = last?;
    let is_open = past.is_right == Some(false) && !past.said.is_empty();
    is_open.then(|| Task { relation: Relation::Again, ..task.clone() })
}
