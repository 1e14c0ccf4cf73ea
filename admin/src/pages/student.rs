//! One student: profile, levels, history, and the exact context for the assistant.

pub(crate) mod access;
mod attention;
pub(crate) mod caller_code;
pub(crate) mod calls;
mod context;
pub(crate) mod disclosures;
mod edit;
mod evidence;
mod export_files;
pub(crate) mod family;
mod leave;
mod mastery;
pub(crate) mod memory;
pub(crate) mod merge;
mod misconceptions;
mod notes;
mod report;
mod subjects;
mod totals;
mod versions;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use storage::attention::Attention;
use storage::caller_code::CallerCode;
use storage::curriculum::{self, SubjectSwitch};
use storage::db::{Db, Executor};
use storage::erasure::{self, Pending};
use storage::evidence::Evidence;
use storage::fact::{self, Fact};
use storage::follow_up;
use storage::id::StudentId;
use storage::mastery::{self as estimates, StudentSkill};
use storage::misconception::{self, Misconception};
use storage::note::{self, Note};
use storage::organisation::{self, Assurance};
use storage::phone::Phone;
use storage::session::{self, SessionItem, SessionQuery, SessionTotals};
use storage::student::merge::{Merge, list_merges};
use storage::student::{self, Student, StudentStatus, StudentVersion, find_kept};
use storage::student_context::{self, StudentContext};
use storage::{audit, caller_code as codes, clock};

pub(crate) use self::attention::handled;
pub(crate) use self::edit::{create, edit_form, new_form, save};
use self::evidence::Answers;
pub(crate) use self::evidence::of_skill;
use self::family::Family;
pub(crate) use self::leave::{confirm_erase, erase, export, export_zip};
pub(crate) use self::misconceptions::resolve;
pub(crate) use self::notes::{add_note, delete_note};
pub(crate) use self::report::{get as report, send as send_report};
pub(crate) use self::subjects::set_subjects;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::link;
use crate::pages::erasures::{receipt_path, undo_form};
use crate::pages::follow_ups::with_alerts;
use crate::parts::attention::on_student;
use crate::parts::badge::{self, badge};
use crate::parts::follow_up::{Open, on_page};
use crate::parts::icon::{icon, icon_small};
use crate::parts::notice::{Tone, notice_with};
use crate::parts::table::{Column, cell, row, table};
use crate::parts::{csrf, grade, initials, none, person};
use crate::viewer::Viewer;

/// Sessions on this page. The list of sessions has the rest.
const N_SESSIONS: i64 = 10;
const N_NOTES: i64 = 20;
const N_VERSIONS: i64 = 10;
const N_FOLLOW_UPS: i64 = 20;

pub(crate) struct Data {
    pub(crate) student: Student,
    pub(crate) phones: Vec<Phone>,
    /// Phone numbers are shown whole. The audit log has recorded it.
    pub(crate) is_revealed: bool,
    pub(crate) skills: Vec<StudentSkill>,
    pub(crate) evidence: Vec<Evidence>,
    /// The newest answers of each skill.
    pub(crate) answers: Answers,
    pub(crate) misconceptions: Vec<Misconception>,
    pub(crate) totals: SessionTotals,
    pub(crate) sessions: Vec<SessionItem>,
    pub(crate) notes: Vec<Note>,
    pub(crate) subjects: Vec<SubjectSwitch>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) versions: Vec<StudentVersion>,
    pub(crate) attentions: Vec<Attention>,
    /// When the reasons for attention were last handled, and who did it.
    pub(crate) handled: Option<(DateTime<Utc>, String)>,
    pub(crate) follow_ups: Open,
    pub(crate) context: StudentContext,
    pub(crate) assurance: Assurance,
    pub(crate) codes: Vec<CallerCode>,
    pub(crate) family: Family,
    pub(crate) access: access::Access,
    /// A pending request to erase the student.
    pub(crate) erasure: Option<Pending>,
    pub(crate) merges: Vec<Merge>,
    pub(crate) calls: calls::Calls,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
) -> Result<Response, Fault> {
    let now = admin.viewer.now;
    record(&db, &admin, "student.read", student_id, now).await?;
    match fetch(&admin, &db, student_id).await {
        Ok(data) => Ok(render(&admin, &data).into_response()),
        // An old link redirects to the student that this one was merged into.
        Err(fault @ Fault::NotFound("student")) => match find_kept(&db, student_id).await? {
            Some(kept_id) => Ok(Redirect::to(&format!("/students/{kept_id}")).into_response()),
            None => Err(fault),
        },
        Err(fault) => Err(fault),
    }
}

/// Shows the phone numbers whole. The audit entry is written first.
pub(crate) async fn reveal_phone(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Markup, Fault> {
    posted.admin.require_write()?;
    record(&db, &posted.admin, "student.reveal_phone", student_id, clock::now()).await?;
    let data = fetch(&posted.admin, &db, student_id).await?;
    Ok(render(&posted.admin, &Data { is_revealed: true, ..data }))
}

/// Returns the answer of `get_student_context`, byte for byte.
pub(crate) async fn context_json(
    admin: Admin,
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
) -> Result<Response, Fault> {
    admin.require_export()?;
    record(&db, &admin, "student.read_context", student_id, admin.viewer.now).await?;
    let context = student_context::get_by_student_id(&db, &admin.caller, student_id, admin.viewer.now).await?;
    Ok(axum::Json(context).into_response())
}

async fn fetch(admin: &Admin, db: &Db, student_id: StudentId) -> Result<Data, Fault> {
    let caller = &admin.caller;
    let evidence = storage::evidence::list_counting(db, caller, student_id, storage::evidence::Of::All).await?;
    let sessions = SessionQuery { student_id: Some(student_id), limit: N_SESSIONS, ..SessionQuery::default() };
    Ok(Data {
        student: student::get_student(db, caller, student_id).await?,
        phones: student::list_phones(db, caller, student_id).await?,
        is_revealed: false,
        skills: estimates::list_mastery_of(db, caller, &[student_id]).await?,
        answers: evidence::read(admin, db, student_id, &evidence, evidence::N_OF_SKILL).await?,
        evidence,
        misconceptions: misconception::list_misconceptions(db, caller, student_id).await?,
        totals: session::get_totals(db, caller, student_id, admin.viewer.now).await?,
        sessions: session::list_sessions(db, caller, &sessions).await?,
        notes: note::list_notes(db, caller, student_id, N_NOTES).await?,
        subjects: curriculum::list_switches(db, caller, student_id).await?,
        facts: fact::list_facts(db, caller, student_id, admin.viewer.now).await?,
        versions: student::list_versions(db, caller, student_id, N_VERSIONS).await?,
        attentions: storage::attention::list_attentions(db, caller, &[student_id], admin.viewer.now).await?,
        handled: storage::attention::find_last_handled(db, caller, student_id).await?,
        follow_ups: with_alerts(admin, db, follow_up::list_open(db, caller, Some(student_id), N_FOLLOW_UPS).await?)
            .await?,
        context: student_context::get_by_student_id(db, caller, student_id, admin.viewer.now).await?,
        assurance: organisation::get(db).await?.assurance,
        codes: codes::list_codes(db, caller, student_id).await?,
        family: family::fetch(admin, db, student_id).await?,
        access: access::fetch(admin, db, student_id).await?,
        erasure: erasure::find_pending(db, caller, student_id).await?,
        merges: list_merges(db, caller, student_id, admin.viewer.now).await?,
        calls: calls::fetch(admin, db, student_id).await?,
    })
}

pub(super) async fn record(
    db: impl Executor<'_>,
    admin: &Admin,
    action: &str,
    student_id: StudentId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Fault> {
    let object = format!("student:{student_id}");
    Ok(audit::insert_entry(db, &admin.caller, action, Some(&object), &serde_json::json!({}), now).await?)
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let student = &data.student;
    page(
        admin,
        Place::Students,
        &student.display_name,
        html! {
            div.head {
                div.person {
                    span.avatar.l aria-hidden="true" { (initials(&student.display_name)) }
                    div {
                        h1 { (student.display_name) }
                        p {
                            @if let Some(grade) = grade(student.grade) { (grade) }
                            @if let Some(cohort) = &student.cohort { @if student.grade.is_some() { ", " } (cohort) }
                            @if student.status == StudentStatus::Blocked { " " (badge("warn", "lock", "Assistants get no data")) }
                        }
                    }
                }
                div.actions {
                    a.btn href={ "/students/" (student.student_id) "/report" } { (icon("file-text")) "Report for parents" }
                    @if admin.may_write() {
                        a.btn href={ "/students/" (student.student_id) "/export.zip" } { (icon("download")) "Export" }
                        a.btn href={ "/students/" (student.student_id) "/edit" } { (icon("pencil")) "Edit profile" }
                    }
                }
            }
            nav.subnav aria-label="On this page" {
                a href="#mastery" { "Mastery" } a href="#misconceptions" { "Misconceptions" } a href="#evidence" { "Evidence" }
                a href="#context" { "Context for the assistant" } a href="#history" { "Sessions" } a href="#calls" { "Calls" } a href="#family" { "Family and consent" } a href="#memory" { "Remembered" } a href="#notes" { "Notes" }
            }
            div.stack {
                (merge::notices(admin, student.student_id, &data.merges))
                (totals::card(&admin.viewer, &data.skills, &data.evidence, &data.totals))
                @if let Some(pending) = &data.erasure { (to_be_erased(admin, pending)) }
                (on_student(admin, &data.attentions, data.handled.as_ref()))
                (on_page(admin, &data.follow_ups, &format!("/students/{}", student.student_id)))
                div.cols.main-aside {
                    div.stack {
                        (mastery::card(&admin.viewer, &data.skills, &data.evidence))
                        (misconceptions::card(admin, student.student_id, &data.misconceptions))
                        (evidence::card(admin, student.student_id, &data.evidence, &data.answers, &data.skills))
                    }
                    div.stack {
                        (profile(admin, data))
                        (calls::card(admin, student.student_id, &student.timezone, &data.calls))
                        (family::card(admin, student.student_id, &data.family))
                        (access::card(admin, (student.student_id, student.first_name()), &data.family.guardians, &data.access))
                        (caller_code::card(admin, student.student_id, data.assurance, &data.codes))
                        (memory::card(admin, student.student_id, &data.facts))
                        (subjects::card(admin, student.student_id, &data.subjects))
                        (notes::card(admin, student.student_id, &data.notes))
                    }
                }
                (context::card(&data.context))
                (history(&admin.viewer, data))
            }
        },
    )
}

fn to_be_erased(admin: &Admin, pending: &Pending) -> Markup {
    let text = html! { "Requested by " (person(&pending.requested_by)) ". The student is blocked, and is erased on " (admin.viewer.time(pending.due_at)) "." };
    let actions = html! { @if admin.may_manage() { a.btn.small href=(receipt_path(pending.erasure_id)) { "Request" } (undo_form(admin, pending.student_id)) } };
    notice_with(Tone::Warn, "This student will be erased", &text, &actions)
}

fn profile(admin: &Admin, data: &Data) -> Markup {
    let student = &data.student;
    html! {
        section.card aria-labelledby="profile" {
            header { h2 id="profile" { "Profile" } }
            div.body { dl.dl {
                dt { "Phone" }
                dd { (phones(admin, data)) }
                dt { "Language" } dd { (student.locale) }
                dt { "Time zone" } dd { (student.timezone) }
                dt { "Known since" } dd { (admin.viewer.date(student.created_at)) }
                dt { "Last call" } dd { @if let Some(at) = data.totals.last_at { (admin.viewer.time(at)) } @else { (none()) } }
                dt { "Guidance" } dd { @if let Some(guidance) = &student.guidance { (guidance) } @else { (none()) } }
                dt { "Data given to" } dd { a.link href={ "/students/" (student.student_id) "/disclosures" } { "Disclosure log" } }
                dt { "Id" } dd { code { (student.student_id) } }
            }
            (versions::list(&admin.viewer, &data.versions))
            @if admin.may_write() && admin.sees_all() {
                a.btn.ghost.small href={ "/students/" (student.student_id) "/merge" } { (icon_small("users")) "Merge with a duplicate" }
            }
            @if admin.may_manage() {
                a.btn.ghost.small.danger href={ "/students/" (student.student_id) "/erase" } { (icon_small("trash-2")) "Erase this student" }
            } }
        }
    }
}

fn phones(admin: &Admin, data: &Data) -> Markup {
    if data.phones.is_empty() {
        return html! { span.faint { "None. Calls of this student are not recognised" } };
    }
    html! {
        ul { @for phone in &data.phones {
            li { @if data.is_revealed { (phone.as_str()) } @else { (phone.masked()) } }
        } }
        @if data.is_revealed {
            p.xs.faint { "The audit log records that you looked at them." }
        } @else if admin.may_write() {
            form method="post" action={ "/students/" (data.student.student_id) "/reveal-phone" } {
                (csrf(admin))
                button.btn.ghost.small { (icon_small("eye")) "Show" span.vh { " phone numbers, recorded in the audit log" } }
            }
        }
    }
}

const COLUMNS: [Column; 4] = [("Started", ""), ("What happened", ""), ("Length", "num"), ("Status", "")];

fn history(viewer: &Viewer, data: &Data) -> Markup {
    let all = link::to("/sessions", &[("student", &data.student.student_id.to_string())]);
    let rows = html! { @for item in &data.sessions { (row(&html! {
        (cell("nowrap", html! { a.main href={ "/sessions/" (item.session_id) } { (viewer.time(item.started_at.unwrap_or(item.created_at))) } }))
        (cell("full muted sm", html! { @if let Some(summary) = &item.summary { (crate::pages::sessions::first_sentence(summary)) } @else { (none()) } }))
        (cell("num hide", html! { @if let Some((end, start)) = item.ended_at.zip(item.started_at) { (figures::length((end - start).num_seconds().max(0))) } @else { (none()) } }))
        (cell("end", badge::session(item.status, item.analysis_status)))
    })) } };
    html! {
        section.card aria-labelledby="history" {
            header { h2 id="history" { "Sessions" } @if !data.sessions.is_empty() { div.actions { a.link href=(all) { "All sessions" } } } }
            @if data.sessions.is_empty() { div.body { p.muted { "No calls yet." } } } @else { (table("Sessions", &COLUMNS, &rows)) }
        }
    }
}
