//! Writes an analysis with all that follows from it, in one transaction: evidence, mastery, concerns, and the
//! context that the next call will ask for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared::access::Caller;
use shared::analysis::{self, Analysis, AnalysisStatus, Findings};
use shared::db::{Connection, Result};
use shared::evidence::{self, Evidence};
use shared::id::{AnalysisId, EvidenceId, SessionId, StudentId};
use shared::session::{Session, SessionKey, SessionStatus, derived, get_session, index_words, set_status};
use shared::transcript::{Turn, list_turns};
use shared::{consent, consistency, estimate, fact, follow_up, introduction, student};

/// Returns what the rules found, as it is stored.
pub(crate) fn by_rules(
    session_id: SessionId,
    status: AnalysisStatus,
    findings: Findings,
    took: Duration,
    now: DateTime<Utc>,
) -> Analysis {
    Analysis {
        analysis_id: AnalysisId::new(),
        session_id,
        analyser: "rules".to_owned(),
        analyser_version: analyser::VERSION.to_owned(),
        status,
        findings,
        model: None,
        prompt_version: None,
        input_tokens: None,
        output_tokens: None,
        duration_ms: took.as_millis() as i32,
        created_at: now,
    }
}

/// Writing the same again gives the same rows. A session of nobody keeps its analysis and teaches us of no student.
pub(crate) async fn put(
    tx: &mut Connection,
    analysis: &Analysis,
    status: SessionStatus,
    register_callers: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let worker = Caller::worker();
    // The students before the session, as everybody locks them.
    let mut student_ids = lock_students(tx, analysis.session_id).await?;
    // From here on the session's row is locked: a person who assigns the session waits, and then it is analysed again.
    set_status(tx, analysis.session_id, status, None, now).await?;
    let mut session = get_session(&mut *tx, &worker, &SessionKey::Id(analysis.session_id)).await?;
    let told = introduction::of_session(&session, analysis.findings.introduction.as_ref());
    if let (true, None, Some(told)) = (register_callers, session.student_id, told) {
        session.student_id = introduction::accept_stranger(tx, &worker, &session, &told, now).await?;
    }
    // Registered just now, or assigned before the row was locked.
    if let Some(student_id) = session.student_id.filter(|id| !student_ids.contains(id)) {
        student::lock(tx, &[student_id]).await?;
        student_ids.push(student_id);
    }

    let mut analysis = analysis.clone();
    // Of somebody we know it would only be one more copy of a name.
    analysis.findings.introduction.take_if(|_| session.student_id.is_some());
    let analysis = &analysis;
    let had = evidence::list_told(tx, analysis.session_id).await?;
    let analysis_id = analysis::put_current(tx, analysis).await?;
    index_words(tx, analysis.session_id).await?;
    let facts = &analysis.findings.facts;
    fact::replace_of_session(tx, analysis.session_id, session.student_id, facts, began_at(&session)).await?;
    let flags = &analysis.findings.safety_flags;
    follow_up::raise_flagged(tx, analysis.session_id, session.student_id, flags, now).await?;
    if let Some(student_id) = session.student_id {
        let turns = list_turns(&mut *tx, &worker, analysis.session_id).await?;
        let found = evidence_of(analysis, analysis_id, student_id, &session, &turns);
        evidence::insert_evidence(tx, &found, now).await?;
    }
    consent::apply_to_session(tx, analysis.session_id, status == SessionStatus::Analyzed, now).await?;
    for student_id in &student_ids {
        let of_student = had.iter().filter(|(id, _)| id == student_id);
        let had: Vec<String> = of_student.map(|(_, skill_id)| skill_id.clone()).collect();
        estimate::advance(tx, &worker, *student_id, analysis.session_id, &had, now).await?;
    }
    derived::refresh_with(tx, &[analysis.session_id], &student_ids).await?;
    Ok(())
}

/// Locks the students whom the session has evidence of, and the one it is assigned to: after a person has corrected the
/// assignment, they differ.
async fn lock_students(tx: &mut Connection, session_id: SessionId) -> Result<Vec<StudentId>> {
    let session = get_session(&mut *tx, &Caller::worker(), &SessionKey::Id(session_id)).await?;
    let mut student_ids = evidence::list_student_ids(&mut *tx, session_id).await?;
    student_ids.extend(session.student_id);
    student_ids.sort_unstable();
    student_ids.dedup();
    student::lock(tx, &student_ids).await?;
    Ok(student_ids)
}

/// Computes from the evidence alone what is believed of a student. Returns whether a row differed: then it had been changed
/// by hand, or by a fault of ours.
pub async fn rebuild_student(tx: &mut Connection, student_id: StudentId, now: DateTime<Utc>) -> Result<bool> {
    consistency::repair_student(tx, &Caller::worker(), student_id, now).await
}

fn evidence_of(
    analysis: &Analysis,
    analysis_id: AnalysisId,
    student_id: StudentId,
    session: &Session,
    turns: &[Turn],
) -> Vec<Evidence> {
    let said_at = |turn_no: i32| {
        let turn = turns.iter().find(|turn| turn.turn_no == turn_no);
        began_at(session) + TimeDelta::milliseconds(turn.map_or(0, |turn| i64::from(turn.offset_ms)))
    };
    let all = analysis.findings.skills.iter().flat_map(|skill| skill.evidence.iter().map(move |found| (skill, found)));
    all.map(|(skill, found)| Evidence {
        evidence_id: EvidenceId::new(),
        student_id,
        skill_id: skill.skill_id.clone(),
        session_id: Some(session.session_id),
        analysis_id: Some(analysis_id),
        turn_no: Some(found.turn_no),
        verdict: found.verdict,
        help: found.help,
        source: found.source,
        noise: found.noise.clamp(0.0, 0.49),
        corrects_id: None,
        observed_at: said_at(found.turn_no),
    })
    .collect()
}

/// VAPI does not always say when a call began; then it is when we heard of it.
fn began_at(session: &Session) -> DateTime<Utc> {
    session.started_at.unwrap_or(session.created_at)
}
