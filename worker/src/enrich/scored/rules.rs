//! Rules of known quality, made from the labels. Models are compared with them, so the built-in rules do not matter.

use storage::analysis::{EvidenceFinding, Findings, SkillFinding, TurnText};
use storage::curriculum::Curriculum;
use storage::evidence::{Help, Source, Verdict};
use storage::transcript::Turn;

use super::{Call, Dice};
use crate::analysis::{Reading, analyse};

/// Judges 60 % of the answers with a skill and 4 % without, half of these by calculation. Of the evidence 4 % has the wrong verdict and
/// 3 % another skill; of the turns that answer nothing 2 % become evidence.
pub(super) fn simulated(call: &Call, turns: &[Turn], curriculum: &Curriculum, seed: u64) -> (Findings, Vec<Reading>) {
    let mut dice = Dice::of(call, seed + 77);
    let mut findings = Findings { skills: Vec::new(), ..analyse(turns, curriculum) };
    let mut readings = Vec::new();
    let mut skill_ids: Vec<&str> = call.labels.iter().filter_map(|label| label.skill.as_deref()).collect();
    skill_ids.push("maths.measure.time");
    for label in &call.labels {
        let mut reading = Reading {
            turn_nos: vec![label.turn as i32],
            is_no_answer: false,
            verdict: None,
            is_computed: false,
            noise: 0.25,
            help: Help::None,
            quote: TurnText {
                turn_no: label.turn as i32,
                text: call.turns[label.turn].text.clone(),
                kind: None,
                when: None,
            },
            skill_id: None,
        };
        let truth = if label.verdict == "right" { Verdict::Correct } else { Verdict::Incorrect };
        let skill_id = label.skill.as_deref().filter(|_| label.is_answer());
        reading.skill_id = skill_id.filter(|_| dice.percent(75)).map(str::to_owned);
        let placed = match skill_id {
            Some(skill_id) if dice.percent(60) => {
                let mistaken = dice.percent(4);
                let other = if truth == Verdict::Correct { Verdict::Incorrect } else { Verdict::Correct };
                reading.verdict = Some(if mistaken { other } else { truth });
                reading.is_computed = !mistaken && dice.percent(50);
                reading.noise = [0.10, 0.15, 0.15, 0.25][dice.roll(4)];
                Some(if dice.percent(3) { skill_ids[dice.roll(skill_ids.len())] } else { skill_id })
            }
            Some(_) => {
                reading.verdict = Some(truth).filter(|_| dice.percent(10));
                reading.noise = 0.15;
                None
            }
            None => {
                reading.is_no_answer = !label.is_answer() && dice.percent(60);
                let is_mistaken = !label.is_answer() && !reading.is_no_answer && dice.percent(5);
                reading.verdict = is_mistaken.then_some(Verdict::Correct);
                is_mistaken.then(|| skill_ids[0])
            }
        };
        if let (Some(skill_id), Some(verdict)) = (placed, reading.verdict) {
            reading.skill_id = Some(skill_id.to_owned());
            let evidence = EvidenceFinding {
                turn_no: label.turn as i32,
                quote: call.turns[label.turn].text.clone(),
                verdict,
                help: Help::None,
                source: Source::Rules,
                noise: reading.noise,
                reason: String::new(),
            };
            let known = findings.skills.iter_mut().find(|skill| skill.skill_id == skill_id);
            if let Some(skill) = known {
                skill.evidence.push(evidence);
            } else {
                let (skill_id, name) = (skill_id.to_owned(), String::new());
                findings.skills.push(SkillFinding { skill_id, name, evidence: vec![evidence] });
            }
        }
        readings.push(reading);
    }
    (findings, readings)
}
