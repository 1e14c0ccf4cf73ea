//! Rejects requests that another site caused: the first of two protections against forged requests.
//!
//! The second is the token in every form (see [`crate::form`]). GET changes nothing, so it passes.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method};

use crate::Dashboard;
use crate::fault::Fault;
use crate::fault_page;

pub(crate) async fn check(State(dashboard): State<Dashboard>, request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_login = request.uri().path() == "/login" && hides_origin(request.headers());
    if is_safe || is_login || is_same_origin(request.headers(), dashboard.connections.admin_url.as_deref()) {
        return next.run(request).await;
    }
    // The body is not read.
    let (asked, _) = request.into_parts();
    fault_page::record_blocked(&dashboard, &Fault::Forged, &asked).await;
    Fault::Forged.into_response()
}

/// `admin_url`: the public address of the dashboard, if known.
///
/// Checks `Sec-Fetch-Site` if the browser sends it (all do since 2023, over HTTPS and to localhost). Otherwise checks
/// `Origin` against the dashboard's address or `Host`, which a page cannot choose. If both are missing, no browser sent
/// the request, so it carries no cookie of a victim.
fn is_same_origin(headers: &HeaderMap, admin_url: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (text(ORIGIN.as_str()), text(HOST.as_str())) {
        (None, _) => true,
        (Some(origin), _) if Some(origin) == admin_url => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

/// Browsers without referrers (a setting or an extension) send `Origin: null` over plain HTTP, where they do not send
/// `Sec-Fetch-Site`. Such a request may sign in, because that needs a password and no cookie.
fn hides_origin(headers: &HeaderMap) -> bool {
    headers.get(ORIGIN).is_some_and(|origin| origin == "null") && !headers.contains_key("sec-fetch-site")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    fn judged(pairs: &[(&'static str, &'static str)]) -> bool {
        is_same_origin(&headers(pairs), Some("https://dashboard.example"))
    }

    #[test]
    fn only_a_browser_over_plain_http_may_hide_its_origin() {
        assert!(hides_origin(&headers(&[("origin", "null")])));
        assert!(!hides_origin(&headers(&[("origin", "null"), ("sec-fetch-site", "cross-site")])));
        assert!(!hides_origin(&headers(&[("origin", "https://evil.example")])));
        assert!(!hides_origin(&headers(&[])));
    }

    #[test]
    fn our_own_pages_pass() {
        assert!(judged(&[("sec-fetch-site", "same-origin")]));
        assert!(judged(&[("origin", "https://admin.example"), ("host", "admin.example")]));
        // Behind a proxy, `Host` is another name.
        assert!(judged(&[("origin", "https://dashboard.example"), ("host", "127.0.0.1:8081")]));
    }

    #[test]
    fn other_sites_do_not() {
        assert!(!judged(&[("sec-fetch-site", "cross-site")]));
        // Another host of the same site is another origin.
        assert!(!judged(&[("sec-fetch-site", "same-site"), ("origin", "https://a.example"), ("host", "a.example")]));
        assert!(!judged(&[("origin", "https://evil.example"), ("host", "admin.example")]));
        assert!(!judged(&[("origin", "null"), ("host", "admin.example")]));
    }
}
