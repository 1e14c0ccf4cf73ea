//! Places calls to students: plans them, asks VAPI for one after the other, and finds those again whose answer was lost.
//!
//! All times are by the clock of Postgres. If the clock of a worker were wrong, it could mistake a call that another one is
//! placing for one that VAPI does not know, and plan it again.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::calling::{Outcome, Reason};
use serde_json::{Value, json};
use storage::access::Caller;
use storage::authority::{self, CallerNumber, Line};
use storage::consent::{self, Purpose};
use storage::db;
use storage::outbound_call::{self, Heard, InFlight, Next, Obstacle, Placing, Way};
use storage::student_context;
use storage::{audit, clock};
use tokio_util::sync::CancellationToken;

use crate::Context;
use crate::vapi::{Fault, Head, Span, Vapi};

/// VAPI's clock may differ from ours by so much.
const SKEW: TimeDelta = TimeDelta::minutes(1);
/// After this VAPI is asked again to take a call that it did not take.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// Between two looks for calls to follow.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// How fast it goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two looks.
    every: Duration,
    /// The time limit for placing a call at VAPI.
    request: Duration,
}

impl Pace {
    /// From the time between two reconciliations.
    pub fn new(reconcile: Duration) -> Self {
        let seconds = Duration::from_secs;
        Self {
            every: (reconcile / 60).clamp(seconds(1), seconds(5)),
            request: (reconcile / 10).clamp(seconds(1), seconds(30)),
        }
    }

    /// A call whose answer was lost is looked for after this.
    fn settle(self) -> TimeDelta {
        TimeDelta::from_std(self.request * 2).unwrap_or(TimeDelta::MAX)
    }

    /// A call that VAPI does not know after this was not placed.
    fn absent(self) -> TimeDelta {
        self.settle() * 10
    }
}

/// Places calls, and follows them to their end, until `stop`. Every worker does; the database decides who does which.
pub(crate) async fn run(context: Context, stop: CancellationToken) {
    let pace = context.config.outbound;
    tokio::join!(place_calls(&context, pace, &stop), follow_calls(&context, pace, &stop));
}

async fn place_calls(context: &Context, pace: Pace, stop: &CancellationToken) {
    loop {
        // Not broken off: a call is being placed.
        if let Err(error) = pass(context, pace, stop).await {
            tracing::warn!(%error, "could not place calls");
        }
        if stop.run_until_cancelled(tokio::time::sleep(pace.every)).await.is_none() {
            return;
        }
    }
}

/// Apart from placing, which waits for VAPI: a person who stops a call waits for this.
async fn follow_calls(context: &Context, pace: Pace, stop: &CancellationToken) {
    let Some(vapi) = &context.vapi else { return };
    loop {
        if let Err(error) = find_again(context, vapi, pace).await {
            tracing::warn!(%error, "could not look for calls");
        }
        if stop.run_until_cancelled(tokio::time::sleep(FOLLOW_EVERY)).await.is_none() {
            return;
        }
    }
}

async fn pass(context: &Context, pace: Pace, stop: &CancellationToken) -> db::Result<()> {
    let db = &context.db;
    let way = outbound_call::find_way(db, context.vapi.is_some()).await?;
    // A worker without a key does not speak for the others.
    let is_off = way.as_ref().is_err_and(|obstacle| *obstacle != Obstacle::NoKey);
    let n_missed = outbound_call::expire(db, is_off, clock::of_database(db).await?).await?;
    if n_missed > 0 {
        tracing::warn!(n_missed, "calls were not placed in time");
        metrics::counter!("outbound_calls_total", "outcome" => "missed").increment(n_missed as u64);
    }
    let Some(vapi) = &context.vapi else { return Ok(()) };
    let Ok(way) = way else { return Ok(()) };
    outbound_call::plan_calls(db, clock::of_database(db).await?).await?;
    while !stop.is_cancelled() {
        let now = clock::of_database(db).await?;
        match outbound_call::next(db, now, now + pace.settle()).await? {
            Next::Place(placing) => place(context, vapi, pace, &placing, &way, now).await?,
            Next::Decided => {}
            Next::Nothing => break,
        }
    }
    Ok(())
}

/// Asks VAPI to place a call, once.
async fn place(
    context: &Context,
    vapi: &Vapi,
    pace: Pace,
    placing: &Placing,
    way: &Way,
    now: DateTime<Utc>,
) -> db::Result<()> {
    let (db, id, began) = (&context.db, placing.outbound_call_id, Instant::now());
    let body = body(context, placing, way, now).await?;
    // A process that slept for long leaves the call to those who look for it.
    let Some(left) = pace.request.checked_sub(began.elapsed()) else { return Ok(()) };
    let placed = tokio::time::timeout(left, vapi.place_call(&body)).await.unwrap_or(Err(Fault::TimedOut));
    let now = now + TimeDelta::from_std(began.elapsed()).unwrap_or_default();
    match placed {
        Ok(call_id) => {
            outbound_call::mark_placed(db, id, &call_id, now + pace.settle()).await?;
            tracing::info!(outbound_call.id = %id, "placed a call");
            count("placed");
        }
        // It was not sent, or VAPI did not read it.
        Err(Fault::Away | Fault::Busy { .. }) => {
            outbound_call::release(db, id, Reason::VapiBusy, now + AGAIN).await?;
        }
        Err(fault @ Fault::Refused) => {
            tracing::warn!(outbound_call.id = %id, %fault, "could not place a call");
            outbound_call::release(db, id, Reason::VapiRefused, now + AGAIN).await?;
        }
        Err(fault @ (Fault::Invalid { .. } | Fault::NotFound)) => {
            tracing::warn!(outbound_call.id = %id, %fault, "could not place a call");
            outbound_call::mark_failed(db, id, Reason::VapiRefused, now).await?;
            count(Outcome::Failed.as_str());
        }
        // It may be placed.
        Err(fault) => tracing::warn!(outbound_call.id = %id, %fault, "VAPI did not say whether it placed a call"),
    }
    Ok(())
}

pub(crate) fn count(outcome: &'static str) {
    metrics::counter!("outbound_calls_total", "outcome" => outcome).increment(1);
}

/// Returns the request body for VAPI's API, with what the tutor should know about the student. Records who received it.
async fn body(context: &Context, placing: &Placing, way: &Way, now: DateTime<Utc>) -> db::Result<Value> {
    let db = &context.db;
    let Placing { outbound_call_id, student_id, phone } = placing;
    let line = Line { call_id: None, number: CallerNumber::Known(phone.clone()) };
    let caller = authority::resolve_live_call(db, &Caller::telephone("vapi", vapi::scopes()), &line, now).await?;
    let known = student_context::of_line(db, &caller, now).await?;
    // A number that several students share is not recorded: another one may answer.
    let is_theirs = caller.line.student_id.or(caller.line.presumed) == Some(*student_id);
    let standings = consent::list_standings(db, Some(*student_id), now).await?;
    let records = is_theirs && consent::allows(&standings, Purpose::Recording);
    if let Some(student) = &known.student {
        let detail = json!({ "door": "call", "what": "outbound call", "outbound_call": outbound_call_id });
        let object = format!("student:{}", student.student_id);
        audit::insert_entry(db, &caller, "student.read", Some(&object), &detail, now).await?;
    }
    let mut overrides = vapi::overrides(&known, Some(phone), records);
    overrides["metadata"]["outbound_call_id"] = json!(outbound_call_id);
    // Staff can stop the call. The address for it needs no key, and VAPI gives it only to who has ours.
    overrides["monitorPlan"] = json!({ "listenEnabled": false, "controlEnabled": true });
    Ok(json!({
        "name": "Call to a student",
        "assistantId": way.assistant_id,
        "phoneNumberId": way.phone_number_id,
        "customer": { "number": phone.as_str() },
        "assistantOverrides": overrides,
    }))
}

/// Asks VAPI for calls of whose end, or placing, nothing was heard, and to end those that a person stopped.
async fn find_again(context: &Context, vapi: &Vapi, pace: Pace) -> db::Result<()> {
    let now = clock::of_database(&context.db).await?;
    for call in outbound_call::take_in_flight(&context.db, now, now + pace.settle()).await? {
        match find_one_again(context, vapi, pace, &call, now).await {
            Ok(()) => {}
            Err(Trouble::Vapi(fault)) => {
                tracing::warn!(outbound_call.id = %call.outbound_call_id, %fault, "could not ask VAPI for a call");
            }
            Err(Trouble::Db(error)) => return Err(error),
        }
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Vapi(#[from] Fault),
    #[error(transparent)]
    Db(#[from] db::Error),
}

async fn find_one_again(
    context: &Context,
    vapi: &Vapi,
    pace: Pace,
    lost: &InFlight,
    now: DateTime<Utc>,
) -> Result<(), Trouble> {
    let (db, id) = (&context.db, lost.outbound_call_id);
    let Some(call_id) = &lost.call_id else {
        let span = Span::Created(lost.placing_at - SKEW, now + SKEW);
        let heads = vapi.list_calls(span).await?;
        if let Some(Head { id: call_id, .. }) = heads.iter().find(|head| head.outbound_call_id == Some(id)) {
            outbound_call::mark_placed(db, id, call_id, now).await?;
            tracing::info!(outbound_call.id = %id, "found a call whose answer was lost");
            count("placed");
        } else if lost.placing_at + pace.absent() <= now
            && outbound_call::mark_failed(db, id, Reason::NotPlaced, now).await?
        {
            count(Outcome::Failed.as_str());
        }
        return Ok(());
    };
    let Some(call) = vapi.find_call(call_id).await? else {
        if outbound_call::mark_failed(db, id, Reason::NotPlaced, now).await? {
            count(Outcome::Failed.as_str());
        }
        return Ok(());
    };
    if lost.is_stopped && !call.head.is_ended {
        vapi.end_call(&call).await?;
        tracing::info!(outbound_call.id = %id, "asked VAPI to end a call");
    }
    // VAPI writes what was said for a while after the end.
    if call.head.is_ended && call.head.updated_at + pace.settle() <= now {
        let heard = Heard {
            call_id,
            outbound_call_id: Some(id),
            outcome: Outcome::of_end(call.ended_reason(), Some(call.has_words_of_student())),
            ended_at: Some(call.head.updated_at),
            cost_microusd: call.cost_microusd(),
        };
        let mut tx = context.begin().await?;
        let outcome = outbound_call::hear(&mut tx, &heard, now).await?;
        context.commit(tx).await?;
        if let Some(outcome) = outcome {
            count(outcome.as_str());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_looks_for_a_call_that_may_still_be_asked_for() {
        for seconds in [1, 10, 300, 86_400] {
            let pace = Pace::new(Duration::from_secs(seconds));
            let request = TimeDelta::from_std(pace.request).unwrap();
            assert!(pace.settle() > request && pace.absent() >= request * 20, "{pace:?}");
        }
        assert_eq!(Pace::new(Duration::from_mins(5)).absent(), TimeDelta::minutes(10));
    }
}
