//! What the rules look up in a curriculum, made once and kept until another curriculum comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::curriculum::Curriculum;
use domain::text::{Bytes, bytes, joined_runs};
use domain::word_map::WordMap;

/// A question of a curriculum is at most so many sentences, and follows the talk before it.
const SENTENCES: usize = 5;
/// A phrase counts at most so much.
const MOST: u32 = 9;

/// Points by the skill's index.
pub(super) type Scores = BTreeMap<usize, u32>;

/// The tables of the curriculum that was used last: a worker has one, which seldom changes.
static LAST: Mutex<Option<Arc<Lexicon>>> = Mutex::new(None);

/// The curriculum's phrases, by their first word, and its questions.
#[derive(Debug)]
pub(super) struct Lexicon {
    curriculum: Curriculum,
    phrases: WordMap<Vec<(Vec<String>, usize, u32)>, String>,
    /// Skill and answer by the question in its normal form.
    questions: WordMap<(usize, String), String>,
    /// Bytes of the longest question in its normal form.
    longest: usize,
}

impl Lexicon {
    /// Returns the tables of a curriculum. To compare it with the last one costs a hundredth of making them.
    pub(super) fn of(curriculum: &Curriculum) -> Arc<Self> {
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(last) = last.filter(|last| last.curriculum == *curriculum) {
            return last;
        }
        let made = Arc::new(Self::new(curriculum));
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        made
    }

    fn new(curriculum: &Curriculum) -> Self {
        let mut phrases: WordMap<Vec<_>, String> = WordMap::default();
        for (skill, phrase) in
            curriculum.skills.iter().enumerate().flat_map(|(i, s)| s.lexicon.iter().map(move |p| (i, p)))
        {
            let mut words: Vec<String> = normal(&phrase.phrase).split(' ').map(str::to_owned).collect();
            if !words[0].is_empty() {
                let rest = words.split_off(1);
                phrases.entry(words.remove(0)).or_default().push((rest, skill, u32::from(phrase.weight)));
            }
        }
        let questions = curriculum.skills.iter().enumerate().flat_map(|(skill, s)| {
            s.questions.iter().map(move |question| (normal(&question.ask), (skill, question.answer.clone())))
        });
        let questions: WordMap<_, _> = questions.collect();
        let longest = questions.keys().map(String::len).max().unwrap_or(0);
        Self { curriculum: curriculum.clone(), phrases, questions, longest }
    }

    /// Returns the answer of a question of the curriculum.
    pub(super) fn answer(&self, question: &str) -> Option<&str> {
        let text = normal(question);
        // "What is 'bread' in Italian?"
        let unquoted = || text.contains('\'').then(|| self.questions.get(&text.replace('\'', "")))?;
        self.questions.get(&text).or_else(unquoted).map(|(_, answer)| &answer[..])
    }

    /// The curriculum's question with which the tutor's words end; `text` is `tutor` in the normal form.
    pub(super) fn question(&self, tutor: &str, text: &str) -> Option<(usize, &str)> {
        if let Some(found) = self.questions.get(text) {
            return Some((found.0, &found.1));
        }
        // After a greeting or a remark: the text from one of the last sentences on.
        let starts = tutor.char_indices().rev().filter(|(_, c)| matches!(c, '.' | '!' | '?' | '\n')).take(SENTENCES);
        for (at, c) in starts {
            let rest = normal(&tutor[at + c.len_utf8()..]);
            if rest.len() > self.longest {
                break;
            }
            if let Some(found) = self.questions.get(&rest) {
                return Some((found.0, &found.1));
            }
        }
        None
    }

    /// Points by skill of the words of a text in the normal form. A phrase counts once.
    pub(super) fn score(&self, words: &[&str]) -> Scores {
        let mut scores = Scores::new();
        let mut seen: Vec<(&str, usize, usize)> = Vec::new();
        for (i, word) in words.iter().enumerate() {
            for (rest, skill, weight) in self.phrases.get(word).into_iter().flatten() {
                let follows =
                    words[i + 1..].len() >= rest.len() && words[i + 1..].iter().zip(rest).all(|(a, b)| a == b);
                if follows && !seen.contains(&(*word, rest.len(), *skill)) {
                    seen.push((*word, rest.len(), *skill));
                    *scores.entry(*skill).or_default() += (*weight).min(MOST);
                }
            }
        }
        scores
    }
}

/// The text without what may differ when it is asked.
pub(super) fn normal(text: &str) -> String {
    static KEPT: Bytes = bytes(true, b"'%/");
    joined_runs(text, &KEPT)
}

/// The words of a text in the normal form.
pub(super) fn spaced(text: &str) -> Vec<&str> {
    let mut words = Vec::with_capacity(text.len() / 4 + 1);
    let mut start = 0;
    for (at, _) in text.bytes().enumerate().filter(|(_, byte)| *byte == b' ') {
        words.push(&text[start..at]);
        start = at + 1;
    }
    words.push(&text[start..]);
    words
}
