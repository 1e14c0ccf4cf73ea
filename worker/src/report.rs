//! Writes weekly reports to guardians, and makes e-mails of them.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use queue::lease::{Finished, Lease, finish_done};
use storage::access::Caller;
use storage::clock;
use storage::guardian_report::{self, ReportEmail};
use storage::id::StudentId;
use tokio_util::sync::CancellationToken;

use crate::mail::{Letter, escaped};
use crate::{Context, JobError};

const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Asks for the reports whose hour has come, until `stop`.
pub(crate) async fn ask_for_due(context: Context, stop: CancellationToken) {
    loop {
        // Reports are only sent if a mail server is configured.
        if context.mail.is_some() {
            loop {
                match guardian_report::ask_for_due(&context.db, clock::now()).await {
                    Ok(0) => break,
                    Ok(n_students) => tracing::info!(n_students, "asked for reports to guardians"),
                    Err(error) => {
                        tracing::warn!(%error, "could not ask for reports to guardians");
                        break;
                    }
                }
            }
        }
        if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
    }
}

/// Writes the report of one student.
pub(crate) async fn perform(
    context: &Context,
    lease: &Lease,
    student_id: StudentId,
    week_on: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let mut tx = context.begin().await?;
    // The student may have been erased or merged since.
    match guardian_report::write(&mut tx, &Caller::worker(), student_id, week_on, "", now).await {
        Ok(_) | Err(storage::db::Error::NotFound(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

/// The report as it is kept. Lines that begin with `- ` are a list.
pub(crate) fn letter(report: &ReportEmail) -> Letter {
    let line = |line: &str| match line.strip_prefix("- ") {
        Some(item) => format!("<li>{}</li>", escaped(item)),
        None => format!("<p>{}</p>", escaped(line)),
    };
    let paragraph = |text: &str| {
        let html = text.lines().map(line).collect::<Vec<_>>().concat();
        if html.contains("<li>") { html.replacen("<li>", "<ul><li>", 1) + "</ul>" } else { html }
    };
    Letter {
        subject: report.subject.clone(),
        text: format!("{}\n", report.text),
        html: report.text.split("\n\n").map(paragraph).collect(),
    }
}

#[cfg(test)]
mod tests {
    use storage::id::GuardianId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn paragraphs_and_lists_become_html_and_nothing_else_does() {
        let letter = letter(&ReportEmail {
            student_id: StudentId(Uuid::from_u128(3)),
            guardian_id: GuardianId(Uuid::from_u128(4)),
            email: "mother@example.org".to_owned(),
            subject: "Maya’s week".to_owned(),
            text: "Hello,\n\nPractised:\n- <b>Adding</b>\n- Decimals\n\nBye".to_owned(),
            is_wanted: true,
        });
        assert_eq!(
            letter.html,
            "<p>Hello,</p><p>Practised:</p><ul><li>&lt;b&gt;Adding&lt;/b&gt;</li><li>Decimals</li></ul><p>Bye</p>"
        );
    }
}
