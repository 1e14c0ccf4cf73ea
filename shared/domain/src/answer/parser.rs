//! The lexemes of a text and how they are looked at while parsing.

use std::cell::RefCell;
use std::ops::Range;

use super::Language;
use super::number::Number;
use super::token::{Kind, Token, tokens};
use super::words::{Lexeme, Sense, is_known, lexemes};

/// A text that is being read.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    tokens: &'a [Token<'a>],
    lexemes: Vec<Lexeme>,
    pub(super) language: Language,
    /// Single letters are variables, not units.
    pub(super) wants_letters: bool,
    /// What [`Self::cardinal`] and [`Self::number`] found, by place: each kind of value tries them again.
    pub(super) cardinals: Found,
    pub(super) numbers: Found,
}

/// Numbers and where they end, by the lexeme that they begin at.
pub(super) type Found = RefCell<Vec<(usize, Option<(Number, usize)>)>>;

impl<'a> Parser<'a> {
    pub(super) fn new(tokens: &'a [Token<'a>], language: Language, wants_letters: bool) -> Self {
        Self {
            tokens,
            lexemes: lexemes(tokens, language),
            language,
            wants_letters,
            cardinals: Found::default(),
            numbers: Found::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lexemes.len()
    }

    /// Returns the meaning at `at`; beyond the end it is a stop.
    pub(super) fn sense(&self, at: usize) -> Sense {
        self.lexemes.get(at).map_or(Sense::Stop, |lexeme| lexeme.sense)
    }

    pub(super) fn set_sense(&mut self, at: usize, sense: Sense) {
        if let Some(lexeme) = self.lexemes.get_mut(at) {
            lexeme.sense = sense;
            self.cardinals.get_mut().clear();
            self.numbers.get_mut().clear();
        }
    }

    pub(super) fn token(&self, at: usize) -> Option<&Token<'a>> {
        self.lexemes.get(at).and_then(|lexeme| self.tokens.get(lexeme.first))
    }

    /// Returns the first token's text; beyond the end it is empty.
    pub(super) fn text(&self, at: usize) -> &str {
        self.token(at).map_or("", |token| &*token.text)
    }

    /// Whether nothing is between this lexeme and the one before.
    pub(super) fn is_glued(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.is_glued)
    }

    /// Returns the bytes of the lexemes from `at` to before `end`.
    pub(super) fn span(&self, at: usize, end: usize) -> Range<usize> {
        let start = self.token(at).map_or(0, |token| token.span.start);
        let last = end.checked_sub(1).and_then(|last| self.lexemes.get(last));
        let last = last.and_then(|lexeme| self.tokens.get(lexeme.end.checked_sub(1)?));
        start..last.map_or(start, |token| token.span.end.max(start))
    }

    /// Whether a value may begin at `at`. Words that are not known begin none, but for German halves and ".5".
    pub(super) fn may_start(&self, at: usize) -> bool {
        match self.sense(at) {
            Sense::Word => self.language == Language::German,
            Sense::Stop => self.text(at) == ".",
            sense => sense.starts_value(),
        }
    }

    /// Returns the next lexeme that is no filler.
    pub(super) fn skip(&self, at: usize) -> usize {
        let fillers = (at..self.len()).take_while(|at| self.sense(*at) == Sense::Filler).count();
        at + fillers
    }
}

/// Splits a text for a [`Parser`].
pub(super) fn split(text: &str) -> Vec<Token<'_>> {
    tokens(text)
}

/// Splits words of letters that are multiplied: "6ab", "2xy".
pub(super) fn split_products(tokens: Vec<Token>) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let is_product = token.kind == Kind::Word
            && token.text.len() == token.text.chars().count()
            && (2..=3).contains(&token.text.len())
            && token.is_glued
            && found.last().is_some_and(|before| before.kind == Kind::Digits)
            && !is_known(&token, Language::English)
            && !matches!(&*token.text, "st" | "nd" | "rd" | "th" | "ths");
        if !is_product {
            found.push(token);
            continue;
        }
        for (offset, letter) in token.text.char_indices() {
            let start = token.span.start + offset;
            found.push(Token { text: letter.to_string().into(), span: start..start + 1, ..token.clone() });
        }
    }
    found
}
