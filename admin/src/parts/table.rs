//! Tables whose rows become cards on a phone. Roles are written out, since `display: grid` takes them away.

use maud::{Markup, html};

/// A column: its name, and its class for width and side. An empty name is told to screen readers as "Actions".
pub(crate) type Column = (&'static str, &'static str);

pub(crate) fn table(label: &str, columns: &[Column], rows: &Markup) -> Markup {
    sortable_table(label, &html! {}, columns, rows)
}

/// The same behind a first heading, or some, that do more than name their columns.
pub(crate) fn sortable_table(label: &str, headings: &Markup, columns: &[Column], rows: &Markup) -> Markup {
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
                tbody role="rowgroup" { (rows) }
            }
        }
    }
}

pub(crate) fn row(cells: &Markup) -> Markup {
    html! { tr role="row" { (cells) } }
}

/// A heading over the rows that follow it.
pub(crate) fn group(name: &str, n_columns: usize) -> Markup {
    html! { tr.group role="row" { th role="rowheader" scope="rowgroup" colspan=(n_columns) { (name) } } }
}

pub(crate) fn cell(class: &str, content: Markup) -> Markup {
    html! { td role="cell" class=[Some(class).filter(|class| !class.is_empty())] { (content) } }
}

/// A name with a small line beneath it.
pub(crate) fn two(href: &str, name: &str, small: Option<&str>) -> Markup {
    html! { span.two { a.main href=(href) { (name) } @if let Some(small) = small { small { (small) } } } }
}
