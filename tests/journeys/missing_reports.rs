//! If a report is missing, the call is imported from VAPI's own record, once, by the worker or by an operator.

use std::process::Command;

use chrono::TimeDelta;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::fake_vapi::{API_KEY, FakeVapi};
use crate::processes::binary;
use crate::service::{Service, eventually, new_database};
use crate::vapi::{self, CALLER, REPORT};

fn settings(url: &str) -> [(&str, &str); 3] {
    [("VAPI_API_KEY", API_KEY), ("VAPI_API_URL", url), ("VAPI_RECONCILE_SECONDS", "1")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_never_came_is_brought_in_and_its_late_twin_changes_nothing() {
    let fake = FakeVapi::default();
    fake.add_ended_call("heard-of", TimeDelta::minutes(30));
    fake.add_ended_call("missing", TimeDelta::minutes(30));
    fake.be_busy(1);
    let service = Service::start_with(&settings(&fake.start().await)).await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read students:read context:read").await;
    assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, "heard-of")).await, StatusCode::OK);

    let session = service.analyzed(&token, "missing").await;
    assert_eq!(session["ended_reason"], "customer-ended-call");
    let heard_of = service.analyzed(&token, "heard-of").await;
    assert_eq!(
        session["analysis"]["skills"], heard_of["analysis"]["skills"],
        "it is judged like a call whose report arrived"
    );
    assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, "missing")).await, StatusCode::OK);
    let listed = service.get(&token, "/api/v1/sessions").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    // The next check begins where the last one ended, with some overlap.
    let begins = eventually("VAPI is asked again", async || {
        let queries = fake.queries();
        (queries.len() > 1).then(|| queries.iter().map(|query| query["updatedAtGe"].clone()).collect::<Vec<_>>())
    })
    .await;
    assert!(begins[1] > begins[0], "{begins:?}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_not_brought_in_before_its_last_message_is_written() {
    let fake = FakeVapi::default();
    fake.add_ended_call("fresh", TimeDelta::seconds(3));
    fake.write_slowly(3);
    let service = Service::start_with(&settings(&fake.start().await)).await;
    let token = service.token("sessions:read").await;
    let session = service.analyzed(&token, "fresh").await;
    let path = format!("/api/v1/sessions/{}/transcript", session["session_id"].as_str().unwrap());
    let transcript = service.get(&token, &path).await;
    let last = transcript["items"].as_array().unwrap().last().unwrap().clone();
    assert!(last["text"].as_str().unwrap().contains("bye"), "{last}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_by_hand_walks_all_pages_and_brings_in_each_call_once() {
    let fake = FakeVapi::default();
    // Three pages, with calls of the same moment at the end of a page.
    for n in 0..230 {
        fake.add_ended_call(&format!("call-{n}"), TimeDelta::hours(100) + TimeDelta::seconds(n / 7));
    }
    let url = fake.start().await;
    let database_url = new_database().await;
    let backfill = || {
        let now = storage::clock::now();
        let mut command = Command::new(binary("ai-tutor"));
        command.args(["call", "backfill", "--from", &(now - TimeDelta::days(7)).to_rfc3339()]);
        command.args(["--to", &now.to_rfc3339()]).env("DATABASE_URL", database_url.expose_secret());
        command.env("VAPI_API_KEY", API_KEY).env("VAPI_API_URL", &url);
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = backfill();
    assert!(first.starts_with("230 calls brought in, 0 were known"), "{first}");
    let second = backfill();
    assert!(second.starts_with("0 calls brought in, 230 were known"), "{second}");

    let mut keyless = Command::new(binary("ai-tutor"));
    keyless.args(["call", "backfill", "--from", "2026-01-01", "--to", "2026-01-02"]).env_remove("VAPI_API_KEY");
    let output = keyless.env("DATABASE_URL", database_url.expose_secret()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("set VAPI_API_KEY"));
    assert_eq!(json!(output.status.code()), json!(1));
}
