//! Keyset paging: the address names the last row seen, so a page does not change when rows arrive.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::icon::icon;
use crate::fault::Fault;

/// Rows per page.
pub(crate) const PAGE: i64 = 25;

/// Renders the footer of a list: links to the first and the next page.
pub(crate) fn pager(shown: &str, first_url: Option<&str>, next_url: Option<&str>) -> Markup {
    html! {
        footer {
            span { (shown) }
            nav.pager aria-label="Pages" {
                @if let Some(url) = first_url { a.btn.small href=(url) { "First page" } }
                @if let Some(url) = next_url { a.btn.small href=(url) rel="next" { "Next" (icon("chevron-right")) } }
            }
        }
    }
}

/// Cuts the rows to one page. One extra row shows that there is a next page.
pub(crate) fn split_page<T>(mut rows: Vec<T>) -> (Vec<T>, bool) {
    let has_next = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    (rows, has_next)
}

/// Parses a time and an id, the format of `after=`.
pub(crate) fn time_key<I: std::fmt::Display>(at: DateTime<Utc>, id: I) -> String {
    format!("{}_{id}", at.timestamp_micros())
}

pub(crate) fn parse_time_key<I: FromStr>(text: &str) -> Result<Option<(DateTime<Utc>, I)>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let key = text
        .split_once('_')
        .and_then(|(micros, id)| Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?)));
    key.map(Some)
        .ok_or_else(|| Fault::Invalid("This link to a page of the list is not valid. Open the list again.".to_owned()))
}

#[cfg(test)]
mod tests {
    use storage::id::SessionId;

    use super::*;

    #[test]
    fn a_key_reads_back_as_written() {
        let at: DateTime<Utc> = "2026-11-19T21:12:04.123456Z".parse().unwrap();
        let id = SessionId(uuid::Uuid::from_u128(7));
        assert_eq!(parse_time_key(&time_key(at, id)).unwrap(), Some((at, id)));
        assert_eq!(parse_time_key::<SessionId>("").unwrap(), None);
        assert!(parse_time_key::<SessionId>("12_nobody").is_err());
        assert!(parse_time_key::<SessionId>("9999999999999999999_x").is_err());
    }

    #[test]
    fn one_row_more_means_another_page() {
        let (rows, has_next) = split_page((0..26).collect::<Vec<_>>());
        assert_eq!((rows.len(), has_next), (25, true));
        assert!(!split_page((0..25).collect::<Vec<_>>()).1);
    }
}
