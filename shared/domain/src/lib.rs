//! What people say on the phone, as values: answers, tasks, questions and disclosures.
//!
//! Everything here is pure: no I/O, no clock, no randomness without a seed.
//!
//! **Invariant:** what was not understood is never acted on. A reader returns what it could not read, and the functions
//! that judge answer "undecided" if anything that matters is unread.

pub mod analysis;
pub mod answer;
pub mod calling;
pub mod curriculum;
pub mod disclosure;
pub mod evidence;
mod field_fault;
mod folded;
pub mod language;
pub mod lenient_json;
pub mod name;
pub mod network;
pub mod plain_text;
pub mod question;
pub mod remark;
pub mod task;
pub mod text;
pub mod transcript;
pub mod word_map;

pub use self::field_fault::FieldFault;
