//! Questions on patterns, expressions, equations, inequalities, lines and coordinates.

use super::draft::{Draft, draft};
use super::exact::Fraction;
use super::random::Random;
use super::speech::{Both, both, bracket, equals, int, ordinal, point, point_text, polynomial, sign};
use crate::answer::Kind;

const LETTERS: [&str; 5] = ["x", "y", "b", "a", "t"];

pub(super) fn patterns(random: &mut Random, difficulty: u8) -> Draft {
    let show = |numbers: &[i64]| Both::list(&numbers.iter().map(|number| int(*number)).collect::<Vec<_>>(), "");
    let next =
        |numbers: &[i64], key: i64, worked: String| draft(both!("What comes next: {}?", show(numbers)), key, worked);
    match (difficulty, random.coin()) {
        (1, _) => {
            let (start, step) = (random.range(1, 20), random.range(2, 10));
            let numbers = [0, 1, 2, 3].map(|i| start + i * step);
            next(&numbers, start + 4 * step, format!("Each number is {step} more: {}.", start + 4 * step))
        }
        (2, true) => {
            let (step, last) = (random.range(3, 12), random.range(1, 20));
            let numbers = [4, 3, 2, 1].map(|i| last + i * step);
            next(&numbers, last, format!("Each number is {step} less: {last}."))
        }
        (2, false) => {
            let (start, by) = (random.range(1, 9), random.range(2, 4));
            let numbers = [0, 1, 2, 3].map(|i| start * i64::pow(by, i));
            let key = start * by.pow(4);
            next(&numbers, key, format!("Each number is {by} times the one before: {key}."))
        }
        (_, true) => {
            let (start, step, more) = (random.range(1, 12), random.range(1, 6), random.range(1, 5));
            let mut numbers = vec![start];
            for i in 0..4 {
                numbers.push(numbers[i as usize] + step + i * more);
            }
            let key = numbers.pop().unwrap_or_default();
            next(
                &numbers,
                key,
                format!("The steps grow by {more} each time, so the next step is {}: {key}.", step + 3 * more),
            )
        }
        (_, false) => {
            let (start, step, n) = (random.range(1, 15), random.range(2, 9), random.range(8, 20));
            let key = start + (n - 1) * step;
            let numbers = [0, 1, 2].map(|i| start + i * step);
            draft(
                both!(
                    "A pattern starts {} and goes on in the same steps. What is the {} number?",
                    show(&numbers),
                    Both::new(short_ordinal(n), ordinal(n))
                ),
                key,
                format!("Start at {start} and add {step} another {} times: {key}.", n - 1),
            )
        }
    }
}

/// "8th", "21st".
fn short_ordinal(n: i64) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

pub(super) fn expressions(random: &mut Random, difficulty: u8) -> Draft {
    let letter = random.pick(&LETTERS);
    match (difficulty, random.coin()) {
        (1, true) => {
            let (a, b, value) = (random.range(2, 6), random.range(1, 9), random.range(2, 9));
            let key = a * value + b;
            draft(
                both!("If {} is {}, what is {}?", Both::same(letter), int(value), polynomial(letter, &[a, b])),
                key,
                format!("{a} times {value} is {}, plus {b} is {key}.", a * value),
            )
        }
        (1, false) => {
            let (a, b) = (random.range(2, 9), random.range(2, 9));
            let sum = polynomial(letter, &[a + b, 0]).written;
            draft(
                both!("Simplify {} {} {}.", polynomial(letter, &[a, 0]), sign(1), polynomial(letter, &[b, 0])),
                &sum,
                format!("{a} plus {b} is {}, so {sum}.", a + b),
            )
            .kind(Kind::Expression)
        }
        (2, true) => {
            let (a, value, b) = (random.range(2, 5), random.range(2, 6), random.range(1, 12));
            let key = a * value * value - b;
            draft(
                both!("If {} is {}, what is {}?", Both::same(letter), int(value), polynomial(letter, &[a, 0, -b])),
                key,
                format!(
                    "{value} squared is {}, times {a} is {}, minus {b} is {key}.",
                    value * value,
                    a * value * value
                ),
            )
        }
        (2, false) => {
            let (a, b) = (random.range(2, 9), random.range(1, 9));
            let b = if random.coin() { b } else { -b };
            let key = polynomial(letter, &[a, a * b]).written;
            draft(
                both!("Expand {}.", times_bracket(a, &polynomial(letter, &[1, b]))),
                &key,
                format!("Multiply both parts by {a}: {key}."),
            )
            .kind(Kind::Expression)
        }
        (_, true) => {
            let (a, c) = (random.range(3, 9), random.range(1, 9));
            let b = random.range(1, a - 1);
            let d = random.range(1, 9);
            let key = polynomial(letter, &[a - b, c + d]).written;
            let front = polynomial(letter, &[a, c]);
            let back = polynomial(letter, &[b, 0]);
            draft(
                both!("Simplify {} {} {} {} {}.", front, sign(-1), back, sign(1), int(d)),
                &key,
                format!("{a} minus {b} is {}, and {c} plus {d} is {}: {key}.", a - b, c + d),
            )
            .kind(Kind::Expression)
        }
        (_, false) => {
            let (a, b, c) = (random.range(2, 6), random.range(1, 9), random.range(2, 9));
            let key = polynomial(letter, &[a + c, a * b]).written;
            draft(
                both!(
                    "Expand and simplify {} {} {}.",
                    times_bracket(a, &polynomial(letter, &[1, b])),
                    sign(1),
                    polynomial(letter, &[c, 0])
                ),
                &key,
                format!(
                    "The bracket gives {}; with {} that is {key}.",
                    polynomial(letter, &[a, a * b]).written,
                    polynomial(letter, &[c, 0]).written
                ),
            )
            .kind(Kind::Expression)
        }
    }
}

/// "3(x + 4)".
pub(super) fn times_bracket(a: i64, inner: &Both) -> Both {
    let inner = bracket(inner);
    Both::new(format!("{a}{}", inner.written), format!("{} {}", int(a).spoken, inner.spoken))
}

/// "Solve 2x + 3 = 11."
fn solve(left: &Both, right: &Both) -> Both {
    both!("Solve {} {} {}.", left, equals(), right)
}

pub(super) fn one_step(random: &mut Random, difficulty: u8) -> Draft {
    let letter = random.pick(&LETTERS);
    let key =
        if difficulty == 3 { random.range(-12, 20) } else { random.range(1, [10, 15][usize::from(difficulty - 1)]) };
    let b = random.range(2, [10, 25, 40][usize::from(difficulty - 1)]);
    match random.range(0, 3) {
        0 => draft(
            solve(&polynomial(letter, &[1, b]), &int(key + b)),
            key,
            format!("Subtract {b} on both sides: {letter} is {key}."),
        ),
        1 => draft(
            solve(&polynomial(letter, &[1, -b]), &int(key - b)),
            key,
            format!("Add {b} on both sides: {letter} is {key}."),
        ),
        2 => {
            let a = random.range(2, [5, 9, 12][usize::from(difficulty - 1)]);
            let a = if difficulty == 3 && random.coin() { -a } else { a };
            draft(
                solve(&polynomial(letter, &[a, 0]), &int(a * key)),
                key,
                format!("Divide both sides by {a}: {letter} is {key}."),
            )
        }
        _ => {
            let a = random.range(2, [5, 9, 12][usize::from(difficulty - 1)]);
            let left = Both::new(format!("{letter}/{a}"), format!("{letter} divided by {}", int(a).spoken));
            draft(solve(&left, &int(key)), key * a, format!("Multiply both sides by {a}: {letter} is {}.", key * a))
        }
    }
}

pub(super) fn two_step(random: &mut Random, difficulty: u8) -> Draft {
    let letter = random.pick(&LETTERS);
    let key = if difficulty == 3 { random.range(-9, 12) } else { random.range(1, 10) };
    let a = random.range(2, [5, 9, 12][usize::from(difficulty - 1)]);
    let b = random.range(1, [10, 20, 30][usize::from(difficulty - 1)]);
    let b = if random.coin() { b } else { -b };
    let undo = |b: i64| if b > 0 { format!("Subtract {b}") } else { format!("Add {}", -b) };
    if difficulty == 3 && random.coin() {
        // The letter on both sides.
        let c = random.range(1, a - 1);
        let right = polynomial(letter, &[c, (a - c) * key + b]);
        return draft(
            solve(&polynomial(letter, &[a, b]), &right),
            key,
            format!(
                "Take {} from both sides: {} = {}. {} and divide by {}: {letter} is {key}.",
                polynomial(letter, &[c, 0]).written,
                polynomial(letter, &[a - c, b]).written,
                (a - c) * key + b,
                undo(b),
                a - c
            ),
        );
    }
    if difficulty == 2 && random.coin() {
        return draft(
            solve(&times_bracket(a, &polynomial(letter, &[1, b])), &int(a * (key + b))),
            key,
            format!("Divide by {a}: {} = {}. So {letter} is {key}.", polynomial(letter, &[1, b]).written, key + b),
        );
    }
    draft(
        solve(&polynomial(letter, &[a, b]), &int(a * key + b)),
        key,
        format!(
            "{} on both sides: {} = {}. Divide by {a}: {letter} is {key}.",
            undo(b),
            polynomial(letter, &[a, 0]).written,
            a * key
        ),
    )
}

/// The four comparisons: sign, words, and the sign turned round.
const COMPARISONS: [(&str, &str, &str); 4] = [
    (">", "is greater than", "<"),
    ("<", "is less than", ">"),
    (">=", "is greater than or equal to", "<="),
    ("<=", "is less than or equal to", ">="),
];

fn holds(left: i64, symbol: &str, right: i64) -> bool {
    match symbol {
        ">" => left > right,
        "<" => left < right,
        ">=" => left >= right,
        _ => left <= right,
    }
}

pub(super) fn inequalities(random: &mut Random, difficulty: u8) -> Draft {
    let (symbol, words, turned) =
        if difficulty == 1 { random.pick(&COMPARISONS[..2]) } else { random.pick(&COMPARISONS) };
    let compare = Both::new(symbol, words);
    let bound = random.range(if difficulty == 3 { -8 } else { 2 }, 12);
    if difficulty < 3 && random.coin() {
        let (a, b) = (random.range(2, 5), random.range(1, 20));
        let value = random.range(1, 9);
        let left = a * value;
        let right = left + b - 10;
        let is_solution = holds(left, symbol, right);
        let key = if is_solution { "yes" } else { "no" };
        return draft(
            both!("Is {} a solution of {} {} {}?", int(value), polynomial("x", &[a, 0]), compare, int(right)),
            key,
            if is_solution {
                format!("{a} times {value} is {left}, and {left} {words} {right}.")
            } else {
                format!("{a} times {value} is {left}, and {left} is not {} {right}.", &words["is ".len()..])
            },
        )
        .kind(Kind::YesNo);
    }
    match difficulty {
        1 => {
            let b = random.range(1, 12);
            draft(
                both!("Solve {} {} {}.", polynomial("x", &[1, b]), compare, int(bound + b)),
                format!("x {symbol} {bound}"),
                format!("Subtract {b} on both sides: x {symbol} {bound}."),
            )
        }
        2 => {
            let a = random.range(2, 9);
            draft(
                both!("Solve {} {} {}.", polynomial("x", &[a, 0]), compare, int(a * bound)),
                format!("x {symbol} {bound}"),
                format!("Divide both sides by {a}: x {symbol} {bound}."),
            )
        }
        _ => {
            let a = random.range(2, 9);
            let b = random.range(1, 12);
            let a = if random.coin() { -a } else { a };
            let key = if a < 0 { format!("x {turned} {bound}") } else { format!("x {symbol} {bound}") };
            let turn = if a < 0 { ", and turn the sign because it is negative" } else { "" };
            draft(
                both!("Solve {} {} {}.", polynomial("x", &[a, b]), compare, int(a * bound + b)),
                &key,
                format!("Subtract {b}, then divide by {a}{turn}: {key}."),
            )
        }
    }
    .kind(Kind::Relation)
}

pub(super) fn linear_graphs(random: &mut Random, difficulty: u8) -> Draft {
    let slope = loop {
        let slope = random.range(if difficulty == 1 { 2 } else { -9 }, 9);
        if slope.abs() > 1 {
            break slope;
        }
    };
    let height = loop {
        let height = random.range(-12, 12);
        if height != 0 {
            break height;
        }
    };
    let line = both!("y {} {}", equals(), polynomial("x", &[slope, height]));
    match (difficulty, random.coin()) {
        (1, true) | (2, false) => {
            draft(both!("What is the slope of {}?", line), slope, format!("The slope is the number before x: {slope}."))
        }
        (1, false) => draft(
            both!("At what value of y does {} cross the y-axis?", line),
            height,
            format!("There x is 0, so y is {height}."),
        ),
        (2, true) => {
            let x = random.range(-4, 8);
            let key = slope * x + height;
            draft(
                both!("On the line {}, what is y when x is {}?", line, int(x)),
                key,
                format!("{slope} times {x} is {}, and adding {height} gives {key}.", slope * x),
            )
        }
        (_, true) => {
            let (x, run) = (random.range(-5, 5), random.range(1, 5));
            let y = random.range(-6, 6);
            let (rise, run) = if random.coin() { (slope * run, run) } else { (slope, run) };
            let key = Fraction::new(rise, run);
            draft(
                both!("What is the slope of the line through {} and {}?", point(x, y), point(x + run, y + rise)),
                key,
                format!("y changes by {rise} while x changes by {run}: {key}."),
            )
        }
        (_, false) => {
            let root = random.range(-8, 8);
            let height = -slope * root;
            let line = both!("y {} {}", equals(), polynomial("x", &[slope, height]));
            draft(
                both!("At what value of x does {} cross the x-axis?", line),
                root,
                format!("There y is 0, so {slope} times x is {}: x is {root}.", -height),
            )
        }
    }
}

pub(super) fn coordinates(random: &mut Random, difficulty: u8) -> Draft {
    let low = if difficulty == 1 { 0 } else { -9 };
    let (x, y) = (random.range(low, 9), random.range(low, 9));
    match (difficulty, random.range(0, 2)) {
        (1, 0) => {
            let (which, key) = random.pick(&[("x", x), ("y", y)]);
            draft(
                both!("What is the {}-coordinate of {}?", Both::same(which), point(x, y)),
                key,
                format!("x comes first and y second, so it is {key}."),
            )
        }
        (1 | 2, _) => {
            let by = random.range(1, 6);
            let (way, dx, dy) = random.pick(&[("up", 0, 1), ("down", 0, -1), ("right", 1, 0), ("left", -1, 0)]);
            let key = point_text(x + dx * by, y + dy * by);
            let (axis, change) = if dx == 0 { ("y", dy) } else { ("x", dx) };
            draft(
                both!("You start at {} and go {} {}. At which point are you?", point(x, y), Both::same(way), int(by)),
                &key,
                format!("{axis} gets {by} {}: {key}.", if change > 0 { "more" } else { "less" }),
            )
            .kind(Kind::Sequence)
        }
        (_, 0) => {
            let (dx, dy) = (random.range(-4, 4) * 2, random.range(-4, 4) * 2);
            let (dx, dy) = if dx == 0 && dy == 0 { (2, 4) } else { (dx, dy) };
            let key = point_text(x + dx / 2, y + dy / 2);
            draft(
                both!("What is the midpoint of {} and {}?", point(x, y), point(x + dx, y + dy)),
                &key,
                format!("Take the middle of both x values and of both y values: {key}."),
            )
            .kind(Kind::Sequence)
        }
        (_, _) => {
            let (x, y) = (if x == 0 { 3 } else { x }, if y == 0 { -4 } else { y });
            let (axis, key) = random.pick(&[("x", (x, -y)), ("y", (-x, y))]);
            let key = point_text(key.0, key.1);
            draft(
                both!("Reflect {} in the {}-axis. At which point does it land?", point(x, y), Both::same(axis)),
                &key,
                format!("The {} value changes its sign: {key}.", if axis == "x" { "y" } else { "x" }),
            )
            .kind(Kind::Sequence)
        }
    }
}
