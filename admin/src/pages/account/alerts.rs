//! The switch for e-mails about urgent concerns.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::db::{self, Db};
use storage::message::alert;
use storage::{audit, clock};

use super::PATH;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::csrf;

/// Renders nothing for viewers, because they cannot handle a concern.
pub(super) fn card(admin: &Admin, is_wanted: bool) -> Markup {
    html! {
        @if admin.may_write() {
            section.card aria-labelledby="alerts" {
                header { h2 id="alerts" { "Alerts" } }
                form.body.stack method="post" action={ (PATH) "/alerts" } {
                    (csrf(admin))
                    span.check {
                        input type="checkbox" id="wanted" name="wanted" value="yes" checked[is_wanted];
                        label for="wanted" { b { "Send me alerts" } br; span.sm.muted {
                            "If a child whose data you can see says something that may be about self-harm, abuse, neglect, grooming or danger, you get an e-mail to "
                            (admin.email) ". It is repeated until the concern is marked as handled."
                        } }
                    }
                    div { button.btn.primary { "Save" } }
                }
            }
        }
    }
}

pub(crate) async fn save(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let is_wanted = posted.fields.text("wanted") == "yes";
    let mut tx = db::begin(&db).await?;
    alert::set_wanted(&mut *tx, admin.admin_user_id, is_wanted).await?;
    let detail = serde_json::json!({ "wanted": is_wanted });
    audit::insert_entry(&mut *tx, &admin.caller, "admin.alerts", None, &detail, clock::now()).await?;
    tx.commit().await.map_err(db::Error::from)?;
    Ok(Redirect::to(&format!("{PATH}?done=alerts")).into_response())
}
