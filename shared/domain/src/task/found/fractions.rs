//! Fractions, decimals and percentages that are rewritten rather than calculated.

use super::{Before, Found, Frame, core, key};
use crate::answer::Exact;
use crate::task::Wanted;
use crate::task::expression;
use crate::task::form::Form;
use crate::task::item::{End, Item, Num, Sentence, Style};
use crate::task::words::Cue;

pub(in crate::task) fn find(sentence: &Sentence, before: Before) -> Option<Found> {
    rewrite(sentence)
        .or_else(|| simplify(sentence, before))
        .or_else(|| how_many_parts(sentence))
        .or_else(|| top_or_bottom(sentence))
        .or_else(|| same(sentence))
        .or_else(|| taken(sentence, before))
}

fn rewrite(sentence: &Sentence) -> Option<Found> {
    const WAYS: [Cue; 5] = [Cue::AsDecimal, Cue::AsPercent, Cue::AsFraction, Cue::AsMixed, Cue::AsImproper];
    let cue = WAYS.into_iter().find(|cue| sentence.has(*cue))?;
    let at = sentence.position(cue)?;
    let items = core(&sentence.items[..at]);
    let items = match items {
        [
            Item::Word("write" | "turn" | "change" | "express" | "convert" | "escribe" | "schreibe" | "schreib"),
            rest @ ..,
        ] => core(rest),
        all => all,
    };
    let (read, _) = expression::read_all(items)?;
    let value = read.value();
    let fraction = value.filter(|_| !read.is_task() || cue == Cue::AsDecimal);
    Some(match cue {
        Cue::AsDecimal => {
            let form = if read.is_task() { Form::DecimalMultiply } else { Form::DecimalPlaceValue };
            let expected = fraction.filter(|value| value.decimals().is_some()).map(|value| key(value, true));
            Found::new(form, Wanted::Number, expected)
        }
        Cue::AsPercent => {
            let percent = fraction.and_then(|value| value.times(Exact::whole(100)));
            let expected = percent.filter(|value| value.decimals().is_some_and(|places| places <= 1));
            Found::new(Form::PercentOf, Wanted::Number, expected.map(|value| format!("{}%", key(value, true))))
        }
        Cue::AsFraction => {
            let form = if sentence.has(Cue::Percent) { Form::PercentOf } else { Form::DecimalPlaceValue };
            Found::new(form, Wanted::Fraction, fraction.map(|value| value.to_string()))
        }
        Cue::AsMixed => Found::new(Form::FractionMixed, Wanted::Fraction, fraction.and_then(mixed)),
        _ => Found::new(
            Form::FractionMixed,
            Wanted::Fraction,
            fraction.filter(|v| !v.is_whole()).map(|value| value.to_string()),
        ),
    })
}

fn mixed(value: Exact) -> Option<String> {
    let (top, bottom) = value.parts();
    (top > bottom && bottom > 1).then(|| format!("{} {}/{}", top / bottom, top % bottom, bottom))
}

fn simplify(sentence: &Sentence, before: Before) -> Option<Found> {
    let nums = &sentence.numbers;
    let asked = sentence.has(Cue::Simplify);
    let goes_on = *before.frame == Frame::Simplify && sentence.end == End::Question;
    if !asked && !goes_on {
        return None;
    }
    if let [Num { value, style: Style::Fraction(..) }] = nums[..] {
        // "Simplify that in your head: five fifteenths is a third" has two numbers and asks nothing.
        let only = asked || matches!(core(&sentence.items), [Item::Num(_)]);
        return only.then(|| {
            Found::new(Form::FractionSimplify, Wanted::Fraction, Some(value.to_string())).with(Frame::Simplify)
        });
    }
    None
}

/// "How many sixths make one half?", "Two fifths is how many tenths?", "Five fifteenths is one what?"
fn how_many_parts(sentence: &Sentence) -> Option<Found> {
    let items = &sentence.items;
    let nums = &sentence.numbers;
    // "How many two thirds fit in six?"
    if let [part, whole] = nums[..]
        && matches!(part.style, Style::Fraction(..))
        && sentence.has(Cue::HowMany)
        && (sentence.text.contains("fit") || sentence.text.contains("go into"))
    {
        let count = whole.value.over(part.value).filter(|count| count.is_whole());
        return Some(Found::new(Form::FractionDivide, Wanted::Number, count.map(|count| count.to_string())));
    }
    let part = items.iter().find_map(|item| if let Item::Part(bottom, true) = item { Some(*bottom) } else { None });
    if let (Some(part), [num]) = (part, &nums[..]) {
        let asks = sentence.has_any(&[Cue::HowMany, Cue::Something])
            || items.windows(2).any(|pair| matches!(pair, [Item::Word("as" | "into"), Item::Part(_, true)]));
        let parts = items.iter().filter(|item| matches!(item, Item::Part(..))).count();
        // A second part, or a coin, is another question.
        if !asks || parts != 1 || items.iter().any(|item| matches!(item, Item::Unit(_))) {
            return None;
        }
        let count = num.value.times(Exact::whole(part))?;
        let known = items.iter().all(|item| match item {
            Item::Word(word) => {
                matches!(*word, "as" | "into" | "turn" | "write" | "goes" | "on" | "there" | "would" | "do" | "be")
            }
            Item::Cue(cue) => !matches!(
                cue,
                Cue::Not | Cue::If | Cue::More | Cue::Plus | Cue::Minus | Cue::Times | Cue::Gives | Cue::Left
            ),
            _ => true,
        });
        let form = if sentence.text.contains("fit") || sentence.text.contains("go into") {
            Form::FractionDivide
        } else {
            Form::FractionEquivalent
        };
        let expected = (known && count.is_whole() && num.value.is_whole() | matches!(num.style, Style::Fraction(..)))
            .then(|| count.to_string());
        let mut found = Found::new(form, Wanted::Number, expected);
        if let Some(count) = count.to_whole() {
            // "Two fifths is how many tenths?" "Four tenths."
            found.also = [format!("{count}/{part}")].to_vec();
        }
        return Some(found);
    }
    if let [Num { value, style: Style::Fraction(..) }, one] = nums[..]
        && one.value == Exact::ONE
        && matches!(items.last(), Some(Item::Cue(Cue::What | Cue::Something)))
    {
        let expected = (value.parts().0 == 1).then(|| value.to_string());
        return Some(Found::new(Form::FractionEquivalent, Wanted::Fraction, expected));
    }
    if let [Num { style: Style::Fraction(..), .. }] = nums[..]
        && matches!(items.last(), Some(Item::Cue(Cue::What | Cue::Something)))
        && items.windows(2).any(|pair| matches!(pair, [Item::Cue(Cue::Is), Item::Word("one")]))
    {
        let value = nums[0].value;
        let expected = (value.parts().0 == 1).then(|| value.to_string());
        return Some(Found::new(Form::FractionEquivalent, Wanted::Fraction, expected));
    }
    None
}

fn top_or_bottom(sentence: &Sentence) -> Option<Found> {
    let nums = &sentence.numbers;
    let [Num { style: Style::Fraction(top, bottom), .. }] = nums[..] else { return None };
    let asks = sentence.has_any(&[Cue::Which, Cue::WhatIs, Cue::What]) && sentence.end != End::Stop;
    let expected = match (sentence.has(Cue::Numerator), sentence.has(Cue::Denominator)) {
        (true, false) => Some(top),
        (false, true) => Some(bottom),
        _ => None,
    };
    if !asks
        || !sentence.has_any(&[Cue::Number, Cue::Numerator, Cue::Denominator])
            && !sentence.text.contains("which number")
    {
        return None;
    }
    if sentence.has_any(&[Cue::Equals, Cue::Of]) && expected.is_none() {
        return None;
    }
    Some(Found::new(Form::FractionMeaning, Wanted::Number, expected.map(|number| number.to_string())))
}

/// "Is six twelfths the same as four eighths?", "Name a fraction the same as a half."
fn same(sentence: &Sentence) -> Option<Found> {
    if !sentence.has_any(&[Cue::Same, Cue::Equals]) {
        return None;
    }
    let nums = &sentence.numbers;
    let fractions = super::has_fraction(nums);
    let items = core(&sentence.items);
    let yes_no = matches!(
        sentence.items.iter().find(|i| !matches!(i, Item::Cue(Cue::And | Cue::Filler))),
        Some(Item::Cue(Cue::Is))
    ) || sentence.text.contains(": is ");
    match nums[..] {
        [one, two]
            if fractions
                && yes_no
                && sentence.end == End::Question
                && !sentence.has_any(&[Cue::Or, Cue::Not])
                && !items.is_empty() =>
        {
            let expected = if one.value == two.value { "yes" } else { "no" };
            Some(Found::new(Form::FractionEquivalent, Wanted::YesNo, Some(expected.to_owned())))
        }
        [_] if fractions && sentence.has(Cue::Fraction) => {
            Some(Found::form(Form::FractionEquivalent, Wanted::Fraction))
        }
        _ => None,
    }
}

/// "The pizza's cut into eight and you eat three. What fraction is gone?" and then "What's left?"
fn taken(sentence: &Sentence, before: Before) -> Option<Found> {
    if let Frame::Taken(part) = before.frame
        && sentence.has(Cue::Left)
        && !sentence.has_number()
        && sentence.end != End::Stop
    {
        let left = Exact::ONE.minus(*part)?;
        return Some(Found::new(Form::FractionMeaning, Wanted::Fraction, Some(left.to_string())));
    }
    None
}

/// A fraction of something that a story cuts into equal parts.
pub(in crate::task) fn of_story(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    if !sentence.has(Cue::Fraction) || sentence.end != End::Question && !sentence.has(Cue::What) {
        return None;
    }
    let nums: Vec<Num> = all.iter().flat_map(|sentence| &sentence.numbers).copied().collect();
    let cuts = |word: &str| matches!(word, "cut" | "divided" | "sliced" | "slices" | "pieces" | "parts");
    let is_cut = all.iter().any(|s| s.items.iter().any(|item| matches!(item, Item::Word(word) if cuts(word))));
    let [whole, part] = nums[..] else { return None };
    let (whole, part) = (whole.to_whole()?, part.to_whole()?);
    let expected = (is_cut && 0 < part && part < whole && !sentence.has_any(&[Cue::Left, Cue::Not]))
        .then(|| Exact::fraction(part, whole))
        .flatten();
    let found = Found::new(Form::FractionMeaning, Wanted::Fraction, expected.map(|value| value.to_string()));
    Some(match expected {
        Some(value) => found.with(Frame::Taken(value)),
        None => found,
    })
}
