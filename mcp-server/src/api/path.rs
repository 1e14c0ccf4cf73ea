//! The one parameter of a path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::{StatusCode, request::Parts};
use web::http::Problem;

use super::fault::fault;
use crate::State;

/// An id of ours in the path.
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr> FromRequestParts<State> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let (name, value) = only(parts, state).await?;
        value.parse().map(Self).map_err(|_| invalid(&name, "give a UUID"))
    }
}

/// VAPI's id of a call in the path.
pub(super) struct CallId(pub(super) String);

impl FromRequestParts<State> for CallId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let (name, value) = only(parts, state).await?;
        if value.chars().count() > 200 || value.chars().any(char::is_control) {
            return Err(invalid(&name, "give VAPI's id of the call as VAPI gave it"));
        }
        Ok(Self(value))
    }
}

async fn only(parts: &mut Parts, state: &State) -> Result<(String, String), Problem> {
    let unreadable = |_| Problem::new(StatusCode::BAD_REQUEST, "the path is not UTF-8");
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(unreadable)?;
    let first = params.iter().next().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(first.unwrap_or_default())
}

fn invalid(name: &str, message: &str) -> Problem {
    Problem::invalid(vec![fault(name, message)])
}
