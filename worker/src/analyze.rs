//! Judges a session by rules: always, at once, and without asking anybody.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use queue::lease::{Finished, Lease, finish_done};
use storage::access::Caller;
use storage::analysis::{self as analysis_of, AnalysisStatus, Findings};
use storage::curriculum::{self, Curriculum};
use storage::db::Connection;
use storage::id::SessionId;
use storage::job::{self, Job};
use storage::session::{SessionStatus, mark_session};
use storage::transcript::{Speaker, Turn, list_turns};
use storage::{consent, student};

use crate::store::{self, Locked};
use crate::{Context, JobError, analysis};

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
        let current = current.ok_or_else(|| JobError::fail(NOTHING_KEPT))?;
        let locked = Locked::stored(&mut tx, session_id, now).await?;
        let register = context.config.register_callers;
        store::put(&mut tx, locked, &turns, current, SessionStatus::Analyzed, register, now).await?;
        let finished = finish_done(&mut *tx, lease).await?;
        context.commit(tx).await?;
        return Ok(finished);
    }
    if is_blocked && current.is_some() {
        // The session was analysed before a person blocked the student. The analysis stays as it is.
        mark_session(&mut tx, session_id, SessionStatus::Analyzed, None, now).await?;
        consent::apply_to_session(&mut tx, session_id, true, now).await?;
        let finished = finish_done(&mut *tx, lease).await?;
        context.commit(tx).await?;
        return Ok(finished);
    }
    let curriculum = curriculum::current_in(&context.db, &mut tx).await?;
    context.commit(tx).await?;

    let judged = Judged::of(&turns, &curriculum, started);
    let mut tx = context.begin().await?;
    let locked = Locked::stored(&mut tx, session_id, now).await?;
    judged.write(context, &mut tx, locked, &turns, round, now).await?;
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

/// What the rules found in a call.
#[derive(Clone)]
pub(crate) struct Judged {
    findings: Findings,
    has_student_spoken: bool,
    duration: Duration,
}

impl Judged {
    /// `started`: when the work on the call began.
    pub(crate) fn of(turns: &[Turn], curriculum: &Curriculum, started: Instant) -> Self {
        Self {
            findings: analysis::analyse(turns, curriculum),
            has_student_spoken: turns.iter().any(|turn| turn.speaker == Speaker::Student),
            duration: started.elapsed(),
        }
    }

    /// Writes it with all that follows from it, and asks for a language model to read the call where one may.
    pub(crate) async fn write(
        self,
        context: &Context,
        tx: &mut Connection,
        locked: Locked,
        turns: &[Turn],
        round: i32,
        now: DateTime<Utc>,
    ) -> Result<(), JobError> {
        let (session_id, is_blocked) = (locked.session.session_id, locked.is_blocked);
        let mut findings = if is_blocked { of_blocked(self.findings) } else { self.findings };
        let (has_model, may_ask) = (context.llm.is_some(), locked.consents.model);
        if has_model && !may_ask {
            findings.limits.push(NO_CONSENT_TO_MODEL.to_owned());
        }
        // If the student said nothing, a model has nothing to add.
        let asks_model = has_model && may_ask && !is_blocked && self.has_student_spoken;
        let (session_status, analysis_status) = if asks_model {
            (SessionStatus::Analyzing, AnalysisStatus::Pending)
        } else {
            (SessionStatus::Analyzed, AnalysisStatus::Baseline)
        };
        let analysis = store::by_rules(session_id, analysis_status, findings, self.duration, now);
        store::put(tx, locked, turns, analysis, session_status, context.config.register_callers, now).await?;
        if asks_model {
            job::enqueue(tx, &Job::EnrichAnalysis { session_id, round }, Some(session_id)).await?;
        }
        Ok(())
    }
}
