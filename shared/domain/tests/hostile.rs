//! Texts that are made to exhaust a reader: none overflows the stack, and none keeps it busy for minutes.

use domain::answer::{self, Expecting, Key, Language};
use domain::{disclosure, language, lenient_json, name, remark};

#[test]
fn long_chains_are_read_to_their_end() {
    let pieces = [
        "minus ",
        "-",
        "--",
        "2^",
        "1/",
        "1 plus ",
        "x times ",
        "one over ",
        "(",
        "((2+",
        "half of ",
        "two hundred ",
        "point ",
        "root of ",
        "double ",
        "not ",
        "or 7 ",
        "no wait 7 ",
        "1,",
        "9",
        "a ",
        "the sum of 2 and ",
        "x squared ",
        "²",
        "½",
        "%",
        "seven eight ",
        "zwei und ",
        "y ",
        "\u{301}",
        "👍",
    ];
    // Two at once: they take a minute and a half.
    let (one, two) = pieces.split_at(pieces.len() / 2);
    std::thread::scope(|scope| {
        for pieces in [one, two] {
            scope.spawn(move || {
                for piece in pieces {
                    read_to_the_end(piece);
                }
            });
        }
    });
}

fn read_to_the_end(piece: &str) {
    let text = piece.repeat(8_000 / piece.len());
    for language in Language::ALL {
        let numbers = answer::numbers(&text, language);
        assert!(numbers.len() <= text.len(), "{piece}");
        let _ = answer::calculations(&text, language);
        let _ = answer::read(&text, language, Expecting::Number);
        let judgement = answer::judge("What is 3 plus 4?", &Key::from("12"), &text, language);
        assert_ne!(judgement, answer::Judgement::Right, "{piece}");
    }
    let _ = language::of_turn(&text);
    assert!(disclosure::in_text(&text).is_empty(), "{piece}");
    assert_eq!(name::introduced(&text, "what is your name?"), None, "{piece}");
    let _ = remark::requests(&text);
    let _ = lenient_json::repair(text.as_bytes());
}
