//! What the services share at their edges: configuration, HTTP serving, health, metrics, problem responses, limits and
//! traces.

pub mod config;
pub mod http;
pub mod telemetry;
