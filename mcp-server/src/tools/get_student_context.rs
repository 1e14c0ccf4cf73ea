//! What an assistant should know before it speaks: the first call of every lesson.

use schemars::JsonSchema;
use serde::Deserialize;
use storage::access::{Reach, Scope};
use storage::db::Db;
use storage::id::StudentId;
use storage::phone::Phone;
use storage::student_context::{self, StudentContext, of_line};

use super::{Answer, Effect, Tool, ToolContext, ToolError};

/// At most one of the two. If the telephone line sends its number, neither is needed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// The caller's number with + and country code, for example +14155550142.
    #[serde(default)]
    phone: Option<Phone>,
    /// The student, if an earlier answer gave you the id.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug)]
pub(super) struct GetStudentContext;

impl Tool for GetStudentContext {
    const NAME: &'static str = "get_student_context";
    const TITLE: &'static str = "Get student context";
    const DESCRIPTION: &'static str = "Call this first in every call, before you speak. Tells who is probably calling, what to say first, today's \
        plan, due skills, misconceptions, and how the last call went.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead];
    const EFFECT: Effect = Effect::Reads;
    type Params = Params;
    type Output = StudentContext;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<StudentContext>, ToolError> {
        let data = match (params.phone, params.student_id) {
            (Some(_), Some(_)) => return Err(ToolError::invalid("give either `phone` or `student_id`")),
            (None, Some(student_id)) => student_context::get_by_student_id(db, ctx.caller, student_id, ctx.now).await?,
            (phone, None) => match (&ctx.caller.reach, ctx.phone(phone)?) {
                (Reach::Line, _) => of_line(db, ctx.caller, ctx.now).await?,
                (_, Some(phone)) => student_context::find_by_phone(db, ctx.caller, &phone, ctx.now).await?,
                (_, None) => return Err(ToolError::invalid("give `phone` or `student_id`")),
            },
        };
        // The whole of it, once: the model has nothing else to read, and JSON it reads well.
        let text = serde_json::to_string(&data).map_err(|_| ToolError::internal())?;
        Ok(Answer { text, data })
    }
}
