//! Every student turn judged: is it an answer, is it right, and how much help came before it?
//!
//! Three witnesses: the tutor's next words, checked arithmetic, and what becomes of the same answer later in the call. What
//! none of them decides stays undecided.

mod help;

use domain::answer::{self, Expecting};
use domain::curriculum::Curriculum;
use domain::evidence::{Help, Verdict};
use domain::task::{Form, Relation, Task};

use super::attempt;
use super::cues::{
    ACKNOWLEDGEMENT, ASKING, BARE_PRAISE, CHECK_IN, CLOSING, COURTESY, DONT_KNOW, FINAL_ANSWER, GUESS, HINT_REQUEST,
    PROBE, SMALL_TALK, YES_NO,
};
use super::exchange::Exchange;
use super::key::{self, Expected};
use super::lead::Lead;
use super::lexicon::Lexicon;
use super::numbers::Value;
use super::reaction;
use super::recast::{self, Recast};
use super::skill::{Lesson, Place};

/// So many words with a number in them are an attempt, even if they also say something else.
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

/// What else is known of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Nothing,
    /// The question itself said that it is right.
    Checked,
    /// The tutor heard it and asked on about the same task.
    Open,
    /// It had been confirmed before.
    Settled,
}

/// What was made of one exchange.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "six facts of an answer that are independent of each other")]
pub(super) struct Judgement {
    pub(super) kind: Kind,
    pub(super) verdict: Option<Verdict>,
    pub(super) help: Help,
    pub(super) noise: f64,
    pub(super) reason: &'static str,
    /// The number it ends in.
    pub(super) value: Option<Value>,
    /// The tutor opened a new task before it.
    pub(super) opens_task: bool,
    /// A step of a task that went wrong before.
    pub(super) step: bool,
    /// Where it belongs.
    pub(super) place: Place,
    /// The tutor and the calculation are both certain, and disagree.
    pub(super) is_disputed: bool,
    /// What the calculation says; `None`: it cannot tell.
    pub(super) checked: Option<bool>,
    /// The verdict is nothing but the tutor's next task.
    is_moved_on: bool,
    /// The task names the expected answer.
    is_told: bool,
    /// How the task hangs together with the one before; `None`: no task was set.
    relation: Option<Relation>,
    /// The form of the task.
    form: Option<Form>,
    /// The tutor took it for right.
    is_accepted: bool,
    /// It answers the open task, although a step was asked.
    is_goal: bool,
    standing: Standing,
}

impl Judgement {
    /// The index of its skill; `None`: it belongs to none, or nothing is certain.
    pub(super) fn skill(&self) -> Option<usize> {
        match self.place {
            Place::Skill(skill) => Some(skill),
            Place::Topic(_) | Place::Nowhere => None,
        }
    }
}

/// One judgement for each exchange.
pub(super) fn judge(exchanges: &[Exchange], curriculum: &Curriculum) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = Vec::new();
    let lexicon = Lexicon::of(curriculum);
    let mut lesson = Lesson::new(curriculum);
    // What the whole task asks for, while its steps are asked one by one.
    let mut whole: Option<Expected> = None;
    for exchange in exchanges {
        let task = lesson.ask(&exchange.task);
        let expected = Expected::of(&exchange.task, &lexicon);
        let is_same = expected.is_some()
            && expected == whole
            && judgements.last().is_some_and(|last| last.verdict != Some(Verdict::Correct));
        let opens_task = exchange.task.opens_task()
            || !is_same && matches!(expected, Some(Expected::Number(..) | Expected::Words(_)));
        if opens_task {
            whole.clone_from(&expected);
        }
        let is_open =
            judgements.last().is_some_and(|last| last.kind == Kind::Answer && last.verdict != Some(Verdict::Correct));
        let judgement = at_once(exchange, task.as_ref(), expected.as_ref(), whole.as_ref(), opens_task, is_open);
        lesson.answered(exchange.said.said(), judgement.verdict.map(|verdict| verdict == Verdict::Correct));
        judgements.push(judgement);
    }
    for (judgement, place) in judgements.iter_mut().zip(lesson.places()) {
        judgement.place = place;
    }
    moves_on_regardless(&mut judgements);
    in_hindsight(&mut judgements);
    settle(&mut judgements);
    help::help(exchanges, &mut judgements);
    judgements
}

/// What an exchange shows alone.
fn at_once(
    exchange: &Exchange,
    task: Option<&Task>,
    expected: Option<&Expected>,
    whole: Option<&Expected>,
    opens_task: bool,
    is_open: bool,
) -> Judgement {
    let kind =
        kind(exchange, expected.is_some() || task.is_some_and(|task| task.expected.is_some() || task.goal.is_some()));
    let value = value(exchange, expected.is_some());
    let mut judgement = Judgement {
        kind,
        verdict: None,
        help: Help::None,
        noise: WEAK,
        reason: "the tutor did not say whether it was right",
        value,
        opens_task,
        step: false,
        place: Place::Nowhere,
        is_disputed: false,
        checked: None,
        is_moved_on: false,
        is_told: task.is_some_and(|task| task.is_told),
        relation: task.map(|task| task.relation),
        form: task.map(|task| task.form),
        is_accepted: false,
        is_goal: false,
        standing: if exchange.reply.goes_on() { Standing::Open } else { Standing::Nothing },
    };
    if kind != Kind::Answer {
        return judgement;
    }
    // Who tries again at an open task need not be asked again.
    let addressed = exchange.task.has_word(|word| matches!(word, "you" | "your" | "you're" | "we"));
    let enough = match value {
        Some(_) if is_open => LIKELY_RETRY,
        Some(_) if !addressed => LIKELY_IMPERSONAL,
        _ => LIKELY_ANSWER,
    };
    if attempt::answered(exchange) < enough {
        judgement.kind = Kind::Other;
        return judgement;
    }
    let reading = exchange.said.read(Expecting::Anything);
    if reading.standing == answer::Standing::Alternatives {
        judgement.reason = "two answers were given";
        return judgement;
    }
    if is_echo(exchange, value) {
        judgement.reason = "the tutor had just said it";
        return judgement;
    }
    let check = |expected: &Expected| key::check(expected, &exchange.task, &exchange.said, value);
    judgement.is_goal = task.and_then(Task::goal_key).is_some_and(|key| by_key(exchange, &key) == Some(true));
    // Who gives the open task's answer instead of a step is right too.
    let own = || task.and_then(Task::key).and_then(|key| by_key(exchange, &key));
    let by_task = if judgement.is_goal { Some(true) } else { own() };
    let checked = by_task.or_else(|| {
        let of_whole = whole.and_then(check);
        if of_whole == Some(true) || whole == expected { of_whole } else { expected.and_then(check) }
    });
    // "Not 56": the number that was said is the one that the student denies. Only the tutor can say more.
    let checked = checked.filter(|_| reading.standing != answer::Standing::Negated);
    judgement.checked = checked;
    let miscalculated = exchange.said.claims().iter().any(|claim| claim.holds == Some(false));
    let tutor = heard(exchange, value);
    judgement.is_accepted = matches!(tutor, Heard::Right | Heard::LikelyRight);
    // The key of a hint or step is less certain than that of a task: a tutor who continues as after a right answer may mean
    // another step.
    let is_step = judgement.relation.is_some_and(|relation| relation != Relation::New);
    let mut decide = |verdict, noise, reason: &'static str| {
        judgement.verdict = Some(verdict);
        judgement.noise = noise;
        judgement.reason = reason;
    };
    match (tutor, checked) {
        (Heard::Right | Heard::LikelyRight, Some(false)) if is_step => {
            judgement.reason = "the tutor went on, though it is not what the step asks for";
        }
        (Heard::Right, Some(false)) | (Heard::Wrong, Some(true)) => {
            judgement.is_disputed = true;
            judgement.reason = "the tutor and the calculation disagree";
        }
        (Heard::Right, Some(true)) => decide(Verdict::Correct, AGREED, "the tutor confirmed it, and it was checked"),
        (Heard::Wrong | Heard::Partly, Some(false)) => {
            decide(Verdict::Incorrect, AGREED, "the tutor rejected it, and it was checked");
        }
        (_, Some(true)) => decide(Verdict::Correct, SINGLE, "checked against the question"),
        (_, Some(false)) => decide(Verdict::Incorrect, SINGLE, "checked against the question"),
        (Heard::Right, None) if miscalculated => {
            decide(Verdict::Partial, WEAK, "confirmed, with a slip in its arithmetic");
        }
        (Heard::Right, None) => decide(Verdict::Correct, SINGLE, "the tutor confirmed it"),
        (Heard::Partly, None) => decide(Verdict::Partial, SINGLE, "the tutor confirmed a part of it"),
        (Heard::Wrong, None) if miscalculated => {
            decide(Verdict::Incorrect, AGREED, "the tutor rejected it, and its arithmetic is wrong");
        }
        (Heard::Wrong, None) => decide(Verdict::Incorrect, SINGLE, "the tutor rejected it"),
        (_, None) if miscalculated => decide(Verdict::Incorrect, SINGLE, "its arithmetic is wrong"),
        (Heard::LikelyWrong, None) => {
            decide(Verdict::Incorrect, WEAK, "the tutor stayed with it as with a wrong answer");
        }
        (Heard::LikelyRight, None) => decide(Verdict::Correct, WEAK, "the tutor went on as after a right answer"),
        (Heard::Nothing, None) => {}
    }
    judgement.is_moved_on = checked.is_none() && tutor == Heard::LikelyRight
        || checked == Some(false) && matches!(tutor, Heard::LikelyRight | Heard::Right);
    if judgement.verdict == Some(Verdict::Correct) && checked == Some(true) {
        judgement.standing = Standing::Checked;
    }
    if value.is_some_and(|value| key::given(&exchange.task).is_some_and(|given| value.equals(given))) {
        match judgement.verdict {
            Some(Verdict::Incorrect) => {
                judgement.verdict = None;
                judgement.noise = WEAK;
                judgement.reason = "the tutor had just given this number";
            }
            None if tutor == Heard::Nothing && checked.is_none() => {
                judgement.verdict = Some(Verdict::Correct);
                judgement.noise = SINGLE;
                judgement.reason = "the number that the tutor had just given";
            }
            _ => {}
        }
    }
    judgement
}

/// The number that an answer ends in. Where a number is expected or the tutor heard one, "ate" is eight.
fn value(exchange: &Exchange, expects_number: bool) -> Option<Value> {
    let Exchange { said, reply, .. } = exchange;
    if let Some(value) = said.values().last() {
        return Some(*value);
    }
    let heard = said.read(Expecting::Number);
    let value = heard.number().filter(|_| heard.is_complete()).map(Value::from)?;
    let is_said_back = || reply.values().first().is_some_and(|back| back.equals(value.amount));
    (expects_number || is_said_back()).then_some(value)
}

/// Whether the student only says a number again that the tutor gave as the answer and did not ask for.
fn is_echo(exchange: &Exchange, value: Option<Value>) -> bool {
    let Some((last, false)) = exchange.task.sentences().last() else { return false };
    let Some(value) = value.filter(|_| exchange.said.words().len() <= ECHO) else { return false };
    let given = key::given_alone(last);
    given.is_some_and(|given| value.equals(given.amount))
}

/// Who says more than so many words says more than the tutor's number.
const ECHO: usize = 5;

/// What a key says; `None`: it cannot tell.
fn by_key(exchange: &Exchange, key: &answer::Key) -> Option<bool> {
    match exchange.said.judge(&exchange.task, key) {
        answer::Judgement::Right => Some(true),
        answer::Judgement::Wrong => Some(false),
        answer::Judgement::WrongForm | answer::Judgement::Undecided => None,
    }
}

/// What the tutor's reply says of the answer, by word lists and by the learned classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Right,
    Partly,
    Wrong,
    /// Only how the tutor continues shows it.
    LikelyRight,
    LikelyWrong,
    Nothing,
}

/// Less probably an answer than this is none.
const LIKELY_ANSWER: f64 = 0.75;
const LIKELY_RETRY: f64 = 0.3;
const LIKELY_IMPERSONAL: f64 = 0.25;
/// A probability that decides alone, and one that does not contradict.
const CERTAIN: f64 = 0.88;
const DOUBTFUL: f64 = 0.12;

fn heard(exchange: &Exchange, value: Option<Value>) -> Heard {
    let lead = match exchange.reply.lead() {
        // "Walk me through it." "…" "Good. So how many are left?" The whole solution is not yet right.
        Lead::Confirmed if PROBE.is_match(&exchange.task) && exchange.reply.goes_on() => Lead::Partly,
        // "Well done, 6 more days" to a student who said 17.
        Lead::Confirmed if value.is_some() && names_another(exchange) => Lead::Partly,
        lead => lead,
    };
    if lead == Lead::Excused {
        return Heard::Nothing;
    }
    let Some(right) = reaction::right(exchange) else { return Heard::Nothing };
    match lead {
        Lead::Confirmed if right >= 0.4 => Heard::Right,
        Lead::Confirmed if right < DOUBTFUL => Heard::Nothing,
        Lead::Confirmed | Lead::Partly => Heard::Partly,
        Lead::Rejected if right <= 0.6 => Heard::Wrong,
        Lead::Rejected if right <= CERTAIN => Heard::LikelyWrong,
        Lead::Doubted if right < 0.5 => Heard::LikelyWrong,
        Lead::Unclear => match recast::compare(&exchange.said, &exchange.reply, value) {
            Recast::Repeats if right >= 0.5 => Heard::LikelyRight,
            Recast::Corrects | Recast::Supplies if right < 0.5 => Heard::LikelyWrong,
            // What the tutor says and how they say it point to different verdicts.
            Recast::Supplies => Heard::Nothing,
            _ if right >= CERTAIN => Heard::LikelyRight,
            _ if right <= DOUBTFUL && !CLOSING.is_match(&exchange.reply) => Heard::LikelyWrong,
            _ => Heard::Nothing,
        },
        Lead::Excused | Lead::Rejected | Lead::Doubted => Heard::Nothing,
    }
}

/// If a tutor continues after wrong answers as after right ones, continuing says nothing about an answer.
fn moves_on_regardless(judgements: &mut [Judgement]) {
    if !judgements.iter().any(|judgement| judgement.is_moved_on && judgement.checked == Some(false)) {
        return;
    }
    for judgement in judgements.iter_mut().filter(|judgement| judgement.is_moved_on && judgement.checked.is_none()) {
        judgement.verdict = None;
        judgement.reason = "the tutor also continues after wrong answers";
    }
}

/// The truth outranks a tutor's slip if the tutor admits it, or accepts the calculated result later.
fn settle(judgements: &mut [Judgement]) {
    for i in 0..judgements.len() {
        if !judgements[i].is_disputed {
            continue;
        }
        let (Some(value), Some(checked)) = (judgements[i].value, judgements[i].checked) else { continue };
        // The next answers, up to one after the next task.
        let later = judgements[i + 1..].iter().take(3);
        let is_settled = later.filter(|later| later.kind == Kind::Answer && !later.is_disputed).any(|later| {
            let same = later.value.is_some_and(|later| later.equals(value.amount));
            later.verdict == Some(Verdict::Correct)
                && later.checked == Some(true)
                && same == checked
                && (checked || !later.opens_task)
        });
        if is_settled {
            let judgement = &mut judgements[i];
            judgement.is_disputed = false;
            judgement.verdict = Some(if checked { Verdict::Correct } else { Verdict::Incorrect });
            judgement.noise = SINGLE;
            judgement.reason = "checked, and the tutor agreed later";
        }
    }
}

/// The confirmation itself gives a number that is not what the student said.
fn names_another(exchange: &Exchange) -> bool {
    let Some((text, false)) = exchange.reply.sentences().next() else { return false };
    if BARE_PRAISE.is_match(text) {
        return false;
    }
    let (said, named) = (exchange.said.values(), text.numbers());
    let is_said = |number: &answer::Number| {
        let value = Value::from(number);
        let amount = number.value.to_f64();
        said.iter().any(|said| said.equals(value.amount) || (said.amount * 100.0 - amount).abs() < 1e-9)
            || exchange.said.judge("", &answer::Key::from(&text[number.span.clone()])) != answer::Judgement::Wrong
    };
    !named.is_empty() && !named.iter().any(is_said)
}

fn kind(exchange: &Exchange, checkable: bool) -> Kind {
    let Exchange { task, said, .. } = exchange;
    let (asked, asks) = task.asked().map_or(("", false), |(text, asks)| (text, asks));
    let has_value = !said.values().is_empty();
    // A student who says "I forgot to add" and then a result has answered.
    let attempts =
        || has_value && (said.split_whitespace().count() >= ATTEMPT || GUESS.is_match(said)) || said.contains("is it ");
    let reading = said.read(Expecting::Anything);
    // "I don't know, forty eight?"
    let commits = reading.number().is_some() && reading.unread.len() <= 1;
    if !commits && DONT_KNOW.is_match(said) && !attempts() {
        return Kind::DontKnow;
    }
    if ACKNOWLEDGEMENT.is_match(said) {
        let yes_no = asks && YES_NO.is_match(asked) && !SMALL_TALK.is_match(asked);
        return if yes_no || FINAL_ANSWER.is_match(asked) { Kind::Answer } else { Kind::Other };
    }
    if !has_value
        && said.sentences().all(|(text, _)| COURTESY.is_match(&text.replace(',', "")) || ACKNOWLEDGEMENT.is_match(text))
    {
        return Kind::Other;
    }
    let only_asks = said.sentences().all(|(text, asks)| (asks || HINT_REQUEST.is_match(text)) && !GUESS.is_match(text));
    if only_asks && (ASKING.is_match(said) || HINT_REQUEST.is_match(said)) {
        return Kind::Question;
    }
    if !checkable && !has_value && task.is_empty() {
        return Kind::Other;
    }
    // Without a question or a task there is nothing to answer; a number or an attempt still is one.
    let tasked = || !task.is_empty() && !CHECK_IN.is_match(asked);
    if has_value || checkable || tasked() || GUESS.is_match(said) { Kind::Answer } else { Kind::Other }
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
    let mut settled: Vec<Value> = Vec::new();
    for judgement in judgements.iter_mut().filter(|j| j.kind == Kind::Answer) {
        let Some(value) = judgement.value else { continue };
        let (verdict, reason) = match judgement.verdict {
            Some(Verdict::Correct) => {
                settled.push(value);
                continue;
            }
            None if among(&rejected, value) && !among(&confirmed, value) => {
                (Verdict::Incorrect, "the same answer was rejected elsewhere in the call")
            }
            // Said once more after the tutor's yes: right, and no longer found.
            None if among(&settled, value) && !among(&rejected, value) && judgement.standing != Standing::Open => {
                judgement.standing = Standing::Settled;
                (Verdict::Correct, "the same answer was confirmed before")
            }
            _ => continue,
        };
        judgement.verdict = Some(verdict);
        judgement.noise = WEAK;
        judgement.reason = reason;
    }
    contradictions(judgements);
}

/// A number that the tutor did not accept before and confirms now is confirmed as something else (a step, whose result
/// happens to be the wrong answer of the whole), or by mistake: the witnesses disagree, and nothing is decided.
fn contradictions(judgements: &mut [Judgement]) {
    for i in 1..judgements.len() {
        let (before, now) = judgements.split_at_mut(i);
        let Some(value) =
            now[0].value.filter(|_| now[0].verdict == Some(Verdict::Correct) && now[0].standing != Standing::Checked)
        else {
            continue;
        };
        let unaccepted = |j: &Judgement| {
            let verdict = matches!(j.verdict, Some(Verdict::Incorrect | Verdict::Partial))
                || j.verdict.is_none() && j.standing == Standing::Open;
            j.kind == Kind::Answer && verdict && j.value.is_some_and(|before| before.equals(value.amount))
        };
        if before.iter().any(unaccepted) {
            now[0].verdict = None;
            now[0].noise = WEAK;
            now[0].reason = "the tutor had not accepted the same number before";
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::transcript::{Speaker, Turn};

    use super::super::exchange::exchanges;
    use super::*;

    /// Verdict and help of each answer of a call in which tutor and student take turns, the tutor first.
    fn judged(texts: &[&str]) -> Vec<(Option<Verdict>, Help)> {
        let turn = |(i, text): (usize, &&str)| Turn {
            turn_no: i as i32,
            speaker: if i % 2 == 0 { Speaker::Tutor } else { Speaker::Student },
            text: (*text).to_owned(),
            offset_ms: i as i32 * 6000,
            duration_ms: None,
        };
        let turns: Vec<Turn> = texts.iter().enumerate().map(turn).collect();
        judge(&exchanges(&turns), &Curriculum::starter()).into_iter().map(|j| (j.verdict, j.help)).collect()
    }

    const TASK: &str = "Five sandwiches need meat and cheese. What do they cost?";

    #[test]
    fn a_number_that_was_rejected_and_is_confirmed_now_decides_nothing() {
        let verdicts =
            judged(&[TASK, "35 dollars", "No. How much is the meat?", "The meat is 35 dollars", "Great. Go on."]);
        assert_eq!(verdicts.iter().map(|(verdict, _)| *verdict).collect::<Vec<_>>(), [Some(Verdict::Incorrect), None]);
    }

    #[test]
    fn who_stays_with_an_answer_that_was_not_rejected_may_be_right() {
        let verdicts = judged(&[TASK, "50 dollars", "How much is that?", "It is 50 dollars", "Great!"]);
        assert_eq!(verdicts[1].0, Some(Verdict::Correct));
    }

    #[test]
    fn a_confirmed_answer_said_once_more_is_right_and_told() {
        let verdicts = judged(&[TASK, "50 dollars", "Great!", "So they cost 50 dollars", "We are out of time."]);
        assert_eq!(verdicts, [(Some(Verdict::Correct), Help::None), (Some(Verdict::Correct), Help::Told)]);
    }

    #[test]
    fn who_repeats_what_the_tutor_gave_was_told() {
        let verdicts = judged(&[TASK, "45", "No, 35 + 15 = 50.", "Oh I see, it is 50 dollars", "We are out of time."]);
        assert_eq!(verdicts[1], (Some(Verdict::Correct), Help::Told));
        // "you said" gives nothing.
        let verdicts = judged(&[TASK, "45", "No, you said 8 + 8 = 16.", "It is 16", "We are out of time."]);
        assert_eq!(verdicts[1].0, None);
    }
}
