//! VAPI: the one HTTP client for its REST API, what this service needs to be set up there, and how that differs from what
//! is there. `ai-tutor vapi`, the worker and the dashboard share it.

mod api;
mod check;
mod diff;
mod fault;
mod found;
mod plan;
mod setup;
mod test_call;

pub use self::api::{Answer, Api};
pub use self::check::{Finding, KeyState, Known, check, records};
pub use self::diff::{Difference, lines};
pub use self::fault::{Fault, seconds};
pub use self::found::{Found, find_all};
pub use self::plan::{Mark, PROMPT, Plan, SCOPES, TOOLS, artifact_plan, overrides, secret_print};
pub use self::setup::{Change, Number, Setup, Trouble};
pub use self::test_call::{MAX_PER_HOUR, Refusal, place as place_test_call};

use storage::access::ScopeSet;

/// [`SCOPES`] as a set.
pub fn scopes() -> ScopeSet {
    SCOPES.parse().expect("a constant that a test reads")
}
