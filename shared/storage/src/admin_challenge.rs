//! One-time tokens for a browser that signs in or uses a passkey. They work once, for a few minutes.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::db::{Executor, Result};
use crate::secret;

/// Keeps the hash of `challenge` for its `lifetime`, with what is to be known when it comes back. Those that are over go.
pub async fn insert_challenge(
    db: impl Executor<'_>,
    challenge: &SecretString,
    detail: &Value,
    lifetime: TimeDelta,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with over as (delete from admin_challenges where expires_at <= $3)
         insert into admin_challenges (challenge_hash, detail, expires_at) values ($1, $2, $4)",
        secret::hash(challenge.expose_secret()),
        detail,
        now,
        now + lifetime,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses the challenge up. `None`: it was used before, is too old, or was never given.
pub async fn take_challenge(
    db: impl Executor<'_>,
    challenge: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<Value>> {
    Ok(sqlx::query_scalar!(
        "delete from admin_challenges where challenge_hash = $1 and expires_at > $2 returning detail",
        secret::hash(challenge.expose_secret()),
        now,
    )
    .fetch_optional(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_challenge_works_once_and_for_its_minutes(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (one, other) = (secret::generate("go"), secret::generate("go"));
        let take = async |challenge: &SecretString, at| take_challenge(&db, challenge, at).await.unwrap();
        for challenge in [&one, &other] {
            let detail = json!({ "next": "/jobs" });
            insert_challenge(&db, challenge, &detail, TimeDelta::minutes(5), now).await.unwrap();
        }
        assert_eq!(take(&one, now).await, Some(json!({ "next": "/jobs" })));
        assert_eq!(take(&one, now).await, None, "it is used up");
        assert_eq!(take(&secret::generate("go"), now).await, None, "it was never given");
        assert_eq!(take(&other, now + TimeDelta::minutes(5)).await, None, "it is too old");
    }
}
