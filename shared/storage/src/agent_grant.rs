//! What a person allowed an agent that they connected: from the code of OAuth to its refresh tokens, and to its end.
//!
//! **Invariant:** a code and a refresh token work once. A second use ends the grant, because one of the two users is a thief.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::access::{Caller, Role, ScopeSet};
use crate::admin_user::caller_of;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{AdminUserId, AgentGrantId};
use crate::refresh_token::{self, RefreshToken};
use crate::{audit, secret};

/// A code is exchanged at once, by a program.
const CODE_LIFETIME: TimeDelta = TimeDelta::seconds(60);
/// What ended or was never used is deleted after this long.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What a person allows.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    /// Of PKCE, by S256.
    pub code_challenge: &'a str,
    pub scopes: ScopeSet,
}

/// What a program shows to get its first tokens.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub code: &'a SecretString,
    /// Of PKCE.
    pub verifier: &'a SecretString,
}

/// What a code or a refresh token gave.
#[derive(Debug)]
pub struct Renewed {
    pub agent_grant_id: AgentGrantId,
    pub admin_user_id: AdminUserId,
    /// The person's authority, as far as they gave it to the agent.
    pub caller: Caller,
    /// The next refresh token. It is not stored.
    pub refresh_token: SecretString,
}

/// Keeps that a person allows it. Returns the code, once.
pub async fn insert_grant(
    db: impl Executor<'_>,
    admin_user_id: AdminUserId,
    given: Allowed<'_>,
    now: DateTime<Utc>,
) -> Result<SecretString> {
    let code = secret::generate("code");
    sqlx::query!(
        "insert into agent_grants (agent_grant_id, client_id, admin_user_id, scopes, code_hash, redirect_uri,
             code_challenge, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        AgentGrantId::new() as AgentGrantId,
        given.client_id,
        admin_user_id as AdminUserId,
        &given.scopes.to_strings(),
        secret::hash(code.expose_secret()),
        given.redirect_uri,
        given.code_challenge,
        now,
        now + CODE_LIFETIME,
    )
    .execute(db)
    .await?;
    Ok(code)
}

/// A grant with its person.
struct Row {
    agent_grant_id: AgentGrantId,
    client_id: String,
    scopes: Vec<String>,
    redirect_uri: String,
    code_challenge: String,
    is_code_used: bool,
    turn_hash: Option<Vec<u8>>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    admin_user_id: AdminUserId,
    email: String,
    role: Role,
    cohorts: Option<Vec<String>>,
}

impl Row {
    fn caller(&self) -> Caller {
        let person = caller_of(self.admin_user_id, self.email.clone(), self.role, self.cohorts.clone());
        person.by_agent(&self.client_id, ScopeSet::from_strings(&self.scopes))
    }
}

/// The grant of that code, or of that first half of a refresh token, if neither it nor the person's account ended. No other
/// request changes it until the transaction ends.
async fn lock(tx: &mut Connection, hash: &[u8]) -> Result<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select g.agent_grant_id as "agent_grant_id: AgentGrantId", g.client_id, g.scopes, g.redirect_uri, g.code_challenge,
               g.code_used_at is not null as "is_code_used!", g.turn_hash, g.created_at, g.expires_at,
               u.admin_user_id as "admin_user_id: AdminUserId", u.email, u.role as "role: Role", u.cohorts
           from agent_grants g join admin_users u using (admin_user_id)
           where (g.code_hash = $1 or g.family_hash = $1) and g.ended_at is null and u.disabled_at is null
           for update of g"#,
        hash,
    )
    .fetch_optional(tx)
    .await?)
}

/// Exchanges a code. Returns `None` if it is invalid or expired, or if a parameter is wrong. A wrong or repeated use
/// ends its grant, so commit then, too.
pub async fn redeem(tx: &mut Connection, shown: Shown<'_>, now: DateTime<Utc>) -> Result<Option<Renewed>> {
    let Some(row) = lock(tx, &secret::hash(shown.code.expose_secret())).await? else { return Ok(None) };
    let is_right = row.client_id == shown.client_id
        && row.redirect_uri == shown.redirect_uri
        && is_verifier_of(&row.code_challenge, shown.verifier);
    if row.is_code_used || !is_right {
        let why = if row.is_code_used { "code used twice" } else { "code shown wrongly" };
        end_as_stolen(tx, &row, why, now).await?;
        return Ok(None);
    }
    if row.expires_at <= now {
        return Ok(None);
    }
    renew(tx, &row, &RefreshToken::first(), now).await.map(Some)
}

/// Exchanges a refresh token for the next one. Returns `None` if it is invalid or expired. A repeated use ends its
/// grant, so commit then, too.
pub async fn refresh(
    tx: &mut Connection,
    client_id: &str,
    token: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<Renewed>> {
    let Some(token) = RefreshToken::read(token) else { return Ok(None) };
    let Some(row) = lock(tx, &token.family_hash()).await? else { return Ok(None) };
    let is_current = token.is_newest(row.turn_hash.as_deref());
    if !is_current || row.client_id != client_id {
        let why = if is_current { "token shown by another program" } else { "token used twice" };
        end_as_stolen(tx, &row, why, now).await?;
        return Ok(None);
    }
    if row.expires_at <= now {
        return Ok(None);
    }
    renew(tx, &row, &token.next(), now).await.map(Some)
}

/// Gives the grant its next token.
async fn renew(tx: &mut Connection, row: &Row, next: &RefreshToken, now: DateTime<Utc>) -> Result<Renewed> {
    sqlx::query!(
        "update agent_grants set code_used_at = coalesce(code_used_at, $2), family_hash = $3, turn_hash = $4, last_used_at = $2,
             expires_at = $5
         where agent_grant_id = $1",
        row.agent_grant_id as AgentGrantId,
        now,
        next.family_hash(),
        next.turn_hash(),
        refresh_token::expires_at(row.created_at, now),
    )
    .execute(tx)
    .await?;
    Ok(Renewed {
        agent_grant_id: row.agent_grant_id,
        admin_user_id: row.admin_user_id,
        caller: row.caller(),
        refresh_token: next.show(),
    })
}

async fn end_as_stolen(tx: &mut Connection, row: &Row, why: &str, now: DateTime<Utc>) -> Result<()> {
    let object = format!("agent_grant:{}", row.agent_grant_id);
    audit::insert_entry(&mut *tx, &row.caller(), "agent.misused", Some(&object), &json!({ "why": why }), now).await?;
    end(tx, row.agent_grant_id, None, now).await
}

/// Whether `verifier` is what `challenge` was made of by S256 (RFC 7636, section 4.6).
fn is_verifier_of(challenge: &str, verifier: &SecretString) -> bool {
    let made = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret().as_bytes()));
    made.as_bytes().ct_eq(challenge.as_bytes()).into()
}

/// The caller of an access token: the person's authority of this moment, as far as they gave it to the agent. `None`: the
/// grant or the account has ended, or the person has to set up a second factor first.
pub async fn find_caller(
    db: impl Executor<'_>,
    agent_grant_id: AgentGrantId,
    now: DateTime<Utc>,
) -> Result<Option<Caller>> {
    let row = sqlx::query!(
        r#"with seen as (
               update agent_grants set last_used_at = $2
               -- To the minute is enough, and spares a write a request.
               where agent_grant_id = $1 and ended_at is null and last_used_at < $2::timestamptz - interval '1 minute')
           select g.client_id, g.scopes, u.admin_user_id as "admin_user_id: AdminUserId", u.email, u.role as "role: Role",
               u.cohorts
           from agent_grants g join admin_users u using (admin_user_id)
           where g.agent_grant_id = $1 and g.ended_at is null and u.disabled_at is null
             -- Somebody who must first set up a second factor reaches nothing at the dashboard either. A provider decides itself.
             and (not (select requires_second_factor from organisation) or u.totp_secret is not null
                  or u.provider_subject is not null
                  or exists (select from admin_passkeys p where p.admin_user_id = u.admin_user_id))"#,
        agent_grant_id as AgentGrantId,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let person = caller_of(row.admin_user_id, row.email, row.role, row.cohorts);
        person.by_agent(row.client_id, ScopeSet::from_strings(&row.scopes))
    }))
}

/// Ends a grant; with `of`, only a grant of that person. Servers refuse its tokens within `mcp_server::auth::RECHECK`.
pub async fn end(
    db: impl Executor<'_>,
    agent_grant_id: AgentGrantId,
    of: Option<AdminUserId>,
    now: DateTime<Utc>,
) -> Result<()> {
    let n = sqlx::query!(
        "update agent_grants set ended_at = $3
         where agent_grant_id = $1 and ended_at is null and ($2::uuid is null or admin_user_id = $2)",
        agent_grant_id as AgentGrantId,
        of as Option<AdminUserId>,
        now,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("agent")) } else { Ok(()) }
}

/// The grant of a refresh token of that program, also of one that was used before.
pub async fn find_by_refresh_token(
    db: impl Executor<'_>,
    client_id: &str,
    token: &SecretString,
) -> Result<Option<AgentGrantId>> {
    let Some(token) = RefreshToken::read(token) else { return Ok(None) };
    Ok(sqlx::query_scalar!(
        r#"select agent_grant_id as "agent_grant_id: AgentGrantId" from agent_grants
           where family_hash = $1 and client_id = $2 and ended_at is null"#,
        token.family_hash(),
        client_id,
    )
    .fetch_optional(db)
    .await?)
}

/// A connected agent, as pages list it.
#[derive(Clone)]
pub struct Connected {
    pub agent_grant_id: AgentGrantId,
    pub email: String,
    pub name: String,
    pub redirect_uri: String,
    pub scopes: ScopeSet,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Connected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connected").field("agent_grant_id", &self.agent_grant_id).finish_non_exhaustive()
    }
}

/// The connected agents of a person, or of all people (`None`), newest first.
pub async fn list_connected(
    db: impl Executor<'_>,
    of: Option<AdminUserId>,
    now: DateTime<Utc>,
) -> Result<Vec<Connected>> {
    let rows = sqlx::query!(
        r#"select g.agent_grant_id as "agent_grant_id: AgentGrantId", u.email, a.name, g.redirect_uri, g.scopes, g.created_at,
               g.last_used_at
           from agent_grants g join agents a using (client_id) join admin_users u using (admin_user_id)
           where g.code_used_at is not null and g.ended_at is null and g.expires_at > $2 and u.disabled_at is null
             and ($1::uuid is null or g.admin_user_id = $1)
           order by g.created_at desc limit 500"#,
        of as Option<AdminUserId>,
        now,
    )
    .fetch_all(db)
    .await?;
    let connected = rows.into_iter().map(|row| Connected {
        agent_grant_id: row.agent_grant_id,
        email: row.email,
        name: row.name,
        redirect_uri: row.redirect_uri,
        scopes: ScopeSet::from_strings(&row.scopes),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    });
    Ok(connected.collect())
}

/// Deletes grants that are over: how many they were.
pub(crate) async fn delete_over(db: impl Executor<'_>, limit: i64, now: DateTime<Utc>) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from agent_grants where agent_grant_id in (
             select agent_grant_id from agent_grants where least(ended_at, expires_at) < $1
             limit $2 for update skip locked)",
        now - KEPT,
        limit,
    );
    Ok(deleted.execute(db).await?.rows_affected())
}
