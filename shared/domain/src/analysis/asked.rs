//! The question that an answer belongs to, and the right answer.

use super::EvidenceFinding;
use crate::answer::{Judgement, Language, judge};
use crate::curriculum::Question;
use crate::evidence::Verdict;
use crate::task::{self, Context};
use crate::transcript::{Speaker, Turn};

/// A longer question is shortened at its start.
const MAX_QUESTION: usize = 200;

/// A shorter ready-made question may be the end of another one.
const MIN_WORDS: usize = 3;

/// Returns the tutor's turn before an answer; `None` if the tutor said nothing before it.
pub fn asking_turn(turns: &[Turn], answer_turn_no: i32) -> Option<&Turn> {
    let before = turns.iter().filter(|turn| turn.speaker == Speaker::Tutor && turn.turn_no < answer_turn_no);
    before.max_by_key(|turn| turn.turn_no)
}

/// Returns the last question of a tutor's turn, or its last words if it asks nothing. At most 201 characters.
pub fn last_question(text: &str) -> String {
    let text = text.trim();
    let asked = text.rfind('?').map_or(text, |end| &text[..=end]);
    let body = asked.trim_end_matches(['?', '.', '!', ' ']);
    // A point within a number ends no sentence.
    let mut ends = body
        .char_indices()
        .filter(|(i, c)| matches!(c, '.' | '!' | '?') && body[i + c.len_utf8()..].starts_with(char::is_whitespace));
    let question = asked[ends.next_back().map_or(0, |(i, _)| i + 1)..].trim();
    let n = question.chars().count();
    if n <= MAX_QUESTION {
        return question.to_owned();
    }
    let rest: String = question.chars().skip(n - MAX_QUESTION).collect();
    format!("…{}", rest.trim_start())
}

/// Returns the right answer to the tutor's words, if it is certain: the analysis checked the answer, the question is
/// understood without the talk before it, and its key gives the same verdict.
pub fn expected(asked: &str, said: &str, judged: &EvidenceFinding) -> Option<String> {
    if !judged.reason.contains("checked") {
        return None;
    }
    let task = task::read(asked, &Context::new()).filter(|task| !task.is_elliptic)?;
    let key = task.key()?;
    let is_right = match judge(asked, &key, said, Language::of_question(asked)) {
        Judgement::Right => true,
        Judgement::Wrong => false,
        Judgement::WrongForm | Judgement::Undecided => return None,
    };
    (is_right == (judged.verdict == Verdict::Correct)).then_some(key.answer)
}

/// Returns the answer of the ready-made question with which the tutor's words end; `None` if they end with none of them.
pub fn ready_made<'a>(asked: &str, questions: &'a [Question]) -> Option<&'a str> {
    let asked = asked.trim().to_lowercase();
    let is_asked = |question: &&Question| {
        let is_long = question.ask.split_whitespace().count() >= MIN_WORDS;
        is_long && asked.ends_with(&question.ask.trim().to_lowercase())
    };
    questions.iter().filter(is_asked).max_by_key(|question| question.ask.len()).map(|question| &question.answer[..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Help, Source};

    fn turn(turn_no: i32, speaker: Speaker) -> Turn {
        Turn { turn_no, speaker, text: "So?".to_owned(), offset_ms: turn_no * 1_000, duration_ms: None }
    }

    #[test]
    fn the_tutor_last_heard_asked() {
        let turns = [turn(0, Speaker::Tutor), turn(1, Speaker::Student), turn(2, Speaker::Student)];
        assert_eq!(asking_turn(&turns, 2).map(|turn| turn.turn_no), Some(0));
        assert_eq!(asking_turn(&turns, 0), None);
    }

    #[test]
    fn of_a_long_turn_its_last_question_is_shown() {
        let of = last_question;
        assert_eq!(of("Well done! You got 2.5 right. What is 0.5 times 8? Take your time."), "What is 0.5 times 8?");
        assert_eq!(of("Ready? Then what is three times four?"), "Then what is three times four?");
        assert_eq!(of("Good. Tell me the next step."), "Tell me the next step.");
        assert_eq!(
            (of("¿Cuánto es 3 por 4?"), of("?"), of("")),
            ("¿Cuánto es 3 por 4?".to_owned(), "?".to_owned(), String::new())
        );
        let long = of(&format!("{} so what?", "word ".repeat(100)));
        assert!(long.starts_with('…') && long.ends_with("so what?") && long.chars().count() <= 201, "{long}");
    }

    #[test]
    fn a_ready_made_question_has_its_own_answer() {
        let questions = [
            Question::new("What is the sister in Italian?", "la sorella"),
            Question::new("What is 3 + 4?", "7"),
            Question::new("Why?", "because"),
        ];
        let of = |asked| ready_made(asked, &questions);
        assert_eq!(of("Once more: what is the sister in Italian?"), Some("la sorella"));
        assert_eq!((of("Good. What is 3 + 4?"), of("Good. What is 3 - 4?")), (Some("7"), None));
        assert_eq!((of("Why?"), of("What is the sister in Italian? Take your time.")), (None, None));
    }

    fn judged(verdict: Verdict, reason: &str) -> EvidenceFinding {
        EvidenceFinding {
            turn_no: 1,
            quote: String::new(),
            verdict,
            help: Help::None,
            source: Source::Rules,
            noise: 0.1,
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn the_right_answer_is_told_only_if_it_is_certain() {
        let checked = |verdict| judged(verdict, "checked against the question");
        let asked = "Good. What is three times eighteen?";
        assert_eq!(expected(asked, "Forty-four.", &checked(Verdict::Incorrect)).as_deref(), Some("54"));
        assert_eq!(expected(asked, "Fifty-four.", &checked(Verdict::Correct)).as_deref(), Some("54"));
        assert_eq!(
            expected(asked, "Fifty-four.", &checked(Verdict::Incorrect)),
            None,
            "the verdict is of something else"
        );
        assert_eq!(expected(asked, "Forty-four.", &judged(Verdict::Incorrect, "the tutor rejected it")), None);
        assert_eq!(expected("And the next one?", "Five.", &checked(Verdict::Incorrect)), None);
    }
}
