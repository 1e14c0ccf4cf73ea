//! Pausing kinds of jobs.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use queue::pause::{may_wait, set_paused};
use storage::clock;
use storage::db::{self, Db};
use storage::job::Kind;

use super::{PATH, kind_words};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::csrf;
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice};

pub(super) fn told(paused: &[Kind]) -> Markup {
    let names: Vec<&str> = paused.iter().map(|kind| kind_words(kind.as_str())).collect();
    html! { @if !paused.is_empty() { (notice(Tone::Warn, "Some jobs are paused", &format!("They wait until an admin ends the pause: {}.", names.join(", ")))) } }
}

/// Renders the choice for admins.
pub(super) fn form(admin: &Admin, paused: &[Kind]) -> Markup {
    html! {
        @if admin.may_manage() {
            details.data {
                summary { (icon("chevron-right")) "Pause jobs" }
                form.stack.tight method="post" action={ (PATH) "/pause" } {
                    (csrf(admin))
                    fieldset.checks {
                        legend.vh { "Kinds of jobs that are paused" }
                        @for kind in Kind::ALL.into_iter().filter(|kind| may_wait(*kind)) {
                            label.check { input type="checkbox" name="kind" value=(kind.as_str()) checked[paused.contains(&kind)]; (kind_words(kind.as_str())) }
                        }
                    }
                    p.sm.muted { "Ticked kinds wait, and nothing is lost. Alerts about concerns cannot be paused. Calls are not analysed while their report is not read." }
                    div { button.btn.small { "Save" span.vh { " which jobs are paused" } } }
                }
            }
        }
    }
}

pub(crate) async fn save(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    let is_chosen = |kind: &Kind| posted.fields.all("kind").any(|name| name == kind.as_str());
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(is_chosen).collect();
    let mut tx = db::begin(&db).await?;
    set_paused(&mut tx, &admin.caller, &kinds, clock::now()).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(PATH).into_response())
}
