//! How much the tools of one call may write, so that a caller cannot flood a child's records.

use storage::db::Db;
use storage::id::StudentId;
use storage::session::{self, Written};

use super::{Outcome, ToolContext, ToolError};

/// More answers than a long lesson has.
const MAX_EVIDENCE: i64 = 100;
const MAX_NOTES: i64 = 20;
const MAX_CALLBACKS: i64 = 5;

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Evidence,
    Note,
    Callback,
}

/// Refuses if the call has written enough of the kind; outside a call, if the client has within a day.
pub(super) async fn check(db: &Db, ctx: ToolContext<'_>, student_id: StudentId, kind: Kind) -> Result<(), ToolError> {
    let Written { n_evidence, n_notes, n_callbacks } =
        session::count_written(db, ctx.caller, student_id, ctx.now).await?;
    let is_enough = match kind {
        Kind::Evidence => n_evidence >= MAX_EVIDENCE,
        Kind::Note => n_notes >= MAX_NOTES,
        Kind::Callback => n_callbacks >= MAX_CALLBACKS,
    };
    let say = "Not done: this call has written enough of this kind. Continue without it.";
    if is_enough { Err(ToolError::new(Outcome::Refused, say)) } else { Ok(()) }
}
