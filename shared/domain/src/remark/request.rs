//! What a child asks for beyond the task at hand.

use super::interest::liked;
use super::things::TOPICS;
use super::when;
use super::{
    MOST, NEGATIONS, Request, RequestKind, THING_WORDS, TOPIC_WORDS, has, has_any, has_phrase, named_within, sentences,
};

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
