//! One analysis by a language model, as it is paid for: tokens, price, and how it went. Never what was asked or answered.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::{SessionId, StudentId};

/// A row to be of `model_calls`.
#[derive(Clone, Debug)]
pub struct ModelCall<'a> {
    pub session_id: SessionId,
    pub student_id: Option<StudentId>,
    pub model: &'a str,
    pub prompt_version: &'a str,
    /// `ok`, or why not in fixed words.
    pub outcome: &'a str,
    pub input_tokens: u32,
    pub output_tokens: u32,
    /// In millionths of a US dollar; `None`: no price is configured.
    pub cost_microusd: Option<i64>,
    pub duration_ms: i32,
}

/// Writes the call down. Its cost is missing from the figures of its session until the next
/// [`refresh`](crate::session::derived::refresh).
pub async fn insert_model_call(db: impl Executor<'_>, call: &ModelCall<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into model_calls (at, session_id, student_id, model, prompt_version, outcome, input_tokens,
             output_tokens, cost_microusd, duration_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        now,
        call.session_id as SessionId,
        call.student_id as Option<StudentId>,
        call.model,
        call.prompt_version,
        call.outcome,
        call.input_tokens.cast_signed(),
        call.output_tokens.cast_signed(),
        call.cost_microusd,
        call.duration_ms,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Tokens spent since a time: by all, and by one student.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub tokens: i64,
    pub tokens_of_student: i64,
}

/// The tokens that the model used since then, for all students or for one.
pub async fn spent_since(db: impl Executor<'_>, since: DateTime<Utc>, student_id: Option<StudentId>) -> Result<Spent> {
    Ok(sqlx::query_as!(
        Spent,
        r#"select coalesce(sum(input_tokens::bigint + output_tokens), 0)::bigint as "tokens!",
               coalesce(sum(input_tokens::bigint + output_tokens) filter (where student_id = $2), 0)::bigint
                   as "tokens_of_student!"
           from model_calls where at >= $1"#,
        since,
        student_id as Option<StudentId>,
    )
    .fetch_one(db)
    .await?)
}

/// What models were asked, answered and cost in two spans that end now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub n_today: i64,
    pub n_failed_today: i64,
    pub tokens_today: i64,
    pub microusd_today: i64,
    pub n_month: i64,
    pub n_failed_month: i64,
    pub tokens_month: i64,
    pub microusd_month: i64,
    /// The number of this month's requests without a known price.
    pub n_unpriced_month: i64,
    pub answered_at: Option<DateTime<Utc>>,
    pub failed_at: Option<DateTime<Utc>>,
}

/// Since `today` and since `month`, which is no later. Needs `sessions:read`.
pub async fn usage(
    db: impl Executor<'_>,
    caller: &Caller,
    today: DateTime<Utc>,
    month: DateTime<Utc>,
) -> Result<Usage> {
    caller.require(Scope::SessionsRead)?;
    Ok(sqlx::query_as!(
        Usage,
        r#"select count(*) filter (where at >= $1) as "n_today!",
               count(*) filter (where at >= $1 and outcome <> 'ok') as "n_failed_today!",
               coalesce(sum(input_tokens::bigint + output_tokens) filter (where at >= $1), 0)::bigint as "tokens_today!",
               coalesce(sum(cost_microusd) filter (where at >= $1), 0)::bigint as "microusd_today!",
               count(*) as "n_month!",
               count(*) filter (where outcome <> 'ok') as "n_failed_month!",
               coalesce(sum(input_tokens::bigint + output_tokens), 0)::bigint as "tokens_month!",
               coalesce(sum(cost_microusd), 0)::bigint as "microusd_month!",
               count(*) filter (where cost_microusd is null and input_tokens > 0) as "n_unpriced_month!",
               max(at) filter (where outcome = 'ok') as answered_at,
               max(at) filter (where outcome <> 'ok') as failed_at
           from model_calls where at >= $2"#,
        today,
        month,
    )
    .fetch_one(db)
    .await?)
}

/// One question to a model about a session, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCallItem {
    pub at: DateTime<Utc>,
    pub model: String,
    pub prompt_version: String,
    pub outcome: String,
    pub input_tokens: i32,
    pub output_tokens: i32,
    pub cost_microusd: Option<i64>,
    pub duration_ms: i32,
}

/// The questions that were asked about a session, in their order: at most 100. Needs `sessions:read`.
pub async fn list_model_calls(
    db: impl Executor<'_>,
    caller: &Caller,
    session_id: SessionId,
) -> Result<Vec<ModelCallItem>> {
    caller.require_session(Scope::SessionsRead, session_id)?;
    Ok(sqlx::query_as!(
        ModelCallItem,
        "select at, model, prompt_version, outcome, input_tokens, output_tokens, cost_microusd, duration_ms
         from model_calls where session_id = $1 order by at, model_call_id limit 100",
        session_id as SessionId,
    )
    .fetch_all(db)
    .await?)
}
