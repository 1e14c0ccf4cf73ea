//! The counts that every page shows in its navigation: calls in progress, and failed jobs.

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};

/// The highest count. Every page pays for counting, so the query stops here.
pub const MOST: i64 = 100;

/// Each is at most [`MOST`], which means "this many or more".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NavCounts {
    pub n_live: i64,
    pub n_given_up: i64,
}

/// Counts along two indexes, and no further than [`MOST`]. Jobs count for those who see all students. Needs `sessions:read`.
pub async fn get(db: impl Executor<'_>, caller: &Caller) -> Result<NavCounts> {
    let cohorts = caller.require_within(Scope::SessionsRead)?;
    Ok(sqlx::query_as!(
        NavCounts,
        r#"select (select count(*) from (
                   select from sessions s where status = 'in_progress' and ended_at is null
                     and ($2::text[] is null
                         or exists (select 1 from students st where st.student_id = s.student_id and st.cohort = any($2)))
                   limit $1) l) as "n_live!",
               (select count(*) from (select from jobs where state = 'needs_attention' and $2::text[] is null limit $1) g) as "n_given_up!""#,
        MOST,
        cohorts as Option<&[String]>,
    )
    .fetch_one(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn what_waits_is_counted_until_it_is_many(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let of = |nav_counts: NavCounts| (nav_counts.n_live, nav_counts.n_given_up);
        assert_eq!(of(get(&db, &Caller::operator()).await.unwrap()), (0, 0));
        sqlx::query!(
            "insert into sessions (session_id, call_id, status, created_at, updated_at)
             select gen_random_uuid(), 'call-' || n, case when n <= 3 then 'in_progress' else 'analyzed' end, now(), now()
             from generate_series(1, 5) n",
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into jobs (job_id, dedupe_key, kind, payload, max_attempts, state, finished_at)
             select gen_random_uuid(), n::text, 'analyze_session', '{}', 12,
                 case when n <= 120 then 'needs_attention' else 'done' end, now()
             from generate_series(1, 130) n",
        )
        .execute(&db)
        .await
        .unwrap();
        assert_eq!(of(get(&db, &Caller::operator()).await.unwrap()), (3, MOST));
    }
}
