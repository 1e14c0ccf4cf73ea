//! A child says that someone hurts them. Staff get an e-mail within a minute, and reminders until a person has handled
//! it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::json;
use storage::access::{Caller, Role};
use storage::concern::ConcernCategory;
use storage::db::PoolSize;
use storage::follow_up;
use storage::message::digest;
use storage::{admin_user, clock, db, erasure};

use crate::assistant::{Assistant, VOICE};
use crate::mailbox::Mailbox;
use crate::psql::psql;
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Person, Service, eventually, new_database};
use crate::vapi::{self, CALLER};

const FROM: (&str, &str) = ("MAIL_FROM", "School <tutor@example.org>");
const TUTOR: &str = "dana@example.org";
const QUESTION: &str = "What is three plus four?";

/// A service that sends to the mailbox, and one admin who gets alerts.
async fn service_with(mailbox: &Mailbox) -> Service {
    Service::start_with(&[("SMTP_URL", &mailbox.url), FROM]).await
}

async fn insert_tutor(service: &Service, email: &str, cohorts: Option<&[&str]>) {
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    let made = admin_user::insert_user(&service.db, email, Role::Tutor, Some(&hash), None, clock::now()).await;
    let (admin_user_id, _) = made.unwrap();
    if let Some(cohorts) = cohorts {
        let list = cohorts.iter().map(|cohort| format!("'{cohort}'")).collect::<Vec<_>>().join(",");
        let set =
            format!("update admin_users set cohorts = array[{list}]::text[] where admin_user_id = '{admin_user_id}'");
        psql(&service.database_url, &set);
    }
}

/// Delivers a call in which the child says `said`.
async fn call(service: &Service, call_id: &str, said: &str) {
    let report = vapi::report(call_id, clock::now() - TimeDelta::minutes(20), &[QUESTION, said]);
    assert_eq!(service.deliver(&report).await, StatusCode::OK);
}

async fn emails(mailbox: &Mailbox, n: usize) -> Vec<crate::mailbox::Email> {
    eventually("the e-mails arrive", async || Some(mailbox.emails()).filter(|emails| emails.len() >= n)).await
}

/// Makes the next reminder due.
fn time_passes(service: &Service) {
    psql(&service.database_url, "update jobs set run_at = now() where kind = 'alert_staff' and state = 'ready'");
}

fn count(service: &Service, of: &str) -> String {
    psql(&service.database_url, &format!("select count(*) from {of}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_says_that_somebody_hurts_them_and_staff_are_told_until_they_have_handled_it() {
    let mailbox = Mailbox::open().await;
    let service = service_with(&mailbox).await;
    let child = service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    let admin = service.log_in().await;
    insert_tutor(&service, TUTOR, None).await;
    let tutor = Person::log_in(&service.admin_url, TUTOR, ADMIN_PASSWORD).await;
    let news = tutor.submit("/account", "/account/alerts", &[("wanted", "yes")]).await;
    assert!(tutor.read(&news).await.contains("Your choice of notifications is saved."));
    // Two people who get no alert: one did not ask for alerts, the other does not see the child.
    insert_tutor(&service, "silent@example.org", None).await;
    insert_tutor(&service, "other@example.org", Some(&["5a"])).await;
    let wants = "update admin_users set gets_alerts = true where email = 'other@example.org'";
    psql(&service.database_url, wants);

    let said_at = Instant::now();
    for _ in 0..2 {
        call(&service, "urgent", "my stepdad hits me with a belt").await;
    }
    let first = emails(&mailbox, 2).await;
    assert!(said_at.elapsed() < Duration::from_mins(1), "{:?}", said_at.elapsed());
    let to: BTreeSet<&str> = first.iter().map(|email| &email.to[..]).collect();
    assert_eq!(to, BTreeSet::from([ADMIN_EMAIL, TUTOR]));
    let session = service.analyzed(&token, "urgent").await;
    let page = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    for email in &first {
        let text = email.text.to_lowercase();
        assert!(email.text.contains(&format!("{}{page}", service.admin_url)), "{}", email.text);
        assert!(email.text.contains("Subject: A child may need help: please read now"), "{}", email.text);
        for private in ["amara", "okafor", "belt", "stepdad", CALLER.trim_start_matches('+')] {
            assert!(!text.contains(private), "{private} in {text}");
        }
    }
    let shown = eventually("the page says who was informed", async || {
        Some(tutor.read(&page).await).filter(|page| page.contains("Alerted 2 people by e-mail on "))
    });
    let shown = shown.await;
    assert!(shown.contains("; not yet handled.") && shown.contains(&format!("{ADMIN_EMAIL}, {TUTOR}")), "{shown}");
    assert!(tutor.read("/").await.contains("Alerted 2 people by e-mail on "));
    assert!(tutor.read(&format!("/students/{}", child.student_id)).await.contains("Alerted 2 people by e-mail on "));

    time_passes(&service);
    let second = emails(&mailbox, 4).await;
    assert!(second[2..].iter().all(|email| email.text.contains("Subject: Reminder: a child may need help")));
    eventually("the page shows the last reminder", async || {
        tutor.read(&page).await.contains("last reminder on ").then_some(())
    })
    .await;

    // A second analysis sends no second alert.
    tutor.submit_to(&page, &format!("{page}/analysis/retry"), &[]).await;
    service.analyzed(&token, "urgent").await;
    let open = follow_up::list_open(&service.db, &Caller::operator(), Some(child.student_id), 50).await.unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    admin.submit(&page, &format!("/follow-ups/{}/done", open[0].follow_up_id), &[("back", &page)]).await;
    time_passes(&service);
    let over = "jobs where kind in ('alert_staff', 'send_alert') and state <> 'done'";
    eventually("the reminders end", async || (count(&service, over) == "0").then_some(())).await;
    assert_eq!(mailbox.emails().len(), 4);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_send_one_email_and_a_mail_server_that_refuses_is_asked_again() {
    let mailbox = Mailbox::open().await;
    let settings = [("SMTP_URL", &mailbox.url[..]), FROM];
    let database_url = new_database().await;
    let service = Service::start_on(database_url.clone(), &settings).await;
    let other = Service::start_on(database_url, &settings).await;
    service.student("Amara Okafor", CALLER).await;
    let admin = service.log_in().await;
    mailbox.answer(Some("451 later"));
    let voice = Assistant { service: &service, key: service.agent_key(VOICE).await };
    voice.call("flag_concern", json!({ "category": "danger", "text": "There is a fire." })).await.unwrap();
    let refused = "No e-mail was sent: the mail server refused the e-mail for now";
    eventually("the page shows the failure in red", async || admin.read("/").await.contains(refused).then_some(()))
        .await;
    assert!(admin.read("/settings/connections").await.contains("The last e-mail was not sent: "));

    mailbox.answer(None);
    // After some attempts, the backoff is up to ten minutes.
    psql(&service.database_url, "update jobs set run_at = now() where kind = 'send_alert' and state = 'ready'");
    emails(&mailbox, 1).await;
    eventually("the message is sent", async || (count(&service, "messages where state = 'sent'") == "1").then_some(()))
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(mailbox.emails().len(), 1);
    assert_eq!(count(&service, "messages"), "1");
    assert!(!admin.read("/settings/connections").await.contains("The last e-mail was not sent: "));
    other.stop().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_or_recipients_the_page_says_that_nobody_was_told() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    let admin = service.log_in().await;
    call(&service, "alone", "I don't want to live anymore").await;
    let session = service.analyzed(&token, "alone").await;
    let page = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    assert!(admin.read(&page).await.contains("No e-mail was sent: no mail server is set up."));
    let connections = admin.read("/settings/connections").await;
    assert!(connections.contains("No mail server: no e-mail is sent when a child may be in danger"));
    let database_url = service.database_url.clone();
    service.stop().await;

    // The next round reaches the people who get alerts by then.
    let mailbox = Mailbox::open().await;
    let service = Service::start_on(database_url, &[("SMTP_URL", &mailbox.url), FROM]).await;
    let admin = Person::log_in(&service.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    admin.submit("/account", "/account/alerts", &[]).await;
    let notice = "No e-mail was sent: no person who sees this student gets alerts.";
    eventually("the page shows that there is no recipient", async || {
        admin.read(&page).await.contains(notice).then_some(())
    })
    .await;
    admin.submit("/account", "/account/alerts", &[("wanted", "yes")]).await;
    time_passes(&service);
    emails(&mailbox, 1).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_students_messages_go_and_a_lesser_concern_writes_none() {
    let mailbox = Mailbox::open().await;
    let service = service_with(&mailbox).await;
    let child = service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    service.log_in().await;
    call(&service, "lesser", "the kids at school shove me every day and call me ugly").await;
    service.analyzed(&token, "lesser").await;
    let open = follow_up::list_open(&service.db, &Caller::operator(), Some(child.student_id), 50).await.unwrap();
    assert_eq!(open[0].category, Some(ConcernCategory::Bullying));
    assert_eq!(count(&service, "jobs where kind = 'alert_staff'"), "0");

    mailbox.answer(Some("451 later"));
    call(&service, "urgent", "my stepdad hits me with a belt").await;
    eventually("an e-mail waits", async || (count(&service, "messages where n_attempts > 0") == "1").then_some(()))
        .await;
    let pool = db::pool(&service.database_url, PoolSize(1)).unwrap();
    let mut tx = db::begin(&pool).await.unwrap();
    erasure::erase_student(&mut tx, &Caller::operator(), child.student_id, clock::now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&service, "messages"), "0");
    mailbox.answer(None);
    let due = "update jobs set run_at = now() where kind in ('alert_staff', 'send_alert') and state = 'ready'";
    psql(&service.database_url, due);
    let over = "jobs where kind in ('alert_staff', 'send_alert') and state <> 'done'";
    eventually("the jobs are over", async || (count(&service, over) == "0").then_some(())).await;
    assert!(mailbox.emails().is_empty());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_digest_has_counts_and_no_names_and_is_sent_once_a_day() {
    let mailbox = Mailbox::open().await;
    let service = service_with(&mailbox).await;
    service.student("Amara Okafor", CALLER).await;
    psql(&service.database_url, "update students set cohort = 'Year 5 green'");
    let admin = service.log_in().await;
    insert_tutor(&service, TUTOR, Some(&["Year 5 green"])).await;
    let tutor = Person::log_in(&service.admin_url, TUTOR, ADMIN_PASSWORD).await;
    let token = service.token("sessions:read").await;
    call(&service, "sad", "everybody at school laughs at me and calls me names").await;
    service.analyzed(&token, "sad").await;
    service
        .write(
            "insert into follow_ups (follow_up_id, kind, student_id, text, due_at, author, created_at)
             select gen_random_uuid(), 'reminder', student_id, 'Ask for the book', now() - interval '1 day', 'admin:a', now()
             from students",
        )
        .await;
    let refused = tutor.post("/account", "/account/alerts", &[("digest_hour", "24")]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    tutor.submit("/account", "/account/alerts", &[("digest_hour", "0")]).await;
    let page = tutor.read("/account").await;
    assert!(page.contains("<option value=\"0\" selected>At 00:00</option>"), "{page}");
    // The hour has passed today, so the first digest comes tomorrow.
    assert_eq!(digest::ask_for_due(&service.db, clock::now()).await.unwrap(), 0);
    let tomorrow = || {
        psql(&service.database_url, "update admin_users set digest_on = null");
    };
    tomorrow();
    // Several workers look at the same time. One crashes after it has written the message.
    let (one, other) =
        tokio::join!(digest::ask_for_due(&service.db, clock::now()), digest::ask_for_due(&service.db, clock::now()));
    assert!(one.unwrap() + other.unwrap() <= 1);
    tomorrow();
    digest::ask_for_due(&service.db, clock::now()).await.unwrap();
    let digest = async || {
        let mut texts = mailbox.emails().into_iter().map(|email| email.text);
        texts.find(|text| text.contains("Subject: Today at your tutor service"))
    };
    let text = eventually("the digest comes", digest).await;
    assert!(text.contains("1 callback or reminder due"), "{text}");
    assert!(text.contains(&format!("{}/today", service.admin_url)), "{text}");
    for private in ["Amara", "Okafor", "book", "laughs", "green"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    let waiting = "jobs where kind = 'send_digest' and state <> 'done'";
    eventually("the job ends", async || (count(&service, waiting) == "0").then_some(())).await;
    assert_eq!(count(&service, "messages where kind = 'daily_digest'"), "1");
    let digests = mailbox.emails().iter().filter(|email| email.text.contains("Today at your tutor service")).count();
    assert_eq!(digests, 1);

    // An admin makes the tutor responsible. The tutor then cannot turn alerts off.
    let id = psql(&service.database_url, &format!("select admin_user_id from admin_users where email = '{TUTOR}'"));
    let make = format!("/settings/users/{id}/responsible");
    admin.submit("/settings/users", &make, &[("responsible", "yes")]).await;
    assert!(admin.read("/settings/users").await.contains("Responsible for urgent concerns"));
    assert!(tutor.read("/account").await.contains("You are responsible for concerns"));
    tutor.submit("/account", "/account/alerts", &[]).await;
    call(&service, "urgent", "my stepdad hits me with a belt").await;
    eventually("the tutor is alerted", async || {
        mailbox.emails().iter().any(|email| email.to == TUTOR && email.text.contains("please read now")).then_some(())
    })
    .await;
    service.stop().await;
}
