//! The question before a person's access changes: what ends, and the sign-ins and agents that end with it.

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use storage::admin_login::{self, LoginItem};
use storage::admin_user;
use storage::agent_grant::{self, Connected};
use storage::db::Db;
use storage::id::AdminUserId;

use super::PATH;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::{Place, page};
use crate::pages::account::browser;
use crate::parts::csrf;
use crate::parts::table::{Column, cell, row, table};

/// The last part of the address that the answer is posted to, the button, and what it does.
struct Step {
    path: &'static str,
    button: &'static str,
    means: &'static str,
    ends_logins: bool,
}

const STEPS: [Step; 4] = [
    Step {
        path: "disabled",
        button: "Disable access",
        means: "They cannot sign in until you enable their access again. Notes and marks stay, with their name.",
        ends_logins: true,
    },
    Step {
        path: "sign-out",
        button: "Sign out",
        means: "They can sign in again. Use it if a device was lost.",
        ends_logins: true,
    },
    Step {
        path: "two-step-off",
        button: "Turn off two-step sign-in",
        means: "Their authenticator app, passkeys and recovery codes no longer work. They set up new ones after they sign in.",
        ends_logins: true,
    },
    Step {
        path: "link",
        button: "New link",
        means: "You get a link to send to them. With it they choose a new password. Their old password works until then.",
        ends_logins: false,
    },
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    step: String,
}

/// What ends.
struct Ending {
    email: String,
    logins: Vec<LoginItem>,
    agents: Vec<Connected>,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Path(admin_user_id): Path<AdminUserId>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let step = STEPS.iter().find(|step| step.path == asked.step).ok_or(Fault::NotFound("page"))?;
    let users = admin_user::list_users(&db).await?;
    let user = users.into_iter().find(|user| user.admin_user_id == admin_user_id).ok_or(Fault::NotFound("user"))?;
    let ending = Ending {
        email: user.email,
        logins: admin_login::list_logins(&db, admin_user_id, admin.viewer.now).await?,
        agents: agent_grant::list_connected(&db, Some(admin_user_id), admin.viewer.now).await?,
    };
    Ok(render(&admin, admin_user_id, step, &ending))
}

const COLUMNS: [Column; 3] = [("Browser or agent", ""), ("Since", ""), ("Last used", "")];

fn render(admin: &Admin, admin_user_id: AdminUserId, step: &Step, ending: &Ending) -> Markup {
    let time = |at| admin.viewer.time(at);
    let rows = html! {
        @for login in &ending.logins { (row(&html! {
            (cell("", html! { span.main { (browser(login.user_agent.as_deref().unwrap_or_default())) } }))
            (cell("nowrap muted end", time(login.created_at)))
            (cell("nowrap muted end", time(login.last_seen_at)))
        })) }
        @for agent in &ending.agents { (row(&html! {
            (cell("", html! { span.main { (agent.name) } }))
            (cell("nowrap muted end", time(agent.created_at)))
            (cell("nowrap muted end", html! { @if let Some(at) = agent.last_used_at { (time(at)) } @else { "Not used yet" } }))
        })) }
    };
    page(
        admin,
        Place::Users,
        step.button,
        html! {
            div.stack {
                div.head { div { h1 { (step.button) ": " (ending.email) "?" } p { (step.means) } } }
                @if step.ends_logins { section.card aria-labelledby="ends" {
                    header { h2 id="ends" { "These sign-ins end" } }
                    @if ending.logins.is_empty() && ending.agents.is_empty() { div.body { p.muted { "None. This person is not signed in." } } }
                    @else { (table("Sign-ins that end", &COLUMNS, &rows)) }
                } }
                form.row method="post" action={ (PATH) "/" (admin_user_id) "/" (step.path) } {
                    (csrf(admin))
                    input type="hidden" name="disabled" value="yes";
                    button.btn.danger { (step.button) }
                    a.btn href=(PATH) { "Cancel" }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn what_ends_is_listed_before_it_ends() {
        let admin = Admin::sample(Role::Admin);
        let now = admin.viewer.now;
        let user_agent = Some("Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36".to_owned());
        let login = LoginItem { login_hash: vec![1], user_agent, created_at: now, last_seen_at: now };
        let shown = |step: &Step, logins: Vec<LoginItem>| {
            let ending = Ending { email: "ada@example.org".to_owned(), logins, agents: Vec::new() };
            render(&admin, AdminUserId(uuid::Uuid::from_u128(2)), step, &ending).into_string()
        };
        let of = |path: &str| STEPS.iter().find(|step| step.path == path).unwrap();
        let disable = shown(of("disabled"), vec![login.clone()]);
        assert!(
            disable.contains("Disable access: ada@example.org?") && disable.contains("Chrome on Linux"),
            "{disable}"
        );
        assert!(disable.contains("-000000000002/disabled\""), "{disable}");
        assert!(shown(of("sign-out"), Vec::new()).contains("This person is not signed in"));
        assert!(!shown(of("link"), vec![login]).contains("Chrome on Linux"), "a new link ends no sign-in");
    }
}
