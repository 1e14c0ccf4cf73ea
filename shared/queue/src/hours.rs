//! Jobs by the hour in which they ended.

use chrono::{DateTime, Utc};

use storage::db::{Executor, Result};

/// What ended in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// How many whole hours after the first.
    pub hour_no: i32,
    pub n_done: i64,
    pub n_given_up: i64,
}

/// The hours from `from` on in which jobs ended, in their order; hours in which none did are left out.
pub async fn list_hours(db: impl Executor<'_>, from: DateTime<Utc>) -> Result<Vec<Hour>> {
    // Each state along its own index.
    Ok(sqlx::query_as!(
        Hour,
        r#"select floor(extract(epoch from at - $1) / 3600)::int as "hour_no!",
               count(*) filter (where is_done) as "n_done!", count(*) filter (where not is_done) as "n_given_up!"
           from (select finished_at as at, true as is_done from jobs where state = 'done' and finished_at >= $1
               union all
               select finished_at, false from jobs where state = 'needs_attention' and finished_at >= $1) ended
           group by 1 order by 1"#,
        from,
    )
    .fetch_all(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn jobs_are_counted_in_the_hour_in_which_they_ended(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        sqlx::query!(
            "insert into jobs (job_id, dedupe_key, kind, payload, max_attempts, state, finished_at)
             select gen_random_uuid(), n::text, 'analyze_session', '{}', 12,
                 case when n = 4 then 'needs_attention' when n = 5 then 'discarded' else 'done' end,
                 '2026-11-19T21:00:00Z'::timestamptz + n * interval '30 minutes'
             from generate_series(-1, 5) n",
        )
        .execute(&db)
        .await
        .unwrap();
        let hours = list_hours(&db, "2026-11-19T21:00:00Z".parse().unwrap()).await.unwrap();
        let hour = |hour_no, n_done, n_given_up| Hour { hour_no, n_done, n_given_up };
        assert_eq!(hours, [hour(0, 2, 0), hour(1, 2, 0), hour(2, 0, 1)]);
    }
}
