//! A person who may log in at the dashboard.

mod leaked;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::access::{Caller, Role};
use crate::db::{Error, Executor, Result};
use crate::id::AdminUserId;
use crate::{secret, slow_hash};

/// One row of `admin_users`, without its secrets.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a row has the columns that it has")]
pub struct AdminUser {
    pub admin_user_id: AdminUserId,
    pub email: String,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// Whether the set-up link was used.
    pub has_password: bool,
    /// Whether an authenticator app makes codes for them.
    pub has_app: bool,
    pub has_passkey: bool,
    /// Whose students they see; `None`: all. Of an admin it does not count.
    pub cohorts: Option<Vec<String>>,
    /// Their own classes, with which lists begin. A filter, not a right.
    pub classes: Vec<String>,
    /// Whether lists show all students that they see instead.
    pub shows_all_classes: bool,
    /// Whether an admin made them responsible for urgent concerns.
    pub is_responsible: bool,
}

impl AdminUser {
    /// Whether the password alone does not sign them in.
    pub fn has_second_factor(&self) -> bool {
        self.has_app || self.has_passkey
    }

    /// Their authority. This decides what a person sees: admins all students, others those of the cohorts that were
    /// assigned to them.
    pub fn caller(&self) -> Caller {
        caller_of(self.admin_user_id, self.email.clone(), self.role, self.cohorts.clone())
    }
}

/// [`AdminUser::caller`] from the columns alone.
pub(crate) fn caller_of(admin_user_id: AdminUserId, email: String, role: Role, cohorts: Option<Vec<String>>) -> Caller {
    let caller = Caller::admin(admin_user_id, email, role);
    match cohorts {
        Some(cohorts) if role != Role::Admin => caller.of_cohorts(cohorts),
        _ => caller,
    }
}

impl std::fmt::Debug for AdminUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminUser")
            .field("admin_user_id", &self.admin_user_id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Why a password or an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("a password has at least 12 characters")]
    TooShort,
    #[error("a password has at most 256 characters")]
    TooLong,
    #[error(
        "this password is too easy to guess; several unrelated words in a row, without your name and school, are better"
    )]
    Common,
    #[error("this is not an e-mail address")]
    Email,
}

/// An e-mail address as stored: trimmed, lower case.
pub fn parse_email(text: &str) -> Result<String, Refused> {
    let email = text.trim().to_lowercase();
    let well_formed = email.len() <= 254
        && !email.contains(char::is_whitespace)
        && email
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if well_formed { Ok(email) } else { Err(Refused::Email) }
}

/// Guesses, as a power of ten, that a password must withstand: more than our throttle lets through in a century.
const STRONG: f64 = 8.0;

/// So many characters a password has beside what it takes from the person's address.
const MIN_BEYOND: usize = 8;

/// Words of ours that guessers try first.
const OUR_WORDS: [&str; 6] = ["tutor", "aitutor", "tutoring", "school", "teacher", "vapi"];

/// A password by its slow hash. Takes tens of milliseconds of a core: call it off the async threads.
pub fn hash_password(password: &SecretString) -> Result<String, Refused> {
    hash_password_of("", password)
}

/// [`hash_password`] of the person with this address. The address names the person and, by its domain, the organisation:
/// guessers try both first.
pub fn hash_password_of(email: &str, password: &SecretString) -> Result<String, Refused> {
    let text = password.expose_secret();
    match text.chars().count() {
        ..12 => return Err(Refused::TooShort),
        257.. => return Err(Refused::TooLong),
        _ => {}
    }
    let known: Vec<&str> = OUR_WORDS.into_iter().chain(words_of(email)).collect();
    if leaked::is_leaked(text) || secret::guesses_log10(text, &known) < STRONG || is_mostly_of(email, text) {
        return Err(Refused::Common);
    }
    Ok(slow_hash::hash(password))
}

/// Whether the password holds words of the address, and little else.
fn is_mostly_of(email: &str, password: &str) -> bool {
    let password = password.to_lowercase();
    // Short words stand in longer ones.
    let words = words_of(email).filter(|word| word.chars().count() > 3);
    let rest = words.fold(password.clone(), |rest, word| rest.replace(&word.to_lowercase(), " "));
    rest != password && rest.chars().filter(|c| !c.is_whitespace()).count() < MIN_BEYOND
}

/// The address, its halves, and their words.
fn words_of(email: &str) -> impl Iterator<Item = &str> {
    let halves = email.split('@').filter(|_| email.contains('@'));
    let words = email.split(|c: char| !c.is_alphanumeric());
    [email].into_iter().chain(halves).chain(words).filter(|word| word.chars().count() > 2)
}

/// Whether the password is that of the hash. Without a hash it takes as long, so that a stranger cannot tell which
/// addresses have an account.
pub fn verify_password(password: &SecretString, hash: Option<&str>) -> bool {
    slow_hash::matches(password, hash)
}

/// How a new user will first log in.
#[derive(Debug)]
pub enum FirstLogin {
    Password(SecretString),
    /// By a one-time link, valid until then.
    SetupLink {
        until: DateTime<Utc>,
    },
}

/// Makes a user, who sees all students until [`set_cohorts`] says otherwise. For a set-up link its secret is returned,
/// once. An address in use: `Conflict(admin_users_email_key)`.
pub async fn insert_user(
    db: impl Executor<'_>,
    email: &str,
    role: Role,
    password_hash: Option<&str>,
    setup_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(AdminUserId, Option<SecretString>)> {
    let admin_user_id = AdminUserId::new();
    let setup = setup_until.map(|_| secret::generate("setup"));
    sqlx::query!(
        "insert into admin_users (admin_user_id, email, role, password_hash, setup_hash, setup_until, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        admin_user_id as AdminUserId,
        email,
        role as Role,
        password_hash,
        setup.as_ref().map(|setup| secret::hash(setup.expose_secret())),
        setup_until,
        now,
    )
    .execute(db)
    .await?;
    Ok((admin_user_id, setup))
}

/// The user of that address with their password's hash.
pub async fn find_user_by_email(db: impl Executor<'_>, email: &str) -> Result<Option<(AdminUser, Option<String>)>> {
    let row = sqlx::query!(
        r#"select admin_user_id as "admin_user_id: AdminUserId", email, role as "role: Role", created_at,
               last_login_at, disabled_at, cohorts, classes, shows_all_classes, is_responsible, password_hash, totp_secret is not null as "has_app!",
               exists (select from admin_passkeys p where p.admin_user_id = u.admin_user_id) as "has_passkey!"
           from admin_users u where email = $1"#,
        email,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let user = AdminUser {
            admin_user_id: row.admin_user_id,
            email: row.email,
            role: row.role,
            created_at: row.created_at,
            last_login_at: row.last_login_at,
            disabled_at: row.disabled_at,
            has_password: row.password_hash.is_some(),
            has_app: row.has_app,
            has_passkey: row.has_passkey,
            cohorts: row.cohorts,
            classes: row.classes,
            shows_all_classes: row.shows_all_classes,
            is_responsible: row.is_responsible,
        };
        (user, row.password_hash)
    }))
}

/// A user as an identity provider describes them.
#[derive(Clone, Copy, Debug)]
pub struct AtProvider<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
    /// Their address in lower case, where the provider has verified it.
    pub email: Option<&'a str>,
}

/// The user who signed in at the provider: their address here, and whether this was their first sign-in there. The first
/// sign-in finds the user by the verified address. After that only issuer and subject count, even if the address there
/// changes or is given to another person. `None` if there is no such user, or if the account is disabled.
pub async fn find_email_at_provider(db: impl Executor<'_>, person: AtProvider<'_>) -> Result<Option<(String, bool)>> {
    let row = sqlx::query!(
        r#"with known as (select email, disabled_at from admin_users where provider_issuer = $1 and provider_subject = $2),
         linked as (
             update admin_users set provider_issuer = $1, provider_subject = $2
             where email = $3 and provider_issuer is distinct from $1 and disabled_at is null
               and not exists (select from known)
             returning email)
         select email as "email!", false as "is_new!" from known where disabled_at is null
         union all select email, true from linked"#,
        person.issuer,
        person.subject,
        person.email,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.email, row.is_new)))
}

/// The address of the user whose set-up link this is. `None`: it was used, or is too old.
pub async fn find_email_of_setup(
    db: impl Executor<'_>,
    setup: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "select email from admin_users where setup_hash = $1 and setup_until > $2 and disabled_at is null",
        secret::hash(setup.expose_secret()),
        now,
    )
    .fetch_optional(db)
    .await?)
}

/// Sets the password of the user whose set-up link this is, and ends the link, their logins, their agents, and what browsers
/// are known for. `NotFound`: used, or too old.
pub async fn set_up(
    db: impl Executor<'_>,
    setup: &SecretString,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let n = sqlx::query_scalar!(
        "with done as (
             update admin_users set password_hash = $2, setup_hash = null, setup_until = null
             where setup_hash = $1 and setup_until > $3 and disabled_at is null
             returning admin_user_id),
         logins as (delete from admin_logins where admin_user_id in (select admin_user_id from done)),
         steps as (delete from admin_login_steps where admin_user_id in (select admin_user_id from done)),
         devices as (delete from admin_devices where admin_user_id in (select admin_user_id from done)),
         agents as (update agent_grants set ended_at = $3
                    where admin_user_id in (select admin_user_id from done) and ended_at is null)
         select count(*) as \"n!\" from done",
        secret::hash(setup.expose_secret()),
        password_hash,
        now,
    )
    .fetch_one(db)
    .await?;
    if n == 0 { Err(Error::NotFound("set-up link")) } else { Ok(()) }
}

/// Gives the user a new set-up link, in place of one they had: for a forgotten password, or a link that ran out.
/// Their password works until the link is used. Who they were at a provider is forgotten. Returns the link's secret, once.
pub async fn renew_setup(
    db: impl Executor<'_>,
    admin_user_id: AdminUserId,
    setup_until: DateTime<Utc>,
) -> Result<SecretString> {
    let setup = secret::generate("setup");
    let n = sqlx::query!(
        "update admin_users set setup_hash = $2, setup_until = $3, provider_issuer = null, provider_subject = null
         where admin_user_id = $1 and disabled_at is null",
        admin_user_id as AdminUserId,
        secret::hash(setup.expose_secret()),
        setup_until,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("user")) } else { Ok(setup) }
}

/// Replaces the password's hash. A set-up link that was still open ends.
pub async fn set_password(db: impl Executor<'_>, admin_user_id: AdminUserId, password_hash: &str) -> Result<()> {
    sqlx::query!(
        "update admin_users set password_hash = $2, setup_hash = null, setup_until = null where admin_user_id = $1",
        admin_user_id as AdminUserId,
        password_hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// All users by address.
pub async fn list_users(db: impl Executor<'_>) -> Result<Vec<AdminUser>> {
    Ok(sqlx::query_as!(
        AdminUser,
        r#"select admin_user_id as "admin_user_id: AdminUserId", email, role as "role: Role", created_at,
               last_login_at, disabled_at, cohorts, classes, shows_all_classes, is_responsible, password_hash is not null as "has_password!",
               totp_secret is not null as "has_app!",
               exists (select from admin_passkeys p where p.admin_user_id = u.admin_user_id) as "has_passkey!"
           from admin_users u order by email limit 500"#,
    )
    .fetch_all(db)
    .await?)
}

/// Gives the user another role.
pub async fn set_role(db: impl Executor<'_>, admin_user_id: AdminUserId, role: Role) -> Result<()> {
    let n = sqlx::query!(
        "update admin_users set role = $2 where admin_user_id = $1",
        admin_user_id as AdminUserId,
        role as Role,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("user")) } else { Ok(()) }
}

/// Sets the user's own classes. Lists show them from now on.
pub async fn set_classes(db: impl Executor<'_>, admin_user_id: AdminUserId, classes: &[String]) -> Result<()> {
    let n = sqlx::query!(
        "update admin_users set classes = $2, shows_all_classes = false where admin_user_id = $1",
        admin_user_id as AdminUserId,
        classes,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("user")) } else { Ok(()) }
}

/// Remembers whether lists show the user's own classes or all students that they see.
pub async fn set_shows_all(db: impl Executor<'_>, admin_user_id: AdminUserId, shows_all: bool) -> Result<()> {
    sqlx::query!(
        "update admin_users set shows_all_classes = $2 where admin_user_id = $1",
        admin_user_id as AdminUserId,
        shows_all,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Says whose students the user sees; `None`: all.
pub async fn set_cohorts(db: impl Executor<'_>, admin_user_id: AdminUserId, cohorts: Option<&[String]>) -> Result<()> {
    let n = sqlx::query!(
        "update admin_users set cohorts = $2 where admin_user_id = $1",
        admin_user_id as AdminUserId,
        cohorts,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("user")) } else { Ok(()) }
}

/// Shuts the user out, or lets them in again. Their logins and agents end at once.
pub async fn set_disabled(
    db: impl Executor<'_>,
    admin_user_id: AdminUserId,
    disabled_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let n = sqlx::query!(
        "with gone as (delete from admin_logins where admin_user_id = $1),
             agents as (update agent_grants set ended_at = now() where admin_user_id = $1 and ended_at is null)
         update admin_users set disabled_at = $2 where admin_user_id = $1",
        admin_user_id as AdminUserId,
        disabled_at,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("user")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let right = SecretString::from("correct horse battery");
        let hash = hash_password(&right).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify_password(&right, Some(&hash)));
        assert!(!verify_password(&SecretString::from("correct horse batterx"), Some(&hash)));
        assert!(!verify_password(&right, None));
        assert!(!verify_password(&right, Some("not a hash")));
    }

    #[test]
    fn a_password_is_neither_short_nor_endless() {
        assert_eq!(hash_password(&SecretString::from("eleven char")), Err(Refused::TooShort));
        assert_eq!(hash_password(&SecretString::from("kite lamp moss ".repeat(18))), Err(Refused::TooLong));
    }

    #[test]
    fn a_common_password_is_refused() {
        for common in [
            "password1234",
            "passwordpassword",
            "123456789012",
            "qwertyuiop12",
            "aaaaaaaaaaaaaaaa",
            "iloveyou1234",
            "letmein123456",
            "Password2026",
            "aitutor12345",
            "Password2026!",
        ] {
            assert_eq!(hash_password(&SecretString::from(common)), Err(Refused::Common), "{common}");
        }
        // Nothing but the list of leaked ones knows this one.
        assert!(secret::guesses_log10("xx69KofrvAje.", &[]) >= STRONG);
        assert_eq!(hash_password(&SecretString::from("xx69KofrvAje.")), Err(Refused::Common));
        for fine in ["correct horse battery", "a rather new password", "kite lamp moss", "Tr0ub4dor&3-ferry"] {
            assert!(hash_password(&SecretString::from(fine)).is_ok(), "{fine}");
        }
    }

    #[test]
    fn the_address_and_the_school_are_no_password() {
        let email = "amara.okafor@greenfieldacademy.org";
        let hash = |password: &str| hash_password_of(email, &SecretString::from(password));
        for own in [
            "amara.okafor@greenfieldacademy.org",
            "GreenfieldAcademy1",
            "greenfieldacademy-2026",
            "okafor.greenfieldacademy",
            "Amara.Okafor2026",
        ] {
            assert_eq!(hash(own), Err(Refused::Common), "{own}");
        }
        assert!(hash("okafor kite lamp moss").is_ok(), "with enough beside it");
        assert!(hash("!§$%&/()=?*#").is_ok(), "any composition");
        // Another organisation may have the word.
        assert!(hash_password(&SecretString::from("greenfieldacademy-2026")).is_ok());
        assert!(hash("kite lamp moss ferry").is_ok());
    }

    #[test]
    fn an_address_is_kept_lower_case() {
        assert_eq!(parse_email(" Ada@Example.ORG "), Ok("ada@example.org".to_owned()));
        for text in ["", "ada", "@example.org", "ada@", "a b@example.org", "a@b@c"] {
            assert_eq!(parse_email(text), Err(Refused::Email), "{text}");
        }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn whoever_gets_an_address_at_the_provider_later_is_somebody_else(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (ada, _) = insert_user(&db, "ada@example.org", Role::Tutor, None, None, now).await.unwrap();
        let find = async |issuer: &str, subject: &str, email: Option<&str>| {
            let found = find_email_at_provider(&db, AtProvider { issuer, subject, email }).await.unwrap();
            found.map(|(email, is_new)| (email == "ada@example.org", is_new))
        };
        let address = Some("ada@example.org");
        assert_eq!(find("one", "1", None).await, None, "an address that nobody verified");
        assert_eq!(find("one", "1", Some("bob@example.org")).await, None, "no account");
        assert_eq!(find("one", "1", address).await, Some((true, true)));
        assert_eq!(find("one", "1", Some("ada@new.example.org")).await, Some((true, false)), "the same person");
        assert_eq!(find("one", "2", address).await, None, "another person with her address");
        assert_eq!(find("two", "2", address).await, Some((true, true)), "the organisation has a new provider");
        renew_setup(&db, ada, now).await.unwrap();
        assert_eq!(find("two", "3", address).await, Some((true, true)), "an admin made a new link");
        set_disabled(&db, ada, Some(now)).await.unwrap();
        assert_eq!(find("two", "3", address).await, None);
    }
}
