//! What every request gets: an id, one log line, and an answer even where its handler panics.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;

use super::proxies::Proxies;
use crate::telemetry::trace::{self, Ended, SpanKind};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of this request, in its answer and in the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Where the request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let unknown = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(unknown))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self(String::new())))
    }
}

/// Wraps every request of a role.
pub(super) async fn observe(proxies: Arc<Proxies>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers().get(REQUEST_ID));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if let Some(peer) = peer {
        let address = proxies.client(peer, request.headers());
        request.extensions_mut().insert(ClientAddress(address));
    }
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    // The route's pattern and not the path: an id in a log is enough, and a path may hold anything.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.as_deref().unwrap_or("-");
    let is_probe = matches!(route, "/livez" | "/readyz" | "/metrics");
    let mut response = if is_probe {
        next.run(request).await
    } else {
        trace::span(SpanKind::Server, next.run(request), |response| {
            let status = response.status();
            Ended::new(format!("{} {route}", known_method(&method)))
                .with("http.request.method", known_method(&method))
                .with("http.route", route.to_owned())
                .with("http.response.status_code", i64::from(status.as_u16()))
                .error_if(status.is_server_error())
        })
        .await
    };
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    let duration_ms = elapsed.as_secs_f64() * 1000.0;
    let labels = [
        ("route", Cow::Owned(route.to_owned())),
        ("method", Cow::Borrowed(known_method(&method))),
        ("status", Cow::Owned(status.to_string())),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels[..1]).record(elapsed);
    if is_probe {
        tracing::debug!(%method, route, status, duration_ms, request.id = id, "request");
    } else {
        tracing::info!(%method, route, status, duration_ms, request.id = id, "request");
    }
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A method that a sender made up makes no series.
fn known_method(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// The sender's id where it is harmless, else one of ours.
fn request_id(offered: Option<&HeaderValue>) -> String {
    let is_fine =
        |text: &&str| (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let offered = offered.and_then(|value| value.to_str().ok()).filter(is_fine);
    offered.map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harmful_request_id_is_not_taken_over() {
        assert_eq!(request_id(Some(&HeaderValue::from_static("abc-12345"))), "abc-12345");
        for bad in ["short", "has space in it", "injected{\"level\":1}"] {
            assert_ne!(request_id(Some(&HeaderValue::from_static(bad))), bad);
        }
    }
}
