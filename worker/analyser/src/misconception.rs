//! A catalogue of common wrong beliefs that an answer itself betrays.

use std::sync::LazyLock;

use domain::answer::Language;
use regex::Regex;

use super::arithmetic::{self, Expression, Operation};
use super::exchange::{Exchange, sentences};
use super::numbers::{Value, values};

/// A belief, and the skill it belongs to in the starter curriculum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Belief {
    pub(super) skill_id: &'static str,
    pub(super) text: &'static str,
}

type Calculation = fn(&Expression, f64, Value) -> bool;

/// Wrong results of a calculation, and what one must believe to get them.
const BY_RESULT: [(Calculation, &str, &str); 9] = [
    (adds_tops_and_bottoms, "maths.fractions.add_unlike", "adds numerators and denominators"),
    (subtracts_tops_and_bottoms, "maths.fractions.subtract_unlike", "subtracts numerators and denominators"),
    (forgets_to_carry, "maths.add.multi_digit", "forgets to carry"),
    (
        takes_smaller_from_larger,
        "maths.subtract.multi_digit",
        "takes the smaller digit from the larger instead of borrowing",
    ),
    (swaps_the_difference, "maths.number.negative", "takes the smaller number from the larger, whatever the order"),
    (goes_left_to_right, "maths.number.order_of_operations", "calculates from left to right, whatever the operation"),
    (adds_for_times, "maths.multiply.facts", "adds instead of multiplying"),
    (multiplies_for_plus, "maths.add.facts", "multiplies instead of adding"),
    (adds_for_minus, "maths.subtract.facts", "adds instead of subtracting"),
];

/// Words of the student that name the belief, provided that the answer is not right.
static BY_WORDS: LazyLock<Vec<(Regex, Belief)>> = LazyLock::new(|| {
    [
        (
            r"\badd(?:ed)? (?:up )?(?:both )?(?:the )?(?:tops?|numerators?)\b.{0,60}\b(?:bottoms?|denominators?)\b",
            "maths.fractions.add_unlike",
            "adds numerators and denominators",
        ),
        (
            r"\bsubtract(?:ed)? (?:the )?(?:tops?|numerators?)\b.{0,60}\b(?:bottoms?|denominators?)\b",
            "maths.fractions.subtract_unlike",
            "subtracts numerators and denominators",
        ),
        (r"\b(?:bigger|larger|greater) (?:denominator|bottom)\b", "maths.fractions.compare", "a larger denominator makes a larger fraction"),
        (
            r"\b(?:more|longer) (?:digits|decimals|numbers)\b|\blonger\b.{0,30}\bdecimal",
            "maths.decimals.place_value",
            "a longer decimal is larger",
        ),
        (
            r"\b(?:giall[oa]|ross[oa]|verde|viola|rosa|blu) (?:scatola|cane|gatto|coniglio|tavolo|letto|borsa|palla|pianta|albero|sedia|libro)\b",
            "italian.grammar.adjective_order",
            "puts the adjective before the noun",
        ),
        (
            r"\b(?:scatola|borsa|palla|pianta|sedia) (?:giallo|rosso)\b|\b(?:cane|gatto|coniglio|tavolo|letto|albero|libro) (?:gialla|rossa)\b",
            "italian.grammar.agreement",
            "does not match the adjective to the noun's gender",
        ),
        (
            r"\b(?:roj[oa]|amarill[oa]|perro|gato|mesa|cama|caja|conejo|arbol|azul|morado)\b",
            "italian.words.colours",
            "uses Spanish words for Italian ones",
        ),
    ]
    .map(|(pattern, skill_id, text)| (Regex::new(pattern).expect("a literal"), Belief { skill_id, text }))
    .into()
});

/// All wrong beliefs that have a name here, each once: its text and the skill it belongs to in the starter curriculum.
pub fn catalogue() -> Vec<(&'static str, &'static str)> {
    let by_result = BY_RESULT.iter().map(|(_, skill_id, text)| (*text, *skill_id));
    let by_words = BY_WORDS.iter().map(|(_, belief)| (belief.text, belief.skill_id));
    let mut all: Vec<_> = by_result.chain(by_words).chain(BY_SHAPE).collect();
    all.sort_unstable();
    all.dedup_by_key(|(text, _)| *text);
    all
}

/// The beliefs that explain a wrong answer.
pub(super) fn beliefs(exchange: &Exchange, value: Option<Value>) -> Vec<Belief> {
    let mut found: Vec<Belief> = Vec::new();
    let all = sentences(&exchange.task);
    let asked = all.iter().rev().find(|(_, asks)| *asks).or(all.last()).map_or("", |(text, _)| *text);
    let claimed = arithmetic::claims(&exchange.said, exchange.language).into_iter().filter(|c| c.holds == Some(false));
    let claimed = claimed.filter_map(|c| Some((c.expression?, c.result)));
    let answered = arithmetic::asked(asked, exchange.language).map(|(expression, _)| expression).zip(value);
    for (expression, value) in claimed.chain(answered) {
        let Some(result) = expression.result().filter(|result| !value.equals(*result)) else {
            continue;
        };
        let explains = BY_RESULT.iter().find(|(explains, ..)| explains(&expression, result, value));
        found.extend(explains.map(|(_, skill_id, text)| Belief { skill_id, text }));
    }
    found.extend(BY_WORDS.iter().filter(|(words, _)| words.is_match(&exchange.said)).map(|(_, belief)| *belief));
    found.extend(by_shape(asked, value, exchange.language));
    found.dedup();
    found
}

/// The beliefs that [`by_shape`] finds.
const BY_SHAPE: [(&str, &str); 3] = [
    ("takes the area for the perimeter", "maths.geometry.perimeter"),
    ("takes the perimeter for the area", "maths.geometry.area"),
    ("doubles instead of squaring", "maths.number.powers"),
];

/// Area for perimeter, doubling for squaring, the smaller fraction for the larger.
fn by_shape(asked: &str, value: Option<Value>, language: Language) -> Option<Belief> {
    let value = value?;
    let given = values(asked, language);
    let belief = |skill_id, text| Some(Belief { skill_id, text });
    match given.as_slice() {
        [a, b] if asked.contains("perimeter") && value.equals(a.amount * b.amount) => {
            belief("maths.geometry.perimeter", "takes the area for the perimeter")
        }
        [a, b] if asked.contains("area") && value.equals(2.0 * (a.amount + b.amount)) => {
            belief("maths.geometry.area", "takes the perimeter for the area")
        }
        [a, ..] if asked.contains("squared") && value.equals(2.0 * a.amount) && a.amount > 2.0 => {
            belief("maths.number.powers", "doubles instead of squaring")
        }
        [a, b] if ["bigger", "larger", "more", "greater"].iter().any(|w| asked.contains(w)) => {
            let (Some(x), Some(y)) = (a.fraction, b.fraction) else {
                return None;
            };
            let smaller = a.amount.min(b.amount);
            let deceived = x.1 != y.1 && value.equals(smaller);
            deceived.then_some(Belief {
                skill_id: "maths.fractions.compare",
                text: "a larger denominator makes a larger fraction",
            })
        }
        _ => None,
    }
}

fn pair(expression: &Expression, operation: Operation) -> Option<(Value, Value)> {
    match (expression.values.as_slice(), expression.operations.as_slice()) {
        ([a, b], [op]) if *op == operation => Some((*a, *b)),
        _ => None,
    }
}

fn whole_pair(expression: &Expression, operation: Operation) -> Option<(i64, i64)> {
    let (a, b) = pair(expression, operation)?;
    let whole =
        |v: Value| (v.fraction.is_none() && v.amount.fract() == 0.0 && v.amount.abs() < 1e9).then_some(v.amount as i64);
    Some((whole(a)?, whole(b)?))
}

fn adds_tops_and_bottoms(expression: &Expression, _: f64, value: Value) -> bool {
    let fractions = pair(expression, Operation::Add).and_then(|(a, b)| a.fraction.zip(b.fraction));
    fractions
        .is_some_and(|((a, b), (c, d))| value.fraction.is_some() && value.equals(f64::from(a + c) / f64::from(b + d)))
}

fn subtracts_tops_and_bottoms(expression: &Expression, _: f64, value: Value) -> bool {
    let fractions = pair(expression, Operation::Subtract).and_then(|(a, b)| a.fraction.zip(b.fraction));
    fractions.is_some_and(|((a, b), (c, d))| {
        b != d && value.fraction.is_some() && value.equals(f64::from(a.abs_diff(c)) / f64::from(b.abs_diff(d)))
    })
}

fn forgets_to_carry(expression: &Expression, _: f64, value: Value) -> bool {
    whole_pair(expression, Operation::Add)
        .is_some_and(|(a, b)| a > 9 && b > 9 && value.equals(digit_by_digit(a, b, |x, y| (x + y) % 10) as f64))
}

fn takes_smaller_from_larger(expression: &Expression, _: f64, value: Value) -> bool {
    whole_pair(expression, Operation::Subtract)
        .is_some_and(|(a, b)| a > b && a > 9 && value.equals(digit_by_digit(a, b, |x, y| (x - y).abs()) as f64))
}

fn swaps_the_difference(expression: &Expression, result: f64, value: Value) -> bool {
    pair(expression, Operation::Subtract).is_some() && result < 0.0 && value.equals(-result)
}

fn goes_left_to_right(expression: &Expression, _: f64, value: Value) -> bool {
    let (first, rest) = (expression.values[0].amount, &expression.values[1..]);
    let result = expression.operations.iter().zip(rest).fold(first, |total, (op, value)| match op {
        Operation::Add => total + value.amount,
        Operation::Subtract => total - value.amount,
        Operation::Multiply => total * value.amount,
        Operation::Divide => total / value.amount,
    });
    expression.operations.len() > 1 && value.equals(result)
}

fn adds_for_times(expression: &Expression, _: f64, value: Value) -> bool {
    whole_pair(expression, Operation::Multiply).is_some_and(|(a, b)| value.equals((a + b) as f64))
}

fn multiplies_for_plus(expression: &Expression, _: f64, value: Value) -> bool {
    whole_pair(expression, Operation::Add).is_some_and(|(a, b)| a > 1 && b > 1 && value.equals((a as f64) * b as f64))
}

fn adds_for_minus(expression: &Expression, _: f64, value: Value) -> bool {
    whole_pair(expression, Operation::Subtract).is_some_and(|(a, b)| b > 0 && value.equals((a + b) as f64))
}

fn digit_by_digit(mut a: i64, mut b: i64, combine: fn(i64, i64) -> i64) -> i64 {
    let (mut result, mut scale) = (0, 1);
    while a > 0 || b > 0 {
        result += combine(a % 10, b % 10) * scale;
        (a, b, scale) = (a / 10, b / 10, scale * 10);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn believed(task: &str, said: &str) -> Vec<&'static str> {
        let exchange = Exchange {
            task: task.into(),
            turns: Vec::new(),
            said: said.into(),
            reply: String::new(),
            language: Language::English,
        };
        beliefs(&exchange, values(said, Language::English).last().copied()).iter().map(|belief| belief.text).collect()
    }

    #[test]
    fn wrong_results_betray_their_rule() {
        for (task, said, belief) in [
            ("what is one half plus one third?", "um, two fifths?", "adds numerators and denominators"),
            ("what is 48 plus 37?", "75", "forgets to carry"),
            ("what is 63 - 28?", "45", "takes the smaller digit from the larger instead of borrowing"),
            ("what is 3 minus 8?", "five", "takes the smaller number from the larger, whatever the order"),
            ("what is 3 plus 4 times 2?", "fourteen", "calculates from left to right, whatever the operation"),
            ("what is seven times eight?", "fifteen", "adds instead of multiplying"),
            ("what is five squared?", "ten", "doubles instead of squaring"),
            ("a rectangle is 5 by 3, what is its perimeter?", "15", "takes the area for the perimeter"),
            (
                "which is bigger, one third or one quarter?",
                "one quarter",
                "a larger denominator makes a larger fraction",
            ),
            ("say the yellow box", "la gialla scatola", "puts the adjective before the noun"),
        ] {
            assert_eq!(believed(task, said), [belief], "{task} {said}");
        }
    }

    #[test]
    fn a_right_result_betrays_nothing() {
        assert!(believed("what is one half plus one third?", "five sixths").is_empty());
        assert!(believed("what is 48 plus 37?", "85").is_empty());
    }
}
