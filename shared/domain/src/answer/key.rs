//! The key of a question: its answer type, form, unit, tolerance and alternatives, declared or derived.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::exact::Exact;
use super::number::{Form, Number};
use super::parser::{Parser, split, split_products};
use super::token::{Kind as TokenKind, Token};
use super::unit::{Base, Unit};
use super::value::Value;
use super::words::Sense;
use super::{Calculation, Language, calculations};
use crate::text::{Text, lower};

/// The type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A number, with or without a unit: money, measures, durations, percentages.
    Number,
    /// A time of the day.
    Time,
    Date,
    Ratio,
    Remainder,
    Expression,
    /// An equation or inequality.
    Relation,
    Interval,
    /// Values in any order.
    Set,
    /// Values in this order.
    Sequence,
    /// Letters, one by one.
    Spelling,
    YesNo,
    /// One of the options that the question names.
    Choice,
    Words,
    /// Nothing can be compared.
    Free,
}

impl Kind {
    /// All kinds with their names in files.
    pub const NAMES: [(Self, &'static str); 15] = [
        (Self::Number, "number"),
        (Self::Time, "time"),
        (Self::Date, "date"),
        (Self::Ratio, "ratio"),
        (Self::Remainder, "remainder"),
        (Self::Expression, "expression"),
        (Self::Relation, "relation"),
        (Self::Interval, "interval"),
        (Self::Set, "set"),
        (Self::Sequence, "sequence"),
        (Self::Spelling, "spelling"),
        (Self::YesNo, "yes_no"),
        (Self::Choice, "choice"),
        (Self::Words, "words"),
        (Self::Free, "free"),
    ];

    /// Returns the name in files.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("free", |(_, name)| name)
    }

    /// Returns the kind of a name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// The form that a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum AskedForm {
    Mixed,
    Improper,
    Fraction,
    /// In lowest terms; expressions without terms that could be combined.
    Simplest,
    Decimal,
    Percent,
    /// Rounded to so many decimals.
    Rounded(u32),
}

impl AskedForm {
    /// Returns the name in files: `mixed`, `rounded_2`.
    pub fn name(self) -> String {
        match self {
            Self::Mixed => "mixed".to_owned(),
            Self::Improper => "improper".to_owned(),
            Self::Fraction => "fraction".to_owned(),
            Self::Simplest => "simplest".to_owned(),
            Self::Decimal => "decimal".to_owned(),
            Self::Percent => "percent".to_owned(),
            Self::Rounded(places) => format!("rounded_{places}"),
        }
    }

    /// Returns the form of a name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = [Self::Mixed, Self::Improper, Self::Fraction, Self::Simplest, Self::Decimal, Self::Percent];
        plain.into_iter().find(|form| form.name() == name).or_else(|| {
            let places = name.strip_prefix("rounded_")?.parse().ok().filter(|places| *places <= 6)?;
            Some(Self::Rounded(places))
        })
    }
}

impl From<AskedForm> for String {
    fn from(form: AskedForm) -> Self {
        form.name()
    }
}

impl TryFrom<String> for AskedForm {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| {
            format!("“{name}” is no form: use mixed, improper, fraction, simplest, decimal, percent or rounded_2")
        })
    }
}

/// A question's key. What is not declared is derived from the question and the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// The right answer as it was written.
    pub answer: String,
    pub kind: Option<Kind>,
    pub form: Option<AskedForm>,
    /// The unit's name: `cm`, `dollars`, `square metres`.
    pub unit: Option<String>,
    /// How far an answer may be away.
    pub tolerance: Option<Exact>,
    /// Other right answers.
    pub alternatives: Vec<String>,
}

impl From<&str> for Key {
    fn from(answer: &str) -> Self {
        Self { answer: answer.to_owned(), ..Self::default() }
    }
}

impl Key {
    /// Returns the answer's type for this question: the declared one, or the derived one.
    pub fn kind_for(&self, ask: &str, language: Language) -> Kind {
        self.kind.unwrap_or_else(|| derive(ask, &self.answer, language))
    }

    /// Returns the form for this question: the declared one, or the one that it asks for.
    pub fn form_for(&self, ask: &str) -> Option<AskedForm> {
        self.form.or_else(|| asked_form(ask))
    }
}

/// Reads a key as one value; `None` if a word is left. Keys may be English in any lesson.
pub(super) fn whole_value(text: &str, language: Language, wants_letters: bool) -> Option<Value> {
    if let Some(value) = bare_digits(text) {
        return Some(Value::Number(Number { span: 0..text.len(), ..Number::new(Exact::whole(value), Form::Whole) }));
    }
    if let Some((top, bottom)) = bare_fraction(text) {
        let number = Number::new(Exact::fraction(top, bottom)?, Form::Fraction { top, bottom });
        return Some(Value::Number(Number { span: 0..text.len(), ..number }));
    }
    whole_value_in(text, language, wants_letters).or_else(|| whole_value_in(text, Language::English, wants_letters))
}

/// The most frequent keys: whole numbers below a thousand.
fn bare_digits(text: &str) -> Option<i64> {
    let is_bare = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_bare && (text.len() == 1 || !text.starts_with('0')) { text.parse().ok() } else { None }
}

/// The next most frequent ones: 7/12.
fn bare_fraction(text: &str) -> Option<(i64, i64)> {
    let (top, bottom) = text.split_once('/')?;
    let (top, bottom) = (bare_digits(top)?, bare_digits(bottom)?);
    (top > 0 && bottom > 0).then_some((top, bottom))
}

fn whole_value_in(text: &str, language: Language, wants_letters: bool) -> Option<Value> {
    let tokens = if wants_letters { split_products(split(text)) } else { split(text) };
    let parser = Parser::new(&tokens, language, wants_letters);
    let mut values = Vec::new();
    let mut at = parser.skip(0);
    while at < parser.len() {
        match parser.sense(at) {
            Sense::Stop | Sense::Comma | Sense::And => at += 1,
            // "x = 5 or x = -5" is no single value.
            _ => {
                let (value, end) = parser.value(at)?;
                values.push(value);
                at = end.max(at + 1);
            }
        }
        at = parser.skip(at);
    }
    match values.len() {
        0 | 1 => values.pop(),
        _ => Some(Value::List(values)),
    }
}

/// Derives an answer's type from the question and the key.
fn derive(ask: &str, answer: &str, language: Language) -> Kind {
    const SPELLED: [&str; 4] = ["spell", "roman numeral", "deletrea", "buchstabier"];
    if bare_digits(answer).is_some() {
        return if asks(ask, &SPELLED) { Kind::Spelling } else { Kind::Number };
    }
    if bare_fraction(answer).is_some() {
        return Kind::Number;
    }
    let tokens = split(answer);
    let folded: Vec<&str> = tokens.iter().map(|token| &*token.text).collect();
    let text = folded.join(" ");
    if text.is_empty() || matches!(text.as_str(), "free answer" | "free" | "open answer" | "any answer" | "various") {
        return Kind::Free;
    }
    if matches!(text.as_str(), "yes" | "no" | "true" | "false" | "sí" | "si" | "ja" | "nein" | "verdadero" | "falso") {
        return Kind::YesNo;
    }
    if is_spelled(&tokens) || tokens.len() == 1 && asks(ask, &SPELLED) {
        return Kind::Spelling;
    }
    let plain = whole_value(answer, language, false);
    let is_number = matches!(&plain, Some(Value::Number(number)) if number.form != Form::Implied);
    if !is_number && options(ask).iter().any(|option| same_words(option, answer)) {
        return Kind::Choice;
    }
    // "80 km/h" has a unit; "5m" may be a product if the question names m.
    let is_measure = matches!(&plain, Some(Value::Number(number)) if number.unit.is_some())
        && !split(ask).iter().any(|token| token.text.chars().count() == 1 && folded.contains(&&*token.text));
    let wants_letters = has_letters(&tokens) && !is_measure;
    let value = if wants_letters { whole_value(answer, language, true) } else { plain };
    match value {
        Some(Value::Number(_)) => Kind::Number,
        Some(Value::Clock(_)) if asks(ask, &["ratio", "scale"]) => Kind::Ratio,
        Some(Value::Clock(_)) => Kind::Time,
        Some(Value::Date(_)) => Kind::Date,
        Some(Value::Ratio(_)) => Kind::Ratio,
        Some(Value::Remainder(_)) => Kind::Remainder,
        // "sh", "al" and "x" are words unless the question is about algebra.
        Some(Value::Expression(expression)) if !expression.has_operation() => Kind::Words,
        Some(Value::Expression(_)) => Kind::Expression,
        Some(Value::Relation(_)) => Kind::Relation,
        Some(Value::Interval(_)) => Kind::Interval,
        Some(Value::List(values)) => {
            let is_plain = values.iter().all(|value| matches!(value, Value::Number(_) | Value::Expression(_)));
            let is_pair = answer.trim_start().starts_with('(');
            let is_ordered = asks(
                ask,
                &[
                    "order",
                    "smallest",
                    "largest",
                    "biggest",
                    "next",
                    "sequence",
                    "coordinate",
                    "orden",
                    "reihenfolge",
                    "nächste",
                ],
            );
            match (is_plain, is_pair || is_ordered) {
                (false, _) => Kind::Words,
                (true, true) => Kind::Sequence,
                (true, false) => Kind::Set,
            }
        }
        Some(Value::YesNo(_) | Value::Equal) | None => Kind::Words,
    }
}

/// Whether the question contains one of the words.
pub(super) fn asks(ask: &str, words: &[&str]) -> bool {
    let ask = lower(ask);
    words.iter().any(|word| ask.contains(word))
}

/// Single letters, at least two: "s-a-i-d".
pub(super) fn is_spelled(tokens: &[Token]) -> bool {
    let words = || tokens.iter().filter(|token| token.kind == TokenKind::Word);
    let are_single = words().all(|token| token.text.chars().count() == 1);
    let only_letters = tokens
        .iter()
        .all(|token| matches!(token.kind, TokenKind::Word) || matches!(token.kind, TokenKind::Sign('-' | ',' | '.')));
    are_single && only_letters && words().count() > 1
}

fn has_letters(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.kind == TokenKind::Word && token.text.chars().count() == 1)
}

/// Returns the options that a question names: "First or third person?" has "first" and "third person".
pub(super) fn options(ask: &str) -> Vec<String> {
    let tokens = split(ask);
    // The last sentence or clause with "or" names them.
    let is_or = |token: &Token| matches!(&*token.text, "or" | "o" | "oder" | "u");
    let Some(or) = tokens.iter().rposition(is_or) else { return Vec::new() };
    let is_break =
        |token: &Token| matches!(token.kind, TokenKind::Sign('?' | '.' | ':' | '!' | ';' | ',')) || is_or(token);
    let end = tokens[or + 1..].iter().position(is_break).map_or(tokens.len(), |at| or + 1 + at);
    let last = piece(&tokens[or + 1..end]);
    let mut found = vec![last.join(" ")];
    // Before "or": the clause back to the break, and further options between commas.
    let mut stop = or;
    loop {
        let start = tokens[..stop].iter().rposition(is_break).map_or(0, |at| at + 1);
        let words = piece(&tokens[start..stop]);
        if words.is_empty() {
            break;
        }
        found.push(words.join(" "));
        // "first or third person"
        if let ([_, rest @ ..], [word]) = (last.as_slice(), words.as_slice())
            && !rest.is_empty()
        {
            found.push(format!("{word} {}", rest.join(" ")));
        }
        // The option may be the last words of a sentence: "is it il scatola".
        for length in 1..words.len().min(4) {
            found.push(words[words.len() - length..].join(" "));
        }
        if start == 0 || tokens[start - 1].kind != TokenKind::Sign(',') {
            break;
        }
        stop = start - 1;
    }
    found
}

/// Returns the words and numbers without signs.
fn piece<'a>(tokens: &'a [Token]) -> Vec<&'a str> {
    let texts = tokens.iter().map(|token| &*token.text);
    texts.filter(|text| text.chars().any(char::is_alphanumeric)).collect()
}

pub(super) fn same_words(one: &str, two: &str) -> bool {
    fn fold(text: &str) -> Vec<Cow<'_, str>> {
        split(text)
            .into_iter()
            .filter(|token| token.kind != TokenKind::Sign('.'))
            .map(|token| token.text)
            .filter(|word| !matches!(&**word, "the" | "a" | "an" | "it"))
            .collect()
    }
    fold(one) == fold(two)
}

/// Derives the form that a question asks for.
fn asked_form(ask: &str) -> Option<AskedForm> {
    if ask.is_empty() {
        return None;
    }
    let ask = lower(ask);
    let ask = Text::new(&ask);
    let has = |words: &[&str]| ask.contains_any(words);
    if has(&["mixed number", "número mixto", "numero mixto", "gemischte"]) {
        return Some(AskedForm::Mixed);
    }
    if has(&["improper fraction", "fracción impropia", "unechten bruch", "unechter bruch"]) {
        return Some(AskedForm::Improper);
    }
    if let Some(places) = asked_decimals(&ask) {
        return Some(AskedForm::Rounded(places));
    }
    if has(&[
        "simplif",
        "simplest",
        "lowest terms",
        "reduce",
        "expand",
        "combine",
        "collect",
        "kürze",
        "vereinfach",
        "más simple",
    ]) {
        return Some(AskedForm::Simplest);
    }
    if has(&["as a decimal", "in decimals", "as decimal", "decimal form", "como decimal", "als dezimal", "en decimal"])
    {
        return Some(AskedForm::Decimal);
    }
    if has(&["as a percent", "as percent", "into a percent", "como porcentaje", "in prozent", "als prozent"]) {
        return Some(AskedForm::Percent);
    }
    if has(&["as a fraction", "in fraction form", "como fracción", "als bruch", "into a fraction"]) {
        return Some(AskedForm::Fraction);
    }
    None
}

/// "to two decimals", "rounded to one decimal place"; `ask` is in lower case.
fn asked_decimals(ask: &str) -> Option<u32> {
    if !["decimal", "nachkommastelle", "dezimalstelle"].iter().any(|mark| ask.contains(mark)) {
        return None;
    }
    let marks = ["decimal place", "decimals", "one decimal", "decimales", "nachkommastelle", "dezimalstelle"];
    let mark = marks.into_iter().find_map(|mark| ask.find(mark))?;
    let before = ask.get(..mark + 4)?;
    if !["to ", "a ", "auf ", "round", "with ", "con "].iter().any(|word| before.contains(word)) {
        return None;
    }
    let words = [
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("un ", 1),
        ("dos", 2),
        ("tres", 3),
        ("eine ", 1),
        ("zwei", 2),
        ("drei", 3),
        ("1", 1),
        ("2", 2),
        ("3", 3),
    ];
    let tail = &before[before.len().saturating_sub(24)..before.len()];
    words.into_iter().find(|(word, _)| tail.contains(word)).map(|(_, places)| places)
}

/// Returns the units that a question names, in order.
pub(super) fn units_of(asked: &[Token], language: Language) -> Vec<Unit> {
    let parser = Parser::new(asked, language, false);
    let blank = Number::new(Exact::ONE, Form::Whole);
    let mut found = Vec::new();
    let mut at = 0;
    while at < parser.len() {
        let is_unit = matches!(
            parser.sense(at),
            Sense::Measure { .. } | Sense::Square | Sense::Cubic | Sense::Word | Sense::Letter(_)
        ) && (!matches!(parser.sense(at), Sense::Letter(_)) || at > 0 && parser.is_digits(at - 1));
        match parser.unit(at, &blank).filter(|_| is_unit) {
            Some((unit, end)) => {
                found.push(unit);
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    found
}

/// Returns the unit that the answer must be in, if the question says so: "How many minutes …", "… in centimetres?"
pub(super) fn asked_unit(asked: &[Token], language: Language) -> Option<Unit> {
    let parser = Parser::new(asked, language, false);
    let blank = Number::new(Exact::ONE, Form::Whole);
    let word = |at: usize| parser.text(at);
    let mut found = None;
    for at in 0..parser.len() {
        let many = matches!(word(at), "many" | "cuántos" | "cuántas" | "cuantos" | "cuantas" | "viele");
        let into = matches!(word(at), "in" | "into" | "en" | "to" | "a");
        if many || into {
            let start = at + 1 + usize::from(matches!(word(at + 1), "more" | "whole" | "full"));
            if let Some((unit, end)) = parser.unit(start, &blank) {
                // "in minutes" asks; "in 3 hours" and "5 to 3" do not.
                let is_letter = matches!(parser.sense(start), Sense::Letter(_) | Sense::Percent);
                if many || !is_letter && end > start {
                    found = Some(unit);
                    if many {
                        break;
                    }
                }
            }
        }
    }
    found
}

/// Returns the unit of a name: `cm`, `dollars`, `square metres`.
pub(super) fn unit_named(name: &str, language: Language) -> Option<Unit> {
    let tokens = split(name);
    let parser = Parser::new(&tokens, language, false);
    let (unit, end) = parser.unit(0, &Number::new(Exact::ONE, Form::Whole))?;
    let (unit, end) = match parser.sense(end) {
        Sense::Per | Sense::Over => {
            let (per, end) = parser.unit(end + 1, &Number::new(Exact::ONE, Form::Whole))?;
            (unit.per(per)?, end)
        }
        _ => (unit, end),
    };
    (end == parser.len()).then_some(unit)
}

/// Whether the question lets an answer be near: it asks to estimate, or takes a rounded constant.
pub(super) fn is_rounded(ask: &str) -> bool {
    asks(
        ask,
        &[
            "round",
            "about how",
            "roughly",
            "approximat",
            "estimate",
            "nearest",
            "taking pi",
            "use pi",
            "decimals",
            "decimal place",
            "aproxim",
            "redonde",
            "más o menos",
            "ungefähr",
            "runde",
            "circumference",
        ],
    )
}

/// Whether the question is about a power of a length: 2 for an area, 3 for a volume, 1 for a perimeter.
pub(super) fn asked_power(ask: &str) -> Option<i8> {
    const WORDS: [(&str, i8); 12] = [
        ("surface area", 2),
        ("volume", 3),
        ("area", 2),
        ("perimeter", 1),
        ("circumference", 1),
        ("volumen", 3),
        ("área", 2),
        ("perímetro", 1),
        ("flächeninhalt", 2),
        ("umfang", 1),
        ("how long", 1),
        ("how tall", 1),
    ];
    let ask = lower(ask);
    WORDS.into_iter().find(|(word, _)| ask.contains(word)).map(|(_, power)| power)
}

/// Returns what the question's only calculation comes to.
pub(super) fn computed(ask: &str, language: Language) -> Option<Exact> {
    let [Calculation { expression, .. }] = calculations(ask, language).try_into().ok()?;
    expression.value()
}

/// Returns the currencies among units.
pub(super) fn currency(units: &[Unit]) -> Option<Unit> {
    units.iter().copied().find(|unit| {
        unit.factor() == Exact::ONE && [Base::Dollar, Base::Euro, Base::Sterling].into_iter().any(|base| unit.is(base))
    })
}
