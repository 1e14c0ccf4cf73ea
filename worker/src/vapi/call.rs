//! A call as VAPI's API tells it, and the report that its webhook would have made of it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use storage::delivery::REPORT;
use storage::id::OutboundCallId;

use crate::ingest::payload;

/// What the list says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub id: String,
    pub is_ended: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Our own id, if we placed the call.
    pub outbound_call_id: Option<OutboundCallId>,
}

impl Head {
    /// `None`: no call that could be asked for.
    pub(super) fn read(call: &Value) -> Option<Self> {
        let id = call.get("id")?.as_str()?;
        let is_plain =
            (1..=200).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let created_at = time(call.get("createdAt"))?;
        is_plain.then(|| Self {
            id: id.to_owned(),
            is_ended: call.get("status").and_then(Value::as_str) == Some("ended"),
            created_at,
            updated_at: time(call.get("updatedAt")).unwrap_or(created_at),
            outbound_call_id: call
                .pointer("/assistantOverrides/metadata/outbound_call_id")
                .and_then(|id| id.as_str()?.parse().ok()),
        })
    }
}

/// One call, whole. Its `Debug` shows no content.
#[derive(Clone)]
pub struct Call {
    pub head: Head,
    fields: Map<String, Value>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("head", &self.head).finish_non_exhaustive()
    }
}

impl Call {
    pub(super) fn read(call: Value) -> Option<Self> {
        let head = Head::read(&call)?;
        let Value::Object(fields) = call else { return None };
        Some(Self { head, fields })
    }

    /// VAPI writes them one by one after the end of the call.
    pub fn n_messages(&self) -> usize {
        self.messages().map_or(0, Vec::len)
    }

    fn messages(&self) -> Option<&Vec<Value>> {
        let of_artifact = self.fields.get("artifact").and_then(|artifact| artifact.get("messages")?.as_array());
        of_artifact.or_else(|| self.fields.get("messages")?.as_array())
    }

    /// VAPI's reason for the end; empty if it gives none.
    pub fn ended_reason(&self) -> &str {
        self.fields.get("endedReason").and_then(Value::as_str).unwrap_or_default()
    }

    /// The address to control the call while it lasts. Who knows it can end the call: it is neither logged nor stored.
    pub(super) fn control_url(&self) -> Option<&str> {
        self.fields.get("monitor")?.get("controlUrl")?.as_str()
    }

    /// Whether something was heard from the other end.
    pub fn has_words_of_student(&self) -> bool {
        self.messages().is_some_and(|messages| messages.iter().any(|message| message["role"] == "user"))
    }

    /// The price in millionths of a US dollar.
    pub fn cost_microusd(&self) -> Option<i64> {
        self.fields.get("cost").and_then(payload::microusd)
    }

    /// The body of an end-of-call report, as the webhook would have brought it.
    pub fn into_report(mut self) -> Value {
        let messages = self.messages().cloned().unwrap_or_default();
        let mut take = |field: &str| self.fields.remove(field).unwrap_or(Value::Null);
        let mut artifact = take("artifact");
        if !artifact.is_object() {
            artifact = json!({});
        }
        artifact["messages"] = Value::Array(messages);
        let assistant = artifact.pointer("/assistantActivations/0").cloned().unwrap_or_default();
        take("messages");
        take("costs");
        take("monitor");
        let mut message = json!({
            "type": REPORT,
            "timestamp": self.head.updated_at.timestamp_millis(),
            "startedAt": take("startedAt"),
            "endedAt": take("endedAt"),
            "endedReason": take("endedReason"),
            "cost": take("cost"),
            "analysis": take("analysis"),
            "artifact": artifact,
            "assistant": { "id": assistant["assistantId"], "name": assistant["assistantName"] },
            "assistantVersion": assistant["assistantVersion"],
        });
        message["customer"] = self.fields.get("customer").cloned().unwrap_or_default();
        message["call"] = Value::Object(self.fields);
        json!({ "message": message })
    }
}

fn time(value: Option<&Value>) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(value?.as_str()?).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        json!({
            "id": "0b6d3c52", "status": "ended", "type": "inboundPhoneCall", "assistantId": "c2a9",
            "createdAt": "2026-11-20T16:02:08.312Z", "updatedAt": "2026-11-20T16:03:43.112Z",
            "startedAt": "2026-11-20T16:02:11.412Z", "endedAt": "2026-11-20T16:03:33.712Z",
            "endedReason": "customer-ended-call", "cost": 0.1073, "customer": { "number": "+14155550142" },
            "monitor": { "controlUrl": "https://phone.vapi.ai/0b6d3c52/control" },
            "messages": [{ "role": "bot", "message": "Hi" }],
            "artifact": { "messages": [{ "role": "bot", "message": "Hi" }, { "role": "user", "message": "Yes" }],
                          "recordingUrl": "https://s.example/mono.wav",
                          "assistantActivations": [{ "assistantName": "Milo", "assistantVersion": "v4" }] },
        })
    }

    #[test]
    fn a_call_becomes_the_report_that_never_came() {
        let call = Call::read(sample()).unwrap();
        assert!(call.head.is_ended);
        assert_eq!(call.n_messages(), 2);
        let report = call.into_report();
        let at = |pointer: &str| report.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(at("/message/type"), REPORT);
        assert_eq!(at("/message/call/id"), "0b6d3c52");
        assert_eq!(at("/message/customer/number"), "+14155550142");
        assert_eq!(at("/message/endedAt"), "2026-11-20T16:03:33.712Z");
        assert_eq!(at("/message/artifact/messages/1/message"), "Yes");
        assert_eq!((at("/message/assistant/name"), at("/message/assistantVersion")), ("Milo".into(), "v4".into()));
        assert!(at("/message/call/messages").is_null(), "nothing is stored twice");
        assert!(at("/message/call/monitor").is_null(), "the address to control the call is not stored");
    }

    #[test]
    fn messages_stand_where_older_calls_have_them() {
        let mut old = sample();
        old.as_object_mut().unwrap().remove("artifact");
        let call = Call::read(old).unwrap();
        assert_eq!(call.n_messages(), 1);
        assert_eq!(call.into_report().pointer("/message/artifact/messages/0/message").unwrap(), "Hi");
    }

    #[test]
    fn an_id_that_would_lead_elsewhere_is_no_call() {
        for id in ["", "../org", "a/b", "a?b", "a b"] {
            let mut odd = sample();
            odd["id"] = id.into();
            assert!(Head::read(&odd).is_none(), "{id}");
        }
        assert!(Head::read(&json!({ "id": "a" })).is_none());
    }
}
