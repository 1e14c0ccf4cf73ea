//! What is derived of a call: its figures and its topics, as `storage::session::derived` computes them.

use chrono::{DateTime, Utc};
use storage::analysis::{EngagementLevel, Figures, Tutoring};
use storage::id::{SessionId, StudentId};
use storage::session::SessionStatus;

use super::book::Dialogue;
use super::rows::Batch;

/// A call, as far as it says what is derived of it.
#[derive(Debug)]
pub struct Written<'a> {
    pub session_id: SessionId,
    pub student_id: Option<StudentId>,
    pub grade: Option<i16>,
    pub status: SessionStatus,
    pub dialogue: &'a Dialogue,
    pub created_at: DateTime<Utc>,
    pub assistant: String,
    /// `None`: in progress.
    pub ended_reason: Option<&'a str>,
    /// From its end to its analysis.
    pub latency_ms: i64,
    pub analysis_ms: Option<i32>,
    pub cost_microusd: Option<i64>,
}

/// Writes both.
pub fn write(call: &Written, batch: &mut Batch) {
    write_facts(call, batch);
    if call.analysis_ms.is_some() {
        write_topics(call, batch);
    }
}

fn write_facts(call: &Written, batch: &mut Batch) {
    let is_over = call.ended_reason.is_some();
    let length_ms = if is_over { call.dialogue.length.num_milliseconds() } else { 0 };
    let is_analyzed = call.analysis_ms.is_some();
    let findings = is_analyzed.then_some(&call.dialogue.findings);
    let words = |n: fn(&Figures) -> u32| findings.map_or(0, |findings| n(&findings.figures));
    let level = findings.and_then(|findings| findings.engagement.as_ref()).map(|engagement| engagement.level);
    let is_level = |of| i32::from(level == Some(of));
    let tutoring = findings.and_then(|findings| findings.tutoring.as_ref());
    let habit = |n: fn(&Tutoring) -> u32| tutoring.map_or(0, n);
    let score = tutoring.and_then(|tutoring| tutoring.score);
    let within = |seconds: i64| i32::from(is_analyzed && call.latency_ms <= seconds * 1000);
    batch.facts.push(&[
        &call.session_id,
        &call.student_id,
        &call.created_at,
        &call.assistant,
        &call.ended_reason.unwrap_or_default(),
        &1,
        &i32::from(is_over),
        &i32::from(is_over && length_ms < 60_000),
        &length_ms,
        &words(|figures| figures.n_words_tutor),
        &words(|figures| figures.n_words_student),
        &is_level(EngagementLevel::Low),
        &is_level(EngagementLevel::Medium),
        &is_level(EngagementLevel::High),
        &i32::from(is_analyzed),
        &i32::from(call.status == SessionStatus::NeedsAttention),
        &i32::from(is_analyzed),
        &if is_analyzed { call.latency_ms } else { 0 },
        &within(10),
        &within(60),
        &within(600),
        &within(3_600),
        &i32::from(is_analyzed),
        &call.analysis_ms.unwrap_or(0),
        &0,
        &0,
        &i32::from(call.cost_microusd.is_some()),
        &call.cost_microusd.unwrap_or(0),
        &i32::from(tutoring.is_some()),
        &habit(|of| of.n_errors),
        &habit(|of| of.n_told_at_once),
        &habit(|of| of.n_questions),
        &habit(|of| of.n_hurried),
        &habit(|of| of.n_process_praise),
        &habit(|of| of.n_person_praise),
        &habit(|of| of.n_checks),
        &i32::from(score.is_some()),
        &score.unwrap_or(0.0),
        &score.map_or(0.0, |score| score * score),
    ]);
}

fn write_topics(call: &Written, batch: &mut Batch) {
    for (kind, topic) in &call.dialogue.topics {
        batch.topics.push(&[&call.session_id, kind, topic, &call.grade, &call.created_at]);
    }
}
