//! How far a model's answers fit what the rules are sure of, in one call.

use storage::analysis::Findings;
use storage::evidence::Verdict;

use super::{Claims, Group, agree};

/// The smallest share of agreement at which a model is believed.
const ENOUGH: f64 = 0.66;
/// The same for its verdicts, and for what it takes for no answer.
const ENOUGH_TO_JUDGE: f64 = 0.75;

/// Counts of one call. One agreement is assumed of each, so that a call with nothing to compare trusts the model, and one
/// contradiction alone does not end that trust.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    /// Of the answers that the rules judged, those that the model takes for answers.
    answers: Ratio,
    /// Of these, those that it places in the same skill.
    skills: Ratio,
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

    fn and(self, other: Self) -> Self {
        Self { hits: self.hits + other.hits, cases: self.cases + other.cases }
    }

    fn is_enough(self, enough: f64) -> bool {
        f64::from(self.hits + 1) / f64::from(self.cases + 1) >= enough
    }
}

impl Agreement {
    /// Whether the model finds and judges answers as the rules do.
    pub(super) fn is_reader(&self) -> bool {
        (self.says_right || self.says_wrong)
            && self.answers.is_enough(ENOUGH)
            && self.others.is_enough(ENOUGH_TO_JUDGE)
            && self.right.and(self.wrong).is_enough(ENOUGH_TO_JUDGE)
    }

    /// Whether the model places answers in the same skills as the rules.
    pub(super) fn is_placed_alike(&self) -> bool {
        self.skills.is_enough(ENOUGH)
    }

    /// Whether there was anything to compare.
    pub(super) fn compares_skills(&self) -> bool {
        self.skills.cases > 0
    }

    /// Whether this verdict means anything: a model that says the same of every answer tells nothing.
    pub(super) fn weighs(&self, verdict: Verdict) -> bool {
        if verdict == Verdict::Correct {
            self.wrong.is_enough(ENOUGH_TO_JUDGE) && self.says_wrong
        } else {
            self.right.is_enough(ENOUGH_TO_JUDGE) && self.says_right
        }
    }
}

pub(super) fn agreement(claims: &Claims, groups: &[Group], rules: &Findings) -> Agreement {
    let says =
        |right: bool| claims.answers.values().any(|c| c.verdict.is_some_and(|v| (v == Verdict::Correct) == right));
    let mut agreement = Agreement { says_right: says(true), says_wrong: says(false), ..Agreement::default() };
    for group in groups {
        let Some(reading) = group.reading else { continue };
        if reading.is_no_answer {
            agreement.others.add(reading.turn_nos.iter().all(|no| !claims.answers.contains_key(no)));
            continue;
        }
        let evidence = group.evidence(rules).last().copied();
        let turn_no = evidence.map_or(reading.turn_nos[0], |(_, evidence)| evidence.turn_no);
        let claim = group.claim(turn_no, claims).map(|(_, claim)| claim);
        if let (Some(claim), Some((skill_id, _))) = (claim, evidence) {
            agreement.skills.add(claim.skill_id.as_deref() == Some(skill_id));
        }
        let Some(verdict) = reading.verdict else { continue };
        agreement.answers.add(claim.is_some());
        if let Some(claimed) = claim.and_then(|claim| claim.verdict) {
            let side = if verdict == Verdict::Correct { &mut agreement.right } else { &mut agreement.wrong };
            side.add(agree(claimed, verdict));
        }
    }
    agreement
}
