//! Questions about numbers themselves: counting, place value, order, rounding, factors, powers and negative numbers.

use super::draft::{Draft, draft};
use super::exact::gcd;
use super::random::Random;
use super::speech::{Both, both, bracket, counted, int};
use crate::answer::Kind;

pub(super) fn count(random: &mut Random, difficulty: u8) -> Draft {
    let start = random.range(2, 98);
    match (difficulty, random.coin()) {
        (1, true) => draft(
            both!("What number comes after {}?", int(start)),
            start + 1,
            format!("Count one on from {start}: {}.", start + 1),
        ),
        (1, false) => draft(
            both!("What number comes before {}?", int(start)),
            start - 1,
            format!("Count one back from {start}: {}.", start - 1),
        ),
        (2, true) => {
            let steps = random.range(2, 6).min(100 - start);
            let numbers: Vec<_> = (1..=steps).map(|i| (start + i).to_string()).collect();
            draft(
                both!("Count on {} from {}. Where are you?", int(steps), int(start)),
                start + steps,
                format!("{start}, then {}.", numbers.join(", ")),
            )
        }
        (2, false) => {
            let steps = random.range(2, 6).min(start);
            let numbers: Vec<_> = (1..=steps).map(|i| (start - i).to_string()).collect();
            draft(
                both!("Count back {} from {}. Where are you?", int(steps), int(start)),
                start - steps,
                format!("{start}, then {}.", numbers.join(", ")),
            )
        }
        (_, up) => {
            let by = random.pick(&[2, 5, 10]);
            let step = if up { by } else { -by };
            let first = if up { random.range(1, 100 - 3 * by) } else { random.range(3 * by, 100) };
            let [a, b, c] = [0, 1, 2].map(|i| int(first + i * step));
            let next = first + 3 * step;
            draft(
                both!("Count in steps of {}: {}, {}, {}. What number comes next?", int(by), a, b, c),
                next,
                format!("Each number is {by} {} than the one before: {next}.", if up { "more" } else { "less" }),
            )
        }
    }
}

const PLACES: [&str; 5] = ["ones", "tens", "hundreds", "thousands", "ten thousands"];

pub(super) fn place_value(random: &mut Random, difficulty: u8) -> Draft {
    let n_digits = [2, 3, random.range(4, 5)][usize::from(difficulty - 1)];
    let digits = different_digits(random, n_digits as usize);
    let number = digits.iter().fold(0, |number, digit| number * 10 + digit);
    let at = random.range(0, n_digits - 1) as usize;
    let (digit, place) = (digits[at], n_digits as usize - 1 - at);
    let worth = digit * 10_i64.pow(place as u32);
    match random.range(0, 2) {
        0 => draft(
            both!("In {}, what is the {} worth?", int(number), int(digit)),
            worth,
            format!("The {digit} is in the {} place, so it is worth {worth}.", PLACES[place]),
        ),
        1 => draft(
            both!("Which digit of {} is in the {} place?", int(number), Both::same(PLACES[place])),
            digit,
            format!("In {number}, the digit in the {} place is {digit}.", PLACES[place]),
        ),
        _ => {
            let parts: Vec<Both> = digits
                .iter()
                .enumerate()
                .map(|(i, digit)| {
                    let place = PLACES[n_digits as usize - 1 - i];
                    counted(*digit, place.trim_end_matches('s'), place)
                })
                .collect();
            let worths: Vec<String> = digits
                .iter()
                .enumerate()
                .map(|(i, digit)| (digit * 10_i64.pow((n_digits as usize - 1 - i) as u32)).to_string())
                .collect();
            draft(
                both!("Which number is {}?", Both::list(&parts, "and")),
                number,
                format!("{} = {number}.", worths.join(" + ")),
            )
        }
    }
}

/// Digits from 1 to 9, no two alike.
fn different_digits(random: &mut Random, n: usize) -> Vec<i64> {
    let mut digits = Vec::new();
    while digits.len() < n {
        let digit = random.range(1, 9);
        if !digits.contains(&digit) {
            digits.push(digit);
        }
    }
    digits
}

pub(super) fn compare(random: &mut Random, difficulty: u8) -> Draft {
    let highest = [99, 999, 9_999][usize::from(difficulty - 1)];
    let a = random.range(highest / 10, highest);
    // Close to the first, or the same digits in another order: both have to be read well.
    let b = loop {
        let b = if random.coin() { reversed(a) } else { a + random.range(-20, 20) };
        if b != a && b > 0 {
            break b;
        }
        if reversed(a) == a {
            break a + 1;
        }
    };
    if difficulty == 3 && random.coin() {
        let c = loop {
            let c = random.range(1, 999);
            if c != a && c != b {
                break c;
            }
        };
        let mut sorted = [a, b, c];
        let is_up = random.coin();
        sorted.sort_unstable_by_key(|number| if is_up { *number } else { -*number });
        let from = if is_up { "smallest" } else { "biggest" };
        let key = sorted.map(|number| number.to_string()).join(", ");
        return draft(
            both!("Put {}, {} and {} in order from the {}.", int(a), int(b), int(c), Both::same(from)),
            &key,
            format!("Compare the digits from the left: {key}."),
        )
        .kind(Kind::Sequence);
    }
    if random.coin() {
        let key = a.max(b);
        draft(both!("Which is bigger, {} or {}?", int(a), int(b)), key, format!("{key} is bigger than {}.", a.min(b)))
    } else {
        let key = a.min(b);
        draft(both!("Which is smaller, {} or {}?", int(a), int(b)), key, format!("{key} is smaller than {}.", a.max(b)))
    }
}

fn reversed(number: i64) -> i64 {
    let (mut rest, mut back) = (number, 0);
    while rest > 0 {
        back = back * 10 + rest % 10;
        rest /= 10;
    }
    back
}

pub(super) fn round(random: &mut Random, difficulty: u8) -> Draft {
    let (to, name) = match difficulty {
        1 => (10, "ten"),
        2 => (100, "hundred"),
        _ => random.pick(&[(100, "hundred"), (1_000, "thousand")]),
    };
    let highest = [100, 1_000, 10_000][usize::from(difficulty - 1)];
    let number = loop {
        let number = random.range(to + 1, highest - 1);
        if number % to != 0 {
            break number;
        }
    };
    let (below, above) = (number / to * to, number / to * to + to);
    let rounded = if (number - below) * 2 >= to { above } else { below };
    draft(
        both!("Round {} to the nearest {}.", int(number), Both::same(name)),
        rounded,
        format!("{number} lies between {below} and {above}; it rounds to {rounded}."),
    )
}

fn factors_of(number: i64) -> Vec<i64> {
    (1..=number).filter(|factor| number % factor == 0).collect()
}

pub(super) fn factors(random: &mut Random, difficulty: u8) -> Draft {
    let joined = |numbers: &[i64]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (difficulty, random.coin()) {
        (1, true) => {
            let number = random.range(4, 30);
            let key = joined(&factors_of(number));
            draft(both!("Name all factors of {}.", int(number)), &key, format!("{number} can be divided by {key}."))
                .kind(Kind::Set)
        }
        (1, false) => {
            let (by, times) = (random.range(2, 12), random.range(2, 10));
            let number = by * times + if random.coin() { 0 } else { random.range(1, by - 1) };
            let is_multiple = number % by == 0;
            let worked = if is_multiple {
                format!("Yes: {by} times {times} is {number}.")
            } else {
                format!("No: {number} divided by {by} leaves a remainder of {}.", number % by)
            };
            draft(
                both!("Is {} a multiple of {}?", int(number), int(by)),
                if is_multiple { "yes" } else { "no" },
                worked,
            )
            .kind(Kind::YesNo)
        }
        (2, true) => {
            let number = random.range(11, 100);
            let least = (2..=number).find(|factor| number % factor == 0).unwrap_or(number);
            let (key, worked) = if least == number {
                ("yes", format!("{number} can only be divided by 1 and {number}."))
            } else {
                ("no", format!("{number} is {least} times {}.", number / least))
            };
            draft(both!("Is {} a prime number?", int(number)), key, worked).kind(Kind::YesNo)
        }
        (2, false) | (3, true) => {
            let (highest, by) = if difficulty == 2 { (6, random.range(2, 6)) } else { (9, random.range(3, 12)) };
            let (a, b) = random.pick_two(&(1..=highest).collect::<Vec<_>>());
            let (a, b) = (a * by, b * by);
            let key = gcd(a, b);
            draft(
                both!("What is the greatest common factor of {} and {}?", int(a), int(b)),
                key,
                format!("{a} is {key} times {}, and {b} is {key} times {}.", a / key, b / key),
            )
        }
        (_, _) => {
            let (a, b) = random.pick_two(&(2..=15).collect::<Vec<_>>());
            let key = a * b / gcd(a, b);
            draft(
                both!("What is the least common multiple of {} and {}?", int(a), int(b)),
                key,
                format!("{key} is the first number that both {a} and {b} divide."),
            )
        }
    }
}

pub(super) fn order_of_operations(random: &mut Random, difficulty: u8) -> Draft {
    let [a, b, c] = [0, 0, 0].map(|_| random.range(2, 9));
    let product = b * c;
    match (difficulty, random.range(0, 2)) {
        (1, 0) => draft(
            both!("What is {} plus {} times {}?", int(a), int(b), int(c)),
            a + product,
            format!("Multiply first: {b} times {c} is {product}. Then {a} plus {product} is {}.", a + product),
        ),
        (1, 1) => draft(
            both!("What is {} times {} plus {}?", int(b), int(c), int(a)),
            product + a,
            format!("Multiply first: {b} times {c} is {product}. Then add {a}: {}.", product + a),
        ),
        (1, _) => {
            let start = product + random.range(1, 20);
            draft(
                both!("What is {} minus {} times {}?", int(start), int(b), int(c)),
                start - product,
                format!(
                    "Multiply first: {b} times {c} is {product}. Then {start} minus {product} is {}.",
                    start - product
                ),
            )
        }
        (2, 0) => {
            let start = c + random.range(1, 20);
            draft(
                both!("What is {} minus {} divided by {}?", int(start), int(product), int(b)),
                start - c,
                format!("Divide first: {product} divided by {b} is {c}. Then {start} minus {c} is {}.", start - c),
            )
        }
        (2, _) => {
            let sum = bracket(&both!("{} {} {}", int(a), Both::new("+", "plus"), int(b)));
            draft(
                both!("What is {} times {}?", sum, int(c)),
                (a + b) * c,
                format!("Brackets first: {a} plus {b} is {}. Times {c} that is {}.", a + b, (a + b) * c),
            )
        }
        (_, 0) => {
            let d = random.range(2, 9);
            let start = a * d + product;
            draft(
                both!("What is {} minus {} times {} plus {}?", int(start), int(b), int(c), int(d)),
                start - product + d,
                format!(
                    "Multiply first: {b} times {c} is {product}. From left to right, {start} minus {product} plus {d} is {}.",
                    start - product + d
                ),
            )
        }
        (_, 1) => {
            let d = random.range(2, 9);
            draft(
                both!("What is {} times {} plus {} times {}?", int(a), int(d), int(b), int(c)),
                a * d + product,
                format!("Multiply first: {} and {product}. Together that is {}.", a * d, a * d + product),
            )
        }
        (_, _) => {
            let (high, low) = (a + b, a);
            let difference = bracket(&both!("{} {} {}", int(high), Both::new("-", "minus"), int(low)));
            let start = random.range(1, 20);
            draft(
                both!("What is {} plus {} times {}?", int(start), int(c), difference),
                start + c * b,
                format!(
                    "Brackets first: {high} minus {low} is {b}. Then {c} times {b}, plus {start}: {}.",
                    start + c * b
                ),
            )
        }
    }
}

pub(super) fn negative(random: &mut Random, difficulty: u8) -> Draft {
    let highest = [10, 20, 50][usize::from(difficulty - 1)];
    match (difficulty, random.range(0, 2)) {
        (1, 0) => {
            let (a, b) = random.pick_two(&(1..=15).collect::<Vec<_>>());
            draft(
                both!("Which is colder, {} or {} degrees?", int(-a), int(-b)),
                -a.max(b),
                format!("Minus {} is further below zero, so it is colder.", a.max(b)),
            )
        }
        (1 | 2, 1) => {
            let (a, b) = (random.range(1, highest), random.range(1, highest));
            draft(
                both!("What is {} plus {}?", int(-a), int(b)),
                b - a,
                format!("Start at minus {a} and go up {b}: {}.", b - a),
            )
        }
        (1, _) => {
            let a = random.range(0, highest - 1);
            let b = random.range(a + 1, highest + 5);
            draft(
                both!("What is {} minus {}?", int(a), int(b)),
                a - b,
                format!("Go down {a} to zero and then {} more: {}.", b - a, a - b),
            )
        }
        (2, _) => {
            let (a, b) = (random.range(1, highest), random.range(1, highest));
            draft(
                both!("What is {} minus {}?", int(-a), int(b)),
                -a - b,
                format!("Start at minus {a} and go down {b}: {}.", -a - b),
            )
        }
        (_, 0) => {
            let (a, b) = (random.range(2, 12), random.range(2, 12));
            let a = if random.coin() { a } else { -a };
            draft(
                both!("What is {} times {}?", int(a), int(-b)),
                -a * b,
                format!("{} is the size; the signs make it {}.", a.abs() * b, -a * b),
            )
        }
        (_, 1) => {
            let (quotient, by) = (random.range(2, 12), random.range(2, 12));
            draft(
                both!("What is {} divided by {}?", int(-quotient * by), int(by)),
                -quotient,
                format!("{} divided by {by} is {quotient}; one minus sign stays.", quotient * by),
            )
        }
        (_, _) => {
            let (a, b) = (random.range(-highest, highest), random.range(1, highest));
            draft(
                both!("What is {} minus {}?", int(a), int(-b)),
                a + b,
                format!("Taking away minus {b} is adding {b}: {}.", a + b),
            )
        }
    }
}

pub(super) fn powers(random: &mut Random, difficulty: u8) -> Draft {
    match (difficulty, random.coin()) {
        (1, true) => {
            let base = random.range(2, 15);
            draft(
                both!("What is {} squared?", int(base)),
                base * base,
                format!("{base} times {base} is {}.", base * base),
            )
        }
        (1, false) => {
            let root = random.range(2, 15);
            draft(
                both!("What is the square root of {}?", int(root * root)),
                root,
                format!("{root} times {root} is {}.", root * root),
            )
        }
        (2, true) => {
            let base = random.range(2, 10);
            draft(
                both!("What is {} cubed?", int(base)),
                base.pow(3),
                format!("{base} times {base} is {}, times {base} is {}.", base * base, base.pow(3)),
            )
        }
        (2, false) => {
            let (a, b) = random.pick_two(&(2..=12).collect::<Vec<_>>());
            let (a, b) = (a.max(b), a.min(b));
            let is_sum = random.coin();
            let key = if is_sum { a * a + b * b } else { a * a - b * b };
            let word = if is_sum { "plus" } else { "minus" };
            draft(
                both!("What is {} squared {} {} squared?", int(a), Both::same(word), int(b)),
                key,
                format!("{} {word} {} is {key}.", a * a, b * b),
            )
        }
        (_, true) => {
            let (base, power) = random.pick(&[
                (2, 4),
                (2, 5),
                (2, 6),
                (2, 7),
                (2, 8),
                (3, 4),
                (3, 5),
                (4, 4),
                (5, 4),
                (10, 4),
                (10, 5),
            ]);
            let key = i64::pow(base, power as u32);
            draft(
                both!("What is {} to the power of {}?", int(base), int(power)),
                key,
                format!("Multiply {power} factors of {base}: {key}."),
            )
        }
        (_, false) => {
            let (a, b) = random.pick_two(&(3..=20).collect::<Vec<_>>());
            draft(
                both!("What is the square root of {} plus the square root of {}?", int(a * a), int(b * b)),
                a + b,
                format!("The roots are {a} and {b}; together {}.", a + b),
            )
        }
    }
}
