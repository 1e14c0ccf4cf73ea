//! An assistant's observation of a right or wrong answer. The estimate changes during the call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::curriculum;
use storage::db::Db;
use storage::evidence::{Help, Verdict};
use storage::id::StudentId;

use super::next_question::was_asked_in_words;
use super::observe::{Estimate, Seen, observe};
use super::{Answer, Effect, Outcome, Tool, ToolContext, ToolError};

/// How often an assistant's judgement in the middle of a call is wrong: about one time in seven.
const NOISE: f64 = 0.15;

pub(super) fn no_help() -> Help {
    Help::None
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// As next_question or list_due_skills names it.
    #[schemars(length(min = 1, max = 80))]
    skill_id: String,
    /// The question from next_question: its question_id or its words. It counts once in a call.
    #[schemars(length(min = 1, max = 160))]
    question: String,
    /// How the student's answer was.
    verdict: Verdict,
    /// How much you helped before the answer.
    #[serde(default = "no_help")]
    help: Help,
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    skill_id: String,
    /// Whether the answer was recorded.
    counts: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    estimate: Option<Estimate>,
}

#[derive(Debug)]
pub(super) struct RecordEvidence;

impl Tool for RecordEvidence {
    const NAME: &'static str = "record_evidence";
    const TITLE: &'static str = "Record evidence";
    const DESCRIPTION: &'static str = "Call this after an answer to a question from next_question that check_answer \
        cannot compare. Answers to your own questions are judged after the call, not here. Returns how well the skill is \
        known now.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let skill = curriculum::find_practice(db, ctx.caller, &params.skill_id, student_id).await?;
        let skill = skill.ok_or_else(|| ToolError::new(Outcome::NotFound, NO_SKILL))?;
        let Params { skill_id, question, verdict, help, .. } = params;
        if !was_asked_in_words(db, ctx, student_id, &skill, &question).await? {
            return Ok(Answer { text: NOT_ASKED.to_owned(), data: Output { skill_id, counts: false, estimate: None } });
        }
        let seen = Seen { skill_id: &skill_id, question: &question, verdict, help, noise: NOISE };
        let estimate = observe(db, ctx, student_id, &seen).await?;
        let text = format!("Noted. {} is now {estimate}.", skill.skill);
        Ok(Answer { text, data: Output { skill_id, counts: true, estimate: Some(estimate) } })
    }
}

const NO_SKILL: &str = "There is no such skill. Take the skill_id from next_question or list_due_skills.";
const NOT_ASKED: &str = "Not recorded: only answers to questions from next_question count during a call. The review after the \
    call judges this answer. Continue, and take the next question from next_question.";
