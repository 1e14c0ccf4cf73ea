//! The gate: what of a model's answer may be stored. A model can be talked into anything, so the gate believes nothing that
//! the transcript does not show, and a successful trick gains nothing.
//!
//! **Invariant:** no word of a model reaches the findings. It chooses among turns, skills, verdicts and names of ours.

use std::collections::HashSet;

use storage::analysis::{Findings, MisconceptionFinding, SafetyFlag, TopicFinding};
use storage::curriculum::Curriculum;
use storage::evidence::Verdict;
use storage::transcript::Turn;

use super::draft::{Draft, DraftAnswer, DraftMisconception, FLAG_CATEGORIES, MOODS, TOPICS};
use super::prompt::Talk;
use super::text::{normalise, redact, shorten};
use super::weigh::{self, Claim, Claims};
use crate::analysis::{self, Reading};

const MAX_QUOTE: usize = 160;
const MAX_ANSWERS: usize = 400;
const MAX_OTHERS: usize = 10;

/// What passed.
#[derive(Debug)]
pub(super) struct Gated {
    pub(super) findings: Findings,
    /// Answers that the model offered, and those that are in the transcript.
    pub(super) n_offered: usize,
    pub(super) n_passed: usize,
    /// Why the others do not pass, in words for the model: numbers of turns, and nothing that was said.
    pub(super) violations: Vec<String>,
}

impl Gated {
    pub(super) fn share(&self) -> f64 {
        if self.n_offered == 0 { 1.0 } else { self.n_passed as f64 / self.n_offered as f64 }
    }
}

struct Gate<'a> {
    talk: &'a Talk,
    turns: &'a [Turn],
    curriculum: &'a Curriculum,
}

pub(super) fn pass(draft: Draft, talk: &Talk, turns: &[Turn], curriculum: &Curriculum, baseline: &Findings) -> Gated {
    pass_beside(&analysis::readings(turns, curriculum), draft, talk, turns, curriculum, baseline)
}

/// The same, beside rules that read the call like this.
pub(super) fn pass_beside(
    readings: &[Reading],
    draft: Draft,
    talk: &Talk,
    turns: &[Turn],
    curriculum: &Curriculum,
    baseline: &Findings,
) -> Gated {
    let gate = Gate { talk, turns, curriculum };
    let n_offered = draft.answers.read.len() + draft.answers.n_unreadable;
    let mut violations = Vec::new();
    if draft.answers.n_unreadable > 0 {
        violations.push(format!("answers that do not fit the schema: {}", draft.answers.n_unreadable));
    }
    let claims = gate.claims(draft.answers.read, draft.no_answers.read, &mut violations);
    let n_passed = claims.answers.len();
    let mut findings = weigh::weigh(&claims, readings, turns, curriculum, baseline);
    for found in draft.misconceptions.read.into_iter().take(MAX_OTHERS) {
        findings.misconceptions.extend(gate.misconception(&found, &findings));
    }
    // A model may raise a flag and never lower one.
    for found in draft.safety_flags.read.into_iter().take(MAX_OTHERS) {
        let is_known = findings.safety_flags.iter().any(|known| known.turn_no == found.turn_no);
        let is_turn = turns.iter().any(|turn| turn.turn_no == found.turn_no);
        if is_turn && !is_known && FLAG_CATEGORIES.contains(&&found.category[..]) {
            findings.safety_flags.push(SafetyFlag { category: found.category, turn_no: found.turn_no });
        }
    }
    if let Some(engagement) = draft.engagement.filter(|found| MOODS.contains(&&found.mood[..])) {
        findings.engagement = Some(engagement.into());
    }
    analysis::recompose(&mut findings, baseline, curriculum);
    Gated { findings, n_offered, n_passed, violations }
}

impl Gate<'_> {
    fn claims(&self, answers: Vec<DraftAnswer>, no_answers: Vec<i32>, violations: &mut Vec<String>) -> Claims {
        let mut claims = Claims::default();
        let mut contradicted = HashSet::new();
        for answer in answers.into_iter().take(MAX_ANSWERS) {
            let about = answer.turn_no;
            match self.claim(answer) {
                Ok((turn_no, claim)) => {
                    let known = claims.answers.get(&turn_no);
                    if known.is_some_and(|k| (&k.skill_id, k.verdict) != (&claim.skill_id, claim.verdict)) {
                        contradicted.insert(turn_no);
                        violations.push(format!("turn {about}: two answers that contradict each other"));
                    } else {
                        claims.answers.entry(turn_no).or_insert(claim);
                    }
                }
                Err(reason) => violations.push(format!("turn {about}: {reason}")),
            }
        }
        for turn_no in no_answers.into_iter().filter(|turn_no| self.talk.contains_key(turn_no)) {
            if claims.answers.contains_key(&turn_no) {
                contradicted.insert(turn_no);
                violations.push(format!("turn {turn_no}: it is an answer and no answer"));
            } else {
                claims.no_answers.insert(turn_no);
            }
        }
        // Discard answers if the model contradicts itself about a turn.
        claims.answers.retain(|turn_no, _| !contradicted.contains(turn_no));
        claims
    }

    fn claim(&self, answer: DraftAnswer) -> Result<(i32, Claim), &'static str> {
        let turn_no =
            self.ground(answer.turn_no, &answer.quote).ok_or("the quote is not in what the student said there")?;
        let skill_id = answer.skill_id.filter(|id| !id.is_empty());
        if skill_id.as_ref().is_some_and(|id| self.curriculum.find_skill(id).is_none()) {
            return Err("there is no such skill");
        }
        let quote = self.quote(turn_no, &answer.quote);
        let topic =
            TOPICS.into_iter().find(|topic| answer.topic.as_deref() == Some(topic)).unwrap_or(TopicFinding::OTHER);
        Ok((turn_no, Claim { skill_id, topic, verdict: answer.verdict.decided(), help: answer.help, quote }))
    }

    /// A belief of the catalogue, behind an answer that was not right.
    fn misconception(&self, found: &DraftMisconception, findings: &Findings) -> Option<MisconceptionFinding> {
        let (belief, skill_id) = analysis::catalogue().into_iter().find(|(belief, _)| *belief == found.belief)?;
        let shown = findings.skills.iter().flat_map(|skill| skill.evidence.iter().map(move |e| (skill, e)));
        let (skill, evidence) = shown.into_iter().find(|(_, evidence)| evidence.turn_no == found.turn_no)?;
        let is_known =
            findings.misconceptions.iter().any(|known| known.turn_no == found.turn_no || known.belief == belief);
        if evidence.verdict == Verdict::Correct || is_known {
            return None;
        }
        Some(MisconceptionFinding {
            skill_id: self.curriculum.find_skill(skill_id).map(|skill| skill.skill_id.clone()),
            belief: belief.to_owned(),
            turn_no: found.turn_no,
            quote: evidence.quote.clone(),
            resolved: skill.evidence.iter().any(|e| e.turn_no > found.turn_no && e.verdict == Verdict::Correct),
        })
    }

    /// The student's turn that holds the quote: the one named, or the only one there is if the quote is more than a word.
    fn ground(&self, turn_no: i32, quote: &str) -> Option<i32> {
        let quote = normalise(quote);
        if quote.is_empty() {
            return None;
        }
        let holds = |said: &str| format!(" {} ", normalise(said)).contains(&format!(" {quote} "));
        if self.talk.get(&turn_no).is_some_and(|said| holds(said)) {
            return Some(turn_no);
        }
        let mut others = self.talk.iter().filter(|(_, said)| quote.contains(' ') && holds(said));
        match (others.next(), others.next()) {
            (Some((turn_no, _)), None) => Some(*turn_no),
            _ => None,
        }
    }

    /// The turn's own words: the model's where they are letter for letter, else its beginning.
    fn quote(&self, turn_no: i32, quote: &str) -> String {
        let said = self.turns.iter().find(|turn| turn.turn_no == turn_no).map_or("", |turn| &turn.text);
        let letter_for_letter = said.contains(quote) && redact(quote) == quote;
        shorten(if letter_for_letter { quote } else { said }, MAX_QUOTE)
    }
}

#[cfg(test)]
mod tests;
