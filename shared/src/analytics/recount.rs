//! Keeps the sums by day: what was marked is counted anew, a day at a time.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Days;
use crate::db::{self, Connection, Db, Executor, Result};

/// Held by whoever counts. Any number, so long as nothing else of ours uses it.
const RECOUNT_LOCK: i64 = 0x5475_746f_7215;
/// Zones that are kept counted: those asked for last, and UTC.
const N_ZONES: i64 = 12;
/// Kept for whoever looks from a zone that is not counted yet.
const ALWAYS: &str = "UTC";
/// So many sessions are counted from their rows within a page.
const FEW_SESSIONS: f32 = 20_000.0;

/// Whether the days of `zone` are still being counted, and are too many to be counted meanwhile by every page that wants
/// them: until then there are those of UTC to see.
pub async fn is_being_counted(db: impl Executor<'_>, zone: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select $1 <> $2 and coalesce((select reltuples from pg_class where oid = 'session_facts'::regclass), 0) > $3
               and (not exists (select 1 from analytics_zones where zone = $1 and is_counted)
                    or exists (select 1 from days_to_recount where zone = $1)) as "is_being_counted!""#,
        zone,
        ALWAYS,
        FEW_SESSIONS,
    )
    .fetch_one(db)
    .await?)
}

/// The zone whose days are shown to who looks from `zone`.
pub(super) async fn zone_to_show<'a>(tx: &mut Connection, zone: &'a str) -> Result<&'a str> {
    Ok(if is_being_counted(tx, zone).await? { ALWAYS } else { zone })
}

/// The days of which `session_sums` may not be right, in their order.
pub(super) async fn list_fresh_days(tx: &mut Connection, days: Days<'_>) -> Result<Vec<NaiveDate>> {
    Ok(sqlx::query_scalar!(
        r#"select day::date as "day!" from generate_series($1::date, $2::date - 1, interval '1 day') as day
           where not exists (select 1 from analytics_zones where zone = $3 and is_counted)
              or exists (
                  select 1 from days_to_recount m
                  where m.at >= (day::timestamp at time zone $3)
                    and m.at < ((day + interval '1 day')::timestamp at time zone $3)
                    and (m.zone is null or m.zone = $3))
           order by day"#,
        days.from,
        days.to,
        days.zone,
    )
    .fetch_all(tx)
    .await?)
}

/// Says that somebody looks from this zone, so that its days are counted from now on.
pub async fn ask_for_zone(db: &Db, zone: &str, now: DateTime<Utc>) -> Result<()> {
    let asked_at =
        sqlx::query_scalar!("select asked_at from analytics_zones where zone = $1", zone).fetch_optional(db).await?;
    if asked_at.is_none_or(|asked_at| asked_at < now - TimeDelta::days(1)) {
        // A page does not wait for whoever counts this zone at the moment: the next one says it.
        sqlx::query!(
            "with known as (select zone from analytics_zones where zone = $1 for update skip locked),
                 asked as (update analytics_zones set asked_at = $2 where zone in (select zone from known))
             insert into analytics_zones (zone, asked_at)
             select $1, $2 where not exists (select 1 from analytics_zones where zone = $1) on conflict do nothing",
            zone,
            now,
        )
        .execute(db)
        .await?;
    }
    Ok(())
}

/// How many marks wait to be counted.
pub async fn count_waiting(db: impl Executor<'_>) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "n!" from days_to_recount"#).fetch_one(db).await?)
}

/// Has every day of every zone counted anew.
pub async fn mark_all(db: &Db) -> Result<()> {
    sqlx::query!("update analytics_zones set is_counted = false").execute(db).await?;
    Ok(())
}

/// Counts a day of UTC's worth of what is marked. Returns whether there may be more; `false` too where another counts
/// already. Commits what it did: it can be broken off at any time.
pub async fn recount(db: &Db) -> Result<bool> {
    let mut tx = db::begin(db).await?;
    let is_free = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "is_free!""#, RECOUNT_LOCK)
        .fetch_one(&mut *tx)
        .await?;
    if !is_free {
        return Ok(false);
    }
    let is_new = begin_zone(&mut tx).await?;
    let at =
        sqlx::query_scalar!("select at from days_to_recount order by mark_id limit 1").fetch_optional(&mut *tx).await?;
    if let Some(at) = at {
        let from = at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        // Marked before this statement looks, changed before the next one counts. A later change has its own mark.
        let days = sqlx::query!(
            r#"with gone as (delete from days_to_recount where at >= $1 and at < $2 returning at, zone)
               select distinct z.zone as "zone!", (gone.at at time zone z.zone)::date as "day!"
               from gone join analytics_zones z on z.is_counted and (gone.zone is null or gone.zone = z.zone)"#,
            from,
            from + TimeDelta::days(1),
        )
        .fetch_all(&mut *tx)
        .await?;
        for of in days {
            count_day(&mut tx, &of.zone, of.day).await?;
        }
    }
    tx.commit().await?;
    Ok(is_new || at.is_some())
}

/// Marks all days of a zone that is not counted yet, and forgets zones nobody asks for.
async fn begin_zone(tx: &mut Connection) -> Result<bool> {
    sqlx::query!(
        "delete from analytics_zones where zone in (
             select zone from analytics_zones where zone <> $2 order by asked_at desc offset $1)",
        N_ZONES,
        ALWAYS,
    )
    .execute(&mut *tx)
    .await?;
    let zone = sqlx::query_scalar!(
        "update analytics_zones set is_counted = true
         where zone = (select zone from analytics_zones where not is_counted order by asked_at desc limit 1)
         returning zone"
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(zone) = zone else { return Ok(false) };
    sqlx::query!("delete from session_sums where zone = $1", zone).execute(&mut *tx).await?;
    sqlx::query!(
        // From one day to the next that has anything, along the indexes: to read a row for each session takes seconds.
        // What people look at is counted first.
        "insert into days_to_recount (at, zone)
         with recursive days as (
             select (least((select min(created_at) from session_facts), (select min(due_at) from practices))
                     at time zone $1::text)::date as day
             union all
             select (least((select min(created_at) from session_facts where created_at >= next),
                           (select min(due_at) from practices where due_at >= next)) at time zone $1)::date
             from days, lateral (select (day + 1)::timestamp at time zone $1 as next) n where day is not null
         )
         select day::timestamp at time zone $1, $1 from days where day is not null order by abs(day - current_date)",
        zone,
    )
    .execute(tx)
    .await?;
    Ok(true)
}

async fn count_day(tx: &mut Connection, zone: &str, day: NaiveDate) -> Result<()> {
    sqlx::query!("delete from session_sums where zone = $1 and day = $2", zone, day).execute(&mut *tx).await?;
    sqlx::query!(
        "insert into session_sums (zone, day, cut, label, also, also_label,
            n_sessions, n_over, n_dropped, length_ms, words_tutor, words_student, n_low, n_medium, n_high,
            n_analyzed, n_attention, n_latency, latency_ms, n_in_10_s, n_in_1_min, n_in_10_min, n_in_1_h,
            n_analyses, analysis_ms, n_model_cost, model_cost_microusd, n_call_cost, call_cost_microusd, n_tutored,
            n_errors, n_told_at_once, n_questions, n_hurried, n_process_praise, n_person_praise, n_checks, n_scored,
            score, score_squared, gain, n_due, n_kept)
         select $1::text, $2::date, pair_cut, pair_label, also, also_label,
            sum(n_sessions), sum(n_over), sum(n_dropped), sum(length_ms), sum(words_tutor), sum(words_student),
            sum(n_low), sum(n_medium), sum(n_high), sum(n_analyzed), sum(n_attention), sum(n_latency),
            sum(latency_ms), sum(n_in_10_s), sum(n_in_1_min), sum(n_in_10_min), sum(n_in_1_h), sum(n_analyses),
            sum(analysis_ms), sum(n_model_cost), sum(model_cost_microusd), sum(n_call_cost),
            sum(call_cost_microusd), sum(n_tutored), sum(n_errors), sum(n_told_at_once), sum(n_questions),
            sum(n_hurried), sum(n_process_praise), sum(n_person_praise), sum(n_checks), sum(n_scored), sum(score),
            sum(score_squared), sum(gain), sum(n_due), sum(n_kept)
         from pair_facts
         where at >= ($2::date::timestamp at time zone $1) and at < (($2::date + 1)::timestamp at time zone $1)
         group by pair_cut, pair_label, also, also_label",
        zone,
        day,
    )
    .execute(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Caller;
    use crate::analytics::{By, Narrow, list_figures};

    #[sqlx::test(migrations = "../migrations")]
    async fn who_looks_from_a_new_zone_sees_days_of_utc_until_their_own_are_counted(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = "2026-11-25T12:00:00Z".parse().unwrap();
        sqlx::raw_sql(
            "insert into sessions (session_id, call_id, status, created_at, updated_at)
             values (gen_random_uuid(), 'a', 'received', '2026-11-24 23:30Z', now())",
        )
        .execute(&db)
        .await
        .unwrap();
        let day = async || {
            let date = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
            let days = Days { from: date(20), to: date(30), judged_to: date(30), zone: "Asia/Tokyo" };
            let figures = list_figures(&db, &Caller::operator(), &Narrow::default(), By::Day, days).await.unwrap();
            figures.into_iter().map(|of| format!("{} {}", of.key, of.n_sessions)).collect::<Vec<_>>()
        };
        ask_for_zone(&db, "Asia/Tokyo", now).await.unwrap();
        assert_eq!(day().await, ["2026-11-25 1"], "few are counted while one waits");
        sqlx::raw_sql("update pg_class set reltuples = 30000 where relname = 'session_facts'")
            .execute(&db)
            .await
            .unwrap();
        assert!(is_being_counted(&db, "Asia/Tokyo").await.unwrap() && !is_being_counted(&db, "UTC").await.unwrap());
        assert_eq!(day().await, ["2026-11-24 1"]);
        while recount(&db).await.unwrap() {}
        assert!(!is_being_counted(&db, "Asia/Tokyo").await.unwrap());
        assert_eq!(day().await, ["2026-11-25 1"]);
    }
}
