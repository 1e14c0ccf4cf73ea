//! Adds an unknown caller as a student.

use domain::plain_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::analysis::Introduction;
use storage::db::{self, Connection, Db};
use storage::id::StudentId;
use storage::phone::Phone;
use storage::session::{self, Settled};
use storage::student;
use storage::student::NewStudent;

use super::identify_student::settle;
use super::{Answer, Effect, Outcome, Tool, ToolContext, ToolError};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// As the caller said it, without the surname.
    #[schemars(length(min = 1, max = 60))]
    first_name: String,
    /// School grade; 0 is kindergarten.
    #[serde(default)]
    #[schemars(range(max = 13))]
    grade: Option<u8>,
    /// Only needed if the telephone line does not send the number.
    #[serde(default)]
    phone: Option<Phone>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    /// Left out while a person has to accept the student.
    #[serde(skip_serializing_if = "Option::is_none")]
    student_id: Option<StudentId>,
    first_name: String,
    status: Registration,
    /// Whether the number had no student with that name before.
    is_new: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Registration {
    Registered,
    Known,
    /// A person decides.
    Proposed,
}

#[derive(Debug)]
pub(super) struct RegisterStudent;

impl Tool for RegisterStudent {
    const NAME: &'static str = "register_student";
    const TITLE: &'static str = "Register student";
    const DESCRIPTION: &'static str = "Use this once for a new caller, after they said their first name, so that the \
        next call knows what they learnt. A caller with the same name and number is taken for the same student.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let named = || ToolError::invalid("`first_name` must be a first name");
        let first_name = plain_text::first_name(&params.first_name).ok_or_else(named)?;
        let Some(phone) = ctx.phone(params.phone)? else {
            let say = "Not done: the number is withheld, so the next call could not be recognised. Teach as usual.";
            return Err(ToolError::new(Outcome::Refused, say));
        };
        let grade = params.grade.map(i16::from);
        let mut tx = db::begin(db).await?;
        // A caller who says that they are new must not learn who else calls from the number.
        let is_stranger = ctx.caller.line.is_stranger;
        let known =
            if is_stranger { Vec::new() } else { student::list_first_names(&mut *tx, ctx.caller, &phone).await? };
        let same = known.into_iter().find(|(_, name)| student::is_first_name(name, &first_name));
        let data = if let Some((student_id, _)) = same {
            settle(&mut tx, ctx, student_id).await?;
            Output { student_id: Some(student_id), first_name, status: Registration::Known, is_new: false }
        } else if ctx.registers_callers && !is_stranger && student::lock_free_number(&mut tx, &phone).await? {
            let new = NewStudent {
                display_name: first_name.clone(),
                grade,
                cohort: None,
                locale: "en".to_owned(),
                timezone: None,
                phones: vec![phone],
            };
            let student_id = student::register_student(&mut tx, ctx.caller, &new, ctx.now).await?.student_id;
            settle(&mut tx, ctx, student_id).await?;
            Output { student_id: Some(student_id), first_name, status: Registration::Registered, is_new: true }
        } else {
            propose(&mut tx, ctx, &first_name, grade).await?;
            Output { student_id: None, first_name, status: Registration::Proposed, is_new: true }
        };
        db::commit(tx).await?;
        Ok(Answer { text: say(&data), data })
    }
}

/// Leaves the new student to a person: on the session of the call, once.
async fn propose(
    tx: &mut Connection,
    ctx: ToolContext<'_>,
    first_name: &str,
    grade: Option<i16>,
) -> Result<(), ToolError> {
    let refused = |say| ToolError::new(Outcome::Refused, say);
    let session_id = ctx.open_session(tx).await?.ok_or_else(|| refused(NO_CALL))?;
    let told = Introduction { first_name: Some(first_name.to_owned()), grade, wants: None };
    match session::introduce_live_caller(tx, ctx.caller, session_id, &told, ctx.now).await? {
        Settled::Done => Ok(()),
        Settled::Refused => Err(refused(ONCE)),
    }
}

const NO_CALL: &str = "Not done: a person registers new students. Teach as with anybody new.";
const ONCE: &str = "Not done: one student was named in this call already. A person will see to it; teach as usual.";

fn say(data: &Output) -> String {
    let name = &data.first_name;
    match data.student_id {
        Some(student_id) => {
            format!("{name} is registered, student_id {student_id}. Ask what they would like to work on.")
        }
        None => format!(
            "A person will register {name}. Teach as with anybody new, and ask what they would like to work on."
        ),
    }
}
