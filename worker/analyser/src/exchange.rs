//! A call as exchanges: what the tutor asked, what the student said, what the tutor replied.

use domain::answer::Language;
use shared::transcript::{Speaker, Turn};

use super::cues::ACKNOWLEDGEMENT;
use super::injection;
use super::numbers::values;

/// One thing the student said, with the tutor's words around it.
#[derive(Clone, Debug)]
pub(super) struct Exchange<'a> {
    /// Everything the tutor said since the student spoke last.
    pub(super) task: String,
    /// The student's turns that may be the answer, one after the other; never empty.
    pub(super) turns: Vec<&'a Turn>,
    /// The same as one lower-case text.
    pub(super) said: String,
    /// What the tutor said next; empty where the call ends.
    pub(super) reply: String,
    pub(super) language: Language,
}

/// Splits a call. Turns that try to talk to the analyser are left out, as if they had not been said.
pub(super) fn exchanges(turns: &[Turn]) -> Vec<Exchange<'_>> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut tutor = String::new();
    let mut student: Vec<&Turn> = Vec::new();
    for turn in turns.iter().filter(|t| !(t.speaker == Speaker::Student && injection::is_suspect(&t.text))) {
        match turn.speaker {
            Speaker::Student => student.push(turn),
            Speaker::Tutor => {
                if !student.is_empty() {
                    exchanges.push(exchange(&std::mem::take(&mut tutor), std::mem::take(&mut student)));
                }
                if !tutor.is_empty() {
                    tutor.push('\n');
                }
                tutor.push_str(&turn.text);
            }
        }
    }
    if !student.is_empty() {
        exchanges.push(exchange(&std::mem::take(&mut tutor), student));
    }
    for i in 0..exchanges.len() {
        exchanges[i].reply = exchanges.get(i + 1).map_or_else(|| plain(&tutor), |next| next.task.clone());
    }
    exchanges
}

/// Of several turns in a row those with a number are the answer, or else the first that says anything: what is said
/// beside an answer, of whatever kind, cannot change what it is taken for.
fn answering(turns: Vec<&Turn>) -> Vec<&Turn> {
    if turns.len() == 1 {
        return turns;
    }
    let with_number: Vec<&Turn> = turns.iter().copied().filter(|turn| !values(&turn.text, Language::English).is_empty()).collect();
    if !with_number.is_empty() {
        return with_number;
    }
    let says = |turn: &&&Turn| !ACKNOWLEDGEMENT.is_match(&plain(&turn.text));
    let first = turns.iter().find(says).or(turns.first());
    first.into_iter().copied().collect()
}

fn exchange<'a>(task: &str, turns: Vec<&'a Turn>) -> Exchange<'a> {
    let turns = answering(turns);
    let said = turns.iter().map(|t| plain(&t.text)).collect::<Vec<_>>().join("\n");
    Exchange { task: plain(task), turns, said, reply: String::new(), language: Language::English }
}

/// Lower case, with straight quotes.
pub(super) fn plain(text: &str) -> String {
    text.to_lowercase().replace(['’', '‘', '`'], "'").replace(['“', '”'], "\"")
}

/// A part of a sentence that can be judged on its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clause {
    pub(super) text: String,
    /// Number of its sentence, from 0.
    pub(super) sentence: usize,
    /// Whether its sentence ends with a question mark.
    pub(super) asks: bool,
}

/// The clauses of a plain text.
pub(super) fn clauses(text: &str) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for (number, (sentence, asks)) in sentences(text).into_iter().enumerate() {
        for part in sentence.split([',', ';', ':']) {
            let text = part.trim_matches(|c: char| !c.is_alphanumeric() && c != '"').trim();
            if !text.is_empty() {
                clauses.push(Clause { text: text.to_owned(), sentence: number, asks });
            }
        }
    }
    clauses
}

/// The sentences of a text, and whether each is a question.
pub(super) fn sentences(text: &str) -> Vec<(&str, bool)> {
    let bytes = text.as_bytes();
    let (mut sentences, mut start) = (Vec::new(), 0);
    for (i, c) in text.char_indices() {
        let next = bytes.get(i + 1);
        let end = match c {
            '\n' => true,
            '.' | '?' | '!' => next.is_none_or(|b| !b.is_ascii_alphanumeric() || c != '.'),
            _ => false,
        };
        if end {
            let sentence = text[start..i].trim();
            if sentence.chars().any(char::is_alphanumeric) {
                sentences.push((sentence, c == '?' || text[i..].starts_with(".?")));
            }
            start = i + c.len_utf8();
        }
    }
    let rest = text[start..].trim();
    if rest.chars().any(char::is_alphanumeric) {
        sentences.push((rest, false));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(turn_no: i32, speaker: Speaker, text: &str) -> Turn {
        Turn { turn_no, speaker, text: text.into(), offset_ms: turn_no * 1000, duration_ms: None }
    }

    #[test]
    fn what_the_tutor_says_is_the_reply_and_then_the_task() {
        let turns = [
            turn(0, Speaker::Tutor, "Hello."),
            turn(1, Speaker::Tutor, "What is 2 + 2?"),
            turn(2, Speaker::Student, "Four"),
            turn(3, Speaker::Student, "or five"),
            turn(4, Speaker::Tutor, "Four. And 3 + 3?"),
            turn(5, Speaker::Student, "Six"),
        ];
        let exchanges = exchanges(&turns);
        assert_eq!(exchanges.len(), 2);
        assert_eq!(exchanges[0].task, "hello.\nwhat is 2 + 2?");
        assert_eq!(exchanges[0].said, "four\nor five");
        assert_eq!(exchanges[0].reply, "four. and 3 + 3?");
        assert_eq!(exchanges[1].reply, "");
    }

    #[test]
    fn what_is_said_beside_an_answer_is_no_part_of_it() {
        let turns = [
            turn(0, Speaker::Tutor, "What is 2 + 2?"),
            turn(1, Speaker::Student, "My brother knows fractions"),
            turn(2, Speaker::Student, "Four"),
            turn(3, Speaker::Student, "and you agree with me, do you"),
            turn(4, Speaker::Tutor, "And the Italian word for cat?"),
            turn(5, Speaker::Student, "Um, okay"),
            turn(6, Speaker::Student, "il gatto"),
            turn(7, Speaker::Student, "everybody says so"),
        ];
        let said: Vec<String> = exchanges(&turns).into_iter().map(|exchange| exchange.said).collect();
        assert_eq!(said, ["four", "il gatto"]);
    }

    #[test]
    fn a_point_inside_a_number_ends_no_sentence() {
        assert_eq!(sentences("it is 20.25. ok? yes"), [("it is 20.25", false), ("ok", true), ("yes", false)]);
    }
}
