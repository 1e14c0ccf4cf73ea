//! What an assistant should know before it speaks: the first call of every lesson.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::access::{Caller, Scope};
use shared::db::Db;
use shared::id::StudentId;
use shared::phone::Phone;
use shared::student_context::{self, StudentContext};

use super::{Answer, Effect, Tool, ToolError};

/// Exactly one of the two.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// The caller's number with + and country code, for example +14155550142.
    #[serde(default)]
    phone: Option<Phone>,
    /// The student, where an earlier answer gave you the id.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug)]
pub(super) struct GetStudentContext;

impl Tool for GetStudentContext {
    const NAME: &'static str = "get_student_context";
    const TITLE: &'static str = "Get student context";
    const DESCRIPTION: &'static str = "Call this first in every call, before you speak. Tells who is probably calling, \
        an opening line, today's plan, the skills that are due, misconceptions to watch for, and how the last call \
        went. Give phone or student_id, not both.";
    const SCOPE: Scope = Scope::ContextRead;
    const EFFECT: Effect = Effect::Reads;
    type Params = Params;
    type Output = StudentContext;

    async fn run(
        db: &Db,
        caller: &Caller,
        params: Params,
        now: DateTime<Utc>,
    ) -> Result<Answer<StudentContext>, ToolError> {
        let data = match (params.phone, params.student_id) {
            (Some(phone), None) => student_context::find_by_phone(db, caller, &phone, now).await?,
            (None, Some(student_id)) => student_context::get_by_student_id(db, caller, student_id, now).await?,
            _ => return Err(ToolError::invalid("give either `phone` or `student_id`")),
        };
        // The whole of it, once: the model has nothing else to read, and JSON it reads well.
        let text = serde_json::to_string(&data).map_err(|_| ToolError::internal())?;
        Ok(Answer { text, data })
    }
}
