//! Requests a new analysis of a session with the current analyser.

use queue::retry::{self, Reanalysis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::{self, Db};
use storage::id::{JobId, SessionId};
use storage::session::{self, SessionKey};

use super::{Answer, Effect, Outcome, Tool, ToolContext, ToolError};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// As list_sessions or search_sessions returns it.
    session_id: SessionId,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    session_id: SessionId,
    job_id: JobId,
}

#[derive(Debug)]
pub(super) struct ReanalyzeSession;

impl Tool for ReanalyzeSession {
    const NAME: &'static str = "reanalyze_session";
    const TITLE: &'static str = "Reanalyze session";
    const DESCRIPTION: &'static str = "Has a finished call analysed again, for example after its analysis failed or the analyser got better. \
        The result is there within minutes: ask get_session.";
    const ON_TELEPHONE: bool = false;
    const SCOPES: &'static [Scope] = &[Scope::SessionsRead, Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let session_id = params.session_id;
        let session = session::get_session(db, ctx.caller, &SessionKey::Id(session_id)).await?;
        ctx.permit_session(db, session.student_id).await?;
        let mut tx = db::begin(db).await?;
        let asked = retry::reanalyze(&mut tx, ctx.caller, session_id, ctx.now).await?;
        db::commit(tx).await?;
        let (job_id, text) = match asked {
            Reanalysis::Asked(job_id) => (job_id, "The session is being analysed again. Look again in a minute."),
            Reanalysis::Waits(job_id) => (job_id, "An analysis of this session waits already. Look again in a minute."),
            Reanalysis::NoReport => {
                let say = "Not done: the call is not over, or its report has not come. Call again when it has ended.";
                return Err(ToolError::new(Outcome::Refused, say));
            }
        };
        Ok(Answer { text: text.to_owned(), data: Output { session_id, job_id } })
    }
}
