//! Reads a stored webhook into the session it speaks of.

pub(crate) mod payload;

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use chrono::{DateTime, Utc};
use domain::calling;
use queue::lease::{Claimed, Finished, finish_done, renew};
use storage::access::Caller;
use storage::consent;
use storage::curriculum;
use storage::db::Connection;
use storage::delivery::{self, DeliveryState};
use storage::id::{DeliveryId, OutboundCallId, SessionId};
use storage::job::{self, Job, Kind};
use storage::outbound_call::{self, Heard};
use storage::server_message::ServerMessage;
use storage::session::{SessionKey, SessionNews, SessionStatus, derived, index_words, mark_session, merge_news};
use storage::student::{self, find_only_student_id};
use storage::transcript::{Speaker, replace_turns};
use web::telemetry::trace::{self, Ended};

use self::payload::{Report, Talk};
use crate::analyze::Judged;
use crate::attempt::{self, Outcome};
use crate::outbound;
use crate::store::Locked;
use crate::{Context, JobError};

/// Shown on the session and on the Jobs page.
const UNREADABLE_WORDS: &str = "the report has words in a form that this version cannot read";

/// Merges a message into its call. Messages may arrive in any order, twice or never; the result is the same. The first
/// attempt at a report also analyses the call, in the same transaction. If that fails for any reason, the next attempt
/// only stores the call, and a separate job analyses it.
pub(crate) async fn perform(
    context: &Context,
    claimed: &Claimed,
    delivery_id: DeliveryId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let started = Instant::now();
    let lease = &claimed.lease;
    let delivery = delivery::get_delivery(&context.db, &Caller::worker(), delivery_id).await?;
    // Without a body there is nothing to do: its student was erased, or it grew too old.
    let message = match (delivery.state, &delivery.body) {
        (DeliveryState::Stored, Some(body)) => {
            let message = ServerMessage::read(body).ok_or_else(|| JobError::fail("the message is not readable"))?;
            if message.r#type().is_none() {
                return Err(JobError::fail("the message names no type"));
            }
            Some(message)
        }
        _ => None,
    };
    let call = match &message {
        Some(message) if Report(message).concerns_a_session() => Some(Call::read(message, delivery.received_at)?),
        _ => None,
    };
    trace::of_call(|| call.as_ref().map(|call| &call.news.call_id));
    let judged = match &call {
        Some(call) if claimed.attempts == 1 => call.judge(context).await?,
        _ => None,
    };
    let mut tx = context.begin().await?;
    let (mut analysed_in, mut session_stored, mut ended) = (None, None, None);
    // It may have been erased since it was read. From here on an erasure waits.
    if let Some(call) = &call
        && delivery::has_body(&mut *tx, delivery_id).await?
    {
        let written = call.write(context, &mut tx, judged, now).await?;
        if call.may_be_ours() {
            ended = outbound_call::hear(&mut tx, &call.heard(), now).await?;
        }
        match written {
            Written::Unread => {
                // The session is kept, and the job waits for a person: a newer version may read what this one could not.
                renew(&mut *tx, lease, context.config.lease).await?;
                context.commit(tx).await?;
                return Err(JobError::fail(UNREADABLE_WORDS));
            }
            Written::Erased => delivery::remove_body(&mut tx, delivery_id).await?,
            Written::Session { session_id, keeps_words, is_analysed } => {
                if !keeps_words {
                    delivery::remove_body(&mut tx, delivery_id).await?;
                }
                analysed_in = is_analysed.then_some(started);
                session_stored = Some(session_id);
            }
        }
    }
    delivery::mark_delivery_processed(&mut tx, delivery_id, now).await?;
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    if let Some(outcome) = ended {
        outbound::count(outcome.as_str());
    }
    if let Some(started) = analysed_in {
        attempt::count(Kind::AnalyzeSession, &Outcome::Done, started.elapsed());
    }
    if let (Some(Call { news, .. }), Some(session_id)) = (&call, session_stored)
        && let (true, Some(started_at), Some(ended_at)) = (news.is_report, news.started_at, news.ended_at)
    {
        let ended = Ended::new("call").with("session.id", session_id.to_string());
        trace::call(&news.call_id, ended, started_at, ended_at);
    }
    Ok(finished)
}

/// What a message tells about a call.
struct Call {
    news: SessionNews,
    talk: Talk,
    /// Our own id, if we placed the call.
    outbound_call_id: Option<OutboundCallId>,
}

/// What became of a message.
enum Written {
    /// `keeps_words`: there is consent to keep what was said.
    Session { session_id: SessionId, keeps_words: bool, is_analysed: bool },
    /// The call was erased, so nothing is kept of it.
    Erased,
    /// The report holds words that could not be read, so nothing is judged.
    Unread,
}

impl Call {
    fn read(message: &ServerMessage, received_at: DateTime<Utc>) -> Result<Self, JobError> {
        let report = Report(message);
        let mut news = report.news(received_at).ok_or_else(|| JobError::fail("the message names no call"))?;
        let talk = if news.is_report { report.talk() } else { Talk::default() };
        news.has_turns = !talk.turns.is_empty() && !talk.is_unreadable;
        news.report_faults = message.faults().to_vec();
        if talk.n_left_out > 0 {
            news.report_faults.push(format!("{} messages of an unknown speaker were left out.", talk.n_left_out));
        }
        let id = message.text("/call/assistantOverrides/metadata/outbound_call_id");
        Ok(Self { news, talk, outbound_call_id: id.and_then(|id| id.parse().ok()) })
    }

    /// False if another service placed the call.
    fn may_be_ours(&self) -> bool {
        let is_inbound = matches!(self.news.call_type.as_deref(), Some("inboundPhoneCall" | "webCall"));
        self.outbound_call_id.is_some() || !is_inbound
    }

    /// What it says of an outbound call. A status has the reason of the end, and only a report says whether anybody spoke.
    fn heard(&self) -> Heard<'_> {
        let Self { news, talk, outbound_call_id } = self;
        let has_words = news.is_report.then(|| talk.turns.iter().any(|turn| turn.speaker == Speaker::Student));
        let reason = news.ended_reason.as_deref().unwrap_or_default();
        let has_ended = news.is_report || news.ended_reason.is_some();
        Heard {
            call_id: &news.call_id,
            outbound_call_id: *outbound_call_id,
            outcome: has_ended.then(|| calling::Outcome::of_end(reason, has_words)).flatten(),
            ended_at: news.ended_at,
            cost_microusd: news.cost_microusd,
        }
    }

    /// Judges the call by rules. `None`: there are no turns, or the rules failed.
    async fn judge(&self, context: &Context) -> Result<Option<Judged>, JobError> {
        if !self.news.has_turns {
            return Ok(None);
        }
        let started = Instant::now();
        let curriculum = curriculum::current(&context.db).await?;
        let judge = AssertUnwindSafe(|| Judged::of(&self.talk.turns, &curriculum, started));
        Ok(std::panic::catch_unwind(judge).ok())
    }

    /// Merges it into the session of the call.
    async fn write(
        &self,
        context: &Context,
        tx: &mut Connection,
        judged: Option<Judged>,
        now: DateTime<Utc>,
    ) -> Result<Written, JobError> {
        let student_id = match &self.news.caller_phone {
            Some(phone) => find_only_student_id(&mut *tx, phone).await?,
            None => None,
        };
        let students = match judged {
            Some(_) => student::lock_of_call(tx, &SessionKey::CallId(self.news.call_id.clone()), student_id).await?,
            None => Vec::new(),
        };
        let Some((session_id, _)) = merge_news(tx, &self.news, student_id, now).await? else {
            return Ok(Written::Erased);
        };
        if self.talk.is_unreadable {
            consent::apply_to_session(tx, session_id, false, now).await?;
            mark_session(tx, session_id, SessionStatus::NeedsAttention, Some(UNREADABLE_WORDS), now).await?;
            return Ok(Written::Unread);
        }
        // A second report without turns must not take away those of the first.
        if self.news.has_turns {
            replace_turns(tx, session_id, &self.talk.turns).await?;
        }
        let (consents, is_analysed) = match judged {
            Some(judged) if job::record_done(tx, &first_analysis(session_id), Some(session_id)).await? => {
                let locked = Locked::new(tx, session_id, students, now).await?;
                let consents = locked.consents;
                judged.write(context, tx, locked, &self.talk.turns, 1, now).await?;
                (consents, true)
            }
            _ => {
                let consents = consent::apply_to_session(tx, session_id, false, now).await?;
                let will_be_analysed =
                    self.news.is_report && job::enqueue(tx, &first_analysis(session_id), Some(session_id)).await?;
                // The analysis takes down the words, with those of its summary.
                if self.news.has_turns && !will_be_analysed {
                    index_words(tx, session_id).await?;
                }
                derived::refresh(tx, &[session_id]).await?;
                (consents, false)
            }
        };
        Ok(Written::Session { session_id, keeps_words: consents.transcripts, is_analysed })
    }
}

const fn first_analysis(session_id: SessionId) -> Job {
    Job::AnalyzeSession { session_id, round: 1 }
}
