//! One call of a tool by an assistant: who, which, how long, how it went, and why it chose a skill. Never what was
//! asked or answered.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::{StudentId, ToolCallId};
use crate::student_context::SkillChoice;

/// One row of `tool_calls`.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    pub tool_call_id: ToolCallId,
    pub at: DateTime<Utc>,
    pub tool: String,
    pub client_id: String,
    /// VAPI's id of the telephone call; `None`: the client did not say.
    pub call_id: Option<String>,
    /// `ok`, or why not in a word.
    pub outcome: String,
    pub duration_us: i64,
    pub request_bytes: i32,
    pub response_bytes: i32,
    /// What it chose, and why: `next_question` one skill, `get_lesson_plan` each step. Only during a telephone call.
    pub choices: Vec<SkillChoice>,
}

impl ToolCall {
    /// Without a telephone call, nothing would delete them along with the student.
    fn kept_choices(&self) -> Option<Json<Vec<SkillChoice>>> {
        (self.call_id.is_some() && !self.choices.is_empty()).then(|| Json(self.choices.clone()))
    }
}

/// Writes what happened, many at once. A row that is there already stays as it is, and of erased calls there is none.
pub async fn insert_tool_calls(db: impl Executor<'_>, calls: &[ToolCall]) -> Result<()> {
    fn column<T>(calls: &[ToolCall], of: impl Fn(&ToolCall) -> T) -> Vec<T> {
        calls.iter().map(of).collect()
    }
    sqlx::query!(
        "insert into tool_calls (tool_call_id, at, tool, client_id, call_id, outcome, duration_us, request_bytes,
             response_bytes, choices)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],
             $7::bigint[], $8::int[], $9::int[], $10::jsonb[])
             as c (tool_call_id, at, tool, client_id, call_id, outcome, duration_us, request_bytes, response_bytes, choices)
         where not exists (select 1 from erased_calls e where e.call_id = c.call_id)
         on conflict (tool_call_id) do nothing",
        &column(calls, |call| call.tool_call_id.0),
        &column(calls, |call| call.at),
        &column(calls, |call| call.tool.clone()),
        &column(calls, |call| call.client_id.clone()),
        &column(calls, |call| call.call_id.clone()) as &[Option<String>],
        &column(calls, |call| call.outcome.clone()),
        &column(calls, |call| call.duration_us),
        &column(calls, |call| call.request_bytes),
        &column(calls, |call| call.response_bytes),
        &column(calls, ToolCall::kept_choices) as &[Option<Json<Vec<SkillChoice>>>],
    )
    .execute(db)
    .await?;
    Ok(())
}

struct Row {
    tool_call_id: ToolCallId,
    at: DateTime<Utc>,
    tool: String,
    client_id: String,
    call_id: Option<String>,
    outcome: String,
    duration_us: i64,
    request_bytes: i32,
    response_bytes: i32,
    choices: Option<Json<Vec<SkillChoice>>>,
}

impl From<Row> for ToolCall {
    fn from(row: Row) -> Self {
        Self {
            tool_call_id: row.tool_call_id,
            at: row.at,
            tool: row.tool,
            client_id: row.client_id,
            call_id: row.call_id,
            outcome: row.outcome,
            duration_us: row.duration_us,
            request_bytes: row.request_bytes,
            response_bytes: row.response_bytes,
            choices: row.choices.map_or_else(Vec::new, |choices| choices.0),
        }
    }
}

/// Which calls, newest first, and from where.
#[derive(Clone, Debug, Default)]
pub struct ToolCallQuery {
    pub tool: Option<String>,
    pub client_id: Option<String>,
    pub call_id: Option<String>,
    /// Only those that did not end `ok`.
    pub failed: bool,
    /// The last row of the page before.
    pub after: Option<(DateTime<Utc>, ToolCallId)>,
    pub limit: i64,
}

/// Calls, newest first. Needs `sessions:read`.
pub async fn list_tool_calls(db: impl Executor<'_>, caller: &Caller, query: &ToolCallQuery) -> Result<Vec<ToolCall>> {
    caller.require(Scope::SessionsRead)?;
    let (after_at, after_id) = query.after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select tool_call_id as "tool_call_id: ToolCallId", at, tool, client_id, call_id, outcome, duration_us,
               request_bytes, response_bytes, choices as "choices: Json<Vec<SkillChoice>>"
           from tool_calls
           where ($1::text is null or tool = $1)
             and ($2::text is null or client_id = $2)
             and ($3::text is null or call_id = $3)
             and (not $4 or outcome <> 'ok')
             and ($5::timestamptz is null or (at, tool_call_id) < ($5, $6))
           order by at desc, tool_call_id desc
           limit $7"#,
        query.tool.as_deref(),
        query.client_id.as_deref(),
        query.call_id.as_deref(),
        query.failed,
        after_at,
        after_id as Option<ToolCallId>,
        query.limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ToolCall::from).collect())
}

/// The calls that belong to one telephone call, in their order. Needs `sessions:read`.
pub async fn list_tool_calls_of_call(
    db: impl Executor<'_>,
    caller: &Caller,
    call_id: &str,
    limit: i64,
) -> Result<Vec<ToolCall>> {
    let only = caller.require_opened(Scope::SessionsRead)?;
    let rows = sqlx::query_as!(
        Row,
        r#"select tool_call_id as "tool_call_id: ToolCallId", at, tool, client_id, call_id, outcome, duration_us,
               request_bytes, response_bytes, choices as "choices: Json<Vec<SkillChoice>>"
           from tool_calls c
           where call_id = $1
             and ($3::uuid is null
                 or exists (select 1 from sessions s where s.call_id = c.call_id and s.student_id = $3))
           order by at, tool_call_id limit $2"#,
        call_id,
        limit,
        only as Option<StudentId>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ToolCall::from).collect())
}

/// How one tool did in a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolFigures {
    pub tool: String,
    pub n_calls: i64,
    pub n_failed: i64,
    pub median_us: f64,
    pub p95_us: f64,
}

/// The tools that were called from `from` to before `to`, the busiest first. Needs `sessions:read`.
pub async fn tool_figures(
    db: impl Executor<'_>,
    caller: &Caller,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<ToolFigures>> {
    caller.require(Scope::SessionsRead)?;
    Ok(sqlx::query_as!(
        ToolFigures,
        r#"select tool, count(*) as "n_calls!", count(*) filter (where outcome <> 'ok') as "n_failed!",
               percentile_cont(0.5) within group (order by duration_us) as "median_us!",
               percentile_cont(0.95) within group (order by duration_us) as "p95_us!"
           from tool_calls where at >= $1 and at < $2
           group by tool order by count(*) desc, tool"#,
        from,
        to,
    )
    .fetch_all(db)
    .await?)
}

/// Forgets what is older, at most `limit` rows. Returns how many went.
pub async fn delete_before(db: impl Executor<'_>, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from tool_calls where tool_call_id in
             (select tool_call_id from tool_calls where at < $1 order by at limit $2)",
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
