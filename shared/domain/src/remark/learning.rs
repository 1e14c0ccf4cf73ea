//! Goals, ways of working, and how a child does at school.

use super::schedule::{article_of, hour, test_word};
use super::things::{CAREERS, TOPICS};
use super::{
    CAREER_WORDS, Fact, FactKind, NEGATIONS, TOPIC_WORDS, Words, has, interest, list, named_within, with_sentences,
};

/// "I want to get better at fractions", "quiero mejorar en lectura", "ich will besser rechnen können".
pub(super) fn goal(words: Words) -> Option<Fact> {
    let wants = words.iter().position(|word| {
        matches!(
            *word,
            "want"
                | "need"
                | "hope"
                | "would"
                | "quiero"
                | "necesito"
                | "gustaria"
                | "will"
                | "mochte"
                | "muss"
                | "trying"
        )
    })?;
    let rest = &words[wants..];
    if !words.has(list!["i", "quiero", "necesito", "gustaria", "ich"])
        || has(&words[..wants], &NEGATIONS)
        || has(rest, &["not", "nicht"])
    {
        return None;
    }
    let (topic, at) = named_within(&TOPIC_WORDS, &words, wants + 1, 10)?;
    let between = &words[wants..at];
    let name = TOPICS[topic].0;
    if has(rest, &["pass", "aprobar", "bestehen"]) {
        let (test, _) = test_word(rest, 0)?;
        return Some(Fact {
            kind: FactKind::Goal,
            text: format!("wants to pass {}", article_of(&format!("{name} {test}"))),
            when: None,
        });
    }
    let improves = has(between, &["better", "improve", "mejorar", "mejor", "besser", "verbessern", "good", "faster"]);
    let learns =
        has(between, &["learn", "understand", "aprender", "entender", "lernen", "verstehen", "master", "know"]);
    let learns_after = has(&words[at..], &["lernen", "verstehen", "konnen", "verbessern"]);
    let text = if improves || (learns_after && has(rest, &["besser", "verbessern"])) {
        format!("wants to get better at {name}")
    } else if learns || learns_after {
        format!("wants to learn {name}")
    } else {
        return None;
    };
    Some(Fact { kind: FactKind::Goal, text, when: None })
}

/// Returns an aim in our own words: the topic that a text names first, and its test if it names one. `None`: it names no topic
/// that we know.
pub fn named_goal(text: &str) -> Option<String> {
    let goal = |words: &Vec<&str>| {
        let (topic, _) = named_within(&TOPIC_WORDS, words, 0, words.len())?;
        let name = TOPICS[topic].0;
        Some(match test_word(words, 0) {
            Some((test, _)) => format!("be ready for the {name} {test}"),
            None => format!("get better at {name}"),
        })
    };
    with_sentences(text, |sentences| sentences.iter().find_map(goal))
}

const BE: [&str; 6] = ["want to be", "want to become", "going to be", "quiero ser", "will", "mochte"];

/// "I want to be a scientist like my aunt", "de mayor quiero ser veterinaria".
pub(super) fn career(words: Words) -> Option<Fact> {
    words.first_of(list!(BE))?;
    let at = BE.iter().find_map(|be| Some(words.find(be)? + be.split(' ').count()))?;
    if has(&words[..at], &NEGATIONS) {
        return None;
    }
    let (career, _) = named_within(&CAREER_WORDS, &words, at, 3)?;
    let is_german = matches!(words[at - 1], "will" | "mochte");
    if is_german && !words.has(list!["werden"]) {
        return None;
    }
    Some(interest(format!("wants to be {}", CAREERS[career].0)))
}

/// Words that point at a way of working, and its text.
const PREFERENCES: &[(&[&str], &str)] = &[
    (&["examples", "ejemplos", "beispiele", "beispielen", "example"], "prefers examples"),
    (&["pictures", "drawings", "diagrams", "dibujos", "bilder", "bildern", "visual"], "prefers pictures"),
    (&["videos"], "prefers videos"),
    (&["games", "juegos", "spiele"], "prefers games"),
    (&["jokes", "joke", "chistes", "witze", "witz"], "likes a joke"),
    (&["stories", "historias", "cuentos", "geschichten"], "likes stories in the questions"),
    (&["slow", "slower", "slowly", "despacio", "lento", "langsam", "langsamer"], "prefers to go slowly"),
    (&["fast", "faster", "quick", "rapido", "schnell", "schneller"], "prefers to go fast"),
    (&["hints", "hint", "clues", "pistas", "pista", "tipps", "tipp"], "prefers hints to answers"),
    (&["harder", "challenges", "challenge", "dificiles", "schwerer", "schwierigere"], "likes harder questions"),
    (&["easier", "easy", "faciles", "leichter", "einfachere"], "prefers to start with easy questions"),
    (&["step", "steps", "paso", "pasos", "schritt", "schritten"], "prefers one step at a time"),
    (&["repeat", "repeating", "repetition", "again"], "likes to hear questions twice"),
    (&["paper", "papel", "papier", "write", "writing"], "likes to work on paper"),
];

const NO_HURRY: [&str; 14] = [
    "need time to think",
    "need more time",
    "need ages",
    "need some time",
    "need a lot of time",
    "take a long time",
    "do not rush me",
    "do not rush",
    "do not hurry me",
    "not be rushed",
    "necesito tiempo",
    "necesito mas tiempo",
    "brauche zeit",
    "brauche mehr zeit",
];

const ALOUD: [&str; 5] = ["reading out loud", "reading aloud", "read out loud", "leer en voz alta", "laut vorlesen"];

/// Phrases that surely speak of a way of working.
const STRONG: [&str; 24] = [
    "i prefer",
    "would rather",
    "would prefer",
    "helps me",
    "it helps",
    "easier for me",
    "learn better",
    "learn best",
    "understand better",
    "better with",
    "better when",
    "prefiero",
    "me ayuda",
    "me ayudan",
    "entiendo mejor",
    "aprendo mejor",
    "hilft mir",
    "helfen mir",
    "lerne besser",
    "verstehe besser",
    "like it when",
    "am liebsten",
    "videos better",
    "better if",
];
/// Phrases that may speak of one.
const WEAK: [&str; 8] = ["i like", "i love", "i want", "i need", "i work", "me gusta", "me gustan", "ich mag"];

pub(super) fn preference(words: Words) -> Option<Fact> {
    let preference = |text: &str| Some(Fact { kind: FactKind::Preference, text: text.to_owned(), when: None });
    if words.has_any(list!(NO_HURRY)) {
        return preference("needs time to think");
    }
    if words.has_any(list!(ALOUD))
        && (words.has(list!(NEGATIONS)) || words.has(list!["hate", "nervous", "scared", "odio", "hasse"]))
    {
        return preference("does not like reading aloud");
    }
    let is_boring = words.has(list!["boring", "aburrido", "aburrida", "langweilig"]);
    if let Some((topic, _)) = named_within(&TOPIC_WORDS, &words, 0, words.len()).filter(|_| is_boring) {
        return preference(&format!("finds {} boring", TOPICS[topic].0));
    }
    let dislikes = ["hate", "odio", "hasse"];
    let not_like =
        words.has_any(list!["do not like", "no me gusta", "no me gustan", "mag kein", "mag keine", "mag nicht"]);
    if (has(&words, &dislikes) && words.has(list!["i", "ich", "odio"])) || not_like {
        let at = words
            .iter()
            .position(|word| dislikes.contains(word) || matches!(*word, "like" | "gusta" | "gustan" | "mag"))?;
        let (topic, _) = named_within(&TOPIC_WORDS, &words, at + 1, 4)?;
        return preference(&format!("does not like {}", TOPICS[topic].0));
    }
    let strong = words.first_of(list!(STRONG));
    let frame = strong.or_else(|| words.first_of(list!(WEAK)))?;
    if has(&words[frame.saturating_sub(2)..words.len().min(frame + 3)], &NEGATIONS) {
        return None;
    }
    let (list, text) = PREFERENCES.iter().find(|(list, _)| has(&words, list))?;
    // "I like games" is a taste, "I want to go again" a request.
    let is_of_work = strong.is_some()
        || (matches!(list[0], "examples" | "hints" | "harder" | "jokes" | "step")
            && !words.has(list!["again", "next"]))
        || (matches!(list[0], "slow") && words.has(list!["go", "ir", "gehen"]));
    if is_of_work { preference(text) } else { None }
}

const MISSED: [&str; 22] = [
    "missed a day of school",
    "missed a week of school",
    "missed school",
    "missed loads",
    "missed a lot",
    "missed lots",
    "missed two weeks",
    "missed two days",
    "missed a week",
    "missed three days",
    "missed class",
    "was off school",
    "off sick",
    "was sick",
    "was ill",
    "had the flu",
    "had flu",
    "falte a clase",
    "falte al colegio",
    "estuve enfermo",
    "estuve enferma",
    "war krank",
];

/// Grade, missed school, a new school, and what is taught there now.
pub(super) fn study_context(words: Words) -> Option<Fact> {
    let context = |text: String| Some(Fact { kind: FactKind::StudyContext, text, when: None });
    if words.has_any(list!(MISSED)) && !words.has(list!["she", "he", "mom", "mum", "dad", "teacher", "sie", "er"]) {
        let week = words.has(list!["week", "weeks"]);
        return context(if week {
            "missed a week or more of school".to_owned()
        } else {
            "missed some school".to_owned()
        });
    }
    if words.has_any(list![
        "new school",
        "changed schools",
        "just moved",
        "we moved",
        "escuela nueva",
        "colegio nuevo",
        "neue schule",
        "neuen schule",
    ]) && !words.has(list!(NEGATIONS))
    {
        return context("is at a new school".to_owned());
    }
    if let Some(grade) = grade(words) {
        return context(grade);
    }
    // "We're doing fractions at school".
    let at_school = words.has_any(list![
        "at school",
        "in school",
        "in class",
        "in maths",
        "in math",
        "en clase",
        "en la escuela",
        "en el cole",
        "en el colegio",
        "in der schule",
        "in mathe",
    ]);
    let at = words.iter().position(|word| {
        matches!(
            *word,
            "doing" | "learning" | "started" | "learned" | "haciendo" | "estamos" | "machen" | "lernen" | "haben"
        )
    })?;
    if at_school && words.has(list!["we", "estamos", "wir"]) && !words.has(list!(NEGATIONS)) {
        let (topic, _) = named_within(&TOPIC_WORDS, &words, at, 6)?;
        return context(format!("is doing {} at school", TOPICS[topic].0));
    }
    None
}

const ORDINALS: [(&str, u8); 30] = [
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
    ("eleventh", 11),
    ("twelfth", 12),
    ("primero", 1),
    ("segundo", 2),
    ("tercero", 3),
    ("cuarto", 4),
    ("quinto", 5),
    ("sexto", 6),
    ("ersten", 1),
    ("zweiten", 2),
    ("dritten", 3),
    ("vierten", 4),
    ("funften", 5),
    ("sechsten", 6),
    ("siebten", 7),
    ("achten", 8),
    ("neunten", 9),
    ("zehnten", 10),
    ("septimo", 7),
    ("octavo", 8),
];

fn grade(words: Words) -> Option<String> {
    let number = |word: &str| {
        let digits = || word.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<u8>().ok();
        let ordinal = ORDINALS.iter().find(|(name, _)| *name == word).map(|(_, n)| *n);
        ordinal.or_else(digits).or_else(|| hour(word)).filter(|n| (1..=13).contains(n))
    };
    let is_own = words.has(list!["i", "ich", "estoy", "voy", "soy"]);
    if !is_own || words.has(list!["was", "when", "he", "she", "brother", "sister"]) {
        return None;
    }
    words.windows(2).find_map(|pair| match *pair {
        [word, "grade" | "graders" | "grader" | "klasse" | "grado"] | ["grade" | "klasse", word] => {
            Some(format!("is in grade {}", number(word)?))
        }
        ["year", word] => Some(format!("is in year {}", number(word)?)),
        [word, "de"] if words.has(list!["primaria"]) => Some(format!("is in grade {}", number(word)?)),
        _ => None,
    })
}
