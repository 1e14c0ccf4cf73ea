//! Students by name.

use axum::extract::{RawQuery, State as Shared};
use chrono::{DateTime, Utc};
use domain::FieldFault;
use schemars::JsonSchema;
use serde::Serialize;
use storage::id::StudentId;
use storage::student::{self, StudentItem, StudentQuery, StudentStatus};
use web::http::Problem;

use crate::State;
use crate::api::query::{self, Page, set};
use crate::api::told::{Holds, Told};
use crate::auth::Bearer;
use crate::cursor;
use crate::trail::Held;

/// Where a page ended: name and id.
type Place = (String, StudentId);

const MAX_NAME: usize = 120;

/// The query of `GET /api/v1/students`.
#[derive(Debug, Default, JsonSchema)]
pub(super) struct StudentFilter {
    /// Students with this in their name, however its letters and accents are typed.
    #[schemars(with = "String", length(min = 1, max = MAX_NAME))]
    q: Option<String>,
    /// Students of this cohort, named in whole.
    #[schemars(with = "String", length(min = 1, max = MAX_NAME))]
    cohort: Option<String>,
    #[schemars(flatten)]
    page: Page<Place>,
}

impl StudentFilter {
    fn parse(text: &str) -> Result<StudentQuery, Vec<FieldFault>> {
        let mut filter = Self::default();
        let faults = query::read(text, "q, cohort, limit, cursor", |name, value| {
            Some(match name {
                "q" => set(&mut filter.q, some_text(value)),
                "cohort" => set(&mut filter.cohort, some_text(value)),
                _ => return filter.page.take(name, value),
            })
        });
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(StudentQuery {
            name_contains: filter.q,
            cohort: filter.cohort,
            grade: None,
            limit: filter.page.limit(),
            after: filter.page.after(),
        })
    }
}

/// An empty text is a client whose variable was empty: all students are not what it wants.
fn some_text(value: &str) -> Result<String, String> {
    let n = value.chars().count();
    if value.trim().is_empty() || n > MAX_NAME || value.chars().any(char::is_control) {
        return Err(format!("give 1 to {MAX_NAME} characters"));
    }
    Ok(value.to_owned())
}

/// A page of students.
#[derive(Serialize, JsonSchema)]
pub(super) struct StudentPage {
    items: Vec<StudentRow>,
    /// Null: this is the last page.
    next_cursor: Option<String>,
}

/// A student in a list.
#[derive(Serialize, JsonSchema)]
struct StudentRow {
    student_id: StudentId,
    display_name: String,
    /// 0 is kindergarten.
    grade: Option<i16>,
    cohort: Option<String>,
    status: StudentStatus,
    n_sessions: i64,
    /// When the last call began.
    last_session_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<StudentItem> for StudentRow {
    fn from(item: StudentItem) -> Self {
        Self {
            student_id: item.student_id,
            display_name: item.display_name,
            grade: item.grade,
            cohort: item.cohort,
            status: item.status,
            n_sessions: item.n_sessions,
            last_session_at: item.last_session_at,
            created_at: item.created_at,
        }
    }
}

impl Holds for StudentPage {
    fn held(&self, held: &mut Held) {
        for item in &self.items {
            held.add(Some(item.student_id), None);
        }
    }
}

pub(super) async fn list(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    RawQuery(text): RawQuery,
) -> Result<Told<StudentPage>, Problem> {
    let mut query = StudentFilter::parse(text.as_deref().unwrap_or_default()).map_err(Problem::invalid)?;
    let limit = query.limit;
    // One extra row shows whether there is a next page.
    query.limit += 1;
    let rows = student::list_students(&state.db, &caller, &query).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| (row.display_name.clone(), row.student_id));
    Ok(Told(StudentPage { items: rows.into_iter().map(StudentRow::from).collect(), next_cursor }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_is_read_and_all_faults_are_told_at_once() {
        let place: Place = ("Zoë".to_owned(), StudentId::new());
        let query = StudentFilter::parse(&format!("q=jos%C3%A9&cohort=7b&limit=3&cursor={}", cursor::encode(&place)));
        let query = query.unwrap();
        assert_eq!((query.name_contains.as_deref(), query.cohort.as_deref()), (Some("josé"), Some("7b")));
        assert_eq!((query.limit, query.after), (3, Some(place)));
        let faults = StudentFilter::parse("q=&cohort=%00&limit=0&cursor=x&q=a&name=b").unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| &fault.field[..]).collect();
        assert_eq!(fields, ["q", "cohort", "limit", "cursor", "name"]);
    }
}
