//! One of several: a row of the database says who does a piece of work, and until when.
//!
//! A row and not a lock of a session, because a connection pooler shares sessions.

use std::time::Duration;

use uuid::Uuid;

use super::{Db, Result};

/// Held until it is released, or until its time is over.
#[derive(Debug)]
pub struct Hold {
    name: &'static str,
    holder: String,
}

/// Takes `name` for at most `at_most`. Returns `None` if another process holds it.
pub async fn try_hold(db: &Db, name: &'static str, at_most: Duration) -> Result<Option<Hold>> {
    let holder = Uuid::now_v7().to_string();
    let taken = sqlx::query!(
        "insert into watermarks (name, position, updated_at) values ($1, $2, now() + make_interval(secs => $3))
         on conflict (name) do update set position = excluded.position, updated_at = excluded.updated_at
         where watermarks.updated_at < now()",
        name,
        holder,
        at_most.as_secs_f64(),
    );
    let taken = taken.execute(db).await?.rows_affected() == 1;
    Ok(taken.then_some(Hold { name, holder }))
}

impl Hold {
    /// Releases it at once, unless another process has taken it since.
    pub async fn release(self, db: &Db) -> Result<()> {
        let released = sqlx::query!("delete from watermarks where name = $1 and position = $2", self.name, self.holder);
        released.execute(db).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[sqlx::test(migrations = "../../migrations")]
    async fn one_of_two_holds_it(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let held = try_hold(&db, "work", LONG).await.unwrap().unwrap();
        assert!(try_hold(&db, "work", LONG).await.unwrap().is_none());
        held.release(&db).await.unwrap();
        assert!(try_hold(&db, "work", LONG).await.unwrap().is_some());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn who_died_holds_it_until_its_time_is_over(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let late = try_hold(&db, "work", Duration::ZERO).await.unwrap().unwrap();
        assert!(try_hold(&db, "work", LONG).await.unwrap().is_some());
        late.release(&db).await.unwrap();
        assert!(try_hold(&db, "work", LONG).await.unwrap().is_none(), "what another took stays taken");
    }
}
