//! The agents that a person connected. Each can be disconnected.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::agent_grant::{self, Connected};
use storage::clock;
use storage::db::Db;
use storage::id::{AdminUserId, AgentGrantId};

use super::PATH;
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts;

/// `mcp_url`: the address to give to an agent. `None`: agents cannot be connected here.
pub(super) fn card(admin: &Admin, connected: &[Connected], mcp_url: Option<&str>) -> Markup {
    html! {
        section.card aria-labelledby="agents" {
            header {
                h2 id="agents" { "Connected agents" }
                p {
                    "Programs such as Claude that act for you. "
                    @if let Some(mcp_url) = mcp_url { "To connect one, give it the address " code { (mcp_url) } "." }
                    @else { "An operator must set " code { "ADMIN_URL" } " before people can connect them." }
                }
            }
            @if connected.is_empty() {
                div.body { p.muted { "No agents are connected." } }
            } @else {
                (parts::agent::list(admin, connected, "/account/agents", false))
            }
        }
    }
}

/// Disconnects an agent of the signed-in person.
pub(crate) async fn disconnect(
    State(db): State<Db>,
    Path(agent_grant_id): Path<AgentGrantId>,
    posted: Posted,
) -> Result<Response, Fault> {
    end(&db, &posted, agent_grant_id, Some(posted.admin.admin_user_id)).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Ends the grant if it belongs to the person `of`. `None`: a grant of any person.
pub(crate) async fn end(
    db: &Db,
    posted: &Posted,
    agent_grant_id: AgentGrantId,
    of: Option<AdminUserId>,
) -> Result<(), Fault> {
    let now = clock::now();
    let mut act = Act::begin(db, &posted.admin).await?;
    agent_grant::end(&mut *act, agent_grant_id, of, now).await?;
    let object = format!("agent_grant:{agent_grant_id}");
    act.commit("agent.disconnect", Some(object), serde_json::json!({})).await?;
    Ok(())
}
