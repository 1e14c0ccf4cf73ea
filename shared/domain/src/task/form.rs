//! The form of a task: the kind of exercise, which names its skill in the starter curriculum.

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident => $skill:expr,)*) => {
        /// What kind of exercise a task is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Form {
            $($(#[$doc])* $name,)*
        }

        impl Form {
            /// Every form, in the order of the curriculum.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the id that the starter curriculum gives the skill; `None` if no skill follows from the form alone.
            pub const fn skill_id(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => $skill,)*
                }
            }
        }
    };
}

forms! {
    Count => Some("maths.number.count"),
    PlaceValue => Some("maths.number.place_value"),
    Compare => Some("maths.number.compare"),
    Round => Some("maths.number.round"),
    AddFacts => Some("maths.add.facts"),
    AddLarge => Some("maths.add.multi_digit"),
    SubtractFacts => Some("maths.subtract.facts"),
    SubtractLarge => Some("maths.subtract.multi_digit"),
    MultiplyFacts => Some("maths.multiply.facts"),
    MultiplyLarge => Some("maths.multiply.multi_digit"),
    DivideFacts => Some("maths.divide.facts"),
    DivideLarge => Some("maths.divide.long"),
    Factors => Some("maths.number.factors"),
    OrderOfOperations => Some("maths.number.order_of_operations"),
    Negative => Some("maths.number.negative"),
    Powers => Some("maths.number.powers"),
    FractionMeaning => Some("maths.fractions.meaning"),
    FractionEquivalent => Some("maths.fractions.equivalent"),
    FractionSimplify => Some("maths.fractions.simplify"),
    FractionCompare => Some("maths.fractions.compare"),
    FractionAddLike => Some("maths.fractions.add_like"),
    FractionAddUnlike => Some("maths.fractions.add_unlike"),
    FractionSubtractUnlike => Some("maths.fractions.subtract_unlike"),
    FractionMultiply => Some("maths.fractions.multiply"),
    FractionDivide => Some("maths.fractions.divide"),
    FractionMixed => Some("maths.fractions.mixed"),
    DecimalPlaceValue => Some("maths.decimals.place_value"),
    DecimalAdd => Some("maths.decimals.add"),
    DecimalMultiply => Some("maths.decimals.multiply"),
    PercentOf => Some("maths.percent.of"),
    PercentChange => Some("maths.percent.change"),
    Ratio => Some("maths.ratio.ratio"),
    Rate => Some("maths.ratio.rate"),
    Pattern => Some("maths.algebra.patterns"),
    Expression => Some("maths.algebra.expressions"),
    EquationOneStep => Some("maths.algebra.equations_one_step"),
    EquationTwoStep => Some("maths.algebra.equations_two_step"),
    Inequality => Some("maths.algebra.inequalities"),
    Line => Some("maths.algebra.linear_graphs"),
    Coordinates => Some("maths.algebra.coordinates"),
    Shape => Some("maths.geometry.shapes"),
    Angle => Some("maths.geometry.angles"),
    Perimeter => Some("maths.geometry.perimeter"),
    Area => Some("maths.geometry.area"),
    Volume => Some("maths.geometry.volume"),
    Circle => Some("maths.geometry.circle"),
    Pythagoras => Some("maths.geometry.pythagoras"),
    Clock => Some("maths.measure.time"),
    Money => Some("maths.measure.money"),
    Units => Some("maths.measure.units"),
    Chart => Some("maths.data.graphs"),
    Average => Some("maths.data.averages"),
    Probability => Some("maths.data.probability"),
    Story => Some("maths.problems.multi_step"),
    /// The letters of a word.
    Spelling => Some("reading.words.sight"),
    WordMeaning => Some("reading.words.meaning"),
    WordParts => Some("reading.words.parts"),
    Rhyme => Some("reading.phonics.sounds"),
    Syllables => Some("reading.phonics.syllables"),
    /// About a text that the tutor or the student read aloud.
    TextDetail => Some("reading.text.details"),
    MainIdea => Some("reading.text.main_idea"),
    Inference => Some("reading.text.inference"),
    Sequence => Some("reading.text.sequence"),
    PointOfView => Some("reading.text.point_of_view"),
    /// A word or sentence in another language; the skill follows from the word.
    Translation => None,
    /// A question of the curriculum, nearly word for word; the skill is the question's.
    Curriculum => None,
    /// A task whose skill only its words or its surroundings can tell.
    Other => None,
}
