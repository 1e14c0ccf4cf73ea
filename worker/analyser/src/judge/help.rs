//! How much help came before each answer: none, a hint, or the answer itself.

use domain::evidence::{Help, Verdict};
use domain::task::{Form, Relation};

use super::super::cues::{
    ANOTHER, ASKS_AGAIN, ASKS_HELP, CHECKS_HEARING, CONTINUES, EXERCISE, HINT, INSTRUCTION, ONCE_MORE, REPEAT_AFTER,
    TAKES_UP,
};
use super::super::exchange::Exchange;
use super::super::key;
use super::super::lead::Lead;
use super::super::numbers::Value;
use super::super::passage::Passage;
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
    statements: Vec<Passage>,
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
            // "Was that seventeen or seventy?" is no help.
            open.failed = open.had_failed;
        } else {
            open.failed = open.failed || open.hints(exchange);
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
        let task = &exchange.task;
        if ANOTHER.is_match(task) || self.was_right && task.opens_task() {
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
        let task = &exchange.task;
        task.sentences().last().is_some_and(|(last, _)| TAKES_UP.is_match(last))
            || self.was_right && !asks(task) && task.values().is_empty()
    }

    /// Whether the tutor still speaks of the wrong answer: nothing is asked or given, or it is rejected and nothing is given away.
    fn corrects(&self, exchange: &Exchange, judgement: &Judgement) -> bool {
        let task = &exchange.task;
        let rejects = matches!(task.lead(), Lead::Rejected | Lead::Doubted);
        if asks(task) {
            return rejects && !self.tells(task);
        }
        let is_next = judgement.relation == Some(Relation::New) && judgement.checked.is_some();
        rejects || INSTRUCTION.is_match(task) || !is_next
    }

    /// Whether the tutor works out something before asking: "Six eights are forty-eight. So what are seven eights?"
    fn is_prepared(&self, exchange: &Exchange) -> bool {
        let mut before = exchange.task.sentences();
        let Some((asked, _)) = before.next_back() else { return false };
        let mut worked = before.flat_map(|(text, _)| text.claims());
        !asked.has_word(|word| word == "you")
            && worked.any(|claim| claim.holds == Some(true) && !among(&self.known, claim.result))
    }

    /// Whether what the tutor says is a whole exercise, and no part of the open one.
    fn is_whole(&self, exchange: &Exchange, judgement: &Judgement) -> bool {
        let task = &exchange.task;
        let is_bare =
            |text: &Passage| text.words().len() <= BARE && !text.has_word(|word| matches!(word, "is" | "it's"));
        let is_new_sum = || task.sentences().last().is_some_and(|(text, _)| is_bare(text) && self.is_fresh(text));
        judgement.form == self.form && (asks(task) || is_new_sum()) || self.tells(task) && asks(task)
    }

    /// Whether a text has a number that was not heard so far.
    fn is_fresh(&self, text: &Passage) -> bool {
        text.values().iter().any(|number| !among(&self.known, *number))
    }

    /// Whether a statement of the tutor has such a number.
    fn tells(&self, task: &Passage) -> bool {
        task.sentences().any(|(text, asks)| !asks && self.is_fresh(text))
    }

    /// Whether the tutor helps on with the open task.
    fn hints(&self, exchange: &Exchange) -> bool {
        let task = &exchange.task;
        if self.asked_again {
            return false;
        }
        let takes_up = !self.was_right && task.words().len() > REPETITION && !task.values().is_empty();
        takes_up || HINT.is_match(task) || INSTRUCTION.is_match(task)
    }

    /// The numbers of what the tutor says, without those that only repeat the answer in front.
    fn numbers(&self, exchange: &Exchange) -> Vec<Value> {
        let all = exchange.task.sentences();
        let repeats = |text: &Passage| text.words().len() <= REPETITION && !self.is_fresh(text);
        let start = all.clone().take_while(|(text, asks)| !asks && repeats(text)).count();
        let last = all.len().saturating_sub(1);
        all.skip(start.min(last)).flat_map(|(text, _)| text.values()).copied().collect()
    }

    fn hear(&mut self, exchange: &Exchange, opens: bool) {
        let task = &exchange.task;
        let statements = task.sentences().filter(|(_, asks)| !asks).map(|(text, _)| text);
        if opens {
            self.told.extend(statements.clone().filter_map(key::stated));
            // "And what percent are empty?" asks about the numbers before.
            if !task.values().is_empty() {
                self.known = task.values().to_vec();
            }
        } else {
            let given = statements.clone().flat_map(Passage::values);
            self.told.extend(given.filter(|v| !among(&self.known, **v)));
            self.told.extend(statements.clone().filter_map(key::given_alone));
        }
        if !opens || statements.clone().next().is_some() && REPEAT_AFTER.is_match(task) {
            self.statements.extend(statements.cloned());
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
        self.asked_again = ASKS_AGAIN.is_match(&exchange.said);
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
        self.known.extend_from_slice(exchange.said.values());
    }
}

/// Whether the tutor's reply begins with the student's number and continues.
fn repeats(exchange: &Exchange) -> bool {
    let mut sentences = exchange.reply.sentences();
    let (Some((first, false)), true) = (sentences.next(), sentences.len() > 0) else { return false };
    let (said, back) = (exchange.said.values(), first.values());
    !back.is_empty()
        && first.words().len() <= REPETITION
        && !first.has_word(|word| matches!(word, "is" | "not" | "ist" | "nicht" | "es" | "no"))
        && back.iter().all(|number| among(said, *number))
}

/// Whether the tutor asks or orders something.
fn asks(task: &Passage) -> bool {
    task.asks() || EXERCISE.is_match(task)
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
    let Some((asked, _)) = exchange.task.asked() else { return true };
    let goes_on = CONTINUES.is_match(&exchange.task) || CONTINUES.is_match(asked);
    !goes_on && (!failed || !asked.values().is_empty() || asked.words().len() <= ELLIPTIC)
}

/// Such a short question is the next of its kind: "Table?"
const ELLIPTIC: usize = 4;

/// Whether the tutor's statements name the answer, word for word.
fn names(statements: &[Passage], said: &Passage) -> bool {
    let mut substance = said.words().filter(|word| word.len() > 2).peekable();
    substance.peek().is_some() && substance.all(|word| statements.iter().any(|text| text.has_word(|told| told == word)))
}
