//! Judges a session by rules: always, at once, and without asking anybody.

use std::time::Instant;

use chrono::{DateTime, Utc};
use shared::access::Caller;
use shared::analysis::{self as analysis_of, AnalysisStatus, Findings};
use shared::id::SessionId;
use shared::job::lease::{Finished, Lease, finish_done};
use shared::job::{self, Job};
use shared::session::{SessionStatus, mark_session};
use shared::transcript::{Speaker, list_turns};
use shared::{consent, student};

use crate::{Context, JobError, analysis, store};

/// What is kept of a call of a blocked student: only what a person has to read for the child's safety.
fn of_blocked(findings: Findings) -> Findings {
    Findings {
        judged_by: findings.judged_by,
        summary: "Not judged: the student is blocked.".to_owned(),
        safety_flags: findings.safety_flags,
        language: findings.language,
        ..Findings::default()
    }
}

/// Shown on the session and on the Jobs page.
const NOTHING_KEPT: &str = "what was said was deleted, because there is no consent to keep it";

/// Shown among the limits of an analysis.
pub(crate) const NO_CONSENT_TO_MODEL: &str = "No language model read the call: there is no consent to it.";

pub(crate) async fn perform(
    context: &Context,
    lease: &Lease,
    session_id: SessionId,
    round: i32,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let started = Instant::now();
    let worker = Caller::worker();
    let mut tx = context.begin().await?;
    let turns = list_turns(&mut *tx, &worker, session_id).await?;
    let is_blocked = student::is_blocked_in(&mut *tx, session_id).await?;
    let current = analysis_of::find_current(&mut *tx, &worker, session_id).await?;
    if consent::is_speech_removed(&mut *tx, session_id).await? {
        // Nothing is left to analyse. What was found stays, for the student whose session it is now.
        let current = current.as_ref().ok_or_else(|| JobError::fail(NOTHING_KEPT))?;
        store::put(&mut tx, current, SessionStatus::Analyzed, context.config.register_callers, now).await?;
        let finished = finish_done(&mut *tx, lease).await?;
        context.commit(tx).await?;
        return Ok(finished);
    }
    if is_blocked && current.is_some() {
        // It was judged before somebody blocked the student, and stays as it is.
        mark_session(&mut tx, session_id, SessionStatus::Analyzed, None, now).await?;
        consent::apply_to_session(&mut tx, session_id, true, now).await?;
        let finished = finish_done(&mut *tx, lease).await?;
        context.commit(tx).await?;
        return Ok(finished);
    }
    let curriculum = context.curriculum.load(&mut tx).await?;
    context.commit(tx).await?;

    let mut findings = analysis::analyse(&turns, &curriculum);
    if is_blocked {
        findings = of_blocked(findings);
    }

    let mut tx = context.begin().await?;
    // Where the student said nothing a model has nothing to add.
    let consents = consent::current_of_session(&mut tx, session_id, now).await?;
    let has_spoken = turns.iter().any(|turn| turn.speaker == Speaker::Student);
    let asks_model = context.llm.is_some() && !is_blocked && consents.model && has_spoken;
    if context.llm.is_some() && !consents.model {
        findings.limits.push(NO_CONSENT_TO_MODEL.to_owned());
    }
    let (session_status, analysis_status) = if asks_model {
        (SessionStatus::Analyzing, AnalysisStatus::Pending)
    } else {
        (SessionStatus::Analyzed, AnalysisStatus::Baseline)
    };
    let analysis = store::by_rules(session_id, analysis_status, findings, started.elapsed(), now);
    store::put(&mut tx, &analysis, session_status, context.config.register_callers, now).await?;
    if asks_model {
        job::enqueue(&mut tx, &Job::EnrichAnalysis { session_id, round }, Some(session_id)).await?;
    }
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}
