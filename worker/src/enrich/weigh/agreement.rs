//! How far a model's answers fit what the rules are sure of, in one call.

use shared::analysis::Findings;
use shared::evidence::Verdict;

use super::{Claims, Group, SURE, agree};

/// The smallest share of agreement at which a model is believed.
const ENOUGH: f64 = 0.5;

/// Counts of one call. One agreement is assumed of each, so that a call with nothing to compare trusts the model, and one
/// contradiction alone does not end that trust.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    /// Of the answers that the rules judged, those that the model takes for answers.
    answers: Ratio,
    /// Of these, those that it places in the same skill.
    skills: Ratio,
    /// Of the model's answers with a skill, those next to another one of the same skill.
    coherent: Ratio,
    /// Of the answers that the rules take for right, those that the model does.
    right: Ratio,
    /// Of the answers that the rules take for wrong or half right, those that the model does.
    wrong: Ratio,
    /// Of the turns that are surely no answers, those that the model takes for none.
    others: Ratio,
    says_right: bool,
    says_wrong: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ratio {
    hits: u32,
    cases: u32,
}

impl Ratio {
    fn add(&mut self, hit: bool) {
        self.cases += 1;
        self.hits += u32::from(hit);
    }

    fn is_enough(self) -> bool {
        f64::from(self.hits + 1) / f64::from(self.cases + 1) >= ENOUGH
    }
}

impl Agreement {
    /// Whether the model finds answers as the rules do, and places them as the rules do or at least not at random.
    pub(super) fn is_reader(&self) -> bool {
        (self.says_right || self.says_wrong)
            && self.answers.is_enough()
            && (self.skills.is_enough() || self.coherent.is_enough())
            && self.others.is_enough()
    }

    /// Whether the model places answers in the same skills as the rules.
    pub(super) fn is_placed_alike(&self) -> bool {
        self.skills.is_enough()
    }

    /// Whether this verdict means anything: a model that says the same of every answer tells nothing.
    pub(super) fn weighs(&self, verdict: Verdict) -> bool {
        if verdict == Verdict::Correct {
            self.wrong.is_enough() && self.says_wrong
        } else {
            self.right.is_enough() && self.says_right
        }
    }
}

pub(super) fn agreement(claims: &Claims, groups: &[Group], rules: &Findings) -> Agreement {
    let says =
        |right: bool| claims.answers.values().any(|c| c.verdict.is_some_and(|v| (v == Verdict::Correct) == right));
    let mut agreement = Agreement { says_right: says(true), says_wrong: says(false), ..Agreement::default() };
    let placed: Vec<&str> = claims.answers.values().filter_map(|claim| claim.skill_id.as_deref()).collect();
    for (i, skill_id) in placed.iter().enumerate() {
        let near = [i.checked_sub(1), Some(i + 1)];
        agreement.coherent.add(near.into_iter().flatten().any(|j| placed.get(j) == Some(skill_id)));
    }
    for group in groups {
        let Some(reading) = group.reading else { continue };
        if reading.is_no_answer {
            agreement.others.add(group.claims(claims).is_empty());
            continue;
        }
        let Some(verdict) = reading.verdict.filter(|_| reading.noise <= SURE) else { continue };
        let evidence = group.evidence(rules).last().copied();
        let turn_no = evidence.map_or(reading.turn_nos[0], |(_, evidence)| evidence.turn_no);
        let claim = group.claim(turn_no, claims).map(|(_, claim)| claim);
        agreement.answers.add(claim.is_some());
        if let (Some(claim), Some((skill_id, _))) = (claim, evidence) {
            agreement.skills.add(claim.skill_id.as_deref() == Some(skill_id));
        }
        if let Some(claimed) = claim.and_then(|claim| claim.verdict) {
            let side = if verdict == Verdict::Correct { &mut agreement.right } else { &mut agreement.wrong };
            side.add(agree(claimed, verdict));
        }
    }
    agreement
}
