//! Students: list, create, read, update, erase, look up, their learning data, and the context for an assistant.

mod availability;
mod fields;
pub(super) mod known;
mod list;
mod view;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, StatusCode, header::LOCATION};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use storage::access::{Reach, Scope};
use storage::db;
use storage::erasure::{self, MAX_REQUESTS_OF_CLIENT, MAX_REQUESTS_OF_CLIENTS, Requested};
use storage::id::StudentId;
use storage::student_context::{self, StudentContext};
use storage::{authority, clock, student};
use web::http::Problem;

use self::fields::{LookupBody, NewStudentBody, StudentChangeBody};
use self::list::{StudentFilter, StudentPage};
use self::view::{ErasureView, Lookup, StudentAnswer, StudentOnLine, StudentView};
use super::body::Body;
use super::condition::IfMatch;
use super::endpoint::Endpoint;
use super::path::Id;
use super::told::Told;
use crate::State;
use crate::auth::Bearer;

const ONE: &str = "/api/v1/students/{student_id}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::new(Method::GET, "/api/v1/students", "listStudents", list::list)
            .says("List students", "By name. With `q`, those with it in their name; with `cohort`, those of the cohort.")
            .needs(&[Scope::StudentsRead])
            .query::<StudentFilter>()
            .answers::<StudentPage>(200, "A page of students."),
        Endpoint::new(Method::POST, "/api/v1/students", "createStudent", create)
            .says(
                "Create a student",
                "Several students may share a telephone. With the header `Idempotency-Key` a repeated request answers with \
                 the student of the first.",
            )
            .needs(&[Scope::StudentsWrite])
            .body::<NewStudentBody>(json!({
                "display_name": "Amara Okafor", "grade": 7, "phones": ["+14155550142"],
                "locale": "en-GB", "timezone": "Europe/London",
            }))
            .answers::<StudentView>(201, "The new student.")
            .problems(&[409]),
        Endpoint::new(Method::POST, "/api/v1/students/lookup", "lookUpStudents", look_up)
            .says("Who calls from a number?", "The number is in the body, because phone numbers never appear in URLs.")
            .needs(&[Scope::StudentsRead])
            .body::<LookupBody>(json!({ "phone": "+14155550142" }))
            .answers::<Lookup>(200, "All students of the number, eldest first; none is no error."),
        Endpoint::new(Method::GET, ONE, "getStudent", get)
            .says(
                "Get a student",
                "With the numbers the student calls from. A telephone client, or one that names a line, gets the first name, \
                 grade and locale.",
            )
            .needs(&[Scope::StudentsRead])
            .answers::<StudentAnswer>(200, "The student.")
            .problems(&[404, 422]),
        Endpoint::new(Method::PATCH, ONE, "updateStudent", update)
            .says(
                "Change a student",
                "What is left out stays; `null` clears `grade` and `guidance`. With `If-Match`, only if the student was \
                 not changed meanwhile.",
            )
            .needs(&[Scope::StudentsRead, Scope::StudentsWrite])
            .body::<StudentChangeBody>(json!({ "grade": 8, "guidance": "Speak slowly." }))
            .answers::<StudentView>(200, "The student as it is now.")
            .problems(&[404, 409, 412]),
        Endpoint::new(Method::DELETE, ONE, "deleteStudent", delete)
            .says(
                "Request the erasure of a student",
                "After 7 days the service erases the student with their numbers, calls, transcripts and progress. Until then \
                 the student is blocked, and the request can be undone. A repeated request answers with the first one. A \
                 client may make 5 requests a day, all clients together 20.",
            )
            .needs(&[Scope::StudentsErase])
            .answers::<ErasureView>(202, "The request.")
            .problems(&[404, 422]),
        Endpoint::new(Method::DELETE, "/api/v1/students/{student_id}/erasure", "undoErasure", undo_erasure)
            .says("Undo a requested erasure", "The student gets the status from before the request.")
            .needs(&[Scope::StudentsErase])
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/students/{student_id}/context", "getStudentContext", context)
            .says("Returns the context that an assistant would get", "The same as the MCP tool `get_student_context`.")
            .needs(&[Scope::ContextRead])
            .answers::<StudentContext>(200, "The student context.")
            .problems(&[404, 422]),
    ];
    endpoints.extend(known::endpoints());
    endpoints.extend(availability::endpoints());
    endpoints
}

async fn create(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
    Body(body): Body<NewStudentBody>,
) -> Result<Response, Problem> {
    let new = body.check().map_err(Problem::invalid)?;
    let key = idempotency_key(&headers)?;
    let mut tx = db::begin(&state.db).await?;
    let student = match key {
        Some(key) => student::insert_student_once(&mut tx, &caller, key, &new, clock::now()).await?,
        None => student::insert_student(&mut tx, &caller, &new, clock::now()).await?,
    };
    db::commit(tx).await?;
    let location = format!("/api/v1/students/{}", student.student_id);
    let view = StudentView::new(student, new.phones);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Told(view)).into_response())
}

/// The key by which a client marks the repetitions of one request: 1 to 200 visible characters.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > 200 {
        let fault = "send an Idempotency-Key of 1 to 200 visible characters, for example a UUID";
        return Err(Problem::new(StatusCode::BAD_REQUEST, fault));
    }
    Ok(Some(key))
}

async fn look_up(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Body(body): Body<LookupBody>,
) -> Result<Told<Lookup>, Problem> {
    let students = student::list_students_by_phone(&state.db, &caller, &body.phone).await?;
    let mut items = Vec::with_capacity(students.len());
    for student in students {
        let phones = student::list_phones(&state.db, &caller, student.student_id).await?;
        items.push(StudentView::new(student, phones));
    }
    Ok(Told(Lookup { items, next_cursor: None }))
}

async fn get(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<StudentAnswer>, Problem> {
    let student = student::get_student(&state.db, &caller, student_id).await?;
    if caller.reach == Reach::Line {
        authority::require_active(&state.db, &caller, student_id).await?;
        return Ok(Told(StudentAnswer::OnLine(StudentOnLine::new(student))));
    }
    let phones = student::list_phones(&state.db, &caller, student_id).await?;
    Ok(Told(StudentAnswer::Whole(StudentView::new(student, phones))))
}

async fn update(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
    if_match: IfMatch,
    Body(body): Body<StudentChangeBody>,
) -> Result<Told<StudentView>, Problem> {
    let change = body.check().map_err(Problem::invalid)?;
    let mut tx = db::begin(&state.db).await?;
    if if_match.is_asked() {
        let student = student::lock_student(&mut tx, &caller, student_id).await?;
        let phones = student::list_phones(&mut *tx, &caller, student_id).await?;
        if_match.require(&StudentView::new(student, phones))?;
    }
    let student = student::update_student(&mut tx, &caller, student_id, &change, clock::now()).await?;
    let phones = student::list_phones(&mut *tx, &caller, student_id).await?;
    db::commit(tx).await?;
    Ok(Told(StudentView::new(student, phones)))
}

async fn delete(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<(StatusCode, Told<ErasureView>), Problem> {
    let mut tx = db::begin(&state.db).await?;
    let requested = erasure::request(&mut tx, &caller, student_id, clock::now()).await?;
    db::commit(tx).await?;
    match requested {
        Requested::Due(pending) => Ok((StatusCode::ACCEPTED, Told(ErasureView::new(&pending)))),
        Requested::TooMany => {
            let detail = format!(
                "too many erasures were requested within a day: {MAX_REQUESTS_OF_CLIENT} by this client, or \
                 {MAX_REQUESTS_OF_CLIENTS} by all; try again tomorrow, or ask an admin"
            );
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(3600))
        }
    }
}

async fn undo_erasure(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<StatusCode, Problem> {
    let mut tx = db::begin(&state.db).await?;
    erasure::undo(&mut tx, &caller, student_id, clock::now()).await?;
    db::commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn context(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<StudentContext>, Problem> {
    Ok(Told(student_context::get_by_student_id(&state.db, &caller, student_id, clock::now()).await?))
}
