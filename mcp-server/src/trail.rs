//! Whose data a client was given: one audit entry for each child in an answer, at every door.
//!
//! **Invariant:** an entry holds ids alone. It is written behind the answer, within a second.

use std::collections::BTreeSet;

use std::net::IpAddr;

use serde_json::{Value, json};
use storage::access::Caller;
use storage::audit::{self, NewEntry, STRANGER};
use storage::clock;
use storage::id::{SessionId, StudentId};
use strum::IntoStaticStr;
use uuid::Uuid;

use crate::record::Recorder;

/// Deeper nests no answer of ours.
const MAX_DEPTH: usize = 12;

/// By which way something was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub(crate) enum Door {
    Tool,
    Resource,
    Prompt,
    Completion,
    Webhook,
    Api,
    Token,
}

impl Door {
    const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// Whose data an answer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held(BTreeSet<String>);

impl Held {
    /// The students that a JSON value names, or its sessions if it names no student.
    pub(crate) fn of(value: &Value) -> Self {
        Self(objects(value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The subject of one entry: the student, or the session if it has no student yet.
    pub(crate) fn add(&mut self, student_id: Option<StudentId>, session_id: Option<SessionId>) {
        let session = || session_id.map(|id| format!("session:{id}"));
        self.0.extend(student_id.map(|id| format!("student:{id}")).or_else(session));
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
    /// Records the disclosure of the data of the children in `answer`. If it names none, those in `named` count.
    pub(crate) fn read(&self, recorder: &Recorder, answer: &Value, named: &Value) {
        let held = Held::of(answer);
        self.gave(recorder, if held.is_empty() { Held::of(named) } else { held });
    }

    /// Records the disclosure of the data. If it has no student, the call counts.
    pub(crate) fn gave(&self, recorder: &Recorder, mut held: Held) {
        if held.0.is_empty() {
            held.0.extend(self.call_id.map(|call_id| format!("call:{call_id}")));
        }
        for object in held.0 {
            recorder.enter(self.entry("student.read", Some(object)));
        }
    }

    /// Records that the caller requested more than it may: a student in `named`, or one that its line does not reach.
    pub(crate) fn refused(&self, recorder: &Recorder, mut named: Held) {
        recorder.enter(self.entry("client.refused", named.0.pop_first()));
    }

    /// Records that the client got a token.
    pub(crate) fn got_token(&self, recorder: &Recorder) {
        recorder.enter(self.entry("client.token", None));
    }

    fn entry(&self, action: &'static str, object: Option<String>) -> NewEntry {
        let mut detail = json!({ "door": self.door.as_str(), "what": self.what });
        if let Some(call_id) = self.call_id {
            detail["call"] = json!(call_id);
        }
        let detail = audit::detail_with_client(self.caller, detail);
        NewEntry { at: clock::now(), actor: self.caller.actor.to_string(), action, object, detail }
    }
}

/// Records a token request with wrong credentials. Only the address is stored, because the client id may be a misplaced
/// secret.
pub(crate) fn login_failed(recorder: &Recorder, address: IpAddr) {
    metrics::counter!("client_logins_failed_total").increment(1);
    recorder.attempt(of_stranger("client.login_failed", address));
}

/// Records an invalid token: unknown, expired, or of a revoked or stopped client.
pub(crate) fn bearer_refused(recorder: &Recorder, address: IpAddr) {
    metrics::counter!("client_bearers_refused_total").increment(1);
    recorder.attempt(of_stranger("client.bearer_refused", address));
}

fn of_stranger(action: &'static str, address: IpAddr) -> NewEntry {
    let detail = json!({ "address": address.to_string() });
    NewEntry { at: clock::now(), actor: STRANGER.to_owned(), action, object: None, detail }
}

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
    fn what_is_nobodys_yet_is_named_by_its_session() {
        let mut held = Held::default();
        held.add(Some(ONE.parse().unwrap()), Some(TWO.parse().unwrap()));
        held.add(None, Some(TWO.parse().unwrap()));
        held.add(None, None);
        assert_eq!(Vec::from_iter(held.0), [format!("session:{TWO}"), format!("student:{ONE}")]);
    }

    #[test]
    fn nesting_without_end_ends() {
        let deep = (0..200).fold(json!({ "student_id": ONE }), |value, _| json!([value]));
        assert!(objects(&deep).is_empty());
    }
}
