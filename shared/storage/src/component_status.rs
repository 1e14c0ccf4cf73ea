//! The last status that each component of the service reported. The servers and workers write it, and the dashboard shows
//! it.
//!
//! The table is named `signs`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::db::{Executor, Result};

/// How often a running component reports. After [`SILENT_AFTER`] without a report it counts as stopped.
pub const EVERY: std::time::Duration = std::time::Duration::from_secs(15);
/// A component that did not report for so long counts as down.
pub const SILENT_AFTER: TimeDelta = TimeDelta::minutes(1);

/// The watermark up to which all calls that VAPI tells of are known: a time as RFC 3339 has it.
pub const RECONCILED_UNTIL: &str = "vapi_calls";

/// A status that a component reports, as its row holds it.
pub trait ComponentStatus: Serialize + DeserializeOwned {
    const NAME: &'static str;
}

/// An `mcp-server` is running.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    pub public_url: String,
    /// Whether the webhook's secret before this one is accepted, too.
    pub has_previous_secret: bool,
    /// `vapi::secret_print` of the webhook. `None`: an older server.
    #[serde(default)]
    pub secret_print: Option<String>,
    /// `VAPI_ASSISTANT_ID`.
    #[serde(default)]
    pub assistant_id: Option<String>,
}

impl ComponentStatus for Server {
    const NAME: &'static str = "server";
}

/// The assistant that `ai-tutor vapi setup` made: `mcp-server` returns it if VAPI asks for one and `VAPI_ASSISTANT_ID` is
/// not set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUp {
    pub assistant_id: String,
    /// VAPI's id of the number that places calls. `None`: no number is bound, or an older version set it up.
    #[serde(default)]
    pub phone_number_id: Option<String>,
}

impl ComponentStatus for SetUp {
    const NAME: &'static str = "vapi_set_up";
}

/// A webhook was stored, or had been before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookAccepted {
    /// VAPI's name for the message type, if it is a known one.
    pub r#type: String,
}

impl ComponentStatus for WebhookAccepted {
    const NAME: &'static str = "webhook_accepted";
}

/// A webhook was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRefused {
    pub reason: WebhookRefusal,
}

impl ComponentStatus for WebhookRefused {
    const NAME: &'static str = "webhook_refused";
}

/// Why a webhook was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookRefusal {
    /// No signature, or none in the header where it is looked for.
    NoSignature,
    /// Signed in part only: a header that belongs to the signature is missing or cannot be read.
    NoTimestamp,
    /// Signed with another secret, or over another text.
    Mismatch,
    /// Genuine, but of another time than ours.
    Stale,
    /// Too large, too slow, or broken off.
    NotWhole,
    /// Signed, and not one of VAPI's messages.
    Unreadable,
    /// Too many at once.
    Busy,
    /// The database did not take it in.
    NoDatabase,
    /// Reported by a newer server.
    #[serde(other)]
    Other,
}

/// A `worker` is running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// `None`: no language model is configured.
    pub model: Option<String>,
    pub has_vapi: bool,
    pub reconcile_seconds: u64,
    pub has_faktory: bool,
    /// Of the Faktory server, once it has answered.
    pub faktory_version: Option<String>,
    /// Whether it can send e-mails. An older worker cannot.
    #[serde(default)]
    pub has_mail: bool,
}

impl ComponentStatus for Worker {
    const NAME: &'static str = "worker";
}

/// VAPI was asked for calls whose report never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    pub n_known: usize,
    pub n_brought_in: usize,
    pub n_left: usize,
}

impl ComponentStatus for Reconciled {
    const NAME: &'static str = "reconciled";
}

/// VAPI was asked, and nothing came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconcileFailed {
    /// In fixed words.
    pub why: String,
}

impl ComponentStatus for ReconcileFailed {
    const NAME: &'static str = "reconcile_failed";
}

/// Calls were found whose report never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroughtIn {
    pub n: usize,
}

impl ComponentStatus for BroughtIn {
    const NAME: &'static str = "brought_in";
}

/// Derived rows were compared with their sources, and those that differed were repaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    pub n_sessions: usize,
    pub n_students: usize,
    pub n_sessions_repaired: usize,
    pub n_students_repaired: usize,
}

impl ComponentStatus for Compared {
    const NAME: &'static str = "derived_rows_compared";
}

/// Records `status`, unless a newer one of its kind is stored.
pub async fn record<S: ComponentStatus>(db: impl Executor<'_>, status: &S, at: DateTime<Utc>) -> Result<()> {
    let detail = serde_json::to_value(status).unwrap_or_default();
    sqlx::query!(
        "insert into signs as s (name, at, detail) values ($1, $2, $3)
         on conflict (name) do update set at = excluded.at, detail = excluded.detail where s.at <= excluded.at",
        S::NAME,
        at,
        detail,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The last status of each kind.
#[derive(Clone, Debug, Default)]
pub struct ComponentStatuses(Vec<(String, DateTime<Utc>, Value)>);

impl ComponentStatuses {
    /// Returns the last status of this kind, and its time. `None`: none is stored, or this version cannot read it.
    pub fn find<S: ComponentStatus>(&self) -> Option<(DateTime<Utc>, S)> {
        let (_, at, detail) = self.0.iter().find(|(name, ..)| name == S::NAME)?;
        Some((*at, serde_json::from_value(detail.clone()).ok()?))
    }

    /// Returns these with another status, which is not stored.
    #[must_use]
    pub fn with<S: ComponentStatus>(mut self, status: &S, at: DateTime<Utc>) -> Self {
        self.0.retain(|(name, ..)| name != S::NAME);
        self.0.push((S::NAME.to_owned(), at, serde_json::to_value(status).unwrap_or_default()));
        self
    }
}

/// Returns the last status of each kind.
pub async fn list(db: impl Executor<'_>) -> Result<ComponentStatuses> {
    let rows = sqlx::query!("select name, at, detail from signs").fetch_all(db).await?;
    Ok(ComponentStatuses(rows.into_iter().map(|row| (row.name, row.at, row.detail)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_newest_status_of_each_kind_is_kept(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now: DateTime<Utc> = "2026-11-19T21:12:04Z".parse().unwrap();
        assert_eq!(list(&db).await.unwrap().find::<BroughtIn>(), None);
        record(&db, &BroughtIn { n: 1 }, now).await.unwrap();
        record(&db, &WebhookRefused { reason: WebhookRefusal::Stale }, now).await.unwrap();
        record(&db, &BroughtIn { n: 2 }, now + TimeDelta::seconds(1)).await.unwrap();
        record(&db, &BroughtIn { n: 3 }, now).await.unwrap();
        let statuses = list(&db).await.unwrap();
        assert_eq!(statuses.find(), Some((now + TimeDelta::seconds(1), BroughtIn { n: 2 })));
        assert_eq!(statuses.find(), Some((now, WebhookRefused { reason: WebhookRefusal::Stale })));
        assert_eq!(statuses.find::<Server>(), None);
    }

    #[test]
    fn a_reason_of_a_newer_server_is_still_a_refusal() {
        let read: WebhookRefused = serde_json::from_value(serde_json::json!({ "reason": "wrong_planet" })).unwrap();
        assert_eq!(read.reason, WebhookRefusal::Other);
    }
}
