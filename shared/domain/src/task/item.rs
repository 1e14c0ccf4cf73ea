//! A tutor's words as sentences of numbers, units and keywords.

use super::words::{self, Cue, Sense, Unit};
use crate::answer::{Exact, Language};
use crate::text::Text;

/// How a number was written or said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Whole,
    /// With so many decimals.
    Decimal(u32),
    /// With this top and bottom.
    Fraction(i64, i64),
    Mixed,
    /// Hours and minutes, "3:40".
    Clock(i64, i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Num {
    pub value: Exact,
    pub style: Style,
}

impl Num {
    pub(super) const fn whole(value: i64) -> Self {
        Self { value: Exact::whole(value), style: Style::Whole }
    }

    pub(super) fn to_whole(self) -> Option<i64> {
        if self.style == Style::Whole { self.value.to_whole() } else { None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item<'a> {
    Num(Num),
    /// "thirds": a part without a number before it.
    Part(i64, bool),
    /// "sevens"
    Many(i64),
    Unit(Unit),
    Cue(Cue),
    /// A variable.
    Letter(char),
    Word(&'a str),
    Comma,
    Colon,
    /// Three dots: the sentence is left for the student to finish.
    Dots,
    Open,
    Close,
    Quote,
}

/// What a sentence ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Question,
    Stop,
    Dots,
    /// No mark: the recogniser wrote none.
    None,
}

#[derive(Clone, Debug)]
pub(super) struct Sentence<'a> {
    pub items: Vec<Item<'a>>,
    /// The numbers, in order.
    pub numbers: Vec<Num>,
    pub end: End,
    /// Which keywords are in it, a bit each.
    cues: [u64; 4],
    /// The words as said, in lower case.
    pub text: Text<'a>,
}

impl<'a> Sentence<'a> {
    fn new(items: Vec<Item<'a>>, end: End, text: &'a str) -> Self {
        let (mut numbers, mut cues) = (Vec::new(), [0; 4]);
        for item in &items {
            match item {
                Item::Num(num) => numbers.push(*num),
                Item::Cue(cue) => {
                    let bit = *cue as usize;
                    cues[bit / 64] |= 1 << (bit % 64);
                }
                _ => {}
            }
        }
        Self { items, numbers, end, cues, text: Text::new(text) }
    }

    pub(super) fn has(&self, cue: Cue) -> bool {
        let bit = cue as usize;
        self.cues[bit / 64] & (1 << (bit % 64)) != 0
    }

    pub(super) fn has_any(&self, cues: &[Cue]) -> bool {
        cues.iter().any(|cue| self.has(*cue))
    }

    pub(super) fn position(&self, cue: Cue) -> Option<usize> {
        self.has(cue).then(|| self.items.iter().position(|item| *item == Item::Cue(cue)))?
    }

    pub(super) fn has_number(&self) -> bool {
        !self.numbers.is_empty()
    }

    pub(super) fn has_word(&self, word: &str) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Word(said) if *said == word))
    }
}

/// A piece of the text: a word, digits or one sign.
#[derive(Clone, Copy, Debug)]
struct Piece<'a> {
    text: &'a str,
    kind: Kind,
    /// Nothing is between this piece and the one before.
    is_glued: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Digits,
    Sign(char),
}

/// Lower case, with plain quotes and signs.
pub(super) fn plain(text: &str) -> String {
    if text.is_ascii() && !text.contains('`') {
        return text.to_ascii_lowercase();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'A'..='Z' => plain.push(c.to_ascii_lowercase()),
            '’' | '‘' | '`' | '´' => plain.push('\''),
            '“' | '”' | '«' | '»' | '„' => plain.push('"'),
            '−' | '–' | '—' => plain.push('-'),
            '…' => plain.push_str("..."),
            '·' | '⋅' => plain.push('×'),
            '½' => plain.push_str(" 1/2"),
            '¼' => plain.push_str(" 1/4"),
            '¾' => plain.push_str(" 3/4"),
            '²' => plain.push_str(" squared "),
            '³' => plain.push_str(" cubed "),
            '⁄' | '∕' => plain.push('/'),
            c if c.is_ascii() => plain.push(c),
            c => plain.extend(c.to_lowercase()),
        }
    }
    plain
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let bytes = text.as_bytes();
    let mut pieces: Vec<Piece> = Vec::with_capacity(text.len() / 4 + 1);
    if text.is_ascii() {
        ascii_pieces(text, &mut pieces);
        return pieces;
    }
    let mut chars = text.char_indices().peekable();
    let mut last_end = usize::MAX;
    while let Some((start, c)) = chars.next() {
        if (c.is_whitespace() || c.is_control()) && c != '\n' {
            continue;
        }
        let mut end = start + c.len_utf8();
        let kind = if c.is_alphabetic() {
            while let Some(&(at, next)) = chars.peek() {
                let apostrophe = next == '\'' && text[at + 1..].chars().next().is_some_and(char::is_alphabetic);
                if !next.is_alphabetic() && !apostrophe && !is_mark(next) {
                    break;
                }
                end = at + next.len_utf8();
                chars.next();
            }
            Kind::Word
        } else if c.is_ascii_digit() {
            while let Some(&(at, next)) = chars.peek() {
                let inner = matches!(next, '.' | ',' | ':') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
                if !next.is_ascii_digit() && !inner {
                    break;
                }
                end = at + 1;
                chars.next();
            }
            Kind::Digits
        } else {
            Kind::Sign(c)
        };
        pieces.push(Piece { text: &text[start..end], kind, is_glued: last_end == start });
        last_end = end;
    }
    pieces
}

/// The same where every character is one byte.
fn ascii_pieces<'a>(text: &'a str, pieces: &mut Vec<Piece<'a>>) {
    let bytes = text.as_bytes();
    let is = |at: usize, class: fn(&u8) -> bool| bytes.get(at).is_some_and(class);
    let (mut at, mut last_end) = (0, usize::MAX);
    while let Some(first) = bytes.get(at) {
        let start = at;
        at += 1;
        let kind = match first {
            b'\n' => Kind::Sign('\n'),
            b'a'..=b'z' | b'A'..=b'Z' => {
                while is(at, u8::is_ascii_alphabetic)
                    || is(at, |byte| *byte == b'\'') && is(at + 1, u8::is_ascii_alphabetic)
                {
                    at += 1;
                }
                Kind::Word
            }
            b'0'..=b'9' => {
                let is_inner = |byte: &u8| matches!(byte, b'.' | b',' | b':');
                while is(at, u8::is_ascii_digit) || is(at, is_inner) && is(at + 1, u8::is_ascii_digit) {
                    at += 1;
                }
                Kind::Digits
            }
            b' ' => continue,
            byte if byte.is_ascii_control() => continue,
            byte => Kind::Sign(char::from(*byte)),
        };
        pieces.push(Piece { text: &text[start..at], kind, is_glued: last_end == start });
        last_end = at;
    }
}

/// Combining marks belong to the word before.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{963}')
}

/// Splits lower-case text as [`plain`] returns it into sentences.
pub(super) fn sentences(text: &str, language: Language) -> Vec<Sentence<'_>> {
    let pieces = pieces(text);
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut i = 0;
    while i < pieces.len() {
        let Kind::Sign(sign) = pieces[i].kind else {
            i += 1;
            continue;
        };
        let end = match sign {
            '?' => Some(End::Question),
            '.' if is_sign(&pieces, i + 1, '.') && is_sign(&pieces, i + 2, '.') => {
                // "Three, seven, eleven... what's next?" is one sentence, "casa..." at the end is left open.
                let after = i + 3;
                if after >= pieces.len() || matches!(pieces[after].kind, Kind::Sign('?' | '\n')) {
                    push(&mut sentences, text, &pieces[start..i], language, End::Dots);
                    i = after + usize::from(after < pieces.len());
                    start = i;
                } else {
                    i = after;
                }
                continue;
            }
            '.' if pieces[i].is_glued
                && pieces.get(i + 1).is_some_and(|next| next.is_glued && next.kind == Kind::Word) =>
            {
                None
            }
            '.' if pieces.get(i + 1).is_some_and(|next| next.is_glued && next.kind == Kind::Digits) => None,
            '.' | '!' => Some(End::Stop),
            '\n' => Some(End::None),
            '¿' | '¡' => {
                // Spanish marks where a question starts: what is before it is another sentence.
                if i > start {
                    push(&mut sentences, text, &pieces[start..i], language, End::None);
                }
                start = i + 1;
                None
            }
            _ => None,
        };
        if let Some(end) = end {
            push(&mut sentences, text, &pieces[start..i], language, end);
            start = i + 1;
        }
        i += 1;
    }
    push(&mut sentences, text, &pieces[start..], language, End::None);
    sentences
}

fn is_sign(pieces: &[Piece], at: usize, sign: char) -> bool {
    pieces.get(at).is_some_and(|piece| piece.kind == Kind::Sign(sign))
}

fn push<'a>(sentences: &mut Vec<Sentence<'a>>, text: &'a str, pieces: &[Piece<'a>], language: Language, end: End) {
    if !pieces.iter().any(|piece| piece.kind != Kind::Sign('.')) {
        return;
    }
    let mut items = items(pieces, language);
    // Without marks a new question starts where its first word is.
    let mut start = 0;
    let unmarked = end == End::None;
    if unmarked {
        for at in 1..items.len() {
            if at > start && opens_question(&items, at) {
                sentences.push(Sentence::new(items[start..at].to_vec(), End::None, ""));
                start = at;
            }
        }
    }
    let whole = span(text, pieces);
    let asks = |item: &Item| {
        matches!(
            item,
            Item::Cue(
                Cue::What | Cue::WhatIs | Cue::HowMany | Cue::HowMuch | Cue::Which | Cue::Who | Cue::Where | Cue::Why
            )
        )
    };
    let end = if unmarked && items[start..].iter().any(asks) { End::Question } else { end };
    items.drain(..start);
    sentences.push(Sentence::new(items, end, whole));
}

fn opens_question(items: &[Item], at: usize) -> bool {
    let Some(Item::Cue(cue)) = items.get(at) else { return false };
    match cue {
        Cue::HowMany | Cue::HowMuch => true,
        Cue::WhatIs => !matches!(at.checked_sub(1).map(|i| items[i]), Some(Item::Cue(Cue::And | Cue::Or | Cue::Not))),
        Cue::What | Cue::Which | Cue::Where | Cue::Who | Cue::When | Cue::Why => !matches!(
            at.checked_sub(1).map(|i| items[i]),
            Some(Item::Cue(Cue::In | Cue::At | Cue::Of | Cue::Or | Cue::And | Cue::To) | Item::Word(_))
        ),
        _ => false,
    }
}

/// The text from the first to the last piece.
fn span<'a>(text: &'a str, pieces: &[Piece<'a>]) -> &'a str {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return "" };
    let start = first.text.as_ptr() as usize - text.as_ptr() as usize;
    let end = last.text.as_ptr() as usize - text.as_ptr() as usize + last.text.len();
    &text[start..end]
}

fn items<'a>(pieces: &[Piece<'a>], language: Language) -> Vec<Item<'a>> {
    let lexicon = words::lexicon(language);
    let texts: Vec<&str> = pieces.iter().map(|piece| piece.text).collect();
    // Numbers look at the same words many times.
    let found: Vec<Found> = (0..pieces.len()).map(|at| lexicon.find(&texts[at..])).collect();
    let mut items = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while at < pieces.len() {
        let mut reader = Reader { pieces, texts: &texts, found: &found, language, at };
        if reader.may_be_number()
            && let Some(num) = reader.number()
        {
            items.push(Item::Num(num));
            at = reader.at;
            continue;
        }
        let piece = pieces[at];
        let (item, used) = match piece.kind {
            Kind::Digits => (digits(piece.text, language).map_or(Item::Word(piece.text), Item::Num), 1),
            Kind::Sign(',' | ';') => (Item::Comma, 1),
            Kind::Sign(':') => (Item::Colon, 1),
            Kind::Sign('"' | '\'') => (Item::Quote, 1),
            Kind::Sign('(') => (Item::Open, 1),
            Kind::Sign(')') => (Item::Close, 1),
            Kind::Sign('.') => {
                let run = pieces[at..].iter().take_while(|piece| piece.kind == Kind::Sign('.')).count();
                (if run > 1 { Item::Dots } else { Item::Comma }, run)
            }
            Kind::Sign('-') => {
                // Within a word it joins: "four-sided", "two-thirds". Before a digit it is a separate sign.
                let joins = piece.is_glued
                    && pieces.get(at + 1).is_some_and(|next| next.is_glued && next.kind == Kind::Word)
                    && at > 0
                    && pieces[at - 1].kind == Kind::Word;
                if joins {
                    at += 1;
                    continue;
                }
                let trails = piece.is_glued && !pieces.get(at + 1).is_some_and(|next| next.is_glued);
                if trails { (Item::Comma, 1) } else { (Item::Cue(Cue::Minus), 1) }
            }
            Kind::Sign(_) | Kind::Word => match found[at] {
                Some((Sense::Cue(cue), used)) => (Item::Cue(cue), used),
                Some((Sense::Measure(unit), used)) => (Item::Unit(unit), used),
                Some((Sense::Many(value), used)) => (Item::Many(value), used),
                Some((Sense::Part(bottom, plural), used)) => (Item::Part(bottom, plural), used),
                Some((_, used)) => (Item::Word(piece.text), used),
                None => {
                    let mut letters = piece.text.chars();
                    match (letters.next(), letters.next()) {
                        (Some(letter), None) if letter.is_ascii_lowercase() => (Item::Letter(letter), 1),
                        _ => (Item::Word(piece.text), 1),
                    }
                }
            },
        };
        items.push(item);
        at += used;
    }
    items
}

/// Reads digits with separators as this language writes them.
fn digits(text: &str, language: Language) -> Option<Num> {
    if let Some((hours, minutes)) = text.split_once(':') {
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        let value = Exact::whole(hours * 60 + minutes);
        return (hours < 24 && minutes < 60).then_some(Num { value, style: Style::Clock(hours, minutes) });
    }
    let (thousands, point) = if language == Language::English { (',', '.') } else { ('.', ',') };
    let grouped = text.split(thousands).skip(1).all(|group| group.split(point).next().is_some_and(|g| g.len() == 3));
    if text.contains(thousands) && !grouped {
        return None;
    }
    let bare: String = text.chars().filter(|c| *c != thousands).map(|c| if c == point { '.' } else { c }).collect();
    let value = Exact::parse(&bare)?;
    let decimals = bare.split_once('.').map(|(_, decimals)| decimals.len() as u32);
    Some(Num { value, style: decimals.map_or(Style::Whole, Style::Decimal) })
}

/// The known phrase at a piece, and its length in pieces.
type Found = Option<(Sense, usize)>;

/// Reads the number in words or digits that starts at `at`, and moves `at` behind it.
struct Reader<'a, 'b> {
    pieces: &'b [Piece<'a>],
    texts: &'b [&'a str],
    found: &'b [Found],
    language: Language,
    at: usize,
}

impl Reader<'_, '_> {
    /// The number word at `at`, over a joining hyphen, and where the next piece is.
    fn sense(&self, at: usize) -> Option<(Sense, usize)> {
        let mut at = at;
        if self.pieces.get(at)?.kind == Kind::Sign('-')
            && self.pieces[at].is_glued
            && self.pieces.get(at + 1).is_some_and(|next| next.is_glued && next.kind == Kind::Word)
            && at > 0
            && self.pieces[at - 1].kind == Kind::Word
        {
            at += 1;
        }
        if self.pieces[at].kind != Kind::Word {
            return None;
        }
        match self.found[at] {
            Some((sense, used)) => Some((sense, at + used)),
            None if self.language == Language::German => {
                words::compound(self.texts[at]).map(|value| (Sense::Teen(value), at + 1))
            }
            None => None,
        }
    }

    /// Whether a number may start here: most words have no meaning, or that of a keyword.
    fn may_be_number(&self) -> bool {
        match self.pieces[self.at].kind {
            Kind::Digits | Kind::Sign('-') => true,
            Kind::Sign(_) => false,
            Kind::Word => match self.found[self.at] {
                Some((Sense::Cue(cue), _)) => cue == Cue::A,
                Some(_) => true,
                None => self.language == Language::German,
            },
        }
    }

    fn number(&mut self) -> Option<Num> {
        // "a half", "a third of", "a hundred".
        if let Some((Sense::Cue(Cue::A), next)) = self.sense(self.at) {
            match self.sense(next) {
                Some((Sense::Half, _)) => {}
                Some((Sense::Part(bottom, false), after)) => {
                    self.at = after;
                    return Some(Num { value: Exact::fraction(1, bottom)?, style: Style::Fraction(1, bottom) });
                }
                Some((Sense::Part(bottom, true), after)) if self.language == Language::German => {
                    self.at = after;
                    return Some(Num { value: Exact::fraction(1, bottom)?, style: Style::Fraction(1, bottom) });
                }
                Some((Sense::Hundred | Sense::Scale(_), _)) => {
                    self.at = next;
                    let value = self.whole(Some(1))?;
                    return Some(self.tail(value));
                }
                Some((Sense::Teen(12), _)) if self.texts[next] == "dozen" => {
                    self.at = next + 1;
                    return Some(Num::whole(12));
                }
                _ => return None,
            }
            self.at = next;
        }
        if let Some((Sense::Half, next)) = self.sense(self.at) {
            self.at = next;
            // "half a", "half of" keep their word.
            return Some(Num { value: Exact::fraction(1, 2)?, style: Style::Fraction(1, 2) });
        }
        if let Some((Sense::Point, next)) = self.sense(self.at)
            && let Some(num) = self.decimals(Exact::ZERO, next)
        {
            return Some(num);
        }
        if self.pieces.get(self.at).is_some_and(|piece| piece.kind == Kind::Digits) {
            return self.in_digits();
        }
        if self.is_pronoun() {
            return None;
        }
        let value = self.whole(None)?;
        Some(self.tail(value))
    }

    /// "this one", "the third one": no number.
    fn is_pronoun(&self) -> bool {
        if self.language != Language::English || self.texts.get(self.at).is_none_or(|text| *text != "one") {
            return false;
        }
        let number_follows = matches!(
            self.sense(self.at + 1),
            Some((
                Sense::Hundred
                    | Sense::Scale(_)
                    | Sense::Part(..)
                    | Sense::Half
                    | Sense::Point
                    | Sense::Ten(_)
                    | Sense::Oh,
                _
            ))
        );
        let operation_follows = matches!(
            self.sense(self.at + 1),
            Some((Sense::Cue(Cue::Plus | Cue::Minus | Cue::Times | Cue::Over | Cue::Divide), _))
        );
        let before = self.at.checked_sub(1).map_or("", |at| self.texts[at]);
        let points = matches!(
            before,
            "the"
                | "this"
                | "that"
                | "which"
                | "last"
                | "next"
                | "another"
                | "first"
                | "second"
                | "other"
                | "third"
                | "any"
                | "every"
                | "each"
                | "longer"
                | "new"
                | "easy"
                | "hard"
                | "harder"
                | "different"
                | "tricky"
                | "your"
                | "my"
                | "big"
                | "little"
                | "long"
                | "no"
                | "easier"
                | "bigger"
                | "smaller"
                | "trickier"
                | "good"
                | "nice"
                | "correct"
                | "right"
                | "fun"
                | "final"
                | "quick"
                | "top"
                | "bottom"
        ) && !(before == "the" && operation_follows);
        // "One is a hundred and ten degrees", "one of the angles", "and one of two hundred".
        let speaks_of = matches!(self.sense(self.at + 1), Some((Sense::Cue(Cue::Is | Cue::Of), _)))
            && !matches!(self.sense(self.at + 1), Some((Sense::Cue(Cue::Is), _)) if before == "plus");
        (points || speaks_of) && !number_follows
    }

    /// Whole number words. `given` is what was read before.
    fn whole(&mut self, given: Option<i64>) -> Option<i64> {
        let (mut total, mut group, mut any) = (0_i64, given.unwrap_or(0), given.is_some());
        // What may follow: nothing below ten may follow a unit.
        let (mut has_ten, mut has_unit, mut has_hundred) = (false, given.is_some(), false);
        let mut last_scale = i64::MAX;
        loop {
            let mut next = self.sense(self.at);
            // "three hundred and five"
            if let Some((Sense::Cue(Cue::And), after)) = next
                && any
                && (self.language != Language::English
                    || has_hundred && !has_ten && !has_unit
                    || total > 0 && group == 0)
            {
                let continues = match self.sense(after) {
                    Some((Sense::Unit(_), _)) => {
                        // "a hundred and one half" is no 101; "treinta y uno".
                        self.language != Language::Spanish || has_ten && !has_unit
                    }
                    Some((Sense::Teen(_) | Sense::Ten(_), _)) => self.language == Language::English,
                    _ => false,
                };
                if !continues {
                    break;
                }
                next = self.sense(after);
            }
            match next {
                Some((Sense::Zero, after)) if !any => {
                    self.at = after;
                    return Some(0);
                }
                Some((Sense::Unit(value), after)) if !has_unit => {
                    group += value;
                    (has_unit, any) = (true, true);
                    self.at = after;
                }
                Some((Sense::Teen(value), after)) if !has_ten && !has_unit => {
                    group += value;
                    (has_ten, has_unit, any) = (true, true, true);
                    self.at = after;
                }
                Some((Sense::Ten(value), after)) if !has_ten && !has_unit => {
                    group += value;
                    (has_ten, any) = (true, true);
                    self.at = after;
                }
                Some((Sense::Hundreds(value), after)) if !has_hundred && !has_ten && !has_unit => {
                    group += value;
                    (has_hundred, any) = (true, true);
                    self.at = after;
                }
                Some((Sense::Hundred, after))
                    if !has_hundred && group < 100 && (any || self.language != Language::English) =>
                {
                    // "nineteen hundred"
                    group = if group == 0 { 1 } else { group } * 100;
                    (has_hundred, has_ten, has_unit, any) = (true, false, false, true);
                    self.at = after;
                }
                Some((Sense::Scale(scale), after))
                    if scale < last_scale && (any && group > 0 || self.language != Language::English) =>
                {
                    total = total.checked_add(if group == 0 { 1 } else { group }.checked_mul(scale)?)?;
                    group = 0;
                    last_scale = scale;
                    (has_hundred, has_ten, has_unit, any) = (false, false, false, true);
                    self.at = after;
                }
                _ => break,
            }
        }
        if any { total.checked_add(group) } else { None }
    }

    /// What may follow a whole number: decimals, the bottom of a fraction, "and a half".
    fn tail(&mut self, value: i64) -> Num {
        let whole = Exact::whole(value);
        match self.sense(self.at) {
            Some((Sense::Point, next)) => {
                if let Some(num) = self.decimals(whole, next) {
                    return num;
                }
            }
            Some((Sense::Part(bottom, plural), next))
                if (plural || value == 1)
                    && value > 0
                    && !(plural && value == 1 && self.language != Language::German) =>
            {
                if let Some(fraction) = Exact::fraction(value, bottom) {
                    self.at = next;
                    return Num { value: fraction, style: Style::Fraction(value, bottom) };
                }
            }
            Some((Sense::Half, next)) if value == 1 => {
                self.at = next;
                if let Some(half) = Exact::fraction(1, 2) {
                    return Num { value: half, style: Style::Fraction(1, 2) };
                }
            }
            Some((Sense::Cue(Cue::And), next)) => {
                let mut reader = Reader { at: next, ..*self };
                // "two and a half", "three and one third", "two and three quarters"
                if let Some(Num { value: part, style: Style::Fraction(top, bottom) }) = reader.number()
                    && top < bottom
                    && (self.language != Language::English || self.texts[next] != "half")
                    && let Some(value) = whole.plus(part)
                {
                    self.at = reader.at;
                    return Num { value, style: Style::Mixed };
                }
            }
            _ => {}
        }
        Num { value: whole, style: Style::Whole }
    }

    /// Digit by digit after the point: "one four", "oh five", "seventy-five", "zero zero".
    fn decimals(&mut self, whole: Exact, mut at: usize) -> Option<Num> {
        let mut digits = String::new();
        loop {
            match self.sense(at) {
                Some((Sense::Zero | Sense::Oh, next)) => {
                    digits.push('0');
                    at = next;
                }
                Some((Sense::Unit(value), next)) => {
                    digits.push_str(&value.to_string());
                    at = next;
                }
                // "point seventy-five" is two digits, "point twelve" too.
                Some((Sense::Teen(value) | Sense::Ten(value), next)) if digits.is_empty() => {
                    let mut value = value;
                    at = next;
                    if value % 10 == 0
                        && value > 10
                        && let Some((Sense::Unit(unit), next)) = self.sense(at)
                    {
                        value += unit;
                        at = next;
                    }
                    digits.push_str(&value.to_string());
                    break;
                }
                _ => break,
            }
        }
        if digits.is_empty() || digits.len() > 12 {
            return None;
        }
        let part = Exact::parse(&format!("0.{digits}"))?;
        self.at = at;
        Some(Num { value: whole.plus(part)?, style: Style::Decimal(digits.len() as u32) })
    }

    fn in_digits(&mut self) -> Option<Num> {
        let num = digits(self.texts[self.at], self.language)?;
        let glued = |at: usize| self.pieces.get(at).is_some_and(|piece| piece.is_glued);
        let second = |at: usize| self.pieces.get(at).filter(|piece| piece.kind == Kind::Digits).map(|piece| piece.text);
        // "3/4"
        if is_sign(self.pieces, self.at + 1, '/')
            && glued(self.at + 1)
            && glued(self.at + 2)
            && let (Some(top), Some(bottom)) = (num.to_whole(), second(self.at + 2).and_then(|text| text.parse().ok()))
        {
            self.at += 3;
            return Some(Num { value: Exact::fraction(top, bottom)?, style: Style::Fraction(top, bottom) });
        }
        // "1 3/4"
        if let (Some(whole), Some(top)) = (num.to_whole(), second(self.at + 1))
            && is_sign(self.pieces, self.at + 2, '/')
            && glued(self.at + 2)
            && glued(self.at + 3)
            && let (Ok(top), Some(Ok(bottom))) = (top.parse(), second(self.at + 3).map(str::parse))
        {
            self.at += 4;
            let value = Exact::whole(whole).plus(Exact::fraction(top, bottom)?)?;
            return Some(Num { value, style: Style::Mixed });
        }
        self.at += 1;
        if num.style == Style::Whole
            && let Some(value) = num.to_whole()
        {
            // "2 million", "3 hundred", "3 quarters"
            if let Some((Sense::Hundred | Sense::Scale(_), _)) = self.sense(self.at) {
                let value = self.whole(Some(value))?;
                return Some(Num::whole(value));
            }
            return Some(self.tail(value));
        }
        Some(num)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, language: Language) -> String {
        let text = plain(text);
        let one = |item: &Item| match item {
            Item::Num(num) => num.value.to_string(),
            Item::Word(word) => (*word).to_owned(),
            Item::Cue(cue) => format!("<{cue:?}>"),
            Item::Unit(unit) => format!("[{}]", unit.name),
            other => format!("{other:?}"),
        };
        let sentences = sentences(&text, language);
        sentences.iter().map(|s| s.items.iter().map(one).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn numbers_are_read_as_tutors_say_them() {
        for (text, expected) in [
            ("three hundred and forty-eight", "348"),
            ("a hundred and six", "106"),
            ("two thousand and five", "2005"),
            ("nineteen hundred", "1900"),
            ("three hundred sixty eight", "368"),
            ("ninety-nine thousand", "99000"),
            ("point four", "2/5"),
            ("one point oh eight", "27/25"),
            ("four point two", "21/5"),
            ("two thirds", "2/3"),
            ("a half", "1/2"),
            ("two and a half", "5/2"),
            ("three and one third", "10/3"),
            ("1,250", "1250"),
            ("7.25", "29/4"),
            ("3/4", "3/4"),
            ("1 3/4", "7/4"),
            ("the third one", "<Third>"),
            ("ten and three", "10 <And> 3"),
            ("four sixty-five", "4 65"),
        ] {
            assert_eq!(shown(text, Language::English), expected, "{text}");
        }
        for (text, expected) in [
            ("noventa y seis entre cuatro", "96 <Divide> 4"),
            ("un medio más un tercio", "1/2 <Plus> 1/3"),
            ("ciento cuatro", "104"),
            ("dos séptimos más tres séptimos", "2/7 <Plus> 3/7"),
        ] {
            assert_eq!(shown(text, Language::Spanish), expected, "{text}");
        }
        for (text, expected) in [
            ("sechsundfünfzig mal zweihundertfünf", "56 <Times> 205"),
            ("fünfundvierzig durch fünf", "45 <Divide> 5"),
            ("ein halb plus ein drittel", "1/2 <Plus> 1/3"),
        ] {
            assert_eq!(shown(text, Language::German), expected, "{text}");
        }
    }
}
