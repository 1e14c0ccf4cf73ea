//! The answers of grades 10 to 12, found again.

use crate::calculator::{Letters, calculate, same, value};
use crate::lower::{between, equal_everywhere, is_lowest, key_value};

fn at(body: &str, x: f64) -> f64 {
    calculate(body, &Letters::from([('x', x)]))
}

/// The body of "f(x) = …" in a question.
fn function<'a>(ask: &'a str, name: &str) -> &'a str {
    let rest = ask.split_once(&format!("{name}(x) = ")).unwrap().1;
    rest.split([',']).next().unwrap().split(" and ").next().unwrap()
}

/// The power of the one letter in a key such as "x^7".
fn same_power(body: &str, key: &str) -> bool {
    let letter = key.chars().next().unwrap();
    [0.5, 1.5, 2.0].into_iter().all(|x| {
        let letters = Letters::from([(letter, x)]);
        same(calculate(body, &letters), calculate(key, &letters))
    })
}

pub fn is_right(skill: &str, ask: &str, key: &str, n: &[f64]) -> bool {
    match skill {
        "maths.algebra2.polynomials" => {
            let body = ask.trim_end_matches('.').split_once(' ').unwrap().1;
            equal_everywhere(body, key, 'x') && !key.contains('(')
        }
        "maths.algebra2.factoring" => {
            let body = ask.strip_prefix("Factor ").unwrap().trim_end_matches('.');
            equal_everywhere(body, key, 'x')
                && key.matches('(').count() == 2
                && key.starts_with('(')
                && key.ends_with(')')
        }
        "maths.algebra2.quadratics" => {
            let body = between(ask, "of ", " =").unwrap();
            let roots: Vec<f64> = (-30..=30).map(f64::from).filter(|x| same(at(body, *x), 0.0)).collect();
            roots.len() == 2 && numbers_of_list(key) == roots
        }
        "maths.algebra2.exponents" if ask.starts_with("Simplify") => {
            same_power(ask.strip_prefix("Simplify ").unwrap().trim_end_matches('.'), key)
        }
        "maths.algebra2.exponents" => same(key_value(key), value(between(ask, "What is ", "?").unwrap())),
        "maths.algebra2.logarithms" => logarithm(ask, key, n),
        "maths.algebra2.systems" => system(ask, key),
        "maths.algebra2.series" => series(ask, key, n),
        "maths.functions.evaluate" => same(key_value(key), at(function(ask, "f"), n[n.len() - 1])),
        "maths.functions.composition" => {
            let x = n[n.len() - 1];
            let expected = if ask.contains("f(g(") {
                at(function(ask, "f"), at(function(ask, "g"), x))
            } else {
                at(function(ask, "g"), at(function(ask, "f"), x))
            };
            same(key_value(key), expected)
        }
        "maths.functions.inverse" => {
            let wanted = n[n.len() - 1];
            let found: Vec<i32> = (-60..=60).filter(|x| same(at(function(ask, "f"), f64::from(*x)), wanted)).collect();
            found == [key_value(key) as i32]
        }
        "maths.functions.vertex" => {
            let body = between(ask, "y = ", "?").unwrap();
            let (h, k) = key.trim_matches(['(', ')']).split_once(", ").unwrap();
            let (h, k) = (value(h), value(k));
            let side = at(body, h + 1.0) - k;
            same(at(body, h), k) && same(at(body, h - 1.0) - k, side) && !same(side, 0.0)
        }
        "maths.trigonometry.ratios" => {
            let opposite = n[0];
            let long = n[n.len() - 1];
            let angle = (opposite / long).asin();
            let expected = match ask {
                _ if ask.contains("cosine") => angle.cos(),
                _ if ask.contains("tangent") => angle.tan(),
                _ => angle.sin(),
            };
            is_lowest(key) && same(key_value(key), expected)
        }
        "maths.trigonometry.special_angles" => {
            let degrees = n[n.len() - 1].to_radians();
            let size = if n.len() > 1 { n[0] } else { 1.0 };
            let expected = match ask {
                _ if ask.contains("opposite") || ask.contains("sine of") && !ask.contains("cosine") => degrees.sin(),
                _ if ask.contains("tangent") => degrees.tan(),
                _ => degrees.cos(),
            };
            is_lowest(key) && same(key_value(key), size * expected)
        }
        "maths.trigonometry.radians" => radians(ask, key, n),
        "maths.statistics.counting" => counting(ask, key, n),
        "maths.statistics.compound" => compound(ask, key, n),
        "maths.statistics.expected_value" => {
            let expected = match ask {
                _ if ask.contains("trials") => n[0] * n[1],
                _ if ask.contains("nothing otherwise") => n[0] * n[1],
                _ => n[0] * n[1] - n[2] * (1.0 - n[1]),
            };
            is_lowest(key) && same(key_value(key), expected)
        }
        "maths.statistics.spread" => {
            let expected = match ask {
                _ if ask.contains("below the mean") => (n[0] - n[2]) / n[1],
                _ if ask.contains("above the mean") || ask.contains("z-score") => (n[2] - n[0]) / n[1],
                _ => {
                    let mean = n.iter().sum::<f64>() / n.len() as f64;
                    n.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n.len() as f64
                }
            };
            same(key_value(key), expected)
        }
        _ => panic!("{skill} is not checked: {ask}"),
    }
}

fn numbers_of_list(key: &str) -> Vec<f64> {
    key.split(", ").map(value).collect()
}

fn logarithm(ask: &str, key: &str, n: &[f64]) -> bool {
    let key = key_value(key);
    match ask {
        _ if ask.starts_with("The logarithm") => same(key.ln() / n[0].ln(), n[1]),
        _ if ask.contains("plus") => same(n[0].powf(key), n[1] * n[2]),
        _ if ask.contains("minus") => same(n[0].powf(key), n[1] / n[2]),
        _ => same(n[1].powf(key), n[0]),
    }
}

fn system(ask: &str, key: &str) -> bool {
    let lines = between(ask, "If ", ", what").unwrap();
    let (first, second) = lines.split_once(" and ").unwrap();
    // Each line as coefficients, from its values at three points; then Cramer's rule.
    let coefficients = |line: &str| {
        let (left, right) = line.split_once('=').unwrap();
        let at = |x: f64, y: f64| calculate(left, &Letters::from([('x', x), ('y', y)]));
        assert!(same(at(0.0, 0.0), 0.0));
        [at(1.0, 0.0), at(0.0, 1.0), value(right)]
    };
    let (one, two) = (coefficients(first), coefficients(second));
    let determinant = |i: usize, j: usize| one[i] * two[j] - one[j] * two[i];
    assert!(!same(determinant(0, 1), 0.0), "{ask}");
    let solution = if ask.contains("what is x") { determinant(2, 1) } else { determinant(0, 2) };
    same(key_value(key), solution / determinant(0, 1))
}

fn series(ask: &str, key: &str, n: &[f64]) -> bool {
    let key = key_value(key);
    if ask.contains("without end") {
        let sum: f64 = (0..200).map(|i| n[0] * n[1].powi(i)).sum();
        return same(key, sum);
    }
    let next = |x: f64| if ask.contains("arithmetic") { x + n[1] } else { x * n[1] };
    if ask.contains("What is its") {
        let place = ["fourth", "fifth", "sixth"].iter().position(|word| ask.contains(word)).unwrap() + 4;
        let last = (1..place).fold(n[0], |x, _| next(x));
        return same(key, last);
    }
    let mut x = n[0];
    let mut sum = 0.0;
    for _ in 0..n[2] as i64 {
        sum += x;
        x = next(x);
    }
    same(key, sum)
}

fn radians(ask: &str, key: &str, n: &[f64]) -> bool {
    let key = key_value(key);
    if ask.starts_with("How many degrees") {
        let text = between(ask, "are ", " radians").unwrap().replace("pi", &std::f64::consts::PI.to_string());
        let angle = match text.split_once('/') {
            Some((top, bottom)) => value(&top.replace(' ', " * ")) / value(bottom),
            None => value(&text.replace(' ', " * ")),
        };
        return same(key.to_radians(), angle);
    }
    match ask {
        _ if ask.contains("pi over which") => same(std::f64::consts::PI / key, n[0].to_radians()),
        _ if ask.contains("arc") => {
            same(key / (2.0 * std::f64::consts::PI * n[0]), n[1] / (2.0 * std::f64::consts::PI))
        }
        _ => same(key / (std::f64::consts::PI * n[0] * n[0]), n[1] / (2.0 * std::f64::consts::PI)),
    }
}

/// Lists every way, by going through all numbers below `base^places`.
fn ways(places: u32, base: u64, is_one: impl Fn(&[u64]) -> bool) -> usize {
    (0..base.pow(places))
        .filter(|code| {
            let digits: Vec<u64> = (0..places).map(|i| code / base.pow(i) % base).collect();
            is_one(&digits)
        })
        .count()
}

fn counting(ask: &str, key: &str, n: &[f64]) -> bool {
    let key = key_value(key) as usize;
    let all_differ = |digits: &[u64]| digits.iter().enumerate().all(|(i, digit)| !digits[..i].contains(digit));
    match ask {
        _ if ask.contains("menu") => key as f64 == n.iter().product::<f64>(),
        _ if ask.contains("orders") => ways(n[0] as u32, n[0] as u64, all_differ) == key,
        _ if ask.contains("deputy") => ways(2, n[0] as u64, all_differ) == key,
        _ => (0..1_u32 << n[1] as u32).filter(|set| set.count_ones() == n[0] as u32).count() == key,
    }
}

fn compound(ask: &str, key: &str, n: &[f64]) -> bool {
    if ask.contains("independent") {
        return same(key_value(key), n[0] * n[1]);
    }
    let total = (n[0] + n[1]) as u64;
    let is_red = |ball: u64| ball < n[0] as u64;
    let all = ways(2, total, |pair| pair[0] != pair[1]);
    let hits = ways(2, total, |pair| {
        let reds = pair.iter().filter(|ball| is_red(**ball)).count();
        pair[0] != pair[1]
            && match ask {
                _ if ask.contains("both are red") => reds == 2,
                _ if ask.contains("one of each") => reds == 1,
                _ => reds >= 1,
            }
    });
    is_lowest(key) && same(key_value(key), hits as f64 / all as f64)
}
