//! When one student may be called.

use chrono::{DateTime, Utc};

use super::get_settings;
use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{Connection, Db, Error, Executor, Result};
use crate::id::StudentId;
use crate::student;
use domain::calling::Availability;

/// Returns when the student may be called. Needs `students:read`.
pub async fn get_availability(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Availability> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    find(db, student_id).await?.ok_or(Error::NotFound("student"))
}

async fn find(db: impl Executor<'_>, student_id: StudentId) -> Result<Option<Availability>> {
    let row = sqlx::query!(
        "select calls_from, calls_until, calls_quiet_weekdays, calls_quiet_days, calls_a_week
         from students where student_id = $1",
        student_id as StudentId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Availability {
        hours: row.calls_from.zip(row.calls_until),
        quiet_weekdays: row.calls_quiet_weekdays,
        quiet_days: row.calls_quiet_days,
        a_week: row.calls_a_week,
    }))
}

/// Changes when the student may be called, and records it. Needs `students:write`.
pub async fn set_availability(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    of: &Availability,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    let (from, until) = of.hours.unzip();
    let changed = sqlx::query!(
        "update students set calls_from = $2, calls_until = $3, calls_quiet_weekdays = $4, calls_quiet_days = $5,
             calls_a_week = $6, updated_at = $7
         where student_id = $1",
        student_id as StudentId,
        from,
        until,
        &of.quiet_weekdays,
        &of.quiet_days,
        of.a_week,
        now,
    )
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Error::NotFound("student"));
    }
    super::forget_planned(tx, student_id).await?;
    // Calls that waited for other hours are looked at again.
    sqlx::query!(
        "update outbound_calls set look_at = greatest(due_at, $2) where student_id = $1 and state = 'planned'",
        student_id as StudentId,
        now,
    )
    .execute(&mut *tx)
    .await?;
    let detail = serde_json::json!({
        "from": from, "until": until, "quiet_weekdays": of.quiet_weekdays, "quiet_days": of.quiet_days,
        "calls_a_week": of.a_week,
    });
    audit::insert_entry(tx, caller, "student.availability", Some(&format!("student:{student_id}")), &detail, now).await
}

/// Returns the first moment from `at` on at which the tutor may call the student. `None`: on no day of a year. Needs
/// `calls:write`.
pub async fn next_open(
    db: &Db,
    caller: &Caller,
    student_id: StudentId,
    at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    caller.require_for(Scope::CallsWrite, student_id)?;
    let availability = find(db, student_id).await?.ok_or(Error::NotFound("student"))?;
    let zone = student::zone(db, student_id).await?;
    Ok(get_settings(db).await?.hours.narrowed(&availability).next_open(zone, at))
}
