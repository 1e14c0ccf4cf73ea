//! How the assistant tutored, held against published practice, so that a change of its prompt can be judged.
//!
//! Four habits that research agrees on: to ask before telling after an error (Chi et al. 2001; the moves of MathDial, 2023);
//! to give time to think (Rowe 1986: three seconds); to praise what was done and not who did it (Mueller and Dweck 1998);
//! to check understanding (Rosenshine 2012). Counted, not felt: a number is given only if there was an occasion.

use std::borrow::Cow;
use std::sync::LazyLock;

use domain::analysis::Tutoring;
use domain::answer::{Form, Language};
use domain::evidence::Verdict;
use domain::transcript::{Speaker, Turn};

use super::exchange::Exchange;
use super::judge::{Judgement, Kind};
use super::passage::Passage;
use super::pattern::{Pattern, Patterns};
use super::text::{plain, split};

/// A shorter pause after a question is none: the tutor continues alone.
const THINKING_TIME_MS: i64 = 3_000;
/// Fewer turns of the tutor show no habit.
const ENOUGH_TURNS: usize = 4;
/// One check of understanding in so many answers is often enough.
const ANSWERS_A_CHECK: f64 = 4.0;

static TELLS: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"\b(?:the (?:right |correct |final )?answer (?:is|was|would be|should be)|(?:it|that|this) should (?:be|have been)|you (?:need|have|should|must|ought) to (?:add|subtract|take|multiply|divide|times|use|do)|you (?:forgot|added|subtracted|multiplied|divided) )",
    )
});
static ASKS_TO_TRY: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(r"\b(?:try|think|look|check|have another|show me|tell me|talk me|walk me|explain)\b")
});
/// Praise of what was done, praise of the person, and checks of understanding.
static HABITS: LazyLock<Patterns<3>> = LazyLock::new(|| {
    Patterns::new([
        r"\b(?:nice|good|great|lovely|excellent) (?:catch|thinking|reasoning|work|working|job|effort|try|idea|question|method|step|explanation|strategy)\b|\byou (?:found|worked|figured|solved) (?:it|that|this)\b|\b(?:i like|i love) (?:how|that|the way) you\b|\bthanks? (?:you )?for (?:saying|explaining|showing|trying|sharing)\b|\bwell (?:reasoned|explained|spotted|worked out|done)\b|\ball (?:on your own|by yourself)\b|\bkept (?:going|trying)\b",
        r"\byou(?:'re| are) (?:so |such a |very |really |a )*(?:smart|clever|bright|brilliant|genius|gifted|talented|natural|star)\b|\b(?:clever|smart|good) (?:girl|boy|kid|one)\b|\bwhat a genius\b",
        r"\bhow (?:did|do|would|could) you\b|\bwhy (?:did|do|is|are|does|would|not)\b|\b(?:talk|walk) me through\b|\b(?:explain|tell me) (?:how|why|what|your|in your)\b|\bin your own words\b|\bwhat (?:does|do) (?:that|this|it|the) .{0,30}mean\b|\bcan you explain\b|\bhow can you (?:tell|check|be sure)\b|\bshow me how\b",
    ])
});

pub(super) fn tutoring(turns: &[Turn], exchanges: &[Exchange], judgements: &[Judgement]) -> Option<Tutoring> {
    let tutor: Vec<Cow<'_, str>> =
        turns.iter().filter(|t| t.speaker == Speaker::Tutor).map(|t| plain(&t.text)).collect();
    if tutor.len() < ENOUGH_TURNS {
        return None;
    }
    let wrong = |j: &Judgement| matches!(j.verdict, Some(Verdict::Incorrect | Verdict::Partial));
    let after_errors: Vec<&Passage> = exchanges
        .iter()
        .zip(judgements)
        .filter(|(exchange, judgement)| wrong(judgement) && !exchange.reply.is_empty())
        .map(|(exchange, _)| &exchange.reply)
        .collect();
    let [n_process_praise, n_person_praise, n_checks] = HABITS.counts(&tutor);
    let (n_questions, n_hurried) = questions(turns);
    let mut tutoring = Tutoring {
        n_errors: after_errors.len() as u32,
        n_told_at_once: after_errors.iter().filter(|reply| tells(reply)).count() as u32,
        n_questions,
        n_hurried,
        n_process_praise,
        n_person_praise,
        n_checks,
        score: None,
    };
    let n_answers = judgements.iter().filter(|judgement| judgement.kind == Kind::Answer).count();
    tutoring.score = score(&tutoring, n_answers);
    Some(tutoring)
}

/// The reply gives a step away instead of asking for it: it names a number or the operation, and asks for nothing.
pub(crate) fn tells(reply: &Passage) -> bool {
    let reply = reply.in_language(Language::English);
    let asks = reply.asks() || ASKS_TO_TRY.is_match(&reply);
    let tells = TELLS.is_match(&reply);
    let worked = || reply.claims().iter().any(|claim| claim.holds == Some(true));
    // "A minute" gives nothing away.
    let names_a_number = || reply.numbers().iter().any(|number| !matches!(number.form, Form::Implied | Form::Ordinal));
    if asks { tells && worked() } else { tells || names_a_number() || worked() }
}

/// Questions of the tutor, and after how many of them the tutor spoke on before the student could think.
fn questions(turns: &[Turn]) -> (u32, u32) {
    let (mut n_questions, mut n_hurried) = (0, 0);
    for pair in turns.windows(2).filter(|pair| pair[0].speaker == Speaker::Tutor) {
        if !pair[0].text.contains('?') || !split(&pair[0].text).last().is_some_and(|(_, asks)| *asks) {
            continue;
        }
        n_questions += 1;
        let silence = i64::from(pair[1].offset_ms) - super::figures::end_ms(&pair[0]);
        n_hurried += u32::from(pair[1].speaker == Speaker::Tutor && silence < THINKING_TIME_MS);
    }
    (n_questions, n_hurried)
}

/// 0 to 100: the mean of the habits for which there was an occasion.
fn score(t: &Tutoring, n_answers: usize) -> Option<f64> {
    let share = |good: u32, all: u32| (all > 0).then(|| f64::from(good) / f64::from(all));
    let habits = [
        share(t.n_errors - t.n_told_at_once, t.n_errors),
        share(t.n_questions - t.n_hurried, t.n_questions),
        share(t.n_process_praise, t.n_process_praise + t.n_person_praise),
        (n_answers > 0).then(|| (f64::from(t.n_checks) * ANSWERS_A_CHECK / n_answers as f64).min(1.0)),
    ];
    let told: Vec<f64> = habits.into_iter().flatten().collect();
    let mean = told.iter().sum::<f64>() / told.len() as f64;
    (!told.is_empty()).then(|| (mean * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use domain::curriculum::Curriculum;

    use super::*;
    use crate::{exchange::exchanges, judge::judge};

    fn of(lines: &[&str]) -> Tutoring {
        let turn = |(i, line): (usize, &&str)| Turn {
            turn_no: i as i32,
            speaker: if line.starts_with("T ") { Speaker::Tutor } else { Speaker::Student },
            text: line[2..].to_owned(),
            offset_ms: i as i32 * 8_000,
            duration_ms: Some(2_000),
        };
        let turns: Vec<Turn> = lines.iter().enumerate().map(turn).collect();
        let exchanges = exchanges(&turns);
        let judgements = judge(&exchanges, &Curriculum::starter());
        tutoring(&turns, &exchanges, &judgements).unwrap()
    }

    #[test]
    fn asking_is_told_from_telling() {
        let tells = |reply: &str| tells(&Passage::new(reply, Language::German));
        for reply in ["not quite. what is a half of ten?", "look again at the last step", "how did you get seven?"] {
            assert!(!tells(reply), "{reply}");
        }
        for reply in ["no, the answer is 10", "you need to add the two numbers", "90 / 30 = 3, so it is 3"] {
            assert!(tells(reply), "{reply}");
        }
    }

    #[test]
    fn a_patient_tutor_scores_more_than_one_who_tells() {
        let patient = of(&[
            "T What is one half plus one third?",
            "S Two fifths",
            "T Not quite. How did you get two fifths?",
            "S I added the tops and the bottoms",
            "T Thanks for explaining. Which piece fits into both?",
            "S Sixths",
            "T Yes, you found it. So how many sixths?",
            "S Five",
            "T Exactly, good thinking.",
        ]);
        let telling = of(&[
            "T What is one half plus one third?",
            "S Two fifths",
            "T No, the answer is five sixths.",
            "S Okay. And one fourth plus one fourth is two eighths?",
            "T No, you need to add the tops only.",
            "S Two fourths",
            "T Yes. You're so smart.",
            "S Thanks",
            "T Bye.",
        ]);
        assert_eq!((patient.n_told_at_once, patient.n_person_praise), (0, 0));
        assert!(telling.n_told_at_once >= 2 && telling.n_person_praise == 1, "{telling:?}");
        assert!(patient.score > telling.score, "{patient:?} {telling:?}");
    }

    #[test]
    fn a_tutor_who_speaks_on_gives_no_time() {
        let turn = |turn_no, speaker, text: &str, offset_ms| Turn {
            turn_no,
            speaker,
            text: text.to_owned(),
            offset_ms,
            duration_ms: Some(1_000),
        };
        let hurried = [
            turn(0, Speaker::Tutor, "What is 2 + 2?", 0),
            turn(1, Speaker::Tutor, "Come on.", 2_000),
            turn(2, Speaker::Tutor, "And 3 + 3?", 5_000),
            turn(3, Speaker::Student, "Six", 12_000),
        ];
        assert_eq!(questions(&hurried), (2, 1));
    }
}
