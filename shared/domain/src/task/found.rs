//! The kinds of exercise, each with its own reader.

pub(super) mod algebra;
pub(super) mod data;
pub(super) mod fractions;
pub(super) mod geometry;
pub(super) mod language;
pub(super) mod measure;
pub(super) mod numbers;
pub(super) mod story;
pub(super) mod sums;

use super::Wanted;
use super::expression::Expression;
use super::form::Form;
use super::item::{Item, Num, Style};
use super::words::Cue;
use crate::answer::Exact;

/// What a later task may leave out because this one said it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Frame {
    #[default]
    None,
    Calculation(Expression),
    /// What a percentage was taken of.
    PercentOf(Expression),
    RoundTo(Exact),
    /// The number whose places were asked.
    Places(Exact),
    /// Whether the largest is wanted, and what was compared.
    Compared(bool, Vec<Num>),
    Simplify,
    /// A part of a whole that was taken.
    Taken(Exact),
    Shape(geometry::Shape),
    AngleName,
    /// What one asked coin or unit is changed into, in the smallest unit.
    Coins(i64),
    Solved,
    Letters,
    Translation,
    Spell,
}

/// An exercise that was recognised.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub form: Form,
    pub wanted: Wanted,
    pub expected: Option<String>,
    /// Other keys that are right too.
    pub also: Vec<String>,
    pub frame: Frame,
}

impl Found {
    pub(super) fn new(form: Form, wanted: Wanted, expected: Option<String>) -> Self {
        Self { form, wanted, expected, also: Vec::new(), frame: Frame::None }
    }

    pub(super) fn form(form: Form, wanted: Wanted) -> Self {
        Self::new(form, wanted, None)
    }

    pub(super) fn with(self, frame: Frame) -> Self {
        Self { frame, ..self }
    }
}

/// What was said before, as far as a reader may use it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before<'a> {
    /// The last exercise of the call.
    pub form: Option<Form>,
    pub frame: &'a Frame,
    /// The last shape with sides that were named.
    pub shape: Option<&'a geometry::Shape>,
    /// Decimals were practised in this call.
    pub has_decimals: bool,
}

/// Writes a number as a key.
pub(super) fn key(value: Exact, as_decimal: bool) -> String {
    match value.decimals() {
        Some(places) if places > 0 && as_decimal => decimal(value, places),
        _ => value.to_string(),
    }
}

/// Writes a number with decimals: "0.75".
pub(super) fn decimal(value: Exact, places: u32) -> String {
    let sign = if value.is_negative() { "-" } else { "" };
    let (top, bottom) = value.abs().parts();
    let scale = 10_i128.pow(places.min(18));
    let scaled = top * scale / bottom;
    if places == 0 {
        return format!("{sign}{scaled}");
    }
    format!("{sign}{}.{:0width$}", scaled / scale, scaled % scale, width = places as usize)
}

/// Writes an amount of money as a key: "2.75", "12".
pub(super) fn amount(value: Exact) -> Option<String> {
    match value.decimals()? {
        0 => Some(value.to_string()),
        1 | 2 => Some(decimal(value, 2)),
        _ => None,
    }
}

/// The sentence without what may stand around any task: fillers, a name, "what is", "makes?".
pub(super) fn core<'a, 'b>(items: &'b [Item<'a>]) -> &'b [Item<'a>] {
    let mut start = 0;
    // A first part without numbers or keywords that matter is talk: "Smart trick, …", "Here is another one: …".
    while let Some(length) =
        items[start..].iter().position(|item| matches!(item, Item::Comma | Item::Colon | Item::Dots))
    {
        if !items[start..start + length].iter().all(is_talk) {
            break;
        }
        start += length + 1;
    }
    while let Some(item) = items.get(start) {
        match item {
            Item::Cue(
                Cue::Filler
                | Cue::And
                | Cue::WhatIs
                | Cue::Or
                | Cue::Next
                | Cue::What
                | Cue::Try
                | Cue::Its
                | Cue::How
                | Cue::Another,
            )
            | Item::Comma
            | Item::Dots
            | Item::Quote => start += 1,
            _ => break,
        }
    }
    let mut end = items.len();
    while end > start {
        match items[end - 1] {
            Item::Cue(
                Cue::Is
                | Cue::Equals
                | Cue::Makes
                | Cue::Filler
                | Cue::What
                | Cue::Altogether
                | Cue::It
                | Cue::Try
                | Cue::WhatIs,
            )
            | Item::Comma
            | Item::Dots
            | Item::Colon
            | Item::Quote => end -= 1,
            // "…, Milo?"
            Item::Word(_) if end >= start + 3 && matches!(items[end - 2], Item::Comma) => end -= 2,
            _ => break,
        }
    }
    &items[start..end]
}

fn is_talk(item: &Item) -> bool {
    match item {
        Item::Word(_) | Item::Quote => true,
        Item::Cue(cue) => matches!(
            cue,
            Cue::Filler
                | Cue::And
                | Cue::The
                | Cue::A
                | Cue::You
                | Cue::I
                | Cue::Its
                | Cue::It
                | Cue::Is
                | Cue::Try
                | Cue::Another
                | Cue::For
                | Cue::To
                | Cue::In
                | Cue::With
                | Cue::At
                | Cue::How
                | Cue::Last
                | Cue::First
                | Cue::More
                | Cue::Next
                | Cue::Off
                | Cue::Gets
                | Cue::Number
        ),
        _ => false,
    }
}

/// Reads a list of numbers joined by commas, "and", "or", "than"; signs and shared units are allowed. Returns it and how
/// many items it takes.
pub(super) fn list(items: &[Item]) -> (Vec<Num>, usize) {
    let mut nums = Vec::new();
    let (mut at, mut end) = (0, 0);
    loop {
        while matches!(
            items.get(at),
            Some(Item::Comma | Item::Colon | Item::Quote | Item::Cue(Cue::And | Cue::Or | Cue::Than | Cue::The))
        ) {
            at += 1;
        }
        let negative = matches!(items.get(at), Some(Item::Cue(Cue::Minus | Cue::Negative)));
        let number_at = at + usize::from(negative);
        let Some(Item::Num(num)) = items.get(number_at) else { break };
        let num = if negative { Num { value: num.value.negated(), style: num.style } } else { *num };
        nums.push(num);
        at = number_at + 1;
        if matches!(items.get(at), Some(Item::Unit(_) | Item::Cue(Cue::Percent))) {
            at += 1;
        }
        end = at;
    }
    (nums, end)
}

/// Reads the list that starts at the first number and reaches to the end of the sentence; `None` if other words follow.
pub(super) fn list_to_end(items: &[Item]) -> Option<Vec<Num>> {
    let first = items.iter().position(|item| {
        matches!(item, Item::Num(_))
            || matches!(item, Item::Cue(Cue::Negative))
            || matches!(item, Item::Cue(Cue::Minus))
    })?;
    let (nums, used) = list(&items[first..]);
    let rest = &items[first + used..];
    let done = rest.iter().all(|item| {
        matches!(
            item,
            Item::Comma
                | Item::Dots
                | Item::Quote
                | Item::Cue(Cue::Filler | Cue::Next | Cue::Is | Cue::What | Cue::WhatIs)
        )
    });
    done.then_some(nums)
}

/// Whether any of the numbers is a fraction.
pub(super) fn has_fraction(nums: &[Num]) -> bool {
    nums.iter().any(|num| matches!(num.style, Style::Fraction(..) | Style::Mixed))
}

pub(super) fn has_decimal(nums: &[Num]) -> bool {
    nums.iter().any(|num| matches!(num.style, Style::Decimal(_)))
}
