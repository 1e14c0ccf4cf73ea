//! Judges a session by rules: always, at once, and without asking anybody.

use std::time::Instant;

use chrono::{DateTime, Utc};
use shared::access::Caller;
use shared::analysis::AnalysisStatus;
use shared::curriculum;
use shared::id::SessionId;
use shared::job::lease::{Finished, Lease, finish_done, renew};
use shared::job::{self, Job};
use shared::session::{SessionStatus, mark_session};
use shared::transcript::{Speaker, list_turns};

use crate::{Context, JobError, analysis, store};

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
    // In one transaction with the lease, or a worker that lost it would set the session back.
    renew(&mut *tx, lease, context.config.lease).await?;
    mark_session(&mut tx, session_id, SessionStatus::Analyzing, None, now).await?;
    let turns = list_turns(&mut *tx, &worker, session_id).await?;
    let curriculum = curriculum::load(&mut tx).await?;
    context.commit(tx).await?;

    let findings = analysis::analyse(&turns, &curriculum);

    let mut tx = context.begin().await?;
    // Where the student said nothing a model has nothing to add.
    let asks_model = context.llm.is_some() && turns.iter().any(|turn| turn.speaker == Speaker::Student);
    let (session_status, analysis_status) = if asks_model {
        (SessionStatus::Analyzing, AnalysisStatus::Pending)
    } else {
        (SessionStatus::Analyzed, AnalysisStatus::Baseline)
    };
    let analysis = analysis::stored(session_id, analysis_status, findings, started.elapsed(), now);
    store::put(&mut tx, &analysis, session_status, context.config.register_callers, now).await?;
    if asks_model {
        job::enqueue(&mut tx, &Job::EnrichAnalysis { session_id, round }, Some(session_id)).await?;
    }
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}
