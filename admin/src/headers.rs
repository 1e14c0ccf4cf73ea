//! Security headers of every response: load nothing from elsewhere, run no inline code, cache nothing.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, CSP),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: with it Chromium sends `Origin: null` for a form over plain HTTP, and sign-in fails.
    (REFERRER_POLICY, "same-origin"),
    (OPENER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// Returns whether a page keeps a reference to the window that opened it. A program may open the consent page and the
/// sign-in in a new window. Without its opener, the program sees that window as closed and gives up.
fn keeps_opener(path: &str) -> bool {
    path == "/connect" || path == "/login" || path.starts_with("/login/")
}

pub(crate) async fn add(request: Request, next: Next) -> Response {
    let keeps_opener = keeps_opener(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if keeps_opener {
        headers.insert(OPENER_POLICY, HeaderValue::from_static("unsafe-none"));
    }
    // Browsers ignore it over plain HTTP, so it does no harm on a laptop.
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    // Pages show children's data. Unless a handler sets a header, nothing is cached, not even for the Back button.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_on_the_way_to_a_consent_keep_their_opener() {
        assert!(["/connect", "/login", "/login/code"].iter().all(|path| keeps_opener(path)));
        assert!(!["/", "/students", "/connections", "/loginx", "/account"].iter().any(|path| keeps_opener(path)));
    }
}
