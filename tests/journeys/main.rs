//! Journeys through the front door, over a real Postgres. One binary, so that it is linked once.
//!
//! `./dev test` runs them with a throw-away Postgres; alone they need `DATABASE_URL`. What needs more than that is
//! ignored by default and named after what it needs: `with_faktory`.

#![expect(clippy::unwrap_used, reason = "a journey that cannot go on has failed")]

mod first_call;
mod operations;
mod processes;
mod service;
mod signatures;
mod tidy;
mod tools;
mod vapi;
mod with_faktory;
