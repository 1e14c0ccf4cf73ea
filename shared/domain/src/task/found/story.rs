//! Word problems: only what is certain is computed.

use super::{Before, Found, core, key};
use crate::answer::Exact;
use crate::task::Wanted;
use crate::task::expression::{Expression, Operation};
use crate::task::form::Form;
use crate::task::item::{End, Item, Num, Sentence};
use crate::task::words::{Cue, Quantity};

pub(in crate::task) fn find(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    let nums: Vec<Num> = all.iter().flat_map(|sentence| &sentence.numbers).copied().collect();
    let any = |cue: Cue| all.iter().any(|s| s.has(cue));
    if nums.is_empty() {
        return None;
    }
    if let Some(found) = legs(sentence, all, &nums) {
        return Some(found);
    }
    let asks = (sentence.has_any(&[Cue::HowMany, Cue::HowMuch, Cue::Left, Cue::Altogether])
        || sentence.text.contains("how many"))
        && (sentence.end == End::Question || sentence.end == End::None);
    if !asks && !is_told(sentence, all) {
        return None;
    }
    let money = all
        .iter()
        .any(|s| s.items.iter().any(|item| matches!(item, Item::Unit(unit) if unit.quantity == Quantity::Money)));
    let measured = all.iter().any(|s| s.items.iter().any(|item| matches!(item, Item::Unit(_))));
    let parts = nums.iter().any(|num| !num.value.is_whole())
        || all.iter().any(|s| s.has_any(&[Cue::Percent, Cue::Double, Cue::Triple, Cue::Not, Cue::If]));
    let [one, two] = nums[..] else {
        // "eight children, half have orange belts. How many?"
        let money = money && all.iter().any(|s| s.has_any(&[Cue::Change]));
        return (nums.len() >= 3 && asks && !money).then(|| Found::form(Form::Story, Wanted::Number));
    };
    let half = |num: &Num| matches!(num.style, crate::task::item::Style::Fraction(..));
    // "Pepper eats two fifths of a bale in the morning and three tenths at night. How much of the bale?"
    if half(&one) && half(&two) && asks {
        let adds = !any(Cue::Left) && !any(Cue::Than) && !any(Cue::Times);
        let like = one.value.parts().1 == two.value.parts().1;
        let form = if like { Form::FractionAddLike } else { Form::FractionAddUnlike };
        return adds.then(|| Found::form(form, Wanted::Fraction));
    }
    if half(&one) != half(&two) && asks {
        let (part, whole) = if half(&one) { (one, two) } else { (two, one) };
        let rest = any(Cue::Left) || any(Cue::Not) || any(Cue::Gives) || any(Cue::Plus);
        let value = part
            .value
            .times(whole.value)
            .filter(|value| value.is_whole() && !rest && all.iter().any(|s| s.text.contains("have")));
        return Some(Found::new(Form::FractionMeaning, Wanted::Number, value.map(|value| value.to_string())));
    }
    let calculate = |operation: Operation| {
        // "Five sharks share seventeen kilos."
        let swaps = operation == Operation::Divide && one.value < two.value;
        let (one, two) = if swaps { (two, one) } else { (one, two) };
        let expression = Expression::Of(operation, Box::new(Expression::Num(one)), Box::new(Expression::Num(two)));
        let uneven = operation == Operation::Divide && expression.value().is_some_and(|value| !value.is_whole());
        let form = if money {
            Form::Money
        } else if uneven && measured {
            Form::DecimalMultiply
        } else {
            expression.form()
        };
        let value = expression.value().filter(|value| value.is_whole() && !value.is_negative() && !parts);
        Found::new(form, Wanted::Number, value.map(|value| key(value, true)))
    };
    let each_asked =
        sentence.has(Cue::Each) && sentence.has_any(&[Cue::HowMany, Cue::HowMuch]) && !sentence.has_number();
    if any(Cue::Share) || each_asked && any(Cue::Between) {
        return Some(calculate(Operation::Divide));
    }
    if sentence.has(Cue::Left) || sentence.text.contains("does she have now") && any(Cue::Gives) {
        let takes = any(Cue::Gives)
            || all
                .iter()
                .any(|s| s.has_word("deliver") || s.has_word("delivers") || s.has_word("give") || s.has_word("gives"));
        let each = any(Cue::Each) || any(Cue::LotsOf) || any(Cue::Gets) || any(Cue::Speed);
        return Some(if takes && !each {
            calculate(Operation::Subtract)
        } else {
            Found::form(Form::Story, Wanted::Number)
        });
    }
    let lots = all
        .iter()
        .any(|s| s.items.windows(3).any(|three| matches!(three, [Item::Num(_), Item::Cue(Cue::LotsOf), Item::Num(_)])));
    // "fifteen seats in each. How many seats?"
    let asked_noun = sentence
        .position(Cue::HowMany)
        .and_then(|at| if let Some(Item::Word(word)) = sentence.items.get(at + 1) { Some(*word) } else { None });
    let counted = |noun: &str| {
        all.iter()
            .any(|s| s.has(Cue::Each) && s.items.windows(2).any(|pair| *pair == [Item::Num(two), Item::Word(noun)]))
    };
    let in_each = all.iter().any(|s| s.has(Cue::Each)) && (asked_noun.is_some_and(counted) || is_told(sentence, all));
    let gives = any(Cue::Gives) || any(Cue::Gets) || any(Cue::More) || any(Cue::Fewer);
    if (lots || in_each) && !gives && !any(Cue::Cost) && !sentence.has(Cue::Each) {
        return Some(calculate(Operation::Multiply));
    }
    if (lots || in_each) && !gives && all.len() == 1 && !each_asked {
        return Some(calculate(Operation::Multiply));
    }
    if any(Cue::Gets) && (any(Cue::More) || sentence.text.contains("now")) && !any(Cue::Gives) && !any(Cue::Each) {
        let comparing = sentence.text.contains("how many more") || any(Cue::Than);
        return Some(if comparing { calculate(Operation::Subtract) } else { calculate(Operation::Add) });
    }
    // "Five apples and two apples, how many?"
    let nouns: Vec<&str> = all
        .iter()
        .flat_map(|s| s.items.windows(2))
        .filter_map(|pair| match pair {
            [Item::Num(_), Item::Word(word)] => Some(*word),
            _ => None,
        })
        .collect();
    if let [first, second] = nouns[..]
        && first == second
        && !gives
        && !any(Cue::Each)
        && !any(Cue::Than)
        && asks
    {
        return Some(calculate(Operation::Add));
    }
    // "There are five green eggs and three blue eggs in a nest. How many eggs?"
    let asked = sentence
        .position(Cue::HowMany)
        .and_then(|at| if let Some(Item::Word(word)) = sentence.items.get(at + 1) { Some(*word) } else { None });
    if let Some(asked) = asked
        && !gives
        && !any(Cue::Each)
        && !any(Cue::Than)
        && !any(Cue::In)
            | all.iter().any(|s| {
                s.items.windows(2).any(|pair| matches!(pair, [Item::Word(word), Item::Cue(Cue::In)] if *word == asked))
            })
    {
        let twice = all
            .iter()
            .flat_map(|s| s.items.windows(3))
            .filter(|three| matches!(three, [Item::Num(_), Item::Word(_), Item::Word(noun)] if *noun == asked))
            .count();
        if twice == 2 {
            return Some(calculate(Operation::Add));
        }
    }
    if any(Cue::Altogether) && asks && !gives && !any(Cue::Each) && !money && nouns.len() == 2 {
        return Some(Found::form(
            if one.value.plus(two.value)? <= Exact::whole(20) { Form::AddFacts } else { Form::AddLarge },
            Wanted::Number,
        ));
    }
    let continues = matches!(before.form, Some(Form::Story));
    (asks && sentence.has_any(&[Cue::HowMany, Cue::HowMuch]) && all.len() > 1 && (gives || continues))
        .then(|| Found::form(Form::Story, Wanted::Number))
}

/// "Seven streets with nine papers each." "Nine rows of nine pucks."
fn is_told(sentence: &Sentence, all: &[Sentence]) -> bool {
    let items = core(&sentence.items);
    let bare = matches!(items, [Item::Num(_), Item::Cue(Cue::LotsOf), Item::Num(_), ..]) && items.len() <= 4;
    let each = sentence.has(Cue::Each)
        && matches!(items.first(), Some(Item::Num(_)))
        && sentence.numbers.len() == 2
        && sentence.has_any(&[Cue::With, Cue::In]);
    (bare || each) && !all.is_empty() && !sentence.has_any(&[Cue::Share, Cue::Is, Cue::You])
}

fn legs(sentence: &Sentence, all: &[Sentence], nums: &[Num]) -> Option<Found> {
    const LEGS: [(&str, i64); 14] = [
        ("dogs", 4),
        ("cats", 4),
        ("horses", 4),
        ("cows", 4),
        ("sheep", 4),
        ("rabbits", 4),
        ("pigs", 4),
        ("lions", 4),
        ("birds", 2),
        ("chickens", 2),
        ("ducks", 2),
        ("spiders", 8),
        ("insects", 6),
        ("ants", 6),
    ];
    let asks = sentence.has(Cue::HowMany)
        && (sentence.has_word("legs") || sentence.has_word("feet") || sentence.has_word("paws"));
    let [count] = nums else { return None };
    if !asks {
        return None;
    }
    let (_, legs) = LEGS.iter().find(|(name, _)| {
        all.iter()
            .any(|s| s.items.windows(2).any(|pair| matches!(pair, [Item::Num(_), Item::Word(word)] if word == name)))
    })?;
    let expression = Expression::Of(
        Operation::Multiply,
        Box::new(Expression::Num(*count)),
        Box::new(Expression::Num(Num::whole(*legs))),
    );
    Some(Found::new(Form::MultiplyFacts, Wanted::Number, expression.value().map(|value| value.to_string())))
}
