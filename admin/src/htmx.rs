//! htmx requests: which part of a page to return.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{HeaderName, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use maud::Markup;

pub(crate) const REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");
const REPLACE_URL: HeaderName = HeaderName::from_static("hx-replace-url");

/// The requester: the browser (a whole page) or htmx (one element).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    is_htmx: bool,
    target_id: Option<String>,
}

impl Asked {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_partial = text("hx-request-type") == Some("partial");
        // htmx 4 names the target as `tag#id`.
        let target_id = text("hx-target").and_then(|target| target.split_once('#')).map(|(_, id)| id.to_owned());
        Self { is_htmx: text("hx-request").is_some(), target_id: target_id.filter(|_| is_partial) }
    }

    pub(crate) fn is_htmx(&self) -> bool {
        self.is_htmx
    }

    /// Returns whether only the element `id` is requested.
    pub(crate) fn is_for(&self, id: &str) -> bool {
        self.is_htmx && self.target_id.as_deref() == Some(id)
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

/// Returns a fragment and the address that the browser should show.
pub(crate) fn fragment(markup: Markup, url: &str) -> Response {
    let mut response = markup.into_response();
    if let Ok(url) = HeaderValue::from_str(url) {
        response.headers_mut().insert(REPLACE_URL, url);
    }
    response.headers_mut().insert(VARY, HeaderValue::from_static("HX-Request, HX-Request-Type, HX-Target, Cookie"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &'static str)]) -> Asked {
        let headers =
            pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Asked::from_headers(&headers.collect())
    }

    #[test]
    fn htmx_gets_the_element_it_will_swap() {
        let asked = asked(&[("hx-request", "true"), ("hx-request-type", "partial"), ("hx-target", "div#sessions")]);
        assert!(asked.is_for("sessions") && !asked.is_for("students"));
    }

    #[test]
    fn a_browser_and_a_history_restore_get_the_page() {
        assert!(!asked(&[]).is_for("sessions"));
        assert!(
            !asked(&[("hx-request", "true"), ("hx-request-type", "full"), ("hx-target", "div#sessions")])
                .is_for("sessions")
        );
    }
}
