//! What a child says that an adult should read: harm, danger, and data that a stranger could use.
//!
//! Patterns over who does what, and to which person, in English, Spanish and German, in a call of any language. Beside
//! them is a learned reading for what names no deed. To miss a disclosure is worse than to show one turn too many, so only
//! a game, a story, an accident or an idiom nearby undoes a match, or a learned score that speaks against it.

mod concepts;
mod english;
mod german;
pub mod learned;
mod pattern;
mod personal;
mod senses;
mod spanish;

use std::sync::LazyLock;

use self::learned::{Judged, Meaning};
use self::pattern::{Match, Patterns, WordNo};
use crate::folded::{self, Folded, WordMap};

use strum::IntoStaticStr;

/// What a disclosure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Category {
    SelfHarm,
    /// Physical, sexual or emotional.
    Abuse,
    Neglect,
    Bullying,
    /// Sexual interest, secrets, or a stranger who wants to meet.
    Grooming,
    /// Something happens now, or was threatened.
    Danger,
    PersonalData,
    /// A plea for silence or help that says no more.
    Other,
}

impl Category {
    /// The name in findings: `self_harm`.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// One turn of a call.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub is_child: bool,
    pub text: &'a str,
}

/// A disclosure, and where it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    pub category: Category,
    /// Positions of the child's turns in the call: two if the sentence was cut by a pause.
    pub turns: Vec<usize>,
}

struct Language {
    patterns: Patterns,
    is_english: bool,
    /// "Does he hit you?": the child's yes makes it theirs. Words of the question and what they become.
    turned: &'static [(&'static str, &'static str)],
}

/// English first: it has further words, see [`folded::english`].
static LANGUAGES: LazyLock<[Language; 3]> = LazyLock::new(|| {
    [
        Language {
            patterns: Patterns::compile(&english::ENGLISH),
            is_english: true,
            turned: &[("you", "me"), ("your", "my"), ("yourself", "myself"), ("are", "am")],
        },
        Language {
            patterns: Patterns::compile(&spanish::SPANISH),
            is_english: false,
            turned: &[("te", "me"), ("tu", "mi"), ("tus", "mis"), ("quieres", "quiero"), ("ti", "mi")],
        },
        Language {
            patterns: Patterns::compile(&german::GERMAN),
            is_english: false,
            turned: &[
                ("dich", "mich"),
                ("dir", "mir"),
                ("dein", "mein"),
                ("deine", "meine"),
                ("willst", "will"),
                ("du", "ich"),
            ],
        },
    ]
});

/// A sentence that a pause cut has two parts of at most this many words each.
const LONGEST_PART: usize = 8;

/// In a turn of more words the harmless ones may outweigh the others, so a low score undoes nothing.
const SHORT: usize = 20;
/// What only a very low score undoes.
const GRAVEST: [Category; 2] = [Category::SelfHarm, Category::Danger];

/// How many words a turn has, their numbers in the three languages, and how the learned reading judges it.
struct Read {
    n_words: usize,
    numbers: [Vec<WordNo>; 3],
    judged: Judged,
}

impl Read {
    /// What the turn discloses without others.
    fn found(&self) -> Vec<Category> {
        let mut places = matches(&self.numbers);
        places.retain(|place| {
            let least = if GRAVEST.contains(&place.category) { learned::GRAVEST_UNDONE } else { learned::UNDONE };
            let is_undone = self.judged.score < least && learned::CATEGORIES.contains(&place.category);
            // "I love football, but he hits me": the harmless words before the "but" lower the score.
            !is_undone || place.is_apart || self.n_words > SHORT
        });
        let mut found: Vec<Category> = places.into_iter().map(|place| place.category).collect();
        if self.judged.score >= learned::ALONE && found.iter().all(|category| *category == Category::PersonalData) {
            found.push(self.judged.category);
        }
        found
    }
}

/// The number of a word in each language, and its meaning.
#[derive(Clone, Copy)]
struct Known {
    numbers: [WordNo; 3],
    meaning: Meaning,
}

/// The words of a call. Each is looked up once.
#[derive(Default)]
struct Vocabulary {
    words: WordMap<Known, String>,
    judge: learned::Judge,
}

impl Vocabulary {
    fn known(&mut self, word: &str) -> Known {
        if let Some(known) = self.words.get(word) {
            return *known;
        }
        let numbers = LANGUAGES.each_ref().map(|language| language.patterns.number(word));
        let known = Known { numbers, meaning: Meaning::of(word) };
        self.words.insert(word.to_owned(), known);
        known
    }

    fn read(&mut self, words: &[&str]) -> Read {
        let english = folded::english(words);
        let mut numbers = [english.len(), words.len(), words.len()].map(Vec::with_capacity);
        let mut meanings = Vec::with_capacity(english.len());
        let is_same = english == words;
        for word in english {
            let known = self.known(word);
            numbers[0].push(known.numbers[0]);
            if is_same {
                numbers[1].push(known.numbers[1]);
                numbers[2].push(known.numbers[2]);
            }
            if word != folded::BOUNDARY {
                meanings.push(known.meaning);
            }
        }
        for word in words.iter().filter(|_| !is_same) {
            let known = self.known(word);
            numbers[1].push(known.numbers[1]);
            numbers[2].push(known.numbers[2]);
        }
        Read { n_words: words.len(), numbers, judged: self.judge.judge(&meanings) }
    }
}

fn matches(numbers: &[Vec<WordNo>; 3]) -> Vec<Match> {
    let each = LANGUAGES.iter().zip(numbers);
    let mut found: Vec<Match> = Vec::new();
    for (language, numbers) in each {
        for place in language.patterns.matches(numbers) {
            if found.iter().all(|known| known.category != place.category) {
                found.push(place);
            }
        }
    }
    // The same words tell one thing: a blow by an adult is no bullying.
    let blow = found.iter().find(|place| place.category == Category::Abuse).copied();
    found.retain(|place| {
        let overlaps = |blow: Match| blow.start < place.end && place.start < blow.end;
        !(place.category == Category::Bullying && blow.is_some_and(overlaps))
    });
    found
}

/// Returns the categories that the patterns alone find, without the learned part.
pub fn by_patterns(text: &str) -> Vec<Category> {
    matches(&Vocabulary::default().read(&Folded::new(text).words()).numbers)
        .into_iter()
        .map(|place| place.category)
        .collect()
}

/// Returns the categories of what one turn discloses; empty if it is harmless.
pub fn in_text(text: &str) -> Vec<Category> {
    let folded = Folded::new(text);
    let words = folded.words();
    let mut found = Vocabulary::default().read(&words).found();
    if personal::is_given(text, &words) && !found.contains(&Category::PersonalData) {
        found.push(Category::PersonalData);
    }
    found
}

/// Returns all disclosures of a call, in the order of their turns. A sentence may be cut by a pause, and a child may say
/// yes to a question.
pub fn disclosures(turns: &[Said]) -> Vec<Disclosure> {
    let mut found: Vec<Disclosure> = Vec::new();
    let mut vocabulary = Vocabulary::default();
    let mut last: Option<(usize, Read)> = None;
    for (i, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.is_child) {
        let folded = Folded::new(turn.text);
        let words = folded.words();
        let said = vocabulary.read(&words);
        let mut add = |category, turns: Vec<usize>| {
            let is_known = found.iter().any(|known| known.category == category && known.turns.contains(&i));
            if !is_known {
                found.push(Disclosure { category, turns });
            }
        };
        for category in said.found() {
            add(category, vec![i]);
        }
        if personal::is_given(turn.text, &words) {
            add(Category::PersonalData, vec![i]);
        }
        if let Some((before, earlier)) = &last
            && earlier.n_words <= LONGEST_PART
            && said.n_words <= LONGEST_PART
        {
            for category in across(earlier, &said) {
                add(category, vec![*before, i]);
            }
        }
        if let Some(question) = i.checked_sub(1).map(|before| turns[before]).filter(|before| !before.is_child) {
            for category in affirmed(question.text, &words) {
                add(category, vec![i]);
            }
        }
        last = Some((i, said));
    }
    found
}

/// What two turns say together and neither says alone.
fn across(earlier: &Read, later: &Read) -> Vec<Category> {
    let mut found = Vec::new();
    for (at, language) in LANGUAGES.iter().enumerate() {
        let (earlier, later) = (&earlier.numbers[at], &later.numbers[at]);
        if !language.patterns.may_match(earlier) && !language.patterns.may_match(later) {
            continue;
        }
        let border = earlier.iter().rposition(|word| *word != WordNo::MAX).map_or(0, |last| last + 1);
        let joined = [&earlier[..border], later].concat();
        let over = |place: &Match| place.start < border && place.end > border;
        found.extend(language.patterns.matches(&joined).into_iter().filter(over).map(|place| place.category));
    }
    found
}

/// Words of agreement, and words around them.
const YES: &str = "yes yeah yep yea yup uh huh mhm sometimes always often lots kind sort of a lot bit every day night i do he \
    she they does did am is really si ja manchmal immer oft veces siempre mucho um";
const CLEAR_YES: [&str; 14] =
    ["yes", "yeah", "yep", "yea", "yup", "huh", "mhm", "sometimes", "always", "often", "si", "ja", "manchmal", "veces"];
const NO: &str = "no nope not really never nein nunca nie nah uh sometimes nicht";
/// An answer of more words is no plain yes or no.
const LONGEST_ANSWER: usize = 6;

/// What a child says by agreeing with a question: "Does he hit you?", "Yeah, sometimes."
fn affirmed(question: &str, answer: &[&str]) -> Vec<Category> {
    if answer.is_empty() || answer.len() > LONGEST_ANSWER {
        return Vec::new();
    }
    let all = |list: &str| {
        let mut words = answer.iter().filter(|word| **word != folded::BOUNDARY);
        words.all(|word| list.split(' ').any(|known| known == *word))
    };
    let is_yes = answer.iter().any(|word| CLEAR_YES.contains(word)) && all(YES);
    let is_no = !is_yes && all(NO);
    if !is_yes && !is_no {
        return Vec::new();
    }
    let folded = Folded::new(question);
    let words = folded.words();
    let said = |list: [&str; 2]| list.iter().all(|word| words.contains(word));
    if is_no {
        let is_safety = said(["feel", "safe"]) || said(["safe", "home"]) || said(["enough", "eat"]);
        let is_safety = is_safety || said(["sicher", "zuhause"]) || said(["seguro", "casa"]);
        return if is_safety { vec![Category::Abuse] } else { Vec::new() };
    }
    let mut found = Vec::new();
    for language in LANGUAGES.iter() {
        let words = if language.is_english { folded::english(&words) } else { words.clone() };
        // "Do you hurt yourself" is "i hurt myself", and "does he hurt you" is "he hurts me": both are tried.
        let turned = |you: Option<&'static str>| {
            let turn = |word: &'_ str| {
                let to = language.turned.iter().find(|(from, _)| *from == word).map(|(_, to)| *to);
                to.map(|to| you.filter(|_| word == "you").unwrap_or(to))
            };
            let words = words.iter().map(|word| turn(word).unwrap_or(word));
            language.patterns.matches(&words.map(|word| language.patterns.number(word)).collect::<Vec<_>>())
        };
        for place in turned(None).into_iter().chain(turned(Some("i"))) {
            if !found.contains(&place.category) {
                found.push(place.category);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(lines: &[&str]) -> Vec<(Category, Vec<usize>)> {
        let turns: Vec<Said> =
            lines.iter().map(|line| Said { is_child: line.starts_with("S "), text: &line[2..] }).collect();
        disclosures(&turns).into_iter().map(|found| (found.category, found.turns)).collect()
    }

    #[test]
    fn a_sentence_may_be_cut_by_a_pause() {
        assert_eq!(call(&["S my dad", "T Mhm?", "S hits me"]), [(Category::Abuse, vec![0, 2])]);
        assert_eq!(call(&["S i want to", "S die"]), [(Category::SelfHarm, vec![0, 1])]);
        assert_eq!(call(&["S my brother", "T And then?", "S seven"]), []);
    }

    #[test]
    fn a_yes_makes_the_question_the_childs() {
        assert_eq!(call(&["T Does he hit you?", "S yeah sometimes"]), [(Category::Abuse, vec![1])]);
        assert_eq!(call(&["T Do you want to hurt yourself?", "S yes"]), [(Category::SelfHarm, vec![1])]);
        assert_eq!(call(&["T Does he hit you?", "S no"]), []);
        assert_eq!(call(&["T Do you feel safe at home?", "S not really"]), [(Category::Abuse, vec![1])]);
        assert_eq!(call(&["T Do you feel safe at home?", "S yes"]), []);
        assert_eq!(call(&["T Did the book hit the floor?", "S yes"]), []);
    }

    #[test]
    fn harmless_words_before_a_but_undo_nothing() {
        for text in [
            "I love football but my dad hits me",
            "I had pizza. My dad hits me.",
            "me gusta el futbol pero mi papa me pega",
            "ich mag Fußball aber mein Papa schlägt mich",
        ] {
            assert!(in_text(text).contains(&Category::Abuse), "{text}");
        }
        assert_eq!(in_text("my dad hit the ball over the fence but my team won"), []);
    }

    #[test]
    fn the_tutors_words_disclose_nothing() {
        assert_eq!(call(&["T My dad hits me.", "S four"]), []);
    }
}
