//! A map by words that is fast to look up.

/// A map by words. Most look-ups read one slot and compare two numbers: a word of up to 16 bytes is packed into them.
///
/// The hash has no seed. A caller who knows it can only slow down tables that hold the caller's own words.
#[derive(Clone, Debug)]
pub struct WordMap<V, K = &'static str> {
    entries: Vec<(Packed, K, V)>,
    /// A power of two of them. Each is [`EMPTY`], or bits of a hash and the entry's position.
    slots: Vec<u32>,
}

/// A slot without an entry.
const EMPTY: u32 = u32::MAX;
/// Bits of a slot for the entry's position. The rest are of its hash.
const POSITION: u32 = 20;

/// The first and last bytes of a word, and how many bytes it has. Up to 16 bytes they are the whole word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed {
    first: u64,
    last: u64,
    length: usize,
}

impl Packed {
    #[inline]
    fn of(word: &str) -> Self {
        let bytes = word.as_bytes();
        let length = bytes.len();
        let (first, last) = if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
        } else {
            let at = |at: usize| bytes.get(at).map_or(0, |byte| u64::from(*byte));
            (at(0) | at(1) << 8, at(2))
        };
        Self { first, last, length }
    }

    #[inline]
    fn hash(self) -> u64 {
        let (first, last) =
            (self.first ^ 0x9e37_79b9_7f4a_7c15, self.last ^ 0xbf58_476d_1ce4_e5b9 ^ self.length as u64);
        let product = u128::from(first) * u128::from(last);
        product as u64 ^ (product >> 64) as u64
    }

    /// Whether the two numbers are the whole word.
    #[inline]
    const fn is_whole(self) -> bool {
        self.length <= 16
    }
}

impl<V, K: AsRef<str>> WordMap<V, K> {
    #[inline]
    fn position(&self, word: &str) -> Option<usize> {
        let packed = Packed::of(word);
        let hash = packed.hash();
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            // None if nothing was ever inserted.
            let slot = *self.slots.get(at)?;
            if slot == EMPTY {
                return None;
            }
            if slot >> POSITION == (hash >> (32 + POSITION)) as u32 {
                let position = (slot & ((1 << POSITION) - 1)) as usize;
                let (known, key, _) = &self.entries[position];
                if *known == packed && (packed.is_whole() || key.as_ref() == word) {
                    return Some(position);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// The value of a word.
    #[inline]
    pub fn get(&self, word: &str) -> Option<&V> {
        self.position(word).map(|position| &self.entries[position].2)
    }

    /// Whether the word has a value.
    #[inline]
    pub fn contains_key(&self, word: &str) -> bool {
        self.position(word).is_some()
    }

    /// How many words have a value.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no word has one.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sets the value of a word. Returns the one that it had.
    pub fn insert(&mut self, word: K, value: V) -> Option<V> {
        if let Some(position) = self.position(word.as_ref()) {
            return Some(std::mem::replace(&mut self.entries[position].2, value));
        }
        self.add(word, value);
        None
    }

    /// The place of a word, to read or fill.
    pub fn entry(&mut self, word: K) -> Entry<'_, V, K> {
        Entry { map: self, word }
    }

    /// The words, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|(_, key, _)| key)
    }

    /// The values, in the order of the words.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, _, value)| value)
    }

    fn add(&mut self, word: K, value: V) {
        let packed = Packed::of(word.as_ref());
        // These tables stay for as long as the process runs, and a vector that doubles would be a third empty.
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(self.entries.len() / 8 + 4);
        }
        self.entries.push((packed, word, value));
        if self.entries.len() * 2 > self.slots.len() {
            self.slots = vec![EMPTY; (self.entries.len() * 4).next_power_of_two()];
            for position in 0..self.entries.len() {
                self.place(position);
            }
        } else {
            self.place(self.entries.len() - 1);
        }
    }

    fn place(&mut self, position: usize) {
        assert!(position < 1 << POSITION, "our lists and a curriculum have fewer than a million words");
        let hash = self.entries[position].0.hash();
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != EMPTY {
            at = (at + 1) & mask;
        }
        // The position of no entry is all ones, so this is not `EMPTY`.
        self.slots[at] = ((hash >> (32 + POSITION)) as u32) << POSITION | position as u32;
    }
}

/// A word of a map, with or without a value.
#[derive(Debug)]
pub struct Entry<'a, V, K = &'static str> {
    map: &'a mut WordMap<V, K>,
    word: K,
}

impl<'a, V, K: AsRef<str>> Entry<'a, V, K> {
    /// The value of the word, or this one, which it then has.
    pub fn or_insert(self, value: V) -> &'a mut V {
        let position = self.map.position(self.word.as_ref()).unwrap_or_else(|| {
            self.map.add(self.word, value);
            self.map.entries.len() - 1
        });
        &mut self.map.entries[position].2
    }

    /// The value of the word, or the default, which it then has.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert(V::default())
    }
}

impl<V, K> Default for WordMap<V, K> {
    fn default() -> Self {
        Self { entries: Vec::new(), slots: Vec::new() }
    }
}

impl<V, K: AsRef<str>> Extend<(K, V)> for WordMap<V, K> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, words: I) {
        for (word, value) in words {
            self.insert(word, value);
        }
    }
}

impl<V, K: AsRef<str>> FromIterator<(K, V)> for WordMap<V, K> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(words: I) -> Self {
        let mut map = Self::default();
        map.extend(words);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_any_length_are_found_and_others_are_not() {
        let long = "x".repeat(40);
        let words: Vec<String> =
            (0..40).map(|n| long[..n].to_owned()).chain((0..3000).map(|n| n.to_string())).collect();
        let map: WordMap<usize, String> = words.iter().cloned().enumerate().map(|(n, word)| (word, n)).collect();
        for (n, word) in words.iter().enumerate() {
            assert_eq!(map.get(word), Some(&n), "{word}");
            assert!(!map.contains_key(&format!("{word}y")), "{word}");
        }
        // The same first and last eight bytes.
        let mut map: WordMap<i32> = [("aaaaaaaabccccccccc", 1)].into_iter().collect();
        assert_eq!(map.get("aaaaaaaabcccccccccc"), None);
        assert_eq!(map.get("aaaaaaaaxccccccccc"), None);
        *map.entry("aaaaaaaaxccccccccc").or_default() += 2;
        assert_eq!((map.get("aaaaaaaabccccccccc"), map.get("aaaaaaaaxccccccccc")), (Some(&1), Some(&2)));
        assert_eq!((map.insert("aaaaaaaabccccccccc", 3), map.len()), (Some(1), 2));
        assert_eq!(WordMap::<i32>::default().get(""), None);
    }
}
