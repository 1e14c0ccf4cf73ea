//! Events that outgoing webhooks carry: ids, a type and a time.

use chrono::{DateTime, TimeDelta, Utc};

use super::Subject;
use crate::db::{Connection, Executor, Result};
use crate::id::{EndpointId, FollowUpId, MessageId, SessionId, StudentId};
use crate::job::{self, Job};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    SessionAnalyzed,
    ConcernRaised,
    CallbackRequested,
    CallbackDue,
    StudentNeedsAttention,
    /// A person asked for a request to try an endpoint with.
    Test,
}

impl Event {
    /// The events that an endpoint can be made for.
    pub const ALL: [Self; 5] = [
        Self::SessionAnalyzed,
        Self::ConcernRaised,
        Self::CallbackRequested,
        Self::CallbackDue,
        Self::StudentNeedsAttention,
    ];

    /// The `type` of the payload.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionAnalyzed => "session.analyzed",
            Self::ConcernRaised => "concern.raised",
            Self::CallbackRequested => "callback.requested",
            Self::CallbackDue => "callback.due",
            Self::StudentNeedsAttention => "student.needs_attention",
            Self::Test => "test",
        }
    }
}

impl std::str::FromStr for Event {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|event| event.as_str() == text);
        known.ok_or_else(|| {
            format!("an event is one of {}; for example session.analyzed", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

/// Writes the event down for every endpoint that wants it, once for each `cause`. It is sent at `due_at`, which is also the time
/// that the payload gives.
pub async fn emit(
    tx: &mut Connection,
    event: Event,
    subject: Subject,
    cause: &str,
    due_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    let message_ids = sqlx::query_scalar!(
        r#"insert into messages (message_id, dedupe_key, kind, endpoint_id, student_id, session_id, follow_up_id, due_at,
               created_at)
           select gen_random_uuid(), $1 || ':' || $2 || ':' || endpoint_id, $1, endpoint_id, $3::uuid, $4::uuid, $5::uuid,
               $6::timestamptz, $7::timestamptz
           from webhook_endpoints where disabled_at is null and $1 = any(events)
           on conflict do nothing
           returning message_id as "message_id: MessageId""#,
        event.as_str(),
        cause,
        subject.student_id() as Option<StudentId>,
        subject.session_id() as Option<SessionId>,
        subject.follow_up_id() as Option<FollowUpId>,
        due_at,
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    enqueue(tx, &message_ids, due_at).await
}

/// Sends a test event to one endpoint. Returns its message.
pub async fn emit_test(tx: &mut Connection, endpoint_id: EndpointId, now: DateTime<Utc>) -> Result<MessageId> {
    let message_id = MessageId::new();
    sqlx::query!(
        "insert into messages (message_id, dedupe_key, kind, endpoint_id, due_at, created_at)
         values ($1, $2, $3, $4, $5, $5)",
        message_id as MessageId,
        format!("test:{message_id}"),
        Event::Test.as_str(),
        endpoint_id as EndpointId,
        now,
    )
    .execute(&mut *tx)
    .await?;
    enqueue(tx, &[message_id], now).await?;
    Ok(message_id)
}

/// Reasons that are older are not looked for. A worker that was down for less has missed nothing.
const LOOK_BACK: TimeDelta = TimeDelta::days(1);

/// Writes `student.needs_attention` for reasons that now apply: many start at a point in time, without a transaction.
/// Returns how many reasons were found; known ones write nothing. Excludes students that clients get no data about.
pub async fn emit_attentions(tx: &mut Connection, now: DateTime<Utc>) -> Result<usize> {
    let Some(wanted_since) = find_wanted_since(&mut *tx, Event::StudentNeedsAttention).await? else { return Ok(0) };
    let reasons = sqlx::query!(
        r#"select a.student_id as "student_id: StudentId", a.reason, a.newest_at as "newest_at!"
           from attentions a join students st using (student_id)
           where a.newest_at between $1 and $2 and a.open_since <= $2 and a.until > $2
             and not is_silent(st.student_id, st.status, $2)
             and not exists (
                 select 1 from messages m
                 where m.student_id = a.student_id and m.kind = 'student.needs_attention' and m.due_at = a.newest_at)
           order by a.newest_at limit 500"#,
        wanted_since.max(now - LOOK_BACK),
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    for reason in &reasons {
        let cause = format!("{}:{}:{}", reason.student_id, reason.reason, reason.newest_at.timestamp_micros());
        let subject = Subject::Student(reason.student_id);
        emit(tx, Event::StudentNeedsAttention, subject, &cause, reason.newest_at, now).await?;
    }
    Ok(reasons.len())
}

/// Since when an endpoint has wanted the event. `None`: none does.
async fn find_wanted_since(db: impl Executor<'_>, event: Event) -> Result<Option<DateTime<Utc>>> {
    let since = sqlx::query_scalar!(
        "select min(created_at) from webhook_endpoints where disabled_at is null and $1 = any(events)",
        event.as_str(),
    );
    Ok(since.fetch_one(db).await?)
}

async fn enqueue(tx: &mut Connection, message_ids: &[MessageId], due_at: DateTime<Utc>) -> Result<()> {
    for &message_id in message_ids {
        job::enqueue_at(tx, &Job::SendWebhook { message_id, round: 1 }, None, due_at).await?;
    }
    Ok(())
}
