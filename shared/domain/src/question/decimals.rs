//! Questions on decimals and percentages.

use super::draft::{Draft, draft};
use super::exact::{decimal, dollars, gcd};
use super::random::Random;
use super::speech::{Both, both, dec, int, money, over};
use crate::answer::AskedForm;

pub(super) fn place_value(random: &mut Random, difficulty: u8) -> Draft {
    let which = random.range(0, 2);
    match (difficulty, which) {
        (_, 0) => {
            // 0.5 or 0.45: the longer one looks bigger and often is not.
            let a = random.range(1, 9) * 10;
            let b = loop {
                let b = random.range(11, 99);
                if b % 10 != 0 {
                    break b;
                }
            };
            let whole = if difficulty == 1 { 0 } else { random.range(1, 9) * 100 };
            let (a, b) = if random.coin() { (a + whole, b + whole) } else { (b + whole, a + whole) };
            let (word, key) = if random.coin() { ("bigger", a.max(b)) } else { ("smaller", a.min(b)) };
            draft(
                both!("Which is {}, {} or {}?", Both::same(word), dec(a, 2), dec(b, 2)),
                decimal(key, 2),
                format!("As hundredths they are {a} and {b}, so {} is {word}.", decimal(key, 2)),
            )
        }
        (1, 1) => {
            let top = random.range(1, 9);
            draft(
                both!("Write {} as a decimal.", over(top, 10)),
                decimal(top, 1),
                format!("{top} in the tenths place: {}.", decimal(top, 1)),
            )
            .form(AskedForm::Decimal)
        }
        (2, 1) => {
            let top = loop {
                let top = random.range(1, 99);
                if top % 10 != 0 {
                    break top;
                }
            };
            draft(
                both!("Write {} as a decimal.", over(top, 100)),
                decimal(top, 2),
                format!("{top} hundredths are {}.", decimal(top, 2)),
            )
            .form(AskedForm::Decimal)
        }
        (3, 1) => {
            let (top, bottom) = random.pick(&[
                (1, 2),
                (1, 4),
                (3, 4),
                (1, 5),
                (2, 5),
                (3, 5),
                (4, 5),
                (1, 8),
                (3, 8),
                (5, 8),
                (7, 8),
                (1, 20),
                (3, 20),
                (7, 20),
                (9, 20),
                (1, 25),
                (3, 25),
                (7, 25),
            ]);
            let key = decimal(top * 1_000 / bottom, 3);
            draft(
                both!("Write {} as a decimal.", over(top, bottom)),
                &key,
                format!("{top} divided by {bottom} is {key}."),
            )
            .form(AskedForm::Decimal)
        }
        _ => {
            let number = loop {
                let number = random.range(101, 9_999);
                let digits = [number / 100 % 10, number / 10 % 10, number % 10];
                if number % 10 != 0 && digits[0] != digits[1] && digits[1] != digits[2] {
                    break number;
                }
            };
            let (place, digit) = if random.coin() { ("tenths", number / 10 % 10) } else { ("hundredths", number % 10) };
            draft(
                both!("Which digit of {} is in the {} place?", dec(number, 2), Both::same(place)),
                digit,
                format!("After the point come tenths, then hundredths: {digit} is in the {place} place."),
            )
        }
    }
}

pub(super) fn add(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = match difficulty {
        1 => (random.range(1, 99) * 10, random.range(1, 99) * 10),
        2 => (random.range(11, 999), random.range(1, 99) * 10),
        _ => (random.range(101, 2_999), random.range(101, 2_999)),
    };
    if random.coin() {
        let key = decimal(a + b, 2);
        draft(
            both!("What is {} plus {}?", dec(a, 2), dec(b, 2)),
            &key,
            format!("Line up the decimal points and add: {key}."),
        )
    } else {
        let (a, b) = if a == b { (a + 100, b) } else { (a.max(b), a.min(b)) };
        let key = decimal(a - b, 2);
        draft(
            both!("What is {} minus {}?", dec(a, 2), dec(b, 2)),
            &key,
            format!("Line up the decimal points and subtract: {key}."),
        )
    }
}

pub(super) fn multiply(random: &mut Random, difficulty: u8) -> Draft {
    let tenth = |random: &mut Random, high| loop {
        let units = random.range(2, high);
        if units % 10 != 0 {
            break units;
        }
    };
    match (difficulty, random.coin()) {
        (1, true) => {
            let (a, b) = (tenth(random, 49), random.range(2, 9));
            let key = decimal(a * b, 1);
            draft(
                both!("What is {} times {}?", dec(a, 1), int(b)),
                &key,
                format!("{a} times {b} is {}, and one digit comes after the point: {key}.", a * b),
            )
        }
        (1, false) => {
            let (quotient, by) = (tenth(random, 49), random.range(2, 9));
            let whole = decimal(quotient * by, 1);
            let key = decimal(quotient, 1);
            draft(
                both!("What is {} divided by {}?", dec(quotient * by, 1), int(by)),
                &key,
                format!("{by} times {key} is {whole}."),
            )
        }
        (2 | 3, true) => {
            let high = if difficulty == 2 { 12 } else { 49 };
            let (a, b) = (tenth(random, high), tenth(random, 19));
            let key = decimal(a * b, 2);
            draft(
                both!("What is {} times {}?", dec(a, 1), dec(b, 1)),
                &key,
                format!("{a} times {b} is {}, and two digits come after the point: {key}.", a * b),
            )
        }
        (2, false) => {
            let (quotient, by) = (random.range(2, 12), random.range(2, 9));
            draft(
                both!("What is {} divided by {}?", dec(quotient * by, 1), dec(by, 1)),
                quotient,
                format!("Ten times both: {} divided by {by} is {quotient}.", quotient * by),
            )
        }
        (_, _) => {
            let (quotient, by) = (tenth(random, 99), tenth(random, 19));
            let key = decimal(quotient, 1);
            let whole = decimal(quotient * by, 2);
            draft(
                both!("What is {} divided by {}?", dec(quotient * by, 2), dec(by, 1)),
                &key,
                format!("{} times {key} is {whole}.", decimal(by, 1)),
            )
        }
    }
}

pub(super) fn percent_of(random: &mut Random, difficulty: u8) -> Draft {
    let percent = match difficulty {
        1 => random.pick(&[10, 50, 25, 20, 1]),
        2 => random.pick(&[5, 15, 20, 30, 40, 60, 70, 75, 80, 90]),
        _ => random.pick(&[3, 6, 8, 12, 16, 18, 24, 35, 45, 65, 85, 95, 120, 150]),
    };
    // The result is a whole number.
    let step = 100 / gcd(percent, 100);
    let whole = step * random.range(1, (1_000 / step).max(4));
    let key = percent * whole / 100;
    if difficulty == 3 && random.coin() && percent < 100 {
        return draft(
            both!("{} out of {} is what percent?", int(key).capital(), int(whole)),
            format!("{percent}%"),
            format!("{key} divided by {whole} is {}, which is {percent} percent.", decimal(percent, 2)),
        );
    }
    draft(
        both!("What is {} percent of {}?", int(percent), int(whole)),
        key,
        format!("{whole} divided by 100, times {percent}, is {key}."),
    )
}

pub(super) fn percent_change(random: &mut Random, difficulty: u8) -> Draft {
    let percent = match difficulty {
        1 => random.pick(&[10, 20, 50]),
        2 => random.pick(&[5, 10, 20, 25, 30, 40]),
        _ => random.pick(&[12, 15, 35, 45, 60, 75]),
    };
    let step = 100 / gcd(percent, 100);
    let price = step * random.range(1, 300 / step);
    let change = price * percent / 100;
    match random.range(0, 2) {
        0 => {
            let thing = random.pick(&["game", "book", "jacket", "bag", "ball", "lamp"]);
            draft(
                both!(
                    "A {} costs {} and is now {} percent off. What does it cost now?",
                    Both::same(thing),
                    money(price * 100),
                    int(percent)
                ),
                dollars((price - change) * 100),
                format!("{percent} percent of {price} is {change}, and {price} minus {change} is {}.", price - change),
            )
        }
        1 => {
            let (is_up, word) = random.pick(&[(true, "rise"), (false, "fall")]);
            let after = if is_up { price + change } else { price - change };
            draft(
                both!(
                    "A price goes from {} to {}. By what percent did it {}?",
                    int(price),
                    int(after),
                    Both::same(word)
                ),
                format!("{percent}%"),
                format!("The change is {change}. Divided by {price} that is {percent} percent."),
            )
        }
        _ => {
            let (is_up, word) = random.pick(&[(true, "Increase"), (false, "Decrease")]);
            let after = if is_up { price + change } else { price - change };
            draft(
                both!("{} {} by {} percent.", Both::same(word), int(price), int(percent)),
                after,
                format!("{percent} percent of {price} is {change}, so the result is {after}."),
            )
        }
    }
}
