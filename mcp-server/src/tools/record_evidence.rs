//! What an assistant saw the student get right or wrong, so that the estimate moves while the call goes on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::{Caller, Scope};
use shared::db::{self, Db};
use shared::evidence::{self, Evidence, Help, Source, Verdict};
use shared::id::{EvidenceId, StudentId};
use shared::learner::{self, MasteryState};
use shared::{curriculum, mastery};

use super::{Answer, Ask, Effect, Outcome, Tool, ToolError, once};

/// How often an assistant's judgement in the middle of a call is wrong: about one time in seven.
const NOISE: f64 = 0.15;

fn no_help() -> Help {
    Help::None
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// The skill that the question was about, as next_question or list_due_skills names it.
    #[schemars(length(min = 1, max = 80))]
    skill_id: String,
    /// The question that was answered, in a few words. The same question is counted once in a call.
    #[schemars(length(min = 1, max = 160))]
    question: String,
    /// How the student's answer was.
    verdict: Verdict,
    /// How much you helped before the answer.
    #[serde(default = "no_help")]
    help: Help,
    /// Left out: whoever is calling.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    skill_id: String,
    state: MasteryState,
    mastery: f64,
}

#[derive(Debug)]
pub(super) struct RecordEvidence;

impl Tool for RecordEvidence {
    const NAME: &'static str = "record_evidence";
    const TITLE: &'static str = "Record evidence";
    const DESCRIPTION: &'static str = "Call this after each answer of the student that you could judge, right or \
        wrong. Answers with how well the skill is known now, so that you can go on or choose another question.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ask: Ask<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ask.student(db, params.student_id).await?;
        let skill = curriculum::find_practice(db, ask.caller, &params.skill_id, student_id).await?;
        let skill = skill.ok_or_else(|| ToolError::new(Outcome::NotFound, NO_SKILL))?;
        write(db, ask, student_id, &params).await?;
        let estimates = mastery::list_mastery(db, ask.caller, student_id).await?;
        let estimate = estimates
            .into_iter()
            .find(|estimate| estimate.skill_id == params.skill_id);
        let estimate = estimate.ok_or_else(ToolError::internal)?;
        let (state, known) = (estimate.word(ask.now), learner::knowledge_now(&estimate.state, ask.now));
        let data = Output {
            skill_id: params.skill_id,
            state,
            mastery: (known * 100.0).round() / 100.0,
        };
        let text = format!(
            "Noted. {} is now {}, {:.0} percent.",
            skill.skill,
            state.as_str(),
            known * 100.0
        );
        Ok(Answer { text, data })
    }
}

const NO_SKILL: &str = "There is no such skill. Take the skill_id from next_question or list_due_skills.";

/// Told a second time, it changes nothing.
async fn write(db: &Db, ask: Ask<'_>, student_id: StudentId, params: &Params) -> Result<(), ToolError> {
    let words = [
        &student_id.to_string()[..],
        &params.skill_id,
        &params.question,
        params.verdict.as_str(),
    ];
    let mut tx = db.begin().await.map_err(db::Error::from)?;
    let evidence = Evidence {
        evidence_id: EvidenceId(once::id(&ask, RecordEvidence::NAME, &words)),
        student_id,
        skill_id: params.skill_id.clone(),
        session_id: ask.open_session(&mut tx).await?,
        analysis_id: None,
        turn_no: None,
        verdict: params.verdict,
        help: params.help,
        source: Source::Tool,
        noise: NOISE,
        corrects_id: None,
        observed_at: ask.now,
    };
    match evidence::insert_evidence(&mut tx, &evidence, ask.now).await {
        Err(error) if error.is_conflict_with("evidence_pkey") => return Ok(()),
        other => other?,
    }
    // The fold reads all there is of the student, which is more than this caller may; it answers nothing of it.
    mastery::refold(&mut tx, &Caller::worker(), student_id).await?;
    tx.commit().await.map_err(db::Error::from)?;
    Ok(())
}
