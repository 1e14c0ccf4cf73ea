//! As much of a message as storing it needs: its type, its call, its time. The rest is read by the job.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use storage::authority::CallerNumber;
use storage::delivery::{self, DeliveryState};
use storage::server_message::ServerMessage;

/// A longer status is no word of VAPI's.
const MAX_WORD_CHARS: usize = 60;

/// What a message is, as far as the door must know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub kind: Kind,
    /// VAPI's word for it.
    pub r#type: String,
    pub call_id: Option<String>,
    pub message_at: Option<DateTime<Utc>>,
    /// Who calls. Signed, so no model can have made it up.
    pub number: CallerNumber,
    /// Distinguishes messages that a call sends several times, by status or time.
    distinction: Option<String>,
}

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A job reads it.
    EndOfCallReport,
    /// A job reads it.
    StatusUpdate,
    /// Wants an answer.
    AssistantRequest,
    /// Wants an answer.
    ToolCalls,
    /// Wants an answer: one tool call in the form that VAPI used before `tool-calls`.
    FunctionCall,
    /// Nothing depends on it. VAPI's list of types grows, so this is no error.
    Other,
}

impl Kind {
    fn of(r#type: &str) -> Self {
        match r#type {
            delivery::REPORT => Self::EndOfCallReport,
            "status-update" => Self::StatusUpdate,
            "assistant-request" => Self::AssistantRequest,
            "tool-calls" => Self::ToolCalls,
            "function-call" => Self::FunctionCall,
            _ => Self::Other,
        }
    }
}

impl Envelope {
    /// Reads what the door must know of a message. `None`: it names no type.
    pub(crate) fn of(message: &ServerMessage) -> Option<Self> {
        let r#type = message.r#type()?;
        let kind = Kind::of(&r#type);
        let message_at = message.sent_at();
        let distinction = match kind {
            Kind::StatusUpdate => message.text("/status").map(|status| status.chars().take(MAX_WORD_CHARS).collect()),
            Kind::ToolCalls | Kind::FunctionCall => message_at.map(|at| at.timestamp_millis().to_string()),
            Kind::EndOfCallReport | Kind::AssistantRequest | Kind::Other => None,
        };
        let (call_id, number) = (message.call_id(), message.caller());
        Some(Self { kind, r#type, call_id, message_at, number, distinction })
    }

    /// The same for each try of one message, and for no other. Never made of the body where the call is known: the
    /// presigned URLs in it differ between two tries.
    pub(crate) fn dedupe_key(&self, body: &[u8]) -> String {
        let subject = self.call_id.clone().unwrap_or_else(|| digest(body));
        delivery::dedupe_key(&subject, &self.r#type, self.distinction.as_deref())
    }

    pub(super) fn needs_job(&self) -> bool {
        // A report without a call id still gets its job: the job shows it to a person.
        self.kind == Kind::EndOfCallReport || (self.kind == Kind::StatusUpdate && self.call_id.is_some())
    }

    pub(super) fn state(&self) -> DeliveryState {
        if self.needs_job() { DeliveryState::Stored } else { DeliveryState::Ignored }
    }
}

/// The key of a body that is no message.
pub(crate) fn unreadable_key(body: &[u8]) -> String {
    format!("{}:unreadable", digest(body))
}

fn digest(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CALL_ID: &str = "0b6d3c52-6c1e-4f0a-9d55-3f1f6f0c7a21";

    fn parse(message: &Value) -> Option<Envelope> {
        read(json!({ "message": message }).to_string().as_bytes())
    }

    fn read(body: &[u8]) -> Option<Envelope> {
        Envelope::of(&ServerMessage::read(body)?)
    }

    fn sample(name: &str) -> (Envelope, Vec<u8>) {
        let path = format!("{}/../tests/fixtures/vapi/raw/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let body = std::fs::read(path).unwrap();
        (read(&body).unwrap(), body)
    }

    #[test]
    fn every_sample_is_read() {
        for (name, kind, key) in [
            ("end-of-call-report", Kind::EndOfCallReport, "end-of-call-report"),
            ("end-of-call-report.wire-extras", Kind::EndOfCallReport, "end-of-call-report"),
            ("status-update.in-progress", Kind::StatusUpdate, "status-update:in-progress"),
            ("status-update.ended", Kind::StatusUpdate, "status-update:ended"),
            ("assistant-request", Kind::AssistantRequest, "assistant-request"),
            ("tool-calls", Kind::ToolCalls, "tool-calls:1795190531862"),
            ("tool-calls.object-arguments", Kind::ToolCalls, "tool-calls:1795190531862"),
        ] {
            let (envelope, body) = sample(name);
            assert_eq!(envelope.kind, kind, "{name}");
            assert_eq!(envelope.dedupe_key(&body), format!("{CALL_ID}:{key}"), "{name}");
            assert!(envelope.message_at.is_some(), "{name}");
            assert_eq!(envelope.number, CallerNumber::read(Some("+14155550142")), "{name}");
        }
    }

    #[test]
    fn a_report_is_one_however_its_body_differs() {
        let key = |url: &str| {
            let body = json!({ "message": {
                "type": "end-of-call-report", "call": { "id": "c1" }, "artifact": { "presignedUrl": url },
            }});
            let body = body.to_string();
            read(body.as_bytes()).unwrap().dedupe_key(body.as_bytes())
        };
        assert_eq!(key("https://a.example"), key("https://b.example"));
    }

    #[test]
    fn a_report_without_a_call_still_gets_a_job_and_its_own_key() {
        let report = |n: u8| {
            let body = json!({ "message": { "type": "end-of-call-report", "n": n } }).to_string();
            let envelope = read(body.as_bytes()).unwrap();
            assert_eq!((envelope.needs_job(), &envelope.call_id), (true, &None));
            envelope.dedupe_key(body.as_bytes())
        };
        assert_ne!(report(1), report(2));
        assert_eq!(report(1), report(1));
    }

    #[test]
    fn the_time_is_read_in_both_forms_and_never_in_the_way() {
        let at = |timestamp: Value| parse(&json!({ "type": "hang", "timestamp": timestamp })).unwrap().message_at;
        let expected = DateTime::from_timestamp_millis(1_795_190_531_862);
        assert_eq!(at(json!(1_795_190_531_862_u64)), expected);
        assert_eq!(at(json!("2026-11-20T16:02:11.862Z")), expected);
        for odd in [json!(1e300), json!(-1), json!("yesterday"), json!({}), json!(null)] {
            assert_eq!(at(odd.clone()), None, "{odd}");
        }
    }

    #[test]
    fn an_unknown_type_is_kept_and_ignored() {
        let envelope = parse(&json!({ "type": "telepathy.started", "call": "of another shape", "status": 3 })).unwrap();
        assert_eq!((envelope.kind, envelope.state()), (Kind::Other, DeliveryState::Ignored));
        assert_eq!(envelope.call_id, None);
    }

    #[test]
    fn an_id_that_is_none_is_not_taken_for_one() {
        for id in [json!(""), json!("\0"), json!("x".repeat(201)), json!([7]), json!(null)] {
            let envelope = parse(&json!({ "type": "end-of-call-report", "call": { "id": id } })).unwrap();
            assert_eq!(envelope.call_id, None);
        }
    }

    #[test]
    fn what_is_no_message_is_unreadable() {
        let deep = "[".repeat(100_000);
        for body in ["", "{", "[]", "null", "{}", r#"{"message":{}}"#, r#"{"message":{"type":""}}"#, &deep] {
            assert_eq!(read(body.as_bytes()), None, "{body:.20}");
        }
        assert_eq!(read(b"\xff\xfe"), None);
        assert_ne!(unreadable_key(b"{"), unreadable_key(b"["));
    }
}
