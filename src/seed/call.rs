//! One invented call: its session, turns, job or analysis, and evidence.

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;
use storage::analysis::AnalysisStatus;
use storage::id::{AnalysisId, EvidenceId, SessionId, StudentId};
use storage::job::Job;
use storage::learner::Observation;
use storage::session::SessionStatus;

use super::book::Dialogue;
use super::derived::{self, Written};
use super::rows::{Batch, Field};
use super::{DAYS, id_at};

/// The rules judge alone.
pub const ANALYSIS_STATUS: AnalysisStatus = AnalysisStatus::Baseline;
/// Why a job was given up; nothing in these calls is really wrong, so another try will analyse them.
const GIVEN_UP: &str = "it crashed its worker three times";
const ASSISTANT: &str = "Seeded tutor";
/// How long ago the assistant changed.
const NEW_VERSION_DAYS: i64 = 40;
const MICROUSD_A_SECOND: i64 = 1_500;
/// VAPI's words for why calls end, each with its share in a hundred: of those that came to their end, and of the rest.
const ENDS: [(&str, u32); 5] = [
    ("assistant-ended-call", 52),
    ("customer-ended-call", 38),
    ("exceeded-max-duration", 6),
    ("silence-timed-out", 3),
    ("call.in-progress.error-vapifault-transport-worker-died", 1),
];
const EARLY_ENDS: [(&str, u32); 4] = [
    ("customer-ended-call", 60),
    ("silence-timed-out", 24),
    ("customer-did-not-give-microphone-permission", 9),
    ("call.in-progress.error-vapifault-transport-worker-died", 7),
];

/// A made-up call.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "an id has the same name everywhere")]
pub struct Call<'a> {
    pub call_id: String,
    /// `None`: several students share the phone, and none was identified.
    pub student_id: Option<StudentId>,
    /// The student's grade, also for calls whose caller was not identified.
    pub grade: i16,
    pub phone: String,
    pub dialogue: &'a Dialogue,
    /// The dialogue ends before it has begun.
    pub is_broken_off: bool,
    /// So many calls there are in all.
    pub n_calls: u32,
}

/// A call that taught us of its student.
#[derive(Debug)]
pub struct Judged<'a> {
    pub session_id: SessionId,
    pub started_at: DateTime<Utc>,
    pub analyzed_at: DateTime<Utc>,
    pub dialogue: &'a Dialogue,
}

impl<'a> Judged<'a> {
    /// What the learner model sees of it, with the skill of each.
    pub fn observations(&self) -> impl Iterator<Item = (&'a str, Observation)> {
        self.dialogue.evidence().map(|(skill_id, found)| {
            let observation = Observation {
                verdict: found.verdict,
                help: found.help,
                noise: found.noise.clamp(0.0, 0.49),
                at: self.said_at(found.turn_no),
                call: Some(self.session_id),
            };
            (skill_id, observation)
        })
    }

    fn said_at(&self, turn_no: i32) -> DateTime<Utc> {
        let turn = self.dialogue.turns.iter().find(|turn| turn.turn_no == turn_no);
        self.started_at + TimeDelta::milliseconds(turn.map_or(0, |turn| i64::from(turn.offset_ms)))
    }
}

/// When things happened to a call.
#[expect(clippy::struct_field_names, reason = "a time has the same name everywhere")]
struct Times {
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    reported_at: DateTime<Utc>,
    /// Judged, or given up.
    settled_at: DateTime<Utc>,
}

/// Writes a call in some state; most are analysed. Returns what it taught its student, if it did.
pub fn write<'a>(call: &Call<'a>, now: DateTime<Utc>, rng: &mut impl Rng, batch: &mut Batch) -> Option<Judged<'a>> {
    let status = draw_status(call.n_calls, rng);
    let times = draw_times(status, call.dialogue.length, now, rng);
    let session_id = SessionId(id_at(times.started_at, rng));
    let ended_reason = draw_end(call.is_broken_off, rng);
    let is_over = status != SessionStatus::InProgress;
    let is_analyzed = status == SessionStatus::Analyzed;
    let version = if now - times.started_at > TimeDelta::days(NEW_VERSION_DAYS) { "1.3" } else { "1.4" };
    let written = Written {
        session_id,
        student_id: call.student_id,
        grade: call.student_id.and(Some(call.grade)),
        status,
        dialogue: call.dialogue,
        created_at: times.started_at,
        assistant: format!("{ASSISTANT}, {version}"),
        ended_reason: is_over.then_some(ended_reason),
        latency_ms: (times.settled_at - times.ended_at).num_milliseconds(),
        analysis_ms: is_analyzed.then(|| rng.random_range(1..20)),
        cost_microusd: is_over.then_some((times.ended_at - times.started_at).num_seconds() * MICROUSD_A_SECOND),
    };
    write_session(call, &written, &times, version, batch);
    if is_over {
        write_turns(&written, batch);
    }
    derived::write(&written, batch);
    match status {
        SessionStatus::Analyzed => write_analysis(&written, &times, rng, batch),
        SessionStatus::Received | SessionStatus::NeedsAttention => {
            write_job(session_id, status, &times, batch);
            None
        }
        SessionStatus::InProgress | SessionStatus::Analyzing => None,
    }
}

/// Number of calls that are in progress or wait for analysis, regardless of the total.
const LIVE_MAX: f64 = 12.0;
const WAITING_MAX: f64 = 40.0;

fn draw_status(n_calls: u32, rng: &mut impl Rng) -> SessionStatus {
    let share = |of_all: f64, most: f64| of_all.min(most / f64::from(n_calls));
    let live = share(0.005, LIVE_MAX);
    let waiting = live + share(0.015, WAITING_MAX);
    match rng.random::<f64>() {
        x if x < live => SessionStatus::InProgress,
        x if x < waiting => SessionStatus::Received,
        x if x < waiting + 0.03 => SessionStatus::NeedsAttention,
        _ => SessionStatus::Analyzed,
    }
}

fn draw_end(is_broken_off: bool, rng: &mut impl Rng) -> &'static str {
    let ends = if is_broken_off { &EARLY_ENDS[..] } else { &ENDS[..] };
    let mut left = rng.random_range(0..100);
    for (reason, share) in ends {
        if left < *share {
            return reason;
        }
        left -= share;
    }
    ends[0].0
}

/// A call in progress began minutes ago. A call that waits for analysis ended within the last minute.
fn draw_times(status: SessionStatus, length: TimeDelta, now: DateTime<Utc>, rng: &mut impl Rng) -> Times {
    let mut ago =
        |seconds: std::ops::Range<i64>| now - length - TimeDelta::milliseconds(rng.random_range(seconds) * 1000);
    let started_at = match status {
        SessionStatus::InProgress => ago(0..240) + length,
        SessionStatus::Received => ago(10..60),
        _ => ago(3_600..DAYS * 86_400),
    };
    let ended_at = started_at + length;
    let reported_at = ended_at + TimeDelta::seconds(8);
    Times { started_at, ended_at, reported_at, settled_at: reported_at + TimeDelta::seconds(1) }
}

fn write_session(call: &Call, written: &Written, times: &Times, version: &str, batch: &mut Batch) {
    let updated_at = match written.status {
        SessionStatus::InProgress => times.started_at,
        SessionStatus::Received => times.reported_at,
        _ => times.settled_at,
    };
    batch.sessions.push(&[
        &written.session_id,
        &call.call_id,
        &written.student_id,
        &call.phone,
        &written.status.as_str(),
        &(written.status == SessionStatus::NeedsAttention).then_some(GIVEN_UP),
        &"inboundPhoneCall",
        &ASSISTANT,
        &times.started_at,
        &written.ended_reason.and(Some(times.ended_at)),
        &written.ended_reason,
        &written.cost_microusd,
        &times.started_at,
        &updated_at,
        &written.analysis_ms.and(Some(times.settled_at)),
        &version,
    ]);
}

fn write_turns(written: &Written, batch: &mut Batch) {
    let (session_id, dialogue) = (&written.session_id, written.dialogue);
    for turn in &dialogue.turns {
        let (text, speaker) = (turn.text.as_str(), turn.speaker.as_str());
        batch.turns.push(&[session_id, &turn.turn_no, &speaker, &text, &turn.offset_ms, &turn.duration_ms]);
    }
    batch.words.push(&[session_id, &dialogue.words[usize::from(written.analysis_ms.is_some())]]);
}

/// The analysis that waits for a worker, or that was given up.
fn write_job(session_id: SessionId, status: SessionStatus, times: &Times, batch: &mut Batch) {
    let job = Job::AnalyzeSession { session_id, round: 1 };
    let policy = job.kind().policy();
    let given_up = status == SessionStatus::NeedsAttention;
    let n_lost: i16 = if given_up { 3 } else { 0 };
    batch.jobs.push(&[
        &job.job_id(),
        &job.dedupe_key(),
        &job.kind().as_str(),
        &job.payload().to_string(),
        &session_id,
        &policy.priority,
        &if given_up { "needs_attention" } else { "ready" },
        &times.reported_at,
        &n_lost,
        &policy.max_attempts,
        &n_lost,
        &given_up.then_some(GIVEN_UP),
        &times.reported_at,
        &given_up.then_some(times.settled_at),
    ]);
}

fn write_analysis<'a>(
    written: &Written<'a>,
    times: &Times,
    rng: &mut impl Rng,
    batch: &mut Batch,
) -> Option<Judged<'a>> {
    let (session_id, dialogue) = (written.session_id, written.dialogue);
    let analysis_id = AnalysisId(id_at(times.settled_at, rng));
    batch.analyses.push(&[
        &analysis_id,
        &session_id,
        &"rules",
        &worker::analysis::VERSION,
        &"baseline",
        &dialogue.findings_json,
        &true,
        &written.analysis_ms,
        &times.settled_at,
    ]);
    let student_id = written.student_id?;
    let judged = Judged { session_id, started_at: times.started_at, analyzed_at: times.settled_at, dialogue };
    for ((skill_id, observed), (_, found)) in judged.observations().zip(dialogue.evidence()) {
        let evidence_id = EvidenceId(id_at(times.settled_at, rng));
        let said: [&dyn Field; 12] = [
            &evidence_id,
            &student_id,
            &skill_id,
            &session_id,
            &analysis_id,
            &found.turn_no,
            &observed.verdict.as_str(),
            &observed.help.as_str(),
            &"rules",
            &observed.noise,
            &observed.at,
            &times.settled_at,
        ];
        batch.evidence.push(&said);
    }
    Some(judged)
}
