//! Saying that a follow-up is done, from whichever page shows it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use shared::db::{self, Db};
use shared::id::FollowUpId;
use shared::{audit, clock, follow_up};

use crate::auth;
use crate::fault::Fault;
use crate::form::Posted;

pub(crate) async fn done(
    State(db): State<Db>,
    Path(follow_up_id): Path<FollowUpId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let now = clock::now();
    let mut tx = db::begin(&db).await?;
    follow_up::close_follow_up(&mut tx, &admin.caller, follow_up_id, now).await?;
    let (object, nothing) = (format!("follow_up:{follow_up_id}"), serde_json::json!({}));
    audit::insert_entry(&mut *tx, &admin.caller, "follow_up.close", Some(&object), &nothing, now).await?;
    tx.commit().await.map_err(shared::db::Error::from)?;
    Ok(Redirect::to(auth::safe_next(posted.fields.raw("back"))).into_response())
}
