//! Messages to the outside: e-mails and outgoing webhooks. A row is written in the transaction that causes the message; a job
//! sends it, at least once.
//!
//! **Invariant:** a row holds ids and fixed words. Text and addresses are put together when the message is sent.

pub mod alert;
pub mod digest;
pub mod endpoint;
pub mod event;
pub mod signature;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::access::{Caller, Scope};
use crate::concern::ConcernCategory;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{EndpointId, FollowUpId, MessageId, SessionId, StudentId};
use crate::job::{self, Job};

/// What a message is about. Erasing it erases the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Student(StudentId),
    Session(SessionId),
    FollowUp(FollowUpId),
}

impl Subject {
    fn student_id(self) -> Option<StudentId> {
        if let Self::Student(id) = self { Some(id) } else { None }
    }

    fn session_id(self) -> Option<SessionId> {
        if let Self::Session(id) = self { Some(id) } else { None }
    }

    fn follow_up_id(self) -> Option<FollowUpId> {
        if let Self::FollowUp(id) = self { Some(id) } else { None }
    }
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    Waiting,
    Sent,
    /// All attempts failed.
    Failed,
    /// It is no longer true, or has no recipient.
    Cancelled,
}

/// An attempt that failed, in words that may be shown and stored.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    pub why: &'a str,
    pub status_code: Option<u16>,
    /// Whether no further attempt follows.
    pub is_last: bool,
}

/// An alert about to be sent.
#[derive(Clone)]
pub struct Alert {
    /// Whose address it goes to.
    pub email: String,
    pub category: ConcernCategory,
    /// `None`: no call is known.
    pub session_id: Option<SessionId>,
    pub student_id: Option<StudentId>,
    pub raised_at: DateTime<Utc>,
    /// Whether it was sent before to this person.
    pub is_reminder: bool,
    /// Whether it is still to be sent: the concern is open, and the person still gets alerts about it.
    pub is_wanted: bool,
}

impl std::fmt::Debug for Alert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alert").field("category", &self.category).finish_non_exhaustive()
    }
}

/// The alert of a message that waits or failed. `None`: it was sent or cancelled, or is gone with what it was about.
/// Needs `sessions:read`.
pub async fn find_alert(db: impl Executor<'_>, caller: &Caller, message_id: MessageId) -> Result<Option<Alert>> {
    caller.require(Scope::SessionsRead)?;
    Ok(sqlx::query_as!(
        Alert,
        r#"select u.email, f.category as "category!: ConcernCategory", f.session_id as "session_id: SessionId",
               coalesce(f.student_id, s.student_id) as "student_id: StudentId", f.created_at as raised_at,
               exists (select from messages o where o.follow_up_id = f.follow_up_id and o.admin_user_id = u.admin_user_id
                       and o.sent_at is not null) as "is_reminder!",
               (f.closed_at is null and u.admin_user_id in (select r.admin_user_id from alert_recipients(f.follow_up_id) r))
                   as "is_wanted!"
           from messages m join admin_users u using (admin_user_id) join follow_ups f using (follow_up_id)
           left join sessions s on s.session_id = f.session_id
           where m.message_id = $1 and m.state in ('waiting', 'failed') and f.category is not null"#,
        message_id as MessageId,
    )
    .fetch_optional(db)
    .await?)
}

/// A webhook about to be sent.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub endpoint_id: EndpointId,
    pub url: String,
    pub secret: SecretString,
    /// During a rotation.
    pub secret_previous: Option<SecretString>,
    pub event: String,
    pub happened_at: DateTime<Utc>,
    pub student_id: Option<StudentId>,
    pub session_id: Option<SessionId>,
    pub follow_up_id: Option<FollowUpId>,
    /// Whether it is still to be sent: the endpoint is enabled, and a callback that is due has not been made.
    pub is_wanted: bool,
}

/// The webhook of a message that waits or failed. `None`: it was sent or cancelled, or is gone with what it was about.
pub async fn find_webhook(db: impl Executor<'_>, message_id: MessageId, now: DateTime<Utc>) -> Result<Option<Webhook>> {
    let row = sqlx::query!(
        r#"select e.endpoint_id as "endpoint_id: EndpointId", e.url, e.secret,
               case when e.secret_previous_until > $2 then e.secret_previous end as secret_previous,
               m.kind as event, m.due_at as happened_at, f.follow_up_id as "follow_up_id?: FollowUpId",
               coalesce(m.session_id, f.session_id) as "session_id: SessionId",
               coalesce(m.student_id, f.student_id, s.student_id) as "student_id: StudentId",
               e.disabled_at is null and not (m.kind = 'callback.due' and f.closed_at is not null) as "is_wanted!"
           from messages m join webhook_endpoints e using (endpoint_id)
           left join follow_ups f on f.follow_up_id = m.follow_up_id
           left join sessions s on s.session_id = coalesce(m.session_id, f.session_id)
           where m.message_id = $1 and m.state in ('waiting', 'failed')"#,
        message_id as MessageId,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Webhook {
        endpoint_id: row.endpoint_id,
        url: row.url,
        secret: SecretString::from(row.secret),
        secret_previous: row.secret_previous.map(SecretString::from),
        event: row.event,
        happened_at: row.happened_at,
        student_id: row.student_id,
        session_id: row.session_id,
        follow_up_id: row.follow_up_id,
        is_wanted: row.is_wanted,
    }))
}

/// The receiver took the message.
pub async fn mark_sent(
    tx: &mut Connection,
    message_id: MessageId,
    status_code: Option<u16>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update messages set state = 'sent', sent_at = $2, n_attempts = n_attempts + 1, status_code = $3, last_error = null
         where message_id = $1",
        message_id as MessageId,
        now,
        status_code.map(u16::cast_signed),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The receiver did not take the message.
pub async fn mark_failed(tx: &mut Connection, message_id: MessageId, failure: &Failure<'_>) -> Result<()> {
    sqlx::query!(
        "update messages set state = case when $4 then 'failed' else 'waiting' end, n_attempts = n_attempts + 1,
             status_code = $2, last_error = $3
         where message_id = $1 and state in ('waiting', 'failed')",
        message_id as MessageId,
        failure.status_code.map(u16::cast_signed),
        failure.why,
        failure.is_last,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The message is not sent any more.
pub async fn mark_cancelled(tx: &mut Connection, message_id: MessageId) -> Result<()> {
    sqlx::query!("update messages set state = 'cancelled' where message_id = $1", message_id as MessageId)
        .execute(tx)
        .await?;
    Ok(())
}

/// Sends an outgoing webhook again, with the same id, unless it is still waiting.
pub async fn replay(tx: &mut Connection, endpoint_id: EndpointId, message_id: MessageId) -> Result<()> {
    let round = sqlx::query_scalar!(
        "update messages set state = 'waiting', sent_at = null, last_error = null, status_code = null, round = round + 1
         where message_id = $1 and endpoint_id = $2 and state <> 'waiting'
         returning round",
        message_id as MessageId,
        endpoint_id as EndpointId,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("finished delivery"))?;
    job::enqueue(tx, &Job::SendWebhook { message_id, round }, None).await?;
    Ok(())
}

/// One line of an endpoint's delivery log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogItem {
    pub message_id: MessageId,
    pub event: String,
    pub state: State,
    pub status_code: Option<i16>,
    pub last_error: Option<String>,
    pub n_attempts: i32,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_at: Option<DateTime<Utc>>,
}

/// The last messages to an endpoint, the newest first.
pub async fn list_log(db: impl Executor<'_>, endpoint_id: EndpointId, limit: i64) -> Result<Vec<LogItem>> {
    Ok(sqlx::query_as!(
        LogItem,
        r#"select m.message_id as "message_id: MessageId", m.kind as event, m.state as "state: State", m.status_code,
               m.last_error, m.n_attempts, m.created_at, m.sent_at,
               (select j.run_at from jobs j where j.state in ('ready', 'sent')
                    and j.dedupe_key = 'send_webhook:' || m.message_id || ':' || m.round) as next_at
           from messages m where m.endpoint_id = $1
           order by m.created_at desc, m.message_id desc limit $2"#,
        endpoint_id as EndpointId,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// How e-mails went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailStatus {
    pub sent_at: Option<DateTime<Utc>>,
    /// The last e-mail was not sent, and why.
    pub last_error: Option<String>,
    /// How many people get alerts, each about the students that they see.
    pub n_recipients: i64,
}

/// Returns how e-mails of the last week went.
pub async fn mail_status(db: impl Executor<'_>, now: DateTime<Utc>) -> Result<MailStatus> {
    Ok(sqlx::query_as!(
        MailStatus,
        r#"select max(sent_at) as sent_at,
               (array_agg(case when state <> 'sent' then last_error end order by created_at desc))[1] as last_error,
               (select count(*) from admin_users u where disabled_at is null and role in ('admin', 'tutor')
                    and coalesce(gets_alerts, role = 'admin')) as "n_recipients!"
           from messages where endpoint_id is null and created_at > $1"#,
        now - chrono::TimeDelta::days(7),
    )
    .fetch_one(db)
    .await?)
}
