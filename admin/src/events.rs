//! Live pages. The server sends changed parts as markup, which htmx swaps in.
//!
//! **Invariant:** a stream shows only what its login may see, ends with the login, and does not extend it.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use storage::db::{Db, Reads};
use storage::id::SessionId;
use storage::session::news::Reader;
use storage::{admin_login, clock, secret};
use tokio_util::sync::CancellationToken;
use web::http::OpenStream;

use crate::Dashboard;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::mark;
use crate::locale;
use crate::pages::{overview, session, sessions};

/// The shortest time between two updates of one page. It bounds the load on the browser.
const PACE: Duration = Duration::from_secs(2);
/// A page is rendered again after this time even without a notification. Times on the page change, and notifications
/// can be lost.
const PATIENCE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Open streams per login, and in total. Pages beyond the limit poll instead.
pub(crate) const MAX_STREAMS_OF_LOGIN: usize = 12;
pub(crate) const MAX_STREAMS: usize = 1_000;

/// The page to update.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Topic {
    Overview(overview::Filter),
    Sessions(Box<sessions::Filter>),
    Session(SessionId),
}

impl Topic {
    async fn open(&self, db: &Db, admin: &mut Admin) -> Result<(), Fault> {
        match self {
            Self::Session(session_id) => admin.open_session(db, *session_id).await,
            Self::Overview(_) | Self::Sessions(_) => Ok(()),
        }
    }
}

/// How the page gets its updates: as a stream, or as one plain answer if a proxy blocks streams.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Way {
    once: bool,
    /// The [`mark`] of the content that the page was loaded with.
    shown: String,
}

struct Watch {
    topic: Topic,
    dashboard: Dashboard,
    cookie: SecretString,
    headers: HeaderMap,
    reader: Reader,
    shutdown: CancellationToken,
    /// The mark of the content that the page shows.
    shown: String,
    is_open: bool,
    _open: OpenStream,
}

pub(crate) async fn overview(
    State(dashboard): State<Dashboard>,
    Query(way): Query<Way>,
    Query(filter): Query<overview::Filter>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    open(dashboard, headers, way, Topic::Overview(filter)).await
}

pub(crate) async fn sessions(
    State(dashboard): State<Dashboard>,
    Query(way): Query<Way>,
    Query(filter): Query<sessions::Filter>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    open(dashboard, headers, way, Topic::Sessions(Box::new(filter))).await
}

pub(crate) async fn session(
    State(dashboard): State<Dashboard>,
    Path(session_id): Path<SessionId>,
    Query(way): Query<Way>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    open(dashboard, headers, way, Topic::Session(session_id)).await
}

async fn open(dashboard: Dashboard, headers: HeaderMap, way: Way, topic: Topic) -> Result<Response, Fault> {
    let Some(cookie) = dashboard.cookie.read(&headers) else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    let now = clock::now();
    // A required second factor must be set up before any event is sent.
    let login = admin_login::peek_login(&dashboard.db, &cookie, now).await?.filter(|login| !login.must_set_up);
    let Some(login) = login else {
        // A 204 makes an event stream stop reconnecting.
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    if way.once {
        let mut admin = Admin::new(login, &headers, now);
        topic.open(&dashboard.db, &mut admin).await?;
        return Ok(picture(&dashboard.reads, &topic, &admin).await?.partial().into_response());
    }
    topic.open(&dashboard.db, &mut Admin::new(login, &headers, now)).await?;
    let Some(open) = dashboard.streams.open(&secret::hash(cookie.expose_secret())) else {
        return Ok((StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "30")]).into_response());
    };
    let (reader, shutdown) = (dashboard.news.reader(), dashboard.shutdown.clone());
    // A reconnecting stream sends the mark of the last content that it received.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let shown = last.unwrap_or(way.shown);
    let watch = Watch { topic, dashboard, cookie, headers, reader, shutdown, shown, is_open: false, _open: open };
    // An event, not a comment: the page must see it, because a stream can end without a notice.
    let keep_alive = KeepAlive::new().interval(HEARTBEAT).event(beat());
    Ok(Sse::new(watch.into_stream()).keep_alive(keep_alive).into_response())
}

fn beat() -> Event {
    Event::default().event("beat").data("-")
}

/// The content to swap in, and its place.
struct Picture {
    id: &'static str,
    shown: Markup,
}

async fn picture(reads: &Reads, topic: &Topic, admin: &Admin) -> Result<Picture, Fault> {
    let db = reads.primary();
    Ok(match topic {
        Topic::Overview(filter) => {
            let shown = overview::body(admin, &overview::fetch(admin, reads, filter.clone()).await?);
            Picture { id: "overview", shown }
        }
        Topic::Sessions(filter) => {
            let data = sessions::fetch(admin, db, (**filter).clone()).await?;
            Picture { id: sessions::LIST_ID, shown: sessions::list(admin, &data) }
        }
        Topic::Session(session_id) => {
            let shown = session::body(admin, &session::fetch(admin, db, *session_id).await?);
            Picture { id: "session", shown }
        }
    })
}

impl Watch {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, async |mut watch| {
            let shutdown = watch.shutdown.clone();
            let event = shutdown.run_until_cancelled(watch.next()).await??;
            Some((Ok(event), watch))
        })
    }

    /// Returns the next content that differs from what the page shows. If the first one does not differ, it returns a
    /// heartbeat, so the page knows that it is live. `None`: the login has ended, or the page cannot be rendered.
    async fn next(&mut self) -> Option<Event> {
        loop {
            self.wait().await;
            let now = clock::now();
            let login = admin_login::peek_login(&self.dashboard.db, &self.cookie, now).await.ok()??;
            if login.must_set_up {
                return None;
            }
            let mut admin = Admin::new(login, &self.headers, now);
            // Checked each time: a student may have left the person's cohorts.
            self.topic.open(&self.dashboard.db, &mut admin).await.ok()?;
            // The stream runs after the response began, so the locale must be set here.
            let locale = admin.viewer.locale;
            let made = locale::CURRENT.scope(locale, picture(&self.dashboard.reads, &self.topic, &admin));
            let picture = made.await.ok()?;
            let (mark, is_first) = (mark(&picture.shown), !std::mem::replace(&mut self.is_open, true));
            if self.shown != mark {
                self.shown.clone_from(&mark);
                return Some(Event::default().id(mark).data(picture.partial().into_string()));
            } else if is_first {
                return Some(beat().id(mark));
            }
        }
    }

    /// Waits for a change that concerns this page. It does not wait the first time, because something may have changed
    /// between page and stream.
    async fn wait(&mut self) {
        if !self.is_open {
            return;
        }
        let own = if let Topic::Session(own) = self.topic { Some(own) } else { None };
        let concerns = |news: Option<SessionId>| own.is_none() || news.is_none() || news == own;
        let heard = async { while !concerns(self.reader.next().await) {} };
        let ((), _) = tokio::join!(tokio::time::sleep(PACE), tokio::time::timeout(PATIENCE, heard));
    }
}

impl Picture {
    /// Returns markup for the inside of the element `id`. htmx morphs it, so open, ticked and edited elements keep
    /// their state.
    fn partial(&self) -> Markup {
        html! { hx-partial hx-target={ "#" (self.id) } hx-swap="innerMorph" { (self.shown) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_names_where_it_belongs() {
        let shown = Picture { id: "overview", shown: html! { p { "84" } } }.partial().into_string();
        assert_eq!(shown, r##"<hx-partial hx-target="#overview" hx-swap="innerMorph"><p>84</p></hx-partial>"##);
    }
}
