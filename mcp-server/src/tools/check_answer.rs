//! Judges an answer to one of our questions, and remembers it: the best evidence there is.

use domain::answer::Judgement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::Db;
use storage::evidence::{Help, Verdict};
use storage::id::StudentId;

use super::next_question::{find_question, was_asked};
use super::observe::{Estimate, Seen, observe};
use super::record_evidence::no_help;
use super::{Answer, Effect, Tool, ToolContext, ToolError};

/// What can still be wrong is what the assistant heard.
const NOISE: f64 = 0.05;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// As next_question gave it.
    #[schemars(length(min = 1, max = 90))]
    question_id: String,
    /// The student's final answer in the student's own words, such as: five sixths, 1 1/2, minus three, 20 cm.
    #[schemars(length(min = 1, max = 200))]
    answer: String,
    /// How much you helped before the answer.
    #[serde(default = "no_help")]
    help: Help,
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    /// Absent if the answer cannot be compared. Nothing was recorded then.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    right_answer: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    estimate: Option<Estimate>,
}

#[derive(Debug)]
pub(super) struct CheckAnswer;

impl Tool for CheckAnswer {
    const NAME: &'static str = "check_answer";
    const TITLE: &'static str = "Check answer";
    const DESCRIPTION: &'static str = "Call this after each answer to a question from next_question. Says whether it is \
        right, by calculation, and records it; no record_evidence is needed then.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let (skill_id, question) = find_question(db, ctx, student_id, &params.question_id).await?;
        let verdict = match question.judge(&params.answer) {
            Judgement::Right => Verdict::Correct,
            Judgement::WrongForm => Verdict::Partial,
            Judgement::Wrong => Verdict::Incorrect,
            Judgement::Undecided => {
                let right_answer = question.answer;
                let text = format!(
                    "This cannot be compared. The answer is {right_answer}. Judge for yourself and call record_evidence."
                );
                return Ok(Answer { text, data: Output { verdict: None, right_answer, estimate: None } });
            }
        };
        if !was_asked(db, ctx, student_id, &params.question_id).await? {
            let right_answer = question.answer;
            let text = format!(
                "Not recorded: the question is none that next_question gave lately. {}",
                judged(verdict, &right_answer)
            );
            return Ok(Answer { text, data: Output { verdict: Some(verdict), right_answer, estimate: None } });
        }
        let seen =
            Seen { skill_id: &skill_id, question: &params.question_id, verdict, help: params.help, noise: NOISE };
        let estimate = observe(db, ctx, student_id, &seen).await?;
        let right_answer = question.answer;
        let text = format!("{} The skill is now {estimate}.", judged(verdict, &right_answer));
        Ok(Answer { text, data: Output { verdict: Some(verdict), right_answer, estimate: Some(estimate) } })
    }
}

fn judged(verdict: Verdict, right_answer: &str) -> String {
    match verdict {
        Verdict::Correct => "Right.".to_owned(),
        Verdict::Partial => format!("Right in value, but not in the form asked for: {right_answer}."),
        Verdict::Incorrect => format!("Not right. The answer is {right_answer}."),
    }
}
