//! How an error looks to a program: RFC 9457. What a server error was is for the log alone.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use domain::FieldFault;
use storage::db;

/// An error answer, `application/problem+json`.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldFault>,
    retry_after_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldFault],
}

impl Problem {
    /// For a 4xx. The detail of a 5xx is replaced by fixed words.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = if status.is_server_error() { fixed(status).to_owned() } else { detail.into() };
        Self { status, detail, errors: Vec::new(), retry_after_seconds: None }
    }

    /// 422, with what is wrong in each field.
    pub fn invalid(errors: Vec<FieldFault>) -> Self {
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "some fields are not valid, see errors") }
    }

    /// 503: worth another try in a moment.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "").retry_after(2)
    }

    /// 500.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "")
    }

    /// Adds a `Retry-After` header.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

fn fixed(status: StatusCode) -> &'static str {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => "the service is busy or its database is away; try again in a moment",
        _ => "something went wrong on our side; the request id finds it in our log",
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound(what) => Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}")),
            db::Error::Forbidden(forbidden) => Self::new(StatusCode::FORBIDDEN, forbidden.to_string()),
            db::Error::Conflict(_) => {
                Self::new(StatusCode::CONFLICT, "this conflicts with what is stored; read it again and retry")
            }
            db::Error::UnstorableText => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "leave out NUL characters"),
            db::Error::Unavailable(_) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "database unavailable");
                Self::unavailable()
            }
            db::Error::Corrupt(_) | db::Error::Internal(_) => {
                // The message of a database error can quote a value, so only its code is logged.
                tracing::error!(error = %error, code = error.sql_state(), "database error");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = Body {
            r#type: "about:blank",
            title,
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_error_says_nothing_of_its_cause() {
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "relation students does not exist");
        let bytes = axum::body::to_bytes(problem.into_response().into_body(), 1000).await.unwrap();
        assert!(!String::from_utf8(bytes.to_vec()).unwrap().contains("relation"));
    }

    #[tokio::test]
    async fn a_problem_names_its_fields() {
        let fault = FieldFault { field: "phones[0]".to_owned(), message: "write it with +".to_owned() };
        let response = Problem::invalid(vec![fault]).into_response();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let bytes = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(body["errors"][0]["field"], "phones[0]");
        assert_eq!(body["status"], 422);
    }

    #[test]
    fn a_database_away_is_worth_another_try() {
        let response = Problem::from(db::Error::from(sqlx::Error::PoolTimedOut)).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }
}
