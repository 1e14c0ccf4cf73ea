//! Clients that prove who they are by signing: their public keys, and what they have signed already.

use chrono::{DateTime, Utc};

use super::{ApiClient, Row};
use crate::access::{ClientKind, ScopeSet};
use crate::db::{Error, Executor, Result};

/// Creates a client without a secret. The caller of this function has checked `public_keys`.
pub async fn insert_signing_client(
    db: impl Executor<'_>,
    name: &str,
    kind: ClientKind,
    scopes: ScopeSet,
    public_keys: &str,
    now: DateTime<Utc>,
) -> Result<ApiClient> {
    let client = ApiClient::new(name, kind, scopes, now);
    sqlx::query!(
        "insert into api_clients (client_id, name, public_keys, scopes, created_at, kind)
         values ($1, $2, $3, $4, $5, $6)",
        client.client_id,
        client.name,
        public_keys,
        &scopes.to_strings(),
        now,
        kind as ClientKind,
    )
    .execute(db)
    .await?;
    Ok(client)
}

/// Replaces the client's public keys, all at once: a text of several lets its user change over.
pub async fn set_public_keys(db: impl Executor<'_>, client_id: &str, public_keys: &str) -> Result<()> {
    let n = sqlx::query!(
        "update api_clients set public_keys = $2 where client_id = $1 and revoked_at is null",
        client_id,
        public_keys,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("client")) } else { Ok(()) }
}

/// The client with its public keys; `None` where it has none, does not exist or was revoked.
pub async fn find_signing_client(db: impl Executor<'_>, client_id: &str) -> Result<Option<(ApiClient, String)>> {
    let row = sqlx::query!(
        r#"select client_id, name, kind as "kind: ClientKind", scopes, created_at, last_used_at, revoked_at, stopped_at,
               stopped_at is not null or (kind = 'telephone' and exists (select 1 from telephone_stop)) as "is_stopped!",
               public_keys as "public_keys!"
           from api_clients where client_id = $1 and public_keys is not null and revoked_at is null"#,
        client_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let client = Row {
            client_id: row.client_id,
            name: row.name,
            kind: row.kind,
            scopes: row.scopes,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            stopped_at: row.stopped_at,
            is_stopped: row.is_stopped,
        };
        (client.into(), row.public_keys)
    }))
}

/// Notes that the client has shown the statement `jti`, which ends at `expires_at`. `false`: it has shown it before.
pub async fn accept_assertion(
    db: impl Executor<'_>,
    client_id: &str,
    jti: &str,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let n = sqlx::query!(
        "with over as (delete from client_assertions where client_id = $1 and jti <> $2 and expires_at < $4),
             used as (update api_clients set last_used_at = $4 where client_id = $1)
         insert into client_assertions (client_id, jti, expires_at) values ($1, $2, $3) on conflict do nothing",
        client_id,
        jti,
        expires_at,
        now,
    )
    .execute(db)
    .await?
    .rows_affected();
    Ok(n > 0)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::api_client::{find_by_secret, rotate_secret};
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_statement_is_believed_once_and_forgotten_when_it_is_over(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now: DateTime<Utc> = "2026-11-25T12:00:00Z".parse().unwrap();
        let client =
            insert_signing_client(&db, "app", ClientKind::BackOffice, ScopeSet::all(), "keys", now).await.unwrap();
        let id = &client.client_id;
        let until = now + TimeDelta::minutes(5);
        assert!(accept_assertion(&db, id, "a", until, now).await.unwrap());
        assert!(!accept_assertion(&db, id, "a", until, now).await.unwrap());
        assert!(accept_assertion(&db, id, "b", until, now).await.unwrap());
        let later = until + TimeDelta::seconds(1);
        assert!(accept_assertion(&db, id, "c", later + TimeDelta::minutes(5), later).await.unwrap());
        let n: i64 = sqlx::query_scalar("select count(*) from client_assertions").fetch_one(&db).await.unwrap();
        assert_eq!(n, 1);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn who_signs_has_no_secret_until_one_is_made(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = "2026-11-25T12:00:00Z".parse().unwrap();
        let client =
            insert_signing_client(&db, "app", ClientKind::BackOffice, ScopeSet::all(), "keys", now).await.unwrap();
        let id = &client.client_id;
        assert!(find_by_secret(&db, id, &"".into(), now).await.unwrap().is_none());
        assert_eq!(find_signing_client(&db, id).await.unwrap().unwrap().1, "keys");
        let secret = rotate_secret(&db, id, now).await.unwrap();
        assert!(find_by_secret(&db, id, &secret, now).await.unwrap().is_some());
        set_public_keys(&db, id, "others").await.unwrap();
        assert_eq!(find_signing_client(&db, id).await.unwrap().unwrap().1, "others");
        super::super::revoke_client(&db, id, now).await.unwrap();
        assert!(find_signing_client(&db, id).await.unwrap().is_none());
        assert!(matches!(set_public_keys(&db, id, "keys").await, Err(Error::NotFound(_))));
    }
}
