//! Models of known quality: what each answers to a labelled call.

use serde_json::{Value, json};
use shared::curriculum::Curriculum;

use super::{Call, Dice, Label};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// Answers as labelled.
    Perfect,
    /// The same, and names no turn that answers nothing.
    Silent,
    /// Errs in a fifth of the answers: another verdict, another skill, left out, or in words that nobody said.
    Errs(u64),
    /// The same, and takes one in ten of the other turns for an answer.
    ErrsMore(u64),
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
}

impl Model {
    pub(super) fn answer(self, call: &Call, curriculum: &Curriculum) -> Value {
        let seed = match self {
            Self::Errs(seed) | Self::ErrsMore(seed) => seed,
            _ => 0,
        };
        let mut dice = Dice::of(call, seed);
        let (mut answers, mut no_answers) = (Vec::new(), Vec::new());
        // What the talk is about, for an answer where there is none.
        let mut about = call.labels.iter().find_map(|label| label.skill.as_deref());
        for label in &call.labels {
            about = label.skill.as_deref().or(about);
            let labelled = item(call, label, label.skill.as_deref(), &label.verdict);
            match (self, label.is_answer()) {
                (Self::SaysNothing, _) | (Self::Silent, false) => {}
                (Self::YesToAll, _) => answers.push(item(call, label, about, "right")),
                (Self::ErrsMore(_), false) if dice.percent(10) => {
                    let verdict = if dice.percent(50) { "right" } else { "wrong" };
                    answers.push(item(call, label, about, verdict));
                }
                (Self::NothingIsAnAnswer, _) | (_, false) => no_answers.push(label.turn),
                (Self::YesToAnswers, true) => answers.push(item(call, label, label.skill.as_deref(), "right")),
                (Self::NoToAnswers, true) => answers.push(item(call, label, label.skill.as_deref(), "wrong")),
                (Self::RandomSkills, true) if label.is_shown() => {
                    let skill = another(&mut dice, call, label, curriculum);
                    answers.push(item(call, label, Some(&skill), &label.verdict));
                }
                (Self::Errs(_) | Self::ErrsMore(_), true) if dice.percent(20) => match dice.roll(5) {
                    0 => {
                        let verdict = if label.verdict == "right" { "wrong" } else { "right" };
                        answers.push(item(call, label, label.skill.as_deref(), verdict));
                    }
                    1 => {
                        let skill = another(&mut dice, call, label, curriculum);
                        answers.push(item(call, label, Some(&skill), &label.verdict));
                    }
                    2 => no_answers.push(label.turn),
                    3 => {}
                    _ => {
                        let mut invented = labelled;
                        invented["turn_no"] = json!(label.turn + 1);
                        invented["quote"] = json!("I worked it out myself");
                        answers.push(invented);
                    }
                },
                (_, true) => answers.push(labelled),
            }
        }
        json!({
            "answers": answers, "no_answers": no_answers, "misconceptions": [], "safety_flags": [], "engagement": null,
        })
    }
}

fn item(call: &Call, label: &Label, skill_id: Option<&str>, verdict: &str) -> Value {
    let verdict = match verdict {
        "right" => "correct",
        _ => "incorrect",
    };
    let quote = &call.turns[label.turn].text;
    json!({
        "turn_no": label.turn, "quote": quote, "skill_id": skill_id, "topic": null, "verdict": verdict, "help": label.help,
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
