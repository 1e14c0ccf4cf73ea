//! The lexemes of a text and how they are looked at while parsing.

use std::ops::Range;

use super::Language;
use super::token::{Token, tokens};
use super::words::{Lexeme, Sense, lexemes};

/// A text that is being read.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    tokens: &'a [Token],
    lexemes: Vec<Lexeme>,
    pub(super) language: Language,
    /// Single letters are variables, not units.
    pub(super) wants_letters: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(tokens: &'a [Token], language: Language, wants_letters: bool) -> Self {
        Self { tokens, lexemes: lexemes(tokens, language), language, wants_letters }
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
        }
    }

    pub(super) fn token(&self, at: usize) -> Option<&Token> {
        self.lexemes.get(at).and_then(|lexeme| self.tokens.get(lexeme.first))
    }

    /// Returns the first token's text; beyond the end it is empty.
    pub(super) fn text(&self, at: usize) -> &str {
        self.token(at).map_or("", |token| token.text.as_str())
    }

    /// Whether nothing stands between this lexeme and the one before.
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

    /// Returns the next lexeme that is no filler.
    pub(super) fn skip(&self, at: usize) -> usize {
        let fillers = (at..self.len()).take_while(|at| self.sense(*at) == Sense::Filler).count();
        at + fillers
    }
}

/// Splits a text for a [`Parser`].
pub(super) fn split(text: &str) -> Vec<Token> {
    tokens(text)
}
