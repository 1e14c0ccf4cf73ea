//! From the plan of a call to its end.
//!
//! **Invariant:** a row becomes `placing` in a committed transaction before VAPI is asked, and leaves it only because of what
//! VAPI said: that it placed the call, refused it, or, long after, does not know it.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{OutboundCallId, State, find_plan, get_settings, lock};
use crate::access::{Caller, Scope};
use crate::audit;
use crate::consent;
use crate::db::{self, Connection, Db, Error, Result};
use crate::follow_up::{self, FollowUpKind, NewFollowUp};
use crate::id::{FollowUpId, StudentId};
use crate::phone::Phone;
use crate::student::{self, StudentStatus, read_zone};
use domain::calling::{
    Availability, Facts, Outcome, Plan, RESERVE_MICROUSD, Reason, Verdict, instant, may_place, week_begins,
};

/// How long after its time a callback is still placed: over a weekend.
pub const CALLBACK_EXPIRES: TimeDelta = TimeDelta::hours(72);
/// The same of a regular call, and of each retry: by then the student has other plans.
pub const REGULAR_EXPIRES: TimeDelta = TimeDelta::hours(2);
/// A student may be on a call that began so long ago.
const LONGEST_CALL: TimeDelta = TimeDelta::hours(1);
/// A call that a person stopped is looked at again after this, until VAPI says that it ended.
const STOP_AGAIN: TimeDelta = TimeDelta::seconds(5);
/// Rows in one look.
const BATCH: i64 = 200;

/// Names the follow-ups of unanswered regular calls among all UUIDv5. Never change it: each is raised once.
const NAMESPACE: Uuid = Uuid::from_u128(0x3f1c_8a0e_77d2_4c55_9be1_06a4_d9f3_5c21);

/// Plans a call for each open callback and the next regular call of each student, if there is none yet. However many workers
/// do it, each call is planned once. Returns how many are new.
pub async fn plan_calls(db: &Db, now: DateTime<Utc>) -> Result<u64> {
    let mut n = sqlx::query!(
        "insert into outbound_calls (outbound_call_id, cause, attempt, student_id, follow_up_id, state, due_at, expires_at,
             look_at, created_at)
         select gen_random_uuid(), 'follow_up:' || f.follow_up_id, 1, f.student_id, f.follow_up_id, 'planned', f.due_at,
             f.due_at + ($1::timestamptz - $2::timestamptz), f.due_at, $1
         from follow_ups f join students st using (student_id)
         where f.kind = 'callback' and f.closed_at is null and f.due_at > $2
           and not exists (select from outbound_calls o where o.follow_up_id = f.follow_up_id)
         order by f.due_at limit $3
         on conflict do nothing",
        now,
        now - CALLBACK_EXPIRES,
        BATCH,
    )
    .execute(db)
    .await?
    .rows_affected();
    let unplanned = sqlx::query!(
        r#"select st.student_id as "student_id: StudentId", st.timezone, st.call_weekdays as "weekdays!",
               st.call_time as "at!", st.calls_quiet_weekdays as quiet_weekdays, st.calls_quiet_days as quiet_days,
               array(select o.plan_on from outbound_calls o where o.student_id = st.student_id and o.plan_on >= $2)
                   as "taken!: Vec<NaiveDate>"
           from students st
           where st.call_weekdays is not null and st.status = 'active'
             and not exists (select from outbound_calls o where o.student_id = st.student_id and o.plan_on is not null
                                 and o.attempt = 1 and o.state = 'planned')
           limit $1"#,
        BATCH,
        now.date_naive() - TimeDelta::days(2),
    )
    .fetch_all(db)
    .await?;
    for row in unplanned {
        let weekdays = row.weekdays.into_iter().filter(|day| !row.quiet_weekdays.contains(day)).collect();
        let plan = Plan { weekdays, at: row.at };
        let taken = [row.taken, row.quiet_days].concat();
        let Some((day, due_at)) = plan.next(read_zone(&row.timezone), now, &taken) else { continue };
        let inserted = sqlx::query!(
            "insert into outbound_calls (outbound_call_id, cause, attempt, student_id, plan_on, state, due_at, expires_at,
                 look_at, created_at)
             values ($1, $2, 1, $3, $4, 'planned', $5, $6, $5, $7)
             on conflict do nothing",
            OutboundCallId::new() as OutboundCallId,
            regular_cause(row.student_id, day),
            row.student_id as StudentId,
            day,
            due_at,
            due_at + REGULAR_EXPIRES,
            now,
        );
        n += inserted.execute(db).await?.rows_affected();
    }
    Ok(n)
}

/// However many workers plan it, the regular call of a day is one row for each attempt.
fn regular_cause(student_id: StudentId, day: NaiveDate) -> String {
    format!("plan:{student_id}:{day}")
}

/// Cancels the regular call of one day, planned or not yet, and records it. [`Error::NotFound`]: the plan has no call on this day,
/// or it was placed meanwhile, or is over. Needs `calls:write`.
pub async fn cancel_regular(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::CallsWrite, student_id)?;
    let zone = student::zone(&mut *tx, student_id).await?;
    let plan = find_plan(&mut *tx, caller, student_id).await?;
    let due_at =
        plan.and_then(|plan| plan.due_on(day, zone)).filter(|due_at| (now..now + MAX_CANCEL_AHEAD).contains(due_at));
    let due_at = due_at.ok_or(Error::NotFound("planned call"))?;
    let cancelled = sqlx::query!(
        "insert into outbound_calls as o (outbound_call_id, cause, attempt, student_id, plan_on, state, due_at, expires_at,
             look_at, created_at, stopped_by)
         values ($1, $2, 1, $3, $4, 'stopped', $5, $5, $5, $6, $7)
         on conflict (cause, attempt) do update set state = 'stopped', stopped_by = excluded.stopped_by
             where o.state = 'planned'",
        OutboundCallId::new() as OutboundCallId,
        regular_cause(student_id, day),
        student_id as StudentId,
        day,
        due_at,
        now,
        caller.actor.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    if cancelled.rows_affected() == 0 {
        return Err(Error::NotFound("planned call"));
    }
    let (object, detail) = (format!("student:{student_id}"), serde_json::json!({ "day": day }));
    audit::insert_entry(tx, caller, "outbound_call.stop", Some(&object), &detail, now).await
}

/// How far ahead a regular call can be cancelled.
const MAX_CANCEL_AHEAD: TimeDelta = TimeDelta::days(60);

/// A call about to be placed.
#[derive(Clone)]
pub struct Placing {
    pub outbound_call_id: OutboundCallId,
    pub student_id: StudentId,
    pub phone: Phone,
}

impl std::fmt::Debug for Placing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Placing").field("outbound_call_id", &self.outbound_call_id).finish_non_exhaustive()
    }
}

/// What became of the next call.
#[derive(Debug)]
pub enum Next {
    /// It is the caller's to place, exactly once. After `look_at` others look for it.
    Place(Placing),
    /// It waits, or is not placed.
    Decided,
    /// No call can be placed now.
    Nothing,
}

/// A planned call, as [`next`] reads it.
struct Planned {
    row: Row,
    due_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    timezone: String,
    status: StudentStatus,
    plan: Option<Plan>,
    availability: Availability,
    is_done: bool,
    phone: Option<Phone>,
}

/// What is needed of a row to end it.
#[derive(Clone)]
struct Row {
    outbound_call_id: OutboundCallId,
    cause: String,
    attempt: i16,
    student_id: StudentId,
    follow_up_id: Option<FollowUpId>,
    plan_on: Option<NaiveDate>,
    state: State,
    reason: Option<String>,
}

/// Decides about the call that has waited longest, and if it may be placed, marks it as `placing`. One worker at a time, so
/// that limits are exact. `look_at`: when others may look for it.
pub async fn next(db: &Db, now: DateTime<Utc>, look_at: DateTime<Utc>) -> Result<Next> {
    let mut tx = db::begin(db).await?;
    lock(&mut tx).await?;
    let settings = get_settings(&mut *tx).await?;
    if !settings.is_on || settings.stopped.is_some() {
        return Ok(Next::Nothing);
    }
    let Some(planned) = find_planned(&mut tx, now).await? else { return Ok(Next::Nothing) };
    let facts = find_facts(&mut tx, &planned, now).await?;
    let hours = settings.hours.narrowed(&planned.availability);
    let Row { outbound_call_id, student_id, .. } = planned.row;
    let next = match (may_place(&facts, &hours, settings.limits(), now), planned.phone) {
        (Verdict::Yes, Some(phone)) => {
            sqlx::query!(
                "update outbound_calls set state = 'placing', placing_at = $2, look_at = $3, phone = $4, reason = null
                 where outbound_call_id = $1",
                outbound_call_id as OutboundCallId,
                now,
                look_at,
                phone.as_str(),
            )
            .execute(&mut *tx)
            .await?;
            Next::Place(Placing { outbound_call_id, student_id, phone })
        }
        // It is first in line until a call ends.
        (Verdict::Wait(_, Reason::LinesBusy), _) => Next::Nothing,
        (Verdict::Wait(until, reason), _) => {
            sqlx::query!(
                "update outbound_calls set look_at = $2, reason = $3 where outbound_call_id = $1",
                outbound_call_id as OutboundCallId,
                until,
                reason.as_str(),
            )
            .execute(&mut *tx)
            .await?;
            Next::Decided
        }
        (Verdict::Never(Reason::PlanChanged), _) => {
            // The next look plans it as the plan is now.
            sqlx::query!("delete from outbound_calls where outbound_call_id = $1", outbound_call_id as OutboundCallId)
                .execute(&mut *tx)
                .await?;
            Next::Decided
        }
        (Verdict::Never(reason), _) => {
            miss(&mut tx, &planned.row, reason, now).await?;
            Next::Decided
        }
        (Verdict::Yes, None) => return Err(Error::Corrupt("number of a call")),
    };
    tx.commit().await?;
    Ok(next)
}

async fn find_planned(tx: &mut Connection, now: DateTime<Utc>) -> Result<Option<Planned>> {
    let row = sqlx::query!(
        r#"select o.outbound_call_id as "outbound_call_id: OutboundCallId", o.cause, o.attempt,
               o.student_id as "student_id: StudentId", o.follow_up_id as "follow_up_id: FollowUpId", o.plan_on,
               o.state as "state: State", o.reason, o.due_at,
               o.expires_at, st.timezone, st.status as "status: StudentStatus", st.call_weekdays, st.call_time,
               st.calls_from, st.calls_until, st.calls_quiet_weekdays, st.calls_quiet_days, st.calls_a_week,
               f.closed_at is not null as "is_done!",
               -- The number from which the callback was asked for, else the oldest one.
               (select p.phone from student_phones p where p.student_id = o.student_id
                order by p.phone = (select s.caller_phone from sessions s where s.session_id = f.session_id) desc nulls last,
                    p.created_at, p.phone limit 1) as "phone: Phone"
           from outbound_calls o join students st on st.student_id = o.student_id
           left join follow_ups f on f.follow_up_id = o.follow_up_id
           where o.state = 'planned' and o.look_at <= $1
           order by o.look_at, o.due_at limit 1
           for update of o skip locked"#,
        now,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Planned {
        row: Row {
            outbound_call_id: row.outbound_call_id,
            cause: row.cause,
            attempt: row.attempt,
            student_id: row.student_id,
            follow_up_id: row.follow_up_id,
            plan_on: row.plan_on,
            state: row.state,
            reason: row.reason,
        },
        due_at: row.due_at,
        expires_at: row.expires_at,
        timezone: row.timezone,
        status: row.status,
        plan: row.call_weekdays.zip(row.call_time).map(|(weekdays, at)| Plan { weekdays, at }),
        availability: Availability {
            hours: row.calls_from.zip(row.calls_until),
            quiet_weekdays: row.calls_quiet_weekdays,
            quiet_days: row.calls_quiet_days,
            a_week: row.calls_a_week,
        },
        is_done: row.is_done,
        phone: row.phone,
    }))
}

async fn find_facts(tx: &mut Connection, planned: &Planned, now: DateTime<Utc>) -> Result<Facts> {
    let zone = read_zone(&planned.timezone);
    let Row { student_id, attempt, plan_on, .. } = planned.row;
    let today = instant(now.with_timezone(&zone).date_naive(), NaiveTime::MIN, zone);
    let month = now.date_naive().with_day(1).unwrap_or_default().and_time(NaiveTime::MIN).and_utc();
    let has_consent = consent::current(tx, Some(student_id), now).await?.tutoring;
    let counted = sqlx::query!(
        r#"select
               (select count(*) from outbound_calls where student_id = $1 and placing_at >= $3) as "n_today!",
               (select count(distinct cause) from outbound_calls where student_id = $1 and placing_at >= $7 and cause <> $8)
                   as "n_week!",
               (select count(*) from outbound_calls where state in ('placing', 'placed')) as "n_in_flight!",
               exists (select from outbound_calls where state in ('placing', 'placed') and (student_id = $1 or phone = $2))
                   or exists (select from sessions where (student_id = $1 or caller_phone = $2) and status = 'in_progress'
                                  and ended_at is null and created_at > $4) as "is_on_call!",
               (select coalesce(sum(coalesce(cost_microusd,
                           case when outcome is null or outcome in ('answered', 'voicemail') then $6::bigint else 0 end)), 0)::bigint
                from outbound_calls where placing_at >= $5) as "spent_microusd!""#,
        student_id as StudentId,
        planned.phone.as_ref().map(Phone::as_str),
        today,
        now - LONGEST_CALL,
        month,
        RESERVE_MICROUSD,
        week_begins(now, zone),
        planned.row.cause,
    )
    .fetch_one(&mut *tx)
    .await?;
    let is_off_plan = |day| planned.plan.as_ref().and_then(|plan| plan.due_on(day, zone)) != Some(planned.due_at);
    Ok(Facts {
        due_at: planned.due_at,
        expires_at: planned.expires_at,
        zone,
        is_done: planned.is_done,
        // A retry belongs to a call that was on the plan.
        is_off_plan: attempt == 1 && plan_on.is_some_and(is_off_plan),
        is_blocked: planned.status != StudentStatus::Active,
        has_consent,
        has_number: planned.phone.is_some(),
        is_on_call: counted.is_on_call,
        n_today: counted.n_today,
        n_week: counted.n_week,
        a_week: planned.availability.a_week,
        n_in_flight: counted.n_in_flight,
        spent_microusd: counted.spent_microusd,
    })
}

/// Gives up planned calls whose time is over. `is_off`: no call is placed at all. Returns how many.
pub async fn expire(db: &Db, is_off: bool, now: DateTime<Utc>) -> Result<usize> {
    let mut tx = db::begin(db).await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select outbound_call_id as "outbound_call_id: OutboundCallId", cause, attempt,
               student_id as "student_id: StudentId", follow_up_id as "follow_up_id: FollowUpId", plan_on,
               state as "state: State", reason
           from outbound_calls where state = 'planned' and expires_at <= $1
           order by expires_at limit $2 for update skip locked"#,
        now,
        BATCH,
    )
    .fetch_all(&mut *tx)
    .await?;
    let n = rows.len();
    for row in rows {
        // Why it waited says more than that it was late.
        let waited = row.reason.as_deref().and_then(Reason::find).filter(|reason| *reason != Reason::NotDue);
        let reason = if is_off { Reason::Off } else { waited.unwrap_or(Reason::TooLate) };
        miss(&mut tx, &row, reason, now).await?;
    }
    tx.commit().await?;
    Ok(n)
}

async fn miss(tx: &mut Connection, row: &Row, reason: Reason, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update outbound_calls set state = 'missed', reason = $2 where outbound_call_id = $1",
        row.outbound_call_id as OutboundCallId,
        reason.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    // Earlier attempts had no answer, and there is no time for another.
    if row.attempt > 1 { hand_over(tx, row, now).await } else { Ok(()) }
}

/// VAPI placed the call.
pub async fn mark_placed(
    db: &Db,
    outbound_call_id: OutboundCallId,
    call_id: &str,
    look_at: DateTime<Utc>,
) -> Result<()> {
    // What a webhook said in the meantime stays.
    // What a person stopped meanwhile is looked at now.
    sqlx::query!(
        "update outbound_calls set state = 'placed', call_id = coalesce(call_id, $2),
             look_at = case when stopped_by is null then $3 else placing_at end
         where outbound_call_id = $1 and state = 'placing'",
        outbound_call_id as OutboundCallId,
        call_id,
        look_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// VAPI certainly did not place the call, and it may be sent later, unless a person stopped it meanwhile.
pub async fn release(db: &Db, outbound_call_id: OutboundCallId, reason: Reason, look_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update outbound_calls set state = case when stopped_by is null then 'planned' else 'stopped' end, placing_at = null, phone = null, reason = $2, look_at = $3
         where outbound_call_id = $1 and state = 'placing' and call_id is null",
        outbound_call_id as OutboundCallId,
        reason.as_str(),
        look_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// VAPI refused the call, or does not know it. Another attempt follows, or a person takes over.
pub async fn mark_failed(
    db: &Db,
    outbound_call_id: OutboundCallId,
    reason: Reason,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut tx = db::begin(db).await?;
    let row = sqlx::query_as!(
        Row,
        r#"update outbound_calls set reason = $2 where outbound_call_id = $1 and state in ('placing', 'placed')
           returning outbound_call_id as "outbound_call_id: OutboundCallId", cause, attempt,
               student_id as "student_id: StudentId", follow_up_id as "follow_up_id: FollowUpId", plan_on,
               state as "state: State", reason"#,
        outbound_call_id as OutboundCallId,
        reason.as_str(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = &row {
        end(&mut tx, row, Outcome::Failed, now, now).await?;
    }
    tx.commit().await?;
    Ok(row.is_some())
}

/// What VAPI says of a call.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    pub call_id: &'a str,
    /// Our own id, as the call's metadata has it.
    pub outbound_call_id: Option<OutboundCallId>,
    /// `None`: the call is running, or its end does not show whether a person answered.
    pub outcome: Option<Outcome>,
    pub ended_at: Option<DateTime<Utc>>,
    pub cost_microusd: Option<i64>,
}

/// Applies what VAPI says to the outbound call, if it is one. Messages come in any order, and twice. Returns the outcome if
/// this ended the call, and no person stopped it.
pub async fn hear(tx: &mut Connection, heard: &Heard<'_>, now: DateTime<Utc>) -> Result<Option<Outcome>> {
    let row = sqlx::query_as!(
        Row,
        r#"update outbound_calls set call_id = $1, cost_microusd = coalesce($3, cost_microusd),
               state = case when state = 'placing' then 'placed' else state end,
               look_at = case when stopped_by is null then look_at else placing_at end
           where state in ('placing', 'placed', 'ended', 'stopped')
             and (call_id = $1 or call_id is null and placing_at is not null and outbound_call_id = $2)
           returning outbound_call_id as "outbound_call_id: OutboundCallId", cause, attempt,
               student_id as "student_id: StudentId", follow_up_id as "follow_up_id: FollowUpId", plan_on,
               state as "state: State", reason"#,
        heard.call_id,
        heard.outbound_call_id as Option<OutboundCallId>,
        heard.cost_microusd,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let (Some(row), Some(outcome)) = (row, heard.outcome) else { return Ok(None) };
    if matches!(row.state, State::Ended | State::Stopped) {
        return Ok(None);
    }
    let is_stopped = end(tx, &row, outcome, heard.ended_at.unwrap_or(now), now).await?;
    Ok((!is_stopped).then_some(outcome))
}

/// Ends an attempt. If a person stopped it, nothing follows. If a person answered, the callback is done. Otherwise it is tried
/// again, or a person takes over. Returns whether it was stopped.
async fn end(
    tx: &mut Connection,
    row: &Row,
    outcome: Outcome,
    ended_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let is_stopped = sqlx::query_scalar!(
        r#"update outbound_calls set state = case when stopped_by is null then 'ended' else 'stopped' end,
               outcome = case when stopped_by is null then $2 end, ended_at = $3
           where outbound_call_id = $1 returning stopped_by is not null as "is_stopped!""#,
        row.outbound_call_id as OutboundCallId,
        outcome.as_str(),
        ended_at,
    )
    .fetch_one(&mut *tx)
    .await?;
    if !is_stopped {
        follow_end(tx, row, outcome, now).await?;
    }
    Ok(is_stopped)
}

async fn follow_end(tx: &mut Connection, row: &Row, outcome: Outcome, now: DateTime<Utc>) -> Result<()> {
    if outcome == Outcome::Answered {
        let Some(follow_up_id) = row.follow_up_id else { return Ok(()) };
        return match follow_up::close_follow_up(tx, &Caller::worker(), follow_up_id, now).await {
            // A person was faster.
            Err(Error::NotFound(_)) => Ok(()),
            closed => closed,
        };
    }
    let Some(wait) = outcome.retry_after(row.attempt) else { return hand_over(tx, row, now).await };
    sqlx::query!(
        "insert into outbound_calls (outbound_call_id, cause, attempt, student_id, follow_up_id, plan_on, state, due_at,
             expires_at, look_at, created_at)
         select $1, cause, attempt + 1, student_id, follow_up_id, plan_on, 'planned', $3, greatest(expires_at, $4), $3, $5
         from outbound_calls where outbound_call_id = $2
         on conflict do nothing",
        OutboundCallId::new() as OutboundCallId,
        row.outbound_call_id as OutboundCallId,
        now + wait,
        now + wait + REGULAR_EXPIRES,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// No attempt was answered, so a person takes over. A callback is open as it was; a regular call becomes one.
async fn hand_over(tx: &mut Connection, row: &Row, now: DateTime<Utc>) -> Result<()> {
    if row.follow_up_id.is_some() {
        return Ok(());
    }
    let follow_up_id = FollowUpId(Uuid::new_v5(&NAMESPACE, row.cause.as_bytes()));
    let new = NewFollowUp {
        follow_up_id,
        kind: FollowUpKind::Callback,
        student_id: row.student_id,
        session_id: None,
        text: "The tutor called at the regular time. The calls were not answered.".to_owned(),
        due_at: now,
    };
    follow_up::insert_once(tx, &Caller::worker(), &new, now).await?;
    // So no call is planned for it.
    sqlx::query!(
        "update outbound_calls set follow_up_id = $2 where cause = $1",
        row.cause,
        follow_up_id as FollowUpId,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A call in flight whose end has not been heard of.
#[derive(Clone, Debug)]
pub struct InFlight {
    pub outbound_call_id: OutboundCallId,
    /// `None`: VAPI's answer did not arrive.
    pub call_id: Option<String>,
    pub placing_at: DateTime<Utc>,
    /// Whether a person stopped it: VAPI is asked to end it.
    pub is_stopped: bool,
}

/// The calls in flight that it is time to ask VAPI for. The next time is `look_at`, and soon if a person stopped the call.
pub async fn take_in_flight(db: &Db, now: DateTime<Utc>, look_at: DateTime<Utc>) -> Result<Vec<InFlight>> {
    Ok(sqlx::query_as!(
        InFlight,
        r#"update outbound_calls set look_at = case when stopped_by is null then $2::timestamptz else $3 end
           where outbound_call_id in (
               select outbound_call_id from outbound_calls where state in ('placing', 'placed') and look_at <= $1
               order by look_at limit 20 for update skip locked)
           returning outbound_call_id as "outbound_call_id: OutboundCallId", call_id, placing_at as "placing_at!",
               stopped_by is not null as "is_stopped!""#,
        now,
        look_at,
        now + STOP_AGAIN,
    )
    .fetch_all(db)
    .await?)
}
