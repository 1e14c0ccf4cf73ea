//! How far long-running work has come: one key per kind of work, kept so that it continues after a restart.

use chrono::{DateTime, Utc};

use crate::db::{Executor, Result};

/// Up to where it is done; `None`: it was never begun, or was brought to its end.
pub async fn find(executor: impl Executor<'_>, name: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select position from watermarks where name = $1", name).fetch_optional(executor).await?)
}

/// Done up to `position`.
pub async fn put(executor: impl Executor<'_>, name: &str, position: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into watermarks (name, position, updated_at) values ($1, $2, $3)
         on conflict (name) do update set position = excluded.position, updated_at = excluded.updated_at",
        name,
        position,
        now,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Brought to its end: the next time begins at the beginning.
pub async fn clear(executor: impl Executor<'_>, name: &str) -> Result<()> {
    sqlx::query!("delete from watermarks where name = $1", name).execute(executor).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_last_word_counts_until_the_work_is_done(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = crate::clock::now();
        assert_eq!(find(&db, "rebuild").await.unwrap(), None);
        put(&db, "rebuild", "a", now).await.unwrap();
        put(&db, "rebuild", "b", now).await.unwrap();
        put(&db, "another", "z", now).await.unwrap();
        assert_eq!(find(&db, "rebuild").await.unwrap().as_deref(), Some("b"));
        clear(&db, "rebuild").await.unwrap();
        assert_eq!(find(&db, "rebuild").await.unwrap(), None);
    }
}
