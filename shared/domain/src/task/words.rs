//! What the words of a tutor mean where tasks are set, in three languages.

mod english;
mod german;
mod spanish;

use std::sync::LazyLock;

use crate::answer::Language;
use crate::folded::WordMap;

/// What a unit measures, with its size in the smallest one of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Length,
    Imperial,
    Mass,
    ImperialMass,
    Volume,
    Time,
    Month,
    Money,
    Degree,
    Count,
}

/// A unit of measure. `size` is in the quantity's smallest unit of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub quantity: Quantity,
    pub size: i64,
    /// As a key writes it.
    pub name: &'static str,
}

/// A keyword. Phrases of all languages that mean the same in a task share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cue {
    A,
    The,
    And,
    Or,
    Of,
    By,
    From,
    To,
    In,
    For,
    With,
    At,
    Than,
    Not,
    Each,
    Plus,
    Minus,
    Negative,
    Times,
    Divide,
    Over,
    Squared,
    Cubed,
    Power,
    Root,
    CubeRoot,
    Percent,
    Double,
    Triple,
    Add,
    Multiply,
    DivideVerb,
    Sum,
    Difference,
    Product,
    LotsOf,
    Is,
    Equals,
    Makes,
    What,
    WhatIs,
    HowMany,
    HowMuch,
    Which,
    Who,
    Where,
    When,
    Why,
    How,
    If,
    Can,
    You,
    I,
    It,
    Its,
    Round,
    Nearest,
    Closer,
    Estimate,
    Up,
    Down,
    Ones,
    Tens,
    Hundreds,
    Thousands,
    Digit,
    Worth,
    No,
    After,
    Before,
    Next,
    CountOn,
    CountBack,
    Count,
    Between,
    More,
    Less,
    Fewer,
    Bigger,
    Smaller,
    Biggest,
    Smallest,
    Colder,
    Warmer,
    Order,
    Ascending,
    Descending,
    HalfOf,
    Simplify,
    AsDecimal,
    AsPercent,
    AsFraction,
    AsMixed,
    AsImproper,
    Fit,
    Same,
    Numerator,
    Denominator,
    Solve,
    Expand,
    Brackets,
    InBrackets,
    LessThan,
    GreaterThan,
    AtLeast,
    AtMost,
    Something,
    Slope,
    Intercept,
    Square,
    Rectangle,
    Triangle,
    Circle,
    Cube,
    Cuboid,
    Perimeter,
    Area,
    Volume,
    Radius,
    Diameter,
    Circumference,
    Side,
    Base,
    Height,
    Width,
    Long,
    Angle,
    StraightLine,
    RightAngle,
    AroundPoint,
    RightTriangle,
    Hypotenuse,
    Faces,
    Edges,
    Vertices,
    Polygon,
    Third,
    Other,
    Parallel,
    Cost,
    Pay,
    Change,
    Clock,
    Past,
    HalfPast,
    Later,
    Coin,
    Speed,
    Save,
    Mean,
    Median,
    Mode,
    Range,
    Probability,
    Die,
    Factors,
    Multiple,
    Prime,
    CommonFactor,
    CommonMultiple,
    Divisible,
    Even,
    Odd,
    Remainder,
    Ratio,
    Increase,
    Decrease,
    Off,
    Gives,
    Gets,
    Left,
    Altogether,
    Share,
    Word,
    Spell,
    Means,
    Say,
    Plural,
    Opposite,
    Synonym,
    Rhyme,
    Syllable,
    Prefix,
    MainIdea,
    Narrator,
    Story,
    Feel,
    Read,
    Happen,
    First,
    Last,
    Pattern,
    Coordinate,
    Graph,
    Fraction,
    Decimal,
    Number,
    Filler,
    Try,
    Another,
}

/// What a word or phrase means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sense {
    /// 1 to 9.
    Unit(i64),
    /// 10 to 19, in Spanish to 29.
    Teen(i64),
    Ten(i64),
    Hundred,
    /// 200 to 900 in one word.
    Hundreds(i64),
    Scale(i64),
    Zero,
    Oh,
    Point,
    /// "third": the bottom of a fraction, or an ordinal.
    Part(i64, bool),
    Half,
    /// "sevens", "twenties".
    Many(i64),
    Measure(Unit),
    Cue(Cue),
}

type Phrases = WordMap<Vec<(Vec<&'static str>, Sense)>>;

pub(super) struct Lexicon(Phrases);

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
        Self(phrases)
    }

    /// Returns the longest known phrase at the start of `words`, and its length in words.
    pub(super) fn find(&self, words: &[&str]) -> Option<(Sense, usize)> {
        let known = self.0.get(words.first()?)?;
        known.iter().find_map(|(rest, sense)| {
            let is_said = |(i, word): (usize, &&str)| words.get(1 + i).is_some_and(|said| said == word);
            rest.iter().enumerate().all(is_said).then_some((*sense, 1 + rest.len()))
        })
    }
}

static ENGLISH: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(&[english::NUMBERS, english::UNITS, english::CUES]));
static SPANISH: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(&[spanish::NUMBERS, spanish::UNITS, spanish::CUES]));
static GERMAN: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(&[german::NUMBERS, german::UNITS, german::CUES]));

/// Returns the words of a language.
pub(super) fn lexicon(language: Language) -> &'static Lexicon {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
        Language::German => &GERMAN,
    }
}

/// Returns the number that a German compound says: "sechsundfünfzig".
pub(super) fn compound(word: &str) -> Option<i64> {
    german::compound(word)
}

const fn unit(quantity: Quantity, size: i64, name: &'static str) -> Sense {
    Sense::Measure(Unit { quantity, size, name })
}
