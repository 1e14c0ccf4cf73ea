//! What went wrong, as a page: what failed, what is safe, what to do.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;
use shared::db;

use crate::layout;
use crate::parts::icon::icon;

/// Why a page could not be given.
#[derive(Debug)]
pub(crate) enum Fault {
    /// What does not exist, in words: "session".
    NotFound(&'static str),
    /// Who may, in a sentence.
    Refused(&'static str),
    /// What is wrong with the request, in a sentence.
    Invalid(String),
    /// More was sent than is read.
    TooLarge,
    /// The form did not come from a page of this login.
    Forged,
    /// Too many failures: how long to wait.
    TooMany { wait_seconds: u64 },
    /// What lies elsewhere and cannot be had now, in words: "recording".
    Away(&'static str),
    /// The database does not answer.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl From<db::Error> for Fault {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound(what) => Self::NotFound(what),
            db::Error::Forbidden(_) => Self::Refused("Your role does not allow this. Ask an admin."),
            db::Error::Unavailable(_) => {
                tracing::warn!(%error, "the database did not answer a page");
                Self::Unavailable
            }
            error => {
                tracing::error!(%error, "a page could not be made");
                Self::Internal
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, mark, title, text) = match self {
            Self::NotFound(what) => (
                StatusCode::NOT_FOUND,
                "file-text",
                format!("This {what} does not exist"),
                "It may have been deleted, or the address is wrong.".to_owned(),
            ),
            Self::Refused(who) => (StatusCode::FORBIDDEN, "lock", "You cannot do this".to_owned(), who.to_owned()),
            Self::Invalid(why) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "circle-alert", "This cannot be read".to_owned(), why)
            }
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "circle-alert",
                "This is too large".to_owned(),
                "A form holds at most 64 KiB, a sheet of the curriculum at most 2 MiB. Nothing was changed. Send less, or \
                 a sheet in parts."
                    .to_owned(),
            ),
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "lock",
                "The form is out of date".to_owned(),
                "You signed in again since it was opened, or another site sent it. Nothing was changed. Go back, reload \
                 the page and send it once more."
                    .to_owned(),
            ),
            Self::TooMany { wait_seconds } => (
                StatusCode::TOO_MANY_REQUESTS,
                "clock",
                "Too many failed attempts".to_owned(),
                format!("Wait {} and try again.", crate::figures::wait(wait_seconds.cast_signed())),
            ),
            Self::Away(what) => (
                StatusCode::BAD_GATEWAY,
                "wifi-off",
                format!("The {what} cannot be fetched now"),
                "Where it is stored does not answer. Try again in a minute.".to_owned(),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "wifi-off",
                "The database does not answer".to_owned(),
                "Nothing is lost: calls that end meanwhile are reported again. Try again in a minute.".to_owned(),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "circle-alert",
                "This page could not be made".to_owned(),
                "Nothing was changed. The server's log says why, under the id of this request.".to_owned(),
            ),
        };
        let body = html! {
            div.card { div.empty {
                (icon(mark))
                h1 { (title) }
                p { (text) }
                div.actions { a.btn href="/" { "Back to overview" } }
            } }
        };
        (status, layout::bare(&title, body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_page_with_the_right_status() {
        assert_eq!(Fault::Refused("Only admins.").into_response().status(), StatusCode::FORBIDDEN);
        assert_eq!(Fault::NotFound("session").into_response().status(), StatusCode::NOT_FOUND);
        assert_eq!(Fault::Invalid(String::new()).into_response().status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}
