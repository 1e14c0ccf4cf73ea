//! A session as the API shows it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use storage::access::{Caller, Scope};
use storage::analysis::{Analysis, AnalysisStatus, Findings};
use storage::id::{AnalysisId, SessionId, StudentId};
use storage::session::{Session, SessionItem, SessionStatus};
use storage::transcript::Turn;

use crate::api::told::Holds;
use crate::tools::Review;
use crate::trail::Held;

/// One tutoring call.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(super) struct SessionView {
    session_id: SessionId,
    /// VAPI's id of the call.
    call_id: String,
    /// Null: the caller is unknown, or several students share the phone number.
    student_id: Option<StudentId>,
    /// The caller's number in E.164; null without the scope `students:read`.
    caller_phone: Option<String>,
    status: SessionStatus,
    /// Why a person should look; null unless the status is `needs_attention`.
    attention_reason: Option<String>,
    /// What of the call's report could not be read and was dropped, one sentence each; empty if everything was read.
    report_faults: Vec<String>,
    /// VAPI's word, for example `inboundPhoneCall`.
    call_type: Option<String>,
    assistant: Assistant,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    duration_seconds: Option<i64>,
    /// VAPI's word, for example `customer-ended-call`.
    ended_reason: Option<String>,
    /// What VAPI billed, in millionths of a US dollar.
    cost_microusd: Option<i64>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    analyzed_at: Option<DateTime<Utc>>,
    /// Null before the first analysis.
    analysis: Option<AnalysisView>,
}

/// Who tutored.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "an id has the same name everywhere")]
struct Assistant {
    assistant_id: Option<String>,
    name: Option<String>,
    version: Option<String>,
}

/// Our judgement of a session.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Analysis")]
pub(super) struct AnalysisView {
    analysis_id: AnalysisId,
    status: AnalysisStatus,
    /// `rules`, or `llm` where a model enriched the rules' findings.
    analyser: String,
    analyser_version: String,
    /// The model asked; null where none was.
    model: Option<String>,
    created_at: DateTime<Utc>,
    #[serde(flatten)]
    findings: Findings,
}

impl SessionView {
    pub(super) fn new(session: Session, analysis: Option<Analysis>, caller: &Caller) -> Self {
        let duration_seconds = session.duration_seconds();
        Self {
            session_id: session.session_id,
            call_id: session.call_id,
            student_id: session.student_id,
            caller_phone: session.caller_phone.filter(|_| caller.require(Scope::StudentsRead).is_ok()),
            status: session.status,
            attention_reason: session.attention_reason,
            report_faults: session.report_faults.unwrap_or_default(),
            call_type: session.call_type,
            assistant: Assistant {
                assistant_id: session.assistant_id,
                name: session.assistant_name,
                version: session.assistant_version,
            },
            started_at: session.started_at,
            ended_at: session.ended_at,
            duration_seconds,
            ended_reason: session.ended_reason,
            cost_microusd: session.cost_microusd,
            created_at: session.created_at,
            updated_at: session.updated_at,
            analyzed_at: session.analyzed_at,
            analysis: analysis.map(AnalysisView::from),
        }
    }
}

impl From<Analysis> for AnalysisView {
    fn from(analysis: Analysis) -> Self {
        Self {
            analysis_id: analysis.analysis_id,
            status: analysis.status,
            analyser: analysis.analyser,
            analyser_version: analysis.analyser_version,
            model: analysis.model,
            created_at: analysis.created_at,
            findings: analysis.findings,
        }
    }
}

/// What a client gets of a session.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "SessionAnswer")]
pub(super) enum SessionAnswer {
    Whole(Box<SessionView>),
    /// For a telephone client, and for every client that names a telephone line.
    OnLine(Box<Review>),
}

/// A page of sessions, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionPage {
    pub(super) items: Vec<SessionItemView>,
    /// Send it as `cursor` for the next page; null on the last one.
    pub(super) next_cursor: Option<String>,
}

/// A row of a list of sessions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SessionItem")]
pub(super) struct SessionItemView {
    session_id: SessionId,
    /// VAPI's id of the call.
    call_id: String,
    student_id: Option<StudentId>,
    /// Null without the scope `students:read`.
    student_name: Option<String>,
    status: SessionStatus,
    attention_reason: Option<String>,
    analysis_status: Option<AnalysisStatus>,
    /// One to three sentences of the current analysis.
    summary: Option<String>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ended_reason: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<SessionItem> for SessionItemView {
    fn from(item: SessionItem) -> Self {
        Self {
            session_id: item.session_id,
            call_id: item.call_id,
            student_id: item.student_id,
            student_name: item.student_name,
            status: item.status,
            attention_reason: item.attention_reason,
            analysis_status: item.analysis_status,
            summary: item.summary,
            started_at: item.started_at,
            ended_at: item.ended_at,
            ended_reason: item.ended_reason,
            created_at: item.created_at,
        }
    }
}

/// What was said, in order.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Transcript {
    pub(super) session_id: SessionId,
    pub(super) student_id: Option<StudentId>,
    pub(super) items: Vec<Turn>,
    /// Always null: a transcript comes whole.
    pub(super) next_cursor: Option<String>,
}

impl Holds for SessionAnswer {
    fn held(&self, held: &mut Held) {
        match self {
            Self::Whole(session) => held.add(session.student_id, Some(session.session_id)),
            Self::OnLine(session) => held.add(session.student_id, Some(session.session_id)),
        }
    }
}

impl Holds for SessionPage {
    fn held(&self, held: &mut Held) {
        for item in &self.items {
            held.add(item.student_id, Some(item.session_id));
        }
    }
}

impl Holds for Transcript {
    fn held(&self, held: &mut Held) {
        held.add(self.student_id, Some(self.session_id));
    }
}
