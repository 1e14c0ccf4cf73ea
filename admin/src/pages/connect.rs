//! The consent page for agents: which program asks, for which rights, and the person's answer. It is the authorization
//! endpoint of OAuth 2.1. The person signs in first.
//!
//! **Invariant:** the browser is redirected only to an address that the program registered, and only after the person
//! chose.

mod request;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::REFRESH;
use http::{HeaderValue, StatusCode};
use maud::{Markup, html};
use secrecy::ExposeSecret;
use storage::access::{Reach, Scope, ScopeSet};
use storage::agent::{self, Agent};
use storage::{agent_grant, clock};

use self::request::Params;
use crate::Dashboard;
use crate::act::Act;
use crate::agent_document::is_address;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::pages::clients::scope_words;
use crate::parts::csrf;
use crate::parts::notice::{Tone, notice};

/// The request that a person decides on.
#[derive(Debug)]
struct Question {
    params: Params,
    agent: Agent,
    scopes: ScopeSet,
}

impl Question {
    /// Reads the query. `Err`: the error page.
    async fn read(dashboard: &Dashboard, admin: &Admin, query: &str) -> Result<Result<Self, Response>, Fault> {
        let params = Params::parse(query);
        let agent = find(dashboard, &params.client_id).await?;
        if !agent.allows(&params.redirect_uri) {
            let why = "The program uses a return address that it did not register. Nothing was allowed.";
            return Err(Fault::Invalid(why.to_owned()));
        }
        let resource = format!("{}/mcp", issuer(dashboard));
        match params.check(&resource, admin.role.scopes()) {
            Ok(scopes) => Ok(Ok(Self { params, agent, scopes })),
            Err((error, why)) => {
                let back = params.back(issuer(dashboard), &[("error", error), ("error_description", why)]);
                let shown = render_wrong(admin, &agent, why, &back.ok_or(Fault::Internal)?);
                Ok(Err((StatusCode::BAD_REQUEST, shown).into_response()))
            }
        }
    }
}

/// Returns the program with that id: registered here, or described by the document at its id.
async fn find(dashboard: &Dashboard, client_id: &str) -> Result<Agent, Fault> {
    if is_address(client_id) {
        return dashboard.documents.fetch(client_id).await.map_err(|why| Fault::Invalid(why.words().to_owned()));
    }
    let found = agent::find_agent(&dashboard.db, client_id).await?;
    let unknown = "The program that sent you here is not registered, or its registration expired after a day without use. Remove this service there, \
                   and add it again.";
    found.ok_or_else(|| Fault::Invalid(unknown.to_owned()))
}

/// The issuer, as the metadata of `mcp-server` names it.
fn issuer(dashboard: &Dashboard) -> &str {
    dashboard.connections.public_url.trim_end_matches('/')
}

pub(crate) async fn get(
    admin: Admin,
    State(dashboard): State<Dashboard>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let query = query.unwrap_or_default();
    match Question::read(&dashboard, &admin, &query).await? {
        Ok(question) => Ok(render(&admin, &question, &query, None).into_response()),
        Err(wrong) => Ok(wrong),
    }
}

/// Needs a fresh password, so that an unattended browser cannot connect an agent.
pub(crate) async fn post(
    State(dashboard): State<Dashboard>,
    RawQuery(query): RawQuery,
    posted: Posted,
) -> Result<Response, Fault> {
    let (admin, query) = (&posted.admin, query.unwrap_or_default());
    let question = match Question::read(&dashboard, admin, &query).await? {
        Ok(question) => question,
        Err(wrong) => return Ok(wrong),
    };
    let params = &question.params;
    if posted.fields.text("answer") != "allow" {
        let refused = [("error", "access_denied"), ("error_description", "the person refused")];
        return send_back(admin, &question.agent, "was not connected", params.back(issuer(&dashboard), &refused));
    }
    posted.require_fresh(&dashboard.db).await?;
    let chosen: ScopeSet = posted.fields.all("scope").filter_map(|scope| scope.parse::<Scope>().ok()).collect();
    let scopes = chosen.intersection(question.scopes);
    if scopes.is_empty() {
        let error = Some("Choose at least one permission, or refuse.");
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(admin, &question, &query, error)).into_response());
    }
    let now = clock::now();
    let mut act = Act::begin(&dashboard.db, admin).await?;
    if is_address(&params.client_id) {
        agent::upsert_published(&mut *act, &question.agent, now).await?;
    }
    let code = agent_grant::insert_grant(&mut *act, admin.admin_user_id, params.allowed(scopes), now).await?;
    let object = format!("agent:{}", params.client_id);
    let detail = serde_json::json!({ "scope": scopes.to_string() });
    act.commit("agent.allow", Some(object), detail).await?;
    let back = params.back(issuer(&dashboard), &[("code", code.expose_secret())]);
    send_back(admin, &question.agent, "is connected", back)
}

/// Renders a page that forwards to the program. A redirect does not work: browsers apply the form policy, which allows
/// only this host.
fn send_back(admin: &Admin, agent: &Agent, what: &str, back: Option<String>) -> Result<Response, Fault> {
    let back = back.ok_or(Fault::Internal)?;
    let refresh = HeaderValue::from_str(&format!("0; url={back}")).map_err(|_| Fault::Internal)?;
    let title = format!("“{}” {what}", agent.name);
    let shown = page(
        admin,
        Place::Account,
        &title,
        html! {
            div.stack {
                div.head { div { h1 { (title) } p { "You return to the program now." } } }
                div { a.btn.primary href=(back) { "Return to " (agent::host(&back)) } }
            }
        },
    );
    Ok(([(REFRESH, refresh)], shown).into_response())
}

fn render_wrong(admin: &Admin, agent: &Agent, why: &str, back: &str) -> Markup {
    let title = format!("“{}” sent a request that does not work here", agent.name);
    page(
        admin,
        Place::Account,
        &title,
        html! {
            div.stack {
                div.head { div { h1 { (title) } p { "Nothing was allowed. The reason, for the maker of the program: " (why) "." } } }
                div { a.btn href=(back) { "Return to " (agent::host(back)) } }
            }
        },
    )
}

fn render(admin: &Admin, question: &Question, query: &str, error: Option<&str>) -> Markup {
    let Question { agent, params, scopes } = question;
    let host = agent::host(&params.redirect_uri);
    let title = format!("Connect “{}”?", agent.name);
    page(
        admin,
        Place::Account,
        &title,
        html! {
            div.stack {
                div.head { div { h1 { (title) } p { "This program wants to read and act for you, as " (admin.email) "." } } }
                @if let Some(error) = error { (notice(Tone::Bad, error, "")) }
                (notice(Tone::Warn, "This program is unverified", "It chose its own name. Allow it only if you started this a moment ago and know the address below."))
                form.card method="post" action={ "/connect?" (query) } {
                    div.body.stack {
                        (csrf(admin))
                        p { "Your browser returns to " b.mono { (host) } "." }
                        @if is_address(&agent.client_id) { p { "It describes itself at " span.mono { (agent.client_id) } "." } }
                        fieldset.field {
                            legend.label { "Permissions" }
                            div.scopes { @for scope in scopes.iter() { span.check {
                                // Rights with lasting effects are off by default.
                                input type="checkbox" id={ "scope-" (scope) } name="scope" value=(scope) checked[scope != Scope::StudentsErase];
                                label for={ "scope-" (scope) } { (scope_words(scope)) " " code { (scope) } }
                            } } }
                        }
                        p { (reach_words(admin)) " Data that it reads leaves this service. The audit log names you and the program." }
                        p.sm.muted { "It stays connected until you disconnect it on your account page, change your password, or do not use it for 30 days. The maximum is 180 days." }
                    }
                    footer {
                        button.btn.primary name="answer" value="allow" { "Allow" }
                        button.btn name="answer" value="refuse" { "Refuse" }
                    }
                }
            }
        },
    )
}

fn reach_words(admin: &Admin) -> String {
    match &admin.caller.reach {
        Reach::Cohorts(cohorts) if cohorts.is_empty() => "It can access no students, because you see none.".to_owned(),
        Reach::Cohorts(cohorts) => format!("It can access the students of {}, as you can.", cohorts.join(", ")),
        _ => "It can access all students, as you can.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn a_person_sees_who_asks_where_they_return_and_what_is_asked() {
        let params = Params::parse("client_id=agent_1&redirect_uri=https://agent.example/back");
        let agent = Agent {
            client_id: "agent_1".to_owned(),
            name: "<b>Claude</b>".to_owned(),
            redirect_uris: vec!["https://agent.example/back".to_owned()],
        };
        let question = Question { params, agent, scopes: Role::Admin.scopes() };
        let shown = render(&Admin::sample(Role::Admin), &question, "client_id=agent_1&x=\"", None).into_string();
        assert!(shown.contains("&lt;b&gt;Claude") && !shown.contains("<b>Claude"), "{shown}");
        assert!(shown.contains("agent.example") && shown.contains("unverified"));
        assert!(
            shown.contains(r#"value="students:read" checked"#) && !shown.contains(r#"value="students:erase" checked"#)
        );
        assert!(shown.contains("x=&quot;"), "the query is text");
    }
}
