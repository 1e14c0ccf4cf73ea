//! CSV files for spreadsheets (RFC 4180). Cells that a spreadsheet would run as formulas are escaped.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::plain_text::is_formula;
use futures::{StreamExt, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use storage::db::Error;

/// Rows that are read at a time. This bounds the memory of a long export.
pub(crate) const BATCH: i64 = 1_000;

/// Streams a CSV file. `next` returns some rows and the position after them, until no rows are left. An error aborts
/// the download, so an incomplete file cannot look complete.
pub(crate) fn file<R, N>(
    name: &str,
    headings: &[&str],
    reading: R,
    next: impl FnMut(R) -> N + Send + 'static,
) -> Response
where
    R: Send + 'static,
    N: Future<Output = Result<Option<(Bytes, R)>, Error>> + Send + 'static,
{
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let first = stream::once(async move { Ok::<_, Error>(Bytes::from(line(&headings))) });
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, disposition)];
    (headers, Body::from_stream(first.chain(stream::try_unfold(reading, next)))).into_response()
}

/// Appends one row with its line end.
pub(crate) fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// Appends a cell, quoted only if necessary.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) || is_formula(cell) { text(cell) } else { cell.to_owned() }
}

/// Appends a quoted cell. An apostrophe is put before text that a spreadsheet would read as a formula.
pub(crate) fn text(cell: &str) -> String {
    let sign = if is_formula(cell) { "'" } else { "" };
    format!("\"{sign}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_its_row() {
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for evil in ["+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", " =1", "\u{3000}＝1"] {
            assert_eq!(quoted(evil), format!("\"'{evil}\""));
        }
        assert_eq!((quoted("a,b\nc"), quoted("plain")), ("\"a,b\nc\"".to_owned(), "plain".to_owned()));
    }
}
