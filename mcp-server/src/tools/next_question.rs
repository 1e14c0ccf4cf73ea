//! A question with its answer: for a given skill, else for the most urgent one, else for a new one.
//!
//! **Invariant:** a student is never asked again what was among the last 20 questions.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::question::{self, Generated, QuestionId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::{Caller, Scope};
use storage::curriculum::{self, Practice, Question};
use storage::db::{self, Db};
use storage::id::StudentId;
use storage::learner::State;
use storage::student_context::{Cause, PlanStep, Reason};
use storage::{learner, student_context};
use uuid::Uuid;

use super::{Answer, Effect, Outcome, Tool, ToolContext, ToolError};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
    /// Left out: the skill that is most urgent, else a new one.
    #[serde(default)]
    #[schemars(length(max = 80))]
    skill_id: Option<String>,
    /// The question_id of the question before, for another one of its skill.
    #[serde(default)]
    #[schemars(length(max = 90))]
    after: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Output {
    pub question_id: String,
    pub skill_id: String,
    pub skill: String,
    /// As it is written.
    pub ask: String,
    /// As to say it on the phone. Left out: say `ask`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spoken: Option<String>,
    pub answer: String,
    /// How the answer is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worked: Option<String>,
    /// Why this skill was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// The same for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

#[derive(Debug)]
pub(super) struct NextQuestion;

impl Tool for NextQuestion {
    const NAME: &'static str = "next_question";
    const TITLE: &'static str = "Next question";
    const DESCRIPTION: &'static str = "A question to ask the student, with its right answer for you alone. Use it \
        instead of making up a question. After the student's answer call check_answer.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead];
    const EFFECT: Effect = Effect::Asks;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let before = params.after.as_deref().map(read_id).transpose()?;
        let (skill_id, chosen) = match (params.skill_id, &before) {
            (Some(skill_id), _) => (skill_id, Chosen::By(Cause::Named)),
            (None, Some(before)) => (before.skill_id().to_owned(), Chosen::By(Cause::Continued)),
            (None, None) => {
                let step = choose_step(db, ctx, student_id).await?;
                (step.skill_id.clone(), Chosen::Plan(step))
            }
        };
        let practice = curriculum::find_practice(db, ctx.caller, &skill_id, student_id).await?;
        let practice = practice.ok_or_else(|| ToolError::new(Outcome::NotFound, NO_SKILL))?;
        let none_left = if practice.questions.is_empty() { NO_QUESTION } else { ALL_ASKED };
        let (why, reason) = chosen.explain(practice.state.as_ref(), ctx.now);
        let data = draw(db, ctx, student_id, practice, before.as_ref()).await?;
        let data = data.ok_or_else(|| ToolError::new(Outcome::NotFound, none_left))?;
        let data = Output { why: Some(why.clone()), reason: Some(reason), ..data };
        let Output { skill, ask, answer, question_id, .. } = &data;
        let ask = data.spoken.as_ref().unwrap_or(ask);
        let worked = data.worked.as_ref().map(|worked| format!("\nHow: {worked}")).unwrap_or_default();
        let text = format!(
            "{skill}. Ask: {ask}\nThe answer, for you alone: {answer}{worked}\nWhy this skill: {why}.\nquestion_id {question_id}"
        );
        Ok(Answer { text, data })
    }
}

const NO_SKILL: &str = "There is no such skill. Leave out `skill_id`, or take one from list_due_skills.";
const NO_QUESTION: &str = "There is no ready-made question for this skill. Make one up.";
const ALL_ASKED: &str = "The student was asked every question of this skill lately. Choose another skill, or make up a \
    question and call record_evidence.";
const NOTHING_LEFT: &str = "Nothing is due, and nothing new is left in this student's grade. Ask what they would like.";

/// Who chose the skill.
enum Chosen {
    Plan(PlanStep),
    By(Cause),
}

impl Chosen {
    /// Why, in words and for programs.
    fn explain(&self, state: Option<&State>, now: DateTime<Utc>) -> (String, Reason) {
        match self {
            Self::Plan(step) => (step.reason(), step.reason_at(state, now)),
            Self::By(cause) => {
                let asked = *cause == Cause::Named;
                let why = if asked { "you asked for this skill" } else { "the question before was of this skill" };
                (why.to_owned(), Reason::new(*cause, state, now))
            }
        }
    }
}

/// The first step of the plan.
async fn choose_step(db: &Db, ctx: ToolContext<'_>, student_id: StudentId) -> Result<PlanStep, ToolError> {
    let lesson = student_context::get_lesson(db, ctx.caller, student_id, ctx.now).await?;
    lesson.steps.into_iter().next().ok_or_else(|| ToolError::new(Outcome::NotFound, NOTHING_LEFT))
}

/// Chooses a question of the skill and remembers that it was asked. `None`: all were asked lately, or there is none.
pub(super) async fn draw(
    db: &Db,
    ctx: ToolContext<'_>,
    student_id: StudentId,
    practice: Practice,
    before: Option<&QuestionId>,
) -> Result<Option<Output>, ToolError> {
    let mut tx = db::begin(db).await?;
    let recent = curriculum::lock_recent(&mut tx, ctx.caller, student_id, ctx.now).await?;
    let question = pick(practice, &recent, before, student_id, ctx.now);
    if let Some(question) = &question {
        curriculum::note_asked(&mut tx, ctx.caller, student_id, &question.question_id, ctx.now).await?;
        db::commit(tx).await?;
    }
    Ok(question)
}

/// Returns the question that the student would get next of each skill, and does not remember it.
pub(crate) async fn preview(
    db: &Db,
    caller: &Caller,
    student_id: StudentId,
    steps: &[PlanStep],
    now: DateTime<Utc>,
) -> db::Result<Vec<Output>> {
    let recent = curriculum::list_recent(db, caller, student_id).await?;
    let mut questions = Vec::with_capacity(steps.len());
    for step in steps {
        let practice = curriculum::find_practice(db, caller, &step.skill_id, student_id).await?;
        questions.extend(practice.and_then(|practice| pick(practice, &recent, None, student_id, now)));
    }
    Ok(questions)
}

/// A question that is not among the `recent` ones: a made one if the skill has a generator, otherwise one of its list.
fn pick(
    practice: Practice,
    recent: &[String],
    before: Option<&QuestionId>,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Option<Output> {
    match make(&practice, recent, student_id, now) {
        Some((id, made)) => Some(Output {
            question_id: id.to_string(),
            skill_id: practice.skill_id,
            skill: practice.skill,
            ask: made.ask,
            spoken: Some(made.spoken),
            answer: made.answer,
            worked: Some(made.worked),
            why: None,
            reason: None,
        }),
        None => take(practice, recent, before),
    }
}

/// Seeds that are tried of one difficulty. With more questions than are remembered, nearly always the first will do.
const N_SEEDS: u64 = 200;

/// A made question, of the difficulty that suits the student if there is a new one. `None`: the skill has no generator,
/// or nothing new.
fn make(
    practice: &Practice,
    recent: &[String],
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Option<(QuestionId, Generated)> {
    let skill_id = &practice.skill_id;
    if !question::has_generator(skill_id) {
        return None;
    }
    // Two ids can make the same question, so the questions are compared.
    let asked: HashSet<String> =
        recent.iter().filter_map(|id| make_again(&QuestionId::parse(id).ok()?)).map(|made| made.ask).collect();
    // Another place to begin for each student, and after each question.
    let place = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{student_id} {skill_id} {recent:?}").as_bytes());
    let place = place.as_u64_pair().1;
    let suited = difficulty(practice, now);
    let mut difficulties = question::DIFFICULTIES;
    difficulties.sort_by_key(|other| other.abs_diff(suited));
    difficulties.into_iter().find_map(|difficulty| {
        (0..N_SEEDS).find_map(|i| {
            let id = QuestionId::generated(skill_id, place.wrapping_add(i), difficulty);
            let made = make_again(&id)?;
            (!asked.contains(&made.ask)).then_some((id, made))
        })
    })
}

/// Easy as long as the student mostly errs, hard once the student is nearly sure.
fn difficulty(practice: &Practice, now: DateTime<Utc>) -> u8 {
    match practice.state.as_ref().map(|state| learner::knowledge_now(state, now)) {
        Some(0.8..) => 3,
        Some(0.5..) => 2,
        _ => 1,
    }
}

/// The question of a list after `before`, else another one than at the last evidence; never one of the `recent`.
fn take(practice: Practice, recent: &[String], before: Option<&QuestionId>) -> Option<Output> {
    let n = practice.questions.len();
    let start = match before {
        Some(QuestionId::Fixed { skill_id, index }) if *skill_id == practice.skill_id => index.wrapping_add(1),
        _ => practice.n_evidence.unsigned_abs() as usize,
    };
    let first = start.checked_rem(n)?;
    let id = |index: usize| QuestionId::Fixed { skill_id: practice.skill_id.clone(), index }.to_string();
    let index = (first..n).chain(0..first).find(|index| !recent.contains(&id(*index)))?;
    let question_id = id(index);
    let Question { ask, answer, .. } = practice.questions.into_iter().nth(index)?;
    let (skill_id, skill) = (practice.skill_id, practice.skill);
    Some(Output { question_id, skill_id, skill, ask, spoken: None, answer, worked: None, why: None, reason: None })
}

fn make_again(id: &QuestionId) -> Option<Generated> {
    match id {
        QuestionId::Generated { skill_id, seed, difficulty } => question::generate(skill_id, *seed, *difficulty),
        QuestionId::Fixed { .. } => None,
    }
}

fn read_id(question_id: &str) -> Result<QuestionId, ToolError> {
    QuestionId::parse(question_id).map_err(|error| ToolError::invalid(format!("“{question_id}” is {error}")))
}

/// The skill and the question of an id that [`NextQuestion`] or a lesson plan gave.
///
/// # Errors
/// The text is no id of ours, the skill does not exist or is retired, or it has no such question.
pub(super) async fn find_question(
    db: &Db,
    ctx: ToolContext<'_>,
    student_id: StudentId,
    question_id: &str,
) -> Result<(String, Question), ToolError> {
    let id = read_id(question_id)?;
    let practice = curriculum::find_practice(db, ctx.caller, id.skill_id(), student_id).await?;
    let question = practice.and_then(|practice| match &id {
        QuestionId::Fixed { index, .. } => practice.questions.into_iter().nth(*index),
        QuestionId::Generated { .. } => make_again(&id).map(|Generated { ask, answer, kind, form, .. }| Question {
            kind: Some(kind),
            form,
            ..Question::new(ask, answer)
        }),
    });
    let question = question.ok_or_else(|| ToolError::new(Outcome::NotFound, NO_SUCH_QUESTION))?;
    Ok((id.skill_id().to_owned(), question))
}

/// Whether the student was asked this question of ours lately. Only such answers count.
pub(super) async fn was_asked(
    db: &Db,
    ctx: ToolContext<'_>,
    student_id: StudentId,
    question_id: &str,
) -> Result<bool, ToolError> {
    let recent = curriculum::list_recent(db, ctx.caller, student_id).await?;
    Ok(recent.iter().any(|id| id == question_id))
}

/// Whether the words are a question of the skill that the student was asked lately: its id, or what next_question said of
/// it.
pub(super) async fn was_asked_in_words(
    db: &Db,
    ctx: ToolContext<'_>,
    student_id: StudentId,
    practice: &Practice,
    words: &str,
) -> Result<bool, ToolError> {
    let recent = curriculum::list_recent(db, ctx.caller, student_id).await?;
    Ok(recent.iter().any(|id| is_of(id, practice, words)))
}

fn is_of(id: &str, practice: &Practice, words: &str) -> bool {
    let Ok(question) = QuestionId::parse(id) else { return false };
    if question.skill_id() != practice.skill_id {
        return false;
    }
    let said = match &question {
        QuestionId::Fixed { index, .. } => practice.questions.get(*index).map(|of| vec![of.ask.clone()]),
        QuestionId::Generated { .. } => make_again(&question).map(|made| vec![made.ask, made.spoken]),
    };
    let same = |said: &String| plain(said) == plain(words);
    id == words || said.is_some_and(|said| said.iter().any(same))
}

/// Letters and digits alone, as a model may leave out the signs.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

const NO_SUCH_QUESTION: &str = "There is no such question. Take the question_id from next_question.";

#[cfg(test)]
mod tests {
    use storage::curriculum::N_RECENT;
    use storage::learner::State;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn practice(skill_id: &str, n_questions: usize, n_evidence: i32) -> Practice {
        let question = |i| Question::new(format!("ask {i}"), format!("answer {i}"));
        let questions = (0..n_questions).map(question).collect();
        Practice { skill_id: skill_id.into(), skill: "X".into(), questions, n_evidence, state: None }
    }

    fn known(knowledge: f64) -> Practice {
        let state = State {
            knowledge,
            stability: 100.0,
            difficulty: 5.0,
            n_evidence: 5,
            n_unaided_correct: 5,
            n_calls_correct: 2,
            last_at: now(),
        };
        Practice { state: Some(state), ..practice("maths.add.multi_digit", 2, 5) }
    }

    fn picked(n_questions: usize, n_evidence: i32, recent: &[&str], before: Option<usize>) -> Option<String> {
        let recent: Vec<String> = recent.iter().map(|id| (*id).to_owned()).collect();
        let before = before.map(|index| QuestionId::Fixed { skill_id: "art.x".into(), index });
        let practice = practice("art.x", n_questions, n_evidence);
        pick(practice, &recent, before.as_ref(), StudentId::new(), now()).map(|output| output.question_id)
    }

    #[test]
    fn questions_of_a_list_take_turns() {
        assert_eq!(picked(3, 0, &[], None).as_deref(), Some("art.x/0"));
        assert_eq!(picked(3, 4, &[], None).as_deref(), Some("art.x/1"));
        assert_eq!(picked(3, 4, &[], Some(2)).as_deref(), Some("art.x/0"));
        assert_eq!(picked(3, 0, &[], Some(usize::MAX)).as_deref(), Some("art.x/0"));
        assert_eq!(picked(0, 0, &[], None), None);
    }

    #[test]
    fn a_question_of_a_list_is_not_asked_again_soon() {
        assert_eq!(picked(3, 0, &["art.x/0"], None).as_deref(), Some("art.x/1"));
        assert_eq!(picked(3, 4, &["art.x/1", "art.x/2"], None).as_deref(), Some("art.x/0"));
        assert_eq!(picked(2, 0, &["art.x/0", "art.x/1"], None), None);
    }

    #[test]
    fn made_questions_do_not_come_again_within_the_last_twenty() {
        let student_id = StudentId::new();
        for skill_id in question::skills() {
            let (mut recent, mut asks) = (Vec::new(), Vec::new());
            for _ in 0..60 {
                let output = pick(practice(skill_id, 0, 0), &recent, None, student_id, now()).unwrap();
                assert!(!asks[asks.len() - recent.len()..].contains(&output.ask), "{}", output.ask);
                assert!(output.question_id.len() <= 90);
                recent.insert(0, output.question_id);
                recent.truncate(N_RECENT);
                asks.push(output.ask);
            }
        }
    }

    #[test]
    fn students_get_different_questions_and_harder_ones_as_they_learn() {
        let of = |practice: Practice| pick(practice, &[], None, StudentId::new(), now()).unwrap();
        let first: HashSet<String> = (0..20).map(|_| of(known(0.6)).ask).collect();
        assert!(first.len() > 15, "{first:?}");
        let level = |practice| of(practice).question_id.split("/g").nth(1).unwrap()[..1].to_owned();
        assert_eq!([known(0.2), known(0.6), known(0.95)].map(level), ["1", "2", "3"]);
        assert_eq!(level(practice("maths.add.multi_digit", 2, 0)), "1");
    }

    #[test]
    fn what_is_said_is_said_in_words() {
        let output = pick(known(0.6), &[], None, StudentId::new(), now()).unwrap();
        let spoken = output.spoken.unwrap();
        assert!(spoken.starts_with("What is ") && !spoken.contains(|c: char| c.is_ascii_digit()), "{spoken}");
        assert!(output.worked.unwrap().contains(&output.answer));
    }

    #[test]
    fn an_id_that_is_not_ours_is_refused() {
        assert!(read_id("maths.fractions.add/12").is_ok());
        for bad in ["maths.x", "maths.x/", "maths.x/-1", "/", "maths.add.facts/g9-0001abcd", "maths.add.facts/g2-1f3a"]
        {
            let error = read_id(bad).unwrap_err();
            assert!(format!("{error:?}").contains("next_question"), "{error:?}");
        }
    }
}
