//! What a person does about a job that was given up.

use crate::db::{Connection, Error, Result};
use crate::id::{JobId, SessionId};

/// A job that was given up.
#[derive(Clone, Debug)]
pub struct GivenUp {
    pub job_id: JobId,
    pub kind: String,
    pub session_id: Option<SessionId>,
    pub attempts: i32,
    pub reason: Option<String>,
    pub finished_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// The newest first.
pub async fn list_given_up(executor: impl crate::db::Executor<'_>, limit: i64) -> Result<Vec<GivenUp>> {
    let jobs = sqlx::query_as!(
        GivenUp,
        r#"select job_id as "job_id: JobId", kind, session_id as "session_id: SessionId", attempts,
                  last_error as reason, finished_at
           from jobs where state = 'needs_attention' order by finished_at desc limit $1"#,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(jobs)
}

/// Tries a job that was given up once more, with all its attempts. Its session waits again.
pub async fn retry(connection: &mut Connection, job_id: JobId) -> Result<()> {
    let retried = sqlx::query!(
        r#"with retried as (
             update jobs
             set state = 'ready', attempts = 0, n_lost = 0, run_at = now(), finished_at = null
             where job_id = $1 and state = 'needs_attention'
             returning session_id, kind
         ), waiting as (
             update sessions
             set status = case kind when 'analyze_session' then 'received' else 'analyzing' end,
                 attention_reason = null, updated_at = now()
             from retried
             where sessions.session_id = retried.session_id and sessions.status = 'needs_attention'
         )
         select count(*) as "n!" from retried"#,
        job_id.0,
    )
    .fetch_one(&mut *connection)
    .await?;
    if retried.n == 0 {
        return Err(Error::NotFound("job that was given up"));
    }
    super::doorbell::ring(connection).await
}

/// Lets a job that was given up rest. Its session keeps saying why a person looked at it.
pub async fn discard(connection: &mut Connection, job_id: JobId) -> Result<()> {
    let discarded = sqlx::query!(
        "update jobs set state = 'discarded', finished_at = now() where job_id = $1 and state = 'needs_attention'",
        job_id.0,
    )
    .execute(connection)
    .await?
    .rows_affected();
    if discarded == 0 { Err(Error::NotFound("job that was given up")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::db::Db;
    use crate::job::lease::{claim_ready, finish_failed};
    use crate::job::{Job, Lane, enqueue};

    #[sqlx::test(migrations = "../migrations")]
    async fn a_job_given_up_can_be_tried_again_or_laid_to_rest(db: Db) {
        let session_id = SessionId::new();
        sqlx::query!(
            "insert into sessions (session_id, call_id, status, created_at, updated_at)
             values ($1, 'call', 'analyzing', now(), now())",
            session_id.0
        )
        .execute(&db)
        .await
        .unwrap();
        let mut connection = db.acquire().await.unwrap();
        let job = Job::EnrichAnalysis { session_id, round: 1 };
        enqueue(&mut connection, &job, Some(session_id)).await.unwrap();
        assert!(matches!(retry(&mut connection, job.job_id()).await, Err(Error::NotFound(_))));

        let minute = Duration::from_mins(1);
        let held = claim_ready(&mut connection, Lane::Slow, 1, minute, "a").await.unwrap()[0].lease;
        let _ = finish_failed(&db, &held, "the key was refused").await.unwrap();
        let given_up = list_given_up(&db, 10).await.unwrap();
        assert_eq!(given_up[0].reason.as_deref(), Some("the key was refused"));
        assert_eq!(session(&db).await, ("needs_attention".to_owned(), Some("the key was refused".to_owned())));

        retry(&mut connection, job.job_id()).await.unwrap();
        assert_eq!(session(&db).await, ("analyzing".to_owned(), None));
        let again = claim_ready(&mut connection, Lane::Slow, 1, minute, "a").await.unwrap();
        assert_eq!(again[0].attempts, 1);

        let _ = finish_failed(&db, &again[0].lease, "the key was refused").await.unwrap();
        discard(&mut connection, job.job_id()).await.unwrap();
        assert!(list_given_up(&db, 10).await.unwrap().is_empty());
        assert!(matches!(discard(&mut connection, job.job_id()).await, Err(Error::NotFound(_))));
    }

    async fn session(db: &Db) -> (String, Option<String>) {
        let row = sqlx::query!("select status, attention_reason from sessions").fetch_one(db).await.unwrap();
        (row.status, row.attention_reason)
    }
}
