//! Words: spelling, meanings, translations, and questions about a text.

use super::{Before, Found, Frame, core};
use crate::task::Wanted;
use crate::task::form::Form;
use crate::task::item::{End, Item, Sentence};
use crate::task::words::Cue;

pub(in crate::task) fn find(sentence: &Sentence, before: Before) -> Option<Found> {
    spelling(sentence, before)
        .or_else(|| letters(sentence, before))
        .or_else(|| words(sentence))
        .or_else(|| text(sentence))
}

fn spelling(sentence: &Sentence, before: Before) -> Option<Found> {
    let Some(at) = sentence.position(Cue::Spell) else {
        // "And dog?"
        if *before.frame == Frame::Spell
            && let [Item::Word(word)] = core(&sentence.items)
            && sentence.end != End::Stop
        {
            return Some(spelled(word));
        }
        return None;
    };
    let mut rest = &sentence.items[at + 1..];
    while let Some(Item::Cue(Cue::The | Cue::Word | Cue::A | Cue::Of) | Item::Quote | Item::Colon | Item::Comma) =
        rest.first()
    {
        rest = &rest[1..];
    }
    if sentence.has(Cue::You) && !sentence.text.contains("do you spell") && !sentence.has(Cue::Can) {
        return None;
    }
    match rest.first() {
        Some(Item::Word(word)) if !matches!(*word, "it" | "that" | "that's") => {
            // "Spell the word the", "spell cat in Spanish"
            let known = rest[1..].iter().all(|item| !matches!(item, Item::Cue(Cue::In)));
            Some(if known { spelled(word) } else { Found::form(Form::Translation, Wanted::Spelled) })
        }
        _ => {
            // The word is one of ours: "Spell the word the".
            let last = sentence.text.split(|c: char| !c.is_alphabetic() && c != '\'').rfind(|word| !word.is_empty())?;
            let named = sentence.text.contains("the word ");
            Some(if named { spelled(last) } else { Found::form(Form::Spelling, Wanted::Spelled).with(Frame::Spell) })
        }
    }
}

fn spelled(word: &str) -> Found {
    let letters: Vec<String> = word.chars().map(String::from).collect();
    Found::new(Form::Spelling, Wanted::Spelled, Some(letters.join("-"))).with(Frame::Spell)
}

/// "How do you read the word t, h, e, y?"
fn letters(sentence: &Sentence, before: Before) -> Option<Found> {
    if sentence.end != End::Question || sentence.has_number() {
        return None;
    }
    let mut word = String::new();
    let mut others = 0;
    for item in &sentence.items {
        match item {
            Item::Letter(letter) => word.push(*letter),
            Item::Cue(Cue::A) => word.push('a'),
            Item::Cue(Cue::I) if !sentence.text.contains("i'") => word.push('i'),
            Item::Comma => {}
            _ => others += 1,
        }
    }
    let reads =
        sentence.text.contains("read") || sentence.has(Cue::Word) || *before.frame == Frame::Letters && others <= 1;
    (word.chars().count() >= 3 && reads)
        .then(|| Found::new(Form::Spelling, Wanted::Word, Some(word)).with(Frame::Letters))
}

fn words(sentence: &Sentence) -> Option<Found> {
    let asks = sentence.end != End::Stop || sentence.has_any(&[Cue::WhatIs, Cue::Can]);
    let names = |languages: &[&str]| languages.iter().any(|language| sentence.has_word(language));
    let foreign = || {
        names(&[
            "italian",
            "spanish",
            "french",
            "german",
            "portuguese",
            "latin",
            "chinese",
            "japanese",
            "italiano",
            "mandarin",
            "english",
            "inglés",
            "englisch",
        ])
    };
    if sentence.has(Cue::Say) && !sentence.has(Cue::You) | sentence.text.contains("do you") {
        return Some(Found::form(Form::Translation, Wanted::Word).with(Frame::Translation));
    }
    if asks
        && (sentence.has_any(&[Cue::WhatIs, Cue::What, Cue::Say, Cue::How, Cue::Which])
            || sentence.text.contains("count "))
        && !sentence.has(Cue::You)
        && foreign()
    {
        return Some(Found::form(Form::Translation, Wanted::Word).with(Frame::Translation));
    }
    if sentence.has_any(&[Cue::Synonym, Cue::Opposite])
        && !sentence.has_number()
        && (asks || sentence.text.contains("give me"))
    {
        return Some(Found::form(Form::WordMeaning, Wanted::Word));
    }
    if sentence.has(Cue::Prefix) && asks {
        return Some(Found::form(Form::WordParts, Wanted::Word));
    }
    if sentence.has(Cue::Means)
        && asks
        && !sentence.has(Cue::You)
        && !sentence.has_number()
        && sentence.has_any(&[Cue::What, Cue::WhatIs])
    {
        let mut words =
            sentence.text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
        let asked = words.by_ref().skip_while(|word| *word != "does").nth(1);
        let after: Vec<&str> = words.skip_while(|word| *word != "in").skip(1).collect();
        // "What does re mean in rewrite?"
        let part = asked.is_some_and(|asked| {
            asked.len() <= 4
                && after.len() <= 2
                && after.iter().any(|word| word.starts_with(asked) || word.ends_with(asked))
        });
        return Some(Found::form(if part { Form::WordParts } else { Form::WordMeaning }, Wanted::Explanation));
    }
    if sentence.has(Cue::Rhyme) && asks {
        return Some(Found::form(Form::Rhyme, Wanted::Word));
    }
    if sentence.text.contains("first sound")
        || sentence.text.contains("last sound")
        || sentence.text.contains("vowel sound")
    {
        return asks.then(|| Found::form(Form::Rhyme, Wanted::Word));
    }
    if sentence.has(Cue::Syllable) && asks {
        return Some(Found::form(Form::Syllables, Wanted::Number));
    }
    None
}

fn text(sentence: &Sentence) -> Option<Found> {
    let asks = sentence.end == End::Question;
    let personal = sentence.has(Cue::You);
    if !asks || sentence.has_number() {
        return None;
    }
    if sentence.has(Cue::Narrator) {
        return Some(Found::form(Form::PointOfView, Wanted::Free));
    }
    if sentence.has(Cue::MainIdea) || sentence.text.contains("just a detail") || sentence.text.contains("is a detail") {
        return Some(Found::form(Form::MainIdea, Wanted::Explanation));
    }
    if personal {
        return None;
    }
    None
}

/// A question about a text that was read before: what it asks for.
pub(in crate::task) fn about_text(sentence: &Sentence) -> Option<Form> {
    let has = |text: &str| sentence.text.contains(text);
    if sentence.has(Cue::Feel)
        || has("why do you think")
        || has("how do you know")
        || has("what kind of person")
        || has("would the")
        || has("would he")
        || has("would she")
        || has("what was the weather")
    {
        return Some(Form::Inference);
    }
    if has("before or after")
        || has("happened first")
        || has("happens first")
        || has("came after")
        || has("comes after")
        || has("the last event")
        || has("what happened next")
        || has("what happens next")
        || has("happened last")
        || has("happened after")
        || has("happened before")
        || has("came first")
        || has("came before")
        || has("came next")
        || has("did he do first")
        || has("did she do first")
        || has("do second")
        || has("first event")
    {
        return Some(Form::Sequence);
    }
    if has("who says")
        || has("who tells")
        || has("who is telling")
        || has("who's telling")
        || has("in third person")
        || has("in first person")
        || has("the teller")
    {
        return Some(Form::PointOfView);
    }
    if has("main idea") || has("mostly about") || has("title") {
        return Some(Form::MainIdea);
    }
    None
}
