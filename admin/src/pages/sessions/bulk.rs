//! Requests a new analysis of the ticked sessions.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use queue::retry::{self, Reanalysis};
use storage::clock;
use storage::db::{self, Db};
use storage::id::SessionId;

use super::PATH;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::Place;
use crate::parts::pager::PAGE;
use crate::parts::question::{Question, question};

/// Up to this number, no confirmation is needed.
const HANDFUL: usize = 5;

/// Returns the ticked sessions. Fails if one of the ids is invalid.
pub(crate) async fn run_again(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let ids: Result<Vec<SessionId>, _> = posted.fields.all("id").map(str::parse).collect();
    let ids = ids.map_err(|_| {
        Fault::Invalid("The id of a ticked session is not valid. Reload the page and try again.".to_owned())
    })?;
    if ids.is_empty() || ids.len() > PAGE as usize {
        return Err(Fault::Invalid(format!("Tick 1 to {PAGE} sessions of the list first.")));
    }
    let back = posted.fields.text("back");
    if ids.len() > HANDFUL && posted.fields.text("confirmed") != "yes" {
        return Ok(confirm(admin, &ids, back).into_response());
    }
    let now = clock::now();
    let mut tx = db::begin(&db).await?;
    let mut n_asked = 0;
    for session_id in ids {
        let mut admin = admin.clone();
        admin.open_session(&db, session_id).await?;
        // A call in progress cannot be analysed. It is left out, and the count is lower.
        if retry::reanalyze(&mut tx, &admin.caller, session_id, now).await? != Reanalysis::NoReport {
            n_asked += 1;
        }
    }
    db::commit(tx).await?;
    let sign = if back.is_empty() { "" } else { "&" };
    // Only the query comes from the form, so this redirects to our own list.
    Ok(Redirect::to(&format!("{PATH}?{}{sign}asked={n_asked}", clean(back))).into_response())
}

/// Asks for a confirmation, because each session costs a model call.
fn confirm(admin: &Admin, ids: &[SessionId], back: &str) -> Markup {
    let title = format!("Run {} again?", figures::counted(ids.len() as i64, "session", "sessions"));
    let asked = Question {
        title: &title,
        text: "Each session is analysed again. If a language model is set up, it reads each one, at the same cost as the first time. The present results stay until then.",
        action: &format!("{PATH}/run-again"),
        button: ("btn primary", "Run again"),
        keep: (&format!("{PATH}?{}", clean(back)), "Cancel"),
    };
    let hidden = html! {
        input type="hidden" name="confirmed" value="yes";
        input type="hidden" name="back" value=(back);
        @for id in ids { input type="hidden" name="id" value=(id); }
    };
    question(admin, Place::Sessions, &asked, &hidden)
}

fn clean(query: &str) -> String {
    query.chars().filter(char::is_ascii_graphic).take(2_000).collect()
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn more_than_a_handful_is_asked_about_with_their_number() {
        let ids: Vec<SessionId> = (1..=6).map(|n| SessionId(uuid::Uuid::from_u128(n))).collect();
        let shown = confirm(&Admin::sample(Role::Tutor), &ids, "status=analyzed").into_string();
        assert!(shown.contains("Run 6 sessions again?") && shown.contains(r#"name="confirmed" value="yes""#));
        assert_eq!(shown.matches(r#"name="id""#).count(), 6);
        assert!(shown.contains(r#"href="/sessions?status=analyzed""#), "{shown}");
    }
}
