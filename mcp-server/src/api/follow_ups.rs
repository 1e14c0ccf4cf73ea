//! What calls ask of people: callbacks and concerns, for the programs that help with them.

use axum::extract::State as Shared;
use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use storage::access::Scope;
use storage::clock;
use storage::concern::ConcernCategory;
use storage::db;
use storage::follow_up::{self, FollowUpKind};
use storage::id::{FollowUpId, SessionId, StudentId};
use web::http::Problem;

use super::endpoint::Endpoint;
use super::path::Id;
use super::told::{Holds, Told};
use crate::State;
use crate::auth::Bearer;
use crate::trail::Held;

/// More than people leave open.
const MAX_OPEN: i64 = 500;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/v1/follow-ups", "listFollowUps", list)
            .says("List open follow-ups", "Concerns first, then by when they are due; at most 500.")
            .needs(&[Scope::StudentsRead])
            .answers::<FollowUpList>(200, "What is open."),
        Endpoint::new(Method::POST, "/api/v1/follow-ups/{follow_up_id}/close", "closeFollowUp", close)
            .says("Close a follow-up", "Marks a follow-up as handled. A closed one returns 404.")
            .needs(&[Scope::NotesWrite])
            .problems(&[404, 422]),
    ]
}

/// What is open.
#[derive(Serialize, JsonSchema)]
struct FollowUpList {
    items: Vec<FollowUpItem>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// Something that a person has to do.
#[derive(Serialize, JsonSchema)]
struct FollowUpItem {
    follow_up_id: FollowUpId,
    kind: FollowUpKind,
    /// Null: the caller was unknown.
    student_id: Option<StudentId>,
    session_id: Option<SessionId>,
    /// Of a concern.
    category: Option<ConcernCategory>,
    /// Why, in words for a person.
    text: String,
    /// What else was said of the same concern, in the order of time.
    more: Vec<String>,
    /// How often it was raised.
    n_raised: i32,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl Holds for FollowUpList {
    fn held(&self, held: &mut Held) {
        for item in &self.items {
            held.add(item.student_id, item.session_id);
        }
    }
}

async fn list(Shared(state): Shared<State>, Bearer(caller): Bearer) -> Result<Told<FollowUpList>, Problem> {
    let open = follow_up::list_open(&state.db, &caller, None, MAX_OPEN).await?;
    let item = |of: follow_up::FollowUp| FollowUpItem {
        follow_up_id: of.follow_up_id,
        kind: of.kind,
        student_id: of.student_id,
        session_id: of.session_id,
        category: of.category,
        text: of.text,
        more: of.more,
        n_raised: of.n_raised,
        due_at: of.due_at,
        created_at: of.created_at,
    };
    Ok(Told(FollowUpList { items: open.into_iter().map(item).collect(), next_cursor: None }))
}

async fn close(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(follow_up_id): Id<FollowUpId>,
) -> Result<StatusCode, Problem> {
    let mut tx = db::begin(&state.db).await?;
    follow_up::close_follow_up(&mut tx, &caller, follow_up_id, clock::now()).await?;
    db::commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
