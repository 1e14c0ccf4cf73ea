//! Questions made on demand: for one skill, from a seed and a difficulty, each with its key, the form to say on the
//! phone and a worked answer.
//!
//! **Invariant:** the same skill, seed and difficulty always make the same question: a question's id is all that is
//! needed to judge an answer to it later.

mod algebra;
mod data;
mod decimals;
mod draft;
mod exact;
mod fractions;
mod geometry;
mod id;
mod measure;
mod number;
mod operations;
mod random;
mod ratio;
mod speech;
mod upper;

pub use self::id::{BadId, QuestionId};

use self::draft::Draft;
use self::random::Random;
use crate::answer::{AskedForm, Key, Kind};

/// A question that was made for one skill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// As it is written, numbers in digits.
    pub ask: String,
    /// As an assistant says it on the phone, numbers in words.
    pub spoken: String,
    /// The right answer, as it is written.
    pub answer: String,
    /// The type of the answer.
    pub kind: Kind,
    /// The form that the answer must have, if any.
    pub form: Option<AskedForm>,
    /// How the answer is found, in one to three short sentences.
    pub worked: String,
    /// 1 (easy) to 3 (hard).
    pub difficulty: u8,
}

impl Generated {
    /// Returns what an answer is judged by.
    pub fn key(&self) -> Key {
        Key { answer: self.answer.clone(), kind: Some(self.kind), form: self.form, ..Key::default() }
    }
}

/// The difficulties that questions are made in.
pub const DIFFICULTIES: [u8; 3] = [1, 2, 3];

type Maker = fn(&mut Random, u8) -> Draft;

/// Every skill that questions are made for.
const MAKERS: [(&str, Maker); 72] = [
    ("maths.number.count", number::count),
    ("maths.number.place_value", number::place_value),
    ("maths.number.compare", number::compare),
    ("maths.number.round", number::round),
    ("maths.number.factors", number::factors),
    ("maths.number.order_of_operations", number::order_of_operations),
    ("maths.number.negative", number::negative),
    ("maths.number.powers", number::powers),
    ("maths.add.facts", operations::add_facts),
    ("maths.add.multi_digit", operations::add_multi_digit),
    ("maths.subtract.facts", operations::subtract_facts),
    ("maths.subtract.multi_digit", operations::subtract_multi_digit),
    ("maths.multiply.facts", operations::multiply_facts),
    ("maths.multiply.multi_digit", operations::multiply_multi_digit),
    ("maths.divide.facts", operations::divide_facts),
    ("maths.divide.long", operations::divide_long),
    ("maths.fractions.meaning", fractions::meaning),
    ("maths.fractions.equivalent", fractions::equivalent),
    ("maths.fractions.simplify", fractions::simplify),
    ("maths.fractions.compare", fractions::compare),
    ("maths.fractions.add_like", fractions::add_like),
    ("maths.fractions.add_unlike", fractions::add_unlike),
    ("maths.fractions.subtract_unlike", fractions::subtract_unlike),
    ("maths.fractions.multiply", fractions::multiply),
    ("maths.fractions.divide", fractions::divide),
    ("maths.fractions.mixed", fractions::mixed_numbers),
    ("maths.decimals.place_value", decimals::place_value),
    ("maths.decimals.add", decimals::add),
    ("maths.decimals.multiply", decimals::multiply),
    ("maths.percent.of", decimals::percent_of),
    ("maths.percent.change", decimals::percent_change),
    ("maths.ratio.ratio", ratio::ratio),
    ("maths.ratio.rate", ratio::rate),
    ("maths.algebra.patterns", algebra::patterns),
    ("maths.algebra.expressions", algebra::expressions),
    ("maths.algebra.equations_one_step", algebra::one_step),
    ("maths.algebra.equations_two_step", algebra::two_step),
    ("maths.algebra.inequalities", algebra::inequalities),
    ("maths.algebra.linear_graphs", algebra::linear_graphs),
    ("maths.algebra.coordinates", algebra::coordinates),
    ("maths.geometry.shapes", geometry::shapes),
    ("maths.geometry.angles", geometry::angles),
    ("maths.geometry.perimeter", geometry::perimeter),
    ("maths.geometry.area", geometry::area),
    ("maths.geometry.volume", geometry::volume),
    ("maths.geometry.circle", geometry::circle),
    ("maths.geometry.pythagoras", geometry::pythagoras),
    ("maths.measure.time", measure::time),
    ("maths.measure.money", measure::money_sums),
    ("maths.measure.units", measure::units),
    ("maths.data.graphs", data::graphs),
    ("maths.data.averages", data::averages),
    ("maths.data.probability", data::probability),
    ("maths.problems.multi_step", data::multi_step),
    ("maths.algebra2.polynomials", upper::polynomials),
    ("maths.algebra2.factoring", upper::factoring),
    ("maths.algebra2.quadratics", upper::quadratics),
    ("maths.algebra2.exponents", upper::exponents),
    ("maths.algebra2.logarithms", upper::logarithms),
    ("maths.algebra2.systems", upper::systems),
    ("maths.algebra2.series", upper::series),
    ("maths.functions.evaluate", upper::evaluate),
    ("maths.functions.composition", upper::composition),
    ("maths.functions.inverse", upper::inverse),
    ("maths.functions.vertex", upper::vertex),
    ("maths.trigonometry.ratios", upper::trig_ratios),
    ("maths.trigonometry.special_angles", upper::special_angles),
    ("maths.trigonometry.radians", upper::radians),
    ("maths.statistics.counting", upper::counting_ways),
    ("maths.statistics.compound", upper::compound),
    ("maths.statistics.expected_value", upper::expected_value),
    ("maths.statistics.spread", upper::spread),
];

/// The ids of the skills that [`generate`] makes questions for.
pub fn skills() -> impl Iterator<Item = &'static str> {
    MAKERS.iter().map(|(skill_id, _)| *skill_id)
}

/// Whether [`generate`] makes questions for the skill.
pub fn has_generator(skill_id: &str) -> bool {
    skills().any(|id| id == skill_id)
}

/// Makes the question of that seed and difficulty. Returns `None` if the skill has no generator, or the difficulty is
/// none of [`DIFFICULTIES`].
pub fn generate(skill_id: &str, seed: u64, difficulty: u8) -> Option<Generated> {
    if !DIFFICULTIES.contains(&difficulty) {
        return None;
    }
    let (_, make) = MAKERS.iter().find(|(id, _)| *id == skill_id)?;
    let start = random::hash(format!("{skill_id}/{difficulty}/{seed}").as_bytes());
    let Draft { ask, answer, worked, kind, form } = make(&mut Random::new(start), difficulty);
    Some(Generated { ask: ask.written, spoken: ask.spoken, answer, kind, form, worked, difficulty })
}
