//! The receipt of an erasure: days, states and numbers. It has no names, so it can be kept and handed out.

use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde_json::Value;
use storage::db::Db;
use storage::erasure::{self, ErasureItem};
use storage::guardian_report::find_school;
use storage::id::ErasureId;

use super::{asked_words, requested_on};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::icon::icon;
use crate::parts::none;
use crate::parts::table::{Column, cell, row, table};
use crate::viewer::Viewer;

/// The counted kinds, in the order of the receipt.
const KINDS: [(&str, &str); 11] = [
    ("students", "Student profiles"),
    ("phones", "Phone numbers"),
    ("calls", "Calls"),
    ("recordings", "Links to recordings"),
    ("turns", "Turns of transcripts"),
    ("answers", "Assessed answers"),
    ("facts", "Remembered facts"),
    ("notes", "Notes"),
    ("follow_ups", "Callbacks, reminders and concerns"),
    ("placed_calls", "Planned and placed calls"),
    ("reports", "Reports to guardians"),
];

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Path(erasure_id): Path<ErasureId>,
) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let erasure = erasure::get_erasure(&db, &admin.caller, erasure_id).await?;
    let school = find_school(&db).await?;
    Ok(render(&admin, &erasure, school.as_deref()))
}

const COLUMNS: [Column; 2] = [("Kind", ""), ("Deleted", "num")];

pub(crate) fn render(admin: &Admin, erasure: &ErasureItem, school: Option<&str>) -> Markup {
    let viewer = &admin.viewer;
    let title = if erasure.done_at.is_some() { "Receipt of an erasure" } else { "Request for an erasure" };
    page(
        admin,
        Place::Erasures,
        title,
        html! {
            div.stack {
                div.head {
                    div { h1 { (title) } @if let Some(school) = school { p { (school) } } }
                    div.actions { button.btn.js-only type="button" data-print { (icon("file-text")) "Print" } }
                }
                section.card aria-labelledby="request" {
                    header { h2 id="request" { "Request" } }
                    div.body { dl.dl {
                        dt { "Number" } dd { code { (erasure.erasure_id) } }
                        dt { "Requested on" } dd { (viewer.full_date(requested_on(viewer, erasure))) }
                        dt { "Requested by" } dd { (asked_words(erasure)) }
                        dt { "Recorded" } dd { (moment(viewer, erasure.requested_at)) }
                        dt { "Due" } dd { (moment(viewer, erasure.due_at)) }
                        @match (erasure.done_at, erasure.undone_at) {
                            (Some(at), _) => { dt { "Erased" } dd { (moment(viewer, at)) } },
                            (None, Some(at)) => { dt { "Undone" } dd { (moment(viewer, at)) } },
                            (None, None) => { dt { "State" } dd { "Waiting" } },
                        }
                    } }
                }
                @if erasure.done_at.is_some() {
                    section.card aria-labelledby="deleted" {
                        header { h2 id="deleted" { "Deleted here" } }
                        @if let Some(counts) = &erasure.counts { (table("Deleted here", &COLUMNS, &deleted(counts))) }
                        @else { div.body { p.muted { "This erasure was not counted." } } }
                    }
                    section.card aria-labelledby="vapi" {
                        header { h2 id="vapi" { "Calls and recordings at VAPI" } }
                        div.body.stack.tight { (at_vapi(erasure)) }
                    }
                    p.sm.muted { "The audit log keeps who did what, without the deleted content. Backups of the database and exported files are not part of this erasure." }
                } @else {
                    p.muted { "Nothing is deleted yet." }
                }
            }
        },
    )
}

/// "Thursday 19 November 2026, 15:12 America/Chicago". On paper, "today" has no meaning.
fn moment(viewer: &Viewer, at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&viewer.zone);
    format!("{}, {} {}", viewer.full_date(local.date_naive()), local.format("%H:%M"), viewer.zone.name())
}

fn deleted(counts: &Value) -> Markup {
    html! { @for (kind, words) in KINDS { @if let Some(n) = counts[kind].as_i64() {
        (row(&html! { (cell("", html! { (words) })) (cell("num", html! { (figures::count(n)) })) }))
    } } }
}

/// Says what VAPI answered: asked is not deleted.
fn at_vapi(erasure: &ErasureItem) -> Markup {
    let (n, gone) = (erasure.n_calls, erasure.n_calls_gone);
    let (failed, unknown) = (erasure.n_calls_failed, erasure.n_calls_unknown);
    let calls = |n: i64| figures::counted(n, "call", "calls");
    html! {
        @if n == 0 { p { "There were no calls to delete at VAPI." } }
        @else {
            p {
                @if gone == n { (badge("good", "circle-check", "Confirmed")) }
                @else if failed > 0 { (badge("bad", "circle-alert", "Failed")) }
                @else { (badge("warn", "clock", "Asked, no answer yet")) }
            }
            dl.dl {
                dt { "To delete" } dd { (calls(n)) ", with their recordings and transcripts" }
                dt { "VAPI deleted" } dd { (calls(gone - unknown)) }
                dt { "VAPI does not know" } dd { (calls(unknown)) }
                dt { "No answer yet" } dd { (calls(n - gone - failed)) }
                dt { "Failed" } dd { (calls(failed)) }
                dt { "Last answer" } dd { @if let Some(at) = erasure.answered_at { (at.format("%Y-%m-%d %H:%M UTC")) } @else { (none()) } }
            }
            @if failed > 0 { p.sm.screen-only { "Retry the failed jobs under " a.link href="/jobs?kind=delete_call" { "Jobs" } ", or delete the calls at VAPI." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use storage::access::Role;
    use storage::clock;
    use storage::erasure::AskedBy;
    use storage::id::StudentId;

    use super::*;

    fn item() -> ErasureItem {
        let at = clock::now();
        ErasureItem {
            erasure_id: ErasureId(uuid::Uuid::from_u128(7)),
            student_id: Some(StudentId(uuid::Uuid::from_u128(3))),
            student_name: None,
            requested_by: "admin:ana@example.net".to_owned(),
            requested_at: at,
            asked_by: Some(AskedBy::Guardian),
            asked_on: "2026-11-16".parse().ok(),
            due_at: at,
            undone_at: None,
            done_at: Some(at),
            n_calls: 5,
            n_calls_gone: 3,
            n_calls_unknown: 1,
            n_calls_failed: 0,
            counts: Some(json!({ "calls": 5, "notes": 0 })),
            answered_at: Some(at),
        }
    }

    #[test]
    fn a_receipt_has_days_numbers_and_what_vapi_said_and_names_nobody() {
        let admin = Admin::sample(Role::Admin);
        let shown = |item: &ErasureItem| render(&admin, item, Some("Elm School")).into_string();
        let page = shown(&item());
        let main = page.split("<main").nth(1).unwrap();
        let expected = [
            "Elm School",
            "Monday 16 November 2026",
            "A parent or guardian",
            "Asked, no answer yet",
            "2 calls",
            "1 call<",
        ];
        for words in expected {
            assert!(main.contains(words), "{words}: {main}");
        }
        assert!(!page.contains("ana@example.net") && !main.contains("000000000003"), "{main}");
        assert!(shown(&ErasureItem { n_calls_gone: 5, ..item() }).contains("Confirmed"));
        assert!(shown(&ErasureItem { n_calls_failed: 1, ..item() }).contains("Failed</span>"));
        let waiting = shown(&ErasureItem { done_at: None, ..item() });
        assert!(waiting.contains("Nothing is deleted yet.") && !waiting.contains("Deleted here"));
    }
}
