//! Sessions: the list, one of them with its analysis, and what was said.

mod filter;
mod view;

use axum::extract::{RawQuery, State as Shared};
use axum::http::Method;
use storage::access::{Caller, Reach, Scope};
use storage::id::SessionId;
use storage::session::{self, Session, SessionKey};
use storage::{analysis, authority, transcript};
use web::http::Problem;

use self::filter::{Place, SessionFilter};
use self::view::{SessionAnswer, SessionPage, SessionView, Transcript};
use super::endpoint::Endpoint;
use super::path::{CallId, Id};
use super::told::Told;
use crate::State;
use crate::auth::Bearer;
use crate::cursor;
use crate::tools::Review;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/v1/sessions", "listSessions", list)
            .says("List sessions", "Newest first, by when the session came to be.")
            .needs(&[Scope::SessionsRead])
            .query::<SessionFilter>()
            .answers::<SessionPage>(200, "A page of sessions."),
        Endpoint::new(Method::GET, "/api/v1/sessions/{session_id}", "getSession", get)
            .says(
                "Get a session",
                "With its current analysis. A telephone client, or one that names a line, gets what `get_session` returns.",
            )
            .needs(&[Scope::SessionsRead])
            .answers::<SessionAnswer>(200, "The session.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/sessions/by-call/{call_id}", "getSessionByCall", get_by_call)
            .says("Get the session of a call", "By VAPI's id of the call.")
            .needs(&[Scope::SessionsRead])
            .answers::<SessionAnswer>(200, "The session.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/sessions/{session_id}/transcript", "getTranscript", get_transcript)
            .says("Get a transcript", "Evidence in the analysis points here by `turn_no`.")
            .needs(&[Scope::SessionsRead])
            .answers::<Transcript>(200, "Everything that was said, in order.")
            .problems(&[404, 422]),
    ]
}

async fn list(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    RawQuery(query): RawQuery,
) -> Result<Told<SessionPage>, Problem> {
    let mut query = SessionFilter::parse(query.as_deref().unwrap_or_default()).map_err(Problem::invalid)?;
    let limit = query.limit as usize;
    // One extra row shows whether there is a next page.
    query.limit += 1;
    let mut sessions = session::list_sessions(&state.db, &caller, &query).await?;
    let has_more = sessions.len() > limit;
    sessions.truncate(limit);
    let last = sessions.last().filter(|_| has_more);
    let next_cursor = last.map(|item| cursor::encode::<Place>(&(item.created_at, item.session_id)));
    Ok(Told(SessionPage { items: sessions.into_iter().map(Into::into).collect(), next_cursor }))
}

async fn get(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(session_id): Id<SessionId>,
) -> Result<Told<SessionAnswer>, Problem> {
    get_by(&state, &caller, SessionKey::Id(session_id)).await
}

async fn get_by_call(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    CallId(call_id): CallId,
) -> Result<Told<SessionAnswer>, Problem> {
    get_by(&state, &caller, SessionKey::CallId(call_id)).await
}

async fn get_by(state: &State, caller: &Caller, key: SessionKey) -> Result<Told<SessionAnswer>, Problem> {
    let session = get_open(state, caller, &key).await?;
    let analysis = analysis::find_marked(&state.db, caller, session.session_id).await?;
    Ok(Told(match caller.reach {
        Reach::Line => SessionAnswer::OnLine(Box::new(Review::new(session, analysis))),
        _ => SessionAnswer::Whole(Box::new(SessionView::new(session, analysis, caller))),
    }))
}

/// The session, unless its student is blocked.
async fn get_open(state: &State, caller: &Caller, key: &SessionKey) -> Result<Session, Problem> {
    let session = session::get_session(&state.db, caller, key).await?;
    if let Some(student_id) = session.student_id {
        authority::require_active(&state.db, caller, student_id).await?;
    }
    Ok(session)
}

async fn get_transcript(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(session_id): Id<SessionId>,
) -> Result<Told<Transcript>, Problem> {
    let session = get_open(&state, &caller, &SessionKey::Id(session_id)).await?;
    let items = transcript::list_turns(&state.db, &caller, session_id).await?;
    Ok(Told(Transcript { session_id, student_id: session.student_id, items, next_cursor: None }))
}
