//! The gate: what of a model's answer may be stored. A model can be talked into anything, so nothing is believed that
//! the transcript does not show, and a successful trick gains nothing.

use std::collections::{HashMap, HashSet};

use shared::analysis::{EvidenceFinding, FactFinding, Findings, MisconceptionFinding, SafetyFlag, SkillFinding};
use shared::curriculum::Curriculum;
use shared::evidence::{Source, Verdict};
use shared::transcript::{Speaker, Turn};

use super::draft::{Draft, DraftEvidence, FACT_KINDS, FLAG_CATEGORIES, MOODS};
use super::prompt::Talk;
use super::text::{normalise, presentable, redact, shorten};
use crate::analysis;

/// What a model alone says is wrong this often; it cannot be worse than a coin.
const NOISE_MODEL_ALONE: f64 = 0.25;
/// Where rules and a model agree, measured on talk of real tutors.
const NOISE_BOTH: f64 = 0.05;
const CONFIDENCE_OF_FACTS: f64 = 0.6;

const MAX_QUOTE: usize = 160;
const MAX_BELIEF: usize = 200;
const MAX_EVIDENCE: usize = 200;
const MAX_OTHERS: usize = 10;

/// What passed.
#[derive(Debug)]
pub(super) struct Gated {
    pub(super) findings: Findings,
    /// Items of evidence that the model offered, and those that stand.
    pub(super) n_offered: usize,
    pub(super) n_passed: usize,
    /// Why the others do not, in words for the model: numbers of turns, and nothing that was said.
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
    /// What the rules decided, by turn.
    decided: HashMap<i32, Verdict>,
}

pub(super) fn pass(draft: Draft, talk: &Talk, turns: &[Turn], curriculum: &Curriculum, baseline: &Findings) -> Gated {
    let verdicts = analysis::verdicts(turns, curriculum);
    let gate = Gate {
        talk,
        turns,
        curriculum,
        decided: verdicts.into_iter().filter_map(|(turn_no, verdict)| Some((turn_no, verdict?))).collect(),
    };
    let mut passed =
        Gated { findings: baseline.clone(), n_offered: draft.evidence.len(), n_passed: 0, violations: Vec::new() };
    gate.add_evidence(draft.evidence, &mut passed);
    let findings = &mut passed.findings;
    for found in draft.misconceptions.into_iter().take(MAX_OTHERS) {
        let Some(turn_no) = gate.ground(found.turn_no, &found.quote) else {
            continue;
        };
        let Some(belief) = presentable(&found.belief, MAX_BELIEF) else {
            continue;
        };
        if findings.misconceptions.iter().all(|known| known.turn_no != turn_no) {
            findings.misconceptions.push(MisconceptionFinding {
                skill_id: found.skill_id.filter(|id| curriculum.find_skill(id).is_some()),
                belief,
                turn_no,
                quote: gate.quote(turn_no, &found.quote),
                resolved: found.resolved,
            });
        }
    }
    for found in draft.facts.into_iter().take(MAX_OTHERS) {
        let is_new = findings.facts.iter().all(|known| (known.turn_no, &known.kind) != (found.turn_no, &found.kind));
        if let Some(text) = presentable(&found.text, MAX_QUOTE)
            && talk.contains_key(&found.turn_no)
            && FACT_KINDS.contains(&&found.kind[..])
            && is_new
        {
            findings.facts.push(FactFinding {
                kind: found.kind,
                text,
                turn_no: found.turn_no,
                source: Source::Llm,
                confidence: CONFIDENCE_OF_FACTS,
                when: None,
            });
        }
    }
    // A model may raise a flag and never lower one.
    for found in draft.safety_flags.into_iter().take(MAX_OTHERS) {
        let is_known = findings.safety_flags.iter().any(|known| known.turn_no == found.turn_no);
        let is_turn = turns.iter().any(|turn| turn.turn_no == found.turn_no);
        if is_turn && !is_known && FLAG_CATEGORIES.contains(&&found.category[..]) {
            findings.safety_flags.push(SafetyFlag { category: found.category, turn_no: found.turn_no });
        }
    }
    if let Some(engagement) = draft.engagement.filter(|found| MOODS.contains(&&found.mood[..])) {
        findings.engagement = Some(engagement.into());
    }
    // Free text is told to the next assistant. Where somebody tried to steer the analysis, the rules' own words stay.
    let is_quiet = turns.iter().filter(|turn| turn.speaker == Speaker::Student).count() == talk.len();
    if is_quiet {
        if let Some(summary) = presentable(&draft.summary, 600) {
            findings.summary = summary;
        }
        if let Some(mut lesson) = draft.next_lesson
            && let Some(goal) = presentable(&lesson.goal, MAX_QUOTE)
        {
            lesson.goal = goal;
            lesson.steps = lesson.steps.iter().filter_map(|step| presentable(step, MAX_QUOTE)).take(3).collect();
            findings.next_lesson = Some(lesson.into());
        }
    }
    passed
}

impl Gate<'_> {
    fn add_evidence(&self, offered: Vec<DraftEvidence>, passed: &mut Gated) {
        let mut seen = HashSet::new();
        for item in offered.into_iter().take(MAX_EVIDENCE) {
            let about = item.turn_no;
            match self.judge(item, &mut seen) {
                Ok((skill_id, finding)) => {
                    passed.n_passed += 1;
                    self.merge(&mut passed.findings, skill_id, finding);
                }
                Err(reason) => passed.violations.push(format!("turn {about}: {reason}")),
            }
        }
        passed.findings.skills.sort_by_key(|skill| std::cmp::Reverse(skill.evidence.len()));
    }

    fn judge(&self, item: DraftEvidence, seen: &mut HashSet<i32>) -> Result<(String, EvidenceFinding), &'static str> {
        let turn_no =
            self.ground(item.turn_no, &item.quote).ok_or("the quote is not in what the student said there")?;
        if self.curriculum.find_skill(&item.skill_id).is_none() {
            return Err("there is no such skill");
        }
        let verdict = item.verdict.decided().ok_or("unclear, so it is left out")?;
        let source = match self.decided.get(&turn_no) {
            Some(decided) if *decided != verdict => return Err("the tutor's reaction says otherwise"),
            Some(_) => Source::Both,
            None if self.answers_a_task(turn_no) => Source::Llm,
            None => return Err("it answers no task"),
        };
        if !seen.insert(turn_no) {
            return Err("one item for a turn is enough");
        }
        let finding = EvidenceFinding {
            turn_no,
            quote: self.quote(turn_no, &item.quote),
            verdict,
            help: item.help,
            source,
            noise: if source == Source::Both { NOISE_BOTH } else { NOISE_MODEL_ALONE },
            reason: if source == Source::Both { "rules and model agree" } else { "judged by the model alone" }
                .to_owned(),
        };
        Ok((item.skill_id, finding))
    }

    /// What the rules found stays theirs, with less doubt; what they could not judge is added.
    fn merge(&self, findings: &mut Findings, skill_id: String, finding: EvidenceFinding) {
        let known = findings.skills.iter_mut().flat_map(|skill| &mut skill.evidence);
        if let Some(known) = known.into_iter().find(|known| known.turn_no == finding.turn_no) {
            known.source = Source::Both;
            known.noise = known.noise.min(NOISE_BOTH);
            return;
        }
        if let Some(skill) = findings.skills.iter_mut().find(|skill| skill.skill_id == skill_id) {
            skill.evidence.push(finding);
        } else if let Some(skill) = self.curriculum.find_skill(&skill_id) {
            findings.skills.push(SkillFinding { skill_id, name: skill.name.clone(), evidence: vec![finding] });
        }
    }

    /// The student's turn that holds the quote: the one named, or the only one there is.
    fn ground(&self, turn_no: i32, quote: &str) -> Option<i32> {
        let quote = normalise(quote);
        if quote.is_empty() {
            return None;
        }
        let holds = |said: &str| format!(" {} ", normalise(said)).contains(&format!(" {quote} "));
        if self.talk.get(&turn_no).is_some_and(|said| holds(said)) {
            return Some(turn_no);
        }
        let mut others = self.talk.iter().filter(|(_, said)| holds(said));
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

    /// Whether the tutor had set a task, and this is more than a nod.
    fn answers_a_task(&self, turn_no: i32) -> bool {
        const NODS: [&str; 14] =
            ["yes", "yeah", "yep", "no", "ok", "okay", "sure", "thanks", "thank", "bye", "hello", "hi", "right", "mhm"];
        let Some(position) = self.turns.iter().position(|turn| turn.turn_no == turn_no) else {
            return false;
        };
        let words = normalise(&self.turns[position].text);
        let is_nod = words.split(' ').count() <= 3 && words.split(' ').any(|word| NODS.contains(&word));
        let before = self.turns[..position].iter().rev().skip_while(|turn| turn.speaker == Speaker::Student);
        let task: Vec<&Turn> = before.take_while(|turn| turn.speaker == Speaker::Tutor).collect();
        !is_nod && task.iter().any(|turn| turn.text.contains('?') || turn.text.chars().any(|c| c.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests;
