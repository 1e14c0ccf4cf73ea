//! What a student works towards, so that every next lesson heeds it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::plain_text;
use domain::remark;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::{Reach, Scope};
use storage::db::{self, Db};
use storage::fact::{self, Goal};
use storage::id::{FactId, StudentId};

use super::{Answer, Effect, Outcome, Tool, ToolContext, ToolError, once};

/// A goal without a date: about a term.
const TERM: TimeDelta = TimeDelta::days(90);
const MAX_AHEAD: TimeDelta = TimeDelta::days(366);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// In a few plain words, for example: be ready for the fractions test.
    #[schemars(length(min = 1, max = 120))]
    goal: String,
    /// When it is over, for example the day of the test; within a year. Left out: in 90 days.
    #[serde(default)]
    until: Option<DateTime<Utc>>,
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    student_id: StudentId,
    goal: String,
    until: DateTime<Utc>,
}

const NO_TOPIC: &str = "Not done: on a call a goal is a topic or a test, for example: be ready for the fractions test. Leave \
    other aims to people: call save_note, or continue without this.";

#[derive(Debug)]
pub(super) struct SetGoal;

impl Tool for SetGoal {
    const NAME: &'static str = "set_goal";
    const TITLE: &'static str = "Set goal";
    const DESCRIPTION: &'static str = "Sets what a student works towards, in place of the goal before. Every next lesson gets it. Use it \
        when a teacher, a parent or the student names an aim such as a test.";
    // Its words reach the next assistant, so it is for clients that are trusted with students, not for every call.
    const SCOPES: &'static [Scope] = &[Scope::StudentsRead, Scope::NotesWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let goal = plain_text::clean(&params.goal);
        if goal.is_empty() {
            return Err(ToolError::invalid("`goal` says nothing"));
        }
        let until = params.until.unwrap_or(ctx.now + TERM);
        if until <= ctx.now || until > ctx.now + MAX_AHEAD {
            return Err(ToolError::invalid("`until` must lie ahead, within a year"));
        }
        // What is said on a telephone reaches the next call in our words only.
        let goal = match &ctx.caller.reach {
            Reach::Line => remark::named_goal(&goal).ok_or_else(|| ToolError::new(Outcome::Refused, NO_TOPIC))?,
            Reach::Active | Reach::Everyone | Reach::Cohorts(_) => goal,
        };
        let session_id = ctx.caller.line.session_id;
        let fact_id = FactId(once::id(&ctx, Self::NAME, &[&student_id.to_string(), &goal]));
        let mut tx = db::begin(db).await?;
        fact::set_goal(
            &mut tx,
            ctx.caller,
            &Goal { fact_id, student_id, session_id, text: goal.clone(), until, is_dated: params.until.is_some() },
            ctx.now,
        )
        .await?;
        db::commit(tx).await?;
        let text = format!("The goal is set until {}.", until.format("%-d %B %Y"));
        Ok(Answer { text, data: Output { student_id, goal, until } })
    }
}
