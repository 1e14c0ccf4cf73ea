//! Is it an answer to a task at all? A small learned classifier over what the tutor said and what the student said.
//!
//! "How old are you?" "nine" and "What is four plus five?" "nine" differ only in what the tutor asked. Trained like
//! [`super::reaction`], by the same command.

use domain::answer::{self, Expecting};

use super::exchange::Exchange;
use super::learned::{Features, Name, count, flag};

static WEIGHTS: &[u8] = include_bytes!("attempt/weights.bin");

/// Words of a task or an answer further on are left out.
const REACH: usize = 24;

/// Returns the probability that the student answered a task, 0 to 1.
pub(super) fn answered(exchange: &Exchange) -> f64 {
    features(exchange).probability(WEIGHTS)
}

pub(super) fn features(exchange: &Exchange) -> Features {
    let Exchange { task, said, .. } = exchange;
    let mut found = Features::new();
    // Without a sentence, nothing is asked.
    let (asked, asks) = task.asked().unwrap_or((task, false));
    let n_numbers = count(task.values().len(), 4);
    let n_asked = count(asked.values().len(), 3);
    let calculates = !asked.calculations().is_empty();
    let last = task.sentences().last();
    let last_asks = last.is_some_and(|(_, asks)| asks);
    let is_number = |word: &str| {
        answer::is_number_word(word, task.language()).unwrap_or_else(|| !task.part(word).values().is_empty())
    };
    let asked_name = Name::default().then("asked ");
    let (mut one, mut two) = (asked_name, asked_name.then(" "));
    for word in asked.words().take(REACH) {
        let word = if is_number(word) { "#" } else { word };
        // A word, it with the one before, and with the two before: the names go on from those of the word before.
        let names = [asked_name, one.then(" "), two.then(" ")].map(|name| name.then(word));
        for name in names {
            found.push(name);
        }
        [one, two, _] = names;
    }
    if let Some((last, _)) = last.filter(|(last, _)| last[..] != asked[..]) {
        for word in last.words().take(REACH) {
            found.add(["last ", if is_number(word) { "#" } else { word }]);
        }
    }
    let reading = said.read(Expecting::Anything);
    let n_said = count(said.values().len(), 3);
    let unread = count(reading.unread.len(), 4);
    let said_name = Name::default().then("said ");
    let mut one = said_name;
    for word in said.words().take(REACH) {
        let word = if is_number(word) { "#" } else { word };
        let names = [said_name, one.then(" ")].map(|name| name.then(word));
        for name in names {
            found.push(name);
        }
        [one, _] = names;
    }
    let addresses =
        asked.has_word(|word| matches!(word, "you" | "your" | "you're" | "we" | "tu" | "te" | "du" | "dein"));
    let tells_of_self = said.has_word(|word| matches!(word, "i" | "my" | "we" | "i'm" | "im" | "me" | "mi" | "ich"));
    found.add(["numbers ", n_numbers, " ", n_asked, " ", flag(calculates)]);
    found.add(["numbers ", n_numbers, " ", flag(addresses), " ", n_said]);
    found.add(["said ", n_said, " ", unread, " ", count(said.words().len() / 3, 4)]);
    found.add(["said ", n_said, " ", flag(tells_of_self), " ", flag(addresses)]);
    found.add(["asks ", flag(asks), " ", flag(last_asks), " ", count(task.sentences().len(), 4)]);
    found.add(["addresses ", flag(addresses), " ", n_asked, " ", flag(asks)]);
    found.add(["committed ", flag(reading.committed.is_some()), " ", flag(reading.says_unknown)]);
    found.add(["opens ", flag(task.is_empty())]);
    found
}

#[cfg(test)]
mod tests {
    use domain::answer::Language;

    use super::super::passage::Passage;
    use super::*;

    fn probability(task: &str, said: &str) -> f64 {
        let [task, said, reply] = [task, said, ""].map(|text| Passage::new(text, Language::English));
        answered(&Exchange { task, turns: Vec::new(), said, reply })
    }

    #[test]
    fn what_the_tutor_asked_makes_an_answer() {
        assert_eq!(WEIGHTS.len(), super::super::learned::BUCKETS);
        assert!(probability("what is six plus nine?", "fifteen") > 0.8);
        assert!(probability("how old is your cousin?", "fifteen") < 0.4);
    }
}
