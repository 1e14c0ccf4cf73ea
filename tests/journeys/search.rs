//! What the bar on top of every page finds.

use chrono::TimeDelta;
use reqwest::StatusCode;
use storage::{audit, clock};

use crate::service::{Service, eventually};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

#[tokio::test(flavor = "multi_thread")]
async fn one_question_finds_students_sessions_and_what_was_said() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    let session_id = session["session_id"].as_str().unwrap();
    let person = service.log_in().await;

    let found = person.read("/search?q=okaf+ama").await;
    assert!(found.contains(&format!("/students/{}", student.student_id)), "the student: {found}");
    assert!(found.contains(&format!("/sessions/{session_id}")), "their session");
    for id in [CALL_ID, &session_id[..13]] {
        assert!(person.read(&format!("/search?q={id}")).await.contains(&format!("/sessions/{session_id}")), "{id}");
    }
    let said = person.read("/search?q=six+third&in=transcripts").await;
    assert!(said.contains("<mark>") && said.contains(&format!("/sessions/{session_id}#t")), "{said}");
    let entries =
        audit::list_entries(&service.db, &audit::AuditQuery { limit: 50, ..Default::default() }).await.unwrap();
    let entry = entries.iter().find(|entry| entry.action == "session.search").expect("reading leaves a trace");
    assert!(entry.detail.to_string().contains(session_id) && !entry.detail.to_string().contains("third"));
    assert!(person.read("/search?q=crocodile").await.contains("Nothing found"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_number_is_looked_up_by_a_form_and_stands_in_no_address() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let person = service.log_in().await;

    let address = format!("/search?q={}", CALLER.replace('+', "%2B"));
    let refused = person.read(&address).await;
    assert!(refused.contains("Do not put a phone number into an address") && !refused.contains("Amara"));
    let answer = person.post("/search", "/search", &[("q", CALLER)]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let found = answer.text().await.unwrap();
    assert!(found.contains(&format!("/students/{}", student.student_id)) && !found.contains(CALLER));
    let half = person.post("/search", "/search", &[("q", "555 010 0001")]).await.text().await.unwrap();
    assert!(half.contains("with + and the country code"), "{half}");
    assert_eq!(person.submit_to("/search", "/search", &[("q", "Amara O")]).await, "/search?q=Amara+O");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_comes_again_is_found_by_its_new_words() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    let began = clock::now() - TimeDelta::hours(1);
    let saw = |animal: &str| {
        let answer = format!("I saw a {animal} at the pond");
        vapi::report("call-1", began, &["Hello! What did you see today?", &answer, "How nice. Goodbye!"])
    };
    assert_eq!(service.deliver(&saw("heron")).await, StatusCode::OK);
    service.analyzed(&token, "call-1").await;
    let person = service.log_in().await;
    let found = async |word: &str| person.read(&format!("/search?q={word}&in=transcripts")).await.contains("<mark>");
    assert!(found("heron").await);
    // What is done is purged after a time, and then nothing knows that the report came before.
    service.write("delete from jobs; delete from deliveries").await;
    assert_eq!(service.deliver(&saw("otter")).await, StatusCode::OK);
    eventually("the new words are found", async || found("otter").await.then_some(())).await;
    assert!(!found("heron").await, "the old words are not");
    service.stop().await;
}
