//! One received webhook request, as stored: the promise that it will be worked on.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Connection, Db, Error, Executor, Result};
use crate::id::DeliveryId;
use crate::job::Job;

/// The report of a call, in VAPI's words.
pub const REPORT: &str = "end-of-call-report";

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its job.
    Stored,
    Processed,
    /// Of a type nothing depends on.
    Ignored,
    /// Signed, and not readable: written by older versions. Today such a delivery is `Stored`, and its job fails.
    Unreadable,
}

/// One row of `deliveries` to be.
#[derive(Clone)]
pub struct NewDelivery<'a> {
    pub dedupe_key: String,
    pub r#type: String,
    pub call_id: Option<String>,
    /// The request body as received; `None` for types of which no content is kept.
    pub body: Option<&'a [u8]>,
    pub message_at: Option<DateTime<Utc>>,
    pub state: DeliveryState,
}

impl std::fmt::Debug for NewDelivery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewDelivery").field("type", &self.r#type).field("state", &self.state).finish_non_exhaustive()
    }
}

/// The same for each try of one message, and for no other: `subject` is its call, and `distinction` tells apart what a
/// call says several times.
pub fn dedupe_key(subject: &str, r#type: &str, distinction: Option<&str>) -> String {
    let mut key = format!("{subject}:{type}");
    if let Some(distinction) = distinction {
        key.push(':');
        key.push_str(distinction);
    }
    key
}

/// The one door: the delivery and its job, both or neither. What was stored before is left as it is, and answers
/// `false`; so does a message of an erased call, of which nothing is stored. A message that arrives while its call is being
/// erased may be stored; its job removes it. It is one statement, and does not notify the workers: see `queue::wake`.
pub async fn accept(db: &Db, new: &NewDelivery<'_>, now: DateTime<Utc>) -> Result<bool> {
    let delivery_id = DeliveryId::new();
    let job = Job::ProcessDelivery { delivery_id };
    let policy = job.kind().policy();
    let inserted = sqlx::query_scalar!(
        r#"with new as (
               insert into deliveries (delivery_id, dedupe_key, type, call_id, body, message_at, received_at, state)
               select $1::uuid, $2, $3, $4::text, $5, $6, $7, $8
               where not exists (select 1 from erased_calls e where e.call_id = $4)
               on conflict on constraint deliveries_dedupe_key_key do nothing
               returning state
           ), job as (
               insert into jobs (job_id, dedupe_key, kind, payload, priority, max_attempts)
               select $9, $10, $11, $12, $13, $14 from new where state = 'stored'
           )
           select true as "is_new!" from new"#,
        delivery_id as DeliveryId,
        new.dedupe_key,
        new.r#type,
        new.call_id,
        new.body,
        new.message_at,
        now,
        new.state as DeliveryState,
        job.job_id().0,
        job.dedupe_key(),
        job.kind().as_str(),
        job.payload(),
        policy.priority,
        policy.max_attempts,
    );
    Ok(inserted.fetch_optional(db).await?.is_some())
}

/// Of these calls those whose report never came. One that came and was purged since is known by its session, or as erased.
pub async fn list_calls_without_report(db: impl Executor<'_>, call_ids: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select call_id as "call_id!" from unnest($1::text[]) as asked (call_id)
           where not exists (select 1 from deliveries where dedupe_key = asked.call_id || ':' || $2)
             and not exists (select 1 from erased_calls e where e.call_id = asked.call_id)
             and not exists (
                 select 1 from sessions where sessions.call_id = asked.call_id and status <> 'in_progress'
             )"#,
        call_ids,
        REPORT,
    )
    .fetch_all(db)
    .await?)
}

/// A delivery to work on.
#[derive(Clone)]
pub struct Delivery {
    pub delivery_id: DeliveryId,
    pub r#type: String,
    pub call_id: Option<String>,
    /// `None`: purged by retention, or erased with its student.
    pub body: Option<Vec<u8>>,
    pub message_at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub state: DeliveryState,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("delivery_id", &self.delivery_id)
            .field("type", &self.r#type)
            .finish_non_exhaustive()
    }
}

/// One delivery, for the job that works on it. Needs `sessions:read`.
pub async fn get_delivery(db: impl Executor<'_>, caller: &Caller, delivery_id: DeliveryId) -> Result<Delivery> {
    caller.require(Scope::SessionsRead)?;
    sqlx::query_as!(
        Delivery,
        r#"select delivery_id as "delivery_id: DeliveryId", type as "type!", call_id, body, message_at, received_at,
               state as "state: DeliveryState"
           from deliveries where delivery_id = $1"#,
        delivery_id as DeliveryId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("delivery"))
}

/// Whether the delivery still has its body: it has none after its student was erased.
pub async fn has_body(db: impl Executor<'_>, delivery_id: DeliveryId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from deliveries where delivery_id = $1 and body is not null) as "has_body!""#,
        delivery_id as DeliveryId,
    )
    .fetch_one(db)
    .await?)
}

/// Removes the body of a delivery, which may not be kept.
pub async fn remove_body(tx: &mut Connection, delivery_id: DeliveryId) -> Result<()> {
    sqlx::query!("update deliveries set body = null where delivery_id = $1", delivery_id as DeliveryId)
        .execute(tx)
        .await?;
    Ok(())
}

/// Records that the delivery's work is done.
pub async fn mark_delivery_processed(tx: &mut Connection, delivery_id: DeliveryId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update deliveries set state = 'processed', processed_at = $2 where delivery_id = $1",
        delivery_id as DeliveryId,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
