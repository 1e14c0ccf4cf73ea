//! Erases one session, also one without a student.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::clock;
use storage::db::{self, Db};
use storage::erasure;
use storage::id::SessionId;
use storage::session::{self, Session, SessionKey};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::pages::erasures::{asked_fields, read_asked, receipt_path};
use crate::parts::csrf;

pub(crate) async fn confirm(
    admin: Admin,
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let session = session::get_session(&db, &admin.caller, &SessionKey::Id(session_id)).await?;
    Ok(render(&admin, &session))
}

/// Needs a fresh password.
pub(crate) async fn erase(
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    posted.require_fresh(&db).await?;
    if posted.fields.text("confirmed") != "yes" {
        return Err(Fault::Invalid("Nothing was erased. Open the session and choose Erase.".to_owned()));
    }
    let asked = read_asked(&posted)?;
    let mut tx = db::begin(&db).await?;
    let erasure_id = erasure::erase_session(&mut tx, &posted.admin.caller, session_id, clock::now()).await?;
    if let Some(asked) = asked {
        erasure::set_asked(&mut tx, &posted.admin.caller, erasure_id, asked).await?;
    }
    db::commit(tx).await?;
    Ok(Redirect::to(&receipt_path(erasure_id)).into_response())
}

fn render(admin: &Admin, session: &Session) -> Markup {
    let started = admin.viewer.plain_time(session.started_at.unwrap_or(session.created_at));
    page(
        admin,
        Place::Sessions,
        "Erase a session",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Erase the session of " (started) "?" }
                    p { "The transcript, the analysis, and the notes, facts and concerns from this call are permanently deleted. The student’s levels are computed again without it." }
                } }
                form.card method="post" {
                    div.body.stack {
                        (csrf(admin))
                        input type="hidden" name="confirmed" value="yes";
                        p.sm.muted { "VAPI is asked to delete the call and its recording. The receipt shows when it has." }
                        (asked_fields(&admin.viewer))
                    }
                    footer {
                        button.btn.danger { "Erase" }
                        a.btn href={ "/sessions/" (session.session_id) } { "Keep" }
                    }
                }
            }
        },
    )
}
