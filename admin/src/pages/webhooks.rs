//! Outgoing webhooks: endpoints of other systems, their secrets (shown once), and the delivery log.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use storage::clock;
use storage::db::{self, Db};
use storage::id::{EndpointId, MessageId};
use storage::message::endpoint::{self, Because, Endpoint, MAX_ENDPOINTS};
use storage::message::event::{self, Event};
use storage::message::{self, LogItem, State as MessageState};
use url::Url;
use web::http::Allowed;

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::csrf;
use crate::parts::empty::empty;
use crate::parts::icon::{icon, icon_small};
use crate::parts::notice::{Tone, notice};
use crate::parts::secret::shown_once;
use crate::parts::table::{Column, cell, row, table};

const PATH: &str = "/settings/webhooks";
const N_LOG: i64 = 50;
const MAX_URL_CHARS: usize = 500;

/// The endpoint whose log is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    endpoint: Option<EndpointId>,
}

/// The values of the form for a new endpoint, and the error.
#[derive(Debug, Default)]
struct Typed<'a> {
    url: &'a str,
    events: Vec<Event>,
    wrong: Option<Wrong>,
}

#[derive(Debug)]
enum Wrong {
    Url(&'static str),
    Events(String),
}

/// A new secret and its endpoint.
#[derive(Debug)]
struct Made {
    title: &'static str,
    text: &'static str,
    secret: SecretString,
}

#[derive(Debug, Default)]
struct Data<'a> {
    endpoints: Vec<Endpoint>,
    /// The endpoint whose log is shown.
    shown: Option<Endpoint>,
    log: Vec<LogItem>,
    made: Option<Made>,
    typed: Typed<'a>,
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(asked): Query<Asked>) -> Result<Markup, Fault> {
    admin.require_manage()?;
    shown(&admin, &db, asked.endpoint, None, Typed::default()).await
}

async fn shown(
    admin: &Admin,
    db: &Db,
    endpoint_id: Option<EndpointId>,
    made: Option<Made>,
    typed: Typed<'_>,
) -> Result<Markup, Fault> {
    let endpoints = endpoint::list(db).await?;
    let asked = endpoint_id.and_then(|id| endpoints.iter().find(|endpoint| endpoint.endpoint_id == id));
    let shown = asked.or(endpoints.first()).cloned();
    let log = match &shown {
        Some(shown) => message::list_log(db, shown.endpoint_id, N_LOG).await?,
        None => Vec::new(),
    };
    Ok(render(admin, &Data { endpoints, shown, log, made, typed }))
}

/// Adds an endpoint. Needs a fresh password, because ids of children leave the service.
pub(crate) async fn create(
    State(db): State<Db>,
    State(allowed): State<Arc<Allowed>>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let url = posted.fields.text("url");
    let events: Result<Vec<Event>, String> = posted.fields.all("event").map(str::parse).collect();
    let is_allowed = Url::parse(url).is_ok_and(|url| allowed.allows(&url)) && url.chars().count() <= MAX_URL_CHARS;
    let wrong = match &events {
        _ if !is_allowed => Some(Wrong::Url(
            "The address must begin with https:// and name a public host, such as https://example.org/hook. An \
             operator can allow others with WEBHOOK_OWN_HOSTS.",
        )),
        Err(unknown) => Some(Wrong::Events(unknown.clone())),
        Ok(events) if events.is_empty() => Some(Wrong::Events("Choose at least one event.".to_owned())),
        Ok(_) => None,
    };
    let events = events.unwrap_or_default();
    if wrong.is_some() {
        let page = shown(admin, &db, None, None, Typed { url, events, wrong }).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let now = clock::now();
    let mut act = Act::begin(&db, admin).await?;
    let made = endpoint::insert(&mut act, &admin.caller, url, &events, now).await;
    let (endpoint_id, secret) = made.map_err(|error| match error {
        db::Error::Conflict(_) => Fault::Invalid(format!("There are {MAX_ENDPOINTS} endpoints. Delete one first.")),
        error => error.into(),
    })?;
    let names: Vec<&str> = events.iter().map(|event| event.as_str()).collect();
    act.commit(
        "webhook.create",
        Some(format!("webhook:{endpoint_id}")),
        serde_json::json!({ "url": url, "events": names }),
    )
    .await?;
    let made =
        Made { title: "The endpoint was added", text: "Copy its signing secret now. It is not shown again.", secret };
    Ok(shown(admin, &db, Some(endpoint_id), Some(made), Typed::default()).await?.into_response())
}

pub(crate) async fn rotate(
    State(db): State<Db>,
    Path(endpoint_id): Path<EndpointId>,
    posted: Posted,
) -> Result<Markup, Fault> {
    posted.admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let mut act = Act::begin(&db, &posted.admin).await?;
    let secret = endpoint::rotate(&mut act, endpoint_id, clock::now()).await?;
    act.commit("webhook.rotate", Some(format!("webhook:{endpoint_id}")), serde_json::json!({})).await?;
    let made = Made {
        title: "The endpoint has a new secret",
        text: "Copy it now. It is not shown again. For 24 hours each request is signed with the old and the new secret.",
        secret,
    };
    shown(&posted.admin, &db, Some(endpoint_id), Some(made), Typed::default()).await
}

pub(crate) async fn test(
    State(db): State<Db>,
    Path(endpoint_id): Path<EndpointId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut tx = db::begin(&db).await?;
    event::emit_test(&mut tx, endpoint_id, clock::now()).await.map_err(|error| match error {
        db::Error::Conflict(_) => Fault::NotFound("endpoint"),
        error => error.into(),
    })?;
    db::commit(tx).await?;
    Ok(back_to(endpoint_id))
}

/// Enables or disables an endpoint. Needs a fresh password to enable it.
pub(crate) async fn switch(
    State(db): State<Db>,
    Path(endpoint_id): Path<EndpointId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let is_enabled = posted.fields.text("to") == "enable";
    if is_enabled {
        posted.require_fresh(&db).await?;
    }
    let mut act = Act::begin(&db, &posted.admin).await?;
    endpoint::set_enabled(&mut act, endpoint_id, is_enabled, clock::now()).await?;
    let action = if is_enabled { "webhook.enable" } else { "webhook.disable" };
    act.commit(action, Some(format!("webhook:{endpoint_id}")), serde_json::json!({})).await?;
    Ok(back_to(endpoint_id))
}

pub(crate) async fn delete(
    State(db): State<Db>,
    Path(endpoint_id): Path<EndpointId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut act = Act::begin(&db, &posted.admin).await?;
    endpoint::delete(&mut act, endpoint_id).await?;
    act.commit("webhook.delete", Some(format!("webhook:{endpoint_id}")), serde_json::json!({})).await?;
    Ok(Redirect::to(PATH).into_response())
}

pub(crate) async fn replay(
    State(db): State<Db>,
    Path((endpoint_id, message_id)): Path<(EndpointId, MessageId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut act = Act::begin(&db, &posted.admin).await?;
    message::replay(&mut act, endpoint_id, message_id).await?;
    let detail = serde_json::json!({ "message_id": message_id });
    act.commit("webhook.replay", Some(format!("webhook:{endpoint_id}")), detail).await?;
    Ok(back_to(endpoint_id))
}

fn back_to(endpoint_id: EndpointId) -> Response {
    Redirect::to(&format!("{PATH}?endpoint={endpoint_id}")).into_response()
}

fn render(admin: &Admin, data: &Data<'_>) -> Markup {
    let rows = html! { @for endpoint in &data.endpoints { (endpoint_row(admin, endpoint)) } };
    page(
        admin,
        Place::Webhooks,
        Place::Webhooks.name(),
        html! {
            div.stack {
                div.head {
                    div { h1 { "Outgoing webhooks" } p { "Signed requests that inform your other systems about events here. They contain ids and times, but no names, numbers or transcripts." } }
                    div.actions { a.btn.primary href="#new" { (icon("plus")) "New endpoint" } }
                }
                @if let Some(made) = &data.made {
                    (shown_once(made.title, made.text, &[("made-secret", "Signing secret", made.secret.expose_secret())], PATH))
                }
                @for endpoint in &data.endpoints { (disabled(admin, endpoint)) }
                section.card aria-label="Endpoints" {
                    @if data.endpoints.is_empty() {
                        (empty("globe", "No endpoints yet", "Add the address of a system that should receive events.", html! {}))
                    } @else { (table("Endpoints", &COLUMNS, &rows)) }
                }
                @if let Some(endpoint) = &data.shown { (log_card(admin, endpoint, &data.log)) }
                (new_endpoint(admin, &data.typed))
            }
        },
    )
}

/// Renders a note about an endpoint that was disabled automatically.
fn disabled(admin: &Admin, endpoint: &Endpoint) -> Markup {
    let why = match (endpoint.disabled_at, endpoint.disabled_because) {
        (Some(at), Some(Because::Failing)) => {
            format!("It failed for 5 days, until {}.", admin.viewer.plain_time(at))
        }
        (Some(at), Some(Because::Gone)) => {
            format!("It answered 410 (gone) on {}.", admin.viewer.plain_time(at))
        }
        _ => return html! {},
    };
    let text =
        format!("{} was disabled. {why} Fix it, then choose “Enable”. Events since then are not sent.", endpoint.url);
    notice(Tone::Warn, "An endpoint is disabled", &text)
}

const COLUMNS: [Column; 4] = [("Endpoint", ""), ("State", ""), ("Events", ""), ("", "")];

fn endpoint_row(admin: &Admin, endpoint: &Endpoint) -> Markup {
    let at = |what: &str| format!("{PATH}/{}/{what}", endpoint.endpoint_id);
    let url = &endpoint.url;
    let rotating = endpoint.secret_previous_until.filter(|until| *until > admin.viewer.now);
    row(&html! {
        (cell("", html! { span.two {
            b.main { (url) }
            @if let Some(until) = rotating { small { "The old secret also signs until " (admin.viewer.time(until)) } }
        } }))
        (cell("end", match (endpoint.disabled_at, endpoint.failing_since) {
            (Some(_), _) => badge("line", "minus", "Disabled"),
            (None, Some(_)) => badge("warn", "triangle-alert", "Failing"),
            (None, None) => badge("good", "circle-check", "Enabled"),
        }))
        (cell("full", html! { span.tags { @for event in &endpoint.events { span.tag.mono { (event) } } } }))
        (cell("full", html! { div.row {
            a.btn.small href={ (PATH) "?endpoint=" (endpoint.endpoint_id) } { "Log" span.vh { " of " (url) } }
            form method="post" action=(at("test")) { (csrf(admin)) button.btn.small { "Send test event" span.vh { " to " (url) } } }
            form method="post" action=(at("rotate")) { (csrf(admin)) button.btn.small { "New secret" span.vh { " for " (url) } } }
            form method="post" action=(at("switch")) {
                (csrf(admin))
                @let (to, word) = if endpoint.disabled_at.is_some() { ("enable", "Enable") } else { ("disable", "Disable") };
                input type="hidden" name="to" value=(to);
                button.btn.small { (word) span.vh { " " (url) } }
            }
            @if endpoint.disabled_at.is_some() {
                form method="post" action=(at("delete")) { (csrf(admin)) button.btn.small.danger { "Delete" span.vh { " " (url) } } }
            }
        } }))
    })
}

const LOG_COLUMNS: [Column; 5] =
    [("Event", ""), ("State", ""), ("Attempts", ""), ("Next or last attempt", ""), ("", "")];

fn log_card(admin: &Admin, endpoint: &Endpoint, log: &[LogItem]) -> Markup {
    let rows = html! { @for item in log { (log_row(admin, endpoint, item)) } };
    html! {
        section.card aria-labelledby="log" {
            header { h2 id="log" { "Delivery log" } p { (endpoint.url) } }
            @if log.is_empty() { div.body { p.muted { "Nothing was sent yet. Choose “Send test event”." } } }
            @else { (table("Delivery log", &LOG_COLUMNS, &rows)) }
        }
    }
}

fn log_row(admin: &Admin, endpoint: &Endpoint, item: &LogItem) -> Markup {
    let viewer = &admin.viewer;
    let state = match item.state {
        MessageState::Waiting if item.n_attempts > 0 => badge("warn", "triangle-alert", "Retrying"),
        MessageState::Waiting => badge("info", "clock", "Waiting"),
        MessageState::Sent => badge("good", "circle-check", "Delivered"),
        MessageState::Failed => badge("bad", "circle-alert", "Failed"),
        MessageState::Cancelled => badge("line", "minus", "Not sent"),
    };
    row(&html! {
        (cell("", html! { span.two { b.main.mono { (item.event) } small { (viewer.time(item.created_at)) " " span.mono { (item.message_id) } } } }))
        (cell("end", html! { (state) @if let Some(why) = &item.last_error { div.faint.xs { (why) } } @else if let Some(code) = item.status_code { div.faint.xs { (code) } } }))
        (cell("nowrap", html! { (figures::counted(i64::from(item.n_attempts), "attempt", "attempts")) }))
        (cell("nowrap muted", html! {
            @if let Some(at) = item.next_at.or(item.sent_at) { (viewer.time(at)) }
        }))
        (cell("full", html! { @if item.state != MessageState::Waiting {
            form method="post" action={ (PATH) "/" (endpoint.endpoint_id) "/messages/" (item.message_id) "/replay" } {
                (csrf(admin))
                button.btn.small { "Send again" span.vh { " " (item.message_id) } }
            }
        } }))
    })
}

fn new_endpoint(admin: &Admin, typed: &Typed<'_>) -> Markup {
    let wrong_url = if let Some(Wrong::Url(why)) = &typed.wrong { Some(*why) } else { None };
    let wrong_events = if let Some(Wrong::Events(why)) = &typed.wrong { Some(&why[..]) } else { None };
    html! {
        section.card aria-labelledby="new" {
            header { h2 id="new" { "New endpoint" } }
            form.body.stack method="post" action=(PATH) {
                (csrf(admin))
                div.field {
                    label for="url" { "Address" }
                    input.input id="url" name="url" type="url" required maxlength=(MAX_URL_CHARS) autocomplete="off" placeholder="https://example.org/hook"
                        value=(typed.url) aria-invalid=[wrong_url.map(|_| "true")] aria-describedby=[wrong_url.map(|_| "url-error")];
                    (error("url-error", wrong_url))
                }
                fieldset.field aria-describedby=[wrong_events.map(|_| "event-error")] {
                    legend.label { "Events" }
                    (error("event-error", wrong_events))
                    div.scopes { @for event in Event::ALL {
                        span.check {
                            input type="checkbox" id={ "event-" (event.as_str()) } name="event" value=(event.as_str()) checked[typed.events.contains(&event)];
                            label for={ "event-" (event.as_str()) } { code { (event.as_str()) } " " span.muted { (meaning(event)) } }
                        }
                    } }
                }
                p.sm.muted { "Requests are signed as Standard Webhooks describes. Answer with a 2xx status within 10 seconds. Other answers are retried for about half a day." }
                div { button.btn.primary { "Add endpoint" } }
            }
        }
    }
}

fn error(id: &str, why: Option<&str>) -> Markup {
    html! { @if let Some(why) = why { p.error id=(id) role="alert" { (icon_small("circle-alert")) (why) } } }
}

fn meaning(event: Event) -> &'static str {
    match event {
        Event::SessionAnalyzed => "A call was analysed, or analysed again",
        Event::ConcernRaised => "A child said something that a person should read",
        Event::CallbackRequested => "A student asked to be called back",
        Event::CallbackDue => "A callback is due and was not marked as done",
        Event::StudentNeedsAttention => "A student needs a person, for example after weeks without a call",
        Event::Test => "A test",
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn endpoint() -> Endpoint {
        let at = "2026-11-12T08:00:00Z".parse().unwrap();
        Endpoint {
            endpoint_id: EndpointId(uuid::Uuid::from_u128(7)),
            url: "https://example.org/hook".to_owned(),
            events: vec!["session.analyzed".to_owned()],
            created_by: "admin:ana@example.org".to_owned(),
            created_at: at,
            secret_previous_until: None,
            failing_since: Some(at),
            disabled_at: None,
            disabled_because: None,
        }
    }

    fn shown(data: Data<'_>) -> String {
        render(&Admin::sample(Role::Admin), &data).into_string()
    }

    #[test]
    fn an_endpoint_that_was_disabled_says_why_and_can_be_enabled() {
        let failing = shown(Data { endpoints: vec![endpoint()], ..Data::default() });
        assert!(failing.contains("Failing") && failing.contains(r#"value="disable""#) && !failing.contains("/delete"));
        let at = Some("2026-11-17T08:00:00Z".parse().unwrap());
        let off = Endpoint { disabled_at: at, disabled_because: Some(Because::Failing), ..endpoint() };
        let off = shown(Data { endpoints: vec![off], ..Data::default() });
        assert!(off.contains("It failed for 5 days") && off.contains(r#"value="enable""#) && off.contains("/delete"));
    }

    #[test]
    fn a_secret_is_shown_where_it_was_made_alone() {
        let secret = SecretString::from("whsec_once");
        let made = Some(Made { title: "Made", text: "Copy it.", secret });
        assert!(shown(Data { made, endpoints: vec![endpoint()], ..Data::default() }).contains("whsec_once"));
        assert!(!shown(Data { endpoints: vec![endpoint()], ..Data::default() }).contains("whsec_"));
    }

    #[test]
    fn what_was_typed_stays_beside_what_is_wrong_with_it() {
        let typed = Typed {
            url: "http://example.org",
            events: vec![Event::CallbackDue],
            wrong: Some(Wrong::Url("The address begins with https://.")),
        };
        let page = shown(Data { typed, ..Data::default() });
        assert!(page.contains(r#"aria-describedby="url-error""#) && page.contains(r#"value="http://example.org""#));
        assert!(page.contains(r#"value="callback.due" checked"#), "{page}");
    }

    #[test]
    fn the_log_says_what_became_of_each_message() {
        let at = "2026-11-19T08:00:00Z".parse().unwrap();
        let item = LogItem {
            message_id: MessageId(uuid::Uuid::from_u128(5)),
            event: "session.analyzed".to_owned(),
            state: MessageState::Failed,
            status_code: Some(500),
            last_error: Some("the receiver answered 500 Internal Server Error".to_owned()),
            n_attempts: 12,
            created_at: at,
            sent_at: None,
            next_at: None,
        };
        let log = |item: LogItem| shown(Data { shown: Some(endpoint()), log: vec![item], ..Data::default() });
        let failed = log(item.clone());
        assert!(
            failed.contains("12 attempts")
                && failed.contains("the receiver answered 500")
                && failed.contains("/replay")
        );
        let waiting = log(LogItem { state: MessageState::Waiting, next_at: Some(at), ..item });
        assert!(waiting.contains("Retrying") && !waiting.contains("/replay"));
    }
}
