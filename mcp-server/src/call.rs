//! Runs one tool call, from MCP or from a webhook. It always answers in time, even if the tool fails.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use serde::Deserialize;
use serde_json::{Map, Value};
use storage::access::Caller;
use storage::authority::Line;
use storage::clock;
use storage::id::ToolCallId;
use storage::student_context::SkillChoice;
use storage::tool_call::ToolCall;
use tokio_util::sync::CancellationToken;
use web::telemetry::trace::{self, Ended, SpanKind};

use crate::State;
use crate::tools::{Answer, Definition, Outcome, ToolContext, ToolError};

/// A child waits on the line: after this, no answer is better than a late one.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(2_500);

/// A call that is about to be made.
pub(crate) struct Call<'a> {
    pub state: &'a State,
    pub caller: &'a Caller,
    pub line: &'a Line,
    pub tool: &'static str,
    pub request_bytes: usize,
    /// The client has gone, or takes the call back.
    pub left: &'a CancellationToken,
}

/// Runs the tool for the caller that `settled` finds on the line, if the call is not too hasty.
pub(crate) async fn call(
    state: &State,
    caller: &Caller,
    settled: impl Future<Output = Result<Caller, ToolError>>,
    line: &Line,
    tool: &Definition,
    arguments: Map<String, Value>,
    left: &CancellationToken,
) -> Result<Answer, ToolError> {
    let request_bytes = serde_json::to_vec(&arguments).map_or(0, |json| json.len());
    let work = async {
        if !tool.is_always_heard {
            pace(state, caller, line).await?;
        }
        let caller = settled.await?;
        if caller.line.is_erased {
            return Err(ToolError::new(Outcome::Refused, of_erased_call(tool.is_always_heard)));
        }
        let registers_callers = state.config.register_callers;
        tool.answer(&state.db, ToolContext { caller: &caller, registers_callers, now: clock::now() }, arguments).await
    };
    let call = Call { state, caller, line, tool: tool.name, request_bytes, left };
    call.run(work, |answer| (answer.text.len(), choices(&answer.data))).await
}

/// What the tool chose, and why: the answer itself, or each step of a plan.
fn choices(data: &Value) -> Vec<SkillChoice> {
    let steps = data["steps"].as_array().map_or(std::slice::from_ref(data), Vec::as_slice);
    steps.iter().filter_map(|step| SkillChoice::deserialize(step).ok()).collect()
}

/// The answer of a tool if the call was erased: nothing may be stored or returned. Tools that always run may report
/// that a child is not safe.
const fn of_erased_call(is_always_heard: bool) -> &'static str {
    if is_always_heard {
        "Not stored: the records of this call were deleted, and staff will not see this. Stay calm and kind, and ask the child to \
         talk to a grown-up they trust now. If they are in danger now, tell them to call the emergency number."
    } else {
        "Not done: the records of this call were deleted. Continue without them."
    }
}

/// Refuses the tools of one telephone call that come faster than any lesson needs them.
async fn pace(state: &State, caller: &Caller, line: &Line) -> Result<(), ToolError> {
    let Some(call_id) = &line.call_id else { return Ok(()) };
    let key = format!("{} {call_id}", caller.actor);
    match state.call_limits.enter(&key, Instant::now()).await {
        Ok(_turn) => Ok(()),
        Err(busy) => {
            let say = format!("Too many requests at once. Wait {} s, then call again.", busy.retry_after_seconds());
            Err(ToolError::new(Outcome::Busy, say))
        }
    }
}

impl Call<'_> {
    /// Work that panics or hangs ends here too, and so does work for a client that has left: the SDK would let the request
    /// hang, or run to its end unheard. `told` returns the bytes that the model has to read and pay for, and what was
    /// chosen.
    pub(crate) async fn run<T>(
        self,
        work: impl Future<Output = Result<T, ToolError>>,
        told: impl FnOnce(&T) -> (usize, Vec<SkillChoice>),
    ) -> Result<T, ToolError> {
        let (at, started) = (clock::now(), Instant::now());
        let traced = async {
            trace::of_call(|| self.line.call_id.as_deref());
            guarded(work, TIMEOUT, self.left).await
        };
        let answer = trace::span(SpanKind::Internal, traced, |answer| {
            let outcome = answer.as_ref().map_or_else(|error| error.outcome, |_| Outcome::Ok);
            Ended::new(self.tool)
                .with("tool.name", self.tool)
                .with("tool.outcome", outcome.as_str())
                .error_if(matches!(outcome, Outcome::Failed | Outcome::TimedOut))
        })
        .await;
        let duration = started.elapsed();
        let (outcome, (response_bytes, choices)) = match &answer {
            Ok(answer) => (Outcome::Ok, told(answer)),
            Err(error) => (error.outcome, (error.say.len(), Vec::new())),
        };
        let (tool, outcome) = (self.tool, outcome.as_str());
        let client_id = self.caller.client_id().unwrap_or_default();
        let duration_us = duration.as_micros() as i64;
        tracing::info!(tool.name = tool, client.id = client_id, outcome, duration_us, "tool called");
        metrics::counter!("mcp_tool_calls_total", "tool" => tool, "outcome" => outcome).increment(1);
        metrics::histogram!("mcp_tool_call_duration_seconds", "tool" => tool).record(duration);
        self.state.recorder.add(ToolCall {
            tool_call_id: ToolCallId::new(),
            at,
            tool: tool.to_owned(),
            client_id: client_id.to_owned(),
            call_id: self.line.call_id.clone(),
            outcome: outcome.to_owned(),
            duration_us,
            request_bytes: self.request_bytes as i32,
            response_bytes: response_bytes as i32,
            choices,
        });
        answer
    }
}

/// The work, or in its place what to say of it.
pub(crate) async fn guarded<T>(
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
}
