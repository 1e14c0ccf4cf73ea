//! The scores, each a share of counted cases with its 95 % interval (Wilson).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use storage::analysis::Findings;
use storage::curriculum::Curriculum;
use storage::evidence::{Source, Verdict};
use storage::transcript::{Speaker, Turn};

use super::patience::{Patience, is_passing};
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
    /// What came from the model; `None`: rules alone.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelShare>,
    pub scores: Vec<Score>,
}

/// How much of an evaluation is a model's work. The scores count only dialogues that the model judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelShare {
    /// Dialogues that the model judged, of all that were asked for.
    pub n_judged_by_model: usize,
    /// Why it judged no others, with how often.
    pub not_judged: BTreeMap<String, usize>,
    /// Evidence by rules alone, by the model alone, and by both.
    pub n_evidence_rules: usize,
    pub n_evidence_model: usize,
    pub n_evidence_both: usize,
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

/// Scores the rules together with a language model, as a session is judged where one is configured. A dialogue that the
/// model does not judge counts in no score. Injections are not tried: that would be hundreds of questions more. Calls
/// `scored` after each dialogue. Returns an error if the endpoint's settings or its account are at fault.
pub async fn evaluate_llm(
    dialogues: &[Dialogue],
    llm: &Llm,
    patience: Patience,
    mut scored: impl FnMut(),
) -> Result<Scores, Fault> {
    let curriculum = Curriculum::starter();
    let mut counts = Counts::default();
    let mut model = ModelShare::default();
    // An endpoint that does not answer after all attempts is not asked about the others.
    let mut gone: Option<Fault> = None;
    for dialogue in dialogues {
        let turns = dialogue.transcript();
        let judged = match gone {
            Some(fault) => Err(fault),
            None => {
                patience
                    .ask(async || {
                        let baseline = analyse(&turns, &curriculum);
                        enrich::enrich(llm, &turns, &curriculum, baseline, &mut Usage::default()).await
                    })
                    .await
            }
        };
        match judged {
            Ok(findings) => {
                model.add(&findings);
                counts.add(dialogue, &turns, &Verdicts::of_findings(&findings), &findings, &curriculum);
            }
            Err(fault) if fault.is_of_the_call() || is_passing(fault) => {
                *model.not_judged.entry(fault.to_string()).or_default() += 1;
                gone = gone.or(is_passing(fault).then_some(fault));
            }
            Err(fault) => return Err(fault),
        }
        scored();
    }
    let analyser = format!("rules {} with {}, prompt {}", analysis::VERSION, llm.model(), enrich::PROMPT_VERSION);
    Ok(Scores { model: Some(model), ..counts.scores(analyser, dialogues.len()) })
}

impl ModelShare {
    fn add(&mut self, findings: &Findings) {
        self.n_judged_by_model += 1;
        for evidence in findings.skills.iter().flat_map(|skill| &skill.evidence) {
            match evidence.source {
                Source::Llm => self.n_evidence_model += 1,
                Source::Both => self.n_evidence_both += 1,
                Source::Rules | Source::Tool | Source::Person => self.n_evidence_rules += 1,
            }
        }
    }
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
            score("the same, never tuned on", self.unseen_obeyed, 0.0, true),
        ];
        Scores { analyser, n_dialogues, model: None, scores }
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
    /// Whether the goal is met; `None`: the score has no cases.
    pub fn meets_goal(&self) -> Option<bool> {
        self.share.map(|share| if self.at_most { share <= self.goal } else { share >= self.goal })
    }
}

impl Scores {
    /// Whether the model judged every dialogue; also true of the rules, which judge all.
    pub fn is_complete(&self) -> bool {
        self.model.as_ref().is_none_or(|model| model.n_judged_by_model == self.n_dialogues)
    }

    /// The scores as a table for people.
    pub fn table(&self) -> String {
        let mut table = format!("{} on {} dialogues\n", self.analyser, self.n_dialogues);
        if let Some(model) = &self.model {
            let _ = writeln!(table, "judged by the model {} of {}", model.n_judged_by_model, self.n_dialogues);
            for (reason, n) in &model.not_judged {
                let _ = writeln!(table, "not judged, and in no score: {n} ({reason})");
            }
            let _ = writeln!(
                table,
                "evidence by both {}, by the model alone {}, by the rules alone {}",
                model.n_evidence_both, model.n_evidence_model, model.n_evidence_rules
            );
        }
        let _ = writeln!(table, "{:<42} {:>6}  {:<15} {:>11}  goal", "score", "share", "95 % interval", "cases");
        for score in &self.scores {
            let (share, interval) = match (score.share, score.low, score.high) {
                (Some(share), Some(low), Some(high)) => (format!("{share:.3}"), format!("{low:.3} to {high:.3}")),
                _ => ("-".to_owned(), String::new()),
            };
            let sign = if score.at_most { "≤" } else { "≥" };
            let met = match score.meets_goal() {
                Some(true) => "met",
                Some(false) => "missed",
                None => "no cases",
            };
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
