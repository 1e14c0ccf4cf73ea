//! A call as exchanges: what the tutor asked, what the student said, what the tutor replied.

use domain::answer::{Expecting, Form, Language};
use domain::language::{self, Languages};
use domain::transcript::{Speaker, Turn};

use super::cues::{ACKNOWLEDGEMENT, PASSING, TAKES_BACK, WAITING};
use super::passage::{self, Passage};
use super::text::{plain, words};

/// One thing the student said, with the tutor's words around it.
#[derive(Clone, Debug)]
pub(super) struct Exchange<'a> {
    /// Everything the tutor said since the student spoke last.
    pub(super) task: Passage,
    /// The student's turns that may be the answer, one after the other; never empty.
    pub(super) turns: Vec<&'a Turn>,
    /// The same as one lower-case text.
    pub(super) said: Passage,
    /// What the tutor said next; empty where the call ends.
    pub(super) reply: Passage,
}

impl<'a> Exchange<'a> {
    /// The turn that completes the answer: the last one that carries a part of it.
    pub(super) fn telling_turn(&self) -> &'a Turn {
        if let [only] = self.turns[..] {
            return only;
        }
        let has_number = |turn: &&&Turn| !Passage::new(&turn.text, self.said.language()).values().is_empty();
        let has_substance = |turn: &&&Turn| !ACKNOWLEDGEMENT.is_match(&plain(&turn.text));
        let reversed = || self.turns.iter().rev();
        reversed().find(has_number).or_else(|| reversed().find(has_substance)).unwrap_or(&self.turns[0])
    }
}

/// Splits a call. Turns that try to talk to the analyser are left out, as if they had not been said.
///
/// The turns of the student belong together until the tutor says something of substance: "sixty" / "Sixty..." / "three".
pub(super) fn exchanges(turns: &[Turn]) -> Vec<Exchange<'_>> {
    exchanges_in(&languages(turns), turns)
}

/// The same, where the languages of the call are known.
pub(super) fn exchanges_in<'a>(languages: &Languages, turns: &'a [Turn]) -> Vec<Exchange<'a>> {
    // English is read in a call of any other language.
    let language = languages.main.and_then(Language::from_code).unwrap_or(Language::English);
    let mut groups: Vec<(Passage, Vec<&Turn>)> = Vec::new();
    let mut tutor = String::new();
    let is_left_out = |text: &str| passage::is_suspect(text) || is_in_another_script(text);
    for turn in turns.iter().filter(|t| !(t.speaker == Speaker::Student && is_left_out(&t.text))) {
        if turn.speaker == Speaker::Tutor {
            if !tutor.is_empty() {
                tutor.push('\n');
            }
            tutor.push_str(&turn.text);
            continue;
        }
        let task = Passage::new(&plain(&tutor), language);
        match groups.last_mut() {
            Some((_, student)) if tutor.is_empty() || waits(&task, student, turn) => student.push(turn),
            _ => groups.push((task, vec![turn])),
        }
        tutor.clear();
    }
    let mut replies: Vec<Passage> = groups.iter().skip(1).map(|(task, _)| task.clone()).collect();
    replies.push(Passage::new(&plain(&tutor), language));
    let exchange = |((task, student), reply)| {
        let turns = answering(student, language);
        Exchange { task, said: joined(&turns, language), turns, reply }
    };
    groups.into_iter().zip(replies).map(exchange).collect()
}

/// The languages of a call.
pub(super) fn languages(turns: &[Turn]) -> Languages {
    language::of_call(turns.iter().map(|turn| (turn.speaker == Speaker::Tutor, turn.text.as_str())))
}

/// Whether the tutor only waits for the student to go on: "Fifty..." after "fifty", "Go on.", "Okay." between two numbers.
fn waits(tutor: &Passage, student: &[&Turn], next: &Turn) -> bool {
    if WAITING.is_match(tutor) {
        return true;
    }
    let Some(last) = student.last().map(|turn| tutor.part(&plain(&turn.text))) else { return false };
    let next = || tutor.part(&plain(&next.text));
    if PASSING.is_match(tutor) {
        return !last.values().is_empty() && !next().values().is_empty();
    }
    let repeats = (tutor.ends_with("...") || tutor.ends_with('…'))
        && tutor.values().len() == 1
        && tutor.words().all(|word| last.has_word(|said| said == word));
    repeats && joins(&last, &next(), tutor.language())
}

/// The turns of a student that may be the answer, of several in a row: those with a number, or else the first that says
/// anything and what continues it. What is said beside an answer cannot change what it is taken for.
fn answering(turns: Vec<&Turn>, language: Language) -> Vec<&Turn> {
    if turns.len() == 1 {
        return turns;
    }
    let reads = |turn: &&Turn| {
        let said = Passage::new(&turn.text, language);
        let reading = said.read(Expecting::Anything);
        reading.committed.is_some() && reading.unread.len() <= MAX_UNREAD && !said.values().is_empty()
    };
    if turns.iter().any(reads) {
        let first = turns.iter().position(reads).unwrap_or(0);
        // "three" / "quarters"; "twenty" / "wait" / "twenty four".
        let belongs = |i: usize| {
            reads(&turns[i])
                || !Passage::new(&turns[i].text, language).values().is_empty()
                || i > first
                    && (TAKES_BACK.is_match(&plain(&turns[i].text))
                        || joins(&turns[i - 1].text, &turns[i].text, language))
        };
        return (0..turns.len()).filter(|i| belongs(*i)).map(|i| turns[i]).collect();
    }
    // A student who asks back has not answered, even if something was said before.
    if let Some(question) = turns.iter().rfind(|turn| turn.text.trim_end().ends_with('?')) {
        return vec![question];
    }
    let says = |turn: &&Turn| !ACKNOWLEDGEMENT.is_match(&plain(&turn.text)) && !is_fragment(&plain(&turn.text));
    let Some(first) = turns
        .iter()
        .position(says)
        .or_else(|| turns.iter().position(|turn| !ACKNOWLEDGEMENT.is_match(&plain(&turn.text))))
    else {
        return vec![turns[0]];
    };
    let mut answer = vec![turns[first]];
    for turn in &turns[first + 1..] {
        let last = plain(&answer[answer.len() - 1].text);
        if continues(&last, &plain(&turn.text)) {
            answer.push(turn);
        }
    }
    answer
}

/// A turn with more words that mean nothing to an answer is talk with a number in it.
const MAX_UNREAD: usize = 3;

/// Turns as one text. Parts of one number are joined: "fifty" / "six".
fn joined(turns: &[&Turn], language: Language) -> Passage {
    let mut said = String::new();
    for turn in turns {
        let next = plain(&turn.text);
        if said.is_empty() {
            said.push_str(&next);
        } else if joins(said.lines().last().unwrap_or_default(), &next, language) {
            let whole = said.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
            said.truncate(whole);
            said.push(' ');
            said.push_str(&next);
        } else {
            said.push('\n');
            said.push_str(&next);
        }
    }
    Passage::new(said.trim(), language)
}

/// Whether two turns are one number: the first ends in a number that the second continues.
fn joins(first: &str, second: &str, language: Language) -> bool {
    let first = first.trim_end_matches(|c: char| !c.is_alphanumeric());
    let second = second.trim_start();
    let passages = [first, second, &format!("{first} {second}")].map(|text| Passage::new(text, language));
    let [before, after, together] = passages.each_ref().map(Passage::numbers);
    let Some(last) = before.last().filter(|last| last.span.end >= first.len()) else { return false };
    let Some(whole) = together.get(before.len() - 1).filter(|whole| whole.span.end > first.len()) else { return false };
    together.len() + after.len() <= before.len() + 2 * after.len().min(1)
        && whole.value != last.value
        && whole.form != Form::Grouped
}

/// Too little to be an answer, and more follows: "um i", "the president congress and".
fn is_fragment(text: &str) -> bool {
    let rest: Vec<&str> = words(text).filter(|word| !FILLERS.contains(word)).collect();
    rest.iter().map(|word| word.len()).sum::<usize>() <= 2
        || words(text).last().is_some_and(|last| CONNECTIVES.contains(&last))
}

/// Whether a turn says more of what the one before began: it repeats a word or its beginning, or what came was a part.
fn continues(last: &str, next: &str) -> bool {
    let beginning = |word: &str| word.chars().take(4).collect::<String>();
    let known = |word: &&str| !FILLERS.contains(word) && word.len() > 2;
    is_fragment(last)
        || words(next)
            .filter(known)
            .any(|word| words(last).filter(known).any(|said| beginning(said) == beginning(word)))
        || TAKES_BACK.is_match(next)
        || next.starts_with("because ")
        || next.starts_with("cos ")
        || next.starts_with("cause ")
}

const FILLERS: [&str; 16] =
    ["um", "umm", "uh", "er", "erm", "hmm", "like", "so", "oh", "well", "its", "it's", "is", "it", "and", "the"];
const CONNECTIVES: [&str; 11] = ["and", "or", "the", "a", "um", "uh", "like", "is", "its", "becoz", "than"];

/// Whether a turn has letters, and none of the scripts of our languages: it cannot be read, so it answers nothing.
fn is_in_another_script(text: &str) -> bool {
    let mut letters = text.chars().filter(|c| c.is_alphanumeric()).peekable();
    letters.peek().is_some() && letters.all(|c| u32::from(c) >= 0x250)
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
        assert_eq!(&*exchanges[0].task, "hello.\nwhat is 2 + 2?");
        assert_eq!(&*exchanges[0].said, "four\nor five");
        assert_eq!(&*exchanges[0].reply, "four. and 3 + 3?");
        assert_eq!(&*exchanges[1].reply, "");
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
        let said: Vec<String> = exchanges(&turns).iter().map(|exchange| exchange.said.to_string()).collect();
        assert_eq!(said, ["four", "il gatto"]);
    }

    #[test]
    fn a_point_inside_a_number_ends_no_sentence() {
        let text = Passage::new("it is 20.25. ok? yes", Language::English);
        let sentences: Vec<(&str, bool)> = text.sentences().map(|(sentence, asks)| (&**sentence, asks)).collect();
        assert_eq!(sentences, [("it is 20.25", false), ("ok", true), ("yes", false)]);
    }
}
