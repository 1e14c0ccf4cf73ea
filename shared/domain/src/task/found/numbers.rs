//! Whole numbers: rounding, places, counting, comparing, ordering, factors.

use super::{Before, Found, Frame, core, has_decimal, has_fraction, key, list, list_to_end};
use crate::answer::Exact;
use crate::task::Wanted;
use crate::task::form::Form;
use crate::task::item::{End, Item, Num, Sentence};
use crate::task::words::Cue;

pub(in crate::task) fn find(sentence: &Sentence, before: Before) -> Option<Found> {
    round(sentence, before)
        .or_else(|| places(sentence, before))
        .or_else(|| order(sentence))
        .or_else(|| factors(sentence))
        .or_else(|| compare(sentence, before))
        .or_else(|| count(sentence))
}

fn round(sentence: &Sentence, before: Before) -> Option<Found> {
    let items = &sentence.items;
    if sentence.has(Cue::Closer) && !sentence.has_any(&[Cue::LessThan, Cue::GreaterThan]) {
        let nums = &sentence.numbers;
        let [number, low, high] = nums[..] else {
            return (nums.len() == 2).then(|| Found::form(Form::Round, Wanted::Number));
        };
        let away = |to: Num| Some(number.value.minus(to.value)?.abs());
        let (to_low, to_high) = (away(low)?, away(high)?);
        let nearest = if to_low < to_high { low } else { high };
        let expected = (to_low != to_high).then(|| key(nearest.value, true));
        return Some(Found::new(Form::Round, Wanted::Number, expected));
    }
    if sentence.has(Cue::Estimate) {
        return sentence.has_number().then(|| Found::form(Form::Round, Wanted::Number));
    }
    if !sentence.has_any(&[Cue::Round, Cue::Nearest]) {
        return None;
    }
    // "round a point" is about angles, "all the way round" about a fence.
    let asks = sentence.has(Cue::Nearest)
        || items.iter().position(|item| *item == Item::Cue(Cue::Round)).is_some_and(|at| {
            let next = items[at + 1..].iter().find(|item| !matches!(item, Item::Cue(Cue::Off | Cue::The)));
            matches!(next, Some(Item::Num(_)))
        });
    let named = sentence.position(Cue::Nearest).and_then(|at| match items.get(at + 1)? {
        Item::Num(num) => Some((num.value, at + 1)),
        Item::Word("hundred") => Some((Exact::whole(100), at + 1)),
        Item::Word("thousand") => Some((Exact::whole(1000), at + 1)),
        Item::Word("whole") | Item::Cue(Cue::Number) => Some((Exact::ONE, at + 1)),
        Item::Part(bottom @ (10 | 100 | 1000), false) => Some((Exact::fraction(1, *bottom)?, at + 1)),
        _ => None,
    });
    let to = match (named, before.frame) {
        (Some((to, _)), _) => Some(to),
        (None, Frame::RoundTo(to)) if !sentence.has(Cue::Nearest) => Some(*to),
        _ => None,
    };
    let skip = named.map(|(_, at)| at);
    let others: Vec<Num> = items
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != skip)
        .filter_map(|(_, item)| if let Item::Num(num) = item { Some(*num) } else { None })
        .collect();
    if !asks || others.is_empty() {
        // "Which numbers round to thirty?"
        return (sentence.end == End::Question && sentence.has_number() && !sentence.has(Cue::AroundPoint))
            .then(|| Found::form(Form::Round, Wanted::Free));
    }
    let expected = match (to, others.as_slice()) {
        (Some(to), [number]) if !sentence.has_any(&[Cue::Up, Cue::Down, Cue::Not]) => {
            let steps = number.value.over(to)?.round(0)?;
            Some(key(steps.times(to)?, true))
        }
        _ => None,
    };
    let found = Found::new(Form::Round, Wanted::Number, expected);
    Some(if let Some(to) = to { found.with(Frame::RoundTo(to)) } else { found })
}

const fn place(cue: Cue) -> Option<i64> {
    match cue {
        Cue::Ones => Some(1),
        Cue::Tens => Some(10),
        Cue::Hundreds => Some(100),
        Cue::Thousands => Some(1000),
        _ => None,
    }
}

fn places(sentence: &Sentence, before: Before) -> Option<Found> {
    let items = &sentence.items;
    if sentence.has(Cue::Worth) {
        let nums = &sentence.numbers;
        let [one, two] = nums[..] else { return None };
        let (digit, number) = if one.value < two.value { (one, two) } else { (two, one) };
        let digit = digit.to_whole().filter(|digit| (1..10).contains(digit))?;
        let expected = worth(digit, number.value);
        let form = if number.value.is_whole() { Form::PlaceValue } else { Form::DecimalPlaceValue };
        return Some(Found::new(form, Wanted::Number, expected));
    }
    if !sentence.has_any(&[Cue::Ones, Cue::Tens, Cue::Hundreds, Cue::Thousands]) {
        return None;
    }
    let asked = sentence.position(Cue::HowMany).and_then(|at| match items.get(at + 1)? {
        Item::Cue(cue) => place(*cue),
        _ => None,
    });
    if let Some(unit) = asked {
        let nums = &sentence.numbers;
        let number = match (&nums[..], before.frame) {
            ([number], _) => number.value,
            ([], Frame::Places(number)) => *number,
            ([], _) if before.form == Some(Form::PlaceValue) => {
                return Some(Found::form(Form::PlaceValue, Wanted::Number));
            }
            _ => return None,
        };
        let whole = number.to_whole()?;
        // "How many tens are in 345?" may mean 4 or 34.
        let expected = (whole < unit * 10 || unit == 1).then(|| (whole / unit % 10).to_string());
        return Some(Found::new(Form::PlaceValue, Wanted::Number, expected).with(Frame::Places(number)));
    }
    let mut total = 0;
    let mut pairs = 0;
    let mut at = 0;
    while at < items.len() {
        let count = match items[at] {
            Item::Num(num) => num.to_whole(),
            Item::Cue(Cue::No) => Some(0),
            _ => None,
        };
        if let (Some(count), Some(Item::Cue(cue))) = (count, items.get(at + 1))
            && let Some(unit) = place(*cue)
        {
            total += count.checked_mul(unit).filter(|value| *value < MAX_PRIME * 1000)?;
            pairs += 1;
            at += 2;
        } else {
            if matches!(items[at], Item::Num(_)) {
                return None;
            }
            at += 1;
        }
    }
    let asks = sentence.end == End::Question || sentence.has_any(&[Cue::Which, Cue::What, Cue::WhatIs]);
    if pairs >= 2 {
        return Some(
            Found::new(Form::PlaceValue, Wanted::Number, Some(total.to_string()))
                .with(Frame::Places(Exact::whole(total))),
        );
    }
    // "Which digit is in the tens place of 452?"
    (asks && sentence.has_number() && sentence.has_any(&[Cue::Digit])
        || pairs == 1 && before.form == Some(Form::PlaceValue))
    .then(|| Found::form(Form::PlaceValue, Wanted::Number))
}

/// The value of a digit in a number; `None` if the digit is not in it exactly once.
fn worth(digit: i64, number: Exact) -> Option<String> {
    let places = number.decimals()?;
    let text = super::decimal(number.abs(), places);
    let sign = char::from_digit(u32::try_from(digit).ok()?, 10)?;
    if text.matches(sign).count() != 1 {
        return None;
    }
    let at = text.find(sign)?;
    let point = text.find('.').unwrap_or(text.len());
    let digit = Exact::whole(digit);
    let value = if at < point {
        digit.times(Exact::whole(10).pow(i32::try_from(point - at - 1).ok()?)?)?
    } else {
        digit.over(Exact::whole(10).pow(i32::try_from(at - point).ok()?)?)?
    };
    Some(key(value, true))
}

fn order(sentence: &Sentence) -> Option<Found> {
    if !sentence.has_any(&[Cue::Order, Cue::Ascending, Cue::Descending]) {
        return None;
    }
    let nums = &sentence.numbers;
    if nums.len() < 3 {
        return None;
    }
    let first =
        sentence.items.iter().position(|item| matches!(item, Item::Num(_) | Item::Cue(Cue::Minus | Cue::Negative)))?;
    let (mut listed, used) = list(&sentence.items[first..]);
    let form = compared_form(&listed);
    let ascending = sentence.has_any(&[Cue::Ascending, Cue::Smallest]);
    let descending = sentence.has_any(&[Cue::Descending, Cue::Biggest]);
    let is_read = listed.len() == nums.len() && first + used <= sentence.items.len() && ascending != descending;
    listed.sort_by_key(|num| num.value);
    if descending {
        listed.reverse();
    }
    let decimal = has_decimal(&listed);
    let text: Vec<String> = listed.iter().map(|num| key(num.value, decimal)).collect();
    Some(Found::new(form, Wanted::List { is_ordered: true }, is_read.then(|| text.join(", "))))
}

fn compared_form(nums: &[Num]) -> Form {
    if nums.iter().any(|num| num.value.is_negative()) {
        Form::Negative
    } else if has_fraction(nums) {
        Form::FractionCompare
    } else if has_decimal(nums) {
        Form::DecimalPlaceValue
    } else {
        Form::Compare
    }
}

/// Whether the largest is wanted.
fn direction(sentence: &Sentence) -> Option<bool> {
    let large = sentence.has_any(&[Cue::Bigger, Cue::Biggest, Cue::Warmer]);
    let small = sentence.has_any(&[Cue::Smaller, Cue::Smallest, Cue::Colder, Cue::Fewer, Cue::Less]);
    let more = sentence.has_any(&[Cue::More, Cue::GreaterThan]);
    match (large || more, small || sentence.has(Cue::LessThan)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

fn compare(sentence: &Sentence, before: Before) -> Option<Found> {
    let items = &sentence.items;
    let nums = &sentence.numbers;
    let written = |num: &Num, all: &[Num]| key(num.value, has_decimal(all));
    // "Is three quarters more or less than a half?"
    if let Some(or) = sentence.position(Cue::Or)
        && nums.len() == 2
        && matches!(items.first(), Some(Item::Cue(Cue::Is | Cue::And)))
        && or > 0
        && (matches!(items[or - 1], Item::Cue(Cue::More | Cue::Bigger))
            || matches!(items[or - 1], Item::Cue(Cue::Less | Cue::Minus | Cue::Smaller)))
    {
        let options = ["more".to_owned(), "less".to_owned()].to_vec();
        let expected = match nums[0].value.cmp(&nums[1].value) {
            std::cmp::Ordering::Greater => Some("more"),
            std::cmp::Ordering::Less => Some("less"),
            std::cmp::Ordering::Equal => None,
        };
        return Some(Found::new(compared_form(nums), Wanted::Choice(options), expected.map(str::to_owned)));
    }
    let asks = sentence.end != End::Stop || sentence.has(Cue::Which);
    let wants = direction(sentence).filter(|_| {
        asks && sentence.has_any(&[Cue::Which, Cue::What, Cue::WhatIs, Cue::Biggest, Cue::Smallest, Cue::Who])
    });
    if let Some(largest) = wants {
        if sentence.has_any(&[
            Cue::Each,
            Cue::HowMany,
            Cue::HowMuch,
            Cue::If,
            Cue::Prime,
            Cue::Multiple,
            Cue::Factors,
            Cue::Hypotenuse,
            Cue::Digit,
            Cue::Percent,
            Cue::Ratio,
        ]) {
            return None;
        }
        let listed = list_to_end(items).unwrap_or_default();
        if listed.len() >= 2 && listed.len() == nums.len() {
            let best =
                if largest { listed.iter().max_by_key(|n| n.value) } else { listed.iter().min_by_key(|n| n.value) };
            let best = *best?;
            let is_single = listed.iter().filter(|num| num.value == best.value).count() == 1;
            let expected = is_single.then(|| written(&best, &listed));
            let options = listed.iter().map(|num| written(num, &listed)).collect();
            let mut found = Found::new(compared_form(&listed), Wanted::Choice(options), expected);
            // "Which is larger, ninety-nine thousand or a hundred and one thousand?" "A hundred and one."
            let thousands = listed.iter().all(|num| num.value.over(Exact::whole(1000)).is_some_and(Exact::is_whole));
            if thousands && let Some(short) = best.value.over(Exact::whole(1000)) {
                found.also = [short.to_string()].to_vec();
            }
            return Some(found.with(Frame::Compared(largest, listed)));
        }
        // "And so which is the greater number?" is about the numbers before.
        if nums.is_empty()
            && sentence.has_any(&[Cue::Number, Cue::Bigger, Cue::Smaller])
            && let Frame::Compared(_, listed) = before.frame
            && sentence.has(Cue::Which)
            && !items.iter().any(|item| matches!(item, Item::Word(_) | Item::Part(..)))
        {
            let best =
                if largest { listed.iter().max_by_key(|n| n.value) } else { listed.iter().min_by_key(|n| n.value) }?;
            let found = Found::new(compared_form(listed), Wanted::Number, Some(written(best, listed)));
            return Some(found.with(Frame::Compared(largest, listed.clone())));
        }
        return (nums.len() >= 2
            && nums.len() == list(&items[items.iter().position(|i| matches!(i, Item::Num(_)))?..]).0.len())
        .then(|| Found::form(compared_form(nums), Wanted::Free));
    }
    // "Three eighths or five eighths?" asks what was asked before.
    let core = core(items);
    let (listed, used) = list(core);
    if listed.len() >= 2 && used == core.len() && sentence.has(Cue::Or) && sentence.end != End::Stop {
        let options: Vec<String> = listed.iter().map(|num| written(num, &listed)).collect();
        if let Frame::Compared(largest, _) = before.frame {
            let best =
                if *largest { listed.iter().max_by_key(|n| n.value) } else { listed.iter().min_by_key(|n| n.value) }?;
            let equal = listed.iter().filter(|num| num.value == best.value).count() > 1;
            let expected = (!equal).then(|| written(best, &listed));
            let found = Found::new(compared_form(&listed), Wanted::Choice(options), expected);
            return Some(found.with(Frame::Compared(*largest, listed)));
        }
        return None;
    }
    // "Would you rather have a quarter or a sixth of it?"
    if nums.len() == 2 && has_fraction(nums) && sentence.has(Cue::Or) && sentence.end == End::Question {
        return Some(Found::form(Form::FractionCompare, Wanted::Free).with(Frame::Compared(true, nums.clone())));
    }
    None
}

fn count(sentence: &Sentence) -> Option<Found> {
    let items = &sentence.items;
    if sentence.has_any(&[Cue::CountOn, Cue::CountBack]) && sentence.has_number() {
        return Some(Found::form(Form::Count, Wanted::List { is_ordered: true }));
    }
    let asks = sentence.has_any(&[Cue::What, Cue::WhatIs, Cue::Which, Cue::Number]);
    let nums = &sentence.numbers;
    let [number] = nums[..] else { return None };
    let number = number.to_whole()?;
    let known = items.iter().all(|item| match item {
        Item::Num(_) | Item::Comma => true,
        Item::Word(word) => matches!(
            *word,
            "just" | "comes" | "straight" | "immediately" | "viene" | "kommt" | "va" | "número" | "zahl" | "direkt"
        ),
        Item::Cue(cue) => matches!(
            cue,
            Cue::What
                | Cue::WhatIs
                | Cue::Which
                | Cue::Number
                | Cue::After
                | Cue::Before
                | Cue::The
                | Cue::And
                | Cue::Filler
                | Cue::Next
                | Cue::Is
                | Cue::Something
        ),
        _ => false,
    });
    if !known || !asks && sentence.end != End::Question {
        return None;
    }
    let step = match (sentence.has(Cue::After), sentence.has(Cue::Before)) {
        (true, false) => 1,
        (false, true) => -1,
        _ => return None,
    };
    let last = items.last().is_some_and(|item| matches!(item, Item::Num(_)));
    last.then(|| Found::new(Form::Count, Wanted::Number, Some(number.saturating_add(step).to_string())))
}

fn factors(sentence: &Sentence) -> Option<Found> {
    const ALL: [Cue; 8] = [
        Cue::Factors,
        Cue::Multiple,
        Cue::Prime,
        Cue::CommonFactor,
        Cue::CommonMultiple,
        Cue::Divisible,
        Cue::Even,
        Cue::Odd,
    ];
    if !sentence.has_any(&ALL) {
        return None;
    }
    let items = &sentence.items;
    let nums: Vec<i64> = sentence.numbers.iter().filter_map(|num| num.to_whole()).collect();
    if sentence.has_any(&[Cue::CommonFactor, Cue::CommonMultiple]) {
        let listed = list_to_end(items).unwrap_or_default();
        let whole: Option<Vec<i64>> = listed.iter().map(|num| num.to_whole().filter(|n| *n > 0)).collect();
        let expected = whole.filter(|whole| whole.len() >= 2 && whole.len() == nums.len()).map(|whole| {
            let by =
                if sentence.has(Cue::CommonFactor) { gcd } else { |a: i64, b: i64| (a / gcd(a, b)).saturating_mul(b) };
            whole[1..].iter().fold(whole[0], |a, b| by(a, *b)).to_string()
        });
        return Some(Found::new(Form::Factors, Wanted::Number, expected));
    }
    if sentence.has_any(&[Cue::Even, Cue::Odd]) && !sentence.has_any(&[Cue::Factors, Cue::Multiple, Cue::Prime]) {
        // "even if", "not even close"
        return (sentence.has(Cue::Even) && sentence.has(Cue::Odd) && nums.len() == 1).then(|| {
            let expected = if nums[0] % 2 == 0 { "even" } else { "odd" };
            let options = ["even".to_owned(), "odd".to_owned()].to_vec();
            Found::new(Form::Factors, Wanted::Choice(options), Some(expected.to_owned()))
        });
    }
    let yes_no = matches!(
        items.iter().find(|i| !matches!(i, Item::Cue(Cue::And | Cue::Filler) | Item::Comma)),
        Some(Item::Cue(Cue::Is))
    );
    let yes = |is: bool| Some(if is { "yes" } else { "no" }.to_owned());
    if yes_no {
        let expected = match (
            &nums[..],
            sentence.has(Cue::Prime),
            sentence.has(Cue::Divisible),
            sentence.has(Cue::Factors),
            sentence.has(Cue::Multiple),
        ) {
            ([n], true, false, false, false) => yes(is_prime(*n)).filter(|_| *n <= MAX_PRIME),
            ([n, by], false, true, false, false) if *by != 0 => yes(n % by == 0),
            ([by, n], false, false, true, false) if *by != 0 => yes(n % by == 0),
            ([n, by], false, false, false, true) if *by != 0 => yes(n % by == 0),
            _ => None,
        };
        let expected = expected.filter(|_| !sentence.has_any(&[Cue::Or, Cue::Not]));
        return Some(Found::new(Form::Factors, Wanted::YesNo, expected));
    }
    if nums.is_empty() && sentence.end != End::Question {
        return None;
    }
    if let ([n], true) =
        (&nums[..], sentence.has(Cue::Factors) && !sentence.has_any(&[Cue::Prime, Cue::HowMany, Cue::Multiple]))
        && (1..=1000).contains(n)
        && (sentence.has_word("all") || sentence.has_word("list") || sentence.has(Cue::WhatIs))
        && !sentence.has_any(&[Cue::Which, Cue::Biggest, Cue::Smallest, Cue::Or])
    {
        let all: Vec<String> = (1..=*n).filter(|by| n % by == 0).map(|by| by.to_string()).collect();
        return Some(Found::new(Form::Factors, Wanted::List { is_ordered: false }, Some(all.join(", "))));
    }
    Some(Found::form(Form::Factors, Wanted::Free))
}

pub(in crate::task) fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// Whether a larger number is prime is not computed.
const MAX_PRIME: i64 = 1_000_000;

fn is_prime(n: i64) -> bool {
    n > 1 && (2..=n.isqrt()).all(|by| n % by != 0)
}
