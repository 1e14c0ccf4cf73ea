//! A ready-made question with its answer: of a given skill, else of the most urgent one, else of a new one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::Scope;
use shared::curriculum::{self, Practice};
use shared::db::Db;
use shared::id::StudentId;
use shared::student_context;

use super::{Answer, Ask, Effect, Outcome, Tool, ToolError};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// Left out: whoever is calling.
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
pub(super) struct Output {
    pub question_id: String,
    skill_id: String,
    skill: String,
    pub ask: String,
    pub answer: String,
}

#[derive(Debug)]
pub(super) struct NextQuestion;

impl Tool for NextQuestion {
    const NAME: &'static str = "next_question";
    const TITLE: &'static str = "Next question";
    const DESCRIPTION: &'static str = "A question to ask the student, with its right answer for you alone. Use it \
        instead of making up a question. After the student's answer call check_answer.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead];
    const EFFECT: Effect = Effect::Reads;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ask: Ask<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ask.student(db, params.student_id).await?;
        let before = params.after.as_deref().map(read_id).transpose()?;
        let skill_id = match (params.skill_id, before) {
            (Some(skill_id), _) => skill_id,
            (None, Some((skill_id, _))) => skill_id.to_owned(),
            (None, None) => choose_skill(db, ask, student_id).await?,
        };
        let practice = curriculum::find_practice(db, ask.caller, &skill_id, student_id).await?;
        let practice = practice.ok_or_else(|| ToolError::new(Outcome::NotFound, NO_SKILL))?;
        let before = before.filter(|(of, _)| *of == skill_id).map(|(_, index)| index);
        let data = pick(practice, before).ok_or_else(|| ToolError::new(Outcome::NotFound, NO_QUESTION))?;
        let Output { skill, ask, answer, question_id, .. } = &data;
        let text = format!("{skill}. Ask: {ask}\nThe answer, for you alone: {answer}\nquestion_id {question_id}");
        Ok(Answer { text, data })
    }
}

const NO_SKILL: &str = "There is no such skill. Leave out `skill_id`, or take one from list_due_skills.";
const NO_QUESTION: &str = "There is no ready-made question for this skill. Make one up.";
const NOTHING_LEFT: &str = "Nothing is due, and nothing new is left in this student's grade. Ask what they would like.";

async fn choose_skill(db: &Db, ask: Ask<'_>, student_id: StudentId) -> Result<String, ToolError> {
    let due = student_context::list_due(db, ask.caller, student_id, 1, ask.now).await?;
    if let Some(due) = due.into_iter().next() {
        return Ok(due.skill_id);
    }
    let new = curriculum::find_next_skill(db, ask.caller, student_id).await?;
    new.ok_or_else(|| ToolError::new(Outcome::NotFound, NOTHING_LEFT))
}

/// The question after `before`, else another one than at the last evidence, so that it is worked out and not remembered.
pub(super) fn pick(practice: Practice, before: Option<usize>) -> Option<Output> {
    let n = practice.questions.len();
    let start = before.map_or(practice.n_evidence.unsigned_abs() as usize, |index| index.wrapping_add(1));
    let index = start.checked_rem(n)?;
    let question = practice.questions.into_iter().nth(index)?;
    Some(Output {
        question_id: format!("{}/{index}", practice.skill_id),
        skill_id: practice.skill_id,
        skill: practice.skill,
        ask: question.ask,
        answer: question.answer,
    })
}

/// `<skill_id>/<place in its list>`.
pub(super) fn read_id(question_id: &str) -> Result<(&str, usize), ToolError> {
    let parts = question_id.rsplit_once('/').and_then(|(skill_id, index)| Some((skill_id, index.parse().ok()?)));
    parts.ok_or_else(|| ToolError::invalid("a question_id must be one of next_question's"))
}

#[cfg(test)]
mod tests {
    use shared::curriculum::Question;

    use super::*;

    fn picked(n_questions: usize, n_evidence: i32, before: Option<usize>) -> Option<String> {
        let question = |i| Question::new(format!("ask {i}"), format!("answer {i}"));
        let questions = (0..n_questions).map(question).collect();
        let practice = Practice { skill_id: "maths.x".into(), skill: "X".into(), questions, n_evidence };
        pick(practice, before).map(|output| output.question_id)
    }

    #[test]
    fn questions_take_turns() {
        assert_eq!(picked(3, 0, None).as_deref(), Some("maths.x/0"));
        assert_eq!(picked(3, 4, None).as_deref(), Some("maths.x/1"));
        assert_eq!(picked(3, 4, Some(2)).as_deref(), Some("maths.x/0"));
        assert_eq!(picked(3, 0, Some(usize::MAX)).as_deref(), Some("maths.x/0"));
        assert_eq!(picked(0, 0, None), None);
    }

    #[test]
    fn a_question_id_is_read_back() {
        assert_eq!(read_id("maths.fractions.add/12"), Ok(("maths.fractions.add", 12)));
        for bad in ["maths.x", "maths.x/", "maths.x/-1", "/"] {
            assert!(read_id(bad).is_err(), "{bad}");
        }
    }
}
