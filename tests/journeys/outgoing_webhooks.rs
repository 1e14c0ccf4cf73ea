//! Other systems get signed webhooks about events: once each, also after an outage, and never at an internal address.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;
use storage::clock;

use crate::assistant::{Assistant, TEACHER};
use crate::psql::psql;
use crate::receiver::{Answer, Receiver};
use crate::service::{Person, Service, eventually};
use crate::vapi::{self, CALLER};

const PAGE: &str = "/settings/webhooks";
const ALL: [&str; 5] =
    ["session.analyzed", "concern.raised", "callback.requested", "callback.due", "student.needs_attention"];

async fn service_with(receiver: &Receiver) -> Service {
    Service::start_with(&[("WEBHOOK_OWN_HOSTS", &receiver.host)]).await
}

/// Creates an endpoint for all events. Returns its secret.
pub async fn insert_endpoint(admin: &Person, url: &str) -> String {
    let mut fields = vec![("url", url)];
    fields.extend(ALL.map(|event| ("event", event)));
    let made = admin.post(PAGE, PAGE, &fields).await;
    assert_eq!(made.status(), StatusCode::OK);
    secret_of(&made.text().await.unwrap())
}

fn secret_of(page: &str) -> String {
    format!("whsec_{}", page.split(">whsec_").nth(1).expect("a secret is shown").split('<').next().unwrap())
}

/// Returns the address of the page's form that has this ending.
async fn action(admin: &Person, ending: &str) -> String {
    let page = admin.read(PAGE).await;
    let mut actions = page.split("action=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    actions.find(|action| action.ends_with(ending)).unwrap_or_else(|| panic!("{ending} in {page}")).to_owned()
}

async fn call(service: &Service, call_id: &str, said: &str) {
    let report = vapi::report(call_id, clock::now() - TimeDelta::minutes(20), &["What is three plus four?", said]);
    assert_eq!(service.deliver(&report).await, StatusCode::OK);
}

async fn received(receiver: &Receiver, event: &str, n: usize) -> Vec<crate::receiver::Request> {
    eventually(event, async || Some(receiver.of(event)).filter(|requests| requests.len() >= n)).await
}

fn retry_now(service: &Service) {
    let due = "update jobs set run_at = now() where kind = 'send_webhook' and state = 'ready'";
    psql(&service.database_url, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_systems_are_told_of_each_event_once_signed_and_in_ids() {
    let receiver = Receiver::open().await;
    let service = service_with(&receiver).await;
    let child = service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    let admin = service.log_in().await;
    let secret = insert_endpoint(&admin, &receiver.url()).await;
    let teacher = Assistant { service: &service, key: service.agent_key(TEACHER).await };
    for _ in 0..2 {
        call(&service, "c1", "my stepdad hits me with a belt").await;
    }
    let session = service.analyzed(&token, "c1").await;
    let soon = (clock::now() + TimeDelta::hours(1)).to_rfc3339();
    teacher.call("schedule_callback", json!({ "at": soon, "reason": "wants to go on" })).await.unwrap();
    let analyzed = received(&receiver, "session.analyzed", 1).await;
    assert_eq!(analyzed[0].payload()["data"]["session_id"], session["session_id"]);
    for event in ["concern.raised", "callback.requested", "student.needs_attention"] {
        let requests = received(&receiver, event, 1).await;
        assert_eq!(requests[0].payload()["data"]["student_id"], json!(child.student_id), "{event}");
    }
    assert!(receiver.of("callback.due").is_empty());
    retry_now(&service);
    received(&receiver, "callback.due", 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), ALL.len(), "each event is sent once: {requests:?}");
    for request in &requests {
        assert!(request.is_signed_with(&secret), "{request:?}");
        let text = String::from_utf8(request.body.to_vec()).unwrap().to_lowercase();
        for private in ["amara", "okafor", "belt", "stepdad", CALLER.trim_start_matches('+'), "wants"] {
            assert!(!text.contains(private), "{private} in {text}");
        }
    }
    // A second analysis of a call sends the event again.
    let page = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    admin.submit_to(&page, &format!("{page}/analysis/retry"), &[]).await;
    received(&receiver, "session.analyzed", 2).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_down_or_slow_gets_its_events_and_holds_up_no_analysis() {
    let receiver = Receiver::open().await;
    let service = service_with(&receiver).await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    let admin = service.log_in().await;
    insert_endpoint(&admin, &receiver.url()).await;
    receiver.answer(Answer::Status(503));
    call(&service, "c1", "seven").await;
    let first = received(&receiver, "session.analyzed", 1).await;
    eventually("the log shows the attempt", async || {
        admin.read(PAGE).await.contains("the receiver answered 503").then_some(())
    })
    .await;
    assert!(admin.read(PAGE).await.contains("Failing"));
    // The service does not follow a redirect.
    receiver.answer(Answer::Redirect);
    retry_now(&service);
    received(&receiver, "session.analyzed", 2).await;
    eventually("the log shows the attempt", async || {
        admin.read(PAGE).await.contains("the receiver answered 307").then_some(())
    })
    .await;
    receiver.answer(Answer::Status(204));
    retry_now(&service);
    let all = received(&receiver, "session.analyzed", 3).await;
    assert!(all.iter().all(|request| request.id() == first[0].id()), "all attempts of a message have the same id");
    eventually("the log shows the attempt", async || admin.read(PAGE).await.contains("Delivered").then_some(())).await;
    assert!(admin.read(PAGE).await.contains("Enabled"));

    // More messages than are sent at once wait for a slow receiver. Meanwhile a call is analysed.
    receiver.answer(Answer::After(Duration::from_secs(9)));
    let test = action(&admin, "/test").await;
    for _ in 0..12 {
        admin.submit_to(PAGE, &test, &[]).await;
    }
    received(&receiver, "test", 8).await;
    let at = Instant::now();
    call(&service, "c2", "seven").await;
    service.analyzed(&token, "c2").await;
    assert!(at.elapsed() < Duration::from_secs(7), "{:?}", at.elapsed());
    receiver.answer(Answer::Status(204));
    received(&receiver, "test", 12).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn during_a_rotation_both_secrets_sign_and_a_message_can_be_sent_again() {
    let receiver = Receiver::open().await;
    let service = service_with(&receiver).await;
    let admin = service.log_in().await;
    let old = insert_endpoint(&admin, &receiver.url()).await;
    let test = action(&admin, "/test").await;
    admin.submit_to(PAGE, &test, &[]).await;
    let before = received(&receiver, "test", 1).await;
    assert!(before[0].is_signed_with(&old));
    assert!(!admin.read(PAGE).await.contains("whsec_"), "a secret is shown once");

    let rotated = admin.post(PAGE, &action(&admin, "/rotate").await, &[]).await;
    let new = secret_of(&rotated.text().await.unwrap());
    assert_ne!(old, new);
    let replay = eventually("the test event was delivered", async || {
        let page = admin.read(PAGE).await;
        page.contains("/replay").then_some(())
    });
    replay.await;
    admin.submit_to(PAGE, &action(&admin, "/replay").await, &[]).await;
    let during = received(&receiver, "test", 2).await;
    assert!(during[1].is_signed_with(&old) && during[1].is_signed_with(&new));
    assert_eq!(during[1].id(), before[0].id());
    psql(&service.database_url, "update webhook_endpoints set secret_previous_until = now()");
    admin.submit_to(PAGE, &test, &[]).await;
    let after = received(&receiver, "test", 3).await;
    assert!(!after[2].is_signed_with(&old) && after[2].is_signed_with(&new));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_refused_and_an_endpoint_that_fails_for_long_is_disabled() {
    let receiver = Receiver::open().await;
    let service = service_with(&receiver).await;
    let admin = service.log_in().await;
    for url in [
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/hook",
        "https://user:secret@example.org/hook",
        "hook",
    ] {
        let refused = admin.post(PAGE, PAGE, &[("url", url), ("event", "session.analyzed")]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert!(refused.text().await.unwrap().contains("such as https://example.org/hook"), "{url}");
    }
    let none = admin.post(PAGE, PAGE, &[("url", "https://example.org/hook")]).await;
    assert!(none.text().await.unwrap().contains("Choose at least one event."));

    // No message is sent to an internal address, even if a row contains one.
    insert_endpoint(&admin, "https://example.org/hook").await;
    psql(&service.database_url, "update webhook_endpoints set url = 'https://127.0.0.1:9/hook'");
    let test = action(&admin, "/test").await;
    admin.submit_to(PAGE, &test, &[]).await;
    eventually("the log shows the attempt", async || {
        admin.read(PAGE).await.contains("the address is not HTTPS, or not on the internet").then_some(())
    })
    .await;
    psql(&service.database_url, &format!("update webhook_endpoints set url = '{}'", receiver.url()));
    psql(&service.database_url, "update webhook_endpoints set failing_since = now() - interval '6 days'");
    receiver.answer(Answer::Status(500));
    admin.submit_to(PAGE, &test, &[]).await;
    eventually("the endpoint is disabled", async || {
        admin.read(PAGE).await.contains("It failed for 5 days").then_some(())
    })
    .await;
    admin.submit_to(PAGE, &test, &[]).await;
    eventually("nothing is sent there", async || admin.read(PAGE).await.contains("Not sent").then_some(())).await;

    receiver.answer(Answer::Status(410));
    admin.submit_to(PAGE, &action(&admin, "/switch").await, &[("to", "enable")]).await;
    admin.submit_to(PAGE, &test, &[]).await;
    eventually("the endpoint is disabled", async || admin.read(PAGE).await.contains("It answered 410").then_some(()))
        .await;
    let delete = action(&admin, "/delete").await;
    admin.submit_to(PAGE, &delete, &[]).await;
    assert!(admin.read(PAGE).await.contains("No endpoints yet"));
    assert_eq!(psql(&service.database_url, "select count(*) from messages"), "0");
    service.stop().await;
}
