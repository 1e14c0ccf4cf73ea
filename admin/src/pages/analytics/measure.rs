//! Measures: each is computed from sums and has a unit and a definition.

use storage::analytics::Figures;

use crate::figures::{count, percent, wait};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    /// A share between 0 and 1.
    Share,
    Number,
    /// Increase of P(knows) per hour.
    Gain,
    Seconds,
    Dollars,
}

impl Unit {
    pub(crate) fn told(self, value: f64) -> String {
        match self {
            Self::Count => count(value.floor() as i64),
            Self::Number => format!("{value:.1}"),
            Self::Share => percent(value),
            Self::Gain => format!("{value:+.2}").replace('-', "−"),
            Self::Seconds => wait(value.round() as i64),
            Self::Dollars => format!("${value:.3}"),
        }
    }
}

pub(crate) struct Measure {
    /// The column of the export.
    pub(crate) slug: &'static str,
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    /// The definition for readers, in one sentence.
    pub(crate) means: &'static str,
    /// `None`: there is no data.
    pub(crate) of: fn(&Figures) -> Option<f64>,
}

impl Measure {
    pub(crate) fn told(&self, figures: &Figures) -> Option<String> {
        (self.of)(figures).map(|value| self.unit.told(value))
    }
}

pub(crate) const MEASURES: [Measure; 11] = [
    Measure {
        slug: "calls",
        name: "Calls",
        unit: Unit::Count,
        means: "Calls that started in the period.",
        of: |f| Some(f.n_sessions as f64),
    },
    Measure {
        slug: "minutes",
        name: "Minutes tutored",
        unit: Unit::Count,
        means: "Length of all finished calls.",
        of: |f| Some(f.length_ms as f64 / 60_000.0),
    },
    Measure {
        slug: "completed_share",
        name: "Completed calls",
        unit: Unit::Share,
        means: "Share of finished calls that lasted a minute or longer.",
        of: |f| share(f.n_over - f.n_dropped, f.n_over),
    },
    Measure {
        slug: "student_talk_share",
        name: "Student talk",
        unit: Unit::Share,
        means: "Share of the words in analysed calls that students spoke.",
        of: |f| share(f.words_student, f.words_student + f.words_tutor),
    },
    Measure {
        slug: "high_engagement_share",
        name: "High engagement",
        unit: Unit::Share,
        means: "Share of the calls with a rated engagement in which it was high.",
        of: |f| share(f.n_high, f.n_low + f.n_medium + f.n_high),
    },
    Measure {
        slug: "mastery_per_hour",
        name: "Mastery gained per hour",
        unit: Unit::Gain,
        means: "Skills learnt per hour of tutoring: the estimate (0 to 1) after each call minus the one before it, over all skills.",
        of: |f| (f.length_ms > 0).then(|| f.gain / (f.length_ms as f64 / 3_600_000.0)),
    },
    Measure {
        slug: "reviews_kept_share",
        name: "Reviews kept",
        unit: Unit::Share,
        means: "Share of due reviews that were practised within 7 days. A skill that was practised before it was due does not count.",
        of: |f| share(f.n_kept, f.n_due),
    },
    Measure {
        slug: "seconds_to_analysis",
        name: "Time to analysis",
        unit: Unit::Seconds,
        means: "Mean time from the end of a call to its analysis, for calls analysed within a day.",
        of: |f| (f.n_latency > 0).then(|| f.latency_ms as f64 / 1000.0 / f.n_latency as f64),
    },
    Measure {
        slug: "analysed_in_10_min_share",
        name: "Analysed within 10 minutes",
        unit: Unit::Share,
        means: "Share of finished calls that were analysed within 10 minutes.",
        of: |f| share(f.n_in_10_min, f.n_over),
    },
    Measure {
        slug: "usd_per_analysis",
        name: "Cost per analysis",
        unit: Unit::Dollars,
        means: "Cost of language models per session that used one.",
        of: |f| mean_dollars(f.model_cost_microusd, f.n_model_cost),
    },
    Measure {
        slug: "usd_per_call",
        name: "Cost per call",
        unit: Unit::Dollars,
        means: "As billed by VAPI, for calls with a bill.",
        of: |f| mean_dollars(f.call_cost_microusd, f.n_call_cost),
    },
];

fn share(part: i64, all: i64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

fn mean_dollars(microusd: i64, n: i64) -> Option<f64> {
    // Divided once, so it is rounded once.
    (n > 0).then(|| microusd as f64 / (1_000_000.0 * n as f64))
}

/// The quality of tutoring, one habit per column; see `storage::analysis::Tutoring`.
pub(crate) const HABITS: [Measure; 5] = [
    Measure {
        slug: "mean_score",
        name: "Score",
        unit: Unit::Number,
        means: "0 to 100, the mean of the sessions' scores.",
        of: |f| (f.n_scored > 0).then(|| f.score / f.n_scored as f64),
    },
    Measure {
        slug: "told_at_once_share",
        name: "Gave the answer away",
        unit: Unit::Share,
        means: "Share of the replies to wrong answers that gave the step away.",
        of: |f| share(f.n_told_at_once, f.n_errors),
    },
    Measure {
        slug: "hurried_share",
        name: "Hurried",
        unit: Unit::Share,
        means: "Share of the questions after which the tutor continued within three seconds.",
        of: |f| share(f.n_hurried, f.n_questions),
    },
    Measure {
        slug: "process_praise_share",
        name: "Praise of the work",
        unit: Unit::Share,
        means: "Share of the praise that was about the work and not about the student.",
        of: |f| share(f.n_process_praise, f.n_process_praise + f.n_person_praise),
    },
    Measure {
        slug: "checks_per_session",
        name: "Asks how or why",
        unit: Unit::Number,
        means: "Turns that ask how or why, per session.",
        of: |f| (f.n_tutored > 0).then(|| f.n_checks as f64 / f.n_tutored as f64),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(slug: &str, figures: &Figures) -> Option<String> {
        MEASURES.iter().find(|measure| measure.slug == slug).unwrap().told(figures)
    }

    #[test]
    fn every_measure_has_its_unit_and_nothing_is_divided_by_nothing() {
        let figures = Figures {
            n_sessions: 1_200,
            n_over: 8,
            n_dropped: 2,
            length_ms: 7_200_000,
            gain: -0.5,
            latency_ms: 90_000,
            n_latency: 2,
            n_model_cost: 2,
            model_cost_microusd: 25_000,
            ..Figures::default()
        };
        let shown =
            ["calls", "minutes", "completed_share", "mastery_per_hour", "seconds_to_analysis", "usd_per_analysis"]
                .map(|slug| told(slug, &figures).unwrap());
        assert_eq!(shown, ["1,200", "120", "75%", "−0.25", "45 s", "$0.013"]);
        let nothing = MEASURES.iter().filter_map(|measure| measure.told(&Figures::default())).collect::<Vec<_>>();
        assert_eq!(nothing, ["0", "0"], "calls and minutes of nothing are none; of the rest nothing is known");
    }
}
