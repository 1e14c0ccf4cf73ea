//! Browsers in which a person has signed in before, each known by a cookie that opens nothing.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::db::{Executor, Result};
use crate::id::AdminUserId;
use crate::secret;

/// So many of one person are remembered, the last used ones.
const MAX_DEVICES: i64 = 20;

/// A value for the cookie of a new browser.
pub fn generate() -> SecretString {
    secret::generate("dev")
}

/// Whether the user of this address has signed in with this browser.
pub async fn is_known(db: impl Executor<'_>, device: &SecretString, email: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select 1 from admin_devices join admin_users using (admin_user_id)
               where device_hash = $1 and email = $2) as "is_known!""#,
        secret::hash(device.expose_secret()),
        email,
    )
    .fetch_one(db)
    .await?)
}

/// Remembers that the user has signed in with this browser.
pub async fn remember(
    db: impl Executor<'_>,
    device: &SecretString,
    admin_user_id: AdminUserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with old as (
             delete from admin_devices where admin_user_id = $2 and device_hash <> $1 and device_hash in (
                 select device_hash from admin_devices where admin_user_id = $2 order by last_used_at desc offset $4))
         insert into admin_devices (device_hash, admin_user_id, last_used_at) values ($1, $2, $3)
         on conflict (device_hash, admin_user_id) do update set last_used_at = $3",
        secret::hash(device.expose_secret()),
        admin_user_id as AdminUserId,
        now,
        MAX_DEVICES - 1,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// No browser of the user is known any more.
pub async fn forget_all(db: impl Executor<'_>, admin_user_id: AdminUserId) -> Result<()> {
    sqlx::query!("delete from admin_devices where admin_user_id = $1", admin_user_id as AdminUserId)
        .execute(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::access::Role;
    use crate::admin_user::insert_user;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_browser_is_known_for_its_person_alone(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (ada, _) = insert_user(&db, "ada@example.org", Role::Admin, None, None, now).await.unwrap();
        insert_user(&db, "bob@example.org", Role::Tutor, None, None, now).await.unwrap();
        let first = generate();
        remember(&db, &first, ada, now).await.unwrap();
        assert!(is_known(&db, &first, "ada@example.org").await.unwrap());
        assert!(!is_known(&db, &first, "bob@example.org").await.unwrap());
        assert!(!is_known(&db, &generate(), "ada@example.org").await.unwrap());
        for n in 1..=25 {
            remember(&db, &generate(), ada, now + TimeDelta::minutes(n)).await.unwrap();
        }
        assert!(!is_known(&db, &first, "ada@example.org").await.unwrap(), "the oldest is forgotten");
        let n = sqlx::query_scalar!(r#"select count(*) as "n!" from admin_devices"#).fetch_one(&db).await.unwrap();
        assert_eq!(n, MAX_DEVICES);
        forget_all(&db, ada).await.unwrap();
    }
}
