//! Rows in COPY's text format, table by table.

use std::fmt::{Display, Write};

use chrono::{DateTime, Utc};
use storage::id::{AnalysisId, EvidenceId, JobId, SessionId, StudentId};

/// A value of one column.
pub trait Field {
    fn write(&self, out: &mut String);
}

/// Text, in which COPY's own signs are escaped.
impl Field for &str {
    fn write(&self, out: &mut String) {
        for c in self.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\t' => out.push_str("\\t"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                c => out.push(c),
            }
        }
    }
}

impl Field for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl<T: Field> Field for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("\\N"),
        }
    }
}

/// What prints without a sign of COPY's.
macro_rules! plain {
    ($($type:ty)*) => {$(
        impl Field for $type {
            fn write(&self, out: &mut String) {
                print(self, out);
            }
        }
    )*};
}

plain! { i16 i32 u32 i64 f64 bool DateTime<Utc> StudentId SessionId AnalysisId EvidenceId JobId }

fn print(value: &impl Display, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

/// The rows of one table.
#[derive(Debug, Default)]
pub struct Rows(pub String);

impl Rows {
    /// Adds a row.
    pub fn push(&mut self, fields: &[&dyn Field]) {
        for (i, field) in fields.iter().enumerate() {
            if i > 0 {
                self.0.push('\t');
            }
            field.write(&mut self.0);
        }
        self.0.push('\n');
    }
}

/// As many rows as are sent at once.
#[derive(Debug, Default)]
pub struct Batch {
    pub students: Rows,
    pub phones: Rows,
    pub sessions: Rows,
    pub turns: Rows,
    pub jobs: Rows,
    pub analyses: Rows,
    pub evidence: Rows,
    pub mastery: Rows,
    pub practices: Rows,
    pub contexts: Rows,
    pub words: Rows,
    pub facts: Rows,
    pub topics: Rows,
    pub student_ids: Vec<StudentId>,
}

impl Batch {
    /// Each table's statement and rows, what is pointed to before what points.
    pub fn tables(&self) -> [(&'static str, &str); 13] {
        [
            (
                "copy students (student_id, display_name, grade, cohort, locale, timezone, created_at, updated_at)
                     from stdin",
                &self.students.0,
            ),
            ("copy student_phones (phone, student_id, created_at) from stdin", &self.phones.0),
            (
                "copy sessions (session_id, call_id, student_id, caller_phone, status, attention_reason, call_type,
                     assistant_name, started_at, ended_at, ended_reason, cost_microusd, created_at, updated_at,
                     analyzed_at, assistant_version) from stdin",
                &self.sessions.0,
            ),
            ("copy turns (session_id, turn_no, speaker, text, offset_ms, duration_ms) from stdin", &self.turns.0),
            (
                "copy jobs (job_id, dedupe_key, kind, payload, session_id, priority, state, run_at, attempts,
                     max_attempts, n_lost, last_error, created_at, finished_at) from stdin",
                &self.jobs.0,
            ),
            (
                "copy analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
                     duration_ms, created_at) from stdin",
                &self.analyses.0,
            ),
            (
                "copy evidence (evidence_id, student_id, skill_id, session_id, analysis_id, turn_no, verdict, help,
                     source, noise, observed_at, created_at) from stdin",
                &self.evidence.0,
            ),
            (
                "copy mastery (student_id, skill_id, knowledge, stability, difficulty, n_evidence, n_unaided_correct,
                     n_calls_correct, last_at) from stdin",
                &self.mastery.0,
            ),
            (
                "copy practices (student_id, skill_id, practice_no, session_id, practised_at, gain, due_at, next_at)
                     from stdin",
                &self.practices.0,
            ),
            ("copy student_contexts (student_id, prepared, session_id, rebuilt_at) from stdin", &self.contexts.0),
            ("copy session_words (session_id, words) from stdin", &self.words.0),
            (
                "copy session_facts (session_id, student_id, created_at, assistant, ended_reason, n_sessions, n_over,
                     n_dropped, length_ms, words_tutor, words_student, n_low, n_medium, n_high, n_analyzed, n_attention,
                     n_latency, latency_ms, n_in_10_s, n_in_1_min, n_in_10_min, n_in_1_h, n_analyses, analysis_ms,
                     n_model_cost, model_cost_microusd, n_call_cost, call_cost_microusd, n_tutored, n_errors,
                     n_told_at_once, n_questions, n_hurried, n_process_praise, n_person_praise, n_checks, n_scored,
                     score, score_squared) from stdin",
                &self.facts.0,
            ),
            ("copy session_topics (session_id, kind, topic, grade, created_at) from stdin", &self.topics.0),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signs_of_copy_are_escaped_and_nothing_is_null() {
        let mut rows = Rows::default();
        rows.push(&[&"a\\b\tc\nd", &None::<i32>, &Some(2.5), &true]);
        assert_eq!(rows.0, "a\\\\b\\tc\\nd\t\\N\t2.5\ttrue\n");
    }
}
