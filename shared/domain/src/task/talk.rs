//! What is no task: small talk, checking in, feelings, logistics. And which language is spoken.

use std::sync::LazyLock;

use super::item::{End, Item, Sentence};
use super::words::Cue;
use crate::answer::Language;
use crate::folded::WordMap;
use crate::text::{LETTERS, runs};

/// Phrases of questions that are about the person or the call.
const TALK: [&str; 62] = [
    "how are you",
    "how's it going",
    "how was",
    "how is your",
    "how's your",
    "how are things",
    "how's the",
    "how's school",
    "how did it go",
    "ready",
    "shall we",
    "does that make sense",
    "make sense",
    "are you",
    "do you like",
    "do you have",
    "do you want",
    "do you feel",
    "did you",
    "have you",
    "would you like",
    "want to",
    "how old",
    "what grade",
    "your favorite",
    "your favourite",
    "your name",
    "what's up",
    "can you hear",
    "is anyone",
    "who is with",
    "how long do you",
    "what are you doing",
    "what did you do",
    "what were you",
    "what have you",
    "what do you want",
    "what would you like",
    "what shall we",
    "where are you",
    "need more time",
    "need a minute",
    "any questions",
    "is that you",
    "is that okay",
    "was that boring",
    "was it fun",
    "which part",
    "how did that feel",
    "cómo te llamas",
    "qué tal",
    "cómo estás",
    "cuántos años",
    "estás list",
    "te gusta",
    "cómo te",
    "wie geht",
    "bist du",
    "hast du",
    "wie alt",
    "wie heißt du",
    "alles gut",
];

/// Ways to check what was said, which keep the task open.
const CHECKS: [&str; 8] = [
    "did you say",
    "was that",
    "did i hear",
    "do you mean",
    "you mean",
    "is that your answer",
    "say that again",
    "are you sure",
];

/// Ways to ask for the way to an answer.
const WAYS: [&str; 14] = [
    "how did you",
    "how'd you",
    "how do you know",
    "how did that",
    "what did you do",
    "walk me through",
    "talk me through",
    "why is that",
    "how come",
    "what made you",
    "can you explain",
    "tell me how",
    "tell me why",
    "how could we check",
];

/// Questions that use "you" and still set a task.
const TASKS: [&str; 33] = [
    "do you say",
    "do you call",
    "do you spell",
    "do you get",
    "do you add",
    "do you need to",
    "do you write",
    "do you read",
    "do you think the",
    "can you name",
    "can you give",
    "can you find",
    "can you simplify",
    "can you spell",
    "can you tell me",
    "can you count",
    "can you think of",
    "can you list",
    "can you write",
    "can you work out",
    "can you make",
    "would you",
    "if you",
    "you roll",
    "you pay",
    "you have",
    "you buy",
    "you save",
    "you get",
    "you eat",
    "you cut",
    "you start",
    "could you simplify",
];

/// What a question without a known exercise is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Talk,
    /// Was the answer heard right?
    Check,
    /// How did you get there?
    Way,
    Task,
}

pub(super) fn question(sentence: &Sentence) -> Question {
    let has = |phrases: &[&str]| sentence.text.contains_any(phrases);
    if has(&CHECKS) {
        return Question::Check;
    }
    if has(&WAYS) {
        return Question::Way;
    }
    if sentence.has_number() && has(&TASKS) {
        return Question::Task;
    }
    if has(&TALK) {
        return Question::Talk;
    }
    let addressed = sentence.has(Cue::You) || sentence.text.contains("your ");
    if addressed && !has(&TASKS) { Question::Talk } else { Question::Task }
}

/// Whether a question is answered with yes or no.
pub(super) fn is_yes_no(sentence: &Sentence) -> bool {
    let first = sentence.items.iter().find(|item| !matches!(item, Item::Cue(Cue::And | Cue::Filler) | Item::Comma));
    let opens = matches!(first, Some(Item::Cue(Cue::Is)))
        || matches!(
            first,
            Some(Item::Word(
                "does" | "do" | "did" | "has" | "have" | "would" | "could" | "should" | "will" | "hat" | "hay"
            ))
        );
    opens && !sentence.has(Cue::Or) && sentence.end == End::Question
}

const SPANISH: [&str; 30] = [
    "cuánto", "cuántos", "cuántas", "qué", "es", "el", "los", "las", "y", "más", "por", "entre", "una", "del", "muy",
    "bien", "dime", "eso", "cómo", "puedes", "ahora", "hola", "piensa", "otra", "vez", "menos", "te", "cada", "pues",
    "son",
];
const GERMAN: [&str; 30] = [
    "ist", "wie", "viel", "viele", "mal", "und", "durch", "geteilt", "der", "das", "den", "ein", "eine", "nicht", "du",
    "wir", "sind", "noch", "mit", "zu", "gut", "auch", "einmal", "eins", "jetzt", "dann", "sagt", "hallo", "leider",
    "ganz",
];
const ENGLISH: [&str; 30] = [
    "the", "what", "is", "how", "many", "and", "of", "to", "a", "you", "that", "it", "what's", "times", "in", "let's",
    "your", "we", "do", "good", "so", "plus", "take", "divided", "this", "one", "are", "i", "for", "not",
];

type Markers = WordMap<Language>;

/// Words that only one of the languages has.
static MARKERS: LazyLock<Markers> = LazyLock::new(|| {
    let mut markers = Markers::default();
    for (language, words) in [(Language::Spanish, SPANISH), (Language::German, GERMAN), (Language::English, ENGLISH)] {
        markers.extend(words.into_iter().map(|word| (word, language)));
    }
    markers
});

/// Returns the language of a text; `before` if its words do not tell.
pub(super) fn language(plain: &str, before: Language) -> Language {
    if !plain.is_ascii() && plain.contains(['¿', '¡', 'ñ']) {
        return Language::Spanish;
    }
    let (mut spanish, mut german, mut english) = (0_u32, 0_u32, 0_u32);
    for word in runs(plain, &LETTERS, char::is_alphabetic).take(40) {
        match MARKERS.get(word) {
            Some(Language::Spanish) => spanish += 1,
            Some(Language::German) => german += 1,
            Some(Language::English) => english += 1,
            None => {}
        }
        if word.is_ascii() {
            continue;
        }
        if word.contains(['ä', 'ö', 'ü', 'ß']) {
            german += 2;
        }
        if word.contains(['á', 'é', 'í', 'ó', 'ú']) {
            spanish += 1;
        }
    }
    let best = spanish.max(german).max(english);
    if best == 0 || u8::from(spanish == best) + u8::from(german == best) + u8::from(english == best) > 1 {
        before
    } else if english == best {
        Language::English
    } else if spanish == best {
        Language::Spanish
    } else {
        Language::German
    }
}
