//! The one place that reads the wall clock. Everything below an edge takes `now` as an argument.

use chrono::{DateTime, Utc};

/// Now, to the microsecond: what Postgres can keep, so that a written time reads back equal.
#[expect(clippy::disallowed_methods, reason = "this is the place the ban points to")]
pub fn now() -> DateTime<Utc> {
    let now = Utc::now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}
