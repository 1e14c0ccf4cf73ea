//! Marks the reasons why a student needs a person as handled.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use storage::db::{self, Db};
use storage::id::StudentId;
use storage::{attention, clock};

use crate::fault::Fault;
use crate::form::Posted;
use crate::pages::today;

pub(crate) async fn handled(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let mut tx = db::begin(&db).await?;
    attention::mark_handled(&mut tx, &posted.admin.caller, student_id, clock::now()).await?;
    db::commit(tx).await?;
    let back = match posted.fields.text("back") {
        today::PATH => today::PATH.to_owned(),
        _ => format!("/students/{student_id}"),
    };
    Ok(Redirect::to(&back).into_response())
}
