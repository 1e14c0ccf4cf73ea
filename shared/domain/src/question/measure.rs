//! Questions on time, money and units.

use super::draft::{Draft, draft};
use super::exact::{decimal, dollars};
use super::random::Random;
use super::speech::{Both, both, clock, clock_text, counted, dec, digital, int, money};
use crate::answer::Kind;

pub(super) fn time(random: &mut Random, difficulty: u8) -> Draft {
    let step = [15, 5, 1][usize::from(difficulty - 1)];
    let at = random.range(0, 720 / step - 1) * step;
    match (difficulty, random.range(0, 2)) {
        (1, 0) => {
            let hours = random.range(2, 12);
            draft(
                both!("How many minutes are in {} hours?", int(hours)),
                hours * 60,
                format!("One hour is 60 minutes, so it is {}.", hours * 60),
            )
        }
        (1, _) => {
            let (span, said) = random.pick(&[
                (15, "a quarter of an hour"),
                (30, "half an hour"),
                (60, "one hour"),
                (120, "two hours"),
            ]);
            let key = clock_text(at + span);
            draft(
                both!("It is {}. What time is it in {}?", clock(at), Both::same(said)),
                &key,
                format!("{} and {span} minutes is {key}.", clock(at).written),
            )
            .kind(Kind::Time)
        }
        (2, 0) => {
            let (hours, minutes) = (random.range(1, 6), random.range(1, 11) * 5);
            draft(
                both!("How many minutes are {} and {} minutes?", counted(hours, "hour", "hours"), int(minutes)),
                hours * 60 + minutes,
                format!("{} minutes and {minutes} more is {}.", hours * 60, hours * 60 + minutes),
            )
        }
        (2 | 3, 1) => {
            let span = random.range(2, 11) * if difficulty == 2 { 5 } else { 9 };
            draft(
                both!("How many minutes is it from {} to {}?", digital(at), digital(at + span)),
                span,
                format!("From {} to {} it is {span} minutes.", clock(at).written, clock(at + span).written),
            )
        }
        (3, 0) => {
            let span = random.range(11, 59);
            let key = clock_text(at - span);
            draft(
                both!("It is {}. What time was it {} minutes ago?", clock(at), int(span)),
                &key,
                format!("{} less {span} minutes is {key}.", clock(at).written),
            )
            .kind(Kind::Time)
        }
        (_, _) => {
            let span = if difficulty == 2 { random.range(2, 11) * 5 } else { random.range(11, 89) };
            let key = clock_text(at + span);
            draft(
                both!("It is {}. What time is it in {} minutes?", clock(at), int(span)),
                &key,
                format!("{} and {span} minutes is {key}.", clock(at).written),
            )
            .kind(Kind::Time)
        }
    }
}

pub(super) fn money_sums(random: &mut Random, difficulty: u8) -> Draft {
    match (difficulty, random.range(0, 1)) {
        (1, 0) => {
            let (thing, n, each) =
                (random.pick(&["tickets", "books", "toys", "plants"]), random.range(2, 9), random.range(2, 9));
            draft(
                both!("What do {} {} at {} each cost?", int(n), Both::same(thing), money(each * 100)),
                dollars(n * each * 100),
                format!("{n} times {each} is {} dollars.", n * each),
            )
        }
        (1, _) => {
            let (paid, cost) = (random.pick(&[10, 20, 50]), random.range(1, 9));
            draft(
                both!(
                    "You pay with {} for something that costs {}. How much change do you get?",
                    money(paid * 100),
                    money(cost * 100)
                ),
                dollars((paid - cost) * 100),
                format!("{paid} minus {cost} is {} dollars.", paid - cost),
            )
        }
        (2, 0) | (3, 1) => {
            let paid = random.pick(&[1_000, 2_000]);
            let cost = if difficulty == 2 { random.range(4, 39) * 25 } else { random.range(101, 995) };
            draft(
                both!(
                    "You pay with {} for something that costs {}. How much change do you get?",
                    money(paid),
                    money(cost)
                ),
                dollars(paid - cost),
                format!("{} minus {} is {}.", dollars(paid), dollars(cost), dollars(paid - cost)),
            )
        }
        (2, _) => {
            let (quarters, dimes) = (random.range(1, 12), random.range(1, 12));
            let cents = quarters * 25 + dimes * 10;
            draft(
                both!(
                    "How much money are {} and {}?",
                    counted(quarters, "quarter", "quarters"),
                    counted(dimes, "dime", "dimes")
                ),
                dollars(cents),
                format!("{} cents and {} cents make {}.", quarters * 25, dimes * 10, dollars(cents)),
            )
        }
        (_, _) => {
            let (n, each, more) = (random.range(2, 6), random.range(5, 39) * 5, random.range(5, 60) * 5);
            let cents = n * each + more;
            let things = random.pick(&["apples", "pens", "rolls"]);
            draft(
                both!(
                    "{} {} cost {} each and a drink costs {}. What do they cost together?",
                    int(n).capital(),
                    Both::same(things),
                    money(each),
                    money(more)
                ),
                dollars(cents),
                format!(
                    "{n} times {} is {}, plus {} is {}.",
                    dollars(each),
                    dollars(n * each),
                    dollars(more),
                    dollars(cents)
                ),
            )
        }
    }
}

/// Units: the larger, its singular, the smaller, and how many of it make one.
const UNITS: [(&str, &str, &str, i64); 10] = [
    ("metres", "metre", "centimetres", 100),
    ("kilometres", "kilometre", "metres", 1_000),
    ("kilograms", "kilogram", "grams", 1_000),
    ("litres", "litre", "millilitres", 1_000),
    ("centimetres", "centimetre", "millimetres", 10),
    ("feet", "foot", "inches", 12),
    ("yards", "yard", "feet", 3),
    ("pounds", "pound", "ounces", 16),
    ("gallons", "gallon", "quarts", 4),
    ("weeks", "week", "days", 7),
];

pub(super) fn units(random: &mut Random, difficulty: u8) -> Draft {
    let (large, one, small, per) = random.pick(&UNITS);
    let n = random.range(2, 12);
    match (difficulty, random.coin()) {
        (1, _) => draft(
            both!("How many {} are in {} {}?", Both::same(small), int(n), Both::same(large)),
            n * per,
            format!("One {one} is {per} {small}, so {n} {large} are {}.", n * per),
        ),
        (2, true) => draft(
            both!("How many {} are {} {}?", Both::same(large), int(n * per), Both::same(small)),
            n,
            format!("{per} {small} make one {one}, and {} divided by {per} is {n}.", n * per),
        ),
        (2, false) => {
            let more = random.range(1, per - 1);
            let more_units = match small {
                _ if more != 1 => small,
                "inches" => "inch",
                "feet" => "foot",
                _ => small.trim_end_matches('s'),
            };
            draft(
                both!(
                    "How many {} are {} {} and {} {}?",
                    Both::same(small),
                    int(n),
                    Both::same(large),
                    int(more),
                    Both::same(more_units)
                ),
                n * per + more,
                format!("{n} {large} are {}, plus {more} is {}.", n * per, n * per + more),
            )
        }
        (_, _) => {
            let (large, one, small, per) = random.pick(&UNITS[..5]);
            let tenths = loop {
                let tenths = random.range(11, 99);
                if tenths % 10 != 0 {
                    break tenths;
                }
            };
            if random.coin() {
                draft(
                    both!("How many {} are in {} {}?", Both::same(small), dec(tenths, 1), Both::same(large)),
                    tenths * per / 10,
                    format!("{} times {per} is {}.", decimal(tenths, 1), tenths * per / 10),
                )
            } else {
                draft(
                    both!("How many {} are {} {}?", Both::same(large), int(tenths * per / 10), Both::same(small)),
                    decimal(tenths, 1),
                    format!("{per} {small} make one {one}: {} {large}.", decimal(tenths, 1)),
                )
            }
        }
    }
}
