//! How the assistants tutored, version by version, so that a change of a prompt can be judged by what it did.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};

/// The habits of one assistant version in a span of time, summed over its sessions. See
/// [`crate::analysis::Tutoring`] for what each counts.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionFigures {
    /// The assistant's name, else VAPI's id of it.
    pub assistant: Option<String>,
    pub version: Option<String>,
    pub n_sessions: i64,
    /// Mean of the sessions' scores, 0 to 100.
    pub mean_score: Option<f64>,
    /// Standard deviation of the scores, to judge a difference by.
    pub deviation: Option<f64>,
    pub n_errors: i64,
    pub n_told_at_once: i64,
    pub n_questions: i64,
    pub n_hurried: i64,
    pub n_process_praise: i64,
    pub n_person_praise: i64,
    pub n_checks: i64,
}

/// The versions that tutored from `from` to before `to`, the busiest first. Needs `sessions:read`.
pub async fn list_versions(
    db: impl Executor<'_>,
    caller: &Caller,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<VersionFigures>> {
    caller.require(Scope::SessionsRead)?;
    Ok(sqlx::query_as!(
        VersionFigures,
        r#"select coalesce(assistant_name, assistant_id) as assistant, assistant_version as version,
               count(*) as "n_sessions!", avg((t->>'score')::float8) as mean_score,
               stddev_samp((t->>'score')::float8) as deviation,
               coalesce(sum((t->>'n_errors')::int), 0) as "n_errors!",
               coalesce(sum((t->>'n_told_at_once')::int), 0) as "n_told_at_once!",
               coalesce(sum((t->>'n_questions')::int), 0) as "n_questions!",
               coalesce(sum((t->>'n_hurried')::int), 0) as "n_hurried!",
               coalesce(sum((t->>'n_process_praise')::int), 0) as "n_process_praise!",
               coalesce(sum((t->>'n_person_praise')::int), 0) as "n_person_praise!",
               coalesce(sum((t->>'n_checks')::int), 0) as "n_checks!"
           from sessions s
           join analyses a on a.session_id = s.session_id and a.is_current
           cross join lateral (select a.findings->'tutoring' as t) f
           where s.created_at >= $1 and s.created_at < $2 and t is not null
           group by 1, 2 order by 3 desc, 1, 2"#,
        from,
        to,
    )
    .fetch_all(db)
    .await?)
}
