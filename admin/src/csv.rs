//! Rows of a file for a spreadsheet: RFC 4180, and nothing in them that a spreadsheet would run.

use shared::plain_text::is_formula;

/// One row, with its end.
pub(crate) fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// What a spreadsheet would take for a formula gets an apostrophe in front.
fn quoted(cell: &str) -> String {
    let sign = if is_formula(cell) { "'" } else { "" };
    if cell.contains([',', '"', '\n', '\r']) || !sign.is_empty() {
        format!("\"{sign}{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_its_row() {
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for evil in ["+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(quoted(evil), format!("\"'{evil}\""));
        }
        assert_eq!((quoted("a,b\nc"), quoted("plain")), ("\"a,b\nc\"".to_owned(), "plain".to_owned()));
    }
}
