//! Reads a stored webhook into the session it speaks of.

pub(crate) mod payload;

use chrono::{DateTime, Utc};
use shared::consent;
use shared::delivery::{self, DeliveryState};
use shared::id::DeliveryId;
use shared::job::lease::{Finished, Lease, finish_done, renew};
use shared::job::{self, Job};
use shared::server_message::ServerMessage;
use shared::session::{SessionStatus, derived, index_words, mark_session, merge_news, set_report_faults};
use shared::student::find_only_student_id;
use shared::transcript::replace_turns;

use self::payload::{Report, Talk};
use crate::{Context, JobError};

/// Shown on the session and on the Jobs page.
const UNREADABLE_WORDS: &str = "the report has words in a form that this version cannot read";

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
        let message = ServerMessage::read(body).ok_or_else(|| JobError::fail("the message is not readable"))?;
        if message.r#type().is_none() {
            return Err(JobError::fail("the message names no type"));
        }
        let applied = if Report(&message).concerns_a_session() {
            apply(&mut tx, &message, delivery.received_at, now).await?
        } else {
            Applied::Read
        };
        if let Applied::Unread = applied {
            // The session is kept, and the job waits for a person: a newer version may read what this one could not.
            renew(&mut *tx, lease, context.config.lease).await?;
            context.commit(tx).await?;
            return Err(JobError::fail(UNREADABLE_WORDS));
        }
        if let Applied::NotKept | Applied::Erased = applied {
            delivery::remove_body(&mut tx, delivery_id).await?;
        }
    }
    delivery::mark_delivery_processed(&mut tx, delivery_id, now).await?;
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

/// What became of a message.
enum Applied {
    Read,
    /// Read. There is no consent to keep the transcript.
    NotKept,
    /// The call was erased, so nothing is kept of it.
    Erased,
    /// The report holds words that could not be read, so nothing is judged.
    Unread,
}

/// Merges a message into its session.
async fn apply(
    tx: &mut shared::db::Connection,
    message: &ServerMessage,
    received_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Applied, JobError> {
    let report = Report(message);
    let news = report.news(received_at).ok_or_else(|| JobError::fail("the message names no call"))?;
    let student_id = match &news.caller_phone {
        Some(phone) => find_only_student_id(&mut *tx, phone).await?,
        None => None,
    };
    let Some((session_id, _)) = merge_news(tx, &news, student_id, now).await? else {
        return Ok(Applied::Erased);
    };
    let consents = consent::apply_to_session(tx, session_id, false, now).await?;
    if news.is_report {
        let Talk { turns, is_unreadable, n_left_out } = report.talk();
        let mut faults = message.faults().to_vec();
        if n_left_out > 0 {
            faults.push(format!("{n_left_out} messages of an unknown speaker were left out."));
        }
        set_report_faults(tx, session_id, &faults).await?;
        if is_unreadable {
            mark_session(tx, session_id, SessionStatus::NeedsAttention, Some(UNREADABLE_WORDS), now).await?;
            return Ok(Applied::Unread);
        }
        // A second report without turns must not take away those of the first.
        if !turns.is_empty() {
            replace_turns(tx, session_id, &turns).await?;
        }
        let will_be_analysed =
            job::enqueue(tx, &Job::AnalyzeSession { session_id, round: 1 }, Some(session_id)).await?;
        // The analysis takes down the words, with those of its summary.
        if !will_be_analysed && !turns.is_empty() {
            index_words(tx, session_id).await?;
        }
    }
    derived::refresh(tx, &[session_id]).await?;
    Ok(if consents.transcripts { Applied::Read } else { Applied::NotKept })
}
