//! What the tutor promised for the next call, and what explanation helped: by names from our lists, never in their words.

use domain::analysis::{HelpFinding, PromiseFinding};
use domain::curriculum::Curriculum;
use domain::evidence::{Help, Verdict};
use domain::task::{self, Context};
use domain::text::Text;
use domain::transcript::{Speaker, Turn};

use super::exchange::Exchange;
use super::judge::{Judgement, Kind};
use super::misconception::has_words;
use super::skill;
use super::text::{plain, split};

/// A promise is made when a call ends: in one of so many last turns.
const LAST_TURNS: usize = 10;
const MOST: usize = 3;

const NEXT: [&str; 16] = [
    "next time",
    "next lesson",
    "next call",
    "next week",
    "when we talk again",
    "tomorrow",
    "la próxima vez",
    "la proxima vez",
    "la próxima clase",
    "mañana",
    "nächstes mal",
    "nächste mal",
    "nächsten mal",
    "nächste stunde",
    "nächste woche",
    "morgen",
];
const WE: [&str; 24] = [
    "we'll",
    "we will",
    "we can",
    "we could",
    "we're going",
    "we are going",
    "we do",
    "we start",
    "we practise",
    "we practice",
    "we'd",
    "let's",
    "want to try",
    "i'll",
    "vamos a",
    "haremos",
    "practicaremos",
    "veremos",
    "seguimos",
    "seguiremos",
    "machen wir",
    "üben wir",
    "sehen wir",
    "wir",
];

/// The skills that the tutor promised to practise in the next call.
pub(super) fn promises(turns: &[Turn], curriculum: &Curriculum) -> Vec<PromiseFinding> {
    let mut found: Vec<PromiseFinding> = Vec::new();
    let last = &turns[turns.len().saturating_sub(LAST_TURNS)..];
    for turn in last.iter().filter(|turn| turn.speaker == Speaker::Tutor) {
        let text = plain(&turn.text);
        for (span, _) in split(&text) {
            let sentence = &text[span];
            if !holds(sentence, &NEXT) || !holds(sentence, &WE) {
                continue;
            }
            // "What is a half plus a third next time?" is no task; without its day its form is read as one.
            let undated = NEXT.iter().fold(sentence.to_owned(), |text, next| text.replace(next, ""));
            let by_form = task::read(undated.trim(), &Context::new()).and_then(|task| task.form.skill_id());
            let by_form = by_form.and_then(|id| curriculum.find_skill(id));
            let named = by_form.or_else(|| skill::named(sentence, curriculum).map(|i| &curriculum.skills[i]));
            if let Some(skill) = named
                && found.len() < MOST
                && found.iter().all(|known| known.skill_id != skill.skill_id)
            {
                found.push(PromiseFinding {
                    skill_id: skill.skill_id.clone(),
                    name: skill.name.clone(),
                    turn_no: turn.turn_no,
                });
            }
        }
    }
    found
}

/// Ways to explain, and the words that show them.
const MEANS: [(&str, &[&str]); 7] = [
    ("a number line", &["number line", "recta numérica", "zahlenstrahl", "zahlengerade"]),
    (
        "a picture",
        &["picture", "draw", "drawing", "diagram", "dibuja", "dibujo", "zeichne", "zeichnung", "bild", "area model"],
    ),
    (
        "an everyday example",
        &[
            "think of a pizza",
            "imagine a pizza",
            "like a pizza",
            "think of a cake",
            "imagine a cake",
            "think of money",
            "think about money",
            "imagine you have",
            "imagine you share",
            "think of sharing",
            "piensa en una pizza",
            "imagina que tienes",
            "stell dir eine pizza",
            "stell dir vor, du hast",
        ],
    ),
    (
        "smaller steps",
        &["one step at a time", "step by step", "smaller steps", "break it", "paso a paso", "schritt für schritt"],
    ),
    (
        "counting on",
        &["count up", "count on", "count back", "skip count", "cuenta desde", "zähl weiter", "zähle weiter"],
    ),
    (
        "an easier number",
        &["easier one", "easier number", "simpler one", "smaller number", "más fácil", "leichtere zahl"],
    ),
    ("fingers or things to touch", &["fingers", "counters", "blocks", "cubes", "dedos", "finger"]),
];

/// What the tutor explained with before an answer was right with a hint.
pub(super) fn helped_by(exchanges: &[Exchange], judgements: &[Judgement], curriculum: &Curriculum) -> Vec<HelpFinding> {
    let mut found: Vec<HelpFinding> = Vec::new();
    for (exchange, judgement) in exchanges.iter().zip(judgements) {
        let is_helped = judgement.kind == Kind::Answer
            && (judgement.verdict, judgement.help) == (Some(Verdict::Correct), Help::Hint);
        let Some(skill) = judgement.skill().filter(|_| is_helped).map(|i| &curriculum.skills[i]) else { continue };
        let means = {
            let task = Text::new(&exchange.task);
            MEANS.iter().find(|(_, words)| words.iter().any(|words| has_words(&task, words)))
        }
        .map(|(means, _)| *means);
        if let Some(means) = means
            && found.len() < MOST
            && found.iter().all(|known| (&known.skill_id[..], &known.means[..]) != (&skill.skill_id[..], means))
        {
            found.push(HelpFinding {
                skill_id: skill.skill_id.clone(),
                name: skill.name.clone(),
                means: means.to_owned(),
                turn_no: exchange.telling_turn().turn_no,
            });
        }
    }
    found
}

/// Whether one of the phrases is in the text, from word to word.
fn holds(text: &str, phrases: &[&str]) -> bool {
    let text = Text::new(text);
    phrases.iter().any(|phrase| has_words(&text, phrase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::call;

    fn promised(text: &str) -> Vec<String> {
        let found = promises(&call(&[text, "okay bye"]), &Curriculum::starter());
        found.into_iter().map(|promise| promise.skill_id).collect()
    }

    #[test]
    fn a_promise_names_the_skill() {
        for (said, skill_id) in [
            ("Great work. Next time we'll do equivalent fractions.", "maths.fractions.equivalent"),
            ("Bye! Tomorrow we will practise the times tables.", "maths.multiply.facts"),
            ("Want to try one fourth plus one sixth next time?", "maths.fractions.add_unlike"),
            ("Let's look at negative numbers next time, okay?", "maths.number.negative"),
        ] {
            assert_eq!(promised(said), [skill_id], "{said}");
        }
    }

    #[test]
    fn what_is_no_promise_names_nothing() {
        for said in [
            "Last time we worked on equivalent fractions.",
            "Next time, take care with the times tables.",
            "See you next time!",
            "We'll do equivalent fractions now.",
            "Next time we'll talk about your holidays.",
        ] {
            assert!(promised(said).is_empty(), "{said}: {:?}", promised(said));
        }
        let by_the_child = call(&["Bye!", "next time we'll do equivalent fractions"]);
        assert!(promises(&by_the_child, &Curriculum::starter()).is_empty());
    }

    #[test]
    fn what_helped_is_named_from_our_list() {
        let findings = crate::analyse(
            &call(&[
                "Negative numbers today. What is three minus eight?",
                "five",
                "Not quite. A hint: start at three on the number line and go eight to the left. What is three minus eight?",
                "negative five",
                "Negative five is right!",
                "yay",
            ]),
            &Curriculum::starter(),
        );
        let helped: Vec<_> = findings.helped_by.iter().map(|help| (&help.skill_id[..], &help.means[..])).collect();
        assert_eq!(helped, [("maths.number.negative", "a number line")]);
        let alone = crate::analyse(
            &call(&[
                "Negative numbers today. Look at the number line. What is three minus eight?",
                "negative five",
                "Negative five is right!",
                "yay",
            ]),
            &Curriculum::starter(),
        );
        assert!(alone.helped_by.is_empty(), "no help was needed");
    }
}
