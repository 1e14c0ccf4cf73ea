//! A learned reading beside the patterns: logistic regression over words, their neighbours and what they are about.
//!
//! Patterns know a deed and who it is done to. Children also tell of harm without naming it ("I eat lunch in the bathroom
//! now"), which only examples can teach. `cargo run -p domain --example train_disclosures` trains the weights from
//! `tests/cases/disclosures.jsonl`.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use super::Category;
use super::concepts::CONCEPTS;
use super::senses::{self, Sense, Senses};
use crate::folded::{self, BOUNDARY, Folded, ShortHash, WordMap};

/// The categories that are distinguished, in the order of their weights.
pub const CATEGORIES: [Category; 6] =
    [Category::SelfHarm, Category::Abuse, Category::Neglect, Category::Bullying, Category::Grooming, Category::Danger];

/// So high a score flags a turn that no pattern matches.
pub const ALONE: f32 = 1.1;
/// A lower score undoes a pattern.
pub const UNDONE: f32 = 0.0;
/// A lower score undoes even a pattern of self-harm or danger.
pub const GRAVEST_UNDONE: f32 = -1.0;

/// A feature of a saying: a hash of its name.
pub type Feature = u64;

/// Weights of one category.
pub const CATEGORY_WEIGHTS: usize = 1 << 12;
/// A category's weight of 1 as it is stored.
const CATEGORY_SCALE: f32 = 24.0;

/// Features of one bucket; a bucket that is full drops the lightest.
const BUCKET: usize = 16;
const BUCKETS: usize = 5400;
/// So many features can be stored.
pub const MOST_FEATURES: usize = BUCKET * BUCKETS;
/// An entry is a mark of the feature and, in the lowest bits, its weight.
const WEIGHT_BITS: u32 = 5;
/// The entry's weight 0.
const ZERO: i32 = 1 << (WEIGHT_BITS - 1);
const SCALE: f32 = 18.0;

/// So many words behind a word its company is looked for.
const COMPANY: usize = 4;
/// So many words behind a word's neighbour are near it.
const NEAR: usize = 8;
/// A longer turn is read in windows of so many words, each half over the one before.
const WINDOW: usize = 32;

static FLAG: &[u8] = include_bytes!("learned/flag.bin");
static CATEGORY: &[u8] = include_bytes!("learned/category.bin");

/// One bit for each concept.
type Concepts = u128;

struct Lexicon {
    words: WordMap<Concepts>,
    /// By their first three bytes: the rest, and what it begins.
    beginnings: HashMap<[u8; 3], Vec<(&'static str, Concepts)>, BuildHasherDefault<ShortHash>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon { words: WordMap::default(), beginnings: HashMap::default() };
    for (i, (_, words)) in CONCEPTS.iter().enumerate() {
        for word in words.split_whitespace() {
            match word.strip_suffix('*').map(|beginning| beginning.as_bytes().split_first_chunk()) {
                Some(Some((first, _))) => {
                    let rest = word[3..].trim_end_matches('*');
                    lexicon.beginnings.entry(*first).or_default().push((rest, 1 << i));
                }
                _ => *lexicon.words.entry(word).or_default() |= 1 << i,
            }
        }
    }
    lexicon
});

fn concepts(word: &str) -> Concepts {
    let mut found = LEXICON.words.get(word).copied().unwrap_or(0);
    if let Some((first, rest)) = word.as_bytes().split_first_chunk()
        && let Some(beginnings) = LEXICON.beginnings.get(first)
    {
        let begun = beginnings.iter().filter(|(beginning, _)| rest.starts_with(beginning.as_bytes()));
        found |= begun.fold(0, |all, (_, concept)| all | concept);
    }
    found
}

/// What kind of feature a hash is of.
#[derive(Clone, Copy)]
enum Kind {
    Word,
    Stem,
    Concept,
    /// Two concepts in their order.
    Company,
    Sense,
    /// Two neighbours.
    Next,
    /// Two that are further apart, in either order.
    Near,
}

/// Mixes two hashes: the finalizer of SplitMix64.
fn feature(kind: Kind, a: u64, b: u64) -> Feature {
    let mut x = a ^ b.rotate_left(29) ^ (kind as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The meaning of a word alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    hash: u64,
    stem: Option<u64>,
    concepts: Concepts,
    senses: Senses,
    /// It says nothing of what happens: an article, or what fills a pause.
    is_small: bool,
}

impl Meaning {
    pub(super) fn of(word: &str) -> Self {
        let stem = word.char_indices().nth(STEM).map(|(end, _)| hash(&word[..end]));
        let (senses, is_small) = (Senses::of(word), senses::is_small(word));
        Self { hash: hash(word), stem, concepts: concepts(word), senses, is_small }
    }
}

/// A word of a saying, with its senses in the languages that the saying may be in.
struct Word {
    meaning: Meaning,
    senses: [Sense; senses::MOST],
}

fn hash(word: &str) -> u64 {
    let mut hasher = BuildHasherDefault::<ShortHash>::default().build_hasher();
    hasher.write(word.as_bytes());
    hasher.finish()
}

/// So many letters are a word's stem.
const STEM: usize = 5;

fn each(mut concepts: Concepts) -> impl Iterator<Item = u64> {
    std::iter::from_fn(move || {
        let next = concepts.trailing_zeros();
        concepts &= concepts.wrapping_sub(1);
        (next < Concepts::BITS).then_some(u64::from(next))
    })
}

/// The senses of a word, or the word itself if it has none.
fn tokens(word: &Word) -> impl Iterator<Item = u64> {
    let senses = word.senses.into_iter().filter(|sense| *sense != 0).map(u64::from);
    senses.chain((word.senses[0] == 0).then_some(word.meaning.hash))
}

/// A feature of a saying, and the words that have it.
struct Told {
    feature: Feature,
    words: RangeInclusive<usize>,
    /// The categories are distinguished by it too.
    tells_category: bool,
}

/// Calls `add` with each feature of a saying, in each place that has it.
fn visit(words: &[Word], mut add: impl FnMut(Told)) {
    let mut add = |kind, a, b, words| {
        add(Told { feature: feature(kind, a, b), words, tells_category: !matches!(kind, Kind::Near) });
    };
    for (i, word) in words.iter().enumerate() {
        add(Kind::Word, word.meaning.hash, 0, i..=i);
        if let Some(stem) = word.meaning.stem {
            add(Kind::Stem, stem, 0, i..=i);
        }
        for concept in each(word.meaning.concepts) {
            add(Kind::Concept, concept, 0, i..=i);
            for (j, other) in words.iter().enumerate().skip(i + 1).take(COMPANY) {
                each(other.meaning.concepts).for_each(|other| add(Kind::Company, concept, other, i..=j));
            }
        }
    }
    let large: Vec<(usize, &Word)> = words.iter().enumerate().filter(|(_, word)| !word.meaning.is_small).collect();
    for (n, (i, word)) in large.iter().enumerate() {
        for sense in word.senses.into_iter().filter(|sense| *sense != 0) {
            add(Kind::Sense, u64::from(sense), 0, *i..=*i);
        }
        for token in tokens(word) {
            let mut after = large[n + 1..].iter();
            if let Some((j, next)) = after.next() {
                tokens(next).for_each(|next| add(Kind::Next, token, next, *i..=*j));
            }
            // Languages order their words differently.
            for (j, near) in after.take(NEAR) {
                tokens(near).for_each(|near| add(Kind::Near, token.min(near), token.max(near), *i..=*j));
            }
        }
    }
}

fn category_weight(feature: Feature) -> usize {
    1 + (feature % (CATEGORY_WEIGHTS as u64 - 1)) as usize
}

/// What the weights of a saying are looked up by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    pub flag: Vec<Feature>,
    /// Indices of the weights of each category.
    pub category: Vec<usize>,
}

/// The words of a saying.
fn words(meanings: &[Meaning]) -> Vec<Word> {
    let languages = senses::languages(meanings.iter().map(|meaning| &meaning.senses));
    meanings.iter().map(|meaning| Word { meaning: *meaning, senses: meaning.senses.in_languages(languages) }).collect()
}

fn meanings(text: &str) -> Vec<Meaning> {
    let folded = Folded::new(text);
    let words = folded::english(&folded.words());
    words.into_iter().filter(|word| *word != BOUNDARY).map(Meaning::of).collect()
}

/// Returns each feature once: a word that a child repeats says no more than before.
fn once<T: Ord>(mut features: Vec<T>) -> Vec<T> {
    features.sort_unstable();
    features.dedup();
    features
}

/// Indices of the weights of each category.
fn category_features(words: &[Word]) -> Vec<usize> {
    let mut features = vec![0];
    visit(words, |told| features.extend(told.tells_category.then(|| category_weight(told.feature))));
    once(features)
}

/// Returns the features of a saying, for training.
pub fn features(text: &str) -> Features {
    let words = words(&meanings(text));
    let mut flag = Vec::new();
    visit(&words, |told| flag.push(told.feature));
    Features { flag: once(flag), category: category_features(&words) }
}

fn place(feature: Feature) -> (usize, u16) {
    let bucket = ((feature >> 32) % BUCKETS as u64) as usize;
    (bucket * BUCKET, (feature & (u64::from(u16::MAX) >> WEIGHT_BITS)) as u16)
}

/// Returns the weights as bytes, as they are checked in: the weight of everything, then the buckets.
pub fn stored_flag(of_all: f32, mut weights: Vec<(Feature, f32)>) -> Vec<u8> {
    weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    let mut entries = vec![0_u16; BUCKET * BUCKETS];
    for (feature, weight) in weights {
        let stored = (weight * SCALE).round().clamp((1 - ZERO) as f32, (ZERO - 1) as f32) as i32;
        let (start, mark) = place(feature);
        let bucket = &mut entries[start..start + BUCKET];
        if let (Some(free), true) = (bucket.iter_mut().find(|entry| **entry == 0), stored != 0) {
            *free = (mark << WEIGHT_BITS) | (stored + ZERO) as u16;
        }
    }
    of_all.to_le_bytes().into_iter().chain(entries.into_iter().flat_map(u16::to_le_bytes)).collect()
}

/// Returns the weights of a category as bytes, as they are checked in.
pub fn stored_category(weights: &[f32]) -> Vec<u8> {
    weights.iter().map(|weight| (weight * CATEGORY_SCALE).round().clamp(-127.0, 127.0) as i8 as u8).collect()
}

/// The weight of a feature as it is stored, 0 if none is.
fn weight(flag: &[u8], feature: Feature) -> i32 {
    let (start, mark) = place(feature);
    let Some(entries) = flag.get(4 + 2 * start..).and_then(|rest| rest.first_chunk::<{ 2 * BUCKET }>()) else {
        return 0;
    };
    // The first entry of the feature, without a branch for each.
    let (entries, _) = entries.as_chunks();
    let place = |i: usize| if u16::from_le_bytes(entries[i]) >> WEIGHT_BITS == mark { i as i16 } else { i16::MAX };
    let first = (0..BUCKET).map(place).fold(i16::MAX, i16::min);
    match entries.get(first as usize).map(|entry| u16::from_le_bytes(*entry)) {
        None | Some(0) => 0,
        Some(entry) => (i32::from(entry) & ((1 << WEIGHT_BITS) - 1)) - ZERO,
    }
}

/// A saying as the weights judge it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Log-odds that an adult should read it.
    pub score: f32,
    /// What it would be about.
    pub category: Category,
}

/// Judges a saying by stored weights.
pub fn judge_by(flag: &[u8], category: &[u8], text: &str) -> Judged {
    judge_words(flag, category, &words(&meanings(text)), f32::NEG_INFINITY, &mut Vec::new())
}

/// Judges one saying after the other.
#[derive(Default)]
pub(super) struct Judge {
    /// The features of a saying that have weight.
    told: Vec<(Told, i32)>,
}

impl Judge {
    /// Judges a saying by what its words mean. The category is only asked for if the score is enough to flag it.
    pub(super) fn judge(&mut self, meanings: &[Meaning]) -> Judged {
        judge_words(FLAG, CATEGORY, &words(meanings), ALONE, &mut self.told)
    }
}

fn judge_words(
    flag: &[u8],
    category: &[u8],
    words: &[Word],
    categorised_from: f32,
    told: &mut Vec<(Told, i32)>,
) -> Judged {
    told.clear();
    visit(words, |feature| {
        let weight = weight(flag, feature.feature);
        if weight != 0 {
            told.push((feature, weight));
        }
    });
    told.sort_unstable_by_key(|(told, _)| told.feature);
    let of_all = flag.first_chunk().map_or(0.0, |bytes| f32::from_le_bytes(*bytes));
    let last = words.len().saturating_sub(WINDOW / 2).max(1);
    let windows = (0..last).step_by(WINDOW / 2).map(|start| start..(start + WINDOW).min(words.len()));
    let scored = windows.map(|window| {
        // Each feature once: a word that a child repeats says no more than before.
        let (mut sum, mut before) = (0, None);
        let is_inside = |told: &Told| window.contains(told.words.start()) && window.contains(told.words.end());
        for (told, weight) in told.iter().filter(|(told, _)| is_inside(told)) {
            if before.replace(told.feature) != Some(told.feature) {
                sum += weight;
            }
        }
        (of_all + sum as f32 / SCALE, window)
    });
    match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, window)) if score >= categorised_from => {
            Judged { score, category: likeliest(category, &category_features(&words[window])) }
        }
        Some((score, _)) => Judged { score, category: Category::Other },
        None => Judged { score: of_all, category: Category::Other },
    }
}

fn likeliest(weights: &[u8], features: &[usize]) -> Category {
    let of_category = |weights: &[u8]| -> i32 {
        let stored = features.iter().filter_map(|i| weights.get(*i));
        stored.map(|byte| i32::from(*byte as i8)).sum()
    };
    let sums = weights.chunks(CATEGORY_WEIGHTS).map(of_category);
    let likeliest = sums.zip(CATEGORIES).max_by_key(|(sum, _)| *sum);
    likeliest.map_or(Category::Other, |(_, category)| category)
}
