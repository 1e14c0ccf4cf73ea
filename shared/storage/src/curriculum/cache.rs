//! The curriculum in memory. It is read again only after a change, because it is a hundred times as large as a call.

use std::sync::Arc;
use std::time::Duration;

use super::{Curriculum, load, version};
use crate::db::{self, Connection, Db, Result};

/// To ask whether the curriculum changed costs as much as to read a student's context, so contexts ask once a second.
const FRESH: Duration = Duration::from_secs(1);

/// The curriculum as it was at most a second ago.
pub async fn fresh(db: &Db) -> Result<Arc<Curriculum>> {
    match db.curriculum.compared_within(FRESH) {
        Some(known) => Ok(known),
        None => current(db).await,
    }
}

/// The curriculum as it is now.
pub async fn current(db: &Db) -> Result<Arc<Curriculum>> {
    let version = version(db).await?;
    if let Some(known) = db.curriculum.of_version(&version) {
        return Ok(known);
    }
    let mut tx = db::begin_snapshot(db).await?;
    current_in(db, &mut tx).await
}

/// The curriculum as the transaction sees it.
pub async fn current_in(db: &Db, tx: &mut Connection) -> Result<Arc<Curriculum>> {
    let version = version(&mut *tx).await?;
    if let Some(known) = db.curriculum.of_version(&version) {
        return Ok(known);
    }
    // If it changes between the two statements, the next call finds another version and reads it again.
    let read = Arc::new(load(tx).await?);
    db.curriculum.keep(version, &read);
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_change_is_seen_at_once_and_nothing_else_is_read_again(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut tx = db::begin(&db).await.unwrap();
        crate::curriculum::install_starter(&mut tx).await.unwrap();
        let first = current_in(&db, &mut tx).await.unwrap();
        assert!(first.skills.len() > 50);
        assert!(Arc::ptr_eq(&first, &current_in(&db, &mut tx).await.unwrap()));
        for change in [
            "update skills set name = name where skill_id = (select min(skill_id) from skills)",
            "update subjects set name = 'Sums' where subject_id = 'maths'",
            "delete from skill_prerequisites",
        ] {
            let before = current_in(&db, &mut tx).await.unwrap();
            sqlx::query(change).execute(&mut *tx).await.unwrap();
            assert!(!Arc::ptr_eq(&before, &current_in(&db, &mut tx).await.unwrap()), "{change}");
        }
        let last = current_in(&db, &mut tx).await.unwrap();
        assert!(last.subjects.iter().any(|subject| subject.name == "Sums"));
        assert!(last.skills.iter().all(|skill| skill.prerequisites.is_empty()));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_context_sees_a_change_within_a_second(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut tx = db::begin(&db).await.unwrap();
        crate::curriculum::install_starter(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let first = fresh(&db).await.unwrap();
        assert!(Arc::ptr_eq(&first, &current(&db).await.unwrap()));
        let mut tx = db::begin(&db).await.unwrap();
        sqlx::query("update subjects set name = 'Sums' where subject_id = 'maths'").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        tokio::time::sleep(FRESH).await;
        let names = fresh(&db).await.unwrap();
        assert!(names.subjects.iter().any(|subject| subject.name == "Sums"));
    }
}
