//! The one place that reads the wall clock. Everything below an edge takes `now` as an argument.

use chrono::{DateTime, Utc};

use crate::db::{Executor, Result};

/// Now, to the microsecond: what Postgres can keep, so that a written time reads back equal.
#[expect(clippy::disallowed_methods, reason = "this is the place the ban points to")]
pub fn now() -> DateTime<Utc> {
    let now = Utc::now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

/// Now by the clock of Postgres, for what several workers decide by time: the clock of one of them may be wrong.
pub async fn of_database(db: impl Executor<'_>) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(db).await?)
}
