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
    let good = if judgement.help == Help::Told {
        Outcome::Revealed
    } else {
        Outcome::Solved
    };
    // A new answer that nobody objected to before the call ended is taken for the end of the task.
    let new = judgement.value.is_some_and(|value| {
        let rejected = judgements[..last]
            .iter()
            .filter(|j| j.verdict == Some(Verdict::Incorrect));
        !rejected
            .filter_map(|j| j.value)
            .any(|before| before.equals(value.amount))
    });
    Some(match judgement.verdict {
        Some(Verdict::Correct) => good,
        None if new => good,
        _ => Outcome::Unsolved,
    })
}
