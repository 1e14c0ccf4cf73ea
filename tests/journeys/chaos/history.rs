//! The events of a run, one per line, in the order in which it became known. The checker relies on nothing else.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A call ended, as VAPI knows. Its reports may or may not be sent.
    Ended { call_id: String },
    /// A delivery was answered with 2xx.
    Accepted { call_id: String, key: String },
    /// A delivery got another status, or no answer (`status` 0).
    Refused { status: u16 },
    /// A callback or a concern was stored.
    Promised { promise: Promise, id: String },
    /// A fault begins or ends.
    Fault { row: u8, begins: bool },
}

/// What has to follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    Call,
    Alert,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    pub at_ms: u64,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Clone)]
pub struct History {
    file: Arc<Mutex<File>>,
    path: PathBuf,
    begin: Instant,
    /// Number of jobs that wait, as last seen.
    n_behind: Arc<AtomicUsize>,
}

impl History {
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("history.jsonl");
        Self {
            file: Arc::new(Mutex::new(File::create(&path).unwrap())),
            path,
            begin: Instant::now(),
            n_behind: Arc::default(),
        }
    }

    pub fn write(&self, event: Event) {
        let line = Line { at_ms: self.begin.elapsed().as_millis() as u64, event };
        let text = serde_json::to_string(&line).unwrap();
        writeln!(self.file.lock().unwrap(), "{text}").unwrap();
    }

    pub fn n_behind(&self) -> usize {
        self.n_behind.load(Ordering::Relaxed)
    }

    pub fn set_behind(&self, n: usize) {
        self.n_behind.store(n, Ordering::Relaxed);
    }

    pub fn read(&self) -> Vec<Line> {
        let lines = BufReader::new(File::open(&self.path).unwrap()).lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    }
}
