//! Between a right password and the second factor: a few minutes, and a few tries.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::db::{Executor, Result};
use crate::id::AdminUserId;
use crate::secret;

const LIFETIME: TimeDelta = TimeDelta::minutes(5);
const MAX_TRIES: i32 = 5;

/// Begins the step. Returns what its form carries, once. Those of the user that are over go.
pub async fn insert_step(
    db: impl Executor<'_>,
    admin_user_id: AdminUserId,
    now: DateTime<Utc>,
) -> Result<SecretString> {
    let step = secret::generate("step");
    sqlx::query!(
        "with over as (delete from admin_login_steps where expires_at <= $3)
         insert into admin_login_steps (step_hash, admin_user_id, expires_at) values ($1, $2, $4)",
        secret::hash(step.expose_secret()),
        admin_user_id as AdminUserId,
        now,
        now + LIFETIME,
    )
    .execute(db)
    .await?;
    Ok(step)
}

/// Whose step it is, for one more try. `None`: it is over, or was tried too often.
pub async fn try_step(
    db: impl Executor<'_>,
    step: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<(AdminUserId, String)>> {
    let row = sqlx::query!(
        r#"update admin_login_steps s set n_tries = n_tries + 1 from admin_users u
           where s.step_hash = $1 and s.expires_at > $2 and s.n_tries < $3
             and u.admin_user_id = s.admin_user_id and u.disabled_at is null
           returning u.admin_user_id as "admin_user_id: AdminUserId", u.email"#,
        secret::hash(step.expose_secret()),
        now,
        MAX_TRIES,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.admin_user_id, row.email)))
}

/// Whose step it is, without a try. `None`: it is over.
pub async fn find_user_of_step(
    db: impl Executor<'_>,
    step: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<AdminUserId>> {
    Ok(sqlx::query_scalar!(
        r#"select admin_user_id as "admin_user_id: AdminUserId" from admin_login_steps
           where step_hash = $1 and expires_at > $2 and n_tries < $3"#,
        secret::hash(step.expose_secret()),
        now,
        MAX_TRIES,
    )
    .fetch_optional(db)
    .await?)
}

/// Ends the user's steps.
pub async fn delete_steps_of(db: impl Executor<'_>, admin_user_id: AdminUserId) -> Result<()> {
    sqlx::query!("delete from admin_login_steps where admin_user_id = $1", admin_user_id as AdminUserId)
        .execute(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::admin_user::insert_user;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_step_allows_a_few_tries_for_a_few_minutes(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (ada, _) = insert_user(&db, "ada@example.org", Role::Admin, None, None, now).await.unwrap();
        let step = insert_step(&db, ada, now).await.unwrap();
        for _ in 0..MAX_TRIES {
            assert_eq!(try_step(&db, &step, now).await.unwrap(), Some((ada, "ada@example.org".to_owned())));
        }
        assert_eq!(try_step(&db, &step, now).await.unwrap(), None);
        assert_eq!(find_user_of_step(&db, &step, now).await.unwrap(), None);
        let step = insert_step(&db, ada, now).await.unwrap();
        assert_eq!(find_user_of_step(&db, &step, now).await.unwrap(), Some(ada));
        assert_eq!(try_step(&db, &step, now + LIFETIME).await.unwrap(), None);
        delete_steps_of(&db, ada).await.unwrap();
        assert_eq!(try_step(&db, &step, now).await.unwrap(), None);
    }
}
