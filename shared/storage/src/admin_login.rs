//! One login of an admin, identified by the cookie.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use secrecy::{ExposeSecret, SecretString};

use crate::access::Role;
use crate::admin_user::AdminUser;
use crate::db::{Error, Executor, Result};
use crate::id::AdminUserId;
use crate::secret;
use crate::student::read_zone;

/// A login ends after this long without a request…
pub const IDLE: Duration = Duration::minutes(30);
/// …and after this long in any case.
pub const ABSOLUTE: Duration = Duration::hours(12);

/// For so long after the password was given, what cannot be undone needs it not again.
pub const FRESH: Duration = Duration::minutes(10);

/// A living login.
#[derive(Clone, Debug)]
pub struct AdminLogin {
    pub user: AdminUser,
    /// Every form of this login carries it.
    pub csrf_token: String,
    /// When the password was last given.
    pub confirmed_at: DateTime<Utc>,
    /// When a code or a passkey was last shown.
    pub factor_shown_at: Option<DateTime<Utc>>,
    /// Whether the organisation asks for a second factor, and the person has to set one up before anything else. If the
    /// provider signed them in, it decides.
    pub must_set_up: bool,
    pub school_zone: Tz,
}

/// How a login began.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// When the person was asked who they are.
    pub confirmed_at: DateTime<Utc>,
    /// When they showed a second factor; `None`: they did not.
    pub factor_shown_at: Option<DateTime<Utc>>,
    pub is_by_provider: bool,
}

/// Begins a login. Returns the cookie's value, once.
pub async fn insert_login(
    db: impl Executor<'_>,
    admin_user_id: AdminUserId,
    user_agent: Option<&str>,
    begun: Begun,
    now: DateTime<Utc>,
) -> Result<SecretString> {
    let cookie = secret::generate("sid");
    let csrf_token = secret::generate("csrf");
    sqlx::query!(
        "with seen as (update admin_users set last_login_at = $5 where admin_user_id = $2)
         insert into admin_logins
             (login_hash, admin_user_id, csrf_token, user_agent, created_at, last_seen_at, expires_at, confirmed_at,
              factor_shown_at, is_by_provider)
         values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9)",
        secret::hash(cookie.expose_secret()),
        admin_user_id as AdminUserId,
        csrf_token.expose_secret(),
        user_agent.map(|text| text.chars().take(200).collect::<String>()),
        now,
        now + ABSOLUTE,
        begun.confirmed_at,
        begun.factor_shown_at,
        begun.is_by_provider,
    )
    .execute(db)
    .await?;
    Ok(cookie)
}

/// A login with its user, as both look-ups select it.
#[expect(clippy::struct_excessive_bools, reason = "a row has the columns that it has")]
struct Row {
    csrf_token: String,
    confirmed_at: DateTime<Utc>,
    factor_shown_at: Option<DateTime<Utc>>,
    is_asked_to_set_up: bool,
    school_zone: String,
    admin_user_id: AdminUserId,
    email: String,
    role: Role,
    created_at: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    has_password: bool,
    has_app: bool,
    has_passkey: bool,
    cohorts: Option<Vec<String>>,
    classes: Vec<String>,
    shows_all_classes: bool,
    is_responsible: bool,
}

impl From<Row> for AdminLogin {
    fn from(row: Row) -> Self {
        Self {
            csrf_token: row.csrf_token,
            confirmed_at: row.confirmed_at,
            factor_shown_at: row.factor_shown_at,
            must_set_up: row.is_asked_to_set_up && !row.has_app && !row.has_passkey,
            school_zone: read_zone(&row.school_zone),
            user: AdminUser {
                admin_user_id: row.admin_user_id,
                email: row.email,
                role: row.role,
                created_at: row.created_at,
                last_login_at: row.last_login_at,
                disabled_at: row.disabled_at,
                has_password: row.has_password,
                has_app: row.has_app,
                has_passkey: row.has_passkey,
                cohorts: row.cohorts,
                classes: row.classes,
                shows_all_classes: row.shows_all_classes,
                is_responsible: row.is_responsible,
            },
        }
    }
}

/// The login of this cookie, where it still lives; it lives on for [`IDLE`] from now.
pub async fn find_login(
    db: impl Executor<'_>,
    cookie: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<AdminLogin>> {
    let row = sqlx::query_as!(
        Row,
        r#"update admin_logins l set last_seen_at = $2
           from admin_users u
           where l.login_hash = $1 and u.admin_user_id = l.admin_user_id and u.disabled_at is null
             and l.expires_at > $2 and l.last_seen_at > $3
           returning l.csrf_token, coalesce(l.confirmed_at, l.created_at) as "confirmed_at!", l.factor_shown_at,
               (select requires_second_factor from organisation) and not l.is_by_provider as "is_asked_to_set_up!",
               (select report_zone from organisation) as "school_zone!",
               u.admin_user_id as "admin_user_id: AdminUserId", u.email, u.role as "role: Role",
               u.created_at, u.last_login_at, u.disabled_at, u.cohorts, u.classes, u.shows_all_classes, u.is_responsible,
               u.password_hash is not null as "has_password!",
               u.totp_secret is not null as "has_app!",
               exists (select from admin_passkeys p where p.admin_user_id = u.admin_user_id) as "has_passkey!""#,
        secret::hash(cookie.expose_secret()),
        now,
        now - IDLE,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(AdminLogin::from))
}

/// Like [`find_login`], but does not extend the login: a page that refreshes automatically is not activity.
pub async fn peek_login(
    db: impl Executor<'_>,
    cookie: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<AdminLogin>> {
    let row = sqlx::query_as!(
        Row,
        r#"select l.csrf_token, coalesce(l.confirmed_at, l.created_at) as "confirmed_at!", l.factor_shown_at,
               (select requires_second_factor from organisation) and not l.is_by_provider as "is_asked_to_set_up!",
               (select report_zone from organisation) as "school_zone!",
               u.admin_user_id as "admin_user_id: AdminUserId", u.email, u.role as "role: Role",
               u.created_at, u.last_login_at, u.disabled_at, u.cohorts, u.classes, u.shows_all_classes, u.is_responsible,
               u.password_hash is not null as "has_password!",
               u.totp_secret is not null as "has_app!",
               exists (select from admin_passkeys p where p.admin_user_id = u.admin_user_id) as "has_passkey!"
           from admin_logins l join admin_users u using (admin_user_id)
           where l.login_hash = $1 and u.disabled_at is null and l.expires_at > $2 and l.last_seen_at > $3"#,
        secret::hash(cookie.expose_secret()),
        now,
        now - IDLE,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(AdminLogin::from))
}

/// What a person showed again while signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed {
    pub by_password: bool,
    pub by_factor: bool,
}

/// The person showed again who they are. Returns the cookie's new value, once: a copy of the old one is of no use any more.
pub async fn confirm_login(
    db: impl Executor<'_>,
    cookie: &SecretString,
    confirmed: Confirmed,
    now: DateTime<Utc>,
) -> Result<SecretString> {
    let renewed = secret::generate("sid");
    let n = sqlx::query!(
        "update admin_logins set confirmed_at = case when $3 then $2 else confirmed_at end,
             factor_shown_at = case when $4 then $2 else factor_shown_at end, login_hash = $5
         where login_hash = $1",
        secret::hash(cookie.expose_secret()),
        now,
        confirmed.by_password,
        confirmed.by_factor,
        secret::hash(renewed.expose_secret()),
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("sign-in")) } else { Ok(renewed) }
}

/// Ends the login.
pub async fn delete_login(db: impl Executor<'_>, cookie: &SecretString) -> Result<()> {
    sqlx::query!("delete from admin_logins where login_hash = $1", secret::hash(cookie.expose_secret()))
        .execute(db)
        .await?;
    Ok(())
}

/// Ends all logins of a user, and disconnects their agents: how many logins they were.
pub async fn delete_logins_of(db: impl Executor<'_>, admin_user_id: AdminUserId) -> Result<u64> {
    let ended = sqlx::query!(
        "with agents as (update agent_grants set ended_at = now() where admin_user_id = $1 and ended_at is null)
         delete from admin_logins where admin_user_id = $1",
        admin_user_id as AdminUserId,
    );
    Ok(ended.execute(db).await?.rows_affected())
}

/// Ends all logins of a user but the one of this cookie, and disconnects their agents: how many logins they were.
pub async fn delete_other_logins_of(
    db: impl Executor<'_>,
    admin_user_id: AdminUserId,
    own: &SecretString,
) -> Result<u64> {
    let ended = sqlx::query!(
        "with agents as (update agent_grants set ended_at = now() where admin_user_id = $1 and ended_at is null)
         delete from admin_logins where admin_user_id = $1 and login_hash <> $2",
        admin_user_id as AdminUserId,
        secret::hash(own.expose_secret()),
    )
    .execute(db)
    .await?;
    Ok(ended.rows_affected())
}

/// How many living logins each user has; who has none is left out.
pub async fn count_logins(db: impl Executor<'_>, now: DateTime<Utc>) -> Result<Vec<(AdminUserId, i64)>> {
    let rows = sqlx::query!(
        r#"select admin_user_id as "admin_user_id: AdminUserId", count(*) as "n!" from admin_logins
           where expires_at > $1 and last_seen_at > $2 group by admin_user_id"#,
        now,
        now - IDLE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.admin_user_id, row.n)).collect())
}

/// A login, as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginItem {
    /// SHA-256 of the cookie: names the login, and opens nothing.
    pub login_hash: Vec<u8>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

/// The living logins of a user, the last used first.
pub async fn list_logins(
    db: impl Executor<'_>,
    admin_user_id: AdminUserId,
    now: DateTime<Utc>,
) -> Result<Vec<LoginItem>> {
    Ok(sqlx::query_as!(
        LoginItem,
        "select login_hash, user_agent, created_at, last_seen_at from admin_logins
         where admin_user_id = $1 and expires_at > $2 and last_seen_at > $3
         order by last_seen_at desc limit 50",
        admin_user_id as AdminUserId,
        now,
        now - IDLE,
    )
    .fetch_all(db)
    .await?)
}

/// Ends one login of a user, named as [`list_logins`] names it: how many they were, one or none.
pub async fn delete_login_of(db: impl Executor<'_>, admin_user_id: AdminUserId, login_hash: &[u8]) -> Result<u64> {
    let ended = sqlx::query!(
        "delete from admin_logins where admin_user_id = $1 and login_hash = $2",
        admin_user_id as AdminUserId,
        login_hash,
    );
    Ok(ended.execute(db).await?.rows_affected())
}
