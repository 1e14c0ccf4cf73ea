//! Two readers of one call: from what the rules and a model say of each answer come evidence, a dispute, or nothing.
//!
//! **Invariant:** a model whose answers do not fit what the rules are sure of changes nothing. The rules can veto a verdict,
//! and a model alone never counts as certain.

mod agreement;
mod group;

use std::collections::{BTreeMap, HashSet};

use storage::analysis::{Dispute, EvidenceFinding, Findings, SkillFinding, TopicAnswer, TopicFinding, UndecidedAnswer};
use storage::curriculum::Curriculum;
use storage::evidence::{Help, Source, Verdict};
use storage::transcript::Turn;

use self::agreement::Agreement;
use self::group::Group;
use super::text::normalise;
use crate::analysis::{self, Reading};

/// Rules and a model agree on skill and verdict; measured on talk of real tutors.
pub(super) const NOISE_BOTH: f64 = 0.05;
/// One reader alone, or one that the other doubts.
pub(super) const NOISE_ALONE: f64 = 0.25;
/// Up to this noise the rules count as sure.
const SURE: f64 = 0.15;
/// Two witnesses of the rules agree: the tutor's reaction and a calculation.
const TWO_WITNESSES: f64 = 0.10;

/// What a model says of one turn, after the gate: the turn is the student's, and the skill exists.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    /// `None`: off the curriculum.
    pub(super) skill_id: Option<String>,
    /// One of our topics, for an answer off the curriculum.
    pub(super) topic: &'static str,
    /// `None`: the model cannot tell.
    pub(super) verdict: Option<Verdict>,
    pub(super) help: Help,
    pub(super) quote: String,
}

/// What a model says of a call, by turn. A turn in neither is left open.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) answers: BTreeMap<i32, Claim>,
    pub(super) no_answers: HashSet<i32>,
}

/// Returns the rules' findings with the skills, disputes, topics, misconceptions and counts of answers that both readers
/// arrive at together.
pub(super) fn weigh(
    claims: &Claims,
    readings: &[Reading],
    turns: &[Turn],
    curriculum: &Curriculum,
    rules: &Findings,
) -> Findings {
    // In a language without rules nothing can be checked, so nothing is recorded.
    if readings.is_empty() {
        return rules.clone();
    }
    let groups = group::groups(turns, readings);
    let mut weighed = Weighed {
        claims,
        curriculum,
        rules,
        groups: &groups,
        agreement: agreement::agreement(claims, &groups, rules),
        findings: Findings { skills: Vec::new(), ..rules.clone() },
    };
    // The order of the skills stays.
    for skill in &rules.skills {
        weighed.findings.skills.push(SkillFinding { evidence: Vec::new(), ..skill.clone() });
    }
    for i in 0..groups.len() {
        weighed.weigh(i);
    }
    let mut findings = weighed.findings;
    let position = |turn_no: i32| turns.iter().position(|turn| turn.turn_no == turn_no);
    for skill in &mut findings.skills {
        skill.evidence.sort_by_key(|evidence| position(evidence.turn_no));
    }
    findings.skills.sort_by_key(|skill| std::cmp::Reverse(skill.evidence.len()));
    findings.other_topics.retain(|topic| !topic.answers.is_empty());
    findings.disputes.sort_by_key(|dispute| position(dispute.turn_no));
    let verdicts = verdicts(&findings);
    let before = self::verdicts(rules);
    findings.misconceptions.retain(|found| match verdicts.get(&found.turn_no) {
        Some(verdict) => *verdict != Verdict::Correct,
        // Behind an answer that was moved or removed there is no belief.
        None => !before.contains_key(&found.turn_no),
    });
    count(&mut findings, claims, &groups);
    findings
}

/// The verdict of each turn with evidence.
fn verdicts(findings: &Findings) -> BTreeMap<i32, Verdict> {
    findings.skills.iter().flat_map(|skill| &skill.evidence).map(|found| (found.turn_no, found.verdict)).collect()
}

/// Counts the answers again.
fn count(findings: &mut Findings, claims: &Claims, groups: &[Group]) {
    let evidence = findings.skills.iter().flat_map(|skill| &skill.evidence).map(|e| (e.turn_no, e.verdict, e.help));
    let topics = findings.other_topics.iter().flat_map(|topic| &topic.answers).map(|a| (a.turn_no, a.verdict, a.help));
    let mut decided: Vec<_> =
        evidence.chain(topics).map(|(turn_no, verdict, help)| (turn_no, Some(verdict), help)).collect();
    for group in groups {
        if decided.iter().any(|(turn_no, ..)| group.turn_nos.contains(turn_no)) {
            continue;
        }
        let claim = group.claims(claims).last().map(|(_, claim)| *claim);
        let is_answer = claim.is_some() || group.reading.is_some_and(|reading| !reading.is_no_answer);
        if is_answer && !group.is_no_answer(claims) {
            // Right or wrong, but of no skill that is known; a dispute is neither.
            let verdict = group.reading.and_then(|reading| reading.verdict);
            let verdict = verdict.filter(|verdict| {
                findings.disputes.iter().all(|dispute| !group.turn_nos.contains(&dispute.turn_no))
                    && claim.and_then(|claim| claim.verdict).is_none_or(|claimed| agree(claimed, *verdict))
            });
            decided.push((group.turn_nos[0], verdict, claim.map_or(Help::Hint, |claim| claim.help)));
        }
    }
    let n =
        |is: &dyn Fn(Option<Verdict>, Help) -> bool| decided.iter().filter(|(_, v, help)| is(*v, *help)).count() as u32;
    findings
        .undecided
        .retain(|answer| decided.iter().all(|(turn_no, verdict, _)| verdict.is_none() || *turn_no != answer.turn_no));
    let figures = &mut findings.figures;
    figures.n_answers = decided.len() as u32;
    figures.n_answers_correct = n(&|verdict, _| verdict == Some(Verdict::Correct));
    figures.n_answers_correct_unaided = n(&|verdict, help| verdict == Some(Verdict::Correct) && help == Help::None);
    figures.n_answers_incorrect = n(&|verdict, _| verdict == Some(Verdict::Incorrect));
    figures.n_answers_undecided = n(&|verdict, _| verdict.is_none());
}

/// Half right is not right.
fn agree(a: Verdict, b: Verdict) -> bool {
    (a == Verdict::Correct) == (b == Verdict::Correct)
}

struct Weighed<'a> {
    claims: &'a Claims,
    curriculum: &'a Curriculum,
    rules: &'a Findings,
    groups: &'a [Group<'a>],
    agreement: Agreement,
    findings: Findings,
}

impl<'a> Weighed<'a> {
    /// Weighs what was said between two turns of the tutor.
    fn weigh(&mut self, i: usize) {
        let group = &self.groups[i];
        let mut paired = HashSet::new();
        for (skill_id, evidence) in group.evidence(self.rules) {
            match group.claim(evidence.turn_no, self.claims) {
                Some((turn_no, claim)) => {
                    paired.insert(turn_no);
                    self.both(i, skill_id, evidence, turn_no, claim);
                }
                None => self.rules_alone(i, skill_id, evidence),
            }
        }
        for (turn_no, claim) in group.claims(self.claims).into_iter().filter(|(turn_no, _)| !paired.contains(turn_no)) {
            self.model_alone(i, turn_no, claim);
        }
        if self.agreement.is_reader() && group.is_no_answer(self.claims) {
            self.drop_topic(group);
        }
        let is_topic =
            || self.rules.other_topics.iter().flat_map(|t| &t.answers).any(|a| group.turn_nos.contains(&a.turn_no));
        if group.evidence(self.rules).is_empty() && group.claims(self.claims).is_empty() && !is_topic() {
            self.between(i);
        }
    }

    /// The model says that nothing was answered, or says nothing.
    fn rules_alone(&mut self, i: usize, skill_id: &str, evidence: &EvidenceFinding) {
        let group = &self.groups[i];
        if !self.agreement.is_reader() {
            self.add(skill_id, evidence.clone());
        } else if !group.is_no_answer(self.claims) || group.is_computed() {
            self.add(skill_id, doubted(evidence));
        }
    }

    /// The rules are sure of a verdict and know no skill, and the model passes over it in silence.
    fn between(&mut self, i: usize) {
        let group = &self.groups[i];
        let Some(reading) = group.reading.filter(|reading| reading.noise <= SURE && !reading.is_no_answer) else {
            return;
        };
        let (Some(verdict), Some(skill_id)) = (reading.verdict, self.surroundings(i)) else { return };
        let trusts = self.agreement.is_reader() && self.agreement.is_placed_alike();
        if trusts && !group.is_no_answer(self.claims) && !self.is_disputed(group) {
            let found = EvidenceFinding {
                turn_no: reading.quote.turn_no,
                quote: reading.quote.text.clone(),
                verdict,
                help: reading.help,
                source: Source::Rules,
                noise: NOISE_ALONE,
                reason: "judged by the rules, in the skill of the answers before and after it".to_owned(),
            };
            self.add(skill_id, found);
        }
    }

    fn is_disputed(&self, group: &Group) -> bool {
        self.findings.disputes.iter().any(|dispute| group.turn_nos.contains(&dispute.turn_no))
    }

    /// Both take it for an answer.
    fn both(&mut self, i: usize, skill_id: &str, evidence: &EvidenceFinding, turn_no: i32, claim: &Claim) {
        let group = &self.groups[i];
        if !self.agreement.is_reader() {
            self.add(skill_id, evidence.clone());
            return;
        }
        let Some(claimed) = &claim.skill_id else {
            // An answer to a task of no skill.
            if group.is_computed() && !self.agreement.is_placed_alike() {
                self.add(skill_id, doubted(evidence));
            } else if let Some(verdict) = claim.verdict {
                self.add_topic(turn_no, claim, verdict);
            }
            return;
        };
        let same_skill = claimed == skill_id;
        let moves = self.agreement.is_placed_alike() && self.support(claimed, i) >= self.support(skill_id, i);
        let skill_id = if same_skill || moves { claimed } else { skill_id };
        let weighs = claim.verdict.is_some_and(|verdict| self.agreement.weighs(verdict));
        let found = match claim.verdict {
            Some(verdict) if agree(verdict, evidence.verdict) => {
                let (noise, reason) = match (same_skill, weighs) {
                    (true, true) => (evidence.noise.min(NOISE_BOTH), "rules and model agree"),
                    (true, false) => (evidence.noise, "rules and model agree"),
                    (false, _) => (NOISE_ALONE, "rules and model agree on the verdict, not on the skill"),
                };
                evidence_of(turn_no, claim, evidence.verdict, noise, Source::Both, reason)
            }
            Some(_) if !weighs => evidence.clone(),
            None => doubted(evidence),
            Some(_) if group.is_computed() && evidence.noise <= TWO_WITNESSES => doubted(evidence),
            Some(_) => {
                self.dispute(group, evidence.turn_no, Some(skill_id));
                return;
            }
        };
        self.add(skill_id, found);
    }

    /// The rules have no evidence there.
    fn model_alone(&mut self, i: usize, turn_no: i32, claim: &Claim) {
        let group = &self.groups[i];
        let Some(verdict) = claim.verdict else { return };
        if self.is_disputed(group) {
            return;
        }
        let by_rules = group.reading.and_then(|reading| reading.verdict);
        if !self.agreement.is_reader()
            || !self.agreement.is_placed_alike() && claim.skill_id.is_some()
            || by_rules.is_none() && !self.agreement.weighs(verdict)
        {
            return;
        }
        if group.task.is_empty() || is_nod(&claim.quote) || group.reading.is_some_and(|reading| reading.is_no_answer) {
            return;
        }
        if by_rules.is_some_and(|by_rules| !agree(by_rules, verdict)) {
            if group.is_computed() {
                let skill_id = group.reading.and_then(|reading| reading.skill_id.as_deref());
                self.dispute(group, turn_no, skill_id);
            }
            return;
        }
        let Some(claimed) = &claim.skill_id else {
            self.add_topic(turn_no, claim, verdict);
            return;
        };
        let by_rules = group.reading.and_then(|reading| reading.skill_id.as_ref());
        let skill_id = if by_rules == Some(claimed) || self.support(claimed, i) > 0 && self.is_grounded(claimed) {
            claimed
        } else if let Some(by_rules) = by_rules.filter(|skill_id| self.support(skill_id, i) > 0) {
            by_rules
        } else {
            return;
        };
        self.drop_topic(group);
        let is_judged = group.reading.is_some_and(|reading| reading.verdict.is_some() && reading.noise <= SURE);
        let found = if is_judged && skill_id == claimed {
            evidence_of(turn_no, claim, verdict, SURE, Source::Both, "rules and model agree on the verdict")
        } else {
            evidence_of(turn_no, claim, verdict, NOISE_ALONE, Source::Llm, "judged by the model alone")
        };
        self.add(skill_id, found);
    }

    /// Whether a skill is more than the model's word: the rules could compare some of its skills, or the tutor names it.
    fn is_grounded(&self, skill_id: &str) -> bool {
        self.agreement.compares_skills()
            || self
                .curriculum
                .find_skill(skill_id)
                .is_some_and(|skill| self.groups.iter().any(|group| analysis::n_phrases(skill, &group.task) > 0))
    }

    /// The skill in which the model places both the answer before and the answer after.
    fn surroundings(&self, i: usize) -> Option<&'a str> {
        let claims = self.claims;
        let skill = |group: &Group| group.claims(claims).into_iter().find_map(|(_, claim)| claim.skill_id.as_deref());
        let before = self.groups[..i].iter().rev().find_map(skill)?;
        let after = self.groups[i + 1..].iter().find_map(skill)?;
        (before == after).then_some(before)
    }

    /// How much speaks for a skill besides the reader who named it: the answer before, the answer after, and the words of
    /// the task.
    fn support(&self, skill_id: &str, i: usize) -> usize {
        let placed = |group: &&Group| group.claims(self.claims).iter().any(|(_, claim)| claim.skill_id.is_some());
        let before = self.groups[..i].iter().rev().find(placed);
        let after = self.groups[i + 1..].iter().find(placed);
        let claims =
            |near: &&Group| near.claims(self.claims).iter().any(|(_, c)| c.skill_id.as_deref() == Some(skill_id));
        let named = self.curriculum.find_skill(skill_id);
        let named = named.is_some_and(|skill| analysis::n_phrases(skill, &self.groups[i].task) > 0);
        before.into_iter().chain(after).filter(claims).count() + usize::from(named)
    }

    fn add(&mut self, skill_id: &str, evidence: EvidenceFinding) {
        if let Some(skill) = self.findings.skills.iter_mut().find(|skill| skill.skill_id == skill_id) {
            skill.evidence.push(evidence);
        } else if let Some(skill) = self.curriculum.find_skill(skill_id) {
            let (skill_id, name) = (skill.skill_id.clone(), skill.name.clone());
            self.findings.skills.push(SkillFinding { skill_id, name, evidence: vec![evidence] });
        }
    }

    fn add_topic(&mut self, turn_no: i32, claim: &Claim, verdict: Verdict) {
        let topics = &mut self.findings.other_topics;
        let answer = TopicAnswer { turn_no, verdict, help: claim.help };
        if topics.iter().flat_map(|topic| &topic.answers).any(|known| known.turn_no == turn_no) {
            return;
        }
        match topics.iter_mut().find(|topic| topic.topic == claim.topic) {
            Some(topic) => topic.answers.push(answer),
            None => topics.push(TopicFinding { topic: claim.topic.to_owned(), answers: vec![answer] }),
        }
    }

    fn drop_topic(&mut self, group: &Group) {
        for topic in &mut self.findings.other_topics {
            topic.answers.retain(|answer| !group.turn_nos.contains(&answer.turn_no));
        }
    }

    /// Records nothing of the answer, and leaves it to a person.
    fn dispute(&mut self, group: &Group, turn_no: i32, skill_id: Option<&str>) {
        let reason = if group.is_computed() {
            "The calculation and the language model disagree on whether this answer is right. Nothing was recorded."
        } else {
            "The rules and the language model disagree on whether this answer is right. Nothing was recorded."
        };
        self.findings.disputes.push(Dispute { turn_no, reason: reason.to_owned() });
        if self.findings.undecided.iter().all(|answer| answer.turn_no != turn_no) {
            self.findings.undecided.push(UndecidedAnswer { turn_no, skill_id: skill_id.map(str::to_owned) });
            self.findings.undecided.sort_by_key(|answer| answer.turn_no);
        }
    }
}

/// The rules' evidence, with as much noise as one reader alone has.
fn doubted(evidence: &EvidenceFinding) -> EvidenceFinding {
    EvidenceFinding { noise: evidence.noise.max(NOISE_ALONE), ..evidence.clone() }
}

fn evidence_of(
    turn_no: i32,
    claim: &Claim,
    verdict: Verdict,
    noise: f64,
    source: Source,
    reason: &str,
) -> EvidenceFinding {
    EvidenceFinding {
        turn_no,
        quote: claim.quote.clone(),
        verdict,
        help: claim.help,
        source,
        noise,
        reason: reason.to_owned(),
    }
}

/// Whether a short quote only shows that the student listens.
fn is_nod(said: &str) -> bool {
    const NODS: [&str; 11] = ["ok", "okay", "sure", "thanks", "thank", "bye", "hello", "hi", "mhm", "yep", "yeah"];
    let words = normalise(said);
    words.split(' ').count() <= 3 && words.split(' ').any(|word| NODS.contains(&word))
}
