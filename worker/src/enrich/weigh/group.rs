//! What a student said between two turns of the tutor, as both readers see it.

use storage::analysis::{EvidenceFinding, Findings};
use storage::transcript::{Speaker, Turn};

use super::{Claim, Claims};
use crate::analysis::{self, Reading};

/// The student's turns until the tutor says something of substance. Turns that talk to the analyser are in none.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) turn_nos: Vec<i32>,
    /// What the tutor said before.
    pub(super) task: String,
    pub(super) reading: Option<&'a Reading>,
}

/// Splits a call.
pub(super) fn groups<'a>(turns: &[Turn], readings: &'a [Reading]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut task = String::new();
    let mut is_answered = false;
    for turn in turns.iter().filter(|t| t.speaker == Speaker::Tutor || !analysis::talks_to_analyser(&t.text)) {
        match (turn.speaker, groups.last_mut()) {
            (Speaker::Tutor, _) => {
                if std::mem::take(&mut is_answered) {
                    task.clear();
                }
                task.push_str(&turn.text);
                task.push('\n');
            }
            (Speaker::Student, Some(group)) if is_answered => group.turn_nos.push(turn.turn_no),
            (Speaker::Student, _) => {
                is_answered = true;
                groups.push(Group { turn_nos: vec![turn.turn_no], task: task.clone(), reading: None });
            }
        }
    }
    for group in &mut groups {
        group.reading = readings.iter().find(|reading| reading.turn_nos.iter().any(|no| group.turn_nos.contains(no)));
    }
    // An answer that the tutor only waited for: "fifty" / "Go on." / "six".
    let mut joined: Vec<Group> = Vec::with_capacity(groups.len());
    for group in groups {
        match joined.last_mut() {
            Some(last) if group.reading.is_some() && last.reading == group.reading => {
                last.turn_nos.extend(group.turn_nos);
            }
            _ => joined.push(group),
        }
    }
    joined
}

impl Group<'_> {
    /// The evidence on these turns, with its skill.
    pub(super) fn evidence<'f>(&self, findings: &'f Findings) -> Vec<(&'f str, &'f EvidenceFinding)> {
        let all = findings.skills.iter().flat_map(|skill| skill.evidence.iter().map(|e| (&skill.skill_id[..], e)));
        all.filter(|(_, evidence)| self.turn_nos.contains(&evidence.turn_no)).collect()
    }

    /// What a model claims of these turns.
    pub(super) fn claims<'c>(&self, claims: &'c Claims) -> Vec<(i32, &'c Claim)> {
        self.turn_nos.iter().filter_map(|no| Some((*no, claims.answers.get(no)?))).collect()
    }

    /// The claim about the answer on a turn: of that turn, else the last of these turns, since an answer may be split.
    pub(super) fn claim<'c>(&self, turn_no: i32, claims: &'c Claims) -> Option<(i32, &'c Claim)> {
        let all = self.claims(claims);
        all.iter().find(|(no, _)| *no == turn_no).or(all.last()).copied()
    }

    /// Whether a model says that nothing was answered here. A model that never says so says it by silence.
    pub(super) fn is_no_answer(&self, claims: &Claims) -> bool {
        let denies = |no| claims.no_answers.is_empty() || claims.no_answers.contains(no);
        self.claims(claims).is_empty() && self.turn_nos.iter().any(denies)
    }

    pub(super) fn is_computed(&self) -> bool {
        self.reading.is_some_and(|reading| reading.is_computed)
    }
}
