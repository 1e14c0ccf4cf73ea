//! Whom a request reaches: the student on its telephone line, or whom it names.

use http::HeaderMap;
use serde_json::Value;
use storage::access::Caller;
use storage::authority::{self, Line, Named};
use storage::clock;
use storage::db::{self, Db};

/// Reads `X-Call-Id` and `X-Caller-Number`. VAPI fills them in by itself, so no caller can talk a model into another call.
pub(crate) fn of_headers(headers: &HeaderMap) -> Line {
    let all = |name| headers.get_all(name).iter().map(|value| value.to_str().ok()).collect::<Vec<_>>();
    Line::read(&all("x-call-id"), &all("x-caller-number"))
}

/// The caller with the student of its line. An agent of a person of a few cohorts gets the student whom `named` names, if
/// the person reaches them.
pub(crate) async fn settle(db: &Db, caller: &Caller, line: &Line, named: &Value) -> db::Result<Caller> {
    let caller = authority::resolve_live_call(db, caller, line, clock::now()).await?;
    authority::open_if_reached(db, &caller, &named_in(named)).await
}

/// What arguments name. What cannot be read names nobody.
fn named_in(arguments: &Value) -> Named {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    Named {
        student_id: text("student_id").and_then(|id| id.parse().ok()),
        session_id: text("session_id").and_then(|id| id.parse().ok()),
        call_id: text("call_id").map(str::to_owned),
    }
}
