//! Logistic regression over hashed features: what the learned readings of a call share.

/// Features are hashed into so many weights.
pub const BUCKETS: usize = 1 << 14;
/// A weight of 1 as it is stored.
const SCALE: f32 = 24.0;

/// Returns weights as bytes, one a byte, as they are checked in.
pub fn stored(weights: &[f32]) -> Vec<u8> {
    weights.iter().map(|weight| (weight * SCALE).round().clamp(-127.0, 127.0) as i8 as u8).collect()
}

/// Returns the probability by these features and weights, 0 to 1.
pub fn probability(features: &[u32], weight: impl Fn(usize) -> f32) -> f64 {
    let sum: f32 = features.iter().map(|feature| weight(*feature as usize)).sum();
    1.0 / (1.0 + f64::from(-sum).exp())
}

/// Indices of weights.
pub(super) struct Features(Vec<u32>);

impl Features {
    /// The first weight belongs to everything.
    pub(super) fn new() -> Self {
        let mut found = Vec::with_capacity(160);
        found.push(0);
        Self(found)
    }

    /// Adds the feature whose name has these parts.
    #[inline]
    pub(super) fn add<const N: usize>(&mut self, parts: [&str; N]) {
        self.push(parts.into_iter().fold(Name::default(), Name::then));
    }

    #[inline]
    pub(super) fn push(&mut self, name: Name) {
        self.0.push(1 + ((name.0 ^ (name.0 >> 29)) % (BUCKETS as u64 - 1)) as u32);
    }

    /// Returns the probability by stored weights, 0 to 1. Each index counts once.
    pub(super) fn probability(&self, weights: &[u8]) -> f64 {
        let mut seen = [0_u64; BUCKETS / 64];
        let mut sum = 0_i32;
        for index in self.0.iter().map(|index| *index as usize) {
            let (word, bit) = (&mut seen[index / 64], 1 << (index % 64));
            if *word & bit == 0 {
                sum += weights.get(index).map_or(0, |byte| i32::from(*byte as i8));
            }
            *word |= bit;
        }
        1.0 / (1.0 + (-f64::from(sum) / f64::from(SCALE)).exp())
    }

    /// Each index once, in order.
    pub(super) fn finish(mut self) -> Vec<u32> {
        self.0.sort_unstable();
        self.0.dedup();
        self.0
    }
}

/// The name of a feature, as its hash: FNV-1a.
#[derive(Clone, Copy)]
pub(super) struct Name(u64);

impl Default for Name {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Name {
    /// The name with more text behind it.
    #[inline]
    pub(super) fn then(self, text: &str) -> Self {
        let mut hash = self.0;
        for byte in text.as_bytes() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(hash)
    }
}

/// A number in a feature's name; all that is greater is one.
pub(super) fn count(n: usize, most: usize) -> &'static str {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    DIGITS[n.min(most).min(9)]
}

/// A fact in a feature's name.
pub(super) fn flag(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

/// The same, where there may be none.
pub(super) fn optional(is: Option<bool>) -> &'static str {
    match is {
        Some(true) => "Some(true)",
        Some(false) => "Some(false)",
        None => "None",
    }
}
