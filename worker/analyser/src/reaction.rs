//! How the tutor reacted, by a small learned classifier: the probability that the answer before a reply was right.
//!
//! Word lists know "well done" and "not quite". A tutor on the phone also moves on to the next task, or says one more thing
//! about the same one. The classifier is a logistic regression over hashed words and word pairs of the reply and over how
//! the reply hangs together with the task and the answer. `cargo run -p analyser --example train` trains it and compares
//! it with the word lists.

use domain::text::{LETTERS_AND_DIGITS, end_of_run};
use domain::transcript::Turn;
use smallvec::SmallVec;

use super::attempt;
use super::exchange::{Exchange, exchanges};
use super::learned::{Features, Name, count, flag, optional};
use super::numbers::Value;
use super::passage::Passage;

/// Words of a reply further on say nothing of the answer.
const REACH: usize = 40;

/// One weight a byte; the first belongs to every reply.
static WEIGHTS: &[u8] = include_bytes!("reaction/weights.bin");

/// What the training sees of an exchange.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The student's turns that the reply is about.
    pub turn_nos: Vec<i32>,
    /// Of the reply: indices of weights, each once. Empty without a reply.
    pub features: Vec<u32>,
    /// Of the task and of what was said: is it an answer?
    pub attempt: Vec<u32>,
    /// What the word lists make of the reply; `None`: nothing.
    pub by_words: Option<bool>,
}

/// Returns the features of each exchange of a call, for training.
pub fn observe(turns: &[Turn]) -> Vec<Observation> {
    let heard = |exchange: &Exchange| Observation {
        turn_nos: exchange.turns.iter().map(|turn| turn.turn_no).collect(),
        features: if exchange.reply.is_empty() { Vec::new() } else { features(exchange).finish() },
        attempt: attempt::features(exchange).finish(),
        by_words: exchange.reply.lead().is_right(),
    };
    exchanges(turns).iter().map(heard).collect()
}

/// Returns the probability that the answer of an exchange was right, by the reply alone; `None` without a reply.
pub(super) fn right(exchange: &Exchange) -> Option<f64> {
    (!exchange.reply.is_empty()).then(|| features(exchange).probability(WEIGHTS))
}

/// One piece of a reply.
#[derive(Clone, Debug, PartialEq)]
struct Piece<'a> {
    text: &'a str,
    /// Number of its sentence, from 0.
    sentence: usize,
}

/// No common word has more letters.
const LONGEST_COMMON: usize = 5;

/// Whether every task and reply has the word.
fn is_common(word: &str) -> bool {
    word.len() <= LONGEST_COMMON
        && matches!(
            word,
            "the"
                | "a"
                | "an"
                | "of"
                | "in"
                | "is"
                | "are"
                | "was"
                | "it"
                | "its"
                | "it's"
                | "to"
                | "and"
                | "or"
                | "do"
                | "does"
                | "did"
                | "how"
                | "what"
                | "which"
                | "many"
                | "much"
                | "you"
                | "your"
                | "we"
                | "i"
                | "that"
                | "this"
                | "there"
                | "for"
                | "on"
                | "with"
                | "if"
                | "so"
                | "now"
                | "one"
                | "two"
        )
}

fn is_of_substance(word: &&str) -> bool {
    word.len() > 2 && !is_common(word)
}

/// Words that a reply opens with, and their names in features.
const OPENINGS: [(&str, &str); 7] = [
    ("and ", "Some(\"and \")"),
    ("now ", "Some(\"now \")"),
    ("so ", "Some(\"so \")"),
    ("but ", "Some(\"but \")"),
    ("y ", "Some(\"y \")"),
    ("und ", "Some(\"und \")"),
    ("¿y ", "Some(\"¿y \")"),
];

fn features(exchange: &Exchange) -> Features {
    let Exchange { task, said, reply, .. } = exchange;
    let mut found = Features::new();
    let pieces = pieces(exchange);
    let places = ["0:", "1:"].map(|place| Name::default().then(place));
    let mut before = ["", ""];
    for (n_words, piece) in pieces.iter().take(REACH).enumerate() {
        let place = places[piece.sentence.min(1)];
        let text = piece.text;
        found.push(place.then(text));
        found.push(place.then(before[1]).then(" ").then(text));
        if n_words < 4 {
            found.add(["start ", count(n_words, 3), " ", text]);
            found.add(["start ", before[0], " ", before[1], " ", text]);
        }
        before = [before[1], text];
    }
    let lead = reply.lead().name();
    found.add(["lead ", lead]);
    let sentences = reply.sentences();
    let first_asks = sentences.clone().next().map(|(_, asks)| asks);
    let last_asks = sentences.clone().last().map(|(_, asks)| asks);
    let [n_sentences, first_is, last_is] = [count(sentences.len(), 3), optional(first_asks), optional(last_asks)];
    found.add(["shape ", n_sentences, first_is, last_is]);
    found.add(["shape ", n_sentences, first_is, last_is, " ", lead]);
    // How the reply hangs together with the task and the answer.
    let new = count(pieces.iter().filter(|piece| piece.text == "#new").count(), 3);
    let same = pieces.iter().position(|piece| piece.text == "#same");
    let of_task = count(pieces.iter().filter(|piece| piece.text == "#task").count(), 2);
    let said_again = pieces.iter().position(|piece| piece.text == "@said");
    let share = count(shared_words(task, reply), 9);
    let place_of_same = same.map_or("-", |at| if at < 2 { "first" } else { "later" });
    found.add(["numbers n", new, " t", of_task, " s", place_of_same]);
    found.add(["numbers n", new, " t", of_task, " s", place_of_same, " ", n_sentences, first_is, last_is]);
    found.add(["shares ", share, " ", flag(same.is_some())]);
    found.add(["shares ", share, " ", lead, " n", new]);
    found.add(["again ", optional(said_again.map(|at| at < 2)), " ", n_sentences, first_is, last_is]);
    found.add(["said numbers ", count(said.values().len(), 3), " ", lead]);
    found.add(["length ", count(pieces.len() / 4, 5), " ", lead]);
    let first = sentences.clone().next().map_or("", |(text, _)| text);
    let opens = OPENINGS.iter().find(|(word, _)| first.starts_with(word)).map_or("None", |(_, name)| *name);
    found.add(["opens ", opens, " ", flag(first_asks.unwrap_or(false)), " n", new]);
    // An elliptic question or a bare calculation is the next task.
    let calculates = !reply.calculations().is_empty();
    found.add(["calculates ", flag(calculates), " n", new, " t", of_task, " ", lead]);
    found.add(["short ", flag(pieces.len() <= 4), " ", optional(first_asks), " n", new]);
    found.add(["trails ", flag(reply.trim_end().ends_with("..."))]);
    found
}

/// The words of a reply. Numbers differ by where they come from, and so are words that the student said.
fn pieces<'a>(exchange: &'a Exchange) -> Vec<Piece<'a>> {
    let reply = &exchange.reply;
    let (task_numbers, said_numbers) = (exchange.task.values(), exchange.said.values());
    let said: SmallVec<[&str; 8]> = exchange.said.words().filter(is_of_substance).collect();
    let (mut pieces, mut sentence, mut at) = (Vec::with_capacity(reply.len() / 4 + 1), 0, 0);
    let mut numbers = reply.numbers().iter().filter(|number| number.span.end > number.span.start).peekable();
    while at < reply.len() {
        if let Some(number) = numbers.next_if(|number| number.span.start <= at) {
            let value = Value::from(number);
            let among = |values: &[Value]| values.iter().any(|known| known.equals(value.amount));
            let last = said_numbers.last().is_some_and(|last| last.equals(value.amount));
            let source = if last || among(said_numbers) {
                "#same"
            } else if among(task_numbers) {
                "#task"
            } else {
                "#new"
            };
            pieces.push(Piece { text: source, sentence });
            at = at.max(number.span.end);
            continue;
        }
        let Some(c) = reply[at..].chars().next() else { break };
        if c.is_alphanumeric() || c == '\'' {
            let end = numbers.peek().map_or(reply.len(), |number| number.span.start.max(at + 1));
            let end_of_word = end_of_run(reply, at, true, &LETTERS_AND_DIGITS, char::is_alphanumeric);
            let end = end_of_word.min(end);
            let end = if reply.is_char_boundary(end) { end } else { end_of_word };
            let word = &reply[at..end];
            let text = if said.contains(&word) { "@said" } else { word };
            pieces.push(Piece { text, sentence });
            at = end;
            continue;
        }
        if matches!(c, '?' | '!' | '.' | '\n') {
            let is_more = reply[at + 1..].starts_with('.');
            if c == '?' || c == '!' || is_more {
                pieces.push(Piece { text: if is_more { "..." } else { &reply[at..=at] }, sentence });
            }
            sentence += 1;
            at += reply[at..].chars().take_while(|c| matches!(c, '?' | '!' | '.' | '\n')).count();
            continue;
        }
        at += c.len_utf8();
    }
    pieces
}

/// How many of a reply's words of substance are the task's, in four steps.
fn shared_words(task: &Passage, reply: &Passage) -> usize {
    let stem = |word: &'_ str| word.char_indices().nth(5).map_or(word.len(), |(end, _)| end);
    let of_task: SmallVec<[&str; 16]> = task.words().filter(is_of_substance).map(|word| &word[..stem(word)]).collect();
    let (mut shared, mut all) = (0, 0);
    for word in reply.words().filter(is_of_substance) {
        shared += usize::from(of_task.contains(&&word[..stem(word)]));
        all += 1;
    }
    match (shared, all) {
        (_, 0) => 9,
        (0, _) => 0,
        (1, _) => 1,
        (shared, all) if shared * 2 < all => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use domain::answer::Language;

    use super::*;

    fn exchange(task: &str, said: &str, reply: &str) -> Exchange<'static> {
        let [task, said, reply] = [task, said, reply].map(|text| Passage::new(text, Language::English));
        Exchange { task, turns: Vec::new(), said, reply }
    }

    fn heard(task: &str, said: &str, reply: &str) -> f64 {
        right(&exchange(task, said, reply)).unwrap()
    }

    #[test]
    fn the_weights_fit_the_features() {
        assert_eq!(WEIGHTS.len(), super::super::learned::BUCKETS);
    }

    #[test]
    fn a_new_task_speaks_for_the_answer_and_a_hint_against_it() {
        let task = "what is the past tense of run?";
        assert!(heard(task, "ran", "yes. and the past tense of sing?") > 0.7);
        assert!(heard(task, "runned", "that one changes inside. listen to it again.") < 0.3);
    }

    #[test]
    fn numbers_are_told_apart_by_their_origin() {
        let exchange = exchange("six times ten", "sixty", "sixty. and six times four?");
        let texts: Vec<&str> = pieces(&exchange).iter().map(|piece| piece.text).collect();
        assert_eq!(texts, ["#same", "and", "#task", "times", "#new", "?"]);
    }
}
