//! Who saw or changed what. Appended in the transaction of the deed, never changed.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::access::Caller;
use crate::db::{Executor, Result};

/// Appends an entry. `detail` holds ids and settings, never a name, a number or speech.
pub async fn insert_entry(
    db: impl Executor<'_>,
    caller: &Caller,
    action: &str,
    object: Option<&str>,
    detail: &Value,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into audit_entries (at, actor, action, object, detail) values ($1, $2, $3, $4, $5)",
        now,
        caller.actor.to_string(),
        action,
        object,
        detail,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// [`insert_entry`], unless the same caller did the same to the same object since `since`: whoever plays a recording
/// asks for it in many pieces, and that is one deed.
pub async fn insert_entry_once_since(
    db: impl Executor<'_>,
    caller: &Caller,
    action: &str,
    object: &str,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into audit_entries (at, actor, action, object)
         select $1, $2, $3, $4 where not exists (
             select 1 from audit_entries where actor = $2 and at >= $5 and action = $3 and object = $4)",
        now,
        caller.actor.to_string(),
        action,
        object,
        since,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One row of `audit_entries`.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    pub audit_entry_id: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub object: Option<String>,
    pub detail: Value,
}

/// Entries, newest first, from before the entry `before`. Of one actor, or of all.
pub async fn list_entries(
    db: impl Executor<'_>,
    actor: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditEntry>> {
    Ok(sqlx::query_as!(
        AuditEntry,
        "select audit_entry_id, at, actor, action, object, detail from audit_entries
         where ($1::text is null or actor = $1) and ($2::bigint is null or audit_entry_id < $2)
         order by audit_entry_id desc limit $3",
        actor,
        before,
        limit,
    )
    .fetch_all(db)
    .await?)
}
