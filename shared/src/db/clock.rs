//! Whether our clock and the database's agree.

use chrono::{DateTime, Utc};

use super::{Executor, Result};

/// How many seconds the database's clock is ahead of `now`.
pub async fn clock_skew_seconds(db: impl Executor<'_>, now: DateTime<Utc>) -> Result<f64> {
    let theirs = sqlx::query_scalar!(r#"select clock_timestamp() as "at!""#).fetch_one(db).await?;
    Ok((theirs - now).as_seconds_f64())
}
