//! What VAPI wants an answer to: which assistant takes the call, and what a tool says.
//!
//! **Invariant:** a child waits on the line, so each answer is there in time, be it without the context.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use shared::access::{Caller, Scope};
use shared::phone::Phone;
use shared::student_context::{self, StudentContext};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::envelope::Envelope;
use super::replies::{self, Replies};
use super::tool_calls::{self, Said, ToolCall, ToolResult, single_line};
use crate::State;
use crate::call::call;
use crate::tools::line::CallerNumber;
use crate::tools::{self, Answer, Line, ToolError};
use crate::trail::{Asked, Door};

/// VAPI gives up after 7.5 s, of which most is the way to us.
const WITHIN: Duration = Duration::from_secs(2);

/// What VAPI fills in by itself where a tool is so configured; no arguments of our tools.
const FILLED_IN_BY_VAPI: [&str; 2] = ["caller_number", "call_id"];

/// A signed webhook speaks for the assistant on the line, with the rights of a voice assistant. The line keeps it to the
/// students who call from it.
fn caller() -> Caller {
    let voice = [Scope::ContextRead, Scope::SessionsRead, Scope::CallsWrite, Scope::NotesWrite];
    Caller::client("vapi", voice.into_iter().collect())
}

/// Which assistant takes the call, with what it should know of the caller.
pub(super) async fn assistant(state: &State, envelope: &Envelope, now: DateTime<Utc>) -> Value {
    let phone = envelope.caller_phone.as_ref();
    let Some(assistant_id) = &state.config.vapi_assistant_id else {
        tracing::warn!("VAPI asks which assistant takes a call, and VAPI_ASSISTANT_ID is not set");
        return json!({ "error": "Sorry, the tutor cannot take calls on this number yet." });
    };
    let context = match phone {
        Some(phone) => find_context(state, phone, now).await,
        None => student_context::unknown(now),
    };
    let student = context.student.as_ref();
    let (caller, call_id) = (caller(), envelope.call_id.as_deref());
    let asked = Asked { caller: &caller, door: Door::Webhook, what: "assistant-request", call_id };
    asked.read(&state.recorder, &json!(context), &Value::Null);
    json!({
        "assistantId": assistant_id,
        "assistantOverrides": {
            "variableValues": {
                "studentName": student.map_or("", |student| &student.first_name),
                "studentContext": serde_json::to_string(&context).unwrap_or_default(),
                "callerNumber": phone.map_or("", Phone::as_str),
            },
            "metadata": { "student_id": student.map(|student| student.student_id) },
        },
    })
}

/// The context, or where it cannot be had in time, that of a stranger.
async fn find_context(state: &State, phone: &Phone, now: DateTime<Utc>) -> StudentContext {
    match timeout(WITHIN, student_context::find_by_phone(&state.db, &caller(), phone, now)).await {
        Ok(Ok(context)) => context,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a call begins without its student context");
            student_context::unknown(now)
        }
        Err(_) => {
            tracing::warn!("a call begins without its student context: it took too long");
            student_context::unknown(now)
        }
    }
}

/// What the tools say to the calls in `body`, in their order.
///
/// `signature` names this very request.
pub(super) async fn tools(
    state: &State,
    replies: &Replies,
    envelope: &Envelope,
    body: &[u8],
    signature: &[u8],
) -> Value {
    let number = envelope.caller_phone.clone().map_or(CallerNumber::Withheld, CallerNumber::Known);
    let line = Line { call_id: envelope.call_id.clone(), number };
    let mut results = Vec::new();
    for call in tool_calls::parse(body) {
        let key = replies::key(line.call_id.as_deref(), &call, signature);
        let said = match replies.once(key, Instant::now(), say(state, &line, &call)).await {
            Ok(text) => Said::Result(single_line(&text)),
            Err(error) => Said::Error(single_line(&error.say)),
        };
        results.push(ToolResult { name: call.name, tool_call_id: call.id, said });
    }
    json!({ "results": results })
}

async fn say(state: &State, line: &Line, tool_call: &ToolCall) -> Result<Answer, ToolError> {
    let tool = tools::find(&tool_call.name).ok_or_else(|| ToolError::invalid("there is no tool of this name"))?;
    let mut arguments = tool_call.arguments.clone();
    arguments.retain(|name, _| !FILLED_IN_BY_VAPI.contains(&&**name));
    let (caller, named) = (caller(), Value::Object(arguments.clone()));
    // Nobody leaves: VAPI waits for the answer to the end.
    let answer = call(state, &caller, line, tool, arguments, &CancellationToken::new()).await?;
    let asked = Asked { caller: &caller, door: Door::Webhook, what: tool.name, call_id: line.call_id.as_deref() };
    asked.read(&state.recorder, &answer.data, &named);
    Ok(answer)
}
