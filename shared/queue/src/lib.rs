//! Jobs at work: sending them to Faktory, leases, retries, bulk repairs and the lists of the Jobs page.
//!
//! [`storage::job`] has the kinds of jobs and enqueues them. A job is a row; Faktory and notifications only wake workers.

pub mod dispatch;
pub mod hours;
pub mod lease;
pub mod list;
pub mod overhaul;
pub mod pause;
pub mod retry;
#[cfg(test)]
mod state_machine;
pub mod wake;
