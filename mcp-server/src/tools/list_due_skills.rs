//! What a student should practise now.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::Db;
use storage::id::StudentId;
use storage::student_context::{self, DueSkill};

use super::{Answer, Effect, Tool, ToolContext, ToolError};

fn default_limit() -> usize {
    5
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
    /// How many, at most 10.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 10))]
    limit: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    skills: Vec<DueSkill>,
}

#[derive(Debug)]
pub(super) struct ListDueSkills;

impl Tool for ListDueSkills {
    const NAME: &'static str = "list_due_skills";
    const TITLE: &'static str = "List due skills";
    const DESCRIPTION: &'static str = "The skills this student should practise now, most urgent first, each with a \
        question to begin with.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::StudentsRead];
    const EFFECT: Effect = Effect::Reads;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let skills = student_context::list_due(db, ctx.caller, student_id, params.limit, ctx.now).await?;
        Ok(Answer { text: say(&skills), data: Output { skills } })
    }
}

fn say(skills: &[DueSkill]) -> String {
    if skills.is_empty() {
        return "Nothing is due. Call next_question for something new.".to_owned();
    }
    let line = |due: &DueSkill| {
        let ask = due.ask.as_deref().map(|ask| format!(" Ask: {ask}")).unwrap_or_default();
        format!("- {} ({}, due {}, skill_id {}).{ask}", due.skill, due.state.as_str(), due.due, due.skill_id)
    };
    skills.iter().map(line).collect::<Vec<_>>().join("\n")
}
