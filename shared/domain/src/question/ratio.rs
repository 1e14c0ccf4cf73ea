//! Questions on ratios, rates and speed.

use super::draft::{Draft, draft};
use super::exact::{dollars, gcd};
use super::random::Random;
use super::speech::{Both, both, counted, int, money};
use crate::answer::Kind;

pub(super) fn ratio(random: &mut Random, difficulty: u8) -> Draft {
    let highest = [5, 7, 9][usize::from(difficulty - 1)];
    let (a, b) = loop {
        let (a, b) = random.pick_two(&(1..=highest).collect::<Vec<_>>());
        if gcd(a, b) == 1 {
            break (a, b);
        }
    };
    let by = random.range(2, [5, 8, 12][usize::from(difficulty - 1)]);
    match (difficulty, random.range(0, 2)) {
        (_, 0) => draft(
            both!("Simplify the ratio {} to {}.", int(a * by), int(b * by)),
            format!("{a}:{b}"),
            format!("Divide both by {by}: {a} to {b}."),
        )
        .kind(Kind::Ratio),
        (3, _) => {
            let (first, second) = random.pick(&[("red", "blue"), ("black", "white"), ("green", "yellow")]);
            let total = (a + b) * by;
            let (is_first, key) = random.pick(&[(true, a * by), (false, b * by)]);
            draft(
                both!(
                    "A bag holds {} beads. The ratio of {} to {} beads is {} to {}. How many are {}?",
                    int(total),
                    Both::same(first),
                    Both::same(second),
                    int(a),
                    int(b),
                    Both::same(if is_first { first } else { second })
                ),
                key,
                format!("{a} plus {b} is {} parts, so one part is {by} beads. That makes {key}.", a + b),
            )
        }
        _ => {
            let (cup, cups, feed, who) = random.pick(&[
                ("cup of rice", "cups of rice", "feed", "people"),
                ("bag of seeds", "bags of seeds", "feed", "birds"),
                ("tin of paint", "tins of paint", "cover", "doors"),
            ]);
            let verb = if a == 1 { format!("{feed}s") } else { feed.to_owned() };
            // One door is no people.
            let b = if b == 1 { 2 * a + 1 } else { b };
            let things = cups.split(' ').next().unwrap_or(cups);
            draft(
                both!(
                    "{} {} {} {}. How many {} {} {} {}?",
                    counted(a, cup, cups).capital(),
                    Both::same(&verb),
                    int(b),
                    Both::same(who),
                    Both::same(things),
                    Both::same(feed),
                    int(b * by),
                    Both::same(who)
                ),
                a * by,
                format!("{} is {by} times {b}, so take {by} times {a}: {}.", b * by, a * by),
            )
        }
    }
}

pub(super) fn rate(random: &mut Random, difficulty: u8) -> Draft {
    let hours = random.range(2, [5, 8, 12][usize::from(difficulty - 1)]);
    let speed = random.range(2, [12, 18, 24][usize::from(difficulty - 1)]) * 5;
    match (difficulty, random.range(0, 2)) {
        (_, 0) => {
            let what = random.pick(&["car", "train", "bus"]);
            draft(
                both!(
                    "A {} goes {} kilometres in {} hours. How many kilometres per hour is that?",
                    Both::same(what),
                    int(speed * hours),
                    int(hours)
                ),
                speed,
                format!("{} divided by {hours} is {speed}.", speed * hours),
            )
        }
        (1, _) => {
            let (things, one) = random.pick(&[("pens", "pen"), ("apples", "apple"), ("cards", "card")]);
            let (n, each) = (random.range(2, 9), random.range(2, 9));
            draft(
                both!(
                    "{} {} cost {}. What does one {} cost?",
                    int(n).capital(),
                    Both::same(things),
                    money(n * each * 100),
                    Both::same(one)
                ),
                dollars(each * 100),
                format!("{} divided by {n} is {each}.", n * each),
            )
        }
        (2, _) => {
            let (things, one) = random.pick(&[("pens", "pen"), ("oranges", "orange"), ("stamps", "stamp")]);
            let (n, each) = (random.pick(&[2, 4, 6, 8]), random.range(1, 19) * 25);
            draft(
                both!(
                    "{} {} cost {}. What does one {} cost?",
                    int(n).capital(),
                    Both::same(things),
                    money(n * each),
                    Both::same(one)
                ),
                dollars(each),
                format!("{} divided by {n} is {}.", dollars(n * each), dollars(each)),
            )
        }
        (_, 1) => draft(
            both!(
                "A train goes {} kilometres per hour. How many kilometres does it go in {} hours?",
                int(speed),
                int(hours)
            ),
            speed * hours,
            format!("{speed} times {hours} is {}.", speed * hours),
        ),
        (_, _) => draft(
            both!(
                "A train goes {} kilometres per hour. How many hours does it need for {} kilometres?",
                int(speed),
                int(speed * hours)
            ),
            hours,
            format!("{} divided by {speed} is {hours}.", speed * hours),
        ),
    }
}
