//! Open event streams, bounded for each reader and in all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The open streams, by what names their reader.
#[derive(Debug)]
pub struct Streams {
    max_of_reader: usize,
    max: usize,
    open: Mutex<HashMap<Vec<u8>, usize>>,
}

/// One open stream. Dropping it frees its place.
#[derive(Debug)]
pub struct OpenStream {
    streams: Arc<Streams>,
    reader: Vec<u8>,
}

impl Streams {
    /// At most `max` streams at once, of which one reader has at most `max_of_reader`.
    pub fn new(max_of_reader: usize, max: usize) -> Arc<Self> {
        Arc::new(Self { max_of_reader, max, open: Mutex::default() })
    }

    /// Returns `None` if this reader, or all readers together, have too many streams.
    pub fn open(self: &Arc<Self>, reader: &[u8]) -> Option<OpenStream> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let n_of_reader = open.get(reader).copied().unwrap_or_default();
        if n_of_reader >= self.max_of_reader || open.values().sum::<usize>() >= self.max {
            return None;
        }
        open.insert(reader.to_owned(), n_of_reader + 1);
        Some(OpenStream { streams: self.clone(), reader: reader.to_owned() })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = open.get_mut(&self.reader) {
            *n -= 1;
            if *n == 0 {
                open.remove(&self.reader);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_bounded_by_reader_and_in_all() {
        let streams = Streams::new(3, 10);
        let mut open: Vec<_> = (0..3).map(|_| streams.open(b"one").unwrap()).collect();
        assert!(streams.open(b"one").is_none());
        open.pop();
        open.push(streams.open(b"one").unwrap());
        open.extend((0_u8..).flat_map(|n| [[n]; 3]).map_while(|reader| streams.open(&reader)));
        assert_eq!(open.len(), 10);
        drop(open);
        assert!(streams.open.lock().unwrap().is_empty());
    }
}
