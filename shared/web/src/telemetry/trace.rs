//! Traces, sent by OTLP over HTTP to a collector. There is one trace per tutoring call: its id follows from the call's id,
//! so tool calls, webhooks, jobs and the model's answers meet in it, whichever process and queue they pass through.
//!
//! Attributes hold ids, routes, outcomes and counts, never names, phone numbers or speech. Without an endpoint nothing here
//! costs anything. If the collector does not keep up, spans are dropped; requests and jobs never wait for it.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor};
use sha2::{Digest, Sha256};

use crate::config::from_environment;
use storage::clock;

pub use opentelemetry::trace::SpanKind;

/// How long a stopping process waits for the collector.
const FLUSH_WITHIN: Duration = Duration::from_secs(5);

static PROCESSOR: OnceLock<BatchSpanProcessor> = OnceLock::new();

tokio::task_local! {
    static CURRENT: Arc<Node>;
}

/// A span that has begun.
#[derive(Debug)]
struct Node {
    span_id: SpanId,
    parent: Option<Arc<Self>>,
    /// Of a span without a parent and a call.
    own_trace: TraceId,
    /// Known once the work has read which call it belongs to.
    call: OnceLock<CallSpan>,
}

/// The span of a whole tutoring call, and its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CallSpan {
    trace_id: TraceId,
    span_id: SpanId,
}

impl CallSpan {
    fn of(call_id: &str) -> Self {
        let hash = Sha256::digest(call_id);
        let (trace, rest) = hash.split_at(16);
        Self {
            trace_id: TraceId::from_bytes(trace.try_into().unwrap_or_default()),
            span_id: SpanId::from_bytes(rest[..8].try_into().unwrap_or_default()),
        }
    }
}

/// Sends what is still waiting when the process ends.
#[derive(Debug)]
pub struct Flush(());

impl Drop for Flush {
    fn drop(&mut self) {
        if let Some(processor) = PROCESSOR.get() {
            let _ = processor.shutdown_with_timeout(FLUSH_WITHIN);
        }
    }
}

/// Begins to send traces to `endpoint`, the base URL of an OTLP collector, such as `http://localhost:4318`. Does nothing
/// without one. Hold the guard until the process ends.
///
/// `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_BSP_*` work as in every
/// OpenTelemetry SDK.
pub fn init(service: &'static str, endpoint: Option<&str>) -> anyhow::Result<Flush> {
    let Some(endpoint) = endpoint else { return Ok(Flush(())) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()?;
    let mut processor = BatchSpanProcessor::builder(exporter).build();
    let name = from_environment("OTEL_SERVICE_NAME").unwrap_or_else(|| service.to_owned());
    processor.set_resource(&Resource::builder().with_service_name(name).build());
    let _ = PROCESSOR.set(processor);
    Ok(Flush(()))
}

/// What a span says when it ends.
#[derive(Debug)]
pub struct Ended {
    name: Cow<'static, str>,
    attributes: Vec<KeyValue>,
    is_error: bool,
}

impl Ended {
    /// The span gets this name, and no attributes yet.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), attributes: Vec::new(), is_error: false }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Marks the span as failed if `is_error`.
    #[must_use]
    pub fn error_if(mut self, is_error: bool) -> Self {
        self.is_error = is_error;
        self
    }
}

/// Runs `work` in a new span below the current span of this task.
pub async fn span<T>(kind: SpanKind, work: impl Future<Output = T>, ended: impl FnOnce(&T) -> Ended) -> T {
    let Some(processor) = PROCESSOR.get() else { return work.await };
    let node = Arc::new(Node {
        span_id: SpanId::from(rand::Rng::random::<u64>(&mut rand::rng())),
        parent: CURRENT.try_with(Clone::clone).ok(),
        own_trace: TraceId::from(rand::Rng::random::<u128>(&mut rand::rng())),
        call: OnceLock::new(),
    });
    let started = clock::now();
    let done = CURRENT.scope(node.clone(), work).await;
    let (trace_id, parent) = node.place();
    processor.on_end(data((trace_id, node.span_id), parent, kind, ended(&done), started, clock::now()));
    done
}

/// Says which tutoring call the work under way in this task belongs to. `find` is asked only if there is a span.
pub fn of_call<Id: AsRef<str>>(find: impl FnOnce() -> Option<Id>) {
    let _ = CURRENT.try_with(|node| find().map(|call_id| node.root().call.set(CallSpan::of(call_id.as_ref()))));
}

/// Records the span of a whole tutoring call, the root of its trace. The same call again gives the same span.
pub fn call(call_id: &str, ended: Ended, started_at: DateTime<Utc>, ended_at: DateTime<Utc>) {
    if let Some(processor) = PROCESSOR.get() {
        let CallSpan { trace_id, span_id } = CallSpan::of(call_id);
        let at = (trace_id, span_id);
        processor.on_end(data(at, SpanId::INVALID, SpanKind::Server, ended, started_at, ended_at));
    }
}

impl Node {
    fn root(&self) -> &Self {
        self.parent.as_ref().map_or(self, |parent| parent.root())
    }

    /// The trace, and the parent's span.
    fn place(&self) -> (TraceId, SpanId) {
        let root = self.root();
        let call = root.call.get();
        let trace_id = call.map_or(root.own_trace, |call| call.trace_id);
        let of_call = call.map_or(SpanId::INVALID, |call| call.span_id);
        (trace_id, self.parent.as_ref().map_or(of_call, |parent| parent.span_id))
    }
}

fn data(
    (trace_id, span_id): (TraceId, SpanId),
    parent_span_id: SpanId,
    span_kind: SpanKind,
    ended: Ended,
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
) -> SpanData {
    SpanData {
        span_context: SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, false, TraceState::NONE),
        parent_span_id,
        parent_span_is_remote: false,
        span_kind,
        name: ended.name,
        start_time: SystemTime::from(started_at),
        // A clock that was set back gives no negative duration.
        end_time: SystemTime::from(ended_at.max(started_at)),
        attributes: ended.attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: if ended.is_error { Status::error("") } else { Status::Unset },
        instrumentation_scope: InstrumentationScope::builder("ai-tutor").build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(parent: Option<&Arc<Node>>, n: u64) -> Arc<Node> {
        let own_trace = TraceId::from(u128::from(n));
        Arc::new(Node { span_id: SpanId::from(n), parent: parent.cloned(), own_trace, call: OnceLock::new() })
    }

    #[test]
    fn all_work_on_a_call_is_in_its_trace_also_what_began_before_the_call_was_known() {
        let job = node(None, 1);
        let model = node(Some(&job), 2);
        assert_eq!(job.place(), (TraceId::from(1), SpanId::INVALID));
        assert_eq!(model.place(), (TraceId::from(1), SpanId::from(1)));
        let call = CallSpan::of("call-1");
        model.root().call.set(call).unwrap();
        assert_eq!(job.place(), (call.trace_id, call.span_id));
        assert_eq!(model.place(), (call.trace_id, SpanId::from(1)));
        assert_ne!(CallSpan::of("call-2").trace_id, call.trace_id);
    }

    #[tokio::test]
    async fn without_an_endpoint_the_work_is_only_done() {
        let done = span(SpanKind::Internal, async { 7 }, |_| unreachable!("no span ends")).await;
        assert_eq!(done, 7);
        of_call::<&str>(|| unreachable!("nothing is asked"));
    }
}
