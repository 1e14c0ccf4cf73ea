//! The register: who asked for an erasure and when, and how much was deleted. It holds numbers and days, no personal data, and
//! outlives what was erased.

use chrono::NaiveDate;
use strum::{EnumString, IntoStaticStr};

use crate::access::{Caller, Scope};
use crate::db::{Connection, Result};
use crate::id::{ErasureId, StudentId};

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, EnumString, IntoStaticStr)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum AskedBy {
    Guardian,
    Student,
    School,
    Other,
}

impl AskedBy {
    pub const ALL: [Self; 4] = [Self::Guardian, Self::Student, Self::School, Self::Other];

    /// The name in forms and in the database.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// Records who asked for an erasure, and on which day. Needs `students:erase`.
pub async fn set_asked(
    tx: &mut Connection,
    caller: &Caller,
    erasure_id: ErasureId,
    (by, on): (AskedBy, NaiveDate),
) -> Result<()> {
    caller.has(Scope::StudentsErase)?;
    sqlx::query!(
        "update erasures set asked_by = $2, asked_on = $3 where erasure_id = $1",
        erasure_id as ErasureId,
        by as AskedBy,
        on,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Counts what is about to be deleted: the calls, and all of the student who leaves.
pub(super) async fn count(
    tx: &mut Connection,
    erasure_id: ErasureId,
    leaving: Option<StudentId>,
    call_ids: &[String],
) -> Result<()> {
    sqlx::query!(
        "with erased as materialized (select session_id, recording_url from sessions where call_id = any($3))
         update erasures set counts = jsonb_build_object(
             'students', (select count(*) from students where student_id = $2),
             'phones', (select count(*) from student_phones where student_id = $2),
             'calls', (select count(*) from erased),
             'recordings', (select count(recording_url) from erased),
             'turns', (select count(*) from erased join turns using (session_id)),
             'answers', (select count(*) from (
                 select evidence_id from evidence where student_id = $2
                 union select e.evidence_id from erased join evidence e using (session_id)) a),
             'facts', (select count(*) from (
                 select fact_id from facts where student_id = $2
                 union select f.fact_id from erased join facts f using (session_id)) a),
             'notes', (select count(*) from (
                 select note_id from notes where student_id = $2
                 union select n.note_id from erased join notes n using (session_id)) a),
             'follow_ups', (select count(*) from (
                 select follow_up_id from follow_ups where student_id = $2
                 union select f.follow_up_id from erased join follow_ups f using (session_id)) a),
             'placed_calls', (select count(*) from outbound_calls where student_id = $2),
             'reports', (select count(*) from guardian_reports where student_id = $2))
         where erasure_id = $1",
        erasure_id as ErasureId,
        leaving as Option<StudentId>,
        call_ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}
