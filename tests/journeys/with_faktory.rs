//! The same journeys by way of a real Faktory, with the production binaries as processes of their own, and with what
//! kills such processes in real life.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::first_call::{call_tool, mcp_client};
use crate::processes::{Faktory, Production};
use crate::service::{Person, analyzed, client, insert_student, token};
use crate::vapi::{self, CALL_ID, CALLER, REPORT, deliver_to};

const ALL_READS: &str = "context:read students:read sessions:read";

/// Leases and sweeps at the speed of a test.
const QUICK: [(&str, &str); 2] = [("WORKER_LEASE_SECONDS", "3"), ("WORKER_SWEEP_SECONDS", "1")];

/// How often each call was judged: once, whatever happened on the way.
async fn assert_judged_once(production: &Production, http: &reqwest::Client, token: &str, call_ids: &[String]) {
    for call_id in call_ids {
        let session = analyzed(http, &production.server_url, token, call_id).await;
        assert_eq!(session["analysis"]["status"], "baseline");
    }
    let url = format!("{}/api/v1/sessions?limit=100", production.server_url);
    let listed: Value = http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), call_ids.len());
    let student_id = listed["items"][0]["student_id"].as_str().unwrap();
    let url = format!("{}/api/v1/students/{student_id}/context", production.server_url);
    let context: Value = http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!(context["student"]["n_calls"], json!(call_ids.len()), "each call counts once");
}

async fn deliver_calls(production: &Production, http: &reqwest::Client, calls: std::ops::Range<u32>) -> Vec<String> {
    let mut call_ids = Vec::new();
    for n in calls {
        let call_id = format!("call-{n}");
        let status = deliver_to(http, &production.server_url, &vapi::sample_of_call(REPORT, &call_id)).await;
        assert_eq!(status, StatusCode::OK, "a webhook is accepted whatever the queue does");
        call_ids.push(call_id);
    }
    call_ids
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_three_binaries_carry_a_call_to_the_next_tutor() {
    let faktory = Faktory::start().await;
    let mut production = Production::start(&faktory, &[]).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, ALL_READS).await;
    assert_eq!(deliver_to(&http, &production.server_url, &vapi::sample(REPORT)).await, StatusCode::OK);
    let session = analyzed(&http, &production.server_url, &token, CALL_ID).await;
    let client = mcp_client(&production.server_url, &token).await;
    let context = call_tool(&client, "get_student_context", json!({ "phone": CALLER })).await;
    assert_eq!(context["last_call"]["practised"][0]["skill_id"], "maths.fractions.add_unlike");
    client.cancel().await.unwrap();

    let hash = shared::admin_user::hash_password(&"correct horse battery".into()).unwrap();
    let role = shared::access::Role::Viewer;
    let now = shared::clock::now();
    shared::admin_user::insert_user(&production.db, "v@example.org", role, Some(&hash), None, now).await.unwrap();
    let person = Person::log_in(&production.admin_url, "v@example.org", "correct horse battery").await;
    let page = person.read(&format!("/sessions/{}", session["session_id"].as_str().unwrap())).await;
    assert!(page.contains("two fifths"));

    for process in [&mut production.worker, &mut production.mcp_server, &mut production.admin] {
        assert_eq!(process.terminate(), Some(0), "SIGTERM is a good end");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_a_killed_worker_loses_and_doubles_nothing() {
    let faktory = Faktory::start().await;
    let mut production = Production::start(&faktory, &QUICK).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, ALL_READS).await;
    let mut call_ids = Vec::new();
    for round in 0..4 {
        call_ids.extend(deliver_calls(&production, &http, round * 10..round * 10 + 10).await);
        production.worker.kill();
        production.start_worker();
    }
    assert_judged_once(&production, &http, &token, &call_ids).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_killed_webhooks_are_still_accepted_and_worked_on() {
    let mut faktory = Faktory::start().await;
    let production = Production::start(&faktory, &QUICK).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, ALL_READS).await;
    let mut call_ids = deliver_calls(&production, &http, 0..10).await;
    faktory.kill();
    call_ids.extend(deliver_calls(&production, &http, 10..20).await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    faktory.launch().await;
    call_ids.extend(deliver_calls(&production, &http, 20..30).await);
    faktory.kill_redis();
    call_ids.extend(deliver_calls(&production, &http, 30..40).await);
    faktory.launch().await;
    assert_judged_once(&production, &http, &token, &call_ids).await;
}
