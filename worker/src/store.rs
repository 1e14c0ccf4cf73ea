//! Writes an analysis with all that follows from it, in one transaction: evidence, mastery, concerns, and the
//! context that the next call will ask for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use storage::access::Caller;
use storage::analysis::{self, Analysis, AnalysisStatus, Findings, Replaced};
use storage::consent::Consents;
use storage::db::{Connection, Result};
use storage::evidence::{self, Evidence};
use storage::id::{AnalysisId, EvidenceId, SessionId, StudentId};
use storage::message::Subject;
use storage::message::event::{Event, emit};
use storage::session::{
    Session, SessionKey, SessionStatus, derived, get_session, index_words, lock_session, set_status,
};
use storage::student::StudentStatus;
use storage::transcript::Turn;
use storage::{consent, consistency, estimate, fact, follow_up, introduction, student};
use web::telemetry::trace;

/// What a transaction locked before it writes an analysis: the students before the session, as everybody locks them, and
/// then what their guardians consent to. A person who assigns the session waits, and then it is analysed again.
pub(crate) struct Locked {
    pub(crate) session: Session,
    pub(crate) consents: Consents,
    /// True if a person blocked the student, or no guardian consents to lessons.
    pub(crate) is_blocked: bool,
    /// The student of the session, and those it has evidence about.
    student_ids: Vec<StudentId>,
}

impl Locked {
    /// Of a session that this transaction has locked. `students`: those that are locked already.
    pub(crate) async fn new(
        tx: &mut Connection,
        session_id: SessionId,
        mut students: Vec<(StudentId, StudentStatus)>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let session = get_session(&mut *tx, &Caller::worker(), &SessionKey::Id(session_id)).await?;
        trace::of_call(|| Some(&session.call_id));
        // Assigned before the row was locked.
        if let Some(student_id) = session.student_id.filter(|id| students.iter().all(|(locked, _)| locked != id)) {
            students.extend(student::lock(tx, &[student_id]).await?);
        }
        let consents = consent::current(tx, session.student_id, now).await?;
        let whose = students.iter().find(|(id, _)| Some(*id) == session.student_id);
        let is_blocked = whose.is_some_and(|(_, status)| *status == StudentStatus::Blocked || !consents.tutoring);
        Ok(Self { session, consents, is_blocked, student_ids: students.into_iter().map(|(id, _)| id).collect() })
    }

    /// Locks the students of a session that is stored, and the session.
    pub(crate) async fn stored(tx: &mut Connection, session_id: SessionId, now: DateTime<Utc>) -> Result<Self> {
        let students = student::lock_of_call(tx, &SessionKey::Id(session_id), None).await?;
        lock_session(tx, session_id).await?;
        Self::new(tx, session_id, students, now).await
    }
}

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

/// Stores an analysis. Storing it again gives the same rows, and what did not change is not written: a model often finds
/// what the rules found. A session without a student keeps its analysis, but adds no evidence.
pub(crate) async fn put(
    tx: &mut Connection,
    locked: Locked,
    turns: &[Turn],
    mut analysis: Analysis,
    status: SessionStatus,
    register_callers: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let worker = Caller::worker();
    let Locked { mut session, mut consents, mut student_ids, is_blocked } = locked;
    let session_id = session.session_id;
    set_status(tx, session_id, status, None, now).await?;
    let introduced = introduction::of_session(&session, analysis.findings.introduction.as_ref());
    if let (true, None, Some(introduced)) = (register_callers, session.student_id, introduced) {
        session.student_id = introduction::accept_stranger(tx, &worker, &session, &introduced, now).await?;
        if let Some(student_id) = session.student_id {
            student::lock(tx, &[student_id]).await?;
            student_ids.push(student_id);
            consents = consent::current(tx, Some(student_id), now).await?;
        }
    }

    // For a known student, this would only be another copy of the name.
    analysis.findings.introduction.take_if(|_| session.student_id.is_some());
    let had = evidence::list_told(tx, &Caller::worker(), session_id).await?;
    let replaced = match session.analysis_status {
        Some(_) => analysis::replace_current(tx, session_id).await?,
        None => None,
    };
    let (analysis_id, is_new) = analysis::put_current(tx, &analysis).await?;
    let replaced = replaced.as_ref();
    // The rules come first and may have new turns. A model changes at most the summary.
    let has_same_summary = |before: &Replaced| before.summary == analysis.findings.summary;
    if analysis.model.is_none() || !replaced.is_some_and(has_same_summary) {
        index_words(tx, session_id).await?;
    }
    let facts = &analysis.findings.facts;
    if !facts.is_empty() || replaced.is_some_and(|before| before.has_facts) {
        fact::replace_of_session(tx, session_id, session.student_id, facts, began_at(&session)).await?;
    }
    let flags = &analysis.findings.safety_flags;
    follow_up::raise_flagged(tx, session_id, session.student_id, flags, now).await?;
    let found = match session.student_id {
        Some(student_id) => evidence_of(&analysis, analysis_id, student_id, &session, turns),
        None => Vec::new(),
    };
    let of_replaced = |of: &&Evidence| of.analysis_id.is_some() && of.analysis_id == replaced.map(|of| of.analysis_id);
    let is_same = replaced.is_some() && evidence::is_same(had.iter().filter(of_replaced), &found);
    match replaced {
        Some(before) if is_same && before.analysis_id == analysis_id => {}
        _ => {
            if !is_new {
                evidence::remove_of_analysis(tx, analysis_id).await?;
            }
            match replaced {
                Some(before) if is_same => evidence::hand_over(tx, before.analysis_id, analysis_id).await?,
                _ => evidence::insert_evidence(tx, &found, now).await?,
            }
        }
    }
    consent::apply(tx, session_id, consents, status == SessionStatus::Analyzed, now).await?;
    for student_id in &student_ids {
        let of_student = had.iter().filter(|of| of.student_id == *student_id);
        let mut had: Vec<String> = of_student.map(|of| of.skill_id.clone()).collect();
        had.sort_unstable();
        had.dedup();
        let had = (!is_same).then_some(&had[..]);
        estimate::advance(tx, &worker, *student_id, session_id, had, now).await?;
    }
    // Clients get no data about a blocked student.
    if status == SessionStatus::Analyzed && !is_blocked {
        // The stored id stays if the same rules read the call again.
        let (subject, cause) = (Subject::Session(session_id), analysis.analysis_id.to_string());
        emit(tx, Event::SessionAnalyzed, subject, &cause, now, now).await?;
    }
    derived::refresh_locked(tx, &[session_id], student_ids).await
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
