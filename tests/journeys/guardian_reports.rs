//! Guardians get a report by e-mail: once a week, in their language, and only if reports are allowed.

use chrono::{Datelike, TimeDelta, Timelike};
use reqwest::StatusCode;
use storage::clock;

use crate::mailbox::Mailbox;
use crate::psql::psql;
use crate::service::{Person, Service, eventually};
use crate::vapi::{self, CALLER};

async fn service_with(mailbox: &Mailbox) -> Service {
    Service::start_with(&[("SMTP_URL", &mailbox.url), ("MAIL_FROM", "tutor@example.org")]).await
}

async fn add_guardian(person: &Person, student: &str, name: &str, email: &str, language: &str) {
    let (page, action) = (format!("/students/{student}"), format!("/students/{student}/guardians"));
    let fields = [("name", name), ("relation", "mother"), ("email", email), ("language", language)];
    assert_eq!(person.post(&page, &action, &fields).await.status(), StatusCode::SEE_OTHER, "{name}");
}

/// Inserts a student with one call, two guardians with an address, and one without.
async fn family(service: &Service, admin: &Person) -> String {
    let student = service.student("Amara Okafor", CALLER).await.student_id.to_string();
    let at = clock::now() - TimeDelta::minutes(20);
    let turns = ["What is three plus four?", "seven", "What is five plus four?", "nine"];
    assert_eq!(service.deliver(&vapi::report("c1", at, &turns)).await, StatusCode::OK);
    service.analyzed(&service.token("sessions:read").await, "c1").await;
    add_guardian(admin, &student, "Ngozi Okafor", "ngozi@example.org", "").await;
    add_guardian(admin, &student, "Elena Ruiz", "elena@example.org", "es-MX").await;
    add_guardian(admin, &student, "Without Address", "", "").await;
    student
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sends_the_report_and_each_guardian_gets_it_once_a_week_in_their_language() {
    let mailbox = Mailbox::open().await;
    let service = service_with(&mailbox).await;
    let admin = service.log_in().await;
    let student = family(&service, &admin).await;
    let (page, send) = (format!("/students/{student}/report"), format!("/students/{student}/report/send"));
    eventually("the worker reported its status", async || admin.read(&page).await.contains(&send).then_some(())).await;
    let sent = admin.submit(&page, &send, &[]).await;
    assert!(admin.read(&sent).await.contains("2 e-mails are being sent"));
    let emails =
        eventually("both e-mails arrive", async || Some(mailbox.emails()).filter(|emails| emails.len() == 2)).await;
    let of = |to: &str| emails.iter().find(|email| email.to == to).unwrap_or_else(|| panic!("{to}: {emails:?}"));
    assert!(of("ngozi@example.org").text.contains("Amara had 1 call this week, "), "{emails:?}");
    assert!(of("elena@example.org").text.contains("Esta semana Amara tuvo 1 llamada, "), "{emails:?}");
    for email in &emails {
        assert!(email.text.contains("<li>") && !email.text.contains("Okafor"), "{email:?}");
    }
    let shown = eventually("the page shows both reports", async || {
        Some(admin.read(&page).await).filter(|page| page.matches(": sent on ").count() == 2)
    });
    assert!(shown.await.contains("Amara had 1 call this week, "), "the report is kept as it was sent");
    // The disclosure log names both guardians.
    let log = admin.read(&format!("/students/{student}/disclosures")).await;
    assert_eq!(log.matches("Weekly report, by e-mail").count(), 2, "{log}");
    assert!(log.contains("Elena Ruiz"), "{log}");

    let again = admin.submit(&page, &send, &[]).await;
    assert!(admin.read(&again).await.contains("All guardians have received this week’s report"));
    assert_eq!(psql(&service.database_url, "select count(*) from messages"), "2");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_weekly_reports_go_at_their_hour_and_not_without_consent() {
    let mailbox = Mailbox::open().await;
    let service = service_with(&mailbox).await;
    let admin = service.log_in().await;
    let student = family(&service, &admin).await;
    assert_eq!(psql(&service.database_url, "select count(*) from jobs where kind = 'write_report'"), "0");
    let withdraw = [("action", "withdrawn"), ("means", "phone"), ("reason", "they rang"), ("purpose", "reports")];
    let (page, consents) = (format!("/students/{student}"), format!("/students/{student}/consents"));
    assert_eq!(admin.post(&page, &consents, &withdraw).await.status(), StatusCode::SEE_OTHER);
    let now = clock::now();
    let (weekday, hour) = (now.weekday().number_from_monday().to_string(), now.hour().to_string());
    let schedule = [("what", "reports"), ("weekday", &weekday[..]), ("hour", &hour), ("zone", "UTC")];
    admin.submit_to("/settings/organisation", "/settings/organisation", &schedule).await;
    let done = "select count(*) from jobs where kind = 'write_report' and state = 'done'";
    eventually("the job was done", async || (psql(&service.database_url, done) == "1").then_some(())).await;
    assert_eq!(psql(&service.database_url, "select count(*) from guardian_reports"), "0");
    assert!(!admin.read(&format!("{page}/report")).await.contains("/report/send"));

    // Consent is given, and the next week begins.
    let grant = [("action", "given"), ("means", "phone"), ("reason", "they rang"), ("purpose", "reports")];
    assert_eq!(admin.post(&page, &consents, &grant).await.status(), StatusCode::SEE_OTHER);
    psql(&service.database_url, "delete from jobs where kind = 'write_report'; delete from watermarks");
    eventually("both e-mails arrive", async || (mailbox.emails().len() == 2).then_some(())).await;
    let weeks = psql(&service.database_url, "select count(distinct week_on), count(*) from guardian_reports");
    assert_eq!(weeks, "1|2");
    let odd = admin.post(
        "/settings/organisation",
        "/settings/organisation",
        &[("what", "reports"), ("weekday", "8"), ("hour", "5"), ("zone", "UTC")],
    );
    assert!(odd.await.text().await.unwrap().contains("choose a weekday"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_of_the_comment_is_in_the_guardians_language_and_is_sent_by_a_person_only() {
    let mailbox = Mailbox::open().await;
    let service = service_with(&mailbox).await;
    let admin = service.log_in().await;
    let student = family(&service, &admin).await;
    let page = format!("/students/{student}/report");
    let shown = admin.read(&page).await;
    assert!(shown.contains("?draft=en#comment") && shown.contains("?draft=es#comment"), "{shown}");
    assert!(!shown.contains("?draft=de"), "no guardian reads German");
    let draft = |page: &str| {
        let (_, rest) = page.split_once("<textarea").unwrap();
        rest.split_once('>').unwrap().1.split_once("</textarea>").unwrap().0.to_owned()
    };
    assert_eq!(draft(&shown), "", "a draft is written only on request");
    let drafted = draft(&admin.read(&format!("{page}?draft=es")).await);
    assert!(drafted.contains("Estamos trabajando en: "), "{drafted}");
    assert!(!drafted.contains("Okafor"), "{drafted}");
    assert!(mailbox.emails().is_empty(), "a draft is not sent");
    service.stop().await;
}
