//! Figures of several days or groups, taken together.

use std::ops::AddAssign;

use super::Figures;

impl AddAssign<&Figures> for Figures {
    /// The key stays.
    fn add_assign(&mut self, other: &Figures) {
        self.n_sessions += other.n_sessions;
        self.n_over += other.n_over;
        self.n_dropped += other.n_dropped;
        self.length_ms += other.length_ms;
        self.words_tutor += other.words_tutor;
        self.words_student += other.words_student;
        self.n_low += other.n_low;
        self.n_medium += other.n_medium;
        self.n_high += other.n_high;
        self.n_analyzed += other.n_analyzed;
        self.n_attention += other.n_attention;
        self.n_latency += other.n_latency;
        self.latency_ms += other.latency_ms;
        self.n_in_10_s += other.n_in_10_s;
        self.n_in_1_min += other.n_in_1_min;
        self.n_in_10_min += other.n_in_10_min;
        self.n_in_1_h += other.n_in_1_h;
        self.n_analyses += other.n_analyses;
        self.analysis_ms += other.analysis_ms;
        self.n_model_cost += other.n_model_cost;
        self.model_cost_microusd += other.model_cost_microusd;
        self.n_call_cost += other.n_call_cost;
        self.call_cost_microusd += other.call_cost_microusd;
        self.n_tutored += other.n_tutored;
        self.n_errors += other.n_errors;
        self.n_told_at_once += other.n_told_at_once;
        self.n_questions += other.n_questions;
        self.n_hurried += other.n_hurried;
        self.n_process_praise += other.n_process_praise;
        self.n_person_praise += other.n_person_praise;
        self.n_checks += other.n_checks;
        self.n_scored += other.n_scored;
        self.score += other.score;
        self.score_squared += other.score_squared;
        self.gain += other.gain;
        self.n_due += other.n_due;
        self.n_kept += other.n_kept;
    }
}

/// All of them in one, without a key.
impl<'a> std::iter::Sum<&'a Figures> for Figures {
    fn sum<I: Iterator<Item = &'a Figures>>(figures: I) -> Self {
        figures.fold(Self::default(), |mut sum, of| {
            sum += of;
            sum
        })
    }
}
