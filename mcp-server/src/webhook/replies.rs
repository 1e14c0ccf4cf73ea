//! What tools answered a moment ago, so that a request which comes again is answered the same and does nothing twice.
//!
//! Not `moka`, for the reason in [`crate::token`]'s table of failures: the tests set the time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use storage::authority::{CallerNumber, Line};
use storage::organisation::CodeKind;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::tool_calls::ToolCall;
use crate::tools::{self, Answer, Effect, ToolError};

/// A captured request is refused as stale after five minutes, and VAPI's own repetitions come sooner.
const KEPT: Duration = Duration::from_mins(6);

/// Replies that are kept, the newest ones: some thousand bytes each.
const MAX_REPLIES: usize = 2_000;

type Key = [u8; 32];
type Reply = Arc<OnceCell<String>>;

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Replies(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    by_key: HashMap<Key, Reply>,
    by_age: VecDeque<(Instant, Key)>,
}

impl Replies {
    /// The text that answered the same tool call before, or that `work` gives. One that comes while it is being worked on
    /// waits for it. A failure is not kept: it may go well the next time.
    pub(super) async fn once(
        &self,
        key: Key,
        now: Instant,
        work: impl Future<Output = Result<Answer, ToolError>>,
    ) -> Result<String, ToolError> {
        let reply = self.find(key, now);
        reply.get_or_try_init(async || work.await.map(|answer| answer.text)).await.cloned()
    }

    fn find(&self, key: Key, now: Instant) -> Reply {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((at, oldest)) = kept.by_age.front().copied()
            && (kept.by_age.len() >= MAX_REPLIES || now.saturating_duration_since(at) > KEPT)
        {
            kept.by_age.pop_front();
            kept.by_key.remove(&oldest);
        }
        if let Some(reply) = kept.by_key.get(&key) {
            return reply.clone();
        }
        kept.by_age.push_back((now, key));
        kept.by_key.entry(key).or_default().clone()
    }
}

/// Returns the key of a tool call. A caller from another number, or one who still has to give the code `missing`, never
/// gets the answer to another call. What adds something is the same if its VAPI id is the same. The others are the same only
/// within one request, identified by its `signature`, so a later question gets a current answer.
pub(super) fn key(line: &Line, missing: Option<CodeKind>, call: &ToolCall, signature: &[u8]) -> Key {
    let adds = tools::find(&call.name).is_some_and(|tool| tool.effect == Effect::Adds);
    let signature = if adds { b"" } else { signature };
    let arguments = serde_json::to_vec(&call.arguments).unwrap_or_default();
    let number = match &line.number {
        CallerNumber::Known(phone) => phone.as_str(),
        CallerNumber::Untold => "untold",
        CallerNumber::Withheld => "withheld",
        CallerNumber::Contradictory => "contradictory",
    };
    let call_id = line.call_id.as_deref().unwrap_or_default();
    let mut hash = Sha256::new();
    let missing = missing.map_or("", CodeKind::as_str);
    for part in [
        call_id.as_bytes(),
        number.as_bytes(),
        missing.as_bytes(),
        call.id.as_bytes(),
        call.name.as_bytes(),
        &arguments,
        signature,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Returns the idempotency key of a tool call. The same id with other arguments is another call: not all ids are VAPI's.
pub(super) fn durable_key(call: &ToolCall) -> String {
    let arguments = serde_json::to_string(&call.arguments).unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{} {arguments}", call.id).as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::{Map, Value, json};

    use super::*;

    fn call(name: &str, id: &str, arguments: &Value) -> ToolCall {
        let arguments: Option<Map<String, Value>> = arguments.as_object().cloned();
        ToolCall { id: id.to_owned(), name: name.to_owned(), arguments }
    }

    fn line(call_id: &str) -> Line {
        let number = CallerNumber::read(Some("+14155550142"));
        Line { call_id: Some(call_id.to_owned()), number }
    }

    fn answer(text: &str) -> Answer {
        Answer { text: text.to_owned(), data: Value::Null }
    }

    #[tokio::test]
    async fn the_same_call_is_worked_on_once_and_a_failure_again() {
        let (replies, now, n) = (Replies::default(), Instant::now(), Cell::new(0));
        let note = key(&line("c1"), None, &call("save_note", "t1", &json!({ "text": "a" })), b"s1");
        let ask = async |key: Key, at: Instant, answer: Result<Answer, ToolError>| {
            let work = async {
                n.set(n.get() + 1);
                answer
            };
            replies.once(key, at, work).await.ok()
        };
        assert_eq!(ask(note, now, Err(ToolError::timed_out())).await, None);
        assert_eq!(ask(note, now, Ok(answer("one"))).await.as_deref(), Some("one"));
        assert_eq!(ask(note, now, Ok(answer("two"))).await.as_deref(), Some("one"));
        assert_eq!(n.get(), 2);
        let later = now + KEPT + Duration::from_secs(1);
        assert_eq!(ask(note, later, Ok(answer("three"))).await.as_deref(), Some("three"));
    }

    #[test]
    fn a_change_is_the_same_by_its_id_and_a_question_by_its_request() {
        let (note, context) = (call("save_note", "t1", &json!({})), call("get_student_context", "t1", &json!({})));
        assert_eq!(key(&line("c1"), None, &note, b"s1"), key(&line("c1"), None, &note, b"s2"));
        assert_ne!(key(&line("c1"), None, &context, b"s1"), key(&line("c1"), None, &context, b"s2"));
        assert_eq!(key(&line("c1"), None, &context, b"s1"), key(&line("c1"), None, &context, b"s1"));
        let others = [
            key(&line("c2"), None, &note, b"s1"),
            // Who calls by another number is answered for himself.
            key(&Line { number: CallerNumber::Contradictory, ..line("c1") }, None, &note, b"s1"),
            // A code is asked for meanwhile.
            key(&line("c1"), Some(CodeKind::Pin), &note, b"s1"),
            key(&line("c1"), None, &call("save_note", "t2", &json!({})), b"s1"),
            key(&line("c1"), None, &call("save_note", "t1", &json!({ "text": "b" })), b"s1"),
        ];
        assert!(others.iter().all(|other| *other != key(&line("c1"), None, &note, b"s1")));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (replies, now) = (Replies::default(), Instant::now());
        for n in 0..2 * MAX_REPLIES {
            replies.find(Sha256::digest(n.to_be_bytes()).into(), now);
        }
        let kept = replies.0.lock().unwrap();
        assert!(kept.by_key.len() <= MAX_REPLIES && kept.by_age.len() == kept.by_key.len());
    }
}
