//! What we believe a student knows: a pure fold over the evidence of one skill, so that it can always be computed again.
//!
//! Two questions, two models: `bkt` asks whether the student knows it, `fsrs` whether it is still remembered. What is read
//! is their product, so that a belief fades with time and a call can be planned for the day before it is gone.

mod bkt;
mod fsrs;
#[cfg(test)]
mod simulated_students;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use self::fsrs::{Grade, Memory};
use crate::evidence::{Help, Verdict};
use crate::id::SessionId;

/// A skill is due when recall has fallen to this.
const TARGET_RECALL: f64 = 0.90;
/// The part of knowledge that time does not take: understood once, it is faster to learn again.
const KEPT: f64 = 0.15;
const MASTERED: f64 = 0.95;
const SHAKY: f64 = 0.80;
const MASTERED_UNAIDED: u32 = 3;
const MASTERED_CALLS: u32 = 2;
const SECONDS_A_DAY: f64 = 86_400.0;

/// One piece of evidence, as the model sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    pub verdict: Verdict,
    pub help: Help,
    /// Probability that the verdict is wrong.
    pub noise: f64,
    pub at: DateTime<Utc>,
    /// The call it was seen in. `None`: a person or a tool added it outside a call.
    pub call: Option<SessionId>,
}

/// The estimate for one student and one skill, right after the last evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// P(knows).
    pub knowledge: f64,
    /// Days until recall falls to 0.9.
    pub stability: f64,
    /// 1 to 10.
    pub difficulty: f64,
    pub n_evidence: u32,
    pub n_unaided_correct: u32,
    /// Calls with an unaided correct answer.
    pub n_calls_correct: u32,
    pub last_at: DateTime<Utc>,
}

/// The estimate in one word, for people and prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum MasteryState {
    /// No evidence.
    New,
    Learning,
    /// Known, but not proven twice, or due for review.
    Shaky,
    Mastered,
}

impl MasteryState {
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The state after a whole history, in any order. `None` where there is no evidence.
pub fn fold(observations: &[Observation]) -> Option<State> {
    calls(observations).iter().fold(None, |state, call| Some(after_call(state, call)))
}

/// One call in which a skill was practised, or one observation outside a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Practice {
    pub call: Option<SessionId>,
    /// When it began.
    pub at: DateTime<Utc>,
    /// P(knows) after it, less P(knows) right before it, when some may have been forgotten.
    pub gain: f64,
    /// When the next practice is due after this one.
    pub due_at: DateTime<Utc>,
}

/// The practices of a whole history, in any order of rows; they come in the order of time.
pub fn practices(observations: &[Observation]) -> Vec<Practice> {
    let mut state = None;
    let practise = |call: Vec<Observation>| {
        let (after, practice) = practise(state, &call);
        state = Some(after);
        practice
    };
    calls(observations).into_iter().map(practise).collect()
}

/// The state and the practice after one more call. `None` if it does not follow all that the state was folded from: then
/// only the whole history gives the state.
pub fn advance(before: Option<State>, observations: &[Observation]) -> Option<(State, Practice)> {
    let mut calls = calls(observations);
    let call = calls.pop().filter(|_| calls.is_empty())?;
    if before.is_some_and(|state| state.last_at >= call[0].at) {
        return None;
    }
    Some(practise(before, &call))
}

fn practise(before: Option<State>, call: &[Observation]) -> (State, Practice) {
    let known = before.map_or(bkt::PRIOR, |state| knowledge_now(&state, call[0].at));
    let after = after_call(before, call);
    let practice =
        Practice { call: call[0].call, at: call[0].at, gain: after.knowledge - known, due_at: due_at(&after) };
    (after, practice)
}

/// P(knows) after each call of a whole history, in the order of time.
pub fn course(observations: &[Observation]) -> Vec<f64> {
    let mut state = None;
    let learn = |call: &Vec<Observation>| {
        let after = after_call(state, call);
        state = Some(after);
        after.knowledge
    };
    calls(observations).iter().map(learn).collect()
}

/// P(recall) at `now`.
pub fn recall(state: &State, now: DateTime<Utc>) -> f64 {
    fsrs::recall(days_between(state.last_at, now), state.stability)
}

/// P(knows) at `now`: what was known, less what was forgotten since.
pub fn knowledge_now(state: &State, now: DateTime<Utc>) -> f64 {
    state.knowledge * (KEPT + (1.0 - KEPT) * recall(state, now))
}

/// When the skill should be asked for again.
pub fn due_at(state: &State) -> DateTime<Utc> {
    let seconds = fsrs::interval(state.stability, TARGET_RECALL) * SECONDS_A_DAY;
    // Stability is at most 100 years, so this fits.
    state.last_at + TimeDelta::milliseconds((seconds * 1000.0) as i64)
}

/// The estimate at `now` in one word. Without a state it is [`MasteryState::New`].
pub fn state_word(state: &State, now: DateTime<Utc>) -> MasteryState {
    let knowledge = knowledge_now(state, now);
    let proven = state.n_unaided_correct >= MASTERED_UNAIDED && state.n_calls_correct >= MASTERED_CALLS;
    if state.n_evidence == 0 {
        MasteryState::New
    } else if knowledge < SHAKY {
        MasteryState::Learning
    } else if knowledge < MASTERED || !proven || now >= due_at(state) {
        MasteryState::Shaky
    } else {
        MasteryState::Mastered
    }
}

/// The observations of each call in the order of speech, the calls in the order of their beginning.
fn calls(observations: &[Observation]) -> Vec<Vec<Observation>> {
    let mut sorted = observations.to_vec();
    // Ties are broken by everything there is, so that the order of rows never matters.
    sorted.sort_by_key(|o| (o.at, o.call, o.verdict as u8, o.help as u8, o.noise.to_bits()));
    let mut calls: Vec<Vec<Observation>> = Vec::new();
    for observation in sorted {
        let same = |call: &&mut Vec<Observation>| observation.call.is_some() && call[0].call == observation.call;
        match calls.iter_mut().rev().find(same) {
            Some(call) => call.push(observation),
            None => calls.push(vec![observation]),
        }
    }
    calls
}

fn after_call(before: Option<State>, call: &[Observation]) -> State {
    let (first, last) = (call[0], call[call.len() - 1]);
    let start = before.map_or(bkt::PRIOR, |state| knowledge_now(&state, first.at));
    let knowledge = call.iter().fold(start, |k, o| bkt::update(k, o.verdict, o.help, o.noise));
    let grade = grade(call);
    let memory = match before {
        None => Memory::first(grade),
        Some(state) => {
            let memory = Memory { stability: state.stability, difficulty: state.difficulty };
            memory.next(days_between(state.last_at, first.at).floor() as u32, grade)
        }
    };
    let n_unaided_correct = call.iter().filter(|o| is_unaided(o) && is_right(o)).count() as u32;
    State {
        knowledge,
        stability: memory.stability,
        difficulty: memory.difficulty,
        n_evidence: before.map_or(0, |s| s.n_evidence) + call.len() as u32,
        n_unaided_correct: before.map_or(0, |s| s.n_unaided_correct) + n_unaided_correct,
        n_calls_correct: before.map_or(0, |s| s.n_calls_correct) + u32::from(n_unaided_correct > 0),
        last_at: before.map_or(last.at, |s| s.last_at.max(last.at)),
    }
}

/// One call is one review: its first unaided attempt decides, for what comes later was just practised.
fn grade(call: &[Observation]) -> Grade {
    let unaided: Vec<&Observation> = call.iter().filter(|o| is_unaided(o)).collect();
    let n_right = unaided.iter().filter(|o| is_right(o)).count();
    match unaided.first() {
        None if call.iter().any(is_right) => Grade::Hard,
        Some(first) if is_right(first) && unaided.len() >= 3 && n_right == unaided.len() => Grade::Easy,
        Some(first) if is_right(first) => Grade::Good,
        Some(_) if n_right * 2 >= unaided.len() => Grade::Hard,
        None | Some(_) => Grade::Again,
    }
}

fn is_unaided(observation: &Observation) -> bool {
    observation.help == Help::None
}

fn is_right(observation: &Observation) -> bool {
    observation.verdict == Verdict::Correct
}

/// Never negative: a clock that was set back forgets nothing.
fn days_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    ((to - from).num_milliseconds() as f64 / 1000.0 / SECONDS_A_DAY).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: f64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds((n * SECONDS_A_DAY * 1000.0) as i64)
    }

    fn seen(verdict: Verdict, at: f64, call: SessionId) -> Observation {
        Observation { verdict, help: Help::None, noise: 0.10, at: day(at), call: Some(call) }
    }

    /// `n` right answers in a call of their own.
    fn good_call(n: u32, at: f64) -> Vec<Observation> {
        let call = SessionId::new();
        (0..n).map(|i| seen(Verdict::Correct, at + f64::from(i) / 1440.0, call)).collect()
    }

    fn state(knowledge: f64, stability: f64) -> State {
        State {
            knowledge,
            stability,
            difficulty: 5.0,
            n_evidence: 4,
            n_unaided_correct: 4,
            n_calls_correct: 2,
            last_at: day(0.0),
        }
    }

    #[test]
    fn no_evidence_is_no_state() {
        assert_eq!(fold(&[]), None);
    }

    #[test]
    fn knowledge_fades_as_published() {
        for (days, expected) in [(1.0, 0.9071), (3.0, 0.8539), (7.0, 0.7952), (14.0, 0.7413), (30.0, 0.6815)] {
            let actual = knowledge_now(&state(0.95, 2.3065), day(days));
            assert!((actual - expected).abs() < 5e-5, "after {days} days {actual}, not {expected}");
        }
    }

    #[test]
    fn a_skill_is_due_after_its_stability() {
        assert_eq!(due_at(&state(0.9, 2.5)).timestamp(), day(2.5).timestamp());
    }

    #[test]
    fn mastery_takes_three_right_answers_in_two_calls() {
        let one_call = fold(&good_call(4, 0.0)).unwrap();
        assert_eq!(state_word(&one_call, day(0.01)), MasteryState::Shaky);
        let two_calls = fold(&[good_call(3, 0.0), good_call(2, 3.0)].concat()).unwrap();
        assert_eq!((two_calls.n_evidence, two_calls.n_unaided_correct, two_calls.n_calls_correct), (5, 5, 2));
        assert_eq!(state_word(&two_calls, day(3.1)), MasteryState::Mastered);
    }

    #[test]
    fn what_was_mastered_becomes_shaky_and_then_must_be_learnt_again() {
        let state = state(0.98, 10.0);
        assert_eq!(state_word(&state, day(0.1)), MasteryState::Mastered);
        assert_eq!(state_word(&state, day(10.5)), MasteryState::Shaky);
        assert_eq!(state_word(&state, day(90.0)), MasteryState::Learning);
    }

    #[test]
    fn practices_gain_what_the_fold_believes_and_each_says_when_the_next_is_due() {
        let history = [good_call(3, 0.0), good_call(2, 3.0)].concat();
        let (first, last) = (fold(&history[..3]).unwrap(), fold(&history).unwrap());
        let practices = practices(&history);
        assert_eq!(practices.iter().map(|p| p.at).collect::<Vec<_>>(), [day(0.0), day(3.0)]);
        assert_eq!((practices[0].due_at, practices[1].due_at), (due_at(&first), due_at(&last)));
        assert!((practices[0].gain - (first.knowledge - bkt::PRIOR)).abs() < 1e-12);
        let forgotten = knowledge_now(&first, day(3.0));
        assert!((practices[1].gain - (last.knowledge - forgotten)).abs() < 1e-12, "what was forgotten is learnt again");
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_a_replay_is_equal_bit_for_bit() {
        let mut history = [good_call(3, 0.0), good_call(2, 3.0), good_call(1, 9.0)].concat();
        let forwards = fold(&history).unwrap();
        history.reverse();
        let backwards = fold(&history).unwrap();
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.knowledge.to_bits(), backwards.knowledge.to_bits());
    }

    #[test]
    fn a_call_that_begins_with_an_error_is_no_success_of_memory() {
        let call = SessionId::new();
        let recovered = [
            seen(Verdict::Incorrect, 0.0, call),
            seen(Verdict::Correct, 0.01, call),
            seen(Verdict::Correct, 0.02, call),
        ];
        assert_eq!(grade(&recovered), Grade::Hard);
        assert_eq!(grade(&recovered[..1]), Grade::Again);
        assert_eq!(grade(&good_call(1, 0.0)), Grade::Good);
        assert_eq!(grade(&good_call(3, 0.0)), Grade::Easy);
    }

    #[test]
    fn an_answer_that_was_told_counts_as_no_unaided_one() {
        let told = Observation { help: Help::Told, ..good_call(1, 0.0)[0] };
        let state = fold(&[told]).unwrap();
        assert_eq!((state.n_evidence, state.n_unaided_correct, state.n_calls_correct), (1, 0, 0));
        assert_eq!(grade(&[told]), Grade::Hard);
    }

    #[test]
    fn evidence_of_one_call_is_one_review_even_where_another_call_lies_between() {
        let (a, b) = (SessionId::new(), SessionId::new());
        let mixed = [seen(Verdict::Correct, 0.0, a), seen(Verdict::Correct, 0.1, b), seen(Verdict::Correct, 0.2, a)];
        assert_eq!(calls(&mixed).len(), 2);
        assert_eq!(fold(&mixed).unwrap().last_at, day(0.2));
    }

    #[test]
    fn evidence_without_a_call_stands_for_itself() {
        let said = Observation { call: None, ..good_call(1, 0.0)[0] };
        assert_eq!(calls(&[said, said]).len(), 2);
    }
}
