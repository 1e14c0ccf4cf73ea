//! The answers of grades 0 to 9, found again.

use crate::calculator::{Letters, calculate, numbers, same, value};

/// What is between two texts.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let end = text[start..].find(after)? + start;
    Some(&text[start..end])
}

fn whole(x: f64) -> i64 {
    assert!(same(x, x.round()), "{x} is whole");
    x.round() as i64
}

fn gcd_by_trying(a: i64, b: i64) -> i64 {
    (1..=a.min(b)).rev().find(|n| a % n == 0 && b % n == 0).unwrap()
}

/// The value of a key: a number, an amount, a percentage.
pub fn key_value(key: &str) -> f64 {
    value(key.trim_start_matches('$').trim_end_matches('%'))
}

/// Whether a letter's value makes both sides of a linear equation equal, and no other value does.
pub fn solves(equation: &str, letter: char, key: f64) -> bool {
    let (left, right) = equation.split_once('=').unwrap();
    let difference = |x: f64| {
        let letters = Letters::from([(letter, x)]);
        calculate(left, &letters) - calculate(right, &letters)
    };
    let slope = difference(1.0) - difference(0.0);
    assert!(same(difference(7.0), difference(0.0) + 7.0 * slope), "{equation} is linear");
    same(difference(key), 0.0) && !same(slope, 0.0)
}

/// Whether two expressions have the same value wherever they are tried.
pub fn equal_everywhere(a: &str, b: &str, letter: char) -> bool {
    [-7.5, -2.0, -1.0, 0.5, 1.0, 3.0, 11.0].into_iter().all(|x| {
        let letters = Letters::from([(letter, x)]);
        same(calculate(a, &letters), calculate(b, &letters))
    })
}

pub fn letter_of(text: &str) -> char {
    let is_alone = |i: usize, bytes: &[u8]| {
        let neighbour = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
        bytes[i].is_ascii_lowercase() && !neighbour(i.checked_sub(1)) && !neighbour(Some(i + 1))
    };
    let bytes = text.as_bytes();
    bytes.iter().enumerate().find(|(i, _)| is_alone(*i, bytes)).map(|(_, byte)| char::from(*byte)).unwrap()
}

/// A time as minutes since twelve.
fn minutes(time: &str) -> i64 {
    let (hours, rest) = time.split_once(':').unwrap();
    assert_eq!(rest.len(), 2);
    let (hours, rest): (i64, i64) = (hours.parse().unwrap(), rest.parse().unwrap());
    assert!((1..=12).contains(&hours) && rest < 60);
    hours % 12 * 60 + rest
}

fn times_in(text: &str) -> Vec<i64> {
    text.split([' ', '.', '?']).filter(|word| word.contains(':')).map(minutes).collect()
}

fn points_in(text: &str) -> Vec<(f64, f64)> {
    text.split('(')
        .skip(1)
        .map(|part| {
            let (x, y) = part.split(')').next().unwrap().split_once(", ").unwrap();
            (value(x), value(y))
        })
        .collect()
}

fn parts_named(name: &str) -> f64 {
    let names = [
        ("halves", 2),
        ("thirds", 3),
        ("quarters", 4),
        ("fifths", 5),
        ("sixths", 6),
        ("sevenths", 7),
        ("eighths", 8),
        ("ninths", 9),
        ("tenths", 10),
        ("twelfths", 12),
    ];
    let tens = [
        ("twent", 20),
        ("thirt", 30),
        ("fort", 40),
        ("fift", 50),
        ("sixt", 60),
        ("sevent", 70),
        ("eight", 80),
        ("ninet", 90),
    ];
    let units = ["firsts", "seconds", "thirds", "fourths", "fifths", "sixths", "sevenths", "eighths", "ninths"];
    if let Some((_, n)) = names.iter().find(|(other, _)| *other == name) {
        return f64::from(*n);
    }
    let teens = [
        "elevenths",
        "",
        "thirteenths",
        "fourteenths",
        "fifteenths",
        "sixteenths",
        "seventeenths",
        "eighteenths",
        "nineteenths",
    ];
    if let Some(i) = teens.iter().position(|teen| *teen == name) {
        return 11.0 + i as f64;
    }
    if let Some((front, n)) =
        name.strip_suffix("ieths").and_then(|front| tens.iter().find(|(ten, _)| *ten == front)).map(|(f, n)| (f, n))
    {
        assert!(!front.is_empty());
        return f64::from(*n);
    }
    if name == "one hundredths" || name == "one hundred and eighths" || name.starts_with("one hundred") {
        let rest = name.trim_start_matches("one hundred and ").trim_start_matches("one hundred");
        return if rest == "ths" { 100.0 } else { 100.0 + parts_named(rest) };
    }
    let (ten, unit) = name.split_once('-').unwrap_or_else(|| panic!("{name}"));
    let ten = tens.iter().find(|(front, _)| ten == format!("{front}y")).unwrap().1;
    f64::from(ten) + 1.0 + units.iter().position(|other| *other == unit).unwrap() as f64
}

const SHAPES: [(&str, f64); 10] = [
    ("triangle", 3.0),
    ("square", 4.0),
    ("rectangle", 4.0),
    ("rhombus", 4.0),
    ("trapezoid", 4.0),
    ("pentagon", 5.0),
    ("hexagon", 6.0),
    ("octagon", 8.0),
    ("nonagon", 9.0),
    ("decagon", 10.0),
];

fn sides_of(word: &str) -> Option<f64> {
    let word = word.trim_end_matches(['?', '.']);
    let is_it = |name: &str| word == name || word == format!("{name}s") || word == format!("{name}es");
    SHAPES.iter().find(|(name, _)| is_it(name)).map(|(_, n)| *n)
}

/// Faces and corners of solids; their edges follow by Euler's formula.
fn solid_part(text: &str, part: &str) -> f64 {
    let (faces, corners) = match text {
        text if text.contains("cub") => (6.0, 8.0),
        text if text.contains("square pyramid") => (5.0, 5.0),
        text if text.contains("triangular pyramid") => (4.0, 4.0),
        text if text.contains("triangular prism") => (5.0, 6.0),
        other => panic!("{other}"),
    };
    match part {
        "faces" => faces,
        "corners" => corners,
        _ => faces + corners - 2.0,
    }
}

/// Whether the key is the right answer, found by another way than the maker's. Panics if the question is unknown.
pub fn is_right(skill: &str, ask: &str, key: &str) -> bool {
    let n = numbers(ask);
    let what_is = || value(ask.strip_prefix("What is ").unwrap().strip_suffix('?').unwrap());
    match skill {
        "maths.number.count" => {
            let expected = match ask {
                _ if ask.contains("after") => n[0] + 1.0,
                _ if ask.contains("before") => n[0] - 1.0,
                _ if ask.starts_with("Count on") => n[1] + n[0],
                _ if ask.starts_with("Count back") => n[1] - n[0],
                _ => {
                    assert!(same((n[2] - n[1]).abs(), n[0]) && same(n[3] - n[2], n[2] - n[1]));
                    2.0 * n[3] - n[2]
                }
            };
            same(key_value(key), expected) && (0.0..=100.0).contains(&expected)
        }
        "maths.number.place_value" => place_value(ask, key, &n),
        "maths.number.compare" => match ask {
            _ if ask.contains("in order") => {
                let mut sorted = n.clone();
                sorted.sort_by(f64::total_cmp);
                if ask.contains("biggest") {
                    sorted.reverse();
                }
                numbers(key) == sorted
            }
            _ if ask.contains("bigger") => n[0] != n[1] && same(key_value(key), n[0].max(n[1])),
            _ => n[0] != n[1] && same(key_value(key), n[0].min(n[1])),
        },
        "maths.number.round" => {
            let to = match ask {
                _ if ask.ends_with("ten.") => 10,
                _ if ask.ends_with("hundred.") => 100,
                _ => 1_000,
            };
            // The nearest multiple by trying all; of two, the upper one.
            let multiples = (0..=20_000 / to).map(|i| i * to);
            let nearest =
                multiples.min_by_key(|m| ((m - n[0] as i64).abs() * 2) - i64::from(*m > n[0] as i64)).unwrap();
            whole(key_value(key)) == nearest
        }
        "maths.number.factors" => factors(ask, key, &n),
        "maths.number.order_of_operations"
        | "maths.number.powers"
        | "maths.add.multi_digit"
        | "maths.subtract.multi_digit"
        | "maths.multiply.multi_digit"
        | "maths.fractions.add_like"
        | "maths.fractions.add_unlike"
        | "maths.fractions.subtract_unlike"
        | "maths.fractions.multiply"
        | "maths.fractions.divide"
        | "maths.decimals.add"
        | "maths.decimals.multiply" => is_lowest(key) && same(key_value(key), what_is()),
        "maths.number.negative" if ask.contains("colder") => same(key_value(key), n[0].min(n[1])) && n[0] != n[1],
        "maths.number.negative" => same(key_value(key), what_is()),
        "maths.add.facts" if ask.contains("add to") => same(n[0] + key_value(key), n[1]) && key_value(key) > 0.0,
        "maths.add.facts" => what_is() <= 20.0 && same(key_value(key), what_is()),
        "maths.subtract.facts" if ask.starts_with("You have") => same(key_value(key), n[0] - n[1]),
        "maths.subtract.facts" => n[0] <= 20.0 && what_is() >= 0.0 && same(key_value(key), what_is()),
        "maths.multiply.facts" if ask.contains("groups") => same(key_value(key), n[0] * n[1]),
        "maths.multiply.facts" if ask.contains("makes") => same(key_value(key) * n[0], n[1]),
        "maths.multiply.facts" => same(key_value(key), what_is()),
        "maths.divide.facts" if ask.contains("groups of") => same(key_value(key) * n[0], n[1]),
        "maths.divide.facts" => same(key_value(key) * n[1], n[0]),
        "maths.divide.long" if ask.contains("Give the remainder") => {
            let k = numbers(key);
            key.contains(" remainder ") && same(k[0] * n[1] + k[1], n[0]) && k[1] > 0.0 && k[1] < n[1]
        }
        "maths.divide.long" if ask.contains("remainder") => same(key_value(key), n[0] % n[1]),
        "maths.divide.long" => same(key_value(key) * n[1], n[0]),
        "maths.fractions.meaning" if ask.contains("numerator") || ask.contains("denominator") => {
            let (top, bottom) = between(ask, "fraction ", ",").unwrap().split_once('/').unwrap();
            key == if ask.contains("numerator") { top } else { bottom }
        }
        // The things that count and all of them, in either order.
        "maths.fractions.meaning" => is_lowest(key) && same(key_value(key), n[0].min(n[1]) / n[0].max(n[1])),
        "maths.fractions.equivalent" if ask.contains("numerator") => same(n[1] / key_value(key), n[0]),
        "maths.fractions.equivalent" => {
            let name = between(ask, "How many ", " make").or_else(|| between(ask, "how many ", "?")).unwrap();
            same(key_value(key) / parts_named(name), n[0])
        }
        "maths.fractions.simplify" => {
            is_lowest(key) && key.contains('/') && same(key_value(key), n[0]) && !ask.contains(&format!(" {key}"))
        }
        "maths.fractions.compare" => {
            n[0] != n[1] && same(key_value(key), if ask.contains("more") { n[0].max(n[1]) } else { n[0].min(n[1]) })
        }
        "maths.fractions.mixed" if ask.contains("as a mixed") => {
            let (whole, part) = key.split_once(' ').unwrap();
            is_lowest(part) && value(part) < 1.0 && same(value(whole) + value(part), n[0])
        }
        "maths.fractions.mixed" => key.contains('/') && !key.contains(' ') && same(key_value(key), n[0] + n[1]),
        "maths.decimals.place_value" if ask.starts_with("Which is") => {
            n[0] != n[1] && same(key_value(key), if ask.contains("bigger") { n[0].max(n[1]) } else { n[0].min(n[1]) })
        }
        "maths.decimals.place_value" if ask.starts_with("Write") => key.contains('.') && same(key_value(key), n[0]),
        "maths.decimals.place_value" => {
            let (_, after) = between(ask, "digit of ", " is").unwrap().split_once('.').unwrap();
            after.chars().nth(usize::from(ask.contains("hundredths"))) == key.chars().next() && key.len() == 1
        }
        "maths.percent.of" if ask.contains("out of") => key.ends_with('%') && same(key_value(key) / 100.0, n[0] / n[1]),
        "maths.percent.of" => same(key_value(key), what_is()),
        "maths.percent.change" if ask.contains("percent off") => {
            key.starts_with('$') && same(key_value(key), n[0] - n[0] * n[1] / 100.0)
        }
        "maths.percent.change" if ask.contains("goes from") => {
            let change = if ask.contains("rise") { n[1] / n[0] } else { 2.0 - n[1] / n[0] };
            key.ends_with('%') && same(1.0 + key_value(key) / 100.0, change)
        }
        "maths.percent.change" => {
            let sign = if ask.starts_with("Increase") { 1.0 } else { -1.0 };
            same(key_value(key), n[0] * (1.0 + sign * n[1] / 100.0))
        }
        "maths.ratio.ratio" if ask.starts_with("Simplify") => {
            let k = numbers(&key.replace(':', " "));
            same(k[0] * n[1], k[1] * n[0]) && gcd_by_trying(k[0] as i64, k[1] as i64) == 1 && k[0] < n[0]
        }
        "maths.ratio.ratio" if ask.starts_with("A bag holds") => {
            let first = between(ask, "ratio of ", " to").unwrap();
            let share = if ask.ends_with(&format!("many are {first}?")) { n[1] } else { n[2] };
            same(key_value(key) / n[0], share / (n[1] + n[2]))
        }
        "maths.ratio.ratio" => same(key_value(key) / n[2], n[0] / n[1]),
        "maths.ratio.rate" => match ask {
            _ if ask.contains("cost") => key.starts_with('$') && same(key_value(key) * n[0], n[1]),
            _ if ask.contains("How many hours") => same(key_value(key) * n[0], n[1]),
            _ if ask.contains("does it go") => same(key_value(key), n[0] * n[1]),
            _ => same(key_value(key) * n[1], n[0]),
        },
        "maths.algebra.patterns" => pattern(ask, key, &n),
        "maths.algebra.expressions" if ask.starts_with("If") => {
            let letter = letter_of(&ask[3..]);
            let body = between(ask, "what is ", "?").unwrap();
            same(key_value(key), calculate(body, &Letters::from([(letter, n[0])])))
        }
        "maths.algebra.expressions" => {
            let body = ask
                .trim_end_matches('.')
                .split_once(if ask.contains("and simplify") { "simplify " } else { " " })
                .unwrap()
                .1;
            let letter = letter_of(body);
            equal_everywhere(body, key, letter) && key.matches(letter).count() == 1 && !key.contains('(')
        }
        "maths.algebra.equations_one_step" | "maths.algebra.equations_two_step" => {
            let body = between(ask, "Solve ", ".").unwrap();
            solves(body, letter_of(body), key_value(key))
        }
        "maths.algebra.inequalities" => inequality(ask, key, &n),
        "maths.algebra.linear_graphs" => line(ask, key, &n),
        "maths.algebra.coordinates" => coordinates(ask, key, &n),
        "maths.measure.time" => time(ask, key, &n),
        "maths.measure.money" => {
            let expected = match ask {
                _ if ask.starts_with("You pay") => n[0] - n[1],
                _ if ask.contains("quarter") => n[0] * 0.25 + n[1] * 0.1,
                _ if ask.contains("together") => n[0] * n[1] + n[2],
                _ => n[0] * n[1],
            };
            key.starts_with('$') && same(key_value(key), expected) && expected > 0.0
        }
        "maths.measure.units" => units(ask, key, &n),
        _ => crate::shapes_and_data::is_right(skill, ask, key, &n),
    }
}

/// A fraction that is written is in lowest terms.
pub fn is_lowest(key: &str) -> bool {
    key.trim_start_matches('-').split_once('/').is_none_or(|(top, bottom)| {
        let (top, bottom): (i64, i64) = (top.parse().unwrap(), bottom.parse().unwrap());
        bottom > 1 && gcd_by_trying(top, bottom) == 1
    })
}

fn place_value(ask: &str, key: &str, n: &[f64]) -> bool {
    let digits: Vec<char> = (n[0] as i64).to_string().chars().collect();
    let places = ["ones", "tens", "hundreds", "thousands", "ten thousands"];
    if ask.starts_with("Which number is") {
        let sum: f64 = between(ask, "is ", "?")
            .unwrap()
            .replace(" and ", ", ")
            .split(", ")
            .map(|part| {
                let (count, name) = part.split_once(' ').unwrap();
                let name = if name.ends_with('s') { name.to_owned() } else { format!("{name}s") };
                let place = places.iter().position(|place| *place == name).unwrap();
                value(count) * 10_f64.powi(place as i32)
            })
            .sum();
        return same(sum, key_value(key));
    }
    if ask.starts_with("Which digit") {
        let place = places.iter().position(|place| *place == between(ask, "in the ", " place").unwrap()).unwrap();
        return digits[digits.len() - 1 - place].to_string() == key;
    }
    let digit = char::from_digit(n[1] as u32, 10).unwrap();
    assert_eq!(digits.iter().filter(|other| **other == digit).count(), 1, "{ask}");
    let at = digits.iter().position(|other| *other == digit).unwrap();
    same(key_value(key), n[1] * 10_f64.powi((digits.len() - 1 - at) as i32))
}

fn factors(ask: &str, key: &str, n: &[f64]) -> bool {
    let first = n[0] as i64;
    match ask {
        _ if ask.starts_with("Name all") => {
            let k: Vec<i64> = numbers(key).iter().map(|x| *x as i64).collect();
            (1..=first).all(|d| k.contains(&d) == (first % d == 0)) && k.len() <= first as usize
        }
        _ if ask.contains("multiple of") && ask.starts_with("Is") => {
            (key == "yes") == (n[0] / n[1] == (n[0] / n[1]).round())
        }
        _ if ask.contains("prime") => {
            // A sieve.
            let mut sieve = [true; 101];
            for i in 2..=10 {
                (i * i..=100).step_by(i).for_each(|multiple| sieve[multiple] = false);
            }
            (key == "yes") == sieve[n[0] as usize]
        }
        _ if ask.contains("greatest") => key_value(key) as i64 == gcd_by_trying(first, n[1] as i64),
        _ => {
            let least = (1..=1_000).find(|m| m % first == 0 && m % n[1] as i64 == 0).unwrap();
            key_value(key) as i64 == least
        }
    }
}

fn pattern(ask: &str, key: &str, n: &[f64]) -> bool {
    let key = key_value(key);
    if ask.starts_with("A pattern") {
        let step = n[1] - n[0];
        assert!(same(n[2] - n[1], step));
        let mut at = n[0];
        for _ in 1..n[3] as i64 {
            at += step;
        }
        return same(at, key);
    }
    let steps: Vec<f64> = n.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let growth: Vec<f64> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let last = n[n.len() - 1];
    if growth.iter().all(|g| same(*g, growth[0])) {
        return same(key, last + steps[steps.len() - 1] + growth[0]);
    }
    let by = n[1] / n[0];
    n.windows(2).all(|pair| same(pair[1] / pair[0], by)) && same(key, last * by)
}

fn inequality(ask: &str, key: &str, n: &[f64]) -> bool {
    let sign = ["<=", ">=", "<", ">"].into_iter().find(|sign| ask.contains(sign)).unwrap();
    let holds = |left: f64, sign: &str, right: f64| match sign {
        "<=" => left <= right + 1e-9,
        ">=" => left >= right - 1e-9,
        "<" => left < right - 1e-9,
        _ => left > right + 1e-9,
    };
    let body = between(ask, "Solve ", ".").or_else(|| between(ask, "solution of ", "?")).unwrap();
    let (left, right) = body.split_once(sign).unwrap();
    let is_true = |x: f64| {
        let letters = Letters::from([('x', x)]);
        holds(calculate(left, &letters), sign, calculate(right, &letters))
    };
    if ask.starts_with("Is") {
        return (key == "yes") == is_true(n[0]);
    }
    let mut parts = key.split(' ');
    assert_eq!(parts.next(), Some("x"));
    let (key_sign, bound) = (parts.next().unwrap(), value(parts.next().unwrap()));
    (-120..=120).map(|i| f64::from(i) / 4.0).all(|x| is_true(x) == holds(x, key_sign, bound))
}

fn line(ask: &str, key: &str, n: &[f64]) -> bool {
    let key = key_value(key);
    if ask.contains("through") {
        let points = points_in(ask);
        return same((points[1].1 - points[0].1) / (points[1].0 - points[0].0), key);
    }
    let body = ask.split_once("y = ").unwrap().1;
    let body = body.split([',', '?']).next().unwrap().split(" cross").next().unwrap();
    let at = |x: f64| calculate(body, &Letters::from([('x', x)]));
    match ask {
        _ if ask.contains("slope") => same(at(11.0) - at(10.0), key),
        _ if ask.contains("y-axis") => same(at(0.0), key),
        _ if ask.contains("x-axis") => same(at(key), 0.0),
        _ => same(at(n[n.len() - 1]), key),
    }
}

fn coordinates(ask: &str, key: &str, n: &[f64]) -> bool {
    let points = points_in(ask);
    let (x, y) = points[0];
    if ask.contains("-coordinate") {
        return same(key_value(key), if ask.contains("x-coord") { x } else { y });
    }
    let by = n[n.len() - 1];
    let expected = match ask {
        _ if ask.contains(" up ") => (x, y + by),
        _ if ask.contains(" down ") => (x, y - by),
        _ if ask.contains(" right ") => (x + by, y),
        _ if ask.contains(" left ") => (x - by, y),
        _ if ask.contains("midpoint") => (f64::midpoint(x, points[1].0), f64::midpoint(y, points[1].1)),
        _ if ask.contains("x-axis") => (x, -y),
        _ => (-x, y),
    };
    points_in(key) == [expected]
}

fn time(ask: &str, key: &str, n: &[f64]) -> bool {
    let times = times_in(ask);
    match ask {
        _ if ask.contains("How many minutes is it") => {
            let span = (0..720).find(|span| (times[0] + span) % 720 == times[1]).unwrap();
            whole(key_value(key)) == span
        }
        _ if ask.contains("minutes are in") => same(key_value(key), n[0] * 60.0),
        _ if ask.contains("hour") && times.is_empty() => same(key_value(key), n[0] * 60.0 + n[1]),
        _ => {
            let span = match ask {
                _ if ask.contains("quarter of an hour") => 15,
                _ if ask.contains("half an hour") => 30,
                _ if ask.contains("in one hour") => 60,
                _ if ask.contains("in two hours") => 120,
                _ if ask.contains("ago") => -(n[n.len() - 1] as i64),
                _ => n[n.len() - 1] as i64,
            };
            minutes(key) == (times[0] + span).rem_euclid(720)
        }
    }
}

/// The size of a unit in its smallest relative.
fn size_of(unit: &str) -> f64 {
    match unit.trim_end_matches(['?', '.']) {
        "millimetre" | "millimetres" => 0.1,
        "centimetre" | "centimetres" => 1.0,
        "metre" | "metres" => 100.0,
        "kilometre" | "kilometres" => 100_000.0,
        "gram" | "grams" | "millilitre" | "millilitres" | "inch" | "inches" | "ounce" | "ounces" | "quart"
        | "quarts" | "day" | "days" => 1.0,
        "kilogram" | "kilograms" | "litre" | "litres" => 1_000.0,
        "foot" | "feet" => 12.0,
        "yard" | "yards" => 36.0,
        "pound" | "pounds" => 16.0,
        "gallon" | "gallons" => 4.0,
        "week" | "weeks" => 7.0,
        other => panic!("{other}"),
    }
}

fn units(ask: &str, key: &str, n: &[f64]) -> bool {
    let words: Vec<&str> = ask.split(' ').collect();
    let wanted = size_of(words[2]);
    let given: f64 = words
        .windows(2)
        .filter(|pair| pair[0].starts_with(|c: char| c.is_ascii_digit()))
        .map(|pair| value(pair[0]) * size_of(pair[1]))
        .sum();
    assert!(!n.is_empty());
    same(key_value(key) * wanted, given)
}

/// What the shapes' questions need of the names in them.
pub fn shape_sum(ask: &str) -> f64 {
    ask.split([' ', '?']).filter_map(sides_of).sum()
}

pub fn solid(ask: &str, part: &str) -> f64 {
    solid_part(ask, part)
}
