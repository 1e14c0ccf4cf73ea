//! The dashboard without JavaScript: every button is a form.

use reqwest::StatusCode;
use serde_json::json;
use storage::access::{Caller, ClientKind, Scope, ScopeSet};
use storage::audit;
use storage::clock;
use storage::concern::ConcernCategory;
use storage::db;
use storage::follow_up::{self, FollowUpKind, NewConcern, NewFollowUp};
use storage::id::{FollowUpId, SessionId};

use crate::first_call::mcp_client;
use crate::service::{Service, eventually};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

/// An assistant requests a callback and raises a concern during a call.
async fn raise(service: &Service, session_id: SessionId) {
    let scopes: ScopeSet = [Scope::CallsWrite, Scope::NotesWrite].into_iter().collect();
    let caller = Caller::client("client_voice", scopes);
    let student = service.student("Leo Brandt", "+14155550199").await;
    let callback = NewFollowUp {
        follow_up_id: FollowUpId::new(),
        kind: FollowUpKind::Callback,
        student_id: student.student_id,
        session_id: Some(session_id),
        text: "wants to go on with fractions".to_owned(),
        due_at: clock::now(),
    };
    let concern = NewConcern {
        group_key: "call".to_owned(),
        student_id: None,
        session_id: Some(session_id),
        caller_phone: None,
        category: ConcernCategory::Bullying,
        text: "somebody takes their lunch".to_owned(),
    };
    let mut tx = db::begin(&service.db).await.unwrap();
    follow_up::insert_once(&mut tx, &caller, &callback, clock::now()).await.unwrap();
    follow_up::raise_concern(&mut tx, &caller, &concern, clock::now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_waits_on_its_pages_until_a_person_says_it_is_done() {
    let service = Service::start().await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    let page = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    let session_id = session["session_id"].as_str().unwrap().parse().unwrap();
    raise(&service, session_id).await;

    let person = service.log_in().await;
    let overview = person.read("/").await;
    let (concern, callback) = (overview.find("Possible concern"), overview.find("go on with fractions"));
    assert!(concern.unwrap() < callback.unwrap(), "concerns come first");
    assert!(!overview.contains("their lunch"), "the overview points at a concern and does not quote it");
    assert!(person.read(&page).await.contains("their lunch"));

    let (_, rest) = overview.split_once(r#"action="/follow-ups/"#).unwrap();
    let done = format!("/follow-ups/{}", rest.split('"').next().unwrap());
    assert_eq!(person.submit("/", &done, &[("back", &page)]).await, page);
    let overview = person.read("/").await;
    assert!(!overview.contains("Possible concern") && overview.contains("go on with fractions"));
    let entries =
        audit::list_entries(&service.db, &audit::AuditQuery { limit: 10, ..Default::default() }).await.unwrap();
    assert!(entries.iter().any(|entry| entry.action == "follow_up.close"), "{entries:?}");
    let again = person.post("/", &done, &[("back", "//elsewhere.example")]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND, "the follow-up is already done");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_is_counted_listed_and_found() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let key = service.agent_key_of(ClientKind::BackOffice, "context:read").await;
    let client = mcp_client(&service.server_url, &key).await;
    crate::first_call::call_tool(&client, "get_student_context", json!({ "phone": CALLER })).await;
    client.cancel().await.unwrap();
    let person = service.log_in().await;
    let page = eventually("the call is recorded", async || {
        let page = person.read("/settings/tools").await;
        // The page reads the figures before the list, and the call may be recorded in between.
        (page.contains(r#"aria-label="Figures by tool""#) && page.contains("Answered")).then_some(page)
    })
    .await;
    assert!(page.contains("get_student_context"));
    assert!(person.read("/settings/tools?only=failed").await.contains("No tool calls match"));
    assert!(person.read("/settings/tools?tool=get_student_context&span=week").await.contains("Answered"));
    service.stop().await;
}
