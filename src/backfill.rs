//! Bringing in calls whose report never came, from VAPI's own record.

use anyhow::Context;
use chrono::{DateTime, Utc};
use storage::db::Db;
use web::config::{Settings, VapiConfig};
use worker::reconcile::{self, Step};
use worker::vapi::Vapi;

use crate::repair::Span;
use crate::{print, say};

/// `call backfill`.
pub async fn run(db: &Db, span: Span, now: DateTime<Utc>) -> anyhow::Result<()> {
    span.check()?;
    let config = VapiConfig::from_settings(Settings::from_environment())?;
    let vapi = Vapi::new(config.context("set VAPI_API_KEY: without a key nothing calls VAPI")?)?;
    let progress = print::progress(0, "calls");
    let done = reconcile::backfill(db, &vapi, span.from, span.to, now, |step| match step {
        Step::Listed(n) => progress.set_length(n as u64),
        Step::Done => progress.inc(1),
    })
    .await?;
    progress.finish_and_clear();
    say!(
        "{} calls brought in, {} were known; {} are still being written by VAPI: try again in a while",
        done.n_brought_in,
        done.n_known,
        done.n_left,
    );
    Ok(())
}
