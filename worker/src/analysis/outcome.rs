//! How the call's last task ended.

use shared::curriculum::Curriculum;
use shared::evidence::{Help, Verdict};
use shared::transcript::Turn;

use super::arithmetic::claims;
use super::exchange::{exchanges, sentences};
use super::judge::{Judgement, Kind, judge};

/// So many calculations in one turn are a worked solution.
const STEPS: usize = 2;

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
    // Thanks and afterthoughts end no task.
    let ends = |j: &Judgement| j.kind == Kind::Answer && (j.value.is_some() || j.verdict.is_some());
    let last = judgements.iter().rposition(ends)?;
    let judgement = &judgements[last];
    let rejected = judgements[..last].iter().filter(|j| j.verdict == Some(Verdict::Incorrect)).filter_map(|j| j.value);
    let stubborn = judgement.value.is_some_and(|value| rejected.into_iter().any(|before| before.equals(value.amount)));
    let explained = exchanges[last..].iter().any(|e| works_it_out(&e.reply)) || works_it_out(&exchanges[last].task);
    Some(match judgement.verdict {
        Some(Verdict::Correct) if judgement.help == Help::Told => Outcome::Revealed,
        Some(Verdict::Correct) => Outcome::Solved,
        _ if explained && !stubborn => Outcome::Revealed,
        // A new answer that nobody objected to before the call ended is taken for the end of the task.
        None if judgement.value.is_some() && !stubborn => Outcome::Solved,
        _ => Outcome::Unsolved,
    })
}

/// The tutor does the whole calculation, and asks for nothing.
fn works_it_out(text: &str) -> bool {
    claims(text).len() >= STEPS && !sentences(text).iter().any(|(_, asks)| *asks)
}
