//! The answers on shapes, data and word problems, found again.

use crate::calculator::same;
use crate::lower::{is_lowest, key_value, shape_sum, solid};

pub fn is_right(skill: &str, ask: &str, key: &str, n: &[f64]) -> bool {
    match skill {
        "maths.geometry.shapes" => shapes(ask, key, n),
        "maths.geometry.angles" => angles(ask, key, n),
        "maths.geometry.perimeter" => {
            let expected = match ask {
                _ if ask.contains("How wide") => n[0] / 2.0 - n[1],
                _ if ask.contains("How long is one side") => n[0] / 4.0,
                _ if ask.starts_with("A regular") => shape_sum(ask) * n[0],
                _ if ask.contains("square") => n[0] + n[0] + n[0] + n[0],
                _ if ask.contains("triangle") => {
                    assert!(n[0] + n[1] > n[2] && n[1] + n[2] > n[0] && n[0] + n[2] > n[1], "{ask}");
                    n.iter().sum()
                }
                _ => n[0] + n[1] + n[0] + n[1],
            };
            same(key_value(key), expected) && expected > 0.0
        }
        "maths.geometry.area" => {
            let expected = match ask {
                _ if ask.contains("How wide") => n[0] / n[1],
                _ if ask.contains("cut out") => {
                    assert!(n[0] < n[2] && n[1] < n[3], "{ask}");
                    n[2] * n[3] - n[0] * n[1]
                }
                _ if ask.contains("trapezoid") => n[0].min(n[1]) * n[2] + (n[0] - n[1]).abs() * n[2] / 2.0,
                _ if ask.contains("triangle") => n[0] / 2.0 * n[1],
                _ if ask.contains("square") => n[0].powi(2),
                _ => n[0] * n[1],
            };
            same(key_value(key), expected) && expected > 0.0
        }
        "maths.geometry.volume" => {
            let expected = match ask {
                _ if ask.contains("How high") => n[0] / n[1] / n[2],
                _ if ask.contains("surface") => n[0].powi(2) * 6.0,
                _ if ask.contains("cube") => n[0].powi(3),
                _ => n.iter().product(),
            };
            same(key_value(key), expected)
        }
        "maths.geometry.circle" => {
            let expected = match ask {
                _ if ask.contains("What is its diameter") => n[0] * 2.0,
                _ if ask.contains("What is its radius") => n[0] / 2.0,
                _ if ask.contains("circumference") && ask.contains("diameter") => n[0] * n[1],
                _ if ask.contains("circumference") => 2.0 * n[0] * n[1],
                _ if ask.contains("diameter") => n[0] * (n[1] / 2.0).powi(2),
                _ => n[0] * n[1].powi(2),
            };
            same(key_value(key), expected)
        }
        "maths.geometry.pythagoras" => {
            let is_long_wanted =
                ask.contains("is the hypotenuse") || ask.contains("is its diagonal") || ask.contains("straight way");
            let key = key_value(key);
            same(key, if is_long_wanted { n[0].hypot(n[1]) } else { (n[0].powi(2) - n[1].powi(2)).sqrt() })
        }
        "maths.data.graphs" => {
            let expected = match ask {
                _ if ask.contains("How many more") => n[0] - n[1],
                _ if ask.contains("How many stars") => n[1] / n[0],
                _ if ask.contains("stands for") => n[0] * n[1],
                _ if ask.contains("in all") => n.iter().sum(),
                _ if ask.contains("percent") => n[0] * n[1] / 100.0,
                _ => {
                    let mut sorted = n.to_vec();
                    sorted.sort_by(f64::total_cmp);
                    sorted[2] - sorted[0]
                }
            };
            same(key_value(key), expected) && expected >= 0.0
        }
        "maths.data.averages" => averages(ask, key, n),
        "maths.data.probability" => is_lowest(key) && probability(ask, key, n),
        "maths.problems.multi_step" => {
            let expected = match ask {
                _ if ask.contains("stickers") => n[0] - n[1] * n[2],
                _ if ask.contains("pages a day") => n[0] * n[1] + n[2],
                _ if ask.contains("books at") => n[0] * n[1] + n[2],
                _ if ask.contains("picks") => (n[0] + n[1]) / n[2],
                _ if ask.contains("saves") => n[0] * n[1] - n[2],
                _ if ask.contains("hall") => n[0] * n[1] - n[2],
                _ => n[2] / (n[0] + n[1]),
            };
            same(key_value(key), expected) && expected > 0.0
        }
        _ => crate::upper::is_right(skill, ask, key, n),
    }
}

fn shapes(ask: &str, key: &str, n: &[f64]) -> bool {
    if ask.starts_with("What do we call") {
        return same(shape_sum(key), n[0]);
    }
    if ask.contains("symmetry") {
        let expected = match ask {
            _ if ask.contains("isosceles") => 1.0,
            _ if ask.contains("rectangle") => 2.0,
            _ if ask.contains("square") => 4.0,
            _ if ask.contains("triangle") => 3.0,
            // A regular shape has as many as sides.
            _ => shape_sum(ask),
        };
        return same(key_value(key), expected);
    }
    let is_solid = ["cub", "pyramid", "prism"].iter().any(|name| ask.contains(name));
    let times = n.first().copied().unwrap_or(1.0);
    if is_solid {
        let part = ["faces", "edges", "corners"].into_iter().find(|part| ask.contains(part)).unwrap();
        return same(key_value(key), solid(ask, part) * times);
    }
    same(key_value(key), shape_sum(ask) * times)
}

fn angles(ask: &str, key: &str, n: &[f64]) -> bool {
    match ask {
        _ if ask.contains("acute or obtuse") => (key == "acute") == (n[0] < 90.0) && n[0] != 90.0,
        _ if ask.contains("right angle") && ask.contains("together") => same(key_value(key) / 90.0, n[0]),
        _ if ask.contains("make a right angle") => same(key_value(key) + n[0], 90.0),
        _ if ask.contains("straight line") => same(key_value(key) + n[0], 180.0),
        _ if ask.contains("isosceles") => same(2.0 * key_value(key) + n[0], 180.0),
        _ if ask.contains("inside angles") => same(180.0 - key_value(key) / shape_sum(ask), 360.0 / shape_sum(ask)),
        _ if ask.contains("quadrilateral") => {
            same(key_value(key) + n.iter().sum::<f64>(), 360.0) && key_value(key) > 0.0
        }
        _ => same(key_value(key) + n[0] + n[1], 180.0) && key_value(key) > 0.0,
    }
}

fn averages(ask: &str, key: &str, n: &[f64]) -> bool {
    let key = key_value(key);
    let mut sorted = n.to_vec();
    sorted.sort_by(f64::total_cmp);
    match ask {
        _ if ask.contains("mean of three") => same((n[1] + n[2] + key) / 3.0, n[0]),
        _ if ask.contains("mean") => same(key * n.len() as f64, n.iter().sum()),
        _ if ask.contains("range") => same(key, sorted[sorted.len() - 1] - sorted[0]),
        _ if ask.contains("mode") => {
            let count = |x: f64| n.iter().filter(|y| same(**y, x)).count();
            n.iter().all(|x| same(*x, key) || count(*x) < count(key))
        }
        _ => {
            // As many are below as above.
            let (low, high) = (sorted[(n.len() - 1) / 2], sorted[n.len() / 2]);
            same(key, f64::midpoint(low, high))
        }
    }
}

/// Counts all ways and those that are wanted.
fn probability(ask: &str, key: &str, n: &[f64]) -> bool {
    let key = key_value(key);
    if ask.contains("spinner") {
        let hits = (1..=n[0] as i64).filter(|part| same(*part as f64, n[3])).count();
        return same(key * n[0], hits as f64);
    }
    if ask.contains("die") {
        let hits = (1..=n[0] as i64).filter(|side| *side as f64 > n[1]).count();
        return same(key * n[0], hits as f64);
    }
    if ask.contains("coin") {
        let ways = 1_u32 << n[0] as u32;
        return same(key, (0..ways).filter(|way| *way == ways - 1).count() as f64 / f64::from(ways));
    }
    let total: f64 = n.iter().sum();
    let colour = |at: usize| {
        ask.split(['?', '.', ' '])
            .skip_while(|word| *word != "holds")
            .filter(|w| ["red", "blue", "green", "yellow", "white"].contains(w))
            .nth(at)
            .unwrap()
    };
    match ask {
        _ if ask.contains("a red or a blue") => same(key, 1.0 - n[2] / total),
        _ if ask.contains("put it back") => {
            let balls: Vec<bool> = (0..total as usize).map(|i| i < n[0] as usize).collect();
            let hits = balls
                .iter()
                .flat_map(|first| balls.iter().map(move |second| *first && *second))
                .filter(|hit| *hit)
                .count();
            same(key, hits as f64 / (total * total)) && ask.ends_with(&format!("are {}?", colour(0)))
        }
        _ if ask.contains("is not") => same(key, n[1] / total) && ask.ends_with(&format!("not {}?", colour(0))),
        _ => same(key, n[0] / total) && ask.ends_with(&format!("is {}?", colour(0))),
    }
}
