//! Which skill each task of a call exercises.
//!
//! **Invariant:** a skill needs the form of the task or several of its words, in a call whose subject is established. What
//! fits no skill is kept as a topic.

use domain::task::{self, Context, Task};
use shared::curriculum::Curriculum;

/// Where an exchange belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Index into [`Curriculum::skills`].
    Skill(usize),
    /// A topic that is in no curriculum, of a fixed list: "photosynthesis". For [`shared::analysis::TopicFinding`].
    Topic(&'static str),
    /// No task was set, or nothing is certain. It is no evidence of anything.
    Nowhere,
}

/// Follows one call, exchange by exchange.
///
/// For each exchange call [`Lesson::ask`] with the tutor's words and then [`Lesson::answered`]; at the end [`Lesson::places`]
/// returns the place of each exchange. What comes before the subject is clear is placed at the end.
#[derive(Debug)]
pub struct Lesson<'a> {
    curriculum: &'a Curriculum,
    context: Context,
    open: Option<Task>,
    tasks: Vec<Option<Task>>,
}

impl<'a> Lesson<'a> {
    pub fn new(curriculum: &'a Curriculum) -> Self {
        Self { curriculum, context: Context::new(), open: None, tasks: Vec::new() }
    }

    /// Reads what the tutor said since the student spoke last. The task has the key of the curriculum's question or
    /// vocabulary if the tutor asks that.
    pub fn ask(&mut self, tutor: &str) -> Option<Task> {
        let task = task::read(tutor, &self.context);
        self.open.clone_from(&task);
        self.tasks.push(task.clone());
        task
    }

    /// Notes what the student said to the task of the last [`Lesson::ask`], and whether it was right; `None`: undecided.
    pub fn answered(&mut self, said: &str, is_right: Option<bool>) {
        self.context.note(self.open.take(), said, is_right);
    }

    /// Returns the place of each exchange, in the order of [`Lesson::ask`].
    pub fn places(self) -> Vec<Place> {
        let place = |task: Option<Task>| {
            let id = task.and_then(|task| task.form.skill_id())?;
            self.curriculum.skills.iter().position(|skill| skill.skill_id == id)
        };
        self.tasks.into_iter().map(|task| place(task).map_or(Place::Nowhere, Place::Skill)).collect()
    }
}
