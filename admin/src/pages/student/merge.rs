//! Merging two records of one child: find the other record, compare both, merge, and undo.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use storage::clock;
use storage::db::{self, Db};
use storage::id::{MergeId, StudentId};
use storage::mastery;
use storage::phone::Phone;
use storage::session::{self, SessionTotals};
use storage::student::merge::{self, Candidate, Merge, Unmergeable};
use storage::student::{self, Student, StudentStatus};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::link;
use crate::parts::badge::badge;
use crate::parts::icon::{icon, icon_small};
use crate::parts::notice::{Tone, notice_with};
use crate::parts::table::{Column, cell, row, table, two};
use crate::parts::{csrf, grade, none, person};

/// Search results that are shown.
const N_FOUND: i64 = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// The beginning of the name to search for.
    q: String,
    /// The other record.
    with: Option<StudentId>,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Fault> {
    admin.require_write()?;
    admin.require_all()?;
    if let Some(other_id) = wanted.with {
        let records = [fetch(&admin, &db, student_id).await?, fetch(&admin, &db, other_id).await?];
        return Ok(render_comparison(&admin, &records));
    }
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    let candidates = if wanted.q.trim().is_empty() {
        merge::list_namesakes(&db, &admin.caller, student_id).await?
    } else {
        merge::list_by_name(&db, &admin.caller, student_id, &wanted.q, N_FOUND).await?
    };
    Ok(render_choice(&admin, &student, wanted.q.trim(), &candidates))
}

pub(crate) async fn post(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    admin.require_all()?;
    let read = |name: &str| posted.fields.text(name).parse::<StudentId>().ok();
    let (Some(other_id), Some(kept_id)) = (read("with"), read("keep")) else {
        return Err(Fault::Invalid("Choose the record to keep. Nothing was merged.".to_owned()));
    };
    let merged_id = if kept_id == student_id { other_id } else { student_id };
    if kept_id != student_id && kept_id != other_id {
        return Err(Fault::Invalid("Keep one of the two records. Nothing was merged.".to_owned()));
    }
    let mut tx = db::begin(&db).await?;
    match merge::merge_students(&mut tx, &admin.caller, kept_id, merged_id, clock::now()).await? {
        Ok(_) => {
            db::commit(tx).await?;
            Ok(to_student(kept_id))
        }
        Err(why @ Unmergeable::ConsentDiffers(_)) => Err(Fault::Invalid(format!(
            "Nothing was merged: {why}. Record the same decision for both students under “Family and consent”, then merge \
             them."
        ))),
        Err(Unmergeable::ErasurePending) => Err(Fault::Invalid(
            "Nothing was merged: one of the two is about to be erased. Undo the erasure first.".to_owned(),
        )),
        Err(Unmergeable::Same) => {
            Err(Fault::Invalid("Nothing was merged: both records are the same student.".to_owned()))
        }
    }
}

pub(crate) async fn undo(
    State(db): State<Db>,
    Path((_, merge_id)): Path<(StudentId, MergeId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    admin.require_all()?;
    let mut tx = db::begin(&db).await?;
    let merged_id = merge::undo_merge(&mut tx, &admin.caller, merge_id, clock::now()).await?;
    db::commit(tx).await?;
    Ok(to_student(merged_id))
}

fn to_student(student_id: StudentId) -> Response {
    Redirect::to(&format!("/students/{student_id}")).into_response()
}

/// One of the two records in the comparison.
struct Record {
    student: Student,
    phones: Vec<Phone>,
    totals: SessionTotals,
    n_skills: usize,
}

async fn fetch(admin: &Admin, db: &Db, student_id: StudentId) -> Result<Record, Fault> {
    let caller = &admin.caller;
    Ok(Record {
        student: student::get_student(db, caller, student_id).await?,
        phones: student::list_phones(db, caller, student_id).await?,
        totals: session::get_totals(db, caller, student_id, admin.viewer.now).await?,
        n_skills: mastery::list_mastery(db, caller, student_id).await?.len(),
    })
}

const CANDIDATES: [Column; 4] = [("Student", ""), ("Calls", ""), ("Last call", ""), ("", "end")];

fn render_choice(admin: &Admin, student: &Student, q: &str, candidates: &[Candidate]) -> Markup {
    let path = format!("/students/{}/merge", student.student_id);
    let rows = html! { @for other in candidates { (row(&html! {
        (cell("", html! {
            (two(&format!("/students/{}", other.student_id), &other.display_name, class(other.grade, other.cohort.as_deref()).as_deref()))
            @if other.has_same_number { " " (badge("info", "phone-call", "Same number")) }
        }))
        (cell("nowrap", html! { (figures::counted(other.n_sessions, "call", "calls")) }))
        (cell("nowrap", html! { @if let Some(at) = other.last_at { (admin.viewer.date(at)) } @else { (none()) } }))
        (cell("end", html! { a.btn.small href=(link::to(&path, &[("with", &other.student_id.to_string())])) {
            "Compare" span.vh { " with " (other.display_name) }
        } }))
    })) } };
    page(
        admin,
        Place::Students,
        "Merge students",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Merge " (student.display_name) " with another record" }
                    p { "For a child who is registered twice. Choose the other record, and compare both." }
                } }
                section.card aria-labelledby="records" {
                    header {
                        h2 id="records" { @if q.is_empty() { "Students with the same name" } @else { "Students found" } }
                    }
                    div.body {
                        form.row method="get" {
                            input.input.grow name="q" value=(q) maxlength="120" aria-label="Name" placeholder="Search by another name";
                            button.btn { (icon_small("search")) "Search" }
                        }
                    }
                    @if candidates.is_empty() {
                        div.body { p.muted { @if q.is_empty() { "No other student has this name." } @else { "No student found." } } }
                    } @else { (table("Students", &CANDIDATES, &rows)) }
                    footer { a.btn href={ "/students/" (student.student_id) } { "Back" } }
                }
            }
        },
    )
}

fn class(of_grade: Option<i16>, cohort: Option<&str>) -> Option<String> {
    let parts: Vec<String> = grade(of_grade).into_iter().chain(cohort.map(str::to_owned)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn render_comparison(admin: &Admin, records: &[Record; 2]) -> Markup {
    let [one, other] = records;
    // The record with more calls is preselected.
    let kept_id = if other.totals.n_calls > one.totals.n_calls { other } else { one }.student.student_id;
    page(
        admin,
        Place::Students,
        "Merge students",
        html! {
            form.stack method="post" {
                (csrf(admin))
                input type="hidden" name="with" value=(other.student.student_id);
                div.head { div {
                    h1 { "Are these the same child?" }
                    p { "Calls, answers, notes, phone numbers, guardians and consent move to the record that you keep. Its profile stays as it is." }
                } }
                div.cols.half.even { @for record in records { (record_card(admin, record, kept_id)) } }
                div.card {
                    div.body { p.sm.muted { "You can undo this for 30 days. If one of the two is blocked, the merged student is blocked." } }
                    footer {
                        button.btn.primary { "Merge" }
                        a.btn href={ "/students/" (one.student.student_id) "/merge" } { "Choose another record" }
                    }
                }
            }
        },
    )
}

fn record_card(admin: &Admin, record: &Record, kept_id: StudentId) -> Markup {
    let student = &record.student;
    let optional = |text: Option<&str>| html! { @if let Some(text) = text { (text) } @else { (none()) } };
    html! {
        section.card {
            header { label.check {
                input type="radio" name="keep" value=(student.student_id) required checked[student.student_id == kept_id];
                span { "Keep " b { (student.display_name) } }
            } }
            div.body { dl.dl {
                dt { "Calls" } dd { (record.totals.n_calls) }
                dt { "Last call" } dd { @if let Some(at) = record.totals.last_at { (admin.viewer.date(at)) } @else { (none()) } }
                dt { "Skills practised" } dd { (record.n_skills) }
                dt { "Grade and cohort" } dd { (optional(class(student.grade, student.cohort.as_deref()).as_deref())) }
                dt { "Phone" } dd {
                    @for phone in &record.phones { div { (phone.masked()) } }
                    @if record.phones.is_empty() { (none()) }
                }
                dt { "Language" } dd { (student.locale) }
                dt { "Time zone" } dd { (student.timezone) }
                dt { "Guidance" } dd { (optional(student.guidance.as_deref())) }
                dt { "Status" } dd { @if student.status == StudentStatus::Blocked { "Blocked" } @else { "Active" } }
                dt { "Known since" } dd { (admin.viewer.date(student.created_at)) }
            } }
        }
    }
}

/// Renders the merged records, each with its undo.
pub(super) fn notices(admin: &Admin, student_id: StudentId, merges: &[Merge]) -> Markup {
    html! { @for merge in merges {
        (notice_with(
            Tone::Info,
            &format!("Merged with another record of {}", merge.merged_name),
            &html! {
                (admin.viewer.date(merge.merged_at)) " by " (person(&merge.merged_by)) ". Can be undone until " (admin.viewer.date(merge.undo_until)) "."
            },
            &html! { @if admin.may_write() && admin.sees_all() {
                form method="post" action={ "/students/" (student_id) "/merges/" (merge.merge_id) "/undo" } {
                    (csrf(admin))
                    button.btn.small { (icon("rotate-cw")) "Undo the merge" }
                }
            } },
        ))
    } }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use storage::access::Role;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn record(n: u128, name: &str, n_calls: i64) -> Record {
        Record {
            student: Student {
                student_id: StudentId(uuid::Uuid::from_u128(n)),
                display_name: name.to_owned(),
                grade: Some(4),
                cohort: Some("4b".to_owned()),
                locale: "en".to_owned(),
                timezone: "UTC".to_owned(),
                status: StudentStatus::Active,
                guidance: None,
                created_at: at("2026-11-01T00:00:00Z"),
                updated_at: at("2026-11-01T00:00:00Z"),
            },
            phones: vec![Phone::parse("+14155550142").unwrap()],
            totals: SessionTotals { n_calls, ..SessionTotals::default() },
            n_skills: 3,
        }
    }

    #[test]
    fn the_record_with_more_calls_is_proposed_and_numbers_are_masked() {
        let records = [record(1, "Ana <R>", 2), record(2, "Anna R", 9)];
        let shown = render_comparison(&Admin::sample(Role::Tutor), &records).into_string();
        let id = records[1].student.student_id;
        assert!(shown.contains(&format!(r#"name="keep" value="{id}" required checked"#)), "{shown}");
        assert!(shown.contains("Ana &lt;R&gt;") && !shown.contains("4155550142"));
        assert!(shown.contains("You can undo this for 30 days."));
    }

    #[test]
    fn a_merge_is_shown_with_its_way_back_to_those_who_may_write() {
        let merges = [Merge {
            merge_id: MergeId(uuid::Uuid::from_u128(7)),
            merged_name: "Ana R".to_owned(),
            merged_by: "admin:dana@example.org".to_owned(),
            merged_at: at("2026-11-01T00:00:00Z"),
            undo_until: at("2026-12-01T00:00:00Z"),
        }];
        let id = StudentId(uuid::Uuid::from_u128(3));
        let of = |role| notices(&Admin::sample(role), id, &merges).into_string();
        assert!(of(Role::Tutor).contains("Undo the merge") && of(Role::Tutor).contains("another record of Ana R"));
        assert!(!of(Role::Viewer).contains("Undo the merge"));
    }
}
