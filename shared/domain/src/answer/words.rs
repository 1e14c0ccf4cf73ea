//! What words and phrases mean in the three languages.

mod english;
mod german;
mod spanish;

use std::sync::LazyLock;

use super::Language;
use super::exact::Exact;
use super::token::{Kind, Token};
use super::unit::{Base, Unit};
use crate::folded::WordMap;

/// What a word or phrase means where answers are given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sense {
    /// 1 to 9.
    Unit(i64),
    /// 10 to 19; in Spanish also 21 to 29.
    Teen(i64),
    /// 20 to 90.
    Ten(i64),
    Hundred,
    /// 200 to 900 in one word.
    Hundreds(i64),
    /// A whole number in one word: German compounds, "dozen".
    Compound(i64),
    Scale(i64),
    /// "eights": times eight after a number.
    Multiples(i64),
    Zero,
    /// "oh": zero between digits, otherwise a filler.
    Oh,
    /// "third": an ordinal, or with a number before it the bottom of a fraction.
    Part {
        bottom: i64,
        is_plural: bool,
    },
    Half,
    Ordinal(i64),
    Point,
    /// "a": one before "hundred", "third", "dozen".
    A,
    Digits,
    Vulgar,
    Letter(char),
    Plus,
    Minus,
    Negative,
    Times,
    Over,
    Divided,
    /// "6 into 42".
    Into,
    By,
    Of,
    OutOf,
    In,
    Power,
    Squared,
    Cubed,
    Root,
    CubeRoot,
    Double,
    Triple,
    Difference,
    Sum,
    Product,
    And,
    Comma,
    Colon,
    Hyphen,
    Open,
    Close,
    InBrackets,
    Is,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Unequal,
    Remainder,
    /// `top / bottom` of a base's own unit.
    Measure {
        base: Base,
        top: u32,
        bottom: u32,
    },
    Square,
    Cubic,
    Per,
    Percent,
    To,
    Past,
    OClock,
    Morning,
    Afternoon,
    Month(u8),
    Yes,
    No,
    Not,
    Or,
    About,
    So,
    /// "it's", "that makes": what follows is the result.
    ItIs,
    Correct,
    Because,
    Hedge,
    DontKnow,
    Equal,
    Filler,
    Stop,
    Word,
}

impl Sense {
    /// Returns the unit that it names.
    pub fn unit(self) -> Option<Unit> {
        match self {
            Self::Measure { base, top, bottom } => Some(Unit::of(base, Exact::ratio(top.into(), bottom.into()))),
            _ => None,
        }
    }

    /// Whether a value may begin with it. Words, fillers and what links values never do.
    pub fn starts_value(self) -> bool {
        !matches!(
            self,
            Self::Filler
                | Self::Stop
                | Self::Is
                | Self::ItIs
                | Self::So
                | Self::Correct
                | Self::Because
                | Self::Hedge
                | Self::DontKnow
                | Self::And
                | Self::Comma
                | Self::Colon
                | Self::Close
                | Self::Of
                | Self::OutOf
                | Self::In
                | Self::By
                | Self::To
                | Self::Past
                | Self::Yes
                | Self::No
                | Self::Not
                | Self::Or
                | Self::About
                | Self::Equal
                | Self::Per
                | Self::Percent
        )
    }
}

/// A meaning and the tokens that carry it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lexeme {
    pub sense: Sense,
    pub first: usize,
    /// One beyond the last token.
    pub end: usize,
}

type Phrases = WordMap<Vec<(Vec<&'static str>, Sense)>>;

struct Lexicon {
    phrases: Phrases,
}

impl Lexicon {
    fn new(tables: &[&[(Sense, &'static str)]]) -> Self {
        let mut phrases = Phrases::default();
        for (sense, list) in tables.iter().copied().flatten() {
            for phrase in list.split('|') {
                let mut words = phrase.split_whitespace();
                if let Some(first) = words.next() {
                    phrases.entry(first).or_default().push((words.collect(), *sense));
                }
            }
        }
        for rest in phrases.values_mut() {
            rest.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
        Self { phrases }
    }

    /// Returns the longest phrase that begins at `at`, and where it ends.
    fn find(&self, tokens: &[Token], at: usize) -> Option<(Sense, usize)> {
        let known = self.phrases.get(&tokens[at].text)?;
        known.iter().find_map(|(rest, sense)| {
            let end = at + 1 + rest.len();
            let is_said = |(i, word): (usize, &&str)| tokens.get(at + 1 + i).is_some_and(|token| token.text == *word);
            rest.iter().enumerate().all(is_said).then_some((*sense, end))
        })
    }
}

static ENGLISH: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(&[english::WORDS, UNITS]));
static SPANISH: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(&[spanish::WORDS, UNITS]));
static GERMAN: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(&[german::WORDS, UNITS]));

const fn lexicon(language: Language) -> &'static LazyLock<Lexicon> {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
        Language::German => &GERMAN,
    }
}

/// Returns what the tokens mean, in order. Every token is in one lexeme.
pub(super) fn lexemes(tokens: &[Token], language: Language) -> Vec<Lexeme> {
    let lexicon = &**lexicon(language);
    let mut found = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        let (sense, end) = match token.kind {
            Kind::Digits => (Sense::Digits, at + 1),
            Kind::Sign(sign) => (sign_sense(sign, &token.text), at + 1),
            Kind::Word => lexicon.find(tokens, at).unwrap_or_else(|| (word_sense(&token.text, language), at + 1)),
        };
        found.push(Lexeme { sense, first: at, end });
        at = end;
    }
    found
}

/// Returns how many words are part of known phrases.
pub(super) fn count_known(tokens: &[Token], language: Language) -> usize {
    let of_words = lexemes(tokens, language).into_iter().filter(|lexeme| {
        let is_word = tokens[lexeme.first].kind == Kind::Word && tokens[lexeme.first].text.chars().count() > 1;
        is_word && lexeme.sense != Sense::Word
    });
    of_words.map(|lexeme| lexeme.end - lexeme.first).sum()
}

/// Returns whether a single word is a number. `None`: its meaning alone does not decide it.
pub(super) fn is_number(word: &str, language: Language) -> Option<bool> {
    let known = lexicon(language).phrases.get(word).into_iter().flatten();
    let alone = known.into_iter().find(|(rest, _)| rest.is_empty());
    match alone.map_or_else(|| word_sense(word, language), |(_, sense)| *sense) {
        Sense::Unit(_) | Sense::Teen(_) | Sense::Ten(_) => Some(true),
        Sense::Letter(_) => Some(false),
        Sense::Word if language == Language::German => None,
        sense if sense == Sense::Word || !sense.starts_value() => Some(false),
        _ => None,
    }
}

/// Whether a word begins a known phrase.
pub(super) fn is_known(token: &Token, language: Language) -> bool {
    lexicon(language).phrases.contains_key(&token.text)
}

fn word_sense(word: &str, language: Language) -> Sense {
    let mut chars = word.chars();
    if let (Some(letter), None) = (chars.next(), chars.next()) {
        return Sense::Letter(letter);
    }
    if language == Language::German
        && let Some(value) = german::compound(word)
    {
        return Sense::Compound(value);
    }
    Sense::Word
}

fn sign_sense(sign: char, text: &str) -> Sense {
    match sign {
        '½' => Sense::Vulgar,
        '^' if text.starts_with('2') => Sense::Squared,
        '^' if text.starts_with('3') => Sense::Cubed,
        '^' => Sense::Power,
        '+' => Sense::Plus,
        '-' => Sense::Hyphen,
        '×' | '*' => Sense::Times,
        '÷' => Sense::Divided,
        '/' => Sense::Over,
        '=' => Sense::Is,
        '<' => Sense::Less,
        '>' => Sense::Greater,
        '≤' => Sense::AtMost,
        '≥' => Sense::AtLeast,
        '≠' => Sense::Unequal,
        '≈' | '~' => Sense::About,
        '(' | '[' | '{' => Sense::Open,
        ')' | ']' | '}' => Sense::Close,
        ',' | ';' => Sense::Comma,
        ':' => Sense::Colon,
        '%' => Sense::Percent,
        '√' => Sense::Root,
        '$' => unit(Base::Dollar, 1),
        '€' => unit(Base::Euro, 1),
        '£' => unit(Base::Sterling, 1),
        '¢' => part(Base::Money, 1, 100),
        '°' => unit(Base::Degree, 1),
        '&' => Sense::And,
        '.' | '!' | '?' | '…' => Sense::Stop,
        '"' | '“' | '”' | '«' | '»' | '’' | '¿' | '¡' | '„' => Sense::Filler,
        _ => Sense::Word,
    }
}

/// Returns the whole number that is one German word.
pub(super) fn german_number(word: &str) -> Option<i64> {
    german::number(word)
}

/// Returns the number that a word sounds like, for where a number is expected.
pub(super) fn homophone(word: &str, language: Language) -> Option<Sense> {
    type Sounds = WordMap<Sense>;
    fn sounds(table: &[(Sense, &'static str)]) -> Sounds {
        table.iter().flat_map(|(sense, words)| words.split('|').map(|word| (word, *sense))).collect()
    }
    static ENGLISH: LazyLock<Sounds> = LazyLock::new(|| sounds(english::HOMOPHONES));
    static SPANISH: LazyLock<Sounds> = LazyLock::new(|| sounds(spanish::HOMOPHONES));
    static GERMAN: LazyLock<Sounds> = LazyLock::new(|| sounds(german::HOMOPHONES));
    let known = match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
        Language::German => &GERMAN,
    };
    known.get(word).copied()
}

const fn unit(base: Base, factor: u32) -> Sense {
    part(base, factor, 1)
}

const fn part(base: Base, top: u32, bottom: u32) -> Sense {
    Sense::Measure { base, top, bottom }
}

/// Symbols and abbreviations of units, the same in every language.
const UNITS: &[(Sense, &str)] = &[
    (Sense::Letter('π'), "pi"),
    (part(Base::Length, 1, 1000), "mm"),
    (part(Base::Length, 1, 100), "cm|cms"),
    (part(Base::Length, 1, 10), "dm"),
    (unit(Base::Length, 1000), "km|kms"),
    (part(Base::Mass, 1, 1000), "mg"),
    (unit(Base::Mass, 1000), "kg|kgs|kilo|kilos"),
    (unit(Base::Time, 1), "sec|secs"),
    (unit(Base::Time, 60), "min|mins"),
    (unit(Base::Time, 3600), "hr|hrs"),
    (unit(Base::Dollar, 1), "usd"),
    (unit(Base::Euro, 1), "eur|euro|euros"),
    (unit(Base::Sterling, 1), "gbp"),
    (unit(Base::Pound, 1), "lb|lbs"),
    (part(Base::Pound, 1, 16), "oz"),
    (part(Base::Length, 3048, 10000), "ft"),
    (part(Base::Length, 9144, 10000), "yd|yds"),
];

/// Returns the unit that a single letter or an abbreviation without a separate base means after a number.
pub(super) fn letter_unit(letter: char) -> Option<Unit> {
    Some(match letter {
        'm' => Unit::of(Base::Length, Exact::ONE),
        'g' => Unit::of(Base::Mass, Exact::ONE),
        'h' => Unit::of(Base::Time, Exact::whole(3600)),
        's' => Unit::of(Base::Time, Exact::ONE),
        'p' => Unit::of(Base::Sterling, Exact::ratio(1, 100)),
        'c' => Unit::of(Base::Money, Exact::ratio(1, 100)),
        'l' => litre(1)?,
        _ => return None,
    })
}

/// Returns the litre divided by `parts`.
fn litre(parts: i64) -> Option<Unit> {
    let metre = Unit::of(Base::Length, Exact::ONE);
    let cube = metre.pow(3)?;
    Some(cube.scaled(Exact::fraction(1, 1000 * parts)?))
}

/// Whether a word that is in no lexicon is no part of a number, a unit or a time either.
pub(super) fn is_no_part(word: &str) -> bool {
    word.len() > 3
        && !matches!(word, "with" | "minute" | "minutes" | "minuten" | "anderthalb")
        && derived_unit(word).is_none()
        && !word.ends_with("einhalb")
        && !word.starts_with("quadrat")
        && !word.starts_with("kubik")
}

/// Returns the unit of a word that is a product of bases: litres and speeds.
pub(super) fn derived_unit(word: &str) -> Option<Unit> {
    let metre = |factor| Unit::of(Base::Length, Exact::whole(factor));
    let hour = Unit::of(Base::Time, Exact::whole(3600));
    match word {
        "litre" | "litres" | "liter" | "liters" | "litro" | "litros" => litre(1),
        "ml" | "millilitre" | "millilitres" | "milliliter" | "milliliters" | "mililitro" | "mililitros" => litre(1000),
        "cl" | "centilitre" | "centilitres" | "centiliter" | "centiliters" => litre(100),
        "kmh" | "kph" => metre(1000).per(hour),
        "mph" => Unit::of(Base::Length, Exact::fraction(1_609_344, 1000)?).per(hour),
        _ => None,
    }
}
