//! Exports a table of the page as CSV: all rows, with unformatted numbers.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;
use storage::analytics::{By, Figures};
use storage::audit;
use storage::db::{Db, Reads};

use super::filter::Filter;
use super::measure::{HABITS, MEASURES, Measure};
use super::{list_groups, list_steps};
use crate::auth::Admin;
use crate::csv::text as cell;
use crate::fault::Fault;

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    State(reads): State<Reads>,
    Query(filter): Query<Filter>,
) -> Result<Response, Fault> {
    admin.require_file(&db).await?;
    let csv = match filter.table.as_str() {
        "days" => days(&list_steps(&admin, &reads, &filter, filter.n_step()?).await?),
        "groups" => groups(&list_groups(&admin, &reads, &filter, filter.by()?.0).await?, &MEASURES),
        "tutoring" => groups(&list_groups(&admin, &reads, &filter, By::Assistant).await?, &HABITS),
        "reasons" => groups(&list_groups(&admin, &reads, &filter, By::Reason).await?, &MEASURES[..1]),
        "beliefs" => groups(&list_groups(&admin, &reads, &filter, By::Belief).await?, &MEASURES[..1]),
        _ => return Err(Fault::NotFound("table")),
    };
    let detail = json!({ "table": filter.table, "is_narrow": filter.is_narrow() });
    audit::insert_entry(&db, &admin.caller, "analytics.export", None, &detail, admin.viewer.now).await?;
    let name = format!("attachment; filename=\"analytics-{}-{}.csv\"", filter.table, admin.viewer.today());
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], csv).into_response())
}

fn days(steps: &[super::Step]) -> String {
    let mut csv = heading(&["from", "period"], &MEASURES);
    for step in steps {
        csv += &line(&[step.first.to_string(), "this".to_owned()], &MEASURES, &step.now);
        csv += &line(&[step.first.to_string(), "before".to_owned()], &MEASURES, &step.before);
    }
    csv
}

fn groups(groups: &[Figures], measures: &[Measure]) -> String {
    let mut csv = heading(&["group"], measures);
    for group in groups {
        csv += &line(std::slice::from_ref(&group.key), measures, group);
    }
    csv
}

fn heading(names: &[&str], measures: &[Measure]) -> String {
    let all: Vec<&str> = names.iter().copied().chain(measures.iter().map(|measure| measure.slug)).collect();
    all.join(",") + "\r\n"
}

fn line(names: &[String], measures: &[Measure], figures: &Figures) -> String {
    let mut cells: Vec<String> = names.iter().map(|name| cell(name)).collect();
    cells.extend(measures.iter().map(|measure| (measure.of)(figures).map_or_else(String::new, number)));
    cells.join(",") + "\r\n"
}

fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_quotes_are_doubled() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!((cell("@a"), cell("a, b")), ("\"'@a\"".to_owned(), "\"a, b\"".to_owned()));
    }

    #[test]
    fn numbers_are_as_they_are_and_what_is_not_known_is_empty() {
        assert_eq!((number(12.0), number(0.25), number(1.0 / 3.0)), ("12".into(), "0.25".into(), "0.3333".into()));
        let csv = groups(&[Figures { key: "v1".to_owned(), ..Figures::default() }], &HABITS);
        assert!(csv.ends_with("\"v1\",,,,,\r\n"), "{csv}");
    }
}
