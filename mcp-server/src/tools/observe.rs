//! Stores an assistant's observation of a skill, and returns the new estimate.

use schemars::JsonSchema;
use serde::Serialize;
use storage::access::Caller;
use storage::db::{self, Db};
use storage::evidence::{self, Evidence, Help, Source, Verdict};
use storage::id::{EvidenceId, StudentId};
use storage::learner::{self, MasteryState};
use storage::{attention, estimate, mastery, session};

use super::{ToolContext, ToolError, bounds, once};

/// One answer of the student, judged.
pub(super) struct Seen<'a> {
    pub skill_id: &'a str,
    /// What was asked: within a call, the same question with the same verdict is one piece of evidence.
    pub question: &'a str,
    pub verdict: Verdict,
    pub help: Help,
    /// How often such a judgement is wrong.
    pub noise: f64,
}

/// The estimate after it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Estimate {
    pub state: MasteryState,
    /// P(knows), two decimals.
    pub mastery: f64,
}

impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {:.0} percent", self.state.as_str(), self.mastery * 100.0)
    }
}

/// A repetition changes nothing.
pub(super) async fn observe(
    db: &Db,
    ctx: ToolContext<'_>,
    student_id: StudentId,
    seen: &Seen<'_>,
) -> Result<Estimate, ToolError> {
    bounds::check(db, ctx, student_id, bounds::Kind::Evidence).await?;
    write(db, ctx, student_id, seen).await?;
    let estimates = mastery::list_mastery(db, ctx.caller, student_id).await?;
    let of_skill = estimates.into_iter().find(|estimate| estimate.skill_id == seen.skill_id);
    let of_skill = of_skill.ok_or_else(ToolError::internal)?;
    let known = learner::knowledge_now(&of_skill.state, ctx.now);
    Ok(Estimate { state: of_skill.word(ctx.now), mastery: (known * 100.0).round() / 100.0 })
}

async fn write(db: &Db, ctx: ToolContext<'_>, student_id: StudentId, seen: &Seen<'_>) -> Result<(), ToolError> {
    let words = [&student_id.to_string()[..], seen.skill_id, seen.question, seen.verdict.as_str()];
    let mut tx = db::begin(db).await?;
    let evidence = Evidence {
        evidence_id: EvidenceId(once::id(&ctx, "evidence", &words)),
        student_id,
        skill_id: seen.skill_id.to_owned(),
        session_id: ctx.open_session(&mut tx).await?,
        analysis_id: None,
        turn_no: None,
        verdict: seen.verdict,
        help: seen.help,
        source: Source::Tool,
        noise: seen.noise,
        corrects_id: None,
        observed_at: ctx.now,
    };
    let session_id = evidence.session_id;
    match evidence::insert_evidence(&mut tx, &[evidence], ctx.now).await {
        Err(error) if error.is_conflict_with("evidence_pkey") => return Ok(()),
        other => other?,
    }
    // The fold reads all there is of the student, which is more than this caller may; it answers nothing of it.
    estimate::refold_in_call(&mut tx, &Caller::worker(), student_id).await?;
    session::derived::refresh(&mut tx, session_id.as_slice()).await?;
    attention::refresh(&mut tx, &[student_id]).await?;
    db::commit(tx).await?;
    Ok(())
}
