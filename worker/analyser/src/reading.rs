//! What the rules made of each exchange, for a second reader: is it an answer, of which skill, is it right, and was that
//! computed?

use domain::analysis::TurnText;
use domain::curriculum::{Curriculum, Skill};
use domain::evidence::{Help, Verdict};
use domain::transcript::Turn;

use super::exchange;
use super::judge::{self, Kind};
use super::text::plain;
use super::{cues, injection, passage};

/// One exchange as the rules read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The student's turns that may be the answer, in the order of the call; never empty.
    pub turn_nos: Vec<i32>,
    /// A greeting, thanks, a question or "I don't know": the rules are sure that no task was answered.
    pub is_no_answer: bool,
    /// `None`: undecided.
    pub verdict: Option<Verdict>,
    /// The verdict follows from the task by calculation or from the question's key.
    pub is_computed: bool,
    /// Probability that the verdict is wrong.
    pub noise: f64,
    /// How much the tutor helped before.
    pub help: Help,
    /// The end of the turn that completes the answer, letter for letter.
    pub quote: TurnText,
    /// The skill that the talk is about, as far as words and forms show it.
    pub skill_id: Option<String>,
}

/// Reads a call, exchange by exchange. Turns that talk to the analyser are in none of them, and a call in a language without
/// rules has none.
pub fn readings(turns: &[Turn], curriculum: &Curriculum) -> Vec<Reading> {
    let languages = exchange::languages(turns);
    let exchanges = if languages.is_judged() { exchange::exchanges_in(&languages, turns) } else { Vec::new() };
    let judgements = passage::remembering(|| judge::judge(&exchanges, curriculum));
    exchanges
        .iter()
        .zip(&judgements)
        .map(|(exchange, judgement)| Reading {
            turn_nos: exchange.turns.iter().map(|turn| turn.turn_no).collect(),
            is_no_answer: judgement.kind != Kind::Answer && !cues::GUESS.is_match(&exchange.said),
            verdict: judgement.verdict.filter(|_| judgement.kind == Kind::Answer),
            is_computed: judgement.checked.is_some(),
            noise: judgement.noise,
            help: judgement.help,
            quote: TurnText {
                turn_no: exchange.telling_turn().turn_no,
                text: super::quote(&exchange.telling_turn().text),
                kind: None,
                when: None,
            },
            skill_id: judgement.skill().map(|i| curriculum.skills[i].skill_id.clone()),
        })
        .collect()
}

/// Whether a turn tries to talk to the analyser. It is never evidence, and no model sees it.
pub fn talks_to_analyser(text: &str) -> bool {
    injection::is_suspect(text)
}

/// How many of a skill's phrases occur in a text. Their weights do not matter.
pub fn n_phrases(skill: &Skill, text: &str) -> usize {
    let words: Vec<String> = plain(text).split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    let text = format!(" {} ", words.join(" "));
    skill.lexicon.iter().filter(|phrase| text.contains(&format!(" {} ", phrase.phrase))).count()
}
