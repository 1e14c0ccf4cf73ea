//! What a child likes, plays, has and makes.

use super::schedule::{test_fact, test_word};
use super::things::{CAREERS, Kind};
use super::when;
use super::{
    CAREER_WORDS, Fact, NEGATIONS, THING_LIST, THING_WORDS, Thing, Words, YES, article, has, interest, list, named,
    named_within,
};

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
        "love" | "like" | "enjoy" | "adore" | "liebe" | "mag" | "watch" | "read" | "draw" if is_i => Deed::Like,
        "into" | "obsessed" if matches!(before(1), "am" | "are" | "really" | "so" | "super" | "totally") => Deed::Like,
        "gusta" | "gustan" | "encanta" | "encantan" | "fascinan" | "fascina" if gusta => Deed::Like,
        "play" | "spiele" if is_i => Deed::Play,
        "juego" | "toco" => Deed::Play,
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
        (Deed::Like, _) | (Deed::Do, Kind::Noun) => format!("likes {}", thing.many),
        (Deed::Play | Deed::Do, Kind::Game) => format!("plays {}", thing.one),
        (Deed::Play | Deed::Do, Kind::Instrument) => format!("plays the {}", thing.one),
        (Deed::Play | Deed::Do | Deed::Make, Kind::Sport) => format!("does {}", thing.one),
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
        (Deed::Make, _) => format!("talked about {}", thing.many),
        (Deed::Do, Kind::Animal) => format!("rides {}", thing.many),
        _ => return None,
    })
}

/// How far a thing may stand from its verb, in words.
const REACH: usize = 5;

pub(super) fn interests(words: Words) -> Vec<Fact> {
    let mut found = Vec::new();
    // A wish for the lesson is no taste: "I like this one", "would you like".
    let is_wish = |at: usize| has(&words[at.saturating_sub(2)..at], &["would", "you", "did", "they", "he", "she"]);
    for at in 0..words.len() {
        let Some(deed) = deed(&words, at) else { continue };
        let from = at.saturating_sub(3);
        if is_wish(at) || has(&words[from..at], &NEGATIONS) {
            continue;
        }
        let end = words.len().min(at + 1 + REACH);
        let mut position = at + 1;
        while position < end {
            let Some((i, length)) = named(&THING_WORDS, &words, position) else {
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
            if let Some(text) = composed(deed, thing, &words, position) {
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

/// "My favourite animal is the penguin", "winter is my favourite", "am liebsten spiele ich Fußball".
fn favourite(words: Words) -> Option<Fact> {
    let at = words.iter().position(|word| WORDS.contains(word))?;
    if words.has(list!["your", "tu", "dein"]) {
        return None;
    }
    // "Winter is my favourite" names it before.
    let from = at.saturating_sub(4);
    let before = (from..at).rev().find_map(|place| named(&THING_WORDS, &words, place).map(|(i, _)| (i, place)));
    let is_last = words[from..at].ends_with(&["is", "my"]) || words[from..at].ends_with(&["are", "my"]);
    let thing = before.filter(|_| is_last).or_else(|| named_within(&THING_WORDS, &words, at + 1, 6)).or(before)?;
    Some(interest(format!("likes {}", liked(thing.0))))
}

pub(super) fn liked(thing: usize) -> String {
    let thing = &THING_LIST[thing];
    if thing.kind == Kind::Instrument { format!("the {}", thing.one) } else { thing.many.to_owned() }
}

/// An answer in one word: "What do you like to do?", "Football."
pub(super) fn answered(asked: Words, words: Words) -> Option<Fact> {
    if words.len() > 6 || words.has(list!(NEGATIONS)) {
        return None;
    }
    let asks_taste = asked.has_any(list![
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
    ]) && asked.has(list!["what", "which", "que", "cual", "was", "welches", "welche", "wie", "tell"]);
    if asks_taste {
        let (thing, _) = named_within(&THING_WORDS, &words, 0, words.len())?;
        return Some(interest(format!("likes {}", liked(thing))));
    }
    let asks_wish = asked.has_any(list!["want to be", "like to be", "grow up", "quieres ser", "willst du werden"]);
    if asks_wish {
        let (career, _) = named_within(&CAREER_WORDS, &words, 0, words.len())?;
        return Some(interest(format!("wants to be {}", CAREERS[career].0)));
    }
    // "Assessment is on the twentieth, yes?", "Yeah."
    let agrees = words.first().is_some_and(|word| YES.contains(word));
    if agrees && asked.has(list!["is", "you", "your", "es", "ist", "hast", "tienes"]) {
        let (name, at) = test_word(&asked, 0)?;
        let when = when::find(&asked, at.saturating_sub(4))?.0;
        return Some(test_fact(&asked, name, at, Some(when)));
    }
    None
}
