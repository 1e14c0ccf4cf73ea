//! Scores of models of known quality on the whole calls of `tests/cases`: one that reads perfectly, some that err, some that
//! say the same of everything.
//!
//! `cargo test -p worker --lib scored -- --nocapture` prints the scores. `CASES=FILE` scores another file, and `SHOW=MODEL`
//! lists what is wrong or missing with that model.

mod model;
mod rules;

use std::path::PathBuf;

use serde::Deserialize;
use storage::analysis::Findings;
use storage::curriculum::Curriculum;
use storage::evidence::Verdict;
use storage::transcript::{Speaker, Turn};
use web::config::from_environment;

use self::model::Model;
use super::draft::Draft;
use super::gate;
use super::prompt::Prompt;
use crate::analysis::{Reading, analyse, readings};

#[derive(Deserialize)]
struct Said {
    speaker: String,
    text: String,
}

#[derive(Deserialize)]
struct Call {
    id: String,
    turns: Vec<Said>,
    labels: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    turn: usize,
    verdict: String,
    skill: Option<String>,
    help: String,
}

impl Label {
    fn is_answer(&self) -> bool {
        self.verdict != "none"
    }

    /// It shows something of a skill.
    fn is_shown(&self) -> bool {
        self.is_answer() && self.skill.is_some()
    }
}

fn calls() -> Vec<Call> {
    let cases = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/realistic.jsonl");
    let path = from_environment("CASES").map_or(cases, PathBuf::from);
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn transcript(call: &Call) -> Vec<Turn> {
    let turn = |(i, said): (usize, &Said)| Turn {
        turn_no: i as i32,
        speaker: if said.speaker == "student" { Speaker::Student } else { Speaker::Tutor },
        text: said.text.clone(),
        offset_ms: i as i32 * 3000,
        duration_ms: None,
    };
    call.turns.iter().enumerate().map(turn).collect()
}

/// Numbers by SplitMix64, so that the errors are the same every time.
struct Dice(u64);

impl Dice {
    fn of(call: &Call, seed: u64) -> Self {
        Self(call.id.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))))
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Score {
    shown: usize,
    evidence: usize,
    right: usize,
}

impl Score {
    fn add(&mut self, call: &Call, findings: &Findings, show: bool) {
        for label in &call.labels {
            self.shown += usize::from(label.is_shown());
            let mut all =
                findings.skills.iter().flat_map(|skill| skill.evidence.iter().map(move |e| (e, &skill.skill_id)));
            let found = all.find(|(evidence, _)| evidence.turn_no == label.turn as i32);
            let is_right = found.is_some_and(|(evidence, skill)| {
                label.is_shown()
                    && (evidence.verdict == Verdict::Correct) == (label.verdict == "right")
                    && label.skill.as_ref() == Some(skill)
            });
            self.evidence += usize::from(found.is_some());
            self.right += usize::from(is_right);
            if show && !is_right && (found.is_some() || label.is_shown()) {
                let said = &call.turns[label.turn].text;
                let found = found.map(|(e, skill)| format!("{:?} {skill} noise {} {:?}", e.verdict, e.noise, e.source));
                println!(
                    "{} [{}] {} instead of {} {:?}: {said}",
                    call.id,
                    label.turn,
                    found.as_deref().unwrap_or("nothing"),
                    label.verdict,
                    label.skill
                );
            }
        }
    }

    fn right(&self) -> f64 {
        self.right as f64 / self.evidence.max(1) as f64
    }

    fn found(&self) -> f64 {
        self.right as f64 / self.shown.max(1) as f64
    }
}

/// Which rules the model is put beside.
#[derive(Clone, Copy, Debug)]
enum Rules {
    /// The built-in ones.
    BuiltIn,
    /// Rules that are right in about 93 % of what they say and find 56 % of what there is, with errors of all kinds.
    Simulated(u64),
}

impl Rules {
    fn read(self, call: &Call, turns: &[Turn], curriculum: &Curriculum) -> (Findings, Vec<Reading>) {
        match self {
            Self::BuiltIn => (analyse(turns, curriculum), readings(turns, curriculum)),
            Self::Simulated(seed) => rules::simulated(call, turns, curriculum, seed),
        }
    }
}

/// The calls as rules read them.
struct Bench {
    curriculum: Curriculum,
    calls: Vec<(Call, Vec<Turn>, Findings, Vec<Reading>)>,
}

impl Bench {
    fn new(rules: Rules) -> Self {
        let curriculum = Curriculum::starter();
        let read = |call: Call| {
            let turns = transcript(&call);
            let (baseline, readings) = rules.read(&call, &turns, &curriculum);
            (call, turns, baseline, readings)
        };
        Self { calls: calls().into_iter().map(read).collect(), curriculum }
    }

    /// The score of the rules with a model, or of the rules alone.
    fn score(&self, model: Option<Model>) -> Score {
        let name = model.map_or_else(|| "rules".to_owned(), |model| format!("{model:?}"));
        let show = from_environment("SHOW").is_some_and(|show| show == name);
        let mut score = Score::default();
        for (call, turns, baseline, readings) in &self.calls {
            match model {
                None => score.add(call, baseline, show),
                Some(model) => {
                    let prompt = Prompt::new(turns, &self.curriculum, baseline);
                    let draft = Draft::read(&model.answer(call, &self.curriculum).to_string()).unwrap();
                    let passed = gate::pass_beside(readings, draft, prompt.talk(), turns, &self.curriculum, baseline);
                    score.add(call, &passed.findings, show);
                }
            }
        }
        let Score { shown, evidence, right } = score;
        println!("{name:<20} right {:.3} ({right}/{evidence}) found {:.3} (of {shown})", score.right(), score.found());
        score
    }
}

/// How much of the share of right evidence a careless model may cost beside simulated rules.
const CHANCE: f64 = 0.06;

/// Models that tell nothing, or nothing true.
const CARELESS: [Model; 17] = [
    Model::YesToAnswers,
    Model::YesToAll,
    Model::NoToAnswers,
    Model::NothingIsAnAnswer,
    Model::SaysNothing,
    Model::RandomSkills,
    Model::OneSkill,
    Model::NextSkill,
    Model::NoSkill,
    Model::RandomVerdicts,
    Model::Contrary,
    Model::Late,
    Model::RandomAll(1),
    Model::RandomAll(2),
    Model::ErrsHalf(1),
    Model::ErrsHalf(2),
    Model::ErrsHalf(3),
];

#[test]
fn beside_simulated_rules_a_good_model_finds_the_rest_and_a_careless_one_costs_little() {
    for seed in 1..4 {
        let bench = Bench::new(Rules::Simulated(seed));
        let alone = bench.score(None);
        for model in [Model::Perfect, Model::Silent] {
            let score = bench.score(Some(model));
            assert!(score.right() >= 0.97 && score.found() >= 0.88, "{model:?}: {score:?}");
        }
        for model in [Model::Errs(1), Model::Errs(2), Model::ErrsMore(1)] {
            let score = bench.score(Some(model));
            assert!(score.right() >= alone.right() && score.found() >= alone.found() + 0.15, "{model:?}: {score:?}");
        }
        for model in CARELESS {
            let score = bench.score(Some(model));
            assert!(score.right() >= alone.right() - CHANCE, "{model:?}: {score:?}, rules {alone:?}");
        }
    }
}

#[test]
fn beside_the_built_in_rules_a_model_is_never_worse_than_the_rules_alone() {
    let bench = Bench::new(Rules::BuiltIn);
    let alone = bench.score(None);
    for model in [Model::Perfect, Model::Silent, Model::Errs(1), Model::Errs(2), Model::Errs(3), Model::ErrsMore(1)] {
        let score = bench.score(Some(model));
        assert!(score.right() >= 0.95 && score.found() >= 0.85, "{model:?}: {score:?}");
    }
    for model in CARELESS {
        let score = bench.score(Some(model));
        assert!(score.right() >= alone.right(), "{model:?}: {score:?}, rules {alone:?}");
    }
}
