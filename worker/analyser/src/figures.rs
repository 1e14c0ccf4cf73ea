//! What can be counted in a call.

use domain::analysis::Figures;
use domain::evidence::{Help, Verdict};
use domain::transcript::{Speaker, Turn};

use super::cues::ASIDES;
use super::judge::{Judgement, Kind};
use super::text::{plain, split};

/// Where the provider does not say how long a turn took: people speak about 150 words a minute.
const MS_A_WORD: i64 = 400;

pub(super) fn figures(turns: &[Turn], judgements: &[Judgement]) -> Figures {
    let of = |speaker| turns.iter().filter(move |turn| turn.speaker == speaker);
    let n_words_of: Vec<usize> = turns.iter().map(|turn| n_words(&turn.text)).collect();
    let words = |speaker| {
        let own = turns.iter().zip(&n_words_of).filter(|(turn, _)| turn.speaker == speaker);
        own.map(|(_, n_words)| n_words).sum::<usize>() as u32
    };
    // Nothing asks without a question mark.
    let questions = |speaker| {
        let asking = of(speaker).filter(|turn| turn.text.contains('?'));
        asking.map(|turn| split(&turn.text).iter().filter(|(_, asks)| *asks).count()).sum::<usize>() as u32
    };
    let [n_hint_requests, n_self_corrections] = ASIDES.counts(of(Speaker::Student).map(|turn| plain(&turn.text)));
    let count = |matches: &dyn Fn(&Judgement) -> bool| judgements.iter().filter(|j| matches(j)).count() as u32;
    let (n_words_tutor, n_words_student) = (words(Speaker::Tutor), words(Speaker::Student));
    let all = n_words_tutor + n_words_student;
    Figures {
        duration_seconds: duration(turns, &n_words_of),
        n_turns: turns.len() as u32,
        n_student_turns: of(Speaker::Student).count() as u32,
        n_words_tutor,
        n_words_student,
        student_talk_share: if all == 0 { 0.0 } else { f64::from(n_words_student) / f64::from(all) },
        longest_silence_seconds: longest_silence(turns, &n_words_of),
        n_tutor_questions: questions(Speaker::Tutor),
        n_student_questions: questions(Speaker::Student),
        n_hint_requests,
        n_dont_knows: count(&|j| j.kind == Kind::DontKnow),
        n_answers: count(&|j| j.kind == Kind::Answer),
        n_answers_correct: count(&|j| j.verdict == Some(Verdict::Correct)),
        n_answers_correct_unaided: count(&|j| j.verdict == Some(Verdict::Correct) && j.help == Help::None),
        n_answers_incorrect: count(&|j| j.verdict == Some(Verdict::Incorrect)),
        n_answers_undecided: count(&|j| j.kind == Kind::Answer && j.verdict.is_none()),
        n_self_corrections,
    }
}

pub(super) fn end_ms(turn: &Turn) -> i64 {
    end_of(turn, || n_words(&turn.text))
}

fn end_of(turn: &Turn, n_words: impl Fn() -> usize) -> i64 {
    i64::from(turn.offset_ms) + turn.duration_ms.map_or_else(|| n_words() as i64 * MS_A_WORD, i64::from)
}

/// How many words a text has, with white space between them.
fn n_words(text: &str) -> usize {
    if !text.is_ascii() {
        return text.split_whitespace().count();
    }
    let is_blank = |byte: u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let starts_with_word = text.as_bytes().first().is_some_and(|first| !is_blank(*first));
    let starts = |pair: &&[u8]| is_blank(pair[0]) && !is_blank(pair[1]);
    usize::from(starts_with_word) + text.as_bytes().windows(2).filter(starts).count()
}

fn duration(turns: &[Turn], n_words: &[usize]) -> f64 {
    let start = turns.iter().map(|turn| i64::from(turn.offset_ms)).min().unwrap_or(0);
    let end = turns.iter().zip(n_words).map(|(turn, n_words)| end_of(turn, || *n_words)).max().unwrap_or(0);
    (end - start).max(0) as f64 / 1000.0
}

fn longest_silence(turns: &[Turn], n_words: &[usize]) -> f64 {
    let gaps = turns.windows(2).zip(n_words);
    let gaps = gaps.map(|(pair, n_words)| i64::from(pair[1].offset_ms) - end_of(&pair[0], || *n_words));
    gaps.max().unwrap_or(0).max(0) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_between_blanks() {
        for text in ["", " ", "one", " one  two\n", "uno dos\u{a0}tres", "a\tb\u{b}c"] {
            assert_eq!(n_words(text), text.split_whitespace().count(), "{text:?}");
        }
    }

    #[test]
    fn silence_is_what_lies_between_two_turns() {
        let turn = |offset_ms, duration_ms| Turn {
            turn_no: 0,
            speaker: Speaker::Tutor,
            text: "So?".into(),
            offset_ms,
            duration_ms: Some(duration_ms),
        };
        let turns = [turn(1000, 1000), turn(5000, 500), turn(5600, 400)];
        let figures = figures(&turns, &[]);
        assert!((figures.longest_silence_seconds - 3.0).abs() < 1e-9);
        assert!((figures.duration_seconds - 5.0).abs() < 1e-9);
        assert_eq!(figures.n_tutor_questions, 3);
    }

    #[test]
    fn an_empty_call_counts_nothing() {
        assert_eq!(figures(&[], &[]), Figures::default());
    }
}
