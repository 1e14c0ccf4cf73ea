//! The telephone call of a request, as its headers say. VAPI fills them in by itself, so no caller can talk a model into
//! another call.

use http::HeaderMap;
use shared::authority::Line;

/// Reads `X-Call-Id` and `X-Caller-Number`.
pub(crate) fn of_headers(headers: &HeaderMap) -> Line {
    let all = |name| headers.get_all(name).iter().map(|value| value.to_str().ok()).collect::<Vec<_>>();
    Line::read(&all("x-call-id"), &all("x-caller-number"))
}
