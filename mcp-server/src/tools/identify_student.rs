//! Settles which of several students of one telephone is calling, and gives their context.

use domain::plain_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::{Caller, Scope};
use storage::db::{self, Connection, Db};
use storage::id::StudentId;
use storage::phone::Phone;
use storage::session::{self, Settled};
use storage::{student, student_context};

use super::{Answer, Effect, Outcome, Tool, ToolContext, ToolError};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// The first name that the caller gave.
    #[schemars(length(min = 1, max = 60))]
    first_name: String,
    /// Only needed if the telephone line does not send the number.
    #[serde(default)]
    phone: Option<Phone>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    student_id: StudentId,
    first_name: String,
}

#[derive(Debug)]
pub(super) struct IdentifyStudent;

impl Tool for IdentifyStudent {
    const NAME: &'static str = "identify_student";
    const TITLE: &'static str = "Identify student";
    const DESCRIPTION: &'static str = "Use this when the caller has said their first name: several students share the number, or it is not who \
        was expected. Answers with their context; the call then counts as theirs.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let phone = ctx.phone(params.phone)?.ok_or_else(no_such_student)?;
        let students = student::list_first_names(db, ctx.caller, &phone).await?;
        let (student_id, first_name) = only_of_name(students, &params.first_name).ok_or_else(no_such_student)?;
        let mut tx = db::begin(db).await?;
        let caller = settle(&mut tx, ctx, student_id).await?;
        db::commit(tx).await?;
        let context = student_context::get_by_student_id(db, &caller, student_id, ctx.now).await?;
        let text = serde_json::to_string(&context).map_err(|_| ToolError::internal())?;
        Ok(Answer { text, data: Output { student_id, first_name } })
    }
}

/// Assigns the call on the line to the student. A call that counts as another student's is not changed. The returned
/// caller reaches the student.
pub(super) async fn settle(
    tx: &mut Connection,
    ctx: ToolContext<'_>,
    student_id: StudentId,
) -> Result<Caller, ToolError> {
    let session_id = ctx.open_session(tx).await?;
    if let Some(session_id) = session_id
        && session::identify_live_caller(tx, ctx.caller, session_id, student_id, ctx.now).await? == Settled::Refused
    {
        let say = "Not done: this call counts as another student's already. Continue without this; another student can call \
                   again.";
        return Err(ToolError::new(Outcome::Refused, say));
    }
    Ok(ctx.caller.settled_as(student_id, session_id))
}

/// Returns the only student with that name, ignoring case. `None` if two have it.
fn only_of_name(students: Vec<(StudentId, String)>, said: &str) -> Option<(StudentId, String)> {
    let said = plain_text::first_name(said)?;
    let mut of_name = students.into_iter().filter(|(_, name)| student::is_first_name(name, &said));
    let only = of_name.next()?;
    of_name.next().is_none().then_some(only)
}

fn no_such_student() -> ToolError {
    let say = "This number has no student with that name. Ask for the first name once more; if it stays so, call \
               register_student.";
    ToolError::new(Outcome::NotFound, say)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_its_student_and_only_where_it_is_the_only_one() {
        let student = |name: &str| (StudentId::new(), name.to_owned());
        let all = vec![student("Maya"), student("Leo"), student("Leo"), student("Zoë")];
        let found = |said| only_of_name(all.clone(), said).map(|(_, name)| name);
        assert_eq!(found("maya").as_deref(), Some("Maya"));
        assert_eq!(found(" ZOË Smith").as_deref(), Some("Zoë"));
        assert_eq!(found("Leo"), None);
        assert_eq!(found("Ida"), None);
        assert_eq!(found("Zoe").as_deref(), Some("Zoë"));
        assert_eq!(found(""), None);
    }
}
