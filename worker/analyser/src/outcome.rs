//! How the call's last task ended.

use domain::answer::Language;
use domain::curriculum::Curriculum;
use domain::evidence::{Help, Verdict};
use domain::transcript::Turn;

use super::exchange::exchanges;
use super::judge::{Judgement, Kind, WEAK, judge};
use super::key::told_number;
use super::lead::Lead;
use super::passage::{Passage, remembering};

/// So many rejected answers are a struggle.
const STRUGGLE: usize = 3;

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The student found it.
    Solved,
    /// The tutor said it.
    Revealed,
    Unsolved,
}

/// `None` where nothing was answered.
pub fn outcome(turns: &[Turn], curriculum: &Curriculum) -> Option<Outcome> {
    let exchanges = exchanges(turns);
    let judgements = remembering(|| judge(&exchanges, curriculum));
    // Thanks and afterthoughts end no task.
    let ends = |j: &Judgement| j.kind == Kind::Answer && (j.value.is_some() || j.verdict.is_some());
    let last = judgements.iter().rposition(ends)?;
    let judgement = &judgements[last];
    let exchange = &exchanges[last];
    // Afterthoughts may stand between the answer and the end of the call.
    let later = exchanges[last..].iter().map(|e| &e.reply);
    let revealed = states_result(&exchange.task) || later.clone().any(states_result);
    let rejected = judgements[..last].iter().filter(|j| verdict(j) == Some(Verdict::Incorrect)).filter_map(|j| j.value);
    let tries = rejected.count();
    let suspected = judgements[..last].iter().filter(|j| j.verdict == Some(Verdict::Incorrect)).filter_map(|j| j.value);
    let stubborn = judgement.value.is_some_and(|value| suspected.into_iter().any(|before| before.equals(value.amount)));
    Some(match verdict(judgement) {
        Some(Verdict::Correct) if judgement.help == Help::Told => Outcome::Revealed,
        Some(Verdict::Correct) => Outcome::Solved,
        _ if revealed && !stubborn => Outcome::Revealed,
        // A slip on the way, or a number that stood for something else before: the tutor's last word is a yes all the same.
        Some(Verdict::Partial) | None if exchange.reply.lead() == Lead::Confirmed => Outcome::Solved,
        // A new answer without an objection before the call ended ends the task, but not after a long struggle: there
        // one more answer is likelier one more try.
        None if judgement.value.is_some() && !stubborn && exchange.reply.is_empty() && tries < STRUGGLE => {
            Outcome::Solved
        }
        _ => Outcome::Unsolved,
    })
}

/// The verdict, if it is more than a suggestion that the answer was wrong.
fn verdict(judgement: &Judgement) -> Option<Verdict> {
    judgement.verdict.filter(|verdict| *verdict != Verdict::Incorrect || judgement.noise < WEAK)
}

/// The tutor states a result, and asks for nothing.
fn states_result(text: &Passage) -> bool {
    let text = text.in_language(Language::English);
    let gives = |(text, _): (&Passage, bool)| !text.claims().is_empty() || told_number(text).is_some();
    !text.asks() && text.sentences().any(gives)
}

#[cfg(test)]
mod tests {
    use domain::transcript::Speaker;

    use super::*;

    /// A call in which tutor and student take turns, the tutor first.
    fn ended(texts: &[&str]) -> Option<Outcome> {
        let turn = |(i, text): (usize, &&str)| Turn {
            turn_no: i as i32,
            speaker: if i % 2 == 0 { Speaker::Tutor } else { Speaker::Student },
            text: (*text).to_owned(),
            offset_ms: i as i32 * 6000,
            duration_ms: None,
        };
        outcome(&texts.iter().enumerate().map(turn).collect::<Vec<_>>(), &Curriculum::starter())
    }

    const TASK: &str = "Ann has 3 bags of 4 apples and eats 2. How many are left?";

    #[test]
    fn a_result_that_the_tutor_gives_is_revealed() {
        let ended = ended(&[TASK, "She has 14 left.", "No, 12 - 2 = 10.", "Oh yes, so 10."]);
        assert_eq!(ended, Some(Outcome::Revealed));
    }

    #[test]
    fn who_stays_with_a_rejected_answer_has_not_solved_it() {
        let ended = ended(&[TASK, "14", "No, that is wrong.", "It is 14.", "No, 12 - 2 = 10.", "So it is 14."]);
        assert_eq!(ended, Some(Outcome::Unsolved));
    }

    #[test]
    fn a_new_answer_at_the_end_counts_unless_it_is_one_of_many_tries() {
        assert_eq!(ended(&[TASK, "14", "Not quite. Read it again.", "10"]), Some(Outcome::Solved));
        let tries = [TASK, "14", "No.", "9", "No.", "8", "No.", "7", "No.", "6"];
        assert_eq!(ended(&tries), Some(Outcome::Unsolved));
    }

    #[test]
    fn a_call_that_runs_out_of_time_solves_nothing() {
        assert_eq!(ended(&[TASK, "14", "Not quite.", "Then 6", "We are out of time!"]), Some(Outcome::Unsolved));
    }
}
