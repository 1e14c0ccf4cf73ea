//! Questions for grades 10 to 12: algebra 2, functions, trigonometry and statistics.

use super::draft::{Draft, draft};
use super::exact::{Fraction, decimal, gcd};
use super::random::Random;
use super::speech::{Both, both, bracket, dec, equals, int, ordinal, over, point_text, polynomial, power_of, sign};
use crate::answer::Kind;

/// A whole number of that size or less that is not 0.
fn not_zero(random: &mut Random, size: i64) -> i64 {
    let number = random.range(1, size);
    if random.coin() { number } else { -number }
}

/// Two brackets side by side: "(x + 2)(x - 3)".
fn product(a: &Both, b: &Both) -> Both {
    let (a, b) = (bracket(a), bracket(b));
    Both::new(format!("{}{}", a.written, b.written), format!("{} times {}", a.spoken, b.spoken))
}

pub(super) fn polynomials(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b, c, d) = (random.range(2, 9), not_zero(random, 9), random.range(2, 9), not_zero(random, 9));
    match difficulty {
        1 => {
            let squares = (random.range(1, 9), random.range(1, 9));
            let key = polynomial("x", &[squares.0 + squares.1, a + c, b + d]).written;
            draft(
                both!(
                    "Simplify {} {} {}.",
                    polynomial("x", &[squares.0, a, b]),
                    sign(1),
                    bracket(&polynomial("x", &[squares.1, c, d]))
                ),
                &key,
                format!("Add like terms: {key}."),
            )
        }
        2 => {
            let key = polynomial("x", &[1, b + d, b * d]).written;
            draft(
                both!("Expand {}.", product(&polynomial("x", &[1, b]), &polynomial("x", &[1, d]))),
                &key,
                format!("The numbers add up to {} and multiply to {}: {key}.", b + d, b * d),
            )
        }
        _ => {
            let key = polynomial("x", &[a * c, a * d + b * c, b * d]).written;
            draft(
                both!("Expand {}.", product(&polynomial("x", &[a, b]), &polynomial("x", &[c, d]))),
                &key,
                format!("Multiply each part by each: the middle terms are {} and {}, so {key}.", a * d, b * c),
            )
        }
    }
    .kind(Kind::Expression)
}

pub(super) fn factoring(random: &mut Random, difficulty: u8) -> Draft {
    let (b, d) = match difficulty {
        1 => (random.range(1, 9), random.range(1, 9)),
        2 => (not_zero(random, 9), not_zero(random, 9)),
        _ => (not_zero(random, 12), not_zero(random, 12)),
    };
    let (b, d) = if difficulty == 3 && random.coin() { (b, -b) } else { (b, d) };
    let (b, d) = (b.max(d), b.min(d));
    let key = product(&polynomial("x", &[1, b]), &polynomial("x", &[1, d])).written;
    draft(
        both!("Factor {}.", polynomial("x", &[1, b + d, b * d])),
        &key,
        format!("{b} and {d} multiply to {} and add up to {}: {key}.", b * d, b + d),
    )
    .kind(Kind::Expression)
}

pub(super) fn quadratics(random: &mut Random, difficulty: u8) -> Draft {
    let (p, q) = loop {
        let (p, q) = if difficulty == 1 {
            (random.range(1, 9), random.range(1, 9))
        } else {
            (not_zero(random, 9), not_zero(random, 9))
        };
        if p != q {
            break (p.min(q), p.max(q));
        }
    };
    let by = if difficulty == 3 { random.range(2, 5) } else { 1 };
    let left = polynomial("x", &[by, -by * (p + q), by * p * q]);
    let factors = product(&polynomial("x", &[1, -p]), &polynomial("x", &[1, -q])).written;
    draft(
        both!("Name both solutions of {} {} {}.", left, equals(), int(0)),
        format!("{p}, {q}"),
        format!(
            "It factors into {}{factors}, which is 0 for x = {p} and x = {q}.",
            if by == 1 { String::new() } else { by.to_string() }
        ),
    )
    .kind(Kind::Set)
}

pub(super) fn exponents(random: &mut Random, difficulty: u8) -> Draft {
    let letter = random.pick(&["x", "y", "a", "b", "t", "w"]);
    // No exponent above 12: people do not say or write those.
    let (m, n) = (random.range(2, 6), random.range(2, 6));
    match (difficulty, random.coin()) {
        (1, _) => {
            let key = power_of(letter, m + n).written;
            draft(
                both!("Simplify {} times {}.", power_of(letter, m), power_of(letter, n)),
                &key,
                format!("Add the exponents: {m} plus {n} is {}, so {key}.", m + n),
            )
            .kind(Kind::Expression)
        }
        (2, true) => {
            let key = power_of(letter, n).written;
            draft(
                both!("Simplify {} divided by {}.", power_of(letter, m + n), power_of(letter, m)),
                &key,
                format!("Subtract the exponents: {} minus {m} is {n}, so {key}.", m + n),
            )
            .kind(Kind::Expression)
        }
        (2, false) => {
            let (base, power) =
                random.pick(&[(2, 1), (2, 2), (2, 3), (2, 4), (3, 2), (4, 2), (5, 2), (10, 2), (10, 3)]);
            let key = Fraction::new(1, i64::pow(base, power as u32));
            draft(
                both!("What is {} to the power of {}?", int(base), int(-power)),
                key,
                format!("A negative exponent means one over: {key}."),
            )
        }
        (_, true) => {
            let n = n.min(12 / m);
            let key = power_of(letter, m * n).written;
            let inner = power_of(letter, m);
            draft(
                both!("Simplify {} to the power of {}.", bracket(&inner), int(n)),
                &key,
                format!("Multiply the exponents: {m} times {n} is {}, so {key}.", m * n),
            )
            .kind(Kind::Expression)
        }
        (_, false) => {
            let (root, bottom, top) = random.pick(&[
                (2, 3, 1),
                (2, 3, 2),
                (3, 3, 1),
                (3, 3, 2),
                (4, 3, 2),
                (5, 3, 2),
                (4, 2, 3),
                (3, 2, 3),
                (5, 2, 3),
                (2, 4, 3),
                (3, 4, 3),
                (2, 5, 2),
                (2, 5, 3),
            ]);
            let base = i64::pow(root, bottom as u32);
            let key = i64::pow(root, top as u32);
            draft(
                both!("What is {} to the power of {}?", int(base), over(top, bottom)),
                key,
                format!("The {} root of {base} is {root}; to the power of {top} that is {key}.", root_name(bottom)),
            )
        }
    }
}

fn root_name(degree: i64) -> String {
    match degree {
        2 => "square".to_owned(),
        3 => "cube".to_owned(),
        _ => ordinal(degree),
    }
}

pub(super) fn logarithms(random: &mut Random, difficulty: u8) -> Draft {
    let (base, highest) = random.pick(&[(2, 10), (3, 6), (4, 5), (5, 5), (6, 4), (7, 4), (8, 3), (9, 3), (10, 6)]);
    let power = random.range(1, highest);
    let value = i64::pow(base, power as u32);
    match (difficulty, random.coin()) {
        (1, _) => draft(
            both!("What is the logarithm of {} to base {}?", int(value), int(base)),
            power,
            format!("{base} to the power of {power} is {value}."),
        ),
        (2, true) => draft(
            both!("What is the logarithm of {} to base {}?", over(1, value), int(base)),
            -power,
            format!("{base} to the power of {} is 1/{value}.", -power),
        ),
        (2, false) => draft(
            both!("The logarithm of a number to base {} is {}. What is the number?", int(base), int(power)),
            value,
            format!("{base} to the power of {power} is {value}."),
        ),
        (_, is_sum) => {
            // Two factors whose product or quotient is a power of the base.
            let factor = random.range(2, 12);
            let factor = if factor == base { factor + 1 } else { factor };
            if is_sum {
                let power = random.range(2, highest.max(2));
                let value = i64::pow(base, power as u32);
                let by = gcd(value, factor).max(1);
                let (a, b) = if by == 1 { (value / base, base) } else { (value / by, by) };
                draft(
                    both!(
                        "To base {}, what is the logarithm of {} plus the logarithm of {}?",
                        int(base),
                        int(a),
                        int(b)
                    ),
                    power,
                    format!("The sum is the logarithm of {a} times {b}, which is {value}: {power}."),
                )
            } else {
                draft(
                    both!(
                        "To base {}, what is the logarithm of {} minus the logarithm of {}?",
                        int(base),
                        int(value * factor),
                        int(factor)
                    ),
                    power,
                    format!(
                        "The difference is the logarithm of {} divided by {factor}, which is {value}: {power}.",
                        value * factor
                    ),
                )
            }
        }
    }
}

pub(super) fn systems(random: &mut Random, difficulty: u8) -> Draft {
    let low = if difficulty == 1 { 1 } else { -9 };
    let (x, y) = (random.range(low, 12), random.range(low, 12));
    let (letter, key) = random.pick(&[("x", x), ("y", y)]);
    // The numbers before x and y in both lines; the lines cross in one point.
    let lines = match difficulty {
        1 => [(1, 1), (1, -1)],
        2 => [(1, 1), (random.range(2, 6), random.pick(&[-1, 1]))],
        _ => [(random.range(2, 5), random.range(2, 5)), (random.range(2, 5), -random.range(1, 5))],
    };
    let [first, second] = lines.map(|(of_x, of_y)| {
        let (left, right) = (polynomial("x", &[of_x, 0]), polynomial("y", &[of_y.abs(), 0]));
        both!("{} {} {} {} {}", left, sign(of_y), right, equals(), int(of_x * x + of_y * y))
    });
    draft(
        both!("If {} and {}, what is {}?", first, second, Both::same(letter)),
        key,
        format!("Combine the two so that one letter goes away: x is {x} and y is {y}."),
    )
}

pub(super) fn series(random: &mut Random, difficulty: u8) -> Draft {
    let start = random.range(1, 9);
    match (difficulty, random.coin()) {
        (1, _) | (2, true) => {
            let step = random.range(2, 9);
            let n = random.range(5, if difficulty == 1 { 10 } else { 20 });
            let last = start + (n - 1) * step;
            let sum = n * (start + last) / 2;
            draft(
                both!(
                    "An arithmetic sequence starts with {} and grows by {}. What is the sum of its first {} numbers?",
                    int(start),
                    int(step),
                    int(n)
                ),
                sum,
                format!("The last one is {last}. {n} times the average of {start} and {last} is {sum}."),
            )
        }
        (2, false) => {
            let (by, n) = (random.range(2, 5), random.range(4, 6));
            let key = start * by.pow(n as u32 - 1);
            draft(
                both!(
                    "A geometric sequence starts with {} and each number is {} times the one before. What is its {} number?",
                    int(start),
                    int(by),
                    Both::same(&ordinal(n))
                ),
                key,
                format!("{start} times {by} to the power of {} is {key}.", n - 1),
            )
        }
        (_, true) => {
            let (by, n) = (random.range(2, 4), random.range(4, 6));
            let key = start * (by.pow(n as u32) - 1) / (by - 1);
            draft(
                both!(
                    "A geometric sequence starts with {} and each number is {} times the one before. What is the sum of its first {} numbers?",
                    int(start),
                    int(by),
                    int(n)
                ),
                key,
                format!("{start} times the quotient of {by} to the power of {n} minus one and {} is {key}.", by - 1),
            )
        }
        (_, false) => {
            let bottom = random.range(2, 6);
            let key = Fraction::new(start * bottom, bottom - 1);
            draft(
                both!(
                    "A geometric series starts with {} and each number is {} of the one before, without end. What is its sum?",
                    int(start),
                    over(1, bottom)
                ),
                key,
                format!("{start} divided by 1 minus 1/{bottom} is {key}."),
            )
        }
    }
}

/// "f(x) = 2x + 3", said "f of x equals two x plus three".
fn function(name: &str, coefficients: &[i64]) -> Both {
    let of = Both::new(format!("{name}(x)"), format!("{name} of x"));
    both!("{} {} {}", of, equals(), polynomial("x", coefficients))
}

/// "f(3)", said "f of three".
fn at(name: &str, value: &Both) -> Both {
    Both::new(format!("{name}({})", value.written), format!("{name} of {}", value.spoken))
}

fn value_at(coefficients: &[i64], x: i64) -> i64 {
    coefficients.iter().fold(0, |value, coefficient| value * x + coefficient)
}

pub(super) fn evaluate(random: &mut Random, difficulty: u8) -> Draft {
    let coefficients = match difficulty {
        1 => vec![random.range(2, 9), random.range(-9, 9)],
        2 => vec![random.range(1, 4), not_zero(random, 5), random.range(-9, 9)],
        _ => vec![random.range(1, 3), not_zero(random, 4), not_zero(random, 5), random.range(-9, 9)],
    };
    let x = match difficulty {
        1 => random.range(0, 9),
        2 => random.range(-5, 6),
        _ => random.range(-3, 3),
    };
    let key = value_at(&coefficients, x);
    draft(
        both!("If {}, what is {}?", function("f", &coefficients), at("f", &int(x))),
        key,
        format!("Put {x} in for x in {}: {key}.", polynomial("x", &coefficients).written),
    )
}

pub(super) fn composition(random: &mut Random, difficulty: u8) -> Draft {
    let f = vec![random.range(2, 6), random.range(-6, 6)];
    let g = match difficulty {
        1 => vec![1, random.range(1, 9)],
        2 => vec![random.range(2, 5), not_zero(random, 6)],
        _ => vec![1, random.range(-3, 3), random.range(-6, 6)],
    };
    let x = random.range(if difficulty == 1 { 0 } else { -4 }, 6);
    let (inner, outer, inner_name, outer_name) = if random.coin() { (&g, &f, "g", "f") } else { (&f, &g, "f", "g") };
    let middle = value_at(inner, x);
    let key = value_at(outer, middle);
    draft(
        both!(
            "If {} and {}, what is {}?",
            function("f", &f),
            function("g", &g),
            at(outer_name, &at(inner_name, &int(x)))
        ),
        key,
        format!("First {inner_name}({x}) = {middle}, then {outer_name}({middle}) = {key}."),
    )
}

pub(super) fn inverse(random: &mut Random, difficulty: u8) -> Draft {
    let a = random.range(2, [5, 9, 12][usize::from(difficulty - 1)]);
    let a = if difficulty == 3 && random.coin() { -a } else { a };
    let b = random.range(if difficulty == 1 { 1 } else { -12 }, 12);
    let key = random.range(if difficulty == 1 { 1 } else { -9 }, 12);
    let value = a * key + b;
    let f = function("f", &[a, b]);
    let (word, size) = if b < 0 { ("plus", -b) } else { ("minus", b) };
    let worked = format!("{value} {word} {size} is {}, and divided by {a} that is {key}.", a * key);
    if difficulty > 1 && random.coin() {
        draft(both!("If {}, what is the inverse of f at {}?", f, int(value)), key, worked)
    } else {
        draft(both!("If {}, for which x is {} equal to {}?", f, at("f", &Both::same("x")), int(value)), key, worked)
    }
}

pub(super) fn vertex(random: &mut Random, difficulty: u8) -> Draft {
    let (h, k) = (not_zero(random, [6, 8, 9][usize::from(difficulty - 1)]), random.range(-9, 9));
    let a = if difficulty == 3 { not_zero(random, 3) } else { 1 };
    let square = bracket(&polynomial("x", &[1, -h]));
    let square = Both::new(format!("{}^2", square.written), format!("{} squared", square.spoken));
    let right = if difficulty == 1 || (difficulty == 3 && random.coin()) {
        let front = if a == 1 {
            square
        } else {
            Both::new(format!("{}{}", term(a), square.written), format!("{} times {}", int(a).spoken, square.spoken))
        };
        if k == 0 { front } else { both!("{} {} {}", front, sign(k), int(k.abs())) }
    } else {
        polynomial("x", &[a, -2 * a * h, a * h * h + k])
    };
    draft(
        both!("At which point is the vertex of y {} {}?", equals(), right),
        point_text(h, k),
        format!("The square is zero at x = {h}, and there y is {k}."),
    )
    .kind(Kind::Sequence)
}

fn term(a: i64) -> String {
    if a == -1 { "-".to_owned() } else { a.to_string() }
}

/// Right triangles with whole sides that share no factor.
const TRIPLES: [(i64, i64, i64); 6] = [(3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29), (9, 40, 41)];

pub(super) fn trig_ratios(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b, c) = random.pick(&TRIPLES);
    let by = random.range(1, [4, 6, 8][usize::from(difficulty - 1)]);
    let (a, b, c) = (a * by, b * by, c * by);
    let (opposite, adjacent) = if random.coin() { (a, b) } else { (b, a) };
    let (name, top, bottom, rule) = random.pick(&[
        ("sine", 0, 2, "opposite over hypotenuse"),
        ("cosine", 1, 2, "adjacent over hypotenuse"),
        ("tangent", 0, 1, "opposite over adjacent"),
    ]);
    let sides = [opposite, adjacent, c];
    let key = Fraction::new(sides[top], sides[bottom]);
    let worked = format!("The {name} is {rule}: {key}.");
    if difficulty < 3 {
        return draft(
            both!(
                "In a right triangle, the side opposite angle A is {}, the side next to it is {} and the hypotenuse is {}. What is the {} of A?",
                int(opposite),
                int(adjacent),
                int(c),
                Both::same(name)
            ),
            key,
            worked,
        );
    }
    draft(
        both!(
            "In a right triangle, the side opposite angle A is {} and the hypotenuse is {}. What is the {} of A?",
            int(opposite),
            int(c),
            Both::same(name)
        ),
        key,
        format!("The third side is {adjacent}. {worked}"),
    )
}

/// Angles in degrees and the exact sine, where it is rational.
const SINES: [(i64, (i64, i64)); 9] = [
    (0, (0, 1)),
    (30, (1, 2)),
    (90, (1, 1)),
    (150, (1, 2)),
    (180, (0, 1)),
    (210, (-1, 2)),
    (270, (-1, 1)),
    (330, (-1, 2)),
    (360, (0, 1)),
];

/// Angles in degrees and the exact tangent, where it is rational.
const TANGENTS: [(i64, (i64, i64)); 7] =
    [(0, (0, 1)), (45, (1, 1)), (135, (-1, 1)), (180, (0, 1)), (225, (1, 1)), (315, (-1, 1)), (360, (0, 1))];

pub(super) fn special_angles(random: &mut Random, difficulty: u8) -> Draft {
    let acute = |angle: i64| angle <= 90;
    let (name, angle, (top, bottom)) = loop {
        let (name, angle, value) = match random.range(0, 2) {
            0 => {
                let (angle, value) = random.pick(&SINES);
                ("sine", angle, value)
            }
            1 => {
                // The cosine of an angle is the sine of 90 degrees more.
                let (angle, value) = random.pick(&SINES);
                ("cosine", (angle + 270) % 360, value)
            }
            _ => {
                let (angle, value) = random.pick(&TANGENTS);
                ("tangent", angle, value)
            }
        };
        if difficulty > 1 || acute(angle) {
            break (name, angle, value);
        }
    };
    let value = Fraction::new(top, bottom);
    if random.coin() {
        let n = random.range(2, [12, 20, 30][usize::from(difficulty - 1)]);
        let key = value * Fraction::new(n, 1);
        return draft(
            both!("What is {} times the {} of {} degrees?", int(n), Both::same(name), int(angle)),
            key,
            format!("The {name} of {angle} degrees is {value}, times {n} that is {key}."),
        );
    }
    if random.coin() {
        let half = random.range(1, 60);
        return if random.coin() {
            draft(
                both!(
                    "A right triangle has a hypotenuse of {} and an angle of {} degrees. How long is the side opposite that angle?",
                    int(2 * half),
                    int(30)
                ),
                half,
                format!("The sine of 30 degrees is one half, so it is {half}."),
            )
        } else {
            draft(
                both!(
                    "A right triangle has a hypotenuse of {} and an angle of {} degrees. How long is the side next to that angle?",
                    int(2 * half),
                    int(60)
                ),
                half,
                format!("The cosine of 60 degrees is one half, so it is {half}."),
            )
        };
    }
    draft(
        both!("What is the {} of {} degrees?", Both::same(name), int(angle)),
        value,
        format!("On the unit circle, the {name} of {angle} degrees is {value}."),
    )
}

pub(super) fn radians(random: &mut Random, difficulty: u8) -> Draft {
    let bottom = random.pick(&[2, 3, 4, 5, 6, 9, 10, 12, 15, 18, 20]);
    match (difficulty, random.coin()) {
        (1, _) => {
            let top = random.range(1, 2 * bottom);
            let by = gcd(top, bottom);
            let (top, bottom) = (top / by, bottom / by);
            let angle = both!(
                "{}{}",
                if top == 1 {
                    Both::same("pi")
                } else {
                    Both::new(format!("{top} pi"), format!("{} pi", int(top).spoken))
                },
                if bottom == 1 {
                    Both::same("")
                } else {
                    Both::new(format!("/{bottom}"), format!(" over {}", int(bottom).spoken))
                }
            );
            draft(
                both!("How many degrees are {} radians?", angle),
                180 * top / bottom,
                format!("Pi is 180 degrees, so it is {}.", 180 * top / bottom),
            )
        }
        (2, true) => draft(
            both!("An angle of {} degrees is pi over which number in radians?", int(180 / bottom)),
            bottom,
            format!("180 divided by {} is {bottom}.", 180 / bottom),
        ),
        (2, false) | (3, true) => {
            let (radius, tenths) = (random.range(2, 20), random.range(5, 40));
            let key = decimal(radius * tenths, 1);
            draft(
                both!(
                    "A circle has radius {}. How long is the arc of an angle of {} radians?",
                    int(radius),
                    dec(tenths, 1)
                ),
                &key,
                format!("Radius times angle: {key}."),
            )
        }
        (_, _) => {
            let (radius, tenths) = (random.range(2, 20), random.range(5, 40));
            let key = decimal(radius * radius * tenths * 5, 2);
            draft(
                both!(
                    "A circle has radius {}. What is the area of a sector of {} radians?",
                    int(radius),
                    dec(tenths, 1)
                ),
                &key,
                format!("Half of radius squared times the angle: {key}."),
            )
        }
    }
}

fn factorial(n: i64) -> i64 {
    (1..=n).product()
}

pub(super) fn counting_ways(random: &mut Random, difficulty: u8) -> Draft {
    match (difficulty, random.coin()) {
        (1, true) => {
            let n = random.range(2, 7);
            let things = random.pick(&[
                "different books stand on a shelf",
                "children stand in a row",
                "different cards lie in a row",
            ]);
            draft(
                both!("In how many orders can {} {}?", int(n), Both::same(things)),
                factorial(n),
                format!("{n} factorial is {}.", factorial(n)),
            )
        }
        (1, false) => {
            let (a, b, c) = (random.range(2, 9), random.range(2, 9), random.range(2, 9));
            draft(
                both!(
                    "A menu has {} starters, {} main courses and {} desserts. How many different meals of all three are there?",
                    int(a),
                    int(b),
                    int(c)
                ),
                a * b * c,
                format!("{a} times {b} times {c} is {}.", a * b * c),
            )
        }
        (2, true) => {
            let n = random.range(4, 20);
            let key = n * (n - 1);
            draft(
                both!("In how many ways can a class of {} choose a speaker and a deputy?", int(n)),
                key,
                format!("{n} times {} is {key}.", n - 1),
            )
        }
        (_, _) => {
            let n = random.range(5, 12);
            let k = if difficulty == 2 { 2 } else { random.range(3, 4) };
            let key = (0..k).map(|i| n - i).product::<i64>() / factorial(k);
            let things = random.pick(&["students", "books", "colours", "players"]);
            draft(
                both!(
                    "In how many ways can you choose {} of {} {}, if the order does not matter?",
                    int(k),
                    int(n),
                    Both::same(things)
                ),
                key,
                format!("{} divided by {} is {key}.", key * factorial(k), factorial(k)),
            )
        }
    }
}

pub(super) fn compound(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = (random.range(2, 9), random.range(2, 9));
    let n = a + b;
    match (difficulty, random.coin()) {
        (1, _) => {
            let (first, second) = (random.range(1, 9), random.range(1, 9));
            let key = Fraction::new(first * second, 100);
            draft(
                both!(
                    "Two independent events have probabilities {} and {}. What is the probability that both happen?",
                    dec(first, 1),
                    dec(second, 1)
                ),
                decimal(first * second, 2),
                format!("Multiply them: {} ({key}).", decimal(first * second, 2)),
            )
        }
        (2, _) => {
            let key = Fraction::new(a * (a - 1), n * (n - 1));
            draft(
                both!(
                    "A bag holds {} red and {} blue balls. You draw two and put none back. What is the probability that both are red?",
                    int(a),
                    int(b)
                ),
                key,
                format!("{} times {} is {key}.", Fraction::new(a, n), Fraction::new(a - 1, n - 1)),
            )
        }
        (_, true) => {
            let key = Fraction::new(2 * a * b, n * (n - 1));
            draft(
                both!(
                    "A bag holds {} red and {} blue balls. You draw two and put none back. What is the probability of one of each colour?",
                    int(a),
                    int(b)
                ),
                key,
                format!("Red then blue or blue then red: twice {} is {key}.", Fraction::new(a * b, n * (n - 1))),
            )
        }
        (_, false) => {
            let none = Fraction::new(b * (b - 1), n * (n - 1));
            let key = Fraction::new(1, 1) - none;
            draft(
                both!(
                    "A bag holds {} red and {} blue balls. You draw two and put none back. What is the probability of at least one red ball?",
                    int(a),
                    int(b)
                ),
                key,
                format!("No red has probability {none}, so at least one has {key}."),
            )
        }
    }
}

pub(super) fn expected_value(random: &mut Random, difficulty: u8) -> Draft {
    match (difficulty, random.coin()) {
        (1, _) => {
            let (n, tenths) = (random.range(1, 20) * 10, random.range(1, 9));
            draft(
                both!(
                    "An event has probability {}. How many times do you expect it in {} trials?",
                    dec(tenths, 1),
                    int(n)
                ),
                n * tenths / 10,
                format!("{} times {n} is {}.", decimal(tenths, 1), n * tenths / 10),
            )
        }
        (2, _) => {
            let (points, parts) = (random.range(2, 20), random.pick(&[2, 4, 5, 8, 10]));
            let key = Fraction::new(points, parts);
            draft(
                both!(
                    "A game gives {} points with probability {} and nothing otherwise. What is the expected number of points?",
                    int(points),
                    over(1, parts)
                ),
                key,
                format!("{points} times 1/{parts} is {key}."),
            )
        }
        (_, _) => {
            let (win, lose, tenths) = (random.range(2, 20), random.range(1, 9), random.range(1, 9));
            let key = decimal(win * tenths - lose * (10 - tenths), 1);
            draft(
                both!(
                    "You win {} points with probability {} and lose {} otherwise. What is the expected change in points?",
                    int(win),
                    dec(tenths, 1),
                    int(lose)
                ),
                &key,
                format!("{win} times {} minus {lose} times {} is {key}.", decimal(tenths, 1), decimal(10 - tenths, 1)),
            )
        }
    }
}

pub(super) fn spread(random: &mut Random, difficulty: u8) -> Draft {
    match (difficulty, random.coin()) {
        (1, _) => {
            let (mean, deviation, z) = (random.range(4, 20) * 5, random.range(2, 10), not_zero(random, 3));
            let value = mean + z * deviation;
            draft(
                both!(
                    "Values have mean {} and standard deviation {}. How many standard deviations {} the mean is {}?",
                    int(mean),
                    int(deviation),
                    Both::same(if z > 0 { "above" } else { "below" }),
                    int(value)
                ),
                z.abs(),
                format!(
                    "{value} is {} from {mean}, and that divided by {deviation} is {}.",
                    (value - mean).abs(),
                    z.abs()
                ),
            )
        }
        (2, true) => {
            let (mean, deviation, halves) = (random.range(4, 20) * 5, random.range(1, 6) * 2, not_zero(random, 6));
            let value = mean + halves * deviation / 2;
            let key = decimal(halves * 5, 1);
            draft(
                both!(
                    "Values have mean {} and standard deviation {}. What is the z-score of {}?",
                    int(mean),
                    int(deviation),
                    int(value)
                ),
                &key,
                format!("{value} minus {mean} is {}, divided by {deviation} that is {key}.", value - mean),
            )
        }
        (_, _) => {
            // The mean is a whole number, because the values lie evenly around it.
            let (mean, a, b) = (random.range(10, 40), random.range(1, 6), random.range(1, 9));
            let mut values = [mean - a, mean + a, mean - b, mean + b];
            values.sort_unstable();
            let squares = 2 * (a * a + b * b);
            let key = Fraction::new(squares, 4);
            let key = decimal(key.top() * 10 / key.bottom(), 1);
            let list = Both::list(&values.iter().map(|value| int(*value)).collect::<Vec<_>>(), "and");
            draft(
                both!("What is the population variance of {}?", list),
                &key,
                format!(
                    "The mean is {mean}. The squared distances add up to {squares}, and divided by 4 that is {key}."
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_brackets_are_said_in_words() {
        assert_eq!(function("f", &[2, -3]), Both::new("f(x) = 2x - 3", "f of x equals two x minus three"));
        assert_eq!(at("g", &at("f", &int(2))).spoken, "g of f of two");
        let both = product(&polynomial("x", &[1, 2]), &polynomial("x", &[1, -3]));
        assert_eq!(both.written, "(x + 2)(x - 3)");
    }
}
