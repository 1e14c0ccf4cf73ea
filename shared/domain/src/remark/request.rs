//! What a child asks for beyond the task at hand.

use super::interest::liked;
use super::things::TOPICS;
use super::when;
use super::{MOST, NEGATIONS, Request, RequestKind, THING_WORDS, TOPIC_WORDS, Words, list, named_within};

pub(super) fn requests_of(said: &[Vec<&str>]) -> Vec<Request> {
    let mut found: Vec<Request> = Vec::new();
    for sentence in said {
        if let Some(request) = request(Words::new(sentence))
            && found.iter().all(|known| known.text != request.text)
        {
            found.push(request);
        }
    }
    found.truncate(MOST);
    found
}

fn request(words: Words) -> Option<Request> {
    let when = when::find(&words, 0).map(|(when, _)| when);
    let plain = |kind, text: &str| Some(Request { kind, text: text.to_owned(), when: None });
    let calls = words.has_any(list![
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
    ]);
    let asks = words.has(list![
        "can", "could", "will", "please", "may", "puedes", "podemos", "podrias", "kannst", "konnen", "konntest",
        "bitte", "want", "would", "let", "next", "quiero", "will", "mochte",
    ]);
    let is_named_so = words.find("call me").is_some()
        && when.is_none()
        && !words.has(list!["back", "again", "later", "tonight", "after", "before", "at"]);
    if calls
        && !is_named_so
        && !words.has(list!["do", "everyone", "they", "friends"])
        && !words.has(list!(NEGATIONS))
        && (asks || when.is_some() || words[0] == "call")
    {
        let day = when.map(|when| format!(" {}", when.text())).unwrap_or_default();
        return Some(Request { kind: RequestKind::CallBack, text: format!("asked for a call back{day}"), when });
    }
    if words.has_any(list![
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
    ]) && (asks || words.has(list!["want", "need"]))
    {
        return plain(RequestKind::Person, "asked to talk to a person");
    }
    if words.has_any(list![
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
    ]) && !words.has(list!["car", "train", "runs", "faster", "than"])
    {
        return plain(RequestKind::Pace, "asked to go slower");
    }
    if words.has_any(list!["go faster", "speed up", "too slow", "mas rapido", "schneller"])
        && asks
        && !words.has(list!["than", "car", "train"])
    {
        return plain(RequestKind::Pace, "asked to go faster");
    }
    if words.has_any(list![
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
    ]) && (asks || words.has(list!["do", "instead"]))
    {
        return plain(RequestKind::OtherTopic, "asked for another topic");
    }
    if words.has_any(list![
        "harder",
        "more difficult",
        "mas dificil",
        "mas dificiles",
        "schwerere",
        "schwerer",
        "schwierigere",
    ]) && asks
        && !words.has(list!["than"])
    {
        return plain(RequestKind::Difficulty, "asked for harder questions");
    }
    if words.has_any(list!["easier", "mas facil", "mas faciles", "leichtere", "leichter", "einfachere"])
        && asks
        && !words.has(list!["than"])
    {
        return plain(RequestKind::Difficulty, "asked for easier questions");
    }
    if words.has_any(list!["a joke", "un chiste", "einen witz"]) && asks {
        return plain(RequestKind::Style, "asked for a joke");
    }
    if words.has_any(list!["play a game", "jugar a algo", "un juego", "ein spiel spielen"]) && asks {
        return plain(RequestKind::Style, "asked to play a game");
    }
    if words.has(list!["examples", "example", "questions", "problems", "ejemplos", "beispiele", "aufgaben"]) && asks {
        if let Some((thing, _)) = named_within(&THING_WORDS, &words, 0, words.len()) {
            return Some(Request {
                kind: RequestKind::Style,
                text: format!("asked for examples about {}", liked(thing)),
                when: None,
            });
        }
        if words.has(list!["example", "examples", "ejemplos", "beispiele"]) {
            return plain(RequestKind::Style, "asked for examples");
        }
    }
    if words.has_any(list![
        "can we stop",
        "can i go",
        "want to stop",
        "can we finish",
        "podemos parar",
        "konnen wir aufhoren",
        "quiero parar",
        "i have to go now",
    ]) {
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
    let wish = asks || words.has_any(list!["next time", "la proxima vez", "nachstes mal", "das nachste mal"]);
    if let Some(at) = practises.filter(|_| wish && !words.has(list!(NEGATIONS))) {
        // German puts the verb last.
        let topic = named_within(&TOPIC_WORDS, &words, at, 7).or_else(|| named_within(&TOPIC_WORDS, &words, 0, at));
        let next_time = words.has_any(list!["next time", "proxima vez", "nachstes mal", "nachste mal"]);
        let (topic, _) = topic?;
        let time = when.map(|when| format!(" {}", when.text())).unwrap_or_default();
        let text = format!("asked to practise {}{}", TOPICS[topic].0, if next_time { " next time" } else { &time });
        return Some(Request { kind: RequestKind::Practise, text, when: when.filter(|_| !next_time) });
    }
    None
}
