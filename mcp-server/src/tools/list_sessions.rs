//! Calls, newest first: to find the one that is meant.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::Db;
use storage::id::{SessionId, StudentId};
use storage::session::{self, SessionItem, SessionQuery, SessionStatus};

use super::{Answer, Effect, Tool, ToolContext, ToolError};
use crate::cursor;

fn default_limit() -> i64 {
    5
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// Only sessions of this student.
    #[serde(default)]
    student_id: Option<StudentId>,
    /// Only sessions that stand here on their way.
    #[serde(default)]
    status: Option<SessionStatus>,
    /// How many, at most 20.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 20))]
    limit: i64,
    /// next_cursor of the page before, unchanged.
    #[serde(default)]
    #[schemars(length(max = 400))]
    cursor: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    items: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Item {
    session_id: SessionId,
    call_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    student_id: Option<StudentId>,
    status: SessionStatus,
    at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
}

#[derive(Debug)]
pub(super) struct ListSessions;

impl Tool for ListSessions {
    const NAME: &'static str = "list_sessions";
    const TITLE: &'static str = "List sessions";
    const DESCRIPTION: &'static str = "Tutoring calls, newest first, each with date, status and a short summary. Use it to find a call, or to see \
        how a student's last calls went.";
    const ON_TELEPHONE: bool = false;
    const SCOPES: &'static [Scope] = &[Scope::SessionsRead];
    const EFFECT: Effect = Effect::Reads;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let after = params.cursor.as_deref().map(cursor::decode).transpose().map_err(ToolError::invalid)?;
        let Params { student_id, status, limit, .. } = params;
        ctx.permit_session(db, student_id).await?;
        // One extra row shows whether there is a next page.
        let query = SessionQuery { student_id, status, after, limit: limit + 1, ..SessionQuery::default() };
        let rows = session::list_sessions(db, ctx.caller, &query).await?;
        let (rows, next_cursor) = cursor::page(rows, limit, |row| (row.created_at, row.session_id));
        let data = Output { items: rows.into_iter().map(item).collect(), next_cursor };
        Ok(Answer { text: say(&data), data })
    }
}

fn item(row: SessionItem) -> Item {
    Item {
        at: row.started_at.unwrap_or(row.created_at),
        session_id: row.session_id,
        call_id: row.call_id,
        student_id: row.student_id,
        status: row.status,
        summary: row.summary,
    }
}

fn say(data: &Output) -> String {
    if data.items.is_empty() {
        return "There are no such sessions.".to_owned();
    }
    let mut lines = vec!["Newest first:".to_owned()];
    lines.extend(data.items.iter().map(|Item { session_id, status, at, summary, .. }| {
        let summary = summary.as_deref().unwrap_or("no summary yet");
        format!("- {}, {}, session_id {session_id}: {summary}", at.format("%-d %B %Y"), status.as_str())
    }));
    if let Some(cursor) = &data.next_cursor {
        lines.push(format!("There are more: call again with cursor {cursor}"));
    }
    lines.join("\n")
}
