//! Has the sessions that are ticked in the list analysed once more.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use shared::clock;
use shared::db::{Db, Error};
use shared::id::SessionId;
use shared::job::repair::{self, Reanalysis};

use super::PATH;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::pager::PAGE;

/// All that are ticked, or none of them.
pub(crate) async fn run_again(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let ids: Result<Vec<SessionId>, _> = posted.fields.all("id").map(str::parse).collect();
    let ids = ids.map_err(|_| Fault::Invalid("One of the ticked sessions has no id of ours.".to_owned()))?;
    if ids.is_empty() || ids.len() > PAGE as usize {
        return Err(Fault::Invalid(format!("Tick 1 to {PAGE} sessions of the list first.")));
    }
    let now = clock::now();
    let mut tx = db.begin().await.map_err(Error::from)?;
    let mut n_asked = 0;
    for session_id in ids {
        // A call that goes on has nothing to be judged: it is left out, and the count says so.
        if repair::reanalyze(&mut tx, &admin.caller, session_id, now).await? != Reanalysis::NoReport {
            n_asked += 1;
        }
    }
    tx.commit().await.map_err(Error::from)?;
    let back = posted.fields.text("back");
    let sign = if back.is_empty() { "" } else { "&" };
    // Only what stands behind the question mark comes from the form, so this leads to our own list.
    Ok(Redirect::to(&format!("{PATH}?{}{sign}asked={n_asked}", clean(back))).into_response())
}

fn clean(query: &str) -> String {
    query.chars().filter(char::is_ascii_graphic).take(2_000).collect()
}
