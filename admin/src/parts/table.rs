//! Tables whose rows become cards on a phone. ARIA roles are explicit, because `display: grid` removes the implicit
//! ones.

use maud::{Markup, html};

/// A column: its name, and its class for width and alignment. Screen readers get "Actions" for an empty name.
pub(crate) type Column = (&'static str, &'static str);

/// The id of the rows of a page's main list. If a page has it, a link at its top leads there.
pub(crate) const ROWS_ID: &str = "rows";

pub(crate) fn table(label: &str, columns: &[Column], rows: &Markup) -> Markup {
    with_headings(label, None, &html! {}, columns, rows)
}

/// The table of a page that is a list, with custom first headings.
pub(crate) fn list_table(label: &str, headings: &Markup, columns: &[Column], rows: &Markup) -> Markup {
    with_headings(label, Some(ROWS_ID), headings, columns, rows)
}

fn with_headings(label: &str, id: Option<&str>, headings: &Markup, columns: &[Column], rows: &Markup) -> Markup {
    html! {
        div.scroll {
            table.tbl.cards role="table" aria-label=(label) {
                thead role="rowgroup" { tr role="row" {
                    (headings)
                    @for (name, class) in columns {
                        th role="columnheader" scope="col" class=[Some(class).filter(|class| !class.is_empty())] {
                            @if name.is_empty() { span.vh { "Actions" } } @else { (name) }
                        }
                    }
                } }
                tbody id=[id] role="rowgroup" { (rows) }
            }
        }
    }
}

pub(crate) fn row(cells: &Markup) -> Markup {
    html! { tr role="row" { (cells) } }
}

/// Renders a heading over the rows that follow it.
pub(crate) fn group(name: &str, n_columns: usize) -> Markup {
    html! { tr.group role="row" { th role="rowheader" scope="rowgroup" colspan=(n_columns) { (name) } } }
}

pub(crate) fn cell(class: &str, content: Markup) -> Markup {
    html! { td role="cell" class=[Some(class).filter(|class| !class.is_empty())] { (content) } }
}

/// Renders a name with a small line below it.
pub(crate) fn two(href: &str, name: &str, small: Option<&str>) -> Markup {
    html! { span.two { a.main href=(href) { (name) } @if let Some(small) = small { small { (small) } } } }
}
