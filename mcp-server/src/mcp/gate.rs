//! Who may pass, decided before the protocol is spoken: only here can a refusal be an HTTP status with a challenge.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared::access::{Caller, ScopeSet};
use shared::clock;

use super::frame::Frame;
use crate::auth::bearer_of;
use crate::auth::challenge::Denied;
use crate::tools;

/// 401 without a good bearer. With one, the caller goes along in the request's extensions.
pub(super) async fn require_bearer(State(state): State<crate::State>, mut request: Request, next: Next) -> Response {
    let caller = match bearer_of(request.headers()) {
        Ok(bearer) => state.auth.authenticate(&state.db, bearer, clock::now()).await,
        Err(denied) => Err(denied),
    };
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denied) => state.auth.challenge(denied, offered_scopes()).into_response(),
    }
}

/// 403 where a tool needs a scope that the token lacks.
pub(super) async fn require_scope(State(state): State<crate::State>, request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    if let (Some(caller), Some(frame)) = (extensions.get::<Caller>(), extensions.get::<Frame>())
        && let Some(scopes) = scopes_lacking(caller, frame)
    {
        return state.auth.challenge(Denied::InsufficientScope, scopes).into_response();
    }
    next.run(request).await
}

/// What a token for all of our tools holds.
fn offered_scopes() -> ScopeSet {
    tools::TOOLS.iter().map(|tool| tool.scope).collect()
}

/// What the caller should ask a token for: what this call needs, and what the caller has, so that nothing is lost by
/// asking again. `None`: the token suffices, or the tool is unknown, which is not for this gate to say.
fn scopes_lacking(caller: &Caller, frame: &Frame) -> Option<ScopeSet> {
    if frame.method != "tools/call" {
        return None;
    }
    let tool = tools::find(frame.name.as_deref()?)?;
    let needed = !caller.scopes.contains(tool.scope);
    needed.then(|| caller.scopes.iter().chain([tool.scope]).collect())
}

#[cfg(test)]
mod tests {
    use shared::access::Scope;

    use super::*;

    fn lacking(scopes: &[Scope], method: &str, name: &str) -> Option<String> {
        let caller = Caller::client("c1", scopes.iter().copied().collect());
        let frame = Frame {
            method: method.to_owned(),
            name: Some(name.to_owned()),
        };
        scopes_lacking(&caller, &frame).map(|scopes| scopes.to_string())
    }

    #[test]
    fn a_token_that_lacks_a_scope_is_told_all_it_needs_at_once() {
        assert_eq!(
            lacking(&[Scope::ContextRead], "tools/call", "list_sessions").unwrap(),
            "context:read sessions:read"
        );
        assert_eq!(lacking(&[Scope::SessionsRead], "tools/call", "list_sessions"), None);
    }

    #[test]
    fn what_is_no_call_of_a_known_tool_is_not_judged_here() {
        assert_eq!(lacking(&[], "tools/list", "list_sessions"), None);
        assert_eq!(lacking(&[], "tools/call", "no_such_tool"), None);
    }
}
