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

/// Returns the probability by stored weights.
pub(super) fn by_stored(features: &[u32], weights: &[u8]) -> f64 {
    probability(features, |i| weights.get(i).map_or(0.0, |byte| f32::from(*byte as i8) / SCALE))
}

/// Indices of weights.
pub(super) struct Features(Vec<u32>);

impl Features {
    /// The first weight belongs to everything.
    pub(super) fn new() -> Self {
        let mut found = Vec::with_capacity(128);
        found.push(0);
        Self(found)
    }

    /// Adds the feature whose name has these parts.
    pub(super) fn add<const N: usize>(&mut self, parts: [&str; N]) {
        let mut hash = Hash::default();
        for part in parts {
            hash.add(part);
        }
        self.push(&hash);
    }

    fn push(&mut self, hash: &Hash) {
        self.0.push(1 + ((hash.0 ^ (hash.0 >> 29)) % (BUCKETS as u64 - 1)) as u32);
    }

    /// Each index once, in order.
    pub(super) fn finish(mut self) -> Vec<u32> {
        self.0.sort_unstable();
        self.0.dedup();
        self.0
    }
}

/// FNV-1a of what is written to it.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    fn add(&mut self, text: &str) {
        self.0 = text.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
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
