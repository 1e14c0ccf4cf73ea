//! What lies behind the doors, for fuzzers alone.

use chrono::{DateTime, Utc};
use storage::server_message::ServerMessage;
use storage::session::SessionNews;
use storage::transcript::Turn;

use crate::ingest::payload::Report;

/// Reads a webhook's body as its job does: what it tells of the call, and what was said. `None`: it is no message.
pub fn report(body: &[u8], received_at: DateTime<Utc>) -> Option<(Option<SessionNews>, Vec<Turn>)> {
    let message = ServerMessage::read(body)?;
    let report = Report(&message);
    Some((report.news(received_at), report.talk().turns))
}
