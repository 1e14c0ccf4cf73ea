//! One of several: a lock of the database's, held on a connection of its own for as long as the work takes.

use sqlx::Connection as _;

use super::{Connection, Db, Result};

/// Held until it is dropped, or until its connection is lost.
#[derive(Debug)]
pub struct Hold(Connection);

/// `None`: somebody else holds it.
pub async fn try_hold(db: &Db, key: i64) -> Result<Option<Hold>> {
    // Out of the pool: given back with the lock still on, it would keep everybody out for good.
    let mut connection = db.acquire().await?.detach();
    let free = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "free!""#, key).fetch_one(&mut connection);
    Ok(free.await?.then_some(Hold(connection)))
}

impl Hold {
    /// Lets go at once. Dropped instead, it goes when Postgres notices.
    pub async fn release(self) {
        let _ = self.0.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = "../migrations")]
    async fn one_of_two_holds_it(db: Db) {
        let key = i64::from(u32::from_be_bytes(*b"hold"));
        let held = try_hold(&db, key).await.unwrap().unwrap();
        assert!(try_hold(&db, key).await.unwrap().is_none());
        held.release().await;
        assert!(try_hold(&db, key).await.unwrap().is_some());
    }
}
