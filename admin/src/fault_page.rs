//! The page or notice that shows a [`Fault`]: what failed, what is safe, what to do.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http::Method;
use http::header::{CONTENT_LENGTH, SET_COOKIE};
use http::request::Parts;
use maud::{Markup, html};
use secrecy::ExposeSecret;
use storage::{audit, clock};
use web::http::RequestId;

use crate::Dashboard;
use crate::auth::{Admin, Renewed};
use crate::fault::{CONFIRM, Confirmation, Fault};
use crate::fields::{CODE_FIELD, PASSKEY_FIELD, PASSWORD_FIELD};
use crate::htmx::Asked;
use crate::layout::{self, Place, page};
use crate::link;
use crate::login::{password_field, provider};
use crate::pages::account::passkeys;
use crate::parts;
use crate::parts::csrf;
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice, notice_with};

/// Renders a fault. A signed-in person keeps the navigation around it. For htmx it is a notice.
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
        // If the database is unavailable, do not wait for it a second time.
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

/// Records in the audit log that a request was throttled or a form was rejected: once a minute per person (or for all
/// anonymous requests together) and route.
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

/// Records in the audit log that a person tried what they may not do, once a minute per route.
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

/// The content of an error page or notice.
#[derive(Debug)]
struct Shown {
    fault: Fault,
    method: Method,
    /// The address to retry.
    again: Option<String>,
    has_provider: bool,
    /// The id under which the log has the error.
    request_id: Option<String>,
}

impl Shown {
    fn notice(&self) -> Markup {
        let (_, _, title, text) = self.fault.words(&self.method);
        notice_with(Tone::Bad, &title, &html! { (text) (self.id()) }, &html! {})
    }

    fn page(&self, admin: Option<&Admin>, path: &str) -> Markup {
        if let (Fault::Confirm(confirmation), Some(admin)) = (&self.fault, admin) {
            return confirmation_page(confirmation, admin, self.has_provider);
        }
        let (_, mark, title, text) = self.fault.words(&self.method);
        let (place, words) = way_out(&self.fault);
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

/// Returns the page to offer if this one cannot help.
fn way_out(fault: &Fault) -> (Place, &'static str) {
    match fault {
        Fault::NotFound("session" | "recording" | "analysis") => (Place::Sessions, "All sessions"),
        Fault::NotFound("student") => (Place::Students, "All students"),
        Fault::NotFound("skill") => (Place::Curriculum, "The curriculum"),
        _ => (Place::Overview, "Back to overview"),
    }
}

/// The form that waits, with what confirms that it is this person.
fn confirmation_page(asked: &Confirmation, admin: &Admin, has_provider: bool) -> Markup {
    let hidden = html! {
        (csrf(admin))
        @for (name, value) in asked.fields.filled_in() { input type="hidden" name=(name) value=(value); }
    };
    let why = if asked.needs_password { "You signed in a while ago." } else { "This changes how you sign in." };
    let form = html! {
        div.stack {
            div.head { div { h1 { (CONFIRM) } p { (why) " Nothing was changed yet." } } }
            @if let Some(error) = asked.error { (notice(Tone::Bad, error, "")) }
            @if asked.has_passkey {
                form.card method="post" action=(asked.path) {
                    div.body.stack { (hidden) (parts::passkey::button(passkeys::ASK, PASSKEY_FIELD, "Use your passkey", true)) }
                }
            }
            form.card method="post" action=(asked.path) {
                div.body.stack {
                    (hidden)
                    @if asked.needs_password { (password_field(PASSWORD_FIELD, "Password", "current-password", "")) }
                    @if asked.needs_code {
                        div.field {
                            label for=(CODE_FIELD) { @if admin.has_app { "Code, or a recovery code" } @else { "Recovery code" } }
                            input.input id=(CODE_FIELD) name=(CODE_FIELD) autocomplete="one-time-code" inputmode="text" required maxlength="40";
                        }
                    }
                }
                @if has_provider {
                    div.body { p.sm.muted {
                        "Or " a href=(link::to(provider::GO, &[("again", "1"), ("next", Place::of(&asked.path).path())])) { "sign in again with your school account" }
                        ", then send the form once more."
                    } }
                }
                footer { button.btn.primary[!asked.has_passkey] { "Confirm" } a.btn href="/" { "Cancel" } }
            }
        }
    };
    page(admin, Place::of(&asked.path), CONFIRM, form)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
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
