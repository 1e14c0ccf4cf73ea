//! German words of tasks.

use super::Quantity::{Degree, Length, Mass, Money, Month, Time, Volume};
use super::Sense::{Cue, Half, Hundred, Part, Point, Scale, Teen, Ten, Unit, Zero};
use super::{Cue as C, Sense, unit};

pub(super) const NUMBERS: &[(Sense, &str)] = &[
    (Zero, "null"),
    (Unit(1), "eins"),
    (Unit(2), "zwei|zwo"),
    (Unit(3), "drei"),
    (Unit(4), "vier"),
    (Unit(5), "fünf"),
    (Unit(6), "sechs"),
    (Unit(7), "sieben"),
    (Unit(8), "acht"),
    (Unit(9), "neun"),
    (Teen(10), "zehn"),
    (Teen(11), "elf"),
    (Teen(12), "zwölf"),
    (Teen(13), "dreizehn"),
    (Teen(14), "vierzehn"),
    (Teen(15), "fünfzehn"),
    (Teen(16), "sechzehn"),
    (Teen(17), "siebzehn"),
    (Teen(18), "achtzehn"),
    (Teen(19), "neunzehn"),
    (Ten(20), "zwanzig"),
    (Ten(30), "dreißig|dreissig"),
    (Ten(40), "vierzig"),
    (Ten(50), "fünfzig"),
    (Ten(60), "sechzig"),
    (Ten(70), "siebzig"),
    (Ten(80), "achtzig"),
    (Ten(90), "neunzig"),
    (Hundred, "hundert"),
    (Scale(1000), "tausend"),
    (Scale(1_000_000), "million|millionen"),
    (Point, "komma"),
    (Half, "hälfte|halb|halbe|halber|halbes"),
    (Part(3, true), "drittel"),
    (Part(4, true), "viertel"),
    (Part(5, true), "fünftel"),
    (Part(6, true), "sechstel"),
    (Part(7, true), "siebtel"),
    (Part(8, true), "achtel"),
    (Part(9, true), "neuntel"),
    (Part(10, true), "zehntel"),
    (Part(12, true), "zwölftel"),
    (Part(15, true), "fünfzehntel"),
    (Part(20, true), "zwanzigstel"),
    (Part(100, true), "hundertstel"),
];

pub(super) const UNITS: &[(Sense, &str)] = &[
    (unit(Length, 1, "mm"), "millimeter|mm"),
    (unit(Length, 10, "cm"), "zentimeter|cm"),
    (unit(Length, 1000, "m"), "meter|metern"),
    (unit(Length, 1_000_000, "km"), "kilometer|kilometern|km"),
    (unit(Mass, 1000, "g"), "gramm"),
    (unit(Mass, 1_000_000, "kg"), "kilogramm|kilo|kg"),
    (unit(Volume, 1, "ml"), "milliliter|ml"),
    (unit(Volume, 1000, "l"), "liter|litern"),
    (unit(Time, 1, "seconds"), "sekunde|sekunden"),
    (unit(Time, 60, "minutes"), "minute|minuten"),
    (unit(Time, 3600, "hours"), "stunde|stunden"),
    (unit(Time, 86400, "days"), "tag|tage|tagen"),
    (unit(Time, 604_800, "weeks"), "woche|wochen"),
    (unit(Month, 1, "months"), "monat|monate|monaten"),
    (unit(Month, 12, "years"), "jahr|jahre|jahren"),
    (unit(Money, 100, "€"), "euro|€"),
    (unit(Money, 100, "$"), "dollar|$"),
    (unit(Money, 1, "cents"), "cent|cents"),
    (unit(Degree, 1, "degrees"), "grad|°"),
];

pub(super) const CUES: &[(Sense, &str)] = &[
    (Cue(C::A), "ein|eine|einer|einen|einem|eines"),
    (Cue(C::The), "der|die|das|den|dem|des|dein|deine|mein|meine"),
    (Cue(C::And), "und"),
    (Cue(C::Or), "oder"),
    (Cue(C::Of), "von|vom"),
    (Cue(C::To), "zu|zum|zur|auf"),
    (Cue(C::In), "in|im"),
    (Cue(C::For), "für"),
    (Cue(C::With), "mit"),
    (Cue(C::Than), "als"),
    (Cue(C::Not), "nicht|kein|keine|ohne"),
    (Cue(C::Each), "jeder|jedes|jede|je|pro"),
    (Cue(C::Plus), "plus|+"),
    (Cue(C::Minus), "minus|weniger|-"),
    (Cue(C::Negative), "negativ"),
    (Cue(C::Times), "mal|×|*"),
    (Cue(C::Divide), "geteilt durch|durch|dividiert durch|÷|geteilt"),
    (Cue(C::Over), "/"),
    (Cue(C::Power), "hoch|^"),
    (Cue(C::Squared), "zum quadrat|im quadrat"),
    (Cue(C::Root), "wurzel aus|die wurzel aus|quadratwurzel aus|wurzel von|die wurzel von|die quadratwurzel aus"),
    (Cue(C::Percent), "prozent|%"),
    (Cue(C::Double), "das doppelte von|doppelte von"),
    (Cue(C::Sum), "die summe von|summe von|summe aus|die summe aus"),
    (Cue(C::Difference), "die differenz von|differenz von"),
    (Cue(C::Is), "ist|sind"),
    (Cue(C::Equals), "gleich|ist gleich|="),
    (Cue(C::Makes), "macht|ergibt|gibt"),
    (
        Cue(C::WhatIs),
        "was ist|wie viel ist|wieviel ist|was sind|wie viel sind|was ergibt|was macht|wie viel macht|wie viel gibt|rechne|berechne|und was ist|sag mir|was gibt|was ist mit|probier|versuch",
    ),
    (Cue(C::HowMany), "wie viele|wieviele|wie viel"),
    (Cue(C::HowMuch), "wieviel"),
    (Cue(C::Which), "welche|welcher|welches"),
    (Cue(C::What), "was"),
    (Cue(C::Who), "wer|wem|wen"),
    (Cue(C::Where), "wo"),
    (Cue(C::When), "wann"),
    (Cue(C::Why), "warum|wieso"),
    (Cue(C::How), "wie"),
    (Cue(C::If), "wenn"),
    (Cue(C::Can), "kannst du|könntest du"),
    (Cue(C::You), "du|dir|dich|euch|ihr|hast|bist|magst|willst"),
    (Cue(C::I), "ich|mir|mich|wir|uns"),
    (Cue(C::Round), "runde|gerundet|runden"),
    (Cue(C::Before), "vor|kommt vor|genau vor|davor"),
    (Cue(C::After), "nach|kommt nach|folgt auf|genau nach|danach"),
    (Cue(C::Next), "wie geht es weiter|was kommt als nächstes|nächste zahl"),
    (Cue(C::Bigger), "größer|mehr|höher"),
    (Cue(C::Smaller), "kleiner|weniger als"),
    (Cue(C::Simplify), "kürze|gekürzt|kürzen|vereinfache"),
    (Cue(C::AsDecimal), "als dezimalzahl|als kommazahl"),
    (Cue(C::AsPercent), "als prozent|in prozent"),
    (Cue(C::AsMixed), "als gemischte zahl"),
    (Cue(C::Fit), "hat|haben|sind in|passen in|stecken in"),
    (Cue(C::Solve), "löse"),
    (Cue(C::Square), "quadrat"),
    (Cue(C::Rectangle), "rechteck"),
    (Cue(C::Triangle), "dreieck"),
    (Cue(C::Circle), "kreis"),
    (Cue(C::Perimeter), "umfang"),
    (Cue(C::Area), "fläche|flächeninhalt"),
    (Cue(C::Volume), "volumen"),
    (Cue(C::Side), "seite|seiten"),
    (Cue(C::Angle), "winkel"),
    (Cue(C::Cost), "kostet|kosten|preis"),
    (Cue(C::Pay), "bezahlst|zahlst|bezahlt|zahlt"),
    (Cue(C::Change), "rückgeld|wechselgeld|zurück"),
    (Cue(C::Left), "übrig|bleiben|bleibt"),
    (Cue(C::Remainder), "rest"),
    (Cue(C::Altogether), "zusammen|insgesamt"),
    (Cue(C::Share), "teilen|verteilt|teilt"),
    (Cue(C::Fraction), "bruch|brüche"),
    (Cue(C::Mean), "mittelwert von|durchschnitt von|der durchschnitt von|der mittelwert von"),
    (Cue(C::Spell), "buchstabiere|schreibt man|buchstabier"),
    (Cue(C::Say), "wie sagt man|was heißt"),
    (Cue(C::Means), "bedeutet"),
    (Cue(C::Read), "lies|lesen"),
    (
        Cue(C::Filler),
        "so|jetzt|nun|gut|sehr gut|also|dann|okay|ok|super|genau|prima|richtig|ja|noch eine|noch eins|letzte|die letzte|weiter|nächste|hallo|toll|stark|na gut",
    ),
];

/// Reads a compound of number words: "dreiunddreißig", "zweihundertfünf".
pub(super) fn compound(word: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 11] = [
        ("eins", 1),
        ("ein", 1),
        ("zwei", 2),
        ("zwo", 2),
        ("drei", 3),
        ("vier", 4),
        ("fünf", 5),
        ("sechs", 6),
        ("sieben", 7),
        ("acht", 8),
        ("neun", 9),
    ];
    let simple = |word: &str| {
        let known = NUMBERS.iter().filter(|(sense, _)| matches!(sense, Unit(_) | Teen(_) | Ten(_)));
        known.into_iter().find(|(_, names)| names.split('|').any(|name| name == word)).and_then(
            |(sense, _)| match sense {
                Unit(value) | Teen(value) | Ten(value) => Some(*value),
                _ => None,
            },
        )
    };
    if let Some((thousands, rest)) = word.split_once("tausend") {
        let thousands = if thousands.is_empty() { 1 } else { below_thousand(thousands, &UNITS, &simple)? };
        let rest = if rest.is_empty() {
            0
        } else {
            below_thousand(rest.strip_prefix("und").unwrap_or(rest), &UNITS, &simple)?
        };
        return Some(thousands * 1000 + rest);
    }
    below_thousand(word, &UNITS, &simple)
}

fn below_thousand(word: &str, units: &[(&str, i64)], simple: &dyn Fn(&str) -> Option<i64>) -> Option<i64> {
    let unit = |word: &str| units.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    if let Some((hundreds, rest)) = word.split_once("hundert") {
        let hundreds = if hundreds.is_empty() { 1 } else { unit(hundreds)? };
        let rest =
            if rest.is_empty() { 0 } else { below_thousand(rest.strip_prefix("und").unwrap_or(rest), units, simple)? };
        return Some(hundreds * 100 + rest);
    }
    if let Some(value) = simple(word) {
        return Some(value);
    }
    if word == "ein" {
        return Some(1);
    }
    // "sechsundfünfzig": the unit comes before the ten.
    let (at, _) = word.match_indices("und").find(|(at, _)| unit(&word[..*at]).is_some())?;
    let ten = simple(&word[at + 3..]).filter(|ten| *ten >= 20)?;
    Some(ten + unit(&word[..at])?)
}
