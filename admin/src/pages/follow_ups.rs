//! Follow-ups on the pages that show them, and the buttons that mark one as done, move it or cancel it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use storage::component_status::{self, Worker};
use storage::db::Db;
use storage::follow_up::{FollowUp, FollowUpKind, MAX_CALLBACK_AHEAD, MAX_REMINDER_AHEAD};
use storage::id::FollowUpId;
use storage::message::alert;
use storage::{clock, follow_up, outbound_call};

use crate::act::Act;
use crate::auth::{self, Admin};
use crate::fault::Fault;
use crate::form::Posted;
use crate::pages::calls;
use crate::parts::follow_up::Open;
use crate::parts::schedule::{read_moment, shows};

/// Returns the follow-ups, the people who were alerted, and the outcome of calls for them.
pub(crate) async fn with_alerts(admin: &Admin, db: &Db, list: Vec<FollowUp>) -> Result<Open, Fault> {
    let ids: Vec<FollowUpId> = list.iter().map(|item| item.follow_up_id).collect();
    let (mut tried, mut obstacle) = (Vec::new(), None);
    if list.iter().any(|item| item.kind == FollowUpKind::Callback) {
        tried = outbound_call::list_tried(db, &admin.caller, &ids).await?;
        obstacle = calls::find_obstacle(admin, db).await?;
    }
    if list.iter().all(|item| item.category.is_none_or(|category| !alert::is_urgent(category))) {
        return Ok(Open { list, tried, obstacle, ..Open::default() });
    }
    let told = alert::list_told(db, &admin.caller, &ids).await?;
    let has_mail = component_status::list(db).await?.find::<Worker>().is_some_and(|(_, worker)| worker.has_mail);
    Ok(Open { list, told, has_mail, tried, obstacle })
}

pub(crate) async fn done(
    State(db): State<Db>,
    Path(follow_up_id): Path<FollowUpId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let now = clock::now();
    let mut act = Act::begin(&db, admin).await?;
    follow_up::close_follow_up(&mut act, &admin.caller, follow_up_id, now).await?;
    act.commit("follow_up.close", Some(format!("follow_up:{follow_up_id}")), serde_json::json!({})).await?;
    Ok(Redirect::to(auth::safe_next(posted.fields.raw("back"))).into_response())
}

/// Moves or cancels a callback or a reminder.
pub(crate) async fn change(
    State(db): State<Db>,
    Path(follow_up_id): Path<FollowUpId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (admin, fields, now) = (&posted.admin, &posted.fields, clock::now());
    admin.require_write()?;
    let due = follow_up::get_due(&db, &admin.caller, follow_up_id).await?;
    let mut act = Act::begin(&db, admin).await?;
    let (action, at, detail) = if fields.text("what") == "move" {
        let ahead = if due.kind == FollowUpKind::Reminder { MAX_REMINDER_AHEAD } else { MAX_CALLBACK_AHEAD };
        let at = read_moment(fields.text("at"), due.zone, ahead, now)?;
        let moved = follow_up::move_follow_up(&mut act, &admin.caller, follow_up_id, at, now).await?;
        ("follow_up.move", at, serde_json::json!({ "follow_up_id": moved }))
    } else {
        follow_up::close_follow_up(&mut act, &admin.caller, follow_up_id, now).await?;
        ("follow_up.cancel", due.due_at, serde_json::json!({}))
    };
    let object = format!("follow_up:{follow_up_id}");
    act.commit(action, Some(object), detail).await?;
    Ok(Redirect::to(&shows(fields.raw("back"), at.with_timezone(&due.zone).date_naive())).into_response())
}
