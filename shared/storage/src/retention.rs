//! How long each table keeps its rows, and the purge of those that were kept long enough.

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::{Db, Result};
use crate::student::{import, merge};
use crate::{agent, agent_grant, erasure, family_grant, tool_answer, tool_call};

/// Rows in one statement: a fraction of a second, so nothing waits for it.
const BATCH: i64 = 1_000;

/// Calls in one transaction, which keeps new sessions waiting.
const CALLS: i64 = 50;

/// How long rows of a table are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Until the student or the call is erased. A foreign key removes the rows, or a statement of [`crate::erasure`].
    Person,
    /// The same, but at most the days of this setting.
    Days(&'static str),
    /// Minutes to days: each row has its own end.
    Expires,
    /// As long as the account of a member of staff or an API client.
    Account,
    /// Settings, the curriculum, and how the work goes. Nothing about a student.
    Reference,
    /// For good, as a proof of what was done: ids, and names of staff and clients.
    Proof,
}

/// Every table and its rule. A test compares the list with the schema.
pub const RULES: &[(&str, Rule)] = &[
    ("students", Rule::Person),
    ("student_phones", Rule::Person),
    ("past_phones", Rule::Person),
    // What undoing a merge needs goes after 30 days.
    ("student_merges", Rule::Person),
    ("student_versions", Rule::Person),
    // 30 days, in which the import can be undone.
    ("student_imports", Rule::Person),
    ("student_subjects_off", Rule::Person),
    ("student_contexts", Rule::Person),
    ("student_guardians", Rule::Person),
    ("guardians", Rule::Person),
    ("consents", Rule::Person),
    ("caller_codes", Rule::Person),
    // At most 30 days after it ended.
    ("family_grants", Rule::Person),
    ("attentions", Rule::Person),
    ("recent_questions", Rule::Person),
    ("evidence", Rule::Person),
    ("mastery", Rule::Person),
    ("practices", Rule::Person),
    ("misconceptions", Rule::Person),
    ("facts", Rule::Person),
    ("notes", Rule::Person),
    ("model_calls", Rule::Person),
    ("guardian_reports", Rule::Person),
    ("outbound_calls", Rule::Person),
    // Closed concerns that belong to no student and no call are purged like request bodies.
    ("follow_ups", Rule::Days("RETENTION_DELIVERIES_DAYS")),
    ("sessions", Rule::Days("RETENTION_SESSIONS_DAYS")),
    ("turns", Rule::Days("RETENTION_SESSIONS_DAYS")),
    ("analyses", Rule::Days("RETENTION_SESSIONS_DAYS")),
    ("session_words", Rule::Days("RETENTION_SESSIONS_DAYS")),
    ("session_topics", Rule::Days("RETENTION_SESSIONS_DAYS")),
    ("session_facts", Rule::Days("RETENTION_SESSIONS_DAYS")),
    ("call_assurances", Rule::Days("RETENTION_SESSIONS_DAYS")),
    ("deliveries", Rule::Days("RETENTION_DELIVERIES_DAYS")),
    ("tool_calls", Rule::Days("RETENTION_TOOL_CALLS_DAYS")),
    // A day, or until the student or the call is erased.
    ("tool_answers", Rule::Expires),
    ("jobs", Rule::Days("RETENTION_JOBS_DAYS")),
    // Those about an open follow-up stay.
    ("messages", Rule::Days("RETENTION_JOBS_DAYS")),
    ("admin_challenges", Rule::Expires),
    ("admin_login_steps", Rule::Expires),
    ("admin_logins", Rule::Expires),
    ("login_failures", Rule::Expires),
    ("client_assertions", Rule::Expires),
    ("outages", Rule::Expires),
    ("admin_users", Rule::Account),
    ("admin_devices", Rule::Account),
    ("admin_passkeys", Rule::Account),
    ("admin_recovery_codes", Rule::Account),
    // Also until a student is erased whose name, id or number the view holds.
    ("saved_views", Rule::Account),
    ("api_clients", Rule::Account),
    ("agent_keys", Rule::Account),
    // 30 days after it ended.
    ("agent_grants", Rule::Account),
    // A day, unless a person connects the program.
    ("agents", Rule::Expires),
    ("organisation", Rule::Reference),
    ("telephone_stop", Rule::Reference),
    ("webhook_endpoints", Rule::Reference),
    ("subjects", Rule::Reference),
    ("skills", Rule::Reference),
    ("skill_prerequisites", Rule::Reference),
    ("overhauls", Rule::Reference),
    ("roster_syncs", Rule::Reference),
    ("signs", Rule::Reference),
    ("watermarks", Rule::Reference),
    ("_sqlx_migrations", Rule::Reference),
    ("audit_entries", Rule::Proof),
    ("erasures", Rule::Proof),
    ("erased_calls", Rule::Proof),
];

/// How long the rows are kept of which a setting decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub tool_calls: TimeDelta,
    /// Webhook requests as received, also those that could not be read. What they say is kept with the session.
    pub deliveries: TimeDelta,
    /// Jobs that are done or discarded, and messages that were sent or given up. Those that wait stay.
    pub jobs: TimeDelta,
    /// Calls with what was learnt from them; `None`: until they are erased.
    pub sessions: Option<TimeDelta>,
}

/// How many rows were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub n_tool_calls: u64,
    pub n_deliveries: u64,
    pub n_jobs: u64,
    pub n_messages: u64,
    pub n_concerns: u64,
    pub n_sessions: u64,
    /// Merges of students that can no longer be undone.
    pub n_merges: u64,
    /// Students whose import can no longer be undone.
    pub n_imported: u64,
    /// Agents that were connected once, and programs that never were.
    pub n_agents: u64,
}

/// Deletes what is older, batch by batch. Several workers may do it at once.
pub async fn purge(db: &Db, retention: &Retention, now: DateTime<Utc>) -> Result<Purged> {
    let mut purged = Purged::default();
    loop {
        let n_tool_calls = tool_call::delete_before(db, now - retention.tool_calls, BATCH).await?;
        let n_deliveries = sqlx::query!(
            // What a job still works on stays. A report that waits for a person does not wait longer than others are kept.
            "delete from deliveries where delivery_id in (
                 select delivery_id from deliveries d
                 where received_at < $1
                   and (state <> 'stored'
                        or not exists (select 1 from jobs j where j.dedupe_key = 'process_delivery:' || d.delivery_id
                                       and j.state in ('ready', 'sent', 'running')))
                 order by received_at limit $2 for update skip locked)",
            now - retention.deliveries,
            BATCH,
        )
        .execute(db)
        .await?
        .rows_affected();
        let n_concerns = sqlx::query!(
            "delete from follow_ups where follow_up_id in (
                 select follow_up_id from follow_ups
                 where student_id is null and session_id is null and closed_at < $1
                 limit $2 for update skip locked)",
            now - retention.deliveries,
            BATCH,
        )
        .execute(db)
        .await?
        .rows_affected();
        let n_jobs = sqlx::query!(
            "delete from jobs where job_id in (
                 select job_id from jobs where state in ('done', 'discarded') and finished_at < $1
                 order by finished_at limit $2 for update skip locked)",
            now - retention.jobs,
            BATCH,
        )
        .execute(db)
        .await?
        .rows_affected();
        let n_messages = sqlx::query!(
            "delete from messages where message_id in (
                 select message_id from messages m left join follow_ups f using (follow_up_id)
                 where m.created_at < $1 and m.state <> 'waiting' and (f.follow_up_id is null or f.closed_at is not null)
                 order by m.created_at limit $2 for update of m skip locked)",
            now - retention.jobs,
            BATCH,
        )
        .execute(db)
        .await?
        .rows_affected();
        let n_sessions = match retention.sessions {
            Some(kept) => erasure::erase_calls_before(db, now - kept, CALLS, now).await? as u64,
            None => 0,
        };
        let n_merges = merge::forget_old(db, now, BATCH).await?;
        let n_imported = import::forget_old(db, now, BATCH).await?;
        let n_grants = agent_grant::delete_over(db, BATCH, now).await?;
        let n_of_families = family_grant::delete_over(db, BATCH, now).await?;
        let n_programs = agent::delete_unused(db, BATCH, now).await?;
        let n_answers = tool_answer::delete_old(db, now, BATCH).await?;
        purged.n_agents += n_grants + n_of_families + n_programs;
        purged.n_merges += n_merges;
        purged.n_imported += n_imported;
        purged.n_tool_calls += n_tool_calls;
        purged.n_deliveries += n_deliveries;
        purged.n_jobs += n_jobs;
        purged.n_messages += n_messages;
        purged.n_concerns += n_concerns;
        purged.n_sessions += n_sessions;
        let is_batch_full = [
            n_tool_calls,
            n_deliveries,
            n_jobs,
            n_messages,
            n_concerns,
            n_merges,
            n_imported,
            n_grants,
            n_of_families,
            n_programs,
            n_answers,
        ]
        .iter()
        .any(|n| *n >= BATCH.unsigned_abs());
        if !is_batch_full && n_sessions < CALLS.unsigned_abs() {
            return Ok(purged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = "../../migrations")]
    async fn what_is_old_goes_and_what_waits_stays(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        sqlx::query!(
            "insert into deliveries (delivery_id, dedupe_key, type, body, received_at, state)
             select gen_random_uuid(), state || days, 'end-of-call-report', '\\x7b7d', now() - make_interval(days => days), state
             from unnest(array['stored', 'processed', 'unreadable']) as state, unnest(array[1, 40]) as days"
        )
        .execute(&db)
        .await
        .unwrap();
        // Stored reports whose jobs are at work, given up, and discarded.
        sqlx::query(
            "with d as (insert into deliveries (delivery_id, dedupe_key, type, body, received_at, state)
                 select gen_random_uuid(), state, 'end-of-call-report', '\\x7b7d', now() - interval '40 days', 'stored'
                 from unnest(array['ready', 'running', 'needs_attention', 'discarded']) as state
                 returning delivery_id, dedupe_key)
             insert into jobs (job_id, dedupe_key, kind, payload, max_attempts, state, finished_at)
             select gen_random_uuid(), 'process_delivery:' || delivery_id, 'process_delivery', '{}', 1, dedupe_key, now() from d",
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into jobs (job_id, dedupe_key, kind, payload, max_attempts, state, finished_at)
             select gen_random_uuid(), state || days, 'analyze_session', '{}', 1, state, now() - make_interval(days => days)
             from unnest(array['done', 'needs_attention', 'discarded']) as state, unnest(array[1, 40]) as days"
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into tool_calls (tool_call_id, at, tool, client_id, outcome, duration_us, request_bytes, response_bytes)
             select gen_random_uuid(), now() - make_interval(days => case when n = 1 then 1 else 100 end), 'get_session', 'c',
                 'ok', 1, 1, 1 from generate_series(1, 1501) as n"
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query(
            "insert into follow_ups (follow_up_id, kind, category, text, due_at, author, created_at, closed_at)
             select gen_random_uuid(), 'concern', 'other', 'of nobody', now(), 'client:c', now(), closed_at
             from unnest(array[null, now(), now() - interval '40 days']) as closed_at",
        )
        .execute(&db)
        .await
        .unwrap();
        // One for each state, about nothing: only what is over goes.
        sqlx::query(
            "with e as (insert into webhook_endpoints (endpoint_id, url, events, secret, created_by, created_at)
                 values (gen_random_uuid(), 'https://a.example.org', '{}', 'whsec_', 'operator', now()) returning endpoint_id)
             insert into messages (message_id, dedupe_key, kind, endpoint_id, state, due_at, created_at)
             select gen_random_uuid(), state || days, 'test', endpoint_id, state, now(), now() - make_interval(days => days)
             from e, unnest(array['waiting', 'failed']) as state, unnest(array[1, 40]) as days",
        )
        .execute(&db)
        .await
        .unwrap();
        let days = TimeDelta::days;
        let retention = Retention { tool_calls: days(90), deliveries: days(30), jobs: days(30), sessions: None };
        let now = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(&db).await.unwrap();
        let purged = purge(&db, &retention, now).await.unwrap();
        let expected = Purged {
            n_tool_calls: 1_500,
            n_deliveries: 5,
            n_jobs: 2,
            n_messages: 1,
            n_concerns: 1,
            ..Purged::default()
        };
        assert_eq!(purged, expected);
        let waits: Vec<String> = sqlx::query_scalar(
            "select dedupe_key from deliveries where received_at < now() - interval '30 days' order by 1",
        )
        .fetch_all(&db)
        .await
        .unwrap();
        assert_eq!(waits, ["ready", "running"]);
        assert_eq!(purge(&db, &retention, now).await.unwrap(), Purged::default());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn every_table_declares_a_rule(pool: sqlx::PgPool) {
        let mut tables: Vec<String> = sqlx::query_scalar(
            "select table_name::text from information_schema.tables
             where table_schema = 'public' and table_type = 'BASE TABLE'",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        assert!(tables.len() > 40, "{tables:?}");
        tables.sort_unstable();
        let mut declared: Vec<&str> = RULES.iter().map(|(table, _)| *table).collect();
        declared.sort_unstable();
        assert_eq!(tables, declared, "declare in RULES how long each table keeps its rows");
        // What holds data of a person goes with the student or the session by a foreign key, unless an erasure names it.
        let cascading: Vec<String> = sqlx::query_scalar(
            "with recursive gone (name) as (
                 values ('students'::text), ('sessions')
                 union
                 select conrelid::regclass::text from pg_constraint c join gone on c.confrelid = gone.name::regclass
                 where c.contype = 'f' and c.confdeltype = 'c')
             select name from gone",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        let named = ["deliveries", "tool_calls", "jobs", "model_calls", "guardians"];
        for (table, rule) in RULES {
            let is_personal = matches!(rule, Rule::Person | Rule::Days(_));
            let goes = cascading.iter().any(|name| name == table) || named.contains(table);
            assert!(goes || !is_personal, "no erasure removes the rows of {table}");
        }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn sessions_go_after_their_days_if_a_setting_says_so(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        sqlx::query(
            "insert into sessions (session_id, call_id, caller_phone, status, created_at, updated_at)
             select gen_random_uuid(), 'c' || n, '+14155550142', 'analyzed', now() - make_interval(days => n), now()
             from generate_series(1, 120) as n",
        )
        .execute(&db)
        .await
        .unwrap();
        let days = TimeDelta::days;
        let kept = Retention { tool_calls: days(90), deliveries: days(30), jobs: days(30), sessions: None };
        let now = crate::clock::now();
        assert_eq!(purge(&db, &kept, now).await.unwrap().n_sessions, 0);
        let purged =
            purge(&db, &Retention { sessions: Some(days(10) + TimeDelta::hours(1)), ..kept }, now).await.unwrap();
        assert_eq!(purged.n_sessions, 110);
        let n = sqlx::query_scalar!(r#"select count(*) as "n!" from erased_calls"#).fetch_one(&db).await.unwrap();
        assert_eq!(n, 110, "VAPI is asked to delete them, and a late report brings none back");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn an_erased_students_calls_are_never_asked_for_again(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let old = crate::clock::now() - TimeDelta::days(400);
        let student_id = crate::id::StudentId(uuid::Uuid::from_u128(7));
        sqlx::query("insert into students (student_id, display_name, created_at, updated_at) values ($1, 'A', $2, $2)")
            .bind(student_id.0)
            .bind(old)
            .execute(&db)
            .await
            .unwrap();
        sqlx::query(
            "insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
             values (gen_random_uuid(), 'purged', $1, 'analyzed', $2, $2), (gen_random_uuid(), 'kept', $1, 'analyzed', $2, $2)",
        )
        .bind(student_id.0)
        .bind(old)
        .execute(&db)
        .await
        .unwrap();
        sqlx::query(
            "insert into deliveries (delivery_id, dedupe_key, type, call_id, body, received_at, state)
             values (gen_random_uuid(), 'kept:end-of-call-report', 'end-of-call-report', 'kept', '\\x7b7d', $1, 'processed')",
        )
        .bind(old)
        .execute(&db)
        .await
        .unwrap();
        let mut tx = crate::db::begin(&db).await.unwrap();
        crate::erasure::erase_student(&mut tx, &crate::access::Caller::operator(), student_id, crate::clock::now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let retention = Retention {
            tool_calls: TimeDelta::zero(),
            deliveries: TimeDelta::zero(),
            jobs: TimeDelta::zero(),
            sessions: None,
        };
        purge(&db, &retention, crate::clock::now() + TimeDelta::hours(1)).await.unwrap();
        let calls = ["purged", "kept", "never heard of"].map(str::to_owned);
        let left = crate::delivery::list_calls_without_report(&db, &calls).await.unwrap();
        assert_eq!(left, ["never heard of"]);
    }
}
