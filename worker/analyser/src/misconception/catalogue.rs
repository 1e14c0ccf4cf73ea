//! Wrong beliefs that a wrong answer betrays by its value, or by the words around it.
//!
//! Each entry fires only if the answer is exactly what the belief leads to. One that might as well be a slip is left out.

use domain::text::Text;

use super::super::numbers::Value;
use super::Belief;

/// A wrong answer with its question.
pub(super) struct Asked<'a> {
    /// In lower case.
    pub question: Text<'a>,
    /// The numbers of the question, in order. Percentages are shares: 25 % is 0.25.
    pub given: &'a [Value],
    /// What the student said, in lower case.
    pub said: Text<'a>,
    /// The numbers in what the student said.
    pub told: &'a [Value],
    /// The number that the student committed to.
    pub value: Option<Value>,
}

impl Asked<'_> {
    fn asks(&self, any: &[&str]) -> bool {
        self.question.contains_any(any)
    }

    fn says(&self, any: &[&str]) -> bool {
        any.iter().any(|words| has_words(&self.said, words))
    }

    /// Whether the answer, spelled letter by letter, is this word.
    fn spells(&self, word: &str) -> bool {
        let letters = self.said.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() == 1);
        letters.collect::<String>() == word
    }

    /// Whether the answer is this number.
    fn is(&self, amount: f64) -> bool {
        self.value.is_some_and(|value| value.equals(amount))
    }

    /// The two numbers of the question; `None` if it has more or fewer.
    fn two(&self) -> Option<(f64, f64)> {
        if let [a, b] = self.given { Some((a.amount, b.amount)) } else { None }
    }

    fn two_fractions(&self) -> Option<((f64, f64), (f64, f64))> {
        let [a, b] = self.given else { return None };
        let parts = |value: &Value| value.fraction.map(|(top, bottom)| (f64::from(top), f64::from(bottom)));
        Some((parts(a)?, parts(b)?))
    }

    fn amounts(&self) -> Vec<f64> {
        self.given.iter().map(|value| value.amount).collect()
    }

    /// The unit that a question about rounding names.
    fn rounds_to(&self) -> Option<f64> {
        if !self.asks(&["nearest", "round"]) {
            return None;
        }
        let units = [("nearest ten", 10.0), ("nearest hundred", 100.0), ("nearest thousand", 1000.0)];
        // "Nearest ten" also begins "nearest tenth".
        let named = units.iter().find(|(words, _)| self.asks(&[words]) && !self.asks(&[&format!("{words}th")]));
        named.map(|(_, unit)| *unit)
    }

    /// The number to round: the one that is not the unit itself.
    fn rounded(&self, unit: f64) -> Option<f64> {
        let mut others = self.given.iter().map(|value| value.amount).filter(|amount| !same(*amount, unit));
        let first = others.next()?;
        others.next().is_none().then_some(first)
    }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

/// Whether the words stand in the text, from word to word.
pub(crate) fn has_words(text: &Text, words: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let after = |at: usize| text[at + words.len()..].chars().next();
    // To find that they do not stand there is quicker than to look for all places.
    text.contains(words)
        && text.match_indices(words).any(|(at, _)| ends(text[..at].chars().next_back()) && ends(after(at)))
}

type Explains = fn(&Asked<'_>) -> bool;

const BIGGER: [&str; 4] = ["bigger", "larger", "greater", "more"];

/// Skill, belief, and whether it explains the answer. The first of a skill that explains it counts.
const CATALOGUE: [(&str, &str, Explains); 73] = [
    ("maths.number.count", "counts on from nine ones to “ten”, as in “twenty-ten”", |a| {
        a.says(&[
            "twenty ten",
            "thirty ten",
            "forty ten",
            "fifty ten",
            "sixty ten",
            "seventy ten",
            "eighty ten",
            "ninety ten",
        ])
    }),
    ("maths.number.place_value", "says the digit instead of what it is worth", |a| {
        a.asks(&["worth", "value of"])
            && a.two().is_some_and(|(x, y)| {
                let (digit, number) = if x < y { (x, y) } else { (y, x) };
                digit < 10.0 && number > 10.0 && a.is(digit) && !same(number % 10.0, digit)
            })
    }),
    ("maths.number.round", "rounds a half down", |a| {
        let number = a.rounds_to().and_then(|unit| Some((a.rounded(unit)?, unit)));
        number.is_some_and(|(n, unit)| same(n % unit, unit / 2.0) && a.is((n / unit).floor() * unit))
    }),
    ("maths.number.round", "rounds down whatever the next digit", |a| {
        let number = a.rounds_to().and_then(|unit| Some((a.rounded(unit)?, unit)));
        number.is_some_and(|(n, unit)| n % unit > unit / 2.0 && a.is((n / unit).floor() * unit))
    }),
    ("maths.number.round", "rounds up whatever the next digit", |a| {
        let number = a.rounds_to().and_then(|unit| Some((a.rounded(unit)?, unit)));
        number.is_some_and(|(n, unit)| n % unit > 0.0 && n % unit < unit / 2.0 && a.is((n / unit).ceil() * unit))
    }),
    ("maths.number.negative", "takes a bigger digit after the minus sign for a bigger number", |a| {
        a.two().is_some_and(|(x, y)| {
            let is_cold = a.asks(&["colder", "lower", "smaller", "less", "fewer"]);
            let wrong = if is_cold { x.max(y) } else { x.min(y) };
            x < 0.0 && y < 0.0 && (is_cold || a.asks(&["warmer", "higher"]) || a.asks(&BIGGER)) && a.is(wrong)
        })
    }),
    ("maths.number.negative", "makes minus times minus a minus", |a| {
        a.asks(&["times", "multiplied", "×"]) && a.two().is_some_and(|(x, y)| x < 0.0 && y < 0.0 && a.is(-x * y))
    }),
    ("maths.number.negative", "takes away a negative number as if it were positive", |a| {
        a.asks(&["minus minus", "minus negative", "take away minus", "take away negative", "- -", "− −"])
            && a.two().is_some_and(|(x, y)| y < 0.0 && a.is(x + y))
    }),
    ("maths.number.powers", "multiplies the base by the exponent", |a| {
        a.asks(&["to the power", "cubed"])
            && match a.given {
                [base] if a.asks(&["cubed"]) => a.is(base.amount * 3.0),
                [base, exponent] => base.amount > 2.0 && exponent.amount > 1.0 && a.is(base.amount * exponent.amount),
                _ => false,
            }
    }),
    ("maths.number.powers", "halves instead of taking the square root", |a| {
        a.asks(&["square root"]) && matches!(a.given, [n] if n.amount > 4.0 && a.is(n.amount / 2.0))
    }),
    ("maths.number.factors", "counts 1 as a prime number", |a| a.asks(&["prime"]) && a.is(1.0)),
    ("maths.fractions.simplify", "simplifies by taking the same number from top and bottom", |a| {
        let pair = a.given.last().and_then(|v| v.fraction).zip(a.value.and_then(|v| v.fraction));
        a.asks(&["simpl", "lowest terms"])
            && pair.is_some_and(|((a, b), (c, d))| c < a && d < b && a - c == b - d && a * d != b * c)
    }),
    ("maths.fractions.equivalent", "adds the same number to top and bottom", |a| {
        let pair = a.given.first().and_then(|v| v.fraction).zip(a.value.and_then(|v| v.fraction));
        a.asks(&["equivalent", "same as", "equal to"])
            && pair.is_some_and(|((a, b), (c, d))| c > a && d > b && c - a == d - b && a * d != b * c)
    }),
    ("maths.fractions.divide", "flips the first fraction when dividing", |a| {
        a.asks(&["divided by", "÷"])
            && a.two_fractions()
                .is_some_and(|((p, q), (r, s))| a.is(q * r / (p * s)) && !same(q * r / (p * s), p * s / (q * r)))
    }),
    ("maths.fractions.divide", "multiplies the fractions instead of dividing", |a| {
        a.asks(&["divided by", "÷"]) && a.two_fractions().is_some_and(|((p, q), (r, s))| a.is(p * r / (q * s)))
    }),
    ("maths.fractions.meaning", "divides by the top of the fraction", |a| {
        let of = if let [fraction, whole] = a.given { fraction.fraction.map(|f| (f, whole.amount)) } else { None };
        a.asks(&[" of "]) && of.is_some_and(|((top, _), whole)| top > 1 && a.is(whole / f64::from(top)))
    }),
    ("maths.decimals.place_value", "takes the decimal with more digits for the larger one", |a| {
        let is_decimal = |value: &&Value| value.fraction.is_none() && value.amount.fract() != 0.0;
        a.asks(&BIGGER)
            && a.given.iter().filter(is_decimal).count() == 2
            && a.two().is_some_and(|(x, y)| {
                let digits = |n: f64| format!("{n}").len();
                let (small, large) = (x.min(y), x.max(y));
                digits(small) > digits(large) && a.is(small)
            })
    }),
    ("maths.decimals.multiply", "puts the decimal point in the wrong place when multiplying", |a| {
        a.asks(&["times", "multiplied", "×"])
            && a.two().is_some_and(|(x, y)| {
                x.fract() != 0.0 && y.fract() != 0.0 && [10.0, 100.0, 0.1].iter().any(|by| a.is(x * y * by))
            })
    }),
    ("maths.decimals.multiply", "multiplies a decimal by ten by writing a zero behind it", |a| {
        a.asks(&["times", "multiplied"]) && a.two().is_some_and(|(x, y)| x.fract() != 0.0 && same(y, 10.0) && a.is(x))
    }),
    ("maths.percent.of", "says the percentage instead of the part", |a| {
        percent_of(a).is_some_and(|(share, whole)| a.is(share * 100.0) && !same(whole, 100.0))
    }),
    ("maths.percent.of", "divides by the percentage", |a| {
        percent_of(a).is_some_and(|(share, whole)| !same(share, 0.1) && a.is(whole / (share * 100.0)))
    }),
    ("maths.percent.of", "gives what is left instead of the part", |a| {
        percent_of(a).is_some_and(|(share, whole)| !same(share, 0.5) && a.is(whole - whole * share))
    }),
    ("maths.percent.change", "takes the percentage off as if it were an amount", |a| {
        a.asks(&["off", "discount", "reduced", "sale"])
            && a.two().is_some_and(|(x, y)| {
                let (share, price) = if x < y { (x, y) } else { (y, x) };
                share < 1.0 && !same(price, 100.0) && a.is(price - share * 100.0)
            })
    }),
    ("maths.ratio.ratio", "shares in equal parts whatever the ratio", |a| {
        a.asks(&["ratio"])
            && matches!(a.given, [x, y, .., total] if !x.equals(y.amount) && total.amount > x.amount + y.amount && a.is(total.amount / 2.0))
    }),
    ("maths.algebra.equations_one_step", "adds instead of doing the opposite operation", |a| {
        a.asks(&["x plus", "n plus", "y plus", "x +", "n +", "y +"])
            && a.asks(&["equals", "=", " is "])
            && a.two().is_some_and(|(x, y)| a.is(x + y))
    }),
    ("maths.algebra.equations_one_step", "takes away on both sides of a subtraction", |a| {
        a.asks(&["x minus", "n minus", "y minus", "x -", "n -"])
            && a.asks(&["equals", "=", " is "])
            && a.two().is_some_and(|(x, y)| x > 0.0 && a.is(y - x))
    }),
    ("maths.algebra.expressions", "adds the powers when adding like terms", |a| {
        a.asks(&["simplify", "collect"])
            && !a.asks(&["squared", "²"])
            && a.asks(&["x plus", "x +", "y plus", "y +"])
            && a.says(&["squared", "²"])
    }),
    ("maths.algebra.expressions", "multiplies only the first term of a bracket", |a| {
        let [factor, .., last] = a.given else { return false };
        a.asks(&["expand", "bracket"])
            && a.told.last().is_some_and(|told| told.equals(last.amount) && !told.equals(factor.amount * last.amount))
    }),
    ("maths.algebra.expressions", "squares the whole term instead of the letter", |a| {
        let [factor, .., x] = a.given else { return false };
        a.asks(&["squared when", "² when", "squared if"])
            && factor.amount > 1.0
            && a.is((factor.amount * x.amount).powi(2))
    }),
    ("maths.algebra.inequalities", "does not turn the sign round when dividing by a negative number", |a| {
        let turns = [("less than", "less than"), ("greater than", "greater than"), ("<", "<"), (">", ">")];
        (a.question.contains("minus") || a.question.contains("-"))
            && matches!(a.given, [factor, _] if factor.amount < 0.0)
            && turns.iter().any(|(asked, said)| a.question.contains(asked) && a.said.contains(said))
    }),
    ("maths.algebra.inequalities", "fills the dot of a strict inequality", |a| {
        a.asks(&["less than", "greater than"])
            && !a.asks(&["equal"])
            && a.says(&["filled dot", "solid dot", "closed dot", "full dot", "filled in dot"])
    }),
    ("maths.geometry.perimeter", "adds only two sides of a rectangle", |a| {
        a.asks(&["perimeter", "all the way round", "way around"]) && a.two().is_some_and(|(x, y)| a.is(x + y))
    }),
    ("maths.geometry.area", "forgets to halve the area of a triangle", |a| {
        a.asks(&["triangle"]) && a.asks(&["area"]) && a.two().is_some_and(|(x, y)| a.is(x * y))
    }),
    ("maths.geometry.angles", "thinks the angles of a triangle add up to 360", |a| {
        a.asks(&["triangle"])
            && a.asks(&["angle"])
            && match a.given {
                [] => a.is(360.0),
                [x, y] => a.is(360.0 - x.amount - y.amount),
                _ => false,
            }
    }),
    ("maths.geometry.angles", "thinks the angles on a straight line add up to 360", |a| {
        a.asks(&["straight line"]) && matches!(a.given, [x] if a.is(360.0 - x.amount))
    }),
    ("maths.geometry.volume", "adds the edges instead of multiplying them", |a| {
        a.asks(&["volume"])
            && match a.amounts()[..] {
                [edge] => edge > 3.0 && a.is(3.0 * edge),
                [x, y, z] => !same(x * y * z, x + y + z) && a.is(x + y + z),
                _ => false,
            }
    }),
    ("maths.geometry.circle", "doubles the diameter to get the radius", |a| {
        a.asks(&["radius"]) && a.asks(&["diameter"]) && matches!(a.given, [d] if a.is(2.0 * d.amount))
    }),
    ("maths.geometry.pythagoras", "adds the sides instead of their squares", |a| {
        a.asks(&["hypotenuse", "longest side", "right-angled", "right angled"])
            && a.two().is_some_and(|(x, y)| a.is(x + y))
    }),
    ("maths.geometry.pythagoras", "forgets to take the square root", |a| {
        a.asks(&["hypotenuse", "longest side", "right-angled", "right angled"])
            && a.two().is_some_and(|(x, y)| a.is(x.mul_add(x, y * y)))
    }),
    ("maths.measure.time", "counts a hundred minutes in an hour", |a| {
        a.asks(&["minutes"]) && a.asks(&["hour"]) && matches!(a.given, [hours] if a.is(hours.amount * 100.0))
    }),
    ("maths.measure.units", "takes a hundred for a thousand when converting units", |a| {
        a.asks(&["gram", "millilitre", "milliliter"])
            && a.asks(&["kilo", "litre", "liter"])
            && matches!(a.given, [n] if a.is(n.amount * 100.0))
    }),
    ("maths.measure.units", "divides instead of multiplying when converting units", |a| {
        a.asks(&["how many"])
            && a.asks(&["gram", "metre", "meter", "litre", "liter"])
            && matches!(a.given, [n] if n.amount >= 1.0 && [100.0, 1000.0].iter().any(|by| a.is(n.amount / by)))
    }),
    ("maths.measure.money", "forgets the dollar that was broken into cents when giving change", |a| {
        a.asks(&["change"])
            && a.two().is_some_and(|(paid, price)| paid > price && price.fract() != 0.0 && a.is(paid - price + 1.0))
    }),
    ("maths.data.averages", "gives the median instead of the mean", |a| {
        a.asks(&["mean", "average"])
            && middle(a.amounts(), true).is_some_and(|median| a.is(median) && !same(median, mean(&a.amounts())))
    }),
    ("maths.data.averages", "adds the numbers for the mean and does not divide", |a| {
        a.asks(&["mean", "average"]) && a.given.len() > 2 && a.is(a.amounts().iter().sum())
    }),
    ("maths.data.averages", "takes the middle number without ordering them", |a| {
        a.asks(&["median"])
            && middle(a.amounts(), false)
                .zip(middle(a.amounts(), true))
                .is_some_and(|(wrong, right)| a.is(wrong) && !same(wrong, right))
    }),
    ("maths.data.probability", "compares the two parts instead of the part with the whole", |a| {
        a.asks(&["probability", "chance"])
            && a.two()
                .zip(a.value.and_then(|v| v.fraction))
                .is_some_and(|((x, y), (top, bottom))| same(f64::from(top), x) && same(f64::from(bottom), y))
    }),
    ("reading.words.sight", "writes ei for ie", |a| {
        a.asks(&["spell"])
            && a.asks(&["friend", "believe", "piece", "field", "chief", "thief", "niece"])
            && a.said.split_whitespace().collect::<Vec<_>>().windows(2).any(|pair| pair == ["e", "i"])
    }),
    ("writing.grammar.past_tense", "adds -ed to irregular verbs", |a| {
        a.says(&[
            "goed", "runned", "eated", "bringed", "catched", "teached", "swimmed", "writed", "buyed", "thinked",
            "drinked", "sleeped", "keeped", "breaked", "falled", "flyed", "taked", "maked", "comed", "drawed",
        ])
    }),
    ("writing.grammar.plurals", "adds -s to irregular nouns", |a| {
        a.asks(&["plural", "more than one"])
            && a.says(&[
                "mouses",
                "childs",
                "foots",
                "tooths",
                "sheeps",
                "mans",
                "womans",
                "gooses",
                "fishes and",
                "deers",
                "oxes",
                "kinds",
            ])
    }),
    ("maths.number.place_value", "gives the digit when asked how many tens or hundreds", |a| {
        let place = [("how many tens", 10.0), ("how many hundreds", 100.0)];
        let unit = place.iter().find(|(words, _)| a.asks(&[words])).map(|(_, unit)| *unit);
        let number = a.given.last().map(|n| n.amount);
        unit.zip(number).is_some_and(|(unit, n)| n >= unit * 10.0 && a.is((n / unit).floor() % 10.0))
    }),
    ("maths.algebra.equations_one_step", "takes the equals sign for “the answer is”", |a| {
        a.asks(&["what plus", "something plus", "blank plus", "box plus", "_ +", "? +"])
            && matches!(a.given, [x, y, z] if a.is(x.amount + y.amount) && !z.equals(0.0))
    }),
    ("maths.algebra.expressions", "joins terms that are not alike", |a| {
        a.question.matches('x').count() == 1
            && a.asks(&["x plus", "x +"])
            && a.asks(&["simplify", "collect"])
            && a.says(&["x"])
            && a.two().is_some_and(|(x, y)| matches!(a.told, [told] if told.equals(x + y)))
    }),
    ("maths.algebra.expressions", "squares each term of a bracket by itself", |a| {
        a.asks(&["bracket", "("])
            && a.asks(&["all squared", "bracket squared", ")²", "squared brackets"])
            && a.says(&["x squared plus", "x²"])
            && matches!((a.given, a.told), ([.., b], [.., told]) if told.equals(b.amount * b.amount))
    }),
    ("maths.algebra2.exponents", "makes a number to the power of zero zero", |a| {
        a.asks(&["to the power of zero", "to the power of 0", "to the power zero", "to the power 0"]) && a.is(0.0)
    }),
    ("maths.algebra.patterns", "adds in a sequence that multiplies", |a| {
        let [.., x, y, z] = a.given else { return false };
        let [x, y, z] = [x.amount, y.amount, z.amount];
        a.asks(&["next", "comes after", "sequence", "pattern"])
            && same(x * z, y * y)
            && !same(x, y)
            && a.is(z + (z - y))
    }),
    ("maths.algebra.coordinates", "says the way up before the way across", |a| {
        a.asks(&["coordinate"])
            && matches!((a.given, a.told), ([x, y], [a, b]) if x != y && a.equals(y.amount) && b.equals(x.amount))
    }),
    ("maths.ratio.rate", "multiplies distance and time to get the speed", |a| {
        a.asks(&["speed", "how fast", "per hour"]) && a.two().is_some_and(|(x, y)| y > 1.0 && a.is(x * y))
    }),
    ("maths.decimals.place_value", "takes the decimal with fewer digits for the larger one", |a| {
        let is_decimal = |value: &&Value| value.fraction.is_none() && value.amount.fract() != 0.0;
        a.asks(&BIGGER)
            && a.given.iter().filter(is_decimal).count() == 2
            && a.two().is_some_and(|(x, y)| {
                let digits = |n: f64| format!("{n}").len();
                let (small, large) = (x.min(y), x.max(y));
                digits(small) < digits(large) && a.is(small)
            })
    }),
    ("maths.percent.of", "writes a percentage below ten as tenths", |a| {
        a.asks(&["as a decimal"]) && matches!(a.given, [share] if share.amount < 0.1 && a.is(share.amount * 10.0))
    }),
    ("maths.percent.change", "adds the percentage as if it were an amount", |a| {
        a.asks(&["increase", "goes up", "rises", "rise"])
            && a.two().is_some_and(|(x, y)| {
                let (share, price) = if x < y { (x, y) } else { (y, x) };
                share < 1.0 && !same(price, 100.0) && a.is(price + share * 100.0)
            })
    }),
    ("maths.data.averages", "gives the mean instead of the median", |a| {
        a.asks(&["median"])
            && middle(a.amounts(), true).is_some_and(|median| {
                let mean = mean(&a.amounts());
                a.is(mean) && !same(median, mean)
            })
    }),
    ("maths.data.averages", "gives the largest number for the range", |a| {
        let largest = || a.given.iter().map(|value| value.amount).fold(f64::MIN, f64::max);
        a.asks(&["the range"]) && a.given.len() > 2 && a.is(largest())
    }),
    ("maths.data.probability", "thinks that two outcomes are always equally likely", |a| {
        a.asks(&["probability", "chance", "likely"])
            && a.says(&["fifty fifty", "fifty-fifty", "50 50", "50/50", "either it does or it does not"])
    }),
    ("reading.words.sight", "writes one letter where two belong", |a| {
        const WORDS: [&str; 12] = [
            "running",
            "swimming",
            "hopping",
            "stopped",
            "planned",
            "dinner",
            "rabbit",
            "letter",
            "middle",
            "summer",
            "different",
            "beginning",
        ];
        a.asks(&["spell"])
            && WORDS.iter().any(|word| {
                let mut single = word.chars().collect::<Vec<_>>();
                single.dedup();
                has_words(&a.question, word) && a.spells(&single.into_iter().collect::<String>())
            })
    }),
    ("reading.words.sight", "leaves out silent letters", |a| {
        const WORDS: [(&str, &str); 9] = [
            ("knife", "nife"),
            ("knee", "nee"),
            ("knock", "nock"),
            ("write", "rite"),
            ("wrong", "rong"),
            ("climb", "clim"),
            ("lamb", "lam"),
            ("thumb", "thum"),
            ("listen", "lisen"),
        ];
        a.asks(&["spell"]) && WORDS.iter().any(|(word, wrong)| has_words(&a.question, word) && a.spells(wrong))
    }),
    ("reading.words.sight", "keeps the e before -ing", |a| {
        const WORDS: [&str; 7] = ["makeing", "rideing", "hopeing", "writeing", "comeing", "takeing", "useing"];
        a.asks(&["spell"]) && WORDS.iter().any(|wrong| a.spells(wrong))
    }),
    ("writing.grammar.adjectives", "adds -er or -est to irregular adjectives", |a| {
        a.says(&["gooder", "goodest", "badder", "baddest", "more better", "more bigger", "most biggest"])
    }),
    ("writing.grammar.agreement", "does not match the verb to its subject", |a| {
        a.says(&["he don't", "she don't", "it don't", "they was", "we was", "you was", "he have", "she have"])
    }),
    ("spanish.grammar.articles", "gives Spanish nouns the wrong article", |a| {
        a.says(&[
            "la gato",
            "la perro",
            "la libro",
            "la coche",
            "la árbol",
            "el casa",
            "el mesa",
            "el silla",
            "el puerta",
            "el escuela",
            "la problema",
            "la día",
            "el mano",
        ])
    }),
    ("spanish.words.colours", "puts the adjective before the noun in Spanish", |a| {
        const COLOURS: [&str; 9] = ["rojo", "roja", "negro", "negra", "blanco", "blanca", "azul", "verde", "amarilla"];
        const NOUNS: [&str; 8] = ["casa", "gato", "perro", "libro", "coche", "mesa", "pelota", "flor"];
        if !a.said.contains_any(&COLOURS) {
            return false;
        }
        let words: Vec<&str> = a.said.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        words.windows(2).any(|pair| COLOURS.contains(&pair[0]) && NOUNS.contains(&pair[1]))
    }),
    ("spanish.verbs.to_be", "takes ser for estar", |a| {
        a.says(&["soy cansado", "soy cansada", "soy enfermo", "soy enferma", "soy triste", "soy aquí", "soy en casa"])
    }),
    ("german.grammar.articles", "gives German nouns the wrong article", |a| {
        a.says(&[
            "die hund",
            "das hund",
            "die tisch",
            "das tisch",
            "der buch",
            "die buch",
            "der haus",
            "die haus",
            "das katze",
            "der kind",
            "die mann",
            "das mann",
            "das frau",
            "der mädchen",
        ])
    }),
];

/// Beliefs by what is asked and what is said. Who denies it does not believe it.
const BY_PHRASE: [(&str, &str, &[&str], &[&str]); 18] = [
    ("science.living.groups", "counts eight legs on an insect", &["insect"], &["eight", "8"]),
    ("science.living.groups", "takes a whale for a fish", &["whale", "dolphin"], &["fish"]),
    (
        "science.earth.weather",
        "thinks that seasons come from the distance to the sun",
        &["season", "summer", "winter"],
        &["closer to the sun", "nearer the sun", "nearer to the sun", "further from the sun", "far from the sun"],
    ),
    (
        "science.forces.pushes",
        "thinks that heavier things fall faster",
        &["fall", "drop", "hit the ground", "lands first"],
        &["heavier", "the heavy one"],
    ),
    (
        "science.plants.parts",
        "thinks that plants eat soil",
        &["plant", "tree"],
        &["from the soil", "eat soil", "eats soil", "soil is"],
    ),
    ("science.plants.parts", "thinks that plants take in oxygen to make food", &["plant"], &["oxygen"]),
    (
        "science.matter.states",
        "takes boiling for melting",
        &["boil", "steam", "gas"],
        &["melting", "melts", "it melted"],
    ),
    (
        "science.space.solar_system",
        "thinks that the sun moves round the earth",
        &["earth", "day and night", "sun rise"],
        &["sun goes around", "sun goes round", "sun moves around", "sun moves round", "sun goes to"],
    ),
    (
        "science.energy.electricity",
        "thinks that a bulb uses up the current",
        &["bulb", "circuit", "current", "battery"],
        &["used up", "uses it up", "gets used"],
    ),
    (
        "science.matter.materials",
        "thinks that all metals are magnetic",
        &["magnet"],
        &["all metal", "all metals", "any metal", "every metal"],
    ),
    (
        "science.matter.states",
        "thinks that what dissolves is gone",
        &["dissolve", "sugar", "salt"],
        &["disappears", "disappeared", "it's gone", "is gone", "vanishes"],
    ),
    (
        "science.matter.states",
        "thinks that air weighs nothing",
        &["air"],
        &["weighs nothing", "no weight", "zero weight", "weigh nothing"],
    ),
    ("science.living.groups", "takes a spider for an insect", &["spider"], &["insect", "an insect", "insects"]),
    (
        "science.space.solar_system",
        "thinks that the moon makes its own light",
        &["moon"],
        &["own light", "makes light", "light of its own", "shines by itself"],
    ),
    (
        "science.energy.light_sound",
        "thinks that the eye sends out light to see",
        &["see", "eye"],
        &["light from my eyes", "light from our eyes", "eyes send", "light comes out of"],
    ),
    (
        "science.forces.pushes",
        "thinks that what moves needs a push all the time",
        &["moving", "move", "rolling", "space"],
        &["runs out of force", "force runs out", "ran out of force", "force is used up"],
    ),
    (
        "maths.geometry.angles",
        "thinks that longer arms make a larger angle",
        &["angle"],
        &["longer arms", "longer lines", "lines are longer", "sides are longer", "arms are longer", "longer sides"],
    ),
    (
        "maths.data.probability",
        "thinks that a coin makes up for earlier throws",
        &["coin", "heads", "tails"],
        &[
            "is due",
            "tails is next",
            "its turn",
            "has to be tails",
            "has to be heads",
            "must be tails",
            "must be heads",
        ],
    ),
];

/// The share and the whole of "ten percent of eighty".
fn percent_of(a: &Asked<'_>) -> Option<(f64, f64)> {
    if !a.asks(&["percent of", "per cent of", "% of"]) {
        return None;
    }
    a.two().filter(|(share, whole)| *share > 0.0 && *share < 1.0 && *whole > 1.0)
}

fn mean(amounts: &[f64]) -> f64 {
    amounts.iter().sum::<f64>() / amounts.len() as f64
}

/// The number in the middle of an odd count of at least three.
fn middle(mut amounts: Vec<f64>, sorts: bool) -> Option<f64> {
    if amounts.len() < 3 || amounts.len().is_multiple_of(2) {
        return None;
    }
    if sorts {
        amounts.sort_by(f64::total_cmp);
    }
    amounts.get(amounts.len() / 2).copied()
}

/// The beliefs that explain a wrong answer; at most one of each skill.
pub(super) fn explain(asked: &Asked<'_>) -> Vec<Belief> {
    let mut found: Vec<Belief> = Vec::new();
    for (skill_id, text, explains) in &CATALOGUE {
        if !found.iter().any(|belief| belief.skill_id == *skill_id) && explains(asked) {
            found.push(Belief { skill_id, text });
        }
    }
    let denies = asked.says(&["not", "no", "never"]) || asked.said.contains("n't");
    for (skill_id, text, question, said) in &BY_PHRASE {
        if !denies && asked.asks(question) && asked.says(said) {
            found.push(Belief { skill_id, text });
        }
    }
    found
}

/// The texts of all beliefs here, with their skills.
pub(super) fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    CATALOGUE.iter().map(|entry| (entry.1, entry.0)).chain(BY_PHRASE.iter().map(|entry| (entry.1, entry.0)))
}
