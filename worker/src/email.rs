//! Sends e-mails, if they are still true: alerts and digests to staff, reports and codes to guardians.

use chrono::{DateTime, Utc};
use queue::lease::{Claimed, Finished, finish_done};
use storage::access::Caller;
use storage::family_grant::{self, CodeEmail};
use storage::guardian_report::{self, ReportEmail};
use storage::id::MessageId;
use storage::message::digest::{Digest, find_digest};
use storage::message::{self, Failure};

use crate::mail::{Fault, Letter, Mail};
use crate::{Context, JobError, access_code, alert, digest, report};

/// Shown on the Jobs page.
const NO_SERVER: &str = "SMTP_URL is not set: set it and MAIL_FROM for the worker, then retry";

/// What a message is, with what is needed to send it.
enum Email {
    Alert(message::Alert),
    Report(ReportEmail),
    Digest(Digest),
    Code(CodeEmail),
}

impl Email {
    fn is_wanted(&self) -> bool {
        match self {
            Self::Alert(alert) => alert.is_wanted,
            Self::Report(report) => report.is_wanted,
            Self::Digest(digest) => digest.is_wanted,
            Self::Code(email) => email.code.is_some(),
        }
    }

    fn to(&self) -> &str {
        match self {
            Self::Alert(alert) => &alert.email,
            Self::Report(report) => &report.email,
            Self::Digest(digest) => &digest.email,
            Self::Code(email) => &email.email,
        }
    }

    fn letter(&self, mail: &Mail) -> Letter {
        match self {
            Self::Alert(alert) => alert::letter(alert, &mail.dashboard_url),
            Self::Report(report) => report::letter(report),
            Self::Digest(digest) => digest::letter(digest, &mail.dashboard_url),
            Self::Code(email) => access_code::letter(email),
        }
    }
}

pub(crate) async fn send_alert(
    context: &Context,
    claimed: &Claimed,
    message_id: MessageId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let alert = message::find_alert(&context.db, &Caller::worker(), message_id).await?;
    send(context, claimed, message_id, alert.map(Email::Alert), now).await
}

pub(crate) async fn send_report(
    context: &Context,
    claimed: &Claimed,
    message_id: MessageId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let report = guardian_report::find_email(&context.db, &Caller::worker(), message_id, now).await?;
    send(context, claimed, message_id, report.map(Email::Report), now).await
}

pub(crate) async fn send_digest(
    context: &Context,
    claimed: &Claimed,
    message_id: MessageId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let digest = find_digest(&context.db, message_id, now).await?;
    send(context, claimed, message_id, digest.map(Email::Digest), now).await
}

/// An attempt makes a new code, so only the last e-mail has one that works.
pub(crate) async fn send_code(
    context: &Context,
    claimed: &Claimed,
    message_id: MessageId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let email = family_grant::find_email(&context.db, message_id, now).await?;
    send(context, claimed, message_id, email.map(Email::Code), now).await
}

/// `email`: `None` if it was sent before, or is gone with what it was about.
async fn send(
    context: &Context,
    claimed: &Claimed,
    message_id: MessageId,
    email: Option<Email>,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let sent = match &email {
        Some(email) if email.is_wanted() => {
            let mail = context.mail.as_ref().ok_or_else(|| JobError::fail(NO_SERVER))?;
            mail.send(message_id, email.to(), email.letter(mail)).await
        }
        _ => Ok(()),
    };
    let mut tx = context.begin().await?;
    match (sent, email) {
        (Err(fault), _) => {
            let why = fault.to_string();
            let is_last = fault.is_final() || claimed.attempts >= claimed.max_attempts;
            message::mark_failed(&mut tx, message_id, &Failure { why: &why, status_code: None, is_last }).await?;
            context.commit(tx).await?;
            return Err(fault.into());
        }
        (Ok(()), Some(email)) if email.is_wanted() => {
            message::mark_sent(&mut tx, message_id, None, now).await?;
            if let Email::Report(report) = &email {
                guardian_report::record_sent(&mut tx, report, now).await?;
            }
        }
        (Ok(()), Some(_)) => message::mark_cancelled(&mut tx, message_id).await?,
        (Ok(()), None) => {}
    }
    let finished = finish_done(&mut *tx, &claimed.lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

impl From<Fault> for JobError {
    fn from(fault: Fault) -> Self {
        if fault.is_final() { Self::fail(fault.to_string()) } else { Self::retry(fault.to_string()) }
    }
}
