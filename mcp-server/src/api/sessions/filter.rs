//! Filters and cursor of the list of sessions.

use chrono::{DateTime, Datelike, Utc};
use domain::FieldFault;
use schemars::JsonSchema;
use storage::id::{SessionId, StudentId};
use storage::session::{SessionQuery, SessionStatus};

use crate::api::query::{self, Page, set};

/// Where a page ended.
pub(super) type Place = (DateTime<Utc>, SessionId);

/// The query of `GET /api/v1/sessions`.
#[derive(Debug, Default, JsonSchema)]
pub(super) struct SessionFilter {
    /// Sessions of this student.
    #[schemars(with = "StudentId")]
    student_id: Option<StudentId>,
    /// Sessions that stand here.
    #[schemars(with = "SessionStatus")]
    status: Option<SessionStatus>,
    /// Sessions that came to be at or after this moment.
    #[schemars(with = "DateTime<Utc>")]
    from: Option<DateTime<Utc>>,
    /// Sessions that came to be before this moment.
    #[schemars(with = "DateTime<Utc>")]
    to: Option<DateTime<Utc>>,
    #[schemars(flatten)]
    page: Page<Place>,
}

impl SessionFilter {
    /// Reads a query string: the sessions to ask for, or every fault at once.
    pub(super) fn parse(text: &str) -> Result<SessionQuery, Vec<FieldFault>> {
        let mut filter = Self::default();
        let faults = query::read(text, "student_id, status, from, to, limit, cursor", |name, value| {
            Some(match name {
                "student_id" => set(&mut filter.student_id, value.parse().map_err(|_| "give a UUID")),
                "status" => set(&mut filter.status, value.parse()),
                "from" => set(&mut filter.from, moment(value)),
                "to" => set(&mut filter.to, moment(value)),
                _ => return filter.page.take(name, value),
            })
        });
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(SessionQuery {
            student_id: filter.student_id,
            status: filter.status,
            from: filter.from,
            to: filter.to,
            limit: filter.page.limit(),
            after: filter.page.after(),
        })
    }
}

/// A time within the range of Postgres. An unencoded `+` arrives as a space and is accepted.
fn moment(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let moment = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
    let moment = moment.map_err(|_| "give an RFC 3339 time, for example 2026-11-20T16:00:00Z")?.to_utc();
    if (1..=9999).contains(&moment.year()) { Ok(moment) } else { Err("give a year from 1 to 9999") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor;

    fn faults(query: &str) -> Vec<String> {
        SessionFilter::parse(query).unwrap_err().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn every_filter_is_read() {
        let id = StudentId::new();
        let place: Place = (DateTime::from_timestamp_micros(1_795_190_700_123_456).unwrap(), SessionId::new());
        let cursor = cursor::encode(&place);
        let query = SessionFilter::parse(&format!(
            "student_id={id}&status=analyzed&from=2026-11-20T16:00:00+01:00&to=2026-11-21T00:00:00Z&limit=7&cursor={cursor}"
        ))
        .unwrap();
        assert_eq!((query.student_id, query.status, query.limit), (Some(id), Some(SessionStatus::Analyzed), 7));
        assert_eq!(query.from.unwrap().to_rfc3339(), "2026-11-20T15:00:00+00:00");
        assert_eq!(query.after, Some(place));
    }

    #[test]
    fn nothing_asked_is_the_first_page_of_all() {
        let query = SessionFilter::parse("").unwrap();
        assert_eq!((query.student_id, query.after, query.limit), (None, None, 50));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        assert_eq!(
            faults("student_id=7&status=done&from=now&to=0000-01-01T00:00:00Z&limit=201&cursor=x&colour=red"),
            ["student_id", "status", "from", "to", "limit", "cursor", "colour"],
        );
    }

    #[test]
    fn an_empty_filter_is_no_filter_and_is_refused() {
        // Sent by a client whose variable was empty: all sessions of all students are not what it wants.
        assert_eq!(faults("student_id="), ["student_id"]);
        assert_eq!(faults("cursor="), ["cursor"]);
        assert_eq!(faults("limit=1&limit=2"), ["limit"]);
    }
}
