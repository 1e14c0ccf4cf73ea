//! The daily digest for staff: asks for those whose hour has come, and says what is due.

use std::time::Duration;

use storage::clock;
use storage::message::digest::{self, Digest};
use tokio_util::sync::CancellationToken;

use crate::Context;
use crate::mail::{Letter, escaped};

const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Asks for the digests whose hour has come, until `stop`.
pub(crate) async fn ask_for_due(context: Context, stop: CancellationToken) {
    loop {
        // Digests are only sent if a mail server is configured.
        if context.mail.is_some() {
            match digest::ask_for_due(&context.db, clock::now()).await {
                Ok(0) => {}
                Ok(n_digests) => {
                    tracing::info!(n_digests, "asked for daily digests");
                    continue;
                }
                Err(error) => tracing::warn!(%error, "could not ask for daily digests"),
            }
        }
        if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
    }
}

/// What the e-mail says: counts, and no names. The names are on the page, for people who sign in.
pub(crate) fn letter(digest: &Digest, dashboard_url: &str) -> Letter {
    let counts = [
        (digest.n_concerns as i64, "open concern", "open concerns"),
        (digest.n_students, "student who needs a person", "students who need a person"),
        (digest.n_calls as i64, "call planned for today", "calls planned for today"),
        (digest.n_due as i64, "callback or reminder due", "callbacks and reminders due"),
    ];
    let lines: Vec<String> = counts
        .iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, many)| format!("{n} {}", if *n == 1 { one } else { many }))
        .collect();
    let of = if digest.is_of_classes { "In your classes:" } else { "Among the students that you see:" };
    let url = format!("{dashboard_url}/today");
    let why = "You get this because the daily digest is switched on for your account. You can change that on your account page.";
    let list = lines.iter().map(|line| format!("<li>{}</li>", escaped(line))).collect::<Vec<_>>().concat();
    Letter {
        subject: "Today at your tutor service".to_owned(),
        text: format!("{of}\n\n- {}\n\n{url}\n\n{why}\n", lines.join("\n- ")),
        html: format!(
            "<p>{of}</p><ul>{list}</ul><p><a href=\"{0}\">{0}</a></p><p><small>{why}</small></p>",
            escaped(&url),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_counts_and_leaves_out_what_is_none() {
        let digest = Digest {
            email: "dana@example.org".to_owned(),
            is_of_classes: true,
            n_concerns: 1,
            n_students: 5,
            n_calls: 0,
            n_due: 2,
            is_wanted: true,
        };
        let letter = letter(&digest, "https://dashboard.example.org");
        assert!(letter.text.starts_with(
            "In your classes:\n\n- 1 open concern\n- 5 students who need a person\n- 2 callbacks and reminders due\n\nhttps://dashboard.example.org/today\n"
        ));
        assert!(!letter.text.contains("planned for today") && letter.html.contains("<li>1 open concern</li>"));
    }
}
