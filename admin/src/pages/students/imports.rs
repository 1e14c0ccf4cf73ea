//! Undoing an import of students: the imports that can be undone, and a preview of what happens to each student.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use storage::access::Scope;
use storage::clock;
use storage::curriculum::fingerprint;
use storage::db::{self, Db};
use storage::id::ImportId;
use storage::student::import::{self, Fate, ImportItem, Undone};

use super::PATH;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::csrf;
use crate::parts::notice::{Tone, notice, notice_with};
use crate::parts::table::{Column, cell, row, table};

/// How many imports the page lists.
pub(super) const N_IMPORTS: i64 = 10;

/// A sheet may name any student, so a person who sees only some cohorts cannot import one.
pub(super) fn require(admin: &Admin) -> Result<(), Fault> {
    admin.require_write()?;
    Ok(admin.caller.require(Scope::StudentsWrite).map_err(db::Error::from)?)
}

pub(super) fn undo_url(import_id: ImportId) -> String {
    format!("{PATH}/undo-import/{import_id}")
}

/// Renders the imports that can be undone. Renders nothing if there are none.
pub(super) fn card(admin: &Admin, imports: &[ImportItem]) -> Markup {
    const COLUMNS: [Column; 5] = [("When", ""), ("By", "hide"), ("Added", "num"), ("Changed", "num"), ("", "")];
    let rows = html! { @for item in imports { (row(&html! {
        (cell("nowrap", admin.viewer.time(item.imported_at)))
        (cell("hide muted", html! { (item.author.strip_prefix("admin:").unwrap_or(&item.author)) }))
        (cell("num end", html! { (figures::count(item.n_added)) }))
        (cell("num hide", html! { (figures::count(item.n_changed)) }))
        (cell("full", html! { a.btn.small href=(undo_url(item.import_id)) { "Undo" span.vh { " the import of " (figures::counted(item.n_added + item.n_changed, "student", "students")) } } }))
    })) } };
    html! {
        @if !imports.is_empty() {
            section.card aria-labelledby="imports" {
                header { h2 id="imports" { "Latest imports" } p { "An import can be undone for 30 days." } }
                (table("Imports", &COLUMNS, &rows))
            }
        }
    }
}

/// Shows what undoing does. It changes nothing.
pub(crate) async fn preview(
    admin: Admin,
    State(db): State<Db>,
    Path(import_id): Path<ImportId>,
) -> Result<Markup, Fault> {
    require(&admin)?;
    let mut tx = db::begin(&db).await?;
    let undone = import::undo_import(&mut tx, &admin.caller, import_id, clock::now()).await?;
    tx.rollback().await.map_err(db::Error::from)?;
    Ok(render(&admin, import_id, &undone, &html! {}))
}

/// Undoes the import if the effect is still that of the preview.
pub(crate) async fn undo(
    State(db): State<Db>,
    Path(import_id): Path<ImportId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    require(admin)?;
    let mut tx = db::begin(&db).await?;
    let undone = import::undo_import(&mut tx, &admin.caller, import_id, clock::now()).await?;
    if posted.fields.text("seen") != seen_of(&undone) {
        tx.rollback().await.map_err(db::Error::from)?;
        let news = notice(
            Tone::Bad,
            "These students were changed in the meantime",
            "Nothing was undone. Below is a new preview.",
        );
        return Ok((StatusCode::CONFLICT, render(admin, import_id, &undone, &news)).into_response());
    }
    db::commit(tx).await?;
    let (n_undone, stay) = split(&undone);
    let body = html! {
        (notice_with(
            Tone::Info,
            &format!("Undone for {}", figures::counted(n_undone, "student", "students")),
            &html! { @if !stay.is_empty() { p { "The others stay as they are." } } },
            &html! { a.btn href=(PATH) { "Show students" } },
        ))
        (stay_card(&stay))
    };
    Ok(frame(admin, &body).into_response())
}

fn seen_of(undone: &[Undone]) -> String {
    fingerprint(&undone.iter().map(|of| (of.student_id, &of.fate)).collect::<Vec<_>>())
}

fn split(undone: &[Undone]) -> (i64, Vec<&Undone>) {
    let stay: Vec<&Undone> = undone.iter().filter(|of| matches!(of.fate, Fate::Stays(_))).collect();
    ((undone.len() - stay.len()) as i64, stay)
}

fn render(admin: &Admin, import_id: ImportId, undone: &[Undone], news: &Markup) -> Markup {
    let (n_undone, stay) = split(undone);
    let body = html! {
        (news)
        (stay_card(&stay))
        (named_card("removed", "Are removed", "The import added them, and nothing depends on them yet.", undone, &Fate::Removed))
        (named_card("restored", "Get their earlier values back", "The import changed them, and no one has since.", undone, &Fate::Restored))
        form.card method="post" action=(undo_url(import_id)) {
            (csrf(admin))
            input type="hidden" name="seen" value=(seen_of(undone));
            footer {
                @if n_undone == 0 { "There is nothing to undo." } @else {
                    button.btn.primary { "Undo for " (figures::counted(n_undone, "student", "students")) }
                }
                a.btn href={ (PATH) "/import" } { "Cancel" }
            }
        }
    };
    frame(admin, &body)
}

fn frame(admin: &Admin, body: &Markup) -> Markup {
    page(
        admin,
        Place::Students,
        "Undo an import",
        html! {
            div.stack {
                div.head { div { h1 { "Undo an import" } p { "You see what happens to each student before anything changes." } } }
                (body)
            }
        },
    )
}

fn stay_card(stay: &[&Undone]) -> Markup {
    html! {
        @if !stay.is_empty() {
            section.card aria-labelledby="stay" {
                header { h2 id="stay" { "Cannot be undone" } p { (figures::counted(stay.len() as i64, "student", "students")) } }
                ul.list { @for of in stay { li.row {
                    a.clip.main href={ (PATH) "/" (of.student_id) } { (of.display_name) }
                    @if let Fate::Stays(why) = of.fate { span.sm.muted { (why) } }
                } } }
            }
        }
    }
}

fn named_card(id: &str, title: &str, why: &str, undone: &[Undone], fate: &Fate) -> Markup {
    let of: Vec<&Undone> = undone.iter().filter(|of| of.fate == *fate).collect();
    html! {
        @if !of.is_empty() {
            section.card aria-labelledby=(id) {
                header { h2 id=(id) { (title) } p { (figures::counted(of.len() as i64, "student", "students")) ". " (why) } }
                div.body { p.sm { @for (n, of) in of.iter().enumerate() { @if n > 0 { ", " } (of.display_name) } } }
            }
        }
    }
}
