//! A catalogue of common wrong beliefs that an answer itself betrays.

mod catalogue;

use std::sync::LazyLock;

use domain::text::Text;

use self::catalogue::Asked;
pub(super) use self::catalogue::has_words;
use super::arithmetic::{self, Expression, Operation};
use super::exchange::Exchange;
use super::numbers::Value;
use super::passage::Passage;
use super::pattern::Patterns;

/// A belief, and the skill it belongs to in the starter curriculum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Belief {
    pub(super) skill_id: &'static str,
    pub(super) text: &'static str,
}

type Calculation = fn(&Expression, f64, Value) -> bool;

/// Wrong results of a calculation, and what one must believe to get them.
const BY_RESULT: [(Calculation, &str, &str); 18] = [
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
    (keeps_the_number_times_zero, "maths.multiply.facts", "keeps the number when multiplying by zero"),
    (adds_for_times, "maths.multiply.facts", "adds instead of multiplying"),
    (multiplies_for_plus, "maths.add.facts", "multiplies instead of adding"),
    (adds_for_minus, "maths.subtract.facts", "adds instead of subtracting"),
    (goes_up_below_zero, "maths.number.negative", "goes up instead of down when subtracting from a negative number"),
    (adds_negatives_as_positives, "maths.number.negative", "makes the sum of two negative numbers positive"),
    (
        adds_tops_and_keeps_the_larger_bottom,
        "maths.fractions.add_unlike",
        "adds numerators over the larger denominator without converting",
    ),
    (
        counts_the_decimals_apart,
        "maths.decimals.add",
        "adds the digits after the decimal point as a number of their own",
    ),
    (halves_when_dividing_by_a_half, "maths.fractions.divide", "multiplies when dividing by a number below one"),
    (multiplies_place_by_place, "maths.multiply.multi_digit", "multiplies tens by tens and ones by ones only"),
    (adds_one_zero_for_two, "maths.multiply.multi_digit", "writes one zero too few when multiplying by 100 or 1000"),
    (divides_the_larger_by_the_smaller, "maths.divide.facts", "always divides the larger number by the smaller one"),
];

/// Words of the student that name the belief, provided that the answer is not right.
const BY_WORDS: [(&str, &str, &str); 7] = [
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
    (
        r"\b(?:bigger|larger|greater) (?:denominator|bottom)\b",
        "maths.fractions.compare",
        "thinks that a larger denominator makes a larger fraction",
    ),
    (
        r"\b(?:more|longer) (?:digits|decimals|numbers)\b|\blonger\b.{0,30}\bdecimal",
        "maths.decimals.place_value",
        "thinks that a longer decimal is larger",
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
];

static WORDS: LazyLock<Patterns<7>> = LazyLock::new(|| Patterns::new(BY_WORDS.map(|(pattern, ..)| pattern)));

/// All wrong beliefs that have a name here, each once: its text and the skill it belongs to in the starter curriculum.
pub fn catalogue() -> Vec<(&'static str, &'static str)> {
    let by_result = BY_RESULT.iter().map(|(_, skill_id, text)| (*text, *skill_id));
    let by_words = BY_WORDS.iter().map(|(_, skill_id, text)| (*text, *skill_id));
    let mut all: Vec<_> = by_result.chain(by_words).chain(BY_SHAPE).chain(catalogue::texts()).collect();
    all.sort_unstable();
    all.dedup_by_key(|(text, _)| *text);
    all
}

/// The beliefs that explain a wrong answer.
pub(super) fn beliefs(exchange: &Exchange, value: Option<Value>) -> Vec<Belief> {
    let mut found: Vec<Belief> = Vec::new();
    let Exchange { task, said, .. } = exchange;
    let (asked, _) = task.asked().unwrap_or((task, false));
    let claimed = said.claims().iter().filter(|c| c.holds == Some(false));
    let claimed = claimed.filter_map(|c| Some((c.expression.clone()?, c.result)));
    let answered = arithmetic::asked(asked.calculations()).map(|(expression, _)| expression).zip(value);
    for (expression, value) in claimed.chain(answered) {
        let Some(result) = expression.result().filter(|result| !value.equals(*result)) else {
            continue;
        };
        if sound_alike(result, value.amount) {
            continue;
        }
        let explains = BY_RESULT.iter().find(|(explains, ..)| explains(&expression, result, value));
        found.extend(explains.map(|(_, skill_id, text)| Belief { skill_id, text }));
    }
    let named = WORDS.all(said).into_iter().map(|i| BY_WORDS[i]);
    found.extend(named.map(|(_, skill_id, text)| Belief { skill_id, text }));
    found.extend(by_shape(asked, value));
    let (given, told) = (asked.values(), said.values());
    let asked = Asked { question: Text::new(asked), given, said: Text::new(said), told, value };
    for belief in catalogue::explain(&asked) {
        // The calculation itself says more than the words around it.
        if !found.iter().any(|known| known.skill_id == belief.skill_id) {
            found.push(belief);
        }
    }
    found.dedup();
    found
}

/// Whether a recogniser takes one number for the other: seventy for seventeen.
fn sound_alike(a: f64, b: f64) -> bool {
    let (small, large) = (a.min(b), a.max(b));
    (13.0..=19.0).contains(&small) && ((small - 10.0) * 10.0 - large).abs() < 1e-9
}

/// The beliefs that [`by_shape`] finds.
const BY_SHAPE: [(&str, &str); 3] = [
    ("takes the area for the perimeter", "maths.geometry.perimeter"),
    ("takes the perimeter for the area", "maths.geometry.area"),
    ("doubles instead of squaring", "maths.number.powers"),
];

/// Area for perimeter, doubling for squaring, the smaller fraction for the larger.
fn by_shape(asked: &Passage, value: Option<Value>) -> Option<Belief> {
    let value = value?;
    let belief = |skill_id, text| Some(Belief { skill_id, text });
    match asked.values() {
        [a, b] if asked.contains("perimeter") && value.equals(a.amount * b.amount) => {
            belief("maths.geometry.perimeter", "takes the area for the perimeter")
        }
        [side]
            if asked.contains("perimeter") && asked.contains("square") && value.equals(side.amount * side.amount) =>
        {
            belief("maths.geometry.perimeter", "takes the area for the perimeter").filter(|_| !side.equals(4.0))
        }
        [side] if asked.contains("area") && asked.contains("square") && value.equals(4.0 * side.amount) => {
            belief("maths.geometry.area", "takes the perimeter for the area").filter(|_| !side.equals(4.0))
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
            let (smaller, bottom, other) =
                if a.amount < b.amount { (a.amount, x.1, y.1) } else { (b.amount, y.1, x.1) };
            let deceived = bottom > other && value.equals(smaller);
            deceived.then_some(Belief {
                skill_id: "maths.fractions.compare",
                text: "thinks that a larger denominator makes a larger fraction",
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
    pair(expression, Operation::Subtract).is_some_and(|(a, _)| a.amount >= 0.0) && result < 0.0 && value.equals(-result)
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
    whole_pair(expression, Operation::Subtract).is_some_and(|(a, b)| a > 0 && b > 0 && value.equals((a + b) as f64))
}

fn goes_up_below_zero(expression: &Expression, _: f64, value: Value) -> bool {
    whole_pair(expression, Operation::Subtract).is_some_and(|(a, b)| a < 0 && b > 0 && value.equals((a + b) as f64))
}

fn adds_negatives_as_positives(expression: &Expression, _: f64, value: Value) -> bool {
    let both =
        whole_pair(expression, Operation::Add).is_some_and(|(a, b)| a < 0 && b < 0 && value.equals(-(a + b) as f64));
    let taken = whole_pair(expression, Operation::Subtract)
        .is_some_and(|(a, b)| a < 0 && b > 0 && value.equals((b - a) as f64));
    both || taken
}

fn keeps_the_number_times_zero(expression: &Expression, result: f64, value: Value) -> bool {
    pair(expression, Operation::Multiply).is_some_and(|(a, b)| {
        let other = if a.equals(0.0) { b } else { a };
        result == 0.0 && !other.equals(0.0) && value.equals(other.amount)
    })
}

fn adds_tops_and_keeps_the_larger_bottom(expression: &Expression, _: f64, value: Value) -> bool {
    let fractions = pair(expression, Operation::Add).and_then(|(a, b)| a.fraction.zip(b.fraction));
    fractions.is_some_and(|((a, b), (c, d))| b != d && value.fraction == Some((a + c, b.max(d))))
}

/// 0.8 and 0.4 make "0.12".
fn counts_the_decimals_apart(expression: &Expression, _: f64, value: Value) -> bool {
    let apart = |number: Value| {
        let text = format!("{}", number.amount);
        let (whole, decimals) = text.split_once('.')?;
        Some((whole.parse::<i64>().ok()?, decimals.parse::<i64>().ok()?, decimals.len()))
    };
    let sum = pair(expression, Operation::Add).and_then(|(first, second)| {
        let (first, second) = (apart(first)?, apart(second)?);
        let decimals = first.1 + second.1;
        let is_carried = first.2 == second.2 && decimals >= 10_i64.pow(u32::try_from(first.2).ok()?);
        is_carried.then(|| format!("{}.{decimals}", first.0 + second.0).parse::<f64>().ok())?
    });
    sum.is_some_and(|sum| value.equals(sum))
}

fn halves_when_dividing_by_a_half(expression: &Expression, _: f64, value: Value) -> bool {
    pair(expression, Operation::Divide).is_some_and(|(a, b)| {
        a.fraction.is_none() && b.amount > 0.0 && b.amount < 1.0 && value.equals(a.amount * b.amount)
    })
}

fn multiplies_place_by_place(expression: &Expression, _: f64, value: Value) -> bool {
    let two_digits = |n: i64| (11..100).contains(&n) && n % 10 != 0;
    whole_pair(expression, Operation::Multiply).is_some_and(|(a, b)| {
        two_digits(a) && two_digits(b) && value.equals(((a / 10) * (b / 10) * 100 + (a % 10) * (b % 10)) as f64)
    })
}

fn adds_one_zero_for_two(expression: &Expression, _: f64, value: Value) -> bool {
    whole_pair(expression, Operation::Multiply).is_some_and(|(a, b)| {
        let (other, by) = if b == 100 || b == 1000 { (a, b) } else { (b, a) };
        (by == 100 || by == 1000) && other > 0 && other % 10 != 0 && value.equals((other * by / 10) as f64)
    })
}

fn divides_the_larger_by_the_smaller(expression: &Expression, result: f64, value: Value) -> bool {
    whole_pair(expression, Operation::Divide)
        .is_some_and(|(a, b)| a > 1 && a < b && result > 0.0 && value.equals(b as f64 / a as f64))
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
    use domain::answer::Language;

    use super::*;

    fn believed(task: &str, said: &str) -> Vec<&'static str> {
        let [task, said, reply] = [task, said, ""].map(|text| Passage::new(text, Language::English));
        let exchange = Exchange { task, turns: Vec::new(), said, reply };
        beliefs(&exchange, exchange.said.values().last().copied()).iter().map(|belief| belief.text).collect()
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
                "thinks that a larger denominator makes a larger fraction",
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

    #[test]
    fn each_belief_of_the_catalogue_is_named_by_its_own_wrong_answer() {
        let cases = [
            (
                "what number comes after twenty-nine?",
                "twenty ten",
                "counts on from nine ones to “ten”, as in “twenty-ten”",
            ),
            ("what is the four worth in 41?", "four", "says the digit instead of what it is worth"),
            ("round 65 to the nearest ten", "sixty", "rounds a half down"),
            ("round 3812 to the nearest thousand", "three thousand", "rounds down whatever the next digit"),
            ("round 62 to the nearest ten", "seventy", "rounds up whatever the next digit"),
            (
                "which is greater, -9 or -2?",
                "minus nine",
                "takes a bigger digit after the minus sign for a bigger number",
            ),
            ("what is -2 times -5?", "minus ten", "makes minus times minus a minus"),
            ("what is 5 minus minus 3?", "two", "takes away a negative number as if it were positive"),
            ("what is 5 to the power of 3?", "fifteen", "multiplies the base by the exponent"),
            ("what is the square root of 36?", "18", "halves instead of taking the square root"),
            ("what is the smallest prime number?", "one", "counts 1 as a prime number"),
            ("can you simplify 6/8?", "3/5", "simplifies by taking the same number from top and bottom"),
            ("which fraction is equivalent to 1/2?", "3/4", "adds the same number to top and bottom"),
            ("what is 3/5 divided by 2/3?", "10/9", "flips the first fraction when dividing"),
            ("what is 3/5 divided by 2/3?", "6/15", "multiplies the fractions instead of dividing"),
            ("what is 2/3 of 12?", "six", "divides by the top of the fraction"),
            ("which is bigger, 0.5 or 0.45?", "0.45", "takes the decimal with more digits for the larger one"),
            ("what is 0.4 times 0.2?", "0.8", "puts the decimal point in the wrong place when multiplying"),
            ("what is 2.5 times 10?", "2.50", "multiplies a decimal by ten by writing a zero behind it"),
            ("what is 10 percent of 80?", "ten", "says the percentage instead of the part"),
            ("what is 20 percent of 80?", "four", "divides by the percentage"),
            ("what is 10 percent of 80?", "72", "gives what is left instead of the part"),
            (
                "a 50 dollar shirt is 20 percent off, what does it cost?",
                "30",
                "takes the percentage off as if it were an amount",
            ),
            ("share in the ratio 2 to 3 a total of 20", "ten", "shares in equal parts whatever the ratio"),
            ("solve x plus 7 equals 12", "19", "adds instead of doing the opposite operation"),
            ("solve x minus 4 equals 9", "five", "takes away on both sides of a subtraction"),
            ("simplify 2x plus 5x, where x plus x is 2x", "seven x squared", "adds the powers when adding like terms"),
            ("expand 3 brackets 2x minus 5", "6x minus 5", "multiplies only the first term of a bracket"),
            ("what is 5 x squared when x is 2?", "100", "squares the whole term instead of the letter"),
            (
                "solve -2 x is less than 8",
                "x is less than -4",
                "does not turn the sign round when dividing by a negative number",
            ),
            (
                "how do you draw x less than 1?",
                "a filled dot on one going left",
                "fills the dot of a strict inequality",
            ),
            ("a rectangle is 5 by 3, what is its perimeter?", "eight", "adds only two sides of a rectangle"),
            ("a triangle has base 6 and height 4, what is its area?", "24", "forgets to halve the area of a triangle"),
            ("what do the angles in a triangle add up to?", "360", "thinks the angles of a triangle add up to 360"),
            (
                "what angle is beside 110 degrees on a straight line?",
                "250",
                "thinks the angles on a straight line add up to 360",
            ),
            ("what is the volume of a box 2 by 3 by 4?", "nine", "adds the edges instead of multiplying them"),
            ("the diameter is 10, what is the radius?", "20", "doubles the diameter to get the radius"),
            (
                "the short sides are 3 and 4, how long is the hypotenuse?",
                "seven",
                "adds the sides instead of their squares",
            ),
            ("the short sides are 3 and 4, how long is the hypotenuse?", "25", "forgets to take the square root"),
            ("how many minutes are in 3 hours?", "300", "counts a hundred minutes in an hour"),
            ("how many grams are in 2 kilograms?", "200", "takes a hundred for a thousand when converting units"),
            ("how many metres are in 3 kilometres?", "0.003", "divides instead of multiplying when converting units"),
            (
                "you pay 10 for 7.25, how much change?",
                "3.75",
                "forgets the dollar that was broken into cents when giving change",
            ),
            ("what is the mean of 4, 6 and 11?", "six", "gives the median instead of the mean"),
            ("what is the mean of 4, 6 and 11?", "21", "adds the numbers for the mean and does not divide"),
            ("what is the median of 9, 2 and 5?", "two", "takes the middle number without ordering them"),
            (
                "3 red and 2 blue, what is the probability of red?",
                "3/2",
                "compares the two parts instead of the part with the whole",
            ),
            ("can you spell friend?", "f r e i n d", "writes ei for ie"),
            ("what is the past tense of go?", "goed", "adds -ed to irregular verbs"),
            ("what is the plural of mouse?", "mouses", "adds -s to irregular nouns"),
            ("how many legs does an insect have?", "eight", "counts eight legs on an insect"),
            ("is a whale a fish or a mammal?", "a fish", "takes a whale for a fish"),
            (
                "why is it hot in summer?",
                "we are closer to the sun",
                "thinks that seasons come from the distance to the sun",
            ),
            ("which lands first when we drop them?", "the heavier one", "thinks that heavier things fall faster"),
            ("where does a plant get its food?", "from the soil", "thinks that plants eat soil"),
            ("what do plants take in from the air?", "oxygen", "thinks that plants take in oxygen to make food"),
            ("water boils and becomes steam, what is that called?", "melting", "takes boiling for melting"),
            ("why do we have day and night?", "the sun goes around us", "thinks that the sun moves round the earth"),
            ("what happens to the current in a bulb?", "it gets used up", "thinks that a bulb uses up the current"),
            ("what is one half plus one third?", "two fifths", "adds numerators and denominators"),
            ("what is 3/4 minus 1/2?", "2/2", "subtracts numerators and denominators"),
            ("what is 48 plus 37?", "75", "forgets to carry"),
            ("what is 402 minus 157?", "355", "takes the smaller digit from the larger instead of borrowing"),
            ("what is 3 minus 8?", "five", "takes the smaller number from the larger, whatever the order"),
            ("what is 3 plus 4 times 2?", "14", "calculates from left to right, whatever the operation"),
            ("what is 7 times 8?", "15", "adds instead of multiplying"),
            ("what is 7 plus 8?", "56", "multiplies instead of adding"),
            ("what is 9 minus 4?", "13", "adds instead of subtracting"),
            (
                "what is minus 6 minus 4?",
                "minus two",
                "goes up instead of down when subtracting from a negative number",
            ),
            ("what is minus 3 plus minus 4?", "seven", "makes the sum of two negative numbers positive"),
            ("what is 5 times 0?", "five", "keeps the number when multiplying by zero"),
            (
                "what is one half plus one quarter?",
                "two quarters",
                "adds numerators over the larger denominator without converting",
            ),
            ("what is 0.8 plus 0.4?", "0.12", "adds the digits after the decimal point as a number of their own"),
            ("what is 6 divided by one half?", "three", "multiplies when dividing by a number below one"),
            ("what is 4 divided by 8?", "two", "always divides the larger number by the smaller one"),
            ("what is 23 times 14?", "212", "multiplies tens by tens and ones by ones only"),
            ("what is 35 times 100?", "350", "writes one zero too few when multiplying by 100 or 1000"),
            (
                "which is bigger, one third or one quarter?",
                "one quarter",
                "thinks that a larger denominator makes a larger fraction",
            ),
            ("which is larger, 0.4 or 0.35?", "it has more digits", "thinks that a longer decimal is larger"),
            ("say the yellow box in italian", "la gialla scatola", "puts the adjective before the noun"),
            ("say the red house in italian", "la scatola rosso", "does not match the adjective to the noun's gender"),
            ("what is yellow in italian?", "amarillo is it amarilla", "uses Spanish words for Italian ones"),
            ("a rectangle is 5 by 3, what is its perimeter?", "15", "takes the area for the perimeter"),
            ("a square has a side of 5, what is its area?", "20", "takes the perimeter for the area"),
            ("what is five squared?", "ten", "doubles instead of squaring"),
            ("how many tens are in 340?", "four", "gives the digit when asked how many tens or hundreds"),
            ("8 plus 4 equals what plus 5?", "twelve", "takes the equals sign for “the answer is”"),
            ("simplify 3x plus 2", "5 x", "joins terms that are not alike"),
            ("expand (x plus 3) all squared", "x squared plus 9", "squares each term of a bracket by itself"),
            ("what is 7 to the power of 0?", "zero", "makes a number to the power of zero zero"),
            ("what comes next: 2, 4, 8?", "twelve", "adds in a sequence that multiplies"),
            (
                "what are the coordinates of the spot 3 across and 5 up?",
                "5 and 3",
                "says the way up before the way across",
            ),
            (
                "a car drives 120 km in 2 hours, what is its speed?",
                "240",
                "multiplies distance and time to get the speed",
            ),
            ("which is bigger, 0.4 or 0.55?", "0.4", "takes the decimal with fewer digits for the larger one"),
            ("what is 5 percent as a decimal?", "0.5", "writes a percentage below ten as tenths"),
            ("increase 50 by 10 percent", "60", "adds the percentage as if it were an amount"),
            ("what is the median of 4, 6 and 11?", "seven", "gives the mean instead of the median"),
            ("what is the range of 4, 6 and 11?", "eleven", "gives the largest number for the range"),
            (
                "what is the probability of rolling a six?",
                "fifty fifty",
                "thinks that two outcomes are always equally likely",
            ),
            ("can you spell running?", "r u n i n g", "writes one letter where two belong"),
            ("spell knife", "n i f e", "leaves out silent letters"),
            ("spell making", "m a k e i n g", "keeps the e before -ing"),
            ("good, better or?", "gooder", "adds -er or -est to irregular adjectives"),
            ("is it he doesn't or he don't?", "he don't", "does not match the verb to its subject"),
            ("how do you say the cat in spanish?", "la gato", "gives Spanish nouns the wrong article"),
            ("say the red house in spanish", "la roja casa", "puts the adjective before the noun in Spanish"),
            ("how do you say i am tired?", "soy cansado", "takes ser for estar"),
            ("what is the dog in german?", "die hund", "gives German nouns the wrong article"),
            ("which materials stick to a magnet?", "all metals", "thinks that all metals are magnetic"),
            ("what happens to sugar in tea?", "it disappears", "thinks that what dissolves is gone"),
            ("does air weigh anything?", "it weighs nothing", "thinks that air weighs nothing"),
            ("what kind of animal is a spider?", "an insect", "takes a spider for an insect"),
            ("why does the moon shine?", "it makes light", "thinks that the moon makes its own light"),
            ("how do we see things?", "light from our eyes", "thinks that the eye sends out light to see"),
            ("why does a ball stop rolling?", "the force runs out", "thinks that what moves needs a push all the time"),
            ("which angle is larger?", "this one has longer arms", "thinks that longer arms make a larger angle"),
            (
                "four heads so far, what comes next for the coin?",
                "tails is due",
                "thinks that a coin makes up for earlier throws",
            ),
        ];
        let missed: Vec<_> =
            cases.iter().filter(|(task, said, belief)| !believed(task, said).contains(belief)).collect();
        assert!(missed.is_empty(), "{missed:#?}");
        let untested: Vec<_> = super::catalogue()
            .into_iter()
            .filter(|(text, _)| !cases.iter().any(|(.., belief)| belief == text))
            .collect();
        assert!(untested.is_empty(), "{untested:?}");
        assert!(super::catalogue().len() >= 100, "{}", super::catalogue().len());
    }

    #[test]
    fn other_wrong_answers_and_right_ones_name_no_belief() {
        for (task, said) in [
            ("round 65 to the nearest ten", "seventy"),
            ("which is greater, -9 or -2?", "minus two"),
            ("what is 10 percent of 100?", "ten"),
            ("what is 4 squared?", "sixteen"),
            ("which is bigger, 0.5 or 0.45?", "0.5"),
            ("what is 2 cubed?", "eight"),
            ("a cube has edges of 3, what is its volume?", "27"),
            ("what is the mean of 4, 6 and 8?", "five"),
            ("what is the square root of 4?", "three"),
            ("how many legs does a spider have?", "eight"),
            ("what is ten times seven?", "seventeen"),
            ("which is bigger, 3/4 or 5/6?", "3/4"),
            ("which lands first when we drop them?", "not the heavier one"),
            ("how many legs does an insect have?", "18"),
            ("can you spell running?", "r u n n i n"),
            ("what is 23 times 14?", "312"),
            ("what is 0.4 plus 0.3?", "0.8"),
        ] {
            assert!(believed(task, said).is_empty(), "{task} {said}: {:?}", believed(task, said));
        }
    }
}
