//! Where outgoing webhooks go. Admins make, change and delete endpoints; the service disables one that fails for long.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::event::Event;
use super::signature::generate_secret;
use crate::access::Caller;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::EndpointId;

/// How long the previous secret also signs after a rotation.
pub const GRACE: TimeDelta = TimeDelta::hours(24);

/// An endpoint is disabled if it fails for so long without one success.
pub const PATIENCE: TimeDelta = TimeDelta::days(5);

/// More would slow down what causes events.
pub const MAX_ENDPOINTS: i64 = 20;

/// Why the service disabled an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Because {
    /// It failed for [`PATIENCE`].
    Failing,
    /// It answered 410.
    Gone,
}

/// One row of `webhook_endpoints`, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub endpoint_id: EndpointId,
    pub url: String,
    pub events: Vec<String>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    /// Until when the previous secret also signs.
    pub secret_previous_until: Option<DateTime<Utc>>,
    /// The first failure since the last success.
    pub failing_since: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// `None`: a person disabled it, or it is enabled.
    pub disabled_because: Option<Because>,
}

/// Makes an endpoint. The URL was checked by the edge that read it. Returns the secret, once. [`Error::Conflict`]: there are
/// [`MAX_ENDPOINTS`].
pub async fn insert(
    tx: &mut Connection,
    caller: &Caller,
    url: &str,
    events: &[Event],
    now: DateTime<Utc>,
) -> Result<(EndpointId, SecretString)> {
    let (endpoint_id, secret) = (EndpointId::new(), generate_secret());
    let events: Vec<String> = events.iter().map(|event| event.as_str().to_owned()).collect();
    let n = sqlx::query!(
        "insert into webhook_endpoints (endpoint_id, url, events, secret, created_by, created_at)
         select $1, $2, $3, $4, $5, $6 where (select count(*) from webhook_endpoints) < $7",
        endpoint_id as EndpointId,
        url,
        &events,
        secret.expose_secret(),
        caller.actor.to_string(),
        now,
        MAX_ENDPOINTS,
    )
    .execute(tx)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::Conflict("the number of endpoints".to_owned())) } else { Ok((endpoint_id, secret)) }
}

/// All endpoints, the oldest first.
pub async fn list(db: impl Executor<'_>) -> Result<Vec<Endpoint>> {
    Ok(sqlx::query_as!(
        Endpoint,
        r#"select endpoint_id as "endpoint_id: EndpointId", url, events, created_by, created_at, secret_previous_until,
               failing_since, disabled_at, disabled_because as "disabled_because: Because"
           from webhook_endpoints order by created_at, endpoint_id"#,
    )
    .fetch_all(db)
    .await?)
}

/// Gives the endpoint another secret. The previous one also signs for [`GRACE`]. Returns the secret, once.
pub async fn rotate(tx: &mut Connection, endpoint_id: EndpointId, now: DateTime<Utc>) -> Result<SecretString> {
    let secret = generate_secret();
    let n = sqlx::query!(
        "update webhook_endpoints set secret_previous = secret, secret_previous_until = $3, secret = $2
         where endpoint_id = $1",
        endpoint_id as EndpointId,
        secret.expose_secret(),
        now + GRACE,
    )
    .execute(tx)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("endpoint")) } else { Ok(secret) }
}

/// Enables or disables an endpoint. What was cancelled meanwhile can be sent again from its log.
pub async fn set_enabled(
    tx: &mut Connection,
    endpoint_id: EndpointId,
    is_enabled: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let n = sqlx::query!(
        "update webhook_endpoints set disabled_at = case when $2 then null else $3::timestamptz end,
             disabled_because = null, failing_since = null
         where endpoint_id = $1",
        endpoint_id as EndpointId,
        is_enabled,
        now,
    )
    .execute(tx)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("endpoint")) } else { Ok(()) }
}

/// Deletes an endpoint with its log.
pub async fn delete(tx: &mut Connection, endpoint_id: EndpointId) -> Result<()> {
    let n = sqlx::query!("delete from webhook_endpoints where endpoint_id = $1", endpoint_id as EndpointId)
        .execute(tx)
        .await?
        .rows_affected();
    if n == 0 { Err(Error::NotFound("endpoint")) } else { Ok(()) }
}

/// The endpoint took a message.
pub async fn mark_working(tx: &mut Connection, endpoint_id: EndpointId) -> Result<()> {
    sqlx::query!(
        "update webhook_endpoints set failing_since = null where endpoint_id = $1 and failing_since is not null",
        endpoint_id as EndpointId,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The endpoint took a message not. It is disabled if it answered that it is gone, or has failed for [`PATIENCE`].
pub async fn mark_failing(
    tx: &mut Connection,
    endpoint_id: EndpointId,
    is_gone: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update webhook_endpoints set failing_since = coalesce(failing_since, $2),
             disabled_at = case when $4 or failing_since < $3 then $2 end,
             disabled_because = case when $4 then 'gone' when failing_since < $3 then 'failing' end
         where endpoint_id = $1 and disabled_at is null",
        endpoint_id as EndpointId,
        now,
        now - PATIENCE,
        is_gone,
    )
    .execute(tx)
    .await?;
    Ok(())
}
