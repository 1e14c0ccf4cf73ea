//! A call from the tutor to the person at the dashboard, to hear that all works. The audit log says who placed which, and is
//! what bounds them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::api::Api;
use super::fault::Fault;
use super::found::{self, Found};
use super::plan::{Plan, artifact_plan};
use storage::access::Caller;
use storage::audit::{self, AuditEntry, AuditQuery};
use storage::db::{self, Db, Executor};
use storage::phone::Phone;
use storage::student;

/// Test calls of the whole organisation in an hour: each costs money.
pub const MAX_PER_HOUR: usize = 5;

const ASKED: &str = "vapi.test_call";
const PLACED: &str = "vapi.test_call_placed";
const FAILED: &str = "vapi.test_call_failed";
/// How audit entries name test calls; VAPI's id follows.
const OBJECT: &str = "vapi_test_call:";
/// An older request to VAPI counts as finished, with any result.
const IN_FLIGHT: TimeDelta = TimeDelta::minutes(2);

const FIRST_MESSAGE: &str = "Hello! This is a test call from your A I tutor. You asked for it at the dashboard. Say \
    something, and I will answer as I would answer a student.";

/// Why no call was placed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("The assistant is not set up.")]
    NotSetUp,
    #[error("No phone number of this service can place the call.")]
    NoNumber,
    #[error("This is a student’s number.")]
    Student,
    #[error("A test call is under way.")]
    UnderWay,
    #[error("There were {MAX_PER_HOUR} test calls in the last hour.")]
    TooMany,
    #[error("{0}.")]
    Vapi(#[from] Fault),
    /// It was sent, and the answer did not come.
    #[error("VAPI did not say whether it placed the call.")]
    Unknown,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Refusal {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NotSetUp => "Run `ai-tutor vapi setup`.",
            Self::NoNumber => "Run `ai-tutor vapi setup --phone-number NUMBER`.",
            Self::Student => "Test with a phone of your own.",
            Self::UnderWay => "Hang up first, or wait two minutes.",
            Self::TooMany => "Wait an hour.",
            Self::Unknown => "Your phone may ring. If it does not within a minute, try again.",
            Self::Vapi(fault) => fault.advice(),
            Self::Db(_) => "Try again.",
        }
    }
}

/// Places a test call and returns VAPI's id of it. One at a time, [`MAX_PER_HOUR`], and never to a student's number.
pub async fn place(
    db: &Db,
    api: &Api,
    (plan, found): (&Plan, &Found),
    caller: &Caller,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<String, Refusal> {
    let assistant = found.assistants.first().ok_or(Refusal::NotSetUp)?;
    let number =
        found.own_numbers(plan).find(|number| number["status"].as_str().is_none_or(|status| status == "active"));
    let number = number.ok_or(Refusal::NoNumber)?;
    if !student::list_students_by_phone(db, caller, phone).await?.is_empty() {
        return Err(Refusal::Student);
    }
    let last = newest(db, now).await?;
    if let Some(entry) = &last
        && entry.action == PLACED
        && is_under_way(api, entry).await?
    {
        return Err(Refusal::UnderWay);
    }
    ask_leave(db, caller, last.as_ref(), now).await?;
    let body = json!({
        "name": "Test call from the dashboard",
        "assistantId": found::id(assistant),
        "phoneNumberId": found::id(number),
        "customer": { "number": phone.as_str() },
        "assistantOverrides": {
            "firstMessage": FIRST_MESSAGE,
            "variableValues": { "studentName": "", "studentContext": "", "callerNumber": phone.as_str() },
            "artifactPlan": artifact_plan(false),
        },
    });
    let placed = api.create("call", &body).await;
    let (action, object, detail) = match &placed {
        Ok(call) => (PLACED, format!("{OBJECT}{}", found::id(call)), json!({})),
        Err(fault) => (FAILED, OBJECT.to_owned(), json!({ "reason": fault.to_string() })),
    };
    audit::insert_entry(db, caller, action, Some(&object), &detail, now).await?;
    match placed {
        Ok(call) => Ok(found::id(&call).to_owned()),
        // VAPI may have placed it before it fell silent.
        Err(Fault::TimedOut | Fault::Failed { .. } | Fault::Odd) => Err(Refusal::Unknown),
        Err(fault) => Err(fault.into()),
    }
}

/// Records the request unless another one is running. Simultaneous requests run one after the other.
async fn ask_leave(db: &Db, caller: &Caller, seen: Option<&AuditEntry>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let mut tx = db::begin(db).await?;
    db::lock_name(&mut tx, OBJECT).await?;
    let recent =
        AuditQuery { action: Some(ASKED), from: Some(now - TimeDelta::hours(1)), limit: 100, ..AuditQuery::default() };
    if audit::list_entries(&mut *tx, &recent).await?.len() >= MAX_PER_HOUR {
        return Err(Refusal::TooMany);
    }
    let newest = newest(&mut *tx, now).await?;
    let is_new = newest.as_ref().map(|entry| entry.audit_entry_id) != seen.map(|entry| entry.audit_entry_id);
    let is_asking = newest.is_some_and(|entry| entry.action == ASKED && entry.at > now - IN_FLIGHT);
    if is_new || is_asking {
        return Err(Refusal::UnderWay);
    }
    audit::insert_entry(&mut *tx, caller, ASKED, Some(OBJECT), &json!({}), now).await?;
    db::commit(tx).await?;
    Ok(())
}

/// The newest entry on a test call that may still last.
async fn newest(db: impl Executor<'_>, now: DateTime<Utc>) -> db::Result<Option<AuditEntry>> {
    let from = Some(now - TimeDelta::hours(1));
    let query = AuditQuery { object: Some(OBJECT), from, limit: 1, ..AuditQuery::default() };
    Ok(audit::list_entries(db, &query).await?.pop())
}

async fn is_under_way(api: &Api, entry: &AuditEntry) -> Result<bool, Refusal> {
    let call_id = entry.object.as_deref().and_then(|object| object.strip_prefix(OBJECT)).unwrap_or_default();
    match api.get("call", call_id).await {
        Ok(call) => Ok(!["ended", "not-found", "deletion-failed"].iter().any(|over| call["status"] == *over)),
        Err(Fault::NotFound) => Ok(false),
        Err(fault) => Err(fault.into()),
    }
}
