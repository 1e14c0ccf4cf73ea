//! Journeys through the front door, over a real Postgres. One binary, so that it is linked once.
//!
//! `./dev test` runs them with a throw-away Postgres; alone they need `DATABASE_URL`. What needs more than that is
//! ignored by default and named after what it needs: `with_faktory`, `in_a_browser`.

mod first_call;
mod processes;
mod service;
mod signatures;
mod tidy;
mod tools;
mod vapi;
mod with_faktory;
