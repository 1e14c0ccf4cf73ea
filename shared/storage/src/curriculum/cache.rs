//! The curriculum in memory. It is read again only after a change, because it is a hundred times as large as a call.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Curriculum, load, version};
use crate::db::{self, Connection, Db, Result};

/// The curriculum that was read last, with its version.
#[derive(Debug, Default)]
pub struct CurriculumCache(Mutex<Option<(String, Arc<Curriculum>)>>);

impl CurriculumCache {
    /// The curriculum as it is now.
    pub async fn load_now(&self, db: &Db) -> Result<Arc<Curriculum>> {
        let version = version(db).await?;
        if let Some(known) = self.of_version(&version) {
            return Ok(known);
        }
        let mut tx = db::begin_snapshot(db).await?;
        self.load(&mut tx).await
    }

    /// The curriculum as the transaction sees it.
    pub async fn load(&self, tx: &mut Connection) -> Result<Arc<Curriculum>> {
        let version = version(&mut *tx).await?;
        if let Some(known) = self.of_version(&version) {
            return Ok(known);
        }
        // If it changes between the two statements, the next call finds another version and reads it again.
        let read = Arc::new(load(tx).await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, Arc::clone(&read)));
        Ok(read)
    }

    fn of_version(&self, version: &str) -> Option<Arc<Curriculum>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.filter(|(known, _)| known == version).map(|(_, curriculum)| curriculum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_change_is_seen_at_once_and_nothing_else_is_read_again(pool: sqlx::PgPool) {
        let db = crate::db::Db::from(pool);
        let mut tx = crate::db::begin(&db).await.unwrap();
        crate::curriculum::install_starter(&mut tx).await.unwrap();
        let cache = CurriculumCache::default();
        let first = cache.load(&mut tx).await.unwrap();
        assert!(first.skills.len() > 50);
        assert!(Arc::ptr_eq(&first, &cache.load(&mut tx).await.unwrap()));
        for change in [
            "update skills set name = name where skill_id = (select min(skill_id) from skills)",
            "update subjects set name = 'Sums' where subject_id = 'maths'",
            "delete from skill_prerequisites",
        ] {
            let before = cache.load(&mut tx).await.unwrap();
            sqlx::query(change).execute(&mut *tx).await.unwrap();
            assert!(!Arc::ptr_eq(&before, &cache.load(&mut tx).await.unwrap()), "{change}");
        }
        let last = cache.load(&mut tx).await.unwrap();
        assert!(last.subjects.iter().any(|subject| subject.name == "Sums"));
        assert!(last.skills.iter().all(|skill| skill.prerequisites.is_empty()));
    }
}
