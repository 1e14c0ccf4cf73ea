//! What a student or a guardian reads by an app about their own: a code that staff gave becomes tokens, and these read few things.
//!
//! **Invariant:** nothing here returns what staff wrote, what a child disclosed, or another child. No other operation accepts
//! `own:read`.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::{Method, StatusCode, header::CACHE_CONTROL};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::access::{Actor, Caller, Scope};
use storage::family_grant::{self, OwnSession, OwnStudent};
use storage::id::StudentId;
use storage::{clock, db, student_context};
use web::http::{ClientAddress, Problem};

use super::body::Body;
use super::endpoint::Endpoint;
use super::fault::fault;
use super::path::Id;
use super::students::known::{self, List, MasteryView, StepView};
use super::told::{Holds, Told};
use crate::State;
use crate::auth::Bearer;
use crate::auth::access_token::LIFETIME;
use crate::tools::next_question;
use crate::trail::{self, Asked, Door, Held};

/// Where a code becomes tokens: the one operation without a bearer.
pub(super) const EXCHANGE: &str = "/auth/code";

/// Under which wrong codes of an address are counted: no client has this id.
const COUNTED_AS: &str = "code of a family";

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ONE: &[Scope] = &[Scope::OwnRead];
    vec![
        Endpoint::new(Method::POST, EXCHANGE, "exchangeCode", exchange)
            .says(
                "Exchange the code of a student or a guardian",
                "Staff give the code on the student's page. It works once, for 15 minutes; small letters, spaces and hyphens do \
                 not matter. Send `refresh_token` instead of `code` for the next tokens. A refresh token works once, and a second \
                 use ends the access. To sign out, send it to `/auth/revoke` with `client_id=family`.",
            )
            .body::<CodeBody>(json!({ "code": "K7MF-90TX-21WD" }))
            .answers::<OwnTokens>(200, "An access token with the scope `own:read`, and the next refresh token."),
        Endpoint::new(Method::GET, "/api/v1/own/students", "listOwnStudents", list_students)
            .says("List your own students", "The student who signed in, or the students of the guardian.")
            .needs(ONE)
            .answers::<OwnStudents>(200, "The students, by name."),
        Endpoint::new(Method::GET, "/api/v1/own/students/{student_id}/mastery", "getOwnMastery", get_mastery)
            .says("How well does your own student know each skill?", "The skills with evidence, the least known first.")
            .needs(ONE)
            .answers::<List<MasteryView>>(200, "The estimates, as of now.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/own/students/{student_id}/plan", "getOwnPlan", get_plan)
            .says("What should your own student practise today?", "The skills of the plan, first things first.")
            .needs(ONE)
            .answers::<List<StepView>>(200, "The plan.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/own/students/{student_id}/sessions", "listOwnSessions", list_sessions)
            .says("List the calls of your own student", "The newest 50, each with a summary.")
            .needs(ONE)
            .answers::<List<OwnSession>>(200, "The calls.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/own/students/{student_id}/questions", "listOwnQuestions", list_questions)
            .says(
                "What will your own student be asked next?",
                "A question for each skill of the plan that has some. A guardian also gets the answer. Nothing is recorded.",
            )
            .needs(ONE)
            .answers::<List<OwnQuestion>>(200, "The questions.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/own/students/{student_id}/callbacks", "listOwnCallbacks", list_callbacks)
            .says("When will your own student be called back?", "Callbacks that are open, the next one first.")
            .needs(ONE)
            .answers::<List<OwnCallback>>(200, "The callbacks.")
            .problems(&[404, 422]),
    ]
}

/// One of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    /// As the person types it.
    #[serde(default)]
    #[schemars(length(max = 100))]
    code: Option<String>,
    /// Of the answer before.
    #[serde(default)]
    #[schemars(length(max = 200))]
    refresh_token: Option<String>,
}

/// By the names of RFC 6749.
#[derive(Serialize, JsonSchema)]
struct OwnTokens {
    access_token: String,
    /// Bearer.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// `own:read`.
    scope: &'static str,
    /// Keep it where only this app reads it.
    refresh_token: String,
}

async fn exchange(
    Shared(state): Shared<State>,
    ClientAddress(address): ClientAddress,
    Body(body): Body<CodeBody>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let (code, refresh_token) = match (body.code, body.refresh_token.map(SecretString::from)) {
        (Some(code), None) => (Some(code), None),
        (None, Some(token)) => (None, Some(token)),
        _ => return Err(Problem::invalid(vec![fault("code", "send either code or refresh_token")])),
    };
    if let Some(wait) = code.as_ref().and_then(|_| state.failures.wait(COUNTED_AS, address, now)) {
        let detail = "too many wrong codes; wait, then try again";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
            .retry_after(u32::try_from(wait.num_seconds() + 1).unwrap_or(u32::MAX)));
    }
    let mut tx = db::begin(&state.db).await?;
    let renewed = match (&code, &refresh_token) {
        (Some(code), _) => family_grant::redeem(&mut tx, code, now).await?,
        (None, Some(token)) => family_grant::refresh(&mut tx, token, now).await?,
        (None, None) => None,
    };
    // What this does to the grant is kept also if the app gets nothing.
    db::commit(tx).await?;
    let Some(renewed) = renewed else {
        if code.is_some() {
            state.failures.add(COUNTED_AS, address, now);
        }
        trail::login_failed(&state.recorder, address);
        let detail = "this code or refresh token does not work, or not any more; ask the organisation for a new code";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    };
    if code.is_some() {
        state.failures.forget(COUNTED_AS, address);
    }
    Asked { caller: &renewed.caller, door: Door::Token, what: EXCHANGE, call_id: None }.got_token(&state.recorder);
    let tokens = OwnTokens {
        access_token: state.auth.issuer.issue_to_family(renewed.family_grant_id, now),
        token_type: "Bearer",
        expires_in: LIFETIME.num_seconds(),
        scope: Scope::OwnRead.as_str(),
        refresh_token: renewed.refresh_token.expose_secret().to_owned(),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(tokens)).into_response())
}

/// The students of one family.
#[derive(Serialize, JsonSchema)]
struct OwnStudents {
    items: Vec<OwnStudent>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

impl Holds for OwnStudents {
    fn held(&self, held: &mut Held) {
        for student in &self.items {
            held.add(Some(student.student_id), None);
        }
    }
}

async fn list_students(Shared(state): Shared<State>, Bearer(caller): Bearer) -> Result<Told<OwnStudents>, Problem> {
    let items = family_grant::list_own(&state.db, &caller, clock::now()).await?;
    Ok(Told(OwnStudents { items, next_cursor: None }))
}

async fn get_mastery(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<MasteryView>>, Problem> {
    let reader = open(&state, &caller, student_id).await?;
    known::list_mastery(&state, &reader, student_id).await
}

async fn get_plan(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<StepView>>, Problem> {
    let reader = open(&state, &caller, student_id).await?;
    let lesson = student_context::get_lesson(&state.db, &reader, student_id, clock::now()).await?;
    Ok(List::whole(student_id, lesson.steps, StepView::from))
}

async fn list_sessions(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<OwnSession>>, Problem> {
    let reader = open(&state, &caller, student_id).await?;
    let sessions = family_grant::list_sessions(&state.db, &reader, student_id).await?;
    Ok(List::whole(student_id, sessions, |session| session))
}

/// A question of the plan.
#[derive(Serialize, JsonSchema)]
struct OwnQuestion {
    question_id: String,
    skill_id: String,
    skill: String,
    /// As it is written.
    ask: String,
    /// Null: a student asks.
    answer: Option<String>,
}

async fn list_questions(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<OwnQuestion>>, Problem> {
    let (reader, now) = (open(&state, &caller, student_id).await?, clock::now());
    let lesson = student_context::get_lesson(&state.db, &reader, student_id, now).await?;
    let questions = next_question::preview(&state.db, &reader, student_id, &lesson.steps, now).await?;
    let is_guardian = matches!(caller.actor, Actor::Family { guardian_id: Some(_), .. });
    Ok(List::whole(student_id, questions, |of| OwnQuestion {
        question_id: of.question_id,
        skill_id: of.skill_id,
        skill: of.skill,
        ask: of.ask,
        answer: is_guardian.then_some(of.answer),
    }))
}

/// A call that was asked for.
#[derive(Serialize, JsonSchema)]
struct OwnCallback {
    due_at: DateTime<Utc>,
}

async fn list_callbacks(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<OwnCallback>>, Problem> {
    let reader = open(&state, &caller, student_id).await?;
    let callbacks = family_grant::list_callbacks(&state.db, &reader, student_id).await?;
    Ok(List::whole(student_id, callbacks, |due_at| OwnCallback { due_at }))
}

/// The caller with the right to read about that student and no other.
async fn open(state: &State, caller: &Caller, student_id: StudentId) -> Result<Caller, Problem> {
    Ok(family_grant::open_own(&state.db, caller, student_id, clock::now()).await?)
}
