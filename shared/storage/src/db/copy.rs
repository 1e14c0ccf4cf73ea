//! Rows in bulk, by Postgres' COPY.

use sqlx::Executor as _;

use super::{Connection, Db, Result};

/// So much is sent at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Sends `rows`, in COPY's text format, to `statement`: `copy … (…) from stdin`. Returns how many rows Postgres took.
pub async fn copy_in(connection: &mut Connection, statement: &'static str, rows: &str) -> Result<u64> {
    let mut copy = connection.copy_in_raw(statement).await?;
    for chunk in rows.as_bytes().chunks(CHUNK_BYTES) {
        copy.send(chunk).await?;
    }
    Ok(copy.finish().await?)
}

/// Turns off the checks of foreign keys in this transaction. The caller must send rows whose references exist. Postgres
/// allows it to superusers only; for other roles nothing changes.
pub async fn trust(tx: &mut Connection) -> Result<()> {
    sqlx::query(
        "select set_config('session_replication_role', 'replica', true)
         where current_setting('is_superuser')::boolean",
    )
    .execute(&mut *tx)
    .await?;
    // On a busy machine a batch may take longer than a statement or an idle transaction is allowed. Plans that were made while
    // the tables were empty must not be used again.
    sqlx::raw_sql(
        "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
         set local plan_cache_mode = force_custom_plan",
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets the planner know what is in the tables: after many rows at once it would otherwise learn that minutes later.
pub async fn refresh_statistics(db: &Db) -> Result<()> {
    const TABLES: [&str; 14] = [
        "analyze students",
        "analyze student_phones",
        "analyze sessions",
        "analyze turns",
        "analyze session_words",
        "analyze jobs",
        "analyze analyses",
        "analyze evidence",
        "analyze mastery",
        "analyze student_contexts",
        "analyze practices",
        "analyze session_facts",
        "analyze session_topics",
        "analyze attentions",
    ];
    for statement in TABLES {
        db.execute(statement).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Error;

    const SUBJECTS: &str = "copy subjects (subject_id, name) from stdin";

    #[sqlx::test(migrations = "../../migrations")]
    async fn rows_are_copied_and_counted(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut connection = db.acquire().await.unwrap();
        let n = copy_in(&mut connection, SUBJECTS, "chess\tChess\nmusic\tMu\\tsic\n").await.unwrap();
        assert_eq!(n, 2);
        let subjects = crate::curriculum::load(&mut connection).await.unwrap().subjects;
        let music = subjects.iter().find(|subject| subject.subject_id == "music").unwrap();
        assert_eq!(music.name, "Mu\tsic");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_refused_row_leaves_nothing_and_a_connection_that_works(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut connection = db.acquire().await.unwrap();
        let refused = copy_in(&mut connection, SUBJECTS, "chess\tChess\nchess\tChess\n").await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        assert_eq!(copy_in(&mut connection, SUBJECTS, "chess\tChess\n").await.unwrap(), 1);
        refresh_statistics(&db).await.unwrap();
    }
}
