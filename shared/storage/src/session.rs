//! One tutoring call, from ring to analysis.

pub mod browse;
pub mod derived;
pub mod news;

mod find;
mod live_call;
mod recording;
mod totals;
mod words;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use strum::IntoStaticStr;

use crate::access::{Caller, Forbidden, Scope};
use crate::analysis::{AnalysisStatus, Introduction};
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{SessionId, StudentId};
use crate::phone::Phone;

pub use self::find::{FoundSession, find_sessions};
pub use self::live_call::{
    Settled, Written, count_written, identify_live_caller, introduce_live_caller, open_live_call,
};
pub use self::recording::move_recording;
pub use self::totals::{LATELY, SessionTotals, get_totals};
pub use self::words::{
    Hits, MARK_FROM, MARK_TO, SessionHit, TurnHit, WordsQuery, index_words, read_words, search_sessions,
};

/// The status of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum SessionStatus {
    /// The call is ringing or running, or has ended without its report.
    InProgress,
    /// The report is here and waits for its analysis.
    Received,
    /// Being analysed, or waiting for a model.
    Analyzing,
    Analyzed,
    /// A person should look: `attention_reason` says why.
    NeedsAttention,
}

impl SessionStatus {
    pub const ALL: [Self; 5] =
        [Self::InProgress, Self::Received, Self::Analyzing, Self::Analyzed, Self::NeedsAttention];

    /// Its name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

impl std::str::FromStr for SessionStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            "a session's status is in_progress, received, analyzing, analyzed or needs_attention".to_owned()
        })
    }
}

/// A part of what a call cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostPart {
    /// VAPI's word: transport, transcriber, model, voice, vapi, analysis, knowledge-base …
    pub part: String,
    /// In millionths of a US dollar.
    pub microusd: i64,
}

/// One row of `sessions`, with the state of its current analysis.
#[derive(Clone, PartialEq)]
pub struct Session {
    pub session_id: SessionId,
    pub call_id: String,
    /// `None`: the caller is unknown, or several students share the phone.
    pub student_id: Option<StudentId>,
    pub caller_phone: Option<String>,
    pub status: SessionStatus,
    pub attention_reason: Option<String>,
    pub call_type: Option<String>,
    pub assistant_id: Option<String>,
    pub assistant_name: Option<String>,
    pub assistant_version: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub ended_reason: Option<String>,
    pub cost_microusd: Option<i64>,
    pub cost_parts: Option<Json<Vec<CostPart>>>,
    pub recording_url: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub analyzed_at: Option<DateTime<Utc>>,
    pub analysis_status: Option<AnalysisStatus>,
    /// What of the report could not be read, one sentence each.
    pub report_faults: Option<Vec<String>>,
    /// Who an unknown caller says they are.
    pub introduced_as: Option<Json<Introduction>>,
}

impl Session {
    /// How long the call lasted, where both ends are known.
    pub fn duration_seconds(&self) -> Option<i64> {
        Some((self.ended_at? - self.started_at?).num_seconds().max(0))
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("session_id", &self.session_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The content of one message of VAPI about a call. Messages come in any order, twice, or not at all, so each only
/// adds: merging them in any order gives the same row.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SessionNews {
    pub call_id: String,
    pub caller_phone: Option<Phone>,
    pub call_type: Option<String>,
    pub assistant_id: Option<String>,
    pub assistant_name: Option<String>,
    pub assistant_version: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub ended_reason: Option<String>,
    pub cost_microusd: Option<i64>,
    /// What that is made of; empty: the message does not say.
    pub cost_parts: Vec<CostPart>,
    pub recording_url: Option<String>,
    /// Whether this message is the report. What a report says outranks what the others say.
    pub is_report: bool,
    /// What of the report could not be read, one sentence each.
    pub report_faults: Vec<String>,
    /// Whether the report brings what was said, in place of what may have been removed.
    pub has_turns: bool,
}

impl std::fmt::Debug for SessionNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionNews").field("is_report", &self.is_report).finish_non_exhaustive()
    }
}

/// Merges `news` into the session of its call, making the row where there is none. Returns the session's id and
/// its status now; `None`: the call was erased, and nothing was stored. Needs a transaction that called
/// [`crate::erasure::gate::enter`]. The caller calls [`derived::refresh`] at the end of the transaction.
pub async fn merge_news(
    tx: &mut Connection,
    news: &SessionNews,
    student_id: Option<StudentId>,
    now: DateTime<Utc>,
) -> Result<Option<(SessionId, SessionStatus)>> {
    let status = if news.is_report { SessionStatus::Received } else { SessionStatus::InProgress };
    let row = sqlx::query!(
        r#"insert into sessions as s (session_id, call_id, student_id, caller_phone, status, call_type, assistant_id,
               assistant_name, assistant_version, started_at, ended_at, ended_reason, cost_microusd, recording_url,
               created_at, updated_at, cost_parts, report_faults)
           select $1, $2::text, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz, $11, $12, $13, $14,
               -- A call that is read in late stands among the calls of its day.
               least($10, $15::timestamptz), $15, $17, nullif($18::text[], '{}')
           where not exists (select 1 from erased_calls where call_id = $2)
           on conflict on constraint sessions_call_id_key do update set
               created_at = least(s.created_at, excluded.created_at),
               -- Who introduced themselves as a new student is not the one student of the number.
               student_id = case when s.introduced_as is null then coalesce(s.student_id, excluded.student_id)
                                 else s.student_id end,
               caller_phone = case when $16 then coalesce(excluded.caller_phone, s.caller_phone)
                                   else coalesce(s.caller_phone, excluded.caller_phone) end,
               status = case when s.status = 'in_progress' then excluded.status else s.status end,
               call_type = case when $16 then coalesce(excluded.call_type, s.call_type)
                                else coalesce(s.call_type, excluded.call_type) end,
               assistant_id = case when $16 then coalesce(excluded.assistant_id, s.assistant_id)
                                   else coalesce(s.assistant_id, excluded.assistant_id) end,
               assistant_name = case when $16 then coalesce(excluded.assistant_name, s.assistant_name)
                                     else coalesce(s.assistant_name, excluded.assistant_name) end,
               assistant_version = case when $16 then coalesce(excluded.assistant_version, s.assistant_version)
                                        else coalesce(s.assistant_version, excluded.assistant_version) end,
               started_at = case when $16 then coalesce(excluded.started_at, s.started_at)
                                 when s.status = 'in_progress' then least(s.started_at, excluded.started_at)
                                 else coalesce(s.started_at, excluded.started_at) end,
               ended_at = case when $16 then coalesce(excluded.ended_at, s.ended_at)
                               when s.status = 'in_progress' then least(s.ended_at, excluded.ended_at)
                               else coalesce(s.ended_at, excluded.ended_at) end,
               ended_reason = case when $16 then coalesce(excluded.ended_reason, s.ended_reason)
                                   else coalesce(s.ended_reason, excluded.ended_reason) end,
               cost_microusd = case when $16 then coalesce(excluded.cost_microusd, s.cost_microusd)
                                    else coalesce(s.cost_microusd, excluded.cost_microusd) end,
               cost_parts = case when $16 then coalesce(excluded.cost_parts, s.cost_parts)
                                 else coalesce(s.cost_parts, excluded.cost_parts) end,
               recording_url = case when $16 then coalesce(excluded.recording_url, s.recording_url)
                                    else coalesce(s.recording_url, excluded.recording_url) end,
               report_faults = case when $16 then excluded.report_faults else s.report_faults end,
               speech_removed_at = case when $19 then null else s.speech_removed_at end,
               updated_at = $15
           returning session_id as "session_id: SessionId", status as "status: SessionStatus""#,
        SessionId::new() as SessionId,
        news.call_id,
        student_id as Option<StudentId>,
        news.caller_phone.as_ref().map(Phone::as_str),
        status as SessionStatus,
        news.call_type,
        news.assistant_id,
        news.assistant_name,
        news.assistant_version,
        news.started_at,
        news.ended_at,
        news.ended_reason,
        news.cost_microusd,
        news.recording_url,
        now,
        news.is_report,
        (!news.cost_parts.is_empty()).then_some(Json(&news.cost_parts)) as Option<Json<&Vec<CostPart>>>,
        &news.report_faults,
        news.has_turns,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.session_id, row.status)))
}

/// Sets the status of the session, and updates what is derived from it. Any status but `NeedsAttention` clears the
/// reason.
pub async fn mark_session(
    tx: &mut Connection,
    session_id: SessionId,
    status: SessionStatus,
    attention_reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    let before = set_status(tx, session_id, status, attention_reason, now).await?;
    // Of the others nothing is derived.
    let counts = |status| matches!(status, SessionStatus::Analyzed | SessionStatus::NeedsAttention);
    if counts(before) || counts(status) {
        derived::refresh(tx, &[session_id]).await
    } else {
        news::tell(tx, &[session_id]).await
    }
}

/// [`mark_session`] in a transaction that changes more of the session and calls [`derived::refresh`] at its end. Locks
/// the session. Returns the status before.
pub async fn set_status(
    tx: &mut Connection,
    session_id: SessionId,
    status: SessionStatus,
    attention_reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<SessionStatus> {
    sqlx::query_scalar!(
        r#"with before as (select status from sessions where session_id = $1 for no key update)
           update sessions s set status = $2, attention_reason = $3, updated_at = $4,
               analyzed_at = case when $2 = 'analyzed' then $4 else analyzed_at end
           from before where session_id = $1 returning before.status as "status!: SessionStatus""#,
        session_id as SessionId,
        status as SessionStatus,
        attention_reason,
        now,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::NotFound("session"))
}

/// Says whose session it is. Needs `students:write`. The caller re-analyses it, so that evidence follows.
pub async fn assign_session(
    tx: &mut Connection,
    caller: &Caller,
    session_id: SessionId,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require(Scope::StudentsWrite)?;
    let before = sqlx::query_scalar!(
        r#"with before as (select student_id from sessions where session_id = $1 for no key update)
           update sessions set student_id = $2, introduced_as = null, updated_at = $3 from before where session_id = $1
           returning before.student_id as "student_id: StudentId""#,
        session_id as SessionId,
        student_id as StudentId,
        now,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("session"))?;
    derived::refresh_with(tx, &[session_id], before.as_slice()).await
}

/// Locks a session for an analysis. The next statement sees what another transaction changed while this one waited.
pub async fn lock_session(tx: &mut Connection, session_id: SessionId) -> Result<()> {
    sqlx::query!("select from sessions where session_id = $1 for no key update", session_id as SessionId)
        .fetch_optional(tx)
        .await?;
    Ok(())
}

/// Which session is meant.
#[derive(Clone, Debug)]
pub enum SessionKey {
    Id(SessionId),
    CallId(String),
}

impl SessionKey {
    /// The values of `session_id` and `call_id` to look for.
    pub(crate) fn columns(&self) -> (Option<SessionId>, Option<&str>) {
        match self {
            Self::Id(id) => (Some(*id), None),
            Self::CallId(call_id) => (None, Some(call_id)),
        }
    }
}

/// Returns one session. Needs `sessions:read`. A telephone client only gets its student's sessions, and cannot learn
/// whether others exist.
pub async fn get_session(db: impl Executor<'_>, caller: &Caller, key: &SessionKey) -> Result<Session> {
    let only = caller.require_sessions(Scope::SessionsRead)?;
    let (session_id, call_id) = key.columns();
    let session = sqlx::query_as!(
        Session,
        r#"select s.session_id as "session_id: SessionId", call_id, student_id as "student_id: StudentId",
               caller_phone, s.status as "status: SessionStatus", attention_reason, call_type, assistant_id,
               assistant_name, assistant_version, started_at, ended_at, ended_reason, cost_microusd,
               cost_parts as "cost_parts: Json<Vec<CostPart>>", recording_url, s.created_at, s.updated_at, analyzed_at,
               a.status as "analysis_status?: AnalysisStatus", report_faults,
               introduced_as as "introduced_as: Json<Introduction>"
           from sessions s left join analyses a on a.session_id = s.session_id and a.is_current
           where s.session_id = $1 or call_id = $2"#,
        session_id as Option<SessionId>,
        call_id,
    )
    .fetch_optional(db)
    .await?;
    match (session, only) {
        (Some(session), None) => Ok(session),
        (Some(session), Some(_)) if session.student_id == only => Ok(session),
        (None, None) => Err(Error::NotFound("session")),
        (_, Some(_)) if caller.opened.is_some() => Err(Error::NotFound("session")),
        (_, Some(_)) => Err(Forbidden::NotOnLine.into()),
    }
}

/// Which sessions, newest first, and from where.
#[derive(Clone, Debug, Default)]
pub struct SessionQuery {
    pub student_id: Option<StudentId>,
    pub status: Option<SessionStatus>,
    /// Sessions that came to be at or after this.
    pub from: Option<DateTime<Utc>>,
    /// Sessions that came to be before this.
    pub to: Option<DateTime<Utc>>,
    /// The last row of the page before.
    pub after: Option<(DateTime<Utc>, SessionId)>,
    pub limit: i64,
}

/// A row of a list of sessions.
#[derive(Clone)]
pub struct SessionItem {
    pub session_id: SessionId,
    pub call_id: String,
    pub student_id: Option<StudentId>,
    /// The student's name, for those who may read students; empty otherwise.
    pub student_name: Option<String>,
    pub status: SessionStatus,
    pub attention_reason: Option<String>,
    pub analysis_status: Option<AnalysisStatus>,
    /// One to three sentences of the current analysis.
    pub summary: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub ended_reason: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for SessionItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionItem")
            .field("session_id", &self.session_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Returns sessions, newest first. Needs `sessions:read`. A client does not get the sessions of blocked students.
pub async fn list_sessions(db: impl Executor<'_>, caller: &Caller, query: &SessionQuery) -> Result<Vec<SessionItem>> {
    list_named(db, caller, query, None).await
}

/// Like [`list_sessions`], for students whose name contains `name`, ignoring case. Needs `students:read`, too.
pub async fn list_sessions_by_name(
    db: impl Executor<'_>,
    caller: &Caller,
    query: &SessionQuery,
    name: &str,
) -> Result<Vec<SessionItem>> {
    caller.require_within(Scope::StudentsRead)?;
    list_named(db, caller, query, Some(name)).await
}

async fn list_named(
    db: impl Executor<'_>,
    caller: &Caller,
    query: &SessionQuery,
    name: Option<&str>,
) -> Result<Vec<SessionItem>> {
    let cohorts = caller.require_within(Scope::SessionsRead)?;
    let (after_at, after_id) = query.after.unzip();
    Ok(sqlx::query_as!(
        SessionItem,
        r#"select s.session_id as "session_id: SessionId", call_id, s.student_id as "student_id: StudentId",
               case when $7 then st.display_name end as student_name,
               s.status as "status: SessionStatus", attention_reason,
               a.status as "analysis_status?: AnalysisStatus", a.findings->>'summary' as summary,
               started_at, ended_at, ended_reason, s.created_at
           from sessions s
           left join analyses a on a.session_id = s.session_id and a.is_current
           left join students st on st.student_id = s.student_id
           where ($1::uuid is null or s.student_id = $1)
             and ($2::text is null or s.status = $2)
             and ($3::timestamptz is null or s.created_at >= $3)
             and ($4::timestamptz is null or s.created_at < $4)
             and ($5::timestamptz is null or (s.created_at, s.session_id) < ($5, $6))
             and ($9::text is null or position(lower($9) in lower(st.display_name)) > 0)
             and ($10 or st.student_id is null or not is_silent(st.student_id, st.status, now()))
             and ($11::text[] is null or st.cohort = any($11))
           order by s.created_at desc, s.session_id desc
           limit $8"#,
        query.student_id as Option<StudentId>,
        query.status as Option<SessionStatus>,
        query.from,
        query.to,
        after_at,
        after_id as Option<SessionId>,
        caller.has(Scope::StudentsRead).is_ok(),
        query.limit,
        name,
        caller.sees_blocked(),
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}
