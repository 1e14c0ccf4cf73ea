//! The switch that stops a client, or all telephone clients, until a person starts them again.

use chrono::{DateTime, Utc};

use crate::access::{Caller, ClientKind};
use crate::db::{Error, Executor, Result};

/// Stops or starts one client. Servers follow within `mcp_server::auth::RECHECK`.
pub async fn set_client_stopped(
    db: impl Executor<'_>,
    caller: &Caller,
    client_id: &str,
    is_stopped: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let n = sqlx::query!(
        "update api_clients set stopped_at = case when $2 then coalesce(stopped_at, $3) end,
             stopped_by = case when $2 then $4::text end
         where client_id = $1 and revoked_at is null",
        client_id,
        is_stopped,
        now,
        caller.actor.to_string(),
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("client")) } else { Ok(()) }
}

/// Stops or starts all telephone clients, and the tools that webhooks call.
pub async fn set_telephones_stopped(
    db: impl Executor<'_>,
    caller: &Caller,
    is_stopped: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with started as (delete from telephone_stop where not $1)
         insert into telephone_stop (stopped_at, stopped_by) select $2, $3 where $1 on conflict do nothing",
        is_stopped,
        now,
        caller.actor.to_string(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether all telephone clients are stopped.
pub async fn are_telephones_stopped(db: impl Executor<'_>) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select 1 from telephone_stop) as "is_stopped!""#).fetch_one(db).await?)
}

/// Changes what a client is for.
pub async fn set_kind(db: impl Executor<'_>, client_id: &str, kind: ClientKind) -> Result<()> {
    let n = sqlx::query!(
        "update api_clients set kind = $2 where client_id = $1 and revoked_at is null",
        client_id,
        kind as ClientKind,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("client")) } else { Ok(()) }
}
