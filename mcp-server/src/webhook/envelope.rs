//! As much of a message as storing it needs: its type, its call, its time. The rest is read by the job.

use chrono::{DateTime, Utc};
use domain::lenient_json;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use shared::authority::CallerNumber;
use shared::delivery::{self, DeliveryState};

/// Longer is no id and no type of VAPI's; `sessions.call_id` has the same limit.
const MAX_CALL_ID_CHARS: usize = 200;
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
    /// Tells apart what a call says several times: a status, or a moment.
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
            _ => Self::Other,
        }
    }
}

/// The message is not of VAPI's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

#[derive(Deserialize)]
struct Wire {
    message: WireMessage,
}

#[derive(Deserialize)]
struct WireMessage {
    r#type: String,
    call: Option<Lenient<WireCall>>,
    timestamp: Option<Lenient<WireTime>>,
    status: Option<Lenient<String>>,
    customer: Option<Lenient<WireCustomer>>,
}

#[derive(Deserialize)]
struct WireCall {
    id: Option<Lenient<String>>,
    customer: Option<Lenient<WireCustomer>>,
}

#[derive(Deserialize)]
struct WireCustomer {
    /// E.164 from a telephone, anything from a SIP trunk, nothing from the web.
    number: Option<Lenient<String>>,
}

/// Milliseconds today; a text in 2024.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireTime {
    Millis(f64),
    Text(DateTime<Utc>),
}

/// A field whose value, where it has another type than we know, is taken for absent: a message is not lost over it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    Known(T),
    Other(IgnoredAny),
}

impl<T> Lenient<T> {
    fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl Envelope {
    /// Reads a body. One with unreadable characters or values is repaired first, since a message is not lost over them.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let wire = serde_json::from_slice::<Wire>(body)
            .or_else(|_| serde_json::from_str(&lenient_json::repair(body).0).map_err(|_| Unreadable))?;
        let message = wire.message;
        let kind = Kind::of(&message.r#type);
        let r#type = plain(&message.r#type, MAX_WORD_CHARS).ok_or(Unreadable)?;
        let (call_id, customer) = match message.call.and_then(Lenient::known) {
            Some(call) => (call.id.and_then(Lenient::known), call.customer),
            None => (None, None),
        };
        let number = |customer: Option<Lenient<WireCustomer>>| customer?.known()?.number?.known();
        let (of_call, of_message) = (number(customer), number(message.customer));
        let number = CallerNumber::of_message(of_call.as_deref(), of_message.as_deref());
        let message_at = message.timestamp.and_then(Lenient::known).and_then(|time| match time {
            WireTime::Millis(millis) => DateTime::from_timestamp_millis(millis as i64),
            WireTime::Text(time) => Some(time),
        });
        let distinction = match kind {
            Kind::StatusUpdate => message.status.and_then(Lenient::known).and_then(|s| plain(&s, MAX_WORD_CHARS)),
            Kind::ToolCalls => message_at.map(|at| at.timestamp_millis().to_string()),
            Kind::EndOfCallReport | Kind::AssistantRequest | Kind::Other => None,
        };
        Ok(Self {
            kind,
            r#type,
            call_id: call_id.and_then(|id| plain(&id, MAX_CALL_ID_CHARS)),
            // What Postgres cannot keep is no time of a call.
            message_at: message_at.filter(|at| (0..=MAX_MILLIS).contains(&at.timestamp_millis())),
            number,
            distinction,
        })
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

/// The year 9999.
const MAX_MILLIS: i64 = 253_402_300_799_000;

/// The key of a body that is no message.
pub(crate) fn unreadable_key(body: &[u8]) -> String {
    format!("{}:unreadable", digest(body))
}

fn digest(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// A short text of visible characters; anything else names nothing.
fn plain(text: &str, max_chars: usize) -> Option<String> {
    let is_plain = !text.is_empty() && text.chars().count() <= max_chars && !text.chars().any(char::is_control);
    is_plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CALL_ID: &str = "0b6d3c52-6c1e-4f0a-9d55-3f1f6f0c7a21";

    fn parse(message: &Value) -> Result<Envelope, Unreadable> {
        Envelope::parse(json!({ "message": message }).to_string().as_bytes())
    }

    fn sample(name: &str) -> (Envelope, Vec<u8>) {
        let path = format!("{}/../tests/fixtures/vapi/raw/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let body = std::fs::read(path).unwrap();
        (Envelope::parse(&body).unwrap(), body)
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
            Envelope::parse(body.as_bytes()).unwrap().dedupe_key(body.as_bytes())
        };
        assert_eq!(key("https://a.example"), key("https://b.example"));
    }

    #[test]
    fn a_report_without_a_call_still_gets_a_job_and_its_own_key() {
        let report = |n: u8| {
            let body = json!({ "message": { "type": "end-of-call-report", "n": n } }).to_string();
            let envelope = Envelope::parse(body.as_bytes()).unwrap();
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
        for id in [json!(""), json!("a\0b"), json!("x".repeat(201)), json!(7), json!(null)] {
            let envelope = parse(&json!({ "type": "end-of-call-report", "call": { "id": id } })).unwrap();
            assert_eq!(envelope.call_id, None);
        }
    }

    #[test]
    fn what_is_no_message_is_unreadable() {
        let deep = "[".repeat(100_000);
        for body in ["", "{", "[]", "null", "{}", r#"{"message":{}}"#, r#"{"message":{"type":""}}"#, &deep] {
            assert_eq!(Envelope::parse(body.as_bytes()), Err(Unreadable), "{body:.20}");
        }
        assert_eq!(Envelope::parse(b"\xff\xfe"), Err(Unreadable));
        assert_ne!(unreadable_key(b"{"), unreadable_key(b"["));
    }
}
