//! How much help came before each answer: none, a hint, or the answer itself.

use domain::evidence::{Help, Verdict};
use domain::task::{Form, Relation};

use super::super::arithmetic::claims;
use super::super::cues::{
    ANOTHER, ASKS_AGAIN, ASKS_HELP, CHECKS_HEARING, CONTINUES, EXERCISE, HINT, INSTRUCTION, ONCE_MORE, REPEAT_AFTER,
    TAKES_UP,
};
use super::super::exchange::{Exchange, sentences, words};
use super::super::key;
use super::super::lead::Lead;
use super::super::memo::{self, values};
use super::super::numbers::Value;
use super::{Judgement, Kind, Standing};

/// The task that is open, and what was said about it so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "six facts of a task that are independent of each other")]
struct Open {
    form: Option<Form>,
    /// Numbers of the task itself and of what the student said to it.
    known: Vec<Value>,
    /// Numbers that the tutor gave afterwards.
    told: Vec<Value>,
    /// The tutor's statements.
    statements: String,
    /// A try went wrong, or the student asked for help.
    failed: bool,
    /// The same before the last answer.
    had_failed: bool,
    /// The last answer was right, or the tutor took it for right.
    was_right: bool,
    /// The last answer was wrong, or none was given.
    was_wrong: bool,
    /// The right answer was that to the task, and not to a step.
    is_done: bool,
    /// The student only asked to hear it again.
    asked_again: bool,
}

/// Help counts from the beginning of a task to its answer.
pub(super) fn help(exchanges: &[Exchange], judgements: &mut [Judgement]) {
    let mut open = Open::default();
    for (exchange, judgement) in exchanges.iter().zip(judgements.iter_mut()) {
        let opens = open.ends_before(exchange, judgement);
        if opens {
            let failed = open.is_prepared(exchange);
            open = Open { form: judgement.form, known: std::mem::take(&mut open.known), failed, ..Open::default() };
        } else if CHECKS_HEARING.is_match(&exchange.task) {
            // "Was that seventeen or seventy?" helps nobody.
            open.failed = open.had_failed;
        } else {
            open.failed |= open.hints(exchange);
        }
        open.hear(exchange, opens);
        judgement.step = open.failed;
        let is_said_again = judgement.standing == Standing::Settled && !(opens && judgement.relation.is_some());
        judgement.help = match judgement.value {
            _ if judgement.is_told || is_said_again => Help::Told,
            Some(value) if among(&open.told, value) => Help::Told,
            None if names(&open.statements, &exchange.said) => Help::Told,
            _ if open.failed => Help::Hint,
            _ => Help::None,
        };
        open.answered(exchange, judgement, opens);
    }
}

impl Open {
    /// Whether the tutor's words before an answer set another task.
    fn ends_before(&self, exchange: &Exchange, judgement: &Judgement) -> bool {
        let task = exchange.task.as_str();
        if ANOTHER.is_match(task) || self.was_right && memo::opens_task(task) {
            return true;
        }
        let continues = || !self.is_done && (CONTINUES.is_match(task) || self.takes_up(exchange));
        if self.failed && (ONCE_MORE.is_match(task) || continues())
            || self.was_wrong && self.corrects(exchange, judgement)
        {
            return false;
        }
        let numbers = self.numbers(exchange);
        let shares = numbers.iter().any(|number| among(&self.known, *number));
        match judgement.relation {
            // After a try that was not right, what takes up the numbers of the task helps on with it.
            Some(Relation::New) if !self.was_right && shares => self.is_whole(exchange, judgement),
            Some(Relation::New) => self.was_right || self.known.is_empty() || !numbers.is_empty() || !self.failed,
            Some(_) => self.was_right && !numbers.is_empty() && !shares,
            None if self.known.is_empty() && self.form.is_none() => true,
            None => judgement.opens_task || self.was_right && is_new(exchange, self.failed),
        }
    }

    /// Whether the tutor asks about what was found last, or asks for more without a word of what.
    fn takes_up(&self, exchange: &Exchange) -> bool {
        let all = sentences(&exchange.task);
        let asks = all.iter().any(|(_, asks)| *asks) || EXERCISE.is_match(&exchange.task);
        all.last().is_some_and(|(last, _)| TAKES_UP.is_match(last))
            || self.was_right && !asks && values(&exchange.task, exchange.language).is_empty()
    }

    /// Whether the tutor still speaks of the wrong answer: nothing is asked or given, or it is rejected and nothing is told.
    fn corrects(&self, exchange: &Exchange, judgement: &Judgement) -> bool {
        let Exchange { task, language, .. } = exchange;
        let all = sentences(task);
        let is_fresh = |text: &str| values(text, *language).iter().any(|number| !among(&self.known, *number));
        let rejects = matches!(memo::lead(task, *language), Lead::Rejected | Lead::Doubted);
        if all.iter().any(|(_, asks)| *asks) || EXERCISE.is_match(task) {
            return rejects && !all.iter().any(|(text, asks)| !asks && is_fresh(text));
        }
        let is_next = judgement.relation == Some(Relation::New) && judgement.checked.is_some();
        rejects || INSTRUCTION.is_match(task) || !is_next
    }

    /// Whether the tutor works out something before asking: "Six eights are forty-eight. So what are seven eights?"
    fn is_prepared(&self, exchange: &Exchange) -> bool {
        let all = sentences(&exchange.task);
        let Some(((asked, _), before)) = all.split_last() else { return false };
        let mut worked = before.iter().flat_map(|(text, _)| claims(text, exchange.language));
        !words(asked).any(|word| word == "you")
            && worked.any(|claim| claim.holds == Some(true) && !among(&self.known, claim.result))
    }

    /// Whether what the tutor says is a whole exercise, and no part of the open one.
    fn is_whole(&self, exchange: &Exchange, judgement: &Judgement) -> bool {
        let all = sentences(&exchange.task);
        let is_fresh = |text: &str| values(text, exchange.language).iter().any(|number| !among(&self.known, *number));
        let asks = all.iter().any(|(_, asks)| *asks) || EXERCISE.is_match(&exchange.task);
        let is_bare =
            |text: &str| words(text).count() <= BARE && !words(text).any(|word| matches!(word, "is" | "it's"));
        let tells = || all.iter().any(|(text, asks)| !asks && is_fresh(text));
        let is_new_sum = || all.last().is_some_and(|(text, _)| is_bare(text) && is_fresh(text));
        asks && (judgement.form == self.form || tells()) || judgement.form == self.form && is_new_sum()
    }

    /// Whether the tutor helps on with the open task.
    fn hints(&self, exchange: &Exchange) -> bool {
        let Exchange { task, language, .. } = exchange;
        if self.asked_again {
            return false;
        }
        let takes_up = !self.was_right && words(task).count() > REPETITION && !values(task, *language).is_empty();
        HINT.is_match(task) || INSTRUCTION.is_match(task) || takes_up
    }

    /// The numbers of what the tutor says, without those that only repeat the answer in front.
    fn numbers(&self, exchange: &Exchange) -> Vec<Value> {
        let all = sentences(&exchange.task);
        let repeats = |text: &str| {
            let numbers = values(text, exchange.language);
            words(text).count() <= REPETITION && numbers.iter().all(|number| among(&self.known, *number))
        };
        let start =
            if all.len() > 1 { all.iter().take_while(|(text, asks)| !asks && repeats(text)).count() } else { 0 };
        all[start.min(all.len().saturating_sub(1))..]
            .iter()
            .flat_map(|(text, _)| values(text, exchange.language).to_vec())
            .collect()
    }

    fn hear(&mut self, exchange: &Exchange, opens: bool) {
        let Exchange { task, language, .. } = exchange;
        let statements = sentences(task).into_iter().filter(|(_, asks)| !asks).map(|(text, _)| text);
        if opens {
            self.told.extend(statements.clone().filter_map(|text| key::stated(text, *language)));
            let numbers = values(task, *language).to_vec();
            // "And what percent are empty?" asks about the numbers before.
            if !numbers.is_empty() {
                self.known = numbers;
            }
        } else {
            let given = statements
                .clone()
                .flat_map(|text| values(text, *language).to_vec())
                .filter(|v| !among(&self.known, *v));
            self.told.extend(given);
            self.told.extend(statements.clone().filter_map(|text| key::given_alone(text, *language)));
        }
        if !opens || statements.clone().next().is_some() && REPEAT_AFTER.is_match(task) {
            for text in statements {
                self.statements.push_str(text);
                self.statements.push(' ');
            }
        }
    }

    fn answered(&mut self, exchange: &Exchange, judgement: &Judgement, opens: bool) {
        self.had_failed = self.failed;
        // What is said beside it takes nothing back.
        let stays_right = !opens && self.was_right && judgement.verdict.is_none();
        let is_wrong = matches!(judgement.verdict, Some(Verdict::Incorrect | Verdict::Partial));
        let was_told = judgement.help == Help::Told && judgement.kind == Kind::Answer && !is_wrong;
        self.was_right = judgement.is_accepted || repeats(exchange) || stays_right || was_told;
        self.was_wrong = judgement.kind == Kind::DontKnow || is_wrong;
        let is_root = opens
            || judgement.is_goal
            || judgement.relation == Some(Relation::Again)
            || judgement.form.is_some() && judgement.form == self.form && CONTINUES.is_match(&exchange.task);
        self.is_done =
            stays_right && self.is_done || was_told || judgement.verdict == Some(Verdict::Correct) && is_root;
        self.asked_again = ASKS_AGAIN.is_match(exchange.said.trim());
        match (judgement.kind, judgement.verdict) {
            _ if self.asked_again => {}
            (Kind::Answer, Some(Verdict::Incorrect | Verdict::Partial)) | (Kind::DontKnow, _) => self.failed = true,
            (Kind::Answer, Some(Verdict::Correct)) => {
                self.was_right = true;
                self.failed &= judgement.help != Help::None;
            }
            _ if judgement.value.is_none() && ASKS_HELP.is_match(&exchange.said) => self.failed = true,
            _ => {}
        }
        self.known.extend_from_slice(&values(&exchange.said, exchange.language));
    }
}

/// Whether the tutor's reply begins with the student's number and goes on.
fn repeats(exchange: &Exchange) -> bool {
    let Exchange { said, reply, language, .. } = exchange;
    let all = sentences(reply);
    let Some((first, false)) = all.first().filter(|_| all.len() > 1) else { return false };
    let (said, back) = (values(said, *language).to_vec(), values(first, *language).to_vec());
    let is_bare = !words(first).any(|word| matches!(word, "is" | "not" | "ist" | "nicht" | "es" | "no"));
    is_bare && words(first).count() <= REPETITION && !back.is_empty() && back.iter().all(|number| among(&said, *number))
}

/// So many words are a bare exercise: "Minus four times minus six."
const BARE: usize = 6;
/// A sentence with so many words only repeats a number.
const REPETITION: usize = 4;

fn among(values: &[Value], value: Value) -> bool {
    values.iter().any(|known| known.equals(value.amount))
}

/// Whether the tutor asks for something new after a right answer. After a failed try the steps of its task go on.
fn is_new(exchange: &Exchange, failed: bool) -> bool {
    let all = sentences(&exchange.task);
    let asked = all.iter().rev().find(|(_, asks)| *asks).or(all.last()).map_or("", |(text, _)| *text);
    let goes_on = CONTINUES.is_match(&exchange.task) || CONTINUES.is_match(asked);
    !goes_on && (!failed || !values(asked, exchange.language).is_empty() || words(asked).count() <= ELLIPTIC)
}

/// Such a short question is the next of its kind: "Table?"
const ELLIPTIC: usize = 4;

/// Whether the tutor's statements name the answer, word for word.
fn names(statements: &str, said: &str) -> bool {
    let substance: Vec<&str> = words(said).filter(|word| word.len() > 2).collect();
    !substance.is_empty() && substance.iter().all(|word| words(statements).any(|told| told == *word))
}
