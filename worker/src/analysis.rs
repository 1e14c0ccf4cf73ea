//! The built-in analyser: what a call tells about a student, by rules alone. Pure, deterministic, in milliseconds.
//!
//! **Invariant:** only a student's words are evidence, only where somebody or something decided whether they are right, and
//! never words that talk to the analyser.

mod arithmetic;
mod cues;
mod exchange;
mod figures;
mod injection;
mod judge;
mod key;
mod lead;
mod misconception;
mod numbers;
mod outcome;
mod recast;
mod remarks;
mod summary;
mod topic;

use shared::analysis::{EvidenceFinding, Findings, MisconceptionFinding, SkillFinding};
use shared::curriculum::{Curriculum, Skill};
use shared::evidence::{Source, Verdict};
use shared::transcript::Turn;

use self::exchange::Exchange;
use self::judge::{Judgement, Kind};
pub(crate) use self::outcome::{Outcome, outcome};

/// Changes whenever the same call may be judged differently.
pub const VERSION: &str = "1";

const MAX_QUOTE: usize = 160;
const MAX_MISCONCEPTIONS: usize = 10;

/// Analyses one call.
pub fn analyse(turns: &[Turn], curriculum: &Curriculum) -> Findings {
    let exchanges = exchange::exchanges(turns);
    let judgements = judge::judge(&exchanges, curriculum);
    let topics = topic::topics(&exchanges, &judgements, curriculum);
    let figures = figures::figures(turns, &judgements);
    let skills = skills(&exchanges, &judgements, &topics, curriculum);
    let misconceptions = misconceptions(&exchanges, &judgements, &topics, curriculum);
    Findings {
        judged_by: format!("built-in rules, version {VERSION}; no language model was used"),
        summary: summary::summary(&figures, &skills, &misconceptions),
        limits: limits(turns, &judgements, &topics),
        engagement: summary::engagement(turns, &figures),
        requests: remarks::requests(turns),
        facts: remarks::facts(turns),
        safety_flags: remarks::safety_flags(turns),
        next_lesson: summary::next_lesson(&skills, &misconceptions, curriculum),
        figures,
        skills,
        misconceptions,
    }
}

/// The verdict on each student turn that answered something, with the turn's number: for evaluation.
pub(crate) fn verdicts(turns: &[Turn], curriculum: &Curriculum) -> Vec<(i32, Option<Verdict>)> {
    let exchanges = exchange::exchanges(turns);
    let judgements = judge::judge(&exchanges, curriculum);
    let of_turns = |(exchange, judgement): (&Exchange, &Judgement)| {
        let verdict = judgement.verdict;
        exchange
            .turns
            .iter()
            .map(move |turn| (turn.turn_no, verdict))
            .collect::<Vec<_>>()
    };
    exchanges.iter().zip(&judgements).flat_map(of_turns).collect()
}

/// How many numbers a text holds: for evaluation.
pub(crate) fn numbers_in(text: &str) -> usize {
    numbers::values(text).len()
}

/// The number a text ends in: for evaluation.
pub(crate) fn last_number(text: &str) -> Option<f64> {
    numbers::values(text).last().map(|value| value.amount)
}

/// The skills talked about, most evidence first.
fn skills(
    exchanges: &[Exchange],
    judgements: &[Judgement],
    topics: &[Option<usize>],
    curriculum: &Curriculum,
) -> Vec<SkillFinding> {
    let mut findings: Vec<(usize, SkillFinding)> = Vec::new();
    for ((exchange, judgement), topic) in exchanges.iter().zip(judgements).zip(topics) {
        let Some(skill) = topic.map(|i| &curriculum.skills[i]) else {
            continue;
        };
        let position = findings
            .iter()
            .position(|(_, finding)| finding.skill_id == skill.skill_id);
        let position = position.unwrap_or_else(|| {
            findings.push((findings.len(), named(skill)));
            findings.len() - 1
        });
        findings[position].1.evidence.extend(evidence(exchange, judgement));
    }
    findings.sort_by_key(|(order, finding)| (std::cmp::Reverse(finding.evidence.len()), *order));
    findings.into_iter().map(|(_, finding)| finding).collect()
}

fn named(skill: &Skill) -> SkillFinding {
    SkillFinding {
        skill_id: skill.skill_id.clone(),
        name: skill.name.clone(),
        evidence: Vec::new(),
    }
}

fn evidence(exchange: &Exchange, judgement: &Judgement) -> Option<EvidenceFinding> {
    let verdict = judgement.verdict.filter(|_| judgement.kind == Kind::Answer)?;
    let turn = telling_turn(exchange);
    Some(EvidenceFinding {
        turn_no: turn.turn_no,
        quote: quote(&turn.text),
        verdict,
        help: judgement.help,
        source: Source::Rules,
        noise: judgement.noise,
        reason: judgement.reason.clone(),
    })
}

/// Of several turns in a row the last one with substance.
fn telling_turn<'a>(exchange: &Exchange<'a>) -> &'a Turn {
    let substance = |turn: &&&Turn| !cues::ACKNOWLEDGEMENT.is_match(&exchange::plain(&turn.text));
    exchange
        .turns
        .iter()
        .rev()
        .find(substance)
        .unwrap_or(&exchange.turns[0])
}

/// The end of a turn, letter for letter: there the answer stands.
fn quote(text: &str) -> String {
    let text = text.trim();
    let length = text.chars().count();
    let cut: String = text.chars().skip(length.saturating_sub(MAX_QUOTE)).collect();
    match cut.split_once(' ') {
        Some((_, whole_words)) if length > MAX_QUOTE => whole_words.to_owned(),
        _ => cut,
    }
}

fn misconceptions(
    exchanges: &[Exchange],
    judgements: &[Judgement],
    topics: &[Option<usize>],
    curriculum: &Curriculum,
) -> Vec<MisconceptionFinding> {
    let mut findings: Vec<MisconceptionFinding> = Vec::new();
    for (i, (exchange, judgement)) in exchanges.iter().zip(judgements).enumerate() {
        if judgement.verdict == Some(Verdict::Correct) {
            continue;
        }
        for belief in misconception::beliefs(exchange, judgement.value) {
            let known = findings.iter().position(|finding| finding.belief == belief.text);
            let resolved = judgements.iter().zip(topics).skip(i + 1).any(|(later, topic)| {
                later.verdict == Some(Verdict::Correct) && later.kind == Kind::Answer && *topic == topics[i]
            });
            match known {
                Some(known) => findings[known].resolved = resolved,
                None if findings.len() < MAX_MISCONCEPTIONS => {
                    let turn = telling_turn(exchange);
                    findings.push(MisconceptionFinding {
                        skill_id: curriculum
                            .find_skill(belief.skill_id)
                            .map(|skill| skill.skill_id.clone()),
                        belief: belief.text.to_owned(),
                        turn_no: turn.turn_no,
                        quote: quote(&turn.text),
                        resolved,
                    });
                }
                None => {}
            }
        }
    }
    findings
}

/// What these rules could not know, so that nobody takes silence for a finding.
fn limits(turns: &[Turn], judgements: &[Judgement], topics: &[Option<usize>]) -> Vec<String> {
    let mut limits = vec![
        "Rules know English words, arithmetic and the curriculum's phrases; they do not understand explanations."
            .to_owned(),
        "Misconceptions are named only where they stand in a short catalogue.".to_owned(),
    ];
    let undecided = judgements
        .iter()
        .filter(|j| j.kind == Kind::Answer && j.verdict.is_none())
        .count();
    if undecided > 0 {
        limits.push(format!(
            "Answers that nobody confirmed, rejected or could check: {undecided}. They are no evidence."
        ));
    }
    let unplaced = judgements
        .iter()
        .zip(topics)
        .filter(|(j, topic)| j.verdict.is_some() && topic.is_none())
        .count();
    if unplaced > 0 {
        limits.push(format!(
            "Judged answers that fit no skill of the curriculum: {unplaced}."
        ));
    }
    let quarantined = turns.len() - exchange_turns(turns);
    if quarantined > 0 {
        limits.push(format!(
            "Turns that talk to the analyser, judged by nobody: {quarantined}."
        ));
    }
    limits
}

/// Turns that are not quarantined.
fn exchange_turns(turns: &[Turn]) -> usize {
    turns
        .iter()
        .filter(|t| !(t.speaker == shared::transcript::Speaker::Student && injection::is_suspect(&t.text)))
        .count()
}
