//! Numbers, calculations and readings as they are said in three languages.

use domain::answer::{Expecting, Form, Language, Standing, Value, calculations, numbers, read};

use Language::{English, German, Spanish};

fn written(text: &str, language: Language) -> String {
    numbers(text, language).iter().map(domain::answer::Number::written).collect::<Vec<_>>().join(" ")
}

fn check(language: Language, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(text, expected)| {
            let got = written(text, language);
            (got != *expected).then(|| format!("{text:?}: {got:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn english_numbers_are_read() {
    check(
        English,
        &[
            ("fifty six", "56"),
            ("fifty-six", "56"),
            ("a hundred and five", "105"),
            ("a hundred", "100"),
            ("one hundred and twenty three thousand four hundred and fifty six", "123456"),
            ("two thousand and six", "2006"),
            ("one oh five", "105"),
            ("one forty four", "144"),
            ("one eighty", "180"),
            ("nineteen hundred", "1900"),
            ("fifteen hundred", "1500"),
            ("15 hundred", "1500"),
            ("fourteen ninety two", "1492"),
            ("nineteen forty-five", "1945"),
            ("point seven five", "0.75"),
            ("zero point oh eight", "0.08"),
            ("three point one four", "3.14"),
            ("two point twenty five", "2.25"),
            ("three and a half", "7/2"),
            ("one and three quarters", "7/4"),
            ("five over six", "5/6"),
            ("seven twelfths", "7/12"),
            ("five 6ths", "5/6"),
            ("5 6ths", "5/6"),
            ("a third", "1/3"),
            ("three-quarters", "3/4"),
            ("half", "1/2"),
            ("minus eight", "-8"),
            ("negative eight", "-8"),
            ("- 2", "-2"),
            ("−63", "-63"),
            ("minus three and a half", "-7/2"),
            ("5 40", "540"),
            ("two fifty", "250"),
            ("one two three four six twelve", "1 2 3 4 6 12"),
            ("1, 2, 3 and 6", "1 2 3 6"),
            ("1,2,3,6", "1 2 3 6"),
            ("twenty percent", "20%"),
            ("20 per cent", "20%"),
            ("12.5%", "12.5%"),
            ("1.5 million", "1500000"),
            ("two dozen", "24"),
            ("1,000", "1000"),
            ("3,25", "3.25"),
            ("8e-2", "0.08"),
            ("½", "1/2"),
            ("1¾", "7/4"),
            ("1 3/4", "7/4"),
            ("1-3/4", "7/4"),
            ("40th", "40"),
            ("twenty first", "21"),
            ("the third", "3"),
            ("seven minus three", "7 3"),
            ("five minus minus three", "5 -3"),
            ("a hundred and three quarters", "403/4"),
            ("four dollars and seventy-five cents", "4.75"),
            ("a dollar twenty five", "1.25"),
            ("$3.20", "3.2"),
            ("50 cents", "50"),
            ("two and a half hours", "5/2"),
            ("an hour and a half", "1.5"),
            ("twelve square centimetres", "12"),
            ("27 cm³", "27"),
            ("I ate to much for lunch", ""),
        ],
    );
}

#[test]
fn spanish_numbers_are_read() {
    check(
        Spanish,
        &[
            ("cincuenta y seis", "56"),
            ("ciento cinco", "105"),
            ("doscientos treinta y cuatro", "234"),
            ("mil novecientos noventa y dos", "1992"),
            ("dos mil", "2000"),
            ("veintidós", "22"),
            ("dos quintos", "2/5"),
            ("un tercio", "1/3"),
            ("tres coma cinco", "3.5"),
            ("cero coma cero ocho", "0.08"),
            ("menos ocho", "-8"),
            ("tres y medio", "7/2"),
            ("treinta y un", "31"),
            ("cinco por ciento", "5%"),
            ("siete doceavos", "7/12"),
            ("dos millones trescientos mil", "2300000"),
            ("1.500", "1500"),
            ("3,25", "3.25"),
        ],
    );
}

#[test]
fn german_numbers_are_read() {
    check(
        German,
        &[
            ("sechsundfünfzig", "56"),
            ("sechs und fünfzig", "56"),
            ("hundertfünf", "105"),
            ("ein hundert fünf", "105"),
            ("zweihundertvierunddreißig", "234"),
            ("zweitausendsechs", "2006"),
            ("eintausendneunhundertzweiundneunzig", "1992"),
            ("zwei fünftel", "2/5"),
            ("ein drittel", "1/3"),
            ("drei komma fünf", "3.5"),
            ("null komma null acht", "0.08"),
            ("minus acht", "-8"),
            ("dreieinhalb", "7/2"),
            ("drei und ein halb", "7/2"),
            ("fünf prozent", "5%"),
            ("einundzwanzig", "21"),
            ("fünfundvierzig", "45"),
            ("1.500", "1500"),
        ],
    );
}

#[test]
fn calculations_are_read_and_computed() {
    for (language, text, expected) in [
        (English, "What is three quarters minus one sixth?", "7/12"),
        (English, "What is six times eight?", "48"),
        (English, "What's half of fourteen?", "7"),
        (English, "ten percent of eighty", "8"),
        (English, "What is 10 percent of 350?", "35"),
        (English, "ten take away four", "6"),
        (English, "five minus minus three", "8"),
        (English, "Twelve take away five?", "7"),
        (English, "forty two divided by six", "7"),
        (English, "What is 20 minus 6 divided by 2?", "17"),
        (English, "What is five squared?", "25"),
        (English, "What is the square root of eighty-one?", "9"),
        (English, "two to the power of four", "16"),
        (English, "What is two thirds of twelve?", "8"),
        (English, "What is one half times three fifths?", "3/10"),
        (English, "three and a half minus one quarter", "13/4"),
        (English, "What is -3 + 10?", "7"),
        (English, "double seven", "14"),
        (English, "What is 7 x 8?", "56"),
        (English, "6*8", "48"),
        (English, "the sum of four and five", "9"),
        (Spanish, "¿Cuánto es siete por ocho?", "56"),
        (Spanish, "cuarenta y ocho entre ocho", "6"),
        (Spanish, "¿Cuánto es un medio más un tercio?", "5/6"),
        (Spanish, "doce menos cinco", "7"),
        (Spanish, "la mitad de catorce", "7"),
        (German, "Was ist sieben mal acht?", "56"),
        (German, "zweiundvierzig geteilt durch sechs", "7"),
        (German, "Was ist 63 minus 28?", "35"),
        (German, "die hälfte von vierzehn", "7"),
        (German, "zehn prozent von achtzig", "8"),
        (German, "ein halb plus ein drittel", "5/6"),
    ] {
        let found = calculations(text, language);
        let values: Vec<_> = found.iter().filter_map(|calculation| calculation.expression.value()).collect();
        assert_eq!(values.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected], "{text}: {found:?}");
    }
}

#[test]
fn the_last_committed_value_counts() {
    for (text, expected) in [
        ("fifty six no fifty four", "54"),
        ("eleven hmm actually that's seventy seven so twelve", "12"),
        ("fifty four wait no fifty six sorry", "56"),
        ("um eight no seven its seven", "7"),
        ("fourteen not thirteen", "14"),
        ("not thirteen fourteen", "14"),
        ("well you know like um you know seven", "7"),
        ("uhh hmm let me see nine times six is like uh fifty four", "54"),
        ("ten times four is forty and six times four is twenty four so sixty four", "64"),
        ("fifty minus twenty is thirty plus two thirty two", "32"),
        ("six times eight forty eight", "48"),
        ("maybe forty eight I'm not sure", "48"),
        ("i dont know forty eight", "48"),
        ("48 no 46", "46"),
        ("6 times 8 is 48", "48"),
        ("it's 48 because 6*8", "48"),
        ("54, no wait, 56", "56"),
        ("fifteen fifteen", "15"),
        ("for", "4"),
        ("forty to", "42"),
        ("its ate teen", "18"),
        ("forty too", "42"),
        ("seven twelves", "7/12"),
        ("point four five cause forty five is more than five", "0.45"),
        ("after 39 comes 40", "40"),
    ] {
        let reading = read(text, English, Expecting::Number);
        let number = reading.number().map(domain::answer::Number::written);
        assert!(number.as_deref() == Some(expected), "{text}: {number:?} of {reading:#?}");
    }
}

#[test]
fn what_is_not_plain_is_marked() {
    for (text, standing) in [
        ("not 85", Standing::Negated),
        ("it is not 56", Standing::Negated),
        ("3 or 7", Standing::Alternatives),
        ("forty six or forty eight", Standing::Alternatives),
        ("about 90", Standing::Approximate),
    ] {
        let reading = read(text, English, Expecting::Number);
        assert_eq!(reading.standing, standing, "{text}: {reading:?}");
        assert_eq!(reading.number(), None, "{text}");
    }
}

#[test]
fn wrong_steps_are_told() {
    let reading =
        read("ten times four is forty and six times four is twenty two so sixty two", English, Expecting::Number);
    assert_eq!(reading.claims.iter().map(|claim| claim.holds).collect::<Vec<_>>(), [Some(true), Some(false)]);
    assert_eq!(reading.number().map(|number| number.form), Some(Form::Whole));
}

#[test]
fn what_is_not_known_is_unread() {
    let text = "two for each frog";
    let reading = read(text, English, Expecting::Number);
    let unread: Vec<&str> = reading.unread.into_iter().map(|span| &text[span]).collect();
    assert_eq!(unread, ["for", "frog"]);
    assert!(matches!(reading.committed, Some(Value::Number(_))));
}
