//! Reads a stored webhook into the session it speaks of.

mod payload;

use chrono::{DateTime, Utc};
use shared::delivery::{self, DeliveryState};
use shared::id::DeliveryId;
use shared::job::lease::{Finished, Lease, finish_done};
use shared::job::{self, Job};
use shared::session::{index_words, merge_news};
use shared::student::find_only_student_id;
use shared::transcript::replace_turns;

use self::payload::Message;
use crate::{Context, JobError};

/// Messages of a call come in any order, twice, or not at all: each adds what it knows, and the end is the same.
pub(crate) async fn perform(
    context: &Context,
    lease: &Lease,
    delivery_id: DeliveryId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let delivery = delivery::get_delivery(&context.db, delivery_id).await?;
    let mut tx = context.begin().await?;
    // Without a body there is nothing to do: its student was erased, or it grew too old.
    if let (DeliveryState::Stored, Some(body)) = (delivery.state, &delivery.body) {
        let message = Message::read(body).ok_or_else(|| JobError::fail("the message is not readable"))?;
        if message.concerns_a_session() {
            apply(&mut tx, &message, now).await?;
        }
    }
    delivery::mark_delivery_processed(&mut tx, delivery_id, now).await?;
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

async fn apply(tx: &mut shared::db::Connection, message: &Message, now: DateTime<Utc>) -> Result<(), JobError> {
    let news = message.news().ok_or_else(|| JobError::fail("the message names no call"))?;
    let student_id = match &news.caller_phone {
        Some(phone) => find_only_student_id(&mut *tx, phone).await?,
        None => None,
    };
    let (session_id, _) = merge_news(tx, &news, student_id, now).await?;
    if news.is_report {
        let turns = message.turns();
        // A second report without turns must not take away those of the first.
        if !turns.is_empty() {
            replace_turns(tx, session_id, &turns).await?;
            index_words(tx, session_id).await?;
        }
        job::enqueue(tx, &Job::AnalyzeSession { session_id, round: 1 }, Some(session_id)).await?;
    }
    Ok(())
}
