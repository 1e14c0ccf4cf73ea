//! Logs and metrics of a process. Set up once, by a `main`; libraries only emit.
//!
//! Never logged: names, phone numbers, what was said, tokens, secrets, bodies.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// What rmcp prints below `warn` holds whole requests; what sqlx prints holds statements.
const QUIET: &str = "rmcp=warn,sqlx=warn,hyper=warn,reqwest=warn,faktory=warn";

/// Begins to log: as text for people, or as one JSON object a line (`LOG_FORMAT=json`). `RUST_LOG` filters; it cannot
/// make rmcp print requests.
pub fn init(log_format: Option<&str>, rust_log: Option<&str>) {
    let wanted = rust_log.unwrap_or("info");
    let filter =
        EnvFilter::try_new(format!("{wanted},{QUIET}")).unwrap_or_else(|_| EnvFilter::new(format!("info,{QUIET}")));
    // Standard output belongs to what a command was asked for.
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    // A second subscriber in one process is a fault of a test at most; the first stays.
    let _ = if log_format == Some("json") {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        builder.with_target(false).try_init()
    };
}
