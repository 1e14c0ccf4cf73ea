//! Numbers from a seed, the same for ever: SplitMix64 (Steele, Lea and Flood, 2014).

/// A sequence of numbers that its seed determines.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included. `low` must not be above `high`.
    pub(super) fn range(&mut self, low: i64, high: i64) -> i64 {
        let n = high.abs_diff(low) + 1;
        let offset = (u128::from(self.next()) * u128::from(n)) >> 64;
        low + offset as i64
    }

    /// One of `from`, which must not be empty.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.range(0, from.len() as i64 - 1) as usize]
    }

    /// Yes in one case of two.
    pub(super) fn coin(&mut self) -> bool {
        self.range(0, 1) == 1
    }

    /// Two different ones of `from`, which must have at least two different ones.
    pub(super) fn pick_two<T: Copy + PartialEq>(&mut self, from: &[T]) -> (T, T) {
        let first = self.pick(from);
        loop {
            let second = self.pick(from);
            if second != first {
                return (first, second);
            }
        }
    }
}

/// FNV-1a over bytes: the same on every machine and in every version.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the published reference implementation for the seed 1234567.
    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_range_reaches_both_ends_and_nothing_else() {
        let mut random = Random::new(1);
        let mut seen = [0; 7];
        for _ in 0..1_000 {
            seen[(random.range(-3, 3) + 3) as usize] += 1;
        }
        assert!(seen.iter().all(|n| *n > 90), "{seen:?}");
    }

    #[test]
    fn a_hash_never_changes() {
        assert_eq!(hash(b"maths.add.facts"), hash(b"maths.add.facts"));
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
