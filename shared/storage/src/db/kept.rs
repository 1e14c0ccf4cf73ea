//! What a program keeps in memory of its database.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::curriculum::Curriculum;

/// The curriculum that was read last, with its version and when that was last compared with the database.
#[derive(Debug, Default)]
pub(crate) struct KeptCurriculum(Mutex<Option<Kept>>);

#[derive(Clone, Debug)]
struct Kept {
    version: String,
    compared_at: Instant,
    curriculum: Arc<Curriculum>,
}

impl KeptCurriculum {
    /// Returns it if it was compared at most so long ago.
    pub(crate) fn compared_within(&self, age: Duration) -> Option<Arc<Curriculum>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|kept| kept.compared_at.elapsed() <= age).map(|kept| Arc::clone(&kept.curriculum))
    }

    /// Returns it if the database has this version now.
    pub(crate) fn of_version(&self, version: &str) -> Option<Arc<Curriculum>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_mut().filter(|kept| kept.version == version)?;
        kept.compared_at = Instant::now();
        Some(Arc::clone(&kept.curriculum))
    }

    pub(crate) fn keep(&self, version: String, curriculum: &Arc<Curriculum>) {
        let kept = Kept { version, compared_at: Instant::now(), curriculum: Arc::clone(curriculum) };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
}
