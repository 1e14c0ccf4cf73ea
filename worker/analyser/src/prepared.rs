//! What the rules look up in a curriculum, made once and kept until another curriculum comes.

use std::sync::{Arc, Mutex, PoisonError};

use domain::curriculum::Curriculum;

use super::skill::Lexicon;

/// The look-up tables of a curriculum.
#[derive(Debug)]
pub(super) struct Prepared {
    curriculum: Curriculum,
    pub(super) lexicon: Lexicon,
}

/// The tables of the curriculum that was used last: a worker has one, which seldom changes.
static LAST: Mutex<Option<Arc<Prepared>>> = Mutex::new(None);

/// Returns the tables of a curriculum. To compare it with the last one costs a hundredth of making them.
pub(super) fn prepared(curriculum: &Curriculum) -> Arc<Prepared> {
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(last) = last.filter(|last| last.curriculum == *curriculum) {
        return last;
    }
    let made = Arc::new(Prepared { curriculum: curriculum.clone(), lexicon: Lexicon::new(curriculum) });
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
    made
}
