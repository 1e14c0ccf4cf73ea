//! Money, clock times, units and rates.

use super::{Before, Found, Frame, amount, key};
use crate::answer::Exact;
use crate::task::Wanted;
use crate::task::form::Form;
use crate::task::item::{End, Item, Num, Sentence, Style};
use crate::task::words::{Cue, Quantity, Unit};

/// Without [`coins`], which come before other readers.
pub(in crate::task) fn find(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    percent_change(sentence, all)
        .or_else(|| units(sentence, all))
        .or_else(|| clock(sentence, all))
        .or_else(|| rate(sentence, all))
        .or_else(|| money(sentence, all, before))
        .or_else(|| ratio(sentence, all))
}

/// Worth in cents. Only a plural or "a" makes a quarter a coin.
fn coin(item: &Item) -> Option<i64> {
    match item {
        Item::Part(4, _) => Some(25),
        _ => None,
    }
}

fn named_coin(text: &str) -> Option<i64> {
    match text {
        "dime" | "dimes" => Some(10),
        "nickel" | "nickels" => Some(5),
        _ => None,
    }
}

pub(in crate::task) fn coins(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    let items = &sentence.items;
    let dollars = items.iter().find_map(|item| match item {
        Item::Unit(unit) if unit.quantity == Quantity::Money && unit.size == 100 => Some(100),
        _ => None,
    });
    let names = |s: &&Sentence| s.text.contains("dime") || s.text.contains("nickel");
    let coins_named: Vec<i64> = all
        .iter()
        .filter(names)
        .flat_map(|s| s.text.split(|c: char| !c.is_alphanumeric()))
        .filter_map(named_coin)
        .collect();
    if sentence.has(Cue::HowMany) && !sentence.has_number() {
        let at = sentence.position(Cue::HowMany)?;
        let asked = coin(items.get(at + 1)?)
            .or_else(|| coins_named.first().copied().filter(|_| items.get(at + 1) == Some(&Item::Cue(Cue::Coin))))?;
        let whole = match (dollars, before.frame) {
            (Some(whole), _) => whole,
            (None, Frame::Coins(whole)) if items.len() <= at + 2 => *whole,
            _ => return None,
        };
        return Some(
            Found::new(Form::Money, Wanted::Number, Some((whole / asked).to_string())).with(Frame::Coins(whole)),
        );
    }
    // "I have three quarters and two dimes. How much money?"
    let asks = sentence.end == End::Question || sentence.has(Cue::Coin);
    if asks && !coins_named.is_empty() && all.iter().any(Sentence::has_number) {
        return Some(Found::form(Form::Money, Wanted::Money));
    }
    None
}

/// "How many grams are in one and a half kilograms?", "Convert three metres to centimetres."
fn units(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    // "Forty minutes a day. How many minutes in three weeks?" is a story.
    if all.iter().map(|s| s.numbers.len()).sum::<usize>() > 1
        || sentence.items.iter().any(|item| matches!(item, Item::Part(..)))
    {
        return None;
    }
    let items = &sentence.items;
    if items.iter().filter(|item| matches!(item, Item::Unit(_))).count() != 2 {
        return None;
    }
    let named: Vec<(usize, Unit)> = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| if let Item::Unit(unit) = item { Some((at, *unit)) } else { None })
        .collect();
    let nums = &sentence.numbers;
    let asks_many = sentence.has(Cue::HowMany);
    let [(first_at, first), (second_at, second)] = named[..] else { return None };
    if first.quantity != second.quantity
        || nums.len() > 1
        || first.size == second.size && first.quantity != Quantity::Money
    {
        return None;
    }
    let count = |at: usize| match at.checked_sub(1).map(|at| &items[at]) {
        Some(Item::Num(num)) => Some(num.value),
        Some(Item::Cue(Cue::A | Cue::Each)) => Some(Exact::ONE),
        _ => None,
    };
    let many_at = sentence.position(Cue::HowMany);
    let (asked, given, number) = if asks_many && many_at.is_some_and(|at| at + 1 == first_at) {
        (first, second, count(second_at)?)
    } else if asks_many && many_at.is_some_and(|at| at + 1 == second_at) {
        (second, first, count(first_at)?)
    } else if sentence.has(Cue::To) || sentence.has(Cue::In) || sentence.text.contains("into") {
        let converts = sentence.has_word("convert")
            || sentence.has_word("change")
            || sentence.has(Cue::WhatIs)
            || sentence.has(Cue::Change)
            || sentence.end == End::Question;
        if !converts {
            return None;
        }
        (second, first, count(first_at)?)
    } else {
        return None;
    };
    let known = items.iter().all(|item| match item {
        Item::Word(word) => matches!(*word, "there" | "convert" | "change" | "into" | "would" | "that"),
        Item::Cue(cue) => {
            !matches!(cue, Cue::Not | Cue::More | Cue::Left | Cue::Each | Cue::If | Cue::Gives | Cue::Cost | Cue::Pay)
        }
        _ => true,
    });
    let value = number.times(Exact::whole(given.size))?.over(Exact::whole(asked.size))?;
    let form = match first.quantity {
        Quantity::Time | Quantity::Month => Form::Clock,
        Quantity::Money => Form::Money,
        _ => Form::Units,
    };
    let expected = (known && value.decimals().is_some()).then(|| key(value, true));
    Some(Found::new(form, Wanted::Measure, expected))
}

/// "A price goes from 50 to 60. By how many percent did it rise?", "A 40-dollar game is 20 percent off."
fn percent_change(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    let any = |cues: &[Cue]| all.iter().any(|s| s.has_any(cues));
    if sentence.end == End::Stop || !any(&[Cue::Percent]) {
        return None;
    }
    let goes = all.iter().any(|s| {
        let items: Vec<&Item> = s.items.iter().filter(|item| !matches!(item, Item::Unit(_))).collect();
        items
            .windows(4)
            .any(|four| matches!(four, [Item::Cue(Cue::From), Item::Num(_), Item::Cue(Cue::To), Item::Num(_)]))
    });
    if !goes && !any(&[Cue::Increase, Cue::Decrease, Cue::Off]) {
        return None;
    }
    let nums: Vec<Exact> = all.iter().flat_map(|sentence| &sentence.numbers).map(|num| num.value).collect();
    let hundred = Exact::whole(100);
    let expected = match nums[..] {
        [old, new] if goes && sentence.has(Cue::Percent) => new
            .minus(old)?
            .abs()
            .times(hundred)?
            .over(old)
            .filter(|value| value.is_whole())
            .map(|value| value.to_string()),
        [price, off] if any(&[Cue::Off]) && !sentence.has(Cue::Percent) && sentence.has(Cue::Cost) && off < hundred => {
            let rest = hundred.minus(off)?.over(hundred)?;
            price.times(rest).and_then(amount)
        }
        _ => None,
    };
    Some(Found::new(Form::PercentChange, Wanted::Number, expected))
}

/// A clock time in words: minutes after midnight on a twelve-hour dial.
fn time(items: &[Item]) -> Option<(i64, usize)> {
    let hour = |item: &Item| {
        if let Item::Num(num) = item { num.to_whole().filter(|hour| (1..=12).contains(hour)) } else { None }
    };
    match items {
        [Item::Cue(Cue::HalfPast), at, ..] => Some((hour(at)? * 60 + 30, 2)),
        [Item::Part(4, false), Item::Cue(Cue::Past), at, ..] => Some((hour(at)? * 60 + 15, 3)),
        [Item::Part(4, false), Item::Cue(Cue::To), at, ..] => Some((hour(at)? * 60 - 15, 3)),
        [Item::Num(num), Item::Cue(Cue::Past), at, ..] => {
            // "a quarter past three" reads as a fraction.
            let minutes = if num.style == Style::Fraction(1, 4) {
                15
            } else if num.style == Style::Fraction(1, 2) {
                30
            } else {
                num.to_whole()?
            };
            (minutes < 60).then_some(hour(at)? * 60 + minutes).map(|time| (time, 3))
        }
        [Item::Num(num), Item::Cue(Cue::To), at, ..]
            if num.style != Style::Whole || num.to_whole().is_some_and(|n| n % 5 == 0) =>
        {
            let minutes = if num.style == Style::Fraction(1, 4) { 15 } else { num.to_whole()? };
            (minutes < 60).then_some(hour(at)? * 60 - minutes).map(|time| (time, 3))
        }
        [Item::Num(num), ..] if matches!(num.style, Style::Clock(..)) => Some((num.value.to_whole()?, 1)),
        [at, Item::Cue(Cue::Clock), ..] => Some((hour(at)? * 60, 2)),
        [at, Item::Num(minutes), ..] => {
            let minutes = minutes.to_whole().filter(|minutes| (10..60).contains(minutes))?;
            Some((hour(at)? * 60 + minutes, 2))
        }
        _ => None,
    }
}

fn duration(items: &[Item], is_hour: bool) -> Option<(i64, usize)> {
    let one = |items: &[Item]| match items {
        [Item::Num(num), Item::Unit(unit), ..] if unit.quantity == Quantity::Time => {
            num.value.times(Exact::whole(unit.size))?.over(Exact::whole(60))?.to_whole().map(|minutes| (minutes, 2))
        }
        [Item::Num(num), Item::Cue(Cue::A), Item::Unit(unit), ..]
            if unit.quantity == Quantity::Time && num.style == Style::Fraction(1, 2) =>
        {
            Some((unit.size / 120, 3))
        }
        // "half an hour"
        [Item::Num(num), Item::Cue(Cue::Speed), ..] if num.style == Style::Fraction(1, 2) && is_hour => Some((30, 2)),
        [Item::Cue(Cue::A), Item::Unit(unit), ..] if unit.quantity == Quantity::Time => Some((unit.size / 60, 2)),
        _ => None,
    };
    let (mut minutes, mut used) = one(items)?;
    if items.get(used) == Some(&Item::Cue(Cue::And))
        && let Some((more, length)) = one(&items[used + 1..])
    {
        minutes = minutes.checked_add(more)?;
        used += 1 + length;
    }
    Some((minutes, used))
}

fn written(minutes: i64) -> String {
    let minutes = minutes.rem_euclid(720);
    let hour = if minutes / 60 == 0 { 12 } else { minutes / 60 };
    format!("{hour}:{:02}", minutes % 60)
}

fn clock(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    let text = |word: &str| all.iter().any(|s| s.text.contains(word));
    let digital = text("digital");
    let asks = sentence.text.contains("what time")
        || sentence.text.contains("when does")
        || digital
        || sentence.text.contains("qué hora");
    if !asks || sentence.end == End::Stop {
        return None;
    }
    let (mut times, mut durations, mut others) = (Vec::new(), Vec::new(), 0);
    for s in all {
        let mut at = 0;
        while at < s.items.len() {
            if let Some((minutes, used)) = duration(&s.items[at..], s.text.contains("half an hour")) {
                durations.push(minutes);
                at += used;
            } else if let Some((minutes, used)) = time(&s.items[at..]) {
                times.push(minutes);
                at += used;
            } else {
                others += usize::from(matches!(s.items[at], Item::Num(_)));
                at += 1;
            }
        }
    }
    let earlier = text("earlier") || text(" ago") || text("before");
    let expected = match (&times[..], &durations[..]) {
        ([time], [length]) if others == 0 && !earlier => Some(written(time + length % 720)),
        ([time], []) if others == 0 && digital => Some(written(*time)),
        _ => None,
    };
    (!times.is_empty()).then(|| Found::new(Form::Clock, Wanted::Time, expected))
}

/// Amounts of money in an utterance, in order: "seven twenty-five" after a price word, "$5", "a dollar twenty-five".
fn amounts(all: &[Sentence]) -> (Vec<Exact>, usize) {
    let (mut found, mut others) = (Vec::new(), 0);
    let has_money = all.iter().any(|s| {
        s.has_any(&[Cue::Cost, Cue::Pay, Cue::Change])
            || s.items.iter().any(|i| matches!(i, Item::Unit(u) if u.quantity == Quantity::Money))
    });
    for s in all {
        let items = &s.items;
        let mut at = 0;
        while at < items.len() {
            let money = |at: usize| matches!(items.get(at), Some(Item::Unit(unit)) if unit.quantity == Quantity::Money && unit.size == 100);
            let cents = |at: usize| matches!(items.get(at), Some(Item::Unit(unit)) if unit.quantity == Quantity::Money && unit.size == 1);
            let num = |at: usize| if let Some(Item::Num(num)) = items.get(at) { Some(*num) } else { None };
            let part = |at: usize| num(at).and_then(Num::to_whole).filter(|part| (10..100).contains(part));
            let joined = |whole: Exact, part: i64| Exact::fraction(part, 100).and_then(|part| whole.plus(part));
            // "$5" or "$7.25"
            if money(at)
                && num(at + 1).is_some()
                && !matches!(at.checked_sub(1).map(|at| items[at]), Some(Item::Num(_) | Item::Cue(Cue::A)))
            {
                found.extend(num(at + 1).map(|num| num.value));
                at += 2;
                continue;
            }
            let one_dollar = items[at] == Item::Cue(Cue::A) && money(at + 1);
            if one_dollar || num(at).is_some() && money(at + 1) {
                let whole = if one_dollar { Exact::ONE } else { num(at).map_or(Exact::ONE, |num| num.value) };
                let and = usize::from(items.get(at + 2) == Some(&Item::Cue(Cue::And)));
                match part(at + 2 + and) {
                    Some(cent) if and == 0 || cents(at + 3 + and) => {
                        found.extend(joined(whole, cent));
                        at += 3 + and + usize::from(cents(at + 3 + and));
                    }
                    _ => {
                        found.push(whole);
                        at += 2;
                    }
                }
                continue;
            }
            if num(at).is_some() && cents(at + 1) {
                found.extend(num(at).and_then(|num| num.value.over(Exact::whole(100))));
                at += 2;
                continue;
            }
            let priced = at > 0
                && matches!(
                    items[at - 1],
                    Item::Cue(Cue::Cost | Cue::Is | Cue::Pay | Cue::At | Cue::A | Cue::With | Cue::For | Cue::Each)
                );
            if let (Some(whole), Some(cent)) = (num(at), part(at + 1))
                && whole.to_whole().is_some_and(|whole| whole < 100)
                && has_money
            {
                found.extend(joined(whole.value, cent));
                at += 2;
                continue;
            }
            if let Some(number) = num(at) {
                if priced && has_money || matches!(number.style, Style::Decimal(2)) {
                    found.push(number.value);
                } else {
                    others += 1;
                }
            }
            at += 1;
        }
    }
    (found, others)
}

fn money(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    let any = |cues: &[Cue]| all.iter().any(|s| s.has_any(cues));
    let named = all
        .iter()
        .any(|s| s.items.iter().any(|item| matches!(item, Item::Unit(unit) if unit.quantity == Quantity::Money)));
    let about = named || any(&[Cue::Cost, Cue::Pay]) || any(&[Cue::Change]) && before.form == Some(Form::Money);
    let asks = sentence.end != End::Stop
        && sentence.has_any(&[Cue::HowMuch, Cue::WhatIs, Cue::What, Cue::Change, Cue::HowMany]);
    if !about || any(&[Cue::Percent, Cue::Off, Cue::Ratio]) {
        return None;
    }
    let (found, others) = amounts(all);
    let form = if before.has_decimals && !any(&[Cue::Change]) { Form::DecimalMultiply } else { Form::Money };
    // "You pay ten dollars for something that costs 7.25. How much change?"
    if asks && any(&[Cue::Change]) && sentence.has_any(&[Cue::Change]) {
        let change = match found[..] {
            [one, two] if others == 0 => amount(one.minus(two)?.abs()),
            _ => None,
        };
        return Some(Found::new(Form::Money, Wanted::Money, change));
    }
    // "Six apples at thirty-five pence.", "What do three tickets at four dollars cost?"
    let at_price = sentence
        .items
        .windows(2)
        .any(|pair| matches!(pair, [Item::Cue(Cue::At), Item::Num(_) | Item::Unit(_) | Item::Cue(Cue::A)]));
    if at_price && all.len() == 1 || at_price && asks && sentence.numbers.len() + usize::from(found.len() == 1) <= 3 {
        let (found, others) = amounts(std::slice::from_ref(sentence));
        if let ([price], 1) = (&found[..], others) {
            let count = sentence.numbers.iter().copied().find(|num| num.style == Style::Whole)?;
            let first_is_count =
                sentence.items.iter().find(|item| matches!(item, Item::Num(_))) == Some(&Item::Num(count));
            let total = count
                .value
                .times(*price)
                .filter(|_| first_is_count && !sentence.has_any(&[Cue::And, Cue::Change, Cue::Left, Cue::Save]));
            return Some(Found::new(form, Wanted::Money, total.and_then(amount)));
        }
    }
    // "You save two dollars a week for a scooter that costs thirty. How many weeks?"
    if asks && any(&[Cue::Save]) {
        return Some(Found::form(Form::Money, Wanted::Number));
    }
    let total = found.len() + others;
    (asks
        && total <= 2
        && (sentence.has_any(&[Cue::Cost, Cue::Pay])
            || sentence.text.contains("how much money")
            || sentence.has(Cue::Change)))
    .then(|| Found::form(form, Wanted::Money))
}

/// "A car goes 150 kilometres in 3 hours. How fast is that?", "Four pens cost six dollars. What does one cost?"
fn rate(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    let costs = all.iter().flat_map(|s| &s.items).filter(|item| **item == Item::Cue(Cue::Cost)).count();
    if !sentence.has(Cue::Speed) && costs != 2 && !sentence.text.contains("per ") {
        return None;
    }
    let nums: Vec<Num> = all.iter().flat_map(|sentence| &sentence.numbers).copied().collect();
    let asks = sentence.end != End::None || sentence.has(Cue::WhatIs);
    if asks && sentence.has(Cue::Speed) && sentence.end == End::Question && nums.len() == 2 {
        let quantity = |at: Quantity| {
            all.iter().any(|s| s.items.iter().any(|item| matches!(item, Item::Unit(unit) if unit.quantity == at)))
        };
        let moves = quantity(Quantity::Length) || quantity(Quantity::Imperial);
        let expected = (moves && quantity(Quantity::Time) && sentence.text.contains("fast"))
            .then(|| nums[0].value.over(nums[1].value))
            .flatten();
        return Some(Found::new(
            Form::Rate,
            Wanted::Number,
            expected.filter(|v| v.decimals().is_some()).map(|v| key(v, true)),
        ));
    }
    // "Forty saves in eight games, per game."
    if sentence.text.contains("per ")
        && let [one, two] = nums[..]
        && all.len() == 1
        && sentence.has(Cue::In)
        && sentence.items.iter().all(|item| !matches!(item, Item::Cue(Cue::Percent | Cue::Plus | Cue::Minus)))
    {
        let expected = one.value.over(two.value).filter(|value| value.decimals().is_some_and(|places| places <= 2));
        return Some(Found::new(Form::Rate, Wanted::Number, expected.map(|value| key(value, true))));
    }
    // "If six pens cost nine dollars, what do ten pens cost?"
    if costs == 2 && sentence.end == End::Question {
        let parts: Vec<Exact> = nums.iter().map(|num| num.value).collect();
        let asks_one =
            sentence.text.contains("does one ") || sentence.text.contains("one cost") || sentence.text.contains("each");
        return match parts[..] {
            [count, price] | [count, price, _] if asks_one && parts.get(2).is_none_or(|n| *n == Exact::ONE) => {
                Some(Found::new(Form::Rate, Wanted::Money, price.over(count).and_then(amount)))
            }
            [count, price, asked]
                if sentence.has_any(&[Cue::What, Cue::WhatIs, Cue::HowMuch])
                    && !sentence.has_any(&[Cue::And, Cue::More]) =>
            {
                Some(Found::new(
                    Form::Ratio,
                    Wanted::Money,
                    price.over(count).and_then(|one| one.times(asked)).and_then(amount),
                ))
            }
            _ => None,
        };
    }
    None
}

fn ratio(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    let any = |cue: Cue| all.iter().any(|s| s.has(cue));
    let with_to = || all.iter().filter(|s| s.has(Cue::To));
    let pair = with_to()
        .any(|s| s.items.windows(3).any(|three| matches!(three, [Item::Num(_), Item::Cue(Cue::To), Item::Num(_)])));
    let things = with_to()
        .any(|s| s.items.windows(3).any(|three| matches!(three, [Item::Word(_), Item::Cue(Cue::To), Item::Word(_)])));
    let is_ratio = any(Cue::Ratio) || pair && things;
    if !is_ratio {
        let scale = all.iter().any(|s| s.text.contains("map scale") || s.text.contains("scale is"));
        return (scale && sentence.end == End::Question && sentence.has_number())
            .then(|| Found::form(Form::Ratio, Wanted::Measure));
    }
    if sentence.end == End::Stop && !sentence.has(Cue::Simplify) {
        return None;
    }
    let nums: Vec<i64> = all.iter().flat_map(|sentence| &sentence.numbers).copied().filter_map(Num::to_whole).collect();
    if let ([a, b], true) = (&nums[..], any(Cue::Simplify) && pair) {
        let by = super::numbers::gcd(*a, *b).max(1);
        return Some(Found::new(Form::Ratio, Wanted::Free, Some(format!("{}:{}", a / by, b / by))));
    }
    // "Share forty stickers in the ratio three to five. What are the two parts?"
    if let ([total, a, b], true) = (&nums[..], any(Cue::Share) && pair)
        && a.checked_add(*b).is_some_and(|parts| parts > 0 && total % parts == 0)
        && sentence.text.contains("parts")
    {
        let one = total / (a + b);
        let expected = format!("{}, {}", one * a, one * b);
        return Some(Found::new(Form::Ratio, Wanted::List { is_ordered: true }, Some(expected)));
    }
    Some(Found::form(Form::Ratio, Wanted::Free))
}
