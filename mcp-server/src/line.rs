//! Resolves the student of a request: by its telephone line, or by the id that it names.

use http::HeaderMap;
use serde_json::Value;
use storage::access::Caller;
use storage::authority::{self, Line, Named};
use storage::clock;
use storage::db::{self, Db};

/// Reads `X-Call-Id` and `X-Caller-Number`. VAPI sets them itself, so a caller cannot talk a model into naming another
/// call.
pub(crate) fn of_headers(headers: &HeaderMap) -> Line {
    let all = |name| headers.get_all(name).iter().map(|value| value.to_str().ok()).collect::<Vec<_>>();
    Line::read(&all("x-call-id"), &all("x-caller-number"))
}

/// Returns the caller with the student of its line. The agent of a person who sees some cohorts gets the student in
/// `named`, if the person sees them.
pub(crate) async fn settle(db: &Db, caller: &Caller, line: &Line, named: &Value) -> db::Result<Caller> {
    let caller = authority::resolve_live_call(db, caller, line, clock::now()).await?;
    authority::open_if_reached(db, &caller, &named_in(named)).await
}

/// Returns the ids in the arguments. Unreadable ones are ignored.
fn named_in(arguments: &Value) -> Named {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    Named {
        student_id: text("student_id").and_then(|id| id.parse().ok()),
        session_id: text("session_id").and_then(|id| id.parse().ok()),
        call_id: text("call_id").map(str::to_owned),
    }
}
