//! How the call's last task ended.

use shared::curriculum::Curriculum;
use shared::evidence::{Help, Verdict};
use shared::transcript::Turn;

use super::exchange::exchanges;
use super::judge::{Kind, judge};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The student found it.
    Solved,
    /// The tutor said it.
    Revealed,
    Unsolved,
}

/// `None` where nothing was answered.
pub(crate) fn outcome(turns: &[Turn], curriculum: &Curriculum) -> Option<Outcome> {
    let exchanges = exchanges(turns);
    let judgements = judge(&exchanges, curriculum);
    let last = judgements.iter().rposition(|j| j.kind == Kind::Answer)?;
    let judgement = &judgements[last];
    Some(match judgement.verdict {
        Some(Verdict::Correct) if judgement.help == Help::Told => Outcome::Revealed,
        Some(Verdict::Correct) => Outcome::Solved,
        _ => Outcome::Unsolved,
    })
}
