//! Models of known quality: what each answers to a labelled call.

use serde_json::{Value, json};
use storage::curriculum::Curriculum;

use super::{Call, Dice, Label};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// Answers as labelled.
    Perfect,
    /// The same, and names no turn that answers nothing.
    Silent,
    /// Gets a fifth of the answers wrong: another verdict, another skill, an omission, or words that were never said.
    Errs(u64),
    /// The same, and takes one in ten of the other turns for an answer.
    ErrsMore(u64),
    /// The same errors in half of the answers.
    ErrsHalf(u64),
    /// As labelled, but every answer is right.
    YesToAnswers,
    /// Every turn is a right answer.
    YesToAll,
    /// As labelled, but every answer is wrong.
    NoToAnswers,
    NothingIsAnAnswer,
    SaysNothing,
    /// As labelled, in any skill but the right one.
    RandomSkills,
    /// As labelled, and all in one skill.
    OneSkill,
    /// As labelled, and always in the curriculum's next skill.
    NextSkill,
    /// As labelled, and all off the curriculum.
    NoSkill,
    /// As labelled, and a coin decides on right and wrong.
    RandomVerdicts,
    /// As labelled, with right and wrong exchanged.
    Contrary,
    /// As labelled, on the student's next turn.
    Late,
    /// Dice decide which turns are answers, their verdicts and their skills.
    RandomAll(u64),
}

/// What a model says of one turn.
enum Says {
    Answer {
        turn: usize,
        skill: Option<String>,
        verdict: &'static str,
    },
    /// In words that are not in the transcript.
    Invented,
    NoAnswer,
    Nothing,
}

impl Model {
    pub(super) fn answer(self, call: &Call, curriculum: &Curriculum) -> Value {
        let seed = match self {
            Self::Errs(seed) | Self::ErrsMore(seed) | Self::ErrsHalf(seed) | Self::RandomAll(seed) => seed,
            _ => 0,
        };
        let mut dice = Dice::of(call, seed);
        let (mut answers, mut no_answers) = (Vec::new(), Vec::new());
        // What the talk is about, for an answer where there is none.
        let mut about = call.labels.iter().find_map(|label| label.skill.clone());
        for label in &call.labels {
            about = label.skill.clone().or(about);
            match self.says(&mut dice, call, label, about.as_ref(), curriculum) {
                Says::Answer { turn, skill, verdict } => {
                    answers.push(item(turn, &call.turns[turn].text, skill.as_deref(), verdict, &label.help));
                }
                Says::Invented => {
                    let (turn, quote) = (label.turn + 1, "I worked it out myself");
                    answers.push(item(turn, quote, label.skill.as_deref(), verdict(label), &label.help));
                }
                Says::NoAnswer => no_answers.push(label.turn),
                Says::Nothing => {}
            }
        }
        json!({
            "answers": answers, "no_answers": no_answers, "misconceptions": [], "safety_flags": [], "engagement": null,
        })
    }

    fn says(
        self,
        dice: &mut Dice,
        call: &Call,
        label: &Label,
        about: Option<&String>,
        curriculum: &Curriculum,
    ) -> Says {
        let answer = |skill: Option<String>, verdict| Says::Answer { turn: label.turn, skill, verdict };
        let as_labelled = || answer(label.skill.clone(), verdict(label));
        let another = |dice: &mut Dice| another(dice, call, label, curriculum);
        match (self, label.is_answer()) {
            (Self::SaysNothing, _) | (Self::Silent, false) => Says::Nothing,
            (Self::YesToAll, _) => answer(about.cloned(), "correct"),
            (Self::RandomAll(_), _) => match dice.roll(3) {
                0 => Says::NoAnswer,
                _ => answer(Some(another(dice)), coin(dice)),
            },
            (Self::ErrsMore(_), false) if dice.percent(10) => answer(about.cloned(), coin(dice)),
            (Self::NothingIsAnAnswer, _) | (_, false) => Says::NoAnswer,
            (Self::YesToAnswers, true) => answer(label.skill.clone(), "correct"),
            (Self::NoToAnswers, true) => answer(label.skill.clone(), "incorrect"),
            (Self::RandomVerdicts, true) => answer(label.skill.clone(), coin(dice)),
            (Self::Contrary, true) => answer(label.skill.clone(), contrary(label)),
            (Self::RandomSkills, true) if label.is_shown() => answer(Some(another(dice)), verdict(label)),
            (Self::OneSkill, true) => answer(Some("maths.measure.time".to_owned()), verdict(label)),
            (Self::NextSkill, true) => {
                let at = curriculum.skills.iter().position(|skill| Some(&skill.skill_id) == label.skill.as_ref());
                let next = at.map(|i| &curriculum.skills[(i + 1) % curriculum.skills.len()].skill_id);
                answer(next.cloned(), verdict(label))
            }
            (Self::NoSkill, true) => answer(None, verdict(label)),
            (Self::Late, true) => match call.labels.iter().find(|next| next.turn > label.turn) {
                Some(next) => Says::Answer { turn: next.turn, skill: label.skill.clone(), verdict: verdict(label) },
                None => Says::Nothing,
            },
            (Self::Errs(_) | Self::ErrsMore(_), true) if dice.percent(20) => err(dice, label, another),
            (Self::ErrsHalf(_), true) if dice.percent(50) => err(dice, label, another),
            (_, true) => as_labelled(),
        }
    }
}

fn err(dice: &mut Dice, label: &Label, another: impl Fn(&mut Dice) -> String) -> Says {
    let turn = label.turn;
    match dice.roll(5) {
        0 => Says::Answer { turn, skill: label.skill.clone(), verdict: contrary(label) },
        1 => Says::Answer { turn, skill: Some(another(dice)), verdict: verdict(label) },
        2 => Says::NoAnswer,
        3 => Says::Nothing,
        _ => Says::Invented,
    }
}

fn verdict(label: &Label) -> &'static str {
    if label.verdict == "right" { "correct" } else { "incorrect" }
}

fn contrary(label: &Label) -> &'static str {
    if label.verdict == "right" { "incorrect" } else { "correct" }
}

fn coin(dice: &mut Dice) -> &'static str {
    if dice.percent(50) { "correct" } else { "incorrect" }
}

fn item(turn: usize, quote: &str, skill_id: Option<&str>, verdict: &str, help: &str) -> Value {
    json!({
        "turn_no": turn, "quote": quote, "skill_id": skill_id, "topic": null, "verdict": verdict, "help": help,
    })
}

/// Half of the time a skill of the same subject, else one of the same call or any.
fn another(dice: &mut Dice, call: &Call, label: &Label, curriculum: &Curriculum) -> String {
    let skill_id = label.skill.as_deref();
    let subject = skill_id.and_then(|id| id.split('.').next()).unwrap_or("maths");
    let all = curriculum.skills.iter().map(|skill| &skill.skill_id[..]);
    let mut choice: Vec<&str> = match dice.roll(4) {
        0 => call.labels.iter().filter_map(|label| label.skill.as_deref()).collect(),
        1 => all.collect(),
        _ => all.filter(|id| id.starts_with(subject)).collect(),
    };
    choice.retain(|id| Some(*id) != skill_id);
    if choice.is_empty() { "maths.measure.time".to_owned() } else { choice[dice.roll(choice.len())].to_owned() }
}
