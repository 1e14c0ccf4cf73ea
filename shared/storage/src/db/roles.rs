//! What Postgres lets each role do. The role that migrates owns the tables; the servers use another one, which can add to
//! the audit log but not change it.

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _};

use super::connect_options;

/// Tables to which the servers add rows, and no more.
const APPEND_ONLY: [&str; 1] = ["audit_entries"];

/// Decisions about consent: what was decided never changes. A merge of two records moves them to another student or guardian.
const DECISIONS: &str =
    "revoke update, delete on consents from {name}; grant update (student_id, guardian_id) on consents to {name};";

/// Tables that the servers read, and no more.
const READ_ONLY: [&str; 1] = ["_sqlx_migrations"];

/// Tables that hold secrets, their hashes, or how staff sign in: not for reports.
const SECRET: [&str; 13] = [
    "caller_codes",
    "api_clients",
    "agent_keys",
    "agent_grants",
    "family_grants",
    "admin_users",
    "admin_logins",
    "admin_login_steps",
    "admin_challenges",
    "admin_recovery_codes",
    "admin_passkeys",
    "admin_devices",
    "webhook_endpoints",
];

/// Grants the servers' role what they need, and nothing else. Run it after each migration.
///
/// # Errors
/// If there is no such role, or if grants would not bind it.
pub async fn grant_app(url: &SecretString, role: &str) -> anyhow::Result<()> {
    let append_only = APPEND_ONLY.join(", ");
    let read_only = READ_ONLY.join(", ");
    let decisions = |name: &str| DECISIONS.replace("{name}", name);
    grant(url, role, &|name| {
        let decisions = decisions(name);
        format!(
            "revoke all on all tables in schema public from {name};
             grant usage on schema public to {name};
             grant select, insert, update, delete on all tables in schema public to {name};
             grant usage, select on all sequences in schema public to {name};
             revoke update, delete on {append_only} from {name};
             revoke insert, update, delete on {read_only} from {name};
             {decisions}"
        )
    })
    .await
}

/// Grants a role for reports that it may read everything but secrets.
///
/// # Errors
/// As [`grant_app`].
pub async fn grant_read(url: &SecretString, role: &str) -> anyhow::Result<()> {
    let secret = SECRET.join(", ");
    grant(url, role, &|name| {
        format!(
            "revoke all on all tables in schema public from {name};
             grant usage on schema public to {name};
             grant select on all tables in schema public to {name};
             revoke select on {secret} from {name};"
        )
    })
    .await
}

async fn grant(url: &SecretString, role: &str, statements: &(dyn Fn(&str) -> String + Sync)) -> anyhow::Result<()> {
    let mut connection = sqlx::PgConnection::connect_with(&connect_options(url)?).await?;
    let found = sqlx::query!(
        r#"select quote_ident(rolname) as "name!", rolsuper as "is_superuser!",
               pg_has_role(oid, (select relowner from pg_class where oid = 'audit_entries'::regclass), 'usage')
                   as "is_owner!"
           from pg_roles where rolname = $1"#,
        role,
    )
    .fetch_optional(&mut connection)
    .await?;
    let Some(found) = found else {
        anyhow::bail!("there is no role {role}; make it first: create role {role} login password '…'");
    };
    if found.is_superuser || found.is_owner {
        anyhow::bail!("grants do not bind {role}: it is a superuser or owns the tables; use a separate role");
    }
    let statements = format!("begin; {} commit;", statements(&found.name));
    // The name was quoted by Postgres; the rest is ours.
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of what is no secret: an address that failed to sign in, and arguments of a tool.
    const NO_SECRET: [&str; 2] = ["login_failures", "tool_answers"];

    #[sqlx::test(migrations = "../../migrations")]
    async fn tables_with_secrets_are_not_for_reports(pool: sqlx::PgPool) {
        let tables: Vec<String> = sqlx::query_scalar(
            "select distinct table_name::text from information_schema.columns
             where table_schema = 'public' and column_name ~ '_hash$|secret|totp|csrf'",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        assert!(tables.len() > 5, "{tables:?}");
        for table in tables {
            let is_secret = SECRET.contains(&&table[..]);
            assert!(is_secret != NO_SECRET.contains(&&table[..]), "may reports read {table}?");
        }
    }
}
