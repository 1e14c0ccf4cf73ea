//! Passkeys of the people at the dashboard: public keys of their authenticators. The caller judges what a browser says about
//! them; this module stores it.

use chrono::{DateTime, Utc};

use crate::db::{Connection, Error, Executor, Result};
use crate::id::{AdminUserId, PasskeyId};

/// So many may one person have.
pub const MAX_PASSKEYS: i64 = 20;

/// Letters in the name of a passkey.
pub const MAX_NAME: usize = 60;

/// A passkey as its authenticator made it.
#[derive(Clone, Debug)]
pub struct NewPasskey<'a> {
    pub credential_id: &'a [u8],
    /// A `SubjectPublicKeyInfo` in DER.
    pub public_key: &'a [u8],
    /// The number of COSE.
    pub algorithm: i32,
    pub sign_count: u32,
}

/// Keeps a passkey. The second value says whether it is the first second factor of the user. A credential that is known
/// already: `Conflict(admin_passkeys_credential_id_key)`; more than [`MAX_PASSKEYS`]: `Conflict(admin_passkeys_max)`.
pub async fn insert_passkey(
    tx: &mut Connection,
    admin_user_id: AdminUserId,
    name: &str,
    passkey: &NewPasskey<'_>,
    now: DateTime<Utc>,
) -> Result<(PasskeyId, bool)> {
    // The lock keeps two at once from both being the first, or one too many.
    let before = sqlx::query!(
        r#"select totp_secret is not null as "has_app!",
               (select count(*) from admin_passkeys p where p.admin_user_id = u.admin_user_id) as "n!"
           from admin_users u where admin_user_id = $1 for update"#,
        admin_user_id as AdminUserId,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("user"))?;
    if before.n >= MAX_PASSKEYS {
        return Err(Error::Conflict("admin_passkeys_max".to_owned()));
    }
    let passkey_id = PasskeyId::new();
    sqlx::query!(
        "insert into admin_passkeys
             (passkey_id, admin_user_id, name, credential_id, public_key, algorithm, sign_count, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        passkey_id as PasskeyId,
        admin_user_id as AdminUserId,
        name,
        passkey.credential_id,
        passkey.public_key,
        passkey.algorithm,
        i64::from(passkey.sign_count),
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok((passkey_id, !before.has_app && before.n == 0))
}

/// A passkey, as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyItem {
    pub passkey_id: PasskeyId,
    pub name: String,
    pub credential_id: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The passkeys of a user, in the order in which they were added.
pub async fn list_passkeys(db: impl Executor<'_>, admin_user_id: AdminUserId) -> Result<Vec<PasskeyItem>> {
    Ok(sqlx::query_as!(
        PasskeyItem,
        r#"select passkey_id as "passkey_id: PasskeyId", name, credential_id, created_at, last_used_at
           from admin_passkeys where admin_user_id = $1 order by created_at, passkey_id"#,
        admin_user_id as AdminUserId,
    )
    .fetch_all(db)
    .await?)
}

/// A passkey, as a signature is checked with it.
#[derive(Clone, Debug)]
pub struct Passkey {
    pub passkey_id: PasskeyId,
    pub admin_user_id: AdminUserId,
    pub email: String,
    pub public_key: Vec<u8>,
    pub algorithm: i32,
}

/// The passkey that the authenticator calls so. `None`: there is none, or its owner's account is disabled.
pub async fn find_passkey(db: impl Executor<'_>, credential_id: &[u8]) -> Result<Option<Passkey>> {
    Ok(sqlx::query_as!(
        Passkey,
        r#"select passkey_id as "passkey_id: PasskeyId", admin_user_id as "admin_user_id: AdminUserId", email, public_key,
               algorithm
           from admin_passkeys join admin_users using (admin_user_id)
           where credential_id = $1 and disabled_at is null"#,
        credential_id,
    )
    .fetch_optional(db)
    .await?)
}

/// Records a use, with the count of signatures that came with it. Returns whether the count is believable: it has grown, or
/// the authenticator does not count. If it is not, another device may have a copy of the key.
pub async fn mark_used(
    db: impl Executor<'_>,
    passkey_id: PasskeyId,
    sign_count: u32,
    now: DateTime<Utc>,
) -> Result<bool> {
    let n = sqlx::query!(
        "update admin_passkeys set sign_count = $2, last_used_at = $3
         where passkey_id = $1 and ($2 > sign_count or ($2 = 0 and sign_count = 0))",
        passkey_id as PasskeyId,
        i64::from(sign_count),
        now,
    )
    .execute(db)
    .await?
    .rows_affected();
    Ok(n == 1)
}

/// Forgets a passkey of the user. `NotFound`: they have none of this id.
pub async fn delete_passkey(db: impl Executor<'_>, admin_user_id: AdminUserId, passkey_id: PasskeyId) -> Result<()> {
    let n = sqlx::query!(
        "delete from admin_passkeys where admin_user_id = $1 and passkey_id = $2",
        admin_user_id as AdminUserId,
        passkey_id as PasskeyId,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("passkey")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::admin_user::{find_user_by_email, insert_user, set_disabled};
    use crate::db::{self, Db};

    fn key(credential_id: &[u8]) -> NewPasskey<'_> {
        NewPasskey { credential_id, public_key: b"key", algorithm: -7, sign_count: 3 }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_passkey_is_its_owners_alone_and_counts_upwards(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (ada, _) = insert_user(&db, "ada@example.org", Role::Admin, None, None, now).await.unwrap();
        let (bob, _) = insert_user(&db, "bob@example.org", Role::Tutor, None, None, now).await.unwrap();
        let insert = async |user, id: &[u8]| {
            let mut tx = db::begin(&db).await.unwrap();
            let made = insert_passkey(&mut tx, user, "Laptop", &key(id), now).await;
            tx.commit().await.unwrap();
            made
        };
        let (first, is_first) = insert(ada, &[1; 16]).await.unwrap();
        assert!(is_first);
        assert!(!insert(ada, &[2; 16]).await.unwrap().1);
        let again = insert(bob, &[1; 16]).await.unwrap_err();
        assert!(again.is_conflict_with("admin_passkeys_credential_id_key"));
        let (user, _) = find_user_by_email(&db, "ada@example.org").await.unwrap().unwrap();
        assert!(user.has_passkey && !user.has_app && user.has_second_factor());

        for (count, is_believed) in [(3, false), (2, false), (0, false), (4, true), (4, false), (u32::MAX, true)] {
            assert_eq!(mark_used(&db, first, count, now).await.unwrap(), is_believed, "{count}");
        }
        let of = list_passkeys(&db, ada).await.unwrap();
        assert_eq!(of.iter().map(|item| item.last_used_at).collect::<Vec<_>>(), [Some(now), None]);

        assert!(delete_passkey(&db, bob, first).await.is_err(), "not his");
        set_disabled(&db, ada, Some(now)).await.unwrap();
        assert!(find_passkey(&db, &[1; 16]).await.unwrap().is_none(), "her account is disabled");
        set_disabled(&db, ada, None).await.unwrap();
        assert_eq!(find_passkey(&db, &[1; 16]).await.unwrap().map(|passkey| passkey.passkey_id), Some(first));
        delete_passkey(&db, ada, first).await.unwrap();
        assert!(find_passkey(&db, &[1; 16]).await.unwrap().is_none());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn an_authenticator_that_does_not_count_is_believed_and_twenty_are_enough(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (ada, _) = insert_user(&db, "ada@example.org", Role::Admin, None, None, now).await.unwrap();
        let mut tx = db::begin(&db).await.unwrap();
        let silent = NewPasskey { sign_count: 0, ..key(&[9; 16]) };
        let (passkey_id, _) = insert_passkey(&mut tx, ada, "Phone", &silent, now).await.unwrap();
        for _ in 0..2 {
            assert!(mark_used(&mut *tx, passkey_id, 0, now).await.unwrap());
        }
        for n in 1..20 {
            insert_passkey(&mut tx, ada, "More", &key(&[n; 20]), now).await.unwrap();
        }
        let one_more = insert_passkey(&mut tx, ada, "More", &key(&[21; 20]), now).await.unwrap_err();
        assert!(one_more.is_conflict_with("admin_passkeys_max"));
    }
}
