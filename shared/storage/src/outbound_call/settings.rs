//! Whether, when and how often students are called, and what prevents a call.

use chrono::{DateTime, Utc};

use super::lock;
use crate::access::Caller;
use crate::component_status::SetUp;
use crate::db::{Connection, Executor, Result};
use crate::{audit, component_status};
use domain::calling::{Hours, Limits};

/// What the organisation decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub is_on: bool,
    pub hours: Hours,
    /// 1 to 10.
    pub a_day: i16,
    /// 1 to 100.
    pub at_once: i16,
    /// US dollars in a calendar month, at most a million.
    pub month_usd: i32,
    /// When a person stopped all calls, and who.
    pub stopped: Option<(DateTime<Utc>, String)>,
}

impl Settings {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            a_day: self.a_day.into(),
            at_once: self.at_once.into(),
            month_microusd: i64::from(self.month_usd) * 1_000_000,
        }
    }
}

/// Returns the settings.
pub async fn get_settings(db: impl Executor<'_>) -> Result<Settings> {
    let row = sqlx::query!(
        "select calls_are_on, calls_from, calls_until, calls_quiet_weekdays, calls_quiet_days, calls_a_day, calls_at_once,
             calls_month_usd, calls_stopped_at, calls_stopped_by
         from organisation"
    )
    .fetch_one(db)
    .await?;
    Ok(Settings {
        is_on: row.calls_are_on,
        hours: Hours {
            from: row.calls_from,
            until: row.calls_until,
            quiet_weekdays: row.calls_quiet_weekdays,
            quiet_days: row.calls_quiet_days,
        },
        a_day: row.calls_a_day,
        at_once: row.calls_at_once,
        month_usd: row.calls_month_usd,
        stopped: row.calls_stopped_at.zip(row.calls_stopped_by),
    })
}

/// Changes the settings, except whether all calls are stopped, and records it. The caller is a person who may manage the
/// service.
pub async fn set_settings(tx: &mut Connection, caller: &Caller, settings: &Settings, now: DateTime<Utc>) -> Result<()> {
    lock(tx).await?;
    let Settings { is_on, hours, a_day, at_once, month_usd, stopped: _ } = settings;
    sqlx::query!(
        "update organisation set calls_are_on = $1, calls_from = $2, calls_until = $3, calls_quiet_weekdays = $4,
             calls_quiet_days = $5, calls_a_day = $6, calls_at_once = $7, calls_month_usd = $8, updated_at = $9,
             updated_by = $10",
        is_on,
        hours.from,
        hours.until,
        &hours.quiet_weekdays,
        &hours.quiet_days,
        a_day,
        at_once,
        month_usd,
        now,
        caller.actor.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    let detail = serde_json::json!({
        "calls_are_on": is_on, "calls_from": hours.from, "calls_until": hours.until,
        "calls_quiet_weekdays": hours.quiet_weekdays, "calls_quiet_days": hours.quiet_days, "calls_a_day": a_day,
        "calls_at_once": at_once, "calls_month_usd": month_usd,
    });
    audit::insert_entry(tx, caller, "organisation.update", None, &detail, now).await
}

/// Stops all calls, or allows them again, and records it. When it returns, no worker places another call.
pub async fn set_stopped(tx: &mut Connection, caller: &Caller, is_stopped: bool, now: DateTime<Utc>) -> Result<()> {
    lock(tx).await?;
    sqlx::query!(
        "update organisation set calls_stopped_at = case when $1 then coalesce(calls_stopped_at, $2) end,
             calls_stopped_by = case when $1 then coalesce(calls_stopped_by, $3) end",
        is_stopped,
        now,
        caller.actor.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    let action = if is_stopped { "outbound_calls.stop" } else { "outbound_calls.start" };
    audit::insert_entry(tx, caller, action, None, &serde_json::json!({}), now).await
}

/// Why no call is placed at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The organisation has not switched outbound calls on.
    Off,
    Stopped {
        at: DateTime<Utc>,
        by: String,
    },
    /// A person stopped all telephone clients.
    TelephonesStopped,
    /// No worker has `VAPI_API_KEY`.
    NoKey,
    NotSetUp,
    NoNumber,
}

impl Obstacle {
    /// What is the matter, and what to do about it: two sentences.
    pub fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Off => ("Outbound calls are off.", "An admin can switch them on under Settings, Organisation."),
            Self::Stopped { .. } => ("All outbound calls are stopped.", "An admin can allow them again."),
            Self::TelephonesStopped => (
                "All telephone clients are stopped.",
                "If that is over, an admin starts them under Settings, API clients.",
            ),
            Self::NoKey => ("No worker has a VAPI key.", "An operator sets VAPI_API_KEY for the worker."),
            Self::NotSetUp => ("The assistant is not set up at VAPI.", "An operator runs `ai-tutor vapi setup`."),
            Self::NoNumber => (
                "No phone number is set up for calls.",
                "An operator runs `ai-tutor vapi setup --phone-number NUMBER`.",
            ),
        }
    }
}

/// What a call is placed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub assistant_id: String,
    /// VAPI's id of our number.
    pub phone_number_id: String,
}

/// Returns what calls are placed with, or why none is placed. `has_key`: whether a worker has VAPI's key.
pub async fn find_way(db: &crate::db::Db, has_key: bool) -> Result<std::result::Result<Way, Obstacle>> {
    let settings = get_settings(db).await?;
    if !settings.is_on {
        return Ok(Err(Obstacle::Off));
    }
    if let Some((at, by)) = settings.stopped {
        return Ok(Err(Obstacle::Stopped { at, by }));
    }
    if crate::api_client::are_telephones_stopped(db).await? {
        return Ok(Err(Obstacle::TelephonesStopped));
    }
    if !has_key {
        return Ok(Err(Obstacle::NoKey));
    }
    let Some((_, SetUp { assistant_id, phone_number_id })) = component_status::list(db).await?.find::<SetUp>() else {
        return Ok(Err(Obstacle::NotSetUp));
    };
    Ok(phone_number_id.map(|phone_number_id| Way { assistant_id, phone_number_id }).ok_or(Obstacle::NoNumber))
}
