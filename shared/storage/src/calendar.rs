//! What is due on the days of a week: calls, callbacks, reminders, tests and goals.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::calling::{Availability, Plan};

use crate::access::{Caller, Scope, Whose};
use crate::db::{self, Connection, Db, Result};
use crate::follow_up::{self, FollowUp};
use crate::id::StudentId;
use crate::outbound_call::{self, OutboundCall, Which};
use crate::student::read_zone;

/// Days in a week.
const N_DAYS: u64 = 7;

/// The most rows of each kind in a week.
pub const MAX_OF_KIND: i64 = 100;

/// The most callbacks and reminders that were due before the week.
const MAX_OVERDUE: i64 = 20;

/// A zone is at most 14 hours from UTC.
const MAX_OFFSET: TimeDelta = TimeDelta::hours(14);

/// A student with something due.
#[derive(Clone, PartialEq, Eq)]
pub struct Pupil {
    pub display_name: String,
    pub cohort: Option<String>,
    pub zone: Tz,
    pub availability: Availability,
}

impl std::fmt::Debug for Pupil {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pupil").field("zone", &self.zone).finish_non_exhaustive()
    }
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An open callback or reminder.
    FollowUp(FollowUp),
    /// A call that is planned, was placed, was stopped or was missed, unless its callback is open.
    Call(OutboundCall),
    /// A regular call that the worker has not planned yet, on this day in the student's zone.
    Regular(NaiveDate),
    /// What the student said about a day: a test, a goal.
    Said(String),
}

/// One entry of the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub student_id: StudentId,
    /// The day in the student's zone.
    pub day: NaiveDate,
    /// `None`: the whole day.
    pub at: Option<DateTime<Utc>>,
    pub what: What,
}

/// A week.
#[derive(Debug, Default)]
pub struct Week {
    pub pupils: HashMap<StudentId, Pupil>,
    /// In the order of time.
    pub items: Vec<Item>,
    /// There is more than [`MAX_OF_KIND`] of a kind.
    pub is_cut: bool,
}

/// Returns what is due in the seven days from `monday`, by the clocks of the students that the caller sees. Open callbacks
/// and reminders from before are included if the week has begun and is not over. Needs `students:read`.
pub async fn get_week(db: &Db, caller: &Caller, whose: &Whose, monday: NaiveDate, now: DateTime<Utc>) -> Result<Week> {
    let begin = monday.and_time(NaiveTime::MIN).and_utc();
    let span = (begin - MAX_OFFSET, begin + TimeDelta::days(7) + MAX_OFFSET);
    let mut tx = db::begin_snapshot(db).await?;
    // A plan for any week and any class would read all rows of the week before it sorts them.
    sqlx::raw_sql("set local plan_cache_mode = force_custom_plan").execute(&mut *tx).await?;
    let mut due = follow_up::list_due(&mut *tx, caller, whose, span, MAX_OF_KIND).await?;
    let mut calls = outbound_call::list_calls(&mut *tx, caller, whose, Which::Open, Some(span), MAX_OF_KIND).await?;
    let over = outbound_call::list_calls(&mut *tx, caller, whose, Which::Over, Some(span), MAX_OF_KIND).await?;
    let plans = list_plans(&mut tx, caller, whose).await?;
    let said = list_said(&mut tx, caller, whose, monday).await?;
    let is_cut = [due.len(), calls.len(), over.len(), plans.len(), said.len()].iter().any(|n| *n as i64 >= MAX_OF_KIND);
    if (span.0..span.1).contains(&now) {
        let before = (DateTime::UNIX_EPOCH, span.0);
        due.extend(follow_up::list_due(&mut *tx, caller, whose, before, MAX_OVERDUE).await?);
    }
    calls.extend(over);
    calls.retain(|call| call.plan_on.is_some() || due.iter().all(|of| Some(of.follow_up_id) != call.follow_up_id));
    let ids: Vec<StudentId> = (due.iter().filter_map(|of| of.student_id))
        .chain(calls.iter().map(|of| of.student_id))
        .chain(plans.iter().map(|(of, _)| *of))
        .chain(said.iter().map(|(of, ..)| *of))
        .collect();
    let pupils = list_pupils(&mut tx, caller, &ids).await?;
    let items = arrange(&pupils, due, calls, &plans, said, monday, now);
    Ok(Week { pupils, items, is_cut })
}

/// Puts what is due into the days of the students. Regular calls become dates, from `now` on.
fn arrange(
    pupils: &HashMap<StudentId, Pupil>,
    due: Vec<FollowUp>,
    calls: Vec<OutboundCall>,
    plans: &[(StudentId, Plan)],
    said: Vec<(StudentId, NaiveDate, String)>,
    monday: NaiveDate,
    now: DateTime<Utc>,
) -> Vec<Item> {
    let mut items = Vec::new();
    let zone = |student_id: &StudentId| pupils.get(student_id).map(|pupil| pupil.zone);
    let days = || (0..N_DAYS).filter_map(|n| monday.checked_add_days(Days::new(n)));
    for (student_id, plan) in plans {
        let Some(Pupil { zone, availability, .. }) = pupils.get(student_id) else { continue };
        let is_taken = |day: NaiveDate| calls.iter().any(|of| of.student_id == *student_id && of.plan_on == Some(day));
        for day in days().filter(|day| !is_taken(*day) && !availability.is_quiet(*day)) {
            if let Some(at) = plan.due_on(day, *zone).filter(|at| *at > now) {
                items.push(Item { student_id: *student_id, day, at: Some(at), what: What::Regular(day) });
            }
        }
    }
    let timed = (due.into_iter().filter_map(|of| Some((of.student_id?, of.due_at, What::FollowUp(of)))))
        .chain(calls.into_iter().map(|of| (of.student_id, of.due_at, What::Call(of))));
    for (student_id, at, what) in timed {
        let Some(zone) = zone(&student_id) else { continue };
        items.push(Item { student_id, day: at.with_timezone(&zone).date_naive(), at: Some(at), what });
    }
    items.extend(said.into_iter().map(|(student_id, day, text)| Item {
        student_id,
        day,
        at: None,
        what: What::Said(text),
    }));
    let end = monday + Days::new(N_DAYS);
    items.retain(|item| {
        // What was due before is due now.
        let is_late = item.day < monday && (monday..end).contains(&today(zone(&item.student_id), now));
        (monday..end).contains(&item.day) || is_late && matches!(item.what, What::FollowUp(_))
    });
    items.sort_by_key(|item| (item.day, item.at, item.student_id));
    items
}

fn today(zone: Option<Tz>, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&zone.unwrap_or(Tz::UTC)).date_naive()
}

/// The regular calls of students who are not blocked, the earliest in the day first.
async fn list_plans(tx: &mut Connection, caller: &Caller, whose: &Whose) -> Result<Vec<(StudentId, Plan)>> {
    if let Some(student_id) = whose.student_id {
        let plan = outbound_call::find_plan(&mut *tx, caller, student_id).await?;
        return Ok(plan.map(|plan| (student_id, plan)).into_iter().collect());
    }
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let rows = sqlx::query!(
        r#"select student_id as "student_id: StudentId", call_weekdays as "weekdays!", call_time as "at!"
           from students
           where call_weekdays is not null and status = 'active'
             and ($1::text[] is null or cohort = any($1)) and ($2::text[] is null or cohort = any($2))
           order by call_time, student_id
           limit $3"#,
        whose.cohorts.as_deref() as Option<&[String]>,
        cohorts as Option<&[String]>,
        MAX_OF_KIND,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.student_id, Plan { weekdays: row.weekdays, at: row.at })).collect())
}

/// What students said about days of the week.
async fn list_said(
    tx: &mut Connection,
    caller: &Caller,
    whose: &Whose,
    monday: NaiveDate,
) -> Result<Vec<(StudentId, NaiveDate, String)>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let rows = sqlx::query!(
        r#"select f.student_id as "student_id: StudentId", f.on_date as "on_date!", f.text
           from facts f join students st using (student_id)
           where f.on_date >= $1 and f.on_date < $2 and f.on_date is not null and f.forgotten_at is null
             and f.kind in ('schedule', 'goal')
             and ($3::uuid is null or f.student_id = $3)
             and ($4::text[] is null or st.cohort = any($4)) and ($5::text[] is null or st.cohort = any($5))
           order by f.on_date, f.fact_id
           limit $6"#,
        monday,
        monday + Days::new(N_DAYS),
        whose.student_id as Option<StudentId>,
        whose.cohorts.as_deref() as Option<&[String]>,
        cohorts as Option<&[String]>,
        MAX_OF_KIND,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.student_id, row.on_date, row.text)).collect())
}

async fn list_pupils(tx: &mut Connection, caller: &Caller, ids: &[StudentId]) -> Result<HashMap<StudentId, Pupil>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let rows = sqlx::query!(
        r#"select student_id as "student_id: StudentId", display_name, cohort, timezone, calls_from,
               calls_until, calls_quiet_weekdays, calls_quiet_days, calls_a_week
           from students
           where student_id = any($1) and ($2::text[] is null or cohort = any($2))"#,
        ids as &[StudentId],
        cohorts as Option<&[String]>,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let availability = Availability {
                hours: row.calls_from.zip(row.calls_until),
                quiet_weekdays: row.calls_quiet_weekdays,
                quiet_days: row.calls_quiet_days,
                a_week: row.calls_a_week,
            };
            let zone = read_zone(&row.timezone);
            (row.student_id, Pupil { display_name: row.display_name, cohort: row.cohort, zone, availability })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_up::FollowUpKind;
    use crate::id::{FollowUpId, OutboundCallId};
    use crate::outbound_call::State;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn reminder(student_id: StudentId, due_at: &str) -> FollowUp {
        FollowUp {
            follow_up_id: FollowUpId::new(),
            kind: FollowUpKind::Reminder,
            student_id: Some(student_id),
            student_name: None,
            session_id: None,
            caller_phone: None,
            category: None,
            text: "Ask for the book".to_owned(),
            more: Vec::new(),
            n_raised: 1,
            due_at: at(due_at),
            author: "admin:a@b.c".to_owned(),
            created_at: at(due_at),
            closed_at: None,
            closed_by: None,
        }
    }

    fn call(student_id: StudentId, due_at: &str, plan_on: &str) -> OutboundCall {
        OutboundCall {
            outbound_call_id: OutboundCallId::new(),
            student_id,
            student_name: String::new(),
            follow_up_id: None,
            plan_on: Some(day(plan_on)),
            attempt: 1,
            state: State::Stopped,
            due_at: at(due_at),
            look_at: at(due_at),
            reason: None,
            outcome: None,
            placing_at: None,
            session_id: None,
            stopped_by: None,
        }
    }

    #[test]
    fn a_week_has_the_days_of_each_students_own_clock() {
        let [far_east, far_west] = [1, 2].map(|n| StudentId(uuid::Uuid::from_u128(n)));
        let pupil =
            |zone| Pupil { display_name: String::new(), cohort: None, zone, availability: Availability::default() };
        let pupils =
            HashMap::from([(far_east, pupil(Tz::Pacific__Auckland)), (far_west, pupil(Tz::America__Los_Angeles))]);
        let due = vec![
            // Monday morning in Auckland, Sunday for everybody else.
            reminder(far_east, "2026-11-22T20:00:00Z"),
            // Sunday evening in Los Angeles.
            reminder(far_west, "2026-11-30T04:00:00Z"),
            // Monday after it in Auckland.
            reminder(far_east, "2026-11-30T04:00:00Z"),
            reminder(far_west, "2026-11-02T04:00:00Z"),
        ];
        let plan = Plan { weekdays: vec![1, 3, 5], at: "16:30:00".parse().unwrap() };
        // Wednesday's call was cancelled.
        let calls = vec![call(far_west, "2026-11-26T00:30:00Z", "2026-11-25")];
        let said = vec![(far_west, day("2026-11-27"), "has a maths test".to_owned())];
        let now = at("2026-11-24T12:00:00Z");
        let monday = day("2026-11-23");
        let of =
            |now| arrange(&pupils, due.clone(), calls.clone(), &[(far_west, plan.clone())], said.clone(), monday, now);
        let told: Vec<String> = of(now)
            .iter()
            .map(|item| {
                let what = match item.what {
                    What::FollowUp(_) => "reminder",
                    What::Call(_) => "call",
                    What::Regular(_) => "regular",
                    What::Said(_) => "said",
                };
                format!("{} {what}", item.day)
            })
            .collect();
        let expected = [
            "2026-11-01 reminder",
            "2026-11-23 reminder",
            "2026-11-25 call",
            "2026-11-27 said",
            "2026-11-27 regular",
            "2026-11-29 reminder",
        ];
        assert_eq!(told, expected);
        let next_week = of(at("2026-12-01T12:00:00Z"));
        assert!(next_week.iter().all(|item| item.day >= monday), "what is overdue is in this week only");
    }
}
