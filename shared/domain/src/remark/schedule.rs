//! Tests with their day, hours at which a child can talk, and what is so every week.

use super::things::{Kind, TOPICS};
use super::when;
use super::{
    Fact, FactKind, NEGATIONS, THING_LIST, THING_WORDS, TOPIC_WORDS, Words, article, has, list, named, named_within,
};
use crate::analysis::When;

/// Words for a test, and its name.
pub(super) fn test_word(words: &[&str], from: usize) -> Option<(&'static str, usize)> {
    (from..words.len()).find_map(|at| {
        let name = match words[at] {
            "test" | "tests" | "control" | "prueba" | "klassenarbeit" | "arbeit" | "schulaufgabe" | "probe" => "test",
            "exam" | "exams" | "examen" | "prufung" | "klausur" => "exam",
            "quiz" => "quiz",
            "assessment" | "evaluacion" => "assessment",
            "presentation" | "presentacion" | "referat" | "vortrag" => "presentation",
            "project" | "proyecto" | "projekt" => "project",
            "dictation" | "dictado" | "diktat" => "dictation",
            "competition" | "competicion" | "concurso" | "wettbewerb" | "olympiad" => "competition",
            "tournament" | "torneo" | "turnier" => "tournament",
            "recital" | "concert" | "concierto" | "konzert" => "concert",
            "match" | "partido" => "match",
            "homework" | "deberes" | "hausaufgaben" | "hausaufgabe" => "homework",
            "trip" | "excursion" | "ausflug" => "trip",
            _ => return None,
        };
        Some((name, at))
    })
}

pub(super) fn test_fact(words: &[&str], name: &'static str, at: usize, when: Option<When>) -> Fact {
    let near = named_within(&TOPIC_WORDS, words, at.saturating_sub(3), 3)
        .or_else(|| named_within(&TOPIC_WORDS, words, at + 1, 4));
    // "Wir schreiben eine Arbeit" is no test in writing.
    let near = near.filter(|(_, at)| !matches!(words[*at], "schreiben" | "schreibe"));
    let topic =
        near.map(|(topic, _)| TOPICS[topic].0).filter(|_| !matches!(name, "match" | "trip" | "concert" | "tournament"));
    let noun = match (topic, name) {
        (Some(topic), "homework") => format!("{topic} homework"),
        (Some(topic), name) => article_of(&format!("{topic} {name}")),
        (None, "homework") => "homework".to_owned(),
        (None, name) => article_of(name),
    };
    let day = when.map(|when| {
        format!(
            " {}",
            if name == "project" || name == "homework" { format!("due {}", when.text()) } else { when.text() }
        )
    });
    Fact { kind: FactKind::Schedule, text: format!("has {noun}{}", day.unwrap_or_default()), when }
}

pub(super) fn article_of(noun: &str) -> String {
    article(noun).replace("a English", "an English").replace("a Italian", "an Italian")
}

const OWN: [&str; 22] = [
    "i",
    "we",
    "my",
    "our",
    "have",
    "got",
    "is",
    "there",
    "it",
    "tengo",
    "tenemos",
    "hay",
    "mi",
    "ich",
    "wir",
    "habe",
    "hab",
    "schreiben",
    "schreibe",
    "mein",
    "meine",
    "due",
];

/// "I have a maths test on Friday", "tengo control de fracciones el lunes", "am Montag schreiben wir eine Arbeit".
pub(super) fn test(words: Words) -> Option<Fact> {
    // "Call me on Thursday before my test" names the day of the call.
    if words.has_any(list!["call me", "call back", "ring me", "llamarme", "llamame", "mich anrufen"]) {
        return None;
    }
    let (name, at) = test_word(&words, 0)?;
    // Of the call itself, of the past, or of someone else.
    let is_other = words.has(list![
        "last",
        "yesterday",
        "ayer",
        "gestern",
        "was",
        "had",
        "did",
        "got",
        "could",
        "want",
        "need",
        "can",
        "if",
        "like",
        "should",
        "game",
    ]) && when::find(&words, 0).is_none();
    if is_other || has(&words[at.saturating_sub(4)..at], &NEGATIONS) || !words.has(list!(OWN)) {
        return None;
    }
    if words.has(list!["last", "yesterday", "ayer", "gestern"]) {
        return None;
    }
    let when = when::find(&words, 0).map(|(when, _)| when);
    let is_fixed = when.is_some()
        || (matches!(name, "test" | "exam" | "quiz" | "assessment")
            && words.has(list!["have", "tengo", "tenemos", "habe", "hab", "coming", "soon", "bald"]));
    is_fixed.then(|| test_fact(&words, name, at, when))
}

pub(super) fn hour(word: &str) -> Option<u8> {
    let named = [
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("eleven", 11),
        ("twelve", 12),
        ("noon", 12),
        ("dos", 2),
        ("tres", 3),
        ("cuatro", 4),
        ("cinco", 5),
        ("seis", 6),
        ("siete", 7),
        ("ocho", 8),
        ("nueve", 9),
        ("diez", 10),
        ("zwei", 2),
        ("drei", 3),
        ("vier", 4),
        ("funf", 5),
        ("sechs", 6),
        ("sieben", 7),
        ("acht", 8),
        ("neun", 9),
    ];
    let digits =
        || word.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok().filter(|n| (1..=23).contains(n));
    named.iter().find(|(name, _)| *name == word).map(|(_, n)| *n).or_else(digits)
}

const ABOUT_CALLS: [&str; 26] = [
    "only",
    "call",
    "calls",
    "ring",
    "phone",
    "talk",
    "free",
    "available",
    "home",
    "practise",
    "practice",
    "time",
    "here",
    "solo",
    "llamar",
    "llama",
    "llamas",
    "libre",
    "hablar",
    "casa",
    "nur",
    "erst",
    "anrufen",
    "telefonieren",
    "hause",
    "frei",
];

/// "Only after four", "I have to go at five", "erst ab vier".
pub(super) fn availability(words: Words) -> Option<Fact> {
    let schedule = |text: String| Some(Fact { kind: FactKind::Schedule, text, when: None });
    for (at, word) in words.iter().enumerate() {
        let next = |n: usize| words.get(at + n).copied().unwrap_or_default();
        let skip = usize::from(matches!(next(1), "las" | "de" | "like" | "about")) + usize::from(next(2) == "las");
        let of = || hour(next(1 + skip));
        let leaves = || {
            Words::new(&words[..at]).has_any(list![
                "have to go",
                "have to leave",
                "need to go",
                "got to go",
                "must go",
                "must leave",
                "tengo que irme",
                "muss weg",
                "muss los",
                "muss gehen",
            ])
        };
        match *word {
            "after" | "despues" | "from" | "ab" | "nach" if words.has(list!(ABOUT_CALLS)) => {
                if let Some(hour) = of() {
                    return schedule(format!("is available after {hour} o'clock"));
                }
            }
            "before" | "until" | "till" | "antes" | "hasta" | "bis" | "vor" if words.has(list!(ABOUT_CALLS)) => {
                if let Some(hour) = of() {
                    return schedule(format!("is available before {hour} o'clock"));
                }
            }
            "at" | "um" => {
                if let Some(hour) = of().filter(|_| leaves()) {
                    return schedule(format!("has to leave at {hour} o'clock"));
                }
            }
            _ => {}
        }
    }
    if words.has_any(list![
        "only after school",
        "after school only",
        "only at weekends",
        "only on weekends",
        "only at the weekend",
    ]) {
        let part = if words.has(list!["school"]) { "after school" } else { "at weekends" };
        return schedule(format!("is available only {part}"));
    }
    None
}

/// "I have swimming on Tuesdays", "bailo flamenco los miércoles".
pub(super) fn weekly(words: Words) -> Option<Fact> {
    let (at, weekday) = words.iter().enumerate().find_map(|(at, word)| Some((at, when::weekday(word)?)))?;
    if !when::is_every_week(&words, at) || words.has(list!(NEGATIONS)) {
        return None;
    }
    // "Bailo flamenco": the last word for it says most.
    let before = (0..at).rev().find_map(|place| named(&THING_WORDS, &words, place).map(|(i, _)| i));
    let after = || named_within(&THING_WORDS, &words, at + 1, 5).map(|(i, _)| i);
    let thing = &THING_LIST[before.or_else(after)?];
    let does = match thing.kind {
        Kind::Game => format!("plays {}", thing.one),
        Kind::Sport => format!("does {}", thing.one),
        Kind::Instrument => format!("has a {} lesson", thing.one),
        Kind::Animal | Kind::Noun => return None,
    };
    let text = format!("{does} on {}s", when::weekday_name(weekday));
    Some(Fact { kind: FactKind::Schedule, text, when: None })
}
