//! What an utterance commits to: self-corrections, working aloud, hedges, negations and alternatives.

use std::cell::OnceCell;
use std::ops::Range;

use super::Language;
use super::exact::Exact;
use super::expression::Expression;
use super::number::{Form, Number};
use super::parser::{Parser, split, split_products};
use super::token::{Kind, Token};
use super::value::{Sign, Value};
use super::words::{Sense, homophone, is_no_part, lexemes};

/// What the question asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expecting {
    #[default]
    Anything,
    /// A number: homophones count ("ate", "forty to"), if nothing but numbers and fillers is said.
    Number,
    /// An expression or relation: single letters are variables, not units.
    Algebra,
}

/// How plainly the value was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Plain,
    /// "not 85": what it is was not said.
    Negated,
    /// "3 or 7".
    Alternatives,
    /// "about 90".
    Approximate,
    /// Different values, and nothing says which one counts.
    Several,
}

/// A comparison that was said: "ten times four is forty".
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub left: Expression,
    pub sign: Sign,
    pub right: Expression,
    /// `None`: it has letters, or cannot be computed or separated from what follows it.
    pub holds: Option<bool>,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// What was read of an utterance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The value that was said last and not taken back. Plain only if `standing` says so.
    pub committed: Option<Value>,
    /// Where it is.
    pub span: Range<usize>,
    pub standing: Standing,
    /// Comparisons in order, those inside explanations too.
    pub claims: Vec<Claim>,
    /// Values that were taken back or denied.
    pub withdrawn: Vec<Value>,
    /// "yes" or "no" beside or instead of a value.
    pub yes: Option<bool>,
    /// "maybe", "i think".
    pub is_hedged: bool,
    /// "i don't know", "help".
    pub says_unknown: bool,
    /// A reason was given, and is not part of the value.
    pub explains: bool,
    /// Words that are neither part of a value nor known fillers.
    pub unread: Vec<Range<usize>>,
}

impl Reading {
    /// Returns the committed number if it is said plainly.
    pub fn number(&self) -> Option<&Number> {
        match &self.committed {
            Some(Value::Number(number)) if self.standing == Standing::Plain => Some(number),
            _ => None,
        }
    }

    /// Whether every word was read or is a known filler.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty()
    }
}

/// Reads an utterance.
pub fn read(text: &str, language: Language, expecting: Expecting) -> Reading {
    let tokens = split(text);
    read_tokens(&tokens, language, expecting)
}

/// An utterance that is read and judged several times, and read once for each language and expectation.
#[derive(Clone, Debug)]
pub struct Said {
    pub(super) text: String,
    readings: [Readings; Language::ALL.len()],
}

/// The readings of an utterance in a language, each made when it is asked for first.
#[derive(Clone, Debug, Default)]
struct Readings {
    /// With [`Expecting::Anything`], and with [`Expecting::Number`] if that differs.
    plain: OnceCell<Box<(Reading, Option<Reading>)>>,
    algebra: OnceCell<Box<Reading>>,
}

impl Said {
    /// What was said, not yet read.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), readings: Default::default() }
    }

    /// As it was said.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads it, once for each language and expectation.
    pub fn read(&self, language: Language, expecting: Expecting) -> &Reading {
        let of_language = &self.readings[language as usize];
        if expecting == Expecting::Algebra {
            return of_language.algebra.get_or_init(|| Box::new(read(&self.text, language, expecting)));
        }
        let (anything, number) = &**of_language.plain.get_or_init(|| {
            let tokens = split(&self.text);
            let mut parser = Parser::new(&tokens, language, false);
            let anything = read_parser(&parser);
            Box::new((anything, hear_numbers(&mut parser).then(|| read_parser(&parser))))
        });
        number.as_ref().filter(|_| expecting == Expecting::Number).unwrap_or(anything)
    }

    /// Whether a word is surely unread in a language, which costs less to tell than to read the text.
    pub(super) fn has_unknown_word(&self, language: Language) -> bool {
        let tokens = split(&self.text);
        for lexeme in lexemes(&tokens, language) {
            match lexeme.sense {
                // What comes after it need not be read.
                Sense::Because => return false,
                Sense::Word if tokens[lexeme.first].kind == Kind::Word && is_no_part(&tokens[lexeme.first].text) => {
                    return true;
                }
                _ => {}
            }
        }
        false
    }
}

fn read_tokens(tokens: &[Token], language: Language, expecting: Expecting) -> Reading {
    if expecting == Expecting::Algebra {
        return read_parsed(&split_products(tokens.to_vec()), language, expecting);
    }
    read_parsed(tokens, language, expecting)
}

fn read_parsed(tokens: &[Token], language: Language, expecting: Expecting) -> Reading {
    let mut parser = Parser::new(tokens, language, expecting == Expecting::Algebra);
    if expecting == Expecting::Number {
        hear_numbers(&mut parser);
    }
    read_parser(&parser)
}

fn read_parser(parser: &Parser) -> Reading {
    let mut reader =
        Reader { parser, found: Reading::default(), said: Vec::new(), link: Link::None, mode: Mode::default() };
    reader.run();
    reader.finish()
}

/// Takes homophones for numbers and returns whether there are any, if the utterance has nothing but numbers, homophones and what surrounds an answer.
fn hear_numbers(parser: &mut Parser<'_>) -> bool {
    let is_number = |sense: Sense| {
        matches!(
            sense,
            Sense::Unit(_)
                | Sense::Teen(_)
                | Sense::Ten(_)
                | Sense::Hundred
                | Sense::Hundreds(_)
                | Sense::Scale(_)
                | Sense::Zero
                | Sense::Digits
                | Sense::Compound(_)
                | Sense::Point
                | Sense::Negative
                | Sense::Minus
        )
    };
    let mut heard = Vec::new();
    for at in 0..parser.len() {
        let sense = parser.sense(at);
        if is_number(sense) || matches!(sense, Sense::Stop | Sense::Hedge | Sense::ItIs | Sense::Correct | Sense::So) {
            continue;
        }
        match parser.token(at) {
            Some(token) if token.kind == Kind::Word => {
                let ends = matches!(parser.sense(at + 1), Sense::Stop | Sense::Hedge | Sense::Correct)
                    || is_number(parser.sense(at + 1))
                    || parser.text(at + 1) == "teen"
                    || homophone(parser.text(at + 1), parser.language).is_some();
                // "20 to 4" is a time or a ratio.
                let ends = ends && !(sense == Sense::To && is_number(parser.sense(at + 1)));
                match (homophone(&token.text, parser.language), plural(&token.text, parser, at)) {
                    // "seven eights fifty six"
                    (_, Some(_)) if is_number(parser.sense(at + 1)) => {}
                    (_, Some(part)) if ends => heard.push((at, part)),
                    (Some(sense), _) if ends => heard.push((at, sense)),
                    // A word of substance: "two for each".
                    _ if token.text == "teen" && at > 0 => {}
                    _ if sense == Sense::Filler || matches!(sense, Sense::No | Sense::And | Sense::A) => {}
                    _ => return false,
                }
            }
            // Hyphens and commas.
            Some(_) if matches!(sense, Sense::Hyphen | Sense::Comma | Sense::Filler) => {}
            _ => return false,
        }
    }
    let mut is_heard = !heard.is_empty();
    for (at, sense) in heard {
        parser.set_sense(at, sense);
    }
    // "ate teen"
    for at in 0..parser.len() {
        if parser.text(at) == "teen"
            && let Some(Sense::Unit(units)) = at.checked_sub(1).map(|before| parser.sense(before))
        {
            parser.set_sense(at - 1, Sense::Teen(10 + units));
            parser.set_sense(at, Sense::Filler);
            is_heard = true;
        }
    }
    is_heard
}

/// "seven twelves": recognisers write the plural of the number for the fraction.
fn plural(word: &str, parser: &Parser<'_>, at: usize) -> Option<Sense> {
    const PLURALS: [(&str, i64); 9] = [
        ("threes", 3),
        ("fours", 4),
        ("fives", 5),
        ("sixes", 6),
        ("sevens", 7),
        ("eights", 8),
        ("nines", 9),
        ("tens", 10),
        ("twelves", 12),
    ];
    let follows_number = at > 0 && matches!(parser.sense(at - 1), Sense::Unit(_) | Sense::Teen(_) | Sense::Digits);
    let bottom = PLURALS.into_iter().find(|(plural, _)| *plural == word)?.1;
    follows_number.then_some(Sense::Part { bottom, is_plural: true })
}

/// What is before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    None,
    /// "and", a comma.
    Joint,
    /// "so".
    Result,
    /// "it's", "that makes".
    ItIs,
    /// "is", without a value before it.
    Is,
    /// "no", "wait".
    Correction,
}

#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "words that are independent of each other")]
struct Mode {
    is_negated: bool,
    is_alternative: bool,
    is_approximate: bool,
    explains: bool,
    /// The last value was taken back, and no other one was said since.
    is_open: bool,
}

struct Reader<'a> {
    parser: &'a Parser<'a>,
    found: Reading,
    /// What is committed so far.
    said: Vec<(Value, Range<usize>)>,
    link: Link,
    mode: Mode,
}

impl Reader<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.parser.len() {
            at = self.step(at);
        }
    }

    /// Reads what is at `at` and returns where to go on.
    fn step(&mut self, at: usize) -> usize {
        let sense = self.parser.sense(at);
        match sense {
            Sense::Stop if !self.starts_decimal(at) => {
                self.link = if self.link == Link::Joint { Link::None } else { self.link };
                return at + 1;
            }
            Sense::Hedge => self.found.is_hedged = true,
            Sense::DontKnow => self.found.says_unknown = true,
            // "25 then 52 then 205"
            Sense::So
                if matches!(self.parser.text(at), "then" | "luego" | "dann")
                    && matches!(self.said.last(), Some((Value::Number(_), _))) =>
            {
                self.link = Link::Joint;
            }
            Sense::So => self.link = Link::Result,
            Sense::Correct => {
                self.link = Link::Correction;
                self.mode.is_open = !matches!(
                    self.parser.text(at),
                    "sorry" | "perdón" | "perdon" | "entschuldigung" | "my" | "nevermind" | "never" | "rather"
                ) && !self.said.is_empty();
            }
            Sense::Is if matches!(self.link, Link::Result | Link::Correction) => {}
            Sense::Is => self.link = Link::Is,
            Sense::Yes => self.found.yes = Some(true),
            Sense::Not => self.mode.is_negated = true,
            Sense::Or => self.mode.is_alternative = !self.said.is_empty() || self.mode.is_alternative,
            Sense::About => self.mode.is_approximate = true,
            Sense::Because => {
                self.found.explains = true;
                self.mode.explains = !self.said.is_empty() || self.found.yes.is_some();
            }
            Sense::Comma | Sense::And if !self.said.is_empty() || sense == Sense::Comma => {
                self.link = if self.link == Link::None { Link::Joint } else { self.link };
            }
            Sense::No => {
                let follows = self.parser.value(self.parser.skip(at + 1)).is_some();
                if follows || !self.said.is_empty() {
                    self.link = Link::Correction;
                    self.mode.is_open = !self.said.is_empty();
                } else {
                    self.found.yes = Some(false);
                }
            }
            Sense::Equal => self.add(Value::Equal, self.parser.span(at, at + 1)),
            _ => return self.value_or_word(at, sense),
        }
        at + 1
    }

    /// ".5"
    fn starts_decimal(&self, at: usize) -> bool {
        self.parser.text(at) == "."
            && self.parser.is_digits(at + 1)
            && self.parser.is_glued(at + 1)
            && !(at > 0 && self.parser.is_glued(at))
    }

    fn value_or_word(&mut self, at: usize, sense: Sense) -> usize {
        // Fillers before a value are skipped one by one, to see what they say.
        let may_start = !matches!(sense, Sense::Filler) || self.parser.language == Language::Spanish;
        // Outside algebra a letter is part of something that was not read.
        let is_letter = |value: &Value| match value {
            Value::Expression(said) => {
                !self.parser.wants_letters && said.numbers().is_empty() && said.letters() != ['π']
            }
            _ => false,
        };
        if may_start && let Some((value, end)) = self.parser.value(at).filter(|(value, _)| !is_letter(value)) {
            let span = self.parser.span(at, end);
            self.take(value, span);
            return end.max(at + 1);
        }
        match sense {
            // "so he has twelve": "so" says more.
            Sense::ItIs if matches!(self.link, Link::Result | Link::Correction) => {}
            Sense::ItIs => self.link = Link::ItIs,
            // "in nineteen forty five"
            Sense::In if self.said.is_empty() => {}
            // "5-" may be a minus in the wrong place.
            Sense::Hyphen if at > 0 && self.parser.is_glued(at) && self.parser.is_digits(at - 1) => {
                self.found.unread.push(self.parser.span(at, at + 1));
            }
            // "by 20 percent", "a" before a noun, "oh"
            Sense::Filler | Sense::Hyphen | Sense::Colon | Sense::By | Sense::A | Sense::Oh => {}
            _ if self.mode.explains => {}
            _ => self.found.unread.push(self.parser.span(at, at + 1)),
        }
        at + 1
    }

    /// Splits what belongs apart, then adds it.
    fn take(&mut self, value: Value, span: Range<usize>) {
        match value {
            // "not thirteen fourteen"
            Value::Number(Number { form: Form::Grouped, parts: Some((head, tail)), .. })
                if self.mode.is_negated && head >= Exact::whole(10) =>
            {
                self.add(Value::Number(Number::new(head, Form::Whole)), span.clone());
                self.add(Value::Number(Number { span: span.clone(), ..Number::new(tail, Form::Whole) }), span);
            }
            Value::Relation(relation) => self.relation(relation, span),
            Value::Expression(expression) => self.expression(expression, span),
            value => self.add(value, span),
        }
    }

    /// "six times eight forty eight": the number after the calculation is its result.
    fn expression(&mut self, expression: Expression, span: Range<usize>) {
        if let Some((left, result)) = with_result(&expression) {
            self.claim(left, Sign::Equal, result.clone().into(), span.clone());
            return self.add(Value::Number(result), span);
        }
        self.add(Value::Expression(expression), span);
    }

    fn relation(&mut self, relation: super::value::Relation, span: Range<usize>) {
        let Some(first) = relation.first.clone() else {
            return self.add(Value::Relation(relation), span);
        };
        let has_letters =
            !first.letters().is_empty() || relation.rest.iter().any(|(_, side)| !side.letters().is_empty());
        let mut left = first;
        for (sign, right) in &relation.rest {
            // "fifty minus twenty is thirty plus two thirty two"
            let (side, result) = match with_result(right) {
                Some((side, result)) => (side, Some(result)),
                None => (right.clone(), None),
            };
            self.claim(left, *sign, side.clone(), span.clone());
            left = match result.map(Expression::from) {
                Some(result) => {
                    self.claim(side, Sign::Equal, result.clone(), span.clone());
                    result
                }
                None => side,
            };
        }
        if relation.is_equation() && !has_letters {
            let value = match left {
                Expression::Number(number) => Value::Number(*number),
                left => Value::Expression(left),
            };
            // What a claim comes to may be a step only; the last one counts.
            if !self.mode.explains && !self.mode.is_negated && matches!(self.link, Link::None | Link::Joint | Link::Is)
            {
                self.said.clear();
            }
            return self.add(value, span);
        }
        self.add(Value::Relation(relation), span);
    }

    fn claim(&mut self, left: Expression, sign: Sign, right: Expression, span: Range<usize>) {
        let compared = left.value().zip(right.value()).map(|(one, two)| sign.holds(one, two));
        // Without a pause, what follows a result seems to belong to it: "is forty six times four".
        let holds = compared.filter(|holds| *holds || !right.has_operation());
        // "after 39 comes 40" says nothing about what they are.
        let is_plain = sign == Sign::Equal && !left.has_operation() && !right.has_operation();
        let holds = holds.filter(|holds| !self.mode.is_negated && (*holds || !is_plain));
        self.found.claims.push(Claim { left, sign, right, holds, span });
    }

    fn add(&mut self, value: Value, span: Range<usize>) {
        let mode = self.mode;
        self.mode = Mode { explains: mode.explains, ..Mode::default() };
        let link = std::mem::replace(&mut self.link, Link::None);
        if mode.explains && !matches!(link, Link::Correction | Link::Result) {
            return;
        }
        if mode.is_negated {
            self.found.withdrawn.push(value);
            return;
        }
        if mode.is_alternative && !matches!(link, Link::Correction) {
            self.said.push((value, span));
            self.found.standing = Standing::Alternatives;
            return;
        }
        let standing = if mode.is_approximate { Standing::Approximate } else { Standing::Plain };
        let is_result_of_last = self.is_result_of_last(&value, link, &span);
        match link {
            Link::Correction | Link::Result => {
                let withdrawn = self.said.drain(..).map(|(value, _)| value);
                if link == Link::Correction {
                    self.found.withdrawn.extend(withdrawn);
                } else {
                    drop(withdrawn);
                }
                self.found.standing = standing;
            }
            _ if is_result_of_last => {
                self.said.clear();
                self.found.standing = standing;
            }
            Link::ItIs | Link::Is if self.said.iter().any(|(said, _)| !is_same(said, &value)) => {
                self.found.standing = Standing::Several;
            }
            Link::ItIs | Link::Is => {
                self.said.clear();
                self.found.standing = standing;
            }
            Link::None | Link::Joint => {
                if standing == Standing::Approximate {
                    self.found.standing = standing;
                }
            }
        }
        self.said.push((value, span));
    }

    /// "six times eight that's forty eight"; without a word between them only if it is true.
    fn is_result_of_last(&mut self, value: &Value, link: Link, span: &Range<usize>) -> bool {
        let [.., (Value::Expression(last), start)] = self.said.as_slice() else { return false };
        let Value::Number(number) = value else { return false };
        let is_linked = matches!(link, Link::ItIs | Link::Is);
        if !is_linked && last.value() != number.share() {
            return false;
        }
        let (left, span) = (last.clone(), start.start..span.end);
        self.claim(left, Sign::Equal, number.clone().into(), span);
        true
    }

    fn finish(self) -> Reading {
        let Self { parser, mut found, mut said, mode, .. } = self;
        if said.is_empty() {
            // "it isn't"
            let denies = mode.is_negated && found.withdrawn.is_empty();
            found.committed = found.yes.or(denies.then_some(false)).map(Value::YesNo);
            if !found.withdrawn.is_empty() {
                found.standing = Standing::Negated;
                found.committed = None;
            }
            return found;
        }
        let first = said[0].0.clone();
        if said.iter().all(|(value, _)| is_same(value, &first)) {
            said.truncate(1);
            if found.standing == Standing::Alternatives {
                found.standing = Standing::Plain;
            }
        }
        // In German it asks for consent: "sieben, oder?"
        let is_open_choice = mode.is_alternative && parser.language != Language::German;
        // "56 no", "56 is not right", "56 or so": what follows the value qualifies it.
        if mode.is_open || mode.is_negated {
            found.standing = Standing::Negated;
        } else if is_open_choice && found.standing == Standing::Plain {
            found.standing = Standing::Alternatives;
        } else if mode.is_approximate && found.standing == Standing::Plain {
            found.standing = Standing::Approximate;
        }
        let start = said[0].1.start;
        let end = said.last().map_or(start, |(_, span)| span.end);
        found.span = start..end;
        let mut values: Vec<Value> = said.into_iter().map(|(value, _)| value).collect();
        found.committed = match values.len() {
            1 => values.pop(),
            _ => Some(Value::List(values)),
        };
        found
    }
}

/// Splits a calculation from the number after it, if that is its result.
fn with_result(expression: &Expression) -> Option<(Expression, Number)> {
    let mut left = expression.clone();
    let last = left.last_number().filter(|number| number.form == Form::Grouped)?;
    let (head, tail) = last.parts?;
    let span = last.span.clone();
    *last = Number { span: span.clone(), ..Number::new(head, Form::Whole) };
    (left.has_operation() && left.value() == Some(tail))
        .then(|| (left, Number { span, ..Number::new(tail, Form::Whole) }))
}

/// Whether two values are the same, in any place and form.
fn is_same(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => {
            one.share() == two.share() && (one.unit.is_none() || two.unit.is_none() || one.unit == two.unit)
        }
        (one, two) => one == two,
    }
}
