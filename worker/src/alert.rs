//! Tells staff of an urgent concern by e-mail, again and again until a person has handled it.

use chrono::{DateTime, Utc};
use queue::lease::{Finished, Lease, finish_done};
use storage::concern::ConcernCategory;
use storage::id::FollowUpId;
use storage::message::{Alert, alert};

use crate::mail::{Letter, escaped};
use crate::{Context, JobError};

/// Writes the e-mails of one round, and asks for the next.
pub(crate) async fn perform(
    context: &Context,
    lease: &Lease,
    follow_up_id: FollowUpId,
    round: i32,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let mut tx = context.begin().await?;
    let n = alert::perform_round(&mut tx, follow_up_id, round, context.mail.is_some(), now).await?;
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    tracing::info!(follow_up.id = %follow_up_id, round, n_emails = n, "wrote alerts about an urgent concern");
    Ok(finished)
}

/// What the e-mail says: neither a name nor what was said. Both are on the page, for people who sign in.
pub(crate) fn letter(alert: &Alert, dashboard_url: &str) -> Letter {
    let page = match (alert.session_id, alert.student_id) {
        (Some(session_id), _) => format!("/sessions/{session_id}"),
        (None, Some(student_id)) => format!("/students/{student_id}"),
        (None, None) => "/".to_owned(),
    };
    let url = format!("{dashboard_url}{page}");
    let subject =
        if alert.is_reminder { "Reminder: a child may need help" } else { "A child may need help: please read now" };
    let (what, when) = (words(alert.category), alert.raised_at.format("%-d %B %Y, %H:%M UTC"));
    let first = format!("A child said something on the phone that may be about {what}. It was raised on {when}.");
    let then = "Open the page, read what was said, and follow your school’s safeguarding rules. Then choose “Done” there. \
                Until then, this e-mail is repeated.";
    let why = "You get this because alerts are switched on for your account. You can change that on your account page.";
    Letter {
        subject: subject.to_owned(),
        text: format!("{first}\n\n{url}\n\n{then}\n\n{why}\n"),
        html: format!(
            "<p>{first}</p><p><a href=\"{0}\">{0}</a></p><p>{then}</p><p><small>{why}</small></p>",
            escaped(&url),
        ),
    }
}

fn words(category: ConcernCategory) -> &'static str {
    match category {
        ConcernCategory::SelfHarm => "hurting themselves",
        ConcernCategory::Abuse => "being hurt by someone",
        ConcernCategory::Neglect => "not being cared for",
        ConcernCategory::Grooming => "someone who approaches them in secret",
        ConcernCategory::Danger => "a danger",
        ConcernCategory::Bullying
        | ConcernCategory::Distress
        | ConcernCategory::PersonalData
        | ConcernCategory::Other => "something an adult should know",
    }
}

#[cfg(test)]
mod tests {
    use storage::id::{SessionId, StudentId};

    use super::*;

    fn alert() -> Alert {
        Alert {
            email: "dana@example.org".to_owned(),
            category: ConcernCategory::SelfHarm,
            session_id: Some(SessionId(uuid::Uuid::from_u128(9))),
            student_id: Some(StudentId(uuid::Uuid::from_u128(3))),
            raised_at: "2026-11-19T21:12:04Z".parse().unwrap(),
            is_reminder: false,
            is_wanted: true,
        }
    }

    #[test]
    fn an_alert_leads_to_the_page_where_the_concern_is_handled() {
        let letter = letter(&alert(), "https://dashboard.example.org");
        let url = "https://dashboard.example.org/sessions/00000000-0000-0000-0000-000000000009";
        assert!(letter.text.contains(&format!("\n{url}\n")) && letter.html.contains(&format!("href=\"{url}\"")));
        assert!(letter.text.contains("hurting themselves") && letter.text.contains("19 November 2026, 21:12 UTC"));
        assert!(!letter.subject.contains("hurting"), "a locked screen shows the subject");
    }

    #[test]
    fn a_reminder_says_so_and_a_concern_of_an_unknown_caller_leads_to_the_overview() {
        let unknown = Alert { session_id: None, student_id: None, is_reminder: true, ..alert() };
        let letter = letter(&unknown, "https://dashboard.example.org");
        assert!(letter.subject.starts_with("Reminder: ") && letter.text.contains("\nhttps://dashboard.example.org/\n"));
    }
}
