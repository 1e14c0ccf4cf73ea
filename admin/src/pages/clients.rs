//! API clients: what each may do, and their secrets, which are shown once.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use http::StatusCode;
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use storage::access::{ClientKind, Scope, ScopeSet};
use storage::agent_grant::{self, Connected};
use storage::agent_key::{self, AgentKey};
use storage::api_client::{self, ApiClient};
use storage::clock;
use storage::db::Db;
use storage::id::{AgentGrantId, AgentKeyId};

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::pages::account;
use crate::parts;
use crate::parts::badge::badge;
use crate::parts::csrf;
use crate::parts::empty::empty;
use crate::parts::icon::{icon, icon_small};
use crate::parts::secret::shown_once;
use crate::parts::table::{Column, cell, list_table, row, table};

const PATH: &str = "/settings/clients";
const AGENTS: &str = "/settings/clients/agents";
/// How long a replaced secret still works.
const GRACE: TimeDelta = TimeDelta::hours(24);

/// A secret to show once.
#[derive(Debug)]
struct Made {
    title: String,
    text: &'static str,
    client_id: String,
    secret_name: &'static str,
    secret: SecretString,
}

/// The values that a person entered, and what is wrong with them.
#[derive(Debug)]
struct Typed<'a> {
    name: &'a str,
    kind: ClientKind,
    scopes: ScopeSet,
    wrong: Option<Wrong>,
}

#[derive(Debug)]
enum Wrong {
    Name(&'static str),
    Scopes(String),
}

impl Default for Typed<'_> {
    fn default() -> Self {
        Self { name: "", kind: ClientKind::BackOffice, scopes: [Scope::ContextRead].into_iter().collect(), wrong: None }
    }
}

impl Typed<'_> {
    fn wrong_name(&self) -> Option<&str> {
        if let Some(Wrong::Name(why)) = &self.wrong { Some(why) } else { None }
    }

    fn wrong_scopes(&self) -> Option<&str> {
        if let Some(Wrong::Scopes(why)) = &self.wrong { Some(why) } else { None }
    }
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    admin.require_manage()?;
    shown(&admin, &db, None, &Typed::default()).await
}

async fn shown(admin: &Admin, db: &Db, made: Option<&Made>, typed: &Typed<'_>) -> Result<Markup, Fault> {
    let clients = api_client::list_clients(db).await?;
    let are_stopped = api_client::are_telephones_stopped(db).await?;
    let agents = agent_grant::list_connected(db, None, admin.viewer.now).await?;
    Ok(render(admin, &clients, &agents, are_stopped, made, typed))
}

pub(crate) async fn create(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let name = posted.fields.text("name");
    let kind = posted.fields.text("kind").parse().unwrap_or(ClientKind::BackOffice);
    let scopes: Result<ScopeSet, _> = posted.fields.all("scope").map(str::parse::<Scope>).collect();
    let wrong = match &scopes {
        _ if !(1..=80).contains(&name.chars().count()) => Some(Wrong::Name("A name has 1 to 80 characters.")),
        Err(unknown) => Some(Wrong::Scopes(unknown.to_string())),
        Ok(scopes) if scopes.is_empty() => Some(Wrong::Scopes("Choose at least one thing that it may do.".to_owned())),
        Ok(_) => None,
    };
    let scopes = scopes.unwrap_or_default();
    if wrong.is_some() {
        let shown = shown(admin, &db, None, &Typed { name, kind, scopes, wrong }).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
    }
    let now = clock::now();
    let mut act = Act::begin(&db, admin).await?;
    let (client, secret) = api_client::insert_client(&mut *act, name, kind, scopes, now).await?;
    let detail = serde_json::json!({ "scope": scopes.to_string(), "kind": kind.as_str() });
    act.commit("client.create", Some(object(&client.client_id)), detail).await?;
    let made = Made {
        title: format!("Client “{name}” was made"),
        text: "Copy the secret now. It is shown once and cannot be read again; only a hash of it is stored.",
        client_id: client.client_id,
        secret_name: "Client secret",
        secret,
    };
    Ok(shown(admin, &db, Some(&made), &Typed::default()).await?.into_response())
}

pub(crate) async fn rotate(
    State(db): State<Db>,
    Path(client_id): Path<String>,
    posted: Posted,
) -> Result<Markup, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let mut act = Act::begin(&db, admin).await?;
    let secret = api_client::rotate_secret(&mut *act, &client_id, clock::now() + GRACE).await?;
    act.commit("client.rotate", Some(object(&client_id)), serde_json::json!({})).await?;
    let made = Made {
        title: "The client has a new secret".to_owned(),
        text: "Copy it now. It is shown once and cannot be read again. The old secret works for 24 more hours.",
        client_id,
        secret_name: "Client secret",
        secret,
    };
    shown(admin, &db, Some(&made), &Typed::default()).await
}

pub(crate) async fn add_key(
    State(db): State<Db>,
    Path(client_id): Path<String>,
    posted: Posted,
) -> Result<Markup, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let living = api_client::find_client(&db, &client_id).await?.filter(|client| client.revoked_at.is_none());
    let client = living.ok_or(Fault::NotFound("API client"))?;
    let mut act = Act::begin(&db, admin).await?;
    let secret = agent_key::insert_key(&mut *act, &client_id, clock::now()).await?;
    act.commit("client.key", Some(object(&client_id)), serde_json::json!({})).await?;
    let made = Made {
        title: format!("Client “{}” has an agent key", client.name),
        text: match client.kind {
            ClientKind::Telephone => {
                "For clients that can only send a fixed header, as VAPI’s MCP tool does: “Authorization: Bearer <key>”. \
                 Copy it now. It is shown once and cannot be read again."
            }
            ClientKind::BackOffice => {
                "This is a back-office client: the key can name any student. Do not give it to a voice assistant; make a \
                 telephone client for that. Copy it now. It is shown once and cannot be read again."
            }
        },
        client_id,
        secret_name: "Agent key",
        secret,
    };
    shown(admin, &db, Some(&made), &Typed::default()).await
}

/// Asks for a confirmation, because the client loses access at once.
pub(crate) async fn confirm_revoke(
    admin: Admin,
    State(db): State<Db>,
    Path(client_id): Path<String>,
) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let client = api_client::find_client(&db, &client_id).await?.ok_or(Fault::NotFound("API client"))?;
    let keys = agent_key::list_keys(&db, &client_id).await?;
    Ok(render_revoke(&admin, &client, &keys))
}

fn render_revoke(admin: &Admin, client: &ApiClient, keys: &[AgentKey]) -> Markup {
    let client_id = &client.client_id;
    let rows = html! { @for key in keys { (key_row(admin, key)) } };
    page(
        admin,
        Place::Clients,
        "Revoke a client",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Revoke “" (client.name) "”?" }
                    p { "Its secrets and agent keys stop working at once and cannot be restored. Programs that use them lose access." }
                } }
                form.row method="post" action={ (PATH) "/" (client_id) "/revoke" } {
                    (csrf(admin))
                    button.btn.danger { "Revoke" }
                    a.btn href=(PATH) { "Cancel" }
                }
                @if !keys.is_empty() {
                    section.card aria-labelledby="keys" {
                        header { h2 id="keys" { "Or only one agent key" } }
                        (table("Agent keys", &KEY_COLUMNS, &rows))
                    }
                }
            }
        },
    )
}

const KEY_COLUMNS: [Column; 4] = [("Made", ""), ("State", ""), ("Last used", ""), ("", "")];

fn key_row(admin: &Admin, key: &AgentKey) -> Markup {
    row(&html! {
        (cell("", html! { span.two { b.main { (admin.viewer.time(key.created_at)) } small.mono { (key.agent_key_id) } } }))
        (cell("end", match key.revoked_at {
            None => badge("good", "circle-check", "Active"),
            Some(_) => badge("line", "minus", "Revoked"),
        }))
        (cell("nowrap muted", html! { @if let Some(at) = key.last_used_at { (admin.viewer.time(at)) } @else { "Never" } }))
        (cell("full", html! { @if key.revoked_at.is_none() {
            form method="post" action={ (PATH) "/" (key.client_id) "/keys/" (key.agent_key_id) "/revoke" } {
                (csrf(admin))
                button.btn.small.danger { "Revoke key" span.vh { " " (key.agent_key_id) } }
            }
        } }))
    })
}

/// Revokes one agent key. The client stays.
pub(crate) async fn revoke_key(
    State(db): State<Db>,
    Path((client_id, agent_key_id)): Path<(String, AgentKeyId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut act = Act::begin(&db, &posted.admin).await?;
    agent_key::revoke_key(&mut *act, &client_id, agent_key_id, clock::now()).await?;
    let detail = serde_json::json!({ "agent_key": agent_key_id });
    act.commit("client.revoke_key", Some(object(&client_id)), detail).await?;
    Ok(Redirect::to(&format!("{PATH}/{client_id}/revoke")).into_response())
}

pub(crate) async fn revoke(
    State(db): State<Db>,
    Path(client_id): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut act = Act::begin(&db, &posted.admin).await?;
    api_client::revoke_client(&mut *act, &client_id, clock::now()).await?;
    act.commit("client.revoke", Some(object(&client_id)), serde_json::json!({})).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Disconnects an agent of any person.
pub(crate) async fn disconnect(
    State(db): State<Db>,
    Path(agent_grant_id): Path<AgentGrantId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    account::agents::end(&db, &posted, agent_grant_id, None).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Stops one client, or restarts it.
pub(crate) async fn switch(
    State(db): State<Db>,
    Path(client_id): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let is_stopped = posted.fields.text("to") == "stop";
    let mut act = Act::begin(&db, &posted.admin).await?;
    api_client::set_client_stopped(&mut *act, &posted.admin.caller, &client_id, is_stopped, clock::now()).await?;
    let action = if is_stopped { "client.stop" } else { "client.start" };
    act.commit(action, Some(object(&client_id)), serde_json::json!({})).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Stops all telephone clients and the webhook tools, or restarts them.
pub(crate) async fn switch_telephones(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let is_stopped = posted.fields.text("to") == "stop";
    let mut act = Act::begin(&db, &posted.admin).await?;
    api_client::set_telephones_stopped(&mut *act, &posted.admin.caller, is_stopped, clock::now()).await?;
    let action = if is_stopped { "client.stop" } else { "client.start" };
    act.commit(action, Some(object("all telephone clients")), serde_json::json!({})).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Returns the name of a client in the audit log.
fn object(client_id: &str) -> String {
    format!("client:{client_id}")
}

fn render(
    admin: &Admin,
    clients: &[ApiClient],
    agents: &[Connected],
    are_stopped: bool,
    made: Option<&Made>,
    typed: &Typed<'_>,
) -> Markup {
    let rows = html! { @for client in clients { (client_row(admin, client)) } };
    page(
        admin,
        Place::Clients,
        "API clients",
        html! {
            div.stack {
                div.head { div { h1 { "API clients" } p { "Programs that may call this service, and what each may do. Secrets are shown once; only hashes are stored." } }
                    div.actions { a.btn.primary href="#new" { (icon("plus")) "New client" } } }
                @if let Some(made) = made { (secret_once(made)) }
                section.card aria-label="API clients" {
                    @if clients.is_empty() {
                        (empty("key-round", "No clients yet", "Make one for each program. Then each can be revoked separately.", html! {}))
                    } @else { (list_table("API clients", &html! {}, &COLUMNS, &rows)) }
                }
                @if !agents.is_empty() {
                    section.card aria-labelledby="agents" {
                        header { h2 id="agents" { "Agents that people connected" } p { "Each acts for one person, with at most the rights of that person." } }
                        (parts::agent::list(admin, agents, AGENTS, true))
                    }
                }
                (telephones(admin, are_stopped))
                (new_client(admin, typed))
            }
        },
    )
}

/// The switch for all telephone clients.
fn telephones(admin: &Admin, are_stopped: bool) -> Markup {
    html! {
        section.card aria-labelledby="telephones" {
            header { h2 id="telephones" { "Telephone assistants" } }
            form.body.stack method="post" action={ (PATH) "/telephones" } {
                (csrf(admin))
                @if are_stopped {
                    p { "All telephone assistants are stopped. Calls are still recorded, but assistants get no data about students." }
                    input type="hidden" name="to" value="start";
                    div { button.btn.primary { "Start all telephone assistants" } }
                } @else {
                    p { "If a key is stolen or an assistant misbehaves, stop all of them. They are refused within 5 seconds; calls are still recorded." }
                    input type="hidden" name="to" value="stop";
                    div { button.btn.danger { "Stop all telephone assistants" } }
                }
            }
        }
    }
}

fn secret_once(made: &Made) -> Markup {
    let lines =
        [("made-id", "Client ID", &made.client_id[..]), ("made-secret", made.secret_name, made.secret.expose_secret())];
    shown_once(&made.title, made.text, &lines, PATH)
}

const COLUMNS: [Column; 5] = [("Client", ""), ("State", ""), ("Permissions", ""), ("Last used", ""), ("", "")];

fn client_row(admin: &Admin, client: &ApiClient) -> Markup {
    row(&html! {
        (cell("", html! { span.two { b.main { (client.name) } small.mono { (client.client_id) } small { (kind_words(client.kind)) } } }))
        (cell("end", match client.revoked_at {
            None if client.is_stopped => badge("bad", "circle-alert", "Stopped"),
            None => badge("good", "circle-check", "Active"),
            Some(_) => badge("line", "minus", "Revoked"),
        }))
        (cell("full", html! { span.tags { @for scope in client.scopes.iter() { span.tag.mono { (scope) } } } }))
        (cell("nowrap muted hide", html! { @if let Some(at) = client.last_used_at { (admin.viewer.time(at)) } @else { "Never" } }))
        (cell("full", html! { @if client.revoked_at.is_none() { div.row {
            form method="post" action={ (PATH) "/" (client.client_id) "/rotate" } { (csrf(admin)) button.btn.small { "New secret" span.vh { " for " (client.name) } } }
            form method="post" action={ (PATH) "/" (client.client_id) "/key" } { (csrf(admin)) button.btn.small { "Agent key" span.vh { " for " (client.name) } } }
            form method="post" action={ (PATH) "/" (client.client_id) "/switch" } {
                (csrf(admin))
                @if client.stopped_at.is_some() {
                    input type="hidden" name="to" value="start";
                    button.btn.small { "Start" span.vh { " " (client.name) } }
                } @else {
                    input type="hidden" name="to" value="stop";
                    button.btn.small { "Stop" span.vh { " " (client.name) } }
                }
            }
            a.btn.small.danger href={ (PATH) "/" (client.client_id) "/revoke" } { "Revoke" span.vh { " " (client.name) } }
        } } }))
    })
}

fn new_client(admin: &Admin, typed: &Typed<'_>) -> Markup {
    let (wrong_name, wrong_scopes) = (typed.wrong_name(), typed.wrong_scopes());
    html! {
        section.card aria-labelledby="new" {
            header { h2 id="new" { "New client" } }
            form.body.stack method="post" action=(PATH) {
                (csrf(admin))
                div.field.short {
                    label for="name" { "Name" }
                    input.input id="name" name="name" required maxlength="80" autocomplete="off" placeholder="Vapi production" value=(typed.name)
                        aria-invalid=[wrong_name.map(|_| "true")] aria-describedby=[wrong_name.map(|_| "name-error")];
                    (error("name-error", wrong_name))
                }
                fieldset.field {
                    legend.label { "Type" }
                    div.scopes { @for kind in [ClientKind::BackOffice, ClientKind::Telephone] {
                        span.check {
                            input type="radio" id={ "kind-" (kind.as_str()) } name="kind" value=(kind.as_str()) checked[typed.kind == kind];
                            label for={ "kind-" (kind.as_str()) } { (kind_words(kind)) " " span.muted { (kind_meaning(kind)) } }
                        }
                    } }
                }
                fieldset.field aria-describedby=[wrong_scopes.map(|_| "scope-error")] {
                    legend.label { "Permissions" }
                    (error("scope-error", wrong_scopes))
                    div.scopes { @for scope in Scope::ALL {
                        span.check {
                            input type="checkbox" id={ "scope-" (scope) } name="scope" value=(scope) checked[typed.scopes.contains(scope)];
                            label for={ "scope-" (scope) } { code { (scope) } " " span.muted { (scope_words(scope)) } }
                        }
                    } }
                }
                div { button.btn.primary { "Make client" } }
            }
        }
    }
}

fn error(id: &str, why: Option<&str>) -> Markup {
    html! { @if let Some(why) = why { p.error id=(id) role="alert" { (icon_small("circle-alert")) (why) } } }
}

fn kind_words(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Telephone => "Telephone assistant",
        ClientKind::BackOffice => "Back office",
    }
}

fn kind_meaning(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Telephone => "Gets data about the student who is calling, and no other. For VAPI.",
        ClientKind::BackOffice => "Can request data about any student. For your own apps and agents.",
    }
}

pub(crate) fn scope_words(scope: Scope) -> &'static str {
    match scope {
        Scope::ContextRead => "Read the student context",
        Scope::StudentsRead => "Read students",
        Scope::StudentsWrite => "Add and change students",
        Scope::StudentsErase => "Request that students are erased",
        Scope::SessionsRead => "Read sessions and transcripts",
        Scope::NotesWrite => "Write notes",
        Scope::CallsWrite => "Start and end calls",
        Scope::OwnRead => "Read about their own, for families",
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn a_secret_is_shown_where_it_was_made_and_in_no_list() {
        let made = Made {
            title: "Client “Vapi” was made".to_owned(),
            text: "Copy it now.",
            client_id: "client_1".to_owned(),
            secret_name: "Client secret",
            secret: SecretString::from("cs_once"),
        };
        let admin = Admin::sample(Role::Admin);
        assert!(render(&admin, &[], &[], false, Some(&made), &Typed::default()).into_string().contains("cs_once"));
        assert!(!format!("{made:?}").contains("cs_once"));
    }

    #[test]
    fn a_revoked_client_has_no_buttons() {
        let now = "2026-11-19T21:12:04Z".parse().unwrap();
        let client = ApiClient {
            client_id: "client_1".to_owned(),
            name: "Old".to_owned(),
            kind: ClientKind::Telephone,
            scopes: ScopeSet::all(),
            created_at: now,
            last_used_at: None,
            revoked_at: Some(now),
            stopped_at: None,
            is_stopped: false,
        };
        let shown = client_row(&Admin::sample(Role::Admin), &client).into_string();
        assert!(shown.contains("Revoked") && !shown.contains("/rotate"));
    }

    #[test]
    fn what_was_typed_stays_beside_what_is_wrong_with_it() {
        let scopes = [Scope::NotesWrite].into_iter().collect();
        let typed = Typed {
            name: "",
            kind: ClientKind::BackOffice,
            scopes,
            wrong: Some(Wrong::Name("A name has 1 to 80 characters.")),
        };
        let shown = new_client(&Admin::sample(Role::Admin), &typed).into_string();
        assert!(shown.contains(r#"aria-invalid="true" aria-describedby="name-error""#), "{shown}");
        assert!(shown.contains(r#"value="notes:write" checked"#) && !shown.contains(r#"value="context:read" checked"#));
        let typed = Typed { name: "Roster", wrong: Some(Wrong::Scopes("Choose one.".to_owned())), ..Typed::default() };
        assert!(new_client(&Admin::sample(Role::Admin), &typed).into_string().contains(r#"value="Roster""#));
    }
}
