//! Rows of a file for a spreadsheet: RFC 4180, and nothing in them that a spreadsheet would run.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::plain_text::is_formula;
use futures::{StreamExt, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use storage::db::Error;

/// Rows that are read at a time: the file may be long, what is held of it is not.
pub(crate) const BATCH: i64 = 1_000;

/// A file that is written while its rows are read: `next` gives some and how far it has come, until there are none. A
/// fault breaks the download off, so that nobody takes half a file for the whole.
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

/// One row, with its end.
pub(crate) fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// In quotes only where it needs them.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) || is_formula(cell) { text(cell) } else { cell.to_owned() }
}

/// A cell in quotes. What a spreadsheet would take for a formula gets an apostrophe in front.
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
