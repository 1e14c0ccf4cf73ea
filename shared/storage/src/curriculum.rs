//! What can be learnt: subjects, and skills with their prerequisites, the words that betray them and ready-made questions.

mod cache;
mod compare;
mod practice;
mod recent;
mod rows;
mod subjects;
mod suggest;

pub use domain::curriculum::{Curriculum, Draft, Fault, Field, Phrase, Question, Skill, Subject, Wrong};

pub use self::cache::{current, current_in, fresh};
pub use self::compare::{Difference, fingerprint};
pub use self::practice::{Practice, find_practice, list_questions};
pub use self::recent::{N_RECENT, list_recent, lock_recent, note_asked};
pub use self::rows::{install_starter, list_retired, load, lock, set_retired, upsert, version};
pub use self::subjects::{SkillName, SubjectSwitch, list_skill_names, list_switches, set_switches};
pub use self::suggest::{SuggestedTopic, list_suggested_topics};
