//! Why a page could not be given. [`crate::fault_page`] shows it.

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use storage::access::Forbidden;
use storage::db;
use storage::student::ERASURE_PENDING;

use crate::fields::Fields;
use crate::figures;

/// Files about students that one person may take within an hour.
pub(crate) const MAX_FILES: i64 = 120;

/// Why a page could not be shown.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The thing does not exist. Holds its noun, such as "session".
    NotFound(&'static str),
    /// The person may not do this. Holds a sentence on who may.
    Refused(&'static str),
    /// The request is invalid. Holds a sentence on what is wrong.
    Invalid(String),
    /// The request is too large.
    TooLarge,
    /// The form does not come from a page of this login.
    Forged,
    /// The person must confirm who they are first.
    Confirm(Box<Confirmation>),
    /// Too many failures. Holds the time to wait.
    TooMany { wait_seconds: u64 },
    /// The person downloaded [`MAX_FILES`] files within an hour.
    TooManyFiles,
    /// Another system is unavailable. Holds the noun of what it stores, such as "recording".
    Away(&'static str),
    /// The database does not answer.
    Unavailable,
    /// An internal error.
    Internal,
}

/// A form that waits for the person to confirm who they are.
#[derive(Clone, Debug)]
pub(crate) struct Confirmation {
    pub(crate) path: String,
    pub(crate) fields: Fields,
    pub(crate) needs_password: bool,
    /// Whether a code of the app, or a recovery code, is needed.
    pub(crate) needs_code: bool,
    /// Whether a passkey replaces both.
    pub(crate) has_passkey: bool,
    pub(crate) error: Option<&'static str>,
}

/// The title of the page that asks for it.
pub(crate) const CONFIRM: &str = "Confirm that it is you";

impl From<db::Error> for Fault {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound(what) => Self::NotFound(what),
            db::Error::Forbidden(Forbidden::OtherCohort) => {
                Self::Refused("You see only the students of your cohorts. Ask an admin for access to others.")
            }
            db::Error::Forbidden(_) => Self::Refused("Your role does not allow this. Ask an admin."),
            db::Error::Conflict(what) if what == ERASURE_PENDING => {
                Self::Invalid("The erasure of this student was requested. Undo the request first.".to_owned())
            }
            db::Error::UnstorableText => Self::Invalid("Leave out the NUL character.".to_owned()),
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

/// [`crate::fault_page::show`] turns the fault into a page. It knows the request and the person.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Fault {
    pub(crate) fn status(&self) -> StatusCode {
        self.words(&Method::GET).0
    }

    /// Returns the status, the icon, what failed, and what is safe and what to do.
    pub(crate) fn words(&self, method: &Method) -> (StatusCode, &'static str, String, String) {
        match self {
            Self::NotFound(what) => (
                StatusCode::NOT_FOUND,
                "file-text",
                format!("This {what} does not exist"),
                "It may have been deleted, or the address is wrong.".to_owned(),
            ),
            Self::Refused(who) => {
                let title = if *method == Method::GET { "You cannot open this page" } else { "You cannot do this" };
                (StatusCode::FORBIDDEN, "lock", title.to_owned(), (*who).to_owned())
            }
            Self::Invalid(why) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "circle-alert", "This request is not valid".to_owned(), why.clone())
            }
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "circle-alert",
                "This is too large".to_owned(),
                "A form holds at most 64 KiB, a sheet of the curriculum at most 2 MiB. Nothing was changed. Send less, or \
                 split the sheet."
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
            Self::Confirm(_) => (
                StatusCode::FORBIDDEN,
                "lock",
                CONFIRM.to_owned(),
                "You signed in a while ago. Open this page in its own tab and send the form again.".to_owned(),
            ),
            Self::TooMany { wait_seconds } => (
                StatusCode::TOO_MANY_REQUESTS,
                "clock",
                "Too many failed attempts".to_owned(),
                format!("Wait {} and try again.", figures::wait(wait_seconds.cast_signed())),
            ),
            Self::TooManyFiles => (
                StatusCode::TOO_MANY_REQUESTS,
                "clock",
                "Too many files".to_owned(),
                format!("One person can download {MAX_FILES} files about students in an hour. Try again later."),
            ),
            Self::Away(what) => (
                StatusCode::BAD_GATEWAY,
                "wifi-off",
                format!("The {what} cannot be fetched now"),
                "Its storage does not answer. Try again in a minute.".to_owned(),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "wifi-off",
                "The database does not answer".to_owned(),
                "Nothing is lost: VAPI sends reports again. Try again in a minute.".to_owned(),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "circle-alert",
                "This page could not be made".to_owned(),
                "Nothing was changed. The server's log has the reason under this id.".to_owned(),
            ),
        }
    }

    /// Returns whether the same request may succeed in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Unavailable | Self::Internal)
    }
}
