//! Making API clients and dashboard users. Secrets are printed once and kept as hashes.

use std::io::{IsTerminal, Read};
use std::path::Path;

use anyhow::{Context, ensure};
use chrono::{DateTime, Duration, Utc};
use mcp_server::token::public_keys::PublicKeys;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use storage::access::{Caller, ClientKind, Role, ScopeSet};
use storage::db::{self, Db};
use storage::id::AgentKeyId;
use storage::{admin_login, admin_user, agent_key, api_client, audit, second_factor};

use crate::say;

/// How long a set-up link works.
const SETUP_LIFETIME: Duration = Duration::hours(72);

/// `api-client create`: prints one JSON object.
pub async fn create_api_client(
    db: &Db,
    name: &str,
    kind: ClientKind,
    scopes: ScopeSet,
    with_agent_key: bool,
    public_key: Option<&Path>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    ensure!((1..=80).contains(&name.trim().chars().count()), "a client's name has 1 to 80 characters");
    ensure!(!scopes.is_empty(), "a client needs at least one scope; the scopes are: {}", ScopeSet::all());
    let public_keys = public_key.map(read_public_keys).transpose()?;
    let mut tx = db::begin(db).await?;
    let (client, secret) = if let Some(keys) = &public_keys {
        (api_client::insert_signing_client(&mut *tx, name.trim(), kind, scopes, keys, now).await?, None)
    } else {
        let (client, secret) = api_client::insert_client(&mut *tx, name.trim(), kind, scopes, now).await?;
        (client, Some(secret))
    };
    let mut shown = json!({ "client_id": client.client_id, "scope": scopes.to_string(), "kind": kind.as_str() });
    if let Some(secret) = secret {
        shown["client_secret"] = json!(secret.expose_secret());
    }
    if with_agent_key {
        let key = agent_key::insert_key(&mut *tx, &client.client_id, now).await?;
        shown["agent_key"] = json!(key.expose_secret());
    }
    let detail = json!({
        "scope": scopes.to_string(), "kind": kind.as_str(), "agent_key": with_agent_key,
        "public_key": public_keys.is_some(),
    });
    let caller = Caller::operator();
    audit::insert_entry(&mut *tx, &caller, "api_client.create", Some(&client.client_id), &detail, now).await?;
    tx.commit().await?;
    say!("{shown:#}");
    Ok(())
}

/// `api-client list`: one JSON object per line.
pub async fn list_api_clients(db: &Db) -> anyhow::Result<()> {
    for client in api_client::list_clients(db).await? {
        let shown = json!({
            "client_id": client.client_id,
            "name": client.name,
            "kind": client.kind.as_str(),
            "scope": client.scopes.to_string(),
            "created_at": client.created_at,
            "last_used_at": client.last_used_at,
            "revoked_at": client.revoked_at,
            "stopped_at": client.stopped_at,
            "is_stopped": client.is_stopped,
        });
        say!("{shown}");
    }
    Ok(())
}

/// `api-client revoke`.
pub async fn revoke_api_client(db: &Db, client_id: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut tx = db::begin(db).await?;
    api_client::revoke_client(&mut *tx, client_id, now).await.context("no client that is still valid has this id")?;
    audit::insert_entry(&mut *tx, &Caller::operator(), "api_client.revoke", Some(client_id), &json!({}), now).await?;
    tx.commit().await?;
    say!("{client_id} is revoked");
    Ok(())
}

/// `api-client list-keys`: one JSON object per line.
pub async fn list_agent_keys(db: &Db, client_id: &str) -> anyhow::Result<()> {
    api_client::find_client(db, client_id).await?.context("no client has this id")?;
    for key in agent_key::list_keys(db, client_id).await? {
        let shown = json!({
            "agent_key_id": key.agent_key_id,
            "created_at": key.created_at,
            "last_used_at": key.last_used_at,
            "revoked_at": key.revoked_at,
        });
        say!("{shown}");
    }
    Ok(())
}

/// `api-client revoke-key`.
pub async fn revoke_agent_key(
    db: &Db,
    client_id: &str,
    agent_key_id: AgentKeyId,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut tx = db::begin(db).await?;
    let revoked = agent_key::revoke_key(&mut *tx, client_id, agent_key_id, now).await;
    revoked.context("this client has no such key that is still valid; see `api-client list-keys`")?;
    let detail = json!({ "agent_key": agent_key_id });
    let caller = Caller::operator();
    audit::insert_entry(&mut *tx, &caller, "api_client.revoke_key", Some(client_id), &detail, now).await?;
    tx.commit().await?;
    say!("{agent_key_id} is revoked");
    Ok(())
}

/// `api-client set-kind`.
pub async fn set_kind(db: &Db, client_id: &str, kind: ClientKind, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut tx = db::begin(db).await?;
    api_client::set_kind(&mut *tx, client_id, kind).await.context("no client that is still valid has this id")?;
    let detail = json!({ "kind": kind.as_str() });
    audit::insert_entry(&mut *tx, &Caller::operator(), "api_client.set_kind", Some(client_id), &detail, now).await?;
    tx.commit().await?;
    say!("{client_id} is a {} client", kind.as_str());
    Ok(())
}

/// `api-client stop` and `api-client start`, of one client or of all telephone clients.
pub async fn set_stopped(db: &Db, client_id: Option<&str>, is_stopped: bool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let operator = Caller::operator();
    let mut tx = db::begin(db).await?;
    match client_id {
        Some(client_id) => api_client::set_client_stopped(&mut *tx, &operator, client_id, is_stopped, now)
            .await
            .context("no client that is still valid has this id")?,
        None => api_client::set_telephones_stopped(&mut *tx, &operator, is_stopped, now).await?,
    }
    let action = if is_stopped { "api_client.stop" } else { "api_client.start" };
    let object = client_id.unwrap_or("all telephone clients");
    audit::insert_entry(&mut *tx, &operator, action, Some(object), &json!({}), now).await?;
    tx.commit().await?;
    say!("{}: {object}", if is_stopped { "stopped" } else { "started" });
    Ok(())
}

/// `api-client set-key`: what the client signs from now on is held against these keys.
pub async fn set_public_keys(db: &Db, client_id: &str, file: &Path, now: DateTime<Utc>) -> anyhow::Result<()> {
    let keys = read_public_keys(file)?;
    let mut tx = db::begin(db).await?;
    api_client::set_public_keys(&mut *tx, client_id, &keys).await?;
    audit::insert_entry(&mut *tx, &Caller::operator(), "api_client.set_key", Some(client_id), &json!({}), now).await?;
    tx.commit().await?;
    say!("{client_id} has its new public keys");
    Ok(())
}

fn read_public_keys(file: &Path) -> anyhow::Result<String> {
    let keys = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    PublicKeys::parse(&keys).with_context(|| file.display().to_string())?;
    Ok(keys)
}

/// `admin-user create`: with a password from standard input, or a one-time link.
pub async fn create_admin_user(
    db: &Db,
    email: &str,
    role: Role,
    cohorts: &[String],
    admin_url: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let email = admin_user::parse_email(email)?;
    let hash = read_password()?.map(|password| admin_user::hash_password_of(&email, &password)).transpose()?;
    let setup_until = hash.is_none().then_some(now + SETUP_LIFETIME);
    let mut tx = db::begin(db).await?;
    let made = admin_user::insert_user(&mut *tx, &email, role, hash.as_deref(), setup_until, now).await;
    let (admin_user_id, setup) = match made {
        Err(error) if error.is_conflict_with("admin_users_email_key") => {
            anyhow::bail!("{email} has an account already")
        }
        made => made?,
    };
    if !cohorts.is_empty() {
        admin_user::set_cohorts(&mut *tx, admin_user_id, Some(cohorts)).await?;
    }
    let detail = json!({ "role": role, "n_cohorts": cohorts.len() });
    let caller = Caller::operator();
    audit::insert_entry(&mut *tx, &caller, "admin_user.create", Some(&admin_user_id.to_string()), &detail, now).await?;
    tx.commit().await?;
    match setup {
        None => say!("{email} can log in at {admin_url}/login"),
        Some(setup) => {
            say!("{email} sets a password at {admin_url}/setup/{} (once, within 72 hours)", setup.expose_secret());
        }
    }
    Ok(())
}

/// `admin-user end-two-step`.
pub async fn end_two_step(db: &Db, email: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let email = admin_user::parse_email(email)?;
    let (user, _) = admin_user::find_user_by_email(db, &email).await?.context("no user has this address")?;
    let mut tx = db::begin(db).await?;
    second_factor::remove_all(&mut tx, user.admin_user_id).await.context("this user has no second factor")?;
    admin_login::delete_logins_of(&mut *tx, user.admin_user_id).await?;
    let object = format!("admin_user:{}", user.admin_user_id);
    let caller = Caller::operator();
    audit::insert_entry(&mut *tx, &caller, "admin.two_step_off", Some(&object), &json!({}), now).await?;
    tx.commit().await?;
    say!("{email} signs in with the password alone, until they turn two-step sign-in on again");
    Ok(())
}

/// The first line of standard input; `None` where a person sits at it, or it is empty.
fn read_password() -> anyhow::Result<Option<SecretString>> {
    let mut stdin = std::io::stdin().lock();
    if stdin.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    stdin.by_ref().take(4096).read_to_string(&mut text).context("cannot read the password")?;
    let line = text.lines().next().unwrap_or_default();
    Ok((!line.is_empty()).then(|| SecretString::from(line)))
}
