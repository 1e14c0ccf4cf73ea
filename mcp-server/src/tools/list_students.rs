//! Students by name: for back offices, never on a telephone line.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::Db;
use storage::id::StudentId;
use storage::student::{self, StudentItem, StudentQuery, StudentStatus};

use super::{Answer, Effect, Tool, ToolContext, ToolError};
use crate::cursor;

fn default_limit() -> i64 {
    10
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// Part of the name, in any case.
    #[serde(default)]
    #[schemars(length(max = 120))]
    name: Option<String>,
    /// Only students of this school grade; 0 is kindergarten.
    #[serde(default)]
    #[schemars(range(max = 13))]
    grade: Option<u8>,
    /// How many, at most 20.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 20))]
    limit: i64,
    /// next_cursor of the page before, unchanged.
    #[serde(default)]
    #[schemars(length(max = 800))]
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
    student_id: StudentId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<i16>,
    status: StudentStatus,
    n_sessions: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_session_at: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub(super) struct ListStudents;

impl Tool for ListStudents {
    const NAME: &'static str = "list_students";
    const TITLE: &'static str = "List students";
    const DESCRIPTION: &'static str = "Students by name, with grade and number of calls. Use it to find a student's id. Not available on a \
        telephone call.";
    const ON_TELEPHONE: bool = false;
    const SCOPES: &'static [Scope] = &[Scope::StudentsRead];
    const EFFECT: Effect = Effect::Reads;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let after = params.cursor.as_deref().map(cursor::decode).transpose().map_err(ToolError::invalid)?;
        // One extra row shows whether there is a next page.
        let limit = params.limit + 1;
        let grade = params.grade.map(i16::from);
        let query = StudentQuery { name_contains: params.name, grade, after, limit, ..StudentQuery::default() };
        let rows = student::list_students(db, ctx.caller, &query).await?;
        let (rows, next_cursor) = cursor::page(rows, params.limit, |row| (row.display_name.clone(), row.student_id));
        let data = Output { items: rows.into_iter().map(item).collect(), next_cursor };
        Ok(Answer { text: say(&data), data })
    }
}

fn item(row: StudentItem) -> Item {
    Item {
        student_id: row.student_id,
        name: row.display_name,
        grade: row.grade,
        status: row.status,
        n_sessions: row.n_sessions,
        last_session_at: row.last_session_at,
    }
}

fn say(data: &Output) -> String {
    if data.items.is_empty() {
        return "There are no such students.".to_owned();
    }
    let line = |Item { student_id, name, n_sessions, .. }: &Item| {
        format!("- {name}, {n_sessions} calls, student_id {student_id}")
    };
    let mut lines: Vec<String> = data.items.iter().map(line).collect();
    if let Some(cursor) = &data.next_cursor {
        lines.push(format!("There are more: call again with cursor {cursor}"));
    }
    lines.join("\n")
}
