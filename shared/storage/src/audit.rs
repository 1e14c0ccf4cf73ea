//! Who saw or changed what. Appended in the transaction of the deed, never changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::access::{Actor, Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::StudentId;

/// Appends an entry. `detail` holds ids and settings, never a name, a number or speech. If an agent of a person or a
/// guardian's app acts, the entry also names the program or the guardian.
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
        detail_with_client(caller, detail.clone()),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The details of an entry with the program that a person's agent is, or the guardian who uses an app.
pub fn detail_with_client(caller: &Caller, mut detail: Value) -> Value {
    let more = match &caller.actor {
        Actor::Agent { client_id, .. } => Some(("client", client_id.clone())),
        Actor::Family { guardian_id: Some(guardian_id), .. } => Some(("guardian", guardian_id.to_string())),
        _ => None,
    };
    if let (Some((name, value)), Some(fields)) = (more, detail.as_object_mut()) {
        fields.insert(name.to_owned(), Value::from(value));
    }
    detail
}

/// An entry that is not written yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    pub at: DateTime<Utc>,
    /// As entries have it, or [`STRANGER`].
    pub actor: String,
    pub action: &'static str,
    pub object: Option<String>,
    pub detail: Value,
}

/// Appends many entries at once.
pub async fn insert_entries(db: impl Executor<'_>, entries: &[NewEntry]) -> Result<()> {
    fn column<T>(entries: &[NewEntry], of: impl Fn(&NewEntry) -> T) -> Vec<T> {
        entries.iter().map(of).collect()
    }
    sqlx::query!(
        "insert into audit_entries (at, actor, action, object, detail)
         select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::jsonb[])",
        &column(entries, |entry| entry.at),
        &column(entries, |entry| entry.actor.clone()),
        &column(entries, |entry| entry.action.to_owned()),
        &column(entries, |entry| entry.object.clone()) as &[Option<String>],
        &column(entries, |entry| entry.detail.clone()),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who is not known: they tried and failed.
pub const STRANGER: &str = "stranger";

/// Appends an entry about a person without a [`Caller`]: `actor` has the format of entries, or is [`STRANGER`].
pub async fn insert_attempt(
    db: impl Executor<'_>,
    actor: &str,
    action: &str,
    detail: &Value,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into audit_entries (at, actor, action, detail) values ($1, $2, $3, $4)",
        now,
        actor,
        action,
        detail,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Like [`insert_entry`], unless the same caller did the same to the same object since `since`. A player requests a
/// recording in many pieces, which counts as one act.
pub async fn insert_entry_once_since(
    db: impl Executor<'_>,
    caller: &Caller,
    action: &str,
    object: &str,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    insert_attempt_once_since(db, &caller.actor.to_string(), action, object, since, now).await
}

/// [`insert_attempt`] on an object, unless the same was written since `since`: a flood is one entry.
pub async fn insert_attempt_once_since(
    db: impl Executor<'_>,
    actor: &str,
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
        actor,
        action,
        object,
        since,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many files about students the caller has taken since.
pub async fn count_files(db: impl Executor<'_>, caller: &Caller, since: DateTime<Utc>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from audit_entries
           where actor = $1 and at >= $2 and (action like '%.export' or action in ('session.transcript', 'session.analysis'))"#,
        caller.actor.to_string(),
        since,
    )
    .fetch_one(db)
    .await?)
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

impl AuditEntry {
    /// The kind and the id of what the entry is about. Commands write the id alone.
    pub fn about(&self) -> Option<(&str, &str)> {
        let object = self.object.as_deref()?;
        let by_command = match self.action.split_once('.') {
            Some(("admin_user", _)) => Some(("admin_user", object)),
            Some(("api_client", _)) => Some(("client", object)),
            _ => None,
        };
        object.split_once(':').or(by_command)
    }
}

/// Which entries to list. What is `None` narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery<'a> {
    /// Who, as entries name them, or an e-mail address alone.
    pub actor: Option<&'a str>,
    pub action: Option<&'a str>,
    /// What it was done to, as entries name it, or how that begins: `student:`.
    pub object: Option<&'a str>,
    /// Only what was done to one of these students, or to one of their sessions.
    pub students: Option<&'a [StudentId]>,
    pub from: Option<DateTime<Utc>>,
    /// Itself left out.
    pub to: Option<DateTime<Utc>>,
    /// Only entries before this one.
    pub before: Option<i64>,
    pub limit: i64,
}

/// Names of what entries are about and of who acted, each by its kind and id: `student:…`. Students have a name only for a caller who
/// reaches them. What is missing was erased.
pub async fn list_names(
    db: impl Executor<'_>,
    caller: &Caller,
    entries: &[AuditEntry],
) -> Result<HashMap<String, String>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let named = entries.iter().flat_map(|entry| [entry.actor.split_once(':'), entry.about()]).flatten();
    let named: Vec<(&str, &str)> = named.collect();
    let of = |kind: &str| -> Vec<&str> { named.iter().filter(|(of, _)| *of == kind).map(|(_, id)| *id).collect() };
    let ids = |kind: &str| -> Vec<Uuid> { of(kind).into_iter().filter_map(|id| id.parse().ok()).collect() };
    let clients: Vec<String> = of("client").into_iter().map(str::to_owned).collect();
    let rows = sqlx::query!(
        r#"select 'student:' || student_id as "object!", display_name as "name!" from students
           where student_id = any($1) and ($5::text[] is null or cohort = any($5))
           union all
           select 'session:' || s.session_id, coalesce(st.display_name, 'an unknown caller')
           from sessions s left join students st using (student_id)
           where s.session_id = any($2) and ($5::text[] is null or st.cohort = any($5))
           union all
           select 'admin_user:' || admin_user_id, email from admin_users where admin_user_id = any($3)
           union all
           select 'client:' || client_id, name from api_clients where client_id = any($4)"#,
        &ids("student"),
        &ids("session"),
        &ids("admin_user"),
        &clients,
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.object, row.name)).collect())
}

/// The newest first.
pub async fn list_entries(db: impl Executor<'_>, query: &AuditQuery<'_>) -> Result<Vec<AuditEntry>> {
    let object = query.object.map(|object| object.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_") + "%");
    Ok(sqlx::query_as!(
        AuditEntry,
        "select audit_entry_id, at, actor, action, object, detail from audit_entries
         where ($1::text is null or actor = $1 or actor = 'admin:' || $1 or actor = 'agent:' || $1)
           and ($2::text is null or action = $2)
           and ($3::text is null or object like $3)
           and ($8::uuid[] is null or object = any(
               array(select 'student:' || id from unnest($8) id)
               || array(select 'session:' || session_id from sessions where student_id = any($8))))
           and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)
           and ($6::bigint is null or audit_entry_id < $6)
         order by audit_entry_id desc limit $7",
        query.actor,
        query.action,
        object,
        query.from,
        query.to,
        query.before,
        query.limit,
        query.students as Option<&[StudentId]>,
    )
    .fetch_all(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn entries_are_found_by_who_what_whom_and_when(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now: DateTime<Utc> = "2026-11-19T21:12:04Z".parse().unwrap();
        let operator = Caller::operator();
        let deeds = [("student.update", "student:1_a"), ("student.update", "student:12a"), ("job.retry", "job:1_a")];
        for (days, (action, object)) in (0..).zip(deeds) {
            insert_entry(&db, &operator, action, Some(object), &json!({}), now + TimeDelta::days(days)).await.unwrap();
        }
        let all = AuditQuery { limit: 10, ..AuditQuery::default() };
        let found = async |query: AuditQuery<'static>| {
            let entries = list_entries(&db, &query).await.unwrap();
            entries.into_iter().map(|entry| entry.object.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(found(all.clone()).await, ["job:1_a", "student:12a", "student:1_a"]);
        assert_eq!(found(AuditQuery { action: Some("job.retry"), ..all.clone() }).await, ["job:1_a"]);
        assert_eq!(found(AuditQuery { object: Some("student:1_"), ..all.clone() }).await, ["student:1_a"]);
        assert_eq!(found(AuditQuery { object: Some("student:"), ..all.clone() }).await, ["student:12a", "student:1_a"]);
        let (from, to) = (Some(now + TimeDelta::hours(1)), Some(now + TimeDelta::days(2)));
        assert_eq!(found(AuditQuery { from, to, ..all.clone() }).await, ["student:12a"]);
        assert_eq!(found(AuditQuery { actor: Some("operator"), limit: 1, ..all.clone() }).await, ["job:1_a"]);
        assert!(found(AuditQuery { actor: Some("ada@example.org"), ..all }).await.is_empty());
    }
}
