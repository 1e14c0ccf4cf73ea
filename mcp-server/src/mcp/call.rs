//! One tool call: whatever the tool does, the line answers, in time and in words.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value};
use shared::access::Caller;
use shared::clock;
use shared::id::ToolCallId;
use shared::tool_call::ToolCall;
use tokio_util::sync::CancellationToken;

use crate::State;
use crate::tools::{Answer, Ask, Definition, Line, Outcome, ToolError};

/// A child waits on the line: after this, no answer is better than a late one.
pub(super) const TIMEOUT: Duration = Duration::from_millis(2_500);

/// Runs the tool. A tool that panics, hangs, or is asked by a client that has left ends here too: the SDK would let
/// the request hang for ever, for ever, and run to its end unheard.
pub(super) async fn call(
    state: &State,
    caller: &Caller,
    line: &Line,
    tool: &Definition,
    arguments: Map<String, Value>,
    left: &CancellationToken,
) -> CallToolResult {
    let (at, started) = (clock::now(), Instant::now());
    let request_bytes = serde_json::to_vec(&arguments).map_or(0, |json| json.len());
    let answer = guarded(tool.answer(&state.db, Ask { caller, line, now: at }, arguments), TIMEOUT, left).await;
    let duration = started.elapsed();
    let outcome = answer.as_ref().map_or_else(|error| error.outcome, |_| Outcome::Ok);
    // What the model has to read, and pay for.
    let response_bytes = match &answer {
        Ok(answer) => answer.text.len(),
        Err(error) => error.say.len(),
    };
    let client_id = caller.client_id().unwrap_or_default();
    let duration_us = duration.as_micros() as i64;
    tracing::info!(
        tool.name = tool.name,
        client.id = client_id,
        outcome = outcome.as_str(),
        duration_us,
        "tool called"
    );
    metrics::counter!("mcp_tool_calls_total", "tool" => tool.name, "outcome" => outcome.as_str()).increment(1);
    metrics::histogram!("mcp_tool_call_duration_seconds", "tool" => tool.name).record(duration);
    state.recorder.add(ToolCall {
        tool_call_id: ToolCallId::new(),
        at,
        tool: tool.name.to_owned(),
        client_id: client_id.to_owned(),
        call_id: line.call_id.clone(),
        outcome: outcome.as_str().to_owned(),
        duration_us,
        request_bytes: request_bytes as i32,
        response_bytes: response_bytes as i32,
    });
    result(answer)
}

/// The work, or in its place what to say of it.
pub(super) async fn guarded<T>(
    work: impl Future<Output = Result<T, ToolError>>,
    timeout: Duration,
    left: &CancellationToken,
) -> Result<T, ToolError> {
    let work = tokio::time::timeout(timeout, AssertUnwindSafe(work).catch_unwind());
    tokio::select! {
        done = work => match done {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => Err(ToolError::internal()),
            Err(_elapsed) => Err(ToolError::timed_out()),
        },
        () = left.cancelled() => Err(ToolError::new(Outcome::Cancelled, "The call was cancelled.")),
    }
}

fn result(answer: Result<Answer, ToolError>) -> CallToolResult {
    match answer {
        Ok(Answer { text, data }) => {
            let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
            result.structured_content = Some(data);
            result
        }
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.say)]),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn outcome(answer: Result<Answer, ToolError>) -> Outcome {
        answer.map_or_else(|error| error.outcome, |_| Outcome::Ok)
    }

    #[tokio::test]
    async fn a_tool_that_panics_answers() {
        let panics = async { panic!("a fault in a tool") };
        assert_eq!(outcome(guarded(panics, TIMEOUT, &CancellationToken::new()).await), Outcome::Failed);
    }

    #[tokio::test]
    async fn a_tool_that_hangs_answers_in_time() {
        let (hangs, timeout) = (std::future::pending(), Duration::from_millis(20));
        assert_eq!(outcome(guarded(hangs, timeout, &CancellationToken::new()).await), Outcome::TimedOut);
    }

    #[tokio::test]
    async fn the_work_stops_when_the_client_leaves() {
        struct Stopped(Arc<AtomicBool>);
        impl Drop for Stopped {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let stopped = Arc::new(AtomicBool::new(false));
        let guard = Stopped(stopped.clone());
        let left = CancellationToken::new();
        left.cancel();
        let hangs = async move {
            let _guard = guard;
            std::future::pending().await
        };
        assert_eq!(outcome(guarded(hangs, TIMEOUT, &left).await), Outcome::Cancelled);
        assert!(stopped.load(Ordering::SeqCst));
    }

    #[test]
    fn an_answer_carries_words_and_data_and_a_refusal_words_alone() {
        let good = result(Ok(Answer { text: "Hello.".into(), data: Value::from(1) }));
        assert_eq!((good.is_error, good.structured_content), (Some(false), Some(Value::from(1))));
        let bad = result(Err(ToolError::timed_out()));
        assert_eq!((bad.is_error, bad.structured_content, bad.content.len()), (Some(true), None, 1));
    }
}
