//! Asks VAPI for calls that ended and whose report never came, and brings them in through the door of the webhooks.
//!
//! VAPI sends a report once, unless its server has a backoff plan: what was sent while we were away is only here.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, StreamExt, stream};
use storage::component_status::{self, ComponentStatus};
use storage::db::{self, Db, hold};
use storage::delivery::{self, DeliveryState, NewDelivery, REPORT, list_calls_without_report};
use storage::job::wake_workers;
use storage::{clock, watermark};
use tokio_util::sync::CancellationToken;

use crate::Context;
use crate::vapi::{Call, Fault, Head, Span, Vapi};

/// One worker of several does it.
const HOLD: &str = "vapi_reconciling";
/// A worker that died during its look keeps the others out for so long. Two looks at once would only ask twice.
const HOLD_AT_MOST: Duration = Duration::from_mins(2);
/// How far back the first look goes.
const FIRST_LOOK: TimeDelta = TimeDelta::days(1);
/// Looked at again each time: clocks differ, and VAPI writes a call's end a while after it.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);
/// What has not changed for so long does not change any more.
const SETTLED_AFTER: TimeDelta = TimeDelta::minutes(10);
const MAX_LOOKS: u32 = 5;
/// Calls asked for at a time.
const ABREAST: usize = 4;
/// As large as a webhook may be.
const MAX_REPORT_BYTES: usize = 5 << 20;

/// How to reconcile.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub every: Duration,
    /// The time that a report may take to arrive. Reports are fetched only after it.
    pub grace: Duration,
    /// Between two looks at a call whose messages may still be written.
    pub settle: Duration,
}

impl Pace {
    /// The usual waits, if it is done once in each `every`.
    pub fn new(every: Duration) -> Self {
        Self { every, grace: every.min(Duration::from_mins(2)), settle: (every / 10).min(Duration::from_secs(5)) }
    }

    /// A call of which VAPI tells no word had none, or they are kept from us: then the report is the only copy, and a
    /// late one must not find its place taken.
    fn empty_grace(&self) -> Duration {
        self.every * 12
    }
}

/// What became of the ended calls of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Their report had come.
    pub n_known: usize,
    pub n_brought_in: usize,
    /// Not settled yet, or not to be had: the next time.
    pub n_left: usize,
}

/// Reconciles now and again. Every worker tries to; the database lets one through at a time.
pub(crate) async fn run(context: Context, vapi: Arc<Vapi>, pace: Pace, stop: CancellationToken) {
    loop {
        let done = async {
            match pass(&context.db, &vapi, pace, clock::now()).await {
                Ok(Some(Reconciled { n_known, n_brought_in, n_left })) => {
                    tell(&context.db, &component_status::Reconciled { n_known, n_brought_in, n_left }).await;
                    if n_brought_in > 0 {
                        tracing::warn!(n_brought_in, n_left, "brought in calls whose report never came");
                        tell(&context.db, &component_status::BroughtIn { n: n_brought_in }).await;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "could not ask VAPI for missing calls");
                    // VAPI's errors have fixed texts. Database errors may quote data, so they are not shown.
                    let why = error
                        .downcast_ref::<Fault>()
                        .map_or_else(|| "the database did not answer".to_owned(), ToString::to_string);
                    tell(&context.db, &component_status::ReconcileFailed { why }).await;
                }
            }
            tokio::time::sleep(pace.every).await;
        };
        if stop.run_until_cancelled(done).await.is_none() {
            return;
        }
    }
}

/// For the dashboard. Where the database is away, everybody knows already.
async fn tell(db: &Db, status: &impl ComponentStatus) {
    if let Err(error) = component_status::record(db, status, clock::now()).await {
        tracing::debug!(%error, "could not tell of missing calls");
    }
}

/// One look. `None`: another worker is at it.
async fn pass(db: &Db, vapi: &Vapi, pace: Pace, now: DateTime<Utc>) -> anyhow::Result<Option<Reconciled>> {
    let Some(held) = hold::try_hold(db, HOLD, HOLD_AT_MOST).await? else { return Ok(None) };
    let done = look(db, vapi, pace, now).await;
    held.release(db).await?;
    done.map(Some)
}

async fn look(db: &Db, vapi: &Vapi, pace: Pace, now: DateTime<Utc>) -> anyhow::Result<Reconciled> {
    let since = watermark::find(db, component_status::RECONCILED_UNTIL).await?;
    let since = since.and_then(|text| text.parse().ok()).unwrap_or(now - FIRST_LOOK);
    let heads = vapi.list_calls(Span::UpdatedFrom(since)).await?;
    let (ripe, green): (Vec<Head>, Vec<Head>) =
        heads.into_iter().filter(|head| head.is_ended).partition(|head| head.updated_at + pace.grace <= now);
    // What is left for the next time holds back the watermark, so that it is seen then.
    let mut until = green.iter().map(|head| head.updated_at).fold(now - OVERLAP, DateTime::min);
    let mut done = Reconciled { n_left: green.len(), ..Reconciled::default() };
    bring_in(db, vapi, pace, &ripe, now, |head, outcome| {
        done.count(outcome);
        if outcome == Outcome::Left {
            until = until.min(head.updated_at);
        }
    })
    .await?;
    watermark::put(db, component_status::RECONCILED_UNTIL, &until.max(since).to_rfc3339(), now).await?;
    Ok(done)
}

/// What a backfill is at.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// So many calls of the span have ended.
    Listed(usize),
    /// One more is done.
    Done,
}

/// Brings in all calls that began in a span of time and whose report never came, however long ago.
pub async fn backfill(
    db: &Db,
    vapi: &Vapi,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    now: DateTime<Utc>,
    mut watch: impl FnMut(Step),
) -> anyhow::Result<Reconciled> {
    let heads = vapi.list_calls(Span::Created(from, to)).await?;
    let ended: Vec<Head> = heads.into_iter().filter(|head| head.is_ended).collect();
    watch(Step::Listed(ended.len()));
    let mut done = Reconciled::default();
    let pace = Pace { every: Duration::ZERO, grace: Duration::ZERO, settle: Duration::from_secs(3) };
    bring_in(db, vapi, pace, &ended, now, |_, outcome| {
        done.count(outcome);
        watch(Step::Done);
    })
    .await?;
    Ok(done)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Known,
    BroughtIn,
    Left,
}

impl Reconciled {
    fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Known => &mut self.n_known,
            Outcome::BroughtIn => &mut self.n_brought_in,
            Outcome::Left => &mut self.n_left,
        } += 1;
    }
}

async fn bring_in(
    db: &Db,
    vapi: &Vapi,
    pace: Pace,
    heads: &[Head],
    now: DateTime<Utc>,
    mut tell: impl FnMut(&Head, Outcome),
) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    for some in heads.chunks(1000) {
        let ids: Vec<String> = some.iter().map(|head| head.id.clone()).collect();
        let without = list_calls_without_report(db, &ids).await?;
        for head in some {
            if without.contains(&head.id) { missing.push(head.clone()) } else { tell(head, Outcome::Known) }
        }
    }
    // Owned and boxed: the compiler cannot see that a borrowing future is `Send` here.
    let asked = missing.into_iter().map(|head| {
        async move {
            let outcome = bring_one_in(db, vapi, pace, &head, now).await;
            (head, outcome)
        }
        .boxed()
    });
    let mut asked = stream::iter(asked).buffer_unordered(ABREAST);
    while let Some((head, outcome)) = asked.next().await {
        tell(&head, outcome?);
    }
    Ok(())
}

async fn bring_one_in(db: &Db, vapi: &Vapi, pace: Pace, head: &Head, now: DateTime<Utc>) -> anyhow::Result<Outcome> {
    let call = match settled(vapi, pace, head, now).await? {
        Settled::Whole(call) => call,
        Settled::NotYet => return Ok(Outcome::Left),
        // Erased at VAPI meanwhile: there is nothing to bring in any more.
        Settled::Gone => return Ok(Outcome::Known),
    };
    let message_at = call.head.updated_at;
    let body = serde_json::to_vec(&call.into_report())?;
    if body.len() > MAX_REPORT_BYTES {
        tracing::error!(call_id = head.id, n_bytes = body.len(), "a missing call is too large to be brought in");
        return Ok(Outcome::Known);
    }
    Ok(if store(db, &head.id, &body, message_at, now).await? { Outcome::BroughtIn } else { Outcome::Known })
}

/// As a webhook is stored: the same row under the same key, and the same job.
async fn store(db: &Db, call_id: &str, body: &[u8], message_at: DateTime<Utc>, now: DateTime<Utc>) -> db::Result<bool> {
    let new = NewDelivery {
        dedupe_key: delivery::dedupe_key(call_id, REPORT, None),
        r#type: REPORT.to_owned(),
        call_id: Some(call_id.to_owned()),
        body: Some(body),
        message_at: Some(message_at),
        state: DeliveryState::Stored,
    };
    let is_new = delivery::accept(db, &new, now).await?;
    if is_new {
        wake_workers(db).await?;
    }
    Ok(is_new)
}

enum Settled {
    Whole(Call),
    NotYet,
    Gone,
}

/// Looks at a call until VAPI has written all of its messages.
async fn settled(vapi: &Vapi, pace: Pace, head: &Head, now: DateTime<Utc>) -> Result<Settled, Fault> {
    let Some(mut call) = vapi.find_call(&head.id).await? else { return Ok(Settled::Gone) };
    let mut n_looks = 1;
    while call.head.updated_at + SETTLED_AFTER > now {
        tokio::time::sleep(pace.settle).await;
        let Some(again) = vapi.find_call(&head.id).await? else { return Ok(Settled::Gone) };
        let is_same = (again.n_messages(), again.head.updated_at) == (call.n_messages(), call.head.updated_at);
        call = again;
        n_looks += 1;
        if is_same {
            break;
        }
        if n_looks > MAX_LOOKS {
            return Ok(Settled::NotYet);
        }
    }
    let may_come = call.n_messages() == 0 && call.head.updated_at + pace.empty_grace() > now;
    Ok(if may_come || !call.head.is_ended { Settled::NotYet } else { Settled::Whole(call) })
}
