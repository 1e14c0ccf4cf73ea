//! Import of students from a sheet, with a preview of each row.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use maud::{Markup, html};
use storage::clock;
use storage::curriculum::fingerprint;
use storage::db::{self, Connection, Db};
use storage::id::ImportId;
use storage::roster_sync;
use storage::student::import;
use storage::student::roster::{Imported, Known, RosterRow, import_row};
use storage::student::sheet::{self, Sheet};

use super::PATH;
use super::imports::{self, N_IMPORTS, require};
use super::roster;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::csrf;
use crate::parts::notice::{Tone, notice, notice_with};
use crate::parts::table::{Column, cell, row, table};

/// The most rows of one sheet. An import is one transaction, and a person waits for it.
const MAX_ROWS: usize = 1_000;

/// A row of the sheet, and its effect.
struct Line {
    no: usize,
    row: Result<(RosterRow, Imported), String>,
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    require(&admin)?;
    let imports = import::list_imports(&db, &admin.caller, N_IMPORTS).await?;
    let syncs = roster_sync::list_syncs(&db, &admin.caller, roster::N_SYNCS).await?;
    let cards = html! { (roster::card(&admin, &syncs)) (imports::card(&admin, &imports)) };
    Ok(render(&admin, &Fields::default(), &html! {}, &cards))
}

/// Shows a preview of the sheet and changes nothing.
pub(crate) async fn preview(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    require(&posted.admin)?;
    let read = match read(&posted.fields) {
        Ok(read) => read,
        Err(fault) => return Ok(refused(&posted, &fault)),
    };
    let mut tx = db::begin(&db).await?;
    let lines = take(&mut tx, &posted, ImportId::new(), &read, clock::now()).await?;
    tx.rollback().await.map_err(db::Error::from)?;
    let shown = preview_cards(&posted, &read, &lines);
    Ok(render(&posted.admin, &posted.fields, &shown, &html! {}).into_response())
}

/// Imports the sheet if its effect is still that of the preview.
pub(crate) async fn apply(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    require(&posted.admin)?;
    let read = match read(&posted.fields) {
        Ok(read) => read,
        Err(fault) => return Ok(refused(&posted, &fault)),
    };
    let import_id = ImportId::new();
    let mut tx = db::begin(&db).await?;
    let lines = take(&mut tx, &posted, import_id, &read, clock::now()).await?;
    if posted.fields.text("seen") != seen_of(&lines) {
        tx.rollback().await.map_err(db::Error::from)?;
        let shown = html! {
            (notice(Tone::Bad, "Another person changed these students in the meantime",
                "Nothing was imported. Below is a new preview."))
            (preview_cards(&posted, &read, &lines))
        };
        return Ok((StatusCode::CONFLICT, render(&posted.admin, &posted.fields, &shown, &html! {})).into_response());
    }
    db::commit(tx).await?;
    let done = notice_with(
        Tone::Info,
        &format!("Imported: {}", summary(&lines)),
        &html! {},
        &html! {
            a.btn href=(PATH) { "Show students" }
            a.btn href=(imports::undo_url(import_id)) { "Undo this import" }
        },
    );
    Ok(render(&posted.admin, &Fields::default(), &done, &html! {}).into_response())
}

/// Returns the uploaded file, or the pasted text if no file was chosen.
fn sheet_of(fields: &Fields) -> &str {
    let file = fields.raw("file");
    let text = if file.trim().is_empty() { fields.raw("sheet") } else { file };
    text.trim_start_matches('\u{feff}')
}

fn read(fields: &Fields) -> Result<Sheet, String> {
    let read = sheet::read(sheet_of(fields))?;
    match read.rows.len() {
        0 => Err("the sheet has no row below its first line".to_owned()),
        1..=MAX_ROWS => Ok(read),
        n => Err(format!("the sheet has {n} rows; send at most {MAX_ROWS} at once")),
    }
}

/// Writes the valid rows, in the order of the sheet.
async fn take(
    tx: &mut Connection,
    posted: &Posted,
    import_id: ImportId,
    read: &Sheet,
    now: DateTime<Utc>,
) -> Result<Vec<Line>, Fault> {
    let known = if posted.fields.text("known") == "keep" { Known::Keep } else { Known::Change };
    let mut lines = Vec::with_capacity(read.rows.len());
    for (no, row) in &read.rows {
        let row = match row {
            Ok(row) => Ok((row.clone(), import_row(tx, &posted.admin.caller, import_id, row, known, now).await?)),
            Err(fault) => Err(fault.clone()),
        };
        lines.push(Line { no: *no, row });
    }
    Ok(lines)
}

/// A hash of the preview, so that only what was shown is imported.
fn seen_of(lines: &[Line]) -> String {
    let outcomes: Vec<_> = lines.iter().map(|line| (line.no, line.row.as_ref().map(|(_, done)| *done).ok())).collect();
    fingerprint(&outcomes)
}

fn summary(lines: &[Line]) -> String {
    let n =
        |wanted: Imported| lines.iter().filter(|line| line.row.as_ref().is_ok_and(|(_, done)| *done == wanted)).count();
    let n_faulty = lines.iter().filter(|line| line.row.is_err()).count();
    let mut parts = vec![
        format!("{} new", n(Imported::Added)),
        format!("{} changed", n(Imported::Changed)),
        format!("{} unchanged", n(Imported::Unchanged)),
    ];
    if n_faulty > 0 {
        parts.push(format!("{} left out", figures::counted(n_faulty as i64, "row", "rows")));
    }
    parts.join(", ")
}

/// Renders the error of an unreadable sheet.
fn refused(posted: &Posted, fault: &str) -> Response {
    let shown = notice(Tone::Bad, "Nothing was imported", &format!("The sheet cannot be read: {fault}."));
    (StatusCode::UNPROCESSABLE_ENTITY, render(&posted.admin, &posted.fields, &shown, &html! {})).into_response()
}

const COLUMNS: [Column; 5] = [("Line", "num"), ("Student", ""), ("Grade", ""), ("Cohort", "hide"), ("Result", "")];

fn preview_cards(posted: &Posted, read: &Sheet, lines: &[Line]) -> Markup {
    let n_to_write =
        lines.iter().filter(|line| line.row.as_ref().is_ok_and(|(_, done)| *done != Imported::Unchanged)).count();
    let ignored: Vec<&str> =
        read.headings.iter().filter(|(_, column)| column.is_none()).map(|(heading, _)| &heading[..]).collect();
    // Errors first, because a person must fix them.
    let (good, faulty): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| line.row.is_ok());
    let rows = html! { @for line in faulty.into_iter().chain(good) { (line_row(line)) } };
    html! {
        section.card aria-labelledby="preview" {
            header { h2 id="preview" { "Preview" } p { (summary(lines)) } }
            @if !ignored.is_empty() {
                div.body { p.sm.muted { "These columns are unknown and are ignored: " (ignored.join(", ")) "." } }
            }
            (table("Rows", &COLUMNS, &rows))
            footer {
                @if n_to_write == 0 { "There is nothing to import." }
                @else {
                    form method="post" action={ (PATH) "/import/apply" } enctype="multipart/form-data" {
                        (csrf(&posted.admin))
                        input type="hidden" name="seen" value=(seen_of(lines));
                        input type="hidden" name="known" value=(posted.fields.text("known"));
                        // Browsers drop the first line break in a textarea.
                        textarea name="sheet" hidden aria-label="The sheet" { "\n" (sheet_of(&posted.fields)) }
                        button.btn.primary { "Import " (figures::counted(n_to_write as i64, "student", "students")) }
                    }
                }
            }
        }
    }
}

fn line_row(line: &Line) -> Markup {
    row(&match &line.row {
        Ok((row, done)) => html! {
            (cell("num", html! { (line.no) }))
            (cell("main", html! { (row.display_name) }))
            (cell("", html! { @if let Some(grade) = crate::parts::grade(row.grade) { (grade) } }))
            (cell("hide", html! { @if let Some(cohort) = &row.cohort { (cohort) } }))
            (cell("", match done {
                Imported::Added => badge("good", "plus", "New"),
                Imported::Changed => badge("info", "pencil", "Changed"),
                Imported::Unchanged => badge("", "check", "Unchanged"),
            }))
        },
        Err(fault) => html! {
            (cell("num", html! { (line.no) }))
            (cell("main", html! {}))
            (cell("", html! {}))
            (cell("hide", html! {}))
            (cell("", html! { (badge("bad", "circle-alert", "Left out")) " " span.sm { (fault) } }))
        },
    })
}

fn render(admin: &Admin, fields: &Fields, answer: &Markup, imports: &Markup) -> Markup {
    let keeps = fields.text("known") == "keep";
    page(
        admin,
        Place::Students,
        "Import students",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Import students" }
                    p { "A sheet with one student per row. You see a preview before anything changes." }
                } }
                (answer)
                form.card method="post" action={ (PATH) "/import" } enctype="multipart/form-data" {
                    div.body.stack {
                        (csrf(admin))
                        div.field {
                            label for="file" { "CSV file" }
                            input id="file" name="file" type="file" accept=".csv,.tsv,.txt,text/csv";
                            span.hint { "In the format of a spreadsheet’s CSV export. At most 1,000 rows and 2 MiB." }
                        }
                        div.field {
                            label for="sheet" { "Or paste the rows" }
                            textarea.input.tall.mono id="sheet" name="sheet" spellcheck="false" { "\n" (sheet_of(fields)) }
                            span.hint {
                                "The first line names the columns: name (or first name and last name), phones, grade, cohort, \
                                 locale, timezone, external_id, status. Only the name is required. Separate several phone \
                                 numbers by a semicolon."
                            }
                        }
                        fieldset.field {
                            legend.label { "Existing students" }
                            @for (value, name, is_chosen) in [
                                ("change", "Update them from the sheet", !keeps), ("keep", "Leave them as they are", keeps),
                            ] {
                                span.check {
                                    input type="radio" id={ "known-" (value) } name="known" value=(value) checked[is_chosen];
                                    label for={ "known-" (value) } { (name) }
                                }
                            }
                        }
                    }
                    footer { button.btn.primary { "Show preview" } a.btn href=(PATH) { "Cancel" } }
                }
                (imports)
            }
        },
    )
}
