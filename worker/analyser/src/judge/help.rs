//! How much help came before each answer: none, a hint, or the answer itself.

use domain::evidence::{Help, Verdict};
use domain::task::{Form, Relation};

use super::super::cues::{
    ANOTHER, ASKS_AGAIN, ASKS_HELP, CHECKS_HEARING, CONTINUES, EXERCISE, HINT, INSTRUCTION, ONCE_MORE, REPEAT_AFTER,
};
use super::super::exchange::{Exchange, sentences, words};
use super::super::key;
use super::super::memo::{self, values};
use super::super::numbers::Value;
use super::{Judgement, Kind, Standing};

/// The task that is open, and what was said about it so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four facts of a task that are independent of each other")]
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
    /// The student only asked to hear it again.
    asked_again: bool,
}

/// Help counts from the beginning of a task to its answer.
pub(super) fn help(exchanges: &[Exchange], judgements: &mut [Judgement]) {
    let mut open = Open::default();
    for (exchange, judgement) in exchanges.iter().zip(judgements.iter_mut()) {
        let opens = open.ends_before(exchange, judgement);
        if opens {
            open = Open { form: judgement.form, known: std::mem::take(&mut open.known), ..Open::default() };
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
        open.answered(exchange, judgement);
    }
}

impl Open {
    /// Whether the tutor's words before an answer set another task.
    fn ends_before(&self, exchange: &Exchange, judgement: &Judgement) -> bool {
        let task = exchange.task.as_str();
        if ANOTHER.is_match(task) || self.was_right && memo::opens_task(task) {
            return true;
        }
        if self.failed && (CONTINUES.is_match(task) || ONCE_MORE.is_match(task)) {
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
        }
        for text in statements.filter(|_| !opens || REPEAT_AFTER.is_match(task)) {
            self.statements.push_str(text);
            self.statements.push(' ');
        }
    }

    fn answered(&mut self, exchange: &Exchange, judgement: &Judgement) {
        self.had_failed = self.failed;
        self.was_right = judgement.is_accepted || repeats(exchange);
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
    words(first).count() <= REPETITION && !back.is_empty() && back.iter().all(|number| among(&said, *number))
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
