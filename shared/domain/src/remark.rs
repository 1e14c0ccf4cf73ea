//! What a child says of themselves and asks for, as typed slots.
//!
//! **Invariant:** every text is composed from our own lists. No word of the child's survives in it, so nothing that a child
//! says can give orders to whoever reads it later. What fits no slot is not kept.

mod things;
mod when;

use std::sync::LazyLock;

use self::things::{CAREERS, Kind, THINGS, TOPICS};
pub use self::when::When;
use crate::folded::{self, WordMap};

/// A call keeps at most this many facts, and as many requests.
pub const MOST: usize = 6;

/// What a fact is about. The names are those of the column `facts.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    Interest,
    Preference,
    Schedule,
    Goal,
    StudyContext,
}

impl FactKind {
    /// The name in findings and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interest => "interest",
            Self::Preference => "preference",
            Self::Schedule => "schedule",
            Self::Goal => "goal",
            Self::StudyContext => "study_context",
        }
    }
}

/// One thing that a child said of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub kind: FactKind,
    /// In the third person, without a subject: "plays the piano".
    pub text: String,
    /// The day that it speaks of, if it speaks of one.
    pub when: Option<When>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    CallBack,
    Practise,
    Pace,
    Difficulty,
    OtherTopic,
    Person,
    Style,
    Stop,
}

impl RequestKind {
    /// The name in findings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallBack => "call_back",
            Self::Practise => "practise",
            Self::Pace => "pace",
            Self::Difficulty => "difficulty",
            Self::OtherTopic => "other_topic",
            Self::Person => "person",
            Self::Style => "style",
            Self::Stop => "stop",
        }
    }
}

/// One thing that a child asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub kind: RequestKind,
    /// In the third person, without a subject: "asked for a call back on Thursday".
    pub text: String,
    pub when: Option<When>,
}

/// Phrases by their first word, the longest first, with the position of what they name.
type Phrases = WordMap<Vec<(Vec<&'static str>, usize)>>;

struct Thing {
    kind: Kind,
    /// Of an animal the singular.
    one: &'static str,
    many: &'static str,
}

static THING_LIST: LazyLock<Vec<Thing>> = LazyLock::new(|| {
    let all = THINGS.iter().flat_map(|(kind, things)| things.iter().map(move |(name, _)| (*kind, *name)));
    all.map(|(kind, name)| match name.split_once('/') {
        Some((one, many)) => Thing { kind, one, many },
        None => Thing { kind, one: name, many: name },
    })
    .collect()
});
static THING_WORDS: LazyLock<Phrases> =
    LazyLock::new(|| phrases(THINGS.iter().flat_map(|(_, things)| things.iter().map(|(_, words)| *words))));
static CAREER_WORDS: LazyLock<Phrases> = LazyLock::new(|| phrases(CAREERS.iter().map(|(_, words)| *words)));
static TOPIC_WORDS: LazyLock<Phrases> = LazyLock::new(|| phrases(TOPICS.iter().map(|(_, words)| *words)));

fn phrases(lists: impl Iterator<Item = &'static str>) -> Phrases {
    let mut phrases = Phrases::default();
    for (i, list) in lists.enumerate() {
        for phrase in list.split(',') {
            let words: Vec<&str> = phrase.split_whitespace().collect();
            if let Some(first) = words.first() {
                phrases.entry(first).or_default().push((words, i));
            }
        }
    }
    for of_word in phrases.values_mut() {
        of_word.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    phrases
}

/// What is named at `at`, and how many words it takes.
fn named(phrases: &Phrases, words: &[&str], at: usize) -> Option<(usize, usize)> {
    let of_word = phrases.get(*words.get(at)?)?;
    of_word.iter().find(|(phrase, _)| words[at..].starts_with(phrase)).map(|(phrase, i)| (*i, phrase.len()))
}

/// What is named first within `reach` words from `at` on.
fn named_within(phrases: &Phrases, words: &[&str], at: usize, reach: usize) -> Option<(usize, usize)> {
    (at..words.len().min(at + reach)).find_map(|at| named(phrases, words, at).map(|(i, _)| (i, at)))
}

fn sentences(text: &str) -> Vec<Vec<String>> {
    let words = folded::words(text);
    let split = words.split(|word| word == folded::BOUNDARY);
    split
        .map(|sentence| folded::english(sentence).into_iter().flat_map(parts).map(str::to_owned).collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
        .collect()
}

/// German draws the subject and the test together: "Mathearbeit" is `mathe arbeit`.
fn parts(word: &str) -> Vec<&str> {
    let drawn = ["arbeit", "test", "klausur", "prufung", "referat"].iter().find_map(|test| {
        let subject = word.strip_suffix(test)?;
        TOPIC_WORDS.contains_key(subject).then(|| vec![subject, *test])
    });
    drawn.unwrap_or_else(|| vec![word])
}

fn has(words: &[&str], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(word))
}

fn has_phrase(words: &[&str], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|some| some == phrase)
}

fn has_any(words: &[&str], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        has_phrase(words, &phrase)
    })
}

const NEGATIONS: [&str; 12] =
    ["not", "never", "no", "nobody", "none", "nunca", "nadie", "nicht", "kein", "keine", "keinen", "nie"];

/// Returns what a turn tells of the child. `tutor`: what the tutor asked before it.
pub fn facts(said: &str, tutor: &str) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    let mut add = |fact: Option<Fact>| {
        if let Some(fact) = fact
            && found.iter().all(|known| known.text != fact.text)
        {
            found.push(fact);
        }
    };
    for sentence in sentences(said) {
        let words: Vec<&str> = sentence.iter().map(String::as_str).collect();
        add(test(&words));
        add(availability(&words));
        add(weekly(&words));
        add(goal(&words));
        add(career(&words));
        add(preference(&words));
        add(study_context(&words));
        for fact in interests(&words) {
            add(Some(fact));
        }
    }
    if let Some(sentence) = sentences(tutor).last() {
        let asked: Vec<&str> = sentence.iter().map(String::as_str).collect();
        let words: Vec<Vec<String>> = sentences(said);
        let words: Vec<&str> = words.iter().flatten().map(String::as_str).collect();
        add(answered(&asked, &words));
    }
    found.truncate(MOST);
    found
}

fn interest(text: String) -> Fact {
    Fact { kind: FactKind::Interest, text, when: None }
}

fn article(noun: &str) -> String {
    let an = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if an { "an" } else { "a" })
}

/// What a child does with a thing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Like,
    Play,
    Do,
    Have,
    /// "My dog".
    Own,
    Collect,
    Learn,
    Make,
}

/// The verb at a word, if the child is its subject.
fn deed(words: &[&str], at: usize) -> Option<Deed> {
    let word = words[at];
    let before = |n: usize| at.checked_sub(n).map_or("", |i| words[i]);
    let adverbs = [
        "really",
        "also",
        "just",
        "only",
        "always",
        "usually",
        "often",
        "sometimes",
        "totally",
        "absolutely",
        "still",
        "do",
    ];
    let skipped = usize::from(adverbs.contains(&before(1)));
    let subject = before(1 + skipped);
    let is_i = matches!(subject, "i" | "we" | "ich" | "wir")
        || (subject.is_empty() && at == skipped && !matches!(word, "do" | "have" | "make"));
    let gusta = matches!(before(1), "me" | "nos");
    Some(match word {
        "love" | "like" | "enjoy" | "adore" | "liebe" | "mag" if is_i => Deed::Like,
        "into" | "obsessed" if matches!(before(1), "am" | "are" | "really" | "so" | "super" | "totally") => Deed::Like,
        "gusta" | "gustan" | "encanta" | "encantan" | "fascinan" | "fascina" if gusta => Deed::Like,
        "watch" | "read" | "draw" | "love." if is_i => Deed::Like,
        "play" if is_i => Deed::Play,
        "juego" | "toco" => Deed::Play,
        "spiele" if is_i => Deed::Play,
        "playing" if has(&words[..at], &["i", "love", "like", "enjoy", "am"]) => Deed::Play,
        "do" | "ride" | "rode" | "practise" | "practice" | "dance" | "mache" | "reite" | "tanze" if is_i => Deed::Do,
        "hago" | "practico" | "bailo" | "entreno" | "monto" => Deed::Do,
        "doing" | "riding" if has(&words[..at], &["i", "love", "like", "enjoy"]) => Deed::Do,
        "have" | "habe" | "got" if is_i || (word == "got" && before(1) == "have") => Deed::Have,
        "tengo" | "tenemos" => Deed::Have,
        "my" | "mi" | "mein" | "meine" => Deed::Own,
        "collect" | "sammle" if is_i => Deed::Collect,
        "colecciono" => Deed::Collect,
        "learning" | "aprendiendo" | "lerne" if matches!(before(1), "am" | "are" | "estoy" | "ich" | "i") => {
            Deed::Learn
        }
        "building" | "making" | "build" | "make" | "made" | "built" | "mixed" | "mix" | "baue" | "construyo"
        | "construyendo"
            if has(&words[..at], &["i", "we", "me", "am", "are", "ich", "wir", "estoy", "estamos", "grandad"])
                || at == 0 =>
        {
            Deed::Make
        }
        "going" | "go" | "went" if is_i || matches!(before(1), "am" | "are") => Deed::Make,
        _ => return None,
    })
}

/// What the deed says of the thing; `None`: they do not go together.
fn composed(deed: Deed, thing: &Thing, words: &[&str], at: usize) -> Option<String> {
    Some(match (deed, thing.kind) {
        (Deed::Like, Kind::Instrument) => format!("likes the {}", thing.one),
        (Deed::Like, _) => format!("likes {}", thing.many),
        (Deed::Play, Kind::Game) => format!("plays {}", thing.one),
        (Deed::Play | Deed::Do, Kind::Instrument) => format!("plays the {}", thing.one),
        (Deed::Play | Deed::Do, Kind::Sport) => format!("does {}", thing.one),
        (Deed::Do, Kind::Game) => format!("plays {}", thing.one),
        (Deed::Learn, Kind::Instrument) => format!("is learning the {}", thing.one),
        (Deed::Learn, Kind::Game | Kind::Sport) => format!("is learning {}", thing.one),
        (Deed::Collect, _) => format!("collects {}", thing.many),
        (Deed::Have | Deed::Own, Kind::Animal) => {
            let before = at.checked_sub(1).map_or("", |i| words[i]);
            let is_one = matches!(
                before,
                "a" | "an" | "my" | "un" | "una" | "mi" | "ein" | "eine" | "einen" | "mein" | "meine" | "pet" | "new"
            );
            let is_own = is_one
                || matches!(
                    before,
                    "baby" | "little" | "big" | "old" | "black" | "white" | "grey" | "gray" | "brown" | "called"
                );
            if !is_own {
                return None;
            }
            format!("has {}", article(thing.one))
        }
        (Deed::Have, Kind::Game | Kind::Sport | Kind::Instrument) => {
            // "I have karate": practice; "my guitar": the instrument.
            if thing.kind == Kind::Instrument {
                format!("plays the {}", thing.one)
            } else {
                format!("does {}", thing.one).replace("does football", "plays football")
            }
        }
        (Deed::Make, Kind::Sport) => format!("does {}", thing.one),
        (Deed::Make, _) => format!("talked about {}", thing.many),
        (Deed::Do, Kind::Animal) => format!("rides {}", thing.many),
        (Deed::Do, _) => format!("likes {}", thing.many),
        _ => return None,
    })
}

/// How far a thing may stand from its verb, in words.
const REACH: usize = 5;

fn interests(words: &[&str]) -> Vec<Fact> {
    let mut found = Vec::new();
    // A wish for the lesson is no taste: "I like this one", "would you like".
    let is_wish = |at: usize| has(&words[at.saturating_sub(2)..at], &["would", "you", "did", "they", "he", "she"]);
    for at in 0..words.len() {
        let Some(deed) = deed(words, at) else { continue };
        let from = at.saturating_sub(3);
        if is_wish(at) || has(&words[from..at], &NEGATIONS) {
            continue;
        }
        let end = words.len().min(at + 1 + REACH);
        let mut position = at + 1;
        while position < end {
            let Some((i, length)) = named(&THING_WORDS, words, position) else {
                if has(&words[position..=position], &NEGATIONS)
                    || matches!(words[position], "but" | "pero" | "aber" | "because" | "when" | "if" | "than")
                {
                    break;
                }
                position += 1;
                continue;
            };
            let thing = &THING_LIST[i];
            // "my dog ate it": only of the next words; "I like it, the train is late": not across many.
            if (deed == Deed::Have && position > at + 4) || (deed == Deed::Own && position > at + 3) {
                break;
            }
            if let Some(text) = composed(deed, thing, words, position) {
                found.push(interest(text));
            }
            position += length;
            // "football and swimming".
            if !matches!(words.get(position), Some(&("and" | "y" | "und" | "or"))) {
                break;
            }
        }
    }
    found.extend(favourite(words));
    found
}

/// "My favourite animal is the penguin", "winter is my favourite", "am liebsten spiele ich Fußball".
fn favourite(words: &[&str]) -> Option<Fact> {
    const WORDS: [&str; 14] = [
        "favourite",
        "favorite",
        "favorito",
        "favorita",
        "favoritos",
        "favoritas",
        "fav",
        "liebsten",
        "lieblingstier",
        "lieblingssport",
        "lieblingsspiel",
        "lieblingsessen",
        "lieblingsfach",
        "lieblingsbuch",
    ];
    let at = words.iter().position(|word| WORDS.contains(word))?;
    if has(words, &["your", "tu", "dein"]) {
        return None;
    }
    // "Winter is my favourite" names it before.
    let from = at.saturating_sub(4);
    let before = (from..at).rev().find_map(|place| named(&THING_WORDS, words, place).map(|(i, _)| (i, place)));
    let is_last = words[from..at].ends_with(&["is", "my"]) || words[from..at].ends_with(&["are", "my"]);
    let thing = before.filter(|_| is_last).or_else(|| named_within(&THING_WORDS, words, at + 1, 6)).or(before)?;
    Some(interest(format!("likes {}", liked(thing.0))))
}

fn liked(thing: usize) -> String {
    let thing = &THING_LIST[thing];
    if thing.kind == Kind::Instrument { format!("the {}", thing.one) } else { thing.many.to_owned() }
}

/// An answer in one word: "What do you like to do?", "Football."
fn answered(asked: &[&str], words: &[&str]) -> Option<Fact> {
    if words.len() > 6 || has(words, &NEGATIONS) {
        return None;
    }
    let asks_taste = has_any(
        asked,
        &[
            "your favourite",
            "your favorite",
            "you like",
            "you enjoy",
            "your hobby",
            "your hobbies",
            "you into",
            "for fun",
            "te gusta",
            "tu favorito",
            "tus aficiones",
            "machst du gern",
            "magst du",
            "spielst du",
            "dein hobby",
            "deine hobbys",
            "dein lieblings",
        ],
    ) && has(asked, &["what", "which", "que", "cual", "was", "welches", "welche", "wie", "tell"]);
    if asks_taste {
        let (thing, _) = named_within(&THING_WORDS, words, 0, words.len())?;
        return Some(interest(format!("likes {}", liked(thing))));
    }
    let asks_wish = has_any(asked, &["want to be", "like to be", "grow up", "quieres ser", "willst du werden"]);
    if asks_wish {
        let (career, _) = named_within(&CAREER_WORDS, words, 0, words.len())?;
        return Some(interest(format!("wants to be {}", CAREERS[career].0)));
    }
    // "Assessment is on the twentieth, yes?", "Yeah."
    let agrees = matches!(words.first(), Some(&("yes" | "yeah" | "yep" | "si" | "ja" | "yup" | "mhm" | "right")));
    if agrees && has(asked, &["is", "you", "your", "es", "ist", "hast", "tienes"]) {
        let (name, at) = test_word(asked, 0)?;
        let when = when::find(asked, at.saturating_sub(4))?.0;
        return Some(test_fact(asked, name, at, Some(when)));
    }
    None
}

/// Words for a test, and its name.
fn test_word(words: &[&str], from: usize) -> Option<(&'static str, usize)> {
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

fn test_fact(words: &[&str], name: &'static str, at: usize, when: Option<When>) -> Fact {
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

fn article_of(noun: &str) -> String {
    article(noun).replace("a English", "an English").replace("a Italian", "an Italian")
}

/// "I have a maths test on Friday", "tengo control de fracciones el lunes", "am Montag schreiben wir eine Arbeit".
fn test(words: &[&str]) -> Option<Fact> {
    // "Call me on Thursday before my test" names the day of the call.
    if has_any(words, &["call me", "call back", "ring me", "llamarme", "llamame", "mich anrufen"]) {
        return None;
    }
    let (name, at) = test_word(words, 0)?;
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
    // Of the call itself, of the past, or of somebody else.
    let is_other = has(
        words,
        &[
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
        ],
    ) && when::find(words, 0).is_none();
    if is_other || has(&words[at.saturating_sub(4)..at], &NEGATIONS) || !has(words, &OWN) {
        return None;
    }
    if has(words, &["last", "yesterday", "ayer", "gestern"]) {
        return None;
    }
    let when = when::find(words, 0).map(|(when, _)| when);
    let is_fixed = when.is_some()
        || (matches!(name, "test" | "exam" | "quiz" | "assessment")
            && has(words, &["have", "tengo", "tenemos", "habe", "hab", "coming", "soon", "bald"]));
    is_fixed.then(|| test_fact(words, name, at, when))
}

fn hour(word: &str) -> Option<u8> {
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

/// "Only after four", "I have to go at five", "erst ab vier".
fn availability(words: &[&str]) -> Option<Fact> {
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
    let schedule = |text: String| Some(Fact { kind: FactKind::Schedule, text, when: None });
    for (at, word) in words.iter().enumerate() {
        let next = |n: usize| words.get(at + n).copied().unwrap_or_default();
        let skip = usize::from(matches!(next(1), "las" | "de" | "like" | "about")) + usize::from(next(2) == "las");
        let of = hour(next(1 + skip));
        let leaves = has_any(
            &words[..at],
            &[
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
            ],
        );
        match (*word, of) {
            ("after" | "despues" | "from" | "ab" | "nach", Some(hour)) if has(words, &ABOUT_CALLS) => {
                return schedule(format!("is available after {hour} o'clock"));
            }
            ("before" | "until" | "till" | "antes" | "hasta" | "bis" | "vor", Some(hour))
                if has(words, &ABOUT_CALLS) =>
            {
                return schedule(format!("is available before {hour} o'clock"));
            }
            ("at" | "um", Some(hour)) if leaves => return schedule(format!("has to leave at {hour} o'clock")),
            _ => {}
        }
    }
    if has_any(
        words,
        &["only after school", "after school only", "only at weekends", "only on weekends", "only at the weekend"],
    ) {
        let part = if has(words, &["school"]) { "after school" } else { "at weekends" };
        return schedule(format!("is available only {part}"));
    }
    None
}

/// "I have swimming on Tuesdays", "bailo flamenco los miércoles".
fn weekly(words: &[&str]) -> Option<Fact> {
    let (at, weekday) = words.iter().enumerate().find_map(|(at, word)| Some((at, when::weekday(word)?)))?;
    if !when::is_every_week(words, at) || has(words, &NEGATIONS) {
        return None;
    }
    // "Bailo flamenco": the last word for it says most.
    let before = (0..at).rev().find_map(|place| named(&THING_WORDS, words, place).map(|(i, _)| i));
    let after = || named_within(&THING_WORDS, words, at + 1, 5).map(|(i, _)| i);
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

/// "I want to get better at fractions", "quiero mejorar en lectura", "ich will besser rechnen können".
fn goal(words: &[&str]) -> Option<Fact> {
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
    if !has(words, &["i", "quiero", "necesito", "gustaria", "ich"])
        || has(&words[..wants], &NEGATIONS)
        || has(rest, &["not", "nicht"])
    {
        return None;
    }
    let (topic, at) = named_within(&TOPIC_WORDS, words, wants + 1, 10)?;
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

/// "I want to be a scientist like my aunt", "de mayor quiero ser veterinaria".
fn career(words: &[&str]) -> Option<Fact> {
    const BE: [&[&str]; 6] = [
        &["want", "to", "be"],
        &["want", "to", "become"],
        &["going", "to", "be"],
        &["quiero", "ser"],
        &["will"],
        &["mochte"],
    ];
    let at = BE.iter().find_map(|be| words.windows(be.len()).position(|some| some == *be).map(|at| at + be.len()))?;
    if has(&words[..at], &NEGATIONS) {
        return None;
    }
    let (career, _) = named_within(&CAREER_WORDS, words, at, 3)?;
    let is_german = matches!(words[at - 1], "will" | "mochte");
    if is_german && !has(words, &["werden"]) {
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

fn preference(words: &[&str]) -> Option<Fact> {
    let preference = |text: &str| Some(Fact { kind: FactKind::Preference, text: text.to_owned(), when: None });
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
    if has_any(words, &NO_HURRY) {
        return preference("needs time to think");
    }
    const ALOUD: [&str; 5] =
        ["reading out loud", "reading aloud", "read out loud", "leer en voz alta", "laut vorlesen"];
    if has_any(words, &ALOUD) && (has(words, &NEGATIONS) || has(words, &["hate", "nervous", "scared", "odio", "hasse"]))
    {
        return preference("does not like reading aloud");
    }
    let is_boring = has(words, &["boring", "aburrido", "aburrida", "langweilig"]);
    if let Some((topic, _)) = named_within(&TOPIC_WORDS, words, 0, words.len()).filter(|_| is_boring) {
        return preference(&format!("finds {} boring", TOPICS[topic].0));
    }
    let dislikes = ["hate", "odio", "hasse"];
    let not_like =
        has_any(words, &["do not like", "no me gusta", "no me gustan", "mag kein", "mag keine", "mag nicht"]);
    if (has(words, &dislikes) && has(words, &["i", "ich", "odio"])) || not_like {
        let at = words
            .iter()
            .position(|word| dislikes.contains(word) || matches!(*word, "like" | "gusta" | "gustan" | "mag"))?;
        let (topic, _) = named_within(&TOPIC_WORDS, words, at + 1, 4)?;
        return preference(&format!("does not like {}", TOPICS[topic].0));
    }
    let frames = [
        "i prefer",
        "i like",
        "i love",
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
        "i want",
        "i need",
        "videos better",
        "better if",
        "i work",
        "prefiero",
        "me gusta",
        "me gustan",
        "me ayuda",
        "me ayudan",
        "entiendo mejor",
        "aprendo mejor",
        "ich mag",
        "hilft mir",
        "helfen mir",
        "lerne besser",
        "verstehe besser",
        "am liebsten",
        "like it when",
    ];
    let frame = frames.iter().find_map(|frame| {
        let frame: Vec<&str> = frame.split(' ').collect();
        words.windows(frame.len()).position(|some| some == frame)
    })?;
    if has(&words[frame.saturating_sub(2)..words.len().min(frame + 3)], &NEGATIONS) {
        return None;
    }
    let strong = has_any(
        words,
        &[
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
        ],
    );
    let (list, text) = PREFERENCES.iter().find(|(list, _)| has(words, list))?;
    // "I like games" is a taste, "I want to go again" a request.
    let is_of_work = strong
        || (matches!(list[0], "examples" | "hints" | "harder" | "jokes" | "step") && !has(words, &["again", "next"]))
        || (matches!(list[0], "slow") && has(words, &["go", "ir", "gehen"]));
    if is_of_work { preference(text) } else { None }
}

/// Grade, missed school, a new school, and what is taught there now.
fn study_context(words: &[&str]) -> Option<Fact> {
    let context = |text: String| Some(Fact { kind: FactKind::StudyContext, text, when: None });
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
    if has_any(words, &MISSED) && !has(words, &["she", "he", "mom", "mum", "dad", "teacher", "sie", "er"]) {
        let week = has(words, &["week", "weeks"]);
        return context(if week {
            "missed a week or more of school".to_owned()
        } else {
            "missed some school".to_owned()
        });
    }
    if has_any(
        words,
        &[
            "new school",
            "changed schools",
            "just moved",
            "we moved",
            "escuela nueva",
            "colegio nuevo",
            "neue schule",
            "neuen schule",
        ],
    ) && !has(words, &NEGATIONS)
    {
        return context("is at a new school".to_owned());
    }
    if let Some(grade) = grade(words) {
        return context(grade);
    }
    // "We're doing fractions at school".
    let at_school = has_any(
        words,
        &[
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
        ],
    );
    let at = words.iter().position(|word| {
        matches!(
            *word,
            "doing" | "learning" | "started" | "learned" | "haciendo" | "estamos" | "machen" | "lernen" | "haben"
        )
    })?;
    if at_school && has(words, &["we", "estamos", "wir"]) && !has(words, &NEGATIONS) {
        let (topic, _) = named_within(&TOPIC_WORDS, words, at, 6)?;
        return context(format!("is doing {} at school", TOPICS[topic].0));
    }
    None
}

fn grade(words: &[&str]) -> Option<String> {
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
    let number = |word: &str| {
        let digits = || word.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<u8>().ok();
        let ordinal = ORDINALS.iter().find(|(name, _)| *name == word).map(|(_, n)| *n);
        ordinal.or_else(digits).or_else(|| hour(word)).filter(|n| (1..=13).contains(n))
    };
    let is_own = has(words, &["i", "ich", "estoy", "voy", "soy"]);
    if !is_own || has(words, &["was", "when", "he", "she", "brother", "sister"]) {
        return None;
    }
    words.windows(2).find_map(|pair| match *pair {
        [word, "grade" | "graders" | "grader" | "klasse" | "grado"] => Some(format!("is in grade {}", number(word)?)),
        ["grade" | "klasse", word] => Some(format!("is in grade {}", number(word)?)),
        ["year", word] => Some(format!("is in year {}", number(word)?)),
        [word, "de"] if has(words, &["primaria"]) => Some(format!("is in grade {}", number(word)?)),
        _ => None,
    })
}

/// Returns what a turn asks for beyond the task at hand.
pub fn requests(said: &str) -> Vec<Request> {
    let mut found: Vec<Request> = Vec::new();
    for sentence in sentences(said) {
        let words: Vec<&str> = sentence.iter().map(String::as_str).collect();
        if let Some(request) = request(&words)
            && found.iter().all(|known| known.text != request.text)
        {
            found.push(request);
        }
    }
    found.truncate(MOST);
    found
}

fn request(words: &[&str]) -> Option<Request> {
    let when = when::find(words, 0).map(|(when, _)| when);
    let plain = |kind, text: &str| Some(Request { kind, text: text.to_owned(), when: None });
    let calls = has_any(
        words,
        &[
            "call me",
            "call back",
            "ring me",
            "phone me",
            "call again",
            "talk again",
            "call us",
            "llamame",
            "llamarme",
            "me llamas",
            "volver a llamar",
            "ruf mich",
            "mich anrufen",
            "zuruckrufen",
            "anrufen",
            "telefonieren",
        ],
    );
    let asks = has(
        words,
        &[
            "can", "could", "will", "please", "may", "puedes", "podemos", "podrias", "kannst", "konnen", "konntest",
            "bitte", "want", "would", "let", "next", "quiero", "will", "mochte",
        ],
    );
    let is_named_so = has_phrase(words, &["call", "me"])
        && when.is_none()
        && !has(words, &["back", "again", "later", "tonight", "after", "before", "at"]);
    if calls
        && !is_named_so
        && !has(words, &["do", "everyone", "they", "friends"])
        && !has(words, &NEGATIONS)
        && (asks || when.is_some() || words[0] == "call")
    {
        let day = when.map(|when| format!(" {}", when.text())).unwrap_or_default();
        return Some(Request { kind: RequestKind::CallBack, text: format!("asked for a call back{day}"), when });
    }
    if has_any(
        words,
        &[
            "real person",
            "a human",
            "real teacher",
            "talk to a person",
            "speak to a person",
            "real human",
            "persona real",
            "hablar con una persona",
            "hablar con alguien",
            "echten menschen",
            "mit einem menschen",
            "richtigen lehrer",
        ],
    ) && (asks || has(words, &["want", "need"]))
    {
        return plain(RequestKind::Person, "asked to talk to a person");
    }
    if has_any(
        words,
        &[
            "slow down",
            "slower",
            "too fast",
            "more slowly",
            "mas despacio",
            "muy rapido",
            "mas lento",
            "langsamer",
            "zu schnell",
            "nicht so schnell",
            "not so fast",
        ],
    ) && !has(words, &["car", "train", "runs", "faster", "than"])
    {
        return plain(RequestKind::Pace, "asked to go slower");
    }
    if has_any(words, &["go faster", "speed up", "too slow", "mas rapido", "schneller"])
        && asks
        && !has(words, &["than", "car", "train"])
    {
        return plain(RequestKind::Pace, "asked to go faster");
    }
    if has_any(
        words,
        &[
            "something else",
            "another topic",
            "different topic",
            "something different",
            "otra cosa",
            "otro tema",
            "was anderes",
            "etwas anderes",
            "anderes thema",
            "another subject",
            "change the topic",
        ],
    ) && (asks || has(words, &["do", "instead"]))
    {
        return plain(RequestKind::OtherTopic, "asked for another topic");
    }
    if has_any(
        words,
        &["harder", "more difficult", "mas dificil", "mas dificiles", "schwerere", "schwerer", "schwierigere"],
    ) && asks
        && !has(words, &["than"])
    {
        return plain(RequestKind::Difficulty, "asked for harder questions");
    }
    if has_any(words, &["easier", "mas facil", "mas faciles", "leichtere", "leichter", "einfachere"])
        && asks
        && !has(words, &["than"])
    {
        return plain(RequestKind::Difficulty, "asked for easier questions");
    }
    if has_any(words, &["a joke", "un chiste", "einen witz"]) && asks {
        return plain(RequestKind::Style, "asked for a joke");
    }
    if has_any(words, &["play a game", "jugar a algo", "un juego", "ein spiel spielen"]) && asks {
        return plain(RequestKind::Style, "asked to play a game");
    }
    if has(words, &["examples", "example", "questions", "problems", "ejemplos", "beispiele", "aufgaben"]) && asks {
        if let Some((thing, _)) = named_within(&THING_WORDS, words, 0, words.len()) {
            return Some(Request {
                kind: RequestKind::Style,
                text: format!("asked for examples about {}", liked(thing)),
                when: None,
            });
        }
        if has(words, &["example", "examples", "ejemplos", "beispiele"]) {
            return plain(RequestKind::Style, "asked for examples");
        }
    }
    if has_any(
        words,
        &[
            "can we stop",
            "can i go",
            "want to stop",
            "can we finish",
            "podemos parar",
            "konnen wir aufhoren",
            "quiero parar",
            "i have to go now",
        ],
    ) {
        return plain(RequestKind::Stop, "asked to stop");
    }
    let practises = words.iter().position(|word| {
        matches!(
            *word,
            "do" | "practise"
                | "practice"
                | "work"
                | "learn"
                | "study"
                | "try"
                | "help"
                | "practicar"
                | "hacer"
                | "repasar"
                | "estudiar"
                | "aprender"
                | "ayudar"
                | "ayudarme"
                | "uben"
                | "machen"
                | "lernen"
                | "wiederholen"
                | "helfen"
                | "more"
                | "mas"
                | "mehr"
                | "start"
        )
    });
    let wish = asks || has_any(words, &["next time", "la proxima vez", "nachstes mal", "das nachste mal"]);
    if let Some(at) = practises.filter(|_| wish && !has(words, &NEGATIONS)) {
        // German puts the verb last.
        let topic = named_within(&TOPIC_WORDS, words, at, 7).or_else(|| named_within(&TOPIC_WORDS, words, 0, at));
        let next_time = has_any(words, &["next time", "proxima vez", "nachstes mal", "nachste mal"]);
        let (topic, _) = topic?;
        let time = when.map(|when| format!(" {}", when.text())).unwrap_or_default();
        let text = format!("asked to practise {}{}", TOPICS[topic].0, if next_time { " next time" } else { &time });
        return Some(Request { kind: RequestKind::Practise, text, when: when.filter(|_| !next_time) });
    }
    None
}

#[cfg(test)]
mod tests;
