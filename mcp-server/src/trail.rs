//! Whose data a client was given: one audit entry for each child in an answer, at every door.
//!
//! **Invariant:** an entry holds ids alone. It is written behind the answer, within a second.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::access::Caller;
use shared::audit::{NewEntry, STRANGER};
use shared::clock;
use uuid::Uuid;

use crate::record::Recorder;

/// Deeper nests no answer of ours.
const MAX_DEPTH: usize = 12;

/// By which way something was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Tool,
    Resource,
    Prompt,
    Completion,
    Webhook,
    Api,
}

impl Door {
    fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Resource => "resource",
            Self::Prompt => "prompt",
            Self::Completion => "completion",
            Self::Webhook => "webhook",
            Self::Api => "api",
        }
    }
}

/// One question, and who asked it.
pub(crate) struct Asked<'a> {
    pub caller: &'a Caller,
    pub door: Door,
    /// The tool, the prompt, the operation.
    pub what: &'a str,
    /// VAPI's id of the call.
    pub call_id: Option<&'a str>,
}

impl Asked<'_> {
    /// Records that the data of the children in `answer` was given; if it names none, of those whom `named` names.
    pub(crate) fn read(&self, recorder: &Recorder, answer: &Value, named: &Value) {
        let mut objects = objects(answer);
        if objects.is_empty() {
            objects = self::objects(named);
        }
        if objects.is_empty() {
            objects.extend(self.call_id.map(|call_id| format!("call:{call_id}")));
        }
        for object in objects {
            recorder.enter(self.entry("student.read", Some(object)));
        }
    }

    /// Records that the caller asked for more than it may.
    pub(crate) fn refused(&self, recorder: &Recorder) {
        recorder.enter(self.entry("client.refused", None));
    }

    fn entry(&self, action: &'static str, object: Option<String>) -> NewEntry {
        let mut detail = json!({ "door": self.door.as_str(), "what": self.what });
        if let Some(call_id) = self.call_id {
            detail["call"] = json!(call_id);
        }
        NewEntry { at: clock::now(), actor: self.caller.actor.to_string(), action, object, detail }
    }
}

/// Records that somebody asked for a token with credentials that are none. What they called themselves may be a secret in
/// the wrong place, so only their address is kept.
pub(crate) fn login_failed(recorder: &Recorder, address: std::net::IpAddr) {
    let detail = json!({ "address": address.to_string() });
    let action = "client.login_failed";
    recorder.attempt(NewEntry { at: clock::now(), actor: STRANGER.to_owned(), action, object: None, detail });
}

/// The students of a JSON value; the sessions, if it names no student.
fn objects(value: &Value) -> BTreeSet<String> {
    let (mut students, mut sessions) = (BTreeSet::new(), BTreeSet::new());
    collect(value, MAX_DEPTH, &mut students, &mut sessions);
    if students.is_empty() { sessions } else { students }
}

fn collect(value: &Value, depth: usize, students: &mut BTreeSet<String>, sessions: &mut BTreeSet<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let id = value.as_str().and_then(|text| Uuid::parse_str(text).ok());
                match (&name[..], id) {
                    ("student_id", Some(id)) => drop(students.insert(format!("student:{id}"))),
                    ("session_id", Some(id)) => drop(sessions.insert(format!("session:{id}"))),
                    _ => collect(value, depth, students, sessions),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, depth, students, sessions)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0199aa00-0000-7000-8000-000000000001";
    const TWO: &str = "0199aa00-0000-7000-8000-000000000002";

    #[test]
    fn each_child_of_an_answer_is_named_once_and_sessions_where_no_child_is() {
        let answer = json!({
            "items": [{ "student_id": ONE, "session_id": TWO }, { "student_id": TWO }, { "student_id": ONE }],
            "student_id": null,
        });
        let found: Vec<_> = objects(&answer).into_iter().collect();
        assert_eq!(found, [format!("student:{ONE}"), format!("student:{TWO}")]);
        let found: Vec<_> = objects(&json!({ "session_id": TWO, "turns": [] })).into_iter().collect();
        assert_eq!(found, [format!("session:{TWO}")]);
        assert!(objects(&json!({ "student_id": "a name, perhaps", "text": ONE })).is_empty());
    }

    #[test]
    fn nesting_without_end_ends() {
        let deep = (0..200).fold(json!({ "student_id": ONE }), |value, _| json!([value]));
        assert!(objects(&deep).is_empty());
    }
}
