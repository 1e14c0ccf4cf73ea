//! Questions on fractions and mixed numbers.

use super::draft::{Draft, draft};
use super::exact::{Fraction, gcd};
use super::random::Random;
use super::speech::{Both, both, fraction, int, mixed, over, parts_name};
use crate::answer::AskedForm;

/// A proper fraction in lowest terms whose bottom lies in the range.
fn proper(random: &mut Random, low: i64, high: i64) -> Fraction {
    loop {
        let bottom = random.range(low, high);
        let top = random.range(1, bottom - 1);
        if gcd(top, bottom) == 1 {
            return Fraction::new(top, bottom);
        }
    }
}

pub(super) fn meaning(random: &mut Random, difficulty: u8) -> Draft {
    let highest = [8, 12, 20][usize::from(difficulty - 1)];
    let part = proper(random, 3, highest);
    let (top, bottom) = (part.top(), part.bottom());
    let worked = format!("{top} of {bottom} equal parts is {part}.");
    match random.range(0, 4) {
        0 => {
            let thing = random.pick(&["pizza", "cake", "pie", "melon"]);
            draft(
                both!(
                    "A {} is cut into {} equal slices and you eat {}. What fraction do you eat?",
                    Both::same(thing),
                    int(bottom),
                    int(top)
                ),
                part,
                worked,
            )
        }
        1 => {
            let thing = random.pick(&["strip of paper", "flag", "garden", "wall"]);
            draft(
                both!(
                    "A {} has {} equal parts and {} are painted. What fraction is painted?",
                    Both::same(thing),
                    int(bottom),
                    int(top)
                ),
                part,
                worked,
            )
        }
        2 => {
            let (things, colour) = random.pick(&[("apples", "red"), ("balloons", "blue"), ("beads", "green")]);
            draft(
                both!(
                    "There are {} {} and {} of them are {}. What fraction of the {} is {}?",
                    int(bottom),
                    Both::same(things),
                    int(top),
                    Both::same(colour),
                    Both::same(things),
                    Both::same(colour)
                ),
                part,
                worked,
            )
        }
        3 => {
            let (word, key) = random.pick(&[("numerator", top), ("denominator", bottom)]);
            let place = if word == "numerator" { "above" } else { "below" };
            draft(
                both!("In the fraction {}, which number is the {}?", fraction(part), Both::same(word)),
                key,
                format!("The {word} stands {place} the line: {key}."),
            )
        }
        _ => {
            let thing = random.pick(&["bar of chocolate", "loaf", "sandwich", "tray of brownies"]);
            draft(
                both!(
                    "A {} is cut into {} equal pieces and {} are left. What fraction is left?",
                    Both::same(thing),
                    int(bottom),
                    int(top)
                ),
                part,
                worked,
            )
        }
    }
}

pub(super) fn equivalent(random: &mut Random, difficulty: u8) -> Draft {
    let (highest, times) = [(4, 4), (8, 6), (12, 9)][usize::from(difficulty - 1)];
    let part = if difficulty == 1 && random.coin() {
        Fraction::new(1, random.range(2, 6))
    } else {
        proper(random, 2, highest)
    };
    let by = random.range(2, times);
    let (top, bottom) = (part.top() * by, part.bottom() * by);
    let worked = format!("Multiply both parts by {by}: {part} is {top}/{bottom}.");
    if difficulty == 3 && random.coin() {
        return draft(
            both!("A fraction is worth {} and its numerator is {}. What is its denominator?", fraction(part), int(top)),
            bottom,
            worked,
        );
    }
    let name = Both::same(&parts_name(bottom, false));
    let ask = if random.coin() {
        both!("How many {} make {}?", name, fraction(part))
    } else {
        both!("{} is how many {}?", fraction(part).capital(), name)
    };
    draft(ask, top, worked)
}

pub(super) fn simplify(random: &mut Random, difficulty: u8) -> Draft {
    let (highest, times) = [(5, 4), (9, 6), (12, 12)][usize::from(difficulty - 1)];
    let part = proper(random, 2, highest);
    let by = random.range(2, times);
    let (top, bottom) = (part.top() * by, part.bottom() * by);
    let shown = over(top, bottom);
    let ask = if random.coin() { both!("Simplify {}.", shown) } else { both!("What is {} in lowest terms?", shown) };
    draft(ask, part, format!("Divide both parts by {by}: {top}/{bottom} is {part}.")).form(AskedForm::Simplest)
}

pub(super) fn compare(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = loop {
        let (a, b) = match difficulty {
            // The same bottom, or the same top.
            1 => {
                let bottom = random.range(3, 12);
                let (x, y) = random.pick_two(&(1..bottom).collect::<Vec<_>>());
                if random.coin() {
                    (Fraction::new(x, bottom), Fraction::new(y, bottom))
                } else {
                    (Fraction::new(1, x + 1), Fraction::new(1, y + 1))
                }
            }
            2 => (proper(random, 2, 8), Fraction::new(1, 2)),
            _ => (proper(random, 3, 12), proper(random, 3, 12)),
        };
        if a != b {
            break (a, b);
        }
    };
    let (a, b) = if random.coin() { (a, b) } else { (b, a) };
    let bottom = a.bottom() * b.bottom() / gcd(a.bottom(), b.bottom());
    let scaled = |value: Fraction| value.top() * bottom / value.bottom();
    let (word, key) = if random.coin() { ("more", a.max(b)) } else { ("less", a.min(b)) };
    draft(
        both!("Which is {}, {} or {}?", Both::same(word), fraction(a), fraction(b)),
        key,
        format!(
            "With the denominator {bottom} they are {}/{bottom} and {}/{bottom}, so {key} is {word}.",
            scaled(a),
            scaled(b)
        ),
    )
}

/// " That is 3/4." if lowest terms are another bottom than the one that was reached.
fn reduced(key: Fraction, bottom: i64) -> String {
    if key.bottom() == bottom { String::new() } else { format!(" That is {key}.") }
}

pub(super) fn add_like(random: &mut Random, difficulty: u8) -> Draft {
    let bottom = random.range(3, [8, 12, 15][usize::from(difficulty - 1)]);
    let is_sum = random.coin();
    let (a, b) = if is_sum {
        // Above one whole at the highest difficulty only.
        let a = random.range(1, bottom - 1);
        let highest = if difficulty == 3 { bottom - 1 } else { bottom - a };
        (a, random.range(1, highest))
    } else {
        let a = random.range(2, bottom - 1);
        (a, random.range(1, a - 1))
    };
    let (word, top) = if is_sum { ("plus", a + b) } else { ("minus", a - b) };
    let key = Fraction::new(top, bottom);
    let worked =
        format!("The denominators are the same: {a} {word} {b} is {top}, so {top}/{bottom}.") + &reduced(key, bottom);
    draft(both!("What is {} {} {}?", over(a, bottom), Both::same(word), over(b, bottom)), key, worked)
}

/// Two fractions with different bottoms.
fn unlike(random: &mut Random, difficulty: u8) -> (Fraction, Fraction) {
    let highest = [10, 8, 12][usize::from(difficulty - 1)];
    loop {
        let (a, b) = (proper(random, 2, highest), proper(random, 2, highest));
        let is_easy = a.bottom() % b.bottom() == 0 || b.bottom() % a.bottom() == 0;
        if a.bottom() != b.bottom() && (difficulty > 1 || is_easy) {
            return (a, b);
        }
    }
}

fn combine(a: Fraction, b: Fraction, is_sum: bool) -> Draft {
    let bottom = a.bottom() * b.bottom() / gcd(a.bottom(), b.bottom());
    let [x, y] = [a, b].map(|value| value.top() * bottom / value.bottom());
    let (word, key) = if is_sum { ("plus", a + b) } else { ("minus", a - b) };
    let top = if is_sum { x + y } else { x - y };
    let worked =
        format!("With the denominator {bottom} it is {x}/{bottom} {word} {y}/{bottom}, which is {top}/{bottom}.")
            + &reduced(key, bottom);
    draft(both!("What is {} {} {}?", fraction(a), Both::same(word), fraction(b)), key, worked)
}

pub(super) fn add_unlike(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = unlike(random, difficulty);
    combine(a, b, true)
}

pub(super) fn subtract_unlike(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = unlike(random, difficulty);
    combine(a.max(b), a.min(b), false)
}

pub(super) fn multiply(random: &mut Random, difficulty: u8) -> Draft {
    if difficulty == 1 || (difficulty == 2 && random.coin()) {
        let part = proper(random, 2, if difficulty == 1 { 5 } else { 9 });
        let each = random.range(2, 9);
        let whole = part.bottom() * each;
        let key = part.top() * each;
        let worked = if part.top() == 1 {
            format!("{whole} divided by {} is {each}.", part.bottom())
        } else {
            format!("{whole} divided by {} is {each}, times {} is {key}.", part.bottom(), part.top())
        };
        return draft(both!("What is {} of {}?", fraction(part), int(whole)), key, worked);
    }
    let highest = if difficulty == 2 { 6 } else { 10 };
    let (a, b) = (proper(random, 2, highest), proper(random, 2, highest));
    let (top, bottom) = (a.top() * b.top(), a.bottom() * b.bottom());
    let key = a * b;
    let worked =
        format!("Numerator times numerator and denominator times denominator: {top}/{bottom}.") + &reduced(key, bottom);
    draft(both!("What is {} times {}?", fraction(a), fraction(b)), key, worked)
}

pub(super) fn divide(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = match difficulty {
        1 => (Fraction::new(random.range(1, 12), 1), Fraction::new(1, random.range(2, 10))),
        2 if random.coin() => (proper(random, 2, 9), Fraction::new(random.range(2, 6), 1)),
        2 => (proper(random, 2, 6), Fraction::new(1, random.range(2, 8))),
        _ => (proper(random, 2, 10), proper(random, 3, 10)),
    };
    let key = a / b;
    let turned = Fraction::new(b.bottom(), b.top());
    draft(
        both!("What is {} divided by {}?", fraction(a), fraction(b)),
        key,
        format!("Multiply by the reciprocal: {a} times {turned} is {key}."),
    )
}

pub(super) fn mixed_numbers(random: &mut Random, difficulty: u8) -> Draft {
    let part = proper(random, 2, [5, 8, 12][usize::from(difficulty - 1)]);
    let whole = random.range(1, [4, 6, 9][usize::from(difficulty - 1)]);
    let bottom = part.bottom();
    let top = whole * bottom + part.top();
    let as_mixed = mixed(whole, part.top(), bottom);
    if random.coin() {
        draft(
            both!("Write {} as a mixed number.", over(top, bottom)),
            as_mixed.written,
            format!("{top} divided by {bottom} is {whole} with {} left over.", part.top()),
        )
        .form(AskedForm::Mixed)
    } else {
        draft(
            both!("Write {} as an improper fraction.", as_mixed),
            format!("{top}/{bottom}"),
            format!("{whole} times {bottom} is {}, plus {} is {top}.", whole * bottom, part.top()),
        )
        .form(AskedForm::Improper)
    }
}
