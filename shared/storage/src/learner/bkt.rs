//! Does the student know it? Bayesian knowledge tracing that allows for help given and for labels that are wrong.
//!
//! After Corbett & Anderson (1995): an answer shows knowledge only as far as guessing, slipping and the observer let it.

use crate::evidence::{Help, Verdict};

/// P(knows) before any evidence.
pub(super) const PRIOR: f64 = 0.40;
/// A person who learns from us is never known to know for certain: later errors must be able to tell.
const CEILING: f64 = 0.98;
/// P(wrong answer | knows).
const SLIP: f64 = 0.10;
/// P(learns it by one opportunity).
const LEARN: f64 = 0.08;

/// P(right answer | does not know).
fn guess(help: Help) -> f64 {
    match help {
        Help::None => 0.20,
        Help::Hint => 0.50,
        Help::Told => 0.80,
    }
}

/// P(knows) after one answer, of which the verdict is wrong with probability `noise`.
pub(super) fn update(knowledge: f64, verdict: Verdict, help: Help, noise: f64) -> f64 {
    // P(the label says "correct" | knows), and the same for one who does not know.
    let if_known = (1.0 - SLIP) * (1.0 - noise) + SLIP * noise;
    let if_unknown = guess(help) * (1.0 - noise) + (1.0 - guess(help)) * noise;
    let posterior = |known: f64, unknown: f64| knowledge * known / (knowledge * known + (1.0 - knowledge) * unknown);
    let correct = posterior(if_known, if_unknown);
    let incorrect = posterior(1.0 - if_known, 1.0 - if_unknown);
    let seen = match verdict {
        Verdict::Correct => correct,
        Verdict::Incorrect => incorrect,
        Verdict::Partial => f64::midpoint(correct, incorrect),
    };
    (seen + (1.0 - seen) * LEARN).min(CEILING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(answers: &[(Verdict, Help)]) -> f64 {
        answers.iter().fold(PRIOR, |knowledge, &(verdict, help)| update(knowledge, verdict, help, 0.10))
    }

    #[track_caller]
    fn assert_is(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 5e-5, "{actual} is not {expected}");
    }

    #[test]
    fn published_vectors_are_met() {
        use Help::{Hint, None, Told};
        use Verdict::{Correct, Incorrect};
        assert_is(after(&[(Correct, None); 1]), 0.7035);
        assert_is(after(&[(Correct, None); 2]), 0.8915);
        assert_is(after(&[(Correct, None); 3]), 0.9658);
        assert_is(after(&[(Correct, None); 4]), 0.98);
        assert_is(after(&[(Incorrect, None); 1]), 0.2084);
        assert_is(after(&[(Incorrect, None); 2]), 0.1354);
        assert_is(after(&[(Incorrect, None), (Correct, None), (Correct, None), (Correct, None)]), 0.9231);
        assert_is(after(&[(Correct, Hint); 3]), 0.8111);
        assert_is(after(&[(Correct, Told); 3]), 0.5972);
    }

    #[test]
    fn a_partial_answer_lies_between_right_and_wrong() {
        let partial = after(&[(Verdict::Partial, Help::None)]);
        assert!(after(&[(Verdict::Incorrect, Help::None)]) < partial);
        assert!(partial < after(&[(Verdict::Correct, Help::None)]));
    }

    #[test]
    fn the_more_help_the_less_a_right_answer_shows() {
        let [alone, hinted, told] = [Help::None, Help::Hint, Help::Told].map(|help| after(&[(Verdict::Correct, help)]));
        assert!(alone > hinted && hinted > told);
    }

    #[test]
    fn a_noisier_label_moves_the_estimate_less() {
        let [sure, unsure] = [0.02, 0.25].map(|noise| update(PRIOR, Verdict::Correct, Help::None, noise));
        assert!(sure > unsure && unsure > PRIOR);
    }
}
