//! A long-lived bearer of an API client, for agents that can only send a fixed header.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::access::{ClientKind, ScopeSet};
use crate::api_client::ApiClient;
use crate::db::{Error, Executor, Result};
use crate::id::AgentKeyId;
use crate::secret;

/// What an agent key begins with, so that the door can tell it from a JWT.
pub const PREFIX: &str = "ak";

/// Makes a key of the client. It is returned once and kept as a hash.
pub async fn insert_key(db: impl Executor<'_>, client_id: &str, now: DateTime<Utc>) -> Result<SecretString> {
    let key = secret::generate(PREFIX);
    sqlx::query!(
        "insert into agent_keys (agent_key_id, client_id, key_hash, created_at) values ($1, $2, $3, $4)",
        AgentKeyId::new() as AgentKeyId,
        client_id,
        secret::hash(key.expose_secret()),
        now,
    )
    .execute(db)
    .await?;
    Ok(key)
}

/// The client whose key this is; `None` where there is none, or it or its client was revoked.
pub async fn find_client_by_key(db: impl Executor<'_>, key: &SecretString) -> Result<Option<ApiClient>> {
    let row = sqlx::query!(
        r#"with seen as (
             update agent_keys set last_used_at = now()
             where key_hash = $1 and revoked_at is null
               -- To the minute is enough, and spares a write a request.
               and (last_used_at is null or last_used_at < now() - interval '1 minute')
         )
         select c.client_id, c.name, c.kind as "kind: ClientKind", c.scopes, c.created_at, c.last_used_at, c.stopped_at,
             c.stopped_at is not null or (c.kind = 'telephone' and exists (select 1 from telephone_stop)) as "is_stopped!"
         from agent_keys k join api_clients c using (client_id)
         where k.key_hash = $1 and k.revoked_at is null and c.revoked_at is null"#,
        secret::hash(key.expose_secret()),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| ApiClient {
        client_id: row.client_id,
        name: row.name,
        kind: row.kind,
        scopes: ScopeSet::from_strings(&row.scopes),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        revoked_at: None,
        stopped_at: row.stopped_at,
        is_stopped: row.is_stopped,
    }))
}

/// A key as the settings page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentKey {
    pub agent_key_id: AgentKeyId,
    pub client_id: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The keys of a client, newest first.
pub async fn list_keys(db: impl Executor<'_>, client_id: &str) -> Result<Vec<AgentKey>> {
    Ok(sqlx::query_as!(
        AgentKey,
        r#"select agent_key_id as "agent_key_id: AgentKeyId", client_id, created_at, last_used_at, revoked_at
           from agent_keys where client_id = $1 order by created_at desc limit 100"#,
        client_id,
    )
    .fetch_all(db)
    .await?)
}

/// Ends one key of the client. Servers refuse it within `mcp_server::auth::RECHECK`. [`Error::NotFound`] if the client has no
/// such key that is still valid.
pub async fn revoke_key(
    db: impl Executor<'_>,
    client_id: &str,
    agent_key_id: AgentKeyId,
    now: DateTime<Utc>,
) -> Result<()> {
    let n = sqlx::query!(
        "update agent_keys set revoked_at = $3 where agent_key_id = $1 and client_id = $2 and revoked_at is null",
        agent_key_id as AgentKeyId,
        client_id,
        now,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("agent key")) } else { Ok(()) }
}
