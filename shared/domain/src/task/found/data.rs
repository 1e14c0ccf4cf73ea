//! Averages, probability, charts.

use super::{Found, key, list_to_end};
use crate::answer::Exact;
use crate::task::Wanted;
use crate::task::form::Form;
use crate::task::item::{End, Item, Num, Sentence};
use crate::task::words::Cue;

pub(in crate::task) fn find(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    average(sentence, all).or_else(|| probability(sentence, all)).or_else(|| {
        (sentence.has(Cue::Graph) && sentence.end == End::Question && sentence.items.len() > 3)
            .then(|| Found::form(Form::Chart, Wanted::Free))
    })
}

fn average(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    let cue = [Cue::Mean, Cue::Median, Cue::Mode, Cue::Range].into_iter().find(|cue| sentence.has(*cue))?;
    if sentence.end == End::Stop && !sentence.has_number() {
        return None;
    }
    if matches!(cue, Cue::Range | Cue::Mode) && all.iter().map(|s| s.numbers.len()).sum::<usize>() < 3 {
        return None;
    }
    let own = list_to_end(&sentence.items).filter(|nums| nums.len() >= 3 && nums.len() == sentence.numbers.len());
    // "Here are 4, 6 and 11. What is the mean?"
    let earlier = || {
        let others: Vec<&Sentence> = all.iter().filter(|s| s.has_number()).collect();
        let [other] = others[..] else { return None };
        list_to_end(&other.items).filter(|nums| nums.len() >= 3 && nums.len() == other.numbers.len())
    };
    let mut values: Vec<Exact> = own
        .or_else(|| (!sentence.has_number()).then(earlier)?)
        .unwrap_or_default()
        .iter()
        .map(|num| num.value)
        .collect();
    values.sort();
    let count = i64::try_from(values.len()).ok()?;
    let total = values.iter().try_fold(Exact::ZERO, |sum, value| sum.plus(*value));
    let expected = if values.is_empty() {
        None
    } else {
        match cue {
            Cue::Mean => total?.over(Exact::whole(count)),
            Cue::Median if count % 2 == 1 => values.get(values.len() / 2).copied(),
            Cue::Median => values[values.len() / 2 - 1].plus(values[values.len() / 2])?.over(Exact::whole(2)),
            Cue::Range => values.last()?.minus(values[0]),
            _ => mode(&values),
        }
    };
    let expected = expected.filter(|value| value.decimals().is_some_and(|places| places <= 2));
    Some(Found::new(Form::Average, Wanted::Number, expected.map(|value| key(value, true))))
}

fn mode(sorted: &[Exact]) -> Option<Exact> {
    let count = |value: &Exact| sorted.iter().filter(|other| *other == value).count();
    let best = sorted.iter().max_by_key(|value| count(value))?;
    let most = count(best);
    (most > 1 && sorted.iter().all(|value| value == best || count(value) < most)).then_some(*best)
}

fn probability(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    if !sentence.has(Cue::Probability) || sentence.end == End::Stop {
        return None;
    }
    let items: Vec<&Item> = all.iter().flat_map(|s| &s.items).collect();
    // "A bag holds 3 red and 2 blue balls. What is the chance of drawing blue?"
    let pairs: Vec<(i64, &str)> = items
        .windows(2)
        .filter_map(|pair| match pair {
            [Item::Num(num), Item::Word(word)] => Some((num.to_whole()?, *word)),
            _ => None,
        })
        .collect();
    let nums: Vec<Num> = all.iter().flat_map(|sentence| &sentence.numbers).copied().collect();
    let asked: Vec<&(i64, &str)> = pairs.iter().filter(|(_, word)| sentence.has_word(word)).collect();
    let total: i64 = pairs.iter().map(|(count, _)| count).sum();
    let plain =
        !sentence.has_any(&[Cue::Not, Cue::Or, Cue::And]) && !sentence.has_word("two") && !sentence.has_word("both");
    let expected = match asked[..] {
        [(count, _)] if pairs.len() >= 2 && pairs.len() == nums.len() && plain && !sentence.has_number() => {
            Exact::fraction(*count, total)
        }
        _ => None,
    };
    Some(Found::new(Form::Probability, Wanted::Fraction, expected.map(|value| value.to_string())))
}
