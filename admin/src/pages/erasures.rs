//! The register of erasures: requests with an undo, finished ones, and VAPI's answers.

pub(crate) mod receipt;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{NaiveDate, TimeDelta};
use maud::{Markup, html};
use storage::clock;
use storage::db::{self, Db};
use storage::erasure::{self, AskedBy, ErasureItem, NumberErased};
use storage::id::{ErasureId, StudentId};
use storage::phone::Phone;

use crate::Connections;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::notice::{Tone, notice};
use crate::parts::table::{Column, cell, list_table, row};
use crate::parts::{csrf, date, none, person, select};
use crate::viewer::Viewer;

/// The newest entries. The audit log has all.
const N_ERASURES: i64 = 200;

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    State(connections): State<Connections>,
) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let erasures = erasure::list_erasures(&db, &admin.caller, N_ERASURES).await?;
    Ok(render(&admin, &erasures, connections.has_vapi))
}

/// Erases the calls of a number that belongs to no student.
pub(crate) async fn erase_number(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let phone = Phone::parse(posted.fields.text("phone"))
        .map_err(|why| Fault::Invalid(format!("Nothing was erased: {why}.")))?;
    let asked = read_asked(&posted)?;
    let mut tx = db::begin(&db).await?;
    let erased = erasure::erase_number(&mut tx, &posted.admin.caller, &phone, clock::now()).await?;
    let NumberErased::Done { erasure_id, .. } = erased else {
        let why = "Nothing was erased: a student has this number. Erase the student instead.";
        return Err(Fault::Invalid(why.to_owned()));
    };
    if let Some(asked) = asked {
        erasure::set_asked(&mut tx, &posted.admin.caller, erasure_id, asked).await?;
    }
    db::commit(tx).await?;
    Ok(Redirect::to(&receipt_path(erasure_id)).into_response())
}

pub(crate) fn receipt_path(erasure_id: ErasureId) -> String {
    format!("{}/{erasure_id}", Place::Erasures.path())
}

const ASKED_BY: [(&str, &str); 5] = [
    ("", "Not a request from outside"),
    (AskedBy::Guardian.as_str(), "A parent or guardian"),
    (AskedBy::Student.as_str(), "The student"),
    (AskedBy::School.as_str(), "The school"),
    (AskedBy::Other.as_str(), "Another person or authority"),
];

/// Renders the fields for who asked for an erasure, and when.
pub(crate) fn asked_fields(viewer: &Viewer) -> Markup {
    html! {
        (select("Who asked for it", "asked_by", &ASKED_BY, ""))
        (date("Day of the request", "asked_on", &viewer.today().to_string()))
    }
}

/// A day of a request is at most this long ago.
const MAX_AGE: TimeDelta = TimeDelta::days(3_660);

/// Reads [`asked_fields`]. `None`: it is not a request from outside.
pub(crate) fn read_asked(posted: &Posted) -> Result<Option<(AskedBy, NaiveDate)>, Fault> {
    let (fields, today) = (&posted.fields, posted.admin.viewer.today());
    let Some(by) = fields.text("asked_by").parse::<AskedBy>().ok() else { return Ok(None) };
    let on = fields.text("asked_on").parse().ok().filter(|on| (today - MAX_AGE..=today).contains(on));
    let why = "Nothing was erased: the day of the request is today or earlier, like 2026-11-23.";
    Ok(Some((by, on.ok_or_else(|| Fault::Invalid(why.to_owned()))?)))
}

/// Undoes the request to erase a student.
pub(crate) async fn undo(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut tx = db::begin(&db).await?;
    erasure::undo(&mut tx, &posted.admin.caller, student_id, clock::now()).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(&format!("/students/{student_id}")).into_response())
}

const COLUMNS: [Column; 6] =
    [("Erased", ""), ("Requested", ""), ("Recorded", ""), ("Status", ""), ("Calls deleted at VAPI", "num"), ("", "")];

pub(crate) fn render(admin: &Admin, erasures: &[ErasureItem], has_vapi: bool) -> Markup {
    let viewer = &admin.viewer;
    let rows = html! { @for erasure in erasures { (row(&html! {
        (cell("", subject(erasure)))
        (cell("sm", html! { (viewer.plain_day(requested_on(viewer, erasure))) ": " (asked_words(erasure)) }))
        (cell("sm", html! { (viewer.time(erasure.requested_at)) " by " (person(&erasure.requested_by)) }))
        (cell("", status(viewer, erasure)))
        (cell("num", answers(viewer, erasure)))
        (cell("end", html! { span.row.end {
            a.btn.small href=(receipt_path(erasure.erasure_id)) { @if erasure.done_at.is_some() { "Receipt" } @else { "Request" } span.vh { " of " (viewer.plain_time(erasure.requested_at)) } }
            @if let (true, Some(student_id)) = (erasure.is_pending(), erasure.student_id) { (undo_form(admin, student_id)) }
        } }))
    })) } };
    page(
        admin,
        Place::Erasures,
        Place::Erasures.name(),
        html! {
            div.stack {
                div.head { div { h1 { "Erasures" } p { "The register of requests to erase, and of what was erased. You can undo a request until it is due." } } }
                @if !has_vapi {
                    (notice(Tone::Warn, "Calls are not deleted at VAPI", "VAPI_API_KEY is not set. VAPI keeps its recordings and transcripts of erased calls until you delete them there, or set the key and retry the jobs."))
                }
                section.card aria-label="Erasures" {
                    @if erasures.is_empty() { div.body { p.muted { "Nothing was erased." } } }
                    @else { (list_table("Erasures", &html! {}, &COLUMNS, &rows)) }
                }
                form.card method="post" aria-labelledby="number" {
                    header { h2 id="number" { "Erase a number" } }
                    div.body.stack {
                        (csrf(admin))
                        p.sm.muted { "Permanently deletes all calls from a number that no student has, with their transcripts and concerns." }
                        div.field { label for="phone" { "Phone number" } input.input id="phone" name="phone" type="tel" required maxlength="40" autocomplete="off" placeholder="+14155550142"; }
                        (asked_fields(viewer))
                    }
                    footer { button.btn.danger { "Erase calls" } }
                }
            }
        },
    )
}

/// Renders a button that undoes a request.
pub(crate) fn undo_form(admin: &Admin, student_id: StudentId) -> Markup {
    html! {
        form method="post" action={ "/students/" (student_id) "/erase/undo" } { (csrf(admin)) button.btn.small { "Undo" } }
    }
}

/// The day of the request.
fn requested_on(viewer: &Viewer, erasure: &ErasureItem) -> NaiveDate {
    erasure.asked_on.unwrap_or_else(|| erasure.requested_at.with_timezone(&viewer.zone).date_naive())
}

fn asked_words(erasure: &ErasureItem) -> &'static str {
    match (erasure.asked_by, &erasure.requested_by[..]) {
        (Some(by), _) => ASKED_BY.iter().find(|(value, _)| *value == by.as_str()).map_or("", |(_, words)| words),
        (None, "worker") => "The retention rule",
        (None, _) => "Not recorded",
    }
}

fn subject(erasure: &ErasureItem) -> Markup {
    html! {
        @match (erasure.student_id, &erasure.student_name) {
            (Some(student_id), Some(name)) => a.main href={ "/students/" (student_id) } { (name) },
            (Some(student_id), None) => { "Student " code { (student_id) } },
            (None, _) => "Calls",
        }
    }
}

fn status(viewer: &Viewer, erasure: &ErasureItem) -> Markup {
    html! {
        @if let Some(at) = erasure.done_at { (badge("ok", "check", "Erased")) " " span.sm.muted { (viewer.time(at)) } }
        @else if let Some(at) = erasure.undone_at { (badge("", "x", "Undone")) " " span.sm.muted { (viewer.time(at)) } }
        @else { (badge("warn", "clock", "Waiting")) " " span.sm.muted { "due " (viewer.time(erasure.due_at)) } }
    }
}

fn answers(viewer: &Viewer, erasure: &ErasureItem) -> Markup {
    html! {
        @if erasure.n_calls == 0 { (none()) } @else {
            (erasure.n_calls_gone) " of " (erasure.n_calls)
            @if erasure.n_calls_failed > 0 { br; span.sm.bad { (erasure.n_calls_failed) " failed" } }
            @if let Some(at) = erasure.answered_at { br; span.sm.muted { (viewer.time(at)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::ErasureId;

    use super::*;

    #[test]
    fn a_request_that_waits_can_be_undone_and_a_missing_key_is_named() {
        let at = clock::now();
        let waiting = ErasureItem {
            erasure_id: ErasureId::new(),
            student_id: Some(StudentId(uuid::Uuid::from_u128(3))),
            student_name: Some("Maya <B>".to_owned()),
            requested_by: "client:c1".to_owned(),
            requested_at: at,
            due_at: at + erasure::DELAY,
            undone_at: None,
            asked_by: None,
            asked_on: None,
            done_at: None,
            n_calls: 0,
            n_calls_gone: 0,
            n_calls_unknown: 0,
            n_calls_failed: 0,
            counts: None,
            answered_at: None,
        };
        let done =
            ErasureItem { student_name: None, done_at: Some(at), n_calls: 4, n_calls_gone: 3, ..waiting.clone() };
        let admin = Admin::sample(Role::Admin);
        let shown = render(&admin, &[waiting, done], false).into_string();
        assert!(shown.contains("Maya &lt;B&gt;") && shown.contains("VAPI_API_KEY is not set"), "{shown}");
        assert!(shown.contains("3 of 4"), "{shown}");
        assert_eq!(shown.matches("/erase/undo").count(), 1, "only what waits");
        assert!(!render(&admin, &[], true).into_string().contains("VAPI_API_KEY"));
    }
}
