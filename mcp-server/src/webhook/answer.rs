//! What VAPI wants an answer to: which assistant takes the call, and what a tool says.
//!
//! **Invariant:** a child waits on the line, so each answer is there in time, be it without the context.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use storage::access::Caller;
use storage::authority::{self, Line};
use storage::clock;
use storage::component_status::SetUp;
use storage::consent::{self, Purpose};
use storage::server_message::ServerMessage;
use storage::student_context::{self, ContextStatus, StudentContext, of_line};
use storage::{api_client, component_status, db};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::envelope::Envelope;
use super::replies::{self, Replies};
use super::tool_calls::{self, Said, ToolCall, ToolResult, single_line};
use crate::State;
use crate::call::call;
use crate::tools::{self, Answer, Outcome, ToolError, once};
use crate::trail::{Asked, Door};

/// VAPI gives up after 7.5 s, of which most is the way to us.
const WITHIN: Duration = Duration::from_secs(2);

/// Arguments that VAPI adds itself if a tool is configured so. Our tools do not use them.
const FILLED_IN_BY_VAPI: [&str; 2] = ["caller_number", "call_id"];

/// A signed webhook speaks for the assistant on the line: a telephone client with the scopes of `VAPI_TOOL_SCOPES`.
fn caller(state: &State) -> Caller {
    Caller::telephone("vapi", state.config.vapi_tool_scopes)
}

fn line(envelope: &Envelope) -> Line {
    Line { call_id: envelope.call_id.clone(), number: envelope.number.clone() }
}

/// Which assistant takes the call, with what it should know of the caller.
pub(super) async fn assistant(state: &State, envelope: &Envelope, now: DateTime<Utc>) -> Value {
    let (assistant_id, (context, records)) = tokio::join!(assistant_id(state), context(state, envelope, now));
    let Some(assistant_id) = assistant_id else {
        tracing::warn!("VAPI asks which assistant takes a call: run `ai-tutor vapi setup`, or set VAPI_ASSISTANT_ID");
        return json!({ "error": "Sorry, the tutor cannot take calls on this number yet." });
    };
    let phone = envelope.number.clone().known();
    let (caller, call_id) = (caller(state), envelope.call_id.as_deref());
    let asked = Asked { caller: &caller, door: Door::Webhook, what: "assistant-request", call_id };
    asked.read(&state.recorder, &json!(context), &Value::Null);
    json!({
        "assistantId": assistant_id,
        "assistantOverrides": vapi::overrides(&context, phone.as_ref(), records),
    })
}

/// The assistant of `VAPI_ASSISTANT_ID`, else the one that was set up.
async fn assistant_id(state: &State) -> Option<String> {
    if let Some(assistant_id) = &state.config.vapi_assistant_id {
        return Some(assistant_id.clone());
    }
    match timeout(WITHIN, component_status::list(&state.db)).await {
        Ok(Ok(signs)) => signs.find::<SetUp>().map(|(_, set_up)| set_up.assistant_id),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the assistant that was set up could not be read");
            None
        }
        Err(_) => None,
    }
}

/// The context, and whether VAPI may record the call. If they cannot be had in time, those of a stranger, unrecorded.
async fn context(state: &State, envelope: &Envelope, now: DateTime<Utc>) -> (StudentContext, bool) {
    let found = async {
        if api_client::are_telephones_stopped(&state.db).await? {
            return Ok((student_context::unknown(now), false));
        }
        let caller = authority::resolve_live_call(&state.db, &caller(state), &line(envelope), now).await?;
        let context = of_line(&state.db, &caller, now).await?;
        let records = records(state, &caller, &context, now).await?;
        Ok((context, records))
    };
    match timeout(WITHIN, found).await {
        Ok(Ok(found)) => found,
        Ok(Err::<_, db::Error>(error)) => {
            tracing::warn!(%error, "a call begins without its student context");
            (student_context::unknown(now), false)
        }
        Err(_) => {
            tracing::warn!("a call begins without its student context: it took too long");
            (student_context::unknown(now), false)
        }
    }
}

/// Returns whether VAPI may record the call. If one student has the number, their consent decides. If no student has it, the
/// organisation's presumed consent decides. If several students share it, the call is not recorded.
async fn records(state: &State, caller: &Caller, context: &StudentContext, now: DateTime<Utc>) -> db::Result<bool> {
    let student_id = caller.line.student_id.or(caller.line.presumed);
    if student_id.is_none() && context.status != ContextStatus::New {
        return Ok(false);
    }
    let standings = consent::list_standings(&state.db, student_id, now).await?;
    Ok(consent::allows(&standings, Purpose::Recording))
}

/// What the tools say to the calls of a message, in their order. `signature` names this very request.
pub(super) async fn tools(
    state: &State,
    replies: &Replies,
    envelope: &Envelope,
    message: &ServerMessage,
    signature: &[u8],
) -> Value {
    let line = line(envelope);
    let mut results = Vec::new();
    for call in tool_calls::calls(message) {
        let said = said(state, replies, &line, &call, signature).await;
        results.push(ToolResult { name: call.name, tool_call_id: call.id, said });
    }
    json!({ "results": results })
}

/// What the tool says to the one call of a `function-call` message. VAPI sends it to assistants with functions of the model
/// instead of tools, and reads `result`.
pub(super) async fn function(
    state: &State,
    replies: &Replies,
    envelope: &Envelope,
    message: &ServerMessage,
    signature: &[u8],
) -> Value {
    let said = match tool_calls::function_call(message) {
        // It has no id. The request names it.
        Some(call) => {
            let call = ToolCall { id: String::from_utf8_lossy(signature).into_owned(), ..call };
            said(state, replies, &line(envelope), &call, signature).await
        }
        None => Said::Error("`functionCall` must have the name of a tool".to_owned()),
    };
    json!(said)
}

async fn said(state: &State, replies: &Replies, line: &Line, tool_call: &ToolCall, signature: &[u8]) -> Said {
    let on_line = match authority::resolve_live_call(&state.db, &caller(state), line, clock::now()).await {
        Ok(on_line) => on_line,
        Err(error) => return Said::Error(single_line(&ToolError::from(error).say)),
    };
    // An answer of before a code was asked for must not be given again after.
    let key = replies::key(line, on_line.line.missing, tool_call, signature);
    let is_erased = on_line.line.is_erased;
    let work = Box::pin(say(state, on_line, line, tool_call));
    let text = if is_erased {
        // Not what was answered before: the call was erased since.
        work.await.map(|answer| answer.text)
    } else {
        replies.once(key, Instant::now(), work).await
    };
    match text {
        Ok(text) => Said::Result(single_line(&text)),
        Err(error) => Said::Error(single_line(&error.say)),
    }
}

async fn say(state: &State, on_line: Caller, line: &Line, tool_call: &ToolCall) -> Result<Answer, ToolError> {
    let tool = tools::find(&tool_call.name).ok_or_else(|| ToolError::invalid("there is no tool of this name"))?;
    let arguments = tool_call.arguments.clone();
    let mut arguments = arguments.ok_or_else(|| ToolError::invalid(tool_calls::UNREADABLE_ARGUMENTS))?;
    arguments.retain(|name, _| !FILLED_IN_BY_VAPI.contains(&&**name));
    let caller = caller(state);
    if !tool.is_always_heard {
        let client_id = caller.client_id().unwrap_or_default();
        let busy = |_| ToolError::new(Outcome::Busy, "Too many requests at once. Wait a moment, then call again.");
        state.limits.enter(client_id, Instant::now()).await.map_err(busy)?;
    }
    if api_client::are_telephones_stopped(&state.db).await? {
        let say = "Not done: a person has stopped the tutor's records. Continue without them.";
        return Err(ToolError::new(Outcome::Refused, say));
    }
    if tool.takes_key() {
        // VAPI asks again under the same id, perhaps another server.
        let key = replies::durable_key(tool_call);
        arguments.insert(once::KEY.to_owned(), key.into());
    }
    let named = Value::Object(arguments.clone());
    // VAPI waits for the answer to the end.
    let settled = std::future::ready(Ok(on_line));
    let answer = call(state, &caller, settled, line, tool, arguments, &CancellationToken::new()).await?;
    let asked = Asked { caller: &caller, door: Door::Webhook, what: tool.name, call_id: line.call_id.as_deref() };
    asked.read(&state.recorder, &answer.data, &named);
    Ok(answer)
}
