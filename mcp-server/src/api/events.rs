//! Sessions as they change, as server-sent events. The OpenAPI document leaves this operation out: a program that tries all
//! operations would wait for its end.
//!
//! **Invariant:** a stream names only sessions that its bearer may read, and ends with the bearer.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::stream;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::access::{Caller, Reach, Scope};
use storage::authority::{self, Line};
use storage::id::{SessionId, StudentId};
use storage::session::news::{News, Reader};
use storage::session::{SessionKey, SessionStatus};
use storage::{clock, session};
use web::http::{OpenStream, Problem};

use super::endpoint::Endpoint;
use crate::State;
use crate::auth::{Bearer, bearer_of};
use crate::line;
use crate::trail::{Asked, Door, Held};

const ID: &str = "watchSessions";

/// How often a quiet stream shows that it lives, and checks that its bearer is still valid.
const BEAT: Duration = Duration::from_secs(15);

/// Open streams per client, and in total.
pub(crate) const MAX_OF_CLIENT: usize = 8;
pub(crate) const MAX: usize = 500;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::new(Method::GET, "/api/v1/events", ID, watch).needs(&[Scope::SessionsRead])
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only sessions of this student.
    student_id: Option<StudentId>,
}

/// A session that changed. The session itself says how.
#[derive(Serialize)]
struct Change {
    session_id: SessionId,
    student_id: Option<StudentId>,
    status: SessionStatus,
    updated_at: DateTime<Utc>,
}

struct Watch {
    state: State,
    bearer: SecretString,
    filter: Filter,
    reader: Reader,
    has_begun: bool,
    _open: OpenStream,
}

async fn watch(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
    filter: Result<Query<Filter>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    if caller.reach == Reach::Line {
        let detail = "a telephone line has one session, which GET /api/v1/sessions/by-call/{call_id} returns";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let Ok(Query(filter)) = filter else {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "there is one parameter, student_id, a UUID"));
    };
    // The caller was authenticated by this very header.
    let bearer = bearer_of(&headers).map_err(|_| Problem::internal())?.to_owned().into();
    let Some(open) = state.streams.open(caller.actor.to_string().as_bytes()) else {
        let detail = format!("a client may open {MAX_OF_CLIENT} streams, all together {MAX}; close one, or try later");
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(30));
    };
    // Only a server with a stream keeps a connection for news.
    let news = state.news.get_or_init(|| News::install(state.db.clone(), state.shutdown.clone()));
    let watch = Watch { reader: news.reader(), state, bearer, filter, has_begun: false, _open: open };
    let events = stream::unfold(watch, async |mut watch| {
        let shutdown = watch.state.shutdown.clone();
        let event = shutdown.run_until_cancelled(watch.next()).await??;
        Some((Ok::<_, Infallible>(event), watch))
    });
    Ok(Sse::new(events).into_response())
}

impl Watch {
    /// Returns the next event. `None`: the bearer is not valid any more, or the database is away.
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::replace(&mut self.has_begun, true) {
            return Some(refresh());
        }
        loop {
            let heard = tokio::time::timeout(BEAT, self.reader.next()).await;
            let (db, bearer) = (&self.state.db, self.bearer.expose_secret());
            let caller = self.state.auth.authenticate(db, bearer, clock::now()).await.ok()?;
            match heard {
                Err(_) => return Some(Event::default().comment("beat")),
                Ok(None) => return Some(refresh()),
                Ok(Some(session_id)) => {
                    if let Some(event) = self.changed(&caller, session_id).await {
                        return Some(event);
                    }
                }
            }
        }
    }

    /// Returns `None` for a session that the caller may not read or does not ask for.
    async fn changed(&self, caller: &Caller, session_id: SessionId) -> Option<Event> {
        let (db, named) = (&self.state.db, json!({ "session_id": session_id }));
        let caller = line::settle(db, caller, &Line::default(), &named).await.ok()?;
        let session = session::get_session(db, &caller, &SessionKey::Id(session_id)).await.ok()?;
        if self.filter.student_id.is_some_and(|only| session.student_id != Some(only)) {
            return None;
        }
        if let Some(student_id) = session.student_id {
            authority::require_active(db, &caller, student_id).await.ok()?;
        }
        let mut held = Held::default();
        held.add(session.student_id, Some(session_id));
        Asked { caller: &caller, door: Door::Api, what: ID, call_id: None }.gave(&self.state.recorder, held);
        let change = Change {
            session_id,
            student_id: session.student_id,
            status: session.status,
            updated_at: session.updated_at,
        };
        Event::default().event("session").json_data(change).ok()
    }
}

/// At the beginning, and if changes may have been missed.
fn refresh() -> Event {
    Event::default().event("refresh").data("list the sessions again")
}
