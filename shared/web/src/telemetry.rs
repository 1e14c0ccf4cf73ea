//! Logs, metrics and traces of a process. Set up once, by a `main`; libraries only emit.
//!
//! Never logged: names, phone numbers, what was said, tokens, secrets, bodies.

pub mod trace;

use std::io::IsTerminal;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// What rmcp prints below `warn` holds whole requests; what sqlx prints holds statements.
const QUIET: &str = "rmcp=warn,sqlx=warn,hyper=warn,reqwest=warn,faktory=warn,opentelemetry=warn";

/// From a tool's answer to a language model's.
const BUCKETS_SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 240.0];
/// A process that lost a log line says so for this long.
const LOSING_FOR: Duration = Duration::from_mins(10);

static DROPPED_LINES: OnceLock<ErrorCounter> = OnceLock::new();

/// What was measured since is held one by one until it is summed up.
const SUM_UP_EVERY: Duration = Duration::from_secs(5);

/// Starts logging as text, or as one JSON object per line (`LOG_FORMAT=json`). `RUST_LOG` filters, but cannot make rmcp
/// print requests. A separate thread writes the lines, so requests never wait for standard error and never fail if its
/// reader is gone. If the reader is too slow, lines are dropped. Keep the guard until the process ends: it writes the
/// remaining lines.
#[must_use = "lines that are still waiting are lost without the guard"]
pub fn init(log_format: Option<&str>, rust_log: Option<&str>) -> WorkerGuard {
    let wanted = rust_log.unwrap_or("info");
    let filter =
        EnvFilter::try_new(format!("{wanted},{QUIET}")).unwrap_or_else(|_| EnvFilter::new(format!("info,{QUIET}")));
    // Standard output belongs to what a command was asked for.
    let (writer, guard) = NonBlockingBuilder::default().lossy(true).thread_name("log").finish(std::io::stderr());
    let _ = DROPPED_LINES.set(writer.error_counter());
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(std::io::stderr().is_terminal())
        // It would report failed writes to standard error, which panics if the reader is gone.
        .log_internal_errors(false);
    // A second subscriber in one process is a fault of a test at most; the first stays.
    let _ = if log_format == Some("json") {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        builder.with_target(false).try_init()
    };
    guard
}

/// Whether log lines were dropped lately, because the reader of standard error does not keep up or is gone.
pub fn is_losing_log_lines(now: Instant) -> bool {
    static SEEN: Mutex<(usize, Option<Instant>)> = Mutex::new((0, None));
    let n_dropped = DROPPED_LINES.get().map_or(0, ErrorCounter::dropped_lines);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if n_dropped > seen.0 {
        metrics::counter!("log_lines_dropped_total").increment((n_dropped - seen.0) as u64);
        *seen = (n_dropped, Some(now));
    }
    seen.1.is_some_and(|at| now.duration_since(at) < LOSING_FOR)
}

/// Returns the metrics of this process, counted from the first call. A process without a metrics endpoint never calls
/// it, and then counting costs nothing.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let durations = Matcher::Suffix("_duration_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(durations, &BUCKETS_SECONDS);
        let recorder = builder.expect("there are buckets").build_recorder();
        let handle = recorder.handle();
        // A second recorder in one process is a fault of a test at most; the first stays.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        let summed = handle.clone();
        // A thread, since the runtime that first asked may end before the process does.
        let _ = std::thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            loop {
                std::thread::sleep(SUM_UP_EVERY);
                summed.run_upkeep();
            }
        });
        handle
    })
}

fn describe() {
    metrics::describe_counter!("http_requests_total", "Requests, by the pattern of their route.");
    metrics::describe_histogram!("http_request_duration_seconds", "From a request to the head of its answer.");
    metrics::describe_counter!("webhook_deliveries_total", "Webhooks of VAPI, by what became of them at the door.");
    metrics::describe_counter!(
        "webhook_clock_skew_total",
        "Genuine webhooks, refused since their time is minutes off ours: a clock is wrong."
    );
    // A series from the first scrape on: an alarm on one that appears with its first event would miss it.
    metrics::counter!("webhook_clock_skew_total").increment(0);
    metrics::describe_counter!("mcp_tool_calls_total", "Tool calls over MCP.");
    metrics::describe_histogram!("mcp_tool_call_duration_seconds", "How long a tool took to answer.");
    metrics::describe_counter!(
        "derived_rows_repaired_total",
        "Sessions and students with a derived row that differed from its sources. It should stay 0."
    );
    for of in ["session", "student"] {
        metrics::counter!("derived_rows_repaired_total", "of" => of).increment(0);
    }
    metrics::describe_counter!("log_lines_dropped_total", "Log lines that were lost, as seen by /readyz.");
    metrics::counter!("log_lines_dropped_total").increment(0);
    metrics::describe_counter!("records_dropped_total", "Records of tool calls and reads that were lost.");
    metrics::counter!("records_dropped_total").increment(0);
    metrics::describe_counter!("client_logins_failed_total", "Requests for a token with wrong credentials.");
    metrics::counter!("client_logins_failed_total").increment(0);
    metrics::describe_counter!(
        "client_bearers_refused_total",
        "Requests with a bearer that is wrong, expired or revoked."
    );
    metrics::counter!("client_bearers_refused_total").increment(0);
    metrics::describe_counter!("outbound_calls_total", "Calls to students, by what became of them.");
    for outcome in ["failed", "missed"] {
        metrics::counter!("outbound_calls_total", "outcome" => outcome).increment(0);
    }
    metrics::describe_counter!("jobs_total", "Attempts at jobs that ended in this process.");
    metrics::describe_histogram!("job_duration_seconds", "How long an attempt at a job took.");
}
