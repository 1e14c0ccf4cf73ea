//! Responses to refused requests: status, and the header with the way to authenticate (RFC 6750, RFC 9728).

use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use storage::access::ScopeSet;
use web::http::Problem;

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    NoToken,
    /// Malformed, expired, revoked, not ours: the answer does not say which.
    InvalidToken,
    InsufficientScope,
    /// A person stopped the client, or all telephone clients.
    Stopped,
    /// The database could not be asked.
    Unavailable,
}

/// A refusal as an answer.
#[derive(Clone, Debug)]
pub struct Challenge {
    pub(super) denied: Denied,
    /// What the request needs, all at once, as far as that is known.
    pub(super) scopes: ScopeSet,
    pub(super) metadata_url: String,
}

impl Challenge {
    fn header(&self) -> String {
        let error = match self.denied {
            Denied::NoToken | Denied::Stopped | Denied::Unavailable => "",
            Denied::InvalidToken => r#"error="invalid_token", "#,
            Denied::InsufficientScope => r#"error="insufficient_scope", "#,
        };
        let metadata_url = &self.metadata_url;
        let scope = if self.scopes.is_empty() { String::new() } else { format!(r#", scope="{}""#, self.scopes) };
        format!(r#"Bearer {error}resource_metadata="{metadata_url}"{scope}"#)
    }

    fn problem(&self) -> Problem {
        match self.denied {
            Denied::NoToken => Problem::new(StatusCode::UNAUTHORIZED, "send a bearer token, see /auth/token"),
            Denied::InvalidToken => {
                Problem::new(StatusCode::UNAUTHORIZED, "the bearer token is not valid, or not any more")
            }
            Denied::InsufficientScope => {
                Problem::new(StatusCode::FORBIDDEN, format!("this needs a token with the scope {}", self.scopes))
            }
            Denied::Stopped => Problem::new(StatusCode::FORBIDDEN, "a person has stopped this client"),
            Denied::Unavailable => Problem::unavailable(),
        }
    }
}

impl IntoResponse for Challenge {
    fn into_response(self) -> Response {
        let mut response = self.problem().into_response();
        if self.denied == Denied::Unavailable {
            response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from_static("2"));
        } else if let Ok(header) = HeaderValue::try_from(self.header()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, header);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Scope;

    use super::*;

    fn answer(denied: Denied, scopes: ScopeSet) -> (StatusCode, Option<String>) {
        let metadata_url = "https://tutor.example/.well-known/oauth-protected-resource/mcp".to_owned();
        let response = Challenge { denied, scopes, metadata_url }.into_response();
        let header = response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
        (response.status(), header)
    }

    #[test]
    fn without_a_token_the_answer_says_where_to_get_one_and_for_what() {
        let (status, header) = answer(Denied::NoToken, [Scope::ContextRead].into_iter().collect());
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            header.unwrap(),
            r#"Bearer resource_metadata="https://tutor.example/.well-known/oauth-protected-resource/mcp", scope="context:read""#
        );
    }

    #[test]
    fn a_bad_token_and_a_small_one_are_told_apart() {
        let (status, header) = answer(Denied::InvalidToken, ScopeSet::default());
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(header.unwrap().starts_with(r#"Bearer error="invalid_token", resource_metadata="#));
        let needed = [Scope::ContextRead, Scope::SessionsRead].into_iter().collect();
        let (status, header) = answer(Denied::InsufficientScope, needed);
        let header = header.unwrap();
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(header.contains(r#"error="insufficient_scope""#), "{header}");
        assert!(header.ends_with(r#"scope="context:read sessions:read""#), "{header}");
    }

    #[test]
    fn a_database_that_is_down_is_no_reason_to_ask_for_another_token() {
        assert_eq!(answer(Denied::Unavailable, ScopeSet::default()), (StatusCode::SERVICE_UNAVAILABLE, None));
    }
}
