//! What people decided of single answers, put into the findings of an analysis.

use std::collections::BTreeSet;

use super::{EvidenceFinding, Figures, Findings, SkillFinding};
use crate::evidence::{Help, Source, Verdict};

/// A person's mark of one answer. It outranks the verdict of every analysis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub skill_id: String,
    /// The student's turn.
    pub turn_no: i32,
    /// `None`: the words are not an answer.
    pub verdict: Option<Verdict>,
    pub help: Help,
}

impl Mark {
    /// Whether the mark is about this finding of this skill.
    pub fn is_of(&self, skill_id: &str, evidence: &EvidenceFinding) -> bool {
        self.turn_no == evidence.turn_no && self.skill_id == skill_id
    }
}

impl Findings {
    /// Puts people's marks in place of the analysis' verdicts. The counts and the summary follow. An answer that a person
    /// marked as no answer is removed.
    pub fn apply_marks(&mut self, marks: &[Mark]) {
        let before = self.figures.clone();
        let undecided: BTreeSet<i32> = self.undecided.iter().map(|answer| answer.turn_no).collect();
        // One answer may show two skills, and is counted once.
        let mut counted = BTreeSet::new();
        for skill in &mut self.skills {
            let skill_id = &skill.skill_id;
            let figures = &mut self.figures;
            skill.evidence.retain_mut(|evidence| {
                let Some(mark) = marks.iter().find(|mark| mark.is_of(skill_id, evidence)) else {
                    return true;
                };
                if counted.insert(evidence.turn_no) {
                    figures.recount(Some(evidence), mark);
                }
                if let Some(verdict) = mark.verdict {
                    evidence.verdict = verdict;
                    evidence.help = mark.help;
                    evidence.source = Source::Person;
                }
                mark.verdict.is_some()
            });
        }
        // Answers that only people judged.
        for mark in marks.iter().filter(|mark| undecided.contains(&mark.turn_no)) {
            if counted.insert(mark.turn_no) {
                self.figures.recount(None, mark);
            }
            if let Some(verdict) = mark.verdict
                && !self.has_evidence(&mark.skill_id, mark.turn_no)
            {
                self.skill(&mark.skill_id).evidence.push(EvidenceFinding {
                    turn_no: mark.turn_no,
                    quote: String::new(),
                    verdict,
                    help: mark.help,
                    source: Source::Person,
                    noise: 0.0,
                    reason: String::new(),
                });
            }
        }
        self.undecided.retain(|answer| marks.iter().all(|mark| mark.turn_no != answer.turn_no));
        self.helped_by.retain(|help| {
            let is_right = |mark: &Mark| mark.verdict == Some(Verdict::Correct) && mark.help == Help::Hint;
            let mut of_answer = marks.iter().filter(|mark| mark.turn_no == help.turn_no);
            of_answer.find(|mark| mark.skill_id == help.skill_id).is_none_or(is_right)
        });
        if self.figures != before {
            self.recount_summary(&before);
        }
    }

    fn has_evidence(&self, skill_id: &str, turn_no: i32) -> bool {
        let of_skill = self.skills.iter().filter(|skill| skill.skill_id == skill_id);
        of_skill.flat_map(|skill| &skill.evidence).any(|evidence| evidence.turn_no == turn_no)
    }

    /// Returns the skill, and adds it if the call was not about it. The analysis knows no name for it then.
    fn skill(&mut self, skill_id: &str) -> &mut SkillFinding {
        let found = self.skills.iter().position(|skill| skill.skill_id == skill_id);
        let position = found.unwrap_or_else(|| {
            let (skill_id, name) = (skill_id.to_owned(), skill_id.to_owned());
            self.skills.push(SkillFinding { skill_id, name, evidence: Vec::new() });
            self.skills.len() - 1
        });
        &mut self.skills[position]
    }

    /// Replaces the counts in the summary. A summary that has none gets them at its end.
    fn recount_summary(&mut self, before: &Figures) {
        let (old, new) = (before.answers_in_words(), self.figures.answers_in_words());
        if self.summary.contains(&old) {
            self.summary = self.summary.replacen(&old, &new, 1);
        } else {
            let gap = if self.summary.is_empty() { "" } else { " " };
            self.summary = format!("{}{gap}With the changed marks{new}", self.summary);
        }
    }
}

impl Figures {
    /// The counts as a summary says them: ": 4 answers, 3 right (2 without help), 1 wrong, 0 undecided."
    pub fn answers_in_words(&self) -> String {
        match self.n_answers {
            0 => "; no answer to judge.".to_owned(),
            n => format!(
                ": {n} {}, {} right ({} without help), {} wrong, {} undecided.",
                if n == 1 { "answer" } else { "answers" },
                self.n_answers_correct,
                self.n_answers_correct_unaided,
                self.n_answers_incorrect,
                self.n_answers_undecided,
            ),
        }
    }

    /// Counts one answer by its mark instead of by its verdict; `None`: it was undecided.
    fn recount(&mut self, judged: Option<&EvidenceFinding>, mark: &Mark) {
        match judged {
            Some(judged) => self.count(-1, judged.verdict, judged.help),
            None => self.n_answers_undecided = self.n_answers_undecided.saturating_sub(1),
        }
        match mark.verdict {
            Some(verdict) => self.count(1, verdict, mark.help),
            None => self.n_answers = self.n_answers.saturating_sub(1),
        }
    }

    fn count(&mut self, n: i32, verdict: Verdict, help: Help) {
        let count = |of: &mut u32| *of = of.saturating_add_signed(n);
        match verdict {
            Verdict::Correct => {
                count(&mut self.n_answers_correct);
                if help == Help::None {
                    count(&mut self.n_answers_correct_unaided);
                }
            }
            Verdict::Partial => {}
            Verdict::Incorrect => count(&mut self.n_answers_incorrect),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HelpFinding, UndecidedAnswer};
    use super::*;

    fn judged(turn_no: i32, verdict: Verdict, help: Help) -> EvidenceFinding {
        EvidenceFinding {
            turn_no,
            quote: "Is it two?".to_owned(),
            verdict,
            help,
            source: Source::Rules,
            noise: 0.1,
            reason: "the tutor rejected it".to_owned(),
        }
    }

    fn mark(skill_id: &str, turn_no: i32, verdict: Option<Verdict>) -> Mark {
        Mark { skill_id: skill_id.to_owned(), turn_no, verdict, help: Help::None }
    }

    /// Turn 1 wrong, turn 3 right after a hint; both show two skills, and one more answer is undecided.
    fn found() -> Findings {
        let evidence = vec![judged(1, Verdict::Incorrect, Help::None), judged(3, Verdict::Correct, Help::Hint)];
        let skill =
            |id: &str| SkillFinding { skill_id: id.to_owned(), name: id.to_owned(), evidence: evidence.clone() };
        let figures = Figures {
            n_answers: 3,
            n_answers_correct: 1,
            n_answers_incorrect: 1,
            n_answers_undecided: 1,
            ..Figures::default()
        };
        let help = HelpFinding {
            skill_id: "add".to_owned(),
            name: "add".to_owned(),
            means: "a picture".to_owned(),
            turn_no: 3,
        };
        Findings {
            summary: format!("4 min on add{} Still guesses.", figures.answers_in_words()),
            figures,
            skills: vec![skill("add"), skill("carry")],
            helped_by: vec![help],
            ..Findings::default()
        }
    }

    #[test]
    fn a_mark_replaces_the_verdict_and_the_summary_counts_the_answer_once() {
        let mut findings = found();
        findings.apply_marks(&[mark("add", 1, Some(Verdict::Correct)), mark("carry", 1, Some(Verdict::Correct))]);
        let changed = &findings.skills[0].evidence[0];
        assert_eq!((changed.verdict, changed.source), (Verdict::Correct, Source::Person));
        assert_eq!(
            findings.summary,
            "4 min on add: 3 answers, 2 right (1 without help), 0 wrong, 1 undecided. Still guesses."
        );
        assert_eq!(findings.helped_by.len(), 1, "nothing was marked there");
    }

    #[test]
    fn a_mark_of_one_skill_leaves_the_other_skills_of_the_turn() {
        let mut findings = found();
        findings.apply_marks(&[mark("add", 3, Some(Verdict::Incorrect))]);
        let verdicts = findings.skills.iter().map(|skill| skill.evidence[1].verdict);
        assert_eq!(verdicts.collect::<Vec<_>>(), [Verdict::Incorrect, Verdict::Correct]);
        assert!(findings.helped_by.is_empty(), "the answer after the help is no longer right");
    }

    #[test]
    fn what_is_no_answer_is_neither_listed_nor_counted() {
        let mut findings = found();
        findings.apply_marks(&[mark("add", 1, None)]);
        assert_eq!(findings.skills[0].evidence.len(), 1);
        assert!(findings.summary.contains(": 2 answers, 1 right (0 without help), 0 wrong, 1 undecided."));
    }

    #[test]
    fn an_undecided_answer_counts_by_its_mark() {
        let undecided = vec![UndecidedAnswer { turn_no: 5, skill_id: None }];
        let marked = |skill_id: &str, verdict| {
            let mut findings = Findings { undecided: undecided.clone(), ..found() };
            findings.apply_marks(&[mark(skill_id, 5, verdict)]);
            assert!(findings.undecided.is_empty());
            findings
        };
        let right = marked("add", Some(Verdict::Correct));
        assert_eq!(right.skills[0].evidence.last().map(|of| (of.turn_no, of.source)), Some((5, Source::Person)));
        assert!(right.summary.contains(": 3 answers, 2 right (1 without help), 1 wrong, 0 undecided."));
        assert_eq!(marked("subtract", Some(Verdict::Incorrect)).skills[2].evidence.len(), 1, "of another skill");
        assert!(marked("add", None).summary.contains(": 2 answers, 1 right (0 without help), 1 wrong, 0 undecided."));
    }

    #[test]
    fn a_summary_without_counts_gets_them() {
        let mut findings = Findings { summary: "Added fractions.".to_owned(), ..found() };
        findings.apply_marks(&[mark("add", 1, Some(Verdict::Correct))]);
        let counts = "3 answers, 2 right (1 without help), 0 wrong, 1 undecided.";
        assert_eq!(findings.summary, format!("Added fractions. With the changed marks: {counts}"));
    }

    #[test]
    fn without_marks_nothing_changes() {
        let mut findings = found();
        findings.apply_marks(&[mark("other", 1, None), mark("add", 2, None)]);
        assert_eq!(findings, found());
    }
}
