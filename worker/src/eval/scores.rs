//! The scores, each a share of counted cases with its 95 % interval (Wilson).

use std::fmt::Write as _;

use serde::Serialize;
use shared::analysis::Findings;
use shared::curriculum::Curriculum;
use shared::evidence::Verdict;
use shared::transcript::{Speaker, Turn};

use super::speech::{self, Heard};
use super::{Dialogue, Role, injections};
use crate::analysis::{self, Outcome, analyse};
use crate::enrich;
use crate::llm::{Fault, Llm, Usage};

/// 95 % of a normal distribution lie within this many deviations.
const Z: f64 = 1.96;

/// So many numbers make a solution out of an answer.
const SOLUTION: usize = 3;

/// A share, and how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    pub name: &'static str,
    pub hits: usize,
    pub cases: usize,
    pub share: Option<f64>,
    /// The 95 % interval.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// What to reach: at least, or where `at_most` is set at most.
    pub goal: f64,
    pub at_most: bool,
}

/// All scores of one analyser version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    pub analyser: String,
    pub n_dialogues: usize,
    pub scores: Vec<Score>,
}

/// Cases counted while dialogues are read.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    hits: usize,
    cases: usize,
}

impl Count {
    fn add(&mut self, hit: bool) {
        self.cases += 1;
        self.hits += usize::from(hit);
    }
}

#[derive(Default)]
struct Counts {
    cima_accuracy: Count,
    cima_decided: Count,
    mathdial_accuracy: Count,
    mathdial_decided: Count,
    bridge_passed: Count,
    bridge_flagged: Count,
    solved_recall: Count,
    unsolved_specificity: Count,
    telling_found: Count,
    asking_found: Count,
    grounded: Count,
    injections_obeyed: Count,
    foreign_obeyed: Count,
    unseen_obeyed: Count,
}

/// Scores the built-in analyser. Calls `scored` after each dialogue.
pub fn evaluate(dialogues: &[Dialogue], scored: impl FnMut()) -> Scores {
    let curriculum = Curriculum::starter();
    let mut counts = counted(dialogues, &curriculum, <[Turn]>::to_vec, scored);
    counts.injections_obeyed = injections::obeyed(dialogues, &curriculum).into();
    counts.foreign_obeyed = injections::foreign_obeyed(dialogues, &curriculum).into();
    counts.unseen_obeyed = injections::unseen_obeyed(dialogues, &curriculum).into();
    counts.scores(format!("rules {}", analysis::VERSION), dialogues.len())
}

/// Scores the built-in analyser on what would be left of the same dialogues after speech to text. Injections are not tried.
pub fn evaluate_heard(dialogues: &[Dialogue], who: Heard, scored: impl FnMut()) -> Scores {
    let curriculum = Curriculum::starter();
    let counts = counted(dialogues, &curriculum, |turns| speech::heard(turns, who), scored);
    counts.scores(format!("rules {}, {who}", analysis::VERSION), dialogues.len())
}

fn counted(
    dialogues: &[Dialogue],
    curriculum: &Curriculum,
    hear: impl Fn(&[Turn]) -> Vec<Turn>,
    mut scored: impl FnMut(),
) -> Counts {
    let mut counts = Counts::default();
    for dialogue in dialogues {
        let turns = hear(&dialogue.transcript());
        let verdicts = Verdicts(analysis::verdicts(&turns, curriculum));
        counts.add(dialogue, &turns, &verdicts, &analyse(&turns, curriculum), curriculum);
        scored();
    }
    counts
}

/// Scores the rules together with a language model, as a session is judged where one is configured. Injections are not
/// tried: that would be hundreds of questions more. Calls `scored` after each dialogue; ends at the first fault that is
/// not of one dialogue alone.
pub async fn evaluate_llm(dialogues: &[Dialogue], llm: &Llm, mut scored: impl FnMut()) -> Result<Scores, Fault> {
    let curriculum = Curriculum::starter();
    let mut counts = Counts::default();
    for dialogue in dialogues {
        let turns = dialogue.transcript();
        let baseline = analyse(&turns, &curriculum);
        let mut usage = Usage::default();
        let findings = match enrich::enrich(llm, &turns, &curriculum, baseline.clone(), &mut usage).await {
            Ok(findings) => findings,
            Err(fault) if fault.is_of_the_call() => baseline,
            Err(fault) => return Err(fault),
        };
        counts.add(dialogue, &turns, &Verdicts::of_findings(&findings), &findings, &curriculum);
        scored();
    }
    let analyser = format!("rules {} with {}, prompt {}", analysis::VERSION, llm.model(), enrich::PROMPT_VERSION);
    Ok(counts.scores(analyser, dialogues.len()))
}

impl From<(usize, usize)> for Count {
    fn from((hits, cases): (usize, usize)) -> Self {
        Self { hits, cases }
    }
}

struct Verdicts(Vec<(i32, Option<Verdict>)>);

impl Verdicts {
    /// What counts as evidence, and nothing else.
    fn of_findings(findings: &Findings) -> Self {
        let evidence = findings.skills.iter().flat_map(|skill| &skill.evidence);
        Self(evidence.map(|evidence| (evidence.turn_no, Some(evidence.verdict))).collect())
    }

    fn of(&self, turn: usize) -> Option<Verdict> {
        self.0.iter().find(|(no, _)| *no == turn as i32).and_then(|(_, verdict)| *verdict)
    }
}

impl Counts {
    fn add(
        &mut self,
        dialogue: &Dialogue,
        heard: &[Turn],
        verdicts: &Verdicts,
        findings: &Findings,
        curriculum: &Curriculum,
    ) {
        match dialogue.source.as_str() {
            "cima" => self.cima(dialogue, verdicts),
            "bridge" => self.bridge(dialogue, verdicts),
            "mathdial" => {
                self.mathdial(dialogue, heard, verdicts, curriculum);
                self.moves(dialogue);
            }
            _ => {}
        }
        self.quotes(heard, findings);
    }

    /// A reply labelled as correction or as confirmation, and not as both, tells what the tutor thought of the answer.
    fn cima(&mut self, dialogue: &Dialogue, verdicts: &Verdicts) {
        for (i, turn) in dialogue.turns.iter().enumerate().skip(1) {
            let action = |name: &str| turn.labels.tutor_actions.iter().any(|a| a == name);
            let answer = (0..i).rev().find(|j| dialogue.turns[*j].role == Role::Student);
            let (Some(answer), true) = (answer, action("correction") != action("confirmation")) else {
                continue;
            };
            // Half right is no decision between the two.
            let decided = verdicts.of(answer).filter(|verdict| *verdict != Verdict::Partial);
            self.cima_decided.add(decided.is_some());
            if let Some(verdict) = decided {
                self.cima_accuracy.add((verdict == Verdict::Correct) == action("confirmation"));
            }
        }
    }

    fn bridge(&mut self, dialogue: &Dialogue, verdicts: &Verdicts) {
        for (i, turn) in dialogue.turns.iter().enumerate() {
            if turn.labels.correctness.as_deref() == Some("incorrect") {
                self.bridge_passed.add(verdicts.of(i) == Some(Verdict::Correct));
                self.bridge_flagged.add(matches!(verdicts.of(i), Some(Verdict::Incorrect | Verdict::Partial)));
            }
        }
    }

    fn mathdial(&mut self, dialogue: &Dialogue, heard: &[Turn], verdicts: &Verdicts, curriculum: &Curriculum) {
        if let Some(right) = dialogue.labels.true_answer {
            // Labels come from what was written, however it was heard.
            let turns = dialogue.transcript();
            let ends = |turn: &Turn| analysis::last_number(&turn.text);
            let students = || turns.iter().filter(|turn| turn.speaker == Speaker::Student);
            // All these students begin with a wrong solution: its result is the known wrong answer.
            let solution = students().find(|turn| analysis::numbers_in(&turn.text) >= SOLUTION);
            let wrong = solution.and_then(ends).filter(|number| !same(*number, right));
            for turn in students() {
                let Some(number) = ends(turn) else { continue };
                let is_right = same(number, right);
                if !is_right && !wrong.is_some_and(|wrong| same(number, wrong)) {
                    continue;
                }
                let decided = verdicts.of(turn.turn_no as usize).filter(|verdict| *verdict != Verdict::Partial);
                self.mathdial_decided.add(decided.is_some());
                if let Some(verdict) = decided {
                    self.mathdial_accuracy.add((verdict == Verdict::Correct) == is_right);
                }
            }
        }
        if let Some(label) = dialogue.labels.outcome.as_deref() {
            let unsolved = !matches!(analysis::outcome(heard, curriculum), Some(Outcome::Solved | Outcome::Revealed));
            if label == "unsolved" {
                self.unsolved_specificity.add(unsolved);
            } else {
                self.solved_recall.add(!unsolved);
            }
        }
    }

    /// Replies that a person labelled as telling, or as probing: does the score of tutoring see the difference?
    fn moves(&mut self, dialogue: &Dialogue) {
        for turn in dialogue.turns.iter().skip(2) {
            match turn.labels.tutor_move.as_deref() {
                Some("telling") => self.telling_found.add(analysis::tells(&turn.text)),
                Some("probing") => self.asking_found.add(!analysis::tells(&turn.text)),
                _ => {}
            }
        }
    }

    fn quotes(&mut self, turns: &[Turn], findings: &Findings) {
        let evidence = findings.skills.iter().flat_map(|skill| &skill.evidence).map(|e| (e.turn_no, &e.quote));
        for (turn_no, quote) in evidence.chain(findings.misconceptions.iter().map(|m| (m.turn_no, &m.quote))) {
            let grounded = |turn: &Turn| turn.speaker == Speaker::Student && turn.text.contains(quote.as_str());
            self.grounded.add(turns.iter().any(|turn| turn.turn_no == turn_no && grounded(turn)));
        }
    }

    fn scores(self, analyser: String, n_dialogues: usize) -> Scores {
        let scores = vec![
            score("cima: verdict right, where decided", self.cima_accuracy, 0.95, false),
            score("cima: share decided", self.cima_decided, 0.80, false),
            score("mathdial: verdict right, where decided", self.mathdial_accuracy, 0.90, false),
            score("mathdial: share decided", self.mathdial_decided, 0.70, false),
            score("bridge: wrong answers passed as correct", self.bridge_passed, 0.010, true),
            score("bridge: wrong answers flagged", self.bridge_flagged, 0.748, false),
            score("mathdial: solved or revealed, found so", self.solved_recall, 0.85, false),
            score("mathdial: unsolved, found so", self.unsolved_specificity, 0.90, false),
            score("mathdial: telling found", self.telling_found, 0.55, false),
            score("mathdial: asking not taken for telling", self.asking_found, 0.85, false),
            score("quotes grounded", self.grounded, 1.0, false),
            score("injections that change evidence", self.injections_obeyed, 0.0, true),
            score("the same in other words and tongues", self.foreign_obeyed, 0.0, true),
            score("the same, never mended against", self.unseen_obeyed, 0.0, true),
        ];
        Scores { analyser, n_dialogues, scores }
    }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

fn score(name: &'static str, count: Count, goal: f64, at_most: bool) -> Score {
    let (hits, cases) = (count.hits as f64, count.cases as f64);
    let interval = (count.cases > 0).then(|| {
        let share = hits / cases;
        let centre = share + Z * Z / (2.0 * cases);
        let spread = Z * (share * (1.0 - share) / cases + Z * Z / (4.0 * cases * cases)).sqrt();
        let scale = 1.0 + Z * Z / cases;
        (share, ((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0))
    });
    Score {
        name,
        hits: count.hits,
        cases: count.cases,
        share: interval.map(|(share, ..)| share),
        low: interval.map(|(_, low, _)| low),
        high: interval.map(|(.., high)| high),
        goal,
        at_most,
    }
}

impl Score {
    /// A score without cases misses nothing.
    pub fn meets_goal(&self) -> bool {
        self.share.is_none_or(|share| if self.at_most { share <= self.goal } else { share >= self.goal })
    }
}

impl Scores {
    pub fn table(&self) -> String {
        let mut table = format!("{} on {} dialogues\n", self.analyser, self.n_dialogues);
        let _ = writeln!(table, "{:<42} {:>6}  {:<15} {:>11}  goal", "score", "share", "95 % interval", "cases");
        for score in &self.scores {
            let (share, interval) = match (score.share, score.low, score.high) {
                (Some(share), Some(low), Some(high)) => (format!("{share:.3}"), format!("{low:.3} to {high:.3}")),
                _ => ("-".to_owned(), String::new()),
            };
            let sign = if score.at_most { "≤" } else { "≥" };
            let met = if score.meets_goal() { "met" } else { "missed" };
            let cases = format!("{}/{}", score.hits, score.cases);
            let _ = writeln!(
                table,
                "{:<42} {share:>6}  {interval:<15} {cases:>11}  {sign} {} {met}",
                score.name, score.goal
            );
        }
        table
    }
}
