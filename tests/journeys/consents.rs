//! The consents of guardians, recorded at the dashboard, and how they affect calls.

use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::access::ClientKind;

use crate::psql::psql;
use crate::server::ALL_SCOPES;
use crate::service::{Person, Service, eventually};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

const READS: &str = "context:read students:read sessions:read";

async fn decide(person: &Person, student: &str, fields: &[(&str, &str)]) -> StatusCode {
    let page = format!("/students/{student}");
    person.post(&page, &format!("{page}/consents"), fields).await.status()
}

async fn withdraw(person: &Person, student: &str, purpose: &str) {
    let fields = [("action", "withdrawn"), ("means", "phone"), ("reason", "the mother rang"), ("purpose", purpose)];
    assert_eq!(decide(person, student, &fields).await, StatusCode::SEE_OTHER);
}

/// Counts the rows that hold words of the sample's call.
fn kept(service: &Service) -> String {
    psql(
        &service.database_url,
        "select (select count(*) from turns), (select count(*) from session_words),
             (select count(*) from deliveries where body is not null),
             (select count(*) from analyses where findings::text like '%less than half%'),
             (select count(recording_url) from sessions)",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_to_keep_what_was_said_only_results_stay() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let id = student.student_id.to_string();
    let person = service.log_in().await;
    withdraw(&person, &id, "transcripts").await;
    withdraw(&person, &id, "recording").await;
    let token = service.token(READS).await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    let skills = &session["analysis"]["skills"];
    assert!(skills.to_string().contains("\"verdict\""), "the call was analysed: {session}");
    assert!(skills.to_string().contains("\"quote\":\"\""), "{skills}");
    assert_eq!(kept(&service), "0|0|0|0|0");
    let evidence = || psql(&service.database_url, "select count(*), sum(turn_no) from evidence");
    let before = evidence();
    assert!(!before.starts_with("0|"), "{before}");

    // A second analysis keeps the findings, because no transcript is left to analyse.
    let session_id = session["session_id"].as_str().unwrap();
    let page = format!("/sessions/{session_id}");
    person.post(&page, &format!("{page}/analysis/retry"), &[]).await;
    eventually("the job is done", async || {
        let open = psql(&service.database_url, "select count(*) from jobs where state <> 'done'");
        (open == "0").then_some(())
    })
    .await;
    assert_eq!(evidence(), before);
    let status = psql(&service.database_url, "select status from sessions");
    assert_eq!(status, "analyzed");
    assert_eq!(person.open(&format!("{page}/recording")).await.status(), StatusCode::NOT_FOUND);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_takes_what_is_stored_and_a_renewal_lets_new_calls_be_kept() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let id = student.student_id.to_string();
    let person = service.log_in().await;
    let token = service.token(READS).await;
    service.deliver(&vapi::sample(REPORT)).await;
    service.analyzed(&token, CALL_ID).await;
    assert!(!kept(&service).contains("0|") && !kept(&service).ends_with('0'), "{}", kept(&service));
    withdraw(&person, &id, "recording").await;
    assert!(kept(&service).ends_with("|0"));
    withdraw(&person, &id, "transcripts").await;
    assert_eq!(kept(&service), "0|0|0|0|0");
    for purpose in ["transcripts", "recording"] {
        let fields = [("action", "renewed"), ("means", "paper"), ("purpose", purpose), ("expires_on", "2999-12-31")];
        assert_eq!(decide(&person, &id, &fields).await, StatusCode::SEE_OTHER);
    }
    service.deliver(&vapi::sample_of_call(REPORT, "another-call")).await;
    service.analyzed(&token, "another-call").await;
    let after = kept(&service);
    assert!(!after.starts_with("0|") && after.ends_with("|1"), "{after}");
    let page = person.read(&format!("/students/{id}")).await;
    assert!(page.contains("the mother rang") && page.contains("Renewed"), "the history has all");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_to_lessons_or_reports_there_are_none() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let id = student.student_id.to_string();
    let person = service.log_in().await;
    let office = service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await;
    let ask = async |method: &str, params: Value| -> String {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = service.http.post(format!("{}/mcp", service.server_url)).bearer_auth(&office);
        let request = request.header("content-type", "application/json").body(body.to_string());
        request.send().await.unwrap().text().await.unwrap()
    };
    let report =
        async || ask("prompts/get", json!({ "name": "parent_report", "arguments": { "student_id": id } })).await;
    let context = async || {
        let arguments = json!({ "phone": CALLER });
        ask("tools/call", json!({ "name": "get_student_context", "arguments": arguments })).await
    };
    assert!(report().await.contains("Write to the parents") && context().await.contains("Amara"));
    withdraw(&person, &id, "reports").await;
    let refused = report().await;
    assert!(refused.contains("no consent to reports") && !refused.contains("Write to the parents"), "{refused}");
    let page = person.read(&format!("/students/{id}/report")).await;
    assert!(page.contains("No report is made"), "{page}");
    withdraw(&person, &id, "tutoring").await;
    let silent = context().await;
    assert!(silent.contains("blocked") && !silent.contains("Amara"), "{silent}");
    // The organisation's decision applies if no guardian has decided.
    let other = service.student("Zed Quist", "+14155550177").await.student_id.to_string();
    let settings = "/settings/organisation";
    let presumed = [("what", "consents"), ("presumed", "tutoring"), ("presumed", "transcripts")];
    person.submit_to(settings, settings, &presumed).await;
    let page = person.read(&format!("/students/{other}/report")).await;
    assert!(page.contains("No report is made"), "{page}");
    let fields = [("action", "given"), ("means", "web"), ("purpose", "reports"), ("expires_on", "2999-12-31")];
    assert_eq!(decide(&person, &other, &fields).await, StatusCode::SEE_OTHER);
    let page = person.read(&format!("/students/{other}/report")).await;
    assert!(!page.contains("No report is made"), "{page}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_kept_and_everything_about_the_child_can_be_taken_along() {
    let service = Service::start().await;
    let (maya, leo) = (service.student("Maya Brandt", CALLER).await, service.student("Leo Brandt", CALLER).await);
    let (maya, leo) = (maya.student_id.to_string(), leo.student_id.to_string());
    let person = service.log_in().await;
    for id in [&maya, &leo] {
        let page = format!("/students/{id}");
        let fields = [("name", "Ana Brandt"), ("relation", "mother"), ("email", "ana@example.org"), ("language", "de")];
        person.submit_to(&page, &format!("{page}/guardians"), &fields).await;
    }
    let page = person.read(&format!("/students/{maya}")).await;
    assert!(page.contains("Ana Brandt") && page.contains("Also guardian of Leo"), "one record for both");
    let soon = (storage::clock::now() + chrono::TimeDelta::days(9)).date_naive().to_string();
    let fields = [("action", "given"), ("means", "paper"), ("purpose", "model"), ("expires_on", &soon[..])];
    assert_eq!(decide(&person, &maya, &fields).await, StatusCode::SEE_OTHER);
    let ending = person.read("/consents").await;
    assert!(ending.contains("Maya Brandt") && !ending.contains("Leo Brandt"), "{ending}");
    let client = service.token(READS).await;
    service.get(&client, &format!("/api/v1/students/{maya}")).await;
    let log = eventually("the read is in the disclosure log", async || {
        let page = person.read(&format!("/students/{maya}/disclosures")).await;
        page.contains("getStudent").then_some(page)
    })
    .await;
    assert!(log.contains("Client"), "{log}");
    // Another family's guardian cannot decide.
    let stranger = [("name", "Zora Zeller"), ("relation", "aunt")];
    let zed = service.student("Zed Zeller", "+14155550199").await.student_id.to_string();
    let page = format!("/students/{zed}");
    person.submit_to(&page, &format!("{page}/guardians"), &stranger).await;
    let stranger = psql(&service.database_url, "select guardian_id from guardians where name = 'Zora Zeller'");
    let fields = [("action", "given"), ("means", "paper"), ("purpose", "model"), ("guardian", &stranger[..])];
    assert_eq!(decide(&person, &maya, &fields).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(decide(&person, &zed, &fields).await, StatusCode::SEE_OTHER);
    let file = person.open(&format!("/students/{maya}/export.zip")).await;
    assert_eq!(file.status(), StatusCode::OK);
    assert!(file.bytes().await.unwrap().starts_with(b"PK"));
    let all: Value = serde_json::from_str(&person.read(&format!("/students/{maya}/export.json")).await).unwrap();
    assert_eq!(all["guardians"][0]["name"], "Ana Brandt");
    assert_eq!(all["consents"][0]["purpose"], "model");
    let actions: Vec<_> = all["disclosures"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect();
    assert!(actions.contains(&json!("student.read")) && actions.contains(&json!("student.export")), "{actions:?}");
    service.stop().await;
}
