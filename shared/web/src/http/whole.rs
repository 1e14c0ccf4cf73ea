//! A request's body arrives whole, in time and within its limit, before anything is done for the request.
//!
//! **Invariant:** no handler waits for a client. It has the body, or there is no handler.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};

use super::problem::Problem;
use super::seats::{Seat, Work};

/// The largest body of a path, in bytes.
pub type BodyLimit = fn(&str) -> usize;

/// Forms and JSON of people and programs are far below.
pub const MAX_BODY: usize = 64 * 1024;

/// Of a body that is too long, as much more is read and thrown away, so that the client gets to read the answer.
const LINGER: usize = 8 * 1024 * 1024;
const LINGER_WITHIN: Duration = Duration::from_secs(2);

/// Reads the body, then lets the request through. 408 if it takes longer than `within`.
pub(super) async fn read(limit: BodyLimit, within: Duration, request: Request, next: Next) -> Response {
    let seat = request.extensions().get::<Seat>().cloned();
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(within, gather(body, limit(parts.uri.path()), seat.as_ref())).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return last(Problem::new(StatusCode::BAD_REQUEST, "the body did not arrive whole")),
        Err(_) => return last(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")),
    };
    let work = seat.map(|seat| seat.work());
    let response = next.run(Request::from_parts(parts, body)).await;
    match work {
        Some(work) => response.map(|body| Body::new(Answering { body, _work: work })),
        None => response,
    }
}

/// The rest of the body may still come, so nothing else can on this connection.
fn last(problem: Problem) -> Response {
    ([(CONNECTION, HeaderValue::from_static("close"))], problem).into_response()
}

/// Returns the body, or a body that fails as too long when it is read. Each endpoint has its own message for that.
async fn gather(mut body: Body, limit: usize, seat: Option<&Seat>) -> Result<Body, axum::Error> {
    if body.is_end_stream() {
        return Ok(Body::empty());
    }
    let announced = body.size_hint().lower();
    let mut whole = Vec::new();
    let mut is_too_long = announced > limit as u64;
    while !is_too_long {
        let Some(frame) = body.frame().await else { return Ok(Body::from(whole)) };
        let Ok(data) = frame?.into_data() else { continue };
        is_too_long = whole.len() + data.len() > limit;
        if !is_too_long {
            if let Some(seat) = seat {
                seat.grow(data.len());
            }
            whole.extend_from_slice(&data);
        }
    }
    drop(whole);
    let _ = tokio::time::timeout(LINGER_WITHIN, discard(&mut body)).await;
    Ok(Body::new(Limited::new(Body::from("too long"), 0)))
}

async fn discard(body: &mut Body) {
    let mut n = 0;
    while let Some(Ok(frame)) = body.frame().await
        && n < LINGER
    {
        n += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// The answer on its way. Its connection counts as working until the end.
struct Answering {
    body: Body,
    _work: Work,
}

impl http_body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
