//! A list of connected agents.

use maud::{Markup, html};
use storage::agent;
use storage::agent_grant::Connected;

use super::csrf;
use super::table::{Column, cell, row, table};
use crate::auth::Admin;

const COLUMNS: [Column; 5] = [("Agent", ""), ("Permissions", ""), ("Connected", ""), ("Last used", ""), ("", "")];

/// `path`: the prefix of the path of "Disconnect". `shows_people`: whether the list has agents of several people.
pub(crate) fn list(admin: &Admin, connected: &[Connected], path: &str, shows_people: bool) -> Markup {
    let rows = html! { @for agent in connected { (row(&html! {
        (cell("", html! { span.two {
            b.main { (agent.name) }
            small.mono { (agent::host(&agent.redirect_uri)) }
            @if shows_people { small { (agent.email) } }
        } }))
        (cell("full", html! { span.tags { @for scope in agent.scopes.iter() { span.tag.mono { (scope) } } } }))
        (cell("nowrap muted hide", admin.viewer.time(agent.created_at)))
        (cell("nowrap muted", html! { @if let Some(at) = agent.last_used_at { (admin.viewer.time(at)) } @else { "Never" } }))
        (cell("full", html! {
            form method="post" action={ (path) "/" (agent.agent_grant_id) "/disconnect" } {
                (csrf(admin))
                button.btn.small { "Disconnect" span.vh { " " (agent.name) } }
            }
        }))
    })) } };
    table("Connected agents", &COLUMNS, &rows)
}
