//! Conditional requests (RFC 9110, section 13). An answer has a tag. A client that sends the tag again with a read gets no
//! body if nothing changed. With a change, it prevents that another change is lost.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use web::http::Problem;

/// Bytes of the hash in a tag. A collision gains nothing: the answer is for its reader.
const TAG_BYTES: usize = 16;

/// What the request says of the answer that the client has.
#[derive(Debug)]
pub(super) struct Known {
    method: Method,
    tags: Vec<HeaderValue>,
}

impl Known {
    pub(super) fn of(request: &Request) -> Self {
        Self { method: request.method().clone(), tags: all(request.headers(), IF_NONE_MATCH) }
    }

    /// Gives a successful answer to a read or change its tag. Leaves the body of a read out if the client has it.
    pub(super) async fn settle(self, response: Response) -> Response {
        let is_whole = response.headers().get(CONTENT_TYPE).is_some_and(|media| media == "application/json");
        let has_tag = [Method::GET, Method::HEAD, Method::PATCH].contains(&self.method);
        if response.status() != StatusCode::OK || !is_whole || !has_tag {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        // The JSON of this API is there as a whole; nothing is waited for, and nothing can fail.
        let Ok(bytes) = to_bytes(body, usize::MAX).await else {
            return Problem::internal().into_response();
        };
        let tag = tag(&bytes);
        let has_it = self.method != Method::PATCH && self.tags.iter().any(|tags| names(tags, &tag, true));
        parts.headers.insert(ETAG, tag);
        if has_it {
            parts.status = StatusCode::NOT_MODIFIED;
            parts.headers.remove(CONTENT_TYPE);
            parts.headers.remove(CONTENT_LENGTH);
            return Response::from_parts(parts, Body::empty());
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}

/// The tags in `If-Match`: a change is made only to what the client has read.
#[derive(Debug)]
pub(super) struct IfMatch(Vec<HeaderValue>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(all(&parts.headers, IF_MATCH)))
    }
}

impl IfMatch {
    /// Whether the client said what it has read.
    pub(super) fn is_asked(&self) -> bool {
        !self.0.is_empty()
    }

    /// 412, unless `current` is what the client has read.
    pub(super) fn require(&self, current: &impl Serialize) -> Result<(), Problem> {
        let bytes = serde_json::to_vec(current).map_err(|_| Problem::internal())?;
        let tag = tag(&bytes);
        if self.0.iter().any(|tags| names(tags, &tag, false)) {
            return Ok(());
        }
        let detail = "it was changed since you read it; read it again, and then send your change with the new ETag";
        Err(Problem::new(StatusCode::PRECONDITION_FAILED, detail))
    }
}

fn all(headers: &HeaderMap, name: HeaderName) -> Vec<HeaderValue> {
    headers.get_all(name).iter().cloned().collect()
}

fn tag(bytes: &[u8]) -> HeaderValue {
    let hash = hex::encode(&Sha256::digest(bytes)[..TAG_BYTES]);
    HeaderValue::try_from(format!("\"{hash}\"")).expect("hexadecimal digits are allowed in headers")
}

/// Whether a list of tags has `tag`, or is `*`. A weak tag (`W/`) counts only for reads, as RFC 9110 has it.
fn names(tags: &HeaderValue, tag: &HeaderValue, is_read: bool) -> bool {
    let (Ok(tags), Ok(tag)) = (tags.to_str(), tag.to_str()) else { return false };
    // None of our tags has a comma.
    tags.split(',')
        .map(str::trim)
        .any(|given| given == "*" || given == tag || (is_read && given.strip_prefix("W/") == Some(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_named(tags: &str, is_read: bool) -> bool {
        names(&HeaderValue::try_from(tags).unwrap(), &HeaderValue::from_static("\"ab\""), is_read)
    }

    #[test]
    fn a_list_of_tags_is_read_as_the_standard_says() {
        for tags in ["\"ab\"", "\"x\", \"ab\"", "*", " \"ab\" ,\"x\""] {
            assert!(is_named(tags, true) && is_named(tags, false), "{tags}");
        }
        assert!(is_named("W/\"ab\"", true) && !is_named("W/\"ab\"", false));
        for tags in ["", "ab", "\"AB\"", "\"abc\"", "w/\"ab\""] {
            assert!(!is_named(tags, true) && !is_named(tags, false), "{tags}");
        }
    }

    #[test]
    fn a_tag_follows_the_bytes() {
        assert_eq!(tag(b"{}"), tag(b"{}"));
        assert_ne!(tag(b"{}"), tag(b"{ }"));
        assert_eq!(tag(b"{}").len(), 2 + 2 * TAG_BYTES);
    }
}
