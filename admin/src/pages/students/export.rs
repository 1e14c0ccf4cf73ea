//! Exports the list as CSV: all pages that match the filters.

use axum::extract::{Query, State};
use axum::response::Response;
use bytes::Bytes;
use storage::access::Caller;
use storage::attention::{self, Attention};
use storage::audit;
use storage::db::{Db, Error};
use storage::id::StudentId;
use storage::student::StudentStatus;
use storage::student::browse::{self, BrowseItem, BrowseQuery};

use super::Filter;
use crate::auth::Admin;
use crate::csv::{self, BATCH};
use crate::fault::Fault;
use crate::parts::attention::style;
use crate::viewer::Viewer;

const HEADINGS: [&str; 9] =
    ["student_id", "name", "grade", "cohort", "status", "calls", "minutes", "last_call_at", "attention"];

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Response, Fault> {
    admin.require_file(&db).await?;
    let now = admin.viewer.now;
    let query = BrowseQuery { limit: BATCH, ..filter.with_after(String::new()).query(now)? };
    // Records which filters were used, but not the search text, which may be a name.
    let detail = serde_json::json!({ "by_name": query.name.is_some(), "grade": query.grade, "in_need": query.in_need });
    audit::insert_entry(&db, &admin.caller, "students.export", None, &detail, now).await?;
    let name = format!("students-{}", admin.viewer.today());
    let reading = Reading { db, caller: filter.caller(&admin), viewer: admin.viewer, query: Some(query) };
    Ok(csv::file(&name, &HEADINGS, reading, Reading::next))
}

/// The position of the export. `query` is `None` after the last row.
struct Reading {
    db: Db,
    caller: Caller,
    viewer: Viewer,
    query: Option<BrowseQuery>,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        let Some(mut query) = self.query.take() else { return Ok(None) };
        let rows = browse::browse_students(&self.db, &self.caller, &query).await?;
        let ids: Vec<StudentId> = rows.iter().map(|row| row.student_id).collect();
        let attentions = attention::list_attentions(&self.db, &self.caller, &ids, query.now).await?;
        let text: String = rows.iter().map(|row| csv::line(&cells(&self.viewer, row, &attentions))).collect();
        if rows.len() as i64 == BATCH {
            query.after = rows.last().map(|last| (last.display_name.to_lowercase(), last.student_id));
            self.query = Some(query);
        }
        Ok(Some((Bytes::from(text), self)))
    }
}

fn cells(viewer: &Viewer, row: &BrowseItem, attentions: &[Attention]) -> [String; 9] {
    let of_row = attentions.iter().filter(|attention| attention.student_id == row.student_id);
    let reasons: Vec<&str> = of_row.map(|attention| style(attention.reason).2).collect();
    let last = row.last_session_at.map(|at| at.with_timezone(&viewer.zone));
    [
        row.student_id.to_string(),
        row.display_name.clone(),
        row.grade.map(|grade| grade.to_string()).unwrap_or_default(),
        row.cohort.clone().unwrap_or_default(),
        match row.status {
            StudentStatus::Active => "active",
            StudentStatus::Blocked => "blocked",
        }
        .to_owned(),
        row.n_sessions.to_string(),
        (row.length_ms / 60_000).to_string(),
        last.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, false)).unwrap_or_default(),
        reasons.join("; "),
    ]
}
