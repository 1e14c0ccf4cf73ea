//! Trains the learned part of the disclosures and shows what it finds of sayings that it was not trained on.
//!
//! `cargo run -p domain --example train_disclosures` leaves out one round of `tests/cases/disclosures.jsonl` after the
//! other, trains on the rest, and prints what it flags of the round. Then it trains on all but the rounds that are
//! only for measuring, and writes `shared/domain/src/disclosure/learned/*.bin`. The result is the same every time.
//!
//! What children say in the other files of `tests/cases` counts as harmless, unless the patterns flag it.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "prints a comparison, and files it cannot read end it")]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use domain::disclosure::learned::{
    self, CATEGORIES, CATEGORY_WEIGHTS, Feature, Features, MOST_FEATURES, stored_category, stored_flag,
};
use domain::disclosure::{Category, by_patterns};
use serde_json::Value;

const PASSES: usize = 10;
/// The weights are the mean of those after each of the last passes.
const AVERAGED: usize = 5;
const RATE: f32 = 0.05;
const DECAY: f32 = 0.05;
/// So much counts a turn of a call of which no label says that it is harmless.
const ORDINARY: f32 = 0.5;
/// Only for measuring.
const HELD_OUT: [Option<u64>; 5] = [Some(6), Some(13), Some(15), Some(19), Some(20)];
/// The files of calls.
const CALLS: [&str; 6] =
    ["calls", "realistic", "fresh_calls", "fresh_smalltalk", "fresh_offcurriculum", "fresh_realistic"];

struct Sample {
    text: String,
    lang: String,
    /// `None`: a turn of a call.
    round: Option<u64>,
    /// `None`: harmless.
    category: Option<Category>,
    features: Features,
    found: Vec<Category>,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases")
}

fn lines(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(tests().join(file)).expect("the cases can be read");
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn sample(text: &str, lang: &str, round: Option<u64>, category: Option<Category>) -> Sample {
    let (features, found) = (learned::features(text), by_patterns(text));
    Sample { text: text.to_owned(), lang: lang.to_owned(), round, category, features, found }
}

/// Sayings of personal data and of nothing else are for the patterns.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for case in lines("disclosures.jsonl") {
        let text = case["text"].as_str().unwrap_or_default();
        let category = case["category"].as_str();
        let known = CATEGORIES.into_iter().find(|known| Some(known.as_str()) == category);
        if category.is_none() || known.is_some() {
            let lang = case["lang"].as_str().unwrap_or_default();
            samples.push(sample(text, lang, case["round"].as_u64(), known));
        }
    }
    for file in CALLS {
        for call in lines(&format!("{file}.jsonl")) {
            let turns = call["turns"].as_array().into_iter().flatten();
            let said = turns.filter(|turn| turn["speaker"] == "student").filter_map(|turn| turn["text"].as_str());
            samples.extend(said.map(|text| sample(text, "", None, None)).filter(|sample| sample.found.is_empty()));
        }
    }
    samples
}

/// Indices of weights, whether they speak of the class, and how much they count.
type Example<'a> = (&'a [usize], bool, f32);

/// Logistic regression by stochastic gradient descent with AdaGrad steps, always in the same order. Few passes and small
/// steps: more of them fit the sayings better, and those of a round that is left out worse.
fn fit(examples: &[Example], n_weights: usize) -> Vec<f32> {
    let (mut weights, mut squares) = (vec![0.0_f32; n_weights], vec![1e-3_f32; n_weights]);
    // A fixed permutation: neighbours are of the same kind.
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut averaged = vec![0.0_f32; n_weights];
    for pass in 0..PASSES {
        for i in &order {
            let (features, is, counts) = examples[*i];
            let sum: f32 = features.iter().map(|feature| weights[*feature]).sum();
            let error = (1.0 / (1.0 + (-sum).exp()) - if is { 1.0 } else { 0.0 }) * counts;
            for feature in features {
                let gradient = error + DECAY * weights[*feature];
                squares[*feature] += gradient * gradient;
                weights[*feature] -= RATE * gradient / squares[*feature].sqrt();
            }
        }
        if pass + AVERAGED >= PASSES {
            averaged.iter_mut().zip(&weights).for_each(|(sum, weight)| *sum += weight / AVERAGED as f32);
        }
    }
    averaged
}

/// Trains whether to flag: first on all features, then on those that decide most.
fn train_flag(samples: &[&Sample]) -> Vec<u8> {
    let mut chosen: Option<HashMap<Feature, usize>> = None;
    loop {
        // The first weight belongs to everything.
        let mut numbers: HashMap<Feature, usize> = chosen.clone().unwrap_or_default();
        let mut counts = vec![0.0_f32; numbers.len() + 1];
        let mut of_sample = |sample: &&Sample| {
            let mut features = vec![0];
            for feature in &sample.features.flag {
                let next = numbers.len() + 1;
                let known = match &chosen {
                    Some(chosen) => chosen.get(feature).copied(),
                    None => Some(*numbers.entry(*feature).or_insert(next)),
                };
                features.extend(known);
            }
            counts.resize(numbers.len() + 1, 0.0);
            for feature in &features {
                counts[*feature] += 1.0;
            }
            features
        };
        let all: Vec<Vec<usize>> = samples.iter().map(&mut of_sample).collect();
        let examples: Vec<Example> = all
            .iter()
            .zip(samples)
            .map(|(features, sample)| {
                let counts = if sample.round.is_none() { ORDINARY } else { 1.0 };
                (&features[..], sample.category.is_some(), counts)
            })
            .collect();
        let weights = fit(&examples, numbers.len() + 1);
        if chosen.is_some() {
            return stored_flag(weights[0], numbers.iter().map(|(feature, i)| (*feature, weights[*i])).collect());
        }
        let mut by_use: Vec<(Feature, usize)> = numbers.into_iter().collect();
        let used = |i: usize| weights[i].abs() * counts[i].sqrt();
        by_use.sort_by(|a, b| used(b.1).total_cmp(&used(a.1)).then(a.0.cmp(&b.0)));
        by_use.truncate(MOST_FEATURES);
        chosen = Some(by_use.into_iter().enumerate().map(|(i, (feature, _))| (feature, i + 1)).collect());
    }
}

fn train_category(samples: &[&Sample]) -> Vec<u8> {
    let mut stored = Vec::new();
    for category in CATEGORIES {
        let sayings = samples.iter().filter(|sample| sample.category.is_some());
        let all: Vec<(Vec<usize>, bool)> = sayings
            .map(|sample| {
                let features = sample.features.category.clone();
                (features, sample.category == Some(category))
            })
            .collect();
        let examples: Vec<Example> = all.iter().map(|(features, is)| (&features[..], *is, 1.0)).collect();
        stored.extend(stored_category(&fit(&examples, CATEGORY_WEIGHTS)));
    }
    stored
}

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

/// A saying as weights judge it that it did not train.
type Left<'a> = (&'a Sample, learned::Judged);

/// Whether the turn is flagged by the rule of the analysis, as if all turns were short.
fn is_flagged((sample, judged): &Left, alone: f32) -> bool {
    let is_kept = |category: &Category| match category {
        Category::PersonalData | Category::Other => true,
        Category::SelfHarm | Category::Danger => judged.score >= learned::GRAVEST_UNDONE,
        _ => judged.score >= learned::UNDONE,
    };
    judged.score >= alone || sample.found.iter().any(is_kept)
}

fn show(name: &str, judged: &[Left], alone: f32) {
    let of = |is_saying: bool| judged.iter().filter(move |(sample, _)| sample.category.is_some() == is_saying);
    let flagged = |is_saying: bool| of(is_saying).filter(|left| is_flagged(left, alone)).count();
    let right = of(true).filter(|(sample, judged)| sample.category == Some(judged.category)).count();
    println!(
        "{name} from {alone:.1}: flagged {:.1} % of {}, category {:.1} %, false {:.1} % of {}",
        percent(flagged(true), of(true).count()),
        of(true).count(),
        percent(right, of(true).count()),
        percent(flagged(false), of(false).count()),
        of(false).count(),
    );
}

/// Weights that saw neither the round nor the rounds for measuring judge the round. Of the turns of calls, every second.
fn leave_out(samples: &[Sample], round: Option<u64>) -> Vec<Left<'_>> {
    let is_left_out = |i: usize, sample: &Sample| sample.round == round && (round.is_some() || i.is_multiple_of(2));
    let (left, rest): (Vec<_>, Vec<_>) = samples.iter().enumerate().partition(|(i, sample)| is_left_out(*i, sample));
    let rest: Vec<&Sample> =
        rest.into_iter().map(|(_, sample)| sample).filter(|sample| !HELD_OUT.contains(&sample.round)).collect();
    let (flag, category) = (train_flag(&rest), train_category(&rest));
    left.into_iter().map(|(_, sample)| (sample, learned::judge_by(&flag, &category, &sample.text))).collect()
}

fn main() {
    let samples = samples();
    let rounds: BTreeMap<Option<u64>, usize> = samples.iter().fold(BTreeMap::new(), |mut rounds, sample| {
        *rounds.entry(sample.round).or_default() += 1;
        rounds
    });
    println!("samples by round: {rounds:?}");
    let shown = std::env::args().nth(1);
    let mut new: Vec<Left> = Vec::new();
    for round in rounds.keys().copied().filter(|round| round.is_none_or(|round| round >= 4)) {
        let judged = leave_out(&samples, round);
        let name = round.map_or_else(|| "calls".to_owned(), |round| format!("round {round}"));
        for alone in [f32::INFINITY, learned::ALONE - 0.4, learned::ALONE, learned::ALONE + 0.4] {
            show(&name, &judged, alone);
        }
        let is_shown = round.is_some_and(|round| shown == Some(round.to_string())) && !HELD_OUT.contains(&round);
        for (sample, judged) in judged.iter().filter(|_| is_shown) {
            println!(
                "{:.2}\t{:?}\t{:?}\t{:?}\t{}",
                judged.score, sample.category, judged.category, sample.found, sample.text
            );
        }
        if round.is_some_and(|round| round >= 12) && !HELD_OUT.contains(&round) {
            new.extend(judged);
        }
    }
    for lang in ["en", "es", "de"] {
        let of: Vec<Left> = new.iter().filter(|(sample, _)| sample.lang == lang).copied().collect();
        show(&format!("{lang}, rounds since 12"), &of, learned::ALONE);
    }
    let used: Vec<&Sample> = samples.iter().filter(|sample| !HELD_OUT.contains(&sample.round)).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/disclosure/learned");
    for (file, bytes) in [("flag.bin", train_flag(&used)), ("category.bin", train_category(&used))] {
        std::fs::write(folder.join(file), bytes).expect("the weights can be written");
    }
}
