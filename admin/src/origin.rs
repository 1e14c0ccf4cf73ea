//! Refuses what another site made a browser send: the first of two locks against forged requests.
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
    // Of the body nothing is read.
    let (asked, _) = request.into_parts();
    fault_page::record_blocked(&dashboard, &Fault::Forged, &asked).await;
    Fault::Forged.into_response()
}

/// `admin_url`: where people open the dashboard, if it is known.
///
/// `Sec-Fetch-Site` where the browser sends it (all do since 2023, over HTTPS and to localhost), else `Origin` against
/// the dashboard's own address or `Host`, which a page cannot choose. Neither: no browser sent it, and without a browser
/// there is no cookie to ride on.
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

/// Browsers that send no referrer, by a setting or an extension, send `Origin: null` over plain HTTP, where they send no
/// `Sec-Fetch-Site` either. Such a request may sign in: it needs a password, and no cookie to ride on.
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
        // A proxy calls us by another name.
        assert!(judged(&[("origin", "https://dashboard.example"), ("host", "127.0.0.1:8081")]));
    }

    #[test]
    fn other_sites_do_not() {
        assert!(!judged(&[("sec-fetch-site", "cross-site")]));
        // A sister host of the same site is another origin.
        assert!(!judged(&[("sec-fetch-site", "same-site"), ("origin", "https://a.example"), ("host", "a.example")]));
        assert!(!judged(&[("origin", "https://evil.example"), ("host", "admin.example")]));
        assert!(!judged(&[("origin", "null"), ("host", "admin.example")]));
    }
}
