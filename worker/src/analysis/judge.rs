//! Every student turn judged: is it an answer, is it right, and how much help came before it?
//!
//! Three witnesses: the tutor's next words, checked arithmetic, and what becomes of the same answer later in the call. What
//! none of them decides stays undecided.

use shared::curriculum::Curriculum;
use shared::evidence::{Help, Verdict};

use super::arithmetic;
use super::cues::{
    ACKNOWLEDGEMENT, ASKING, CHECK_IN, COURTESY, DONT_KNOW, FINAL_ANSWER, GUESS, HINT, HINT_REQUEST, NEW_TASK, PROBE,
    SMALL_TALK, YES_NO,
};
use super::exchange::{Exchange, sentences};
use super::key::{self, Expected, Keys};
use super::lead::{Lead, lead};
use super::numbers::{Value, values};
use super::recast::{self, Recast};

/// So many words with a number in them are an attempt, whatever else they say.
const ATTEMPT: usize = 12;
/// Two witnesses agree.
pub(super) const AGREED: f64 = 0.10;
/// One witness.
pub(super) const SINGLE: f64 = 0.15;
/// A witness who only suggests it.
pub(super) const WEAK: f64 = 0.25;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Answer,
    DontKnow,
    Question,
    /// Greetings, thanks, "yes, I'm ready": no task was answered.
    Other,
}

/// What was made of one exchange.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    pub(super) kind: Kind,
    pub(super) verdict: Option<Verdict>,
    pub(super) help: Help,
    pub(super) noise: f64,
    pub(super) reason: String,
    /// The number it ends in.
    pub(super) value: Option<Value>,
    /// The tutor opened a new task before it.
    pub(super) opens_task: bool,
    /// A step of a task that went wrong before.
    pub(super) step: bool,
}

/// One judgement for each exchange.
pub(super) fn judge(exchanges: &[Exchange], curriculum: &Curriculum) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = Vec::new();
    let keys = Keys::new(curriculum);
    // What the whole task asks for, while its steps are asked one by one.
    let mut whole: Option<Expected> = None;
    for exchange in exchanges {
        let expected = keys.expected(&exchange.task);
        let opens_task =
            NEW_TASK.is_match(&exchange.task) || matches!(expected, Some(Expected::Number(_) | Expected::Words(_)));
        if opens_task {
            whole.clone_from(&expected);
        }
        judgements.push(at_once(exchange, expected.as_ref(), whole.as_ref(), opens_task));
    }
    in_hindsight(&mut judgements);
    help(exchanges, &mut judgements);
    judgements
}

/// What an exchange shows by itself.
fn at_once(exchange: &Exchange, expected: Option<&Expected>, whole: Option<&Expected>, opens_task: bool) -> Judgement {
    let kind = kind(exchange, expected.is_some());
    let value = values(&exchange.said).last().copied();
    let mut judgement = Judgement {
        kind,
        verdict: None,
        help: Help::None,
        noise: WEAK,
        reason: "nobody said whether it was right".to_owned(),
        value,
        opens_task,
        step: false,
    };
    if kind != Kind::Answer {
        return judgement;
    }
    let check = |expected: &Expected| key::check(expected, &exchange.said, value);
    let checked = whole.and_then(check).filter(|right| *right).or_else(|| expected.and_then(check));
    let miscalculated = arithmetic::claims(&exchange.said).iter().any(|claim| claim.holds == Some(false));
    let tutor = match lead(&exchange.reply) {
        // "Walk me through it." "…" "Good. So how many are left?" The whole solution is not yet right.
        Lead::Confirmed if PROBE.is_match(&exchange.task) && goes_on(&exchange.reply) => Lead::Partly,
        // "Well done, 6 more days" to a student who said 17.
        Lead::Confirmed if value.is_some() && names_another(&exchange.said, &exchange.reply) => Lead::Partly,
        lead => lead,
    };
    let mut decide = |verdict, noise, reason: &str| {
        judgement.verdict = Some(verdict);
        judgement.noise = noise;
        reason.clone_into(&mut judgement.reason);
    };
    match (tutor, checked) {
        (Lead::Confirmed, Some(false)) | (Lead::Rejected, Some(true)) => {
            "the tutor and the calculation disagree".clone_into(&mut judgement.reason);
        }
        (Lead::Confirmed, Some(true)) => decide(Verdict::Correct, AGREED, "the tutor confirmed it, and it was checked"),
        (Lead::Rejected, Some(false)) => {
            decide(Verdict::Incorrect, AGREED, "the tutor rejected it, and it was checked");
        }
        (_, Some(true)) => decide(Verdict::Correct, SINGLE, "checked against the question"),
        (_, Some(false)) => decide(Verdict::Incorrect, SINGLE, "checked against the question"),
        (Lead::Confirmed, None) if miscalculated => {
            decide(Verdict::Partial, WEAK, "confirmed, with a slip in its arithmetic");
        }
        (Lead::Confirmed, None) => decide(Verdict::Correct, SINGLE, "the tutor confirmed it"),
        (Lead::Partly, None) => decide(Verdict::Partial, SINGLE, "the tutor confirmed a part of it"),
        (Lead::Rejected, None) if miscalculated => {
            decide(Verdict::Incorrect, AGREED, "the tutor rejected it, and its arithmetic is wrong");
        }
        (Lead::Rejected, None) => decide(Verdict::Incorrect, SINGLE, "the tutor rejected it"),
        (_, None) if miscalculated => decide(Verdict::Incorrect, SINGLE, "its arithmetic is wrong"),
        (Lead::Doubted, None) => decide(Verdict::Incorrect, WEAK, "the tutor stayed with it as with a wrong answer"),
        (Lead::Unclear, None) => match recast::compare(&exchange.said, &exchange.reply, value) {
            Recast::Repeats => decide(Verdict::Correct, WEAK, "the tutor repeated it"),
            Recast::Corrects => decide(Verdict::Incorrect, WEAK, "the tutor said it differently"),
            Recast::Neither => {}
        },
        (Lead::Excused, None) => {}
    }
    judgement
}

/// The confirmation itself gives a number that the student did not say.
fn names_another(said: &str, reply: &str) -> bool {
    let confirmation = sentences(reply).into_iter().next().filter(|(_, asks)| !asks);
    let named = confirmation.map_or_else(Vec::new, |(text, _)| values(text));
    let said = values(said);
    !named.is_empty() && !named.iter().any(|n| said.iter().any(|s| s.equals(n.amount)))
}

/// The tutor asks on about the same task.
fn goes_on(reply: &str) -> bool {
    !NEW_TASK.is_match(reply)
        && sentences(reply).iter().any(|(text, asks)| *asks && !PROBE.is_match(text) && !CHECK_IN.is_match(text))
}

fn kind(exchange: &Exchange, checkable: bool) -> Kind {
    let said = exchange.said.trim();
    let questions = sentences(&exchange.task);
    let asked = questions.iter().rev().find(|(_, asks)| *asks).or(questions.last()).map_or("", |(text, _)| *text);
    let has_value = !values(said).is_empty();
    // Who says "I forgot to add" and goes on to a result has answered.
    let attempts =
        has_value && (GUESS.is_match(said) || said.split_whitespace().count() >= ATTEMPT) || said.contains("is it ");
    if DONT_KNOW.is_match(said) && !attempts {
        return Kind::DontKnow;
    }
    if ACKNOWLEDGEMENT.is_match(said) {
        let yes_no = YES_NO.is_match(asked) && !SMALL_TALK.is_match(asked) && questions.iter().any(|(_, asks)| *asks);
        return if yes_no || FINAL_ANSWER.is_match(asked) { Kind::Answer } else { Kind::Other };
    }
    if !has_value
        && sentences(said)
            .iter()
            .all(|(text, _)| COURTESY.is_match(&text.replace(',', "")) || ACKNOWLEDGEMENT.is_match(text))
    {
        return Kind::Other;
    }
    let only_asks =
        sentences(said).iter().all(|(text, asks)| (*asks || HINT_REQUEST.is_match(text)) && !GUESS.is_match(text));
    if only_asks && (ASKING.is_match(said) || HINT_REQUEST.is_match(said)) {
        return Kind::Question;
    }
    if !checkable && !has_value && exchange.task.is_empty() {
        return Kind::Other;
    }
    // Without a question or a task there is nothing to answer; a number or an attempt still is one.
    let tasked = !exchange.task.is_empty() && !CHECK_IN.is_match(asked);
    if tasked || has_value || checkable || GUESS.is_match(said) { Kind::Answer } else { Kind::Other }
}

/// What later exchanges show: who gives a rejected answer again, or gave it before, was wrong then too.
fn in_hindsight(judgements: &mut [Judgement]) {
    let rejected: Vec<Value> = judgements
        .iter()
        .filter(|j| j.kind == Kind::Answer && j.verdict == Some(Verdict::Incorrect) && j.noise < WEAK)
        .filter_map(|j| j.value)
        .collect();
    let confirmed: Vec<Value> =
        judgements.iter().filter(|j| j.verdict == Some(Verdict::Correct)).filter_map(|j| j.value).collect();
    let among = |values: &[Value], value: Value| values.iter().any(|v| v.equals(value.amount));
    for judgement in judgements.iter_mut().filter(|j| j.kind == Kind::Answer && j.verdict.is_none()) {
        let Some(value) = judgement.value else { continue };
        if among(&rejected, value) && !among(&confirmed, value) {
            judgement.verdict = Some(Verdict::Incorrect);
            judgement.noise = WEAK;
            "the same answer was rejected elsewhere in the call".clone_into(&mut judgement.reason);
        }
    }
}

/// Help counts from the beginning of a task to its answer.
fn help(exchanges: &[Exchange], judgements: &mut [Judgement]) {
    let (mut failed, mut told) = (false, Vec::<Value>::new());
    for (exchange, judgement) in exchanges.iter().zip(judgements.iter_mut()) {
        if judgement.opens_task {
            failed = false;
            told.clear();
        }
        let statements = sentences(&exchange.task).into_iter().filter(|(_, asks)| !asks).map(|(text, _)| text);
        told.extend(
            statements
                .filter(|text| text.contains("answer") || text.contains(" is ") || text.contains('='))
                .flat_map(values),
        );
        judgement.step = failed;
        let hinted = failed || HINT.is_match(&exchange.task) && !judgement.opens_task;
        judgement.help = match judgement.value {
            Some(value) if told.iter().any(|t| t.equals(value.amount)) => Help::Told,
            _ if hinted => Help::Hint,
            _ => Help::None,
        };
        match (judgement.kind, judgement.verdict) {
            (Kind::Answer, Some(Verdict::Incorrect | Verdict::Partial)) | (Kind::DontKnow, _) => failed = true,
            (Kind::Answer, Some(Verdict::Correct)) if judgement.help == Help::None => failed = false,
            _ => {}
        }
    }
}
