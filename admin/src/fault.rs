//! What went wrong, as a page: what failed, what is safe, what to do.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http::header::{CONTENT_LENGTH, SET_COOKIE};
use http::request::Parts;
use http::{Method, StatusCode};
use maud::{Markup, html};
use secrecy::ExposeSecret;
use storage::access::Forbidden;
use storage::student::ERASURE_PENDING;
use storage::{audit, clock, db};
use web::http::RequestId;

use crate::Dashboard;
use crate::auth::{Admin, MAX_FILES, Renewed};
use crate::form::{CODE_FIELD, Fields, PASSKEY_FIELD, PASSWORD_FIELD};
use crate::htmx::Asked;
use crate::layout::{self, Place, page};
use crate::link;
use crate::login::{password_field, provider};
use crate::pages::account::passkeys;
use crate::parts;
use crate::parts::csrf;
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice, notice_with};

/// Why a page could not be given.
#[derive(Clone, Debug)]
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
    /// The person has to show again who they are before it is done.
    Confirm(Box<Confirmation>),
    /// Too many failures: how long to wait.
    TooMany { wait_seconds: u64 },
    /// The person took [`MAX_FILES`] files within an hour.
    TooManyFiles,
    /// What lies elsewhere and cannot be had now, in words: "recording".
    Away(&'static str),
    /// The database does not answer.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// A form that waits until the person has shown again who they are.
#[derive(Clone, Debug)]
pub(crate) struct Confirmation {
    pub(crate) path: String,
    pub(crate) fields: Fields,
    pub(crate) needs_password: bool,
    /// Of the app, or a recovery code.
    pub(crate) needs_code: bool,
    /// Whether a passkey does instead of both.
    pub(crate) has_passkey: bool,
    pub(crate) error: Option<&'static str>,
}

impl Confirmation {
    fn page(&self, admin: &Admin, has_provider: bool) -> Markup {
        let hidden = html! {
            (csrf(admin))
            @for (name, value) in self.fields.filled_in() { input type="hidden" name=(name) value=(value); }
        };
        let why = if self.needs_password { "You signed in a while ago." } else { "This changes how you sign in." };
        let form = html! {
            div.stack {
                div.head { div { h1 { (CONFIRM) } p { (why) " Nothing was changed yet." } } }
                @if let Some(error) = self.error { (notice(Tone::Bad, error, "")) }
                @if self.has_passkey {
                    form.card method="post" action=(self.path) {
                        div.body.stack { (hidden) (parts::passkey::button(passkeys::ASK, PASSKEY_FIELD, "Use your passkey", true)) }
                    }
                }
                form.card method="post" action=(self.path) {
                    div.body.stack {
                        (hidden)
                        @if self.needs_password { (password_field(PASSWORD_FIELD, "Password", "current-password", "")) }
                        @if self.needs_code {
                            div.field {
                                label for=(CODE_FIELD) { @if admin.has_app { "Code, or a recovery code" } @else { "Recovery code" } }
                                input.input id=(CODE_FIELD) name=(CODE_FIELD) autocomplete="one-time-code" inputmode="text" required maxlength="40";
                            }
                        }
                    }
                    @if has_provider {
                        div.body { p.sm.muted {
                            "Or " a href=(link::to(provider::GO, &[("again", "1"), ("next", Place::of(&self.path).path())])) { "sign in again with your school account" }
                            ", then send the form once more."
                        } }
                    }
                    footer { button.btn.primary[!self.has_passkey] { "Confirm" } a.btn href="/" { "Cancel" } }
                }
            }
        };
        page(admin, Place::of(&self.path), CONFIRM, form)
    }
}

/// The title of the page that asks for it.
const CONFIRM: &str = "Confirm that it is you";

impl From<db::Error> for Fault {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound(what) => Self::NotFound(what),
            db::Error::Forbidden(Forbidden::OtherCohort) => {
                Self::Refused("You see the students of your cohorts. Ask an admin for the others.")
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

/// A fault becomes its page in [`show`], which knows who asked for what.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Fault {
    fn status(&self) -> StatusCode {
        self.words(&Method::GET).0
    }

    /// Status, icon, what failed; what is safe and what to do.
    fn words(&self, method: &Method) -> (StatusCode, &'static str, String, String) {
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
                (StatusCode::UNPROCESSABLE_ENTITY, "circle-alert", "This cannot be read".to_owned(), why.clone())
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
            Self::Confirm(_) => (
                StatusCode::FORBIDDEN,
                "lock",
                CONFIRM.to_owned(),
                "You signed in a while ago. Open the page by itself and send the form once more.".to_owned(),
            ),
            Self::TooMany { wait_seconds } => (
                StatusCode::TOO_MANY_REQUESTS,
                "clock",
                "Too many failed attempts".to_owned(),
                format!("Wait {} and try again.", crate::figures::wait(wait_seconds.cast_signed())),
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
                "Nothing was changed. The server's log says why, under this id.".to_owned(),
            ),
        }
    }

    /// Where those go whom the page cannot help.
    fn way_out(&self) -> (Place, &'static str) {
        match self {
            Self::NotFound("session" | "recording" | "analysis") => (Place::Sessions, "All sessions"),
            Self::NotFound("student") => (Place::Students, "All students"),
            Self::NotFound("skill") => (Place::Curriculum, "The curriculum"),
            _ => (Place::Overview, "Back to overview"),
        }
    }

    /// Whether the same request may go well in a moment.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Unavailable | Self::Internal)
    }
}

/// Whoever is signed in keeps the navigation around a page that says what went wrong; what htmx would swap in is a notice.
pub(crate) async fn show(State(dashboard): State<Dashboard>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let renewed = Renewed::default();
    parts.extensions.insert(renewed.clone());
    let asked = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(cookie) = renewed.get() {
        response.headers_mut().append(SET_COOKIE, dashboard.cookie.set(cookie.expose_secret()));
    }
    let Some(fault) = response.extensions_mut().remove::<Fault>() else { return response };
    let id = asked.extensions.get::<RequestId>().map(|id| id.0.clone()).filter(|_| fault.may_pass());
    let again = (fault.may_pass() && asked.method == Method::GET).then(|| asked.uri.to_string());
    let has_provider = dashboard.provider.is_some();
    record_blocked(&dashboard, &fault, &asked).await;
    let shown = Shown { method: asked.method.clone(), again, request_id: id, has_provider, fault };
    let markup = if Asked::from_headers(&asked.headers).is_htmx() {
        shown.notice()
    } else {
        // A database that is away would only be waited for once more.
        let admin = match shown.fault {
            Fault::Unavailable => None,
            _ => Admin::signed_in(&asked, &dashboard).await.ok(),
        };
        if let (Some(admin), Fault::Refused(_)) = (&admin, &shown.fault) {
            record_refusal(&dashboard, admin, &asked).await;
        }
        shown.page(admin.as_ref(), asked.uri.path())
    };
    response.headers_mut().remove(CONTENT_LENGTH);
    (response.status(), response.headers().clone(), markup).into_response()
}

/// The audit log says that somebody was slowed down or sent a form that is none of ours: once a minute for each person, or
/// for all strangers, and each route.
pub(crate) async fn record_blocked(dashboard: &Dashboard, fault: &Fault, asked: &Parts) {
    let action = match fault {
        Fault::TooMany { .. } | Fault::TooManyFiles => "admin.throttled",
        Fault::Forged => "admin.forged",
        _ => return,
    };
    let admin = Admin::signed_in(asked, dashboard).await.ok();
    let actor = admin.map_or_else(|| audit::STRANGER.to_owned(), |admin| admin.caller.actor.to_string());
    let route = asked.extensions.get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let (object, now) = (format!("route:{} {route}", asked.method), clock::now());
    let since = now - TimeDelta::minutes(1);
    let recorded = audit::insert_attempt_once_since(&dashboard.db, &actor, action, &object, since, now).await;
    if let Err(error) = recorded {
        tracing::warn!(%error, "a blocked request could not be recorded");
    }
}

/// The audit log says who tried what they may not do, once a minute for each route.
async fn record_refusal(dashboard: &Dashboard, admin: &Admin, asked: &Parts) {
    let now = admin.viewer.now;
    let route = asked.extensions.get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let object = format!("route:{} {route}", asked.method);
    let since = now - TimeDelta::minutes(1);
    let recorded =
        audit::insert_entry_once_since(&dashboard.db, &admin.caller, "admin.refused", &object, since, now).await;
    if let Err(error) = recorded {
        tracing::warn!(%error, "a refusal could not be recorded");
    }
}

/// What a page or a notice tells of a fault.
#[derive(Debug)]
struct Shown {
    fault: Fault,
    method: Method,
    /// The address that may be asked again.
    again: Option<String>,
    has_provider: bool,
    /// By which the log finds it.
    request_id: Option<String>,
}

impl Shown {
    fn notice(&self) -> Markup {
        let (_, _, title, text) = self.fault.words(&self.method);
        notice_with(Tone::Bad, &title, &html! { (text) (self.id()) }, &html! {})
    }

    fn page(&self, admin: Option<&Admin>, path: &str) -> Markup {
        if let (Fault::Confirm(confirmation), Some(admin)) = (&self.fault, admin) {
            return confirmation.page(admin, self.has_provider);
        }
        let (_, mark, title, text) = self.fault.words(&self.method);
        let (place, words) = self.fault.way_out();
        let card = html! {
            div.card { div.empty {
                (icon(mark))
                h1 { (title) }
                p { (text) (self.id()) }
                div.actions {
                    @if let Some(again) = &self.again { a.btn.primary href=(again) { "Try again" } }
                    a.btn href=(place.path()) { (words) }
                }
            } }
        };
        match admin {
            Some(admin) => page(admin, Place::of(path), &title, card),
            None => layout::bare(&title, card),
        }
    }

    fn id(&self) -> Markup {
        html! { @if let Some(id) = &self.request_id { " Request " code { (id) } "." } }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn a_refusal_is_a_page_with_the_right_status() {
        assert_eq!(Fault::Refused("Only admins.").into_response().status(), StatusCode::FORBIDDEN);
        assert_eq!(Fault::NotFound("session").into_response().status(), StatusCode::NOT_FOUND);
        assert_eq!(Fault::Invalid(String::new()).into_response().status(), StatusCode::UNPROCESSABLE_ENTITY);
    }

    fn shown(fault: Fault, method: Method) -> Shown {
        Shown {
            fault,
            method,
            again: Some("/sessions?q=a".to_owned()),
            request_id: Some("7f3c91ab".to_owned()),
            has_provider: false,
        }
    }

    #[test]
    fn whoever_is_signed_in_keeps_the_navigation_and_is_led_on() {
        let missing = shown(Fault::NotFound("session"), Method::GET);
        let inside = missing.page(Some(&Admin::sample(Role::Tutor)), "/sessions/7").into_string();
        assert!(inside.contains(r#"<a href="/sessions" aria-current="page">"#) && inside.contains("All sessions"));
        assert!(!missing.page(None, "/sessions/7").into_string().contains("<nav"), "strangers see none of it");
    }

    #[test]
    fn a_fault_of_ours_is_named_by_its_request_and_may_be_tried_again() {
        let fault = shown(Fault::Internal, Method::GET);
        let page = fault.page(None, "/sessions").into_string();
        assert!(page.contains("<code>7f3c91ab</code>") && page.contains(r#"href="/sessions?q=a">Try again"#), "{page}");
        let notice = fault.notice().into_string();
        assert!(notice.contains("7f3c91ab") && !notice.contains("<html"), "{notice}");
    }

    #[test]
    fn a_page_is_not_opened_and_a_deed_is_not_done() {
        let words = |method| shown(Fault::Refused("Only admins."), method).page(None, "/").into_string();
        assert!(words(Method::GET).contains("You cannot open this page"));
        assert!(words(Method::POST).contains("You cannot do this"));
    }
}
