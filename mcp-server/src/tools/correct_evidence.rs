//! A person's correction of one answer, through an agent. It overrides every analysis of that answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::audit;
use storage::db::{self, Db};
use storage::evidence::{self, Correction, Help, Verdict};
use storage::id::{SessionId, StudentId};
use storage::session::{self, SessionKey};

use super::{Answer, Effect, Tool, ToolContext, ToolError};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// The session of the answer.
    session_id: SessionId,
    /// The student's turn, as get_session returns it.
    #[schemars(range(min = 0, max = 100_000))]
    turn_no: i32,
    /// The skill under which it was judged.
    #[schemars(length(min = 1, max = 80))]
    skill_id: String,
    /// How the answer really was.
    verdict: Verdict,
    /// How much help came before it. Left out: as it was judged.
    #[serde(default)]
    help: Option<Help>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    student_id: StudentId,
    verdict: Verdict,
}

#[derive(Debug)]
pub(super) struct CorrectEvidence;

impl Tool for CorrectEvidence {
    const NAME: &'static str = "correct_evidence";
    const TITLE: &'static str = "Correct evidence";
    const DESCRIPTION: &'static str = "Corrects how one answer of a session was judged, on behalf of a teacher. Outranks every analysis; \
        mastery and the next lesson follow at once. Look at get_session first.";
    const ON_TELEPHONE: bool = false;
    const SCOPES: &'static [Scope] = &[Scope::SessionsRead, Scope::StudentsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let session = session::get_session(db, ctx.caller, &SessionKey::Id(params.session_id)).await?;
        ctx.permit_session(db, session.student_id).await?;
        let Params { session_id, turn_no, skill_id, verdict, help } = params;
        let detail = serde_json::json!({ "turn_no": turn_no, "skill_id": skill_id, "verdict": verdict });
        let correction = Correction { session_id, skill_id, turn_no, verdict: Some(verdict), help };
        let mut tx = db::begin(db).await?;
        let student_id = evidence::correct(&mut tx, ctx.caller, &correction, ctx.now).await?;
        let object = session_id.to_string();
        audit::insert_entry(&mut *tx, ctx.caller, "evidence.correct", Some(&object), &detail, ctx.now).await?;
        db::commit(tx).await?;
        let text =
            format!("Corrected: turn {turn_no} is {} now, and counts in place of the judgement.", verdict.as_str());
        Ok(Answer { text, data: Output { student_id, verdict } })
    }
}
