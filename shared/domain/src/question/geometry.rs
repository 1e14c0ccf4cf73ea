//! Questions on shapes, angles, lengths, areas and volumes.

use super::draft::{Draft, draft};
use super::exact::decimal;
use super::random::Random;
use super::speech::{Both, both, counted, dec, int};
use crate::answer::Kind;

/// Flat shapes: with the article, in the plural, and the number of sides.
const POLYGONS: [(&str, &str, i64); 10] = [
    ("a triangle", "triangles", 3),
    ("a square", "squares", 4),
    ("a rectangle", "rectangles", 4),
    ("a rhombus", "rhombuses", 4),
    ("a trapezoid", "trapezoids", 4),
    ("a pentagon", "pentagons", 5),
    ("a hexagon", "hexagons", 6),
    ("an octagon", "octagons", 8),
    ("a nonagon", "nonagons", 9),
    ("a decagon", "decagons", 10),
];

/// Solid shapes: in the singular and plural, with faces, edges and corners.
const SOLIDS: [(&str, &str, [i64; 3]); 5] = [
    ("a cube", "cubes", [6, 12, 8]),
    ("a cuboid", "cuboids", [6, 12, 8]),
    ("a square pyramid", "square pyramids", [5, 8, 5]),
    ("a triangular pyramid", "triangular pyramids", [4, 6, 4]),
    ("a triangular prism", "triangular prisms", [5, 9, 6]),
];

const SYMMETRIES: [(&str, i64); 7] = [
    ("a square", 4),
    ("a rectangle that is no square", 2),
    ("an equilateral triangle", 3),
    ("a regular pentagon", 5),
    ("a regular hexagon", 6),
    ("a regular octagon", 8),
    ("an isosceles triangle with one shorter side", 1),
];

pub(super) fn shapes(random: &mut Random, difficulty: u8) -> Draft {
    let (name, plural, sides) = random.pick(&POLYGONS);
    let (solid, solids, parts) = random.pick(&SOLIDS);
    let (at, part) = random.pick(&[(0, "faces"), (1, "edges"), (2, "corners")]);
    match (difficulty, random.range(0, 2)) {
        (1, 0) => draft(
            both!("How many sides does {} have?", Both::same(name)),
            sides,
            format!("Count the sides of {name}: {sides}."),
        ),
        (1, 1) => draft(
            both!("How many corners does {} have?", Both::same(name)),
            sides,
            format!("There are as many corners as sides: {sides}."),
        ),
        (1, _) => {
            let (name, sides) =
                random.pick(&[("triangle", 3), ("pentagon", 5), ("hexagon", 6), ("octagon", 8), ("decagon", 10)]);
            draft(
                both!("What do we call a shape with {} straight sides?", int(sides)),
                name,
                format!("{sides} straight sides make a shape of the name {name}."),
            )
            .kind(Kind::Words)
        }
        (2, 0) => draft(
            both!("How many {} does {} have?", Both::same(part), Both::same(solid)),
            parts[at],
            format!("Count the {part} of {solid}: {}.", parts[at]),
        ),
        (2, 1) => {
            let (name, lines) = random.pick(&SYMMETRIES);
            draft(
                both!("How many lines of symmetry does {} have?", Both::same(name)),
                lines,
                format!("It can be folded onto itself along {lines} {}.", if lines == 1 { "line" } else { "lines" }),
            )
        }
        (2, _) => {
            let n = random.range(2, 9);
            draft(
                both!("How many sides do {} {} have together?", int(n), Both::same(plural)),
                n * sides,
                format!("{n} times {sides} is {}.", n * sides),
            )
        }
        (_, 0) => {
            let (other, _, more) = loop {
                let other = random.pick(&POLYGONS);
                if other.0 != name {
                    break other;
                }
            };
            draft(
                both!("How many corners do {} and {} have together?", Both::same(name), Both::same(other)),
                sides + more,
                format!("{sides} plus {more} is {}.", sides + more),
            )
        }
        (_, _) => {
            let n = random.range(2, 9);
            draft(
                both!("How many {} do {} {} have together?", Both::same(part), int(n), Both::same(solids)),
                n * parts[at],
                format!("Each has {}, and {n} times {} is {}.", parts[at], parts[at], n * parts[at]),
            )
        }
    }
}

pub(super) fn angles(random: &mut Random, difficulty: u8) -> Draft {
    match (difficulty, random.range(0, 2)) {
        (1, 0) => {
            let degrees = random.range(5, 175);
            let degrees = if degrees == 90 { 95 } else { degrees };
            let key = if degrees < 90 { "acute" } else { "obtuse" };
            draft(
                both!("Is an angle of {} degrees acute or obtuse?", int(degrees)),
                key,
                format!(
                    "{degrees} degrees is {} than 90, so the angle is {key}.",
                    if degrees < 90 { "less" } else { "more" }
                ),
            )
            .kind(Kind::Words)
        }
        (1, 1) => {
            let n = random.range(1, 8);
            draft(
                both!("How many degrees are {} together?", counted(n, "right angle", "right angles")),
                90 * n,
                format!("A right angle has 90 degrees, so it is {}.", 90 * n),
            )
        }
        (1, _) => {
            let a = random.range(2, 16) * 5;
            draft(
                both!("Two angles make a right angle. One is {} degrees. How many degrees is the other?", int(a)),
                90 - a,
                format!("90 minus {a} is {}.", 90 - a),
            )
        }
        (2, 0) => {
            let a = random.range(20, 160);
            draft(
                both!("Two angles make a straight line. One is {} degrees. How many degrees is the other?", int(a)),
                180 - a,
                format!("180 minus {a} is {}.", 180 - a),
            )
        }
        (2, _) => {
            let a = random.range(4, 20) * 5;
            let b = random.range(2, (170 - a) / 5) * 5;
            draft(
                both!("Two angles of a triangle are {} and {} degrees. How many degrees is the third?", int(a), int(b)),
                180 - a - b,
                format!("The three make 180 degrees: 180 minus {} is {}.", a + b, 180 - a - b),
            )
        }
        (_, 0) => {
            let top = random.range(5, 80) * 2;
            draft(
                both!(
                    "An isosceles triangle has {} degrees between its equal sides. How many degrees has each other angle?",
                    int(top)
                ),
                (180 - top) / 2,
                format!("180 minus {top} is {}, and half of it is {}.", 180 - top, (180 - top) / 2),
            )
        }
        (_, 1) => {
            let (name, _, sides) = random.pick(&POLYGONS);
            let sum = (sides - 2) * 180;
            draft(
                both!("How many degrees do the inside angles of {} have together?", Both::same(name)),
                sum,
                format!("It splits into {} triangles of 180 degrees: {sum}.", sides - 2),
            )
        }
        (_, _) => {
            let (a, b, c) = (random.range(40, 110), random.range(40, 110), random.range(40, 110));
            draft(
                both!(
                    "Three angles of a quadrilateral are {}, {} and {} degrees. How many degrees is the fourth?",
                    int(a),
                    int(b),
                    int(c)
                ),
                360 - a - b - c,
                format!("The four make 360 degrees: 360 minus {} is {}.", a + b + c, 360 - a - b - c),
            )
        }
    }
}

pub(super) fn perimeter(random: &mut Random, difficulty: u8) -> Draft {
    let highest = [12, 30, 60][usize::from(difficulty - 1)];
    let (a, b) = (random.range(2, highest), random.range(2, highest));
    let (a, b) = if a == b { (a + 1, b) } else { (a, b) };
    match (difficulty, random.range(0, 2)) {
        (1 | 2, 0) => draft(
            both!("A square has sides of {}. What is its perimeter?", int(a)),
            4 * a,
            format!("4 times {a} is {}.", 4 * a),
        ),
        (1, _) | (2, 1) => draft(
            both!("A rectangle is {} by {}. What is its perimeter?", int(a), int(b)),
            2 * (a + b),
            format!("{a} plus {b} is {}, and twice that is {}.", a + b, 2 * (a + b)),
        ),
        (2, _) => {
            let c = random.range((a - b).abs() + 1, a + b - 1);
            draft(
                both!("A triangle has sides of {}, {} and {}. What is its perimeter?", int(a), int(b), int(c)),
                a + b + c,
                format!("{a} plus {b} plus {c} is {}.", a + b + c),
            )
        }
        (_, 0) => draft(
            both!("A square has a perimeter of {}. How long is one side?", int(4 * a)),
            a,
            format!("{} divided by 4 is {a}.", 4 * a),
        ),
        (_, 1) => draft(
            both!("A rectangle has a perimeter of {} and is {} long. How wide is it?", int(2 * (a + b)), int(a)),
            b,
            format!("Half of {} is {}, minus {a} is {b}.", 2 * (a + b), a + b),
        ),
        (_, _) => {
            let n = random.pick(&[5, 6, 8]);
            let name = match n {
                5 => "pentagon",
                6 => "hexagon",
                _ => "octagon",
            };
            draft(
                both!("A regular {} has sides of {}. What is its perimeter?", Both::same(name), int(a)),
                n * a,
                format!("{n} times {a} is {}.", n * a),
            )
        }
    }
}

pub(super) fn area(random: &mut Random, difficulty: u8) -> Draft {
    let highest = [10, 12, 20][usize::from(difficulty - 1)];
    let (a, b) = (random.range(2, highest), random.range(2, highest));
    match (difficulty, random.range(0, 2)) {
        (1, 0) => draft(
            both!("A square has sides of {}. What is its area?", int(a)),
            a * a,
            format!("{a} times {a} is {}.", a * a),
        ),
        (1, _) | (2, 0) => {
            let b = if a == b { b + 1 } else { b };
            draft(
                both!("A rectangle is {} by {}. What is its area?", int(a), int(b)),
                a * b,
                format!("{a} times {b} is {}.", a * b),
            )
        }
        (2, 1) => {
            let height = if a % 2 == 0 { b } else { b * 2 };
            draft(
                both!("A triangle has base {} and height {}. What is its area?", int(a), int(height)),
                a * height / 2,
                format!("{a} times {height} is {}, and half of it is {}.", a * height, a * height / 2),
            )
        }
        (2, _) => draft(
            both!("A parallelogram has base {} and height {}. What is its area?", int(a), int(b)),
            a * b,
            format!("Base times height: {a} times {b} is {}.", a * b),
        ),
        (_, 0) => draft(
            both!("A rectangle has area {} and is {} long. How wide is it?", int(a * b), int(a)),
            b,
            format!("{} divided by {a} is {b}.", a * b),
        ),
        (_, 1) => {
            let c = a + random.range(1, 9);
            let height = if (a + c) % 2 == 0 { b } else { b * 2 };
            let key = (a + c) * height / 2;
            draft(
                both!(
                    "A trapezoid has parallel sides of {} and {} and height {}. What is its area?",
                    int(a),
                    int(c),
                    int(height)
                ),
                key,
                format!("{a} plus {c} is {}, times {height} is {}, and half of it is {key}.", a + c, (a + c) * height),
            )
        }
        (_, _) => {
            let (c, d) = (random.range(1, a - 1), random.range(1, b - 1));
            draft(
                both!(
                    "A {} by {} rectangle is cut out of a {} by {} rectangle. What area is left?",
                    int(c),
                    int(d),
                    int(a),
                    int(b)
                ),
                a * b - c * d,
                format!("{} minus {} is {}.", a * b, c * d, a * b - c * d),
            )
        }
    }
}

pub(super) fn volume(random: &mut Random, difficulty: u8) -> Draft {
    let highest = [5, 8, 12][usize::from(difficulty - 1)];
    let [a, b, c] = [0, 0, 0].map(|_| random.range(2, highest));
    match (difficulty, random.range(0, 3)) {
        (1 | 2, 0) => draft(
            both!("A cube has edges of {}. What is its volume?", int(a)),
            a.pow(3),
            format!("{a} times {a} times {a} is {}.", a.pow(3)),
        ),
        (3, 0) => draft(
            both!("A box has volume {} and its floor is {} by {}. How high is it?", int(a * b * c), int(a), int(b)),
            c,
            format!("The floor is {}, and {} divided by {} is {c}.", a * b, a * b * c, a * b),
        ),
        (3, 1) => draft(
            both!("A cube has edges of {}. What is its surface area?", int(a)),
            6 * a * a,
            format!("6 faces of {} make {}.", a * a, 6 * a * a),
        ),
        (_, _) => draft(
            both!("A box is {} by {} by {}. What is its volume?", int(a), int(b), int(c)),
            a * b * c,
            format!("{a} times {b} is {}, times {c} is {}.", a * b, a * b * c),
        ),
    }
}

pub(super) fn circle(random: &mut Random, difficulty: u8) -> Draft {
    let radius = random.range(1, 60);
    let pi = dec(314, 2);
    match (difficulty, random.coin()) {
        (1, true) => draft(
            both!("A circle has radius {}. What is its diameter?", int(radius)),
            2 * radius,
            format!("Twice {radius} is {}.", 2 * radius),
        ),
        (1, false) => draft(
            both!("A circle has diameter {}. What is its radius?", int(2 * radius)),
            radius,
            format!("Half of {} is {radius}.", 2 * radius),
        ),
        (2, true) => {
            let key = decimal(314 * 2 * radius, 2);
            draft(
                both!("Taking pi as {}, what is the circumference of a circle with diameter {}?", pi, int(2 * radius)),
                &key,
                format!("3.14 times {} is {key}.", 2 * radius),
            )
        }
        (2, false) => {
            let key = decimal(314 * 2 * radius, 2);
            draft(
                both!("Taking pi as {}, what is the circumference of a circle with radius {}?", pi, int(radius)),
                &key,
                format!("The diameter is {}, and 3.14 times {} is {key}.", 2 * radius, 2 * radius),
            )
        }
        (_, true) => {
            let radius = random.range(1, 30);
            let key = decimal(314 * radius * radius, 2);
            draft(
                both!("Taking pi as {}, what is the area of a circle with radius {}?", pi, int(radius)),
                &key,
                format!("{radius} squared is {}, times 3.14 is {key}.", radius * radius),
            )
        }
        (_, false) => {
            let radius = random.range(1, 30);
            let key = decimal(314 * radius * radius, 2);
            draft(
                both!("Taking pi as {}, what is the area of a circle with diameter {}?", pi, int(2 * radius)),
                &key,
                format!("The radius is {radius}, its square {}, times 3.14 is {key}.", radius * radius),
            )
        }
    }
}

/// Right triangles with whole sides that share no factor.
const TRIPLES: [(i64, i64, i64); 7] =
    [(3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29), (9, 40, 41), (12, 35, 37)];

pub(super) fn pythagoras(random: &mut Random, difficulty: u8) -> Draft {
    let (triples, times) = match difficulty {
        1 => (&TRIPLES[..2], 6),
        2 => (&TRIPLES[..4], 8),
        _ => (&TRIPLES[..], 8),
    };
    let ((a, b, c), by) = (random.pick(triples), random.range(1, times));
    let (a, b, c) = (a * by, b * by, c * by);
    let (a, b) = if random.coin() { (a, b) } else { (b, a) };
    let sum = format!("{} plus {} is {}, and its square root is {c}.", a * a, b * b, c * c);
    let rest = format!("{} minus {} is {}, and its square root is {b}.", c * c, a * a, b * b);
    match (difficulty, random.range(0, 2)) {
        (1, 0) | (2, 1) => draft(
            both!("A right triangle has short sides {} and {}. How long is the hypotenuse?", int(a), int(b)),
            c,
            sum,
        ),
        (1, 1) => draft(both!("A rectangle is {} by {}. How long is its diagonal?", int(a), int(b)), c, sum),
        (1, _) => draft(
            both!(
                "You walk {} metres east and {} metres north. How many metres is the straight way back?",
                int(a),
                int(b)
            ),
            c,
            sum,
        ),
        (2 | 3, 0) => draft(
            both!("A right triangle has hypotenuse {} and one short side {}. How long is the other?", int(c), int(a)),
            b,
            rest,
        ),
        (3, 1) => {
            draft(both!("A rectangle has a diagonal of {} and is {} wide. How long is it?", int(c), int(a)), b, rest)
        }
        (_, _) => draft(
            both!(
                "A ladder of {} metres stands {} metres from a wall. How many metres up the wall does it reach?",
                int(c),
                int(a)
            ),
            b,
            rest,
        ),
    }
}
