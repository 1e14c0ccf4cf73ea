//! Calls that the tutor places: callbacks, and the regular calls of a student. [`domain::calling`] has the rules.

mod availability;
mod place;
mod settings;

use chrono::{DateTime, NaiveDate, Utc};

pub use self::availability::{get_availability, next_open, set_availability};
pub use self::place::{
    CALLBACK_EXPIRES, Heard, InFlight, Next, Placing, REGULAR_EXPIRES, cancel_regular, expire, hear, mark_failed,
    mark_placed, next, plan_calls, release, take_in_flight,
};
pub use self::settings::{Obstacle, Settings, Way, find_way, get_settings, set_settings, set_stopped};
pub use crate::id::OutboundCallId;

use crate::access::{Caller, Scope, Whose};
use crate::audit;
use crate::db::{self, Connection, Error, Executor, Result};
use crate::id::{FollowUpId, SessionId, StudentId};
use domain::calling::{Outcome, Plan, Reason};

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    Planned,
    /// Sent to VAPI, or about to be.
    Placing,
    /// VAPI placed it.
    Placed,
    Ended,
    /// A person stopped it.
    Stopped,
    /// It was not placed in time, or could not be.
    Missed,
}

/// One attempt at a call.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundCall {
    pub outbound_call_id: OutboundCallId,
    pub student_id: StudentId,
    pub student_name: String,
    pub follow_up_id: Option<FollowUpId>,
    /// Of a regular call: its day in the student's zone.
    pub plan_on: Option<NaiveDate>,
    pub attempt: i16,
    pub state: State,
    pub due_at: DateTime<Utc>,
    /// When it is looked at next.
    pub look_at: DateTime<Utc>,
    pub reason: Option<Reason>,
    pub outcome: Option<Outcome>,
    pub placing_at: Option<DateTime<Utc>>,
    /// Where the call can be read.
    pub session_id: Option<SessionId>,
    /// Who stopped it. A call that is placed lasts until VAPI says that it ended.
    pub stopped_by: Option<String>,
}

impl OutboundCall {
    /// Whether it is placed now.
    pub fn is_calling(&self) -> bool {
        matches!(self.state, State::Placing | State::Placed)
    }

    /// Whether a person can still stop it.
    pub fn can_be_stopped(&self) -> bool {
        self.state == State::Planned || self.is_calling() && self.stopped_by.is_none()
    }
}

impl std::fmt::Debug for OutboundCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboundCall").field("outbound_call_id", &self.outbound_call_id).finish_non_exhaustive()
    }
}

/// Those who place calls, and those who stop them, come one after the other.
async fn lock(tx: &mut Connection) -> Result<()> {
    db::lock_name(tx, "outbound calls").await
}

/// Which calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are to come, or last: the next one first.
    Open,
    /// The others: the newest first.
    Over,
}

/// Calls, due from the first moment on and before the second one, if they are given. Needs `students:read`.
pub async fn list_calls(
    db: impl Executor<'_>,
    caller: &Caller,
    whose: &Whose,
    which: Which,
    due: Option<(DateTime<Utc>, DateTime<Utc>)>,
    limit: i64,
) -> Result<Vec<OutboundCall>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let (from, until) = due.unzip();
    let rows = sqlx::query!(
        r#"select o.outbound_call_id as "outbound_call_id: OutboundCallId", o.student_id as "student_id: StudentId",
               st.display_name, o.follow_up_id as "follow_up_id: FollowUpId", o.plan_on, o.attempt,
               o.state as "state: State", o.due_at, o.look_at, o.reason, o.outcome, o.placing_at,
               s.session_id as "session_id?: SessionId", o.stopped_by
           from outbound_calls o join students st on st.student_id = o.student_id
           left join sessions s on s.call_id = o.call_id
           where (o.state in ('planned', 'placing', 'placed')) = $1 and ($2::uuid is null or o.student_id = $2)
             and ($3::text[] is null or st.cohort = any($3)) and ($5::text[] is null or st.cohort = any($5))
             and o.due_at >= coalesce($6::timestamptz, '-infinity') and o.due_at < coalesce($7::timestamptz, 'infinity')
           order by case when $1 then o.due_at end, o.due_at desc, o.outbound_call_id
           limit $4"#,
        which == Which::Open,
        whose.student_id as Option<StudentId>,
        cohorts as Option<&[String]>,
        limit,
        whose.cohorts.as_deref() as Option<&[String]>,
        from,
        until,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OutboundCall {
            outbound_call_id: row.outbound_call_id,
            student_id: row.student_id,
            student_name: row.display_name,
            follow_up_id: row.follow_up_id,
            plan_on: row.plan_on,
            attempt: row.attempt,
            state: row.state,
            due_at: row.due_at,
            look_at: row.look_at,
            reason: row.reason.and_then(|reason| Reason::find(&reason)),
            outcome: row.outcome.and_then(|outcome| Outcome::find(&outcome)),
            placing_at: row.placing_at,
            session_id: row.session_id,
            stopped_by: row.stopped_by,
        })
        .collect())
}

/// How the calls for a follow-up went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub follow_up_id: FollowUpId,
    /// When the next one is placed.
    pub next_at: Option<DateTime<Utc>>,
    /// Attempts without an answer.
    pub n_unanswered: i64,
    /// Whether a call lasts.
    pub is_on_call: bool,
    /// The call that lasts, if a person can still stop it.
    pub stoppable: Option<OutboundCallId>,
    /// Why the last one was not placed.
    pub missed: Option<Reason>,
    pub is_stopped: bool,
}

/// Returns how the calls for these follow-ups went; of a follow-up without a call nothing. Needs `students:read`.
pub async fn list_tried(db: impl Executor<'_>, caller: &Caller, follow_up_ids: &[FollowUpId]) -> Result<Vec<Tried>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let rows = sqlx::query!(
        r#"select o.follow_up_id as "follow_up_id!: FollowUpId",
               min(greatest(o.due_at, o.look_at)) filter (where o.state = 'planned') as next_at,
               count(*) filter (where o.state = 'ended' and o.outcome <> 'answered') as "n_unanswered!",
               coalesce(bool_or(o.state in ('placing', 'placed')), false) as "is_on_call!",
               (array_agg(o.outbound_call_id) filter (where o.state in ('placing', 'placed') and o.stopped_by is null))[1]
                   as "stoppable: OutboundCallId",
               (array_agg(o.reason order by o.attempt desc) filter (where o.state = 'missed'))[1] as missed,
               coalesce(bool_or(o.state = 'stopped'), false) as "is_stopped!"
           from outbound_calls o join students st on st.student_id = o.student_id
           where o.follow_up_id = any($1) and ($2::text[] is null or st.cohort = any($2))
           group by o.follow_up_id"#,
        follow_up_ids as &[FollowUpId],
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Tried {
            follow_up_id: row.follow_up_id,
            next_at: row.next_at,
            n_unanswered: row.n_unanswered,
            is_on_call: row.is_on_call,
            stoppable: row.stoppable,
            missed: row.missed.and_then(|reason| Reason::find(&reason)),
            is_stopped: row.is_stopped,
        })
        .collect())
}

/// Stops a planned call, or requests the end of one that is placed, and records it. A worker asks VAPI to end it. No further
/// attempt follows, and the callback stays open, for a person. [`Error::NotFound`]: it is over, or was stopped before. Needs
/// `calls:write`.
pub async fn stop(
    tx: &mut Connection,
    caller: &Caller,
    outbound_call_id: OutboundCallId,
    now: DateTime<Utc>,
) -> Result<StudentId> {
    let cohorts = caller.require_within(Scope::CallsWrite)?;
    let row = sqlx::query!(
        r#"update outbound_calls o set state = case state when 'planned' then 'stopped' else state end, stopped_by = $2,
               look_at = case state when 'placed' then $4 else look_at end
           where outbound_call_id = $1 and state in ('planned', 'placing', 'placed') and stopped_by is null
             and ($3::text[] is null
                 or exists (select 1 from students st where st.student_id = o.student_id and st.cohort = any($3)))
           returning student_id as "student_id: StudentId", state as "state: State""#,
        outbound_call_id as OutboundCallId,
        caller.actor.to_string(),
        cohorts as Option<&[String]>,
        now,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("open call"))?;
    let detail = serde_json::json!({ "outbound_call": outbound_call_id, "was_placed": row.state != State::Stopped });
    let object = format!("student:{}", row.student_id);
    audit::insert_entry(tx, caller, "outbound_call.stop", Some(&object), &detail, now).await?;
    Ok(row.student_id)
}

/// A person has seen to the callback: what is planned for it is not placed any more.
pub(crate) async fn stop_of_follow_up(tx: &mut Connection, caller: &Caller, follow_up_id: FollowUpId) -> Result<()> {
    sqlx::query!(
        "update outbound_calls set state = 'stopped', stopped_by = $2 where follow_up_id = $1 and state = 'planned'",
        follow_up_id as FollowUpId,
        caller.actor.to_string(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Returns the regular calls of a student. Needs `students:read`.
pub async fn find_plan(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Option<Plan>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    let row =
        sqlx::query!("select call_weekdays, call_time from students where student_id = $1", student_id as StudentId)
            .fetch_optional(db)
            .await?
            .ok_or(Error::NotFound("student"))?;
    Ok(row.call_weekdays.zip(row.call_time).map(|(weekdays, at)| Plan { weekdays, at }))
}

/// Changes the regular calls of a student, and records it. Needs `students:write`.
pub async fn set_plan(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    plan: Option<&Plan>,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    let changed = sqlx::query!(
        "update students set call_weekdays = $2, call_time = $3, updated_at = $4 where student_id = $1",
        student_id as StudentId,
        plan.map(|plan| &plan.weekdays[..]),
        plan.map(|plan| plan.at),
        now,
    )
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Error::NotFound("student"));
    }
    forget_planned(tx, student_id).await?;
    let detail = serde_json::json!({ "weekdays": plan.map(|plan| &plan.weekdays), "at": plan.map(|plan| plan.at) });
    audit::insert_entry(tx, caller, "student.call_plan", Some(&format!("student:{student_id}")), &detail, now).await
}

/// The plan or the zone changed: the next look of a worker plans the next regular call again.
pub(crate) async fn forget_planned(tx: &mut Connection, student_id: StudentId) -> Result<()> {
    sqlx::query!(
        "delete from outbound_calls where student_id = $1 and plan_on is not null and attempt = 1 and state = 'planned'",
        student_id as StudentId,
    )
    .execute(tx)
    .await?;
    Ok(())
}
