//! Pausing kinds of jobs. What is paused waits, and is performed when the pause ends.

use chrono::{DateTime, Utc};
use storage::access::Caller;
use storage::audit;
use storage::db::{Connection, Executor, Result};
use storage::job::{Kind, wake_workers};

/// Whether the kind can be paused. An alert about a child in danger waits for nothing.
pub const fn may_wait(kind: Kind) -> bool {
    !matches!(kind, Kind::AlertStaff | Kind::SendAlert)
}

/// The kinds that are paused.
pub async fn list_paused(db: impl Executor<'_>) -> Result<Vec<Kind>> {
    let names = sqlx::query_scalar!("select paused_kinds from organisation").fetch_one(db).await?;
    Ok(Kind::ALL.into_iter().filter(|kind| names.iter().any(|name| name == kind.as_str())).collect())
}

/// Pauses these kinds, and no others, and records it. Kinds that cannot wait are left out. The caller is a person who may
/// manage the service.
pub async fn set_paused(tx: &mut Connection, caller: &Caller, kinds: &[Kind], now: DateTime<Utc>) -> Result<()> {
    let names: Vec<String> =
        kinds.iter().filter(|kind| may_wait(**kind)).map(|kind| kind.as_str().to_owned()).collect();
    sqlx::query!(
        "update organisation set paused_kinds = $1, updated_at = $2, updated_by = $3",
        &names,
        now,
        caller.actor.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    audit::insert_entry(&mut *tx, caller, "jobs.pause", None, &serde_json::json!({ "kinds": names }), now).await?;
    wake_workers(tx).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dispatch::claim_to_send;
    use crate::lease::{claim_ready, finish_failed, finish_retry, take};
    use crate::list::get_job;
    use storage::clock;
    use storage::db::Db;
    use storage::id::{DeliveryId, FollowUpId};
    use storage::job::{Job, Lane, enqueue};

    const MINUTE: Duration = Duration::from_mins(1);

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_paused_kind_waits_and_alerts_do_not(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut connection = db.acquire().await.unwrap();
        let job = Job::ProcessDelivery { delivery_id: DeliveryId::new() };
        let alert = Job::AlertStaff { follow_up_id: FollowUpId::new(), round: 0 };
        for job in [&job, &alert] {
            enqueue(&mut connection, job, None).await.unwrap();
        }
        let caller = Caller::operator();
        set_paused(&mut connection, &caller, &[Kind::ProcessDelivery, Kind::AlertStaff], clock::now()).await.unwrap();
        assert_eq!(list_paused(&db).await.unwrap(), [Kind::ProcessDelivery]);
        let claimed = claim_ready(&mut connection, Lane::Quick, 9, MINUTE, "a").await.unwrap();
        assert_eq!(claimed.iter().map(|claimed| &claimed.job).collect::<Vec<_>>(), [&alert]);
        assert!(take(&mut connection, job.job_id(), MINUTE, "a").await.unwrap().is_none());
        assert!(claim_to_send(&db, 9).await.unwrap().is_empty());
        set_paused(&mut connection, &caller, &[], clock::now()).await.unwrap();
        assert_eq!(claim_ready(&mut connection, Lane::Quick, 9, MINUTE, "a").await.unwrap().len(), 1);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_job_keeps_how_its_attempts_failed(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut connection = db.acquire().await.unwrap();
        let job = Job::ProcessDelivery { delivery_id: DeliveryId::new() };
        enqueue(&mut connection, &job, None).await.unwrap();
        let held = claim_ready(&mut connection, Lane::Quick, 1, MINUTE, "a").await.unwrap()[0].lease;
        let _ = finish_retry(&db, &held, "it was away", Duration::ZERO, Duration::ZERO).await.unwrap();
        let held = take(&mut connection, job.job_id(), MINUTE, "a").await.unwrap().unwrap().lease;
        let _ = finish_failed(&mut connection, &held, "it was refused").await.unwrap();
        let (item, failed) = get_job(&db, job.job_id()).await.unwrap();
        assert!(item.is_given_up());
        let failed: Vec<_> = failed.iter().map(|failed| (failed.attempt, &failed.error[..])).collect();
        assert_eq!(failed, [(2, "it was refused"), (1, "it was away")]);
    }
}
