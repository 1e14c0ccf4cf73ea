//! An agent or an app that may ask for tokens, and what it may do.

mod assertion;
mod stop;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::access::{Caller, ClientKind, ScopeSet};
use crate::db::{Db, Error, Executor, Result};
use crate::secret;

pub use self::assertion::{accept_assertion, find_signing_client, insert_signing_client, set_public_keys};
pub use self::stop::{are_telephones_stopped, set_client_stopped, set_kind, set_telephones_stopped};

/// One row of `api_clients`, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiClient {
    pub client_id: String,
    pub name: String,
    pub kind: ClientKind,
    pub scopes: ScopeSet,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// When a person stopped the client. `None` if it was started again.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Whether the client is refused for now: it is stopped, or all telephone clients are.
    pub is_stopped: bool,
}

impl ApiClient {
    fn new(name: &str, kind: ClientKind, scopes: ScopeSet, now: DateTime<Utc>) -> Self {
        Self {
            client_id: format!("client_{}", uuid::Uuid::now_v7().simple()),
            name: name.to_owned(),
            kind,
            scopes,
            created_at: now,
            last_used_at: None,
            revoked_at: None,
            stopped_at: None,
            is_stopped: false,
        }
    }

    /// The caller that a request of this client has.
    pub fn caller(&self) -> Caller {
        self.caller_with(self.scopes)
    }

    /// The same with fewer scopes.
    pub fn caller_with(&self, scopes: ScopeSet) -> Caller {
        match self.kind {
            ClientKind::Telephone => Caller::telephone(self.client_id.clone(), scopes),
            ClientKind::BackOffice => Caller::client(self.client_id.clone(), scopes),
        }
    }
}

/// Makes a client. The secret is returned once and kept as a hash.
pub async fn insert_client(
    db: impl Executor<'_>,
    name: &str,
    kind: ClientKind,
    scopes: ScopeSet,
    now: DateTime<Utc>,
) -> Result<(ApiClient, SecretString)> {
    let secret = secret::generate("cs");
    let client = ApiClient::new(name, kind, scopes, now);
    sqlx::query!(
        "insert into api_clients (client_id, name, secret_hash, scopes, created_at, kind)
         values ($1, $2, $3, $4, $5, $6)",
        client.client_id,
        client.name,
        secret::hash(secret.expose_secret()),
        &scopes.to_strings(),
        now,
        kind as ClientKind,
    )
    .execute(db)
    .await?;
    Ok((client, secret))
}

/// The client, where `secret` is its secret, or the one before until its grace ends, and it was not revoked.
/// An unknown client takes as long as a wrong secret.
pub async fn find_by_secret(
    db: &Db,
    client_id: &str,
    secret: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<ApiClient>> {
    let row = sqlx::query!(
        r#"select name, kind as "kind: ClientKind", secret_hash, previous_secret_hash, previous_secret_until, scopes,
               created_at, revoked_at, stopped_at,
               stopped_at is not null or (kind = 'telephone' and exists (select 1 from telephone_stop)) as "is_stopped!"
           from api_clients where client_id = $1"#,
        client_id,
    )
    .fetch_optional(db)
    .await?;
    let offered = secret::hash(secret.expose_secret());
    let Some(row) = row else {
        let _ = offered.ct_eq(&[0; 32]);
        return Ok(None);
    };
    // Nothing has this hash: where there is no secret, every one is wrong.
    let is = |hash: &Option<Vec<u8>>| offered.ct_eq(hash.as_deref().unwrap_or(&[0; 32]));
    let (is_current, is_previous) = (is(&row.secret_hash), is(&row.previous_secret_hash));
    let in_grace = row.previous_secret_until.is_some_and(|until| now < until);
    if row.revoked_at.is_some() || !(bool::from(is_current) || (bool::from(is_previous) && in_grace)) {
        return Ok(None);
    }
    sqlx::query!("update api_clients set last_used_at = $2 where client_id = $1", client_id, now).execute(db).await?;
    Ok(Some(ApiClient {
        client_id: client_id.to_owned(),
        name: row.name,
        kind: row.kind,
        scopes: ScopeSet::from_strings(&row.scopes),
        created_at: row.created_at,
        last_used_at: Some(now),
        revoked_at: None,
        stopped_at: row.stopped_at,
        is_stopped: row.is_stopped,
    }))
}

/// A client as both look-ups select it.
struct Row {
    client_id: String,
    name: String,
    kind: ClientKind,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    stopped_at: Option<DateTime<Utc>>,
    is_stopped: bool,
}

impl From<Row> for ApiClient {
    fn from(row: Row) -> Self {
        Self {
            client_id: row.client_id,
            name: row.name,
            kind: row.kind,
            scopes: ScopeSet::from_strings(&row.scopes),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            stopped_at: row.stopped_at,
            is_stopped: row.is_stopped,
        }
    }
}

/// The client of that id, revoked or not.
pub async fn find_client(db: impl Executor<'_>, client_id: &str) -> Result<Option<ApiClient>> {
    let row = sqlx::query_as!(
        Row,
        r#"select client_id, name, kind as "kind: ClientKind", scopes, created_at, last_used_at, revoked_at, stopped_at,
               stopped_at is not null or (kind = 'telephone' and exists (select 1 from telephone_stop)) as "is_stopped!"
           from api_clients where client_id = $1"#,
        client_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(ApiClient::from))
}

/// All clients, the living before the revoked, newest first.
pub async fn list_clients(db: impl Executor<'_>) -> Result<Vec<ApiClient>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select client_id, name, kind as "kind: ClientKind", scopes, created_at, last_used_at, revoked_at, stopped_at,
               stopped_at is not null or (kind = 'telephone' and exists (select 1 from telephone_stop)) as "is_stopped!"
           from api_clients order by revoked_at is not null, created_at desc limit 500"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ApiClient::from).collect())
}

/// Gives the client a new secret. The old one works until `previous_until`, so that its user can change over.
pub async fn rotate_secret(
    db: impl Executor<'_>,
    client_id: &str,
    previous_until: DateTime<Utc>,
) -> Result<SecretString> {
    let secret = secret::generate("cs");
    let n = sqlx::query!(
        "update api_clients set previous_secret_hash = secret_hash, previous_secret_until = $3, secret_hash = $2
         where client_id = $1 and revoked_at is null",
        client_id,
        secret::hash(secret.expose_secret()),
        previous_until,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("client")) } else { Ok(secret) }
}

/// Ends the client: its secrets, its agent keys, and, where its tokens are checked, those too.
pub async fn revoke_client(db: impl Executor<'_>, client_id: &str, now: DateTime<Utc>) -> Result<()> {
    let n = sqlx::query!(
        "with gone as (update agent_keys set revoked_at = $2 where client_id = $1 and revoked_at is null)
         update api_clients set revoked_at = $2 where client_id = $1 and revoked_at is null",
        client_id,
        now,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("client")) } else { Ok(()) }
}
