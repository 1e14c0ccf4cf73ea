//! The second factor of a person at the dashboard: codes of an authenticator app (RFC 6238), and recovery codes for those who
//! lost the app or their passkeys ([`crate::passkey`]).
//!
//! **Invariant:** a code is accepted once.

use chrono::{DateTime, Utc};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Builder, Secret, Totp};

use crate::db::{Connection, Error, Executor, Result};
use crate::id::AdminUserId;
use crate::secret;

/// Codes for who has lost the app.
const N_RECOVERY_CODES: usize = 10;

/// What an app is called in which the key lies beside others.
const ISSUER: &str = "AI%20Tutor";

/// A key that is shown once, as text and as an address that apps read from a picture.
#[derive(Debug)]
pub struct Offer {
    pub key: SecretString,
    pub url: SecretString,
}

/// Makes a new key. It is in force after [`confirm`].
pub async fn offer(db: impl Executor<'_>, admin_user_id: AdminUserId, email: &str) -> Result<Offer> {
    let bytes: [u8; 20] = random();
    sqlx::query!(
        "update admin_users set totp_offered = $2 where admin_user_id = $1",
        admin_user_id as AdminUserId,
        &bytes[..],
    )
    .execute(db)
    .await?;
    let key = Secret::from(bytes).to_base32();
    let account: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    let url = format!("otpauth://totp/{ISSUER}:{account}?secret={key}&issuer={ISSUER}");
    Ok(Offer { key: SecretString::from(key), url: SecretString::from(url) })
}

/// Puts the offered key in force, if `code` is of it. Returns new recovery codes, once.
pub async fn confirm(
    tx: &mut Connection,
    admin_user_id: AdminUserId,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Option<Vec<SecretString>>> {
    let user = sqlx::query!(
        "select totp_offered from admin_users where admin_user_id = $1 for update",
        admin_user_id as AdminUserId,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("user"))?;
    let Some(step) = user.totp_offered.and_then(|key| step_of(&key, code, now)) else { return Ok(None) };
    sqlx::query!(
        "update admin_users set totp_secret = totp_offered, totp_offered = null, totp_last_step = $2
         where admin_user_id = $1",
        admin_user_id as AdminUserId,
        step,
    )
    .execute(&mut *tx)
    .await?;
    Ok(Some(renew_codes(tx, admin_user_id).await?))
}

/// Makes new recovery codes in place of those that the user has. Returns them, once.
pub async fn renew_codes(tx: &mut Connection, admin_user_id: AdminUserId) -> Result<Vec<SecretString>> {
    let codes: Vec<SecretString> = (0..N_RECOVERY_CODES).map(|_| recovery_code()).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| secret::hash(&bare(code.expose_secret()))).collect();
    sqlx::query!("delete from admin_recovery_codes where admin_user_id = $1", admin_user_id as AdminUserId)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "insert into admin_recovery_codes (admin_user_id, code_hash) select $1, unnest($2::bytea[])",
        admin_user_id as AdminUserId,
        &hashes,
    )
    .execute(&mut *tx)
    .await?;
    Ok(codes)
}

/// What was shown instead of a password's second half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Code,
    /// And so many recovery codes are left.
    RecoveryCode {
        n_left: i64,
    },
}

/// Whether `text` is a code of the user's app, or one of their recovery codes. It is used up.
pub async fn check(
    tx: &mut Connection,
    admin_user_id: AdminUserId,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Option<Shown>> {
    let user = sqlx::query!(
        "select totp_secret, totp_last_step from admin_users where admin_user_id = $1 for update",
        admin_user_id as AdminUserId,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("user"))?;
    let step = user.totp_secret.and_then(|key| step_of(&key, text, now));
    if let Some(step) = step.filter(|step| user.totp_last_step.is_none_or(|last| *step > last)) {
        sqlx::query!(
            "update admin_users set totp_last_step = $2 where admin_user_id = $1",
            admin_user_id as AdminUserId,
            step,
        )
        .execute(&mut *tx)
        .await?;
        return Ok(Some(Shown::Code));
    }
    let used = sqlx::query!(
        "update admin_recovery_codes set used_at = $3 where admin_user_id = $1 and code_hash = $2 and used_at is null",
        admin_user_id as AdminUserId,
        secret::hash(&bare(text)),
        now,
    );
    if used.execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(None);
    }
    let n_left = sqlx::query_scalar!(
        r#"select count(*) as "n!" from admin_recovery_codes where admin_user_id = $1 and used_at is null"#,
        admin_user_id as AdminUserId,
    );
    Ok(Some(Shown::RecoveryCode { n_left: n_left.fetch_one(&mut *tx).await? }))
}

/// Ends the codes of the app. Recovery codes stay if the user has a passkey. `NotFound`: there was no app.
pub async fn remove_app(tx: &mut Connection, admin_user_id: AdminUserId) -> Result<()> {
    let n = sqlx::query!(
        "update admin_users set totp_secret = null, totp_offered = null, totp_last_step = null
         where admin_user_id = $1 and totp_secret is not null",
        admin_user_id as AdminUserId,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 {
        return Err(Error::NotFound("authenticator app"));
    }
    remove_needless_codes(tx, admin_user_id).await
}

/// Deletes the recovery codes of a user who has neither an app nor a passkey left.
pub async fn remove_needless_codes(tx: &mut Connection, admin_user_id: AdminUserId) -> Result<()> {
    sqlx::query!(
        "delete from admin_recovery_codes c where admin_user_id = $1
           and not exists (select from admin_users u where u.admin_user_id = $1 and totp_secret is not null)
           and not exists (select from admin_passkeys p where p.admin_user_id = $1)",
        admin_user_id as AdminUserId,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Ends app, passkeys and recovery codes: the password suffices again. `NotFound`: it did before.
pub async fn remove_all(tx: &mut Connection, admin_user_id: AdminUserId) -> Result<()> {
    let n = sqlx::query_scalar!(
        r#"with app as (
             update admin_users set totp_secret = null, totp_offered = null, totp_last_step = null
             where admin_user_id = $1 and totp_secret is not null returning 1),
         passkeys as (delete from admin_passkeys where admin_user_id = $1 returning 1),
         codes as (delete from admin_recovery_codes where admin_user_id = $1)
         select (select count(*) from app) + (select count(*) from passkeys) as "n!""#,
        admin_user_id as AdminUserId,
    )
    .fetch_one(&mut *tx)
    .await?;
    if n == 0 { Err(Error::NotFound("second factor")) } else { Ok(()) }
}

/// The time step in which `key` makes this code: now, or one before or after.
fn step_of(key: &[u8], code: &str, now: DateTime<Utc>) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.timestamp()).ok()?;
    // The app of a person shows digits, and a longer text is none of it.
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    i64::try_from(totp(key)?.check(&code, seconds)?).ok()
}

fn totp(key: &[u8]) -> Option<Totp> {
    Builder::new().with_secret(key.to_vec()).build().ok()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system has random numbers");
    bytes
}

/// 128 random bits, in groups that a person can copy by hand.
fn recovery_code() -> SecretString {
    let text = Secret::from(random::<16>().to_vec()).to_base32().to_ascii_lowercase();
    let groups: Vec<&str> = (0..text.len()).step_by(4).map(|at| &text[at..(at + 4).min(text.len())]).collect();
    SecretString::from(groups.join("-"))
}

/// As it is hashed, however it was typed.
fn bare(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(64).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::access::Role;
    use crate::admin_user::insert_user;
    use crate::db::Db;
    use crate::passkey::{self, NewPasskey};

    /// The key and the codes of RFC 6238, appendix B, for SHA-1; there with eight digits.
    const KEY: &[u8] = b"12345678901234567890";
    const VECTORS: [(i64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    #[test]
    fn codes_are_those_of_rfc_6238() {
        for (seconds, code) in VECTORS {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(step_of(KEY, code, now), Some(seconds / 30), "{seconds}");
            assert_eq!(step_of(KEY, &format!("{} {}", &code[..3], &code[3..]), now), Some(seconds / 30));
            assert_eq!(step_of(KEY, code, now + TimeDelta::seconds(61)), None, "two steps later");
        }
        assert_eq!(step_of(KEY, "", DateTime::UNIX_EPOCH), None);
        assert_eq!(step_of(KEY, "२८७०८२", DateTime::from_timestamp(59, 0).unwrap()), None);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_code_works_once_and_so_does_a_recovery_code(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (user, _) = insert_user(&db, "ada@example.org", Role::Admin, None, None, now).await.unwrap();
        let mut tx = crate::db::begin(&db).await.unwrap();
        assert_eq!(check(&mut tx, user, "287082", now).await.unwrap(), None, "there is none");
        let offer = offer(&mut *tx, user, "ada@example.org").await.unwrap();
        assert!(offer.url.expose_secret().contains("otpauth://totp/AI%20Tutor:ada%40example.org?secret="));
        let key = Secret::try_from_base32(offer.key.expose_secret()).unwrap();
        let app = Builder::new().with_secret(key).build().unwrap();
        let code = |at: DateTime<Utc>| app.generate(at.timestamp().unsigned_abs()).to_string();
        assert!(confirm(&mut tx, user, "000000", now - TimeDelta::days(9)).await.unwrap().is_none());
        let codes = confirm(&mut tx, user, &code(now), now).await.unwrap().expect("the code is right");
        assert_eq!(codes.len(), N_RECOVERY_CODES);

        assert_eq!(check(&mut tx, user, &code(now), now).await.unwrap(), None, "it was used to confirm");
        let later = now + TimeDelta::minutes(1);
        assert_eq!(check(&mut tx, user, &code(later), later).await.unwrap(), Some(Shown::Code));
        assert_eq!(check(&mut tx, user, &code(later), later).await.unwrap(), None, "never twice");
        let typed = codes[3].expose_secret().to_uppercase().replace('-', " ");
        let n_left = 9;
        assert_eq!(check(&mut tx, user, &typed, later).await.unwrap(), Some(Shown::RecoveryCode { n_left }));
        assert_eq!(check(&mut tx, user, &typed, later).await.unwrap(), None);
        remove_app(&mut tx, user).await.unwrap();
        assert_eq!(check(&mut tx, user, codes[4].expose_secret(), later).await.unwrap(), None);
        assert!(remove_app(&mut tx, user).await.is_err() && remove_all(&mut tx, user).await.is_err());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn recovery_codes_stay_as_long_as_a_passkey_does(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (user, _) = insert_user(&db, "ada@example.org", Role::Admin, None, None, now).await.unwrap();
        let key = NewPasskey { credential_id: &[7; 16], public_key: b"", algorithm: -7, sign_count: 0 };
        let mut tx = crate::db::begin(&db).await.unwrap();
        passkey::insert_passkey(&mut tx, user, "Laptop", &key, now).await.unwrap();
        let codes = renew_codes(&mut tx, user).await.unwrap();
        remove_needless_codes(&mut tx, user).await.unwrap();
        let n_left = 9;
        let shown = check(&mut tx, user, codes[0].expose_secret(), now).await.unwrap();
        assert_eq!(shown, Some(Shown::RecoveryCode { n_left }));
        remove_all(&mut tx, user).await.unwrap();
        assert_eq!(check(&mut tx, user, codes[1].expose_secret(), now).await.unwrap(), None);
        assert!(passkey::list_passkeys(&mut *tx, user).await.unwrap().is_empty());
    }
}
