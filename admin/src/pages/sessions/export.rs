//! Exports the list as CSV: all pages that match the filters.

use axum::extract::{Query, State};
use axum::response::Response;
use bytes::Bytes;
use storage::access::Caller;
use storage::audit;
use storage::db::{Db, Error};
use storage::session::browse::{self, BrowseItem, BrowseQuery};

use super::filter::Filter;
use crate::auth::Admin;
use crate::csv::{self, BATCH};
use crate::fault::Fault;
use crate::parts::badge::ended_words;
use crate::viewer::Viewer;

const HEADINGS: [&str; 13] = [
    "session_id",
    "started_at",
    "student",
    "grade",
    "cohort",
    "length_seconds",
    "ended",
    "ended_reason",
    "status",
    "assistant",
    "assistant_version",
    "cost_usd",
    "summary",
];

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Response, Fault> {
    admin.require_file(&db).await?;
    let choices = browse::list_choices(&db, &admin.caller).await?;
    let filter = filter.with_after(String::new());
    let query = BrowseQuery { limit: BATCH, ..filter.query(&admin.viewer, &choices.ended_reasons)? };
    // Records which filters were used, but not the search text, which may be a name.
    let detail = serde_json::json!({ "filters": filter.n_narrow() });
    audit::insert_entry(&db, &admin.caller, "sessions.export", None, &detail, admin.viewer.now).await?;
    let name = format!("sessions-{}", admin.viewer.today());
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
        let rows = browse::browse_sessions(&self.db, &self.caller, &query).await?;
        let text: String = rows.iter().map(|row| csv::line(&cells(&self.viewer, row))).collect();
        if rows.len() as i64 == BATCH {
            query.after = rows.last().map(|last| last.key(query.sort));
            self.query = Some(query);
        }
        Ok(Some((Bytes::from(text), self)))
    }
}

fn cells(viewer: &Viewer, row: &BrowseItem) -> [String; 13] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let started = row.started_at.unwrap_or(row.created_at).with_timezone(&viewer.zone);
    [
        row.session_id.to_string(),
        started.to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
        text(&row.student_name),
        row.grade.map(|grade| grade.to_string()).unwrap_or_default(),
        text(&row.cohort),
        row.length_seconds().map(|seconds| seconds.to_string()).unwrap_or_default(),
        row.ended_reason.as_deref().map(ended_words).unwrap_or_default(),
        text(&row.ended_reason),
        row.status.as_str().to_owned(),
        text(&row.assistant_name),
        text(&row.assistant_version),
        row.cost_microusd.map(|cost| format!("{:.6}", cost as f64 / 1e6)).unwrap_or_default(),
        text(&row.summary),
    ]
}
