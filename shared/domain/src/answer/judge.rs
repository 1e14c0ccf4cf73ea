//! Holds an answer against a key. A verdict needs every word of the key and the answer to be read; otherwise there is none.

mod number;
mod symbols;
mod words;

use std::cell::OnceCell;

use super::Language;
use super::key::{Key, Kind, asks, options};
use super::reading::{Expecting, Reading, Said, Standing};
use super::token::{Kind as TokenKind, Token, tokens};
use super::value::Value;

/// What comparing an answer with a key tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Judgement {
    Right,
    /// The right value in another form than was asked for.
    WrongForm,
    Wrong,
    /// Something was not read, or cannot be compared.
    Undecided,
}

/// Judges what was said in answer to a question.
///
/// `ask` is the question's text, or empty if it is not known.
pub fn judge(ask: &str, key: &Key, said: &str, language: Language) -> Judgement {
    judge_said(ask, key, &Said::new(said), language)
}

impl Key {
    /// Whether an answer can be compared with this key: it is not free, and is its own right answer.
    pub fn is_comparable(&self, ask: &str, language: Language) -> bool {
        let judged = judge(ask, self, &self.answer, language);
        self.kind_for(ask, language) != Kind::Free && judged == Judgement::Right
    }
}

/// [`judge()`] for what is judged several times.
pub fn judge_said(ask: &str, key: &Key, said: &Said, language: Language) -> Judgement {
    let first = judge_in(ask, key, said, language);
    if first != Judgement::Undecided {
        return first;
    }
    // The key itself, letter for letter, is right also where it cannot be read: the article "l'".
    let letters = |text: &str| text.trim().trim_end_matches(['.', '!', '?']).to_lowercase().replace('’', "'");
    if !key.answer.trim().is_empty() && letters(said.text()) == letters(&key.answer) && key.answer != "free answer" {
        return Judgement::Right;
    }
    // A child may answer in the language at home, and in a lesson in the one it learns: "sieben" for 7.
    let others = Language::ALL.into_iter().filter(|other| *other != language && is_in(said, *other, language));
    others
        .map(|other| Case::new(ask, key, said, language, other).judge())
        .find(|judgement| *judgement != Judgement::Undecided)
        .unwrap_or(Judgement::Undecided)
}

fn judge_in(ask: &str, key: &Key, said: &Said, language: Language) -> Judgement {
    let best = Case::new(ask, key, said, language, language).judge();
    if best == Judgement::Right {
        return best;
    }
    let alternatives = key.alternatives.iter().map(|alternative| {
        let key = Key { answer: alternative.clone(), alternatives: Vec::new(), ..key.clone() };
        Case::new(ask, &key, said, language, language).judge()
    });
    // Wrong only if it is wrong for all of them.
    alternatives.fold(best, |best, next| match (best, next) {
        (Judgement::Right, _) | (_, Judgement::Right) => Judgement::Right,
        (Judgement::WrongForm, _) | (_, Judgement::WrongForm) => Judgement::WrongForm,
        (Judgement::Wrong, Judgement::Wrong) => Judgement::Wrong,
        _ => Judgement::Undecided,
    })
}

/// Whether an answer is in another language beyond doubt: it has words of it that the first does not know, and no others.
fn is_in(said: &Said, other: Language, first: Language) -> bool {
    let is_foreign = !said.read(first, Expecting::Anything).unread.is_empty();
    is_foreign && !said.has_unknown_word(other) && {
        let reading = said.read(other, Expecting::Anything);
        reading.unread.is_empty() && reading.committed.is_some()
    }
}

/// One comparison.
struct Case<'a> {
    ask: &'a str,
    key: &'a Key,
    kind: Kind,
    said: &'a Said,
    /// Of what was said.
    tokens: Vec<Token<'a>>,
    asked_tokens: OnceCell<Vec<Token<'a>>>,
    /// The language of the question and key.
    asked: Language,
    /// The language of the answer.
    language: Language,
}

impl<'a> Case<'a> {
    fn new(ask: &'a str, key: &'a Key, said: &'a Said, asked: Language, language: Language) -> Self {
        let kind = key.kind_for(ask, asked);
        Self { ask, key, kind, said, tokens: tokens(&said.text), asked_tokens: OnceCell::new(), asked, language }
    }

    fn judge(&self) -> Judgement {
        if self.tokens.is_empty() {
            return Judgement::Undecided;
        }
        match self.kind {
            Kind::Free => Judgement::Undecided,
            Kind::Number => self.judge_number(),
            Kind::Time => self.judge_time(),
            Kind::Date => self.judge_date(),
            Kind::Ratio => self.judge_ratio(),
            Kind::Remainder => self.judge_remainder(),
            Kind::Expression => self.judge_expression(),
            Kind::Relation => self.judge_relation(),
            Kind::Interval => self.judge_interval(),
            Kind::Set => self.judge_list(false),
            Kind::Sequence => self.judge_list(true),
            Kind::Spelling => self.judge_spelling(),
            Kind::YesNo => self.judge_yes_no(),
            Kind::Choice => self.judge_choice(),
            Kind::Words => self.judge_words(),
        }
    }

    /// Reads the answer; `None` if it leaves a word unread, is not plain, or contains a claim that is wrong.
    fn plain(&self, expecting: Expecting) -> Option<(Value, &'a Reading)> {
        let reading = self.read(expecting);
        let is_plain = match reading.standing {
            Standing::Plain => true,
            Standing::Approximate => super::key::is_rounded(self.ask),
            Standing::Negated | Standing::Alternatives | Standing::Several => false,
        };
        if !is_plain || !self.is_read(reading) {
            return None;
        }
        Some((reading.committed.clone()?, reading))
    }

    fn read(&self, expecting: Expecting) -> &'a Reading {
        self.said.read(self.language, expecting)
    }

    /// Whether every word was read, is a filler, or repeats the question.
    fn is_read(&self, reading: &Reading) -> bool {
        if reading.unread.is_empty() {
            return true;
        }
        let asked = self.asked_tokens();
        let is_said = |span: &std::ops::Range<usize>| {
            self.tokens.iter().filter(|token| span.contains(&token.span.start)).all(|token| {
                let repeats =
                    asked.iter().any(|asked| asked.kind == TokenKind::Word && is_inflected(&asked.text, &token.text));
                repeats || self.is_joined_echo(token)
            })
        };
        reading.unread.iter().all(is_said)
    }

    /// A part of a word of the question: "el-e-phant".
    fn is_joined_echo(&self, token: &Token) -> bool {
        let Some(at) = self.tokens.iter().position(|other| other.span == token.span) else { return false };
        let is_hyphen = |token: &Token| token.kind == TokenKind::Sign('-');
        let (mut start, mut end) = (at, at + 1);
        while start >= 2 && is_hyphen(&self.tokens[start - 1]) {
            start -= 2;
        }
        while end + 1 < self.tokens.len() && is_hyphen(&self.tokens[end]) {
            end += 2;
        }
        let joined: String =
            self.tokens[start..end].iter().filter(|token| !is_hyphen(token)).map(|token| &*token.text).collect();
        end > start + 1 && self.asked_tokens().iter().any(|asked| asked.text == joined)
    }

    fn asked_tokens(&self) -> &[Token<'a>] {
        self.asked_tokens.get_or_init(|| tokens(self.ask))
    }

    fn asks(&self, words: &[&str]) -> bool {
        asks(self.ask, words)
    }

    fn options(&self) -> Vec<String> {
        options(self.ask)
    }
}

/// Whether two words are forms of one: "sticker" and "stickers", "sell" is not "sold".
fn is_inflected(one: &str, two: &str) -> bool {
    one == two || stem(one) == stem(two)
}

/// Strips English, Spanish and German plural and verb endings.
fn stem(word: &str) -> &str {
    const ENDINGS: [&str; 8] = ["ing", "ies", "'s", "es", "ed", "en", "s", "y"];
    let long = |stem: &&str, least: usize| stem.chars().count() >= least;
    let stripped = ENDINGS.into_iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| long(stem, 3)));
    let stem = stripped.unwrap_or(word);
    // "square" and "squares"
    stem.strip_suffix('e').filter(|stem| long(stem, 4)).unwrap_or(stem)
}
