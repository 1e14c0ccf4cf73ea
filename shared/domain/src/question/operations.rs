//! Questions on adding, subtracting, multiplying and dividing whole numbers.

use super::draft::{Draft, draft};
use super::random::Random;
use super::speech::{Both, both, counted, int};
use crate::answer::Kind;

pub(super) fn add_facts(random: &mut Random, difficulty: u8) -> Draft {
    match (difficulty, random.coin()) {
        (1, _) => {
            let a = random.range(1, 9);
            let b = random.range(1, 10 - a);
            plus(a, b)
        }
        (2, true) => {
            let a = random.range(2, 10);
            let b = random.range(11 - a, 10);
            plus(a, b)
        }
        (2, false) => {
            let sum = random.range(5, 20);
            let a = random.range(1, sum - 1);
            draft(
                both!("What must you add to {} to make {}?", int(a), int(sum)),
                sum - a,
                format!("{a} plus {} is {sum}.", sum - a),
            )
        }
        (_, true) => {
            let a = random.range(6, 15);
            let b = random.range(11 - a.min(10), 20 - a);
            plus(a, b)
        }
        (_, false) => {
            let (a, b) = (random.range(1, 8), random.range(1, 6));
            let c = random.range(1, 20 - a - b);
            draft(
                both!("What is {} plus {} plus {}?", int(a), int(b), int(c)),
                a + b + c,
                format!("{a} plus {b} is {}, plus {c} is {}.", a + b, a + b + c),
            )
        }
    }
}

fn plus(a: i64, b: i64) -> Draft {
    draft(both!("What is {} plus {}?", int(a), int(b)), a + b, format!("{a} plus {b} is {}.", a + b))
}

pub(super) fn add_multi_digit(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = match difficulty {
        1 => {
            // No carrying: neither column reaches ten.
            let (tens, ones) = (random.range(1, 8), random.range(0, 8));
            let (more_tens, more_ones) = (random.range(1, 9 - tens), random.range(1, 9 - ones));
            (tens * 10 + ones, more_tens * 10 + more_ones)
        }
        2 => {
            let (ones, tens) = (random.range(2, 9), random.range(1, 9));
            (tens * 10 + ones, random.range(1, 9) * 10 + random.range(10 - ones, 9))
        }
        _ => (random.range(101, 999), random.range(101, 999)),
    };
    let [parts_a, parts_b] = [a, b].map(|number| (number / 10 * 10, number % 10));
    let worked = if difficulty == 3 {
        format!("{a} plus {} is {}, plus {} is {}.", b / 100 * 100, a + b / 100 * 100, b % 100, a + b)
    } else {
        format!(
            "{} plus {} is {}, and {} plus {} is {}: together {}.",
            parts_a.0,
            parts_b.0,
            parts_a.0 + parts_b.0,
            parts_a.1,
            parts_b.1,
            parts_a.1 + parts_b.1,
            a + b
        )
    };
    draft(both!("What is {} plus {}?", int(a), int(b)), a + b, worked)
}

pub(super) fn subtract_facts(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = match difficulty {
        1 => {
            let a = random.range(2, 10);
            (a, random.range(1, a))
        }
        2 => {
            let a = random.range(11, 20);
            (a, random.range(1, 10))
        }
        _ => {
            // Always through ten.
            let a = random.range(11, 18);
            (a, random.range(a - 9, 9))
        }
    };
    let worked = format!("{a} take away {b} leaves {}.", a - b);
    let ask = match random.range(0, 2) {
        0 => both!("What is {} minus {}?", int(a), int(b)),
        1 => both!("What is {} take away {}?", int(a), int(b)),
        _ => {
            let (one, many) = random.pick(&[("apple", "apples"), ("sticker", "stickers"), ("marble", "marbles")]);
            both!("You have {} and give {} away. How many are left?", counted(a, one, many), int(b))
        }
    };
    draft(ask, a - b, worked)
}

pub(super) fn subtract_multi_digit(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = match difficulty {
        1 => {
            // No borrowing: each digit is at least the one below it.
            let (tens, ones) = (random.range(2, 9), random.range(1, 9));
            (tens * 10 + ones, random.range(1, tens - 1) * 10 + random.range(0, ones))
        }
        2 => {
            let (tens, ones) = (random.range(3, 9), random.range(0, 8));
            (tens * 10 + ones, random.range(1, tens - 1) * 10 + random.range(ones + 1, 9))
        }
        _ => {
            let a = random.range(300, 999);
            (a, random.range(101, a - 50))
        }
    };
    let front = if difficulty == 3 { b / 100 * 100 } else { b / 10 * 10 };
    draft(
        both!("What is {} minus {}?", int(a), int(b)),
        a - b,
        format!("{a} minus {front} is {}, minus {} is {}.", a - front, b - front, a - b),
    )
}

pub(super) fn multiply_facts(random: &mut Random, difficulty: u8) -> Draft {
    let a = match difficulty {
        1 => random.pick(&[2, 5, 10]),
        2 => random.pick(&[3, 4, 6]),
        _ => random.pick(&[7, 8, 9, 11, 12]),
    };
    let b = random.range(2, if difficulty == 1 { 10 } else { 12 });
    let product = a * b;
    let worked = format!("{a} times {b} is {product}.");
    match random.range(0, 3) {
        0 => draft(both!("What is {} times {}?", int(a), int(b)), product, worked),
        1 => draft(both!("What is {} times {}?", int(b), int(a)), product, worked),
        2 => draft(both!("How many are {} groups of {}?", int(b), int(a)), product, worked),
        _ => draft(both!("What times {} makes {}?", int(a), int(product)), b, worked),
    }
}

pub(super) fn multiply_multi_digit(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = match difficulty {
        1 => (random.range(11, 49), random.range(2, 5)),
        2 => (random.range(101, 499), random.range(3, 9)),
        _ => (random.range(12, 79), random.range(12, 49)),
    };
    let (front, back) = match difficulty {
        3 => (b / 10 * 10, b % 10),
        2 => (a / 100 * 100, a % 100),
        _ => (a / 10 * 10, a % 10),
    };
    let by = if difficulty == 3 { a } else { b };
    let worked = if back == 0 {
        format!("{front} times {by} is {}.", a * b)
    } else {
        format!("{front} times {by} is {}, and {back} times {by} is {}: together {}.", front * by, back * by, a * b)
    };
    draft(both!("What is {} times {}?", int(a), int(b)), a * b, worked)
}

pub(super) fn divide_facts(random: &mut Random, difficulty: u8) -> Draft {
    let by = match difficulty {
        1 => random.pick(&[2, 5, 10]),
        2 => random.pick(&[3, 4, 6]),
        _ => random.pick(&[7, 8, 9, 11, 12]),
    };
    let quotient = random.range(2, if difficulty == 1 { 10 } else { 12 });
    let whole = by * quotient;
    let ask = match random.range(0, 2) {
        0 => both!("What is {} divided by {}?", int(whole), int(by)),
        1 => {
            let many = random.pick(&["sweets", "pencils", "cards"]);
            both!(
                "Share {} {} equally among {} children. How many does each child get?",
                int(whole),
                Both::same(many),
                int(by)
            )
        }
        _ => both!("How many groups of {} are in {}?", int(by), int(whole)),
    };
    draft(ask, quotient, format!("{by} times {quotient} is {whole}, so the answer is {quotient}."))
}

pub(super) fn divide_long(random: &mut Random, difficulty: u8) -> Draft {
    match (difficulty, random.coin()) {
        (1, _) => {
            let (by, quotient) = (random.range(2, 9), random.range(11, 40));
            exact(by * quotient, by)
        }
        (2, true) | (3, false) => {
            let (by, quotient) = if difficulty == 2 {
                (random.range(3, 9), random.range(4, 20))
            } else {
                (random.range(11, 25), random.range(4, 20))
            };
            let rest = random.range(1, by - 1);
            let whole = by * quotient + rest;
            draft(
                both!("What is the remainder of {} divided by {}?", int(whole), int(by)),
                rest,
                format!("{by} times {quotient} is {}, and {rest} are left over.", by * quotient),
            )
        }
        (2, false) => {
            let (by, quotient) = (random.range(3, 9), random.range(10, 30));
            let rest = random.range(1, by - 1);
            let whole = by * quotient + rest;
            draft(
                both!("What is {} divided by {}? Give the remainder too.", int(whole), int(by)),
                format!("{quotient} remainder {rest}"),
                format!("{by} times {quotient} is {}, and {rest} are left over.", by * quotient),
            )
            .kind(Kind::Remainder)
        }
        (_, _) => {
            let (by, quotient) = (random.range(11, 25), random.range(11, 50));
            exact(by * quotient, by)
        }
    }
}

fn exact(whole: i64, by: i64) -> Draft {
    let quotient = whole / by;
    draft(
        both!("What is {} divided by {}?", int(whole), int(by)),
        quotient,
        format!("{by} times {quotient} is {whole}, so {whole} divided by {by} is {quotient}."),
    )
}
