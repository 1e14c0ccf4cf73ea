//! Checks the PIN or the guardian's code that the organisation asks of callers.
//!
//! **Invariant:** a wrong code is answered the same whether or not there is such a student, and takes as long.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::caller_code::{self, Code};
use storage::db::{self, Db};
use storage::id::StudentId;
use storage::student_context;
use tokio::sync::Semaphore;

use super::{Answer, Effect, Outcome, Tool, ToolContext, ToolError};

/// Codes that are compared at the same time: each takes 19 MiB for some tens of milliseconds.
static COMPARED: Semaphore = Semaphore::const_new(4);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// The code as the caller said it: 4219, four two one nine, forty-two nineteen.
    #[schemars(length(min = 1, max = 100))]
    pin: Spoken,
    /// The first name that the caller gave.
    #[serde(default)]
    #[schemars(length(min = 1, max = 60))]
    first_name: Option<String>,
}

/// What a caller said, which no log shows.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
struct Spoken(String);

impl std::fmt::Debug for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spoken")
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    student_id: StudentId,
    first_name: String,
}

#[derive(Debug)]
pub(super) struct VerifyCaller;

impl Tool for VerifyCaller {
    const NAME: &'static str = "verify_caller";
    const TITLE: &'static str = "Verify caller";
    const DESCRIPTION: &'static str = "Call this with what the caller said, when a tool answers that the caller has to \
        give a PIN or code. Answers with the student's context; the other tools then work for the rest of the call.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    const IF_ASSURED: bool = true;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let Some(kind) = ctx.caller.line.missing else { return Err(ToolError::new(Outcome::Refused, NOT_NEEDED)) };
        let code = Code::hear(&params.pin.0).map_err(|_| ToolError::invalid(UNREADABLE))?;
        let mut tx = db::begin(db).await?;
        let Some(session_id) = ctx.open_session(&mut tx).await? else {
            return Err(ToolError::new(Outcome::Refused, NO_CALL));
        };
        let first_name = params.first_name.as_deref();
        let begun = caller_code::begin_try(&mut tx, ctx.caller, session_id, kind, first_name, ctx.now).await?;
        db::commit(tx).await?;
        let begun = begun.ok_or_else(|| ToolError::new(Outcome::Refused, NO_MORE_TRIES))?;
        let compared = COMPARED.acquire().await.map_err(|_| ToolError::internal())?;
        let (begun, is_right) = tokio::task::spawn_blocking(move || {
            let is_right = begun.is_right(&code);
            (begun, is_right)
        })
        .await
        .map_err(|_| ToolError::internal())?;
        drop(compared);
        let wrong = || ToolError::new(Outcome::Refused, WRONG);
        if !is_right {
            return Err(wrong());
        }
        let mut tx = db::begin(db).await?;
        let student_id = caller_code::settle_right_try(&mut tx, ctx.caller, begun, ctx.now).await?;
        let student_id = student_id.ok_or_else(wrong)?;
        db::commit(tx).await?;
        let caller = ctx.caller.settled_as(student_id, Some(session_id));
        let context = student_context::get_by_student_id(db, &caller, student_id, ctx.now).await?;
        let text = serde_json::to_string(&context).map_err(|_| ToolError::internal())?;
        let first_name = context.student.map(|student| student.first_name).unwrap_or_default();
        Ok(Answer { text, data: Output { student_id, first_name } })
    }
}

const NOT_NEEDED: &str = "Not needed: no code is asked for on this line. Continue with get_student_context.";
const UNREADABLE: &str = "`pin` must be 4 to 8 digits and nothing else, such as 4219 or four two one nine";
const NO_CALL: &str = "Not verified: this line names no call that is open, so nothing can be proved on it. Teach as with \
    anybody new. Continue without this.";
const WRONG: &str = "Not verified: the first name and the code do not match. Ask the caller for both once more and call \
    again. Without them teach as with anybody new; the school can give the family a new code.";
const NO_MORE_TRIES: &str = "Not verified: there are no more tries. Teach as with anybody new, and continue without this. The \
    school can give the family a new code.";
