//! Questions on charts, averages and probability, and word problems of several steps.

use super::draft::{Draft, draft};
use super::exact::{Fraction, decimal};
use super::random::Random;
use super::speech::{Both, both, int, money};

const GROUPS: [(&str, [&str; 3]); 5] = [
    ("pets", ["cats", "dogs", "birds"]),
    ("fruit", ["apples", "pears", "plums"]),
    ("sports", ["swimmers", "runners", "skaters"]),
    ("vehicles", ["cars", "buses", "bikes"]),
    ("books", ["comics", "novels", "atlases"]),
];

pub(super) fn graphs(random: &mut Random, difficulty: u8) -> Draft {
    let (title, plain) = random.pick(&GROUPS);
    let names = plain.map(Both::same);
    let [x, y, z] = [0, 0, 0].map(|_| random.range(2, [12, 20, 40][usize::from(difficulty - 1)]));
    match (difficulty, random.coin()) {
        (1, true) => {
            let (x, y) = (x.max(y) + i64::from(x == y), x.min(y));
            draft(
                both!(
                    "A bar chart shows {} {} and {} {}. How many more {} than {} are there?",
                    int(x),
                    names[0],
                    int(y),
                    names[1],
                    names[0],
                    names[1]
                ),
                x - y,
                format!("{x} minus {y} is {}.", x - y),
            )
        }
        (1, false) => {
            let (each, n) = (random.pick(&[2, 5, 10]), random.range(2, 9));
            let thing = random.pick(&plain);
            draft(
                both!(
                    "In a picture chart, one star stands for {} {}. How many {} are {} stars?",
                    int(each),
                    Both::same(thing),
                    Both::same(thing),
                    int(n)
                ),
                each * n,
                format!("{n} times {each} is {}.", each * n),
            )
        }
        (2, true) => draft(
            both!(
                "A table of {} shows {} {}, {} {} and {} {}. How many are there in all?",
                Both::same(title),
                int(x),
                names[0],
                int(y),
                names[1],
                int(z),
                names[2]
            ),
            x + y + z,
            format!("{x} plus {y} plus {z} is {}.", x + y + z),
        ),
        (2, false) => {
            let (each, n) = (random.pick(&[2, 4, 5, 10]), random.range(3, 12));
            let thing = random.pick(&plain);
            draft(
                both!(
                    "In a picture chart, one star stands for {} {}. How many stars show {} {}?",
                    int(each),
                    Both::same(thing),
                    int(each * n),
                    Both::same(thing)
                ),
                n,
                format!("{} divided by {each} is {n}.", each * n),
            )
        }
        (_, true) => {
            let (high, low) = (x.max(y).max(z), x.min(y).min(z));
            draft(
                both!(
                    "A bar chart shows {} {}, {} {} and {} {}. What is the difference between the tallest and the shortest bar?",
                    int(x),
                    names[0],
                    int(y),
                    names[1],
                    int(z),
                    names[2]
                ),
                high - low,
                format!("{high} minus {low} is {}.", high - low),
            )
        }
        (_, false) => {
            let percent = random.pick(&[10, 20, 25, 30, 40, 50, 60]);
            let whole = random.range(2, 20) * 20;
            let key = whole * percent / 100;
            let thing = random.pick(&plain);
            draft(
                both!(
                    "A pie chart of {} {} says {} percent are {}. How many {} are there?",
                    int(whole),
                    Both::same(title),
                    int(percent),
                    Both::same(thing),
                    Both::same(thing)
                ),
                key,
                format!("{percent} percent of {whole} is {key}."),
            )
        }
    }
}

fn show(numbers: &[i64]) -> Both {
    Both::list(&numbers.iter().map(|number| int(*number)).collect::<Vec<_>>(), "and")
}

/// The same numbers in another order.
fn shuffled(random: &mut Random, mut numbers: Vec<i64>) -> Vec<i64> {
    for i in (1..numbers.len()).rev() {
        numbers.swap(i, random.range(0, i as i64) as usize);
    }
    numbers
}

fn sorted_text(numbers: &[i64]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn averages(random: &mut Random, difficulty: u8) -> Draft {
    let highest = [12, 30, 60][usize::from(difficulty - 1)];
    match (difficulty, random.range(0, 3)) {
        (1 | 2, 0) | (3, 0 | 1) => {
            let n = [3, 4, 5][usize::from(difficulty - 1)];
            let mut numbers: Vec<i64> = (0..n).map(|_| random.range(1, highest)).collect();
            let over: i64 = numbers.iter().sum::<i64>() % n;
            if difficulty < 3 && over > 0 {
                numbers[0] += n - over;
            }
            let sum: i64 = numbers.iter().sum();
            let key = decimal(sum * 100 / n, 2);
            draft(
                both!("What is the mean of {}?", show(&numbers)),
                &key,
                format!("Together they are {sum}, and {sum} divided by {n} is {key}."),
            )
        }
        (1, _) | (2, 1) => {
            let n = if difficulty == 1 { 3 } else { 5 };
            let numbers: Vec<i64> = (0..n).map(|_| random.range(1, highest)).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            let key = sorted[sorted.len() / 2];
            draft(
                both!("What is the median of {}?", show(&numbers)),
                key,
                format!("In order: {}. The middle one is {key}.", sorted_text(&numbers)),
            )
        }
        (2, 2) => {
            let numbers: Vec<i64> = (0..5).map(|_| random.range(1, highest)).collect();
            let (low, high) = numbers.iter().fold((i64::MAX, 0), |(low, high), n| (low.min(*n), high.max(*n)));
            draft(
                both!("What is the range of {}?", show(&numbers)),
                high - low,
                format!("The biggest minus the smallest: {high} minus {low} is {}.", high - low),
            )
        }
        (2, _) => {
            let mode = random.range(1, highest);
            let mut others: Vec<i64> = Vec::new();
            while others.len() < 3 {
                let other = random.range(1, highest);
                if other != mode && !others.contains(&other) {
                    others.push(other);
                }
            }
            others.extend([mode, mode]);
            let numbers = shuffled(random, others);
            draft(
                both!("What is the mode of {}?", show(&numbers)),
                mode,
                format!("{mode} comes twice, the others once."),
            )
        }
        (_, 2) => {
            let mut numbers: Vec<i64> = (0..4).map(|_| random.range(1, highest)).collect();
            numbers.sort_unstable();
            let middle = numbers[1] + numbers[2];
            let key = decimal(middle * 5, 1);
            let worked = format!(
                "In order: {}. Halfway between {} and {} is {key}.",
                sorted_text(&numbers),
                numbers[1],
                numbers[2]
            );
            let numbers = shuffled(random, numbers);
            draft(both!("What is the median of {}?", show(&numbers)), &key, worked)
        }
        (_, _) => {
            let mean = random.range(5, 20);
            let (a, b) = (random.range(1, mean), random.range(1, mean));
            let key = 3 * mean - a - b;
            draft(
                both!(
                    "The mean of three numbers is {}. Two of them are {} and {}. What is the third?",
                    int(mean),
                    int(a),
                    int(b)
                ),
                key,
                format!("Together they are 3 times {mean}, which is {}. Minus {a} and {b} that is {key}.", 3 * mean),
            )
        }
    }
}

pub(super) fn probability(random: &mut Random, difficulty: u8) -> Draft {
    let (a, b) = (random.range(1, 12), random.range(1, 12));
    let (first, second) = random.pick_two(&["red", "blue", "green", "yellow"]);
    let both_colours = |wanted: &str, key: Fraction, n: i64| {
        draft(
            both!(
                "A bag holds {} {} and {} {} balls. You draw one without looking. What is the probability that it is {}?",
                int(a),
                Both::same(first),
                int(b),
                Both::same(second),
                Both::same(wanted)
            ),
            key,
            format!("{n} of {} balls: {key}.", a + b),
        )
    };
    match (difficulty, random.range(0, 2)) {
        (1, 0) => {
            let n = random.range(3, 20);
            let wanted = random.range(1, n);
            draft(
                both!(
                    "A spinner has {} equal parts numbered from {} to {}. What is the probability of the number {}?",
                    int(n),
                    int(1),
                    int(n),
                    int(wanted)
                ),
                Fraction::new(1, n),
                format!("One part of {n} equal parts: 1/{n}."),
            )
        }
        (1, _) | (2, 0) => both_colours(first, Fraction::new(a, a + b), a),
        (2, 1) => both_colours(&format!("not {first}"), Fraction::new(b, a + b), b),
        (2, _) => {
            let sides = random.pick(&[6, 8, 10, 12, 20]);
            let above = random.range(1, sides - 1);
            let key = Fraction::new(sides - above, sides);
            draft(
                both!(
                    "You roll a fair die with {} sides, numbered from one up. What is the probability of more than {}?",
                    int(sides),
                    int(above)
                ),
                key,
                format!("{} of {sides} sides are more than {above}: {key}.", sides - above),
            )
        }
        (_, 0) => {
            let c = random.range(1, 12);
            let key = Fraction::new(a + b, a + b + c);
            draft(
                both!(
                    "A bag holds {} red, {} blue and {} white balls. What is the probability of drawing a red or a blue one?",
                    int(a),
                    int(b),
                    int(c)
                ),
                key,
                format!("{} of {} balls: {key}.", a + b, a + b + c),
            )
        }
        (_, 1) => {
            let n = random.range(2, 5);
            let key = Fraction::new(1, 2_i64.pow(n as u32));
            draft(
                both!("You toss a fair coin {} times. What is the probability that all are heads?", int(n)),
                key,
                format!("Multiply one half {n} times: {key}."),
            )
        }
        (_, _) => {
            let key = Fraction::new(a * a, (a + b) * (a + b));
            draft(
                both!(
                    "A bag holds {} {} and {} {} balls. You draw one, put it back and draw again. What is the probability that both are {}?",
                    int(a),
                    Both::same(first),
                    int(b),
                    Both::same(second),
                    Both::same(first)
                ),
                key,
                format!("{} times itself is {key}.", Fraction::new(a, a + b)),
            )
        }
    }
}

const NAMES: [&str; 10] = ["Lena", "Tom", "Amira", "Noah", "Mei", "Diego", "Sara", "Kofi", "Eva", "Ravi"];

pub(super) fn multi_step(random: &mut Random, difficulty: u8) -> Draft {
    let name = Both::same(random.pick(&NAMES));
    let high = [6, 9, 12][usize::from(difficulty - 1)];
    let (n, each, more) = (random.range(2, high), random.range(2, high), random.range(1, 20));
    match (difficulty, random.range(0, 2)) {
        (1 | 2, 0) => draft(
            both!(
                "{} buys {} books at {} each and a pen for {}. How many dollars does {} pay?",
                name,
                int(n),
                money(each * 100),
                money(more * 100),
                name
            ),
            n * each + more,
            format!("{n} times {each} is {}, plus {more} is {}.", n * each, n * each + more),
        ),
        (1 | 2, 1) => {
            let start = n * each + more;
            draft(
                both!(
                    "{} has {} stickers and gives {} to each of {} friends. How many are left?",
                    name,
                    int(start),
                    int(each),
                    int(n)
                ),
                more,
                format!("{n} times {each} is {}, and {start} minus {} is {more}.", n * each, n * each),
            )
        }
        (1, _) => draft(
            both!(
                "{} reads {} pages a day for {} days and then {} more pages. How many pages is that?",
                name,
                int(each),
                int(n),
                int(more)
            ),
            n * each + more,
            format!("{n} times {each} is {}, plus {more} is {}.", n * each, n * each + more),
        ),
        (2, _) => {
            let start = n * each - more.min(n * each - 1);
            let add = n * each - start;
            draft(
                both!(
                    "{} picks {} apples in the morning and {} in the afternoon and packs them in bags of {}. How many bags are full?",
                    name,
                    int(start),
                    int(add),
                    int(each)
                ),
                n,
                format!("{start} plus {add} is {}, divided by {each} is {n}.", n * each),
            )
        }
        (_, 0) => {
            let (weeks, saved) = (random.range(3, 12), random.range(5, 20));
            let spent = random.range(5, weeks * saved - 1);
            draft(
                both!(
                    "{} saves {} a week for {} weeks and then spends {}. How many dollars are left?",
                    name,
                    money(saved * 100),
                    int(weeks),
                    money(spent * 100)
                ),
                weeks * saved - spent,
                format!("{weeks} times {saved} is {}, minus {spent} is {}.", weeks * saved, weeks * saved - spent),
            )
        }
        (_, 1) => {
            let (rows, seats, used) = (random.range(5, 15), random.range(6, 20), random.range(10, 29));
            draft(
                both!(
                    "A hall has {} rows of {} seats, and {} seats are taken. How many seats are free?",
                    int(rows),
                    int(seats),
                    int(used)
                ),
                rows * seats - used,
                format!("{rows} times {seats} is {}, minus {used} is {}.", rows * seats, rows * seats - used),
            )
        }
        (_, _) => {
            let (a, b) = (random.range(2, 9), random.range(2, 9));
            let total = (a + b) * n;
            draft(
                both!(
                    "A box holds {} red and {} blue pencils. {} opens boxes until there are {} pencils. How many boxes is that?",
                    int(a),
                    int(b),
                    name,
                    int(total)
                ),
                n,
                format!("One box holds {}, and {total} divided by {} is {n}.", a + b, a + b),
            )
        }
    }
}
