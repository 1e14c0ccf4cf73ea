//! Exports the audit log as CSV: all pages that match the filters. The export itself is recorded.

use axum::extract::{Query, State};
use axum::response::Response;
use bytes::Bytes;
use storage::audit::{self, AuditEntry, AuditQuery};
use storage::db::{Db, Error};
use storage::id::StudentId;

use super::Filter;
use crate::auth::Admin;
use crate::csv::{self, BATCH};
use crate::fault::Fault;
use crate::viewer::Viewer;

const HEADINGS: [&str; 6] = ["entry", "at", "actor", "action", "object", "detail"];

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Response, Fault> {
    admin.require_manage()?;
    let filter = Filter { before: String::new(), ..filter };
    let (students, is_cut) = filter.students(&db, &admin.caller).await?;
    if is_cut {
        return Err(Fault::Invalid(
            "Too many students match this name to export all of their entries. Type more of it.".to_owned(),
        ));
    }
    filter.query(&admin.viewer, students.as_deref())?;
    let detail = serde_json::json!({ "filters": filter.n_narrow() });
    audit::insert_entry(&db, &admin.caller, "audit.export", None, &detail, admin.viewer.now).await?;
    let name = format!("audit-{}", admin.viewer.today());
    let reading = Reading { db, viewer: admin.viewer, filter, students, is_over: false };
    Ok(csv::file(&name, &HEADINGS, reading, Reading::next))
}

/// The position of the export: the filter's `before` names the last row written.
struct Reading {
    db: Db,
    viewer: Viewer,
    filter: Filter,
    students: Option<Vec<StudentId>>,
    is_over: bool,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        if self.is_over {
            return Ok(None);
        }
        // Parsing worked for the first row, and only the key has changed since.
        let query = self.filter.query(&self.viewer, self.students.as_deref()).map_err(|_| Error::Corrupt("filter"))?;
        let rows = audit::list_entries(&self.db, &AuditQuery { limit: BATCH, ..query }).await?;
        let text: String = rows.iter().map(|row| csv::line(&cells(&self.viewer, row))).collect();
        self.is_over = (rows.len() as i64) < BATCH;
        if let Some(last) = rows.last() {
            self.filter.before = last.audit_entry_id.to_string();
        }
        Ok(Some((Bytes::from(text), self)))
    }
}

fn cells(viewer: &Viewer, entry: &AuditEntry) -> [String; 6] {
    [
        entry.audit_entry_id.to_string(),
        entry.at.with_timezone(&viewer.zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
        entry.actor.clone(),
        entry.action.clone(),
        entry.object.clone().unwrap_or_default(),
        entry.detail.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_all_of_an_entry() {
        let entry = AuditEntry {
            audit_entry_id: 7,
            at: "2026-11-19T21:12:04Z".parse().unwrap(),
            actor: "admin:dana@example.org".to_owned(),
            action: "job.retry_for_reason".to_owned(),
            object: None,
            detail: serde_json::json!({ "n": 2, "reason": "=1" }),
        };
        let row = csv::line(&cells(&Viewer::sample(), &entry));
        let wanted = "7,2026-11-19T15:12:04-06:00,admin:dana@example.org,job.retry_for_reason,,\
                      \"{\"\"n\"\":2,\"\"reason\"\":\"\"=1\"\"}\"\r\n";
        assert_eq!(row, wanted);
    }
}
