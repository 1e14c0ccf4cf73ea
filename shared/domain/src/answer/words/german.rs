//! German words, and numbers written as one word.

use super::super::unit::Base;
use super::Sense::{
    A, About, Afternoon, And, AtLeast, AtMost, Because, By, Close, Correct, CubeRoot, Cubed, Cubic, Difference,
    Divided, DontKnow, Double, Equal, Filler, Greater, Half, Hedge, Hundred, In, InBrackets, Is, ItIs, Less, Minus,
    Month, Morning, Negative, No, Not, OClock, Of, Open, Or, Ordinal, OutOf, Over, Part, Past, Per, Percent, Plus,
    Point, Power, Product, Remainder, Root, Scale, So, Square, Squared, Sum, Teen, Ten, Times, To, Triple, Unequal,
    Unit as Digit, Yes, Zero,
};
use super::{Sense, part, unit};

const fn one(bottom: i64) -> Sense {
    Part { bottom, is_plural: false }
}

pub(super) const WORDS: &[(Sense, &str)] = &[
    (Zero, "null"),
    (Digit(1), "eins"),
    (A, "ein|eine|einen|einer|einem|eines"),
    (Digit(2), "zwei|zwo"),
    (Digit(3), "drei"),
    (Digit(4), "vier"),
    (Digit(5), "fünf|fuenf"),
    (Digit(6), "sechs"),
    (Digit(7), "sieben"),
    (Digit(8), "acht"),
    (Digit(9), "neun"),
    (Teen(10), "zehn"),
    (Teen(11), "elf"),
    (Teen(12), "zwölf|zwoelf"),
    (Teen(13), "dreizehn"),
    (Teen(14), "vierzehn"),
    (Teen(15), "fünfzehn|fuenfzehn"),
    (Teen(16), "sechzehn"),
    (Teen(17), "siebzehn"),
    (Teen(18), "achtzehn"),
    (Teen(19), "neunzehn"),
    (Ten(20), "zwanzig"),
    (Ten(30), "dreißig|dreissig"),
    (Ten(40), "vierzig"),
    (Ten(50), "fünfzig|fuenfzig"),
    (Ten(60), "sechzig"),
    (Ten(70), "siebzig"),
    (Ten(80), "achtzig"),
    (Ten(90), "neunzig"),
    (Hundred, "hundert"),
    (Scale(1000), "tausend"),
    (Scale(1_000_000), "million|millionen"),
    (Scale(12), "dutzend"),
    (Half, "halb|halbe|halber|halbes|halben|hälfte|die hälfte|haelfte"),
    (one(3), "drittel"),
    (one(4), "viertel"),
    (one(5), "fünftel|fuenftel"),
    (one(6), "sechstel"),
    (one(7), "siebtel"),
    (one(8), "achtel"),
    (one(9), "neuntel"),
    (one(10), "zehntel"),
    (one(11), "elftel"),
    (one(12), "zwölftel|zwoelftel"),
    (one(13), "dreizehntel"),
    (one(14), "vierzehntel"),
    (one(15), "fünfzehntel"),
    (one(16), "sechzehntel"),
    (one(18), "achtzehntel"),
    (one(20), "zwanzigstel"),
    (one(24), "vierundzwanzigstel"),
    (one(30), "dreißigstel"),
    (one(100), "hundertstel"),
    (one(1000), "tausendstel"),
    (Ordinal(1), "erste|erster|erstes|ersten"),
    (Ordinal(2), "zweite|zweiter|zweites|zweiten"),
    (Ordinal(3), "dritte|dritter|drittes|dritten"),
    (Ordinal(4), "vierte|vierter|viertes|vierten"),
    (Ordinal(5), "fünfte|fünfter|fünftes|fünften"),
    (Ordinal(6), "sechste|sechster|sechstes|sechsten"),
    (Ordinal(7), "siebte|siebter|siebtes|siebten"),
    (Ordinal(8), "achte|achter|achtes|achten"),
    (Ordinal(9), "neunte|neunter|neuntes|neunten"),
    (Ordinal(10), "zehnte|zehnter|zehntes|zehnten"),
    (Point, "komma|punkt"),
    (Plus, "plus"),
    (Minus, "minus|weniger"),
    (Negative, "negativ"),
    (Times, "mal|multipliziert mit|malgenommen mit"),
    (Divided, "geteilt durch|dividiert durch|durch|geteilt"),
    (Over, "über|ueber"),
    (By, "breit und"),
    (Of, "von|vom|der zahl"),
    (OutOf, "aus"),
    (In, "in"),
    (Power, "hoch"),
    (Squared, "zum quadrat|im quadrat|quadrat"),
    (Square, "quadrat"),
    (Cubed, "hoch drei"),
    (Cubic, "kubik"),
    (Root, "wurzel aus|wurzel von|die wurzel aus|quadratwurzel aus|die quadratwurzel aus|quadratwurzel von|wurzel"),
    (CubeRoot, "kubikwurzel aus|dritte wurzel aus"),
    (Double, "das doppelte von|doppelt|doppelte|das doppelte|doppelt so viel wie"),
    (Triple, "das dreifache von|dreifache"),
    (Difference, "differenz von|unterschied zwischen|differenz zwischen"),
    (Sum, "summe von|die summe von|summe aus"),
    (Product, "produkt von|das produkt von|produkt aus"),
    (And, "und"),
    (Open, "klammer auf"),
    (Close, "klammer zu"),
    (InBrackets, "in klammern|in klammer"),
    (Is, "ist|sind|gleich|ist gleich|macht|ergibt|gibt|das ergibt gleich|wäre|war|kommt"),
    (Less, "kleiner als|ist kleiner als|weniger als|ist weniger als|kleiner|unter"),
    (Greater, "größer als|ist größer als|mehr als|ist mehr als|groesser als|größer|über als"),
    (
        AtMost,
        "kleiner gleich|höchstens|kleiner oder gleich|ist kleiner oder gleich|ist kleiner gleich|ist höchstens|maximal",
    ),
    (AtLeast, "größer gleich|mindestens|größer oder gleich|ist größer oder gleich|ist größer gleich|ist mindestens"),
    (Unequal, "ungleich|ist nicht gleich|ist ungleich"),
    (Remainder, "rest|mit rest|und rest|bleiben übrig|mit einem rest von"),
    (unit(Base::Length, 1), "meter|metern"),
    (part(Base::Length, 1, 100), "zentimeter|zentimetern|centimeter"),
    (part(Base::Length, 1, 10), "dezimeter|dezimetern"),
    (part(Base::Length, 1, 1000), "millimeter|millimetern"),
    (unit(Base::Length, 1000), "kilometer|kilometern"),
    (part(Base::Length, 1_609_344, 1000), "meile|meilen"),
    (unit(Base::Mass, 1), "gramm"),
    (unit(Base::Mass, 1000), "kilogramm"),
    (part(Base::Mass, 1, 1000), "milligramm"),
    (unit(Base::Mass, 1_000_000), "tonne|tonnen"),
    (unit(Base::Time, 1), "sekunde|sekunden"),
    (unit(Base::Time, 60), "minute|minuten"),
    (unit(Base::Time, 3600), "stunde|stunden"),
    (unit(Base::Time, 86400), "tag|tage|tagen"),
    (unit(Base::Time, 604_800), "woche|wochen"),
    (unit(Base::Month, 1), "monat|monate|monaten"),
    (unit(Base::Month, 12), "jahr|jahre|jahren"),
    (unit(Base::Dollar, 1), "dollar"),
    (part(Base::Money, 1, 100), "cent|cents"),
    (unit(Base::Degree, 1), "grad"),
    (unit(Base::Celsius, 1), "grad celsius|celsius"),
    (unit(Base::Fahrenheit, 1), "grad fahrenheit|fahrenheit"),
    (unit(Base::Piece, 1), "einheit|einheiten"),
    (Per, "pro|je"),
    (Percent, "prozent"),
    (To, "vor|zu"),
    (Past, "nach"),
    (OClock, "uhr"),
    (Morning, "morgens|früh|am morgen|vormittags"),
    (Afternoon, "nachmittags|abends|am abend|am nachmittag"),
    (Month(1), "januar|jänner"),
    (Month(2), "februar"),
    (Month(3), "märz"),
    (Month(4), "april"),
    (Month(5), "mai"),
    (Month(6), "juni"),
    (Month(7), "juli"),
    (Month(8), "august"),
    (Month(9), "september"),
    (Month(10), "oktober"),
    (Month(11), "november"),
    (Month(12), "dezember"),
    (Yes, "ja|jep|jo|klar|stimmt|richtig|wahr|genau|ja klar|jawohl|natürlich"),
    (No, "nein|nee|nö|ne|falsch|nein nein|stimmt nicht"),
    (Not, "nicht|kein|keine|keinen|niemals|nie|ist nicht|sind nicht"),
    (Or, "oder|entweder"),
    (About, "ungefähr|etwa|circa|ca|fast|rund|knapp|so um die|um die"),
    (So, "also|dann|deshalb|daher|folglich|das heißt|insgesamt|zusammen"),
    (
        ItIs,
        "das ist|das sind|es ist|es sind|das macht|das ergibt|das gibt|die antwort ist|die antwort|antwort|ich habe|ich hab|\
         er hat|sie hat|es gibt|es bleiben|bleiben|das wäre|das wären|wären|ich sage|es muss sein|muss sein|es müsste|\
         das müsste|ich bekomme|kommt raus|da kommt|raus kommt|dann sind es|sind es|ist es|das müssten|ich sag|das wär",
    ),
    (
        Correct,
        "warte|moment|entschuldigung|ich meine|ich meinte|quatsch|ach nein|nein warte|warte nein|doch|nee warte|ups|halt|\
         sorry|nein moment|oh nein|stopp|nein doch|vielmehr|ach ne|ach nee|nein quatsch",
    ),
    (Because, "weil|denn|da ja"),
    (
        Hedge,
        "ich glaube|glaube ich|glaub ich|ich glaub|vielleicht|wahrscheinlich|ich denke|denke ich|denk ich|nicht sicher|\
         ich bin nicht sicher|ich bin mir nicht sicher|bin mir nicht sicher|bin nicht sicher|ich schätze|könnte|oder so|\
         ich rate|geraten|nur geraten|oder|aber ich bin nicht sicher|sicher|bestimmt|glaube|ich vermute|vermutlich|\
         aber ich bin mir nicht sicher|kann sein",
    ),
    (
        DontKnow,
        "ich weiß nicht|weiß nicht|ich weiß es nicht|weiß ich nicht|keine ahnung|ich habe keine ahnung|vergessen|\
         ich hab's vergessen|hilfe|kann ich nicht|ich kann das nicht|ich verstehe das nicht|verstehe ich nicht|was|wie bitte|\
         weiter|ich habs vergessen|ich brauche hilfe|hab ich vergessen|ka|ich weiss nicht|weiss nicht",
    ),
    (Equal, "gleich viel|gleich groß|das gleiche|dasselbe|beide"),
    (
        Filler,
        "äh|ähm|öh|hm|hmm|mm|na|nun|tja|so|ok|okay|der|die|das|den|dem|es|ich|er|sie|wir|mal sehen|mal gucken|lass mich überlegen|\
         bitte|danke|ja also|ach|oh|eben|einfach|halt so|glatt|auch|nur|jetzt|raus|heraus|dabei|da|hab|habe|haben|hat|\
         hallo|zahl|ergebnis|stück|aber|hier|leicht|jeder|jedes|bekommt|übrig|viele|wohl|denke mal|eigentlich|gut",
    ),
];

pub(super) const HOMOPHONES: &[(Sense, &str)] = &[
    (Zero, "nichts|keine|keiner|keins|nul"),
    (Digit(1), "ein|eine"),
    (Digit(2), "zwai|zwei'n|zweie"),
    (Digit(3), "dry|treu"),
    (Digit(4), "viere|wir|fier"),
    (Digit(5), "fümf|fünfe"),
    (Digit(6), "sex|sechse"),
    (Digit(7), "siebn"),
    (Digit(8), "achte|ach"),
    (Digit(9), "neune|neu"),
    (Teen(12), "zwölfe"),
];

/// Reads a whole number written as one word: "sechsundfünfzig", "zweihundertfünf", "dreitausend".
pub(super) fn compound(word: &str) -> Option<i64> {
    // The shortest is "einundelf…"; everything shorter is in the table.
    if word.len() < 9 {
        return None;
    }
    number(word)
}

/// Reads a whole number of any length written as one word.
pub(super) fn number(word: &str) -> Option<i64> {
    let value = below_million(word)?;
    (value > 0).then_some(value)
}

fn below_million(word: &str) -> Option<i64> {
    match word.split_once("tausend") {
        Some((before, after)) => {
            let thousands = if before.is_empty() { 1 } else { below_thousand(before)? };
            let rest = if after.is_empty() { 0 } else { below_thousand(after.strip_prefix("und").unwrap_or(after))? };
            Some(thousands * 1000 + rest)
        }
        None => below_thousand(word),
    }
}

fn below_thousand(word: &str) -> Option<i64> {
    match word.split_once("hundert") {
        Some((before, after)) => {
            let hundreds = if before.is_empty() { 1 } else { below_hundred(before)? };
            let rest = if after.is_empty() { 0 } else { below_hundred(after.strip_prefix("und").unwrap_or(after))? };
            Some(hundreds * 100 + rest)
        }
        None => below_hundred(word),
    }
}

fn below_hundred(word: &str) -> Option<i64> {
    simple(word).or_else(|| {
        // "und" is also in "hundert", which was split off before.
        let (units, tens) = word.split_once("und")?;
        let (units, tens) = (simple(units)?, simple(tens)?);
        (units < 10 && tens >= 20 && tens % 10 == 0).then_some(units + tens)
    })
}

fn simple(word: &str) -> Option<i64> {
    if word == "ein" {
        return Some(1);
    }
    WORDS.iter().take(32).find_map(|(sense, list)| {
        let (Digit(value) | Teen(value) | Ten(value)) = sense else { return None };
        list.split('|').any(|known| known == word).then_some(*value)
    })
}
